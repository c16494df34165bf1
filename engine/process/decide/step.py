"""One command at work: a private copy of the state that follows the events as they are made.

Everything in this room takes a `Step` first, and adds events with `emit`; nothing is written anywhere.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from difflib import get_close_matches
from typing import Literal, Never, TypeAlias
from uuid import UUID

from engine.errors import NotAllowed, NotFound, Refused
from engine.guards import GuardFault
from engine.process import events as e
from engine.process.access import Actor, Deed, Verdict, may
from engine.process.conditions import AnswerLookup, Conditions
from engine.process.state import Incident, ProcessState, advance, thawed
from engine.template.chart import Definition

Unread: TypeAlias = Literal["nothing", "personal", "all"]
"""What of an answer cannot be read: its personal texts, as they were erased, or all of it, as it is sealed."""


def _elsewhere(_: object) -> Never:
    raise LookupError("this context knows one version of the process, as it is now")


@dataclass(frozen=True, slots=True)
class Context:
    """What `decide` may not fetch itself; `person` is who acts, `new_subject` a fresh pseudonym in case of need."""

    actor: Actor
    person: str
    at: datetime
    new_subject: str
    answers: AnswerLookup
    language: str = "nb"
    unread: Unread = "nothing"
    """Which of the answers that are given cannot be read any more, and are taken as they were: for a replay."""
    definitions: Callable[[str], Definition] = _elsewhere
    """A published version of the process's template, by its bundle's hash."""
    earlier: Callable[[int], ProcessState] = _elsewhere
    """The process as it was after a sequence."""


class Step:
    """One command at work: a private copy of the state, and the events so far."""

    def __init__(self, definition: Definition, state: ProcessState, context: Context) -> None:
        self.definition = definition
        self.context = context
        self.state = thawed(state)
        self.events: list[e.Event] = []
        self.actor = context.actor.recorded_as or context.new_subject  # who starts or joins has no pseudonym yet
        self.verdict: Verdict | None = None
        self.keeps = False
        """Whether the process goes back, and keeps what was done."""
        self.faults: dict[tuple[str, str | None], str | None] = {}

    @property
    def at(self) -> datetime:
        """When this is recorded, and what is due counts from: the clock's time, but never before what was recorded."""
        return max(self.context.at, self.state.recorded_at or self.context.at)

    # -- events -----------------------------------------------------------------------------------------------------

    def emit(self, payload: e.Payload) -> None:
        """Add an event, and let the private state follow it."""
        verdict = self.verdict
        behalf = verdict.on_behalf_of.subject if verdict and verdict.on_behalf_of else None
        if self.context.actor.operator and behalf is None and self.actor == "operator":
            behalf = self.context.actor.subject or None
        event = e.Event(
            stream=self.state.stream,
            sequence=self.state.sequence + 1,
            recorded_at=self.at,
            actor=self.actor,
            on_behalf_of=behalf,
            role=verdict.role if verdict else None,
            membership=verdict.membership.id if verdict and verdict.membership else None,
            bundle_hash=self.definition.bundle,
            payload=payload,
        )
        self.events.append(event)
        advance(self.state, event)

    @property
    def conditions(self) -> Conditions:
        """The guards' eyes on the state as it is now."""
        return Conditions(self.definition, self.state, self._answers)

    def _answers(self, sequence: int) -> Mapping[str, object] | None:
        if self.events and sequence >= self.events[0].sequence:
            payload = self.events[sequence - self.events[0].sequence].payload
            if isinstance(payload, e.FormSubmitted | e.LinkEnded):
                if payload.answers is not None or self.context.unread != "all":
                    return payload.answers
        return self.context.answers(sequence)

    def holds(self, place: str, state: str | None, condition: Callable[[], bool]) -> bool:
        """Whether a condition holds; one that fails does not, and is noted for `tell_incidents`."""
        try:
            found = condition()
        except GuardFault as fault:
            self.faults[place, state] = fault.message
            return False
        self.faults[place, state] = None
        return found

    def tell_incidents(self) -> None:
        """Raise an incident for each condition that failed, and end those of conditions that do no more."""
        for (place, state), message in self.faults.items():
            known = self.state.incidents.get(place)
            if message is None:
                if known is not None and known.is_open:
                    self.emit(e.IncidentResolved(incident=place, subject=""))
            elif is_news(known, message) and (state is None or state in self.state.active):
                self.emit(e.IncidentRaised(incident=place, state=state, message=message))

    def require(self, deed: Deed) -> Verdict:
        """The verdict of `may`, kept for the envelope; refused where it is no."""
        verdict = may(self.context.actor, deed, self.state, self.definition)
        if not verdict.allowed:
            raise NotAllowed(verdict.reason, hint="See `samskap status` for who holds which role.")
        self.verdict = verdict
        return verdict


def is_news(known: Incident | None, message: str) -> bool:
    """Whether a fault is not told already, and not one of which a person has said that it does not matter."""
    return known is None or known.message != message or not (known.is_open or known.dismissed)


def unknown(kind: str, name: str, known: Iterable[str]) -> NotFound:
    """What to raise for a name that is not there, with the one that was probably meant."""
    options = list(known)
    close = get_close_matches(name, options, 1)
    listed = ", ".join(options[:12]) or "none yet"
    return NotFound(
        f"there is no {kind} “{name}”", hint=f"Did you mean “{close[0]}”?" if close else f"There are: {listed}."
    )


def needed(reason: str, what: str) -> str:
    """A reason that has to be given; raise `Refused` without one."""
    if not reason.strip():
        raise Refused(f"{what} needs a reason that all can read", hint="Give one with --reason.")
    return reason


def seal_key_id(stream: UUID, task: str, entry: int) -> str:
    """The id of the key that a sealed task's answers lie under in one entry of its state."""
    return f"{stream.hex}.{task}.{entry}"
