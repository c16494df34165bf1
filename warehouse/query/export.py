"""A result as CSV that a spreadsheet may open without running what stands in it.

A cell that begins like a formula is written with an apostrophe in front, unless it is a plain number. This protects
people who open the file in a spreadsheet; a program that reads it back has to know about the apostrophe.
"""

from __future__ import annotations

import csv
import io
import re
from decimal import Decimal

from warehouse.query.model import Cell, Result

# The full-width forms are read as formulas by spreadsheets set to Japanese or Chinese.
_STARTS_A_FORMULA = tuple("=+-@\t\r\n＝＋－＠")
_PLAIN_NUMBER = re.compile(r"[+-]?[0-9]+(?:[.,][0-9]+)?(?:[eE][+-]?[0-9]+)?")


def to_csv(result: Result) -> str:
    """The result as CSV (RFC 4180 quoting, line ends `\\n`): a header, then the rows; a missing value is empty."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([harmless(column.name) for column in result.columns])
    writer.writerows([_text(cell) for cell in row] for row in result.rows)
    return out.getvalue()


def harmless(text: str) -> str:
    """The text as a spreadsheet will show it, never run it: `=1+1` becomes `'=1+1`, `-1.5` stays."""
    suspect = text.startswith(_STARTS_A_FORMULA) or text.lstrip().startswith(_STARTS_A_FORMULA)
    return f"'{text}" if suspect and not _PLAIN_NUMBER.fullmatch(text) else text


def _text(cell: Cell) -> str:
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, Decimal):
        return format(cell, "f")
    return harmless(cell) if isinstance(cell, str) else str(cell)
