"""What was answered, as far as somebody may read it: sealed ones, earlier ones, those entered by others, erased texts."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from engine.errors import NotAllowed, NotFound
from engine.process import commands as c


def read(world: Any, handle: str, instance: str | None = None) -> dict[str, Any]:
    """What somebody reads of each answer, by instance and sequence."""
    found = world.engine.answers(world.person(handle), "p", instance)
    return {f"{one.instance}#{number}": one.answers for number, one in enumerate(found)}


def test_given_a_sealed_round_when_read_then_ones_own_answer_and_that_there_are_others(world: Any) -> None:
    world.to_voting()
    world.submit("ola", "vote.1.m2", {"score": 4, "why": "Fordi"})
    assert read(world, "ola", "vote.1.m2") == {"vote.1.m2#0": {"score": 4, "why": "Fordi"}}
    assert read(world, "eva", "vote.1.m2") == {"vote.1.m2#0": None}


@pytest.mark.parametrize(
    ("town", "club", "others"),
    [
        ("open", "open", {"score": 4}),
        ("protected", "protected", None),
        ("open", "protected", None),
        ("protected", "open", None),
    ],
)
def test_given_a_reveal_when_read_then_as_the_most_careful_party_chose(
    world: Any, town: str, club: str, others: Any
) -> None:
    world.parties()
    world.submit("ola", "choose.1.town", {"shown": town})
    world.submit("eva", "choose.1.club", {"shown": club})
    world.submit("kari", "goal.1", {"text": "et mål"})
    world.do("kari", c.Act("open"))
    world.submit("ola", "vote.1.m2", {"score": 4})
    world.submit("eva", "vote.1.m3", {"score": 5})
    assert read(world, "eva", "vote.1.m2") == {"vote.1.m2#0": others}
    assert read(world, "eva", "vote.1.m3") == {"vote.1.m3#0": {"score": 5}}


def test_given_an_answer_put_right_when_read_then_both_are_there_and_which_counts(world: Any) -> None:
    world.submit("kari", "goal.1", {"text": "et mål"})
    world.submit("kari", "goal.1", {"text": "et bedre mål"})
    first, second = world.engine.answers(world.person("kari"), "p", "goal.1")
    assert (first.replaced, first.answers) == (True, {"text": "et mål"})
    assert (second.replaced, second.answers) == (False, {"text": "et bedre mål"})


def test_given_an_answer_entered_for_another_and_about_another_day_when_read_then_that_is_said(world: Any) -> None:
    world.parties()
    answers = {"shown": "open"}
    world.do("kari", c.Submit("choose.1.town", answers, "m2", valid_on=date(2026, 2, 1)))
    (found,) = world.engine.answers(world.person("eva"), "p", "choose.1.town")
    members = world.state.memberships
    assert (found.subject, found.entered_by) == (members["m2"].subject, members["m1"].subject)
    assert found.valid_on == "2026-02-01"


def test_given_texts_that_were_erased_when_read_then_the_rest_is_there(world: Any) -> None:
    world.submit("kari", "goal.1", {"text": "et mål", "aside": "Hemmelig"})
    world.engine.keys.destroy("subject", world.state.memberships["m1"].subject)
    (found,) = world.engine.answers(world.person("kari"), "p", "goal.1")
    assert (found.answers, found.erased) == ({"text": "et mål"}, True)


def test_given_somebody_from_outside_when_they_read_then_not_allowed(world: Any) -> None:
    world.submit("kari", "goal.1", {"text": "et mål"})
    with pytest.raises(NotAllowed):
        world.engine.answers(world.person("per"), "p")


def test_given_an_instance_that_is_none_when_read_then_told(world: Any) -> None:
    with pytest.raises(NotFound, match="goal"):
        world.engine.answers(world.person("kari"), "p", "goal.7")
