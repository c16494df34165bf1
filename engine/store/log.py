"""The log: events in their stored form, one hash chain a stream, appended in one transaction with what belongs to them.

Built on `eventsourcing`'s recorder, whose insert takes our extra rows (command key, head, work lists) into the
transaction of the events. The hash of an event is over its stored bytes, which hold the hash of the one before; the
head of each stream is kept beside. This module knows envelopes and bytes; `vault` knows what is encrypted.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, TypeAlias
from uuid import UUID

from eventsourcing.persistence import IntegrityError, OperationalError, PersistenceError, StoredEvent
from eventsourcing.sqlite import SQLiteApplicationRecorder, SQLiteCursor, SQLiteDatastore

from engine import codec
from engine.errors import Conflict, IntegrityFault, SettingsError, StoreError

Row: TypeAlias = tuple[str, Sequence[object]]
"""A statement of ours and its bound values, written in the transaction of the events."""

_NEWEST = 2**62
GENESIS = ""
"""The previous hash of a stream's first event."""


@dataclass(frozen=True, slots=True)
class Record:
    """An event as stored: `body` holds the envelope under `e` and the payload under `p`."""

    stream: UUID
    sequence: int
    type: str
    body: bytes
    position: int = 0

    @property
    def hash(self) -> str:
        """SHA-256 over the stored bytes, in hex."""
        return hashlib.sha256(self.body).hexdigest()

    def content(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """(envelope, payload) as dicts."""
        found = codec.mapping(codec.decode(self.body))
        return codec.mapping(found["e"]), codec.mapping(found["p"])


@dataclass(frozen=True, slots=True)
class CommandKey:
    """An idempotency key, with a fingerprint of the command's content and the answer that was given."""

    stream: UUID
    actor: str
    key: str
    fingerprint: str
    answer: bytes


class _Recorder(SQLiteApplicationRecorder):
    """The library's recorder, with positions that are never given twice and our rows in the same transaction."""

    def __init__(self, datastore: SQLiteDatastore, events_table_name: str = "stored_events") -> None:
        super().__init__(datastore, events_table_name)
        self.insert_events_statement = (
            "INSERT INTO stored_events (originator_id, originator_version, topic, state) VALUES (?,?,?,?)"
        )

    def construct_create_table_statements(self) -> list[str]:
        events = (
            "CREATE TABLE IF NOT EXISTS stored_events (rowid INTEGER PRIMARY KEY AUTOINCREMENT,"
            " originator_id TEXT NOT NULL, originator_version INTEGER NOT NULL, topic TEXT NOT NULL,"
            " state BLOB NOT NULL, UNIQUE (originator_id, originator_version))"
        )
        return [events, *SCHEMA]

    def _insert_events(
        self, c: SQLiteCursor, stored_events: Sequence[StoredEvent], *, rows: Sequence[Row] = (), **kwargs: object
    ) -> Sequence[int] | None:
        positions = super()._insert_events(c, stored_events, **kwargs)
        for statement, values in rows:
            c.execute(statement, tuple(values))
        return positions


SCHEMA = (
    "CREATE TABLE IF NOT EXISTS head (stream TEXT PRIMARY KEY, sequence INTEGER NOT NULL, hash TEXT NOT NULL)",
    "CREATE TABLE IF NOT EXISTS command (stream TEXT NOT NULL, actor TEXT NOT NULL, key TEXT NOT NULL,"
    " fingerprint TEXT NOT NULL, answer BLOB NOT NULL, PRIMARY KEY (stream, actor, key)) WITHOUT ROWID",
    "CREATE TABLE IF NOT EXISTS process (name TEXT PRIMARY KEY, stream TEXT NOT NULL UNIQUE, template TEXT NOT NULL,"
    " title TEXT NOT NULL, status TEXT NOT NULL)",
    "CREATE TABLE IF NOT EXISTS member (stream TEXT NOT NULL, membership TEXT NOT NULL, person TEXT NOT NULL,"
    " party TEXT, roles TEXT NOT NULL, PRIMARY KEY (stream, membership)) WITHOUT ROWID",
    "CREATE INDEX IF NOT EXISTS member_person ON member (person)",
    "CREATE TABLE IF NOT EXISTS delegate (stream TEXT NOT NULL, membership TEXT NOT NULL, person TEXT NOT NULL,"
    " PRIMARY KEY (stream, membership)) WITHOUT ROWID",
    "CREATE INDEX IF NOT EXISTS delegate_person ON delegate (person)",
    "CREATE TABLE IF NOT EXISTS open_task (stream TEXT NOT NULL, instance TEXT NOT NULL, task TEXT NOT NULL,"
    " membership TEXT, party TEXT, roles TEXT NOT NULL, due TEXT, PRIMARY KEY (stream, instance)) WITHOUT ROWID",
    "CREATE TABLE IF NOT EXISTS deadline (stream TEXT NOT NULL, deadline TEXT NOT NULL, due TEXT NOT NULL,"
    " PRIMARY KEY (stream, deadline)) WITHOUT ROWID",
    "CREATE INDEX IF NOT EXISTS deadline_due ON deadline (due)",
    "CREATE TABLE IF NOT EXISTS incident (stream TEXT NOT NULL, incident TEXT NOT NULL, state TEXT,"
    " message TEXT NOT NULL, at TEXT NOT NULL, PRIMARY KEY (stream, incident)) WITHOUT ROWID",
    "CREATE TABLE IF NOT EXISTS draft (stream TEXT NOT NULL, instance TEXT NOT NULL, person TEXT NOT NULL,"
    " version INTEGER NOT NULL, saved_at TEXT NOT NULL, subject TEXT NOT NULL, body BLOB NOT NULL,"
    " PRIMARY KEY (stream, instance, person)) WITHOUT ROWID",
    "CREATE TABLE IF NOT EXISTS person (id TEXT PRIMARY KEY, handle TEXT NOT NULL UNIQUE, profile BLOB NOT NULL)",
)
"""Tables beside the events. All but `person` and `draft` are read models: folds of the events, in their transaction."""


class Log:
    """The event store of a workspace, in one SQLite file (WAL, every commit on disk before it is acknowledged)."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._datastore = SQLiteDatastore(str(path), single_row_tracking=True)
            self._recorder = _Recorder(self._datastore)
            self._recorder.create_table()
        except (OSError, PersistenceError, sqlite3.Error) as error:
            raise SettingsError(
                f"the event store cannot be opened: {error}",
                hint="Check that the folder exists, is yours and can be written to.",
                where=str(path),
            ) from error

    def close(self) -> None:
        """Let go of the file."""
        self._datastore.close()

    def append(self, records: Sequence[Record], *, rows: Iterable[Row] = (), key: CommandKey | None = None) -> None:
        """Append records of one stream, gapless, with their rows and command key: all or nothing.

        Raises `Conflict` where another writer was first (sequence or key), `StoreError` where the disk fails.
        """
        last = records[-1]
        stored = [StoredEvent(r.stream, r.sequence, r.type, r.body) for r in records]
        head: Row = (
            "INSERT INTO head VALUES (?,?,?) ON CONFLICT (stream) DO UPDATE SET sequence=excluded.sequence,"
            " hash=excluded.hash",
            (last.stream.hex, last.sequence, last.hash),
        )
        keyed: list[Row] = []
        if key is not None:
            values = (key.stream.hex, key.actor, key.key, key.fingerprint, key.answer)
            keyed = [("INSERT INTO command VALUES (?,?,?,?,?)", values)]
        self._write(stored, [head, *rows, *keyed])

    def write_rows(self, rows: Sequence[Row], *, at: int | None = None) -> None:
        """Write rows of ours that belong to no event (drafts, people).

        Raises `Conflict` where a row is there already, or where `at` is given and the log has gone on from there.
        """
        # A head without a sequence is refused by its column, and takes the whole transaction with it.
        still: Row = ("UPDATE head SET sequence=NULL WHERE (SELECT max(rowid) FROM stored_events) <> ?", (at,))
        self._write([], rows if at is None else [still, *rows])

    def _write(self, stored: Sequence[StoredEvent], rows: Sequence[Row]) -> None:
        try:
            self._recorder.insert_events(stored, rows=rows)
        except IntegrityError as error:
            raise Conflict("somebody else was first", hint="Look at the process again, then try again.") from error
        except (OperationalError, PersistenceError) as error:
            raise StoreError(
                f"nothing was stored: {error}", hint="Is the disk full, or the file held?", where=str(self.path)
            ) from error

    @contextmanager
    def _reading(self) -> Iterator[SQLiteCursor]:
        """A transaction for reading; raise `StoreError` where the file cannot be read."""
        try:
            with self._datastore.transaction(commit=False) as cursor:
                yield cursor
        except PersistenceError as error:
            raise StoreError(
                f"the event store cannot be read: {error}",
                hint="Is the file held, moved or damaged? Run `samskap verify`.",
                where=str(self.path),
            ) from error

    def read(self, stream: UUID, *, after: int = 0, until: int | None = None) -> list[Record]:
        """The records of a stream, in order."""
        with self._reading() as cursor:
            cursor.execute(
                "SELECT originator_version, topic, state FROM stored_events"
                " WHERE originator_id=? AND originator_version>? AND originator_version<=? ORDER BY originator_version",
                (stream.hex, after, _NEWEST if until is None else until),
            )
            rows = cursor.fetchall()
        if any(not isinstance(body, bytes) for _, _, body in rows):
            raise IntegrityFault("the log was changed behind the engine's back", hint="Run `samskap verify`.")
        return [Record(stream, sequence, kind, body) for sequence, kind, body in rows]

    def all(self, *, after: int = 0, limit: int = 5000) -> Iterator[Record]:
        """All records by position, a page at a time."""
        while True:
            page = self._recorder.select_notifications(after, limit, inclusive_of_start=False)
            for n in page:
                yield Record(UUID(str(n.originator_id)), n.originator_version, n.topic, n.state, int(n.id))
            if len(page) < limit:
                return
            after = int(page[-1].id)

    def position(self) -> int:
        """The position of the newest event; 0 for an empty log."""
        return self._recorder.max_notification_id() or 0

    def query(self, statement: str, values: Sequence[object] = ()) -> list[Mapping[str, Any]]:
        """Rows of our tables, read in a transaction of their own."""
        with self._reading() as cursor:
            cursor.execute(statement, tuple(values))
            return [dict(row) for row in cursor.fetchall()]

    def command(self, stream: UUID, actor: str, key: str) -> CommandKey | None:
        """What was answered to a command with that key."""
        rows = self.query("SELECT * FROM command WHERE stream=? AND actor=? AND key=?", (stream.hex, actor, key))
        return CommandKey(stream, actor, key, rows[0]["fingerprint"], rows[0]["answer"]) if rows else None

    def head(self, stream: UUID) -> tuple[int, str]:
        """The newest (sequence, hash) of a stream, as kept beside the events; (0, '') for none."""
        rows = self.query("SELECT sequence, hash FROM head WHERE stream=?", (stream.hex,))
        return (rows[0]["sequence"], rows[0]["hash"]) if rows else (0, GENESIS)

    def heads(self) -> dict[UUID, tuple[int, str]]:
        """The newest (sequence, hash) of every stream, as kept beside the events."""
        return {UUID(r["stream"]): (r["sequence"], r["hash"]) for r in self.query("SELECT * FROM head")}


def encode(envelope: Mapping[str, codec.Json], payload: Mapping[str, Any]) -> bytes:
    """The stored bytes of an event: canonical, so that they can be checked."""
    return codec.dumps({"e": dict(envelope), "p": dict(payload)})


def iso(moment: datetime) -> str:
    """A moment as it is stored: UTC, microseconds."""
    return moment.isoformat(timespec="microseconds")
