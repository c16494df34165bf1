-- Grain: one row per process, indicator, group, occasion and comparison.
-- Meaning: what made a difference, as far as the design can carry it. The word effect is earned by a comparison: with
-- reference none there is no figure. A row without an estimate says why in status.
-- Formulas: lottery is the difference of the arms' means with Welch's standard error (Welch 1947), which estimates the
-- average effect of being offered a place. The other references are not available yet.
-- result_id: process/indicator/occasion/reference
-- estimand: What the estimate is of: average_effect_of_offer
-- status: estimated, or why not: change_not_effect, not_available_yet, no_measurements, too_few, no_spread,
--   clusters_not_available_yet
-- standard_error_kind: How the standard error was found
-- p: Two-sided; only for indicators declared primary, or where there is but one
-- size: Difference in standard deviations of those not offered a place (Glass's delta)
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
        treated.occasion,
        treated.period_start,
        treated.period_end,
        moments(treated.n, treated.total, treated.total_squares) AS treated,
        moments(control.n, control.total, control.total_squares) AS control,
        treated.clusters + control.clusters AS clusters,
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
        indicator.group_id,
        indicator.level,
        indicator.kind,
        coalesce(indicator.unit, '') AS unit,
        CASE indicator.direction WHEN 'less' THEN -1 ELSE 1 END::INTEGER AS direction,
        coalesce(indicator.reference, 'none') AS reference,
        arms.* EXCLUDE (process_id, indicator_id),
        CASE
            WHEN indicator.reference = 'lottery' AND arms.clusters = 0
                THEN
                    welch(
                        arms.treated.mean, arms.treated.sd, arms.treated.n,
                        arms.control.mean, arms.control.sd, arms.control.n
                    )
        END AS estimated
    FROM core.indicator AS indicator
    LEFT JOIN arms ON arms.process_id = indicator.process_id AND arms.indicator_id = indicator.indicator_id
    WHERE indicator.is_current
),
judged AS (
    SELECT
        *,
        CASE
            WHEN reference = 'none' THEN 'change_not_effect'
            WHEN reference != 'lottery' THEN 'not_available_yet'
            WHEN treated IS NULL OR control IS NULL THEN 'no_measurements'
            WHEN clusters > 0 THEN 'clusters_not_available_yet'
            WHEN least(treated.n, control.n) < 2 THEN 'too_few'
            WHEN estimated IS NULL THEN 'no_spread'
            ELSE 'estimated'
        END AS status
    FROM compared
)
SELECT
    concat_ws('/', judged.process, judged.indicator_id, nullif(judged.occasion, ''), judged.reference) AS result_id,
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
    CASE WHEN judged.estimated IS NOT NULL THEN 'welch' END AS standard_error_kind,
    judged.estimated.df AS df,
    judged.estimated.low AS interval_low,
    judged.estimated.high AS interval_high,
    judged.estimated.p AS p,
    judged.treated.n AS n_treated,
    judged.control.n AS n_control,
    judged.treated.mean AS mean_treated,
    judged.control.mean AS mean_control,
    judged.treated.sd AS sd_treated,
    judged.control.sd AS sd_control,
    nullif(judged.clusters, 0) AS clusters,
    CASE WHEN judged.control.sd > 0 THEN judged.estimated.estimate / judged.control.sd END AS size,
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
            judged.treated.n, judged.control.n, judged.direction
        ),
        reading_of_no_effect(judged.status)
    ) AS reading,
    judged.batches
FROM judged
LEFT JOIN core.judgement AS judgement USING (process_id, indicator_id)
