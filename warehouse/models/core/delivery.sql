-- Grain: one row per process, output and period.
-- Meaning: what was delivered. A later report for the same period takes the earlier one's place.
-- sequence: The event that holds the answer
-- known_from: When we got to know it (UTC)
SELECT
    _process_id AS process_id,
    _process AS process,
    output_id,
    period_start,
    period_end,
    delivered,
    _sequence AS sequence,
    _submitted_at AS known_from
FROM forms.fact__delivery
WHERE _current AND output_id IS NOT NULL
QUALIFY row_number() OVER (
    PARTITION BY _process_id, output_id, period_start, period_end ORDER BY _sequence DESC, _row DESC
) = 1
