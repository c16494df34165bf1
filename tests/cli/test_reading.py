"""What was answered, on the command line."""

from __future__ import annotations

from typing import Any


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
