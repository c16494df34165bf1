"""The demo: everything it says it does, on the figures it says it shows."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest


def demo(folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(Path(sys.executable).with_name("samskap")), "demo", str(folder), *options],
        capture_output=True,
        text=True,
        check=False,
        timeout=280,
    )


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("demo") / "work"
    done = demo(folder)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize(
    "line",
    [
        "4 parties and 9 people take part",
        "made up: no real case's answers are public",
        "Leila enters his answers on his behalf",
        "(facilitator)",
        "Innbyggerne setter opp sakslisten annenhver gang",
        "Sara speaks for the target group, Amir is the analyst",
        "Kari Nordmann  Misprint: 27 of 179",
        "score         1.1111",
        "round 2: 9 sets of answers, sealed until the last one, then revealed",
        "19 % is printed, but 27/179 is 15.1 %",
        "the row does not have as many cells as there are columns",
        "1,794.34  671.0 (welch)   474.0 to 3,114.7",
        "Change, not effect: there is nothing to compare with.",
        "samskap sql",
        "Where to look next",
    ],
)
def test_given_the_demo_when_run_then_it_shows(told: str, line: str) -> None:
    assert line in told


def test_given_the_faulty_file_when_loaded_then_seven_rows_are_left_out_and_none_is_lost(told: str) -> None:
    rows = [line.split() for line in told.splitlines() if line.startswith("nsw_faulty")]
    assert rows[0][1:3] == ["445", "7"]
    assert [row[1] for row in rows[1:]] == ["5", "12", "99", "100", "200", "300", "400"]


def test_given_a_folder_of_something_else_when_the_demo_is_to_run_there_then_it_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    done = demo(tmp_path)
    assert done.returncode == 2
    assert "something else" in done.stderr
    assert (tmp_path / "mine.txt").read_text() == "mine"
