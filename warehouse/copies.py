"""Copies for readers: built aside, switched atomically, so that a reader sees a whole copy and never a half one.

A copy is a file of its own version behind a name that always points to the newest. An open reader goes on seeing the
version it opened. What a copy may hold is the caller's to say.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import duckdb

from engine.errors import NotFound, StoreError
from warehouse.database import connect
from warehouse.sql import literal, qualified, quoted

KEPT = 2
"""Versions that are kept: the newest, and the one before it for those who still read it."""

Table = tuple[str, str]
_VERSION = re.compile(r"-(\d+)\.duckdb$")


def publish(folder: Path, name: str, fill: Callable[[Path], None], label: str) -> Path:
    """Build a copy with `fill`, and switch the name to it; the copy that stands where it is of the same label.

    Whatever goes wrong before the switch leaves the old copy standing. Raises `StoreError` where there is no room.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    standing = _standing(folder, name)
    if standing is not None and standing.name.startswith(f"{name}-{label}-"):
        return standing
    _sweep(folder, name)
    number = max((_number(path) for path in folder.glob(f"{name}-*.duckdb")), default=0) + 1
    draft = folder / f".{name}.draft.duckdb"
    version = folder / f"{name}-{label}-{number}.duckdb"
    try:
        fill(draft)
        _sync(draft)
        draft.replace(version)
        link = folder / f".{name}.link"
        link.symlink_to(version.name)
        link.replace(folder / f"{name}.duckdb")
        _sync(folder)
    except (OSError, duckdb.Error) as error:
        raise StoreError(
            f"the readers' copy could not be made: {str(error).splitlines()[0]}",
            hint="The old copy stands. Make room on the disk, and run `samskap evaluate` again.",
            where=str(folder),
        ) from error
    finally:
        _sweep(folder, name)
    for old in sorted(folder.glob(f"{name}-*.duckdb"), key=_number)[:-KEPT]:
        old.unlink()
    return version


def current(folder: Path, name: str) -> Path:
    """The version that the name stands for now; raise `NotFound` where there is none."""
    standing = _standing(folder, name)
    if standing is None:
        raise NotFound(
            "there is no copy to read yet", hint="Compute figures first: samskap evaluate.", where=str(folder)
        )
    return standing


def copy_tables(
    source: Path,
    target: Path,
    tables: Sequence[Table],
    *,
    where: Mapping[Table, str] | None = None,
    leave_out: Mapping[Table, Sequence[str]] | None = None,
) -> None:
    """Copy tables with their comments from one DuckDB file into a new one.

    `where` is a predicate of ours on a table's rows (never anybody's input); `leave_out` are columns that stay behind.
    """
    with connect(target) as connection:
        connection.execute(f"ATTACH {literal(str(source))} AS original (READ_ONLY)")
        connection.begin()
        for schema in dict.fromkeys(schema for schema, _ in tables):
            connection.execute(f"CREATE SCHEMA IF NOT EXISTS {quoted(schema)}")
        for table in tables:
            predicate = f" WHERE {where[table]}" if where and table in where else ""
            left = [quoted(column) for column in (leave_out or {}).get(table, ())]
            kept = f"* EXCLUDE ({', '.join(left)})" if left else "*"
            name = qualified(*table)
            connection.execute(f"CREATE TABLE {name} AS SELECT {kept} FROM original.{name}{predicate}")
            _comment(connection, table)
        connection.commit()
        connection.execute("DETACH original")
        connection.execute("CHECKPOINT")


def _comment(connection: duckdb.DuckDBPyConnection, table: Table) -> None:
    name = qualified(*table)
    for (comment,) in connection.execute(
        "SELECT comment FROM duckdb_tables() WHERE database_name = 'original' AND schema_name = ? AND table_name = ?"
        " AND comment IS NOT NULL",
        table,
    ).fetchall():
        connection.execute(f"COMMENT ON TABLE {name} IS {literal(comment)}")
    for column, comment in connection.execute(
        "SELECT theirs.column_name, theirs.comment FROM duckdb_columns() AS theirs JOIN duckdb_columns() AS ours"
        " ON ours.database_name = current_database() AND ours.schema_name = theirs.schema_name"
        " AND ours.table_name = theirs.table_name AND ours.column_name = theirs.column_name"
        " WHERE theirs.database_name = 'original' AND theirs.schema_name = ? AND theirs.table_name = ?"
        " AND theirs.comment IS NOT NULL",
        table,
    ).fetchall():
        connection.execute(f"COMMENT ON COLUMN {name}.{quoted(column)} IS {literal(comment)}")


def _standing(folder: Path, name: str) -> Path | None:
    path = folder / f"{name}.duckdb"
    return path.resolve() if path.exists() else None


def _number(path: Path) -> int:
    found = _VERSION.search(path.name)
    return int(found[1]) if found else 0


def _sweep(folder: Path, name: str) -> None:
    """Remove what an interrupted build left."""
    for path in (*folder.glob(f".{name}.draft.duckdb*"), folder / f".{name}.link"):
        path.unlink(missing_ok=True)


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
