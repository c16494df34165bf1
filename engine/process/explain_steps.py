"""What a process does by itself, and why it has not yet: automatic steps, and the deadlines of its states.

Who chooses and who fills in is `explain`'s; here nobody acts but the process and time.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from engine.process.access import Actor
from engine.process.conditions import Conditions
from engine.process.explain import ConditionNow, condition_now
from engine.process.state import ProcessState
from engine.template.calendars import day_of
from engine.template.chart import Choice, Definition
from engine.template.model import Deadline


@dataclass(frozen=True, slots=True)
class StepExplanation:
    """An automatic step, taken as soon as its condition holds, or a deadline, taken at `due` (UTC) if it holds then.

    `to` is the state that it leads to, empty where it leads nowhere; `title` is a deadline's; `due_day` is the day of
    `due` where the calendar is kept. A deadline without `due` has passed.
    """

    step: str
    kind: Literal["auto", "deadline"]
    title: str
    state: str
    state_title: str
    to: str
    to_title: str
    condition: ConditionNow
    due: datetime | None = None
    due_day: str = ""


def explain_steps(
    definition: Definition, state: ProcessState, conditions: Conditions, actor: Actor, language: str
) -> tuple[StepExplanation, ...]:
    """Every automatic step and deadline of the active states, the innermost states first, as they are taken."""
    if state.status != "running":
        return ()
    return tuple(
        _explained(definition, state, conditions, actor, choice, language)
        for where in sorted(state.active, key=definition.order.__getitem__, reverse=True)
        for choice in (*definition.autos[where], *definition.deadlines[where].values())
    )


def _explained(
    definition: Definition, state: ProcessState, conditions: Conditions, actor: Actor, choice: Choice, language: str
) -> StepExplanation:
    timed = choice.spec if isinstance(choice.spec, Deadline) else None
    pending = state.pending.get(f"state:{choice.state}:{choice.id}") if timed else None
    return StepExplanation(
        step=choice.id,
        kind="deadline" if timed else "auto",
        title=timed.title.get(language) if timed else "",
        state=choice.state,
        state_title=definition.nodes[choice.state].spec.title.get(language),
        to=choice.to or "",
        to_title=definition.nodes[choice.to].spec.title.get(language) if choice.to else "",
        condition=condition_now(definition, state, conditions, actor, choice, language),
        due=pending.due if pending else None,
        due_day=day_of(pending.due, definition.template.calendar).isoformat() if pending else "",
    )
