"""What of a version is probably in another under a new name: the draft of a plan, for its author to judge.

Two things are taken for one where they stand in the same place and have the same title, the same content, or names
that are spelt alike, the first of these before the next. Nothing follows from it but what people are told.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from difflib import SequenceMatcher
from typing import TypeVar

from engine.template.chart import Choice, Definition, Node, TaskNode
from engine.template.model import Action
from engine.template.plan import Plan
from engine.text import Text

T = TypeVar("T")
Like = Callable[[T, T], bool]

ALIKE = 0.6
"""How alike names are spelt that may be one's: as `suggestion` has it."""


def draft(old: Definition, new: Definition) -> Plan:
    """A plan with the renamings that are likely; it says nothing else."""
    roles = _paired(*_apart(old.template.roles, new.template.roles), lambda role: role.title)
    drafted = _Draft(old, new, roles)
    return Plan(
        template=new.template.template,
        to=new.template.version,
        states=drafted.states,
        tasks={**drafted.tasks()},
        roles={**roles},
        actions={**drafted.actions()},
    )


class _Draft:
    """What is likely of states, from the outermost in, and then of what stands in them."""

    def __init__(self, old: Definition, new: Definition, roles: Mapping[str, str]) -> None:
        self.old, self.new, self.roles = old, new, roles
        self.states: dict[str, str] = {}
        gone, come = _apart(old.nodes, new.nodes)
        for depth in range(1, 1 + max((len(node.path) for node in gone.values()), default=0)):
            level = {name: node for name, node in gone.items() if len(node.path) == depth}
            self.states |= _paired(level, come, lambda node: node.spec.title, self._beside, _same_content)

    def _state(self, name: str | None) -> str | None:
        return self.states.get(name, name) if name is not None else None

    def _by(self, roles: Iterable[str]) -> tuple[str, ...]:
        return tuple(self.roles.get(role, role) for role in roles)

    def _beside(self, old: Node, new: Node) -> bool:
        return self._state(old.parent) == new.parent

    def tasks(self) -> dict[str, str]:
        def in_place(old: TaskNode, new: TaskNode) -> bool:
            return self._state(old.state) == new.state

        def same(old: TaskNode, new: TaskNode) -> bool:
            return old.spec.form == new.spec.form and self._by(old.spec.by) == new.spec.by

        gone, come = _apart(self.old.tasks, self.new.tasks)
        return _paired(gone, come, lambda task: task.spec.title, in_place, same)

    def actions(self) -> dict[str, str]:
        """Of each state; a name that the new version still has, or that several became, is not told of."""

        def same(old: Choice, new: Choice) -> bool:
            return self._state(old.to) == new.to and self._by(_action(old).by) == _action(new).by

        found: dict[str, str] = {}
        kept = {choice.id for choices in self.new.actions.values() for choice in choices}
        for state, choices in self.old.actions.items():
            before = {choice.id: choice for choice in choices}
            after = {choice.id: choice for choice in self.new.actions.get(self._state(state) or "", ())}
            gone, come = _apart(before, after)
            gone = {name: choice for name, choice in gone.items() if name not in kept | found.keys()}
            found |= _paired(gone, come, lambda choice: _action(choice).title, same=same)
        return found


def _apart(old: Mapping[str, T], new: Mapping[str, T]) -> tuple[dict[str, T], dict[str, T]]:
    """What only the old has, and what only the new has."""
    return {name: old[name] for name in old if name not in new}, {name: new[name] for name in new if name not in old}


def _paired(
    gone: Mapping[str, T],
    come: Mapping[str, T],
    title: Callable[[T], Text],
    in_place: Like[T] = lambda _old, _new: True,
    same: Like[T] = lambda _old, _new: False,
) -> dict[str, str]:
    """Each that is gone with the one that it probably is now, none twice; the likeliest first."""
    ranked = []
    for before, old in gone.items():
        for after, new in come.items():
            spelt = SequenceMatcher(None, before, after).ratio()
            ways = (title(old) == title(new), same(old, new), spelt >= ALIKE)
            if in_place(old, new) and any(ways):
                ranked.append((-ways.index(True), spelt, before, after))
    found: dict[str, str] = {}
    for _, _, before, after in sorted(ranked, key=lambda one: one[:2], reverse=True):
        if before not in found and after not in found.values():
            found[before] = after
    return {before: found[before] for before in gone if before in found}


def _same_content(old: Node, new: Node) -> bool:
    """Whether two states have a task, an action or a state within them in common."""
    ours, theirs = ({*node.spec.tasks, *node.spec.actions, *node.spec.states} for node in (old, new))
    return not ours.isdisjoint(theirs)


def _action(choice: Choice) -> Action:
    assert isinstance(choice.spec, Action)
    return choice.spec
