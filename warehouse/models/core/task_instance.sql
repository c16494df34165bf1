-- Grain: one row per task instance.
-- Meaning: what there was to fill in, for whom, and how it stands. Withdrawn is what need not be filled in any more.
-- process_id: The process
-- instance: `<task>.<entry>` or `<task>.<entry>.<element>`
-- entry: Which entry of its state it belongs to, from 1; 0, -1 … are rounds before the process
-- membership: The membership it is for, where it is for one
-- party: The party it is for, or the membership's party
-- visibility: What the parties had chosen when it was opened
-- due_at: When it is due (UTC)
-- overdue_at: When it was noticed that it was overdue (UTC)
-- submissions: How many times it was answered, corrections included, and answers that still stand from an earlier entry
-- list_row: The row of a list it is for, where it is for one
-- status: waiting (for its turn), open, done or withdrawn
WITH opened AS (
    SELECT
        stream AS process_id,
        payload->>'$.instance' AS instance,
        payload->>'$.task' AS task,
        payload->>'$.state' AS state,
        (payload->>'$.entry')::BIGINT AS entry,
        payload->>'$.membership' AS membership,
        payload->>'$.party' AS party,
        payload->>'$.row' AS list_row,
        payload->>'$.visibility' AS visibility,
        coalesce((payload->>'$.waiting')::BOOLEAN, false) AS waited,
        recorded_at AS opened_at,
        sequence AS opened_sequence
    FROM raw.event
    WHERE type = 'task.opened'
),
begun AS (
    SELECT stream AS process_id, payload->>'$.instance' AS instance, min(recorded_at) AS begun_at
    FROM raw.event
    WHERE type = 'task.begun'
    GROUP BY ALL
),
submitted AS (
    SELECT
        stream AS process_id,
        payload->>'$.instance' AS instance,
        count(*) AS submissions,
        min(recorded_at) AS first_submitted_at,
        max(recorded_at) AS last_submitted_at
    FROM raw.event
    WHERE type IN ('form.submitted', 'form.corrected', 'form.kept')
    GROUP BY ALL
),
withdrawn AS (
    SELECT stream AS process_id, payload->>'$.instance' AS instance, max(recorded_at) AS withdrawn_at
    FROM raw.event
    WHERE type IN ('task.withdrawn', 'task.reopened')
    GROUP BY ALL
    HAVING max_by(type, sequence) = 'task.withdrawn'
),
due AS (
    SELECT stream AS process_id, payload->>'$.instance' AS instance, max_by((payload->>'$.due')[:19]::TIMESTAMP, sequence) AS due_at
    FROM raw.event
    WHERE type = 'deadline.set' AND (payload->>'$.instance') IS NOT NULL
    GROUP BY ALL
),
overdue AS (
    SELECT stream AS process_id, payload->>'$.instance' AS instance, min(recorded_at) AS overdue_at
    FROM raw.event
    WHERE type = 'deadline.passed' AND (payload->>'$.instance') IS NOT NULL
    GROUP BY ALL
)
SELECT
    process.process,
    opened.* EXCLUDE (waited) REPLACE (
        coalesce(opened.party, membership.party) AS party,
        CASE WHEN opened.waited THEN begun.begun_at ELSE opened.opened_at END AS opened_at
    ),
    coalesce(submitted.submissions, 0) AS submissions,
    submitted.first_submitted_at,
    submitted.last_submitted_at,
    withdrawn.withdrawn_at,
    due.due_at,
    overdue.overdue_at,
    CASE
        WHEN submitted.submissions > 0 THEN 'done'
        WHEN withdrawn.instance IS NOT NULL THEN 'withdrawn'
        WHEN opened.waited AND begun.instance IS NULL THEN 'waiting'
        ELSE 'open'
    END AS status
FROM opened
JOIN core.process AS process USING (process_id)
LEFT JOIN core.membership AS membership USING (process_id, membership)
LEFT JOIN begun USING (process_id, instance)
LEFT JOIN submitted USING (process_id, instance)
LEFT JOIN withdrawn USING (process_id, instance)
LEFT JOIN due USING (process_id, instance)
LEFT JOIN overdue USING (process_id, instance)
