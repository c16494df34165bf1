"""Why an action or a task stands as it does, and that no hidden answer is told by the way."""

from __future__ import annotations

from string import Formatter
from typing import Any

import pytest

from engine.engine import Engine
from engine.errors import NotFound, Place, Refused
from engine.guards import parse, parts
from engine.process import commands as c
from engine.process import explain_words, reasons
from engine.process.explain import ActionExplanation, TaskExplanation
from engine.process.explain_words import words
from engine.store.people import Person, Session
from engine.template import bundle
from engine.text import LANGUAGES


def action(world: Any, handle: str, name: str, language: str = "en") -> ActionExplanation:
    engine: Engine = world.engine
    return engine.explain_action(world.person(handle), "p", name, language)


def task(world: Any, handle: str, name: str, language: str = "en") -> TaskExplanation:
    engine: Engine = world.engine
    return engine.explain_task(world.person(handle), "p", name, language)


def voted(world: Any, shown: str) -> None:
    """A vote that was held and revealed: ola gave 5, eva 1."""
    world.parties()
    for handle, party in (("ola", "town"), ("eva", "club")):
        world.submit(handle, f"choose.1.{party}", {"shown": shown})
    world.submit("kari", "goal.1", {"text": "et mål"})
    world.do("kari", c.Act("open"))
    world.submit("ola", "vote.1.m2", {"score": 5})
    world.submit("eva", "vote.1.m3", {"score": 1})


# -- actions ----------------------------------------------------------------------------------------------------------


def test_given_a_condition_when_taken_apart_then_every_part_with_its_depth() -> None:
    guard = parse("tasks.a.complete and (answers.b.c == 'x and y' or not counters.d > 1)", Place("t"))
    assert [(depth, part.text) for depth, part in parts(guard)] == [
        (0, "tasks.a.complete"),
        (0, "answers.b.c == 'x and y' or not counters.d > 1"),
        (1, "answers.b.c == 'x and y'"),
        (1, "not counters.d > 1"),
        (2, "counters.d > 1"),
    ]


def test_given_a_condition_over_several_lines_when_taken_apart_then_its_parts_are_read() -> None:
    guard = parse("tasks.a.complete\n  and counters.d > 1", Place("t"))
    assert [part.text for _, part in parts(guard)] == ["tasks.a.complete", "counters.d > 1"]


def test_given_nothing_answered_when_an_action_is_explained_then_each_part_and_what_is_missing(world: Any) -> None:
    found = action(world, "kari", "open")
    assert [(p.depth, p.text, p.outcome, p.missing) for p in found.parts] == [
        (0, "tasks.goal.complete", "false", ()),
        (0, "answers.goal.text != 'nei' or len(memberships) > 5", "unknown", ("answers.goal.text",)),
        (1, "answers.goal.text != 'nei'", "unknown", ("answers.goal.text",)),
        (1, "len(memberships) > 5", "false", ()),
    ]
    assert (found.is_open, found.outcome, found.otherwise) == (False, "false", "The goal is missing.")


def test_given_an_open_action_when_explained_to_one_without_the_role_then_who_may(world: Any) -> None:
    world.parties()
    world.submit("kari", "goal.1", {"text": "et mål"})
    found = action(world, "ola", "open")
    assert (found.is_open, found.you_may, found.why_not) == (True, False, "Only Lead may do this.")


def test_given_an_action_without_condition_when_explained_then_it_is_open_and_has_no_parts(world: Any) -> None:
    found = action(world, "kari", "stop")
    assert (found.is_open, found.condition, found.parts) == (True, "", ())


@pytest.mark.parametrize(("name", "hint"), [("opne", "Did you mean “open”?"), ("xyz", "There are: again, close,")])
def test_given_an_unknown_action_when_explained_then_told_the_nearest_or_which_there_are(
    world: Any, name: str, hint: str
) -> None:
    with pytest.raises(NotFound) as caught:
        action(world, "kari", name)
    assert caught.value.hint.startswith(hint)


def test_given_an_open_round_when_its_condition_is_explained_then_the_part_on_answers_is_told(world: Any) -> None:
    voted(world, "open")
    assert [(p.text, p.outcome) for p in action(world, "kari", "close_up").parts] == [
        ("any(v.score == 5 for v in answers.vote)", "true"),
        ("counters.rounds >= vars.wanted", "false"),
    ]


def test_given_a_protected_round_when_its_condition_is_explained_then_the_part_on_answers_is_not_shown(
    world: Any,
) -> None:
    voted(world, "protected")
    assert [(p.text, p.outcome) for p in action(world, "kari", "close_up").parts] == [
        ("any(v.score == 5 for v in answers.vote)", "not shown"),
        ("counters.rounds >= vars.wanted", "false"),
    ]


def test_given_sealed_answers_when_a_condition_on_them_is_explained_then_they_are_not_shown(world: Any) -> None:
    world.to_voting()
    world.submit("ola", "vote.1.m2", {"score": 5})
    told = action(world, "eva", "close_up")
    assert told.parts[0].outcome == "not shown"
    assert told.outcome == "false"  # sealed answers are not handed out to guards either: nobody said 5


def test_given_an_operator_who_takes_no_part_when_a_condition_is_explained_then_no_answer_is_shown(world: Any) -> None:
    world.submit("kari", "goal.1", {"text": "hemmelig"})
    nobody = Session(Person("", "", ""), operator=True)
    found = world.engine.explain_action(nobody, "p", "open", "en")
    assert [(s.path, s.value) for s in found.seen if s.path.startswith("answers")] == [
        ("answers.goal.text", "not shown")
    ]


@pytest.mark.parametrize(
    ("language", "told"),
    [
        ("nb", ["«Åpne» kan ikke velges nå.", "Målet mangler.", "Svaret på «Tekst» i «Mål» mangler (ikke besvart ennå).", "Dette kan velges av: Leder.", "Du er en av dem."]),
        ("nn", ["«Opne» kan ikkje veljast no.", "Målet manglar.", "Svaret på «Tekst» i «Mål» manglar (ikkje svart på enno).", "Dette kan veljast av: Leiar.", "Du er ein av dei."]),
        ("en", ["“Open” cannot be chosen now.", "The goal is missing.", "The answer to “Text” in “Goal” is missing (not answered yet).", "Who can choose it: Lead.", "You are one of them."]),
    ],
)  # fmt: skip
def test_given_an_unknown_condition_when_told_in_words_then_what_is_missing_and_who_can(
    world: Any, write_small: Any, small_text: str, tmp_path: Any, language: str, told: list[str]
) -> None:
    text = small_text.replace("version: 1.0.0", "version: 1.0.1").replace("tasks.goal.complete and (", "(")
    world.engine.publish(bundle.read("small", [write_small(tmp_path / "other", text)]))
    world.engine.start(world.person("kari"), "small", "q", "Q")
    assert words(world.engine.explain_action(world.person("kari"), "q", "open", language), language) == told


def test_given_an_action_of_another_state_when_told_in_words_then_where_it_belongs(world: Any) -> None:
    assert words(action(world, "kari", "again", "nb"), "nb")[:2] == [
        "«Igjen» kan ikke velges nå.",
        "Dette valget hører til «Samtale», og der er dere ikke nå.",
    ]


def test_given_a_vote_under_way_when_told_in_words_then_how_far_when_and_who_sees_it(world: Any) -> None:
    world.to_voting()
    world.submit("ola", "vote.1.m2", {"score": 5})
    assert words(task(world, "eva", "vote.1.m3", "nn"), "nn") == [
        "«Røyst» er open.",
        "Dette kan fyllast ut av: Medlem.",
        "Dei som kan no: m1, m3.",
        "Du er ein av dei.",
        "Fristen er 2026-03-16.",
        "Så langt har 1 av 2 svart.",
        "Vi ventar på: m3.",
        "Ingen har svart enno.",
    ]


@pytest.mark.parametrize(
    ("language", "told"),
    [
        ("nb", "Prosessen er satt på vent: ingenting kan fylles ut eller velges før den blir tatt opp igjen."),
        ("nn", "Prosessen er sett på vent: ingenting kan fyllast ut eller veljast før han blir teken opp att."),
        ("en", "The process is suspended: nothing can be filled in or chosen until it is resumed."),
    ],
)
def test_given_a_suspended_process_when_explained_then_nothing_is_open_and_told_why(
    world: Any, language: str, told: str
) -> None:
    world.do("kari", c.Suspend("ferie"))
    found, goal = action(world, "kari", "stop", language), task(world, "kari", "goal.1", language)
    assert (found.is_open, found.resting) == (False, told)
    assert words(found, language)[1] == told
    assert (goal.you_may, goal.why_not, goal.able) == (False, told, ())


@pytest.mark.parametrize(
    ("language", "told"),
    [
        ("nb", "Bare Leder eller Gjest kan gjøre dette."),
        ("nn", "Berre Leiar eller Gjest kan gjere dette."),
        ("en", "Only Lead or Guest may do this."),
    ],
)
def test_given_somebody_without_the_role_when_explained_then_why_not_in_their_language(
    world: Any, language: str, told: str
) -> None:
    voted(world, "open")
    found = action(world, "ola", "close_up", language)
    assert (found.you_may, found.why_not, found.able) == (False, told, ("m1",))


def test_given_a_stand_in_when_an_action_is_explained_then_they_are_among_those_who_can(world: Any) -> None:
    world.parties()
    world.do("kari", c.Delegate("m1", "m2"))
    found = action(world, "ola", "stop")
    assert (found.you_may, found.able) == (True, ("m1", "m2"))


# -- who can do what now --------------------------------------------------------------------------------------------------


def now(world: Any, handle: str, language: str = "en") -> dict[str, tuple[bool, tuple[str, ...]]]:
    found = world.engine.explain_now(world.person(handle), "p", language)
    return {
        one.action if isinstance(one, ActionExplanation) else one.instance: (one.you_may, one.able) for one in found
    }


def test_given_a_process_when_asked_who_can_do_what_now_then_each_task_and_action_of_where_it_is(world: Any) -> None:
    world.to_voting()
    world.submit("ola", "vote.1.m2", {"score": 5})
    assert now(world, "eva") == {
        "log.1": (True, ("m1", "m2", "m3")),
        "vote.1.m3": (True, ("m1", "m3")),
        "close": (False, ("m1",)),
    }


def test_given_an_ended_process_when_asked_who_can_do_what_now_then_nothing_is_left(world: Any) -> None:
    world.do("kari", c.Act("stop", "fordi"))
    assert now(world, "kari") == {}


def test_given_what_is_said_of_everybody_when_each_tries_then_it_is_so(world: Any) -> None:
    """What `explain_now` says against what `decide` does, for everybody and everything in three phases."""
    answers = {"goal": {"text": "x"}, "log": {"text": "x"}, "choose": {"shown": "open"}, "vote": {"score": 3}}
    people = {"m1": "kari", "m2": "ola", "m3": "eva"}

    def check() -> None:
        for one in world.engine.explain_now(world.person("kari"), "p", "en"):
            for member, handle in people.items():
                if isinstance(one, ActionExplanation):
                    says = one.is_open and member in one.able
                    command: c.Command = c.Act(one.action, "fordi" if one.action in ("stop", "close") else "")
                else:
                    says = member in one.able
                    command = c.Submit(one.instance, answers[one.instance.partition(".")[0]])
                try:
                    world.engine.preview(world.person(handle), "p", command)
                except Refused:
                    assert not says, (one, handle)
                else:
                    assert says, (one, handle)

    world.parties()
    check()
    world.submit("kari", "goal.1", {"text": "et mål"})
    check()
    world.do("kari", c.Act("open"))
    world.submit("ola", "vote.1.m2", {"score": 5})
    check()


# -- tasks ------------------------------------------------------------------------------------------------------------


def test_given_a_vote_under_way_when_explained_then_who_has_answered_and_who_has_not(world: Any) -> None:
    world.to_voting()
    world.submit("ola", "vote.1.m2", {"score": 5})
    found = task(world, "kari", "vote.1.m3")
    assert (found.answered, found.awaited, found.done, found.expected) == (("m2",), ("m3",), 1, 2)
    assert found.due is not None
    assert found.rule == "all"


@pytest.mark.parametrize(
    ("handle", "instance", "visible", "because"),
    [
        ("ola", "vote.1.m2", True, "The answer is your own."),
        ("eva", "vote.1.m2", False, "The answer is sealed."),
        ("kari", "vote.1.m2", False, "The answer is sealed."),
        ("kari", "vote.1.m3", False, "Nobody has answered yet."),
        ("eva", "goal.1", True, "Everyone who takes part can see this answer."),
    ],
)
def test_given_a_sealed_vote_when_explained_then_whether_you_see_it_and_why(
    world: Any, handle: str, instance: str, visible: bool, because: str
) -> None:
    world.to_voting()
    world.submit("ola", "vote.1.m2", {"score": 5})
    found = task(world, handle, instance)
    assert found.is_visible is visible
    assert found.visible_because.startswith(because)


@pytest.mark.parametrize(
    ("shown", "visible", "because"),
    [("open", True, "Everyone who takes part"), ("protected", False, "The parties chose")],
)
def test_given_a_revealed_vote_when_explained_to_others_then_as_the_parties_chose(
    world: Any, shown: str, visible: bool, because: str
) -> None:
    voted(world, shown)
    found = task(world, "eva", "vote.1.m2")
    assert found.is_visible is visible
    assert found.visible_because.startswith(because)


def test_given_a_task_when_explained_in_nynorsk_then_the_reason_is_in_nynorsk(world: Any) -> None:
    assert task(world, "kari", "goal.1", "nn").visible_because == "Ingen har svart enno."


# -- the words ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("table", [reasons.SENTENCES, explain_words.BECAUSE, explain_words._WORDS, explain_words._WHY])
def test_given_every_sentence_when_looked_up_then_it_is_in_each_language_and_names_the_same(table: Any) -> None:
    for key, said in table.items():
        assert tuple(said) == LANGUAGES, key
        named = [{name for _, name, _, _ in Formatter().parse(text) if name} for text in said.values()]
        assert named[0] == named[1] == named[2], key
