"""Changes: every example of Newcombe's table, independent programs, and what must hold when figures change places."""

from __future__ import annotations

from math import pi, sqrt

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy import stats

from warehouse.estimators.changes import hedges_g, newcombe, rate_ratio, welch


@pytest.mark.parametrize(
    ("counts", "low", "high"),
    [
        ((6, 7, 2, 7), 0.0582, 0.8062),
        ((0, 10, 0, 20), -0.1611, 0.2775),
        ((0, 10, 0, 10), -0.2775, 0.2775),
        ((10, 10, 0, 10), 0.6075, 1.0000),
    ],
)
def test_given_newcombes_small_and_empty_examples_when_shares_differ_then_his_intervals(
    counts: tuple[int, int, int, int], low: float, high: float
) -> None:
    """Newcombe (1998), Statistics in Medicine 17:873–890, table II, method 10, examples c, e, f and h."""
    found = newcombe(*counts)
    assert found is not None
    assert (round(found.low, 4), round(found.high, 4)) == (low, high)


_COUNTS = st.integers(1, 10**6).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


@given(_COUNTS, _COUNTS)
def test_given_any_shares_when_they_differ_then_the_difference_lies_within_and_between_minus_1_and_1(
    now: tuple[int, int], before: tuple[int, int]
) -> None:
    found = newcombe(*now, *before)
    assert found is not None
    assert -1 <= found.low <= found.estimate <= found.high <= 1


_SAMPLE = st.lists(st.integers(-(10**6), 10**6).map(lambda whole: whole / 100), min_size=2, max_size=30)


@given(_SAMPLE, _SAMPLE)
@pytest.mark.filterwarnings("ignore:Precision loss:RuntimeWarning")
def test_given_any_two_samples_when_welch_then_scipys(first: list[float], second: list[float]) -> None:
    """scipy.stats.ttest_ind(equal_var=False), from the values themselves."""
    assume(len(set(first)) > 1 and len(set(second)) > 1)
    moments = [(float(np.mean(sample)), float(np.std(sample, ddof=1)), len(sample)) for sample in (first, second)]
    found = welch(*moments[0], *moments[1])
    expected = stats.ttest_ind(first, second, equal_var=False)
    ends = expected.confidence_interval()
    assert found is not None
    assert (found.df, found.p) == pytest.approx((expected.df, expected.pvalue), rel=1e-6)
    assert (found.low, found.high) == pytest.approx((ends.low, ends.high), rel=1e-6, abs=1e-6)


_MOMENTS = st.tuples(st.floats(-1e6, 1e6), st.floats(0.01, 1e5), st.integers(2, 10**6))


@given(_MOMENTS, _MOMENTS)
def test_given_two_means_when_swapped_then_the_sign_turns_and_the_rest_stays(
    now: tuple[float, float, int], before: tuple[float, float, int]
) -> None:
    there, back = welch(*now, *before), welch(*before, *now)
    assert there is not None
    assert back is not None
    assert (there.estimate, there.low, there.high) == pytest.approx((-back.estimate, -back.high, -back.low))
    assert (there.standard_error, there.df, there.p) == pytest.approx((back.standard_error, back.df, back.p))
    assert there.low <= there.estimate <= there.high


def test_given_values_near_nothing_when_welch_then_their_degrees_of_freedom_do_not_vanish() -> None:
    """The same data in another unit have the same t, df and p."""
    small, plain = welch(1e-90, 2e-90, 9, 0.0, 3e-90, 7), welch(1.0, 2.0, 9, 0.0, 3.0, 7)
    assert small is not None
    assert plain is not None
    assert (small.df, small.p) == pytest.approx((plain.df, plain.p))


@given(st.integers(1, 500), st.floats(0.1, 1e3), st.integers(1, 500), st.floats(0.1, 1e3))
def test_given_two_rates_when_swapped_then_the_ratio_turns_over(
    count: int, exposure: float, before: int, before_exposure: float
) -> None:
    there, back = (
        rate_ratio(count, exposure, before, before_exposure),
        rate_ratio(before, before_exposure, count, exposure),
    )
    assert there is not None
    assert back is not None
    assert (there.estimate, there.low, there.high) == pytest.approx((1 / back.estimate, 1 / back.high, 1 / back.low))
    assert there.low <= there.estimate <= there.high


def test_given_nothing_counted_now_when_rate_ratio_then_from_0_to_the_rule_of_the_binomial() -> None:
    """With 0 of 10 the upper share is 1 − 0.025^(1/10) in closed form (Clopper and Pearson 1934)."""
    found = rate_ratio(0, 1.0, 10, 1.0)
    upper = 1 - 0.025**0.1
    assert found is not None
    assert (found.low, found.high) == (0.0, pytest.approx(upper / (1 - upper)))


def test_given_nearly_everything_counted_now_when_rate_ratio_then_the_upper_end_keeps_its_digits() -> None:
    """With 1 before and k now, the share left at the upper end is 1 − 0.975^(1/(k + 1)), to first order
    −ln(0.975)/(k + 1)."""
    found = rate_ratio(10**12, 1.0, 1, 1.0)
    assert found is not None
    assert found.high == pytest.approx((10**12 + 1) / -np.log(0.975), rel=1e-9)


@pytest.mark.parametrize(("before_n", "correction"), [(3, 1 / sqrt(pi)), (4, sqrt(pi / 6))])
def test_given_few_at_baseline_when_hedges_g_then_the_gamma_form_in_closed_form(
    before_n: int, correction: float
) -> None:
    """Hedges (1981), equation 6d: J(2) = Γ(1)/Γ(½) = 1/√π, J(3) = Γ(3/2)/(√(3/2) Γ(1)) = √(π/6)."""
    assert hedges_g(1.0, 20, 0.0, 1.0, before_n) == pytest.approx(correction, rel=1e-12)


@pytest.mark.parametrize("before_n", [10**4, 10**6, 10**9, 10**12])
def test_given_many_at_baseline_when_hedges_g_then_the_correction_fades_as_he_says(before_n: int) -> None:
    """Hedges (1981), equation 6e: J(m) ≈ 1 − 3/(4m − 1), with an error that vanishes faster."""
    assert hedges_g(1.0, 20, 0.0, 1.0, before_n) == pytest.approx(1 - 3 / (4 * (before_n - 1) - 1), abs=1e-8)
    assert (hedges_g(1.0, 20, 0.0, 1.0, before_n) or 2) <= 1
