"""How parties see the same thing: whether they differ more than chance would have them, and change between rounds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from random import Random
from statistics import fmean, stdev

from warehouse.estimators.intervals import mean_interval

PERMUTATIONS = 1999
FEWEST_PAIRS = 5
"""Under this many pairs a change between rounds is not read as one."""


@dataclass(frozen=True, slots=True)
class Spread:
    """The gap between the highest and the lowest party, and what chance alone gives.

    `gap` and `by_chance` (the 95th percentile over permutations) are in the score's own unit; `p` is the share of
    permutations with a gap at least as large, the observed one counted in. `beyond_chance` is p < 0.05.
    """

    gap: float
    by_chance: float
    p: float
    beyond_chance: bool


def spread(scores: Sequence[tuple[str, str, float]]) -> Spread | None:
    """Whether the parties' means differ beyond chance; `scores` are (party, membership, score). None under two parties.

    People are moved at random among the parties, the parties' sizes kept; seeded from the data, so that the same
    answers give the same figures whatever their order. p = (b + 1) / (m + 1): Phipson and Smyth (2010), Statistical
    Applications in Genetics and Molecular Biology 9:39.
    """
    ordered = sorted(scores)
    sizes = [sum(party == name for party, _, _ in ordered) for name in sorted({party for party, _, _ in ordered})]
    if len(sizes) < 2:
        return None
    values = [score for _, _, score in ordered]
    observed = _gap(values, sizes)
    text = "|".join(f"{party}:{score:.6f}" for party, _, score in ordered)
    random = Random(sha256(text.encode()).hexdigest())  # noqa: S311 (no secret: it must be repeatable)
    gaps = []
    for _ in range(PERMUTATIONS):
        random.shuffle(values)
        gaps.append(_gap(values, sizes))
    p = (1 + sum(gap >= observed - 1e-9 for gap in gaps)) / (PERMUTATIONS + 1)
    return Spread(observed, sorted(gaps)[int(0.95 * PERMUTATIONS)], p, p < 0.05)


def _gap(values: Sequence[float], sizes: Sequence[int]) -> float:
    """The largest difference between the means of consecutive groups of these sizes."""
    means, start = [], 0
    for size in sizes:
        means.append(fmean(values[start : start + size]))
        start += size
    return max(means) - min(means)


@dataclass(frozen=True, slots=True)
class PairedChange:
    """The mean change of those who answered both times; `readable` only where it may be read as a change."""

    n: int
    change: float
    low: float | None
    high: float | None
    readable: bool


def paired_change(changes: Sequence[float]) -> PairedChange | None:
    """The mean of differences within persons, with Student's interval; readable from five on, the interval off 0."""
    if not changes:
        return None
    ordered = sorted(changes)
    mean = fmean(ordered)
    interval = mean_interval(mean, stdev(ordered), len(ordered)) if len(ordered) > 1 else None
    if interval is None:
        return PairedChange(len(ordered), mean, None, None, readable=False)
    off_zero = interval.low > 0 or interval.high < 0
    return PairedChange(
        len(ordered), mean, interval.low, interval.high, readable=len(ordered) >= FEWEST_PAIRS and off_zero
    )
