"""Trying templates out on the command line: what is told, drawn and ended with."""

from __future__ import annotations

import os
import subprocess
import sys
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
    capsys.readouterr()
    assert run(["test", str(ENDS), "--json"]) == 0
    coverage = codec.loads(capsys.readouterr().out)["templates"][0]["coverage"]
    counted = next(item["said"] for item in coverage if item["id"] == "evaluation.conclude_late" and "said" in item)
    assert counted.keys() >= {"true", "false"}
    assert f"true {counted['true']} ×, false {counted['false']} ×" in said
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
    assert "1 scenario played, 0 failed" in capsys.readouterr().out


# -- simulate ---------------------------------------------------------------------------------------------------------

STUCK = """
template: stuck
version: 1.0.0
title: {nb: X, nn: X, en: X}
roles: {lead: {title: {nb: X, nn: X, en: X}}}
starter: lead
initial: asking
states:
  asking:
    title: {nb: X, nn: X, en: X}
    tasks: {say: {title: {nb: X, nn: X, en: X}, form: say, by: lead, correctable: false}}
    actions:
      go: {title: {nb: X, nn: X, en: X}, by: lead, to: over, when: answers.say.yes, else: {nb: X, nn: X, en: X}}
  over: {title: {nb: X, nn: X, en: X}, final: true}
"""
SAY = """
$id: stuck/say
type: object
title: X
x-purpose: {nb: X, nn: X, en: X}
required: ['yes']
properties: {'yes': {type: boolean, title: X}}
"""


@pytest.fixture
def stuck(nowhere: Path) -> Path:
    """A workspace with a template that gets stuck on the answer no."""
    assert run(["init", "-q", "."]) == 0
    (nowhere / "processes" / "stuck.yaml").write_text(STUCK)
    (nowhere / "forms" / "stuck").mkdir()
    (nowhere / "forms" / "stuck" / "say.yaml").write_text(SAY)
    return nowhere


def test_given_a_built_in_template_when_simulated_then_coverage_is_told_and_it_ends_well(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run(["simulate", "samson", "--runs", "15", "-q"]) == 0
    told = capsys.readouterr().out
    assert told.startswith("samson 1.")
    assert "deadlock" not in told
    assert "states  " in told


def test_given_a_template_that_gets_stuck_when_simulated_then_the_way_is_told_as_a_scenario_and_it_ends_with_13(
    stuck: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    capsys.readouterr()
    assert run(["simulate", "stuck", "--runs", "20"]) == 13
    lines = capsys.readouterr().out.splitlines()
    assert lines[2].startswith("deadlock  asking  nothing is open for anybody in asking, and nothing is due: “go”")
    at = lines.index("given:")
    assert lines[at + 1].startswith("  - {by: lead_")
    assert '{"yes":false}' in lines[at + 1]


def test_given_json_and_a_picture_when_simulated_then_findings_are_data_and_what_was_tried_is_drawn(
    stuck: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    capsys.readouterr()
    assert run(["simulate", "stuck", "--runs", "20", "--seed", "3", "--json", "--picture", "tried.svg"]) == 13
    told = codec.loads(capsys.readouterr().out)
    assert (told["passed"], told["seed"], told["runs"]) == (False, 3, 20)
    found = {finding["sort"]: finding for finding in told["findings"]}
    assert (found["deadlock"]["what"], len(found["deadlock"]["way"])) == ("asking", 1)
    assert {item["id"] for item in told["coverage"] if item["kind"] == "state"} == {"asking", "over"}
    assert ElementTree.parse(stuck / "tried.svg").getroot().tag.endswith("svg")


def test_given_a_seed_when_simulated_by_programs_of_their_own_then_they_tell_the_same(nowhere: Path) -> None:
    command = [sys.executable, "-c", "from cli import main; main()", "simulate", "soimpact", "--runs", "3", "--json"]
    told = [
        subprocess.run(
            command,
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(BUILT_IN)},
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    ]
    assert told[0] == told[1]


def test_given_what_never_happens_when_all_is_asked_for_then_it_ends_with_13(
    stuck: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = STUCK.replace("correctable: false", "correctable: true").replace(
        "answers.say.yes,", "answers.say.yes != answers.say.yes,"
    )
    text = text.replace("  over:", "      leave: {title: {nb: X, nn: X, en: X}, by: lead, to: over}\n  over:")
    (stuck / "processes" / "stuck.yaml").write_text(text)
    assert run(["simulate", "stuck", "--runs", "5", "-q"]) == 0
    assert "never  action asking.go" in capsys.readouterr().out
    assert run(["simulate", "stuck", "--runs", "5", "-q", "--complete"]) == 13
