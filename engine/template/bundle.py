"""A bundle: a template with its forms, read from files, linted, and named by the hash of its content.

The bundle is what is published and what a running process is pinned to. Its content is plain data without positions, so
that it can be stored in an event and read back without the files.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from engine import codec
from engine.errors import ConfigError, LintError, Problem
from engine.form.schema import Form, form_from_data, read_form
from engine.template import shape
from engine.template.chart import Definition
from engine.template.lint import lint, lint_chart
from engine.template.model import NOT_YET, Template
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
        return None, [*problems, *shape.problems(error, sources.document, Template, "template", NOT_YET)]
    if len(forms) < len(sources.forms):
        return None, [*problems, *lint_chart(Definition(parsed, forms, file=sources.document.file), sources)]
    return (parsed, forms), problems
