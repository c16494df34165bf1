"""Workspaces: made, found, and settings that say where they are wrong."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from engine.errors import NotFound, SettingsError
from engine.workspace import STARTER, Workspace

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace.create(tmp_path / "work")


def test_given_an_empty_folder_when_made_a_workspace_then_an_engine_runs_in_it(workspace: Workspace) -> None:
    engine = workspace.engine()
    assert engine.processes() == []
    engine.close()


SCHEMAS = {
    "template.schema.json": "processes/mine.yaml",
    "../form.schema.json": "forms/mine/note.yaml",
    "../../scenario.schema.json": "processes/tests/mine/first.yaml",
    "processes/plan.schema.json": "mine-1.1.0.yaml",
}


@pytest.mark.parametrize(("schema", "file"), SCHEMAS.items())
def test_given_a_workspace_when_an_editor_follows_the_line_of_the_reference_then_the_schema_is_there(
    schema: str, file: str, workspace: Workspace
) -> None:
    pages = "".join(
        (ROOT / "docs" / "reference" / page).read_text()
        for page in ("templates.md", "forms.md", "scenarios.md", "plans.md")
    )
    assert f"# yaml-language-server: $schema={schema}\n" in pages
    found = (workspace.root / file).parent / schema
    ours = (ROOT / file).parent / schema
    assert Path(os.path.normpath(found)).read_bytes() == Path(os.path.normpath(ours)).read_bytes()


def test_given_a_workspace_when_made_again_then_refused(workspace: Workspace) -> None:
    with pytest.raises(SettingsError, match="already"):
        Workspace.create(workspace.root)


def test_given_the_starting_settings_when_read_then_they_are_the_defaults(workspace: Workspace) -> None:
    bare = workspace.root / "bare"
    bare.mkdir()
    (bare / "samskap.toml").write_text("")
    assert Workspace.open(bare).settings == workspace.settings


def test_given_a_folder_below_when_looked_from_there_then_the_workspace_is_found(workspace: Workspace) -> None:
    below = workspace.root / "forms" / "mine"
    below.mkdir()
    assert Workspace.find(below).root == workspace.root


def test_given_a_named_workspace_when_looked_for_then_that_one(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SAMSKAP_WORKSPACE", str(workspace.root))
    assert Workspace.find().root == workspace.root


def test_given_no_workspace_when_looked_for_then_told_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(NotFound) as caught:
        Workspace.find(tmp_path)
    assert "samskap init" in caught.value.hint


def test_given_a_variable_when_opened_then_it_wins_over_the_file(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SAMSKAP_WAREHOUSE__MEMORY_LIMIT", "4GB")
    opened = Workspace.open(workspace.root).settings
    assert (opened.warehouse.memory_limit, opened.sql.rows) == ("4GB", 10_000)


@pytest.mark.parametrize(
    ("text", "place", "told", "hint"),
    [
        ("language = 'nb", ":1:15", "not TOML", "quotes"),
        ("languag = 'nb'", ":1:1", "no setting “languag”", "“language”"),
        ("\n[sql]\nsecond = 3", ":3:1", "no setting “sql.second”", "“seconds”"),
        ("[sql]\n  seconds = -3", ":2:3", "“sql.seconds” is wrong", "default"),
        ("language = 'sv'", ":1:1", "“language” is wrong", "default"),
        ("[schedule]\ntimezone = 'Oslo'", ":2:1", "no time zone", "default"),
        ("[schedule]\ncron = 'daily'", ":2:1", "“schedule.cron” is wrong", "default"),
        ("[warehouse]\nmemory_limit = 'much'", ":2:1", "memory_limit", "default"),
    ],
)
def test_given_wrong_settings_when_opened_then_told_where_and_what(
    tmp_path: Path, text: str, place: str, told: str, hint: str
) -> None:
    (tmp_path / "samskap.toml").write_text(text)
    with pytest.raises(SettingsError) as caught:
        Workspace.open(tmp_path)
    assert str(caught.value.where).endswith("samskap.toml" + place)
    assert told in caught.value.message
    assert hint in caught.value.hint


def test_given_a_wrong_variable_when_opened_then_the_variable_is_named(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SAMSKAP_SQL__ROWS", "many")
    with pytest.raises(SettingsError) as caught:
        Workspace.open(workspace.root)
    assert caught.value.where == "SAMSKAP_SQL__ROWS"


def test_given_a_file_in_the_way_when_made_then_refused(tmp_path: Path) -> None:
    (tmp_path / "work").write_text("a file")
    with pytest.raises(SettingsError, match="cannot be made"):
        Workspace.create(tmp_path / "work")


def test_given_the_starting_text_when_read_then_every_section_of_the_settings_is_in_it() -> None:
    assert all(f"[{section}]" in STARTER for section in ("warehouse", "schedule", "sql"))
