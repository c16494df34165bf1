"""The control-flow patterns: the table in the docs says what the folder holds, and every template plays its traces.

Numbers and names are those of Russell, ter Hofstede, van der Aalst and Mulyar (2006), "Workflow Control-Flow Patterns:
A Revised View", BPM Center Report BPM-06-22.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from engine.template import bundle
from engine.trial.reading import find, read
from engine.trial.running import run
from engine.trial.scenario import Scenario

HERE = Path(__file__).resolve().parent
PAGE = HERE.parent.parent / "docs" / "reference" / "patterns.md"
TEMPLATES = sorted(path.stem for path in (HERE / "processes").glob("*.yaml"))
PATTERNS = """
Sequence; Parallel Split; Synchronization; Exclusive Choice; Simple Merge; Multi-Choice;
Structured Synchronizing Merge; Multi-Merge; Structured Discriminator; Arbitrary Cycles; Implicit Termination;
Multiple Instances without Synchronization; Multiple Instances with a Priori Design-Time Knowledge;
Multiple Instances with a Priori Run-Time Knowledge; Multiple Instances without a Priori Run-Time Knowledge;
Deferred Choice; Interleaved Parallel Routing; Milestone; Cancel Task; Cancel Case; Structured Loop; Recursion;
Transient Trigger; Persistent Trigger; Cancel Region; Cancel Multiple Instance Activity;
Complete Multiple Instance Activity; Blocking Discriminator; Cancelling Discriminator; Structured Partial Join;
Blocking Partial Join; Cancelling Partial Join; Generalised AND-Join; Static Partial Join for Multiple Instances;
Cancelling Partial Join for Multiple Instances; Dynamic Partial Join for Multiple Instances;
Acyclic Synchronizing Merge; General Synchronizing Merge; Critical Section; Interleaved Routing; Thread Merge;
Thread Split; Explicit Termination
"""


def rows() -> list[tuple[str, str, str, str]]:
    """Number, name, template (or no), and the words of each row of the table."""
    found = re.findall(r"^\| (\d+) \| (.+?) \| (.+?) \| (.+?) \|$", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    return [(number, name, template, words) for number, name, template, words in found]


def template_of(cell: str) -> str | None:
    linked = re.fullmatch(r"\[`(\w+)`\]\(\.\./\.\./tests/patterns/processes/(\w+)\.yaml\)", cell)
    assert (linked is None) == (cell == "no"), cell
    return linked[1] if linked and linked[1] == linked[2] else None


def test_given_the_patterns_of_the_report_when_looked_up_then_each_has_its_row_in_order() -> None:
    names = [" ".join(name.split()) for name in PATTERNS.split(";")]
    assert [(number, name) for number, name, _, _ in rows()] == [(str(n), name) for n, name in enumerate(names, 1)]
    assert len(names) == 43


def test_given_the_table_when_held_to_the_folder_then_every_template_is_the_one_of_its_row() -> None:
    told = {int(number): name for number, _, cell, _ in rows() if (name := template_of(cell)) is not None}
    assert sorted(told.values()) == TEMPLATES
    assert {name: int(name.split("_")[1]) for name in TEMPLATES} == {name: number for number, name in told.items()}
    assert len(TEMPLATES) >= 25


def test_given_a_pattern_that_is_not_there_when_looked_up_then_a_sentence_says_why() -> None:
    assert [name for _, name, cell, words in rows() if template_of(cell) is None and not words.endswith(".")] == []


@pytest.mark.parametrize("name", TEMPLATES)
def test_given_a_pattern_when_its_traces_are_played_then_all_is_as_expected_and_all_of_it_is_tried(name: str) -> None:
    made = bundle.read(name, [HERE])
    trial = run(made, find(name, [HERE]))
    assert [(played.name, failure) for played in trial.played for failure in played.failures] == []
    untried = [(item.kind, item.id) for item in trial.coverage.items() if not item.covered]
    assert (made.problems, [item for item in untried if item[0] != "condition"]) == ((), [])


@pytest.mark.parametrize("name", TEMPLATES)
def test_given_the_traces_of_a_pattern_when_read_then_they_say_what_is_not_possible_too(name: str) -> None:
    def refuses(scenario: Scenario) -> bool:
        return any(step.refused is not None for step in (*scenario.given, *scenario.when))

    assert any(refuses(one) for path in find(name, [HERE]) for one in read(path).scenarios.scenarios.values())
