"""The ways through the chart: states that nothing leads to or on from, and those that no process ends from."""

from __future__ import annotations

from collections.abc import Iterator

from engine.errors import Problem
from engine.template.chart import Node
from engine.template.following import beside, exits
from engine.template.lint.subject import Subject
from engine.template.transitions import entered_by


def problems(subject: Subject) -> Iterator[Problem]:
    """What is wrong with the ways; the chart has to be one that can be walked."""
    yield from _reachability(subject)
    yield from _endless(subject)


def _reachability(subject: Subject) -> Iterator[Problem]:
    reached: set[str] = set()
    ahead = [subject.template.initial]
    while ahead:
        name = ahead.pop()
        if name in reached or name not in subject.nodes:
            continue
        reached.add(name)
        ahead += exits(subject.nodes[name][1])
        ahead += entered_by(subject.definition, name)
    for name, (path, node) in subject.nodes.items():
        if name not in reached:
            hint = "Add a way, or remove it."
            yield subject.problem("unreachable-state", f"nothing leads to the state “{name}”", path, hint)
        elif node.atomic and not (node.spec.final and node.parent is None):
            if not any(exits(subject.nodes[step][1]) for step in beside(subject.definition, node)):
                hint = "Add an action, or final: true."
                yield subject.problem("dead-end", f"nothing leads on from the state “{name}”", path, hint)


def _endless(subject: Subject) -> Iterator[Problem]:
    """Where a process gets into what it never gets out of to an end: the first of those states."""
    leaves = [node for _, node in subject.nodes.values() if node.atomic]
    onward = {node.id: _onward(subject, node) for node in leaves}
    ending = {node.id for node in leaves if node.spec.final and node.parent is None}
    if not ending:
        hint = "Add a state with final: true, and a way to it."
        yield subject.problem(
            "never-ends", "no process of this template ever ends", ("states",), hint, severity="warning"
        )
        return
    while found := {name for name in onward if name not in ending and not onward[name].isdisjoint(ending)}:
        ending |= found
    trapped = {name for name in onward if name not in ending and onward[name]}
    for name in trapped:
        before = {other for other, after in onward.items() if name in after and other not in trapped}
        if before:
            message, hint = f"from “{name}” no process ever ends", "Add a way to a final state, or remove it."
            yield subject.problem("never-ends", message, subject.nodes[name][0], hint, severity="warning")


def _onward(subject: Subject, node: Node) -> set[str]:
    """The states without states of their own that may follow one."""
    targets = {to for step in beside(subject.definition, node) for to in exits(subject.nodes[step][1])}
    histories = [subject.nodes[name][1] for name in targets if subject.nodes[name][1].spec.history is not None]
    around = {history.parent for history in histories}
    entered = {state for name in targets for state in entered_by(subject.definition, name)}
    entered |= {other.id for _, other in subject.nodes.values() if around & set(other.path)}
    return {name for name in entered if subject.nodes[name][1].atomic}
