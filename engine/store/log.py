"""The log: events in their stored form, one hash chain a stream, appended in one transaction with what belongs to them.

The hash of an event is over its stored bytes, which hold the hash of the one before; the head of each stream is kept
beside. This module says what every store does; `sqlite` and `postgres` do it. It knows envelopes and bytes; `vault`
knows what is encrypted.
"""

from __future__ import annotations

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeAlias
from uuid import NAMESPACE_OID, UUID, uuid5

import msgspec

from engine import codec
from engine.errors import Conflict, IntegrityFault, SamskapError

Row: TypeAlias = tuple[str, Sequence[object]]
"""A statement of ours and its bound values (each a `?`), written in the transaction of the events.

It is SQL that SQLite and PostgreSQL read alike: a value whose type nothing tells is written `CAST(? AS TEXT)`.
"""

PAGE = 5000
NEWEST = 2**62
"""A sequence that no stream reaches."""
GENESIS = ""
"""The previous hash of a stream's first event."""


def hash_of(body: bytes) -> str:
    """SHA-256 over stored bytes, in hex."""
    return hashlib.sha256(body).hexdigest()


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
        return hash_of(self.body)

    def content(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """(envelope, payload) as dicts; raise `IntegrityFault` where the stored bytes are no event."""
        try:
            found = codec.mapping(codec.decode(self.body))
            return codec.mapping(found["e"]), codec.mapping(found["p"])
        except (SamskapError, ValueError, KeyError, TypeError, RecursionError) as error:
            raise self.unreadable() from error

    def unreadable(self) -> IntegrityFault:
        """What is said of an event that is none any more."""
        return IntegrityFault(
            f"event {self.sequence} of stream {self.stream.hex} cannot be read: it is not what was stored",
            hint="Run `samskap verify`.",
        )


class Envelope(msgspec.Struct, frozen=True, kw_only=True):
    """What is stored around a payload: what it is, where it stands, who did it, when and why, and what came before.

    `stream`, `event_id` and the three ids after it are in hex, `recorded_at` as `iso` writes it.
    """

    event_id: str
    stream: str
    sequence: int
    type: str
    schema_version: int
    recorded_at: str
    actor: str
    on_behalf_of: str | None
    role: str | None
    membership: str | None
    command_id: str
    correlation_id: str
    causation_id: str
    bundle_hash: str | None
    previous_hash: str


@dataclass(frozen=True, slots=True)
class CommandKey:
    """An idempotency key, with a fingerprint of the command's content and the answer that was given."""

    stream: UUID
    actor: str
    key: str
    fingerprint: str
    answer: bytes


@dataclass(frozen=True, slots=True)
class Found:
    """What a command begins with, in one look: where the process is and how it ends, and what the key was used for."""

    stream: UUID
    head: tuple[int, str]
    last: bytes
    """The stored bytes of the event that stands at the head's sequence; empty where none does."""
    answered: CommandKey | None


class Log(ABC):
    """The event store of a workspace: every commit is on disk before it is acknowledged, and one writes at a time.

    What several threads want to store at once is stored in one commit (`group`), each all or nothing by itself. What
    is told here holds for every backend (tests/engine/test_store_contract.py). Every method raises `StoreError`
    where the store cannot be reached, read or written.
    """

    place: str
    """Where the store is, for people: a path, or a URL without its password."""

    # -- what a backend does ----------------------------------------------------------------------------------------

    @abstractmethod
    def about(self) -> str:
        """Which store this is, in a few words."""

    @abstractmethod
    def close(self) -> None:
        """Let go of files and connections."""

    @abstractmethod
    def _write(self, records: Sequence[Record], rows: Sequence[Row], at: int | None = None) -> None:
        """Store records at the next positions, and rows, in one transaction; raise `Conflict` as `write_rows` says."""

    @abstractmethod
    def read(self, stream: UUID, *, after: int = 0, until: int | None = None) -> list[Record]:
        """The records of a stream, in order."""

    @abstractmethod
    def pages(self, *, after: int = 0, size: int = PAGE) -> Iterator[list[Record]]:
        """Records by position, beyond one, so many at a time.

        Positions are given in the order of the commits: whoever has read up to one, and goes on from there, has missed
        nothing and never will have.
        """

    @abstractmethod
    def find(self, name: str, actor: str, key: str) -> Found | None:
        """Where the process of a name is, how it ends, and what was answered to that key; None where there is none."""

    @abstractmethod
    def position(self) -> int:
        """The position of the newest event; 0 for an empty log."""

    @abstractmethod
    def query(self, statement: str, values: Sequence[object] = ()) -> list[Mapping[str, Any]]:
        """Rows of our tables, read in a transaction of their own."""

    @abstractmethod
    def held(self) -> AbstractContextManager[None]:
        """While this is open nobody writes; others wait some seconds, and are told then."""

    @abstractmethod
    def snapshot(self) -> AbstractContextManager[Log]:
        """The log as it is now, only to read: nothing in it changes until the end, while others go on writing."""

    @abstractmethod
    def fill(self, pages: Iterable[Sequence[Record]], rows: Iterable[Row], *, instead_of: int | None = None) -> None:
        """Everything of another log into this one, at the same positions, in one transaction.

        Raises `Conflict`, and takes nothing, where anything is in this log already; or, with `instead_of`, where it is
        no longer at that position: else what was in it is gone.
        """

    @abstractmethod
    def compact(self) -> None:
        """Let nothing stay on the disk of what was deleted beside the events: tables are written anew.

        Raises `StoreError` where somebody keeps the store busy; then it is to be done again.
        """

    # -- what follows from it ---------------------------------------------------------------------------------------

    def append(
        self,
        records: Sequence[Record],
        *,
        rows: Iterable[Row] = (),
        key: CommandKey | None = None,
        previous: str | None = None,
    ) -> None:
        """Append records of one stream, gapless, with their rows and command key: all or nothing.

        Raises `Conflict` where another writer was first (sequence or key), or where `previous` is given and the head
        beside the stream is another than what they follow from: that sequence with that hash.
        """
        last = records[-1]
        keyed: list[Row] = []
        if key is not None:
            values = (key.stream.hex, key.actor, key.key, key.fingerprint, key.answer)
            keyed = [("INSERT INTO command VALUES (?,?,?,?,?)", values)]
        if previous is None:
            head = head_row(last.stream, last.sequence, last.hash)
        else:
            head = _next_head(last, records[0].sequence - 1, previous)
        self._write(records, [head, *rows, *keyed])

    def write_rows(self, rows: Sequence[Row], *, at: int | None = None) -> None:
        """Write rows of ours that belong to no event (drafts, people).

        Raises `Conflict` where a row is there already, or where `at` is given and the log has gone on from there.
        """
        self._write([], rows, at)

    def all(self, *, after: int = 0) -> Iterator[Record]:
        """All records by position, beyond one."""
        for page in self.pages(after=after):
            yield from page

    def command(self, stream: UUID, actor: str, key: str) -> CommandKey | None:
        """What was answered to a command with that key."""
        rows = self.query("SELECT * FROM command WHERE stream=? AND actor=? AND key=?", (stream.hex, actor, key))
        return CommandKey(stream, actor, key, rows[0]["fingerprint"], rows[0]["answer"]) if rows else None

    def _found(self, statement: str, name: str, actor: str, key: str) -> Found | None:
        """`find`, by a statement that gives stream, sequence, hash, body, fingerprint and answer."""
        rows = self.query(statement, (actor, key, name))
        if not rows:
            return None
        (row,) = rows
        stream = stream_of_text(row["stream"])
        known = None
        if row["fingerprint"] is not None:
            known = CommandKey(stream, actor, key, row["fingerprint"], row["answer"])
        body = row["body"] if isinstance(row["body"], bytes) else b""
        return Found(stream, (row["sequence"] or 0, row["hash"] or GENESIS), body, known)

    def head(self, stream: UUID) -> tuple[int, str]:
        """The newest (sequence, hash) of a stream, as kept beside the events; (0, '') for none."""
        rows = self.query("SELECT sequence, hash FROM head WHERE stream=?", (stream.hex,))
        return (rows[0]["sequence"], rows[0]["hash"]) if rows else (0, GENESIS)

    def heads(self) -> dict[UUID, tuple[int, str]]:
        """The newest (sequence, hash) of every stream, as kept beside the events."""
        return {stream_of_text(r["stream"]): (r["sequence"], r["hash"]) for r in self.query("SELECT * FROM head")}


def stream_of_text(text: object) -> UUID:
    """A stream as a table names it; what is no stream's name any more is a stream of its own, which has no chain."""
    try:
        return UUID(str(text))
    except ValueError:
        return uuid5(NAMESPACE_OID, str(text))


def head_row(stream: UUID, sequence: int, digest: str) -> Row:
    """What keeps the newest sequence and hash of a stream."""
    statement = (
        "INSERT INTO head VALUES (?,?,?) ON CONFLICT (stream) DO UPDATE SET sequence=excluded.sequence,"
        " hash=excluded.hash"
    )
    return statement, (stream.hex, sequence, digest)


def _next_head(last: Record, sequence: int, previous: str) -> Row:
    """The head, moved on from where it must be. A head without a sequence is refused by its column, and all with it."""
    if sequence == 0:
        return "INSERT INTO head VALUES (?,?,?)", (last.stream.hex, last.sequence, last.hash)
    values = (last.stream.hex, last.sequence - sequence, last.stream.hex, sequence, previous, last.hash)
    return _NEXT_HEAD, values


_NEXT_HEAD = (
    "INSERT INTO head VALUES (?, (SELECT sequence + ? FROM head WHERE stream=? AND sequence=? AND hash=?), ?)"
    " ON CONFLICT (stream) DO UPDATE SET sequence=excluded.sequence, hash=excluded.hash"
)


def not_empty(place: str) -> Conflict:
    """What is said where a log is to be filled and something is in it."""
    return Conflict(
        "there is a store already, and it is not empty: nothing was copied",
        hint="Copy into an empty database, or a file that is not there yet.",
        where=place,
    )


def gone_on(place: str) -> Conflict:
    """What is said where a log is to be replaced and somebody wrote to it meanwhile."""
    return Conflict(
        "somebody wrote to the store meanwhile: nothing in it was replaced",
        hint="Stop what writes to it, look at what it holds, and begin again.",
        where=place,
    )


def encode(envelope: Envelope, payload: Mapping[str, Any]) -> bytes:
    """The stored bytes of an event: canonical, so that they can be checked."""
    return b'{"e":%b,"p":%b}' % (codec.dumps_record(envelope), codec.dumps(payload))


def iso(moment: datetime) -> str:
    """A moment as it is stored: UTC, microseconds."""
    return moment.isoformat(timespec="microseconds")
