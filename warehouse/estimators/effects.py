"""What made a difference, where a lottery decided who was offered a place. No other design is here yet.

An estimate comes with its standard error and how that was found, or with the reason why there is none; never both.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from math import sqrt

from warehouse.estimators.changes import hedges_g, welch_of_parts
from warehouse.estimators.moments import exact_moments


@dataclass(frozen=True, slots=True)
class Lottery:
    """The average effect of being offered a place, in the unit of the values, or the `reason` there is no estimate.

    `reason` is no_measurements (an arm has no values), impossible_sums (no values have these sums), too_few (under two
    in an arm) or no_spread (all values of an arm are equal, in both). `hedges_g` is the estimate in standard deviations
    of those not offered a place; None where these do not differ, or are under three. `p` is two-sided.
    """

    reason: str | None
    estimate: float | None = None
    standard_error: float | None = None
    standard_error_kind: str | None = None
    df: float | None = None
    low: float | None = None
    high: float | None = None
    p: float | None = None
    n_treated: int | None = None
    n_control: int | None = None
    mean_treated: float | None = None
    mean_control: float | None = None
    sd_treated: float | None = None
    sd_control: float | None = None
    hedges_g: float | None = None


def lottery(
    n_treated: int,
    total_treated: Decimal | int,
    squares_treated: Decimal | int,
    n_control: int,
    total_control: Decimal | int,
    squares_control: Decimal | int,
) -> Lottery:
    """The difference of the arms' means with Welch's error, from how many, Σx and Σx² of each arm.

    The difference is taken between exact fractions and rounded once: values around 10¹² that differ by 1 keep every
    digit. Where not everybody offered a place took it, this is the effect of the offer, not of taking part.

    Source: Neyman (1923; Statistical Science 1990, 5:465–472) for the variance of a randomised difference; degrees of
    freedom after Welch (1947), Biometrika 34:28–35.
    """
    if n_treated <= 0 or n_control <= 0:
        return NO_MEASUREMENTS
    treated = exact_moments(n_treated, total_treated, squares_treated)
    control = exact_moments(n_control, total_control, squares_control)
    if treated is None or control is None:
        return Lottery("impossible_sums")
    if treated.variance is None or control.variance is None:
        return Lottery("too_few")
    found = welch_of_parts(
        float(treated.mean - control.mean),
        float(treated.variance / treated.n),
        treated.n,
        float(control.variance / control.n),
        control.n,
    )
    if found is None:
        return Lottery("no_spread")
    sd_control = sqrt(control.variance)
    return Lottery(
        None,
        estimate=found.estimate,
        standard_error=found.standard_error,
        standard_error_kind="welch",
        df=found.df,
        low=found.low,
        high=found.high,
        p=found.p,
        n_treated=treated.n,
        n_control=control.n,
        mean_treated=float(treated.mean),
        mean_control=float(control.mean),
        sd_treated=sqrt(treated.variance),
        sd_control=sd_control,
        hedges_g=hedges_g(found.estimate, treated.n, 0.0, sd_control, control.n),
    )


NO_MEASUREMENTS = Lottery("no_measurements")
"""An arm has no values."""
