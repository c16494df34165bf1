-- Grain: one row per process, indicator of kind scale, group, occasion, period and arm.
-- Meaning: how the answers on a scale lie. A mean would take it that the steps are equally far apart, so there is none.
-- median: The answer in the middle; of two in the middle the lower, which somebody gave
-- distribution: How many gave which answer, lowest first
WITH counted AS (
    SELECT
        units.process_id,
        units.indicator_id,
        units.group_id,
        units.occasion,
        units.period_start,
        units.period_end,
        units.arm,
        units.value,
        count(*) AS n
    FROM core.unit_value AS units
    JOIN core.indicator AS indicator
        ON
            indicator.process_id = units.process_id
            AND indicator.indicator_id = units.indicator_id
            AND indicator.is_current
            AND indicator.kind = 'scale'
    GROUP BY ALL
),
running AS (
    SELECT
        *,
        sum(n) OVER figure AS below,
        sum(n) OVER (PARTITION BY process_id, indicator_id, group_id, occasion, period_start, period_end, arm) AS everyone
    FROM counted
    WINDOW figure AS (
        PARTITION BY process_id, indicator_id, group_id, occasion, period_start, period_end, arm ORDER BY value
    )
)
SELECT
    process_id,
    indicator_id,
    group_id,
    occasion,
    period_start,
    period_end,
    arm,
    min(value) FILTER (WHERE below * 2 >= everyone) AS median,
    list({'value': value, 'n': n} ORDER BY value) AS distribution
FROM running
GROUP BY process_id, indicator_id, group_id, occasion, period_start, period_end, arm
