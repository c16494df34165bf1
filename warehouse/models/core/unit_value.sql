-- Grain: one row per unit, indicator and occasion that counts.
-- Meaning: values of single units from accepted files. Where two files hold the same unit, the one that landed last
-- counts.
-- batch: The file it was read from
-- row_number: Row of the file, from 1
-- unit: The unit: a pseudonym or a number of the file
-- arm: treated or control, where there is a comparison
-- value: What was measured
SELECT
    source.process_id,
    source.process,
    row.batch,
    row.row_number,
    row.indicator_id,
    row.group_id,
    coalesce(row.occasion, '') AS occasion,
    row.period_start,
    row.period_end,
    row.unit,
    row.arm,
    row.value,
    row.weight,
    row.cluster,
    row.stratum
FROM raw.measurement_row AS row
JOIN raw.source_file AS file ON file.batch = row.batch AND file.status = 'accepted'
JOIN core.source AS source ON source.source = file.source
WHERE row.unit IS NOT NULL AND row.value IS NOT NULL AND source.process_id IS NOT NULL
QUALIFY row_number() OVER (
    PARTITION BY source.source, row.unit, row.indicator_id, row.occasion, row.period_start, row.period_end
    ORDER BY file.log_position DESC, row.row_number DESC
) = 1
