-- Grain: one row per process and indicator.
-- Meaning: what the parties themselves say about what happened and how much they contributed. The newest answer that holds counts.
-- process_id: The process
-- process: Its name
-- sequence: The event that holds the answer
-- known_from: When we got to know it (UTC)
SELECT
    _process_id AS process_id,
    _process AS process,
    indicator_id,
    happened,
    contribution,
    contribution_reason,
    decision,
    _sequence AS sequence,
    _submitted_at AS known_from
FROM forms.fact__judgement
WHERE _current AND indicator_id IS NOT NULL
QUALIFY row_number() OVER (PARTITION BY _process_id, indicator_id ORDER BY _sequence DESC, _row DESC) = 1
