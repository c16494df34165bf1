"""Processes taken along on the command line: who may, where the file goes, and archives that are checked anywhere."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from cli.app import run
from engine import codec

EXPORTS = ("cloudevents", "ocel", "archive")
CLOSE = ("act", "arendal", "open_round")


def export(kind: str, file: Path, *options: str) -> tuple[str, ...]:
    return ("export", kind, "arendal", "--to", str(file), *options)


@pytest.mark.parametrize("kind", EXPORTS)
def test_given_who_leads_when_exporting_then_there_is_a_file_that_only_its_owner_can_read(
    preparation: Any, tmp_path: Path, kind: str
) -> None:
    file = tmp_path / "out"
    told = preparation.done(*export(kind, file, "--json"), who="kari").data
    assert (told["file"], told["processes"]) == (str(file), ["arendal"])
    assert told["events"] == len(preparation.done("history", "arendal", "--json", who="kari").data["events"])
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert file.stat().st_size > 1000


@pytest.mark.parametrize("kind", EXPORTS)
def test_given_a_member_who_does_not_lead_when_exporting_then_it_is_refused_and_nothing_is_written(
    preparation: Any, tmp_path: Path, kind: str
) -> None:
    ended = preparation(*export(kind, tmp_path / "out"), who="ola")
    assert (ended.code, "only whoever leads" in ended.err) == (6, True)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("kind", EXPORTS)
def test_given_somebody_from_outside_when_exporting_then_it_is_refused_as_history_is(
    preparation: Any, tmp_path: Path, kind: str
) -> None:
    preparation.person("per")
    told = preparation(*export(kind, tmp_path / "out"), who="per")
    assert (told.code, told.err) == (6, preparation("history", "arendal", who="per").err)


@pytest.mark.parametrize("kind", EXPORTS)
def test_given_a_file_that_is_there_when_exporting_then_it_stays_unless_forced(
    preparation: Any, tmp_path: Path, kind: str
) -> None:
    file = tmp_path / "out"
    file.write_text("mitt")
    ended = preparation(*export(kind, file), who="kari")
    assert (ended.code, "--force" in ended.err, file.read_text()) == (8, True, "mitt")
    preparation.done(*export(kind, file, "--force"), who="kari")
    assert file.read_bytes() != b"mitt"
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


@pytest.mark.parametrize("kind", EXPORTS)
def test_given_no_room_when_exporting_then_it_is_told_and_nothing_is_left(
    preparation: Any, tmp_path: Path, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: int) -> None:
        raise OSError(28, os.strerror(28))

    folder = tmp_path / "here"
    folder.mkdir()
    monkeypatch.setattr("engine.export.files.os.fsync", full)
    ended = preparation(*export(kind, folder / "out"), who="kari")
    assert (ended.code, "No space left" in ended.err) == (11, True)
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize(
    ("target", "code"), [("data/events.sqlite", 2), ("data/new.json", 2), ("data", 2), (".", 8), ("nowhere/out", 7)]
)
def test_given_a_place_that_is_no_place_for_it_when_exporting_then_it_is_refused_even_with_force(
    preparation: Any, monkeypatch: pytest.MonkeyPatch, target: str, code: int
) -> None:
    monkeypatch.chdir(preparation.folder)
    before = preparation.position
    assert preparation("export", "ocel", "--to", target, "--force").code == code
    assert preparation.position == before


def test_given_a_link_when_exporting_then_what_it_leads_to_is_not_replaced(preparation: Any, tmp_path: Path) -> None:
    (tmp_path / "out").symlink_to(tmp_path / "registration.json")
    assert preparation("export", "ocel", "--to", str(tmp_path / "out"), "--force").code == 8


# -- CloudEvents and OCEL -------------------------------------------------------------------------------------------


def test_given_stdout_when_exporting_cloudevents_then_every_line_is_an_event(preparation: Any) -> None:
    ended = preparation.done("export", "cloudevents", "arendal", "--to", "-", who="kari")
    lines = ended.out.splitlines()
    assert {codec.mapping(codec.loads(line))["specversion"] for line in lines} == {"1.0"}
    assert ended.err == ""
    assert preparation("export", "cloudevents", "--to", "-", "--json", who="kari").code == 2


def test_given_the_operator_as_nobody_when_exporting_cloudevents_then_answers_are_left_out_and_that_is_told(
    preparation: Any,
) -> None:
    ended = preparation.done("export", "cloudevents", "--to", "-")
    data = [codec.mapping(codec.mapping(codec.loads(line))["data"]) for line in ended.out.splitlines()]
    assert [one for one in data if "answers" in one] == []
    assert "Without answers that you may not see: 5 events." in ended.err
    assert preparation.done("--as", "kari", "export", "cloudevents", "arendal", "--to", "-").err == ""


def test_given_no_process_when_exporting_then_it_is_all_for_the_operator_and_none_for_others(
    preparation: Any, tmp_path: Path
) -> None:
    preparation.done("start", "samson", "grimstad", who="kari")
    told = preparation.done("export", "ocel", "--to", str(tmp_path / "all"), "--json").data
    assert told["processes"] == ["arendal", "grimstad"]
    assert preparation("export", "ocel", "--to", str(tmp_path / "own"), who="kari").code == 6


# -- archives ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def packed(preparation: Any, tmp_path: Path) -> Path:
    """An archive of arendal."""
    file = tmp_path / "arendal.zip"
    preparation.done(*export("archive", file), who="kari")
    return file


def test_given_the_operator_as_nobody_when_archiving_then_answers_would_be_seen_and_it_is_refused(
    preparation: Any, tmp_path: Path
) -> None:
    ended = preparation(*export("archive", tmp_path / "out"))
    assert (ended.code, "--as HANDLE" in ended.err) == (6, True)
    preparation.done("--as", "kari", *export("archive", tmp_path / "out"))


def test_given_answers_that_are_sealed_when_archiving_then_it_says_that_they_cannot_be_read(
    preparation: Any, tmp_path: Path, samson: Any
) -> None:
    preparation.done(*CLOSE, who="kari")
    scores = {name: 4 for name, field in samson.forms["answers"].fields.items() if field.score}
    (tmp_path / "a.json").write_bytes(codec.dumps(scores))
    preparation.done("submit", "arendal", "answer.1.m2", "--answers", str(tmp_path / "a.json"), who="ola")
    ended = preparation.done(*export("archive", tmp_path / "out.zip"), who="kari")
    assert "Cannot be read in it: 1 answer to answer, entry 1 (not revealed)." in ended.err
    assert "not revealed" in preparation.done("verify", "--archive", str(tmp_path / "out.zip")).out


def test_given_another_machine_when_an_archive_is_checked_then_it_holds_and_names_the_head(
    packed: Path, preparation: Any, tmp_path: Path
) -> None:
    head = preparation.done(*export("archive", tmp_path / "again", "--json"), who="kari").data["head"]
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    done = subprocess.run(
        [sys.executable, "-c", "from cli import main; main()", "verify", "--archive", str(packed)],
        cwd=elsewhere,
        env={name: value for name, value in os.environ.items() if not name.startswith("SAMSKAP_")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "The archive holds: arendal" in done.stdout
    assert head in done.stdout


def test_given_an_archive_that_was_changed_when_checked_then_it_ends_with_10_and_names_the_file(
    packed: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    content = bytearray(packed.read_bytes())
    content[content.index(b"process.jsonl") + 200] ^= 1
    packed.write_bytes(content)
    capsys.readouterr()
    assert run(["verify", "--archive", str(packed)]) == 10
    assert "data/events/process.jsonl" in capsys.readouterr().out
    assert run(["verify", "--archive", str(packed), "--json"]) == 10
    assert codec.mapping(codec.loads(capsys.readouterr().out))["faults"]


def test_given_an_archive_that_holds_when_checked_with_json_then_its_overview_is_told(
    packed: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    capsys.readouterr()
    assert run(["verify", "--archive", str(packed), "--json"]) == 0
    told = codec.mapping(codec.loads(capsys.readouterr().out))
    assert (told["faults"], codec.mapping(told["overview"])["format"]) == ([], 1)


def test_given_a_head_and_an_archive_when_verifying_then_one_of_them_is_asked_for(packed: Path) -> None:
    assert run(["verify", "--archive", str(packed), "--head", "1:2"]) == 2


@pytest.mark.parametrize(("name", "code"), [("no.zip", 7), ("a.json", 10)])
def test_given_no_archive_when_checked_then_that_is_told(tmp_path: Path, name: str, code: int) -> None:
    (tmp_path / "a.json").write_text("{}")
    assert run(["verify", "--archive", str(tmp_path / name)]) == code
