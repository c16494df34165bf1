"""Effects by lottery: the published answer, exactness far from zero, and the reasons for having none."""

from __future__ import annotations

import csv
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import numpy
import pytest
from causaldata import nsw_mixtape
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from warehouse.estimators.effects import Lottery, lottery
from warehouse.estimators.reading import of_no_effect


def by_lottery(treated: list[int], control: list[int]) -> Lottery:
    arms = [(len(arm), sum(arm), sum(value * value for value in arm)) for arm in (treated, control)]
    return lottery(*arms[0], *arms[1])


def test_given_the_nsw_experiment_when_by_lottery_then_the_published_effect() -> None:
    """Dehejia and Wahba (1999), Journal of the American Statistical Association 94:1053–1062: 1,794; Welch's error,
    degrees of freedom, interval and p as R's t.test gives them."""
    data = nsw_mixtape.load_pandas().data
    arms = [[Decimal(str(value)) for value in data.loc[data.treat == arm, "re78"]] for arm in (1, 0)]
    sums = [(len(arm), sum(arm), sum(value * value for value in arm)) for arm in arms]
    found = lottery(*sums[0], *sums[1])
    assert (found.reason, found.standard_error_kind, found.n_treated, found.n_control) == (None, "welch", 185, 260)
    shown = (found.estimate, found.standard_error, found.low, found.high, found.p)
    assert shown == pytest.approx((1794.34, 671.0, 474.0, 3114.7, 0.0079), rel=1e-4, abs=5e-5)
    assert (found.mean_treated, found.mean_control) == pytest.approx((6349.14, 4554.80), abs=5e-3)
    assert round(found.df or 0) == 307


_ARM = st.lists(st.integers(-(10**6), 10**6), min_size=2, max_size=25)


@given(_ARM, _ARM, st.sampled_from([10**9, 10**12, -(10**12), 10**15]))
def test_given_every_value_moved_as_far_when_by_lottery_then_no_digit_changes(
    treated: list[int], control: list[int], shift: int
) -> None:
    here = by_lottery(treated, control)
    there = by_lottery([value + shift for value in treated], [value + shift for value in control])
    assert replace(there, mean_treated=here.mean_treated, mean_control=here.mean_control) == here


@given(_ARM, _ARM)
@pytest.mark.filterwarnings("ignore:Precision loss:RuntimeWarning")
def test_given_any_two_arms_when_by_lottery_then_scipys(treated: list[int], control: list[int]) -> None:
    """scipy.stats.ttest_ind(equal_var=False)."""
    found = by_lottery(treated, control)
    if len(set(treated)) == len(set(control)) == 1:
        assert found.reason == "no_spread"
        return
    expected = stats.ttest_ind(treated, control, equal_var=False)
    assert (found.df, found.p) == pytest.approx((expected.df, expected.pvalue), rel=1e-6)


@given(_ARM, _ARM)
def test_given_two_arms_when_swapped_then_the_effect_turns(treated: list[int], control: list[int]) -> None:
    there, back = by_lottery(treated, control), by_lottery(control, treated)
    if there.estimate is None or back.estimate is None:
        assert there.reason == back.reason == "no_spread"
        return
    assert there.estimate == -back.estimate
    assert (there.p, there.standard_error) == pytest.approx((back.p, back.standard_error))


REASONS = [
    ("no_measurements", (0, 0, 0, 5, 10, 30)),
    ("no_measurements", (5, 10, 30, -1, 0, 0)),
    ("too_few", (1, 3, 9, 5, 10, 30)),
    ("too_few", (5, 10, 30, 1, 3, 9)),
    ("no_spread", (3, 6, 12, 2, 10, 50)),
    ("impossible_sums", (3, 6, 11, 5, 10, 30)),
]


@pytest.mark.parametrize(("reason", "sums"), REASONS)
def test_given_arms_that_cannot_carry_it_when_by_lottery_then_the_reason_and_no_figure(
    reason: str, sums: tuple[int, int, int, int, int, int]
) -> None:
    assert lottery(*sums) == Lottery(reason)


@pytest.mark.parametrize("reason", sorted({reason for reason, _ in REASONS}))
def test_given_a_reason_when_read_then_there_are_words_for_it(reason: str) -> None:
    assert of_no_effect(reason) is not None


def test_given_one_arm_without_spread_when_by_lottery_then_there_is_an_estimate_but_no_size() -> None:
    found = by_lottery([1, 2, 3, 4], [5, 5, 5])
    assert (found.reason, found.estimate, found.hedges_g) == (None, -2.5, None)


def test_given_the_example_when_compared_with_the_published_data_then_every_row_is_there_as_published(
    examples: Path,
) -> None:
    """In the package's order, with a running number before it; its 32-bit earnings are given back by what is written."""
    with (examples / "nsw" / "nsw.csv").open(encoding="utf-8") as file:
        rows = [*csv.DictReader(file)]
    published = nsw_mixtape.load_pandas().data
    names = {"unit": "", "treated": "treat", "marr": "marr"}
    assert [int(row["unit"]) for row in rows] == list(range(1, 446))
    for column in (name for name in rows[0] if name != "unit"):
        theirs = published[names.get(column, column)].astype("float32").tolist()
        assert [float(numpy.float32(row[column])) for row in rows] == theirs, column
