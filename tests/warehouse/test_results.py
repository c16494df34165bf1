"""`marts.results` and `marts.outputs` from answers typed into forms: values, intervals, change, and how it stands."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
import pytest
from scipy import stats

from cli import play
from engine.codec import Json
from engine.process import commands as c

if TYPE_CHECKING:
    from conftest import Played

YEAR = {"period_start": "2026-01-01", "period_end": "2026-06-30"}


@dataclass
class Evaluation:
    """An evaluation that measures what a test says."""

    played: Played
    examples: Path

    def __post_init__(self) -> None:
        self.leader = play.session_of(self.played.engine, "kari")
        self.folder = self.examples / "nsw" / "answers"

    def submit(self, instance: str, answers: Json) -> None:
        self.played.engine.handle(self.leader, "case", c.Submit(instance, answers))

    def measured(
        self,
        kind: str,
        figure: dict[str, Json],
        *,
        target: dict[str, Json] | None = None,
        baseline: dict[str, Json] | None = None,
        direction: str = "more",
    ) -> dict[str, Any]:
        """The row of results of one indicator."""
        engine = self.played.engine
        engine.start(self.leader, "soimpact", "case", "")
        steps: dict[int, Any] = {step: play.step_answers(self.folder, step) for step in range(1, 9)}
        indicator = steps[6]["indicators"][0]
        indicator |= {"id": "it", "kind": kind, "direction": direction, "reference": "none"}
        indicator.pop("reference_what", None)
        indicator.pop("unit", None)
        if kind not in ("share", "yes_no"):
            indicator["unit"] = "stk"
        steps[7]["plans"][0]["indicator_id"] = "it"
        where = "percent_targets" if kind in ("share", "yes_no") else "number_targets"
        goal = {"indicator_id": "it", "due": "2026-12-31", **(target or {"target_value": 1000})}
        steps[8] = {where: [goal]}
        if baseline is None:
            steps[8]["no_baseline_reason"] = "Ingen"
        else:
            steps[8]["baselines"] = [{"indicator_id": "it", "kind": kind, "measured_on": "2025-12-31", **baseline}]
        for step, answers in steps.items():
            self.submit(f"step_{step}.1", answers)
        engine.handle(self.leader, "case", c.Act("start_measuring"))
        row = {"indicator_id": "it", "kind": kind, **figure}
        self.submit("step_9.1", {"occasion": "halvår", **YEAR, "figures_from": "form", "measurements": [row]})
        cursor = self.played.warehouse().execute("SELECT * FROM marts.results WHERE indicator_id = 'it'")
        names = [column[0] for column in cursor.description or ()]
        (found,) = cursor.fetchall()
        return dict(zip(names, found, strict=True))


@pytest.fixture
def evaluation(empty: Played, examples: Path) -> Evaluation:
    return Evaluation(empty, examples)


def test_given_shares_before_and_now_when_computed_then_newcombes_change(evaluation: Evaluation) -> None:
    """Newcombe (1998), table II: 56/70 against 48/80 is 0.2000, 95 % [0.0524, 0.3339] by method 10."""
    row = evaluation.measured(
        "share",
        {"numerator": 56, "denominator": 70},
        target={"target_percent": 90},
        baseline={"numerator": 48, "denominator": 80},
    )
    assert (round(row["change"], 4), row["change_method"]) == (0.2, "newcombe")
    assert (round(row["change_low"], 4), round(row["change_high"], 4)) == (0.0524, 0.3339)
    assert round(row["achievement"], 4) == 0.6667


def test_given_means_before_and_now_when_computed_then_welchs_change(evaluation: Evaluation) -> None:
    row = evaluation.measured(
        "mean",
        {"mean": Decimal("12.5"), "sd": 3, "n": 40},
        target={"target_value": 15},
        baseline={"value": 10, "sd": 4, "n": 30},
    )
    theirs = stats.ttest_ind_from_stats(12.5, 3, 40, 10, 4, 30, equal_var=False)
    df = (9 / 40 + 16 / 30) ** 2 / ((9 / 40) ** 2 / 39 + (16 / 30) ** 2 / 29)
    half = stats.t.ppf(0.975, df) * 2.5 / theirs.statistic
    assert (row["change"], row["change_method"], row["n"]) == (2.5, "welch", 40)
    assert (row["change_low"], row["change_high"]) == pytest.approx((2.5 - half, 2.5 + half))


def test_given_a_count_when_computed_then_garwoods_interval(evaluation: Evaluation) -> None:
    """Garwood (1936): a count of 10 is 4.795 to 18.390."""
    row = evaluation.measured("count", {"value": 10}, target={"target_value": 30})
    assert (round(row["interval_low"], 3), round(row["interval_high"], 3)) == (4.795, 18.390)
    assert (row["progress"], row["certainty"], row["interval_method"]) == ("not_reached", "clear", "garwood")


def test_given_a_baseline_of_nobody_when_its_interval_covers_the_target_then_no_achievement(
    evaluation: Evaluation,
) -> None:
    """0 of 10 may well be 20 %: Wilson's interval reaches 27.8 %."""
    row = evaluation.measured(
        "share",
        {"numerator": 6, "denominator": 20},
        target={"target_percent": 10},
        baseline={"numerator": 0, "denominator": 10},
    )
    assert row["achievement"] is None
    assert "baseline_covers_target" in row["flags"]


def test_given_a_target_on_the_wrong_side_when_computed_then_said(evaluation: Evaluation) -> None:
    row = evaluation.measured(
        "mean",
        {"mean": 12, "sd": 3, "n": 40},
        target={"target_value": 5},
        baseline={"value": 10, "sd": 2, "n": 100},
    )
    assert "wrong_side" in row["flags"]


def test_given_four_people_when_computed_then_too_few_is_said(evaluation: Evaluation) -> None:
    row = evaluation.measured("mean", {"mean": 12, "sd": 3, "n": 4}, target={"target_value": 15})
    assert "too_few" in row["flags"]


def test_given_a_figure_given_again_when_computed_then_the_last_one_counts(
    evaluation: Evaluation, empty: Played
) -> None:
    evaluation.measured("count", {"value": 10}, target={"target_value": 30})
    row = {"indicator_id": "it", "kind": "count", "value": 12}
    evaluation.submit("step_9.1", {"occasion": "halvår", **YEAR, "figures_from": "form", "measurements": [row]})
    connection: duckdb.DuckDBPyConnection = empty.warehouse()
    assert connection.execute("SELECT value FROM marts.results").fetchall() == [(12.0,)]


def test_given_what_was_delivered_when_computed_then_beside_what_was_planned(
    evaluation: Evaluation, empty: Played
) -> None:
    evaluation.measured("count", {"value": 10}, target={"target_value": 30})
    report = {"output_id": "places", "delivered": 150}
    evaluation.submit("delivery.1", {**YEAR, "deliveries": [report]})
    rows = empty.warehouse().execute("SELECT planned::INT, delivered::INT, round(ratio, 3), status FROM marts.outputs")
    assert rows.fetchall() == [(185, 150, 0.811, "overdue")]
