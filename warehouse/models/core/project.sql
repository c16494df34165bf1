-- Grain: one row per process.
-- Meaning: the project an evaluation is about. The newest answer that holds counts.
-- process_id: The process
-- process: Its name
-- sequence: The event that holds the answer
-- known_from: When we got to know it (UTC)
SELECT
    _process_id AS process_id,
    _process AS process,
    name,
    organisation,
    municipality_number,
    period_start,
    period_end,
    purpose,
    _sequence AS sequence,
    _submitted_at AS known_from
FROM forms.fact__project
WHERE _current
QUALIFY row_number() OVER (PARTITION BY _process_id ORDER BY _sequence DESC, _row DESC) = 1
