"""Who could read an answer, and since when: `visible` asked after every event that changes what is seen.

It says who could have read it and not who did: reading leaves no trace. The operator, who holds the keys, is not among
them, and neither is whoever was shown a figure that was made of it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, TypeAlias

from engine.process import events as e
from engine.process.access import Actor, visible
from engine.process.state import ProcessState, evolve

Because: TypeAlias = Literal["gave it", "takes part", "was revealed"]


@dataclass(frozen=True, slots=True)
class Reader:
    """A person who could read an answer: `answer` is its sequence, `sequence` the event since which they could."""

    membership: str
    subject: str
    answer: int
    sequence: int
    since: datetime
    because: Because


_CHANGES = (e.FormSubmitted, e.FormKept, e.AnswersRevealed, e.MembershipAdded)


def readers(events: Iterable[e.Event], instance: str) -> list[Reader]:
    """Every person who could read each answer of an instance, in the order in which they came to."""
    state: ProcessState | None = None
    found: dict[tuple[str, int], Reader] = {}
    for event in events:
        state = evolve(state if state is not None else ProcessState(event.stream), event)
        if isinstance(event.payload, _CHANGES) and instance in state.instances:
            for reader in _now(state, instance, event):
                found.setdefault((reader.subject, reader.answer), reader)
    return list(found.values())


def _now(state: ProcessState, name: str, event: e.Event) -> Iterable[Reader]:
    instance = state.instances[name]
    for member in state.memberships.values():
        view = visible(Actor(member.subject), state)
        for given in instance.submissions:
            if member.active and view.answers(instance, given):
                own = given.subject == member.subject
                because: Because = "gave it" if own else "was revealed" if given.sealed_under else "takes part"
                yield Reader(member.id, member.subject, given.sequence, event.sequence, event.recorded_at, because)
