"""What single commands do beside the round: making a workspace, checking it, lint, time, looking back, tables."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from importlib import import_module
from pathlib import Path

import pytest
import typer

from cli.app import MODULES, app, run
from cli.command import Command
from cli.completion import process_names
from cli.output import Table, aligned
from engine.template.sources import BUILT_IN

SAMSON = BUILT_IN / "processes" / "samson.yaml"
COMMANDS = [path for module in MODULES for path in module.commands]


@pytest.mark.parametrize("path", COMMANDS)
def test_given_a_command_when_help_is_asked_for_then_it_has_an_example(
    path: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run([*path.split(), "--help"]) == 0
    told = capsys.readouterr().out
    assert f"  samskap {path}" in told.split("Example:")[1] or f"(samskap {path}" in told.split("Example:")[1]
    assert "Options of every command:" in told


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.name)
def test_given_a_module_of_commands_when_imported_then_it_has_those_of_the_list_with_their_first_lines(
    module,
) -> None:
    built = import_module(module.name).commands.built
    assert all(isinstance(command, Command) for command in built.values())
    first = {path: (command.help or "").strip().splitlines()[0] for path, command in built.items()}
    assert first == dict(module.commands)


# -- the workspace ----------------------------------------------------------------------------------------------------


def test_given_a_workspace_when_made_again_then_it_is_refused_and_left_alone(arendal) -> None:
    before = arendal.position
    assert run(["init", str(arendal.folder)]) == 3
    assert arendal.position == before


def test_given_no_workspace_when_a_command_is_called_then_it_says_how_to_make_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("SAMSKAP_WORKSPACE", raising=False)
    assert run(["status"]) == 7
    assert "samskap init" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_given_a_folder_within_a_workspace_when_a_command_is_called_then_that_workspace_is_meant(
    arendal, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(arendal.folder / "sources")
    assert run(["status"]) == 0
    assert "arendal" in capsys.readouterr().out


def test_given_the_variable_for_workspaces_when_set_then_it_is_meant(
    arendal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SAMSKAP_WORKSPACE", str(arendal.folder))
    assert run(["status"]) == 0
    assert "arendal" in capsys.readouterr().out


def test_given_a_sound_workspace_when_the_doctor_looks_then_nothing_is_a_fault(arendal) -> None:
    found = {check["name"]: check["outcome"] for check in arendal.done("doctor", "--json").data["checks"]}
    assert (found["python"], found["settings"], found["log"], found["keys"]) == ("ok", "ok", "ok", "ok")
    assert "fault" not in found.values()


def test_given_a_changed_log_when_the_doctor_looks_then_it_says_what_to_do(arendal) -> None:
    tamper(arendal.folder)
    ended = arendal("doctor")
    assert ended.code == 3
    assert "samskap verify" in ended.out


def test_given_settings_that_are_wrong_when_the_doctor_looks_then_it_names_the_place(arendal) -> None:
    (arendal.folder / "samskap.toml").write_text("language = 'xx'\n", encoding="utf-8")
    ended = arendal("doctor")
    assert ended.code == 3
    assert "samskap.toml:1:1" in ended.out


def test_given_no_operators_key_when_the_doctor_looks_then_it_warns(arendal) -> None:
    (arendal.folder / "data/keys/workspace/op/operator.key").unlink()
    found = {check["name"]: check["outcome"] for check in arendal.done("doctor", "--json").data["checks"]}
    assert found["keys"] == "warning"


# -- the log ----------------------------------------------------------------------------------------------------------


def tamper(folder: Path) -> None:
    """Change one stored event behind the engine's back."""
    with closing(sqlite3.connect(folder / "data/events.sqlite")) as store, store:
        store.execute("UPDATE stored_events SET state = state || ' ' WHERE rowid = 2")


def test_given_a_sound_log_when_verified_then_it_holds(arendal) -> None:
    assert arendal.done("verify", "--json").data["faults"] == []


def test_given_a_changed_event_when_verified_then_it_is_named_and_it_ends_with_10(arendal) -> None:
    tamper(arendal.folder)
    ended = arendal("verify")
    assert ended.code == 10
    assert "do not hold" in ended.out
    assert arendal("verify", "--json").data["faults"] != []


# -- templates --------------------------------------------------------------------------------------------------------


def test_given_the_built_in_templates_when_linted_then_there_is_no_error(arendal) -> None:
    assert arendal.done("lint", "samson", "soimpact", "--json").data["errors"] == 0


def test_given_no_workspace_when_a_built_in_template_is_linted_then_that_works(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run(["lint", "samson"]) == 0


def test_given_several_faults_in_own_templates_when_linted_then_all_are_told_with_their_places(arendal) -> None:
    text = SAMSON.read_text(encoding="utf-8").replace("template: samson", "template: mine")
    text = text.replace("initial: preparation", "initial: preperation").replace(
        "    assisted: true", "    asisted: true"
    )
    (arendal.folder / "processes" / "mine.yaml").write_text(text, encoding="utf-8")
    before = arendal.position
    ended = arendal("lint", "--json")
    assert ended.code == 4
    problems = ended.data["problems"]
    assert len(problems) >= 2
    assert all(Path(problem["file"]).name == "mine.yaml" or "forms" in problem["file"] for problem in problems)
    assert all(problem["line"] and problem["column"] for problem in problems)
    assert arendal("publish", "mine").code == 4
    assert arendal.position == before


def test_given_a_workspace_without_templates_when_linted_then_it_says_what_to_name(arendal) -> None:
    assert "such as samson" in arendal.done("lint").out


def test_given_a_template_when_published_twice_then_the_second_is_nothing_new(arendal) -> None:
    before = arendal.position
    assert arendal.done("publish", "samson", "--json").data["replayed"] is True
    assert arendal.position == before


# -- bad names and moments --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("args", "code"),
    [
        (("start", "samson", "arendal"), 8),
        (("start", "samson", "a b"), 5),
        (("start", "samson", ""), 5),
        (("start", "nothing", "grimstad"), 7),
        (("status", "arendl"), 7),
        (("act", "arendal", "nothing"), 7),
        (("act", "arendal", "open_round"), 5),
        (("act", "arendal", "stop"), 5),
        (("invite", "arendal", "--role", "king"), 7),
        (("invite", "arendal", "--role", "member", "--party", "nobody"), 7),
        (("invite", "arendal"), 2),
        (("grant", "arendal", "m9", "facilitator"), 7),
        (("grant", "arendal", "m1", "king"), 7),
        (("revoke", "arendal", "m1", "facilitator"), 5),
        (("member", "add", "arendal", "nobody", "--role", "facilitator"), 7),
        (("join", "arendal.wrong"), 6),
        (("join", ""), 6),
        (("tick", "nothing"), 7),
        (("explain", "action", "arendal", "nothing"), 7),
        (("at", "arendal", "yesterday"), 2),
        (("at", "arendal", "2026-13-01"), 2),
        (("at", "arendal", "0"), 2),
        (("at", "arendal", "1999-01-01"), 7),
        (("lint", "nothing"), 7),
        (("publish", "../samson"), 6),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_given_what_does_not_fit_when_called_then_it_ends_with_its_code_and_nothing_is_stored(
    arendal, args: tuple[str, ...], code: int
) -> None:
    before = arendal.position
    ended = arendal(*args, who="kari")
    assert ended.code == code, ended.err
    assert ended.out == ""
    assert ended.err.startswith("error: ")
    assert arendal.position == before


def test_given_a_path_for_a_template_when_the_operator_publishes_then_there_is_no_such_template(arendal) -> None:
    before = arendal.position
    ended = arendal("publish", "../samson")
    assert (ended.code, ended.out, arendal.position) == (7, "", before)


def test_given_a_handle_that_is_taken_when_added_again_then_it_is_refused(arendal) -> None:
    assert arendal("identity", "add", "kari").code == 8
    assert len(arendal.done("identity", "list", "--json").data["people"]) == 1


# -- time -------------------------------------------------------------------------------------------------------------


def test_given_a_day_without_a_zone_when_looked_back_then_it_is_the_end_of_that_day_here(arendal) -> None:
    day = arendal.done("history", "arendal", who="kari").out.splitlines()[1].split()[1]
    assert arendal.done("at", "arendal", day, "--json", who="kari").data["sequence"] == 4


# -- what is printed --------------------------------------------------------------------------------------------------


def test_given_a_table_in_a_pipe_when_printed_then_columns_are_aligned_and_one_row_is_a_line() -> None:
    told = aligned(Table(("A", "Bee"), [("long", 1), (None, "two\nlines")]))
    assert told == "A     Bee\nlong  1\n      two lines\n"


def test_given_control_characters_in_what_somebody_typed_when_printed_then_none_is_sent(arendal) -> None:
    arendal.done("start", "samson", "red", "--title", "\x1b[31mred\x07", who="kari")
    assert not {"\x1b", "\x07"} & set(arendal.done("status", who="kari").out)
    assert arendal.done("status", "red", "--json", who="kari").data["title"] == "\x1b[31mred\x07"


def test_given_quiet_when_something_is_done_then_nothing_is_said(arendal) -> None:
    ended = arendal.done("-q", "party", "add", "arendal", "kommune", who="kari")
    assert (ended.out, ended.err) == ("", "")


def test_given_an_invitation_when_made_quietly_then_only_the_token_is_on_stdout(arendal) -> None:
    ended = arendal.done("-q", "invite", "arendal", "--role", "facilitator", who="kari")
    assert ended.out.startswith("arendal.")
    assert ended.out.count("\n") == 1


def test_given_options_before_and_after_the_command_when_both_are_given_then_the_later_holds(arendal) -> None:
    told = arendal.done("--lang", "nn", "status", "arendal", "--lang", "en", "--json", who="kari").data
    assert told["state_titles"] == ["Preparation"]


@pytest.mark.parametrize(("name", "begins"), [("aren", ["arendal"]), ("x", [])])
def test_given_the_beginning_of_a_name_when_completed_then_processes_are_found(
    arendal, monkeypatch: pytest.MonkeyPatch, name: str, begins: list[str]
) -> None:
    monkeypatch.setenv("SAMSKAP_WORKSPACE", str(arendal.folder))
    context = typer.Context(typer.main.get_command(app))
    assert process_names(context, name) == begins
