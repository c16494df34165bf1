"""What `samskap lint` prints: for people with the line and a caret, for programs, and for GitHub beside the change."""

from __future__ import annotations

from pathlib import Path

import pytest

from cli.excerpt import excerpt
from cli.linting import workflow_command
from engine.errors import Place, Problem
from engine.template.sources import BUILT_IN

SAMSON = BUILT_IN / "processes" / "samson.yaml"


@pytest.fixture
def mine(terminal):
    """A workspace whose own samson has one thing wrong, on a line of its own."""
    text = SAMSON.read_text(encoding="utf-8")
    assert text.count("\nstarter: facilitator\n") == 1
    (terminal.folder / "forms").joinpath("samson").symlink_to(BUILT_IN / "forms" / "samson")
    path = terminal.folder / "processes" / "samson.yaml"
    path.write_text(text.replace("\nstarter: facilitator\n", "\nstarter: fasilitator\n"), encoding="utf-8")
    return terminal, path, text[: text.index("\nstarter: ")].count("\n") + 2


def test_given_a_problem_when_told_to_people_then_the_line_stands_below_with_a_caret_under_the_place(mine) -> None:
    terminal, path, line = mine
    ended = terminal("lint")
    assert ended.code == 4
    first, shown, caret, summary = ended.out.splitlines()
    assert first == (
        f"{path}:{line}:10: error unknown-role: there is no role “fasilitator” – Did you mean “facilitator”?"
    )
    assert shown == f"{line:>6} | starter: fasilitator"
    assert caret.index("^") == shown.index("fasilitator")
    assert summary == "1 template or source looked at, 1 error, 0 warnings"


def test_given_a_problem_when_publishing_then_the_line_and_the_caret_are_told_too(mine) -> None:
    terminal, _, line = mine
    ended = terminal("publish", "samson")
    assert ended.code == 4
    lines = ended.err.splitlines()
    at = lines.index(f"  {line:>6} | starter: fasilitator")
    assert lines[at + 1].index("^") == lines[at].index("fasilitator")


def test_given_the_format_for_programs_when_linted_then_it_is_what_json_gives(mine) -> None:
    terminal, path, line = mine
    told = terminal("lint", "--format", "json").data
    assert told == terminal("lint", "--json").data
    (problem,) = told["problems"]
    assert (problem["file"], problem["line"], problem["column"]) == (str(path), line, 10)
    assert (problem["rule"], problem["severity"]) == ("unknown-role", "error")


def test_given_the_format_for_github_when_linted_then_each_problem_is_a_command_of_its_own_and_nothing_else(
    mine, monkeypatch: pytest.MonkeyPatch
) -> None:
    terminal, _, line = mine
    monkeypatch.chdir(terminal.folder)
    ended = terminal("lint", "--format", "github")
    assert ended.code == 4
    assert ended.out == (
        f"::error file=processes/samson.yaml,line={line},col=10,title=unknown-role::"
        "there is no role “fasilitator”. Did you mean “facilitator”?\n"
    )


def test_given_characters_that_steer_github_when_told_then_they_are_escaped_as_its_toolkit_does(tmp_path: Path) -> None:
    # The expected text is what actions/toolkit's `core.error` prints for the same message and properties.
    place = Place(str(tmp_path / "a,b:c%.yaml"), 3, 5)
    told = workflow_command(Problem("a-rule", "100 % of\nit: a, b", place, "Mend\r it", "warning"))
    file = str(tmp_path / "a%2Cb%3Ac%25.yaml")
    assert told == f"::warning file={file},line=3,col=5,title=a-rule::100 %25 of%0Ait: a, b. Mend%0D it"


def test_given_a_file_that_cannot_be_read_when_linted_then_its_place_is_told(terminal) -> None:
    path = terminal.folder / "processes" / "odd.yaml"
    path.write_text("template: odd\nroles: [lead\n", encoding="utf-8")
    ended = terminal("lint", "--json")
    assert ended.code == 4
    (problem,) = ended.data["problems"]
    assert (problem["rule"], problem["file"], problem["line"]) == ("unreadable", str(path), 3)


def test_given_a_template_that_is_run_on_when_its_file_is_gone_then_lint_warns_and_the_process_goes_on(arendal) -> None:
    text = SAMSON.read_text(encoding="utf-8").replace("template: samson", "template: ours")
    own, forms = arendal.folder / "processes" / "ours.yaml", arendal.folder / "forms" / "ours"
    own.write_text(text, encoding="utf-8")
    forms.mkdir()
    for form in (BUILT_IN / "forms" / "samson").glob("*.yaml"):
        content = form.read_text(encoding="utf-8").replace("$id: samson/", "$id: ours/")
        (forms / form.name).write_text(content, encoding="utf-8")
    arendal.done("publish", "ours")
    arendal.done("start", "ours", "grimstad", who="kari")
    own.unlink()
    (problem,) = arendal.done("lint", "--json").data["problems"]
    assert (problem["rule"], problem["severity"], problem["file"]) == ("published-gone", "warning", str(own))
    arendal.done("party", "add", "grimstad", "skole", who="kari")


def test_given_a_tab_and_a_long_line_when_shown_then_the_caret_stands_under_the_place(tmp_path: Path) -> None:
    file = tmp_path / "long.yaml"
    file.write_text("a: " + "x" * 200 + "HERE" + "y" * 200 + "\n\tb: THERE\n", encoding="utf-8")
    shown, caret = excerpt(Place(str(file), 1, 204))
    assert shown[caret.index("^") :].startswith("HERE")
    shown, caret = excerpt(Place(str(file), 2, 5))
    assert shown[caret.index("^") :].startswith("THERE")
