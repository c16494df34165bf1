"""What lies between two figures: differences of shares and means, ratios of rates, and how large a change is."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt

from scipy.special import betaincinv, poch, stdtr

from warehouse.estimators.intervals import LEVEL, t_quantile, wilson


@dataclass(frozen=True, slots=True)
class Difference:
    """An estimate in the unit of the figures, with its interval."""

    estimate: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class MeanDifference:
    """A difference of two means, with its standard error, degrees of freedom, interval and two-sided p."""

    estimate: float
    standard_error: float
    df: float
    low: float
    high: float
    p: float


def newcombe(
    numerator: float, denominator: float, before_numerator: float, before_denominator: float, level: float = LEVEL
) -> Difference | None:
    """The difference of two independent shares, from the score interval of each.

    Source: Newcombe (1998), Statistics in Medicine 17:873–890, method 10.
    """
    now = wilson(numerator, denominator, level)
    before = wilson(before_numerator, before_denominator, level)
    if now is None or before is None:
        return None
    p1, p2 = numerator / denominator, before_numerator / before_denominator
    difference = p1 - p2
    return Difference(
        difference,
        difference - sqrt((p1 - now.low) ** 2 + (before.high - p2) ** 2),
        difference + sqrt((now.high - p1) ** 2 + (p2 - before.low) ** 2),
    )


def welch(
    mean: float, sd: float, n: int, other_mean: float, other_sd: float, other_n: int, level: float = LEVEL
) -> MeanDifference | None:
    """The difference of two independent means whose variances may differ; none under two in either, or without spread.

    Source: Welch (1947), Biometrika 34:28–35; degrees of freedom after Satterthwaite (1946), Biometrics 2:110–114.
    """
    if min(n, other_n) < 2 or sd < 0 or other_sd < 0:
        return None
    return welch_of_parts(mean - other_mean, sd * sd / n, n, other_sd * other_sd / other_n, other_n, level)


def welch_of_parts(
    difference: float, part: float, n: int, other_part: float, other_n: int, level: float = LEVEL
) -> MeanDifference | None:
    """Welch's answer from a difference and the squared standard error of each mean; none where both are 0."""
    variance = part + other_part
    if variance == 0:
        return None
    # As shares of the variance: their squares do not vanish where the values are tiny.
    df = 1 / ((part / variance) ** 2 / (n - 1) + (other_part / variance) ** 2 / (other_n - 1))
    error = sqrt(variance)
    half = t_quantile(df, level) * error
    p = 2 * float(stdtr(df, -abs(difference / error)))
    return MeanDifference(difference, error, df, difference - half, difference + half, p)


def rate_ratio(
    count: int, exposure: float, before_count: int, before_exposure: float, level: float = LEVEL
) -> Difference | None:
    """The ratio of two rates with its exact conditional interval; none where nothing was counted before.

    Given their sum, the first count is binomial: the interval is Clopper and Pearson's (1934, Biometrika 26:404–413)
    for that share, carried over. Source: Przyborowski and Wilenski (1940), Biometrika 31:313–323.
    """
    total = count + before_count
    if min(exposure, before_exposure) <= 0 or count < 0 or before_count <= 0:
        return None
    tail = (1 - level) / 2
    scale = before_exposure / exposure
    low = 0.0 if count == 0 else float(betaincinv(count, total - count + 1, tail))
    # The upper end from what is left of it: 1 − high loses its digits where nearly everything was counted now.
    left = float(betaincinv(before_count, count + 1, tail))
    return Difference(count / before_count * scale, low / (1 - low) * scale, (1 - left) / left * scale)


def hedges_g(mean: float, n: int, before_mean: float, before_sd: float, before_n: int) -> float | None:
    """The size of a change in the standard deviations of the first measurement, without small-sample bias.

    (mean − before) / sd of the baseline × J(m) with m = before_n − 1 and J(m) = Γ(m/2) / (√(m/2) Γ((m − 1)/2)). Only
    the baseline's spread is used, since what is done between the measurements may change the spread as well.
    Source: Hedges (1981), Journal of Educational Statistics 6:107–128, equations 6d and 6e.
    """
    if n < 1 or before_n < 3 or before_sd <= 0:
        return None
    m = before_n - 1
    j = float(poch((m - 1) / 2, 0.5)) / sqrt(m / 2)
    return (mean - before_mean) / before_sd * j
