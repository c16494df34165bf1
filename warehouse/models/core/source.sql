-- Grain: one row per source.
-- Meaning: where measurement files come from: the newest contract, and the process whose indicators it measures.
-- source: Name of the source
-- process_id: The process whose indicators it measures; empty where no such process runs
-- version: Version of the contract
-- contract_hash: Hash of the contract
-- published_at: When the contract was stored (UTC)
WITH newest AS (
    SELECT
        payload->>'$.source' AS source,
        payload->>'$.version' AS version,
        payload->>'$.contract_hash' AS contract_hash,
        payload->>'$.content.process' AS process,
        recorded_at AS published_at
    FROM raw.event
    WHERE type = 'source.published'
    QUALIFY row_number() OVER (PARTITION BY payload->>'$.source' ORDER BY log_position DESC) = 1
)
SELECT
    newest.source,
    newest.process,
    process.process_id,
    newest.version,
    newest.contract_hash,
    newest.published_at
FROM newest
LEFT JOIN core.process AS process ON process.process = newest.process
