-- Grain: one row per unit, indicator and occasion that counts. A view.
-- Meaning: values of single units from accepted files. Where several files of a source hold the same unit, the one that
-- landed last counts; a source with one file needs no such choice, since its contract lets no unit stand twice.
-- batch: The file it was read from
-- row_number: Row of the file, from 1
-- unit: The unit: a pseudonym or a number of the file
-- arm: treated or control, where there is a comparison
-- value: What was measured
WITH files AS (
    SELECT
        file.batch,
        file.log_position,
        source.source,
        source.process_id,
        source.process,
        count(*) OVER (PARTITION BY source.source) > 1 AS has_rivals
    FROM raw.source_file AS file
    JOIN core.source AS source ON source.source = file.source
    WHERE file.status = 'accepted' AND source.process_id IS NOT NULL
),
alone AS (
    SELECT files.* EXCLUDE (has_rivals), row.* EXCLUDE (batch)
    FROM raw.measurement_row AS row
    JOIN files ON files.batch = row.batch
    WHERE NOT files.has_rivals AND row.unit IS NOT NULL AND row.value IS NOT NULL
),
among_rivals AS (
    SELECT files.* EXCLUDE (has_rivals), row.* EXCLUDE (batch)
    FROM raw.measurement_row AS row
    JOIN files ON files.batch = row.batch
    WHERE files.has_rivals AND row.unit IS NOT NULL AND row.value IS NOT NULL
    QUALIFY row_number() OVER (
        PARTITION BY files.source, row.unit, row.indicator_id, row.occasion, row.period_start, row.period_end
        ORDER BY files.log_position DESC, row.row_number DESC
    ) = 1
)
SELECT
    process_id,
    process,
    batch,
    row_number,
    indicator_id,
    group_id,
    coalesce(occasion, '') AS occasion,
    period_start,
    period_end,
    unit,
    arm,
    value,
    weight,
    cluster,
    stratum,
    pair_id
FROM (FROM alone UNION ALL BY NAME FROM among_rivals)
