"""A landed file into its staging table, a page at a time, with the cells that people mended put in.

Every row is there afterwards: one that is no row has its fault and no cells. What breaks a rule is not decided here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol, TypeAlias

import duckdb
import pyarrow as pa

from warehouse.sources import parquet
from warehouse.sources.contract import Contract
from warehouse.sources.expressions import written
from warehouse.sources.landing import ERASED, WITHHELD, Landed
from warehouse.sources.layout import SPACES, Layout
from warehouse.sources.records import FAULTS, CsvRecords, Page
from warehouse.sql import qualified, quoted

STAGING = "staging"
PAGES = 8
"""Pages that are inserted at a time, so that DuckDB types them with all its threads."""
Cells: TypeAlias = Sequence[str | None]
Finding: TypeAlias = Literal["applied", "other_value", "no_such_row", "no_such_column", "personal"]


class Mend(Protocol):
    """One cell of a file that a person corrected; the event `row.mended` is one."""

    @property
    def stored_hash(self) -> str:
        """The landed file."""

    @property
    def row(self) -> int:
        """The row; 1 is the first after the header."""

    @property
    def column(self) -> str:
        """The column's name."""

    @property
    def old(self) -> str:
        """What must stand there, or the mend is not applied."""

    @property
    def new(self) -> str:
        """What comes in its place, written as the file writes it."""


@dataclass(frozen=True, slots=True)
class Mended:
    """What became of a mend: `found` is what stood there; None where there is no such cell."""

    mend: Mend
    found: str | None
    finding: Finding


@dataclass(slots=True)
class _Rows:
    """Some rows by column, in the contract's order; where a row is none, its cells are None."""

    first: int
    size: int
    columns: list[Cells]
    faults: dict[int, tuple[str, str | None]]
    """Index → the fault, and the beginning of the line where that may be shown."""
    gone: frozenset[int] = frozenset()
    """Indexes of rows of people who were erased: they keep their number, and are no rows any more."""


def fill(
    connection: duckdb.DuckDBPyConnection, landed: Landed, contract: Contract, table: str, mends: Sequence[Mend]
) -> tuple[int, list[Mended]]:
    """Make a batch's staging table, in the caller's transaction: how many rows were read, and what became of mends."""
    layout = Layout(contract)
    target = qualified(STAGING, table)
    columns = ", ".join(f"{quoted(name)} {kind}" for name, kind in layout.columns())
    connection.execute(f"CREATE TABLE {target} ({columns})")
    statement = f"INSERT INTO {target} {written(layout.selection())}"
    read, mending = 0, _Mending(contract, mends)
    pages: list[pa.Table] = []
    for rows in _csv_rows(landed, contract) if contract.kind == "csv" else _parquet_rows(landed, contract):
        mending.apply(rows)
        pages.append(_table(rows))
        read += rows.size - len(rows.gone)
        if len(pages) == PAGES:
            _insert(connection, statement, pages)
            pages = []
    if pages:
        _insert(connection, statement, pages)
    return read, mending.findings()


def cells_of(landed: Landed, contract: Contract) -> Iterator[tuple[int, dict[str, str | None]]]:
    """The rows of a landed file that are rows: their numbers, and their cells by column."""
    for rows in _csv_rows(landed, contract) if contract.kind == "csv" else _parquet_rows(landed, contract):
        for index, cells in enumerate(zip(*rows.columns, strict=True)):
            if index not in rows.faults and index not in rows.gone:
                yield rows.first + index, dict(zip(contract.kept, cells, strict=True))


def _insert(connection: duckdb.DuckDBPyConnection, statement: str, pages: list[pa.Table]) -> None:
    connection.register("page", pa.concat_tables(pages))
    try:
        connection.execute(statement)
    finally:
        connection.unregister("page")


def _csv_rows(landed: Landed, contract: Contract) -> Iterator[_Rows]:
    records = CsvRecords(landed.path, contract.csv.delimiter, contract.stored_encoding, contract.kept)
    order = [records.header.index(name) for name in contract.kept]
    nothing = (None,) * len(order)
    for page in records.pages():
        columns = list(zip(*(row or nothing for row in page.rows), strict=True))
        gone = frozenset(index for index in page.faults if contract.has_personal and _is_gone(page, index))
        faults = {index: _shown(page, index, contract) for index in page.faults if index not in gone}
        yield _Rows(page.first, len(page.rows), [columns[position] for position in order], faults, gone)


def _is_gone(page: Page, index: int) -> bool:
    return page.faults[index][1].startswith(ERASED)


def _shown(page: Page, index: int, contract: Contract) -> tuple[str, str | None]:
    """A line's fault; the line itself stays hidden where the file had personal columns."""
    fault, line = page.faults[index]
    if not contract.has_personal:
        return fault, line.replace("\0", "␀")
    told = line.removeprefix(WITHHELD).rstrip(contract.csv.delimiter)
    return (told if told in FAULTS else fault), None


def _parquet_rows(landed: Landed, contract: Contract) -> Iterator[_Rows]:
    first = 1
    with parquet.opened(landed.path, contract.kept) as source:
        for batch in parquet.batches(source, landed.path):
            columns: list[Cells] = [parquet.texts(batch.column(name)) for name in contract.kept]
            personal = [
                cells for name, cells in zip(contract.kept, columns, strict=True) if contract.columns[name].personal
            ]
            gone = frozenset(index for cells in personal for index, cell in enumerate(cells) if cell == ERASED)
            yield _Rows(first, batch.num_rows, columns, {}, gone)
            first += batch.num_rows


def _table(rows: _Rows) -> pa.Table:
    faults: list[str | None] = [None] * rows.size
    lines: list[str | None] = [None] * rows.size
    for index, (fault, line) in rows.faults.items():
        faults[index], lines[index] = fault, line
    table = pa.table(
        {
            "row_number": pa.array(range(rows.first, rows.first + rows.size), pa.int64()),
            "fault": pa.array(faults, pa.string()),
            "line": pa.array(lines, pa.string()),
            **{f"c{position}": pa.array(cells, pa.string()) for position, cells in enumerate(rows.columns)},
        }
    )
    return table.filter(pa.array([index not in rows.gone for index in range(rows.size)])) if rows.gone else table


class _Mending:
    """Puts mends in, in their order, as the rows come by."""

    def __init__(self, contract: Contract, mends: Iterable[Mend]) -> None:
        self.contract = contract
        self.positions = {name: position for position, name in enumerate(contract.kept)}
        self.found: dict[int, Mended] = {}
        self.mends = list(mends)
        self.by_row: dict[int, list[int]] = {}
        for index, mend in enumerate(self.mends):
            self.by_row.setdefault(mend.row, []).append(index)

    def apply(self, rows: _Rows) -> None:
        """Mend what is among these rows."""
        for row in [row for row in self.by_row if rows.first <= row < rows.first + rows.size]:
            for index in self.by_row[row]:
                self.found[index] = self._mended(self.mends[index], rows)

    def findings(self) -> list[Mended]:
        """What became of every mend, in order."""
        return [self.found.get(index, Mended(mend, None, "no_such_row")) for index, mend in enumerate(self.mends)]

    def _mended(self, mend: Mend, rows: _Rows) -> Mended:
        position = self.positions.get(mend.column)
        if position is None:
            return Mended(mend, None, "no_such_column")
        if self.contract.columns[mend.column].personal:
            return Mended(mend, None, "personal")
        index = mend.row - rows.first
        if index in rows.faults or index in rows.gone:
            return Mended(mend, None, "no_such_row")
        cells = list(rows.columns[position])
        found = (cells[index] or "").strip(SPACES)
        if found != mend.old.strip(SPACES):
            return Mended(mend, found, "other_value")
        cells[index] = mend.new
        rows.columns[position] = cells
        return Mended(mend, found, "applied")
