"""The way from baseline to target: Fieller's interval by other roads, and every border between the words for it."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy.optimize import brentq

from warehouse.estimators.achievement import Achievement, Status, achievement, status
from warehouse.estimators.intervals import Interval


@pytest.mark.parametrize(
    ("value", "error", "baseline", "baseline_error", "target"),
    [
        (0.62, 0.04, 0.40, 0.03, 0.80),
        (12.0, 0.8, 20.0, 1.1, 10.0),
        (55.0, 3.0, 50.0, 2.0, 60.0),
        (9.0, 2.0, 0.0, 1.0, 4.0),
    ],
)
def test_given_a_result_when_achievement_then_its_ends_are_where_the_test_just_rejects(
    value: float, error: float, baseline: float, baseline_error: float, target: float
) -> None:
    """Found by searching: the shares θ at which (value − baseline) − θ (target − baseline) is 1.96 errors from 0, the
    error from the two measurements' own, each with its coefficient."""

    def distance(share: float) -> float:
        gap = value - (1 - share) * baseline - share * target
        return abs(gap) / float(np.hypot(error, (1 - share) * baseline_error)) - 1.959963984540054

    direction = 1 if target > baseline else -1
    found = achievement(value, error, baseline, baseline_error, target, direction)
    assert found.share is not None
    expected = brentq(distance, found.share - 50, found.share), brentq(distance, found.share, found.share + 50)
    assert (found.low, found.high) == pytest.approx(expected, rel=1e-6)


def test_given_measurements_with_errors_when_achieved_often_then_about_95_per_cent_are_covered() -> None:
    random = np.random.default_rng(20260102)
    rounds, covered, refused = 4000, 0, 0
    for value, baseline in zip(random.normal(62, 3, rounds), random.normal(40, 3, rounds), strict=True):
        found = achievement(float(value), 3.0, float(baseline), 3.0, 80.0, 1)
        refused += found.reason is not None
        covered += found.low is not None and found.high is not None and found.low <= 22 / 40 <= found.high
    assert refused == 0
    assert 0.94 <= covered / rounds <= 0.96


_FIGURES = st.integers(-(10**6), 10**6).map(float)


_DECIMALS = st.integers(-999, 999).map(lambda whole: whole / 100)


@given(_DECIMALS, _DECIMALS, _DECIMALS)
def test_given_figures_without_error_when_achievement_then_the_interval_is_the_figure(
    value: float, baseline: float, target: float
) -> None:
    assume(target != baseline)
    found = achievement(value, 0.0, baseline, 0.0, target, 1 if target > baseline else -1)
    assert found.low == pytest.approx(found.share, rel=1e-6, abs=1e-6)
    assert found.high == pytest.approx(found.share, rel=1e-6, abs=1e-6)


@given(_FIGURES, st.floats(0, 1e3), _FIGURES, st.floats(0, 1e3), _FIGURES)
def test_given_any_figures_when_achievement_then_a_share_within_its_interval_or_a_reason(
    value: float, error: float, baseline: float, baseline_error: float, target: float
) -> None:
    found = achievement(value, error, baseline, baseline_error, target, 1)
    if found.share is None:
        assert found.reason in {"keep_goal", "wrong_side", "baseline_covers_target"}
        assert found.low is found.high is None
        return
    assert found.reason is None
    assert found.low is not None
    assert found.high is not None
    slack = 1e-6 * (1 + abs(found.share))
    assert found.low - slack <= found.share <= found.high + slack


@pytest.mark.parametrize(("value", "share"), [(90.0, 2.0), (30.0, -1.0)])
def test_given_more_than_all_or_less_than_nothing_when_achievement_then_it_is_not_capped(
    value: float, share: float
) -> None:
    assert achievement(value, None, 50.0, None, 70.0, 1) == Achievement(share, None, None, None)


def test_given_only_the_values_error_when_achievement_then_no_interval_is_invented() -> None:
    assert achievement(60.0, 2.0, 50.0, None, 70.0, 1) == Achievement(0.5, None, None, None)


JAN, JUL, DEC = date(2026, 1, 1), date(2026, 7, 2), date(2026, 12, 31)


def at_half_time(value: float, interval: Interval | None = None) -> Status:
    """From 0 in January to 100 at the end of December; the line asks 50 on 2 July (182 of 364 days)."""
    return status(value, interval, 100.0, 1, baseline=0.0, baseline_on=JAN, due=DEC, measured_on=JUL)


@pytest.mark.parametrize(
    ("value", "progress"),
    [(100.0, "reached"), (99.9, "on_track"), (50.0, "on_track"), (49.9, "near"), (45.0, "near"), (44.9, "behind")],
)
def test_given_half_the_time_gone_when_on_a_border_then_the_word_for_the_better_side(
    value: float, progress: str
) -> None:
    assert at_half_time(value).progress == progress


def test_given_half_the_time_gone_when_fallen_back_then_behind() -> None:
    assert at_half_time(-10.0).progress == "behind"


@pytest.mark.parametrize(
    ("value", "interval", "certainty"),
    [
        (60.0, Interval(50.0, 70.0), "clear"),
        (60.0, Interval(49.9, 70.0), "uncertain"),
        (40.0, Interval(30.0, 49.9), "clear"),
        (40.0, Interval(30.0, 50.0), "uncertain"),
        (40.0, None, None),
    ],
)
def test_given_an_interval_when_it_lies_on_one_side_of_the_line_then_clear(
    value: float, interval: Interval | None, certainty: str | None
) -> None:
    assert at_half_time(value, interval).certainty == certainty


@given(st.floats(-50, 150), st.floats(0, 40), st.floats(0, 40))
def test_given_the_scale_turned_when_less_is_better_then_the_same_words(
    value: float, under: float, over: float
) -> None:
    plain = at_half_time(value, Interval(value - under, value + over))
    interval = Interval(-value - over, -value + under)
    turned = status(-value, interval, -100.0, -1, baseline=0.0, baseline_on=JAN, due=DEC, measured_on=JUL)
    assert turned == plain


def test_given_the_due_date_gone_when_not_reached_then_held_against_the_target_itself() -> None:
    late = status(95.0, None, 100.0, 1, baseline=0.0, baseline_on=JAN, due=JUL, measured_on=DEC)
    assert late.progress == "near"


@pytest.mark.parametrize("target", [50.0, 40.0])
def test_given_no_way_from_baseline_to_target_when_not_reached_then_only_the_target_counts(target: float) -> None:
    """A goal to keep, and a target on the wrong side: there is no line to be on."""
    assert (
        status(39.0, None, target, 1, baseline=50.0, baseline_on=JAN, due=DEC, measured_on=JUL).progress
        == "not_reached"
    )


@pytest.mark.parametrize(
    ("value", "low", "high", "expected"),
    [
        (50.0, 45.0, 55.0, Status("reached", "uncertain")),
        (48.0, 43.0, 53.0, Status("reached", "uncertain")),
        (44.0, 39.0, 49.0, Status("not_reached", "clear")),
        (56.0, 51.0, 61.0, Status("reached", "clear")),
    ],
)
def test_given_a_goal_to_keep_what_is_when_held_against_it_then_chance_is_its_tolerance(
    value: float, low: float, high: float, expected: Status
) -> None:
    assert status(value, Interval(low, high), 50.0, 1, baseline=50.0) == expected


def test_given_a_goal_to_keep_what_is_and_no_interval_when_worse_then_it_is_not_reached() -> None:
    assert status(49.0, None, 50.0, 1, baseline=50.0).progress == "not_reached"
