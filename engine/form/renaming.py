"""Answers that were given to one version of a form, as another version reads them.

Fields are the same where their stable id (`x-id`) is, whatever their names are. What the other version does not ask
for is left out; nothing is made up for what it asks for in addition. Answers as stored are never changed.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from engine.form.model import Field

T = TypeVar("T")
"""What answers are made of: JSON, or that with what stands for a text that was erased."""


def renamed(answers: Mapping[str, T], given: Mapping[str, Field], read: Mapping[str, Field]) -> dict[str, T]:
    """The answers to the fields `given`, under the names of the fields `read`."""
    names = {field.id: field for field in read.values()}
    found: dict[str, T] = {}
    for name, value in answers.items():
        field = given.get(name)
        now = names.get(field.id) if field is not None else read.get(name)
        if now is not None:
            found[now.name] = _within(value, field, now) if field is not None else value
    return found


def _within(value: Any, given: Field, read: Field) -> Any:
    """The same within the rows of a list, and within an object."""
    if not given.items or not read.items:
        return value
    if isinstance(value, list):
        return [renamed(row, given.items, read.items) if isinstance(row, Mapping) else row for row in value]
    return renamed(value, given.items, read.items) if isinstance(value, Mapping) else value
