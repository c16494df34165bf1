"""What a process has done so far: where it is, which transitions were taken and how often, how long states took.

Counted from events alone, up to a moment. What people answered is never looked at, only how many did.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from engine.process import events as e
from engine.process.state import ProcessState

Taken = tuple[str, str]
"""A transition: its state, and the id of its `Choice`."""


@dataclass(frozen=True, slots=True)
class Life:
    """A process up to `at`. `took` is the time in each state without what the process rested; `back` counts how often
    somebody went back to a state, past the chart; `tasks` has done and expected of each task of the latest entry.
    """

    name: str
    title: str
    version: str
    status: str
    at: datetime
    active: frozenset[str]
    entries: Mapping[str, int]
    took: Mapping[str, timedelta]
    taken: Mapping[Taken, int]
    back: Mapping[str, int]
    tasks: Mapping[str, tuple[int, int]]


def life(state: ProcessState, events: Iterable[e.Event], at: datetime) -> Life:
    """The life of a process whose events these are, all up to `at` (UTC), and that they fold to `state`."""
    count = _Count()
    for event in events:
        count.add(event)
    took = count.until(count.ended or at)
    return Life(
        name=state.name,
        title=state.title,
        version=state.version,
        status=state.status,
        at=count.ended or at,
        active=frozenset(state.active),
        entries=dict(state.entries),
        took=took,
        taken=dict(count.taken),
        back=dict(count.back),
        tasks={
            task: (group.done, group.expected)
            for (task, _), group in sorted(state.groups.items(), key=lambda item: item[0][1])
        },
    )


@dataclass(slots=True)
class _Count:
    """What was counted so far. `since` is when each active state was entered, put off by what the process rested."""

    taken: Counter[Taken] = field(default_factory=Counter)
    back: Counter[str] = field(default_factory=Counter)
    took: dict[str, timedelta] = field(default_factory=dict)
    since: dict[str, datetime] = field(default_factory=dict)
    rests: datetime | None = None
    ended: datetime | None = None
    deadline: Taken | None = None

    def add(self, event: e.Event) -> None:
        """Count an event."""
        deadline, self.deadline = self.deadline, None
        match event.payload:
            case e.ActionTaken() as p:
                self.taken[p.state, p.action] += 1
            case e.StepTaken() as p:
                self.taken[p.state, f"{p.state}.auto.{p.number}"] += 1
            case e.SteppedBack() as p:
                self.back[p.to] += 1
            case e.DeadlinePassed(state=str()) as p:
                self.deadline = (p.state or "", p.deadline.rsplit(":", 1)[1])
            case e.IncidentResolved() as p if ":" in p.incident:
                around, _, name = p.incident.partition(":")
                self.deadline = (around, name)
            case e.TaskWithdrawn() | e.AnswersRevealed():
                self.deadline = deadline
            case e.StateEntered() as p:
                self.since[p.state] = event.recorded_at
            case e.StateLeft() as p:
                self._left(p.state, event.recorded_at, deadline)
            case e.ProcessSuspended():
                self.rests = event.recorded_at
            case e.ProcessResumed():
                self._resumed(event.recorded_at)
            case e.ProcessFinished() | e.ProcessCancelled():
                self.ended = event.recorded_at

    def _left(self, state: str, at: datetime, deadline: Taken | None) -> None:
        """A state was left: by a deadline, if that passed right before, and nothing but withdrawals came between."""
        if deadline is not None:
            self.taken[deadline] += 1
        self.took[state] = self.took.get(state, timedelta()) + (self.rests or at) - self.since.pop(state)

    def _resumed(self, at: datetime) -> None:
        if self.rests is not None:
            self.since = {state: since + (at - self.rests) for state, since in self.since.items()}
            self.rests = None

    def until(self, at: datetime) -> dict[str, timedelta]:
        """The time in each state, of those that are still active up to a moment."""
        still = {state: (self.rests or at) - since for state, since in self.since.items()}
        return {
            state: self.took.get(state, timedelta()) + still.get(state, timedelta())
            for state in dict.fromkeys([*self.took, *still])
        }
