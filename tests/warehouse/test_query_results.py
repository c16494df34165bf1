"""Answers to plain questions: exact, typed, in order, cut where the limits say; mistakes with their place."""

from __future__ import annotations

import json
from dataclasses import replace
from decimal import Decimal
from functools import partial
from pathlib import Path

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.errors import Place
from warehouse.query import Column, Limits, QueryMistake
from warehouse.query import query as run_query

PATIENT = Limits(seconds=60)
"""A busy machine may take long to begin a process."""
query = partial(run_query, limits=PATIENT)


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("copies") / "reader.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute("CREATE SCHEMA marts")
        connection.execute(
            "CREATE TABLE marts.indicator AS SELECT i AS id, (i * 1.1)::DECIMAL(18,6) AS value FROM range(5000) r(i)"
        )
        connection.execute("CREATE MACRO marts.above(x) AS TABLE SELECT id FROM marts.indicator WHERE id > x")
    return path


@pytest.mark.parametrize(
    ("expression", "kind", "cell"),
    [
        ("NULL", "INTEGER", None),
        ("true", "BOOLEAN", True),
        ("-7::TINYINT", "TINYINT", -7),
        ("9223372036854775807", "BIGINT", 9223372036854775807),
        ("170141183460469231731687303715884105727", "HUGEINT", 2**127 - 1),
        ("3.50::DECIMAL(18,6)", "DECIMAL(18,6)", Decimal("3.500000")),
        (
            "12345678901234567890123456789012.345678::DECIMAL(38,6)",
            "DECIMAL(38,6)",
            Decimal("12345678901234567890123456789012.345678"),
        ),
        ("0.1::DOUBLE", "DOUBLE", "0.1"),
        ("1e22::DOUBLE", "DOUBLE", "1e+22"),
        ("'nan'::DOUBLE", "DOUBLE", "nan"),
        ("'-inf'::DOUBLE", "DOUBLE", "-inf"),
        ("'infinity'::FLOAT", "FLOAT", "inf"),
        ("'æøå 𝒳'", "VARCHAR", "æøå 𝒳"),
        ("'a' || chr(0) || 'b'", "VARCHAR", "a\0b"),
        ("DATE '2024-02-29'", "DATE", "2024-02-29"),
        ("TIME '12:30:00'", "TIME", "12:30:00"),
        ("TIMESTAMP '2024-02-29 12:30:00.5'", "TIMESTAMP", "2024-02-29T12:30:00.5"),
        (
            "TIMESTAMPTZ '2024-02-29 12:30:00+02'",
            "TIMESTAMP WITH TIME ZONE",
            "2024-02-29T10:30:00+00:00",
        ),
        ("INTERVAL 3 DAY", "INTERVAL", "3 days"),
        ("'\\x00\\xAB'::BLOB", "BLOB", "00ab"),
        ("'0b7b6a3e-6a35-4d9c-a9b7-5a6f6f6b2f10'::UUID", "UUID", "0b7b6a3e-6a35-4d9c-a9b7-5a6f6f6b2f10"),
    ],
)
def test_given_a_value_of_a_type_when_asked_then_it_comes_back_exact(
    reader: Path, expression: str, kind: str, cell: object
) -> None:
    result = query(reader, f"SELECT {expression} AS x")
    assert result.columns == (Column("x", kind),)
    assert result.rows == ((cell,),)
    assert type(result.rows[0][0]) is type(cell)


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("[1, NULL, 3]", [1, None, 3]),
        ("{'a': 1.10::DECIMAL(9,2), 'b': [DATE '2024-01-02']}", {"a": Decimal("1.10"), "b": ["2024-01-02"]}),
        ("MAP {'k': 999999999999.123456::DECIMAL(18,6)}", {"k": Decimal("999999999999.123456")}),
        ("['nan'::DOUBLE, '-inf'::DOUBLE]", ["NaN", "-Infinity"]),
        ("{'NaN': 'Infinity', 'x': 'inf'::DOUBLE}", {"NaN": "Infinity", "x": "Infinity"}),
        ("[]::VARCHAR[]", []),
    ],
)
def test_given_a_nested_value_when_asked_then_it_is_json(reader: Path, expression: str, value: object) -> None:
    ((cell,),) = query(reader, f"SELECT {expression}").rows
    assert isinstance(cell, str)
    assert json.loads(cell, parse_float=Decimal, parse_constant=pytest.fail) == value


@settings(max_examples=5, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(texts=st.lists(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")), min_size=30))
def test_given_any_texts_when_asked_for_as_literals_then_they_come_back(reader: Path, texts: list[str]) -> None:
    """Many in one question, as each question is a process."""
    literals = ", ".join("'" + text.replace("'", "''") + "'" for text in texts)
    assert query(reader, f"SELECT {literals}").rows == (tuple(texts),)


def test_given_every_type_duckdb_knows_when_asked_then_each_comes_back(reader: Path) -> None:
    result = query(reader, "SELECT * FROM test_all_types()")
    assert len(result.rows) == 3
    assert set(result.rows[2]) == {None}


def test_given_an_order_when_asked_then_the_rows_are_in_it(reader: Path) -> None:
    result = query(reader, "SELECT id FROM marts.indicator ORDER BY id DESC")
    assert [row[0] for row in result.rows] == list(range(4999, -1, -1))
    assert not result.truncated


def test_given_two_columns_of_one_name_when_asked_then_both_come_back(reader: Path) -> None:
    result = query(reader, "SELECT 1 AS a, 2 AS a")
    assert [column.name for column in result.columns] == ["a", "a"]
    assert result.rows == ((1, 2),)


def test_given_no_rows_when_asked_then_the_columns_are_told(reader: Path) -> None:
    result = query(reader, "SELECT id, value FROM marts.indicator WHERE false")
    assert (len(result.columns), result.rows, result.truncated) == (2, (), False)


def test_given_a_million_rows_when_asked_then_they_are_cut_and_it_is_said(reader: Path) -> None:
    result = query(reader, "SELECT * FROM range(1000000)")
    assert len(result.rows) == Limits().rows
    assert result.rows[-1] == (Limits().rows - 1,)
    assert result.truncated


def test_given_exactly_as_many_rows_as_allowed_when_asked_then_nothing_is_cut(reader: Path) -> None:
    result = query(reader, "SELECT * FROM range(10)", limits=replace(PATIENT, rows=10))
    assert (len(result.rows), result.truncated) == (10, False)


def test_given_long_cells_when_asked_then_whole_rows_are_left_out(reader: Path) -> None:
    result = query(reader, "SELECT repeat('x', 1000) FROM range(100)", limits=replace(PATIENT, result_bytes=10_000))
    assert 5 < len(result.rows) < 10
    assert {len(str(row[0])) for row in result.rows} == {1_000}
    assert result.truncated


def test_given_a_row_longer_than_all_that_is_allowed_when_asked_then_it_is_left_out(reader: Path) -> None:
    result = query(reader, "SELECT repeat('x', 5000000)")
    assert (result.rows, result.truncated) == ((), True)


@pytest.mark.parametrize(
    "sql",
    [
        "FROM marts.indicator",
        "TABLE marts.indicator",
        "VALUES (1)",
        "WITH t AS (SELECT 1) SELECT * FROM t",
        "DESCRIBE marts.indicator",
        "SUMMARIZE marts.indicator",
        "SHOW ALL TABLES",
        "FROM marts.above(10)",
        "EXPLAIN SELECT 1",
        "explain analyze select 1",
        "EXPLAIN (FORMAT json) SELECT 1",
        "EXPLAIN (ANALYZE)\nSELECT 1",
        "SELECT * FROM (PIVOT marts.indicator ON id IN (1, 2) USING sum(value))",
        "  -- a comment first\nSELECT 1",
    ],
)
def test_given_a_way_of_reading_when_asked_then_it_is_answered(reader: Path, sql: str) -> None:
    assert query(reader, sql).rows


@pytest.mark.parametrize(
    ("sql", "place"),
    [
        ("SELEC 1", Place("sql", 1, 1)),
        ("SELECT\n  wrong\nFROM marts.indicator", Place("sql", 2, 3)),
        ("SELECT 'æøå', wrong FROM marts.indicator", Place("sql", 1, 15)),
        ("SELECT 1 FROM marts.nothing", Place("sql", 1, 15)),
    ],
)
def test_given_a_mistake_when_asked_then_its_line_and_column_are_told(reader: Path, sql: str, place: Place) -> None:
    with pytest.raises(QueryMistake) as caught:
        query(reader, sql)
    assert caught.value.where == place
    assert caught.value.hint


def test_given_a_column_misspelt_when_asked_then_the_right_one_is_suggested(reader: Path) -> None:
    with pytest.raises(QueryMistake) as caught:
        query(reader, "SELECT valu FROM marts.indicator")
    assert "value" in caught.value.hint


def test_given_a_path_the_asker_wrote_when_it_fails_then_the_message_may_name_it(reader: Path) -> None:
    with pytest.raises(QueryMistake) as caught:
        query(reader, "SELECT '/srv/data/x'::INTEGER")
    assert "/srv/data/x" in caught.value.message


def test_given_a_name_that_points_to_a_version_when_asked_then_it_is_followed(reader: Path, tmp_path: Path) -> None:
    (tmp_path / "name.duckdb").symlink_to(reader)
    assert query(tmp_path / "name.duckdb", "SELECT count(*) FROM marts.indicator").rows == ((5000,),)


@pytest.mark.parametrize("limit", ["seconds", "rows", "result_bytes", "memory_megabytes", "statement_bytes"])
def test_given_a_limit_of_zero_when_made_then_it_is_an_error(limit: str) -> None:
    with pytest.raises(ValueError, match="above zero"):
        Limits(**{limit: 0})
