"""What may be taken out of the workspace, and by whom: the one place of this room that answers either.

A process may be exported by whoever leads it, and by the operator. What the session may not see is told event by
event (`Source.hidden`), so that no maker writes it. Stored bytes are read and checked against their chain; nothing is
decrypted.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from engine.engine import Damaged, Engine, Loaded, Meeting, stop, stream_of
from engine.errors import IntegrityFault, NotAllowed
from engine.process import events as e
from engine.process.access import ToManage, View, may
from engine.store.log import Record
from engine.store.people import Session
from engine.store.verify import first_fault


@dataclass(frozen=True, slots=True)
class Source:
    """One process as it is stored, its template's published versions, and what is hidden from who exports it.

    `hidden` holds, by sequence, the names of the payload's fields that the session may not see.
    """

    name: str
    records: tuple[Record, ...]
    template: tuple[Record, ...]
    hidden: Mapping[int, tuple[str, ...]]


def sources(engine: Engine, session: Session, names: Sequence[str], *, meet: Meeting = stop) -> list[Source]:
    """The processes of these names, each once; all of them without names, which is for the operator.

    Of all of them those that were changed behind the engine's back are met, and left out. Raises `NotFound`,
    `NotAllowed`, and `IntegrityFault` for one that was asked for by name.
    """
    if names:
        return [source(engine, session, name) for name in dict.fromkeys(names)]
    if not session.runs_workspace:
        raise NotAllowed("exporting all processes needs the operator's key", hint="Name the processes that you lead.")
    found = list[Source]()
    for row in engine.processes():
        try:
            found.append(source(engine, session, row["name"]))
        except IntegrityFault as why:
            meet(Damaged(row["name"], why))
    return found


def source(engine: Engine, session: Session, name: str) -> Source:
    """One process, for whoever leads it and for the operator; raises as `sources` does."""
    stream = engine.stream(name)
    records = whole(engine, stream, f"“{name}”")
    loaded = engine.load(stream, until=len(records))
    view = engine.view(session, loaded)
    leads = may(engine.actor(session, loaded.state), ToManage(), loaded.state, loaded.definition)
    if not (leads.allowed or session.operator):
        raise NotAllowed(
            f"only whoever leads “{name}” and the operator may export it", hint="Ask one of them for the file."
        )
    template = whole(engine, stream_of("bundle", loaded.state.template), f"the template “{loaded.state.template}”")
    return Source(name, records, template, _hidden(loaded, view))


def require_all(source: Source) -> None:
    """Raise `NotAllowed` where something is hidden from the session: stored bytes go along whole or not at all."""
    if source.hidden:
        raise NotAllowed(
            f"an archive of “{source.name}” holds answers that you may not see",
            hint="Act for somebody who takes part: samskap --as HANDLE export archive …",
        )


def whole(engine: Engine, stream: UUID, what: str) -> tuple[Record, ...]:
    """A stream's records up to its head; raise `IntegrityFault` where its chain does not hold."""
    head = engine.log.head(stream)
    records = tuple(engine.log.read(stream, until=head[0]))
    fault = first_fault(stream, records, head)
    if fault is not None:
        raise IntegrityFault(
            f"{what} is not what was stored: event {fault.sequence}: {fault.what}",
            hint="Run `samskap verify`; restore the log before anything is exported.",
        )
    return records


_PASSED_ON: Final = {e.LinkOpened.TYPE: "given", e.LinkEnded.TYPE: "answers", e.ParentLinked.TYPE: "given"}
"""The fields in which linked processes pass answers on."""


def _hidden(loaded: Loaded, view: View) -> dict[int, tuple[str, ...]]:
    """By sequence, the fields that hold answers the session may not see, or open their seal."""
    hidden: dict[int, tuple[str, ...]] = {}
    closed = set[str]()
    for instance in loaded.state.instances.values():
        for given in instance.submissions:
            if view.answers(instance, given):
                continue
            if given.sealed_under is None:
                hidden[given.sequence] = ("answers",)
            else:
                closed.add(given.sealed_under)
    for record in loaded.records:
        if record.type == e.AnswersRevealed.TYPE:
            _, payload = record.content()
            if payload["key"] is not None and payload["key_id"] in closed:
                hidden[record.sequence] = ("key",)
        elif record.type in _PASSED_ON and not view.results and record.content()[1][_PASSED_ON[record.type]]:
            hidden[record.sequence] = (_PASSED_ON[record.type],)
    return hidden
