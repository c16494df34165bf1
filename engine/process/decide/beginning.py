"""How a process begins: its starter takes part, and its first states are entered."""

from __future__ import annotations

from engine.errors import Conflict
from engine.process import commands as c
from engine.process import events as e
from engine.process.decide.instances import open_where_expected
from engine.process.decide.moves import enter
from engine.process.decide.step import Step
from engine.process.decide.taking_part import add_membership
from engine.template.transitions import initial_set


def start(step: Step, command: c.Start) -> None:
    """Begin the process: whoever starts it gets the starting role, and the first states are entered."""
    template = step.definition.template
    if step.state.sequence:
        raise Conflict(f"“{command.name}” has begun already", hint="Choose another name.")
    step.emit(
        e.ProcessStarted(
            name=command.name,
            title=command.title,
            template=template.template,
            version=template.version,
            bundle=step.definition.bundle,
        )
    )
    add_membership(step, step.context.person, None, (template.starter,))
    for state in initial_set(step.definition):
        enter(step, state)
    open_where_expected(step, None)
