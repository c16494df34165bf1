"""Forms in Excel on the command line: written, filled in, read, submitted."""

from __future__ import annotations

from pathlib import Path

import pytest
from openpyxl import load_workbook

from engine.template.chart import Definition

AGREE = ("arendal", "agree.1.kommune")


@pytest.fixture
def taking_part(arendal, tmp_path: Path):
    """kari leads arendal, and ola takes part in it."""
    arendal.member("ola", "kommune")
    return arendal


def filled_in(file: Path, **answers: str) -> Path:
    """The workbook with answers in its first sheet, by the names of the fields."""
    book = load_workbook(file)
    sheet = book.worksheets[0]
    rows = {sheet.cell(row, 1).value: row for row in range(5, sheet.max_row + 1)}
    for name, answer in answers.items():
        sheet.cell(rows[name], 6, answer)
    book.save(file)
    return file


def test_given_a_task_when_its_workbook_is_filled_in_then_it_can_be_submitted(taking_part, tmp_path: Path) -> None:
    file = tmp_path / "svar.xlsx"
    taking_part.done("form", *AGREE, "--to", str(file), who="ola")
    taking_part.done(
        "submit", *AGREE, "--answers", str(filled_in(file, visibility="Åpent: svarene fra hver part")), who="ola"
    )
    (given,) = taking_part.done("answers", *AGREE, "--json", who="ola").data["answers"]
    assert given["answers"] == {"visibility": "open"}


def test_given_a_cell_that_does_not_fit_when_submitted_then_it_is_named_and_nothing_stored(
    taking_part, tmp_path: Path
) -> None:
    file = tmp_path / "svar.xlsx"
    taking_part.done("form", *AGREE, "--to", str(file), who="ola")
    before = taking_part.position
    refused = taking_part("submit", *AGREE, "--answers", str(filled_in(file, visibility="Kanskje")), who="ola")
    told = taking_part("submit", *AGREE, "--answers", str(file), "--json", who="ola").data["error"]["fields"]
    assert (refused.code, "Svar!F5: " in refused.err, taking_part.position) == (5, True, before)
    assert [(field["path"], field["place"]) for field in told] == [("visibility", "Svar!F5")]


def test_given_a_workbook_when_drafted_with_one_answer_over_it_then_that_one_holds(taking_part, tmp_path: Path) -> None:
    file = tmp_path / "svar.xlsx"
    taking_part.done("form", "arendal", "register.1.m2", "--to", str(file), who="ola")
    filled_in(file, brings="Tid", may_win="Mye")
    taking_part.done(
        "draft", "save", "arendal", "register.1.m2", "--answers", str(file), "--set", "brings=Penger", who="ola"
    )
    draft = taking_part.done("draft", "show", "arendal", "register.1.m2", "--json", who="ola").data["draft"]
    assert draft["answers"] == {"brings": "Penger", "may_win": "Mye"}


def test_given_a_form_when_exported_and_imported_then_its_answers_come_as_json(terminal, tmp_path: Path) -> None:
    file, answers = tmp_path / "f.xlsx", tmp_path / "f.json"
    exported = terminal.done("form", "export", "samson/visibility", "--to", str(file), "--lang", "en", "--json").data
    assert exported == {"form": "samson/visibility", "to": str(file)}
    filled_in(file, visibility="Open")
    assert terminal.done("form", "import", str(file)).data == {"visibility": "open"}
    imported = terminal.done("form", "import", str(file), "--to", str(answers), "--json").data
    assert imported == {"form": "samson/visibility", "to": str(answers)}
    assert answers.read_text() == '{"visibility":"open"}\n'


def test_given_a_workbook_that_is_not_filled_in_when_imported_then_what_is_missing_is_named(
    terminal, tmp_path: Path, samson: Definition
) -> None:
    file = tmp_path / "f.xlsx"
    terminal.done("form", "export", "samson/evaluation", "--to", str(file))
    refused = terminal("form", "import", str(file))
    required = [name for name, field in samson.forms["evaluation"].fields.items() if field.required]
    assert (refused.code, refused.out, refused.err.count("Svar!F")) == (5, "", len(required))


def test_given_a_file_that_is_there_when_exported_then_it_is_replaced_only_when_told(terminal, tmp_path: Path) -> None:
    file = tmp_path / "f.xlsx"
    file.write_bytes(b"mine")
    refused = terminal("form", "export", "samson/visibility", "--to", str(file))
    assert (refused.code, file.read_bytes()) == (8, b"mine")
    terminal.done("form", "export", "samson/visibility", "--to", str(file), "--force")
    assert load_workbook(file).sheetnames[0] == "Svar"


@pytest.mark.parametrize(
    ("call", "code", "told"),
    [
        (("form", "export", "samson/visibilty", "--to", "f.xlsx"), 7, "“samson/visibility”"),
        (("form", "export", "samson", "--to", "f.xlsx"), 7, "samson/answers"),
        (("form", "export", "nothing/at_all", "--to", "f.xlsx"), 7, "nothing"),
        (("form", "export", "samson/visibility", "--to", "f.csv"), 2, ".xlsx"),
        (("form", "import", "missing.xlsx"), 7, "missing.xlsx"),
    ],
)
def test_given_a_call_that_makes_no_sense_when_called_then_it_says_what_would(
    terminal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: tuple[str, ...], code: int, told: str
) -> None:
    monkeypatch.chdir(tmp_path)
    refused = terminal(*call)
    assert (refused.code, told in refused.err) == (code, True), refused.err
    assert not list(tmp_path.glob("f.*"))


def test_given_a_file_that_is_no_workbook_when_submitted_then_it_is_refused(taking_part, tmp_path: Path) -> None:
    file = tmp_path / "svar.xlsx"
    file.write_text("visibility: open\n")
    refused = taking_part("submit", *AGREE, "--answers", str(file), who="ola")
    assert (refused.code, "no Excel workbook" in refused.err) == (5, True)
