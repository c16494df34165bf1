"""Intervals: published tables beyond the basic ones, what always holds, and how often they cover."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from warehouse.estimators.changes import newcombe, welch
from warehouse.estimators.intervals import mean_interval, poisson, wilson


@pytest.mark.parametrize("count", [1, 2, 7, 30, 250])
def test_given_a_count_when_garwood_then_each_end_leaves_a_fortieth_beyond_it(count: int) -> None:
    """His defining equations (1936), by scipy.stats.poisson: P(X ≥ k | low) = P(X ≤ k | high) = 0.025."""
    found = poisson(count)
    assert found is not None
    tails = stats.poisson.sf(count - 1, found.low), stats.poisson.cdf(count, found.high)
    assert tails == pytest.approx((0.025, 0.025), rel=1e-9)


def test_given_an_exposure_when_counts_then_a_rate_in_its_unit() -> None:
    bare, rate = poisson(10), poisson(10, 4.0)
    assert bare is not None
    assert rate is not None
    assert (rate.low, rate.high) == (bare.low / 4, bare.high / 4)


@given(st.integers(0, 10**9), st.floats(0.001, 1e6))
def test_given_any_count_when_garwood_then_the_rate_lies_within_and_above_0(count: int, exposure: float) -> None:
    found = poisson(count, exposure)
    assert found is not None
    assert 0 <= found.low <= count / exposure <= found.high


@given(st.integers(1, 10**9).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_given_any_share_when_counted_the_other_way_then_wilson_is_mirrored(counts: tuple[int, int]) -> None:
    numerator, denominator = counts
    found, mirrored = wilson(numerator, denominator), wilson(denominator - numerator, denominator)
    assert found is not None
    assert mirrored is not None
    assert (found.low, found.high) == pytest.approx((1 - mirrored.high, 1 - mirrored.low), abs=1e-9)


@given(st.integers(1, 300).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))), st.floats(0.5, 0.98))
def test_given_more_confidence_when_asked_for_then_the_interval_is_wider(counts: tuple[int, int], level: float) -> None:
    narrow, wide = wilson(*counts, level), wilson(*counts, level + 0.01)
    assert narrow is not None
    assert wide is not None
    assert wide.low <= narrow.low <= narrow.high <= wide.high


@pytest.mark.parametrize("level", [0.8, 0.95, 0.99])
def test_given_another_level_when_wilson_then_scipys(level: float) -> None:
    found, expected = wilson(7, 31, level), stats.binomtest(7, 31).proportion_ci(level, method="wilson")
    assert found is not None
    assert (found.low, found.high) == pytest.approx((expected.low, expected.high))


@given(st.floats(-1e6, 1e6), st.floats(0, 1e6), st.integers(2, 10**6))
def test_given_any_mean_when_interval_then_the_mean_lies_in_the_middle(mean: float, sd: float, n: int) -> None:
    found = mean_interval(mean, sd, n)
    assert found is not None
    assert found.low <= mean <= found.high
    assert (found.low + found.high) / 2 == pytest.approx(mean, rel=1e-9, abs=1e-3)


def test_given_two_shares_when_newcombe_then_about_95_per_cent_are_covered_on_average() -> None:
    """Summed over every outcome, not simulated; 19 by 19 pairs of true shares, 20 and 30 people."""
    first, second = np.arange(21), np.arange(31)
    ends = [[newcombe(a, 20, b, 30) for b in second] for a in first]
    low = np.array([[end.low if end else np.nan for end in row] for row in ends])
    high = np.array([[end.high if end else np.nan for end in row] for row in ends])
    coverage = [
        np.where(
            (low <= p - q) & (p - q <= high), np.outer(stats.binom.pmf(first, 20, p), stats.binom.pmf(second, 30, q)), 0
        ).sum()
        for p in np.linspace(0.05, 0.95, 19)
        for q in np.linspace(0.05, 0.95, 19)
    ]
    assert 0.94 <= np.mean(coverage) <= 0.97
    assert min(coverage) > 0.86


def test_given_unlike_spreads_and_sizes_when_welch_often_then_about_95_per_cent_are_covered() -> None:
    random = np.random.default_rng(20260101)
    rounds, covered = 4000, 0
    treated, control = random.normal(5, 3, (rounds, 12)), random.normal(2, 1, (rounds, 30))
    arms = zip(treated.mean(1), treated.std(1, ddof=1), control.mean(1), control.std(1, ddof=1), strict=True)
    for mean, sd, other_mean, other_sd in arms:
        found = welch(float(mean), float(sd), 12, float(other_mean), float(other_sd), 30)
        covered += found is not None and found.low <= 3 <= found.high
    assert 0.93 <= covered / rounds <= 0.97
