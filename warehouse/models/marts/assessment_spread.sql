-- Grain: one row per process, task, open round, dimension and value of it.
-- Meaning: whether the parties see it differently, beside what chance alone gives. Protected rounds have no rows.
-- Formulas: people permuted among the parties, the parties' sizes kept, 1,999 times, or in every way where these are
-- fewer, seeded from the answers;
-- p = (b + 1) / (m + 1) (Phipson and Smyth 2010).
-- result_id: process/task/round/member/spread
-- gap: Highest minus lowest party mean
-- by_chance: The gap that chance alone exceeds one time in twenty
-- is_difference: The gap lies beyond chance
-- talk_about: One of the two lowest, or of the two where parties differ most
WITH spreads AS (
    SELECT
        process_id, process, task, round, dimension, member,
        count(DISTINCT party) AS parties,
        count(*) AS memberships,
        spread(list({'party': party, 'membership': membership, 'score': score} ORDER BY party, membership)) AS found
    FROM core.membership_score
    WHERE NOT is_protected AND party IS NOT NULL
    GROUP BY process_id, process, task, round, dimension, member
),
ranked AS (
    SELECT
        *,
        row_number() OVER (PARTITION BY process_id, task, round, dimension ORDER BY found.gap DESC, member) AS place
    FROM spreads
    WHERE found IS NOT NULL
)
SELECT
    concat_ws('/', ranked.process, ranked.task, ranked.round, ranked.member, 'spread') AS result_id,
    ranked.process_id,
    ranked.process,
    ranked.task,
    ranked.round,
    ranked.dimension,
    ranked.member,
    ranked.parties,
    ranked.memberships,
    ranked.found.gap AS gap,
    ranked.found.by_chance AS by_chance,
    ranked.found.p AS p,
    ranked.found.beyond_chance AS is_difference,
    ranked.place <= 2 OR coalesce(profile.is_lowest, false) AS talk_about
FROM ranked
LEFT JOIN marts.assessment_profile AS profile
    ON
        profile.process_id = ranked.process_id
        AND profile.task = ranked.task
        AND profile.round = ranked.round
        AND profile.dimension = ranked.dimension
        AND profile.member = ranked.member
        AND profile.party IS NULL
