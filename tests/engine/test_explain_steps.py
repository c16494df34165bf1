"""What a process does by itself, and why it has not yet."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from engine.errors import NotAllowed
from engine.process import commands as c
from engine.process.explain_steps import StepExplanation
from engine.process.explain_words import why_not_yet


def steps(world: Any, handle: str = "kari", language: str = "en") -> tuple[StepExplanation, ...]:
    found: tuple[StepExplanation, ...] = world.engine.explain_steps(world.person(handle), "p", language)
    return found


def to_talk(world: Any) -> None:
    world.to_voting()
    for handle, member in (("ola", "m2"), ("eva", "m3")):
        world.submit(handle, f"vote.1.{member}", {"score": 3})


def test_given_a_vote_under_way_when_asked_why_it_does_not_go_on_then_its_condition(world: Any) -> None:
    world.to_voting()
    (found,) = steps(world)
    assert (found.kind, found.state, found.to, found.to_title) == ("auto", "voting", "talk", "Talk")
    assert (found.condition.text, found.condition.holds, found.condition.outcome) == (
        "tasks.vote.complete",
        False,
        "false",
    )


def test_given_a_deadline_of_a_state_when_asked_then_when_it_comes(world: Any) -> None:
    """Thirty days from 2 March 2026 is 1 April; the end of that day in Oslo is 21:59:59 in UTC."""
    to_talk(world)
    (found,) = steps(world)
    assert (found.kind, found.title, found.due_day) == ("deadline", "Silent", "2026-04-01")
    assert found.due is not None
    assert found.due.isoformat() == "2026-04-01T21:59:59+00:00"


@pytest.mark.parametrize(
    ("language", "told"),
    [
        ("nb", ["Dette skjer ved utgangen av 2026-04-01."]),
        ("nn", ["Dette skjer ved utgangen av 2026-04-01."]),
        ("en", ["It happens at the end of 2026-04-01."]),
    ],
)
def test_given_a_deadline_when_told_in_words_then_the_day_in_ones_language(
    world: Any, language: str, told: list[str]
) -> None:
    to_talk(world)
    assert why_not_yet(steps(world, language=language)[0], language) == told


@pytest.mark.parametrize(
    ("language", "told"),
    [
        ("nb", "Vilkåret er ikke oppfylt."),
        ("nn", "Vilkåret er ikkje oppfylt."),
        ("en", "Its condition does not hold."),
    ],
)
def test_given_a_condition_that_does_not_hold_when_told_in_words_then_so(world: Any, language: str, told: str) -> None:
    world.to_voting()
    assert why_not_yet(steps(world, language=language)[0], language) == [told]


@pytest.mark.parametrize("stop", [c.Suspend("ferie"), c.Cancel("slutt")])
def test_given_a_process_that_does_not_run_when_asked_then_nothing_happens_by_itself(world: Any, stop: Any) -> None:
    to_talk(world)
    world.do("kari", stop)
    assert steps(world) == ()


def test_given_a_deadline_that_passed_when_asked_where_the_process_went_then_it_is_over(world: Any) -> None:
    to_talk(world)
    world.clock.now += timedelta(days=40)
    world.engine.tick()
    assert steps(world) == ()


def test_given_somebody_from_outside_when_asking_then_refused(world: Any) -> None:
    with pytest.raises(NotAllowed):
        steps(world, "ute")
