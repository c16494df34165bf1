-- Grain: one row per process, output and period in which something was delivered.
-- Meaning: what was delivered when, and how far that had come by then. Plans are for the whole, and not for a period.
-- result_id: process/output/first--last day of the period
-- delivered: In this period
-- delivered_so_far: In this period and all before it
-- ratio_so_far: delivered_so_far / planned; never capped
-- sequences: The events that hold what was delivered
WITH periods AS (
    SELECT
        process_id,
        output_id,
        period_start,
        period_end,
        sum(delivered)::DECIMAL(38, 6) AS delivered,
        list_sort(list(DISTINCT sequence)) AS sequences
    FROM core.delivery
    GROUP BY process_id, output_id, period_start, period_end
),
running AS (
    SELECT
        *,
        sum(delivered) OVER (
            PARTITION BY process_id, output_id ORDER BY period_end NULLS FIRST, period_start NULLS FIRST
        )::DECIMAL(38, 6) AS delivered_so_far
    FROM periods
)
SELECT
    concat_ws(
        '/',
        output.process,
        output.output_id,
        concat(coalesce(running.period_start::VARCHAR, ''), '--', coalesce(running.period_end::VARCHAR, ''))
    ) AS result_id,
    output.process_id,
    output.process,
    output.output_id,
    output.name,
    output.unit,
    running.period_start,
    running.period_end,
    running.delivered,
    running.delivered_so_far,
    output.planned,
    CASE WHEN output.planned > 0 THEN (running.delivered_so_far / output.planned)::DOUBLE END AS ratio_so_far,
    running.sequences
FROM running
JOIN core.output AS output USING (process_id, output_id)
