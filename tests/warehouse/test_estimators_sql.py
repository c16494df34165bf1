"""Estimators as SQL functions: what is registered, what odd data do, and that no row ends a run."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from math import isfinite

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from warehouse.estimators.udf import FUNCTIONS, Function, register


@pytest.fixture(scope="module")
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    opened = duckdb.connect()
    register(opened)
    yield opened
    opened.close()


def one(connection: duckdb.DuckDBPyConnection, query: str) -> object:
    row = connection.execute(query).fetchone()
    assert row is not None
    return row[0]


def test_given_a_new_connection_when_registered_then_it_knows_exactly_the_list(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    ask = "SELECT function_name, parameter_types, return_type FROM duckdb_functions() WHERE function_type = 'scalar'"
    bare = {name for name, _, _ in duckdb.connect().execute(ask).fetchall()}
    # DuckDB quotes a field's name where it is also a word of its own.
    rows = connection.execute(ask).fetchall()
    known = {name: (tuple(takes), gives.replace('"', "")) for name, takes, gives in rows}
    expected = {function.name: (function.takes, function.gives) for function in FUNCTIONS}
    assert {name: types for name, types in known.items() if name not in bare} == expected


def test_given_a_connection_that_knows_them_when_registered_again_then_nothing_happens(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    register(connection)


@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda function: function.name)
def test_given_the_list_when_a_reference_is_made_then_every_function_has_words_and_names(function: Function) -> None:
    assert function.doc.endswith(".")
    assert function.form.startswith(f"{function.name}({function.arguments[0]} {function.takes[0]}")
    assert all(place < len(function.takes) for place in function.may_miss)


_ODD_DOUBLES = st.sampled_from([0.0, -0.0, float("nan"), float("inf"), float("-inf"), 1e308, -1e308, 5e-324, 1e-160])
_DOUBLES = st.one_of(st.floats(), _ODD_DOUBLES, st.integers(-20, 20).map(float))
_BIGINTS = st.one_of(st.integers(-(2**63), 2**63 - 1), st.integers(-3, 30))
_SUMS = st.one_of(st.integers(-(10**18), 10**18), st.integers(-5, 60)).map(lambda whole: Decimal(whole) / 100)
_ROWS = st.fixed_dictionaries(
    {
        "party": st.sampled_from(["a", "b", "c", None]),
        "membership": st.sampled_from(["m1", "m2", None]),
        "score": st.none() | _DOUBLES,
    }
)
VALUES: dict[str, st.SearchStrategy[object]] = {
    "DOUBLE": _DOUBLES,
    "BIGINT": _BIGINTS,
    "INTEGER": st.sampled_from([-1, 0, 1, 2**31 - 1]),
    "DECIMAL(38,6)": _SUMS,
    "DECIMAL(38,12)": _SUMS,
    "VARCHAR": st.sampled_from(["", "share", "mean", "count", "reached", "rate_ratio", "uncertain", "æ{x}%s"]),
    "BOOLEAN": st.booleans(),
    "DATE": st.dates(date(1, 1, 1), date(9999, 12, 31)),
    "DOUBLE[]": st.lists(st.none() | _DOUBLES, max_size=6),
    "STRUCT(party VARCHAR, membership VARCHAR, score DOUBLE)[]": st.lists(st.none() | _ROWS, max_size=6),
}


@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda function: function.name)
@given(data=st.data())
@settings(max_examples=60)
def test_given_any_values_its_types_can_hold_when_called_then_no_fault_and_only_real_numbers(
    connection: duckdb.DuckDBPyConnection, function: Function, data: st.DataObject
) -> None:
    values = data.draw(st.tuples(*[st.none() | VALUES[kind] for kind in function.takes]))
    casts = ", ".join(f"CAST(? AS {kind})" for kind in function.takes)
    row = connection.execute(f"SELECT {function.name}({casts})", values).fetchone()
    assert row is not None
    found = row[0].values() if isinstance(row[0], dict) else row
    assert all(isfinite(value) for value in found if isinstance(value, float))


def test_given_one_odd_row_among_good_ones_when_called_then_only_that_row_has_nothing(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    query = """
        SELECT list(mean_interval(0, sd, n) IS NULL ORDER BY place)
        FROM (VALUES (1, 1.0, 5), (2, 1e308, 2), (3, -1.0, 5), (4, 2.0, 9), (5, NULL, 9)) AS rows(place, sd, n)
    """
    assert one(connection, query) == [False, True, True, False, True]


def test_given_missing_entries_in_a_list_when_called_then_the_others_count(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    found = one(connection, "SELECT paired_change([1.0, NULL, 3.0])")
    assert isinstance(found, dict)
    assert (found["n"], found["change"]) == (2, 2.0)


def test_given_values_around_a_trillion_when_summed_in_sql_then_the_lottery_keeps_every_digit(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    """Σx and Σx² as SQL sums them, with and without 10¹² added to every value."""
    query = """
        WITH units AS (
            SELECT i % 2 = 0 AS is_treated, ((i * 7919 % 1000) / 8)::DECIMAL(18, 6) + ?::DECIMAL(18, 6) AS value
            FROM range(1, 61) AS numbers(i)
        ),
        arms AS (
            SELECT
                count(*) FILTER (is_treated) AS n1, count(*) FILTER (NOT is_treated) AS n0,
                sum(value) FILTER (is_treated) AS s1, sum(value) FILTER (NOT is_treated) AS s0,
                sum(value::DECIMAL(19, 6) * value::DECIMAL(19, 6)) FILTER (is_treated) AS q1,
                sum(value::DECIMAL(19, 6) * value::DECIMAL(19, 6)) FILTER (NOT is_treated) AS q0
            FROM units
        )
        SELECT lottery(n1, s1::DECIMAL(38, 6), q1::DECIMAL(38, 12), n0, s0::DECIMAL(38, 6), q0::DECIMAL(38, 12))
        FROM arms
    """
    found = [connection.execute(query, [shift]).fetchone() for shift in (0, 900_000_000_000)]
    assert found[0] is not None
    assert found[1] is not None
    here, there = found[0][0], found[1][0]
    same = ("reason", "estimate", "standard_error", "df", "low", "high", "p", "hedges_g", "sd_treated", "sd_control")
    assert here["reason"] is None
    assert {name: here[name] for name in same} == {name: there[name] for name in same}


def test_given_an_arm_without_values_when_called_then_the_reason(connection: duckdb.DuckDBPyConnection) -> None:
    found = one(connection, "SELECT lottery(5, 10, 30, NULL, NULL, NULL)")
    assert isinstance(found, dict)
    assert (found["reason"], found["estimate"]) == ("no_measurements", None)


def test_given_a_change_when_read_in_sql_then_the_three_languages(connection: duckdb.DuckDBPyConnection) -> None:
    found = one(connection, "SELECT reading_of_change('share', '', 0.1, 0.02, 0.18, 1, 'newcombe')")
    assert isinstance(found, dict)
    assert list(found) == ["nb", "nn", "en"]
    assert found["en"].endswith("This is change, not effect.")
