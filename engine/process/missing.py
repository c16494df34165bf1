"""Which answers a condition lacks: the question, the task it belongs to, and of whom each is missing and why.

What a reader may not see of answers is told by no detour: of those it is not said either that one is blank.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

from engine.guards import UNKNOWN, Outcome
from engine.guards.values import DONT_KNOW, ERASED
from engine.process.access import Actor, visible
from engine.process.conditions import AnswerLookup, Conditions, counting
from engine.process.state import Instance, ProcessState
from engine.template.chart import Choice, Definition, TaskNode

Why: TypeAlias = Literal["not answered", "blank", "dont_know", "erased", "not to be read"]


@dataclass(frozen=True, slots=True)
class Lacking:
    """One instance that lacks the answer, for whom it is (empty: anybody with the role), and why it is missing."""

    instance: str
    for_whom: str
    why: Why


@dataclass(frozen=True, slots=True)
class Missing:
    """An answer that a condition lacks: its path, the titles of question and task, and each instance that lacks it.

    `task` is empty for what is no answer; `lacking` is empty where the task was not asked yet.
    """

    path: str
    field: str
    task: str
    lacking: tuple[Lacking, ...]


def unseen(definition: Definition, state: ProcessState, actor: Actor) -> set[tuple[str, ...]]:
    """What begins the paths of which the actor may not see everything that a condition would read."""
    view = visible(actor, state)
    passed_on = set() if view.results else {("links", link, "answers") for link in definition.links}
    groups = [(task, state.group(task.id, task.state).instances) for task in definition.tasks.values()]
    return passed_on | {
        ("answers", task.id)
        for task, names in groups
        if not all(view.answers(state.instances[n], s) for n in names for s in counting(state.instances[n]))
    }


def lacked(conditions: Conditions, choice: Choice, outcome: Outcome, hidden: set[tuple[str, ...]]) -> tuple[str, ...]:
    """The answers of which it may be told that the choice's condition, which does not hold, lacks them.

    Whether a missing answer matters may follow from one that is hidden: then each part that reads none such is asked by
    itself, so that nothing is told by what is left out.
    """
    if outcome.value is True or choice.guard is None:
        return ()
    if not any(is_among(path, hidden) for path in choice.guard.paths):
        return outcome.missing
    shown = (part for part in conditions.parts(choice) if not any(is_among(p, hidden) for p in part.guard.paths))
    return tuple(dict.fromkeys(path for part in shown for path in part.outcome.missing))


def is_among(path: tuple[str, ...], beginnings: set[tuple[str, ...]]) -> bool:
    """Whether a path begins with one of these."""
    return any(path[: len(beginning)] == beginning for beginning in beginnings)


def missing(
    definition: Definition, state: ProcessState, answers: AnswerLookup, paths: Iterable[str], language: str
) -> tuple[Missing, ...]:
    """What stands behind the paths that made a condition unknown."""
    return tuple(_missing(definition, state, answers, path, language) for path in paths)


def _missing(definition: Definition, state: ProcessState, answers: AnswerLookup, path: str, language: str) -> Missing:
    names = [name for name in path.split(".") if name != "*"]
    if names[0] != "answers" or len(names) < 3 or names[1] not in definition.tasks:
        return Missing(path, path, "", ())
    task = definition.tasks[names[1]]
    lacking = tuple(_lacking(state, task, answers, names[2:]))
    return Missing(path, _question(definition, task, names[2:], language), task.spec.title.get(language), lacking)


def _question(definition: Definition, task: TaskNode, names: list[str], language: str) -> str:
    """The question's title, or the field's path where the form has it not."""
    fields, title = definition.form_of(task.id).fields, ""
    for name in names:
        if name not in fields:
            return ".".join(names)
        title, fields = fields[name].title(language), fields[name].items
    return title


def _lacking(state: ProcessState, task: TaskNode, answers: AnswerLookup, names: list[str]) -> Iterator[Lacking]:
    for instance in (state.instances[name] for name in state.group(task.id, task.state).instances):
        why = _why(state, instance, answers, names)
        each = task.spec.each or task.spec.repeatable
        if why is not None and not (each and why == "not answered"):  # who has not answered is not in the list
            yield Lacking(instance.id, instance.element or "", why)


def _why(state: ProcessState, instance: Instance, answers: AnswerLookup, names: list[str]) -> Why | None:
    """Why an instance lacks an answer; None where it has it, or is not to be filled in."""
    given = counting(instance)
    if not given:
        return "not answered" if instance.pending else None
    if state.is_sealed(instance):
        return "not to be read"
    for one in given:
        found = answers(one.sequence)
        if found is None:
            return "not to be read"
        why = next(_absences(found, names), None)
        if why is not None:
            return why
    return None


def _absences(value: object, names: list[str]) -> Iterator[Why]:
    """Why values at a path are missing, in every row of the lists on the way."""
    if value is ERASED:
        yield "erased"
    elif value is None or value is UNKNOWN or value == "":
        yield "blank"
    elif value == DONT_KNOW:
        yield "dont_know"
    elif isinstance(value, list | tuple):
        for row in value:
            yield from _absences(row, names)
    elif names and isinstance(value, Mapping):
        yield from _absences(value.get(names[0]), names[1:])
