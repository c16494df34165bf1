"""Backups on the command line: made, checked, and a workspace from them, in words and in JSON."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cli.app import run


@pytest.fixture
def places(preparation: Any) -> Path:
    """A place for backups, and one for those of the keys."""
    folder = Path(preparation.folder).parent / "places"
    (folder / "safe").mkdir(parents=True)
    return folder


def at(terminal: Any, folder: Path, *args: str) -> Any:
    """Run a command on another workspace."""
    here, terminal.folder = terminal.folder, folder
    try:
        return terminal(*args)
    finally:
        terminal.folder = here


@pytest.mark.parametrize("name", ["backup", "backup.zip"])
def test_given_a_backup_when_restored_with_verify_then_the_head_is_the_same_and_people_go_on(
    preparation: Any, places: Path, name: str, tmp_path: Path
) -> None:
    before = preparation.done("head", "--json").data["head"]
    told = preparation.done("backup", str(places / name), "--json").data
    assert (told["log"]["head"], told["holds"]) == (before, "log")
    preparation.done("backup", "keys", str(places / "safe" / "keys"))
    anew = tmp_path / "anew"
    ended = at(preparation, anew, "restore", str(places / name), "--keys", str(places / "safe" / "keys"),
               "--head", before, "--verify", "--json")  # fmt: skip
    assert (ended.code, ended.data["differing"], ended.data["log"]["head"]) == (0, [], before)
    preparation.folder = anew
    assert preparation.done("head", "--json").data["head"] == before
    for handle in ("kari", "ola"):
        preparation.tokens[handle] = preparation.done("-q", "identity", "token", handle).out.strip()
    preparation.done("act", "arendal", "open_round", who="kari")
    assert "Svar på spørsmålene" in preparation.done("tasks", who="ola").out


def test_given_a_token_taken_back_after_the_backup_when_restored_then_it_does_not_hold_again(
    preparation: Any, places: Path
) -> None:
    preparation.done("backup", str(places / "monday"))
    preparation.done("identity", "end", "--all", "--of", "ola")
    preparation.done("restore", str(places / "monday"))
    assert preparation("tasks", who="ola").code == 6


def test_given_a_backup_when_checked_then_told_what_it_holds_and_where_it_was_changed(
    preparation: Any, places: Path
) -> None:
    preparation.done("backup", str(places / "backup"))
    told = preparation.done("verify", "--backup", str(places / "backup"), "--json").data
    assert told["log"]["events"] == preparation.position
    (places / "backup" / "config" / "samskap.toml").write_text("language = 'en'")
    ended = preparation("verify", "--backup", str(places / "backup"))
    assert (ended.code, "samskap.toml was changed" in ended.err) == (10, True)


def test_given_the_two_kinds_of_checks_when_both_are_asked_for_then_the_call_makes_no_sense(preparation: Any) -> None:
    assert preparation("verify", "--backup", "x", "--archive", "y").code == 2


def test_given_newer_events_when_restored_over_then_refused_until_replaced_and_these_lie_in_a_backup(
    preparation: Any, places: Path
) -> None:
    preparation.done("backup", str(places / "backup"))
    preparation.done("act", "arendal", "open_round", who="kari")
    position = preparation.position
    ended = preparation("restore", str(places / "backup"))
    assert (ended.code, "events that the backup does not hold" in ended.err, preparation.position) == (
        8,
        True,
        position,
    )
    told = preparation.done("restore", str(places / "backup"), "--replace", "--json").data
    assert preparation.position == position - told["lost"]
    preparation.done("restore", told["replaced"], "--replace")
    assert preparation.position == position


def test_given_no_operators_key_when_backed_up_or_replaced_then_refused(preparation: Any, places: Path) -> None:
    preparation.done("backup", str(places / "backup"))
    for key in (preparation.folder / "data" / "keys" / "workspace").rglob("operator*"):
        key.unlink()
    for words in (["backup", "x"], ["backup", "keys", "x"], ["restore", str(places / "backup"), "--replace"]):
        ended = preparation(*words, who="kari")
        assert (ended.code, "operator's key" in ended.err) == (6, True)


def test_given_a_log_that_was_changed_when_backed_up_then_made_and_the_command_ends_with_10(
    preparation: Any, places: Path, change: Callable[[str], None]
) -> None:
    change("UPDATE head SET hash = 'x' WHERE stream = (SELECT stream FROM process)")
    ended = preparation("backup", str(places / "backup"))
    assert (ended.code, "behind the engine's back" in ended.err) == (10, True)
    assert preparation("verify", "--backup", str(places / "backup")).code == 0


@pytest.fixture
def change(preparation: Any) -> Callable[[str], None]:
    """Change the store with SQLite alone, as nobody should."""
    import sqlite3  # noqa: PLC0415
    from contextlib import closing  # noqa: PLC0415

    def apply(statement: str) -> None:
        path = preparation.folder / "data" / "events.sqlite"
        with closing(sqlite3.connect(path)) as connection, connection:
            connection.execute(statement)

    return apply


@pytest.mark.parametrize("words", [["restore", "nowhere"], ["verify", "--backup", "nowhere"]])
def test_given_no_backup_at_a_place_when_asked_for_then_not_found(preparation: Any, words: list[str]) -> None:
    ended = preparation(*words)
    assert (ended.code, "there is no backup" in ended.err) == (7, True)


def test_given_no_workspace_and_none_named_when_restored_then_told_to_name_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("SAMSKAP_WORKSPACE", raising=False)
    monkeypatch.chdir(tmp_path)
    assert run(["restore", "backup"]) == 7
    assert "--workspace" in capsys.readouterr().err


def test_given_a_command_of_two_words_beside_one_of_one_when_helped_or_mistyped_then_each_is_known(
    terminal: Any,
) -> None:
    assert "apart from everything" in terminal.done("backup", "keys", "--help").out
    assert "samskap backup [OPTIONS]" in terminal.done("backup", "--help").out
    assert "backup keys" in terminal.done("--help").out


def test_given_a_backup_from_before_an_erasure_when_restored_then_erased_again_everywhere_and_told(
    preparation: Any, places: Path, tmp_path: Path
) -> None:
    preparation.done("backup", str(places / "backup"))
    preparation.done("backup", "keys", str(places / "safe" / "keys"))
    preparation.done("erase", "eva", "--reason", "asked for it in a letter")
    listed = preparation.folder / "data" / "erasures.jsonl"
    anew = tmp_path / "anew"
    ended = at(preparation, anew, "restore", str(places / "backup"), "--keys", str(places / "safe" / "keys"),
               "--erasures", str(listed))  # fmt: skip
    assert (ended.code, "Erased again" in ended.out) == (0, True)
    people = at(preparation, anew, "identity", "list", "--json").data
    assert "eva" not in str(people)


def test_given_a_restore_without_the_list_of_erasures_when_told_so_and_given_it_later_then_the_erased_go_again(
    preparation: Any, places: Path, tmp_path: Path
) -> None:
    preparation.done("backup", str(places / "backup"))
    preparation.done("backup", "keys", str(places / "safe" / "keys"))
    preparation.done("erase", "eva", "--reason", "asked for it in a letter")
    anew = tmp_path / "anew"
    words = ("restore", str(places / "backup"), "--keys", str(places / "safe" / "keys"))
    ended = at(preparation, anew, *words)
    assert "no list of erasures" in ended.out
    ended = at(preparation, anew, *words, "--erasures", str(preparation.folder / "data" / "erasures.jsonl"))
    assert (ended.code, "Erased again" in ended.out, "no list of erasures" in ended.out) == (0, True, False)
    assert "eva" not in str(at(preparation, anew, "identity", "list", "--json").data)


@pytest.mark.fault("F27")
def test_given_keys_that_are_lost_for_good_when_restored_without_then_the_operator_takes_people_up_anew(
    preparation: Any, places: Path, tmp_path: Path
) -> None:
    preparation.done("backup", str(places / "backup"))
    preparation.folder = tmp_path / "anew"
    preparation.done("restore", str(places / "backup"), "--without-keys", "--verify")
    preparation.person("kari")
    preparation.done("start", "samson", "again", who="kari")
    assert [one["name"] for one in preparation.done("status", "--json").data["processes"]] == ["again", "arendal"]


def test_given_a_backup_of_a_workspace_without_people_when_restored_then_its_operator_goes_on(
    terminal: Any, tmp_path: Path
) -> None:
    terminal.done("backup", str(tmp_path / "backup"))
    terminal.folder = tmp_path / "anew"
    terminal.done("restore", str(tmp_path / "backup"))
    terminal.person("kari")
