"""A template made ready to run: its states as a tree, its tasks and choices by name, its guards compiled.

Transitions follow W3C SCXML (2015, section 3.13) for one region: leave from the inside out up to the least common
ancestor of source and target, enter from the outside in, then go on to the initial states. Running processes are
`state`'s.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from engine.errors import Place
from engine.form.schema import Form
from engine.form.validate import Validator
from engine.guards import Guard, parse
from engine.template.model import Action, Auto, Deadline, State, Task, Template


@dataclass(frozen=True, slots=True)
class Node:
    """A state in the tree; `path` leads from the top to it, itself included."""

    id: str
    path: tuple[str, ...]
    spec: State

    @property
    def atomic(self) -> bool:
        """Whether it has no states of its own."""
        return not self.spec.states


@dataclass(frozen=True, slots=True)
class TaskNode:
    """A task and its state (None: open in every state); `rule` is its completion where that is a guard."""

    id: str
    spec: Task
    state: str | None
    rule: Guard | None


@dataclass(frozen=True, slots=True)
class Choice:
    """A transition out of `state`: an action, an automatic one, or a deadline's."""

    id: str
    state: str
    to: str
    spec: Action | Auto | Deadline
    guard: Guard | None


@dataclass(frozen=True)
class Definition:
    """A published bundle, ready to run."""

    template: Template
    forms: Mapping[str, Form]
    bundle: str = ""
    file: str = ""

    def _guard(self, expression: str | None) -> Guard | None:
        return parse(expression, Place(self.file or self.template.template)) if expression else None

    @cached_property
    def nodes(self) -> Mapping[str, Node]:
        """Every state by id, in document order."""
        return {path[-1]: Node(path[-1], path, spec) for path, spec in self.template.walk()}

    @cached_property
    def tasks(self) -> Mapping[str, TaskNode]:
        """Every task by id, those of the whole process first."""
        owners: list[tuple[str | None, Mapping[str, Task]]] = [(None, self.template.tasks)]
        owners += [(node.id, node.spec.tasks) for node in self.nodes.values()]
        return {
            name: TaskNode(name, spec, state, self._guard(_rule(spec)))
            for state, tasks in owners
            for name, spec in tasks.items()
        }

    @cached_property
    def tasks_of(self) -> Mapping[str | None, tuple[TaskNode, ...]]:
        """The tasks of each state; under None those of the whole process."""
        found: dict[str | None, tuple[TaskNode, ...]] = {}
        for task in self.tasks.values():
            found[task.state] = (*found.get(task.state, ()), task)
        return found

    @cached_property
    def actions(self) -> Mapping[str, tuple[Choice, ...]]:
        """The actions of each state."""
        return {
            node.id: tuple(
                Choice(name, node.id, action.to, action, self._guard(action.when))
                for name, action in node.spec.actions.items()
            )
            for node in self.nodes.values()
        }

    @cached_property
    def autos(self) -> Mapping[str, tuple[Choice, ...]]:
        """The automatic transitions of each state, in document order."""
        return {
            node.id: tuple(
                Choice(f"{node.id}.auto.{number}", node.id, auto.to, auto, self._guard(auto.when))
                for number, auto in enumerate(node.spec.auto, 1)
            )
            for node in self.nodes.values()
        }

    @cached_property
    def deadlines(self) -> Mapping[str, Mapping[str, Choice]]:
        """The deadlines of each state, by name."""
        return {
            node.id: {
                name: Choice(name, node.id, deadline.to, deadline, self._guard(deadline.when))
                for name, deadline in node.spec.deadlines.items()
            }
            for node in self.nodes.values()
        }

    @cached_property
    def validators(self) -> Mapping[str, Validator]:
        """One compiled validator a form."""
        return {name: Validator(form) for name, form in self.forms.items()}

    def form_of(self, task: str) -> Form:
        """The form that a task asks for."""
        return self.forms[self.tasks[task].spec.form]

    def start(self) -> Iterator[str]:
        """The states entered when a process begins, outermost first."""
        yield from self._descend(self.template.initial)

    def _descend(self, state: str) -> Iterator[str]:
        yield state
        node = self.nodes[state]
        if not node.atomic:
            yield from self._descend(node.spec.initial or next(iter(node.spec.states)))

    def transition(self, active: Iterable[str], source: str, target: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """The states to leave, innermost first, and those to enter, outermost first."""
        depth = _common(self.nodes[source].path[:-1], self.nodes[target].path[:-1])
        ancestors = set(self.nodes[target].path[:depth])
        order = list(self.nodes)
        leave = sorted((s for s in active if s not in ancestors), key=order.index, reverse=True)
        return tuple(leave), (*self.nodes[target].path[depth:-1], *self._descend(target))


def _common(one: tuple[str, ...], other: tuple[str, ...]) -> int:
    """How many names two paths share from the top."""
    shared = 0
    for left, right in zip(one, other, strict=False):
        if left != right:
            break
        shared += 1
    return shared


def _rule(spec: Task) -> str | None:
    return spec.complete if isinstance(spec.complete, str) and spec.complete not in ("all", "any") else None
