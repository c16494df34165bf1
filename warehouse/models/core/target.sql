-- Grain: one row per process and indicator.
-- Meaning: where an indicator shall be, and when. Shares are fractions. The newest answer that holds counts.
-- process_id: The process
-- process: Its name
-- sequence: The event that holds the answer
-- known_from: When we got to know it (UTC)
SELECT
    _process_id AS process_id,
    _process AS process,
    indicator_id,
    value,
    due,
    _sequence AS sequence,
    _submitted_at AS known_from
FROM forms.fact__target
WHERE _current AND indicator_id IS NOT NULL
QUALIFY row_number() OVER (PARTITION BY _process_id, indicator_id ORDER BY _sequence DESC, _row DESC) = 1
