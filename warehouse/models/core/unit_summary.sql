-- Grain: one row per process, indicator, group, occasion, period and arm.
-- Meaning: units summed up exactly: how many, their sum and the sum of their squares. Every figure on units comes from
-- these three.
-- n: Units with a value
-- total: Sum of their values
-- total_squares: Sum of the squares of their values, exact
-- clusters: How many clusters they lie in, where the file says so
-- batches: The files they came from
SELECT
    process_id,
    process,
    indicator_id,
    group_id,
    occasion,
    period_start,
    period_end,
    arm,
    count(*) AS n,
    sum(value)::DECIMAL(38, 6) AS total,
    sum(value::DECIMAL(20, 6) * value::DECIMAL(18, 6))::DECIMAL(38, 12) AS total_squares,
    min(value) AS smallest,
    max(value) AS largest,
    count(DISTINCT cluster) AS clusters,
    list_sort(list(DISTINCT batch)) AS batches
FROM core.unit_value
GROUP BY process_id, process, indicator_id, group_id, occasion, period_start, period_end, arm
