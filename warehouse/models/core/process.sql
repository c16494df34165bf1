-- Grain: one row per process.
-- Meaning: what runs or ran, under which version of its template, and how it stands.
-- process: Name of the process, unique in the workspace
-- status: running, suspended, finished or cancelled
-- finished_at: When it came to its end (UTC), reached or given up
-- final_state: The state in which it ended; empty where it was given up
WITH started AS (
    SELECT
        stream AS process_id,
        payload->>'$.name' AS process,
        payload->>'$.title' AS title,
        payload->>'$.template' AS template,
        payload->>'$.version' AS version,
        payload->>'$.bundle' AS bundle,
        recorded_at AS started_at
    FROM raw.event
    WHERE type = 'process.started'
),
ended AS (
    SELECT
        stream AS process_id,
        min(type).replace('process.', '') AS status,
        min(recorded_at) AS finished_at,
        min(payload->>'$.state') AS final_state
    FROM raw.event
    WHERE type IN ('process.finished', 'process.cancelled')
    GROUP BY ALL
),
rested AS (
    SELECT stream AS process_id, max_by(type, sequence) = 'process.suspended' AS suspended
    FROM raw.event
    WHERE type IN ('process.suspended', 'process.resumed')
    GROUP BY ALL
)
SELECT
    started.*,
    coalesce(ended.status, CASE WHEN rested.suspended THEN 'suspended' ELSE 'running' END) AS status,
    ended.finished_at,
    ended.final_state
FROM started
LEFT JOIN ended USING (process_id)
LEFT JOIN rested USING (process_id)
