"""Whom an event concerns, and why: a pure function of the event and a state of its process.

It is asked twice: with the state behind the event, when the event is stored, and with the state as it is when the
message is about to be sent. Who is no longer named then need not be told any more.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from engine.process import events as e
from engine.process.access import Actor, ToSubmit, may, on_work_list
from engine.process.state import Instance, Membership, ProcessState
from engine.template.chart import Definition

KINDS: Final[Mapping[str, str]] = {
    "task": "there is something to fill in for you",
    "reminder": "you have not filled in yet what waits for you",
    "escalation": "others have not filled in yet what waits for them",
    "given": "a task that several could do was given to you",
    "role": "you got a role, or it was handed over to you",
    "delegation": "you act in the place of somebody else",
    "revealed": "sealed answers were revealed",
    "incident": "the process cannot go on by itself: for who leads it",
}
"""Why somebody is told."""

_GOING_ON: Final = ("running", "suspended")
_AT_THE_END: Final = ("revealed",)
"""What is told also of a process that has come to its end."""


@dataclass(frozen=True, slots=True)
class Notice:
    """Somebody to tell of an event: as which membership, and why."""

    sequence: int
    kind: str
    membership: str
    person: str


def notices(event: e.Event, state: ProcessState, definition: Definition) -> Iterator[Notice]:
    """Those whom the event concerns as the process stands in `state`, each person once.

    `definition` is that of the state's bundle.
    """
    told: set[str] = set()
    for kind, membership in _concerned(event, state, definition):
        if state.status not in _GOING_ON and kind not in _AT_THE_END:
            continue
        person = membership.person
        if membership.active and person is not None and person not in told:
            told.add(person)
            yield Notice(event.sequence, kind, membership.id, person)


def _concerned(event: e.Event, state: ProcessState, definition: Definition) -> Iterator[tuple[str, Membership]]:
    """Why, and as which memberships."""
    yield from _by_work(event, state, definition)
    yield from _by_standing(event, state)
    match event.payload:
        case e.AnswersRevealed():
            yield from (("revealed", m) for m in state.memberships.values())
        case e.IncidentRaised(incident=name) if name in state.incidents and state.incidents[name].is_open:
            yield from (("incident", m) for m in _holding((definition.template.starter,), state))


def _by_work(event: e.Event, state: ProcessState, definition: Definition) -> Iterator[tuple[str, Membership]]:
    """Those for whom there is something to fill in, and those who look after it."""
    if not isinstance(event.payload, e.TaskOpened | e.TaskReopened | e.TaskBegun | e.TaskClaimed | e.ReminderDue):
        return
    instance = state.instances.get(event.payload.instance)
    if instance is None or instance.status != "open":
        return
    match event.payload:
        case e.TaskOpened() | e.TaskReopened() | e.TaskBegun():
            if instance.entry >= 1 and not _is_optional(instance, definition):  # of a round before: filled in at once
                yield from (("task", m) for m in _able(instance, state, definition))
        case e.ReminderDue(instead=str()):
            return
        case e.ReminderDue(roles=()):
            yield from (("reminder", m) for m in _able(instance, state, definition))
        case e.ReminderDue(roles=roles):
            yield from (("escalation", m) for m in _holding(roles, state))
        case e.TaskClaimed(membership=who, kept_from=None) if instance.claimed_by == who:
            yield from _not_own("given", event, state.memberships[who])


def _by_standing(event: e.Event, state: ProcessState) -> Iterator[tuple[str, Membership]]:
    """Those who were given a role, or act in the place of somebody."""
    match event.payload:
        case e.RoleGranted(membership=who, role=role) if role in state.memberships[who].roles:
            yield from _not_own("role", event, state.memberships[who])
        case e.DelegationBegun(membership=who, to=to) if state.memberships[who].delegate == to:
            yield from _not_own("delegation", event, state.memberships[to])


def _able(instance: Instance, state: ProcessState, definition: Definition) -> Iterator[Membership]:
    """Who can fill an open instance in, with those who act in their place."""
    alone = instance.claimed_by or instance.membership
    for membership in [state.memberships[alone]] if alone else list(state.memberships.values()):
        if on_work_list(membership, instance) and _is_free(membership, instance, state, definition):
            yield membership
            if membership.delegate is not None:
                yield state.memberships[membership.delegate]


def _is_optional(instance: Instance, definition: Definition) -> bool:
    task = definition.tasks.get(instance.task)
    return task is None or task.spec.optional


def _is_free(membership: Membership, instance: Instance, state: ProcessState, definition: Definition) -> bool:
    """Whether four eyes do not bar the person."""
    return may(Actor(membership.subject), ToSubmit(instance), state, definition).allowed


def _holding(roles: Iterable[str], state: ProcessState) -> Iterator[Membership]:
    """The memberships with one of the roles."""
    wanted = frozenset(roles)
    return (m for m in state.memberships.values() if m.active and not wanted.isdisjoint(m.roles))


def _not_own(kind: str, event: e.Event, membership: Membership) -> Iterator[tuple[str, Membership]]:
    """Whoever did it to themselves knows."""
    if event.actor != membership.subject:
        yield kind, membership
