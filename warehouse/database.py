"""Opening the warehouse: one DuckDB file with the settings that make its content the same everywhere.

Nothing is downloaded, times are UTC, and the order of rows never decides a figure. This module knows no tables.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from engine.errors import StoreError

MEMORY = ":memory:"


def connect(
    path: Path | str = MEMORY, *, read_only: bool = False, memory_limit: str = "2GB", threads: int | None = None
) -> duckdb.DuckDBPyConnection:
    """A connection to a DuckDB file, or to a database in memory. `memory_limit` is DuckDB's own, such as `2GB`."""
    config: dict[str, str | bool | int | float | list[str]] = {
        "memory_limit": memory_limit,
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
        "preserve_insertion_order": False,
    }
    if threads is not None:
        config["threads"] = threads
    connection = duckdb.connect(str(path), read_only=read_only, config=config)
    connection.execute("SET TimeZone='UTC'; SET enable_progress_bar=false")
    return connection


@contextmanager
def transaction(connection: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """All or nothing; a full disk is told as `StoreError`."""
    connection.begin()
    try:
        yield
        connection.commit()
    except (duckdb.IOException, duckdb.OutOfMemoryException) as error:
        _roll_back(connection)
        raise StoreError(
            f"the warehouse cannot be written: {str(error).splitlines()[0]}",
            hint="Make room on the disk and run again; nothing was changed.",
        ) from error
    except BaseException:
        _roll_back(connection)
        raise


def _roll_back(connection: duckdb.DuckDBPyConnection) -> None:
    try:
        connection.rollback()
    except duckdb.TransactionException:  # DuckDB rolled back itself
        return
