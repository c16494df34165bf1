"""`samskap erase`: what it says it would do, that it does it, and that nothing is found afterwards."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
import textwrap
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    Terminal = Any  # the class stands in conftest.py, which cannot be imported

REASON = ("--reason", "Asked for it on 3 May")


@pytest.fixture
def known(preparation: Terminal) -> Terminal:
    """ola takes part in arendal, with an address, and has asked the figures something."""
    preparation.done("identity", "notify", "ola", "--to", "ola.hansen@example.org")
    record = {"at": "2026-01-02T10:00:00+00:00", "outcome": "answered", "question": "SELECT 1", "who": "ola"}
    (preparation.folder / "data" / "questions.jsonl").write_text(json.dumps(record) + "\n")
    return preparation


def test_given_a_person_when_tried_out_then_told_what_goes_and_nothing_is_erased(known: Terminal) -> None:
    before = known.position
    told = known.done("erase", "ola", "--dry-run", "--json").data
    assert (told["erasure"], [one["process"] for one in told["processes"]]) == (None, ["arendal"])
    assert told["processes"][0]["memberships"] == ["m2"]
    assert known.position == before
    assert "ola" in known.done("identity", "list").out


def test_given_a_person_when_erased_and_looked_for_then_nothing_is_found(known: Terminal) -> None:
    ended = known("erase", "ola", *REASON, "--verify", "--json")
    assert ended.data["verified"]["hits"] == []
    assert ended.code == 0
    assert "ola" not in known.done("identity", "list").out
    assert "(erased)" in (known.folder / "data" / "questions.jsonl").read_text()
    assert known.done("verify").code == 0


def test_given_a_process_in_quarantine_when_somebody_in_it_is_erased_then_all_else_goes_and_it_tells_later(
    known: Terminal,
) -> None:
    questions = known.folder / "data" / "questions.jsonl"
    record = {"at": "2026-01-02T10:00:00+00:00", "outcome": "answered", "question": "SELECT 'Ola'", "who": "eva"}
    questions.write_text(questions.read_text() + json.dumps(record) + "\n")
    known.done("person", "export", "ola", "--to", str(known.folder / "held"))
    with closing(sqlite3.connect(known.folder / "data" / "events.sqlite")) as store, store:
        changed = "UPDATE head SET hash='0' WHERE stream=(SELECT stream FROM process WHERE name='arendal')"
        assert store.execute(changed).rowcount == 1
    ended = known("erase", "ola", *REASON)
    assert (ended.code, "in quarantine" in ended.err, "is gone" in ended.err) == (10, True, True)
    assert list((known.folder / "held").iterdir()) == []
    assert "Ola" not in questions.read_text()
    assert "ola" not in known.done("identity", "list").out


def test_given_a_person_in_a_file_of_the_users_when_looked_for_then_named_and_ends_with_14(known: Terminal) -> None:
    (known.folder / "sources" / "list.csv").write_text("name\nOla Hansen\n", encoding="utf-16")
    known.done("erase", "ola", *REASON)
    ended = known("erase", "--verify", "--search", "Ola Hansen", "--json")
    assert ended.code == 14
    assert ended.data["verified"]["hits"] == [{"place": "sources/list.csv", "text": 1, "as": "UTF-16"}]


@pytest.mark.parametrize("name", ["safe", "safe.zip"])
def test_given_a_backup_of_keys_within_the_workspace_when_looked_for_then_the_copies_are_named_and_ends_with_14(
    known: Terminal, name: str
) -> None:
    known.done("backup", "keys", str(known.folder / name))
    ended = known("erase", "ola", *REASON, "--verify", "--json")
    assert (ended.code, ended.data["verified"]["hits"]) == (14, [])
    places = ended.data["verified"]["keys"]
    assert {place.partition("/")[0] for place in places} == {name}
    assert all("workspace" not in place for place in places)


def test_given_a_person_erased_when_the_doctor_looks_then_erased_is_not_lost(known: Terminal) -> None:
    known.done("erase", "ola", *REASON)
    found = {check["name"]: check for check in known("doctor", "--json").data["checks"]}
    assert (found["people"]["outcome"], found["texts"]["outcome"]) == ("ok", "ok")
    assert "erased on purpose" in found["texts"]["told"]
    subjects = sorted((known.folder / "data" / "keys" / "subject").rglob("*.key"))
    subjects[0].unlink()
    texts = next(check for check in known("doctor", "--json").data["checks"] if check["name"] == "texts")
    assert (texts["outcome"], "arendal" in texts["told"]) == ("fault", True)


def test_given_an_analyst_when_erased_then_told_that_the_settings_name_them(known: Terminal) -> None:
    settings = known.folder / "samskap.toml"
    settings.write_text(settings.read_text().replace("analysts = []", 'analysts = ["ola"]'))
    assert "samskap.toml names" in known.done("erase", "ola", *REASON).out


def test_given_figures_that_cannot_be_computed_again_when_a_person_is_erased_then_erased_all_the_same(
    known: Terminal,
) -> None:
    known.done("evaluate", "--on", "2026-03-02")
    (known.folder / "sources" / "gone.source.yaml").write_text("source: gone\n")
    ended = known.done("erase", "ola", *REASON)
    assert "not computed again" in ended.err
    assert "ola" not in known.done("identity", "list").out


def test_given_erasures_when_listed_then_when_and_why_and_nobodys_name(known: Terminal) -> None:
    known.done("erase", "ola", *REASON)
    (entry,) = known.done("erasures", "--json").data["erasures"]
    assert (entry["kind"], entry["reason"], entry["done"], entry["runs"]) == ("person", REASON[1], True, [])
    assert "ola" not in (known.folder / "data" / "erasures.jsonl").read_text()


SENSELESS: dict[tuple[str, ...], int] = {
    ("erase", "ola"): 5,
    ("erase", "ola", "--reason", "Ola asked"): 5,
    ("erase",): 2,
    ("erase", "--verify"): 2,
    ("erase", "nobody", "--reason", "x"): 7,
    ("erase", "ola", "--unit", "4711", "--reason", "x"): 2,
    ("erase", "kari", "--process", "nowhere", "--reason", "x"): 7,
}


def test_given_calls_that_make_no_sense_when_erasing_then_refused_and_nothing_done(known: Terminal) -> None:
    assert {args: known(*args).code for args in SENSELESS} == SENSELESS
    assert not (known.folder / "data" / "erasures.jsonl").exists()


def test_given_no_operators_key_when_erasing_then_not_allowed(known: Terminal) -> None:
    (known.folder / "data" / "keys" / "workspace" / "op" / "operator.key").unlink()
    assert known("erase", "eva", *REASON, who="ola").code == 6


# -- telling -----------------------------------------------------------------------------------------------------------


def test_given_a_person_when_exporting_what_is_held_about_them_then_two_files_of_their_own(known: Terminal) -> None:
    to = known.folder / "held"
    told = known.done("person", "export", "ola", "--to", str(to), "--json", who="ola").data
    assert (told["processes"], told["answers"]) == (1, 2)
    held = json.loads((to / "held.json").read_text())
    assert held["profile"]["address"] == "mailto:ola.hansen@example.org"
    assert [question["question"] for question in held["questions"]] == ["SELECT 1"]
    assert "Arendal" in (to / "held.html").read_text()
    assert (to / "held.json").stat().st_mode & 0o077 == 0


def test_given_exports_in_the_workspace_when_their_person_is_erased_then_they_are_gone_and_others_stay(
    known: Terminal,
) -> None:
    for handle in ("ola", "eva"):
        known.done("person", "export", handle, "--to", str(known.folder / "out" / handle))
    known.done("person", "export", "ola", "--to", str(known.folder / "data" / "held"))
    known.done("erase", "ola", *REASON)
    assert list((known.folder / "data" / "held").iterdir()) == []
    assert sorted(path.name for path in (known.folder / "out").rglob("*.*")) == ["held.html", "held.json"]
    assert known.done("erase", "--verify", "--search", "ola.hansen@example.org").code == 0


KILLED = textwrap.dedent(
    """
    import os, signal, sys
    from pathlib import Path
    from engine.export.files import new_file
    with new_file(Path(sys.argv[1])) as file:
        file.write(b"ola.hansen@example.org")
        file.flush()
        os.kill(os.getpid(), signal.SIGKILL)
    """
)


def test_given_an_export_that_was_killed_when_its_person_is_erased_then_the_half_of_it_is_gone(known: Terminal) -> None:
    folder = known.folder / "held"
    folder.mkdir()
    subprocess.run([sys.executable, "-c", KILLED, str(folder / "held.json")], check=False)
    assert [path.read_bytes() for path in folder.iterdir()] == [b"ola.hansen@example.org"]
    known.done("erase", "ola", *REASON)
    assert list(folder.iterdir()) == []


def test_given_somebody_else_when_exporting_then_not_allowed_and_the_operator_is(known: Terminal) -> None:
    assert known("person", "export", "ola", "--to", str(known.folder / "a"), who="eva").code == 6
    assert not (known.folder / "a").exists()
    known.done("person", "export", "ola", "--to", str(known.folder / "b"))
    assert known("person", "export", "eva", "--to", str(known.folder / "c"), "--unit", "1", who="eva").code == 6
