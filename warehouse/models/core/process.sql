-- Grain: one row per process.
-- Meaning: what runs or ran, under which version of its template, and how it stands.
-- process: Name of the process, unique in the workspace
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
    SELECT stream AS process_id, min(recorded_at) AS finished_at, min(payload->>'$.state') AS final_state
    FROM raw.event
    WHERE type = 'process.finished'
    GROUP BY ALL
)
SELECT
    started.*,
    CASE WHEN ended.process_id IS NULL THEN 'running' ELSE 'finished' END AS status,
    ended.finished_at,
    ended.final_state
FROM started
LEFT JOIN ended USING (process_id)
