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
from engine.template.linked import all_linked
from engine.template.lint import lint, lint_chart, versions
from engine.template.model import ELSEWHERE, NOT_YET, Template
from engine.template.sources import Sources, find, same_number
from engine.text import counted


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
    found, problems = _linted(sources)
    if found is None:
        errors = [p for p in problems if p.severity == "error"]
        raise LintError(f"{sources.document.file} has {counted(len(errors), 'error')}", errors)
    return found


def problems_of(name: str, folders: Sequence[Path], published: Mapping[str, str]) -> list[Problem]:
    """Everything that is wrong with a template and its forms, warnings too; raise `NotFound` or `ConfigError`.

    `published` are the hashes of the versions that were published, by number.
    """
    sources = find(name, folders)
    found, problems = _linted(sources)
    if found is not None:
        beside = {other.document.file: content_hash(_content(other)) for other in same_number(sources, folders)}
        problems += versions.problems(sources.document, found.hash, beside, published)
    return problems


def _linted(sources: Sources) -> tuple[Bundle | None, list[Problem]]:
    """The bundle of a template's files, if it has no errors, and all problems."""
    parsed, problems = parse(sources)
    if parsed is None:
        return None, problems
    definition = Definition(parsed[0], parsed[1], file=sources.document.file)
    problems += lint(definition, sources)
    if any(problem.severity == "error" for problem in problems):
        return None, problems
    content = _content(sources)
    digest, template = content_hash(content), definition.template
    whole = Definition(template, definition.forms, digest, sources.document.file)
    return Bundle(template.template, template.version, digest, content, whole, tuple(problems)), problems


def _content(sources: Sources) -> str:
    """What is published of a template's files: plain data in the order of writing."""
    forms = {form: document.data for form, document in sources.forms.items()}
    return codec.dumps_ordered({"template": sources.document.data, "forms": forms})


def content_hash(content: str) -> str:
    """The hash that names a bundle."""
    return sha256(content.encode()).hexdigest()


def read_linked(bundle: Bundle, folders: Sequence[Path]) -> list[Bundle]:
    """The templates that a template starts processes of, and theirs; raise `LintError` as `read` does."""
    return [read(name, folders) for name in all_linked(bundle.definition.template, folders)]


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
    problems = list(sources.unread.values())
    forms: dict[str, Form] = {}
    for name, document in sources.forms.items():
        form, found = read_form(document)
        problems += found
        if form is not None:
            forms[name] = form
    try:
        parsed = Template.model_validate(sources.document.data)
    except ValidationError as error:
        return None, [*problems, *shape.problems(error, sources.document, Template, "template", NOT_YET, ELSEWHERE)]
    if sources.unread or len(forms) < len(sources.forms):
        return None, [*problems, *lint_chart(Definition(parsed, forms, file=sources.document.file), sources)]
    return (parsed, forms), problems
