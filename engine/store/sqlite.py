"""The log in one SQLite file: what a workspace has without any setting.

Built on `eventsourcing`'s recorder, whose insert takes our extra rows (command key, head, work lists) into the
transaction of the events. The file is in WAL mode with every commit synced; SQLite lets one write at a time, so that
positions are committed in their order.
"""

from __future__ import annotations

import os
import sqlite3
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from errno import EACCES
from pathlib import Path
from typing import Any
from uuid import UUID

from eventsourcing.persistence import IntegrityError, PersistenceError
from eventsourcing.sqlite import (
    SQLiteApplicationRecorder,
    SQLiteConnection,
    SQLiteConnectionPool,
    SQLiteCursor,
    SQLiteDatastore,
)

from engine.errors import Conflict, IntegrityFault, SamskapError, SettingsError, StoreError
from engine.store.group import GroupCommit, Write
from engine.store.log import NEWEST, PAGE, Found, Log, Record, Row, gone_on, not_empty, stream_of_text
from engine.store.tables import ANYTHING, EMPTIED, INDEXES, TABLES

_EVENTS = (
    "CREATE TABLE IF NOT EXISTS stored_events (rowid INTEGER PRIMARY KEY AUTOINCREMENT,"
    " originator_id TEXT NOT NULL, originator_version INTEGER NOT NULL, topic TEXT NOT NULL,"
    " state BLOB NOT NULL, UNIQUE (originator_id, originator_version))"
)
_BUSY = "Somebody reads or writes without a pause, or the disk is full: do it again when that is over."
_FOUND = (
    "SELECT p.stream, h.sequence, h.hash, s.state AS body, c.fingerprint, c.answer FROM process p"
    " LEFT JOIN head h ON h.stream = p.stream"
    " LEFT JOIN stored_events s ON s.originator_id = p.stream AND s.originator_version = h.sequence"
    " LEFT JOIN command c ON c.stream = p.stream AND c.actor = ? AND c.key = ? WHERE p.name = ?"
)
_FAILURES = (sqlite3.Error, UnicodeDecodeError)
"""What the driver raises; the second where what it has to tell of a damaged file is no text itself."""
LOCK_SECONDS = 5
"""How long one who writes is waited for, as the library does."""


class _Pool(SQLiteConnectionPool):
    """The library's pool; its own connections keep one prepared statement, and a commit has a dozen."""

    def _create_connection(self) -> SQLiteConnection:
        connection = sqlite3.connect(self.db_name, timeout=LOCK_SECONDS, isolation_level=None, check_same_thread=False)
        connection.execute("PRAGMA journal_mode=WAL")
        return SQLiteConnection(connection, max_age=self.max_age)


class _Datastore(SQLiteDatastore):
    """The library's datastore, over connections of ours."""

    def __init__(self, path: Path) -> None:
        super().__init__(str(path))
        self.pool = _Pool(db_name=str(path))


class _Recorder(SQLiteApplicationRecorder):
    """The library's recorder, with positions that are never given twice and our rows in the same transaction."""

    def __init__(self, datastore: SQLiteDatastore, events_table_name: str = "stored_events") -> None:
        super().__init__(datastore, events_table_name)
        self.insert_events_statement = (
            "INSERT INTO stored_events (originator_id, originator_version, topic, state) VALUES (?,?,?,?)"
        )

    def construct_create_table_statements(self) -> list[str]:
        return [_EVENTS, *TABLES.values(), *INDEXES]

    def put(self, cursor: SQLiteCursor, write: Write) -> None:
        """The events of one write and its rows, within a transaction."""
        events = [(r.stream.hex, r.sequence, r.type, r.body) for r in write.records]
        cursor.executemany(self.insert_events_statement, events)
        for statement, values in write.rows:
            cursor.execute(statement, tuple(values))


def _check_rights(path: Path) -> None:
    """Raise `PermissionError` where a file is not ours to write.

    SQLite would make its files beside it with the same rights, which outlive the day when the file's own are mended.
    """
    effective = os.access in os.supports_effective_ids
    if path.exists() and not os.access(path, os.R_OK | os.W_OK, effective_ids=effective):
        raise PermissionError(EACCES, os.strerror(EACCES), str(path))


class SqliteLog(Log):
    """The event store of a workspace, in one SQLite file; raise `SettingsError` where it cannot be opened."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.place = str(path)
        self._idle: deque[sqlite3.Connection] = deque()
        self._closed = False
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            _check_rights(path)
            self._datastore = _Datastore(path)
            self._recorder = _Recorder(self._datastore)
            self._recorder.create_table()
            self._writer = self._datastore.pool.get_connection()  # kept: the group lets one thread at a time write
            self._group = GroupCommit(self._commit)
        except (OSError, PersistenceError, *_FAILURES) as error:
            raise SettingsError(
                f"the event store cannot be opened: {error}",
                hint="Check that the folder exists, is yours and can be written to.",
                where=str(path),
            ) from error

    def about(self) -> str:
        """Which store this is, in a few words."""
        return f"SQLite {sqlite3.sqlite_version}, {self.place}"

    def close(self) -> None:
        """Let go of the file."""
        self._closed = True
        self._writer.close()
        self._datastore.close()
        while self._idle:
            self._idle.pop().close()

    # -- writing ----------------------------------------------------------------------------------------------------

    def _write(self, records: Sequence[Record], rows: Sequence[Row], at: int | None = None) -> None:
        # A head without a sequence is refused by its column, and takes all of the write with it.
        still: Row = ("UPDATE head SET sequence=NULL WHERE (SELECT max(rowid) FROM stored_events) <> ?", (at,))
        self._group.store(Write(records, rows if at is None else [still, *rows]))

    def _commit(self, group: Sequence[Write]) -> None:
        """Store a group in one transaction; one that is refused is taken back alone."""
        with self._storing(), self._writer.transaction(commit=True) as cursor:
            if len(group) == 1:
                self._recorder.put(cursor, group[0])
                return
            for write in group:
                cursor.execute("SAVEPOINT one")
                try:
                    self._recorder.put(cursor, write)
                except (sqlite3.IntegrityError, sqlite3.DataError, sqlite3.ProgrammingError) as error:
                    cursor.execute("ROLLBACK TO one")
                    write.error = self._refused(error)
                cursor.execute("RELEASE one")

    def fill(self, pages: Iterable[Sequence[Record]], rows: Iterable[Row], *, instead_of: int | None = None) -> None:
        """Everything of another log into this one, at the same positions, in one transaction."""
        with self._alone() as connection:
            if instead_of is not None:
                self._empty(connection, instead_of)
            elif connection.execute(ANYTHING).fetchone()[0]:
                raise not_empty(self.place)
            for page in pages:
                connection.executemany(
                    "INSERT INTO stored_events VALUES (?,?,?,?,?)",
                    [(r.position, r.stream.hex, r.sequence, r.type, r.body) for r in page],
                )
            for statement, values in rows:
                connection.execute(statement, tuple(values))
            connection.execute("COMMIT")

    def _empty(self, connection: sqlite3.Connection, position: int) -> None:
        """Take out all that is there, and give positions from the beginning again."""
        if connection.execute("SELECT coalesce(max(rowid), 0) FROM stored_events").fetchone()[0] != position:
            raise gone_on(self.place)
        for statement in ("DELETE FROM stored_events", "DELETE FROM sqlite_sequence", *EMPTIED):
            connection.execute(statement)

    @contextmanager
    def _storing(self) -> Iterator[None]:
        """What goes wrong while storing, as one of our errors."""
        try:
            yield
        except (PersistenceError, *_FAILURES) as error:
            raise self._refused(error) from error

    def _refused(self, error: Exception) -> SamskapError:
        """What is told where the driver, or the library around it, refuses to store."""
        if isinstance(error, IntegrityError | sqlite3.IntegrityError):
            return Conflict("somebody else was first", hint="Look at the process again, then try again.")
        return StoreError(f"nothing was stored: {error}", hint="Is the disk full, or the file held?", where=self.place)

    @contextmanager
    def held(self) -> Iterator[None]:
        """While this is open nobody writes; others wait some seconds, and are told then."""
        with self._alone():
            yield

    @contextmanager
    def _alone(self) -> Iterator[sqlite3.Connection]:
        """A transaction beside which nobody writes; what was not committed in it is gone."""
        try:
            with closing(sqlite3.connect(self.path, timeout=LOCK_SECONDS, isolation_level=None)) as connection:
                connection.execute("BEGIN IMMEDIATE")
                yield connection
        except _FAILURES as error:
            raise self._refused(error) from error

    def compact(self) -> None:
        """Write the file anew, and empty the write-ahead log, which holds the pages of before."""
        try:
            with closing(sqlite3.connect(self.path, timeout=LOCK_SECONDS, isolation_level=None)) as connection:
                connection.execute("VACUUM")
                busy, *_ = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        except _FAILURES as error:
            raise StoreError(f"the store was not written anew: {error}", hint=_BUSY, where=self.place) from error
        if busy:
            raise StoreError("the store's write-ahead log could not be emptied", hint=_BUSY, where=self.place)

    # -- reading ----------------------------------------------------------------------------------------------------

    @contextmanager
    def snapshot(self) -> Iterator[Log]:
        """The log as it is now, only to read: nothing in it changes until the end, while others go on writing."""
        try:
            with closing(sqlite3.connect(self.path, timeout=LOCK_SECONDS, isolation_level=None)) as connection:
                connection.row_factory = sqlite3.Row
                connection.execute("BEGIN")
                connection.execute("SELECT max(rowid) FROM stored_events")  # the first look is the moment
                yield _Snapshot(self, connection)
        except _FAILURES as error:
            raise _unreadable(error, self.place) from error

    @contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection]:
        """A connection for one statement that reads; raise `StoreError` where the file cannot be read.

        It is one that nobody uses now, or a new one. A statement alone sees what was committed before it.
        """
        connection = None
        try:
            connection = self._idle.pop() if self._idle else self._connect()
            yield connection
            self._idle.append(connection)
        except (*_FAILURES, IndexError) as error:
            if connection is not None:
                connection.close()
            raise _unreadable(error, self.place) from error

    def _connect(self) -> sqlite3.Connection:
        if self._closed:
            raise sqlite3.ProgrammingError("it was closed")
        connection = sqlite3.connect(self.path, timeout=LOCK_SECONDS, isolation_level=None, check_same_thread=False)
        connection.row_factory = sqlite3.Row
        return connection

    def read(self, stream: UUID, *, after: int = 0, until: int | None = None) -> list[Record]:
        """The records of a stream, in order."""
        with self._reading() as connection:
            rows = connection.execute(
                "SELECT originator_version, topic, state FROM stored_events"
                " WHERE originator_id=? AND originator_version>? AND originator_version<=? ORDER BY originator_version",
                (stream.hex, after, NEWEST if until is None else until),
            ).fetchall()
        if any(not isinstance(body, bytes) for _, _, body in rows):
            raise IntegrityFault("the log was changed behind the engine's back", hint="Run `samskap verify`.")
        return [Record(stream, sequence, kind, body) for sequence, kind, body in rows]

    def pages(self, *, after: int = 0, size: int = PAGE) -> Iterator[list[Record]]:
        """Records by position, beyond one, so many at a time."""
        while True:
            with self._reading() as connection:
                rows = connection.execute(
                    "SELECT rowid, originator_id, originator_version, topic, state FROM stored_events"
                    " WHERE rowid>? ORDER BY rowid LIMIT ?",
                    (after, size),
                ).fetchall()
            page = [Record(stream_of_text(one), seq, kind, body, position) for position, one, seq, kind, body in rows]
            if page:
                yield page
            if len(page) < size:
                return
            after = page[-1].position

    def find(self, name: str, actor: str, key: str) -> Found | None:
        """Where the process of a name is, how it ends, and what was answered to that key."""
        return self._found(_FOUND, name, actor, key)

    def position(self) -> int:
        """The position of the newest event; 0 for an empty log."""
        return int(self.query("SELECT coalesce(max(rowid), 0) AS newest FROM stored_events")[0]["newest"])

    def query(self, statement: str, values: Sequence[object] = ()) -> list[Mapping[str, Any]]:
        """Rows of our tables, read in a transaction of their own."""
        with self._reading() as connection:
            return [dict(row) for row in connection.execute(statement, tuple(values)).fetchall()]


class _Snapshot(SqliteLog):
    """A log as it was at a moment, read in one transaction."""

    def __init__(self, log: SqliteLog, connection: sqlite3.Connection) -> None:
        self.path, self.place = log.path, log.place
        self._connection = connection

    @contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection]:
        yield self._connection

    @contextmanager
    def held(self) -> Iterator[None]:
        """Nothing changes here; nobody has to wait for it."""
        yield

    def close(self) -> None:
        """The connection is closed where the snapshot was opened."""


def _unreadable(error: Exception, place: str) -> StoreError:
    return StoreError(
        f"the event store cannot be read: {error}",
        hint="Is the file held, moved or damaged? Run `samskap verify`.",
        where=place,
    )
