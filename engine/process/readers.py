"""Who could read an answer, and since when: `visible` asked after every event that changes what is seen.

It says who could have read it and not who did: reading leaves no trace. Who entered an answer on behalf of another
knows it, however sealed it is. The operator, who holds the keys, is not among them, and neither is whoever was shown a
figure that was made of it, or takes part in a linked process to which it was passed on.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal, TypeAlias

from engine.process import events as e
from engine.process.access import Actor, visible
from engine.process.state import Instance, Membership, ProcessState, Submission, advance

Because: TypeAlias = Literal["gave it", "entered it", "takes part", "was revealed"]


@dataclass(frozen=True, slots=True)
class Reader:
    """A person who could read an answer to an instance: `answer` is its sequence, `sequence` the event since which.

    `until` is when they no longer took part, by the event `ended`; None while they do. What they knew they still know.
    """

    membership: str
    subject: str
    instance: str
    answer: int
    sequence: int
    since: datetime
    because: Because
    until: datetime | None = None
    ended: int | None = None

    def could_at(self, moment: datetime | int) -> bool:
        """Whether they could read it after an event, or at a time."""
        if isinstance(moment, int):
            return self.sequence <= moment and (self.ended is None or moment < self.ended)
        return self.since <= moment and (self.until is None or moment < self.until)


_ENDS = (e.MembershipEnded, e.SubjectErased)


def readers(events: Iterable[e.Event], instance: str | None = None) -> list[Reader]:
    """Every person who could read each answer, of one instance or of all, in the order in which they came to."""
    state: ProcessState | None = None
    reading: dict[tuple[str, int], Reader] = {}
    ended: list[Reader] = []
    for event in events:
        state = state if state is not None else ProcessState(event.stream)
        advance(state, event)
        for name in _concerned(state, event.payload):
            if instance in (None, name):
                for reader in _now(state, name, event):
                    reading.setdefault((reader.subject, reader.answer), reader)
        if isinstance(event.payload, _ENDS):
            gone = [key for key in reading if not state.memberships_of(key[0])]
            ended += [replace(reading.pop(key), until=event.recorded_at, ended=event.sequence) for key in gone]
    return sorted((*ended, *reading.values()), key=lambda reader: (reader.sequence, reader.answer))


def _concerned(state: ProcessState, payload: e.Payload) -> Iterable[str]:
    """The instances of which somebody may come to read the answers by an event."""
    match payload:
        case e.FormSubmitted() | e.FormKept():
            return (payload.instance,)
        case e.AnswersRevealed():
            return [one.id for one in state.instances.values() if _lies_in(one, payload)]
        case e.MembershipAdded():
            return state.instances
    return ()


def _lies_in(instance: Instance, revealed: e.AnswersRevealed) -> bool:
    return any(given.sealed_under == revealed.key_id for given in instance.submissions)


def _now(state: ProcessState, name: str, event: e.Event) -> Iterable[Reader]:
    instance = state.instances[name]
    for member in state.memberships.values():
        view = visible(Actor(member.subject), state)
        for given in instance.submissions:
            why = _because(member, given)
            if member.active and (view.answers(instance, given) or why == "entered it"):
                yield Reader(member.id, member.subject, name, given.sequence, event.sequence, event.recorded_at, why)


def _because(member: Membership, given: Submission) -> Because:
    if given.subject == member.subject:
        return "gave it"
    if given.entered_by == member.subject:
        return "entered it"
    return "was revealed" if given.sealed_under else "takes part"
