"""A template made ready to run: its states as a tree, its tasks and choices by name, its guards compiled.

Which states a transition leaves and enters is `transitions`'; running processes are `engine.process`'s.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from engine.errors import Place
from engine.form.schema import Form
from engine.form.validate import Validator
from engine.guards import Guard, parse
from engine.template.model import Action, Auto, Deadline, Spawn, State, Task, Template


@dataclass(frozen=True, slots=True)
class Node:
    """A state in the tree; `path` leads from the top to it, itself included."""

    id: str
    path: tuple[str, ...]
    spec: State

    @property
    def parent(self) -> str | None:
        """The state around it; None at the top."""
        return self.path[-2] if len(self.path) > 1 else None

    @property
    def atomic(self) -> bool:
        """Whether it has no states of its own, and can be active."""
        return not self.spec.states and self.spec.history is None

    @property
    def compound(self) -> bool:
        """Whether exactly one of its states is active while it is."""
        return bool(self.spec.states) and not self.spec.parallel

    @property
    def initial(self) -> str:
        """The state entered first within it, or, of a history state, where nothing is remembered."""
        return self.spec.initial or next(iter(self.spec.states))

    @property
    def regions(self) -> tuple[str, ...]:
        """Its own states, without those that only remember."""
        return tuple(name for name, spec in self.spec.states.items() if spec.history is None)


@dataclass(frozen=True, slots=True)
class TaskNode:
    """A task and its state (None: open in every state); `rule` is its completion where that is a guard."""

    id: str
    spec: Task
    state: str | None
    rule: Guard | None

    @property
    def list_of(self) -> tuple[str, str] | None:
        """Task and field of the list that it has an instance for each row of."""
        return _list_of(self.spec.each)


@dataclass(frozen=True, slots=True)
class LinkNode:
    """A link: where its process is started (`action` None: when the state is entered), and what that is given."""

    id: str
    spec: Spawn
    state: str
    action: str | None
    given: Mapping[str, Guard]

    @property
    def list_of(self) -> tuple[str, str] | None:
        """Task and field of the list that it has a process for each row of."""
        return _list_of(self.spec.each)

    @property
    def from_roles(self) -> frozenset[str]:
        """The roles here whose holders take part there."""
        return frozenset(role for roles in self.spec.roles.values() for role in roles)


def _list_of(each: str | None) -> tuple[str, str] | None:
    if each in (None, "membership", "party"):
        return None
    _, task, field = str(each).split(".")
    return task, field


@dataclass(frozen=True, slots=True)
class Choice:
    """A transition out of `state`: an action, an automatic one, or a deadline's; without `to` it leaves nothing."""

    id: str
    state: str
    to: str | None
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
        return self._compiled(expression) if expression else None

    def _compiled(self, expression: str) -> Guard:
        return parse(expression, Place(self.file or self.template.template))

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
    def tasks_by_rows(self) -> Mapping[str, tuple[TaskNode, ...]]:
        """The tasks that have an instance for each row of a list, by the task that asks for the list."""
        found: dict[str, tuple[TaskNode, ...]] = {}
        for task in self.tasks.values():
            if task.list_of is not None:
                found[task.list_of[0]] = (*found.get(task.list_of[0], ()), task)
        return found

    @cached_property
    def lists_of(self) -> Mapping[str, tuple[str, ...]]:
        """Of each task the lists that something has an instance, or a process, for each row of."""
        found: dict[str, tuple[str, ...]] = {}
        used = [task.list_of for task in self.tasks.values()] + [link.list_of for link in self.links.values()]
        for task, name in filter(None, used):
            found[task] = tuple(dict.fromkeys((*found.get(task, ()), name)))
        return found

    @cached_property
    def four_eyes(self) -> tuple[TaskNode, ...]:
        """The tasks that those may not do who answered another."""
        return tuple(task for task in self.tasks.values() if task.spec.not_by)

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
    def links(self) -> Mapping[str, LinkNode]:
        """Every link by name, in document order."""
        spawns = [
            (node.id, action, spec)
            for node in self.nodes.values()
            for action, spec in ((None, node.spec.spawn), *((n, a.spawn) for n, a in node.spec.actions.items()))
            if spec is not None
        ]
        return {
            spec.link: LinkNode(
                spec.link, spec, state, action, {name: self._compiled(text) for name, text in spec.give.items()}
            )
            for state, action, spec in spawns
        }

    @cached_property
    def links_given_up(self) -> frozenset[str]:
        """The links of which some condition asks how many processes were given up."""
        ways = [choice for found in (*self.actions.values(), *self.autos.values()) for choice in found]
        ways += [choice for found in self.deadlines.values() for choice in found.values()]
        guards = [*(choice.guard for choice in ways), *(task.rule for task in self.tasks.values())]
        paths = (path for guard in guards if guard is not None for path in guard.paths)
        return frozenset(path[1] for path in paths if path[0] == "links" and path[2:] == ("cancelled",))

    @cached_property
    def validators(self) -> Mapping[str, Validator]:
        """One compiled validator a form."""
        return {name: Validator(form) for name, form in self.forms.items()}

    def form_of(self, task: str) -> Form:
        """The form that a task asks for."""
        return self.forms[self.tasks[task].spec.form]

    @cached_property
    def order(self) -> Mapping[str, int]:
        """The place of every state in the document: parents before what is in them."""
        return {name: number for number, name in enumerate(self.nodes)}

    @cached_property
    def histories(self) -> Mapping[str, tuple[Node, ...]]:
        """The history states of each state."""
        return {
            node.id: tuple(self.nodes[name] for name, spec in node.spec.states.items() if spec.history is not None)
            for node in self.nodes.values()
        }


def has_rule(spec: Task) -> bool:
    """Whether a condition says when the task is complete."""
    return isinstance(spec.complete, str) and spec.complete not in ("all", "any")


def _rule(spec: Task) -> str | None:
    return str(spec.complete) if has_rule(spec) else None
