"""A result as CSV that a spreadsheet may open without running what stands in it.

Text that a spreadsheet could take for a formula is written with an apostrophe in front, unless it is a plain number.
This protects people who open the file in a spreadsheet; a program that reads it back has to know about the apostrophe.
"""

from __future__ import annotations

import csv
import io
import re
from decimal import Decimal

from warehouse.query.model import Cell, Result

# The full-width forms are read as formulas by spreadsheets set to Japanese or Chinese.
_FORMULA = r"[=+\-@＝＋－＠]"
# A spreadsheet may skip what cannot be seen. It may also split at the semicolon (Norwegian settings do), and then takes
# no notice of our quotes: so a cell can begin after a semicolon, a tab and a line end inside of a text as well.
_BEGINNING = re.compile(rf"^(?=[\t\r\n])|(?:^|(?<=[;\t\r\n]))(?=[\s\ufeff\u200b\0\"]*{_FORMULA})")
_PLAIN_NUMBER = re.compile(r"[+-]?[0-9]+(?:[.,][0-9]+)?(?:[eE][+-]?[0-9]+)?")


def to_csv(result: Result) -> str:
    """The result as CSV (RFC 4180, so lines end in `\\r\\n`): a header, then the rows; a missing value is empty."""
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow([harmless(column.name) for column in result.columns])
    writer.writerows([_text(cell) for cell in row] for row in result.rows)
    return out.getvalue()


def harmless(text: str) -> str:
    """The text as a spreadsheet will show it, never run it: `=1+1` becomes `'=1+1`, `-1.5` stays."""
    return text if _PLAIN_NUMBER.fullmatch(text) else _BEGINNING.sub("'", text)


def _text(cell: Cell) -> str:
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, Decimal):
        return format(cell, "f")
    return harmless(cell) if isinstance(cell, str) else str(cell)
