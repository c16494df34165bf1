-- Grain: one row per process and indicator.
-- Meaning: the measurement before the effort began. The newest answer that holds counts; shares are fractions.
-- value: The figure; for a share numerator/denominator
-- sequence: The event that holds the answer
-- known_from: When we got to know it (UTC)
SELECT
    _process_id AS process_id,
    _process AS process,
    indicator_id,
    measured_on,
    CASE WHEN denominator > 0 THEN (numerator / denominator)::DECIMAL(18, 6) ELSE value END AS value,
    numerator,
    denominator,
    n,
    sd,
    _sequence AS sequence,
    _submitted_at AS known_from
FROM forms.fact__baseline
WHERE _current AND indicator_id IS NOT NULL
QUALIFY row_number() OVER (PARTITION BY _process_id, indicator_id ORDER BY _sequence DESC, _row DESC) = 1
