"""A bundle: a template with its forms, read from files, linted, and named by the hash of its content.

The bundle is what is published and what a running process is pinned to. Its content is plain data without positions, so
that it can be stored in an event and read back without the files.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from hashlib import sha256
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from engine import codec, yaml
from engine.errors import ConfigError, LintError, Place, Problem
from engine.form.schema import Form, form_from_data, read_form
from engine.template import model as template
from engine.template.chart import Definition
from engine.template.lint import lint, lint_chart
from engine.template.model import Template
from engine.template.sources import Sources, find


@dataclass(frozen=True)
class Bundle:
    """A linted template with its forms."""

    name: str
    version: str
    hash: str
    content: str
    definition: Definition
    problems: tuple[Problem, ...]


def read(name: str, folders: Sequence[Path]) -> Bundle:
    """A template with its forms, linted; raise `LintError` with every problem if one is an error."""
    sources = find(name, folders)
    parsed, problems = parse(sources)
    definition = Definition(parsed[0], parsed[1], file=sources.document.file) if parsed else None
    if definition is not None:
        problems = [*problems, *lint(definition, sources)]
    errors = [p for p in problems if p.severity == "error"]
    if definition is None or errors:
        raise LintError(f"{sources.document.file} has {len(errors)} error(s)", errors)
    content = codec.dumps_ordered(
        {
            "template": sources.document.data,
            "forms": {form: document.data for form, document in sources.forms.items()},
        }
    )
    digest = sha256(content.encode()).hexdigest()
    parsed_template = definition.template
    return Bundle(
        parsed_template.template,
        parsed_template.version,
        digest,
        content,
        Definition(parsed_template, definition.forms, digest, sources.document.file),
        tuple(problems),
    )


def definition_from(content: str, bundle: str) -> Definition:
    """The definition of stored content; raise `ConfigError` where this program can no longer read it."""
    parts: Mapping[str, Any] = codec.mapping(codec.decode(content))
    try:
        parsed = Template.model_validate(parts["template"])
    except ValidationError as error:
        raise ConfigError(
            f"the stored bundle {bundle[:12]} cannot be read: {error.errors()[0]['msg']}",
            hint="It was published by another version of samskap.",
        ) from error
    forms = {name: form_from_data(schema) for name, schema in parts["forms"].items()}
    return Definition(parsed, forms, bundle)


def parse(sources: Sources) -> tuple[tuple[Template, dict[str, Form]] | None, list[Problem]]:
    """Template and forms as models, and what is wrong with their shape."""
    problems: list[Problem] = []
    forms: dict[str, Form] = {}
    for name, document in sources.forms.items():
        form, found = read_form(document)
        problems += found
        if form is not None:
            forms[name] = form
    try:
        parsed = Template.model_validate(sources.document.data)
    except ValidationError as error:
        return None, [*problems, *_problems(error, sources.document)]
    if len(forms) < len(sources.forms):
        return None, [*problems, *lint_chart(Definition(parsed, forms, file=sources.document.file), sources)]
    return (parsed, forms), problems


# -- from pydantic's errors to problems with a place ------------------------------------------------------------------

_PARTS: Mapping[str, type[BaseModel]] = {
    "roles": template.Role,
    "states": template.State,
    "tasks": template.Task,
    "actions": template.Action,
    "deadlines": template.Deadline,
    "dimensions": template.Dimension,
    "auto": template.Auto,
}
_SINGLE: Mapping[str, type[BaseModel]] = {"calendar": template.Calendar, "visibility": template.Visibility}


def _problems(error: ValidationError, document: yaml.Document) -> Iterable[Problem]:
    seen: set[tuple[Place, str]] = set()
    for item in error.errors():
        path = _existing(item["loc"], document.data)
        if item["type"] == "extra_forbidden":
            problem = _unknown_key(path, document)
        elif item["type"] == "missing":
            key = str(item["loc"][-1])
            problem = Problem("template-missing", f"“{key}” is missing here", document.place(path), f"Add {key}: …")
        else:
            message = item["msg"].removeprefix("Value error, ")
            where = ".".join(str(part) for part in path) or "the template"
            problem = Problem(
                "template-value", f"{where}: {message}", document.place(path), "See the template reference."
            )
        if (problem.where, problem.rule) not in seen:
            seen.add((problem.where, problem.rule))
            yield problem


def _existing(loc: Iterable[str | int], data: codec.Json) -> tuple[str | int, ...]:
    """The part of pydantic's location that exists in the document (it also names branches of unions)."""
    path: list[str | int] = []
    for part in loc:
        if isinstance(data, dict) and isinstance(part, str) and part in data:
            data = data[part]
        elif isinstance(data, list) and isinstance(part, int) and part < len(data):
            data = data[part]
        else:
            continue
        path.append(part)
    return tuple(path)


def _unknown_key(path: tuple[str | int, ...], document: yaml.Document) -> Problem:
    key = str(path[-1])
    place = document.key_place(path)
    if key in template.NOT_YET:
        return Problem(
            "template-not-yet", f"“{key}” ({template.NOT_YET[key]}) is not available yet", place, "Leave it out."
        )
    model: type[BaseModel] = Template
    for depth, part in enumerate(path[:-1]):
        if part in _SINGLE:
            model = _SINGLE[str(part)]
        elif part in _PARTS and depth + 1 < len(path) - 1:
            model = _PARTS[str(part)]
    allowed = [field.alias or name for name, field in model.model_fields.items()]
    close = get_close_matches(key, allowed, 1)
    hint = f"Did you mean “{close[0]}”?" if close else f"Allowed here: {', '.join(allowed)}."
    return Problem("template-unknown-key", f"“{key}” is no key of the template language here", place, hint)
