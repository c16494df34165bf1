"""What commands print: JSON for programs, tables and texts for people; one way out for all of it.

On a terminal tables are drawn by rich; in a pipe they are aligned text, one row a line. Nothing that somebody typed
can steer the terminal: control characters are shown, not sent.
"""

# ruff: noqa: PLC0415 (imports stand where they are needed: help must come at once)

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, TextIO, TypeAlias
from uuid import UUID

from cli.call import Call

if TYPE_CHECKING:
    from engine.codec import Json

_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under headings, None for an empty cell; `empty` is said where there are no rows."""

    columns: Sequence[str]
    rows: Sequence[Sequence[object]]
    title: str = ""
    empty: str = "nothing"


@dataclass(frozen=True, slots=True)
class Done:
    """A sentence that confirms what was done: left out with --quiet."""

    text: str


Part: TypeAlias = str | Table | Done


def tell(call: Call, data: object, *parts: Part) -> None:
    """The answer of a command: `data` with --json, else the parts for people, one below the other."""
    if call.json:
        write(as_json(data))
        return
    for part in parts:
        if isinstance(part, Done):
            if not call.quiet:
                write(clean(part.text) + "\n")
        elif isinstance(part, Table):
            _show(part)
        else:
            write(clean(part) + "\n")


def note(call: Call, text: str) -> None:
    """Something beside the answer, on stderr, so that the answer can be piped; left out with --quiet and --json."""
    if not (call.quiet or call.json):
        sys.stderr.write(clean(text) + "\n")


class Progress:
    """Tells on stderr what is being done, each thing once."""

    def __init__(self, call: Call) -> None:
        self.call = call
        self.last = ""

    def __call__(self, what: str, _done: int, _of: int) -> None:
        """Take what the stages report: what is being done, and how many of how many are done."""
        if what == self.last:
            return
        self.last = what
        note(self.call, f"{what} …")


def write(text: str) -> None:
    """Write to stdout; raise `StoreError` where it takes no more, `BrokenPipeError` where nobody reads any more."""
    from engine.errors import StoreError

    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        hush(sys.stdout)
        raise StoreError(
            f"the output cannot be written: {error.strerror}", hint="Make room where it goes.", where="stdout"
        ) from error


def hush(stream: TextIO) -> None:
    """Send what is left for a stream to nowhere: else Python complains about it when it ends."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def clean(text: str) -> str:
    """The text with control characters made visible, so that it cannot steer a terminal."""
    return _CONTROL.sub("�", text)


# -- JSON -------------------------------------------------------------------------------------------------------------


def as_json(value: object) -> str:
    """The value as one line of JSON: sorted keys, decimals as exact numbers, times in ISO 8601."""
    from engine import codec

    return codec.dumps(plain(value)).decode() + "\n"


def plain(value: object) -> Json:  # noqa: PLR0911 (one return a type)
    """The value as JSON has it."""
    if value is None or isinstance(value, bool | int | Decimal | str):
        return value
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, UUID):
        return value.hex
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, Mapping):
        return {str(key): plain(inner) for key, inner in value.items()}
    if isinstance(value, frozenset | set):
        return sorted((plain(inner) for inner in value), key=str)
    if isinstance(value, Iterable):
        return [plain(inner) for inner in value]
    if is_dataclass(value):
        return {field.name: plain(getattr(value, field.name)) for field in fields(value)}
    raise TypeError(f"{type(value).__name__} has no form in JSON")


# -- tables -----------------------------------------------------------------------------------------------------------


def _show(table: Table) -> None:
    if not table.rows:
        write(f"{table.title}: {table.empty}\n" if table.title else f"{table.empty}\n")
    elif sys.stdout.isatty():
        _draw(table)
    else:
        write(aligned(table))


def aligned(table: Table) -> str:
    """The table as text: columns two spaces apart, one row a line."""
    rows = [[_cell(cell) for cell in row] for row in (table.columns, *table.rows)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(table.columns))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    return "\n".join([*([clean(table.title)] if table.title else []), *lines]) + "\n"


def _cell(value: object) -> str:
    return "" if value is None else clean(" ".join(str(value).split()))


def _draw(table: Table) -> None:
    """The table on a terminal, as wide as that is. Colours follow NO_COLOR and the terminal."""
    from rich import box
    from rich.console import Console
    from rich.table import Table as Drawn
    from rich.text import Text

    drawn = Drawn(title=Text(clean(table.title)) if table.title else None, title_justify="left", box=box.SIMPLE_HEAD)
    for column in table.columns:
        drawn.add_column(column, overflow="fold")
    for row in table.rows:
        drawn.add_row(*(Text(_cell(cell)) for cell in row))
    console = Console(highlight=False)
    with console.capture() as captured:
        console.print(drawn)
    write(captured.get())
