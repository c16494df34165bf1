"""Personal texts leave the answers, and come back to where they were."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine import yaml
from engine.codec import Json, dumps
from engine.form.schema import Form, read_form
from engine.form.validate import Validator, join_personal, split_personal

FORM = """
$id: t/f
type: object
properties:
  problem: {oneOf: [{const: 1, title: A}, {const: 2, title: B}], x-comment: true}
  story: {type: string, x-personal: true}
  place: {type: string}
  born: {type: string, format: date, x-personal: true}
  contact:
    type: object
    properties: {name: {type: string, x-personal: true}, role: {type: string}}
  groups:
    type: array
    items:
      type: object
      properties:
        name: {type: string}
        story: {type: string, x-personal: true}
        choice: {enum: [a, b], x-comment: true}
        people: {type: array, items: {type: object, properties: {quote: {type: string, x-personal: true}}}}
"""


def form() -> Form:
    found, problems = read_form(yaml.load(FORM, "f.yaml"))
    assert found is not None, [str(problem) for problem in problems]
    return found


def some(**fields: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Json]]:
    return st.fixed_dictionaries({}, optional=fields)


SECRET = st.text().map(lambda text: f"secret {text}")
PEOPLE = some(quote=SECRET)
GROUPS = some(
    name=st.text(), story=SECRET, choice=st.sampled_from(["a", "b"]), choice__comment=SECRET,
    people=st.lists(PEOPLE, max_size=3),
)  # fmt: skip
ANSWERS = some(
    problem=st.sampled_from([1, 2]), problem__comment=SECRET, story=SECRET, place=st.text(),
    born=st.dates().map(str), contact=some(name=SECRET, role=st.text()), groups=st.lists(GROUPS, max_size=4),
)  # fmt: skip


@given(ANSWERS)
def test_given_any_answers_that_fit_when_split_and_joined_then_they_are_the_same(answers: dict[str, Json]) -> None:
    assert Validator(form()).errors(answers) == []
    before = dumps(answers)
    clear, personal = split_personal(form(), answers)
    assert join_personal(clear, personal) == answers
    assert dumps(answers) == before


@given(ANSWERS)
def test_given_any_answers_when_split_then_nothing_personal_is_left_in_the_clear(answers: dict[str, Json]) -> None:
    clear, personal = split_personal(form(), answers)
    assert b"secret" not in dumps(clear)
    assert "born" not in clear
    assert dumps(answers).count(b'"secret ') == sum(text.startswith("secret ") for text in personal.values())


def test_given_answers_when_split_then_paths_name_row_and_field() -> None:
    answers: dict[str, Json] = {
        "problem": 1,
        "problem__comment": "a",
        "contact": {"name": "b", "role": "r"},
        "groups": [{"name": "n"}, {"story": "c", "people": [{}, {"quote": "d"}]}],
    }
    clear, personal = split_personal(form(), answers)
    assert personal == {
        "problem__comment": "a",
        "contact.name": "b",
        "groups[1].story": "c",
        "groups[1].people[1].quote": "d",
    }
    assert clear == {"problem": 1, "contact": {"role": "r"}, "groups": [{"name": "n"}, {"people": [{}, {}]}]}


def test_given_something_that_stands_for_an_erased_text_when_joined_then_it_stands_there() -> None:
    erased = object()
    joined = join_personal({"groups": [{}]}, {"groups[0].story": erased})
    assert joined == {"groups": [{"story": erased}]}


def test_given_answers_that_were_never_checked_when_split_then_nothing_slips_through() -> None:
    with pytest.raises(ValueError, match="story"):
        split_personal(form(), {"story": ["secret"]})
