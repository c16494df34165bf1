-- Grain: one row per process and membership.
-- Meaning: somebody who takes part for a party, in roles. A person with several hats has several memberships, under
-- one pseudonym. Who the person is cannot be read here.
-- subject: Pseudonym of the person within the process
-- roles: Roles held now, in order
WITH added AS (
    SELECT
        stream AS process_id,
        payload->>'$.membership' AS membership,
        payload->>'$.subject' AS subject,
        payload->>'$.party' AS party,
        from_json(payload->'$.roles', '["VARCHAR"]') AS roles,
        recorded_at AS since
    FROM raw.event
    WHERE type = 'membership.added'
),
changes AS (
    SELECT
        stream AS process_id,
        payload->>'$.membership' AS membership,
        payload->>'$.role' AS role,
        arg_max(type, sequence) AS last_change
    FROM raw.event
    WHERE type IN ('role.granted', 'role.revoked')
    GROUP BY ALL
),
changed AS (
    SELECT
        process_id,
        membership,
        list(role ORDER BY role) FILTER (last_change = 'role.granted') AS granted,
        list(role ORDER BY role) FILTER (last_change = 'role.revoked') AS revoked
    FROM changes
    GROUP BY ALL
),
ended AS (
    SELECT stream AS process_id, payload->>'$.membership' AS membership, min(recorded_at) AS ended_at
    FROM raw.event
    WHERE type = 'membership.ended'
    GROUP BY ALL
)
SELECT
    added.process_id,
    process.process,
    added.membership,
    added.subject,
    added.party,
    list_sort(list_distinct(list_filter(
        list_concat(added.roles, coalesce(changed.granted, [])),
        lambda held: NOT list_contains(coalesce(changed.revoked, []), held)
    ))) AS roles,
    added.since,
    ended.ended_at
FROM added
JOIN core.process AS process USING (process_id)
LEFT JOIN changed USING (process_id, membership)
LEFT JOIN ended USING (process_id, membership)
