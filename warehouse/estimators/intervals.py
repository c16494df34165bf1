"""Intervals for one figure: a share, a mean, a count. All are two-sided, 95 % unless told otherwise."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt

from scipy.special import chdtri, ndtri, stdtrit

LEVEL = 0.95


@dataclass(frozen=True, slots=True)
class Interval:
    """The ends of an interval, in the unit of the figure."""

    low: float
    high: float


def normal_quantile(level: float = LEVEL) -> float:
    """z such that a standard normal lies within ±z with probability `level`."""
    return float(ndtri((1 + level) / 2))


def t_quantile(df: float, level: float = LEVEL) -> float:
    """t such that Student's t with `df` degrees of freedom lies within ±t with probability `level`."""
    return float(stdtrit(df, (1 + level) / 2))


def wilson(numerator: float, denominator: float, level: float = LEVEL) -> Interval | None:
    """The score interval of a share, without continuity correction; none without a denominator.

    Source: Wilson (1927), Journal of the American Statistical Association 22:209–212; as method 3 in Newcombe (1998),
    Statistics in Medicine 17:857–872.
    """
    if denominator <= 0 or not 0 <= numerator <= denominator:
        return None
    z = normal_quantile(level)
    share = numerator / denominator
    middle = numerator + z * z / 2
    half = z * sqrt(numerator * (1 - share) + z * z / 4)
    scale = denominator + z * z
    low = 0.0 if numerator == 0 else (middle - half) / scale
    high = 1.0 if numerator == denominator else (middle + half) / scale
    return Interval(low, high)


def mean_interval(mean: float, sd: float, n: int, level: float = LEVEL) -> Interval | None:
    """Student's interval of a mean from its standard deviation (with n − 1) and number; none under two.

    Source: Student (1908), Biometrika 6:1–25.
    """
    if n < 2 or sd < 0:
        return None
    half = t_quantile(n - 1, level) * sd / sqrt(n)
    return Interval(mean - half, mean + half)


def poisson(count: int, exposure: float = 1.0, level: float = LEVEL) -> Interval | None:
    """The exact interval of a count, or of a rate where an exposure is given.

    Source: Garwood (1936), Biometrika 28:437–442: ends from the quantiles of χ² with 2k and 2k + 2 degrees of freedom.
    """
    if count < 0 or exposure <= 0 or count != int(count):
        return None
    tail = (1 - level) / 2
    low = 0.0 if count == 0 else float(chdtri(2 * count, 1 - tail)) / 2
    high = float(chdtri(2 * count + 2, tail)) / 2
    return Interval(low / exposure, high / exposure)
