"""A form as an Excel workbook, to be filled in: what stands where is `sheets`', what it looks like is said here.

Headings stand in every language, the reader's own large; help and drop-down lists in that one. A text is always written
as a text, so that no spreadsheet runs it as a formula.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from io import BytesIO
from math import ceil
from typing import Any, Final

from openpyxl import Workbook
from openpyxl.cell import Cell as WrittenCell
from openpyxl.styles import Alignment, Border, Font, NamedStyle, PatternFill, Side
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.worksheet import Worksheet

from engine.form.language import MAX_ROWS
from engine.form.model import Choice, Field, Form
from engine.form.sheets import (
    ANSWER,
    BETWEEN,
    FIRST_QUESTION,
    FIRST_ROW,
    NAMES,
    OUTER,
    Asked,
    Sheet,
    letters,
    sheets,
)
from engine.form.typed import label
from engine.text import LANGUAGES

_NAMES: Final = {"nb": "Bokmål", "nn": "Nynorsk", "en": "English"}
_WORDS: Final[Mapping[str, Mapping[str, str]]] = {
    "field": {"nb": "Felt", "nn": "Felt", "en": "Field"},
    "help": {"nb": "Hjelp", "nn": "Hjelp", "en": "Help"},
    "about": {"nb": "Om skjemaet", "nn": "Om skjemaet", "en": "About"},
    "answer": {"nb": "Svar", "nn": "Svar", "en": "Answer"},
    "choices": {"nb": "Valg", "nn": "Val", "en": "Choices"},
    "row_of": {"nb": "Rad i", "nn": "Rad i", "en": "Row of"},
    "comment": {"nb": "Kommentar", "nn": "Kommentar", "en": "Comment"},
    "required": {"nb": "Må besvares.", "nn": "Må svarast på.", "en": "Must be answered."},
    "date": {"nb": "En dato: 31.8.2026.", "nn": "Ein dato: 31.8.2026.", "en": "A date: 31.8.2026."},
    "number": {"nb": "Et tall.", "nn": "Eit tal.", "en": "A number."},
    "integer": {"nb": "Et helt tall.", "nn": "Eit heilt tal.", "en": "A whole number."},
    "choice": {"nb": "Velg ett.", "nn": "Vel eitt.", "en": "Choose one."},
    "boolean": {"nb": "ja eller nei", "nn": "ja eller nei", "en": "yes or no"},
    "yes": {"nb": "ja,nei", "nn": "ja,nei", "en": "yes,no"},
    "several": {
        "nb": f"Ett eller flere, med {BETWEEN} imellom:",
        "nn": f"Eitt eller fleire, med {BETWEEN} imellom:",
        "en": f"One or more, with {BETWEEN} between:",
    },
    "why": {"nb": "Hvorfor vi spør:", "nn": "Kvifor vi spør:", "en": "Why we ask:"},
    "fill_in": {
        "nb": "Skriv i de gule cellene. Det du lar stå tomt, er ikke besvart. La kolonne A stå.",
        "nn": "Skriv i dei gule cellene. Det du lèt stå tomt, er ikkje svart på. La kolonne A stå.",
        "en": "Write in the yellow cells. What you leave empty is not answered. Leave column A as it is.",
    },
}
_SMALL: Final = Font(name="Calibri", color="808080", size=8)
_OTHER: Final = Font(name="Calibri", color="606060", size=10)
"""For the languages that are not the reader's."""
_TITLE: Final = Font(name="Calibri", size=14, bold=True)
_PLAIN: Final = Font(name="Calibri", size=11)
_BOLD: Final = Font(name="Calibri", size=11, bold=True)
_HEADING: Final = PatternFill("solid", fgColor="DDE7EE")
_LINE: Final = Side("thin", color="C8C8C8")
_WRAPPED: Final = Alignment(wrap_text=True, vertical="top")
_TOP: Final = Alignment(vertical="top")
_TO_FILL_IN: Final = "Svar"
"""The name of the style of the cells that answers go into."""
_NO_TITLE: Final = str.maketrans(dict.fromkeys("[]:*?/\\'", " "))
"""What the name of a sheet must not have."""
_LINE_HEIGHT: Final = 13.5
_FORMULA: Final = ("=", "+", "-", "@")
"""What a spreadsheet would take for the beginning of one."""


# -- to fill in --------------------------------------------------------------------------------------------------------


def write(form: Form, language: str, earlier: Mapping[str, str]) -> bytes:
    """The workbook of a form: headings in every language, help and drop-down lists in one; what somebody wrote before.

    `earlier` are texts by the names of the fields that show them again.
    """
    return _Writing(form, language, earlier).whole()


class _Writing:
    def __init__(self, form: Form, language: str, earlier: Mapping[str, str]) -> None:
        self.form, self.language, self.earlier = form, language, earlier
        self.book = Workbook()
        self.book.add_named_style(_to_fill_in())
        self.choices = self.book.create_sheet(self.word("choices"))
        self.blocks: dict[tuple[Choice, ...], str] = {}
        """Where the names of choices stand, for the drop-down lists."""

    def word(self, name: str) -> str:
        return _WORDS[name][self.language]

    def whole(self) -> bytes:
        for column, heading in enumerate(("", *_NAMES.values()), 1):
            _put(self.choices, 1, column, heading, font=_BOLD, fill=_HEADING)
        questions, *lists = sheets(self.form)
        first = self.book.active
        assert isinstance(first, Worksheet)
        first.title = self.word("answer" if questions.asked else "about")
        self.questions(first, questions)
        for number, sheet in enumerate(lists, 1):
            assert sheet.of is not None
            title = self.title(sheet.of.title(self.language))
            self.rows(self.book.create_sheet(title, number), sheet)
        _widen(self.choices, 20, *self.widths())
        written = BytesIO()
        self.book.save(written)
        return written.getvalue()

    def title(self, text: str) -> str:
        """A name for a sheet that no other has."""
        plain = " ".join(text.translate(_NO_TITLE).split())[:27] or self.word("answer")
        taken = {name.casefold() for name in self.book.sheetnames}
        return next(t for t in (plain, *(f"{plain} {n}" for n in range(2, 999))) if t.casefold() not in taken)

    def widths(self) -> list[int]:
        """How wide the columns of the languages are."""
        return [46 if language == self.language else 24 for language in LANGUAGES]

    def font(self, language: str, own: Font) -> Font:
        return own if language == self.language else _OTHER

    def head(self, sheet: Worksheet, mark: str, title: str) -> None:
        _put(sheet, 1, 1, mark, font=_SMALL)
        _put(sheet, 1, 2, title, font=_TITLE)

    def questions(self, sheet: Worksheet, asked: Sheet) -> None:
        """The form's own questions, one below the other."""
        self.head(sheet, asked.mark(self.form), self.form.title(self.language))
        _widen(sheet, 14, *self.widths(), 36, 50)
        purpose = self.form.purpose.get(self.language)
        why = f"{self.word('why')} {purpose}" if purpose else ""
        told = [self.form.description(self.language), self.word("fill_in"), why]
        sheet.merge_cells(start_row=2, start_column=2, end_row=2, end_column=ANSWER)
        _put(sheet, 2, 2, "\n".join(filter(None, told)), alignment=_WRAPPED)
        sheet.row_dimensions[2].height = _LINE_HEIGHT * sum(ceil(len(text) / 160) for text in told)
        headings = (self.word("field"), *_NAMES.values(), self.word("help"), self.word("answer"))
        for column, heading in enumerate(headings, 1):
            _put(sheet, FIRST_QUESTION - 1, column, heading, font=_BOLD, fill=_HEADING)
        for row, one in enumerate(asked.asked, FIRST_QUESTION):
            _put(sheet, row, 1, one.name, font=_SMALL, alignment=_TOP)
            for column, language in enumerate(LANGUAGES, 2):
                title = _titled(one, language)
                _put(sheet, row, column, title, font=self.font(language, _PLAIN), alignment=_WRAPPED)
            _put(sheet, row, ANSWER - 1, self.help(one), font=_OTHER, alignment=_WRAPPED)
            _put(sheet, row, ANSWER, self.earlier.get(one.name), style=_TO_FILL_IN)
            self.offer(sheet, one, f"{letters(ANSWER)}{row}")
            _fit(sheet, row)
        sheet.freeze_panes = f"B{FIRST_QUESTION}"

    def rows(self, sheet: Worksheet, asked: Sheet) -> None:
        """The fields of a list, a column each, with room for as many rows as it may have."""
        assert asked.of is not None
        self.head(sheet, asked.mark(self.form), asked.of.title(self.language))
        for row, name in enumerate((self.word("field"), *_NAMES.values(), self.word("help")), NAMES):
            _put(sheet, row, 1, name, font=_SMALL, alignment=_TOP)
        most = asked.of.schema.get("maxItems")
        last = FIRST_ROW + (most if isinstance(most, int) else MAX_ROWS) - 1
        for row in range(FIRST_ROW, last + 1):
            _put(sheet, row, 1, row - FIRST_ROW + 1, font=_SMALL)
        outer = asked.path[-2:-1]
        _widen(sheet, 14, *[26] * (len(outer) + len(asked.asked)))
        for name in outer:
            titles = [f"{_WORDS['row_of'][language]} {name}" for language in LANGUAGES]
            self.column(sheet, 2, OUTER + name, titles, "", last)
        for column, one in enumerate(asked.asked, 2 + len(outer)):
            self.column(sheet, column, one.name, [_titled(one, lang) for lang in LANGUAGES], self.help(one), last)
            self.offer(sheet, one, f"{letters(column)}{FIRST_ROW}:{letters(column)}{last}")
        for row in range(NAMES + 1, FIRST_ROW):
            _fit(sheet, row)
        sheet.freeze_panes = f"B{FIRST_ROW}"

    def column(self, sheet: Worksheet, column: int, name: str, titles: Sequence[str], help_: str, last: int) -> None:
        _put(sheet, NAMES, column, name, font=_SMALL)
        for row, (language, title) in enumerate(zip(LANGUAGES, titles, strict=True), NAMES + 1):
            _put(sheet, row, column, title, font=self.font(language, _BOLD), fill=_HEADING, alignment=_WRAPPED)
        _put(sheet, FIRST_ROW - 1, column, help_, font=_OTHER, alignment=_WRAPPED)
        for row in range(FIRST_ROW, last + 1):
            _put(sheet, row, column, None, style=_TO_FILL_IN)

    def help(self, asked: Asked) -> str:
        """What may be said in a cell, in one language."""
        if asked.comment:
            return ""
        field, told = asked.field, [asked.field.description(self.language)]
        if field.required:
            told.append(self.word("required"))
        if field.kind == "choices":
            told += [self.word("several"), *(f"– {label(field, c, self.language)}" for c in field.choices)]
        elif field.kind in ("date", "number", "integer", "choice", "boolean"):
            told.append(self.word(field.kind))
        told += [f"({field.unit})"] if field.unit else []
        told += [f"{point}: {words.get(self.language)}" for point, words in field.anchors.items()]
        return "\n".join(filter(None, told))

    def offer(self, sheet: Worksheet, asked: Asked, cells: str) -> None:
        """A drop-down list for cells; what is not in it can be typed all the same, and is checked when it is read."""
        field = asked.field
        if asked.comment or field.kind == "choices" or not (field.choices or field.kind == "boolean"):
            return
        source = self.block(field) if field.choices else f'"{self.word("yes")}"'
        offered = DataValidation("list", formula1=source, allow_blank=True, showErrorMessage=field.kind == "choice")
        offered.errorStyle = "warning"
        offered.add(cells)
        sheet.add_data_validation(offered)

    def block(self, field: Field) -> str:
        """Where the names of a field's choices stand in the workbook's language; written once."""
        if field.choices not in self.blocks:
            begin = self.choices.max_row + 2
            for row, choice in enumerate(field.choices, begin):
                _put(self.choices, row, 1, str(choice.const), font=_SMALL)
                for column, language in enumerate(LANGUAGES, 2):
                    _put(self.choices, row, column, label(field, choice, language))
            named, end = letters(2 + LANGUAGES.index(self.language)), begin + len(field.choices) - 1
            self.blocks[field.choices] = f"'{self.choices.title}'!${named}${begin}:${named}${end}"
        return self.blocks[field.choices]


def _to_fill_in() -> NamedStyle:
    """The style of the cells that answers go into; named, as a list has thousands of them."""
    around = Border(left=_LINE, right=_LINE, top=_LINE, bottom=_LINE)
    yellow = PatternFill("solid", fgColor="FFFBE0")
    return NamedStyle(_TO_FILL_IN, font=_PLAIN, fill=yellow, border=around, alignment=_WRAPPED)


def _widen(sheet: Worksheet, *widths: int) -> None:
    for column, width in enumerate(widths, 1):
        sheet.column_dimensions[letters(column)].width = width


def _fit(sheet: Worksheet, row: int) -> None:
    """Make a row as high as its texts need: not every spreadsheet does so by itself."""
    lines = [1]
    for column, cell in enumerate(sheet[row], 1):
        width = sheet.column_dimensions[letters(column)].width
        lines.append(sum(ceil(len(line) / width) for line in str(cell.value or "").splitlines()))
    sheet.row_dimensions[row].height = _LINE_HEIGHT * max(lines)


def _titled(asked: Asked, language: str) -> str:
    title = asked.field.title(language)
    return f"{title} – {_WORDS['comment'][language].lower()}" if asked.comment else title


def _put(sheet: Worksheet, row: int, column: int, value: str | int | None, **looks: Any) -> None:
    cell = sheet.cell(row, column)
    assert isinstance(cell, WrittenCell)
    if value is not None:
        cell.value = value
    for look, how in looks.items():
        setattr(cell, look, how)
    if isinstance(value, str) and value.startswith(_FORMULA):
        cell.data_type = "s"
        cell.quotePrefix = True
