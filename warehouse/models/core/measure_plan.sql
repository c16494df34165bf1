-- Grain: one row per process, indicator and planned date.
-- Meaning: how and when an indicator is measured. The newest answer that holds counts.
-- process_id: The process
-- process: Its name
-- sequence: The event that holds the answer
-- known_from: When we got to know it (UTC)
SELECT
    _process_id AS process_id,
    _process AS process,
    indicator_id,
    method,
    data_source,
    measured_by,
    frequency,
    planned_date,
    after_exit,
    bias_risk,
    _sequence AS sequence,
    _submitted_at AS known_from
FROM forms.fact__measure_plan
WHERE _current AND indicator_id IS NOT NULL
QUALIFY row_number() OVER (PARTITION BY _process_id, indicator_id, planned_date ORDER BY _sequence DESC, _row DESC) = 1
