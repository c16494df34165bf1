"""A migration plan: how running processes go from one version of a template to another.

What keeps its name needs no word; a plan says what became of the rest. Here is its shape, and whether its names are
those of the versions; whether a process fits it is decided by `engine.process.decide.migrating`, for a dry run and for
the real one alike.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import Field, ValidationError

from engine import yaml
from engine.errors import LintError, Problem, UsageError
from engine.template import shape
from engine.template.chart import Definition
from engine.template.model import Config, Identifier, Version
from engine.text import counted, suggestion
from engine.yaml import DataPath, Document


class Plan(Config):
    """What became of states, tasks and roles that the new version does not have under their old names."""

    template: Identifier
    """The template that is migrated."""
    to: Version
    """The published version that processes are to run on."""
    states: dict[Identifier, Identifier] = Field(default_factory=dict)
    """Old state → new state."""
    tasks: dict[Identifier, Identifier | None] = Field(default_factory=dict)
    """Old task → new task, whose form takes the answers; null where nobody is asked any more. Answers are kept."""
    roles: dict[Identifier, Identifier | None] = Field(default_factory=dict)
    """Old role → new role; null where those who hold it lose it."""
    accept: tuple[Identifier, ...] = ()
    """Tasks whose answers stand as they were given, though they do not fit the new form."""
    ask_again: tuple[Identifier, ...] = ()
    """Tasks that those who have answered are asked again, in the states that are active."""


@dataclass(frozen=True, slots=True)
class Misnamed:
    """A name in a plan that the version does not have: its path, or, with `at_key`, that of what it is the key of."""

    path: DataPath
    message: str
    hint: str
    at_key: bool = False


@dataclass(frozen=True)
class Written:
    """A plan as read, with the places of what is in it."""

    plan: Plan
    document: Document

    def check(self, old: Sequence[Definition], new: Definition) -> None:
        """Raise `LintError` with the place of every name that none of the old versions, or not the new one, has."""
        found = [
            Problem("plan-unknown-name", one.message, place(one.path), one.hint)
            for one in misnamed(self.plan, old, new)
            for place in [self.document.key_place if one.at_key else self.document.place]
        ]
        if found:
            raise _refused(self.document, sorted(found, key=lambda one: (one.where.line, one.where.column)))


def bare(template: str, to: str) -> Plan:
    """A plan that says nothing but where to; raise `UsageError` where one of the two cannot be a name or a version."""
    try:
        return Plan(template=template, to=to)
    except ValidationError as error:
        if error.errors(include_url=False)[0]["loc"] == ("to",):
            raise UsageError(f"“{to}” is no version", hint="A version is three numbers, such as 1.2.0.") from None
        raise UsageError(f"“{template}” is no template's name", hint="Names are such as samson.") from None


def read(path: Path) -> Written:
    """The plan in a file; raise `LintError` with every problem of its shape, `ConfigError`, or `NotFound`."""
    document = yaml.load_file(path)
    try:
        return Written(Plan.model_validate(document.data), document)
    except ValidationError as error:
        raise _refused(document, list(shape.problems(error, document, Plan, "plan"))) from None


def _refused(document: Document, problems: Sequence[Problem]) -> LintError:
    return LintError(f"{document.file} has {counted(len(problems), 'error')}", problems)


def misnamed(plan: Plan, old: Sequence[Definition], new: Definition) -> Iterator[Misnamed]:
    """The names in a plan that it cannot be about: none of the old versions has them, or the new one has not.

    Of no old versions, as where no process is left to be moved, nothing is asked.
    """
    of_new = _names(new)
    then = {kind: list(dict.fromkeys(name for one in old for name in _names(one)[kind])) for kind in of_new}
    no_old, no_new = (f"{_versions(found)} no" for found in (old, [new]))
    for kind, named in _renamed(plan).items():
        known = of_new[kind]
        for before, after in named.items():
            path, what = (f"{kind}s", before), ""
            if old and before not in then[kind]:
                yield Misnamed(path, f"{no_old} {kind} “{before}”", suggestion(before, then[kind]), at_key=True)
            if kind == "state":
                known, what = [name for name in known if new.nodes[name].spec.history is None], " to be in"
            if after is not None and after not in known:
                yield Misnamed(path, f"{no_new} {kind} “{after}”{what}", suggestion(after, known))
    for key, tasks in (("accept", plan.accept), ("ask_again", plan.ask_again)):
        for number, task in enumerate(tasks):
            if task not in new.tasks:
                yield Misnamed((key, number), f"{no_new} task “{task}”", suggestion(task, new.tasks))


def _renamed(plan: Plan) -> Mapping[str, Mapping[str, str | None]]:
    return {"state": plan.states, "task": plan.tasks, "role": plan.roles}


def _names(version: Definition) -> Mapping[str, Collection[str]]:
    return {"state": version.nodes, "task": version.tasks, "role": version.template.roles}


def _versions(versions: Sequence[Definition]) -> str:
    numbers = [version.template.version for version in versions]
    return f"{' and '.join(numbers)} {'has' if len(numbers) == 1 else 'have'}"
