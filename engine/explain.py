"""Why an action or a task stands as it does: who may, what its condition reads, and what is missing.

It looks through the same eyes as `decide` and `access`, so it can say nothing else than they would do.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from engine.access import Actor, ToChoose, ToSubmit, may
from engine.chart import Choice, Definition, TaskNode
from engine.conditions import Conditions
from engine.state import Instance, ProcessState
from engine.template import Action, AtLeast, Share


@dataclass(frozen=True, slots=True)
class Seen:
    """One thing that a condition reads, and what it is now; `unknown` where an answer is missing."""

    path: str
    value: str


@dataclass(frozen=True, slots=True)
class ActionExplanation:
    """An action: whether its state is active, its condition and what that says, and who may choose it."""

    action: str
    title: str
    state: str
    state_is_active: bool
    is_open: bool
    condition: str
    outcome: str
    seen: tuple[Seen, ...]
    missing: tuple[str, ...]
    otherwise: str
    roles: tuple[str, ...]
    you_may: bool
    why_not: str


@dataclass(frozen=True, slots=True)
class TaskExplanation:
    """A task's instance: how it stands, who fills it in, when it is due, and how far the task is as a whole."""

    instance: str
    title: str
    status: str
    for_whom: str
    roles: tuple[str, ...]
    you_may: bool
    why_not: str
    due: datetime | None
    is_overdue: bool
    rule: str
    done: int
    expected: int
    is_complete: bool
    is_sealed: bool
    visibility: str


def explain_action(
    definition: Definition, state: ProcessState, conditions: Conditions, actor: Actor, choice: Choice, language: str
) -> ActionExplanation:
    """An action as it stands now."""
    action = choice.spec
    assert isinstance(action, Action)
    outcome = conditions.outcome(choice)
    active = choice.state in state.active
    verdict = may(actor, ToChoose(choice, action.by), state, definition)
    return ActionExplanation(
        action=choice.id,
        title=action.title.get(language),
        state=choice.state,
        state_is_active=active,
        is_open=active and outcome.value is True,
        condition=choice.guard.text if choice.guard else "",
        outcome=_word(outcome.value),
        seen=tuple(Seen(path, value) for path, value in conditions.seen(choice)),
        missing=outcome.missing,
        otherwise=action.otherwise.get(language) if action.otherwise else "",
        roles=action.by,
        you_may=verdict.allowed,
        why_not=verdict.reason,
    )


def explain_task(
    definition: Definition, state: ProcessState, conditions: Conditions, actor: Actor, instance: Instance, language: str
) -> TaskExplanation:
    """A task's instance as it stands now."""
    task = definition.tasks[instance.task]
    group = state.group(task.id, task.state)
    verdict = may(actor, ToSubmit(instance), state, definition)
    return TaskExplanation(
        instance=instance.id,
        title=task.spec.title.get(language),
        status=instance.status,
        for_whom=instance.element or "",
        roles=instance.roles,
        you_may=verdict.allowed,
        why_not=verdict.reason,
        due=instance.due,
        is_overdue=instance.overdue,
        rule=_rule(task),
        done=group.done,
        expected=group.expected,
        is_complete=conditions.complete(task),
        is_sealed=bool(task.spec.sealed and (state.is_sealed(instance) or not instance.submissions)),
        visibility=instance.visibility,
    )


def _word(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return "unknown"


def _rule(task: TaskNode) -> str:
    """The completion rule in words."""
    rule = task.spec.complete
    if task.spec.optional:
        return "optional"
    if isinstance(rule, AtLeast):
        return f"at least {rule.at_least}"
    if isinstance(rule, Share):
        return f"at least {rule.share} of all"
    return str(rule)
