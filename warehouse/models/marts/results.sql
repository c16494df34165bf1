-- Grain: one row per process, indicator, group, occasion and period; one row without figures where nothing is measured.
-- Meaning: what was measured, how sure that is, how it stands to baseline and target. It shows no effect: see effects.
-- Each figure is read by the definition that held when it came; stale_definition says that another holds now.
-- Formulas: share Wilson (1927); mean Student (1908); scale the median (core.unit_scale); count Garwood (1936); change Newcombe (1998) method 10, Welch
-- (1947), conditional exact for counts; achievement Fieller (1954), where the standard error of a share or a count is
-- half its interval's width over 1.96: it is not 0 where nobody, or everybody, was counted.
-- result_id: process/indicator/occasion, then group and period (first--last day) where there are several: the name of the
--   figure in `samskap explain figure`
-- value: The figure; a share is a fraction from 0 to 1
-- n: How many it rests on
-- interval_low: Lower end of the 95 % interval
-- interval_high: Upper end of the 95 % interval
-- interval_method: wilson, student, garwood; empty where there is none
-- change: Value minus baseline; for counts the ratio to it, each over what it was counted on where both say so
-- exposure: Of a count: what it was counted on, such as persons or weeks
-- change_method: newcombe, welch, rate_ratio, or difference (no interval)
-- achievement: Share of the way from baseline to target that was gone; never capped
-- progress: reached, not_reached, on_track, near, behind, not_measured; empty without a target
-- certainty: clear or uncertain, by the interval; empty without one
-- flags: too_few, overdue, low_response, no_baseline, no_target, stale_definition, keep_goal, wrong_side,
--   baseline_covers_target, weights_not_available_yet
-- distribution: Of a scale: how many gave which answer, lowest first; empty under five answers
-- is_current: Whether the definition that the figure is read by still holds
-- response_rate: Answered / asked
-- reading: The same in one sentence, by language
-- origin: form, figures or units: where it was measured
-- sequence: The event that holds the figure, where it came from a form
-- batches: The files it came from
-- row_number: Row of the form's list or of the file
WITH measured AS (
    SELECT
        indicator.process_id,
        indicator.process,
        indicator.indicator_id,
        indicator.version AS indicator_version,
        indicator.name,
        coalesce(measurement.group_id, indicator.group_id) AS group_id,
        indicator.level,
        indicator.kind,
        coalesce(indicator.unit, '') AS unit,
        CASE indicator.direction WHEN 'less' THEN -1 ELSE 1 END::INTEGER AS direction,
        indicator.is_current,
        measurement.* EXCLUDE (process_id, process, indicator_id, group_id),
        moments(measurement.n, measurement.total, measurement.total_squares) AS units,
        scale.median,
        scale.distribution
    FROM core.indicator AS indicator
    LEFT JOIN core.measurement AS measurement
        ON
            measurement.process_id = indicator.process_id
            AND measurement.indicator_id = indicator.indicator_id
            AND (indicator.version = 1 OR measurement.known_from >= indicator.known_from)
            AND (indicator.known_to IS NULL OR measurement.known_from < indicator.known_to)
    LEFT JOIN core.unit_scale AS scale
        ON
            scale.process_id = measurement.process_id
            AND scale.indicator_id = measurement.indicator_id
            AND coalesce(scale.group_id, indicator.group_id) IS NOT DISTINCT FROM measurement.group_id
            AND scale.occasion = measurement.occasion
            AND scale.period_start IS NOT DISTINCT FROM measurement.period_start
            AND scale.period_end IS NOT DISTINCT FROM measurement.period_end
            AND coalesce(scale.arm, 'treated') = 'treated'
            AND measurement.origin = 'units'
    WHERE
        measurement.process_id IS NOT NULL
        OR (
            indicator.is_current
            AND NOT EXISTS (
                SELECT 1
                FROM core.measurement AS known
                WHERE known.process_id = indicator.process_id AND known.indicator_id = indicator.indicator_id
            )
        )
),
figures AS (
    SELECT
        * EXCLUDE (numerator, denominator, mean, sd, n, value, median),
        CASE WHEN kind = 'count' THEN denominator END AS exposure,
        CASE WHEN kind IN ('share', 'yes_no') THEN coalesce(numerator, total) END AS numerator,
        CASE WHEN kind IN ('share', 'yes_no') THEN coalesce(denominator, n) END AS denominator,
        CASE
            WHEN kind IN ('share', 'yes_no') THEN coalesce(denominator, n)::BIGINT
            WHEN kind = 'count' THEN NULL
            ELSE n
        END AS n,
        CASE WHEN kind != 'scale' THEN coalesce(sd::DOUBLE, units.sd) END AS sd,
        CASE
            WHEN kind IN ('share', 'yes_no')
                THEN CASE WHEN coalesce(denominator, n) > 0 THEN coalesce(numerator, total)::DOUBLE / coalesce(denominator, n) END
            WHEN kind = 'mean' THEN coalesce(mean::DOUBLE, units.mean, value::DOUBLE)
            WHEN kind = 'scale' THEN coalesce(median, value)::DOUBLE
            ELSE coalesce(value::DOUBLE, total::DOUBLE)
        END AS value
    FROM measured
),
bounded AS (
    SELECT
        *,
        CASE
            WHEN kind IN ('share', 'yes_no') THEN wilson(numerator, denominator)
            WHEN kind = 'mean' THEN mean_interval(value, sd, n)
            WHEN kind = 'count' THEN poisson_interval(value::BIGINT, 1)
        END AS interval
    FROM figures
),
intervals AS (
    SELECT
        *,
        CASE
            WHEN kind = 'mean' AND n > 1 THEN sd / sqrt(n)
            WHEN kind IN ('share', 'yes_no', 'count') THEN (interval.high - interval.low) / (2 * 1.959963984540054)
        END AS error
    FROM bounded
),
compared AS (
    SELECT
        intervals.*,
        baseline.value::DOUBLE AS baseline,
        baseline.measured_on AS baseline_on,
        baseline.n AS baseline_n,
        target.value::DOUBLE AS target,
        target.due AS target_due,
        CASE
            WHEN kind IN ('share', 'yes_no') AND baseline.denominator > 0
                THEN newcombe(intervals.numerator, intervals.denominator, baseline.numerator, baseline.denominator)
            WHEN kind = 'count' AND (intervals.exposure IS NULL) = (baseline.denominator IS NULL)
                THEN
                    rate_ratio(
                        intervals.value::BIGINT, coalesce(intervals.exposure, 1),
                        baseline.value::BIGINT, coalesce(baseline.denominator, 1)
                    )
        END AS difference,
        CASE
            WHEN kind = 'mean'
                THEN
                    welch(
                        intervals.value, intervals.sd, intervals.n,
                        baseline.value::DOUBLE, baseline.sd::DOUBLE, baseline.n
                    )
        END AS means,
        CASE
            WHEN kind = 'mean' AND baseline.n > 1 THEN baseline.sd::DOUBLE / sqrt(baseline.n)
            WHEN kind IN ('share', 'yes_no') AND baseline.denominator > 0
                THEN (wilson(baseline.numerator, baseline.denominator).high - wilson(baseline.numerator, baseline.denominator).low) / (2 * 1.959963984540054)
            WHEN kind = 'count' THEN (poisson_interval(baseline.value::BIGINT, 1).high - poisson_interval(baseline.value::BIGINT, 1).low) / (2 * 1.959963984540054)
        END AS baseline_error,
        hedges_g(intervals.value, intervals.n, baseline.value::DOUBLE, baseline.sd::DOUBLE, baseline.n) AS size
    FROM intervals
    LEFT JOIN core.baseline AS baseline USING (process_id, indicator_id)
    LEFT JOIN core.target AS target USING (process_id, indicator_id)
),
judged AS (
    SELECT
        *,
        CASE
            WHEN target IS NOT NULL AND baseline IS NOT NULL AND value IS NOT NULL
                THEN achievement(value, error, baseline, baseline_error, target, direction)
        END AS way,
        CASE
            WHEN target IS NOT NULL
                THEN status(
                    value, interval.low, interval.high, target, direction, baseline, baseline_on, target_due, period_end
                )
        END AS standing,
        count(DISTINCT coalesce(group_id, '')) OVER figure AS groups,
        count(DISTINCT {'from': period_start, 'to': period_end}) OVER figure AS periods
    FROM compared
    WINDOW figure AS (PARTITION BY process_id, indicator_id, occasion)
)
SELECT
    concat_ws(
        '/',
        process,
        indicator_id,
        nullif(occasion, ''),
        CASE WHEN groups > 1 THEN coalesce(group_id, '-') END,
        CASE WHEN periods > 1 THEN concat(coalesce(period_start::VARCHAR, ''), '--', coalesce(period_end::VARCHAR, '')) END
    ) AS result_id,
    process_id,
    process,
    indicator_id,
    indicator_version,
    name,
    group_id,
    level,
    kind,
    unit,
    direction,
    occasion,
    period_start,
    period_end,
    value,
    numerator,
    denominator,
    n,
    sd,
    exposure,
    interval.low AS interval_low,
    interval.high AS interval_high,
    CASE
        WHEN interval IS NULL THEN NULL
        WHEN kind IN ('share', 'yes_no') THEN 'wilson'
        WHEN kind = 'mean' THEN 'student'
        WHEN kind = 'count' THEN 'garwood'
    END AS interval_method,
    baseline,
    baseline_on,
    baseline_n,
    coalesce(difference.estimate, means.estimate, value - baseline) AS change,
    coalesce(difference.low, means.low) AS change_low,
    coalesce(difference.high, means.high) AS change_high,
    CASE
        WHEN value IS NULL OR baseline IS NULL THEN NULL
        WHEN difference IS NOT NULL AND kind = 'count' THEN 'rate_ratio'
        WHEN difference IS NOT NULL THEN 'newcombe'
        WHEN means IS NOT NULL THEN 'welch'
        ELSE 'difference'
    END AS change_method,
    size,
    target,
    target_due,
    way.share AS achievement,
    way.low AS achievement_low,
    way.high AS achievement_high,
    standing.progress AS progress,
    standing.certainty AS certainty,
    list_filter([
        CASE WHEN n < 5 THEN 'too_few' END,
        CASE WHEN value IS NULL AND target_due < getvariable('evaluated_on')::DATE THEN 'overdue' END,
        CASE WHEN asked > 0 AND answered < 0.6 * asked THEN 'low_response' END,
        CASE WHEN baseline IS NULL THEN 'no_baseline' END,
        CASE WHEN target IS NULL THEN 'no_target' END,
        CASE WHEN NOT is_current THEN 'stale_definition' END,
        CASE WHEN is_weighted THEN 'weights_not_available_yet' END,
        way.reason
    ], lambda flag: flag IS NOT NULL) AS flags,
    asked,
    answered,
    CASE WHEN asked > 0 THEN answered / asked END AS response_rate,
    CASE WHEN n >= 5 THEN distribution END AS distribution,
    is_current,
    reading_of_result(
        kind, unit, value, target, standing.progress, standing.certainty, baseline IS NOT NULL
    ) AS reading,
    origin,
    sequence,
    batches,
    row_number,
    known_from
FROM judged
