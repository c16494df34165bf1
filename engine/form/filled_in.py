"""A workbook that somebody filled in, read as sheets: bounded, and with its formulas' values.

Whoever fills it in may sort and hide, rename sheets, and add some of their own: what has nothing in its first cell is
passed over, and is not read to its end.
"""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO
from typing import Any, Final
from zipfile import BadZipFile, ZipFile

from openpyxl import load_workbook

from engine.codec import MAX_BYTES
from engine.errors import Refused
from engine.form.sheets import Cell, Grid, Unreadable

MAX_UNPACKED: Final = 16 * MAX_BYTES
"""What the parts of a workbook may be in all, unpacked."""
MOST_ROWS: Final = 5_000
"""A sheet that has more rows is refused."""
MOST_COLUMNS: Final = 500
"""Beyond these nothing is read."""


def grids(content: bytes, name: str) -> list[Grid]:
    """The sheets of a workbook that have something in their first cell; raise `Refused` for what is no workbook.

    `name` is what the file is called, for the errors.
    """
    try:
        with ZipFile(BytesIO(content)) as parts:
            if sum(part.file_size for part in parts.infolist()) > MAX_UNPACKED:
                raise Refused("the workbook is too large", hint="Take out what does not belong there.", where=name)
        return list(_read(content, name))
    except Refused:
        raise
    except BadZipFile as error:
        raise Refused("this is no Excel workbook", hint="Save it as .xlsx.", where=name) from error
    except Exception as error:  # a library that reads what anybody made may trip over anything
        raise Refused(
            f"the workbook cannot be read: {type(error).__name__}", hint="Save it anew in Excel.", where=name
        ) from error


def _read(content: bytes, name: str) -> Iterator[Grid]:
    values = load_workbook(BytesIO(content), read_only=True, data_only=True)
    formulas = load_workbook(BytesIO(content), read_only=True)
    for sheet, written in zip(values.worksheets, formulas.worksheets, strict=True):
        sheet.reset_dimensions()
        written.reset_dimensions()
        cells: list[list[Cell]] = []
        for given, typed in zip(_rows(sheet), _rows(written), strict=True):
            if len(cells) == MOST_ROWS:
                hint = "Take out the rows that are empty at its end."
                raise Refused(f"“{sheet.title}” has more than {MOST_ROWS} rows", hint=hint, where=name)
            cells.append([_cell(value, formula) for value, formula in zip(given, typed, strict=True)])
            if not cells[0] or cells[0][0] is None:
                break
        else:
            if cells:
                yield Grid(sheet.title, cells)


def _rows(sheet: Any) -> Iterator[tuple[Any, ...]]:
    rows: Iterator[tuple[Any, ...]] = sheet.iter_rows(max_col=MOST_COLUMNS)
    return rows


def _cell(given: Any, typed: Any) -> Cell:
    """What a cell says; a formula says what it came to when the workbook was saved."""
    if given.data_type == "e":
        return Unreadable(str(given.value), "cell_error")
    if given.value is None and typed.data_type == "f":
        return Unreadable(str(typed.value), "cell_without_value")
    value: Cell = given.value
    return value
