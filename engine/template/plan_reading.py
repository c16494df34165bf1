"""A migration plan in a file: read, and its names looked up in the versions, with file, line and column.

Whether a process fits a plan is decided by `engine.process.decide.migrating`, which asks here for the names alone.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from engine import yaml
from engine.errors import LintError, Problem
from engine.template import shape
from engine.template.chart import Definition
from engine.template.plan import Plan
from engine.text import counted, suggestion
from engine.yaml import DataPath, Document


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
    for kind, named in plan.renamed.items():
        known = of_new[kind]
        for before, after in named.items():
            path, what = (f"{kind}s", before), ""
            if old and before not in then[kind]:
                yield Misnamed(path, f"{no_old} {kind} “{before}”", suggestion(before, then[kind]), at_key=True)
            if kind == "state":
                known, what = [name for name in known if new.nodes[name].spec.history is None], " to be in"
            if after is not None and after not in known:
                yield Misnamed(path, f"{no_new} {kind} “{after}”{what}", suggestion(after, known))
    for key, tasks in plan.asked.items():
        for number, task in enumerate(tasks):
            if task not in new.tasks:
                yield Misnamed((key, number), f"{no_new} task “{task}”", suggestion(task, new.tasks))


def _names(version: Definition) -> Mapping[str, Collection[str]]:
    actions = list(dict.fromkeys(choice.id for found in version.actions.values() for choice in found))
    return {"state": version.nodes, "task": version.tasks, "role": version.template.roles, "action": actions}


def _versions(versions: Sequence[Definition]) -> str:
    numbers = [version.template.version for version in versions]
    return f"{' and '.join(numbers)} {'has' if len(numbers) == 1 else 'have'}"
