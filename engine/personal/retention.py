"""How long processes are kept, and which of them are past their time.

The time is the newest published version's that states one: it is policy, and not part of how a process runs. Nothing is
destroyed here: `disposing` does, when somebody asks for it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache, partial
from typing import Any, Final, TypeAlias
from uuid import UUID

from engine.engine import Damaged, Engine, Meeting, stop
from engine.errors import IntegrityFault, NotFound
from engine.process import events as e
from engine.store.log import Record
from engine.template.calendars import day_of, kept_until
from engine.template.chart import Definition
from engine.template.model import Retention
from engine.text import Text

_OVER: Final = ("finished", "cancelled")
_LAST: Final = 16
"""Events at the end of a process that are looked at first: after the last deed stand only erasures."""
_ERASURES: Final = (e.SubjectErased.TYPE, e.ProcessDisposed.TYPE)


@dataclass(frozen=True, slots=True)
class Kept:
    """Until when a process is kept (the last day, where its calendar is), and what becomes of it then."""

    process: str
    title: str
    template: str
    since: datetime
    until: date
    is_due: bool
    then: str
    duty: bool
    basis: Text


def kept(engine: Engine, now: datetime, *, meet: Meeting = stop) -> list[Kept]:
    """Every process whose time is known and that was not disposed of, the one that is due first before the others.

    One of which that cannot be read is met, and keeps none from the others.
    """
    policy_of = cache(partial(policy, engine))
    found = list[Kept]()
    for row in engine.log.query(_PROCESSES):
        try:
            one = _kept(engine, row, policy_of(row["template"]), now)
        except IntegrityFault as why:
            told = f"until when “{row['name']}” is kept cannot be told: {why.message}"
            meet(Damaged(row["name"], IntegrityFault(told, hint=why.hint)))
            continue
        if one is not None:
            found.append(one)
    return sorted(found, key=lambda one: (one.until, one.process))


def of(engine: Engine, name: str, now: datetime) -> Kept | None:
    """Until when one process is kept; None where its time has not begun, is not known or is over and done with.

    Raises `NotFound`.
    """
    rows = engine.log.query(_PROCESS, (name,))
    if not rows:
        raise NotFound(f"there is no process “{name}”", hint="`samskap dispose` lists those that are due.")
    return _kept(engine, rows[0], policy(engine, rows[0]["template"]), now)


def due(engine: Engine, now: datetime, *, meet: Meeting = stop) -> list[Kept]:
    """The processes that are past their time."""
    return [one for one in kept(engine, now, meet=meet) if one.is_due]


_PROCESSES = (
    "SELECT p.name, p.title, p.template, p.status, p.stream, h.sequence FROM process p"
    " JOIN head h ON h.stream = p.stream ORDER BY p.name"
)
_PROCESS = (
    "SELECT p.name, p.title, p.template, p.status, p.stream, h.sequence FROM process p"
    " JOIN head h ON h.stream = p.stream WHERE p.name = ?"
)


Policy: TypeAlias = tuple[Definition, Retention]


def policy(engine: Engine, template: str) -> Policy | None:
    """The retention of a template's processes: of the newest version that states one, with that version."""
    for definition in newest_first(engine, template):
        if definition.template.retention is not None:
            return definition, definition.template.retention
    return None


def newest_first(engine: Engine, template: str) -> Iterator[Definition]:
    """The published versions of a template, retired ones too, the newest first."""
    for published in sorted(
        engine.published(template), key=lambda p: tuple(map(int, p.version.split("."))), reverse=True
    ):
        yield engine.definition(template, published.bundle)


def _kept(engine: Engine, row: Mapping[str, Any], found: Policy | None, now: datetime) -> Kept | None:
    if found is None:
        return None
    definition, retention = found
    if retention.after == "ended" and row["status"] not in _OVER:
        return None
    since = _since(engine, UUID(row["stream"]), row["sequence"])
    if since is None:
        return None
    calendar = definition.template.calendar
    until = kept_until(since, retention.keep, calendar)
    is_due = day_of(now, calendar) > until
    return Kept(
        row["name"],
        row["title"],
        row["template"],
        since,
        until,
        is_due,
        retention.then,
        retention.duty,
        retention.basis,
    )


def _since(engine: Engine, stream: UUID, sequence: int) -> datetime | None:
    """When anything last happened in a process but for erasures; None where it was disposed of."""
    for after in (max(sequence - _LAST, 0), 0):
        records = engine.log.read(stream, after=after)
        if any(record.type == e.ProcessDisposed.TYPE for record in records):
            return None
        for record in reversed(records):
            if record.type not in _ERASURES:
                return _at(record)
    return None


def _at(record: Record) -> datetime:
    return datetime.fromisoformat(record.content()[0]["recorded_at"])


def held_by_duty(engine: Engine, name: str, now: datetime) -> date | None:
    """The day until which a law asks that a process is kept, whoever asks to be erased; None where none does now.

    `date.max` stands for a process whose time has not begun, as it goes on still.
    """
    (row,) = engine.log.query(_PROCESS, (name,))
    found = policy(engine, row["template"])
    if found is None or not found[1].duty:
        return None
    if found[1].after == "ended" and row["status"] not in _OVER:
        return date.max
    one = _kept(engine, row, found, now)
    return None if one is None or one.is_due else one.until
