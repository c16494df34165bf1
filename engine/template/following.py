"""What may follow a state: the ways out of it, and every state that a process may still come to from there.

Conditions are left out of account: what is told is what may be, for any answers.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cache, partial

from engine.template.chart import Definition, Node
from engine.template.transitions import entered_by


def exits(node: Node) -> list[str]:
    """Where the ways out of a state's own lead."""
    state = node.spec
    return [
        *(action.to for action in state.actions.values() if action.to is not None),
        *(auto.to for auto in state.auto),
        *(deadline.to for deadline in state.deadlines.values()),
    ]


def beside(definition: Definition, node: Node) -> Iterator[str]:
    """The states whose ways out leave a state: its own, those around it, and all of a parallel one around it."""
    for name in node.path:
        yield name
        if definition.nodes[name].spec.parallel:
            yield from (other.id for other in definition.nodes.values() if name in other.path)


def may_follow(definition: Definition, states: Iterable[str]) -> dict[str, set[str]]:
    """For each state: those that a process may still enter once it is in it, by whatever actions, answers and time."""
    onward = cache(partial(_onward, definition))
    found = {}
    for state in states:
        reached = found[state] = set[str]()
        ahead = [*onward(state)]
        while ahead:
            name = ahead.pop()
            if name not in reached:
                reached.add(name)
                ahead += onward(name) - reached
    return found


def _onward(definition: Definition, state: str) -> set[str]:
    targets = {to for step in beside(definition, definition.nodes[state]) for to in exits(definition.nodes[step])}
    remembering = {definition.nodes[name].parent for name in targets if definition.nodes[name].spec.history is not None}
    entered = {name for target in targets for name in entered_by(definition, target)}
    if not remembering:
        return entered
    return entered | {node.id for node in definition.nodes.values() if remembering & set(node.path)}
