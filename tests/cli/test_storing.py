"""The store on the command line: one setting moves the log, whole, from a file into a database and back."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest


def use(terminal: Any, url: str) -> None:
    """Name another store in the workspace's settings."""
    settings = terminal.folder / "samskap.toml"
    settings.write_text(f'store_url = "{url}"\n{settings.read_text(encoding="utf-8")}', encoding="utf-8")


def test_given_a_process_when_copied_to_postgresql_and_back_then_every_head_is_the_same(
    preparation: Any, new_database: Callable[[], str], tmp_path: Path
) -> None:
    before = preparation.done("head", "--json").data["head"]
    url = new_database()
    told = preparation.done("store", "copy", "--to", url, "--verify", "--json").data
    assert (told["verified"], told["events"]) == (True, preparation.position)
    use(preparation, url)
    assert preparation.done("head", "--json").data["head"] == before
    back = f"sqlite:///{tmp_path / 'back.sqlite'}"
    assert preparation.done("store", "copy", "--to", back, "--verify", "--json").data["verified"] is True


def test_given_the_setting_when_people_go_on_then_postgresql_holds_what_they_do(
    preparation: Any, new_database: Callable[[], str]
) -> None:
    url = new_database()
    preparation.done("store", "copy", "--to", url)
    in_file = preparation.position
    use(preparation, url)
    preparation.done("act", "arendal", "open_round", who="kari")
    assert "Svar på spørsmålene" in preparation.done("tasks", who="ola").out
    assert preparation.position == in_file
    assert preparation.done("doctor", "--json").data


def test_given_a_store_that_is_used_when_copied_into_then_refused_and_untouched(
    preparation: Any, new_database: Callable[[], str]
) -> None:
    url = new_database()
    preparation.done("store", "copy", "--to", url)
    ended = preparation("store", "copy", "--to", url)
    assert (ended.code, "not empty" in ended.err) == (8, True)


def test_given_another_workspace_when_it_names_the_store_then_refused_until_the_keys_are_said_to_be_lost_for_good(
    preparation: Any, tmp_path: Path
) -> None:
    store, another = preparation.folder / "data" / "events.sqlite", tmp_path / "another"
    preparation.folder = another
    preparation.done("init", str(another))
    use(preparation, f"sqlite:///{store}")
    ended = preparation("publish", "samson")
    assert (ended.code, "other keys" in ended.err) == (12, True)
    assert preparation("store", "adopt", who="kari").code == 6
    assert preparation.done("store", "adopt", "--json").data["adopted"] is True
    preparation.done("identity", "add", "ny", "--name", "Ny Person")
    assert preparation.done("store", "adopt", "--json").data["adopted"] is False


def test_given_a_workspace_without_the_operators_key_when_copying_then_refused_and_nothing_made(
    preparation: Any,
) -> None:
    for key in (preparation.folder / "data" / "keys" / "workspace").rglob("operator*"):
        key.unlink()
    ended = preparation("store", "copy", "--to", "sqlite:///data/x.sqlite", who="kari")
    assert (ended.code, "operator's key" in ended.err) == (6, True)
    assert not (preparation.folder / "data" / "x.sqlite").exists()


def test_given_an_empty_database_when_a_store_is_made_then_the_workspace_works_in_it(
    terminal: Any, new_database: Callable[[], str]
) -> None:
    use(terminal, new_database())
    assert terminal("publish", "samson").code != 0
    assert "PostgreSQL" in terminal.done("store", "create", "--json").data["store"]
    terminal.done("publish", "samson")
    terminal.person("kari")
    terminal.done("start", "samson", "arendal", "--title", "Arendal", who="kari")
    assert "arendal" in terminal.done("status").out


@pytest.mark.parametrize("url", ["mysql://x/y", "sqlite:///"])
def test_given_a_url_that_names_no_store_when_copied_then_told_and_nothing_made(preparation: Any, url: str) -> None:
    ended = preparation("store", "copy", "--to", url)
    assert ended.code != 0
    assert "this is no store" in ended.err


def test_given_lists_when_made_again_then_told_how_many_and_they_are_the_same(arendal: Any) -> None:
    before = arendal.done("tasks", "--json", who="kari").data
    assert arendal.done("store", "rebuild", "--json").data == {"processes": 1}
    assert arendal.done("tasks", "--json", who="kari").data == before
