-- Grain: one row per agreed action.
-- Meaning: what the parties agreed to do, and whether the day for it has passed.
-- result_id: process/round/number of the row
-- is_past_due: The day has passed; whether it was done is not known here
SELECT
    concat_ws('/', process, 'agreement', round, row) AS result_id,
    process_id,
    process,
    round,
    field,
    action,
    owner,
    due,
    due < getvariable('evaluated_on')::DATE AS is_past_due,
    sequence
FROM core.agreed_action
