-- Grain: one row per effect of the readers' copy.
-- Meaning: estimates, and why there is none, for Prefect's table. Names, readings and the parties' reasons are left out,
-- because people write them.
SELECT
    result_id,
    process,
    indicator_id,
    group_id,
    occasion,
    reference,
    status,
    estimand,
    estimate::DOUBLE AS estimate,
    standard_error::DOUBLE AS standard_error,
    interval_low::DOUBLE AS interval_low,
    interval_high::DOUBLE AS interval_high,
    p::DOUBLE AS p,
    n_treated,
    n_control
FROM marts.effects
ORDER BY ALL
