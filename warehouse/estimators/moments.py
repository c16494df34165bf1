"""Mean and variance from n, Σx and Σx², without loss: sums and arithmetic are exact until the last step."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from math import sqrt


@dataclass(frozen=True, slots=True)
class ExactMoments:
    """How many, their mean, and their variance (with n − 1; none under two), as fractions."""

    n: int
    mean: Fraction
    variance: Fraction | None


@dataclass(frozen=True, slots=True)
class Moments:
    """How many, their mean, and their standard deviation (with n − 1; none under two)."""

    n: int
    mean: float
    sd: float | None


def exact_moments(n: int, total: Decimal | int, total_squares: Decimal | int) -> ExactMoments | None:
    """The moments of n values from their sum and sum of squares; none without values.

    (Σx² − (Σx)²/n) loses every digit in floating point where the mean is large beside the spread; in fractions none.
    Sums that no values can have, since n Σx² < (Σx)², give none either: they are not sums of the same values.
    """
    if n <= 0:
        return None
    mean = Fraction(total) / n
    squares = Fraction(total_squares) - Fraction(total) * mean
    if squares < 0:
        return None
    return ExactMoments(n, mean, squares / (n - 1) if n > 1 else None)


def moments(n: int, total: Decimal | int, total_squares: Decimal | int) -> Moments | None:
    """`exact_moments`, rounded once to what a figure shows."""
    found = exact_moments(n, total, total_squares)
    if found is None:
        return None
    return Moments(n, float(found.mean), None if found.variance is None else sqrt(found.variance))
