"""Trying templates out on the command line: what is told, drawn and ended with."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import pytest

from cli.app import run
from engine import codec
from engine.template.sources import BUILT_IN

ROUNDS = BUILT_IN / "processes" / "tests" / "samson" / "rounds.yaml"
ENDS = ROUNDS.with_name("ends.yaml")


@pytest.fixture(autouse=True)
def nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """No workspace, here or above."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("SAMSKAP_WORKSPACE", raising=False)
    return tmp_path


def test_given_a_built_in_template_when_tested_then_scenarios_and_coverage_are_told(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run(["test", "samson", "--complete", "--quiet"]) == 0
    told = capsys.readouterr()
    assert told.err == ""
    assert "passed  everybody_answers" in told.out
    assert "states                 7   7\n" in told.out
    assert "answering → dialogue" in told.out
    assert "Never tried" not in told.out


def test_given_a_scenario_that_fails_when_tested_then_it_ends_with_13_and_a_caret_points_to_it(
    nowhere: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = nowhere / "mine.yaml"
    file.write_text(ENDS.read_text().replace("counters.round_number: 1", "counters.round_number: 3"))
    assert run(["test", "mine.yaml"]) == 13
    line, caret = capsys.readouterr().out.split("should be 3, and is 1\n")[1].splitlines()[:2]
    assert line[caret.index("^") :].startswith("counters.round_number: 3")


def test_given_scenarios_that_leave_something_out_when_all_is_asked_for_then_it_ends_with_13(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run(["test", str(ENDS), "-q"]) == 0
    assert "action       evaluation.conclude\n" in capsys.readouterr().out
    assert run(["test", str(ENDS), "-q", "--complete"]) == 13


def test_given_json_when_tested_then_scenarios_failures_and_coverage_are_data(
    nowhere: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = nowhere / "mine.yaml"
    file.write_text(ENDS.read_text().replace("counters.round_number: 1", "counters.round_number: 3"))
    assert run(["test", "mine.yaml", "--json"]) == 13
    told = capsys.readouterr()
    data = codec.mapping(codec.loads(told.out))
    assert (told.err, told.out.count("\n"), data["passed"]) == ("", 1, False)
    (template,) = data["templates"]  # type: ignore[misc]
    assert isinstance(template, dict)
    failed = [one for one in template["scenarios"] if not one["passed"]]  # type: ignore[union-attr, call-overload, index]
    assert [one["name"] for one in failed] == ["stopped_after_a_round"]  # type: ignore[call-overload, index]
    covered = {(one["kind"], one["id"]): one["covered"] for one in template["coverage"]}  # type: ignore
    assert covered["state", "closed"] is True
    assert covered["action", "evaluation.conclude"] is False


def test_given_a_malformed_file_when_tested_then_it_ends_with_4_and_every_slip_is_told(
    nowhere: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = nowhere / "mine.yaml"
    file.write_text(ENDS.read_text().replace("act: stop", "act: stopp").replace("states: closed", "states: closd"))
    assert run(["test", "mine.yaml"]) == 4
    told = capsys.readouterr().err
    assert "Did you mean “stop”?" in told
    assert "Did you mean “closed”?" in told


@pytest.mark.parametrize(("name", "code"), [("samsn", 7), ("nothing.yaml", 7)])
def test_given_no_such_template_or_file_when_tested_then_it_ends_with_7(name: str, code: int) -> None:
    assert run(["test", name]) == code


def test_given_a_picture_when_tested_then_what_was_never_tried_is_seen_in_it(
    nowhere: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["test", str(ENDS), "--picture", "tried.svg", "--lang", "en"]) == 0
    drawn = (nowhere / "tried.svg").read_text()
    said = "".join(ElementTree.fromstring(drawn).itertext())
    assert "samson 1.1.0 · tried 23 of 37" in said
    assert "true 1 ×, false 2 ×" in said
    assert "A way that was not taken" in said
    assert "Without time suspended" not in said
    assert run(["test", "samson", "soimpact", "--picture", "tried.svg"]) == 2


def test_given_a_workspace_when_its_own_template_is_tested_then_its_scenarios_are_found(
    nowhere: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["init", "work"]) == 0
    folder = nowhere / "work"
    (folder / "processes" / "tests" / "soimpact").mkdir(parents=True)
    (folder / "forms" / "soimpact").mkdir(parents=True)
    for form in (BUILT_IN / "forms" / "soimpact").glob("*.yaml"):
        (folder / "forms" / "soimpact" / form.name).write_bytes(form.read_bytes())
    (folder / "processes" / "soimpact.yaml").write_bytes((BUILT_IN / "processes" / "soimpact.yaml").read_bytes())
    assert run(["--workspace", "work", "test", "soimpact"]) == 7
    assert "has no scenarios" in capsys.readouterr().err
    (folder / "processes" / "tests" / "soimpact" / "mine.yaml").write_text(
        "template: soimpact\nstarter: kari\nscenarios: {one: {title: It begins, then: {states: plan}}}\n"
    )
    assert run(["--workspace", "work", "test", "soimpact"]) == 0
    assert "1 scenario(s) played, 0 failed" in capsys.readouterr().out
