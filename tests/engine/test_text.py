"""Texts for people: a language, what stands in for it, and what is missing."""

from __future__ import annotations

from typing import Annotated

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, BeforeValidator, ConfigDict

from engine.text import LANGUAGES, Text, text


def test_given_a_string_when_read_then_it_is_bokmaal_and_stands_in_for_the_rest() -> None:
    found = text("Hei")
    assert found.get("nb") == found.get("nn") == found.get("en") == "Hei"
    assert found.missing == ("nn", "en")


@pytest.mark.parametrize(
    ("texts", "language", "expected"),
    [
        ({"nb": "a", "nn": "b", "en": "c"}, "en", "c"),
        ({"nn": "b", "en": "c"}, "nb", "b"),
        ({"en": "c"}, "nn", "c"),
        ({"nb": "a"}, "se", "a"),
        ({"nb": " ", "en": "c"}, "nb", "c"),
    ],
)
def test_given_some_languages_when_asked_then_the_nearest_answers(
    texts: dict[str, str], language: str, expected: str
) -> None:
    assert text(texts).get(language) == expected


@pytest.mark.parametrize("value", [None, 3, [], {}, "", " ", {"no": "Hei"}, {"nb": 3}, {"nb": ""}])
def test_given_no_text_when_read_then_it_is_refused(value: object) -> None:
    with pytest.raises(ValueError, match="text"):
        text(value)


@given(st.dictionaries(st.sampled_from(LANGUAGES), st.text(min_size=1).filter(str.strip), min_size=1))
def test_given_any_texts_when_written_and_read_then_they_are_equal(texts: dict[str, str]) -> None:
    found = text(texts)
    assert found.as_dict() == texts
    assert text(found.as_dict()) == found
    assert hash(text(found.as_dict())) == hash(found)
    assert set(found.missing) | set(texts) == set(LANGUAGES)


def test_given_a_model_with_a_text_when_dumped_then_the_text_stays_whole() -> None:
    class Model(BaseModel):
        model_config = ConfigDict(arbitrary_types_allowed=True)
        title: Annotated[Text, BeforeValidator(text)]

    assert Model.model_validate({"title": "Hei"}).model_dump() == {"title": text("Hei")}
