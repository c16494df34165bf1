-- Grain: one row per result of the readers' copy.
-- Meaning: figures and their standing, for Prefect's table. Names, units and readings are left out, because people write
-- them; a figure of fewer than five is left out, because Prefect keeps it where no erasure reaches.
SELECT
    result_id,
    process,
    indicator_id,
    group_id,
    occasion,
    period_start::VARCHAR AS period_start,
    period_end::VARCHAR AS period_end,
    kind,
    n,
    CASE WHEN list_contains(flags, 'too_few') THEN NULL ELSE value END::DOUBLE AS value,
    CASE WHEN list_contains(flags, 'too_few') THEN NULL ELSE interval_low END::DOUBLE AS interval_low,
    CASE WHEN list_contains(flags, 'too_few') THEN NULL ELSE interval_high END::DOUBLE AS interval_high,
    target::DOUBLE AS target,
    progress,
    certainty,
    array_to_string(flags, ' ') AS flags
FROM marts.results
ORDER BY ALL
