"""The stages of an evaluation on real files: Umeå's printed figures, and the NSW experiment."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb
import pytest

from cli import play
from engine.engine import stream_of
from engine.errors import NotAllowed, NotFound, UsageError
from engine.process.events import RowMended
from engine.store.people import Person, Session
from warehouse import stages
from warehouse.explain import explain
from warehouse.mending import mend

if TYPE_CHECKING:
    from conftest import Played

DAY = date(2026, 11, 23)


@pytest.fixture(scope="module")
def evaluated(
    tmp_path_factory: pytest.TempPathFactory, examples: Path, make_played: Callable[[Path], Played]
) -> Iterator[tuple[Played, stages.Evaluation]]:
    """Umeå and NSW after their first evaluation. The tests of this module run in order, on the same workspace."""
    made = make_played(tmp_path_factory.mktemp("stages") / "work")
    leader = play.session_of(made.engine, "kari")
    play.start_evaluation(made.engine, examples / "umea_2022" / "answers", "umea-2022", "Umeå 2022", leader)
    play.start_evaluation(made.engine, examples / "nsw" / "answers", "nsw", "NSW", leader)
    for file in ("umea_2022/umea.source.yaml", "umea_2022/figures.csv", "nsw/nsw.source.yaml", "nsw/nsw.csv"):
        shutil.copy(examples / file, made.workspace.sources)
    yield made, stages.evaluate(made.workspace, made.engine, DAY)
    made.engine.close()


def read(evaluation: stages.Evaluation, statement: str) -> list[tuple[object, ...]]:
    with duckdb.connect(str(evaluation.copy), read_only=True) as connection:
        return connection.execute(statement).fetchall()


def test_given_umeas_figures_when_evaluated_then_the_wrong_percentage_is_left_out(
    evaluated: tuple[Played, stages.Evaluation],
) -> None:
    played, _ = evaluated
    left_out = stages.rejected(played.workspace, "umea_2022")
    assert [(one.row, one.column) for one in left_out] == [(4, "stated_percent")]
    assert all(figure in left_out[0].reasons["nb"] for figure in ("19", "15,1"))


def test_given_the_nsw_experiment_when_evaluated_then_the_published_effect(
    evaluated: tuple[Played, stages.Evaluation],
) -> None:
    """Dehejia and Wahba (1999): 1,794; Welch's standard error 671.0, df 307, 95 % [474.0, 3114.7], p 0.0079."""
    rows = read(
        evaluated[1],
        "SELECT round(estimate, 2), round(standard_error, 1), round(df), round(interval_low, 1),"
        " round(interval_high, 1), round(p, 4), n_treated, n_control, standard_error_kind FROM marts.effects"
        " WHERE process = 'nsw'",
    )
    assert rows == [(1794.34, 671.0, 307.0, 474.0, 3114.7, 0.0079, 185, 260, "welch")]


def test_given_no_comparison_when_evaluated_then_no_effect_is_claimed(
    evaluated: tuple[Played, stages.Evaluation],
) -> None:
    rows = read(
        evaluated[1],
        "SELECT DISTINCT status, estimate FROM marts.effects WHERE process = 'umea-2022'",
    )
    assert rows == [("change_not_effect", None)]


def test_given_the_readers_copy_when_read_then_no_whole_form_is_in_it(
    evaluated: tuple[Played, stages.Evaluation],
) -> None:
    columns = read(evaluated[1], "SELECT column_name FROM duckdb_columns() WHERE table_name = 'submission'")
    assert ("content",) not in columns
    assert ("answers",) not in columns


def test_given_nothing_new_when_evaluated_again_then_the_same_run_and_copy(
    evaluated: tuple[Played, stages.Evaluation],
) -> None:
    played, first = evaluated
    again = stages.evaluate(played.workspace, played.engine, DAY)
    assert (again.computed.outcome, again.computed.run_id) == ("nothing_new", first.computed.run_id)
    assert (again.copy, again.computed.models) == (first.copy, first.computed.models)


@pytest.mark.parametrize(
    ("row", "column", "new", "reason", "error"),
    [
        (4, "stated_percent", "15", "", UsageError),
        (4, "stated_percent", "19", "Det samme", UsageError),
        (5, "stated_percent", "15", "Gal rad", NotFound),
        (4, "percent", "15", "Gal kolonne", NotFound),
    ],
)
def test_given_a_mend_that_makes_no_sense_when_tried_then_refused_and_nothing_written(
    evaluated: tuple[Played, stages.Evaluation], row: int, column: str, new: str, reason: str, error: type[Exception]
) -> None:
    played, _ = evaluated
    before = played.engine.log.position()
    found = stages.rejected(played.workspace, "umea_2022")
    leader = play.session_of(played.engine, "kari")
    with pytest.raises(error):
        mend(played.engine, leader, "umea-2022", found, row=row, column=column, new=new, reason=reason)
    assert played.engine.log.position() == before


def test_given_somebody_from_outside_when_mending_then_refused(evaluated: tuple[Played, stages.Evaluation]) -> None:
    played, _ = evaluated
    found = stages.rejected(played.workspace, "umea_2022")
    stranger = play.session_of(played.engine, "stranger")
    with pytest.raises(NotAllowed):
        mend(played.engine, stranger, "umea-2022", found, row=4, column="stated_percent", new="15", reason="x")


def test_given_a_source_without_a_process_when_the_operator_mends_it_then_it_is_recorded_as_theirs(
    evaluated: tuple[Played, stages.Evaluation],
) -> None:
    """Not for whom the operator acts: that person could not do it."""
    engine, found = evaluated[0].engine, stages.rejected(evaluated[0].workspace, "umea_2022")
    operator = Session(Person("", "operator", "operator"), operator=True)
    wish = {"row": 4, "column": "stated_percent", "new": "16", "reason": "Lest feil"}
    with pytest.raises(NotAllowed):
        mend(engine, engine.people.act_as("kari"), None, found, **wish)
    mend(engine, operator, None, found, **wish)
    *_, told = engine.events(engine.log.read(stream_of("source", "umea_2022")))
    assert isinstance(told.payload, RowMended)
    assert (told.actor, told.payload.new, told.payload.reason) == ("operator", "16", "Lest feil")


def test_given_the_wrong_percentage_mended_when_evaluated_then_the_row_counts_with_the_computed_share(
    evaluated: tuple[Played, stages.Evaluation],
) -> None:
    played, first = evaluated
    found = stages.rejected(played.workspace, "umea_2022")
    leader = play.session_of(played.engine, "kari")
    mend(
        played.engine, leader, "umea-2022", found, row=4, column="stated_percent", new="15", reason="Trykkfeil: 27/179"
    )
    again = stages.evaluate(played.workspace, played.engine, DAY)
    assert again.computed.run_id != first.computed.run_id
    assert stages.rejected(played.workspace, "umea_2022") == []
    rows = read(
        again,
        "SELECT numerator::INT, denominator::INT, round(value, 4) FROM marts.results WHERE indicator_id = 'exits_to_studies'",
    )
    assert rows == [(27, 179, 0.1508)]


def test_given_the_warehouse_deleted_when_evaluated_then_the_same_content(
    evaluated: tuple[Played, stages.Evaluation],
) -> None:
    played, _ = evaluated
    before = stages.evaluate(played.workspace, played.engine, DAY).computed
    played.workspace.warehouse.unlink()
    after = stages.evaluate(played.workspace, played.engine, DAY).computed
    assert (after.run_id, dict(after.models)) == (before.run_id, dict(before.models))


def test_given_every_stage_when_run_then_its_attempt_is_recorded(
    evaluated: tuple[Played, stages.Evaluation],
) -> None:
    played, _ = evaluated
    with duckdb.connect(str(played.workspace.warehouse), read_only=True) as connection:
        rows = connection.execute("SELECT DISTINCT stage, outcome FROM ops.attempt ORDER BY ALL").fetchall()
    assert rows == [("compute", "done"), ("load", "done"), ("validate", "done")]


def test_given_a_newer_contract_that_the_old_file_does_not_fit_when_evaluated_then_each_is_read_by_its_own(
    evaluated: tuple[Played, stages.Evaluation],
) -> None:
    played, _ = evaluated
    contract = played.workspace.sources / "nsw.source.yaml"
    old = contract.read_text()
    newer = old.replace("version: 1.0.0", "version: 2.0.0").replace("kind: csv", "kind: csv\nfile: nsw_2.csv")
    contract.write_text(
        newer.replace("  treated: {type", "  in_training: {type").replace("column: treated", "column: in_training")
    )
    lines = (played.workspace.sources / "nsw.csv").read_text().splitlines()
    (played.workspace.sources / "nsw_2.csv").write_text(
        "\n".join([lines[0].replace("treated", "in_training"), *lines[1:9]])
    )
    again = stages.evaluate(played.workspace, played.engine, DAY)
    in_use = read_all(
        played,
        "SELECT file_name, count(DISTINCT contract_hash), min(status) FROM raw.source_file WHERE source = 'nsw' GROUP BY 1 ORDER BY 1",
    )
    assert in_use == [("nsw.csv", 1, "accepted"), ("nsw_2.csv", 1, "accepted")]
    played.workspace.warehouse.unlink()
    assert stages.evaluate(played.workspace, played.engine, DAY).computed.run_id == again.computed.run_id


def read_all(played: Played, statement: str) -> list[tuple[object, ...]]:
    with duckdb.connect(str(played.workspace.warehouse), read_only=True) as connection:
        return connection.execute(statement).fetchall()


def test_given_two_contracts_of_one_source_when_landed_then_told_and_nothing_is_published(
    evaluated: tuple[Played, stages.Evaluation],
) -> None:
    played, _ = evaluated
    other = played.workspace.sources / "again.source.yaml"
    other.write_text((played.workspace.sources / "umea.source.yaml").read_text())
    before = played.engine.log.position()
    with pytest.raises(UsageError, match="both contracts of the source umea_2022"):
        stages.land(played.workspace, played.engine)
    other.unlink()
    assert played.engine.log.position() == before


def test_given_a_file_put_back_to_what_it_was_when_evaluated_then_it_counts_again(
    evaluated: tuple[Played, stages.Evaluation],
) -> None:
    played, _ = evaluated
    file = played.workspace.sources / "figures.csv"
    first = file.read_text()

    def landed() -> int:
        return len(
            [p for p in stages._payloads(played.engine, "umea_2022") if type(p).__name__ == "MeasurementsLanded"]
        )

    before = landed()
    file.write_text(first + "\n")
    stages.land(played.workspace, played.engine)
    file.write_text(first)
    stages.land(played.workspace, played.engine)
    assert landed() == before + 2
    stages.land(played.workspace, played.engine)
    assert landed() == before + 2
    stages.evaluate(played.workspace, played.engine, DAY)
    newest = read_all(
        played,
        "SELECT count(*) FROM raw.source_file WHERE source = 'umea_2022' AND log_position ="
        " (SELECT max(log_position) FROM raw.event WHERE type = 'measurements.landed')",
    )
    assert newest == [(1,)]


def test_given_an_output_when_explained_then_the_deliveries_are_the_answers_and_the_plan_is_the_plan(
    evaluated: tuple[Played, stages.Evaluation],
) -> None:
    played, _ = evaluated
    now = stages.evaluate(played.workspace, played.engine, DAY)
    with duckdb.connect(str(now.copy), read_only=True) as connection:
        found = explain(connection, "nsw/places")
    assert [(answer.what, answer.instance) for answer in found.answers] == [
        ("plan", "step_1.1"),
        ("the answers", "delivery.1"),
    ]
