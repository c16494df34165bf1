"""What was answered, on the command line."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import pytest

from cli import shown
from engine import codec, yaml
from engine.form.model import build


def test_given_answers_when_shown_then_with_the_words_that_people_saw_in_their_language(preparation: Any) -> None:
    shown = preparation.done("answers", "arendal", "agree.1.kommune", "--lang", "nn", who="eva").out
    assert "Ola" in shown
    assert "visibility" not in shown
    data = preparation.done("answers", "arendal", "agree.1.kommune", "--json", who="eva").data["answers"]
    assert [(one["who"], one["answers"]) for one in data] == [("Ola", {"visibility": "open"})]


def test_given_an_answer_put_right_when_shown_then_the_earlier_one_and_what_was_decided_on_it(preparation: Any) -> None:
    preparation.done("submit", "arendal", "agree.1.kommune", "--set", "visibility=protected", who="ola")
    shown = preparation.done("answers", "arendal", "agree.1.kommune", who="eva").out
    assert shown.count("agree.1.kommune") == 2
    assert "put right since" in shown


def test_given_nothing_answered_when_shown_then_told(arendal: Any) -> None:
    assert arendal.done("answers", "arendal", who="kari").out == "Nothing has been answered.\n"


def test_given_somebody_from_outside_when_they_read_then_not_allowed(preparation: Any) -> None:
    preparation.person("per")
    assert preparation("answers", "arendal", who="per").code == 6


FORM = """
$schema: https://json-schema.org/draft/2020-12/schema
$id: small/cost
title: Utgifter
type: object
properties:
  cost: {title: Utgift, x-i18n: {nn: {title: Utgift}, en: {title: Cost}}, type: number, x-decimals: 2, x-comment: true}
  share: {title: Andel, x-i18n: {nn: {title: Del}, en: {title: Share}}, type: number}
  paid: {title: Betalt?, x-i18n: {nn: {title: Betalt?}, en: {title: Paid?}}, type: boolean}
  items:
    title: Poster
    x-i18n: {nn: {title: Postar}, en: {title: Items}}
    type: array
    items:
      type: object
      properties:
        price: {title: Pris, x-i18n: {nn: {title: Pris}, en: {title: Price}}, type: number, x-decimals: 1}
"""


@pytest.mark.parametrize(
    ("language", "answers", "told"),
    [
        ("en", {"cost": Decimal("12000.5")}, [("Cost", "12000.50")]),
        ("en", {"cost": 12000}, [("Cost", "12000.00")]),
        ("en", {"share": Decimal("0.125")}, [("Share", "0.125")]),
        ("en", {"items": [{"price": 3}, {"price": Decimal("2.5")}]}, [("Items", "Price: 3.0; Price: 2.5")]),
        ("en", {"share": 1, "z": 2, "cost": 3}, [("Cost", "3.00"), ("Share", "1"), ("z", "2")]),
        ("en", {"paid": True}, [("Paid?", "Yes")]),
        ("nn", {"paid": False}, [("Betalt?", "Nei")]),
        ("en", {"cost__comment": "dear"}, [("Comment on “Cost”", "dear")]),
        ("nn", {"cost__comment": "dyrt"}, [("Kommentar til «Utgift»", "dyrt")]),
        ("nb", {"gone__comment": "x"}, [("gone__comment", "x")]),
    ],
)
def test_given_answers_when_told_then_in_the_order_of_the_form_with_its_decimals_and_titles(
    language: str, answers: Mapping[str, object], told: list[tuple[str, str]]
) -> None:
    fields = build(codec.mapping(yaml.load(FORM, "cost.yaml").data)).fields
    assert list(shown.rows(answers, fields, language)) == told
