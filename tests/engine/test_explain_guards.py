"""Explaining every kind of condition: lists, «vet ikke», blank, not asked, if–else, and what fails."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from cli.standing import standing
from engine.engine import Engine
from engine.errors import Place, Refused
from engine.guards import parse, parts, tally
from engine.process import commands as c
from engine.process.explain import NOT_SHOWN, ActionExplanation, Seen
from engine.process.explain_words import words
from engine.process.missing import Lacking, Missing
from engine.template import bundle

VOTE = """
$schema: https://json-schema.org/draft/2020-12/schema
$id: small/vote
title: Stemme
x-i18n: {nn: {title: Røyst}, en: {title: Vote}}
type: object
properties:
  score:
    title: Poeng
    x-i18n: {nn: {title: Poeng}, en: {title: Score}}
    oneOf:
      - {const: 1, title: Lav, x-i18n: {nn: {title: Låg}, en: {title: Low}}}
      - {const: 5, title: Høy, x-i18n: {nn: {title: Høg}, en: {title: High}}}
      - {const: dont_know, title: Vet ikke, x-i18n: {nn: {title: Veit ikkje}, en: {title: Do not know}}}
  why: {title: Hvorfor, x-i18n: {nn: {title: Kvifor}, en: {title: Why}}, type: string, maxLength: 200, x-personal: true}
"""
AT = Place("t")
OF = "any(v.score == 5 for v in answers.vote) or counters.rounds >= vars.wanted"


@pytest.fixture
def lived(
    new_world: Any, tmp_path: Path, write_small: Callable[..., Path], small_text: str
) -> Iterator[Callable[..., Any]]:
    """A world in which the vote was held, with another condition on `close_up`, and votes by handle."""
    made: list[Any] = []

    def live(when: str, *, shown: str = "open", ola: Any = 5, eva: Any = 1) -> Any:
        world = new_world(tmp_path / f"data{len(made)}")
        made.append(world)
        text = small_text.replace(OF, when).replace("version: 1.0.0", "version: 1.0.1")
        engine: Engine = world.engine
        engine.publish(bundle.read("small", [write_small(tmp_path / f"t{len(made)}", text, vote=VOTE)]))
        kari = world.person("kari")
        engine.start(kari, "small", "q", "Q")
        for handle, party in (("ola", "town"), ("eva", "club")):
            engine.handle(kari, "q", c.AddParty(party, party.title()))
            token = engine.invite(kari, "q", ("member",), party).result["token"]
            engine.join(world.person(handle), token)
            engine.handle(world.person(handle), "q", c.Submit(f"choose.1.{party}", {"shown": shown}))
        engine.handle(kari, "q", c.Submit("goal.1", {"text": "et mål"}))
        engine.handle(kari, "q", c.Act("open"))
        for handle, member, score in (("ola", "m2", ola), ("eva", "m3", eva)):
            answers = {} if score is None else {"score": score}
            engine.handle(world.person(handle), "q", c.Submit(f"vote.1.{member}", answers))
        return world

    yield live
    for world in made:
        world.engine.close()


def told(world: Any, handle: str = "kari", language: str = "en") -> ActionExplanation:
    found: ActionExplanation = world.engine.explain_action(world.person(handle), "q", "close_up", language)
    return found


# -- conditions over lists ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("when", "ola", "eva", "outcome", "elements"),
    [
        ("any(v.score == 5 for v in answers.vote)", 5, 1, "true", (1, 1, 0)),
        ("any(v.score == 5 for v in answers.vote)", "dont_know", 1, "unknown", (0, 1, 1)),
        ("all(v.score == 5 for v in answers.vote)", 5, 1, "false", (1, 1, 0)),
        ("all(v.score == 5 for v in answers.vote)", 5, None, "unknown", (1, 0, 1)),
        ("all(v.score == 5 for v in answers.vote if state(v.score) == 'answered')", 5, None, "true", (2, 0, 0)),
    ],
)
def test_given_a_condition_over_a_list_when_explained_then_for_how_many_it_holds(
    lived: Any, when: str, ola: Any, eva: Any, outcome: str, elements: tuple[int, int, int]
) -> None:
    found = told(lived(when, ola=ola, eva=eva))
    assert (found.outcome, found.parts[0].outcome, found.parts[0].elements) == (outcome, outcome, elements)


@pytest.mark.parametrize(("eva", "why"), [("dont_know", "dont_know"), (None, "blank")])
def test_given_a_list_that_lacks_an_answer_when_explained_then_whose_and_why(lived: Any, eva: Any, why: str) -> None:
    found = told(lived("all(v.score == 5 for v in answers.vote)", eva=eva))
    assert found.lacking == (Missing("answers.vote.*.score", "Score", "Vote", (Lacking("vote.1.m3", "m3", why),)),)


@pytest.mark.parametrize(
    ("language", "sentence"),
    [
        ("nb", "Svaret på «Poeng» i «Stem» mangler (Eva: vet ikke)."),
        ("nn", "Svaret på «Poeng» i «Røyst» manglar (Eva: veit ikkje)."),
        ("en", "The answer to “Score” in “Vote” is missing (Eva: does not know)."),
    ],
)
def test_given_a_list_that_lacks_an_answer_when_told_in_words_then_by_name(
    lived: Any, language: str, sentence: str
) -> None:
    found = told(lived("all(v.score == 5 for v in answers.vote)", eva="dont_know"), language=language)
    assert sentence in words(found, language, {"m3": "Eva"}.get)  # type: ignore[arg-type]


def test_given_a_protected_vote_when_explained_then_it_is_not_told_that_one_is_blank(lived: Any) -> None:
    """Whether an answer is blank or against is the same to whoever may not read it."""
    when = "all(v.score == 5 for v in answers.vote)"
    blank, against = (told(lived(when, shown="protected", eva=eva)) for eva in (None, 1))
    assert (blank.outcome, blank.missing, blank.lacking) == (against.outcome, (), ())
    assert words(blank, "en") == words(against, "en")


def test_given_a_protected_vote_when_the_action_is_refused_then_the_error_does_not_tell_it_either(lived: Any) -> None:
    when = "all(v.score == 5 for v in answers.vote)"
    said = []
    for eva in (None, 1):
        world = lived(when, shown="protected", eva=eva)
        with pytest.raises(Refused) as caught:
            world.engine.handle(world.person("kari"), "q", c.Act("close_up"))
        said.append(str(caught.value))
    assert said[0] == said[1]


def test_given_a_protected_vote_when_asked_where_the_process_stands_then_that_does_not_tell_it_either(
    lived: Any,
) -> None:
    when = "all(v.score == 5 for v in answers.vote)"
    said = []
    for eva in (None, 1):
        engine = (world := lived(when, shown="protected", eva=eva)).engine
        now = standing(engine, world.person("kari"), engine.load(engine.stream("q")), "en")
        said += [(one.open, one.why, one.missing) for one in now.actions if one.action == "close_up"]
    assert said == [(False, "Talk more.", ())] * 2


@pytest.mark.parametrize(
    ("when", "missing"),
    [
        ("any(v.score == 5 for v in answers.vote) and answers.minutes.text == 'ja'", ("answers.minutes.text",)),
        ("any(v.score == 5 and answers.minutes.text == 'ja' for v in answers.vote)", ()),
    ],
)
def test_given_a_protected_vote_when_told_what_else_is_missing_then_no_vote_follows_from_it(
    lived: Any, when: str, missing: tuple[str, ...]
) -> None:
    """Whether the minutes matter depends on whether somebody voted 5."""
    five, none = (told(lived(when, shown="protected", ola=ola)) for ola in (5, 1))
    assert (five.missing, none.missing) == (missing, missing)
    assert words(five, "en") == words(none, "en")


def test_given_a_protected_vote_that_is_enough_when_explained_then_nothing_is_missing(lived: Any) -> None:
    found = told(lived("any(v.score == 5 for v in answers.vote) or answers.minutes.text == 'ja'", shown="protected"))
    assert (found.is_open, found.outcome, found.missing) == (True, "true", ())


@pytest.mark.parametrize(
    ("shown", "eva", "value"), [("open", 1, "6"), ("open", None, "unknown"), ("protected", 1, NOT_SHOWN)]
)
def test_given_a_sum_over_a_list_when_explained_then_what_it_is_as_far_as_one_may_read_it(
    lived: Any, shown: str, eva: Any, value: str
) -> None:
    found = told(lived("sum(v.score for v in answers.vote) >= vars.wanted", shown=shown, eva=eva))
    assert Seen("sum(v.score for v in answers.vote)", value) in found.seen


# -- other kinds ----------------------------------------------------------------------------------------------------------


def test_given_an_if_else_when_taken_apart_then_its_test_and_both_branches() -> None:
    guard = parse("(counters.a > 1 if tasks.t.complete else answers.x.y == 'z') and counters.a < 9", AT)
    assert [(depth, part.text) for depth, part in parts(guard)] == [
        (0, "counters.a > 1 if tasks.t.complete else answers.x.y == 'z'"),
        (1, "tasks.t.complete"),
        (1, "counters.a > 1"),
        (1, "answers.x.y == 'z'"),
        (0, "counters.a < 9"),
    ]


def test_given_an_if_else_when_explained_then_what_each_says(lived: Any) -> None:
    found = told(lived("counters.rounds > 1 if tasks.minutes.done > 0 else counters.rounds == 1"))
    assert [(part.depth, part.text, part.outcome) for part in found.parts] == [
        (0, "tasks.minutes.done > 0", "false"),
        (0, "counters.rounds > 1", "false"),
        (0, "counters.rounds == 1", "true"),
    ]


def test_given_an_answer_not_given_yet_when_explained_then_of_which_task(lived: Any) -> None:
    found = told(lived("answers.minutes.text == 'ja'"), language="nb")
    assert (found.outcome, found.missing) == ("unknown", ("answers.minutes.text",))
    assert "Svaret på «Tekst» i «Referat» mangler (ikke besvart ennå)." in words(found, "nb")


@pytest.mark.parametrize(
    ("language", "sentence"),
    [
        ("nb", "Den som har laget malen, må rette det."),
        ("nn", "Den som har laga malen, må rette det."),
        ("en", "The template's author has to mend it."),
    ],
)
def test_given_a_condition_that_fails_when_told_in_words_then_whose_to_mend(
    lived: Any, language: str, sentence: str
) -> None:
    found = told(lived("10 / (counters.rounds - 1) > 1"), language=language)
    assert (found.is_open, found.outcome) == (False, found.fault)
    assert words(found, language)[1].endswith(sentence)


def test_given_no_list_when_counted_then_there_is_nothing_to_count() -> None:
    assert tally(parse("counters.a > 1", AT), {"counters": {"a": 1}}) is None
    assert tally(parse("any(v.x > 1 for v in answers.t)", AT), {"answers": {}}) is None
    assert tally(parse("sum(v.x for v in answers.t)", AT), {"answers": {"t": [{"x": 2}]}}) is None


def test_given_an_element_that_fails_when_counted_then_it_is_unknown() -> None:
    guard = parse("any(6 / v.x > 2 for v in answers.t)", AT)
    assert tally(guard, {"answers": {"t": [{"x": 0}, {"x": 2}, {"x": 6}]}}) == (1, 1, 1)
