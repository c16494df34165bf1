"""A CSV file as records, strictly, and every line accounted for: what is no record comes out as a fault.

Readers that guess lose rows in silence, so nothing is guessed here: a quote opens a cell only at its beginning, and a
record has as many cells as the header. What is not so is one fault for its first line, and reading goes on with the
next line: an unclosed quote costs one row, not the rest of the file. What cells mean is not known here.
"""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from itertools import chain
from pathlib import Path
from typing import Final, Literal, TypeAlias

from warehouse.sources.lines import LONG, MAX_LINE, Encoding, lines_of, refuse

MAX_RECORD_LINES: Final = 100
"""Lines over which a quoted cell may run before its quote counts as never closed."""
EVIDENCE: Final = 200
"""Characters of a faulty line that are kept."""

Fault: TypeAlias = Literal["ragged", "quote", "control", "long"]
FAULTS: Final[tuple[Fault, ...]] = ("ragged", "quote", "control", "long")


@dataclass(slots=True)
class Page:
    """Records in the order of the file: `rows[i]` is row `first + i`. An empty line is `()`, a faulty one None."""

    first: int
    rows: list[Sequence[str] | None]
    faults: dict[int, tuple[Fault, str]] = field(default_factory=dict)
    """Index in `rows` → the fault, and the beginning of the line."""


class CsvRecords:
    """The records of one file: make it, which reads the header; then read `pages()` once."""

    def __init__(self, path: Path, delimiter: str, encoding: Encoding, columns: Sequence[str]) -> None:
        """`columns`: the names that the header must hold, in any order; raise `FileRefused` where it does not."""
        self.path = path
        self.delimiter = delimiter
        self._pattern = _record_pattern(delimiter)
        self._lines = lines_of(path, encoding)
        self.header = self._header(columns)

    def pages(self) -> Iterator[Page]:
        """Every record after the header, a block at a time. Empty lines at the end of the file are no rows."""
        number, empty = 1, 0
        for page in self._pages():
            if empty:
                page.rows[:0] = [()] * empty
                page.faults = {index + empty: fault for index, fault in page.faults.items()}
            empty = _empty_at_end(page.rows)
            if empty:
                del page.rows[-empty:]
            page.first = number
            number += len(page.rows)
            if page.rows:
                yield page

    def _pages(self) -> Iterator[Page]:
        held: list[str] = []
        for lines in self._lines:
            page, held = self._page([*held, *lines], is_last=False)
            yield page
        if held:
            yield self._page(held, is_last=True)[0]

    # -- header -------------------------------------------------------------------------------------------------------

    def _header(self, columns: Sequence[str]) -> tuple[str, ...]:
        lines = next(self._lines, [""])
        first = lines[0]
        if not any(line.strip() for line in lines):
            refuse(self.path, "the file is empty", "Is this the right file?")
        if "\r" in first:
            refuse(self.path, "the lines end in CR alone", "Save the file with line ends LF or CRLF.")
        if "\0" in first or not self._pattern.fullmatch(first):
            refuse(self.path, "the first line is no header", "Is it a CSV file, and not a spreadsheet's own format?")
        names = tuple(name.strip() for name in self._parsed([first])[0])
        self._check_names(names, columns)
        self._lines = chain([lines[1:]], self._lines)
        return names

    def _check_names(self, names: tuple[str, ...], columns: Sequence[str]) -> None:
        twice = next((name for name, count in Counter(names).items() if count > 1), None)
        if twice is not None:
            message = f"the header has the column “{twice[:60]}” more than once"
            refuse(self.path, message, "Give every column its own name.", line=1)
        missing = next((name for name in columns if name not in names), None)
        if missing is not None:
            refuse(self.path, f"the file has no column “{missing}”", self._hint(missing, names), line=1)
        unknown = next((name for name in names if name not in columns), None)
        if unknown is not None:
            message = f"the file has a column “{unknown[:60]}” that its contract does not name"
            hint = "Add it to the contract's columns; with `personal: drop` it is never stored."
            refuse(self.path, message, hint, line=1)

    def _hint(self, missing: str, names: tuple[str, ...]) -> str:
        other = next((mark for mark in (";", "\t", "|", ",") if len(names) == 1 and mark in names[0]), None)
        if other:
            return f"The header is one cell with {other!r} in it: is that the delimiter?"
        close = get_close_matches(missing, names, 1)
        return f"It has “{close[0]}”: is that the same?" if close else f"It has: {', '.join(names)[:300]}."

    # -- records ------------------------------------------------------------------------------------------------------

    def _page(self, lines: list[str], *, is_last: bool) -> tuple[Page, list[str]]:
        """The records of these lines, and the lines of a record whose end is not among them."""
        if any('"' in line or "\0" in line or "\r" in line for line in lines):
            return self._careful_page(lines, is_last=is_last)
        width, delimiter = len(self.header), self.delimiter
        page = Page(0, [line.split(delimiter) if line else () for line in lines])
        for index, row in enumerate(page.rows):
            if row and len(row) != width:
                page.rows[index] = None
                page.faults[index] = ("ragged", lines[index][:EVIDENCE])
        return page, []

    def _careful_page(self, lines: list[str], *, is_last: bool) -> tuple[Page, list[str]]:
        """As `_page`, where there are quotes or characters that no text holds."""
        texts: list[str] = []
        faults: dict[int, tuple[Fault, str]] = {}
        at = 0
        while at < len(lines):
            text, used, fault = self._record(lines, at)
            if used == 0 and not is_last:
                break
            if used == 0:
                used, fault = 1, "quote"
            if fault is not None:
                faults[len(texts)] = (fault, "" if fault == "long" else lines[at][:EVIDENCE])
            texts.append("" if fault else text)
            at += used
        rows: list[Sequence[str] | None] = list(self._parsed(texts))
        for index, row in enumerate(rows):
            if row and len(row) != len(self.header):  # of one line: longer ones were looked at already
                faults[index] = ("ragged", texts[index][:EVIDENCE])
        for index in faults:
            rows[index] = None
        return Page(0, rows, faults), lines[at:]

    def _record(self, lines: list[str], at: int) -> tuple[str, int, Fault | None]:
        """A record's text, its number of lines (0: its end is not among these), and its fault."""
        text = lines[at]
        if "\0" in text or "\r" in text:
            return text, 1, "long" if text == LONG else "control"
        if '"' not in text:
            return text, 1, None
        quotes, used, size = text.count('"'), 1, len(text)
        while quotes % 2 and used < MAX_RECORD_LINES and size <= MAX_LINE:
            if at + used >= len(lines):
                return text, 0, None
            quotes, size = quotes + lines[at + used].count('"'), size + len(lines[at + used])
            used += 1
        if used > 1:
            text = "\n".join(lines[at : at + used])
        if "\0" in text or "\r" in text or size > MAX_LINE or not self._pattern.fullmatch(text):
            return text, 1, "quote"
        if used > 1 and len(self._parsed([text])[0]) != len(self.header):
            return lines[at], 1, "ragged"
        return text, used, None

    def _parsed(self, texts: list[str]) -> list[list[str]]:
        """The cells of texts that are records."""
        return list(csv.reader(texts, delimiter=self.delimiter, strict=True))


def _record_pattern(delimiter: str) -> re.Pattern[str]:
    """RFC 4180's record: cells in quotes (a quote within is doubled), or without any; possessive, so linear."""
    mark = re.escape(delimiter)
    cell = f'(?:"[^"]*+(?:""[^"]*+)*+"|[^"{mark}\r\n]*+)'
    return re.compile(f"{cell}(?:{mark}{cell})*+")


def _empty_at_end(rows: list[Sequence[str] | None]) -> int:
    count = 0
    while count < len(rows) and rows[-1 - count] is not None and not rows[-1 - count]:
        count += 1
    return count
