-- Grain: one row per scored answer and dimension.
-- Meaning: what a form asks that counts (x-score), with the answer where there is one.
-- task: The task whose answers are scored together
-- round: Which entry of the state it was, from 1
-- item: The question
-- person: Pseudonym of the person; several memberships may be one person
-- dimension: What the answer counts in
-- member: Which value of that dimension
-- score: The answer on its own scale, reversed where less is better; empty for «vet ikke» and where nothing was answered
-- low: The lowest end of the scale
-- high: The highest end of the scale
-- is_protected: From a protected round: in no reader's copy
SELECT
    submission.process_id,
    submission.process,
    submission.template,
    submission.task,
    submission.entry AS round,
    submission.membership,
    submission.party,
    membership.subject AS person,
    item.item,
    item.dimension,
    item.member,
    CASE WHEN item.is_reversed THEN item.low + item.high - item.answer ELSE item.answer END AS score,
    item.low,
    item.high,
    submission.is_protected,
    submission.sequence
FROM forms.scored AS item
JOIN core.submission AS submission USING (process_id, sequence)
JOIN core.membership AS membership
    ON membership.process_id = submission.process_id AND membership.membership = submission.membership
WHERE submission.is_current
