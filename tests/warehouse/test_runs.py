"""Runs: the same inputs are the same run, and give the same content; what fails changes nothing."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import duckdb
import pytest

from cli import play
from engine.errors import ConfigError
from warehouse import modelling, pull, runs
from warehouse.sql import qualified

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Played

DAY = date(2026, 11, 23)


def hashes(connection: duckdb.DuckDBPyConnection) -> dict[str, str]:
    return dict(connection.execute("SELECT model, content_hash FROM ops.model_run").fetchall())


def test_given_the_same_inputs_when_computed_with_one_and_two_threads_then_the_same_run_and_content(
    played: Played, computed: duckdb.DuckDBPyConnection
) -> None:
    other = played.warehouse(threads=1)
    assert runs.current(other) == runs.current(computed)
    assert hashes(other) == hashes(computed)


def test_given_rows_in_another_order_when_hashed_then_the_same(computed: duckdb.DuckDBPyConnection) -> None:
    copy = duckdb.connect()
    copy.execute("CREATE TABLE one AS SELECT range AS a, range / 7 AS b, {'x': range / 3} AS c FROM range(1000)")
    copy.execute("CREATE TABLE two AS SELECT * FROM one ORDER BY hash(a)")
    assert modelling.content(copy, "main", "one") == modelling.content(copy, "main", "two")


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE one SET a = 8 WHERE a = 7",
        "DELETE FROM one WHERE a = 7",
        "INSERT INTO one VALUES (7)",
        "ALTER TABLE one RENAME a TO b",
    ],
)
def test_given_one_changed_row_when_hashed_then_another_hash(change: str) -> None:
    connection = duckdb.connect()
    connection.execute("CREATE TABLE one AS SELECT range AS a FROM range(100)")
    before = modelling.content(connection, "main", "one")
    connection.execute(change)
    assert modelling.content(connection, "main", "one").hash != before.hash


def test_given_a_run_that_stands_when_computed_again_then_nothing_new(played: Played) -> None:
    connection = played.warehouse()
    again = runs.compute(connection, runs.identify(connection, DAY))
    assert again.outcome == "nothing_new"
    assert {name: found.hash for name, found in again.models.items()} == hashes(connection)


def test_given_another_day_when_computed_then_another_run(played: Played) -> None:
    connection = played.warehouse()
    assert runs.identify(connection, date(2026, 11, 24)).run_id != runs.current(connection)


def test_given_a_new_event_when_identified_then_another_run(empty: Played) -> None:
    connection = empty.warehouse()
    empty.engine.start(play.session_of(empty.engine, "kari"), "samson", "arendal", "")
    pull.pull(connection, empty.engine)
    assert runs.identify(connection, DAY).run_id != runs.current(connection)


def test_given_a_model_that_fails_when_computed_then_the_run_before_stands(
    played: Played, monkeypatch: pytest.MonkeyPatch
) -> None:
    connection = played.warehouse()
    before = runs.current(connection), hashes(connection)
    count = connection.execute("SELECT count(*) FROM marts.results").fetchall()
    broken = modelling.Model("marts", "results", "SELECT 1 / 0 AS a, error('broken') AS b", frozenset(), "", {})
    models = [*modelling.read_models()[:5], broken]
    monkeypatch.setattr(modelling, "read_models", lambda: models)
    with pytest.raises(duckdb.Error, match="broken"):
        runs.compute(connection, runs.identify(connection, date(2026, 11, 24)))
    assert (runs.current(connection), hashes(connection)) == before
    assert connection.execute("SELECT count(*) FROM marts.results").fetchall() == count


def test_given_every_model_when_computed_then_no_column_is_a_hugeint(computed: duckdb.DuckDBPyConnection) -> None:
    rows = computed.execute(
        "SELECT schema_name, table_name, column_name FROM duckdb_columns() WHERE data_type LIKE '%HUGEINT%'"
    ).fetchall()
    assert rows == []


def test_given_every_model_when_read_then_it_says_its_grain_and_meaning() -> None:
    for model in modelling.read_models():
        assert model.comment.startswith("Grain: "), model.name
        assert "Meaning: " in model.comment, model.name


def test_given_every_model_when_computed_then_the_columns_it_explains_are_its_own(
    computed: duckdb.DuckDBPyConnection,
) -> None:
    for model in modelling.read_models():
        described = computed.execute(f"DESCRIBE {qualified(model.schema, model.table)}").fetchall()
        assert set(model.columns) <= {name for name, *_ in described}, model.name


def test_given_two_models_that_read_each_other_when_read_then_the_circle_is_named(tmp_path: Path) -> None:
    (tmp_path / "core").mkdir()
    (tmp_path / "core" / "one.sql").write_text("-- Grain: one.\nSELECT * FROM core.two")
    (tmp_path / "core" / "two.sql").write_text("-- Grain: one.\nSELECT * FROM core.one")
    with pytest.raises(ConfigError, match=r"core\.one"):
        modelling.read_models(tmp_path)


def test_given_a_model_that_is_no_sql_when_read_then_told_where(tmp_path: Path) -> None:
    (tmp_path / "core").mkdir()
    (tmp_path / "core" / "one.sql").write_text("-- Grain: one.\nSELECT FROM WHERE")
    with pytest.raises(ConfigError) as caught:
        modelling.read_models(tmp_path)
    assert "one.sql:2" in str(caught.value.where)
