"""Who could read an answer, and since when: `visible` asked after every event that changes what is seen.

It says who could have read it and not who did: reading leaves no trace. Who entered an answer on behalf of another
knows it, however sealed it is. The operator, who holds the keys, is not among them, and neither is whoever was shown a
figure that was made of it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal, TypeAlias

from engine.process import events as e
from engine.process.access import Actor, visible
from engine.process.state import Membership, ProcessState, Submission, evolve

Because: TypeAlias = Literal["gave it", "entered it", "takes part", "was revealed"]


@dataclass(frozen=True, slots=True)
class Reader:
    """A person who could read an answer: `answer` is its sequence, `sequence` the event since which they could.

    `until` is when they no longer took part; None while they do. What they know then they still know.
    """

    membership: str
    subject: str
    answer: int
    sequence: int
    since: datetime
    because: Because
    until: datetime | None = None


_CHANGES = (e.FormSubmitted, e.FormKept, e.AnswersRevealed, e.MembershipAdded)
_ENDS = (e.MembershipEnded, e.SubjectErased)


def readers(events: Iterable[e.Event], instance: str) -> list[Reader]:
    """Every person who could read each answer of an instance, in the order in which they came to."""
    state: ProcessState | None = None
    reading: dict[tuple[str, int], Reader] = {}
    ended: list[Reader] = []
    for event in events:
        state = evolve(state if state is not None else ProcessState(event.stream), event)
        if isinstance(event.payload, _CHANGES) and instance in state.instances:
            for reader in _now(state, instance, event):
                reading.setdefault((reader.subject, reader.answer), reader)
        if isinstance(event.payload, _ENDS):
            gone = [key for key in reading if not state.memberships_of(key[0])]
            ended += [replace(reading.pop(key), until=event.recorded_at) for key in gone]
    return sorted((*ended, *reading.values()), key=lambda reader: reader.sequence)


def _now(state: ProcessState, name: str, event: e.Event) -> Iterable[Reader]:
    instance = state.instances[name]
    for member in state.memberships.values():
        view = visible(Actor(member.subject), state)
        for given in instance.submissions:
            because = _because(member, given)
            if member.active and (view.answers(instance, given) or because == "entered it"):
                yield Reader(member.id, member.subject, given.sequence, event.sequence, event.recorded_at, because)


def _because(member: Membership, given: Submission) -> Because:
    if given.subject == member.subject:
        return "gave it"
    if given.entered_by == member.subject:
        return "entered it"
    return "was revealed" if given.sealed_under else "takes part"
