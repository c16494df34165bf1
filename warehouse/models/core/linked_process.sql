-- Grain: one row per process and process that stands beside it.
-- Meaning: which processes were started for another, or linked with it, and how that stands.
-- process_id: The process above, which waits
-- link: What its template calls the link
-- linked_process_id: The process beside it
-- linked_process: Name of the process beside it; empty while it could not be started
-- element: The membership, party or row that it is for, where there is one for each
-- started_here: Whether it was started for this link; else it was there already
-- asked_at: When it was asked for (UTC)
-- linked_at: When it was there (UTC)
-- ended_at: When the process above heard of its end, or waited no longer (UTC)
-- status: opened (to be started), open, finished, cancelled, or let_go where it is waited for no more
WITH opened AS (
    SELECT
        stream AS process_id,
        payload->>'$.child' AS linked_process_id,
        max_by(payload->>'$.link', sequence) AS link,
        max_by(payload->>'$.element', sequence) AS element,
        max_by((payload->>'$.spawned')::BOOLEAN, sequence) AS started_here,
        max(recorded_at) AS asked_at,
        max(sequence) AS asked_sequence
    FROM raw.event
    WHERE type = 'link.opened'
    GROUP BY ALL
),
since AS (
    SELECT
        opened.process_id,
        opened.linked_process_id,
        max(event.payload->>'$.name') AS linked_process,
        max(event.payload->>'$.version') AS version,
        max(event.recorded_at) FILTER (event.type = 'process.linked') AS linked_at,
        max(event.recorded_at) FILTER (event.type = 'link.ended') AS ended_at,
        max(event.payload->>'$.how') AS how
    FROM opened
    JOIN raw.event AS event
        ON event.stream = opened.process_id AND (event.payload->>'$.child') = opened.linked_process_id
        AND event.type IN ('process.linked', 'link.ended') AND event.sequence > opened.asked_sequence
    GROUP BY ALL
)
SELECT
    opened.process_id,
    process.process,
    opened.link,
    opened.element,
    opened.linked_process_id,
    since.linked_process,
    since.version,
    opened.started_here,
    opened.asked_at,
    since.linked_at,
    since.ended_at,
    coalesce(since.how, CASE WHEN since.linked_at IS NOT NULL THEN 'open' ELSE 'opened' END) AS status
FROM opened
JOIN core.process AS process ON process.process_id = opened.process_id
LEFT JOIN since
    ON since.process_id = opened.process_id AND since.linked_process_id = opened.linked_process_id
