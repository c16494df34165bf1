"""Read models beside the log: which processes there are, who takes part, what is open, what is due.

Each event gives the rows that follow from it; they are written in the event's own transaction, so they are never
behind. They can be thrown away and made again from the events.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from engine.process import events as e
from engine.process.state import ProcessState
from engine.store.log import Log, Row, iso
from engine.template.chart import Definition


def rows(
    events: Iterable[e.Event], after: ProcessState, definition: Definition, mac: Callable[[str], str]
) -> Iterator[Row]:
    """The rows that follow from new events of one process; `after` is the state behind the last of them."""
    stream = after.stream.hex
    for event in events:
        yield from _rows(event.payload, stream, after, definition, mac)
        yield from _drafts_gone(event, stream, after, definition, mac)


def again(
    events: Iterable[e.Event], after: ProcessState, definition: Definition, mac: Callable[[str], str]
) -> Iterator[Row]:
    """The rows of a process from its first event on, to fill empty tables; drafts are no fold, and are left alone."""
    for event in events:
        yield from _rows(event.payload, after.stream.hex, after, definition, mac)


EMPTIED: Sequence[Row] = (
    ("DELETE FROM process", ()),
    ("DELETE FROM member", ()),
    ("DELETE FROM open_task", ()),
    ("DELETE FROM deadline", ()),
)
"""What empties the read models."""


def _drafts_gone(
    event: e.Event, stream: str, after: ProcessState, definition: Definition, mac: Callable[[str], str]
) -> Iterator[Row]:
    """Drafts go with what they were for: when it is submitted or withdrawn, its state is left, the process ends."""
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
            yield "DELETE FROM draft WHERE stream=? AND instance=?", (stream, instance)
        case e.StateLeft(state=state, entry=entry):
            for node in definition.tasks_of.get(state, ()):
                for instance in after.groups[node.id, entry].instances if (node.id, entry) in after.groups else ():
                    yield "DELETE FROM draft WHERE stream=? AND instance=?", (stream, instance)
        case _:
            return


def _rows(  # noqa: C901, PLR0912 (one case an event type)
    payload: e.Payload, stream: str, after: ProcessState, definition: Definition, mac: Callable[[str], str]
) -> Iterator[Row]:
    match payload:
        case e.ProcessStarted(name=name, template=template, title=title):
            yield "INSERT INTO process VALUES (?,?,?,?,?)", (name, stream, template, title, "running")
        case e.ProcessSuspended() | e.ProcessResumed():
            yield "UPDATE process SET status=? WHERE stream=?", (_STATUS[type(payload)], stream)
        case e.ProcessFinished() | e.ProcessCancelled():
            yield "UPDATE process SET status=? WHERE stream=?", (_STATUS[type(payload)], stream)
            yield "DELETE FROM open_task WHERE stream=?", (stream,)
            yield "DELETE FROM deadline WHERE stream=?", (stream,)
        case e.MembershipAdded(membership=membership, person=person, party=party, roles=roles):
            held = json.dumps(sorted(roles))
            yield "INSERT INTO member VALUES (?,?,?,?,?)", (stream, membership, mac(str(person)), party, held)
        case e.MembershipEnded(membership=membership):
            yield "DELETE FROM member WHERE stream=? AND membership=?", (stream, membership)
        case e.RoleGranted(membership=membership) | e.RoleRevoked(membership=membership):
            roles_now = json.dumps(sorted(after.memberships[membership].roles))
            yield "UPDATE member SET roles=? WHERE stream=? AND membership=?", (roles_now, stream, membership)
        case e.TaskOpened(instance=instance, waiting=False) | e.TaskBegun(instance=instance):
            found = after.instances[instance]
            values = (instance, found.task, found.membership, found.party, json.dumps(found.roles))
            yield "INSERT INTO open_task VALUES (?,?,?,?,?,?,NULL)", (stream, *values)
        case e.FormSubmitted(instance=instance, task=task):
            yield from _no_deadlines(stream, instance, after, definition)
            if not definition.tasks[task].spec.repeatable:
                yield "DELETE FROM open_task WHERE stream=? AND instance=?", (stream, instance)
        case e.TaskWithdrawn(instance=instance):
            yield from _no_deadlines(stream, instance, after, definition)
            yield "DELETE FROM open_task WHERE stream=? AND instance=?", (stream, instance)
        case e.StateLeft(state=state):
            for name in definition.nodes[state].spec.deadlines:
                yield "DELETE FROM deadline WHERE stream=? AND deadline=?", (stream, f"state:{state}:{name}")
            for node in definition.tasks_of.get(state, ()):
                yield "DELETE FROM open_task WHERE stream=? AND task=?", (stream, node.id)
        case e.DeadlineSet(deadline=deadline, due=due, instance=instance):
            yield "DELETE FROM deadline WHERE stream=? AND deadline=?", (stream, deadline)
            yield "INSERT INTO deadline VALUES (?,?,?)", (stream, deadline, iso(due))
            if instance:
                yield "UPDATE open_task SET due=? WHERE stream=? AND instance=?", (iso(due), stream, instance)
        case e.ReminderSet(reminder=deadline, due=due, instance=instance):
            yield "DELETE FROM deadline WHERE stream=? AND deadline=?", (stream, deadline)
            yield "INSERT INTO deadline VALUES (?,?,?)", (stream, deadline, iso(due))
        case e.DeadlinePassed(deadline=deadline) | e.ReminderDue(reminder=deadline):
            yield "DELETE FROM deadline WHERE stream=? AND deadline=?", (stream, deadline)
        case _:
            return


_STATUS: Mapping[type[e.Payload], str] = {
    e.ProcessSuspended: "suspended",
    e.ProcessResumed: "running",
    e.ProcessCancelled: "cancelled",
    e.ProcessFinished: "finished",
}


def _no_deadlines(stream: str, instance: str, after: ProcessState, definition: Definition) -> Iterator[Row]:
    """Nothing waits for an instance any more."""
    reminders = definition.tasks[after.instances[instance].task].spec.remind
    names = [f"due:{instance}", *(f"remind:{instance}:{number}" for number, _ in enumerate(reminders, 1))]
    for name in names:
        yield "DELETE FROM deadline WHERE stream=? AND deadline=?", (stream, name)


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


def open_tasks(log: Log, person_fingerprint: str, process: str | None = None) -> list[WorkItem]:
    """What is open for a person, over all processes or in one; what is due first comes first."""
    found = [_work_item(row) for row in log.query(_OPEN_TASKS, (person_fingerprint, process, process)) if _fits(row)]
    return sorted(found, key=lambda item: (iso(item.due) if item.due else "~", item.process, item.instance))


_OPEN_TASKS = (
    "SELECT p.name, p.title, t.instance, t.task, t.due, t.roles AS wanted, m.membership, m.party, m.roles AS held"
    " FROM member m JOIN process p ON p.stream = m.stream JOIN open_task t ON t.stream = m.stream"
    " WHERE m.person = ? AND (? IS NULL OR p.name = ?) AND p.status = 'running'"
    " AND (t.membership IS NULL OR t.membership = m.membership) AND (t.party IS NULL OR t.party = m.party)"
)


def _fits(row: Mapping[str, Any]) -> bool:
    return not set(json.loads(row["wanted"])).isdisjoint(json.loads(row["held"]))


def _work_item(row: Mapping[str, Any]) -> WorkItem:
    due = datetime.fromisoformat(row["due"]) if row["due"] else None
    return WorkItem(row["name"], row["title"], row["instance"], row["task"], row["membership"], row["party"], due)


def due_processes(log: Log, now: datetime) -> list[str]:
    """The names of the processes in which a deadline is due."""
    found = log.query(
        "SELECT DISTINCT p.name FROM deadline d JOIN process p ON p.stream = d.stream"
        " WHERE d.due <= ? AND p.status = 'running' ORDER BY p.name",
        (iso(now),),
    )
    return [row["name"] for row in found]
