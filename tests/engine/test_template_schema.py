"""The published schema of the template language, and the loader: they take the same, at every level."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Any, TypeAlias

import pytest
from jsonschema import Draft202012Validator
from pydantic import BaseModel, ValidationError

from engine import yaml
from engine.template import model as template
from engine.template.model import NOT_YET, Template
from engine.template.schema import template_schema
from engine.template.sources import BUILT_IN

FILE = BUILT_IN / "processes" / "template.schema.json"
SCHEMA: dict[str, Any] = json.loads(FILE.read_text())
VALIDATOR = Draft202012Validator(SCHEMA)
MODELS = {
    name: found for name, found in vars(template).items() if isinstance(found, type) and issubclass(found, BaseModel)
}
LEVELS = {**SCHEMA["$defs"], "Template": SCHEMA}
Step: TypeAlias = str | int
Path: TypeAlias = tuple[Step, ...]


def data(name: str) -> Any:
    return yaml.load_file(BUILT_IN / "processes" / f"{name}.yaml").data


def loads(document: Any) -> bool:
    try:
        Template.model_validate(document)
    except ValidationError:
        return False
    return True


def objects(value: Any, path: Path = ()) -> Iterator[Path]:
    """The path of every object in a document."""
    if isinstance(value, dict):
        yield path
    for step, inner in (
        value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    ):
        yield from objects(inner, (*path, step))


def at(document: Any, path: Path) -> Any:
    for step in path:
        document = document[step]
    return document


def agree(document: Any) -> bool:
    return VALIDATOR.is_valid(document) == loads(document)


def test_given_the_file_when_compared_with_the_model_then_it_is_what_the_model_makes() -> None:
    made = json.dumps(template_schema(), indent=2, ensure_ascii=False) + "\n"
    assert FILE.read_text() == made, "run: python -m engine.template.schema > processes/template.schema.json"


def test_given_the_file_when_checked_then_it_is_a_schema_of_2020_12() -> None:
    Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize("name", ["samson", "soimpact"])
def test_given_a_built_in_template_when_validated_then_the_schema_takes_it(name: str) -> None:
    assert [error.message for error in VALIDATOR.iter_errors(data(name))] == []


@pytest.mark.parametrize("name", sorted(MODELS.keys() - {"Config", "BaseModel"}))
def test_given_a_level_when_its_keys_are_compared_then_schema_and_loader_take_the_same(name: str) -> None:
    level = LEVELS[name]
    keys = {key for key, spec in level["properties"].items() if not spec.get("x-not-yet")}
    assert keys == {field.alias or key for key, field in MODELS[name].model_fields.items()}
    assert level["additionalProperties"] is False


@pytest.mark.parametrize("name", sorted(LEVELS))
def test_given_a_level_when_an_editor_shows_it_then_every_key_has_a_description(name: str) -> None:
    level = LEVELS[name]
    assert level["description"]
    assert [
        key for key, spec in level.get("properties", {}).items() if not spec["description"].endswith((".", "!"))
    ] == []


def test_given_the_keys_that_are_not_available_when_looked_for_then_all_are_marked_and_refused() -> None:
    marked = {
        key for level in LEVELS.values() for key, spec in level.get("properties", {}).items() if spec.get("x-not-yet")
    }
    assert marked == set(NOT_YET)
    document = data("samson")
    for key in NOT_YET:
        document["states"]["preparation"][key] = {"template": "soimpact"}
        assert not VALIDATOR.is_valid(document)
        assert not loads(document)


@pytest.mark.parametrize("name", ["samson", "soimpact"])
def test_given_a_key_too_many_or_too_few_anywhere_when_read_then_schema_and_loader_agree(name: str) -> None:
    whole = data(name)
    for path in objects(whole):
        changed = copy.deepcopy(whole)
        at(changed, path)["bogus"] = "x"
        assert agree(changed), f"{path} with a key too many"
        for key in at(whole, path):
            changed = copy.deepcopy(whole)
            del at(changed, path)[key]
            assert agree(changed), f"{path} without {key}"


WRONG: dict[str, tuple[Path, Any]] = {
    "version": (("version",), "1.0"),
    "identifier": (("starter",), "to ord"),
    "no roles": (("roles",), {}),
    "role of": (("roles", "member", "of"), "person"),
    "role min": (("roles", "member", "min"), -1),
    "each": (("tasks", "register", "each"), "person"),
    "nobody": (("tasks", "register", "by"), []),
    "several": (("tasks", "register", "by"), ["member", "facilitator"]),
    "due": (("tasks", "register", "due"), "14 days"),
    "due in weeks and hours": (("tasks", "register", "due"), "P2WT3H"),
    "due without numbers": (("tasks", "register", "due"), "PT"),
    "share over one": (("tasks", "register", "complete"), {"share": 2}),
    "share": (("tasks", "register", "complete"), {"share": Decimal("0.8")}),
    "at least": (("tasks", "register", "complete"), {"at_least": 0}),
    "empty condition": (("tasks", "register", "complete"), ""),
    "reason": (("states", "preparation", "actions", "stop", "reason"), "maybe"),
    "language": (("title",), {"nb": "x", "de": "x"}),
    "no text": (("title",), {}),
    "weekend": (("calendar", "weekend"), ["lør"]),
    "variable": (("vars", "minimum_members"), [2]),
    "spawn": (
        ("states", "preparation", "spawn"),
        {"template": "soimpact", "link": "project", "take": ["step_10.decision"]},
    ),
    "spawn of nothing": (("states", "preparation", "spawn"), {"template": "soimpact"}),
    "given to no name": (("states", "preparation", "spawn"), {"template": "x", "link": "y", "give": {"a.b.c": "1"}}),
    "taken of a task": (("states", "preparation", "spawn"), {"template": "x", "link": "y", "take": ["step_10"]}),
    "key of a mapping": (("states", "to ord"), {"title": "x", "final": True}),
}


@pytest.mark.parametrize(("path", "value"), WRONG.values(), ids=WRONG.keys())
def test_given_a_value_when_read_then_schema_and_loader_agree(path: Path, value: Any) -> None:
    document = data("samson")
    at(document, path[:-1])[path[-1]] = value
    assert agree(document)


@pytest.mark.parametrize(
    ("path", "value", "told"),
    [
        (("calendar",), {"zone": "Europe/Ohslo"}, "no time zone"),
        (("tasks", "register", "complete"), {"share": "mange"}, "no share"),
        (("tasks", "register", "complete"), {"share": True}, "no share"),
        (("tasks", "register", "due"), "14 days", "no duration"),
    ],
)
def test_given_a_value_that_cannot_run_when_loaded_then_told_what_would_do(path: Path, value: Any, told: str) -> None:
    document = data("samson")
    at(document, path[:-1])[path[-1]] = value
    with pytest.raises(ValidationError, match=re.escape(told)):
        Template.model_validate(document)
