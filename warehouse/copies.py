"""Copies for readers: versioned DuckDB files behind one name that is switched in a single step.

`publish` makes a version and switches to it; `copy_tables` fills one from the warehouse. Whoever has a version open
goes on seeing that version, so a reader opens it by its own name (`current`), never by the name that is switched. What
readers may see is decided by the caller; nothing here knows a table.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import TypeAlias

import duckdb

from engine.errors import NotFound, StoreError
from warehouse.database import connect
from warehouse.locking import hold, translated
from warehouse.sql import literal, qualified, quoted

Table: TypeAlias = tuple[str, str]
KEPT = 2  # versions: the current one, and the one before it for readers who looked up its name just before the switch
_EVERY_ROW: Mapping[Table, str] = MappingProxyType({})
_EVERY_COLUMN: Mapping[Table, Sequence[str]] = MappingProxyType({})
_NAME = re.compile(r"[a-z][a-z0-9_]*")
_LABEL = re.compile(r"[A-Za-z0-9_.-]+")


# -- the name and its versions ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Shelf:
    """The files of one name: `<name>.duckdb` points at one of the versions `<name>-<label>-<number>.duckdb`."""

    folder: Path
    name: str

    @property
    def link(self) -> Path:
        """What is switched."""
        return self.folder / f"{self.name}.duckdb"

    @property
    def unfinished(self) -> Path:
        """The version that is being made; DuckDB may put `.wal` and `.tmp` beside it."""
        return self.folder / f".{self.name}.unfinished"

    @property
    def new_link(self) -> Path:
        """The link that is being made."""
        return self.folder / f".{self.name}.link"

    def versions(self) -> dict[int, Path]:
        """The versions by number, oldest first."""
        pattern = re.compile(rf"{self.name}-.+-([0-9]+)\.duckdb")
        found = [(pattern.fullmatch(path.name), path) for path in self.folder.iterdir()]
        return dict(sorted((int(match[1]), path) for match, path in found if match))

    def current(self) -> Path | None:
        """The version that the name points at."""
        try:
            return self.link.resolve(strict=True)
        except (FileNotFoundError, NotADirectoryError):
            return None

    def tidy(self) -> None:
        """Take away what an interrupted `publish` left, and versions that are too old. Only for who holds the name."""
        for path in self.folder.glob(f"{self.unfinished.name}*"):
            _remove(path)
        self.new_link.unlink(missing_ok=True)
        versions, current = self.versions(), self.current()
        numbers = [number for number, path in versions.items() if current and path.name == current.name]
        newest = max(numbers or versions, default=0)
        before = [number for number in versions if number < newest]
        never_switched_to = [number for number in versions if number > newest]
        for number in before[: 1 - KEPT] + never_switched_to:
            versions[number].unlink(missing_ok=True)

    def place(self, label: str) -> Path:
        """Give the finished version its number and its own name."""
        version = self.folder / f"{self.name}-{label}-{max(self.versions(), default=0) + 1}.duckdb"
        self.unfinished.rename(version)
        return version

    def switch(self, version: Path) -> None:
        """Let the name point at `version`: a reader finds the one or the other, never none."""
        self.new_link.symlink_to(version.name)
        self.new_link.replace(self.link)


def publish(folder: Path, name: str, fill: Callable[[Path], None], label: str) -> Path:
    """Let `fill` make a new version of the copy `name`, switch to it, and keep the newest two; the version's own path.

    `fill` gets a path in `folder` at which there is no file yet. If anything fails, also by a kill or a full disk, the
    copy before stays current, and what is left lying is taken away the next time. Raises `StoreError` for disk and
    permissions, and what `fill` raises. `name` is letters, digits and `_`; `label` tells people where the version came
    from, such as the beginning of a run's id.
    """
    if not _NAME.fullmatch(name) or not _LABEL.fullmatch(label):
        raise ValueError(f"not usable as the name of a copy: {name!r}, {label!r}")
    shelf = _Shelf(folder, name)
    with _told(folder):
        folder.mkdir(parents=True, exist_ok=True)
        with hold(folder / name):
            shelf.tidy()
            try:
                fill(shelf.unfinished)
                _check_whole(shelf.unfinished)
                sync(shelf.unfinished)
                version = shelf.place(label)
                shelf.switch(version)
                sync(folder)
            finally:
                shelf.tidy()
    return version


def withdraw(folder: Path, name: str) -> None:
    """Take every version of the copy `name` away: until the next `publish` there is none.

    Whoever has one open goes on seeing it. Raises `StoreError` for permissions.
    """
    if not folder.is_dir():
        return
    shelf = _Shelf(folder, name)
    with _told(folder), hold(folder / name):
        shelf.link.unlink(missing_ok=True)
        shelf.tidy()
        for version in shelf.versions().values():
            version.unlink(missing_ok=True)
        sync(folder)


def current(folder: Path, name: str) -> Path:
    """The current version of the copy `name`, by its own path: what is opened by it stays as it is.

    Raises `NotFound` where there is no copy.
    """
    version = _Shelf(folder, name).current()
    if version is None:
        raise NotFound(f"there is no {name} copy yet", hint="Run `samskap evaluate`; it makes one.", where=str(folder))
    return version


@contextmanager
def reading(version: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """A version opened for reading; raise `StoreError` where it cannot be read."""
    try:
        with duckdb.connect(str(version), read_only=True) as connection:
            yield connection
    except duckdb.Error as error:
        raise StoreError(
            f"the copy for readers cannot be read: {str(error).splitlines()[0]}",
            hint="Make it anew: remove the file, then `samskap evaluate`.",
            where=str(version),
        ) from error


def _check_whole(path: Path) -> None:
    """DuckDB keeps quiet about what it cannot write while closing: then its journal is still there."""
    journal = path.with_name(f"{path.name}.wal")
    if not path.is_file() or journal.exists():
        raise StoreError("the copy was not written to its end", hint=_HINT, where=str(path.parent))


def sync(path: Path) -> None:
    """Have the file or folder on the disk before going on: a switch to a version that is not there yet is worse."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


# -- filling a version -----------------------------------------------------------------------------------------------


def copy_tables(
    source: Path,
    target: Path,
    tables: Sequence[Table],
    *,
    where: Mapping[Table, str] = _EVERY_ROW,
    leave_out: Mapping[Table, Sequence[str]] = _EVERY_COLUMN,
) -> None:
    """Make a DuckDB file at `target` that holds these (schema, table) of `source`, with their comments.

    `where` is a predicate per table in SQL, fixed text of ours (`NOT is_protected`); `leave_out` are columns per table.
    Keys, constraints and indexes are not copied: nobody writes there. Nobody may write to `source` meanwhile.
    Raises `StoreError` for disk and locks, `NotFound` where `source` has no such table, and `ValueError` where a rule
    is for a table or column that there is not: what is kept from readers is never let through by a spelling.
    """
    unknown = sorted((where.keys() | leave_out.keys()) - set(tables))
    if unknown:
        raise ValueError(f"rules for tables that are not copied: {unknown}")
    with _told(target.parent):
        connection = connect(target)
        try:
            connection.execute(f"ATTACH {literal(str(source))} AS source (READ_ONLY)")
            for table in tables:
                _copy(connection, table, where.get(table, "true"), leave_out.get(table, ()))
            connection.execute("DETACH source")
            connection.execute("CHECKPOINT")  # while closing, DuckDB would keep quiet about a full disk
        finally:
            connection.close()


def _copy(connection: duckdb.DuckDBPyConnection, table: Table, predicate: str, leave_out: Sequence[str]) -> None:
    here, there = qualified(*table), f"source.{qualified(*table)}"
    comment, columns = _described(connection, table)
    missing = sorted(set(leave_out) - columns.keys())
    if missing:
        raise ValueError(f"{'.'.join(table)} has no columns {missing} to leave out")
    kept = {name: told for name, told in columns.items() if name not in leave_out}
    names = ", ".join(quoted(name) for name in kept)
    connection.execute(f"CREATE SCHEMA IF NOT EXISTS {quoted(table[0])}")
    connection.execute(f"CREATE TABLE {here} AS SELECT {names} FROM {there} WHERE {predicate}")
    if comment is not None:
        connection.execute(f"COMMENT ON TABLE {here} IS {literal(comment)}")
    for name, told in kept.items():
        if told is not None:
            connection.execute(f"COMMENT ON COLUMN {here}.{quoted(name)} IS {literal(told)}")


def _described(connection: duckdb.DuckDBPyConnection, table: Table) -> tuple[str | None, dict[str, str | None]]:
    """The comment of a table of the source, and its columns in order with theirs."""
    found = connection.execute(
        "SELECT comment FROM duckdb_tables() WHERE database_name = 'source' AND (schema_name, table_name) = (?, ?)",
        table,
    ).fetchone()
    if found is None:
        raise NotFound(f"the warehouse has no table {'.'.join(table)}", hint="Run `samskap evaluate`; it makes them.")
    columns = connection.execute(
        "SELECT column_name, comment FROM duckdb_columns() WHERE database_name = 'source'"
        " AND (schema_name, table_name) = (?, ?) ORDER BY column_index",
        table,
    ).fetchall()
    return found[0], dict(columns)


# -- faults ----------------------------------------------------------------------------------------------------------

_HINT = "Make room on the disk, or set the folder's permissions right, and run it again. The copy before still stands."


@contextmanager
def _told(folder: Path) -> Iterator[None]:
    """Faults of the disk and of DuckDB's files as `StoreError`; faults of ours keep their traceback."""
    try:
        yield
    except OSError as error:
        raise StoreError(f"the copy cannot be made: {error.strerror}", hint=_HINT, where=str(folder)) from error
    except (duckdb.IOException, duckdb.FatalException, duckdb.OutOfMemoryException) as error:
        held = translated(error) if isinstance(error, duckdb.IOException) else None
        first = str(error).splitlines()[0]
        raise held or StoreError(f"the copy cannot be made: {first}", hint=_HINT, where=str(folder)) from error
