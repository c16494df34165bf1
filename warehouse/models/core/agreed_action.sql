-- Grain: one row per agreed action.
-- Meaning: what the parties agreed to do after a round, who is to do it, and when.
-- round: The round it was agreed after
-- sequence: The event that holds the answer
SELECT
    fact._process_id AS process_id,
    fact._process AS process,
    submission.entry AS round,
    fact.field,
    fact.action,
    fact.owner,
    fact.due,
    fact._sequence AS sequence,
    fact._row AS row,
    fact._submitted_at AS known_from
FROM forms.fact__agreed_action AS fact
JOIN core.submission AS submission
    ON submission.process_id = fact._process_id AND submission.sequence = fact._sequence
WHERE fact._current AND NOT fact._protected
