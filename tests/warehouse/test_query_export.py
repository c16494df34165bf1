"""Results as CSV: numbers stay numbers, and no text is run by a spreadsheet, however it splits the lines."""

from __future__ import annotations

import csv
import io
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from warehouse.query import Cell, Column, Result, to_csv

FORMULA = tuple("=+-@＝＋－＠")
TROUBLE = st.text(st.sampled_from("=+-@;,\t\r\n \"'a1.\ufeff\u200b＝"), max_size=12)


def _csv(*cells: Cell) -> str:
    return to_csv(Result(tuple(Column(f"c{n}", "VARCHAR") for n, _ in enumerate(cells)), (cells,), False, 0.0))


@pytest.mark.parametrize(
    ("cell", "written"),
    [
        ("=1+1", "'=1+1"),
        ("+cmd|' /C calc'!A0", "'+cmd|' /C calc'!A0"),
        ("-1+1", "'-1+1"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("\t=1", "'\t'=1"),
        ("\r=1", "'\r'=1"),
        ("\tplain", "'\tplain"),
        (" =1", "' =1"),
        ("\ufeff=1", "'\ufeff=1"),
        ("＝1", "'＝1"),
        ("a;=1", "a;'=1"),
        ("a\n=1", "a\n'=1"),
        ("-inf", "'-inf"),
    ],
)
def test_given_text_that_begins_like_a_formula_when_exported_then_it_is_disarmed(cell: str, written: str) -> None:
    assert list(csv.reader(io.StringIO(_csv(cell), newline="")))[1] == [written]


@pytest.mark.parametrize(
    ("cell", "written"),
    [
        (-3, "-3"),
        (Decimal("-3.50"), "-3.50"),
        (Decimal("1E-7"), "0.0000001"),
        ("-3.5", "-3.5"),
        ("1e+22", "1e+22"),
        ("-3,5", '"-3,5"'),
        (True, "true"),
        (None, ""),
        ("a-b", "a-b"),
        ("2024-01-02", "2024-01-02"),
        ("a=b\n\nc", '"a=b\n\nc"'),
        ('say "hi", you', '"say ""hi"", you"'),
    ],
)
def test_given_a_number_or_plain_text_when_exported_then_it_is_unchanged(cell: Cell, written: str) -> None:
    assert _csv(cell, "x").split("\r\n", 1)[1] == f"{written},x\r\n"


def test_given_a_column_named_like_a_formula_when_exported_then_the_header_is_disarmed() -> None:
    assert to_csv(Result((Column("=1", "INTEGER"),), (), False, 0.0)) == "'=1\r\n"


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@given(cells=st.lists(TROUBLE, min_size=1, max_size=3))
def test_given_any_text_when_read_with_any_separator_then_no_cell_is_a_formula(
    delimiter: str, cells: list[str]
) -> None:
    for row in csv.reader(io.StringIO(_csv("x", *cells), newline=""), delimiter=delimiter):
        for cell in row:
            assert _number(cell) or not cell.lstrip(' \t\r\n"\ufeff\u200b').startswith(FORMULA)


def _number(cell: str) -> bool:
    try:
        float(cell.replace(",", "."))
    except ValueError:
        return False
    return True


@given(cells=st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=20), min_size=1, max_size=4))
def test_given_any_text_when_read_back_without_apostrophes_then_it_is_what_it_was(cells: list[str]) -> None:
    _, row = csv.reader(io.StringIO(_csv(*cells), newline=""))
    assert [cell.replace("'", "") for cell in row] == [cell.replace("'", "") for cell in cells]
