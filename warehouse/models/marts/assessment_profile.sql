-- Grain: one row per process, task, round, dimension and value of it, for each party, and for all together (party
-- empty).
-- Meaning: where a collaboration stands, as its parties see it. The items are not validated: the figures are for talking
-- together, and no reliability is claimed.
-- Formulas: a party's score is the mean of its memberships' (core.membership_score); the collaboration's the plain mean of the parties, so that the large do not drown the small; those who take part for no party count as one. In a
-- protected round there are no parties: a person's memberships are averaged first, then all persons; nothing under
-- three persons.
-- result_id: process/task/round/member of the dimension, and the party
-- member: Which value of the dimension
-- score: On the items' own scale, more is better
-- score_100: The same from 0 to 100
-- dispersion: Standard deviation between parties (open) or persons (protected)
-- persons: How many persons it rests on; one with several hats is one
-- is_protected: From a protected round
-- is_lowest: One of the two lowest of its dimension in this round
-- sequences: The events behind it, open rounds only
WITH parties AS (
    SELECT
        process_id, process, task, round, dimension, member, party,
        avg(score ORDER BY score) AS score,
        avg(score_100 ORDER BY score_100) AS score_100,
        stddev_samp(score ORDER BY score) AS dispersion,
        count(DISTINCT person) AS persons,
        list_sort(list(sequence)) AS sequences
    FROM core.membership_score
    WHERE NOT is_protected
    GROUP BY process_id, process, task, round, dimension, member, party
),
together AS (
    SELECT
        process_id, process, task, round, dimension, member,
        avg(score ORDER BY score) AS score,
        avg(score_100 ORDER BY score_100) AS score_100,
        stddev_samp(score ORDER BY score) AS dispersion,
        list_sort(flatten(list(sequences))) AS sequences
    FROM parties
    GROUP BY process_id, process, task, round, dimension, member
),
heads AS (
    SELECT process_id, task, round, dimension, member, count(DISTINCT person) AS persons
    FROM core.membership_score
    GROUP BY ALL
),
protected_persons AS (
    SELECT
        process_id, process, task, round, dimension, member, person,
        avg(score ORDER BY score) AS score,
        avg(score_100 ORDER BY score_100) AS score_100
    FROM core.membership_score
    WHERE is_protected
    GROUP BY process_id, process, task, round, dimension, member, person
),
protected_together AS (
    SELECT
        process_id, process, task, round, dimension, member,
        avg(score ORDER BY score) AS score,
        avg(score_100 ORDER BY score_100) AS score_100,
        stddev_samp(score ORDER BY score) AS dispersion,
        count(*) AS persons
    FROM protected_persons
    GROUP BY process_id, process, task, round, dimension, member
    HAVING count(*) >= 3
),
rows AS (
    SELECT process_id, process, task, round, dimension, member, party, score, score_100, dispersion, persons, false AS is_protected, sequences
    FROM parties
    WHERE party IS NOT NULL
    UNION ALL
    SELECT
        together.process_id, together.process, together.task, together.round, together.dimension, together.member,
        NULL, together.score, together.score_100, together.dispersion, heads.persons, false, together.sequences
    FROM together
    JOIN heads USING (process_id, task, round, dimension, member)
    UNION ALL
    SELECT process_id, process, task, round, dimension, member, NULL, score, score_100, dispersion, persons, true, []
    FROM protected_together
)
SELECT
    concat_ws('/', process, task, round, member, party) AS result_id,
    *,
    party IS NULL AND row_number() OVER (
        PARTITION BY process_id, task, round, dimension, party IS NULL ORDER BY score, member
    ) <= 2 AS is_lowest
FROM rows
