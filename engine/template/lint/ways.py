"""The ways through the chart: states that nothing leads to or on from, and automatic steps that lead round."""

from __future__ import annotations

from collections.abc import Iterator

from engine.errors import Problem
from engine.template.chart import Node
from engine.template.lint.subject import Subject
from engine.template.transitions import entered_by


def problems(subject: Subject) -> Iterator[Problem]:
    """What is wrong with the ways; the chart has to be one that can be walked."""
    yield from _reachability(subject)
    yield from _auto_cycles(subject)


def _exits(node: Node) -> list[str]:
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


def _beside(subject: Subject, node: Node) -> Iterator[str]:
    """The states whose ways out leave a state: its own, those around it, and all of a parallel one around it."""
    for name in node.path:
        yield name
        if subject.nodes[name][1].spec.parallel:
            yield from (other.id for _, other in subject.nodes.values() if name in other.path)


def _auto_cycles(subject: Subject) -> Iterator[Problem]:
    """Automatic transitions that lead round without a person or the clock: their guards may hold for ever."""
    following = {
        name: [active for auto in node.spec.auto for active in entered_by(subject.definition, auto.to)]
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
            yield subject.problem("auto-cycle", message, path, "Break the circle.")
