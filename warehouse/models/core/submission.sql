-- Grain: one row per submission (a form that was filled in, or put right).
-- Meaning: every set of answers that may be read here, with whom it is about and whether it still holds. Answers that
-- are still sealed are NULL; personal texts are left out.
-- process_id: The process
-- sequence: The event that holds the answers
-- log_position: Its place in the log
-- submitted_at: When it was stored (UTC)
-- valid_on: The day that the answers are about; the day (UTC) they were stored where nobody said otherwise
-- entry: Which entry of the state it was, from 1; 0, -1 … are rounds before the process, entered afterwards
-- membership: The membership it is about
-- party: The party it is about
-- entered_by: The membership that entered it, where that is another
-- is_current: False where a later submission put it right
-- is_protected: From a protected round: in no reader's copy
-- corrected_at: When a later submission replaced it (UTC)
-- content: JSON text whose `answers` are the answers, every digit kept
-- known_from: When we got to know it (UTC)
-- known_to: Until when it was what we knew (UTC)
WITH submitted AS (
    SELECT
        stream AS process_id,
        sequence,
        log_position,
        recorded_at,
        payload->>'$.instance' AS instance,
        payload->>'$.form' AS form,
        payload->>'$.subject' AS subject,
        payload->>'$.sealed_under' AS sealed_under,
        (payload->>'$.replaces')::BIGINT AS replaces,
        (payload->>'$.valid_on')::DATE AS valid_on,
        CASE WHEN json_exists(payload, '$.answers') THEN payload END AS content,
        membership,
        role,
        bundle_hash
    FROM raw.event
    WHERE type IN ('form.submitted', 'form.corrected')
),
replaced AS (
    SELECT process_id, replaces AS sequence, min(recorded_at) AS corrected_at
    FROM submitted
    WHERE replaces IS NOT NULL
    GROUP BY ALL
),
represented AS (
    SELECT process_id, subject, min(membership) AS membership
    FROM core.membership
    GROUP BY ALL
)
SELECT
    submitted.process_id,
    process.process,
    process.template,
    submitted.sequence,
    submitted.log_position,
    submitted.recorded_at AS submitted_at,
    coalesce(submitted.valid_on, submitted.recorded_at::DATE) AS valid_on,
    submitted.instance,
    task.task,
    submitted.form,
    submitted.bundle_hash AS bundle,
    task.state,
    task.entry,
    coalesce(
        task.membership,
        CASE WHEN giver.subject = submitted.subject THEN submitted.membership END,
        person.membership,
        submitted.membership
    ) AS membership,
    coalesce(task.party, member.party) AS party,
    submitted.role,
    CASE WHEN giver.subject <> submitted.subject THEN submitted.membership END AS entered_by,
    submitted.replaces,
    replaced.sequence IS NULL AS is_current,
    coalesce(revealed.visibility = 'protected', false) AS is_protected,
    submitted.sealed_under IS NOT NULL AS was_sealed,
    replaced.corrected_at,
    coalesce('{"answers":' || revealed.answers || '}', submitted.content) AS content,
    submitted.recorded_at AS known_from,
    replaced.corrected_at AS known_to
FROM submitted
JOIN core.process AS process USING (process_id)
JOIN core.task_instance AS task USING (process_id, instance)
LEFT JOIN raw.revealed_payload AS revealed
    ON revealed.stream = submitted.process_id AND revealed.sequence = submitted.sequence
LEFT JOIN replaced ON replaced.process_id = submitted.process_id AND replaced.sequence = submitted.sequence
LEFT JOIN represented AS person
    ON person.process_id = submitted.process_id AND person.subject = submitted.subject
LEFT JOIN core.membership AS giver
    ON giver.process_id = submitted.process_id AND giver.membership = submitted.membership
LEFT JOIN core.membership AS member
    ON
        member.process_id = submitted.process_id
        AND member.membership = coalesce(task.membership, submitted.membership)
