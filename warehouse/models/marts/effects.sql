-- Grain: one row per process, indicator, group, occasion and comparison.
-- Meaning: what made a difference, as far as the design can carry it. The word effect is earned by a comparison: with
-- reference none there is no figure. A row without an estimate says why in status.
-- Formulas: lottery is the difference of the arms' means with Welch's standard error (Welch 1947), which estimates the
-- average effect of being offered a place. The other references are not available yet.
-- result_id: process/indicator/occasion/reference, then group and period (first--last day) where there are several
-- estimand: What the estimate is of: average_effect_of_offer
-- status: estimated, or why not: change_not_effect, not_available_yet, no_measurements, too_few, no_spread,
--   clusters_not_available_yet, weights_not_available_yet, strata_not_available_yet, pairs_not_available_yet,
--   impossible_sums
-- standard_error_kind: How the standard error was found
-- p: Two-sided; only for indicators declared primary, or where there is but one
-- is_primary: Declared primary, or the only indicator of the process
-- size: Hedges' g: the difference in standard deviations, without small-sample bias
-- assumptions: What must hold for the estimate to be an effect
-- checks: What was checked, and what that said
-- contribution: What the parties themselves judge
-- reading: The same in one sentence, by language
-- batches: The files behind it
WITH treated AS (
    SELECT * FROM core.unit_summary WHERE arm = 'treated'
),
control AS (
    SELECT * FROM core.unit_summary WHERE arm = 'control'
),
arms AS (
    SELECT
        treated.process_id,
        treated.indicator_id,
        treated.group_id,
        treated.occasion,
        treated.period_start,
        treated.period_end,
        lottery(
            treated.n, treated.total, treated.total_squares, control.n, control.total, control.total_squares
        ) AS found,
        treated.clusters + control.clusters AS clusters,
        treated.weights + control.weights AS weights,
        treated.strata + control.strata AS strata,
        treated.pairs + control.pairs AS pairs,
        list_sort(list_distinct(list_concat(treated.batches, control.batches))) AS batches
    FROM treated
    JOIN control
        ON
            treated.process_id = control.process_id
            AND treated.indicator_id = control.indicator_id
            AND treated.group_id IS NOT DISTINCT FROM control.group_id
            AND treated.occasion = control.occasion
            AND treated.period_start IS NOT DISTINCT FROM control.period_start
            AND treated.period_end IS NOT DISTINCT FROM control.period_end
),
compared AS (
    SELECT
        indicator.process_id,
        indicator.process,
        indicator.indicator_id,
        indicator.name,
        coalesce(arms.group_id, indicator.group_id) AS group_id,
        indicator.level,
        indicator.kind,
        coalesce(indicator.primary, false) OR alone.indicators = 1 AS is_primary,
        coalesce(indicator.unit, '') AS unit,
        CASE indicator.direction WHEN 'less' THEN -1 ELSE 1 END::INTEGER AS direction,
        coalesce(indicator.reference, 'none') AS reference,
        arms.* EXCLUDE (process_id, indicator_id, group_id)
    FROM core.indicator AS indicator
    JOIN (
        SELECT process_id, count(*) AS indicators
        FROM core.indicator
        WHERE is_current
        GROUP BY process_id
    ) AS alone USING (process_id)
    LEFT JOIN arms ON arms.process_id = indicator.process_id AND arms.indicator_id = indicator.indicator_id
    WHERE indicator.is_current
),
judged AS (
    SELECT
        *,
        CASE WHEN reference = 'lottery' AND clusters + weights + strata + pairs = 0 THEN found END AS estimated,
        CASE
            WHEN reference = 'none' THEN 'change_not_effect'
            WHEN reference != 'lottery' THEN 'not_available_yet'
            WHEN found IS NULL THEN 'no_measurements'
            WHEN clusters > 0 THEN 'clusters_not_available_yet'
            WHEN weights > 0 THEN 'weights_not_available_yet'
            WHEN strata > 0 THEN 'strata_not_available_yet'
            WHEN pairs > 0 THEN 'pairs_not_available_yet'
            ELSE coalesce(found.reason, 'estimated')
        END AS status,
        count(DISTINCT coalesce(group_id, '')) OVER figure AS groups,
        count(DISTINCT {'from': period_start, 'to': period_end}) OVER figure AS periods
    FROM compared
    WINDOW figure AS (PARTITION BY process_id, indicator_id, occasion)
)
SELECT
    concat_ws(
        '/',
        judged.process,
        judged.indicator_id,
        nullif(judged.occasion, ''),
        judged.reference,
        CASE WHEN judged.groups > 1 THEN coalesce(judged.group_id, '-') END,
        CASE
            WHEN judged.periods > 1
                THEN concat(coalesce(judged.period_start::VARCHAR, ''), '--', coalesce(judged.period_end::VARCHAR, ''))
        END
    ) AS result_id,
    judged.process_id,
    judged.process,
    judged.indicator_id,
    judged.name,
    judged.group_id,
    judged.level,
    judged.kind,
    judged.unit,
    judged.direction,
    judged.reference,
    CASE judged.reference WHEN 'lottery' THEN 'average_effect_of_offer' END AS estimand,
    judged.occasion,
    judged.period_start,
    judged.period_end,
    judged.status,
    judged.estimated.estimate AS estimate,
    judged.estimated.standard_error AS standard_error,
    judged.estimated.standard_error_kind AS standard_error_kind,
    judged.estimated.df AS df,
    judged.estimated.low AS interval_low,
    judged.estimated.high AS interval_high,
    judged.is_primary,
    CASE WHEN judged.is_primary THEN judged.estimated.p END AS p,
    judged.found.n_treated AS n_treated,
    judged.found.n_control AS n_control,
    judged.found.mean_treated AS mean_treated,
    judged.found.mean_control AS mean_control,
    judged.found.sd_treated AS sd_treated,
    judged.found.sd_control AS sd_control,
    nullif(judged.clusters, 0) AS clusters,
    judged.estimated.hedges_g AS size,
    CASE judged.status
        WHEN 'estimated' THEN ['random_assignment', 'no_interference', 'outcome_measured_for_all']
        ELSE []
    END AS assumptions,
    CASE judged.status
        WHEN 'estimated' THEN ['attrition_not_checkable']
        ELSE []
    END AS checks,
    judgement.contribution,
    judgement.contribution_reason,
    coalesce(
        reading_of_lottery(
            judged.name, judged.unit, judged.estimated.estimate, judged.estimated.low, judged.estimated.high,
            judged.found.n_treated, judged.found.n_control, judged.direction
        ),
        reading_of_no_effect(judged.status)
    ) AS reading,
    judged.batches
FROM judged
LEFT JOIN core.judgement AS judgement USING (process_id, indicator_id)
