"""Made-up answers: what the form takes, whatever chance says, and the same for the same seed."""

from __future__ import annotations

import re
from decimal import Decimal
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import ConfigError
from engine.form.pattern import compiled
from engine.form.schema import form_from_data
from engine.form.validate import Validator
from engine.template import bundle
from engine.template.sources import BUILT_IN
from engine.trial.answers import made_up
from engine.trial.patterns import matching

FORMS = {
    form.id: form for name in ("samson", "soimpact") for form in bundle.read(name, [BUILT_IN]).definition.forms.values()
}


def form(required: list[str] | None = None, **properties: Any) -> Any:
    asked = list(properties) if required is None else required
    rules = {key: properties.pop(key) for key in ("allOf", "anyOf", "dependentRequired") if key in properties}
    asked = [name for name in asked if name in properties]
    return form_from_data({"$id": "t/f", "type": "object", "properties": properties, "required": asked, **rules})


@pytest.mark.parametrize("name", FORMS)
@given(seed=st.integers(0, 10**6))
def test_given_a_built_in_form_when_answers_are_made_up_then_it_takes_them(name: str, seed: int) -> None:
    answers = made_up(FORMS[name], Random(seed))
    assert Validator(FORMS[name]).errors(answers) == []
    assert made_up(FORMS[name], Random(seed)) == answers


BOUNDED: dict[str, dict[str, Any]] = {
    "integer": {"type": "integer", "minimum": -3, "maximum": -1},
    "exclusive": {"type": "integer", "exclusiveMinimum": 4, "exclusiveMaximum": 6},
    "steps": {"type": "number", "multipleOf": Decimal("0.25"), "minimum": Decimal("0.1"), "maximum": 1},
    "below": {"type": "number", "maximum": -5},
    "text": {"type": "string", "minLength": 40, "maxLength": 41},
    "letter": {"type": "string", "maxLength": 1, "minLength": 1},
    "slug": {"type": "string", "pattern": "^[a-z][a-z0-9_]{0,39}$"},
    "plate": {"type": "string", "pattern": r"^(?:[A-Z]{2}|El)\d{5}(-x)?$"},
    "email": {"type": "string", "format": "email"},
    "web": {"type": "string", "format": "uri"},
    "moment": {"type": "string", "format": "date-time"},
    "day": {"type": "string", "format": "date"},
    "yes": {"type": "boolean", "const": True},
    "choice": {"oneOf": [{"const": "a"}, {"const": 2}]},
    "or unknown": {"oneOf": [{"const": "dont_know"}, {"type": "integer", "minimum": 0, "maximum": 9}]},
    "choices": {"type": "array", "minItems": 2, "maxItems": 2, "uniqueItems": True, "items": {"enum": ["a", "b", "c"]}},
    "rows": {"type": "array", "minItems": 1, "maxItems": 2, "items": {"type": "object", "required": ["id"],
             "properties": {"id": {"type": "string", "pattern": "^[a-z][a-z0-9_]{0,39}$"}}}},
    "inner": {"type": "object", "required": ["n"], "properties": {"n": {"type": "integer"}}},
}  # fmt: skip


@pytest.mark.parametrize("kind", BOUNDED)
@given(seed=st.integers(0, 10**6))
def test_given_a_field_with_bounds_when_an_answer_is_made_up_then_it_lies_within(kind: str, seed: int) -> None:
    asked = form(it=BOUNDED[kind])
    assert Validator(asked).errors(made_up(asked, Random(seed))) == []


@given(seed=st.integers(0, 10**6))
def test_given_rules_between_fields_when_answers_are_made_up_then_they_follow_them(seed: int) -> None:
    asked = form(
        required=["kind"],
        kind={"oneOf": [{"const": "a"}, {"const": "b"}]},
        why={"type": "string"},
        much={"type": "integer", "maximum": 100},
        mail={"type": "string", "format": "email"},
        phone={"type": "string"},
        allOf=[
            {"if": {"properties": {"kind": {"const": "a"}}, "required": ["kind"]},
             "then": {"required": ["why", "much"], "properties": {"much": {"minimum": 90}}}},
        ],
        anyOf=[{"required": ["mail"]}, {"required": ["phone"]}],
        dependentRequired={"mail": ["why"]},
    )  # fmt: skip
    assert Validator(asked).errors(made_up(asked, Random(seed))) == []


@given(seed=st.integers(0, 10**6))
def test_given_some_answers_when_the_rest_is_made_up_then_these_stay(seed: int) -> None:
    given_ones = {"decision": "change", "follow_up": "planned"}
    answers = made_up(FORMS["soimpact/evaluation"], Random(seed), given_ones)
    assert answers | given_ones == answers
    assert Validator(FORMS["soimpact/evaluation"]).errors(answers) == []


def test_given_an_answer_that_the_form_never_takes_when_the_rest_is_made_up_then_told_which() -> None:
    with pytest.raises(ConfigError, match="decision"):
        made_up(FORMS["soimpact/evaluation"], Random(1), {"decision": "nonsense"})


@pytest.mark.parametrize(
    "pattern",
    ["^a+b*c?$", "^[^a-z]{3}$", "x|yy|z{2,}", r"^\d{1,3}(?:[ ,]\d{3})?$", "^(a|b)(c|d)$", r"^[\w-]+@[a-z.]{3,9}$", "^.$", r"^\S\s\D$"],
)  # fmt: skip
@given(seed=st.integers(0, 10**6))
def test_given_a_pattern_when_a_text_is_written_then_it_matches(pattern: str, seed: int) -> None:
    text = matching(pattern, Random(seed))
    assert re.search(compiled(pattern, 20), text) is not None
