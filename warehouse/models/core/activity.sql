-- Grain: one row per process and activity.
-- Meaning: what the project does, and the change it should lead to. The newest answer that holds counts.
-- process_id: The process
-- process: Its name
-- sequence: The event that holds the answer
-- known_from: When we got to know it (UTC)
SELECT
    _process_id AS process_id,
    _process AS process,
    activity_id,
    name,
    group_id,
    expected_change,
    because,
    _sequence AS sequence,
    _submitted_at AS known_from
FROM forms.fact__activity
WHERE _current AND activity_id IS NOT NULL
QUALIFY row_number() OVER (PARTITION BY _process_id, activity_id ORDER BY _sequence DESC, _row DESC) = 1
