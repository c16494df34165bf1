"""Contracts of sources: what they say, and every problem with its place."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.errors import ConfigError, LintError, Problem
from warehouse.sources.contract import contract_from, read_contract

EXAMPLES = Path(__file__).parents[2] / "examples"
UNITS = """\
source: school
version: 1.0.0
title: {nb: Skole, nn: Skule, en: School}
kind: csv
columns:
  pupil: {type: text, required: true, personal: pseudonymise}
  name: {type: text, personal: drop}
  arm: {type: integer}
  score: {type: decimal, minimum: 0, maximum: 6}
  born: {type: date}
mapping:
  units:
    unit: pupil
    arm: {column: arm, treated: 1, control: 0}
    indicators:
      wellbeing: {value: score}
"""


def problems(tmp_path: Path, text: str) -> list[Problem]:
    path = tmp_path / "school.source.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(LintError) as caught:
        read_contract(path)
    return list(caught.value.problems)


def place(problem: Problem) -> tuple[int, int]:
    return problem.where.line, problem.where.column


def test_given_the_examples_when_read_then_there_is_no_problem() -> None:
    sources = [read_contract(path).source for path in sorted(EXAMPLES.glob("*/*.source.yaml"))]
    assert {"nsw", "umea_2022"} <= set(sources)


def test_given_the_same_contract_with_other_layout_when_read_then_the_hash_is_the_same(tmp_path: Path) -> None:
    one, other = tmp_path / "one.yaml", tmp_path / "other.yaml"
    one.write_text(UNITS)
    other.write_text("# Another comment\n" + UNITS.replace("{type: date}", "\n    type: 'date'"))
    assert read_contract(one).hash == read_contract(other).hash


def test_given_another_tolerance_when_read_then_the_hash_is_another(tmp_path: Path) -> None:
    one, other = tmp_path / "one.yaml", tmp_path / "other.yaml"
    one.write_text(UNITS)
    other.write_text(UNITS + "tolerance: 0.1\n")
    assert read_contract(one).hash != read_contract(other).hash


def test_given_published_content_when_read_back_then_it_is_the_same_contract() -> None:
    contract = read_contract(EXAMPLES / "nsw" / "nsw.source.yaml")
    again = contract_from(contract.content)
    assert (again, again.hash) == (contract, contract.hash)


def test_given_stored_content_of_another_shape_when_read_back_then_a_config_error() -> None:
    with pytest.raises(ConfigError, match="stored contract"):
        contract_from({"source": "x"})


@pytest.mark.parametrize(
    ("old", "new", "rule", "at", "hint"),
    [
        ("required: true, ", "requird: true, ", "source-unknown-key", (6, 23), "required"),
        ("kind: csv", "kind: csv\ntolerence: 0", "source-unknown-key", (5, 1), "tolerance"),
        ("kind: csv", "kind: excel", "source-not-yet", (4, 7), "CSV"),
        ("kind: csv", "kind: csv\nfreshness: P30D", "source-not-yet", (5, 1), "Leave"),
        ("kind: csv\n", "", "source-missing", (1, 1), "kind"),
        ("kind: csv", "kind: csv\ncsv: {delimiter: ':'}", "source-value", (5, 18), ""),
        ("kind: csv", "kind: csv\ntolerance: 1.5", "source-value", (5, 12), ""),
        ("kind: csv", "kind: csv\nunique: [[pupill]]", "source-column", (5, 11), "pupil"),
        ("kind: csv", "kind: csv\nunique: [[pupil, pupil]]", "source-unique", (5, 10), "Keep one"),
        ("arm: {type: integer}", "arm: {type: integer, decimals: 2}", "source-decimals", (8, 34), "decimal"),
        ("value: score", "value: skore", "source-column", (16, 26), "score"),
        ("value: score", "value: born", "source-type", (16, 26), "integer"),
        ("unit: pupil", "unit: name", "source-personal", (13, 11), "pseudonymise"),
        ("value: score", "value: pupil", "source-personal", (16, 26), "unit"),
        ("type: text, required: true", "type: integer, required: true", "source-personal", (6, 17), "text"),
        ("personal: drop", "personal: drop, allowed: [Kari]", "source-personal", (7, 47), ""),
        ("treated: 1", 'treated: "yes"', "source-value", (14, 33), "whole number"),
        ("control: 0", "control: 1", "source-arm", (14, 45), ""),
        ("minimum: 0", "minimum: 7", "source-bound", (9, 35), ""),
        ("type: date", 'type: date, minimum: "2024-02-30"', "source-value", (10, 31), "2024-08-31"),
        ("wellbeing:", "Well-being:", "source-indicator", (16, 19), ""),
        ("unit: pupil", "unit: pupil\n    period_start: {const: someday}", "source-type", (14, 27), "2024-08-31"),
        ("  units:", "  figures: {indicator_id: pupil, value: score}\n  units:", "source-mapping", (12, 3), "either"),
    ],
)
def test_given_a_wrong_contract_when_read_then_the_problem_has_rule_place_and_hint(
    tmp_path: Path, old: str, new: str, rule: str, at: tuple[int, int], hint: str
) -> None:
    assert old in UNITS
    found = problems(tmp_path, UNITS.replace(old, new, 1))
    matching = [p for p in found if p.rule == rule]
    assert [place(p) for p in matching] == [at], found
    assert hint in matching[0].hint + matching[0].message


def test_given_several_problems_when_read_then_all_are_told(tmp_path: Path) -> None:
    text = UNITS.replace("value: score", "value: skore").replace("unit: pupil", "unit: pupl")
    assert [p.rule for p in problems(tmp_path, text)] == ["source-column", "source-column"]


def test_given_figures_without_a_denominator_when_read_then_a_share_needs_both(tmp_path: Path) -> None:
    text = (EXAMPLES / "umea_2022" / "umea.source.yaml").read_text().replace("    denominator: denominator\n", "")
    assert [p.rule for p in problems(tmp_path, text)] == ["source-mapping"]


def test_given_no_yaml_at_all_when_read_then_a_config_error_with_its_place(tmp_path: Path) -> None:
    path = tmp_path / "x.yaml"
    path.write_text("source: [")
    with pytest.raises(ConfigError) as caught:
        read_contract(path)
    assert str(caught.value.where).startswith(str(path))
