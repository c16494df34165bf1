-- Grain: one row per process, task, dimension, value of it and open round after the first.
-- Meaning: change since the round before, for those whose score counts both times (core.membership_score) and the items
-- they answered both times.
-- It may be read as a change only with five pairs or more and an interval off 0; else `readable` is false.
-- Formulas: mean of differences within memberships, Student's 95 % interval.
-- result_id: process/task/round/member/change
-- from_round: The round before
-- pairs: How many answered both times
-- change: Mean change on the items' own scale
WITH counting AS (
    SELECT process_id, task, round, dimension, member, membership
    FROM core.membership_score
    WHERE NOT is_protected
),
pairs AS (
    SELECT
        now.process_id, now.process, now.task, now.round, now.dimension, now.member, now.membership,
        (sum(now.score - before.score) / count(now.score - before.score))::DOUBLE AS change
    FROM core.assessment_item AS now
    JOIN core.assessment_item AS before
        ON
            before.process_id = now.process_id
            AND before.task = now.task
            AND before.round = now.round - 1
            AND before.dimension = now.dimension
            AND before.member = now.member
            AND before.item = now.item
            AND before.membership = now.membership
    JOIN counting AS counts_now
        ON
            counts_now.process_id = now.process_id
            AND counts_now.task = now.task
            AND counts_now.round = now.round
            AND counts_now.dimension = now.dimension
            AND counts_now.member = now.member
            AND counts_now.membership = now.membership
    JOIN counting AS counted_before
        ON
            counted_before.process_id = now.process_id
            AND counted_before.task = now.task
            AND counted_before.round = before.round
            AND counted_before.dimension = now.dimension
            AND counted_before.member = now.member
            AND counted_before.membership = now.membership
    GROUP BY ALL
    HAVING count(now.score - before.score) > 0
),
changes AS (
    SELECT process_id, process, task, round, dimension, member, paired_change(list(change ORDER BY change)) AS found
    FROM pairs
    GROUP BY process_id, process, task, round, dimension, member
)
SELECT
    concat_ws('/', process, task, round, member, 'change') AS result_id,
    process_id,
    process,
    task,
    round,
    round - 1 AS from_round,
    dimension,
    member,
    found.n AS pairs,
    found.change AS change,
    found.low AS interval_low,
    found.high AS interval_high,
    found.readable AS readable
FROM changes
