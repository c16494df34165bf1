"""Forgetting a person: plan it, do it, and do it again where an old backup came back.

What is to be forgotten is written to the list of erasures first; from then on every step can be done again, so that a
kill at any moment leaves an entry that the next one who opens the workspace carries on with. Keys go first: from that
moment nobody reads anything, whatever else is left. Then the rows beside the events, an event in each stream, and the
space on disk. What is made from the log (warehouse, copies) is not known here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from uuid import UUID, uuid4

from engine.engine import Engine
from engine.errors import IntegrityFault, NotFound, Refused, SamskapError
from engine.personal import holdings, retention
from engine.personal.holdings import Rows, Trace
from engine.process import commands as c
from engine.process import events as e
from engine.store import sessions
from engine.store.erasures import Erasure
from engine.store.keys import Kind as KeyKind
from engine.store.log import Record, Row
from engine.store.people import Person, Session


@dataclass(frozen=True, slots=True)
class InProcess:
    """What goes of a person in one process, and what stays open there."""

    process: str
    stream: str
    subject: str
    memberships: tuple[str, ...]
    texts: int
    open_tasks: int
    leaves_without_lead: bool
    kept_until: date | None = None
    """A law asks that it is kept so long, and so it stays (`date.max`: it goes on still)."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What an erasure would do: what goes, and what stays. `canaries` are texts that nobody should find afterwards.

    `whole` is the person as such, with name and address; it is not so where some process is kept by law.
    """

    person: Person
    whole: bool
    processes: tuple[InProcess, ...]
    mended: tuple[Trace, ...]
    rows: Rows
    canaries: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Erased:
    """An erasure that was done: its entry in the list, and the streams that tell of it, with the sequence."""

    erasure: str
    at: str
    events: Mapping[str, int]


def plan(engine: Engine, person: Person, process: str | None = None) -> Plan:
    """What would be forgotten of a person, everywhere or in one process; raise `NotFound` where they are not in it."""
    only = engine.stream(process) if process is not None else None
    found = [trace for trace in holdings.traces(engine, person) if only in (None, trace.stream)]
    if only is not None and not found:
        raise NotFound(f"{person.handle} never took part in “{process}”", hint="See `samskap status`.")
    processes, mended, words = list[InProcess](), list[Trace](), list[str]()
    for trace in found:
        own = list(holdings.texts(engine, trace))
        if holdings.is_process(engine, trace.stream):
            processes.append(_in_process(engine, trace, len(own)))
            words += own if processes[-1].kept_until is None else []
        else:
            mended.append(trace)
            words += own
    whole = process is None and all(one.kept_until is None for one in processes)
    canaries = tuple(dict.fromkeys((*(_names(person) if whole else ()), *words)))
    return Plan(person, whole, tuple(processes), tuple(mended), holdings.rows(engine, person), canaries)


def _names(person: Person) -> list[str]:
    """What a person is called, and the address as it is kept and as people write it."""
    address = person.address or ""
    return [text for text in (person.name, person.handle, address, address.partition(":")[2]) if text]


def _in_process(engine: Engine, trace: Trace, texts: int) -> InProcess:
    loaded = holdings.loaded_of(engine, trace.stream)
    if loaded is None:
        name = holdings.name_of(engine, trace.stream)
        until = retention.held_by_duty(engine, name, engine.clock())
        return InProcess(name, trace.stream.hex, trace.subject, (), texts, 0, False, until)
    state = loaded.state
    theirs = [m for m in state.memberships.values() if m.subject == trace.subject]
    mine = {m.id for m in theirs}
    waiting = [i for i in state.instances.values() if i.pending and (i.membership in mine or i.claimed_by in mine)]
    alone = holdings.last_leads(state, trace.subject, loaded.definition.template.starter)
    return InProcess(
        state.name,
        trace.stream.hex,
        trace.subject,
        tuple(m.id for m in theirs),
        texts,
        len(waiting),
        alone and state.status in ("running", "suspended"),
        retention.held_by_duty(engine, state.name, engine.clock()),
    )


def erase(engine: Engine, planned: Plan, reason: str, *, by: str = "operator") -> Erased:
    """Forget what a plan says; the entry in the list stays. `by` is who does it, by handle or as the operator.

    Raises `Refused` for a reason that is missing or names the person: it is kept. Raises what fails, and then it is
    carried on by whoever opens the workspace next.
    """
    _check_reason(reason, planned)
    if planned.processes and all(one.kept_until for one in planned.processes):
        kept = planned.processes[0]
        raise Refused(
            f"a law asks that “{kept.process}” is kept{_until(kept)}, and what the person is in it",
            hint="See `retention` in its template; what is due is disposed of with `samskap dispose`.",
        )
    entry = Erasure(
        id=uuid4().hex,
        kind="person" if planned.whole else "membership",
        at=_now(engine),
        by=by,
        reason=reason.strip(),
        person=planned.person.id,
        handle=engine.people.handle_mark(planned.person.handle) if planned.whole else None,
        subjects=(
            *((one.stream, one.subject) for one in planned.processes if one.kept_until is None),
            *((trace.stream.hex, trace.subject) for trace in planned.mended),
        ),
    )
    done = begin(engine, entry)
    return _also_since(engine, planned, entry, done) if planned.whole else done


def _also_since(engine: Engine, planned: Plan, entry: Erasure, done: Erased) -> Erased:
    """Forget also what the person became part of while this was going on: from the key's end on nothing more comes."""
    known = set(entry.subjects)
    since = [t for t in holdings.traces(engine, planned.person) if (t.stream.hex, t.subject) not in known]
    if not since:
        return done
    subjects = tuple((trace.stream.hex, trace.subject) for trace in since)
    further = begin(engine, replace(entry, id=uuid4().hex, subjects=subjects))
    return replace(done, events={**done.events, **further.events})


def erase_units(
    engine: Engine, marks: Sequence[str], names: Sequence[str], reason: str, *, by: str = "operator"
) -> Erased:
    """Put people of measurement files on the list, by their pseudonyms; `names` are what the files called them.

    Their rows go with the next purge of the landing. Raises `Refused` as `erase` does.
    """
    _check_words(reason, names)
    entry = Erasure(id=uuid4().hex, kind="unit", at=_now(engine), by=by, reason=reason.strip(), units=tuple(marks))
    return begin(engine, entry)


def begin(engine: Engine, entry: Erasure) -> Erased:
    """Put an entry on the list, and do what it says."""
    with engine.erasures.held():
        engine.erasures.begin(entry)
        events, faults = _apply(engine, entry)
    if faults:
        raise faults[0]
    return Erased(entry.id, entry.at, events)


def _until(kept: InProcess) -> str:
    return f" until {kept.kept_until}" if kept.kept_until and kept.kept_until < date.max else ""


def _check_reason(reason: str, planned: Plan) -> None:
    _check_words(reason, _names(planned.person))


def _check_words(reason: str, names: Iterable[str]) -> None:
    if not reason.strip():
        raise Refused("erasing needs a reason", hint="Say why with --reason, without naming anybody: it is kept.")
    words = {word for text in names for word in text.casefold().split()}
    said = {word.strip(".,;:!?()«»\"'") for word in reason.casefold().split()}
    if named := sorted(words & said - _COMMON):
        raise Refused(
            f"the reason names the person (“{named[0]}”), and it is kept for ever",
            hint="Say it without a name, such as: asked for it in a letter of 3 May.",
        )


_COMMON = frozenset({"av", "de", "og", "i", "the", "of"})
"""Words that a name may hold, and any sentence too."""


# -- doing it, as often as it takes -----------------------------------------------------------------------------------


def reapply_erasures(engine: Engine) -> list[str]:
    """Do again what the list says and the workspace does not show: after a kill, or since an old backup is back.

    The ids of the entries that were applied. What cannot be done in a process that is in quarantine is left for later:
    its keys are gone all the same.
    """
    if not outstanding(engine):
        return []
    with engine.erasures.held():
        applied = outstanding(engine)  # another may just have done it
        for entry in applied:
            _apply(engine, entry)
    return [entry.id for entry in applied]


def outstanding(engine: Engine) -> list[Erasure]:
    """The entries of the list that are not done, or not any more: a key is back, or the log does not tell of them."""
    return [entry for entry in engine.erasures.all() if not _stands(engine, entry)]


def destroyed(engine: Engine) -> frozenset[str]:
    """The ids of the keys that the list says are destroyed."""
    return frozenset(key for entry in engine.erasures.all() for _, key in _keys(entry))


def _stands(engine: Engine, entry: Erasure) -> bool:
    return entry.is_done and not _is_back(engine, entry)


def _keys(entry: Erasure) -> list[tuple[KeyKind, str]]:
    """The keys that go, by kind and id."""
    found: dict[tuple[KeyKind, str], None] = {}
    if entry.kind == "person" and entry.person:
        found["person", entry.person] = None
    found |= {("subject", subject): None for _, subject in entry.subjects}
    found |= {("seal", seal): None for seal in entry.seals}
    return list(found)


def _apply(engine: Engine, entry: Erasure) -> tuple[dict[str, int], list[SamskapError]]:
    """Every step that is not done, or not any more; the events that tell of it, and what could not be told."""
    if not entry.is_cleared or _is_back(engine, entry):
        for kind, key in _keys(entry):
            engine.keys.destroy(kind, key)
        engine.log.write_rows(_rows(engine, entry))
        engine.log.compact()
        engine.erasures.cleared(entry.id, _end(engine))
    events, faults = dict[str, int](), list[SamskapError]()
    for stream, command in _commands(entry):
        try:
            sequence = _tell(engine, UUID(stream), command)
        except IntegrityFault as fault:
            faults.append(fault)
        else:
            events |= {stream: max(sequence, events.get(stream, 0))} if sequence else {}
    if not faults:
        engine.erasures.done(entry.id, events, _end(engine))
    return events, faults


def _is_back(engine: Engine, entry: Erasure) -> bool:
    """Whether keys, or the log with what lies beside it, are from before the erasure again."""
    if any(engine.keys.is_there(kind, key) for kind, key in _keys(entry)):
        return True
    if entry.kind == "person" and engine.log.query("SELECT 1 FROM person WHERE id=?", (entry.person,)):
        return True
    if entry.events is not None and any(_has_come(engine, entry.events, *told) for told in _commands(entry)):
        return True
    if entry.log is not None:  # a log that is from before, or went another way since, has another event there, or none
        position, digest = entry.log
        return _hash_at(engine, position) != digest
    return any(engine.log.head(UUID(stream))[0] < sequence for stream, sequence in (entry.events or {}).items())


def _has_come(engine: Engine, events: Mapping[str, int], stream: str, command: c.Erase | c.Dispose) -> bool:
    """Whether a stream that did not know of the subject when the erasure was done, and so never told, knows now."""
    if stream in events:
        return False
    try:
        records = engine.log.read(UUID(stream))
        return bool(records) and _concerns(records, command) and not _told_at(records, command)
    except IntegrityFault:  # in quarantine: it is told nothing now
        return False


def _end(engine: Engine) -> tuple[int, str]:
    """The newest event of the log: its position and hash."""
    position = engine.log.position()
    return position, _hash_at(engine, position)


def _hash_at(engine: Engine, position: int) -> str:
    """The hash of the event at a position of the log; empty where there is none."""
    page = next(engine.log.pages(after=position - 1, size=1), [])
    return page[0].hash if page and page[0].position == position else ""


def _rows(engine: Engine, entry: Erasure) -> list[Row]:
    """What is deleted beside the events."""
    streams = sorted({stream for stream, _ in entry.subjects})
    if entry.kind == "process":
        return [(statement, (stream,)) for stream in streams for statement in _OF_PROCESS]
    if entry.person is None:
        return []
    mark = engine.people.fingerprint(entry.person)
    if entry.kind == "membership":
        return [(statement, (mark, stream)) for stream in streams for statement in _IN_PROCESS]
    register: Row = ("DELETE FROM person WHERE id=?", (entry.person,))
    return [*((statement, (mark,)) for statement in _OF_PERSON), sessions.ended(entry.person), register]


_OF_PERSON = (
    "DELETE FROM draft WHERE person=?",
    "DELETE FROM outbox WHERE person=?",
    "DELETE FROM command WHERE actor=?",
    "DELETE FROM member WHERE person=?",
    "DELETE FROM delegate WHERE person=?",
)
_IN_PROCESS = (
    "DELETE FROM draft WHERE person=? AND stream=?",
    "DELETE FROM outbox WHERE person=? AND stream=?",
    "DELETE FROM command WHERE actor=? AND stream=?",
)
_OF_PROCESS = (
    "DELETE FROM draft WHERE stream=?",
    "DELETE FROM outbox WHERE stream=?",
    "DELETE FROM command WHERE stream=?",
)


def _commands(entry: Erasure) -> Iterator[tuple[str, c.Erase | c.Dispose]]:
    """What each stream is to be told."""
    if entry.kind == "process":
        for stream in dict.fromkeys(stream for stream, _ in entry.subjects):
            yield stream, c.Dispose(entry.id, entry.archive)
    else:
        for stream, subject in entry.subjects:
            yield stream, c.Erase(subject, entry.id)


def _tell(engine: Engine, stream: UUID, command: c.Erase | c.Dispose) -> int:
    """Let a stream tell what was erased, once; the sequence. 0 where the stream knows nothing of it."""
    records = engine.log.read(stream)
    known = _told_at(records, command)
    if known or not records or not _concerns(records, command):
        return known
    if not holdings.is_process(engine, stream):
        assert isinstance(command, c.Erase)  # only processes are disposed of
        told = e.SubjectErased(subject=command.subject, erasure=command.erasure)
        engine.record(stream, [told], actor="operator")
    else:
        engine.handle(operator(), engine.load(stream).state.name, command)
    return _told_at(engine.log.read(stream, after=len(records)), command)


def _concerns(records: Iterable[Record], command: c.Erase | c.Dispose) -> bool:
    """Whether the stream has got as far as the subject: an older backup may not have."""
    return isinstance(command, c.Dispose) or any(command.subject.encode() in record.body for record in records)


def _told_at(records: Iterable[Record], command: c.Erase | c.Dispose) -> int:
    """The sequence of the event that tells; 0 for none."""
    for record in records:
        if isinstance(command, c.Dispose) and record.type == e.ProcessDisposed.TYPE:
            return record.sequence
        if isinstance(command, c.Erase) and record.type == e.SubjectErased.TYPE:
            if record.content()[1]["subject"] == command.subject:
                return record.sequence
    return 0


def operator(language: str = "en") -> Session:
    """Whoever runs the workspace, as nobody in particular."""
    return Session(Person("", "operator", "operator", language), operator=True)


def _now(engine: Engine) -> str:
    now: datetime = engine.clock()
    return now.isoformat(timespec="seconds")
