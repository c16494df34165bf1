-- Grain: one row per process, indicator, group, occasion, period and arm.
-- Meaning: units summed up exactly: how many, their sum and the sum of their squares. Every figure on units comes from
-- these three. Summed within each file first: files are few, and their rows are many.
-- n: Units with a value
-- total: Sum of their values
-- total_squares: Sum of the squares of their values, exact
-- smallest: The least value
-- largest: The greatest value
-- clusters: How many clusters they lie in, where the file says so
-- weights: How many of the units have a weight, strata in a stratum, pairs in a pair: figures that ignore these say so
-- batches: The files they came from
-- log_position: Where in the log the newest of the files is
WITH per_file AS (
    SELECT
        batch,
        indicator_id,
        group_id,
        occasion,
        period_start,
        period_end,
        arm,
        count(*) AS n,
        sum(value) AS total,
        sum(value::DECIMAL(19, 6) * value::DECIMAL(19, 6)) AS total_squares,
        min(value) AS smallest,
        max(value) AS largest
    FROM core.unit_value
    GROUP BY batch, indicator_id, group_id, occasion, period_start, period_end, arm
),
-- A scan of its own for each: where a column is empty, nothing of it is read.
design AS (
    SELECT process_id, indicator_id, group_id, occasion, period_start, period_end, arm, cluster, 0 AS weights, 0 AS strata, 0 AS pairs
    FROM core.unit_value
    WHERE cluster IS NOT NULL
    UNION ALL
    SELECT process_id, indicator_id, group_id, occasion, period_start, period_end, arm, NULL, 1, 0, 0
    FROM core.unit_value
    WHERE weight IS NOT NULL
    UNION ALL
    SELECT process_id, indicator_id, group_id, occasion, period_start, period_end, arm, NULL, 0, 1, 0
    FROM core.unit_value
    WHERE stratum IS NOT NULL
    UNION ALL
    SELECT process_id, indicator_id, group_id, occasion, period_start, period_end, arm, NULL, 0, 0, 1
    FROM core.unit_value
    WHERE pair_id IS NOT NULL
),
designed AS (
    SELECT
        process_id, indicator_id, group_id, occasion, period_start, period_end, arm,
        count(DISTINCT cluster) AS clusters,
        sum(weights)::BIGINT AS weights,
        sum(strata)::BIGINT AS strata,
        sum(pairs)::BIGINT AS pairs
    FROM design
    GROUP BY process_id, indicator_id, group_id, occasion, period_start, period_end, arm
),
summed AS (
    SELECT
        source.process_id,
        source.process,
        per_file.indicator_id,
        per_file.group_id,
        per_file.occasion,
        per_file.period_start,
        per_file.period_end,
        per_file.arm,
        sum(n)::BIGINT AS n,
        sum(total)::DECIMAL(38, 6) AS total,
        sum(total_squares)::DECIMAL(38, 12) AS total_squares,
        min(smallest) AS smallest,
        max(largest) AS largest,
        list_sort(list(per_file.batch)) AS batches,
        max(file.log_position) AS log_position
    FROM per_file
    JOIN raw.source_file AS file ON file.batch = per_file.batch
    JOIN core.source AS source ON source.source = file.source
    GROUP BY ALL
)
SELECT
    summed.* EXCLUDE (batches, log_position),
    coalesce(designed.clusters, 0) AS clusters,
    coalesce(designed.weights, 0) AS weights,
    coalesce(designed.strata, 0) AS strata,
    coalesce(designed.pairs, 0) AS pairs,
    summed.batches,
    summed.log_position
FROM summed
LEFT JOIN designed
    ON
        designed.process_id = summed.process_id
        AND designed.indicator_id = summed.indicator_id
        AND designed.group_id IS NOT DISTINCT FROM summed.group_id
        AND designed.occasion = summed.occasion
        AND designed.period_start IS NOT DISTINCT FROM summed.period_start
        AND designed.period_end IS NOT DISTINCT FROM summed.period_end
        AND designed.arm IS NOT DISTINCT FROM summed.arm
