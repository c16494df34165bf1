"""Estimators against published figures and independent programs."""

from __future__ import annotations

from datetime import date
from decimal import Decimal, localcontext
from math import sqrt

import duckdb
import numpy as np
import pytest
from causaldata import nsw_mixtape
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from warehouse.estimators import achievement as ways
from warehouse.estimators.assessment import paired_change, spread
from warehouse.estimators.changes import hedges_g, newcombe, rate_ratio, welch
from warehouse.estimators.intervals import Interval, mean_interval, poisson, wilson
from warehouse.estimators.moments import moments
from warehouse.estimators.reading import figure, of_lottery, of_result
from warehouse.estimators.udf import FUNCTIONS, register


@pytest.mark.parametrize(
    ("numerator", "denominator", "low", "high"),
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_given_newcombes_examples_when_wilson_then_his_intervals(
    numerator: int, denominator: int, low: float, high: float
) -> None:
    """Newcombe (1998), Statistics in Medicine 17:857–872, table I, method 3."""
    found = wilson(numerator, denominator)
    assert found is not None
    assert (round(found.low, 4), round(found.high, 4)) == (low, high)


@pytest.mark.parametrize(
    ("counts", "low", "high"),
    [
        ((56, 70, 48, 80), 0.0524, 0.3339),
        ((9, 10, 3, 10), 0.1705, 0.8090),
        ((10, 10, 0, 20), 0.6791, 1.0000),
        ((5, 56, 0, 29), -0.0381, 0.1926),
    ],
)
def test_given_newcombes_examples_when_shares_differ_then_his_intervals(
    counts: tuple[int, int, int, int], low: float, high: float
) -> None:
    """Newcombe (1998), Statistics in Medicine 17:873–890, table II, method 10."""
    found = newcombe(*counts)
    assert found is not None
    assert (round(found.low, 4), round(found.high, 4)) == (low, high)


@pytest.mark.parametrize(
    ("count", "low", "high"), [(0, 0.0, 3.689), (1, 0.0253, 5.572), (5, 1.623, 11.668), (10, 4.795, 18.390)]
)
def test_given_garwoods_table_when_counts_then_his_ends(count: int, low: float, high: float) -> None:
    """Garwood (1936), Biometrika 28:437–442."""
    found = poisson(count)
    assert found is not None
    assert (found.low, found.high) == pytest.approx((low, high), abs=6e-4)


def test_given_the_nsw_experiment_when_welch_then_the_published_effect() -> None:
    """Dehejia and Wahba (1999): 1,794; Welch's error, degrees of freedom, interval and p from R's t.test."""
    data = nsw_mixtape.load_pandas().data
    arms = [[Decimal(str(value)) for value in data.loc[data.treat == arm, "re78"]] for arm in (1, 0)]
    treated, control = (moments(len(arm), sum(arm), sum(value * value for value in arm)) for arm in arms)
    assert treated is not None
    assert control is not None
    assert treated.sd is not None
    assert control.sd is not None
    found = welch(treated.mean, treated.sd, treated.n, control.mean, control.sd, control.n)
    assert found is not None
    assert (round(treated.mean, 2), round(control.mean, 2), round(found.estimate, 2)) == (6349.14, 4554.80, 1794.34)
    assert (round(found.standard_error, 1), round(found.df)) == (671.0, 307)
    assert (round(found.low, 1), round(found.high, 1), round(found.p, 4)) == (474.0, 3114.7, 0.0079)


def test_given_two_counts_when_rate_ratio_then_scipys_binomial_interval() -> None:
    found = rate_ratio(30, 100.0, 20, 120.0)
    ends = stats.binomtest(30, 50).proportion_ci(method="exact")
    assert found is not None
    carried = [end / (1 - end) * 1.2 for end in (ends.low, ends.high)]
    assert (found.low, found.high) == pytest.approx(carried)


def test_given_a_mean_when_interval_then_scipys() -> None:
    found = mean_interval(10.0, 3.0, 16)
    assert found is not None
    assert (found.low, found.high) == pytest.approx(stats.t.interval(0.95, 15, 10.0, 3.0 / 4))


def test_given_a_change_when_hedges_g_then_the_correction_of_his_table() -> None:
    """Hedges (1981), table 1: J(2) = 0.5642, which is 1/√π."""
    assert hedges_g(1.0, 20, 0.0, 1.0, 3) == pytest.approx(0.5642, abs=5e-5)


@given(st.lists(st.decimals(-1000, 1000, places=2), min_size=2, max_size=40), st.sampled_from([0, 10**9, 10**12]))
def test_given_values_far_from_zero_when_moments_then_the_spread_is_the_same(values: list[Decimal], shift: int) -> None:
    with localcontext(prec=60):
        shifted = [value + shift for value in values]
        found = moments(len(shifted), sum(shifted), sum(value * value for value in shifted))
    assert found is not None
    assert found.sd == pytest.approx(float(np.std([float(v) for v in values], ddof=1)), rel=1e-9, abs=1e-9)


@given(st.integers(1, 400).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_given_any_share_when_wilson_then_it_lies_within_and_between_0_and_1(counts: tuple[int, int]) -> None:
    found = wilson(*counts)
    assert found is not None
    assert 0 <= found.low <= counts[0] / counts[1] <= found.high <= 1


@given(st.tuples(*[st.integers(0, 30)] * 4))
def test_given_two_shares_when_swapped_then_the_difference_turns(numbers: tuple[int, int, int, int]) -> None:
    a, b, c, d = numbers
    there, back = newcombe(a, a + b + 1, c, c + d + 1), newcombe(c, c + d + 1, a, a + b + 1)
    assert there is not None
    assert back is not None
    assert (there.low, there.high) == pytest.approx((-back.high, -back.low))


@pytest.mark.parametrize(
    "found",
    [
        wilson(1, 0),
        wilson(3, 2),
        mean_interval(1, 1, 1),
        poisson(-1),
        welch(1, 0, 5, 1, 0, 5),
        welch(1, 1, 1, 1, 1, 5),
        rate_ratio(3, 1, 0, 1),
        hedges_g(1, 5, 0, 0, 5),
        moments(0, 0, 0),
        newcombe(1, 2, 1, 0),
    ],
)
def test_given_data_that_cannot_carry_it_when_estimated_then_nothing(found: object) -> None:
    assert found is None


def test_given_counts_when_garwood_then_at_least_95_per_cent_are_covered() -> None:
    """Exact intervals never cover less; rates from 0.2 to 20, over all counts that matter."""
    for rate in np.linspace(0.2, 20, 40):
        counts = range(int(rate + 12 * sqrt(rate) + 20))
        covered = [k for k in counts if (i := poisson(k)) is not None and i.low <= rate <= i.high]
        assert stats.poisson.pmf(covered, rate).sum() >= 0.95


def test_given_shares_when_wilson_then_95_per_cent_are_covered_on_average() -> None:
    n = 50
    coverage = []
    for share in np.linspace(0.02, 0.98, 97):
        covered = [k for k in range(n + 1) if (i := wilson(k, n)) is not None and i.low <= share <= i.high]
        coverage.append(stats.binom.pmf(covered, n, share).sum())
    assert 0.94 <= np.mean(coverage) <= 0.96


# -- achievement ----------------------------------------------------------------------------------------------------


def test_given_errors_when_fieller_then_its_ends_solve_the_defining_equation() -> None:
    """θ is an end where (gone − θ·way)² = z² · var(gone − θ·way), the baseline being in both."""
    found = ways.achievement(30.0, 1.5, 20.0, 1.0, 40.0, 1)
    assert found.share == 0.5
    for end in (found.low, found.high):
        assert end is not None
        variance = 1.5**2 + (1 - end) ** 2 * 1.0**2
        assert (10 - end * 20) ** 2 == pytest.approx(1.959963985**2 * variance, rel=1e-6)


@pytest.mark.parametrize(
    ("target", "direction", "error", "reason"),
    [(20.0, 1, 1.0, "keep_goal"), (10.0, 1, 1.0, "wrong_side"), (21.0, 1, 1.0, "baseline_covers_target")],
)
def test_given_no_way_to_go_when_achievement_then_the_reason(
    target: float, direction: int, error: float, reason: str
) -> None:
    found = ways.achievement(15.0, 1.0, 20.0, error, target, direction)
    assert (found.share, found.reason) == (None, reason)


JAN, JUL, DEC = date(2026, 1, 1), date(2026, 7, 2), date(2026, 12, 31)


@pytest.mark.parametrize(
    ("value", "ends", "progress", "certainty"),
    [
        (0.85, (0.82, 0.88), "reached", "clear"),
        (0.85, (0.70, 0.95), "reached", "uncertain"),
        (0.62, (0.61, 0.63), "on_track", "clear"),
        (0.585, (0.5, 0.65), "near", "uncertain"),
        (0.45, (0.41, 0.49), "behind", "clear"),
    ],
)
def test_given_half_the_time_gone_when_status_then_held_against_the_line(
    value: float, ends: tuple[float, float], progress: str, certainty: str
) -> None:
    found = ways.status(value, Interval(*ends), 0.8, 1, baseline=0.4, baseline_on=JAN, due=DEC, measured_on=JUL)
    assert (found.progress, found.certainty) == (progress, certainty)


def test_given_less_is_better_when_under_the_target_then_reached() -> None:
    assert ways.status(3.0, Interval(2.0, 4.5), 5.0, -1) == ways.Status("reached", "clear")


def test_given_no_measurement_when_status_then_not_measured() -> None:
    assert ways.status(None, None, 5.0, 1).progress == "not_measured"


# -- assessment -----------------------------------------------------------------------------------------------------


def test_given_parties_that_never_agree_when_spread_then_beyond_chance() -> None:
    scores = [("a", f"a{i}", 1.0) for i in range(5)] + [("b", f"b{i}", 5.0) for i in range(5)]
    found = spread(scores)
    assert found is not None
    assert (found.gap, found.beyond_chance) == (4.0, True)


def test_given_no_true_difference_when_spread_often_then_called_one_about_one_time_in_twenty() -> None:
    random = np.random.default_rng(1)
    called = 0
    for _ in range(60):
        scores = [(party, f"{party}{i}", float(random.integers(1, 6))) for party in "abcd" for i in range(3)]
        found = spread(scores)
        called += found is not None and found.beyond_chance
    assert called <= 8  # binomial(60, 0.05): at most 8 with probability 0.998


@given(st.permutations([("a", "1", 2.0), ("a", "2", 3.0), ("b", "3", 4.0), ("b", "4", 1.0), ("c", "5", 5.0)]))
def test_given_the_same_answers_in_another_order_when_spread_then_the_same(
    scores: list[tuple[str, str, float]],
) -> None:
    assert spread(scores) == spread(sorted(scores))


def test_given_one_party_when_spread_then_nothing() -> None:
    assert spread([("a", "1", 2.0), ("a", "2", 4.0)]) is None


def test_given_four_pairs_when_changed_then_not_readable() -> None:
    found = paired_change([1.0, 1.1, 0.9, 1.0])
    assert found is not None
    assert (found.n, found.readable) == (4, False)


def test_given_five_clear_pairs_when_changed_then_students_interval_and_readable() -> None:
    changes = [1.0, 1.1, 0.9, 1.0, 1.2]
    found = paired_change(changes)
    ends = stats.ttest_1samp(changes, 0).confidence_interval()
    assert found is not None
    assert (found.low, found.high) == pytest.approx((ends.low, ends.high))
    assert found.readable


# -- words and SQL --------------------------------------------------------------------------------------------------


def test_given_a_share_when_written_then_as_people_write_it() -> None:
    assert (figure(0.1508, "share", "", "nb"), figure(0.1508, "share", "", "en")) == ("15,1\u00a0%", "15.1%")
    assert (figure(1794.34, "mean", "USD", "nb"), figure(-1794.34, "mean", "", "en")) == (
        "1\u00a0794\u00a0USD",
        "−1,794",
    )


def test_given_no_baseline_when_read_then_change_is_not_claimed() -> None:
    assert "no baseline" in of_result("share", "", 0.66, 0.8, "not_reached", "clear", has_baseline=False).en


def test_given_an_interval_over_0_when_read_then_the_direction_is_uncertain() -> None:
    assert "uncertain" in of_lottery("Earnings", "", 5.0, -1.0, 11.0, 10, 10, 1).en


@pytest.fixture
def connection() -> duckdb.DuckDBPyConnection:
    opened = duckdb.connect()
    register(opened)
    return opened


@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda function: function.name)
def test_given_nothing_but_null_when_called_in_sql_then_no_fault(
    connection: duckdb.DuckDBPyConnection, function: object
) -> None:
    name, takes = function.name, function.takes  # type: ignore[attr-defined]
    nulls = ", ".join(f"NULL::{kind}" for kind in takes)
    assert connection.execute(f"SELECT {name}({nulls})").fetchone() is not None


def test_given_counts_when_asked_in_sql_then_the_same_as_in_python(connection: duckdb.DuckDBPyConnection) -> None:
    row = connection.execute("SELECT wilson(81, 263), moments(2, 4, 10)").fetchone()
    assert row is not None
    assert row[0]["low"] == pytest.approx(0.2553, abs=5e-5)
    assert row[1] == {"n": 2, "mean": 2.0, "sd": pytest.approx(sqrt(2))}
