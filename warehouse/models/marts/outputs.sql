-- Grain: one row per process and output.
-- Meaning: what the project was to deliver, and what it has delivered so far.
-- result_id: process/output, the name of the figure in `samskap explain figure`
-- delivered: Sum over the periods that were reported
-- ratio: delivered / planned; never capped
-- sequence: The event that holds the plan
-- sequences: The events that hold what was delivered
-- status: reached, overdue, under_way or not_reported, as of the day of the evaluation
WITH delivered AS (
    SELECT
        process_id,
        output_id,
        sum(delivered)::DECIMAL(38, 6) AS delivered,
        count(*) AS reports,
        max(period_end) AS latest_period_end,
        list_sort(list(DISTINCT sequence)) AS sequences
    FROM core.delivery
    GROUP BY ALL
)
SELECT
    output.process || '/' || output.output_id AS result_id,
    output.process_id,
    output.process,
    output.output_id,
    output.name,
    output.unit,
    output.planned,
    delivered.delivered,
    CASE WHEN output.planned > 0 THEN (delivered.delivered / output.planned)::DOUBLE END AS ratio,
    output.due,
    CASE
        WHEN delivered.delivered >= output.planned THEN 'reached'
        WHEN output.due < getvariable('evaluated_on')::DATE THEN 'overdue'
        WHEN delivered.reports > 0 THEN 'under_way'
        ELSE 'not_reported'
    END AS status,
    coalesce(delivered.reports, 0) AS reports,
    delivered.latest_period_end,
    output.sequence,
    delivered.sequences
FROM core.output AS output
LEFT JOIN delivered USING (process_id, output_id)
