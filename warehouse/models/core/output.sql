-- Grain: one row per process and output.
-- Meaning: what the project is to deliver. The newest answer that holds counts.
-- process_id: The process
-- process: Its name
-- sequence: The event that holds the answer
-- known_from: When we got to know it (UTC)
SELECT
    _process_id AS process_id,
    _process AS process,
    output_id,
    name,
    unit,
    planned,
    due,
    _sequence AS sequence,
    _submitted_at AS known_from
FROM forms.fact__output
WHERE _current AND output_id IS NOT NULL
QUALIFY row_number() OVER (PARTITION BY _process_id, output_id ORDER BY _sequence DESC, _row DESC) = 1
