-- Grain: one row per process and party.
-- Meaning: organisations and groups that take part.
-- party: Short name of the party, unique in the process
SELECT
    event.stream AS process_id,
    process.process,
    event.payload->>'$.party' AS party,
    event.payload->>'$.title' AS title,
    event.recorded_at AS joined_at
FROM raw.event AS event
JOIN core.process AS process ON process.process_id = event.stream
WHERE event.type = 'party.joined'
