"""The published schema of scenarios, and the loader: they take the same."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from pydantic import ValidationError

from engine import yaml
from engine.template.sources import BUILT_IN
from engine.trial.scenario import Scenarios
from engine.trial.schema import scenario_schema

FILE = BUILT_IN / "processes" / "scenario.schema.json"
SCHEMA: dict[str, Any] = json.loads(FILE.read_text())
VALIDATOR = Draft202012Validator(SCHEMA)
SCENARIOS = sorted((BUILT_IN / "processes" / "tests").rglob("*.yaml"))


def loads(document: Any) -> bool:
    try:
        Scenarios.model_validate(document)
    except ValidationError:
        return False
    return True


def objects(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if isinstance(value, dict):
        yield path
    for step, inner in (
        value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    ):
        yield from objects(inner, (*path, step))


def at(document: Any, path: tuple[Any, ...]) -> Any:
    for step in path:
        document = document[step]
    return document


def test_given_the_file_when_compared_with_the_model_then_it_is_what_the_model_makes() -> None:
    made = json.dumps(scenario_schema(), indent=2, ensure_ascii=False) + "\n"
    assert FILE.read_text() == made, "run: python -m engine.trial.schema > processes/scenario.schema.json"


@pytest.mark.parametrize("path", SCENARIOS, ids=lambda path: path.stem)
def test_given_a_key_too_many_or_too_few_anywhere_when_read_then_schema_and_loader_agree(path: Path) -> None:
    whole: Any = yaml.load_file(path).data
    assert VALIDATOR.is_valid(whole)
    assert loads(whole)
    for where in objects(whole):
        changed = copy.deepcopy(whole)
        at(changed, where)["bogus"] = 1
        assert VALIDATOR.is_valid(changed) == loads(changed), f"{where} with a key too many"
        for key in at(whole, where):
            changed = copy.deepcopy(whole)
            del at(changed, where)[key]
            assert VALIDATOR.is_valid(changed) == loads(changed), f"{where} without {key}"


@pytest.mark.parametrize(
    "step",
    [
        {"act": "stop"},
        {"act": "stop", "submit": "register"},
        {"by": "ola"},
        {"party": "lag"},
        {"join": "ola", "party": "lag"},
        {"resume": False},
        {"act": "stop", "refused": False},
        {"act": "stop", "until": "tomorrow"},
        {"act": "stop", "then": {"status": "over"}},
    ],
)
def test_given_a_step_when_read_then_schema_and_loader_agree(step: dict[str, Any]) -> None:
    document: Any = yaml.load_file(SCENARIOS[0]).data
    next(iter(document["scenarios"].values()))["when"] = [step]
    assert VALIDATOR.is_valid(document) == loads(document)
