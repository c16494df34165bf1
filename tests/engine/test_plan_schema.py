"""The published schema of migration plans, and the loader: they take the same."""

from __future__ import annotations

import json
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from pydantic import ValidationError

from engine.template.plan import Plan
from engine.template.plan_schema import plan_schema
from engine.template.sources import BUILT_IN

FILE = BUILT_IN / "processes" / "plan.schema.json"
SCHEMA: dict[str, Any] = json.loads(FILE.read_text())
WHOLE: dict[str, Any] = {
    "template": "small",
    "to": "1.1.0",
    "states": {"plan": "draft"},
    "tasks": {"goal": "aim", "log": None},
    "roles": {"guest": "visitor", "member": None},
    "actions": {"open": "begin", "stop": None},
    "accept": ["aim"],
    "ask_again": ["vote"],
}


def loads(document: Any) -> bool:
    try:
        Plan.model_validate(document)
    except ValidationError:
        return False
    return True


def test_given_the_file_when_compared_with_the_model_then_it_is_what_the_model_makes() -> None:
    made = json.dumps(plan_schema(), indent=2, ensure_ascii=False) + "\n"
    assert FILE.read_text() == made, "run: python -m engine.template.plan_schema > processes/plan.schema.json"


def test_given_a_plan_that_says_all_when_compared_with_the_schema_then_it_has_every_key() -> None:
    assert WHOLE.keys() == SCHEMA["properties"].keys()


@pytest.mark.parametrize(
    "change",
    [
        {},
        *({key: absent} for key in WHOLE for absent in (None, 1, [], {}, "a b")),
        {"bogus": {}},
        {"states": {"plan": None}},
        {"states": {"a b": "draft"}},
        {"actions": {"open": "a b"}},
        {"actions": {"open": 3}},
        {"to": "newest"},
        {"accept": ["a b"]},
    ],
    ids=str,
)
def test_given_a_plan_when_read_then_schema_and_loader_agree(change: dict[str, Any]) -> None:
    document = WHOLE | change
    assert Draft202012Validator(SCHEMA).is_valid(document) == loads(document)


@pytest.mark.parametrize("key", WHOLE)
def test_given_a_plan_without_a_key_when_read_then_schema_and_loader_agree(key: str) -> None:
    document = {name: value for name, value in WHOLE.items() if name != key}
    assert Draft202012Validator(SCHEMA).is_valid(document) == loads(document)
