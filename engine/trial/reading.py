"""Files of scenarios: found beside their template, read, and linted with file, line and column.

Names are checked before anything is played: an expectation that is misspelt would else hold of nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from pydantic import ValidationError

from engine.errors import ConfigError, LintError, NotFound, Place, Problem
from engine.guards import check, parse
from engine.template import shape
from engine.template.chart import Definition
from engine.template.scope import scope
from engine.text import counted, suggestion
from engine.trial.scenario import Expectation, Scenarios, Step
from engine.yaml import DataPath, Document, load_file

FOLDER = "tests"
"""The folder of scenarios in `processes`, with a folder for each template."""


@dataclass(frozen=True)
class Script:
    """A file of scenarios as read, with the places of what is in it."""

    scenarios: Scenarios
    document: Document


def find(template: str, folders: Sequence[Path]) -> list[Path]:
    """The files of scenarios of a template, beside the template itself; `NotFound` where there are none."""
    for folder in folders:
        if (folder / "processes" / f"{template}.yaml").is_file():
            found = sorted((folder / "processes" / FOLDER / template).glob("*.yaml"))
            if not found:
                where = folder / "processes" / FOLDER / template
                raise NotFound(
                    f"“{template}” has no scenarios", hint="Write some, in this folder.", where=f"{where}/<name>.yaml"
                )
            return found
    known = sorted({path.stem for folder in folders for path in (folder / "processes").glob("*.yaml")})
    raise NotFound(f"there is no template “{template}”", hint=suggestion(template, known))


def read(path: Path) -> Script:
    """The scenarios in a file; raise `LintError` with every problem of its shape, `ConfigError`, or `NotFound`."""
    document = load_file(path)
    try:
        scenarios = Scenarios.model_validate(document.data)
    except ValidationError as error:
        raise _refused(document, list(shape.problems(error, document, Scenarios, "scenario"))) from None
    return Script(scenarios, document)


def checked(script: Script, definition: Definition, linked: Mapping[str, Definition]) -> Script:
    """The same scenarios, whose names are those of the template; raise `LintError` with every problem else.

    `linked` are the templates that processes are started of.
    """
    problems = sorted(_Names(script, definition, linked).all(), key=lambda p: (p.where.line, p.where.column))
    if problems:
        raise _refused(script.document, problems)
    return script


def _refused(document: Document, problems: Sequence[Problem]) -> LintError:
    return LintError(f"{document.file} has {counted(len(problems), 'error')}", problems)


class _Names:
    def __init__(self, script: Script, definition: Definition, linked: Mapping[str, Definition]) -> None:
        self.script = script
        self.linked = linked
        self.file = script.scenarios
        self.document = script.document
        self.definition = definition
        self.people = [self.file.starter, *self.file.people]
        self.actions = list(dict.fromkeys(c.id for found in definition.actions.values() for c in found))
        self.states = [name for name, node in definition.nodes.items() if node.spec.history is None]

    def all(self) -> Iterator[Problem]:
        template = self.definition.template
        if self.file.template != template.template:
            yield from self.unknown("template", self.file.template, [template.template], ("template",))
        for handle, parts in self.file.people.items():
            at: DataPath = ("people", handle)
            if handle == self.file.starter:
                message = f"“{handle}” starts the process, and so takes part already"
                yield Problem("scenario-starter", message, self.document.key_place(at), "Use another name, or `grant`.")
            for number, part in enumerate(parts):
                where = (*at, number) if isinstance(self._data(at), list) else at
                for role in part.role:
                    yield from self.unknown("role", role, template.roles, (*where, "role"))
        for name, scenario in self.file.scenarios.items():
            path: DataPath = ("scenarios", name)
            if not scenario.checks:
                hint = "Add then: …, or refused: … to a step."
                yield Problem(
                    "scenario-idle", f"“{name}” expects nothing, so it cannot fail", self.document.place(path), hint
                )
            for section, steps in (("given", scenario.given), ("when", scenario.when)):
                for number, step in enumerate(steps):
                    yield from self.step(step, (*path, section, number))
            if scenario.then:
                yield from self.expectation(scenario.then, (*path, "then"))

    def step(self, step: Step, path: DataPath) -> Iterator[Problem]:
        if step.inside is not None:
            yield from self.inside(step, step.inside.partition(".")[0], path)
        elif step.ends is not None:
            yield from self.end(step, step.ends.partition(".")[0], path)
        else:
            yield from self.own_step(step, path)

    def own_step(self, step: Step, path: DataPath) -> Iterator[Problem]:
        for key, handle in (
            ("by", step.by),
            ("for", step.behalf),
            ("to", step.to),
            ("of", step.of),
            ("join", step.join),
            ("enter", step.enter),
            ("leave", step.leave),
            ("delegate", step.delegate),
        ):
            if handle is not None:
                yield from self.unknown("person", handle, self.people, (*path, key))
        if step.act is not None:
            yield from self.unknown("action", step.act, self.actions, (*path, "act"))
        if step.back is not None:
            yield from self.unknown("state", step.back, self.states, (*path, "back"))
        for key in ("submit", "claim", "release", "backfill"):
            instance = getattr(step, key)
            if instance is not None:
                yield from self.unknown("task", instance.partition(".")[0], self.definition.tasks, (*path, key))
        for key in ("grant", "revoke", "hand_over"):
            if (role := getattr(step, key)) is not None:
                yield from self.unknown("role", role, self.definition.template.roles, (*path, key))
        if isinstance(step.answers, str):
            yield from self.unknown("named answers", step.answers, self.file.answers, (*path, "answers"))
        if step.then:
            yield from self.expectation(step.then, (*path, "then"))

    def inside(self, step: Step, link: str, path: DataPath) -> Iterator[Problem]:
        """A step in a linked process: its names are those of the other template."""
        yield from self.unknown("link", link, self.definition.links, (*path, "in"))
        found = self.definition.links.get(link)
        other = self.linked.get(found.spec.template) if found is not None else None
        if other is not None:
            names = _Names(self.script, other, self.linked)
            yield from names.step(step.model_copy(update={"inside": None}), path)

    def end(self, step: Step, link: str, path: DataPath) -> Iterator[Problem]:
        """The end of a linked process: what it passes on is what the link takes."""
        yield from self.unknown("link", link, self.definition.links, (*path, "ends"))
        found = self.definition.links.get(link)
        taken = found.spec.take if found is not None else ()
        for task, fields in (step.answers if isinstance(step.answers, dict) else {}).items():
            for field in fields if isinstance(fields, dict) else ():
                where = (*path, "answers", task, field)
                yield from self.unknown("answer taken", f"{task}.{field}", taken, where)
        if step.then:
            yield from self.expectation(step.then, (*path, "then"))

    def expectation(self, then: Expectation, path: DataPath) -> Iterator[Problem]:
        for state in then.states or ():
            yield from self.unknown("state", state, self.states, (*path, "states"))
        for key in ("open", "closed", "unknown"):
            for action in getattr(then, key) or ():
                yield from self.unknown("action", action, self.actions, (*path, key))
        for handle, tasks in (then.tasks or {}).items():
            yield from self.unknown("person", handle, self.people, (*path, "tasks", handle))
            for number, task in enumerate(tasks):
                where = (*path, "tasks", handle, number)
                yield from self.unknown("task", task.partition(".")[0], self.definition.tasks, where)
        for number, condition in enumerate(then.holds or ()):
            yield from self.expression(condition, (*path, "holds", number), is_condition=True)
        for expression in then.values or {}:
            yield from self.expression(expression, (*path, "values", expression), is_condition=False)

    def expression(self, text: str, path: DataPath, *, is_condition: bool) -> Iterator[Problem]:
        document = self.document
        place = document.text_place(path) if is_condition else document.key_place(path)
        try:
            guard = parse(text, place)
        except ConfigError as error:
            where = error.where if isinstance(error.where, Place) else place
            yield Problem("guard-syntax", error.message, document.exact(where, path), error.hint)
            return
        for problem in check(guard, scope(self.definition.template, self.definition.forms, self.linked)):
            if is_condition or problem.rule != "guard-not-boolean":
                yield replace(problem, where=document.exact(problem.where, path))

    def unknown(self, kind: str, name: str, known: Iterable[str], path: DataPath) -> Iterator[Problem]:
        """A problem where a name is not known."""
        options = list(known)
        if name in options:
            return
        place: Callable[[DataPath], Place] = self.document.place
        if path[-2:-1] == ("tasks",):
            place = self.document.key_place
        yield Problem("scenario-unknown-name", f"there is no {kind} “{name}”", place(path), suggestion(name, options))

    def _data(self, path: DataPath) -> object:
        found: object = self.document.data
        for step in path:
            found = found[step]  # type: ignore[index]  # a path of the document itself
        return found
