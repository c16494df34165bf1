"""What people choose to do: an action of an active state, open under its condition, or to go back."""

from __future__ import annotations

from typing import Never

from engine.errors import Refused
from engine.process import commands as c
from engine.process import events as e
from engine.process.access import ToChoose, ToManage
from engine.process.decide.instances import begin_next, keep_answers, reopen
from engine.process.decide.linking import spawn_on_action
from engine.process.decide.moves import settle, take
from engine.process.decide.step import Step, unknown
from engine.process.missing import lacked, unseen
from engine.template.chart import Choice
from engine.template.model import Auto


def act(step: Step, command: c.Act) -> None:
    """Take an action, if the person may and its condition holds."""
    conditions = step.conditions
    choice = conditions.chosen(command.action) or _elsewhere(step, command.action)
    action = step.definition.nodes[choice.state].spec.actions[choice.id]
    step.require(ToChoose(choice, action.by))
    outcome = conditions.outcome(choice)
    if outcome.value is not True:
        told = action.otherwise.get(step.context.language) if action.otherwise else f"its condition is {action.when}"
        lacking = lacked(conditions, choice, outcome, unseen(step.definition, step.state, step.context.actor))
        missing = f" Missing: {', '.join(lacking)}." if lacking else ""
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
            action=command.action,
            state=choice.state,
            subject=step.context.actor.subject,
            reason=command.reason,
            considered=tuple(sorted(conditions.considered)),
        )
    )
    if action.spawn is not None:
        spawn_on_action(step, step.definition.links[action.spawn.link])
    take(step, choice)


def step_back(step: Step, command: c.StepBack) -> None:
    """Go back to a state in which the process has been; what was answered there counts again, save what was sealed.

    Going back reveals nothing: a round that is broken off is asked anew, and its answers stay sealed. Refused where the
    answers that count again would lead straight on: then somebody has to say what is to be done again.
    """
    step.require(ToManage())
    been_in = [state for state in step.state.entries if state in step.definition.nodes]  # not by an earlier name
    if command.to not in step.definition.nodes or step.definition.nodes[command.to].spec.history is not None:
        raise unknown("state", command.to, been_in)
    if command.to not in been_in:
        raise Refused(f"the process has not been in “{command.to}”", hint=f"It was in {', '.join(been_in)}.")
    if not command.reason.strip():
        raise Refused("going back needs a reason that all can read", hint="Give one with --reason.")
    before = dict(step.state.entries)
    step.emit(e.SteppedBack(to=command.to, subject=step.context.actor.subject, reason=command.reason))
    step.keeps = True
    top = next(iter(step.state.active))
    take(step, Choice("", top, command.to, Auto(to=command.to, when="1 == 1"), None), reveal=False)
    for state in step.state.active:
        if state in before:
            keep_answers(step, state, before[state])
    for name in command.again:
        _ask_again(step, name)
    settle(step)
    if command.to not in step.state.active:
        waited_for = [task.id for task in step.definition.tasks_of.get(command.to, ()) if not task.spec.sealed]
        raise Refused(
            f"all that “{command.to}” waits for is done: it would go straight on to {', '.join(step.state.active)}",
            hint=f"Say what is to be done again, with --again: {', '.join(waited_for) or 'a task'}.",
        )


def _ask_again(step: Step, name: str) -> None:
    """Let a task be done again; what was answered stays readable, and the new answer puts it right."""
    task = step.definition.tasks.get(name)
    there = [t.id for state in [None, *step.state.active] for t in step.definition.tasks_of.get(state, ())]
    if task is None or name not in there:
        raise unknown("task", name, there)
    for instance in step.state.group(name, task.state).instances:
        if step.state.instances[instance].status == "done":
            reopen(step, task, instance)
    begin_next(step, task)


def _elsewhere(step: Step, action: str) -> Never:
    """Refuse an action that no active state has."""
    known = [choice.id for state in reversed(list(step.state.active)) for choice in step.definition.actions[state]]
    everywhere = {choice.id: s for s, choices in step.definition.actions.items() for choice in choices}
    if action in everywhere:
        raise Refused(
            f"“{action}” belongs to the state {everywhere[action]}; the process is in {list(step.state.active)[-1]}",
            hint=f"What can be done now: {', '.join(known) or 'nothing'}.",
        )
    raise unknown("action", action, known)
