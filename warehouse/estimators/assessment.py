"""How parties see the same thing: whether they differ more than chance would have them, and change between rounds."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from itertools import combinations
from math import comb
from random import Random
from statistics import fmean, stdev

from warehouse.estimators.intervals import mean_interval

PERMUTATIONS = 1999
FEWEST_PAIRS = 5
"""Under this many pairs a change between rounds is not read as one."""


@dataclass(frozen=True, slots=True)
class Spread:
    """The gap between the highest and the lowest party, and what chance alone gives.

    `gap`, `by_chance` (what chance exceeds at most one time in twenty) and `mean_by_chance` (what it gives on average)
    are in the score's own unit; `p` is the share of arrangements with a gap at least as large, the observed one counted
    in. `beyond_chance` is p < 0.05.
    """

    gap: float
    by_chance: float
    mean_by_chance: float
    p: float
    beyond_chance: bool


def spread(scores: Sequence[tuple[str, str, float]]) -> Spread | None:
    """Whether the parties' means differ beyond chance; `scores` are (party, membership, score). None under two parties.

    People are moved among the parties, the parties' sizes kept: in every way there is, where those are at most
    `PERMUTATIONS`, and p is exact (Fisher 1935, The Design of Experiments, section 21). Else in so many ways at random,
    seeded from the data, so that the same answers give the same figures whatever their order; p = (b + 1) / (m + 1):
    Phipson and Smyth (2010), Statistical Applications in Genetics and Molecular Biology 9:39.
    """
    ordered = sorted(scores)
    sizes = [sum(party == name for party, _, _ in ordered) for name in sorted({party for party, _, _ in ordered})]
    if len(sizes) < 2:
        return None
    values = [score for _, _, score in ordered]
    observed = _gap(values, sizes)
    if _ways(sizes) <= PERMUTATIONS:
        gaps = [_gap(arranged, sizes) for arranged in _arrangements(values, sizes)]
        p = _as_large(gaps, observed) / len(gaps)
    else:
        text = "|".join(f"{party}:{score:.6f}" for party, _, score in ordered)
        gaps = [_gap(arranged, sizes) for arranged in _shuffles(values, sha256(text.encode()).hexdigest())]
        p = (_as_large(gaps, observed) + 1) / (len(gaps) + 1)
    # The smallest gap that at most a twentieth of all exceed; counted in whole numbers, so that no rounding decides.
    place = -(-95 * len(gaps) // 100) - 1
    return Spread(observed, sorted(gaps)[place], fmean(gaps), p, p < 0.05)


def _ways(sizes: Sequence[int]) -> int:
    """In how many ways people can be put into groups of these sizes."""
    left, ways = sum(sizes), 1
    for size in sizes:
        ways *= comb(left, size)
        left -= size
    return ways


def _arrangements(values: Sequence[float], sizes: Sequence[int]) -> Iterator[list[float]]:
    """The values in every way they can be put into groups of these sizes, group after group."""
    if len(sizes) == 1:
        yield list(values)
        return
    for chosen in combinations(range(len(values)), sizes[0]):
        first = [values[place] for place in chosen]
        others = [value for place, value in enumerate(values) if place not in chosen]
        for rest in _arrangements(others, sizes[1:]):
            yield first + rest


def _shuffles(values: Sequence[float], seed: str) -> Iterator[list[float]]:
    random = Random(seed)  # noqa: S311 (no secret: it must be repeatable)
    shuffled = list(values)
    for _ in range(PERMUTATIONS):
        random.shuffle(shuffled)
        yield shuffled


def _as_large(gaps: Sequence[float], observed: float) -> int:
    """How many gaps are no smaller than the one observed; as large, when only rounding tells them apart."""
    return sum(gap >= observed - 1e-9 for gap in gaps)


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
