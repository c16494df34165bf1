"""What the log and the store hold about one person: found by the person's key, from the events themselves.

A person has another pseudonym in every process, and only a text under the person's key there says who that is. So every
membership in the log is looked at; nothing else knows of memberships that ended.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from engine.engine import Damaged, Engine, Loaded, Meeting, stop
from engine.errors import IntegrityFault
from engine.process import events as e
from engine.process.state import ProcessState
from engine.store.log import Record
from engine.store.people import Person


@dataclass(frozen=True, slots=True)
class Trace:
    """A person in one stream: a process, or a source in which they put a value right; `subject` is the pseudonym."""

    stream: UUID
    subject: str


def traces(engine: Engine, person: Person, *, meet: Meeting = stop) -> list[Trace]:
    """Every stream in which a person is known, in the order of the log.

    Where an event that may have named the person is none any more, its process is met.
    """
    mending = mending_subject(engine, person.id)
    found: dict[Trace, None] = {}
    for record in engine.log.all():
        try:
            subject = _subject_in(engine, record, person, mending)
        except IntegrityFault as why:
            meet(Damaged(name_of(engine, record.stream), why))
            continue
        if subject is not None:
            found[Trace(record.stream, subject)] = None
    return list(found)


def _subject_in(engine: Engine, record: Record, person: Person, mending: str) -> str | None:
    """The pseudonym that an event gives a person; None where it is about others, or gives none."""
    if record.type == e.MembershipAdded.TYPE:
        payload = engine.payload(record)
        if isinstance(payload, e.MembershipAdded) and payload.person == person.id:
            return payload.subject
    elif record.type == e.RowMended.TYPE and record.content()[1]["subject"] == mending:
        return mending
    return None


def mending_subject(engine: Engine, person_id: str) -> str:
    """The pseudonym under which a person puts values of files right, the same in every source."""
    return engine.people.fingerprint(person_id)[:32]


def is_process(engine: Engine, stream: UUID) -> bool:
    """Whether a stream is a process's, also where the event that began it is gone."""
    first = engine.log.read(stream, until=1)
    if first and first[0].type == e.ProcessStarted.TYPE:
        return True
    return bool(engine.log.query("SELECT 1 FROM process WHERE stream=?", (stream.hex,)))


def texts(engine: Engine, trace: Trace) -> Iterator[str]:
    """Every text in a stream that lies under the person's key there, also within seals, which open for their author.

    Of a process in quarantine those that stand in what is an event still.
    """
    loaded = loaded_of(engine, trace.stream) if is_process(engine, trace.stream) else None
    reveals = loaded.state.revealed if loaded is not None else {}
    for record in engine.log.read(trace.stream):
        with suppress(IntegrityFault):
            yield from _texts_of(engine, record, trace.subject, reveals)


def loaded_of(engine: Engine, stream: UUID) -> Loaded | None:
    """A process; None where nothing of it can be told any more."""
    try:
        return engine.load(stream)
    except IntegrityFault:
        return None


def name_of(engine: Engine, stream: UUID) -> str:
    """What a process is called in the lists, also where nothing else of it can be told."""
    rows = engine.log.query("SELECT name FROM process WHERE stream=?", (stream.hex,))
    return str(rows[0]["name"]) if rows else stream.hex


def _texts_of(engine: Engine, record: Record, subject: str, reveals: Mapping[str, e.AnswersRevealed]) -> Iterator[str]:
    payload = engine.payload(record, opened=reveals, own=subject)
    for name in payload.PERSONAL:
        if payload.owner_of(name) != subject or isinstance(payload, e.MembershipAdded):
            continue
        value: Any = getattr(payload, name)
        for text in value.values() if isinstance(value, dict) else [value]:
            if isinstance(text, str) and text:
                yield text


def last_leads(state: ProcessState, subject: str, starter: str) -> bool:
    """Whether nobody would lead the process without this person."""
    leading = [m for m in state.memberships.values() if m.active and starter in m.roles]
    return bool(leading) and all(m.subject == subject for m in leading)


@dataclass(frozen=True, slots=True)
class Rows:
    """How many rows beside the events are a person's, by table."""

    draft: int
    outbox: int
    command: int
    member: int
    session: int


def rows(engine: Engine, person: Person) -> Rows:
    """What the store holds of a person beside the events."""
    mark = engine.people.fingerprint(person.id)

    def count(statement: str, whose: str = mark) -> int:
        return int(engine.log.query(statement, (whose,))[0]["n"])

    return Rows(
        count("SELECT count(*) AS n FROM draft WHERE person=?"),
        count("SELECT count(*) AS n FROM outbox WHERE person=?"),
        count("SELECT count(*) AS n FROM command WHERE actor=?"),
        count("SELECT count(*) AS n FROM member WHERE person=?"),
        count("SELECT count(*) AS n FROM session WHERE person=?", person.id),
    )
