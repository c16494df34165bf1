"""What time does: deadlines pass, the earliest first, each once."""

from __future__ import annotations

from engine.process import commands as c
from engine.process import events as e
from engine.process.decide.moves import settle, take
from engine.process.decide.step import Step


def tick(step: Step, _: c.Tick) -> None:
    """Every deadline that is due, earliest first; each fires once."""
    step.actor = "clock"
    while due := [d for d in step.state.pending.values() if d.due <= step.context.at]:
        first = min(due, key=lambda d: (d.due, d.id))
        step.emit(e.DeadlinePassed(deadline=first.id, due=first.due, instance=first.instance, state=first.state))
        if first.state is not None:
            choice = step.definition.deadlines[first.state][first.id.rsplit(":", 1)[1]]
            if step.conditions.is_open(choice):
                take(step, choice)
        settle(step)
