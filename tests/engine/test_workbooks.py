"""Forms in Excel: what stands in the workbook, what is read back from it, and what is said of cells that do not fit."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import Workbook, load_workbook
from openpyxl.worksheet.worksheet import Worksheet

from engine import yaml
from engine.codec import MAX_BYTES, Json
from engine.errors import AnswersInvalid, Refused
from engine.form import filled_in, sheets, workbook
from engine.form.model import Form, build
from engine.form.refs import mapping
from engine.form.sheets import FilledIn
from engine.form.validate import Validator
from engine.template import bundle
from engine.template.sources import BUILT_IN
from engine.trial.answers import made_up

VISITS = """
$schema: https://json-schema.org/draft/2020-12/schema
$id: small/visits
title: Besøk
x-i18n: {nn: {title: Besøk}, en: {title: Visits}}
description: Om dem som kom.
type: object
properties:
  leader: {title: Hvem ledet?, x-i18n: {en: {title: Who led?}}, type: string, x-comment: true, x-prefill: true}
  cost: {title: Pris, type: number}
  opened: {title: Åpnet, type: string, format: date}
  happy: {title: Fornøyd?, type: boolean}
  how: {title: Hvordan, oneOf: [{const: 1, title: Dårlig, x-i18n: {en: {title: Badly}}}, {const: 2, title: Bra}]}
  why:
    title: Hvorfor
    type: array
    uniqueItems: true
    items: {oneOf: [{const: near, title: Det er nært}, {const: free, title: 'Gratis, helt'}]}
  place:
    title: Sted
    type: object
    properties: {street: {title: Gate, type: string}}
  days:
    title: Dager
    type: array
    maxItems: 3
    items:
      type: object
      required: [day]
      properties:
        day: {title: Dag, type: string, format: date}
        guests:
          title: Gjester
          type: array
          maxItems: 9
          items: {type: object, properties: {name: {title: Navn, type: string}, age: {title: Alder, type: integer}}}
"""


@pytest.fixture(scope="module")
def visits() -> Form:
    """A form with a field of every kind, and a list in the rows of another."""
    return build(mapping(yaml.load(VISITS, "visits").data))


class Hands:
    """Somebody with a workbook of a form open in a spreadsheet."""

    def __init__(self, form: Form, language: str = "nb", earlier: Mapping[str, str] | None = None) -> None:
        self.form = form
        self.book = load_workbook(io.BytesIO(workbook.write(form, language, earlier or {})))

    def sheet(self, title: str) -> Worksheet:
        found = self.book[title]
        assert isinstance(found, Worksheet)
        return found

    def answer(self, name: str, value: object) -> None:
        """Write into the answer's cell of a question."""
        sheet = self.book.worksheets[0]
        row = next(row for row in range(1, sheet.max_row + 1) if sheet.cell(row, 1).value == name)
        self.write(sheet, row, 6, value)

    def row(self, title: str, number: int, **values: object) -> None:
        """Write a row of a list, by the names of its columns; `outer` says in which row of the outer list it is."""
        sheet = self.sheet(title)
        columns = {sheet.cell(2, column).value: column for column in range(1, sheet.max_column + 1)}
        for name, value in values.items():
            column = next(c for n, c in columns.items() if str(n).startswith("^")) if name == "outer" else columns[name]
            self.write(sheet, 6 + number, column, value)

    def write(self, sheet: Worksheet, row: int, column: int, value: object) -> None:
        """Type a value; a text is a text whatever it begins with."""
        cell: Any = sheet.cell(row, column)
        cell.value = value
        if isinstance(value, str) and not value.startswith("FORMULA"):
            cell.data_type = "s"
        elif isinstance(value, str):
            cell.value = value.removeprefix("FORMULA")

    def saved(self) -> bytes:
        file = io.BytesIO()
        self.book.save(file)
        return file.getvalue()

    def read(self, language: str = "nb") -> FilledIn:
        return sheets.read(self.form, filled_in.grids(self.saved(), "visits.xlsx"), language)

    def answers(self) -> dict[str, Json]:
        return self.read().answers

    def faults(self) -> list[tuple[str, str]]:
        """The cells that cannot be read, with what is said of them."""
        with pytest.raises(AnswersInvalid) as raised:
            self.read()
        return [(fault.place, fault.message) for fault in raised.value.fields]


@pytest.fixture
def hands(visits: Form) -> Hands:
    return Hands(visits)


# -- there and back ----------------------------------------------------------------------------------------------------


@cache
def forms() -> list[Form]:
    return [form for name in ("samson", "soimpact") for form in bundle.read(name, [BUILT_IN]).definition.forms.values()]


@settings(max_examples=20, deadline=None)
@given(number=st.integers(0, 16), seed=st.integers(0, 10_000), language=st.sampled_from(["nb", "nn", "en"]))
def test_given_any_answers_when_somebody_writes_them_by_the_choices_titles_then_they_are_read_as_they_are(
    number: int, seed: int, language: str
) -> None:
    form = forms()[number]
    answers = made_up(form, Random(seed))
    hands = Hands(form, language)
    for name, value in answers.items():
        asked = form.fields.get(name.removesuffix("__comment"))
        assert asked is not None
        if asked.kind != "list" or name.endswith("__comment"):
            hands.answer(name, shown(asked if not name.endswith("__comment") else None, value, language))
            continue
        title = next(s.title for s in hands.book.worksheets if s.cell(1, 1).value == f"{form.id}#{name}")
        assert isinstance(value, list)
        for row, values in enumerate(value, 1):
            assert isinstance(values, dict)
            hands.row(title, row, **{n: shown(asked.items.get(n), v, language) for n, v in values.items()})
    assert hands.answers() == {name: value for name, value in answers.items() if value != []}  # no rows, no list


def shown(field: Any, value: Json, language: str) -> object:
    """A value as somebody would write it in a cell: choices by their titles, numbers as a spreadsheet keeps them."""
    if isinstance(value, list):
        return "; ".join(str(shown(field, one, language)) for one in value)
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, bool):
        return value
    titles = {} if field is None else {str(choice.const): choice.title(language) for choice in field.choices}
    return titles.get(str(value), value)


def test_given_an_empty_workbook_when_read_then_nothing_is_answered(hands: Hands) -> None:
    assert hands.answers() == {}


@pytest.mark.parametrize(
    ("name", "typed", "answer"),
    [
        ("cost", 12, 12),
        ("cost", 12.5, Decimal("12.5")),
        ("cost", 0.1 + 0.2, Decimal("0.3")),
        ("cost", "12,5", Decimal("12.5")),
        ("cost", "mye", "mye"),
        ("opened", date(2026, 8, 31), "2026-08-31"),
        ("opened", datetime(2026, 8, 31), "2026-08-31"),
        ("opened", "31.8.2026", "2026-08-31"),
        ("opened", "2026-08-31", "2026-08-31"),
        ("happy", True, True),
        ("happy", "nei", False),
        ("how", "Bra", 2),
        ("how", "BADLY", 1),
        ("how", 2.0, 2),
        ("why", "Det er nært; Gratis, helt", ["near", "free"]),
        ("why", "Gratis, helt", ["free"]),
        ("why", "free;near", ["free", "near"]),
        ("leader", " Kari\nOla ", " Kari\nOla "),
        ("leader", 301, "301"),
        ("leader", "   ", None),
        ("leader", "=1+1", "=1+1"),
        ("leader__comment", "hun sa det", "hun sa det"),
        ("place.street", "Torget 1", {"street": "Torget 1"}),
    ],
)
def test_given_what_was_typed_in_a_cell_when_read_then_it_is_of_the_fields_kind(
    hands: Hands, name: str, typed: object, answer: Json
) -> None:
    hands.answer(name, typed)
    assert hands.answers().get(name.partition(".")[0]) == answer


def test_given_rows_in_the_rows_of_a_list_when_read_then_each_is_in_its_own(hands: Hands) -> None:
    hands.row("Dager", 1, day="2026-03-02")
    hands.row("Dager", 3, day="2026-03-04")
    hands.row("Gjester", 1, outer=3, name="Ola", age=40)
    hands.row("Gjester", 2, outer=1, name="Kari")
    hands.row("Gjester", 5, outer=3, name="Eva")
    assert hands.answers() == {
        "days": [
            {"day": "2026-03-02", "guests": [{"name": "Kari"}]},
            {"day": "2026-03-04", "guests": [{"name": "Ola", "age": 40}, {"name": "Eva"}]},
        ]
    }


def test_given_sheets_that_were_renamed_and_added_when_read_then_the_answers_are_found(hands: Hands) -> None:
    hands.answer("cost", 3)
    hands.row("Dager", 1, day="2026-03-02")
    for sheet in hands.book.worksheets:
        sheet.title = f"Mitt {sheet.title}"
    notes = hands.book.create_sheet("Notater", 0)
    notes["B2"] = "noe for meg selv"
    assert hands.answers() == {"cost": 3, "days": [{"day": "2026-03-02"}]}


def test_given_columns_that_were_moved_when_read_then_their_names_tell_which_they_are(hands: Hands) -> None:
    hands.row("Dager", 1, day="2026-03-02")
    hands.row("Gjester", 1, outer=1, name="Ola", age=40)
    sheet = hands.sheet("Gjester")
    for row in range(1, sheet.max_row + 1):
        one, other = sheet.cell(row, 3).value, sheet.cell(row, 4).value
        hands.write(sheet, row, 3, other)
        hands.write(sheet, row, 4, one)
    assert hands.answers() == {"days": [{"day": "2026-03-02", "guests": [{"name": "Ola", "age": 40}]}]}


def test_given_a_text_from_before_when_written_then_it_stands_there_as_a_text_and_no_formula(visits: Form) -> None:
    hands = Hands(visits, earlier={"leader": '=HYPERLINK("https://example.org")'})
    with zipfile.ZipFile(io.BytesIO(hands.saved())) as parts:
        assert b"<f>" not in parts.read("xl/worksheets/sheet1.xml")
    assert hands.answers() == {"leader": '=HYPERLINK("https://example.org")'}


# -- what stands in it -------------------------------------------------------------------------------------------------


def test_given_a_form_when_written_then_its_questions_stand_in_a_column_for_each_language() -> None:
    form = next(form for form in forms() if form.id == "samson/membership")
    sheet = Hands(form, "en").book.worksheets[0]
    written = {
        sheet.cell(row, 1).value: [sheet.cell(row, column).value for column in (2, 3, 4)] for row in range(5, 20)
    }
    asked = {name: [field.title(language) for language in ("nb", "nn", "en")] for name, field in form.fields.items()}
    assert {name: titles for name, titles in written.items() if name in asked} == asked


@pytest.mark.parametrize(("language", "named"), [("nb", ["Dårlig", "Bra"]), ("en", ["Badly", "Bra"])])
def test_given_a_choice_when_written_then_its_drop_down_list_is_in_the_readers_language(
    visits: Form, language: str, named: list[str]
) -> None:
    book = Hands(visits, language).book
    offered = book.worksheets[0].data_validations.dataValidation
    (source,) = [one.formula1 for one in offered if "$" in str(one.formula1)]
    title, _, cells = str(source).partition("!")
    sheet = book[title.strip("'")]
    assert isinstance(sheet, Worksheet)
    assert [cell.value for (cell,) in sheet[cells.replace("$", "")]] == named


def test_given_two_choices_of_the_same_title_when_written_then_each_is_known_from_the_other() -> None:
    text = VISITS.replace("title: Bra}", "title: Dårlig}")
    hands = Hands(build(mapping(yaml.load(text, "visits").data)))
    hands.answer("how", "Dårlig (2)")
    assert hands.answers() == {"how": 2}


# -- what does not fit -------------------------------------------------------------------------------------------------


def test_given_answers_that_do_not_fit_when_checked_then_each_is_told_with_its_cell(hands: Hands) -> None:
    hands.answer("how", "Midt på")
    hands.row("Dager", 2, day="i går")
    hands.row("Gjester", 1, outer=2, age="ung")
    found = hands.read()
    faults = found.placed(Validator(hands.form).errors(found.answers, "nb"))
    assert [(fault.place, fault.path) for fault in faults] == [
        ("Svar!F10", "how"),
        ("Dager!B8", "days[0].day"),
        ("Gjester!D7", "days[0].guests[0].age"),
    ]


def test_given_a_row_without_what_it_must_have_when_checked_then_the_empty_cell_is_named(hands: Hands) -> None:
    hands.row("Dager", 1, day="2026-03-02")
    hands.row("Dager", 2, day="2026-03-03")
    hands.row("Gjester", 1, outer=2, name="Ola")
    hands.write(hands.sheet("Dager"), 8, 2, None)
    assert hands.faults() == [("Gjester!B7", "Skriv nummeret på raden som denne hører til.")]


@pytest.mark.parametrize("outer", [None, 7, "første"])
def test_given_a_row_of_no_row_when_read_then_its_cell_is_named(hands: Hands, outer: object) -> None:
    hands.row("Dager", 1, day="2026-03-02")
    hands.row("Gjester", 4, outer=outer, name="Ola")
    assert hands.faults() == [("Gjester!B10", "Skriv nummeret på raden som denne hører til.")]


def test_given_a_formula_that_was_never_worked_out_when_read_then_its_cell_is_named(hands: Hands) -> None:
    hands.answer("cost", "FORMULA=1+1")
    assert [place for place, _ in hands.faults()] == ["Svar!F7"]


def test_given_a_cell_with_an_error_when_read_then_it_is_named(hands: Hands) -> None:
    hands.answer("cost", 1)
    hands.book.worksheets[0]["F7"].value = "#REF!"
    hands.book.worksheets[0]["F7"].data_type = "e"
    assert hands.faults() == [("Svar!F7", "I cella står feilen #REF!. Rett den i regnearket.")]


def test_given_an_answer_where_nothing_is_asked_when_read_then_it_is_not_passed_over(hands: Hands) -> None:
    hands.book.worksheets[0]["F40"] = "noe jeg ville si"
    hands.sheet("Dager")["F7"] = "mer"
    assert [place for place, _ in hands.faults()] == ["Svar!F40", "Dager!F7"]


def test_given_a_question_that_stands_twice_when_both_are_answered_then_neither_is_passed_over(hands: Hands) -> None:
    hands.answer("cost", 3)
    sheet = hands.book.worksheets[0]
    hands.write(sheet, 40, 1, "cost")
    hands.write(sheet, 40, 6, 4)
    assert [place for place, _ in hands.faults()] == ["Svar!F40"]


def test_given_a_sheet_that_was_copied_when_read_then_neither_is_passed_over(hands: Hands) -> None:
    hands.row("Dager", 1, day="2026-03-02")
    hands.book.copy_worksheet(hands.sheet("Dager")).title = "Flere dager"
    with pytest.raises(Refused, match="“Dager” and “Flere dager” are the same sheet"):
        hands.read()


def test_given_a_workbook_of_another_form_when_read_then_that_is_said(visits: Form) -> None:
    other = Hands(forms()[0])
    other.form = visits
    with pytest.raises(Refused, match=f"of the form “{forms()[0].id}”, and not of “small/visits”"):
        other.read()


def a_zip_of(size: int) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as parts:
        parts.writestr("xl/worksheets/sheet1.xml", b" " * size)
    return file.getvalue()


def far_away(row: int, column: int) -> bytes:
    book, file = Workbook(), io.BytesIO()
    sheet = book.worksheets[0]
    sheet.cell(1, 1, "small/visits")
    sheet.cell(row, column, "x")
    book.save(file)
    return file.getvalue()


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "no Excel workbook"),
        (b"leader: Kari\n", "no Excel workbook"),
        (a_zip_of(10), "cannot be read"),
        (a_zip_of(16 * MAX_BYTES + 1), "too large"),
        (far_away(1_048_576, 16_384), "more than 5000 rows"),
    ],
)
def test_given_what_is_no_workbook_when_read_then_it_is_refused(content: bytes, told: str) -> None:
    with pytest.raises(Refused, match=told):
        filled_in.grids(content, "x.xlsx")


def test_given_a_sheet_that_says_it_is_smaller_than_it_is_when_read_then_all_of_it_is_read(hands: Hands) -> None:
    """Some programs write `<dimension ref="A1"/>` whatever is in the sheet."""
    hands.answer("cost", 3)
    before, after = io.BytesIO(hands.saved()), io.BytesIO()
    with zipfile.ZipFile(before) as old, zipfile.ZipFile(after, "w") as new:
        for part in old.infolist():
            content = old.read(part)
            if part.filename == "xl/worksheets/sheet1.xml":
                start, end = content.index(b"<dimension"), content.index(b"/>", content.index(b"<dimension"))
                content = content[:start] + b'<dimension ref="A1"' + content[end:]
            new.writestr(part.filename, content)
    assert sheets.read(hands.form, filled_in.grids(after.getvalue(), "x"), "nb").answers == {"cost": 3}
