"""Who could read an answer, and since when: `visible` asked after every event that changes what is seen.

It says who could have read it and not who did: reading leaves no trace. Who entered an answer on behalf of another
knows it, however sealed it is. The operator, who holds the keys, is not among them, and neither is whoever was shown a
figure that was made of it, or takes part in a linked process to which it was passed on.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal, TypeAlias

from engine.process import events as e
from engine.process.access import Actor, visible
from engine.process.state import Membership, ProcessState, Submission, advance

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
    reading: dict[str, dict[int, Reader]] = {}
    ended: list[Reader] = []
    for event in events:
        state = state if state is not None else ProcessState(event.stream)
        advance(state, event)
        for reader in _now(state, event, instance):
            reading.setdefault(reader.subject, {}).setdefault(reader.answer, reader)
        if isinstance(event.payload, _ENDS):
            for subject in [subject for subject in reading if not state.memberships_of(subject)]:
                gone = reading.pop(subject).values()
                ended += [replace(reader, until=event.recorded_at, ended=event.sequence) for reader in gone]
    still = [reader for known in reading.values() for reader in known.values()]
    return sorted((*ended, *still), key=lambda reader: (reader.sequence, reader.answer))


def _now(state: ProcessState, event: e.Event, instance: str | None) -> Iterator[Reader]:
    """Who can read which answers since an event, some of whom could before."""
    for name, submissions, members in _concerned(state, event.payload):
        if instance not in (None, name):
            continue
        for member in members:
            view = visible(Actor(member.subject), state)
            for given in submissions:
                why = _because(member, given)
                if member.active and (view.answers(state.instances[name], given) or why == "entered it"):
                    since = event.sequence, event.recorded_at
                    yield Reader(member.id, member.subject, name, given.sequence, *since, why)


_Concerned: TypeAlias = tuple[str, Iterable[Submission], Iterable[Membership]]


def _concerned(state: ProcessState, payload: e.Payload) -> Iterator[_Concerned]:
    """The instances of which an event may let somebody read something: which answers, and whom."""
    everybody = state.memberships.values()
    match payload:
        case e.FormSubmitted(instance=name):
            yield name, state.instances[name].submissions[-1:], everybody
        case e.FormKept(instance=name):
            yield name, state.instances[name].submissions, everybody
        case e.AnswersRevealed(key_id=key):
            for one in state.instances.values():
                yield one.id, [given for given in one.submissions if given.sealed_under == key], everybody
        case e.MembershipAdded(membership=newcomer):
            for one in state.instances.values():
                yield one.id, one.submissions, (state.memberships[newcomer],)


def _because(member: Membership, given: Submission) -> Because:
    if given.subject == member.subject:
        return "gave it"
    if given.entered_by == member.subject:
        return "entered it"
    return "was revealed" if given.sealed_under else "takes part"
