"""A DuckDB connection lent to SQLAlchemy, for as long as a validation lasts.

Great Expectations opens connections of its own, which would see nothing of a running transaction. This one is ours with
another face: it sees uncommitted rows, and neither commits, rolls back nor closes. Rows are fetched at once, because a
DuckDB connection has one result at a time.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

import duckdb

Row: TypeAlias = tuple[object, ...]


class BorrowedConnection:
    """The DB-API face of a connection; what would end its transaction does nothing."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self.connection = connection
        self.notices: list[str] = []
        self.closed = False
        self.autocommit: bool | None = None

    def cursor(self) -> BufferedCursor:
        """A cursor over the same connection."""
        return BufferedCursor(self)

    def begin(self) -> None:
        """Nothing: the lender began."""

    def commit(self) -> None:
        """Nothing: the lender commits."""

    def rollback(self) -> None:
        """Nothing: the lender rolls back."""

    def close(self) -> None:
        """Nothing: the lender closes."""


class BufferedCursor:
    """A cursor that has fetched everything when `execute` returns."""

    arraysize = 1
    lastrowid = None

    def __init__(self, owner: BorrowedConnection) -> None:
        self.connection = owner
        self.description: list[tuple[object, ...]] | None = None
        self.rowcount = -1
        self._rows: list[Row] = []

    def execute(self, statement: str, parameters: Sequence[object] | None = None) -> BufferedCursor:
        """Run a statement and fetch its rows."""
        done = self.connection.connection.execute(statement, list(parameters or ()))
        self.description = [tuple(part) for part in done.description or ()]
        self._rows = done.fetchall()
        return self

    def executemany(self, statement: str, many: Sequence[Sequence[object]]) -> BufferedCursor:
        """Run a statement for each of many lists of values."""
        for parameters in many:
            self.execute(statement, parameters)
        return self

    def fetchone(self) -> Row | None:
        """The next row."""
        return self._rows.pop(0) if self._rows else None

    def fetchmany(self, size: int | None = None) -> list[Row]:
        """The next rows."""
        taken, self._rows = self._rows[: size or self.arraysize], self._rows[size or self.arraysize :]
        return taken

    def fetchall(self) -> list[Row]:
        """All rows that are left."""
        taken, self._rows = self._rows, []
        return taken

    def close(self) -> None:
        """Let the rows go."""
        self._rows = []
