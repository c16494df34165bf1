"""What lint looks at: a definition with the place in its files of every state and task, and how a finding is told."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from difflib import get_close_matches
from functools import cached_property
from typing import TypeAlias

from engine.errors import Problem
from engine.guards import Scope
from engine.template.chart import Definition, Node
from engine.template.model import Task
from engine.template.scope import scope
from engine.template.sources import Sources

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
        self.nodes: dict[str, tuple[Path, Node]] = {}
        self.tasks: dict[str, tuple[Path, Task, str | None]] = {}
        self.twice = list(self._collect())

    @cached_property
    def scope(self) -> Scope:
        """The names that conditions may begin with, and their types."""
        return scope(self.template, self.definition.forms)

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


def suggestion(name: str, known: Iterable[str]) -> str:
    """Did you mean …, or all that there is."""
    options = list(known)
    close = get_close_matches(name, options, 1)
    return f"Did you mean “{close[0]}”?" if close else f"There are: {', '.join(options) or 'none'}."
