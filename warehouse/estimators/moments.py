"""Mean and variance from n, Σx and Σx², without loss: sums and arithmetic are exact until the last step."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from math import sqrt


@dataclass(frozen=True, slots=True)
class Moments:
    """How many, their mean, and their standard deviation (with n − 1; none under two)."""

    n: int
    mean: float
    sd: float | None


def moments(n: int, total: Decimal | int, total_squares: Decimal | int) -> Moments | None:
    """The moments of n values from their sum and sum of squares; none without values.

    (Σx² − (Σx)²/n) loses every digit in floating point where the mean is large beside the spread; in fractions none.
    """
    if n <= 0:
        return None
    mean = Fraction(total) / n
    if n == 1:
        return Moments(n, float(mean), None)
    variance = (Fraction(total_squares) - Fraction(total) * mean) / (n - 1)
    return Moments(n, float(mean), sqrt(variance) if variance > 0 else 0.0)
