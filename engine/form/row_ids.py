"""The ids of rows: what tasks, linked processes, facts and other forms know a row by.

Where the rows of a list have a field `id`, each id stands once, and is of the form
that instances of tasks are named in.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Final, NamedTuple

from engine.codec import Json
from engine.form.model import Field

ROW_ID: Final = "id"
"""The field that a row is known by."""
MALFORMED: Final = "rowId"
"""Stands for a keyword where an id is none."""
REPEATED: Final = "uniqueRowId"
"""Stands for a keyword where an earlier row has the id."""

_SLUG: Final = re.compile(r"[a-z][a-z0-9_]*")


class Unusable(NamedTuple):
    """An id that no row can be known by; `earlier` is the number, from 1, of the row that has it already."""

    path: tuple[str | int, ...]
    keyword: str
    earlier: int | None = None


def known_by(row: object) -> str | None:
    """The id that a row is known by; None for one that has none, as a form of long ago may have let pass."""
    found = row.get(ROW_ID) if isinstance(row, Mapping) else None
    return found if isinstance(found, str) and found else None


def unusable(
    fields: Mapping[str, Field], answers: Mapping[str, Json], path: Sequence[str | int] = ()
) -> list[Unusable]:
    """The ids among answers that no row can be known by, wherever lists stand."""
    return list(_unusable(fields, answers, tuple(path)))


def _unusable(
    fields: Mapping[str, Field], answers: Mapping[str, Json], path: tuple[str | int, ...]
) -> Iterator[Unusable]:
    for name, field in fields.items():
        value = answers.get(name)
        if isinstance(value, dict):
            yield from _unusable(field.items, value, (*path, name))
        elif field.kind == "list" and isinstance(value, list):
            rows = {number: row for number, row in enumerate(value) if isinstance(row, dict)}
            if ROW_ID in field.items and not field.items[ROW_ID].personal:
                yield from _of_list(field.items[ROW_ID], rows, (*path, name))
            for number, row in rows.items():
                yield from _unusable(field.items, row, (*path, name, number))


def _of_list(field: Field, rows: Mapping[int, Mapping[str, Json]], path: tuple[str | int, ...]) -> Iterator[Unusable]:
    first: dict[str, int] = {}
    for number, row in rows.items():
        found = row.get(ROW_ID)
        if not isinstance(found, str):
            continue
        if not _is_usable(found, field):
            yield Unusable((*path, number, ROW_ID), MALFORMED)
        elif first.setdefault(found, number) != number:
            yield Unusable((*path, number, ROW_ID), REPEATED, first[found] + 1)


def _is_usable(row_id: str, field: Field) -> bool:
    """Whether a row can be known by it; a form's own pattern or choices say themselves how ids look."""
    if "pattern" in field.schema or field.choices:
        return bool(row_id)
    return _SLUG.fullmatch(row_id) is not None
