-- Grain: one row per process and stay in a state.
-- Meaning: in which states a process was, and when.
-- entry: How many times the state had been entered, from 1
-- valid_from: When it was entered (UTC)
-- valid_to: When it was left (UTC); empty while it lasts
WITH entered AS (
    SELECT
        stream AS process_id,
        payload->>'$.state' AS state,
        (payload->>'$.entry')::BIGINT AS entry,
        recorded_at AS valid_from,
        sequence
    FROM raw.event
    WHERE type = 'state.entered'
),
left_again AS (
    SELECT stream AS process_id, payload->>'$.state' AS state, (payload->>'$.entry')::BIGINT AS entry, recorded_at AS valid_to
    FROM raw.event
    WHERE type = 'state.left'
)
SELECT
    process.process_id,
    process.process,
    process.template,
    process.version,
    entered.state,
    entered.entry,
    entered.valid_from,
    left_again.valid_to,
    entered.sequence
FROM entered
JOIN core.process AS process USING (process_id)
LEFT JOIN left_again USING (process_id, state, entry)
