-- Grain: one row per process and target group.
-- Meaning: who shall be better off. The newest answer that holds counts.
-- process_id: The process
-- process: Its name
-- sequence: The event that holds the answer
-- known_from: When we got to know it (UTC)
SELECT
    _process_id AS process_id,
    _process AS process,
    group_id,
    name,
    description,
    priority,
    size,
    _sequence AS sequence,
    _submitted_at AS known_from
FROM forms.fact__target_group
WHERE _current AND group_id IS NOT NULL
QUALIFY row_number() OVER (PARTITION BY _process_id, group_id ORDER BY _sequence DESC, _row DESC) = 1
