"""The conditions of a template: what they say, and what they may not look at. `engine.guards` knows the expressions."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from engine.errors import Problem
from engine.guards import Guard, Type, check, impossible
from engine.guards.nodes import Node, reads
from engine.template.lint.ranges import beside, field_at, ranges
from engine.template.lint.subject import Path, Subject


def problems(subject: Subject) -> Iterator[Problem]:
    """What is wrong with each condition."""
    for guard, path, state in subject.conditions:
        for problem in _of_one(subject, guard, state):
            yield replace(problem, where=subject.document.exact(problem.where, path))


def expression(
    subject: Subject, text: str, path: Path, state: str, wanted: Type
) -> tuple[Guard | Problem, list[Problem]]:
    """An expression that is read in a state, or why it is none; and what is wrong with it."""
    guard = subject.parsed(text, path)
    if isinstance(guard, Problem):
        found = [guard]
    else:
        found = [*check(guard, subject.scope, wanted), *_hidden(subject, guard, state)]
    return guard, [replace(problem, where=subject.document.exact(problem.where, path)) for problem in found]


def _of_one(subject: Subject, guard: Guard | Problem, state: str | None) -> Iterator[Problem]:
    if isinstance(guard, Problem):
        yield guard
        return
    found = check(guard, subject.scope)
    yield from found
    if not found:
        yield from _never(subject, guard, state)
    yield from _hidden(subject, guard, state)


def _never(subject: Subject, guard: Guard, state: str | None) -> Iterator[Problem]:
    part = impossible(guard.tree, ranges(subject, state))
    if part is not None:
        message = "this can never hold, whatever is answered and whoever takes part"
        yield Problem("guard-never", message, guard.where(part.at), _what_can_hold(subject, part))


def _what_can_hold(subject: Subject, part: Node) -> str:
    """What to write instead: of how often one is done for whom there is but one, how to count its answers."""
    counted = [path[1] for path in sorted(reads(part)) if path[:1] == ("tasks",) and path[2:] == ("done",)]
    for task in (subject.tasks[name][1] for name in counted if name in subject.tasks):
        if task.each is None and task.repeatable:
            return f"However often it is answered, it is done once: count with len(answers.{counted[0]})."
        if task.each is None:
            return "A task without `each` is done once: write >= 1."
    return "Compare with the bounds and choices of the forms; `overdue` needs `due`; a state that is left is over."


def _hidden(subject: Subject, guard: Guard, state: str | None) -> Iterator[Problem]:
    """What the condition reads and may not: answers that are still sealed, and what is personal."""
    for path in sorted(guard.paths):
        if path[0] != "answers" or len(path) < 2 or path[1] not in subject.tasks:
            continue
        where = guard.where(guard.at(path))
        if _is_sealed(subject, path[1], state):
            hint = "Count with tasks, or decide later."
            yield Problem("guard-sealed", f"the answers of “{path[1]}” are still sealed here", where, hint)
        field = field_at(subject, path[1], path[2:])
        if field is not None and field.personal:
            message = f"“{field.name}” is personal and decides nothing"
            yield Problem("guard-personal", message, where, "Use another field.")


def _is_sealed(subject: Subject, name: str, state: str | None) -> bool:
    """Whether answers to a task are sealed while a condition is read in a state: until the task's own is left."""
    _, task, owner = subject.tasks[name]
    if not task.sealed or (owner is not None and state is None):
        return False
    if owner is None or state is None:
        return True
    return owner in subject.nodes[state][1].path or beside(subject, owner, state)
