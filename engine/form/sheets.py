"""A form as sheets, to be filled in elsewhere: what is asked on each, and the answers that filled-in sheets hold.

The form's own questions stand one below the other on the first sheet. Each list has a sheet of its own, with a column
for each field and a line for each row; a list within the rows of another says in which of them each line belongs.
Which file the sheets lie in is `workbook`'s; whether the answers fit is the form's own check's.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Final, TypeAlias

from engine.codec import Json
from engine.errors import AnswersInvalid, FieldError, Refused
from engine.form.language import COMMENT_SUFFIX
from engine.form.messages import say
from engine.form.model import Field, Form
from engine.form.typed import Typed

NAMES: Final = 2
"""The row of a list's sheet in which the fields' names stand; on the first sheet they stand in column A."""
ANSWER: Final = 6
"""The column of the first sheet in which the answers stand."""
FIRST_QUESTION: Final = 5
FIRST_ROW: Final = 7
"""Where the questions begin on the first sheet, and the rows on a list's."""
OUTER: Final = "^"
"""Before the name of a list in whose rows another stands: the column says in which."""
BETWEEN: Final = ";"
"""What stands between several choices in one cell."""
_HOW: Final = "Make one with `samskap form export`, or for a task with `samskap form PROCESS INSTANCE --to FILE`."

Cell: TypeAlias = "str | int | float | bool | date | Unreadable | None"


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A cell without a value to read: what stands there instead, and which sentence says so."""

    shown: str
    sentence: str


@dataclass(frozen=True, slots=True)
class Asked:
    """Something to fill in: a field or the comment to it, and its name in the form or row, through groups of fields."""

    name: str
    field: Field
    comment: bool = False

    def read(self, typed: Typed, cell: Cell) -> Json:
        """The answer in a cell; None where there is none."""
        if isinstance(cell, datetime):
            cell = cell.date() if (cell.hour, cell.minute, cell.second) == (0, 0, 0) else cell
        if cell is None or isinstance(cell, bool):
            return cell
        text = format(cell, ".15g") if isinstance(cell, float) else str(cell)  # 15 digits are what a sheet keeps
        if not text.strip():
            return None
        return text if self.comment or self.field.kind == "text" else typed(text.strip())


@dataclass(frozen=True, slots=True)
class Sheet:
    """What is asked on one sheet: of the form itself (no `path`), or of each row of a list.

    A path leads from the form to the list, with a step for each list on the way.
    """

    path: tuple[str, ...]
    asked: tuple[Asked, ...]
    of: Field | None = None

    def mark(self, form: Form) -> str:
        """What stands in its first cell, so that it is known again under whatever name."""
        return "#".join((form.id, *self.path))


@dataclass(frozen=True, slots=True)
class Grid:
    """A filled-in sheet: its name, and its cells by row and column, both counted from 1."""

    title: str
    cells: Sequence[Sequence[Cell]]

    def at(self, row: int, column: int) -> Cell:
        """A cell; None beyond the last one."""
        line = self.cells[row - 1] if row <= len(self.cells) else ()
        return line[column - 1] if column <= len(line) else None

    def place(self, row: int, column: int) -> str:
        """A cell as a spreadsheet names it."""
        return f"{self.title}!{letters(column)}{row}"


@dataclass(frozen=True, slots=True)
class FilledIn:
    """The answers of filled-in sheets, and in which cell each field stands, by the paths that errors name."""

    answers: dict[str, Json]
    places: Mapping[str, str]

    def placed(self, fields: Iterable[FieldError]) -> list[FieldError]:
        """Wrong answers with the cells that they stand in."""
        return [FieldError(f.path, f.message, f.keyword, self.places.get(f.path, "")) for f in fields]


def letters(column: int) -> str:
    """The name of a column: A to Z, AA, AB …"""
    before, last = divmod(column - 1, 26)
    return (letters(before) if before else "") + chr(ord("A") + last)


# -- what is asked -----------------------------------------------------------------------------------------------------


def sheets(form: Form) -> list[Sheet]:
    """The sheets of a form: its own questions, then its lists, outer ones before those in them."""
    return [Sheet((), tuple(_asked(form.fields))), *_lists(form.fields, ())]


def _asked(fields: Mapping[str, Field], above: str = "") -> Iterator[Asked]:
    for one in fields.values():
        name = above + one.name
        if one.kind == "object":
            yield from _asked(one.items, f"{name}.")
        elif one.kind != "list":
            yield Asked(name, one)
        if one.comment:
            yield Asked(name + COMMENT_SUFFIX, one, comment=True)


def _lists(fields: Mapping[str, Field], path: tuple[str, ...], above: str = "") -> Iterator[Sheet]:
    for one in fields.values():
        if one.kind == "object":
            yield from _lists(one.items, path, f"{above}{one.name}.")
        elif one.kind == "list":
            here = (*path, above + one.name)
            yield Sheet(here, tuple(_asked(one.items)), one)
            yield from _lists(one.items, here)


# -- what was filled in ------------------------------------------------------------------------------------------------


def form_of(marks: Iterable[str]) -> str:
    """The form that a workbook was made of, by what stands in its sheets' first cells; raise `Refused` for none."""
    found = [mark for mark in marks if "/" in mark and "#" not in mark]
    if len(found) != 1:
        raise Refused("this is no workbook of a form" if not found else "this workbook is of several forms", hint=_HOW)
    return found[0]


def read(form: Form, grids: Iterable[Grid], language: str) -> FilledIn:
    """The answers of filled-in sheets; raise `Refused` where they are no form's or another's.

    Raises `AnswersInvalid` with every cell that cannot be read, or stands where nothing is asked.
    """
    marks, marked = {sheet.mark(form) for sheet in sheets(form)}, dict[str, Grid]()
    for grid in grids:
        mark = str(grid.at(1, 1))
        first = marked.setdefault(mark, grid)
        if first is not grid and mark in marks:
            told = f"“{first.title}” and “{grid.title}” are the same sheet of the form"
            raise Refused(told, hint="Bring the answers together in one of them, and take the other out.")
    found = form_of(marked)
    if found != form.id:
        raise Refused(f"this is a workbook of the form “{found}”, and not of “{form.id}”", hint=_HOW)
    reading = _Reading(language)
    for sheet in sheets(form):
        filled = marked.get(sheet.mark(form))
        if filled is not None and sheet.path:
            reading.rows(sheet, filled)
        elif filled is not None:
            reading.questions(sheet, filled)
    if reading.faults:
        raise AnswersInvalid("the workbook cannot be read everywhere", reading.faults)
    return FilledIn(reading.answers, reading.places)


@dataclass(slots=True)
class _Reading:
    language: str
    answers: dict[str, Json] = field(default_factory=dict)
    places: dict[str, str] = field(default_factory=dict)
    faults: list[FieldError] = field(default_factory=list)
    numbered: dict[tuple[tuple[str, ...], object], list[tuple[dict[str, Json], str]]] = field(default_factory=dict)
    """The rows of each list by the numbers before them, each with the path that leads into it."""

    def questions(self, sheet: Sheet, grid: Grid) -> None:
        """Read the form's own answers, one below the other."""
        known = {asked.name: (asked, Typed(asked.field, between=BETWEEN)) for asked in sheet.asked}
        for row in range(FIRST_QUESTION, len(grid.cells) + 1):
            name, cell = str(grid.at(row, 1) or ""), grid.at(row, ANSWER)
            if name in known:
                self.take(self.answers, "", *known[name], cell, grid.place(row, ANSWER))
            elif cell is not None:
                self.fault(name, "not_asked", grid.place(row, ANSWER))

    def rows(self, sheet: Sheet, grid: Grid) -> None:
        """Read the rows of a list, each into the row around it where there is one."""
        known = {asked.name: (asked, Typed(asked.field, between=BETWEEN)) for asked in sheet.asked}
        names = {column: str(grid.at(NAMES, column) or "") for column in range(2, _width(grid) + 1)}
        outer = next((column for column, name in names.items() if name.startswith(OUTER)), 1)
        self.places.setdefault(sheet.path[-1], grid.place(1, 1))
        for row in range(FIRST_ROW, len(grid.cells) + 1):
            cells = {column: grid.at(row, column) for column in names if column != outer}
            if all(cell is None or cell == "" for cell in cells.values()):
                continue
            around = self.around(sheet, grid.at(row, outer))
            if around is None:
                self.fault(sheet.path[-1], "no_such_row", grid.place(row, outer))
                continue
            holder, prefix = around
            rows, taken = _held(holder, sheet.path[-1]), dict[str, Json]()
            path = f"{prefix}{sheet.path[-1]}[{len(rows)}]"
            rows.append(taken)
            self.numbered.setdefault((sheet.path, grid.at(row, 1)), []).append((taken, f"{path}."))
            self.places[path] = grid.place(row, 1)
            for column, cell in cells.items():
                if names[column] in known:
                    self.take(taken, f"{path}.", *known[names[column]], cell, grid.place(row, column))
                elif cell is not None:
                    self.fault(names[column], "not_asked", grid.place(row, column))

    def around(self, sheet: Sheet, number: Cell) -> tuple[dict[str, Json], str] | None:
        """What holds a row of a list, with the path that leads into it: the form, or one row of another list."""
        if len(sheet.path) == 1:
            return self.answers, ""
        found = self.numbered.get((sheet.path[:-1], number), [])
        return found[0] if len(found) == 1 else None

    def take(self, into: dict[str, Json], prefix: str, asked: Asked, typed: Typed, cell: Cell, place: str) -> None:
        """Put the answer of a cell in its place, or note why it has none."""
        self.places[prefix + asked.name] = place
        if isinstance(cell, Unreadable):
            self.fault(prefix + asked.name, cell.sentence, place, shown=cell.shown)
            return
        value = asked.read(typed, cell)
        if value is not None:
            *groups, last = asked.name.split(".")
            holder: Any = into
            for group in groups:
                holder = holder.setdefault(group, {})
            if last in holder:
                self.fault(prefix + asked.name, "answered_twice", place)
            holder[last] = value

    def fault(self, path: str, sentence: str, place: str, **values: str) -> None:
        """Note a cell that cannot be read."""
        self.faults.append(FieldError(path, say(sentence, self.language, **values), sentence, place))


def _held(holder: Any, steps: str) -> list[Json]:
    """The list that lies there, through groups of fields."""
    *groups, last = steps.split(".")
    for group in groups:
        holder = holder.setdefault(group, {})
    found: list[Json] = holder.setdefault(last, [])
    return found


def _width(grid: Grid) -> int:
    return max((len(line) for line in grid.cells), default=0)
