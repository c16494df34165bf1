"""Automatic steps that lead round without a person or the clock, or on and on: their guards may all hold."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from engine.errors import ConfigError, Place, Problem
from engine.guards import parse
from engine.guards.nodes import Compare, Literal, Logic, Node, Path
from engine.template.chart import Choice, has_rule
from engine.template.lint.subject import Subject
from engine.template.model import Auto
from engine.template.transitions import MAX_STEPS, entry_set


def problems(subject: Subject) -> Iterator[Problem]:
    """Circles and chains of automatic steps that need not wait for anybody."""
    following = {
        name: {
            entered
            for auto in node.spec.auto
            if not _waits(subject, name, auto)
            for entered in _entered(subject, name, auto)
        }
        for name, (_, node) in subject.nodes.items()
    }
    ahead = {name: _ahead(following, name) for name in following}
    circles = [name for name in following if name in ahead[name]]
    for name in circles:
        message = f"automatic steps lead from “{name}” back to it"
        hint = "Break the circle, or let a step wait for a task of its own state: tasks.<task>.complete."
        yield subject.problem("auto-cycle", message, subject.nodes[name][0], hint)
    entered = {name for after in following.values() for name in after}
    for name in following if not circles else ():
        if len(ahead[name]) > MAX_STEPS and name not in entered:
            message = f"over {MAX_STEPS} automatic steps may follow each other from “{name}”"
            hint = "Let a person or a deadline come between."
            yield subject.problem("auto-chain", message, subject.nodes[name][0], hint)


def _ahead(following: Mapping[str, Collection[str]], name: str) -> set[str]:
    """The states that automatic steps may lead to from one, at whatever distance."""
    ahead, seen = list(following[name]), set[str]()
    while ahead:
        step = ahead.pop()
        if step not in seen:
            seen.add(step)
            ahead += following[step]
    return seen


def _entered(subject: Subject, state: str, auto: Auto) -> Iterator[str]:
    """The states that an automatic transition may enter; by way of a history state, whatever that may remember."""
    yield from entry_set(subject.definition, {}, [Choice("", state, auto.to, auto, None)])
    target = subject.nodes[auto.to][1]
    if target.spec.history is not None:
        yield from (name for name, (_, node) in subject.nodes.items() if target.parent in node.path)


def _waits(subject: Subject, state: str, auto: Auto) -> bool:
    """Whether the guard cannot hold before somebody has answered a task that each entry of the state asks anew."""
    try:
        tree = parse(auto.when, Place("")).tree
    except ConfigError:  # told where guards are read
        return False
    joined = tree.parts if isinstance(tree, Logic) and tree.operator == "and" else (tree,)
    return any(_asks(subject, state, part) for part in joined)


def _asks(subject: Subject, state: str, part: Node) -> bool:
    match part:
        case Path(full=("tasks", name, "complete")):
            _, task, owner = subject.tasks.get(name, (None, None, None))
            return task is not None and owner == state and not task.optional and not has_rule(task)
        case Compare(first=Path(full=("tasks", name, "done")), rest=((operator, Literal(value=int(count))),)):
            least = {">=": count, "==": count, ">": count + 1}.get(operator, 0)
            return name in subject.tasks and subject.tasks[name][2] == state and least > 0
    return False
