"""Forms as they are read: from a file, with every problem and its place, or from the store.

What is read is a `Form` (see `model`), which this module gives out with its parts.
"""

from __future__ import annotations

from engine.codec import Json
from engine.errors import ConfigError, Problem
from engine.form.lint import lint
from engine.form.model import Choice, Fact, FactColumn, Field, Form, Score, build
from engine.yaml import Document

__all__ = ["Choice", "Fact", "FactColumn", "Field", "Form", "Score", "form_from_data", "read_form"]


def read_form(document: Document) -> tuple[Form | None, list[Problem]]:
    """The form in a file, if it has no errors, and all problems with their places; warnings leave it a form."""
    problems = lint(document)
    if any(problem.severity == "error" for problem in problems) or not isinstance(document.data, dict):
        return None, problems
    return build(document.data), problems


def form_from_data(schema: dict[str, Json]) -> Form:
    """The form of a stored schema, which was linted when it was published; raise `ConfigError` if it cannot be read."""
    try:
        return build(schema)
    except ValueError as error:
        raise ConfigError(
            f"a stored form cannot be read: {error}", hint="It was published by another version of samskap."
        ) from error
