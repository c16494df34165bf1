"""The ways through the chart: states that nothing leads to or on from, and automatic steps that lead round."""

from __future__ import annotations

from collections.abc import Iterator

from engine.errors import ConfigError, Place, Problem
from engine.guards import parse
from engine.guards.nodes import Compare, Literal, Logic, Node, Path
from engine.template import chart
from engine.template.chart import Choice, has_rule
from engine.template.lint.subject import Subject
from engine.template.model import Auto
from engine.template.transitions import entered_by, entry_set


def problems(subject: Subject) -> Iterator[Problem]:
    """What is wrong with the ways; the chart has to be one that can be walked."""
    yield from _reachability(subject)
    yield from _auto_cycles(subject)


def _exits(node: chart.Node) -> list[str]:
    state = node.spec
    return [
        *(action.to for action in state.actions.values()),
        *(auto.to for auto in state.auto),
        *(deadline.to for deadline in state.deadlines.values()),
    ]


def _reachability(subject: Subject) -> Iterator[Problem]:
    reached: set[str] = set()
    ahead = [subject.template.initial]
    while ahead:
        name = ahead.pop()
        if name in reached or name not in subject.nodes:
            continue
        reached.add(name)
        ahead += _exits(subject.nodes[name][1])
        ahead += entered_by(subject.definition, name)
    for name, (path, node) in subject.nodes.items():
        if name not in reached:
            hint = "Add a way, or remove it."
            yield subject.problem("unreachable-state", f"nothing leads to the state “{name}”", path, hint)
        elif node.atomic and not (node.spec.final and node.parent is None):
            if not any(_exits(subject.nodes[step][1]) for step in _beside(subject, node)):
                hint = "Add an action, or final: true."
                yield subject.problem("dead-end", f"nothing leads on from the state “{name}”", path, hint)


def _beside(subject: Subject, node: chart.Node) -> Iterator[str]:
    """The states whose ways out leave a state: its own, those around it, and all of a parallel one around it."""
    for name in node.path:
        yield name
        if subject.nodes[name][1].spec.parallel:
            yield from (other.id for _, other in subject.nodes.values() if name in other.path)


def _auto_cycles(subject: Subject) -> Iterator[Problem]:
    """Automatic transitions that lead round without a person or the clock: their guards may hold for ever."""
    following = {
        name: {
            entered
            for auto in node.spec.auto
            if not _waits(subject, name, auto)
            for entered in _entered(subject, name, auto)
        }
        for name, (_, node) in subject.nodes.items()
    }
    for name, (path, _) in subject.nodes.items():
        ahead, seen = list(following[name]), set[str]()
        while ahead and name not in seen:
            step = ahead.pop()
            if step not in seen:
                seen.add(step)
                ahead += following[step]
        if name in seen:
            message = f"automatic steps lead from “{name}” back to it"
            hint = "Break the circle, or let a step wait for a task of its own state: tasks.<task>.complete."
            yield subject.problem("auto-cycle", message, path, hint)


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
