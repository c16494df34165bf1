"""What lint looks at: a definition with the place in its files of every state and task, and how a finding is told."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from pathlib import PurePath
from typing import Any, TypeAlias

from engine.errors import ConfigError, Place, Problem
from engine.guards import Guard, Scope, parse
from engine.template.chart import Definition, Node
from engine.template.linked import linked, spawns
from engine.template.model import Task
from engine.template.scope import scope
from engine.template.sources import Sources, templates_in
from engine.text import suggestion

Path: TypeAlias = tuple[str | int, ...]


class Subject:
    """A template with its forms, as its author wrote them.

    `nodes` and `tasks` hold, by id, the path in the file of what was written first under that id; `twice` are the
    problems of ids that stand again. A task's third part is the state that it stands in.
    """

    def __init__(self, definition: Definition, sources: Sources) -> None:
        self.definition = definition
        self.template = definition.template
        self.document = sources.document
        self.forms = sources.forms
        self.form_names = sources.form_names
        self.folders = sources.folders
        self.nodes: dict[str, tuple[Path, Node]] = {}
        self.tasks: dict[str, tuple[Path, Task, str | None]] = {}
        self.twice = list(self._collect())

    @property
    def file_name(self) -> str:
        """What the template's file is called: by that name it is found, and its forms are."""
        return PurePath(self.document.file).stem

    @cached_property
    def scope(self) -> Scope:
        """The names that conditions may begin with, and their types."""
        return scope(self.template, self.definition.forms, self.linked)

    @cached_property
    def linked(self) -> Mapping[str, Definition]:
        """The templates that processes are started of here, by name: those that can be read."""
        return linked(self.template, self.folders)

    @property
    def templates_beside(self) -> list[str]:
        """The templates that there are where this one was found."""
        return templates_in(self.folders)

    def is_plain(self, path: Path) -> bool:
        """Whether a text stands at a path as it is, and not one in each language."""
        found: Any = self.document.data
        for step in path:
            found = found[step]
        return isinstance(found, str)

    @cached_property
    def conditions(self) -> list[tuple[Guard | Problem, Path, str | None]]:
        """Every condition, or why it is none, its path in the file, and the state in which it is read."""
        return [(self.parsed(text, path), path, state) for text, path, state in self._conditions()]

    @cached_property
    def reads(self) -> frozenset[tuple[str, ...]]:
        """Everything that any condition reads, and what is given to linked processes."""
        given = (self.parsed(text, ()) for spawn in spawns(self.template) for text in spawn.give.values())
        guards = (*(guard for guard, _, _ in self.conditions), *given)
        return frozenset(path for guard in guards if isinstance(guard, Guard) for path in guard.paths)

    def parsed(self, text: str, path: Path) -> Guard | Problem:
        """An expression at a path of the template's file, or why it is none."""
        place = self.document.text_place(path)
        try:
            return parse(text, place)
        except ConfigError as error:
            where = error.where if isinstance(error.where, Place) else place
            return Problem("guard-syntax", error.message, where, error.hint)

    def _conditions(self) -> Iterator[tuple[str, Path, str | None]]:
        for path, task, state in self.tasks.values():
            if isinstance(task.complete, str) and task.complete not in ("all", "any"):
                yield task.complete, (*path, "complete"), state
        for name, (path, node) in self.nodes.items():
            for action, spec in node.spec.actions.items():
                if spec.when:
                    yield spec.when, (*path, "actions", action, "when"), name
            for number, auto in enumerate(node.spec.auto):
                yield auto.when, (*path, "auto", number, "when"), name
            for deadline, timed in node.spec.deadlines.items():
                if timed.when:
                    yield timed.when, (*path, "deadlines", deadline, "when"), name

    def problem(self, rule: str, message: str, path: Path, hint: str = "", *, severity: str = "error") -> Problem:
        """A finding at a path of the template's file."""
        return Problem(rule, message, self.document.place(path), hint, severity)

    def unknown(self, rule: str, kind: str, name: str, known: Iterable[str], path: Path) -> Problem:
        """A name that leads nowhere, with the one that was probably meant."""
        return self.problem(rule, f"there is no {kind} “{name}”", path, suggestion(name, known))

    def unknown_roles(self, names: Iterable[str], path: Path) -> Iterator[Problem]:
        """Roles that the template does not have."""
        for name in names:
            if name not in self.template.roles:
                yield self.unknown("unknown-role", "role", name, self.template.roles, path)

    def _collect(self) -> Iterator[Problem]:
        for name, task in self.template.tasks.items():
            self.tasks[name] = (("tasks", name), task, None)
        for names, state in self.template.walk():
            path: Path = tuple(part for name in names for part in ("states", name))
            if names[-1] in self.nodes:
                hint = "State ids are unique."
                yield self.problem("duplicate-id", f"the state “{names[-1]}” stands twice", path, hint)
                continue
            self.nodes[names[-1]] = (path, Node(names[-1], names, state))
            for name, task in state.tasks.items():
                where = (*path, "tasks", name)
                if name in self.tasks:
                    yield self.problem("duplicate-id", f"the task “{name}” stands twice", where, "Task ids are unique.")
                    continue
                self.tasks[name] = (where, task, names[-1])
