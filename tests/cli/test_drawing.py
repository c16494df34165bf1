"""Pictures on the command line: of a template without a workspace, of a process for those who may see it."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from cli.app import run


def test_given_no_workspace_when_a_built_in_template_is_drawn_then_it_is_an_svg(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run(["diagram", "samson", "--lang", "en"]) == 0
    drawn = capsys.readouterr().out
    assert ElementTree.fromstring(drawn).tag == "{http://www.w3.org/2000/svg}svg"
    assert "Preparation" in drawn


def test_given_the_picture_in_the_docs_when_drawn_again_then_it_is_the_same(capsys: pytest.CaptureFixture[str]) -> None:
    kept = Path(__file__).parents[2] / "docs" / "pictures" / "samson.svg"
    assert run(["diagram", "samson", "--lang", "en"]) == 0
    assert capsys.readouterr().out.rstrip("\n") == kept.read_text(encoding="utf-8").rstrip("\n")


def test_given_mermaid_when_a_template_is_drawn_then_it_is_text_that_begins_as_its_state_diagrams_do(
    terminal: Any,
) -> None:
    told = terminal.done("diagram", "soimpact", "--format", "mermaid").out
    assert "stateDiagram-v2" in told


def test_given_a_member_when_the_process_is_drawn_then_it_is_told_where_it_is(preparation: Any, tmp_path: Path) -> None:
    file = tmp_path / "arendal.svg"
    told = preparation.done("diagram", "--process", "arendal", "--to", str(file), "--json", who="ola").data
    assert (told["name"], told["format"], told["to"]) == ("arendal", "svg", str(file))
    assert file.read_text(encoding="utf-8") == told["picture"]


def test_given_somebody_from_outside_when_the_process_is_drawn_then_refused_and_nothing_written(
    preparation: Any, tmp_path: Path
) -> None:
    preparation.person("per")
    ended = preparation("diagram", "--process", "arendal", "--to", str(tmp_path / "a.svg"), who="per")
    assert (ended.code, (tmp_path / "a.svg").exists()) == (6, False)


@pytest.mark.parametrize("arguments", [(), ("samson", "--process", "arendal")])
def test_given_neither_or_both_when_drawn_then_told_to_name_one(arendal: Any, arguments: tuple[str, ...]) -> None:
    ended = arendal("diagram", *arguments)
    assert (ended.code, "name a template, or a process" in ended.err) == (2, True)


def test_given_a_folder_that_is_not_there_when_drawn_into_it_then_told(arendal: Any, tmp_path: Path) -> None:
    ended = arendal("diagram", "samson", "--to", str(tmp_path / "none" / "a.svg"))
    assert ended.code != 0
    assert "cannot be written" in ended.err
