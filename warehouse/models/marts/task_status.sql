-- Grain: one row per process and task instance.
-- Meaning: what there is to fill in, for whom, and how it stands on the day of the evaluation.
-- status: waiting (for its turn), open, done or withdrawn
-- is_overdue: Open after its due time
SELECT
    process_id,
    process,
    instance,
    task,
    state,
    entry,
    membership,
    party,
    status,
    opened_at,
    due_at,
    first_submitted_at,
    last_submitted_at,
    withdrawn_at,
    submissions,
    status = 'open' AND (overdue_at IS NOT NULL OR due_at < getvariable('evaluated_on')::DATE) AS is_overdue
FROM core.task_instance
