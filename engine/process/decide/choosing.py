"""What people choose to do: an action of an active state, open under its condition."""

from __future__ import annotations

from engine.errors import Refused
from engine.process import commands as c
from engine.process import events as e
from engine.process.access import ToChoose
from engine.process.decide.moves import take
from engine.process.decide.step import Step, unknown
from engine.template.chart import Choice


def act(step: Step, command: c.Act) -> None:
    """Take an action, if the person may and its condition holds."""
    choice = find_choice(step, command.action)
    action = step.definition.nodes[choice.state].spec.actions[choice.id]
    step.require(ToChoose(choice, action.by))
    outcome = step.conditions.outcome(choice)
    if outcome.value is not True:
        told = action.otherwise.get(step.context.language) if action.otherwise else f"its condition is {action.when}"
        missing = f" Missing: {', '.join(outcome.missing)}." if outcome.missing else ""
        raise Refused(
            f"“{command.action}” is not open now: {told}{missing}",
            hint=f"See `samskap explain action {step.state.name} {command.action}`.",
        )
    if action.reason == "required" and not command.reason.strip():
        raise Refused(f"“{command.action}” needs a reason that all can read", hint="Give one with --reason.")
    if action.reason is None and command.reason:
        raise Refused(f"“{command.action}” takes no reason", hint="Leave it out.")
    step.emit(
        e.ActionTaken(
            action=command.action, state=choice.state, subject=step.context.actor.subject, reason=command.reason
        )
    )
    take(step, choice)


def find_choice(step: Step, action: str) -> Choice:
    """The action of the innermost active state that has it."""
    known: list[str] = []
    for state in reversed(list(step.state.active)):
        for choice in step.definition.actions[state]:
            if choice.id == action:
                return choice
            known.append(choice.id)
    everywhere = {choice.id: s for s, choices in step.definition.actions.items() for choice in choices}
    if action in everywhere:
        raise Refused(
            f"“{action}” belongs to the state {everywhere[action]}; the process is in {list(step.state.active)[-1]}",
            hint=f"What can be done now: {', '.join(known) or 'nothing'}.",
        )
    raise unknown("action", action, known)
