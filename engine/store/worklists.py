"""Read models beside the log: which processes there are, who takes part, what is open, what is due.

Each event gives the rows that follow from it; they are written in the event's own transaction, so they are never
behind. They can be thrown away and made again from the events.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import wraps
from typing import Any, ParamSpec, TypeAlias, TypeVar
from uuid import UUID

from engine.errors import IntegrityFault
from engine.process import events as e
from engine.process.state import Instance, ProcessState
from engine.store.log import Log, Row, iso
from engine.store.tables import FOLDS
from engine.template.chart import Definition

P = ParamSpec("P")
T = TypeVar("T")

Definitions: TypeAlias = Callable[[str], Definition]
"""A published version of the process's template, by its bundle's hash: each event is read by its own."""


def rows(
    events: Iterable[e.Event], after: ProcessState, definitions: Definitions, mac: Callable[[str], str]
) -> Iterator[Row]:
    """The rows that follow from new events of one process; `after` is the state behind the last of them."""
    stream = after.stream.hex
    for event in events:
        definition = definitions(event.bundle_hash or after.bundle)
        yield from _rows(event.payload, stream, after, definition, mac)
        yield from _drafts_gone(event, stream, after, definition, mac)


def again(
    events: Iterable[e.Event], after: ProcessState, definitions: Definitions, mac: Callable[[str], str]
) -> Iterator[Row]:
    """The rows of a process from its first event on, to fill empty tables; drafts are no fold, and are left alone."""
    for event in events:
        definition = definitions(event.bundle_hash or after.bundle)
        yield from _rows(event.payload, after.stream.hex, after, definition, mac)


def as_listed(log: Log, stream: UUID) -> Iterator[Row]:
    """The rows that say that a process is there and who takes part, as they stand: where no event tells it any more."""
    for table, statement in _AS_LISTED.items():
        for row in log.query(statement, (stream.hex,)):
            yield FOLDS[table].insert, tuple(row.values())


_AS_LISTED = {
    "process": "SELECT * FROM process WHERE stream=?",
    "member": "SELECT * FROM member WHERE stream=?",
}

EMPTIED: Sequence[Row] = tuple((table.empty, ()) for table in FOLDS.values())
"""What empties the read models."""


def _drafts_gone(
    event: e.Event, stream: str, after: ProcessState, definition: Definition, mac: Callable[[str], str]
) -> Iterator[Row]:
    """Drafts go with what they were for: when it is submitted or withdrawn, its state is left, the process ends.

    Where a migration opens it again, they stay, under the name that its task has then.
    """
    match event.payload:
        case e.ProcessFinished() | e.ProcessCancelled():
            yield "DELETE FROM draft WHERE stream=?", (stream,)
        case e.FormSubmitted(instance=instance, task=task):
            writer = after.memberships.get(event.membership or "")
            if not definition.tasks[task].spec.repeatable:
                yield "DELETE FROM draft WHERE stream=? AND instance=?", (stream, instance)
            elif writer is not None:  # others go on with what they will submit there
                values = (stream, instance, mac(str(writer.person)))
                yield "DELETE FROM draft WHERE stream=? AND instance=? AND person=?", values
        case e.TaskWithdrawn(instance=instance):
            yield from _draft_moves(instance, stream, after)
        case e.StateLeft(state=state, entry=entry):
            for node in definition.tasks_of.get(state, ()):
                for instance in after.groups[node.id, entry].instances if (node.id, entry) in after.groups else ():
                    yield from _draft_moves(instance, stream, after)
        case _:
            return


def _draft_moves(instance: str, stream: str, after: ProcessState) -> Iterator[Row]:
    """What becomes of the drafts for an instance that was withdrawn, or whose state was left, at least for a moment."""
    was = after.instances[instance]
    if was.pending or (was.status == "done" and was.state and after.active.get(was.state) == was.entry):
        return
    task = after.renamed.get(was.task, was.task)
    here = [one for one in after.instances.values() if one.pending and one.task == task and task != was.task]
    now = next((one.id for one in here if one.element == was.element), None)
    if now is None:
        yield "DELETE FROM draft WHERE stream=? AND instance=?", (stream, instance)
    else:
        yield "DELETE FROM draft WHERE stream=? AND instance=?", (stream, now)
        yield "UPDATE draft SET instance=? WHERE stream=? AND instance=?", (now, stream, instance)


def _rows(
    payload: e.Payload, stream: str, after: ProcessState, definition: Definition, mac: Callable[[str], str]
) -> Iterator[Row]:
    yield from _process_rows(payload, stream)
    yield from _people_rows(payload, stream, after, mac)
    yield from _task_rows(payload, stream, after, definition)
    yield from _time_rows(payload, stream, after, definition)
    yield from _incident_rows(payload, stream, after, definition)
    yield from _link_rows(payload, stream)


def _process_rows(payload: e.Payload, stream: str) -> Iterator[Row]:
    match payload:
        case e.ProcessStarted(name=name, template=template, bundle=bundle, title=title):
            yield "INSERT INTO process VALUES (?,?,?,?,?,?)", (name, stream, template, bundle, title, "running")
        case e.ProcessMigrated(bundle=bundle):
            yield "UPDATE process SET bundle=? WHERE stream=?", (bundle, stream)
        case e.ProcessSuspended() | e.ProcessResumed() | e.ProcessFinished() | e.ProcessCancelled():
            yield "UPDATE process SET status=? WHERE stream=?", (_STATUS[type(payload)], stream)
        case _:
            return


def _people_rows(payload: e.Payload, stream: str, after: ProcessState, mac: Callable[[str], str]) -> Iterator[Row]:
    match payload:
        case e.MembershipAdded(membership=membership, person=person, party=party, roles=roles):
            held = json.dumps(sorted(roles))
            yield "INSERT INTO member VALUES (?,?,?,?,?)", (stream, membership, mac(str(person)), party, held)
        case e.MembershipEnded(membership=membership):
            yield "DELETE FROM member WHERE stream=? AND membership=?", (stream, membership)
        case e.ProcessDisposed():
            yield "DELETE FROM member WHERE stream=?", (stream,)
            yield "DELETE FROM delegate WHERE stream=?", (stream,)
        case e.SubjectErased(subject=subject):
            theirs = [held.id for held in after.memberships.values() if held.subject == subject]
            stood_in = [held.id for held in after.memberships.values() if held.delegate in theirs]
            for membership in theirs:
                yield "DELETE FROM member WHERE stream=? AND membership=?", (stream, membership)
            for membership in (*theirs, *stood_in):
                yield "DELETE FROM delegate WHERE stream=? AND membership=?", (stream, membership)
        case e.RoleGranted(membership=membership) | e.RoleRevoked(membership=membership):
            roles_now = json.dumps(sorted(after.memberships[membership].roles))
            yield "UPDATE member SET roles=? WHERE stream=? AND membership=?", (roles_now, stream, membership)
        case e.DelegationBegun(membership=membership, to=to):
            yield "DELETE FROM delegate WHERE stream=? AND membership=?", (stream, membership)
            person = mac(str(after.memberships[to].person))
            yield "INSERT INTO delegate VALUES (?,?,?)", (stream, membership, person)
        case e.DelegationEnded(membership=membership):
            yield "DELETE FROM delegate WHERE stream=? AND membership=?", (stream, membership)
        case _:
            return


def _task_rows(payload: e.Payload, stream: str, after: ProcessState, definition: Definition) -> Iterator[Row]:
    match payload:
        case (
            e.TaskOpened(instance=instance, waiting=False)
            | e.TaskReopened(instance=instance, waiting=False)
            | e.TaskBegun(instance=instance)
        ):
            found = after.instances[instance]
            if found.entry < 1:  # of a round before the process: it is entered at once, and on nobody's list
                return
            roles = _wanted(found, definition)
            values = (instance, found.task, found.membership, found.party, roles)
            yield "INSERT INTO open_task VALUES (?,?,?,?,?,?,NULL)", (stream, *values)
        case e.FormSubmitted(instance=instance, task=task):
            if not definition.tasks[task].spec.repeatable:
                yield "DELETE FROM open_task WHERE stream=? AND instance=?", (stream, instance)
        case e.TaskWithdrawn(instance=instance) | e.FormKept(instance=instance):
            yield "DELETE FROM open_task WHERE stream=? AND instance=?", (stream, instance)
        case e.TaskClaimed(instance=instance, membership=membership):
            yield "UPDATE open_task SET membership=? WHERE stream=? AND instance=?", (membership, stream, instance)
        case e.TaskReleased(instance=instance):
            yield "UPDATE open_task SET membership=NULL WHERE stream=? AND instance=?", (stream, instance)
        case e.StateLeft(state=state):
            for node in definition.tasks_of.get(state, ()):
                yield "DELETE FROM open_task WHERE stream=? AND task=?", (stream, node.id)
        case e.DeadlineSet(due=due, instance=str(instance)):
            yield "UPDATE open_task SET due=? WHERE stream=? AND instance=?", (iso(due), stream, instance)
        case e.ProcessFinished() | e.ProcessCancelled():
            yield "DELETE FROM open_task WHERE stream=?", (stream,)
        case _:
            return


def _wanted(instance: Instance, definition: Definition, *marks: str) -> str:
    """The roles that may fill an instance in, as JSON, with what else has to be known of it."""
    asked = [ASK] if definition.tasks[instance.task].spec.not_by else []
    return json.dumps([*instance.roles, *asked, *marks])


def _time_rows(payload: e.Payload, stream: str, after: ProcessState, definition: Definition) -> Iterator[Row]:
    match payload:
        case e.DeadlineSet(deadline=name, due=due) | e.ReminderSet(reminder=name, due=due):
            yield from _await(stream, name, due)
        case e.DelegationBegun(membership=membership, until=until):
            yield from _await(stream, f"delegation:{membership}", until)
        case e.DelegationEnded(membership=membership):
            yield from _await(stream, f"delegation:{membership}", None)
        case e.DeadlinePassed(deadline=name) | e.ReminderDue(reminder=name):
            yield from _await(stream, name, None)
        case e.FormSubmitted(instance=instance) | e.TaskWithdrawn(instance=instance) | e.FormKept(instance=instance):
            reminders = definition.tasks[after.instances[instance].task].spec.remind
            yield from _await(stream, f"due:{instance}", None)
            for number, _ in enumerate(reminders, 1):
                yield from _await(stream, f"remind:{instance}:{number}", None)
        case e.StateLeft(state=state):
            for name in definition.nodes[state].spec.deadlines:
                yield from _await(stream, f"state:{state}:{name}", None)
        case e.ProcessFinished() | e.ProcessCancelled():
            yield "DELETE FROM deadline WHERE stream=?", (stream,)
        case _:
            return


def _incident_rows(payload: e.Payload, stream: str, after: ProcessState, definition: Definition) -> Iterator[Row]:
    match payload:
        case e.IncidentRaised(incident=incident, state=state, message=message):
            at = after.incidents[incident].at if incident in after.incidents else after.recorded_at
            yield "DELETE FROM incident WHERE stream=? AND incident=?", (stream, incident)
            yield "INSERT INTO incident VALUES (?,?,?,?,?)", (stream, incident, state, message, iso(at) if at else "")
        case e.IncidentResolved(incident=incident):
            yield "DELETE FROM incident WHERE stream=? AND incident=?", (stream, incident)
            if incident in after.instances:  # a task that nobody can do, of which it was said that nobody needs to
                roles = _wanted(after.instances[incident], definition, NOBODY)
                yield "UPDATE open_task SET roles=? WHERE stream=? AND instance=?", (roles, stream, incident)
        case e.StateLeft(state=state):
            yield "DELETE FROM incident WHERE stream=? AND state=?", (stream, state)
        case e.ProcessFinished() | e.ProcessCancelled():
            yield "DELETE FROM incident WHERE stream=?", (stream,)
        case _:
            return


def _link_rows(payload: e.Payload, stream: str) -> Iterator[Row]:
    match payload:
        case e.LinkOpened(link=link, child=child, element=element):
            yield "DELETE FROM link WHERE parent=? AND child=?", (stream, child)
            yield "INSERT INTO link VALUES (?,?,?,?,?)", (stream, child, link, element, "opened")
        case e.ProcessLinked(child=child):
            yield _LINKED, (stream, child)
        case e.LinkEnded(child=child, how=how):
            yield "UPDATE link SET status=? WHERE parent=? AND child=?", (how, stream, child)
        case e.ProcessFinished() | e.ProcessCancelled():
            yield "UPDATE link SET status='over' WHERE child=? AND status='open'", (stream,)
            yield "DELETE FROM link WHERE parent=?", (stream,)  # which is told nothing more
        case _:
            return


_LINKED = (
    "UPDATE link SET status = CASE WHEN EXISTS (SELECT 1 FROM process WHERE stream = link.child"
    " AND status IN ('finished','cancelled')) THEN 'over' ELSE 'open' END WHERE parent=? AND child=?"
)
"""A link is `opened` until the child is there, then `open` until the child has ended, and `over` until that is told."""


def _await(stream: str, name: str, due: datetime | None) -> Iterator[Row]:
    """Something is due then, in place of whatever it was before; with None nothing is."""
    yield "DELETE FROM deadline WHERE stream=? AND deadline=?", (stream, name)
    if due is not None:
        yield "INSERT INTO deadline VALUES (?,?,?)", (stream, name, iso(due))


ASK = "?"
"""Among the roles of an open task: whoever holds one of them may still be barred, as four eyes are asked for."""
NOBODY = "!"
"""Among the roles of an open task: that nobody can do it has been said not to matter."""

_STATUS: Mapping[type[e.Payload], str] = {
    e.ProcessSuspended: "suspended",
    e.ProcessResumed: "running",
    e.ProcessCancelled: "cancelled",
    e.ProcessFinished: "finished",
}


@dataclass(frozen=True, slots=True)
class WorkItem:
    """Something that a person may fill in now."""

    process: str
    process_title: str
    instance: str
    task: str
    membership: str
    party: str | None
    due: datetime | None
    ask: bool = False
    """Whether `may` has to be asked before it is theirs."""


def _told(read: Callable[P, T]) -> Callable[P, T]:
    """Have a list that is not what was written told of in words."""

    @wraps(read)
    def told(*args: P.args, **options: P.kwargs) -> T:
        try:
            return read(*args, **options)
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise IntegrityFault(
                "a list beside the events is damaged", hint="Make the lists again: `samskap store rebuild`."
            ) from error

    return told


@_told
def open_tasks(log: Log, person_fingerprint: str, process: str | None = None) -> list[WorkItem]:
    """What is open for a person, over all processes or in one; what is due first comes first."""
    found = [
        _work_item(row)
        for row in log.query(_OPEN_TASKS, (person_fingerprint, person_fingerprint, process, process))
        if _fits(row)
    ]
    return sorted(found, key=lambda item: (iso(item.due) if item.due else "~", item.process, item.instance))


_OPEN_TASKS = (
    "WITH mine AS (SELECT stream, membership, party, roles FROM member WHERE person = ? UNION ALL"
    " SELECT m.stream, m.membership, m.party, m.roles FROM delegate d"
    " JOIN member m ON m.stream = d.stream AND m.membership = d.membership WHERE d.person = ?)"
    " SELECT p.name, p.title, t.instance, t.task, t.due, t.roles AS wanted, m.membership, m.party, m.roles AS held"
    " FROM mine m JOIN process p ON p.stream = m.stream JOIN open_task t ON t.stream = m.stream"
    " WHERE (CAST(? AS TEXT) IS NULL OR p.name = ?) AND p.status = 'running'"
    " AND (t.membership IS NULL OR t.membership = m.membership) AND (t.party IS NULL OR t.party = m.party)"
)


def _fits(row: Mapping[str, Any]) -> bool:
    return not set(json.loads(row["wanted"])).isdisjoint(json.loads(row["held"]))


def _work_item(row: Mapping[str, Any]) -> WorkItem:
    due = datetime.fromisoformat(row["due"]) if row["due"] else None
    return WorkItem(
        row["name"],
        row["title"],
        row["instance"],
        row["task"],
        row["membership"],
        row["party"],
        due,
        ASK in json.loads(row["wanted"]),
    )


def taken_part_in(log: Log, person_fingerprint: str) -> list[str]:
    """The names of the processes that a person takes part in."""
    found = log.query(
        "SELECT DISTINCT p.name FROM member m JOIN process p ON p.stream = m.stream WHERE m.person = ? ORDER BY p.name",
        (person_fingerprint,),
    )
    return [row["name"] for row in found]


def due_processes(log: Log, now: datetime) -> list[str]:
    """The names of the processes in which a deadline is due."""
    found = log.query(
        "SELECT DISTINCT p.name FROM deadline d JOIN process p ON p.stream = d.stream"
        " WHERE d.due <= ? AND p.status = 'running' ORDER BY p.name",
        (iso(now),),
    )
    return [row["name"] for row in found]


@dataclass(frozen=True, slots=True)
class Owed:
    """What of a link is still to be done: `opened`, the child is to be there; `over`, its end is to be told."""

    parent: UUID
    child: UUID
    status: str
    is_there: bool


@_told
def owed(log: Log, stream: UUID | None = None) -> list[Owed]:
    """What is still to be done of all links, or of those of one process: whichever end of them it is."""
    found = log.query(_OWED) if stream is None else log.query(_OWED_OF, (stream.hex,) * 3)
    return [Owed(UUID(row["parent"]), UUID(row["child"]), row["status"], row["there"] is not None) for row in found]


_OWED_BY = (
    "SELECT l.parent, l.child, l.status, c.status AS there FROM {links} l LEFT JOIN process c ON c.stream = l.child"
    " WHERE l.status IN ('opened','over') ORDER BY l.parent, l.child"
)
_OWED = _OWED_BY.format(links="link")
_OWED_OF = _OWED_BY.format(
    links="(SELECT * FROM link WHERE parent = ? AND status = 'opened'"
    " UNION SELECT * FROM link WHERE parent = ? AND status = 'over' UNION SELECT * FROM link WHERE child = ?)"
)
"""Each of the first two finds its rows by status and parent; written as one, all links of the parent are walked."""


@dataclass(frozen=True, slots=True)
class IncidentItem:
    """Where a person is needed: a condition that failed, a task that nobody can do, a message that was refused."""

    process: str
    incident: str
    kind: str
    message: str
    at: datetime | None


@_told
def incidents(log: Log, process: str | None = None) -> list[IncidentItem]:
    """What cannot go on by itself, over all running processes or in one."""
    failed = [
        IncidentItem(row["name"], row["incident"], _kind(row["incident"]), row["message"], _moment(row["at"]))
        for row in log.query(_FAILED, (process, process))
    ]
    held = roles_held(log, process)
    nobody = [
        IncidentItem(row["name"], row["instance"], "role", f"nobody holds {' or '.join(wanted)}", None)
        for row in log.query(_FOR_A_ROLE, (process, process))
        if NOBODY not in json.loads(row["roles"])
        if (wanted := [role for role in json.loads(row["roles"]) if role != ASK])
        and held.get(row["stream"], set()).isdisjoint(wanted)
    ]
    refused = [
        IncidentItem(row["name"], row["key"], "message", f"a message was refused: {row['told']}", _moment(row["at"]))
        for row in log.query(_REFUSED, (process, process))
    ]
    return [*failed, *nobody, *refused]


def roles_held(log: Log, process: str | None = None) -> dict[str, set[str]]:
    """The roles that somebody holds now, by the stream of the process."""
    held: dict[str, set[str]] = {}
    for row in log.query(_HELD, (process, process)):
        held.setdefault(row["stream"], set()).update(json.loads(row["roles"]))
    return held


def asked_for(log: Log, process: str | None = None) -> list[tuple[str, str]]:
    """The open tasks that ask for four eyes, by process and instance: whether somebody can do them is not told here."""
    found = log.query(_OPEN, (process, process))
    marks = ((row, set(json.loads(row["roles"]))) for row in found)
    return [(row["name"], row["instance"]) for row, wanted in marks if ASK in wanted and NOBODY not in wanted]


def _kind(incident: str) -> str:
    """Whether an incident is about a linked process, by its name, or about a condition."""
    return "link" if incident.startswith(("link:", "give:")) else "condition"


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


_HELD = (
    "SELECT DISTINCT m.stream, m.roles FROM member m JOIN process p ON p.stream = m.stream"
    " WHERE (CAST(? AS TEXT) IS NULL OR p.name = ?)"
)
_REFUSED = (
    "SELECT p.name, o.key, o.told, o.at FROM outbox o JOIN process p ON p.stream = o.stream"
    " WHERE (CAST(? AS TEXT) IS NULL OR p.name = ?) AND o.status = 'refused' ORDER BY o.at, o.key"
)
_FAILED = (
    "SELECT p.name, i.incident, i.message, i.at FROM incident i JOIN process p ON p.stream = i.stream"
    " WHERE (CAST(? AS TEXT) IS NULL OR p.name = ?) ORDER BY i.at, p.name, i.incident"
)
_OPEN = (
    "SELECT p.name, t.instance, t.roles FROM open_task t JOIN process p ON p.stream = t.stream"
    " WHERE (CAST(? AS TEXT) IS NULL OR p.name = ?) AND p.status = 'running' ORDER BY p.name, t.instance"
)
_FOR_A_ROLE = (
    "SELECT p.name, t.stream, t.instance, t.roles FROM open_task t JOIN process p ON p.stream = t.stream"
    " WHERE (CAST(? AS TEXT) IS NULL OR p.name = ?) AND p.status = 'running' AND t.membership IS NULL"
    " AND t.party IS NULL ORDER BY p.name, t.instance"
)
