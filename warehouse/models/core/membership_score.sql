-- Grain: one row per process, task, round, dimension, value of it and membership whose score counts.
-- Meaning: where one person, in one role, sees the collaboration. It counts if at least half of the form's items of that
-- value are answered; «vet ikke» and what was left open are not. Every assessment mart reads its scores here.
-- Formula: the mean of the answered items.
-- task: The task whose answers are scored together
-- round: Which entry of the state it was, from 1
-- dimension: What the answers count in
-- member: Which value of that dimension
-- person: Pseudonym of the person; several memberships may be one person
-- is_protected: From a protected round: in no reader's copy
-- items: How many items of that value the form has
-- answered: How many of them were answered
-- score: On the items' own scale, reversed where less is better: more is better
-- score_100: The same from 0 to 100
-- sequence: The event that holds the answers
SELECT
    process_id,
    process,
    task,
    round,
    dimension,
    member,
    membership,
    party,
    person,
    is_protected,
    count(*) AS items,
    count(score) AS answered,
    (sum(score) / count(score))::DOUBLE AS score,
    (sum((score - low) / (high - low) ORDER BY item) / count(score) * 100)::DOUBLE AS score_100,
    any_value(sequence) AS sequence
FROM core.assessment_item
GROUP BY process_id, process, task, round, dimension, member, membership, party, person, is_protected
HAVING count(score) > 0 AND count(score) * 2 >= count(*)
