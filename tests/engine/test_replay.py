"""Histories done again: under their own version always the same, under another the first act that goes another way."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from cli import play
from engine.engine import Engine
from engine.process import commands as c
from engine.process import events as e
from engine.process.replay import Replayed, acts
from engine.template import bundle
from engine.template.chart import Definition
from engine.template.sources import BUILT_IN

EXAMPLES = BUILT_IN / "examples"


@pytest.fixture
def changed(tmp_path: Path, write_small: Callable[..., Path], small_text: str) -> Callable[..., Definition]:
    """The small template with parts of its text replaced."""

    def make(*changes: tuple[str, str]) -> Definition:
        text = small_text
        for old, new in changes:
            assert old in text
            text = text.replace(old, new)
        return bundle.read("small", [write_small(tmp_path / "changed", text)]).definition

    return make


def lived(world: Any) -> None:
    """Two rounds: the first is answered, the second runs out of time; a hand-over, a correction, a stand-in, a way back."""
    world.to_voting()
    world.submit("ola", "vote.1.m2", {"score": 4, "why": "Fordi"})
    world.submit("eva", "vote.1.m3", {"score": 5})
    world.submit("ola", "log.1", {"text": "Møte", "aside": "Hemmelig"})
    world.do("kari", c.Act("again"))
    world.do("ola", c.Delegate("m2", "m3", None, "Ferie"))
    world.clock.now += timedelta(days=15)
    world.engine.tick()
    world.do("kari", c.Act("close"))
    world.do("kari", c.Grant("m2", "guest"))
    world.do("kari", c.HandOver("m1", "m3", "lead"))
    world.do("eva", c.StepBack("plan", "Vi glemte målet"))
    world.submit("eva", "goal.2", {"text": "et annet mål"})
    world.do("eva", c.Suspend("Sommerferie"))
    world.clock.now += timedelta(days=30)
    world.do("eva", c.Resume("Ferien er over"))


def test_given_a_long_life_when_replayed_under_its_own_version_then_it_is_the_same(world: Any) -> None:
    lived(world)
    found = world.engine.replay("p", world.bundle.definition)
    assert (found.outcome, found.how) == ("same", "")
    assert found.acts > 20


@pytest.mark.parametrize(
    ("change", "what", "how"),
    [
        (("tasks.goal.complete and", "tasks.choose.done >= 1 and"), "Act open", "refused: “open” is not open now"),
        (("due: P14D", "due: P21D"), "Act open", "is due"),
        (
            ("to: talk, when: tasks.vote.complete", "to: ended, when: tasks.vote.complete"),
            "Submit vote.1.m3",
            "finished",
        ),
        (("again: {title", "once_more: {title"), "Act again", "refused: there is no action “again”"),
    ],
)
def test_given_another_version_when_replayed_then_the_first_act_that_goes_another_way(
    world: Any, changed: Callable[..., Definition], change: tuple[str, str], what: str, how: str
) -> None:
    lived(world)
    found = world.engine.replay("p", changed(change))
    assert (found.outcome, found.what) == ("differs", what)
    assert how in found.how


def test_given_only_other_texts_when_replayed_then_it_is_the_same(
    world: Any, changed: Callable[..., Definition]
) -> None:
    lived(world)
    assert world.engine.replay("p", changed(("nb: Samtale", "nb: Prat"))).outcome == "same"


def test_given_a_task_taken_on_by_oneself_when_replayed_then_it_is_the_same(world: Any) -> None:
    world.parties()
    world.do("ola", c.Claim("goal.1"))
    world.do("kari", c.Claim("goal.1", "m3"))
    found = world.engine.replay("p", world.bundle.definition)
    assert (found.outcome, found.how) == ("same", "")


def test_given_an_answer_for_somebody_with_another_role_beside_when_replayed_then_it_is_for_the_one_that_fits(
    world: Any,
) -> None:
    world.parties()
    world.join("gro", None, "guest")
    world.do("kari", c.AddMember(world.person("gro").person.id, "town", ("member",)))
    world.submit("kari", "choose.1.town", {"shown": "open"}, "m5")
    found = world.engine.replay("p", world.bundle.definition)
    assert (found.outcome, found.how) == ("same", "")


def test_given_answers_that_are_sealed_when_nothing_needs_them_then_they_are_taken_as_they_were(
    world: Any, changed: Callable[..., Definition]
) -> None:
    world.to_voting()
    world.submit("ola", "vote.1.m2", {"score": 4})
    assert world.engine.replay("p", world.bundle.definition).outcome == "same"
    world.submit("eva", "vote.1.m3", {"score": 4})
    world.do("kari", c.Cancel("nok"))  # never revealed
    found = world.engine.replay(
        "p", changed(("to: talk, when: tasks.vote.complete", "to: ended, when: tasks.vote.complete"))
    )
    assert (found.outcome, found.what) == ("differs", "Submit vote.1.m3")


def test_given_answers_that_are_sealed_when_their_form_is_narrower_then_it_cannot_be_told(
    world: Any, tmp_path: Path, write_small: Callable[..., Path], small_text: str
) -> None:
    world.to_voting()
    world.submit("ola", "vote.1.m2", {"score": 4})
    folder = write_small(tmp_path / "narrower", small_text)
    form = folder / "forms" / "small" / "vote.yaml"
    form.write_text(form.read_text().replace("maximum: 5", "maximum: 3"))
    found = world.engine.replay("p", bundle.read("small", [folder]).definition)
    assert (found.outcome, found.what) == ("cannot tell", "form.submitted")
    assert "vote.1.m2 are sealed or erased" in found.how


def test_given_answers_that_are_sealed_when_a_condition_needs_them_then_it_cannot_be_told(
    world: Any, changed: Callable[..., Definition]
) -> None:
    """Under the other version the goal is sealed no more than the vote was: what decides there cannot be read here."""
    world.to_voting()
    world.submit("ola", "vote.1.m2", {"score": 4})
    open_vote = changed(
        (
            "            sealed: true\n            visibility: {from: answers.choose.shown, order: [open, protected]}\n",
            "",
        ),
        (
            "auto: [{to: talk, when: tasks.vote.complete}]",
            "auto: [{to: talk, when: any(v.score == 1 for v in answers.vote)}]",
        ),
    )
    found = world.engine.replay("p", open_vote)
    assert (found.outcome, found.what) == ("cannot tell", "Submit vote.1.m2")
    assert "needs answers that are sealed or were erased" in found.how


def test_given_personal_texts_that_were_erased_when_replayed_then_what_does_not_need_them_is_told(
    world: Any, changed: Callable[..., Definition]
) -> None:
    world.to_voting()
    world.submit("ola", "log.1", {"text": "Møte", "aside": "Hemmelig"})
    world.engine.keys.destroy("subject", world.state.memberships["m2"].subject)
    assert world.engine.replay("p", world.bundle.definition).outcome == "same"
    assert world.engine.replay("p", changed(("due: P14D", "due: P21D"))).outcome == "differs"


def test_given_a_way_back_when_replayed_then_that_alone_is_done_again_which_somebody_said(world: Any) -> None:
    """What opened anew by itself, such as where four eyes bar nobody any more, nobody asked for."""
    world.to_voting()
    world.do("kari", c.StepBack("plan", "Feil mål", ("goal",)))
    engine, definition = world.engine, world.bundle.definition
    events = [*engine.events(engine.log.read(engine.stream("p")))]
    by_itself = msgspec.structs.replace(
        events[-1], sequence=events[-1].sequence + 1, payload=e.TaskReopened(instance="vote.1.m2")
    )
    *_, last = acts([*events, by_itself], lambda _: definition, definition)
    assert isinstance(last.command, c.StepBack)
    assert last.command.again == ("goal",)


def test_given_a_replay_when_done_then_nothing_is_stored(world: Any) -> None:
    lived(world)
    position = world.engine.log.position()
    world.engine.replay("p", world.bundle.definition)
    assert world.engine.log.position() == position


def test_given_the_examples_when_replayed_under_their_own_versions_then_they_are_the_same(tmp_path: Path) -> None:
    engine = Engine.open(tmp_path)
    for name in ("samson", "soimpact"):
        engine.publish(bundle.read(name, [BUILT_IN]))
    play.Collaboration(engine, EXAMPLES / "made_up_collaboration" / "collaboration.yaml").play()
    leader = play.session_of(engine, "kari")
    team = play.Team(leader, play.session_of(engine, "amir"), play.session_of(engine, "sara"))
    answers = EXAMPLES / "umea_2022" / "answers"
    play.start_evaluation(engine, answers, "umea", "Umeå", leader, team=team)
    play.finish_evaluation(engine, answers, "umea", leader, team=team)
    outcomes = {
        name: engine.replay(name, engine.definition(template))
        for name, template in (("fjordvik", "samson"), ("umea", "soimpact"))
    }
    engine.close()
    assert {name: (r.outcome, r.what, r.how) for name, r in outcomes.items()} == dict.fromkeys(
        outcomes, ("same", "", "")
    )
    assert all(isinstance(found, Replayed) and found.acts > 10 for found in outcomes.values())
