"""The outbox: whom to tell of what, written in the transaction of the events, and what has become of each message.

A row holds no text and no address: both are made when the message is sent, from the event and the person's profile.
Its key is that of one event and one person, and goes with the message. Whoever sends takes a row by a lease, so that
two who send at once never send the same; after a kill the lease runs out, and the row is sent again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any, Final, Literal
from uuid import UUID, uuid4

from engine.errors import NotFound, Refused, UsageError
from engine.notify.recipients import Notice, notices
from engine.process import events as e
from engine.process.state import ProcessState
from engine.store.log import Log, Row, iso
from engine.template.chart import Definition

Status = Literal["waiting", "sent", "refused", "unaddressed", "moot", "dropped"]
STATUSES: Final[Mapping[Status, str]] = {
    "waiting": "to be sent, for the first time or again",
    "sent": "the service took it",
    "refused": "refused for good, or tried in vain too often: somebody has to look",
    "unaddressed": "nothing was sent, as the person has no address",
    "moot": "nothing was sent, as it was no longer so or too old",
    "dropped": "given up by the operator, with a reason",
}
OPEN: Final[tuple[Status, ...]] = ("waiting", "refused", "unaddressed")
"""The statuses in which something may still have to be done."""
LEASE: Final = timedelta(minutes=10)
"""How long one who sends holds a message: longer than any service is waited for."""
KEPT: Final = timedelta(days=30)
"""How long what has become of a message can be seen."""


@dataclass(frozen=True, slots=True)
class Letter:
    """A message in the outbox: of which event, why, to whom; `at` is when it is tried next, or when it ended."""

    key: str
    stream: UUID
    sequence: int
    kind: str
    membership: str
    person: str
    since: datetime
    status: Status
    at: datetime
    attempts: int
    lease: str
    told: str
    process: str


def rows(
    before: ProcessState,
    events: Sequence[e.Event],
    after: ProcessState,
    definition: Definition,
    mac: Callable[[str], str],
) -> Iterator[Row]:
    """What follows from new events of one process, to be written with them; `definition` is that of the last state."""
    known = _open_before(before, after) if any(isinstance(ev.payload, e.ProcessMigrated) for ev in events) else set()
    for event in events:
        for notice in notices(event, after, definition):
            instance = after.instances.get(getattr(event.payload, "instance", ""))
            if notice.kind == "task" and instance is not None and (instance.task, instance.element) in known:
                continue  # it was theirs before the migration, too
            yield _new(event, notice, mac(notice.person))


def _open_before(before: ProcessState, after: ProcessState) -> set[tuple[str, str | None]]:
    """The tasks that were open, by the names that they have now."""
    return {(after.renamed.get(i.task, i.task), i.element) for i in before.instances.values() if i.pending}


def _new(event: e.Event, notice: Notice, person: str) -> Row:
    at = iso(event.recorded_at)
    values = (key_of(event.stream, event.sequence, person), event.stream.hex, event.sequence, notice.kind)
    return (
        "INSERT INTO outbox VALUES (?,?,?,?,?,?,?,?,?,?,?,?) ON CONFLICT (key) DO NOTHING",
        (*values, notice.membership, person, at, "waiting", at, 0, "", ""),
    )


def key_of(stream: UUID, sequence: int, person: str) -> str:
    """The key of one event and one person (by fingerprint): the same whenever it is made, and telling nothing."""
    return sha256(f"{stream.hex}:{sequence}:{person}".encode()).hexdigest()[:32]


class Outbox:
    """The outbox in the store."""

    def __init__(self, log: Log) -> None:
        self._log = log

    def claim(self, now: datetime) -> Letter | None:
        """The next message that is due, held by a lease from now on; None where nothing is due."""
        until = iso(now + LEASE)
        while self._log.query(_ANY_DUE, (iso(now),)):
            lease = uuid4().hex
            self._log.write_rows([(_CLAIM, (lease, until, iso(now)))])
            if found := self._log.query(_HELD, (until, lease)):  # else another was first
                return _letter(found[0])
        return None

    def end(self, letter: Letter, status: Status, at: datetime, told: str = "", *, attempts: int | None = None) -> None:
        """Say what has become of a message that is held; nothing where the lease has run out and another holds it."""
        tried = letter.attempts if attempts is None else attempts
        self._log.write_rows([(_END, (status, iso(at), told, tried, letter.key, letter.lease))])

    def letters(self, statuses: Iterable[Status] = OPEN, process: str | None = None) -> list[Letter]:
        """The messages in some statuses, oldest first; in one process or in all."""
        wanted = set(statuses)
        found = self._log.query(_IN_PROCESS, (process, process))
        return [letter for row in found if (letter := _letter(row)).status in wanted]

    def find(self, key: str) -> Letter:
        """The message with a key, or with one that begins so; raise `NotFound`, and `UsageError` for several."""
        found = self._log.query(_BY_KEY, (len(key), key))
        if not found or not key:
            raise NotFound(f"there is no message “{key}”", hint="`samskap outbox list --all` lists them.")
        if len(found) > 1:
            raise UsageError(f"{len(found)} messages begin with “{key}”", hint="Give more of the key.")
        return _letter(found[0])

    def retry(self, letters: Iterable[Letter], now: datetime) -> int:
        """Let messages be sent again that were refused, had no address or were given up; how many there were.

        They count as new. Raises `Refused` for one that was sent.
        """
        again = list(letters)
        for letter in again:
            if letter.status == "sent":
                raise Refused(f"the message {letter.key[:8]} was sent already", hint="There is nothing to try again.")
        self._log.write_rows([(_AGAIN, (iso(now), iso(now), letter.key, letter.status)) for letter in again])
        return len(again)

    def drop(self, letter: Letter, reason: str, now: datetime) -> None:
        """Give a message up; raise `Refused` without a reason, or where it is done with."""
        if not reason.strip():
            raise Refused("giving a message up needs a reason", hint="Give one with --reason.")
        if letter.status not in OPEN:
            raise Refused(f"the message {letter.key[:8]} is {letter.status} already", hint="There is nothing to drop.")
        self._log.write_rows([(_DROP, (iso(now), reason, letter.key))])

    def clear(self, now: datetime) -> None:
        """Forget what ended long ago; what was refused stays until somebody has looked."""
        before = iso(now - KEPT)
        if self._log.query(_ANY_OVER, (before,)):
            self._log.write_rows([(_FORGET, (before,))])


_LETTERS = "SELECT o.*, p.name AS process FROM outbox o JOIN process p ON p.stream = o.stream"
_IN_PROCESS = (
    f"{_LETTERS} WHERE (CAST(? AS TEXT) IS NULL OR p.name = ?) ORDER BY o.since, o.stream, o.sequence, o.membership"
)
_BY_KEY = f"{_LETTERS} WHERE substr(o.key, 1, ?)=?"
_HELD = f"{_LETTERS} WHERE o.status='waiting' AND o.at=? AND o.lease=?"
_ANY_DUE = "SELECT 1 FROM outbox WHERE status='waiting' AND at <= ? LIMIT 1"
_ANY_OVER = "SELECT 1 FROM outbox WHERE status NOT IN ('waiting','refused') AND at < ? LIMIT 1"
_FORGET = "DELETE FROM outbox WHERE status NOT IN ('waiting','refused') AND at < ?"
_CLAIM = (
    "UPDATE outbox SET lease=?, at=?, attempts=attempts+1 WHERE key = (SELECT key FROM outbox"
    " WHERE status='waiting' AND at <= ? ORDER BY at, since, stream, sequence, membership LIMIT 1)"
)
_END = "UPDATE outbox SET status=?, at=?, told=?, attempts=?, lease='' WHERE key=? AND lease=?"
_AGAIN = "UPDATE outbox SET status='waiting', since=?, at=?, attempts=0, lease='', told='' WHERE key=? AND status=?"
_DROP = "UPDATE outbox SET status='dropped', at=?, told=?, lease='' WHERE key=?"


def _letter(row: Mapping[str, Any]) -> Letter:
    return Letter(
        **{
            **row,
            "stream": UUID(row["stream"]),
            "since": datetime.fromisoformat(row["since"]),
            "at": datetime.fromisoformat(row["at"]),
        }
    )
