"""The published schema of the form language, and lint: they take the same shapes, key by key and form by form."""

from __future__ import annotations

import json
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from engine import yaml
from engine.form import language
from engine.form.language_schema import TOLD, form_schema
from engine.form.lint import lint
from engine.rules import RULES
from engine.template.sources import BUILT_IN

FILE = BUILT_IN / "forms" / "form.schema.json"
SCHEMA: dict[str, Any] = json.loads(FILE.read_text(encoding="utf-8"))
VALIDATOR = Draft202012Validator(SCHEMA)
FORMS = sorted((BUILT_IN / "forms").glob("*/*.yaml"))
HEAD = "$id: t/f\ntype: object\ntitle: T\n"

SHAPE = {
    "form-shape",
    "form-unknown-keyword",
    "form-unknown-annotation",
    "form-unknown-widget",
    "form-misplaced",
    "form-value",
    "form-condition",
    "field-kind",
    "field-name",
    "score-nowhere",
    "fact-table",
}
"""Rules about the shape alone, which the schema tells too; all others look at what names mean and values amount to."""


def errors(data: Any) -> list[str]:
    """Everything that keeps lint from taking it."""
    return [str(problem) for problem in lint(yaml.Document(data, "f.yaml")) if problem.severity == "error"]


def shapeless(data: Any) -> list[str]:
    """What lint finds wrong with the shape."""
    return [str(problem) for problem in lint(yaml.Document(data, "f.yaml")) if problem.rule in SHAPE]


def refused(data: Any) -> list[str]:
    """What the schema finds wrong."""
    return [error.message for error in VALIDATOR.iter_errors(data)]


def form(text: str) -> Any:
    return yaml.load(HEAD + text, "f.yaml").data


def test_given_the_file_when_compared_with_the_language_then_it_is_what_that_makes() -> None:
    made = json.dumps(form_schema(), indent=2, ensure_ascii=False) + "\n"
    told = "run: python -m engine.form.language_schema > forms/form.schema.json"
    assert FILE.read_text(encoding="utf-8") == made, told


def test_given_the_file_when_checked_then_it_is_a_schema_of_2020_12() -> None:
    Draft202012Validator.check_schema(SCHEMA)


def test_given_the_language_when_compared_with_what_is_told_then_every_keyword_and_annotation_is() -> None:
    assert TOLD.keys() == language.KEYWORDS | language.ANNOTATIONS
    assert all(words.strip() for words in TOLD.values())


@pytest.mark.parametrize("path", FORMS, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_given_a_form_that_we_ship_when_validated_then_the_schema_takes_it(path: Path) -> None:
    assert refused(yaml.load_file(path).data) == []


@pytest.mark.parametrize("name", [name for name, rule in RULES.items() if rule.where == "form"])
def test_given_the_example_of_a_rule_when_validated_then_the_schema_refuses_it_if_it_is_about_the_shape(
    name: str,
) -> None:
    data = form(RULES[name].wrong.replace("▸", ""))
    assert refused(data) if name in SHAPE else (errors(data) or not refused(data))


FIELDS = {
    "text": "{type: string}",
    "date": "{type: string, format: date}",
    "integer": "{type: integer}",
    "number": "{type: number}",
    "boolean": "{type: boolean}",
    "choice": "{oneOf: [{const: 1, title: A}, {const: 2, title: B}]}",
    "choice by enum": "{enum: [1, 2]}",
    "choice by const": "{const: 1}",
    "number or choice": "{oneOf: [{type: number}, {const: dont_know, title: A}]}",
    "choices": "{type: array, items: {enum: [a, b]}}",
    "list": "{type: array, items: {type: object, properties: {b: {type: string}}}}",
    "object": "{type: object, properties: {b: {type: string}}}",
}
SOUND: dict[str, Any] = {
    "$schema": language.DIALECT,
    "$id": "t/f",
    "$defs": {},
    "$ref": "#/$defs/x",
    "title": "T",
    "description": "D",
    "type": "string",
    "default": 1,
    "examples": [],
    "properties": {"b": {"type": "string"}},
    "required": [],
    "additionalProperties": False,
    "if": {"required": []},
    "then": {},
    "else": {},
    "allOf": [{}],
    "anyOf": [{}],
    "dependentRequired": {},
    "items": {"type": "object", "properties": {"b": {"type": "string"}}},
    "minItems": 0,
    "maxItems": 3,
    "uniqueItems": True,
    "enum": [1, 2],
    "const": 1,
    "oneOf": [{"const": 1, "title": "A"}],
    "minimum": 0,
    "maximum": 9,
    "exclusiveMinimum": 0,
    "exclusiveMaximum": 9,
    "multipleOf": 1,
    "minLength": 0,
    "maxLength": 9,
    "pattern": "^a$",
    "format": "email",
    "x-i18n": {"en": {"title": "T"}},
    "x-purpose": {"nb": "P"},
    "x-personal": True,
    "x-id": "b",
    "x-score": {"dimensions": {"d": "v"}, "min": 0, "max": 9},
    "x-unit": "kg",
    "x-decimals": 2,
    "x-widget": "hidden",
    "x-anchors": {},
    "x-comment": True,
    "x-page": 1,
    "x-prefill": True,
    "x-fact": {"table": "target", "columns": {"indicator_id": "a"}},
}


@pytest.mark.parametrize("kind", FIELDS)
def test_given_a_kind_of_field_when_a_keyword_is_added_then_schema_and_lint_take_the_same(kind: str) -> None:
    differing = []
    for key in [*SOUND, "x-personel", "maxLenght"]:
        data = form(f"properties: {{a: {FIELDS[kind]}}}")
        data["$defs"] = {"x": {}}
        data["properties"]["a"][key] = SOUND.get(key, 1)
        if key == "$ref":  # what is referred to is looked into by lint alone
            continue
        if bool(refused(data)) != bool(shapeless(data)):
            differing.append((key, refused(data), shapeless(data)))
    assert differing == []


@pytest.mark.parametrize("where", ["form", "row", "condition", "choice"])
def test_given_a_part_of_a_form_when_a_keyword_is_added_then_schema_and_lint_take_the_same(where: str) -> None:
    differing = []
    for key in [*SOUND, "x-personel", "maxLenght"]:
        data = form(f"properties: {{a: {FIELDS['list']}, c: {FIELDS['choice']}}}\nif: {{}}\nthen: {{}}")
        part = {
            "form": data,
            "row": data["properties"]["a"]["items"],
            "condition": data["then"],
            "choice": data["properties"]["c"]["oneOf"][0],
        }[where]
        part[key] = SOUND.get(key, 1)
        if key == "type":
            part[key] = "object"
        if key != "$ref" and bool(refused(data)) != bool(shapeless(data)):
            differing.append((key, refused(data), shapeless(data)))
    assert differing == []


ODD = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-3, 9)
    | st.sampled_from(["", " ", "string", "object", "array", "b", "date", "#"])
    | st.sampled_from([{"const": 1}, {"type": "string"}, {"enum": [1]}, {"title": "A"}, {"nb": "A"}]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from([*sorted(SOUND), "b", "nb", "en", "odd"]), inner, max_size=3)
    ),
    max_leaves=6,
)


def paths(value: Any, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    found = [path] if path else []
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return found + [deeper for step, below in inner for deeper in paths(below, (*path, step))]


@settings(max_examples=400)
@given(st.data(), st.lists(st.sampled_from(sorted(FIELDS)), min_size=1, max_size=4), ODD)
def test_given_any_form_with_something_odd_in_it_when_validated_then_what_lint_takes_the_schema_takes_and_the_other_way_round(
    data: st.DataObject, kinds: list[str], odd: Any
) -> None:
    made = form(
        "x-purpose: {nb: A}\nallOf: [{if: {properties: {a0: {const: 1}}}, then: {required: [a0]}}]\nproperties: {}"
    )
    made["properties"] = {f"a{n}": yaml.load(FIELDS[kind], "f.yaml").data for n, kind in enumerate(kinds)}
    for one in made["properties"].values():
        one.update(
            data.draw(st.sampled_from([{}, {"title": "T", "x-i18n": {"nn": {"title": "T"}}}, {"x-comment": True}]))
        )
    whole = deepcopy(made)
    *above, last = data.draw(st.sampled_from(paths(whole)))
    holder: Any = whole
    for step in above:
        holder = holder[step]
    if isinstance(holder, dict) and data.draw(st.booleans()):
        holder[data.draw(st.sampled_from(sorted(SOUND)))] = odd
    else:
        holder[last] = odd
    if "$ref" in json.dumps(whole):
        return
    if refused(whole):
        assert errors(whole) != [], (whole, refused(whole))
    else:
        assert shapeless(whole) == [], whole
