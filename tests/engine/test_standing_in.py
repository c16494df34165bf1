"""In the place of others: delegation, handing over, tasks taken on, and four eyes where two are not enough."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from engine.errors import NotAllowed, Refused
from engine.process import commands as c
from engine.process.explain_words import words
from engine.template import bundle

if TYPE_CHECKING:
    World = Any  # the class stands in conftest.py, which cannot be imported


@pytest.fixture
def begun(
    new_world: Callable[..., World], write_small: Callable[..., Path], tmp_path: Path
) -> Iterator[Callable[[str], World]]:
    """Starts process `q`, which kari leads, of the small template in another text."""
    found: World = new_world(tmp_path / "data")

    def start(text: str) -> World:
        text = text.replace("version: 1.0.0", "version: 1.1.0")
        found.engine.publish(bundle.read("small", [write_small(tmp_path / "config", text)]))
        found.engine.start(found.person("kari"), "small", "q", "Q")
        return found

    yield start
    found.engine.close()


@pytest.fixture
def world(begun: Callable[[str], World], small_text: str) -> World:
    """The small world; whoever sets the goal may neither open the work nor write the minutes."""
    text = small_text.replace(
        "        by: lead\n        to: work\n", "        by: [lead, member]\n        not_by: goal\n        to: work\n"
    )
    text = text.replace(
        "form: note, by: lead, optional: true", "form: note, by: [lead, member], not_by: [goal, log], optional: true"
    )
    text = text.replace("            form: vote\n", "            form: vote\n            not_by: log\n")
    found = begun(text)
    for party, handle in (("town", "ola"), ("club", "eva")):
        do(found, "kari", c.AddParty(party, party))
        join(found, handle, party, "member")
    return found


def join(world: World, handle: str, party: str | None, role: str) -> str:
    """Somebody comes in by an invitation; their membership."""
    token = world.engine.invite(world.person("kari"), "q", (role,), party).result["token"]
    return str(world.engine.join(world.person(handle), token).result["membership"])


def do(world: World, handle: str, command: c.Command) -> Any:
    return world.engine.handle(world.person(handle), "q", command)


def state(world: World) -> Any:
    return world.engine.load(world.engine.stream("q")).state


def mine(world: World, handle: str) -> set[str]:
    return {item.instance for item in world.engine.tasks(world.person(handle), "q")}


def to_voting(world: World, opener: str = "ola") -> None:
    do(world, "kari", c.Submit("goal.1", {"text": "et mål"}))
    do(world, opener, c.Act("open"))


# -- four eyes --------------------------------------------------------------------------------------------------------


def test_given_who_answered_when_they_choose_then_four_eyes_are_asked_for(world: World) -> None:
    do(world, "kari", c.Submit("goal.1", {"text": "et mål"}))
    with pytest.raises(NotAllowed, match="four eyes"):
        do(world, "kari", c.Act("open"))
    do(world, "ola", c.Act("open"))
    assert "work" in state(world).active


def test_given_who_answered_when_a_task_is_not_for_them_then_it_is_not_on_their_list_and_refused(world: World) -> None:
    to_voting(world)
    do(world, "ola", c.Submit("vote.1.m2", {"score": 3}))
    do(world, "eva", c.Submit("vote.1.m3", {"score": 3}))
    assert ("minutes.1" in mine(world, "kari"), "minutes.1" in mine(world, "ola")) == (False, True)
    with pytest.raises(NotAllowed, match="four eyes"):
        do(world, "kari", c.Submit("minutes.1", {"text": "x"}))
    do(world, "ola", c.Submit("minutes.1", {"text": "x"}))


def test_given_who_answered_when_another_acts_in_their_place_then_four_eyes_are_asked_for_too(world: World) -> None:
    do(world, "kari", c.Submit("goal.1", {"text": "et mål"}))
    do(world, "kari", c.Revoke("m3", "member"))
    do(world, "kari", c.Delegate("m1", "m3"))
    with pytest.raises(NotAllowed, match="four eyes"):
        do(world, "eva", c.Act("open"))


def test_given_who_answered_when_another_enters_for_them_then_four_eyes_are_asked_for_too(world: World) -> None:
    to_voting(world)
    do(world, "ola", c.Submit("vote.1.m2", {"score": 3}))
    do(world, "eva", c.Submit("vote.1.m3", {"score": 3}))
    do(world, "kari", c.Revoke("m3", "member"))
    do(world, "kari", c.Delegate("m1", "m3"))
    with pytest.raises(NotAllowed, match="four eyes"):
        do(world, "eva", c.Submit("minutes.1", {"text": "x"}))


def test_given_who_answered_when_another_task_is_for_each_then_they_have_none_and_are_not_waited_for(
    world: World,
) -> None:
    do(world, "ola", c.Submit("log.1", {"text": "x"}))
    to_voting(world, opener="eva")
    assert [name for name in state(world).instances if name.startswith("vote")] == ["vote.1.m3"]
    do(world, "eva", c.Submit("vote.1.m3", {"score": 3}))
    assert "talk" in state(world).active


def test_given_a_task_for_each_when_somebody_answers_the_other_one_then_theirs_is_withdrawn(world: World) -> None:
    to_voting(world)
    do(world, "ola", c.Submit("log.1", {"text": "x"}))
    assert state(world).instances["vote.1.m2"].status == "withdrawn"
    do(world, "eva", c.Submit("vote.1.m3", {"score": 3}))
    assert "talk" in state(world).active


def test_given_a_task_taken_on_when_the_person_answers_the_other_one_then_it_is_free_and_not_given_back(
    world: World,
) -> None:
    to_voting(world)
    for handle, instance in (("ola", "vote.1.m2"), ("eva", "vote.1.m3")):
        do(world, handle, c.Submit(instance, {"score": 3}))
    do(world, "eva", c.Claim("minutes.1"))
    do(world, "eva", c.Submit("log.1", {"text": "x"}))
    assert (state(world).instances["minutes.1"].claimed_by, "minutes.1" in mine(world, "ola")) == (None, True)
    with pytest.raises(Refused, match="four eyes"):
        do(world, "kari", c.Claim("minutes.1", "m3"))


def test_given_a_state_entered_anew_when_chosen_then_what_was_answered_the_time_before_bars_nobody(
    begun: Callable[[str], World], small_text: str
) -> None:
    text = small_text.replace(
        "en: Again}, by: lead, to: work}", "en: Again}, by: [lead, guest], not_by: minutes, to: work}"
    )
    world = begun(text)
    join(world, "gro", None, "guest")
    do(world, "kari", c.AddParty("town", "town"))
    ola = join(world, "ola", "town", "member")
    do(world, "kari", c.Submit("goal.1", {"text": "et mål"}))
    do(world, "kari", c.Act("open"))
    do(world, "ola", c.Submit(f"vote.1.{ola}", {"score": 3}))
    do(world, "kari", c.Submit("minutes.1", {"text": "x"}))
    with pytest.raises(NotAllowed, match="four eyes"):
        do(world, "kari", c.Act("again"))
    do(world, "gro", c.Act("again"))
    do(world, "ola", c.Submit(f"vote.2.{ola}", {"score": 3}))
    do(world, "kari", c.Act("again"))
    assert state(world).counters["rounds"] == 3


# -- entering on behalf of others -------------------------------------------------------------------------------------


@pytest.fixture
def assisted(begun: Callable[[str], World], small_text: str) -> World:
    """The small world, where the goal is for the members to set and the lead may enter it; gro is a guest."""
    found = begun(small_text.replace("form: note, by: [lead, member]}", "form: note, by: member, assisted: true}"))
    join(found, "gro", None, "guest")
    return found


def take_in_ola(world: World) -> None:
    do(world, "kari", c.AddParty("town", "town"))
    join(world, "ola", "town", "member")


def test_given_who_may_help_when_they_say_not_whom_then_told_of_the_option_and_with_it_taken(assisted: World) -> None:
    take_in_ola(assisted)
    with pytest.raises(NotAllowed, match=r"say on whose behalf.* --on-behalf-of m3$"):
        do(assisted, "kari", c.Submit("goal.1", {"text": "et mål"}))
    join(assisted, "eva", "town", "member")
    with pytest.raises(NotAllowed, match=r"--on-behalf-of m3 or m4$"):
        do(assisted, "kari", c.Submit("goal.1", {"text": "et mål"}))
    do(assisted, "kari", c.Submit("goal.1", {"text": "et mål"}, "m3"))


def test_given_who_may_not_even_help_when_they_answer_then_told_who_may(assisted: World) -> None:
    take_in_ola(assisted)
    with pytest.raises(NotAllowed, match=r"^only the member or the lead may do this$"):
        do(assisted, "gro", c.Submit("goal.1", {"text": "et mål"}))


def test_given_nobody_to_help_when_the_lead_answers_then_told_whose_it_is(assisted: World) -> None:
    with pytest.raises(NotAllowed, match=r"^this is for the member to fill in, and nobody else may$"):
        do(assisted, "kari", c.Submit("goal.1", {"text": "et mål"}))


def test_given_somebody_who_left_when_the_lead_enters_for_them_then_not_allowed(assisted: World) -> None:
    take_in_ola(assisted)
    do(assisted, "kari", c.EndMembership("m3", ""))
    with pytest.raises(NotAllowed):
        do(assisted, "kari", c.Submit("goal.1", {"text": "et mål"}, "m3"))


def test_given_two_of_no_party_when_one_enters_for_the_other_then_they_are_not_of_the_same(
    begun: Callable[[str], World], small_text: str
) -> None:
    world = begun(small_text.replace("form: note, by: [lead, member]}", "form: note, by: lead, assisted: true}"))
    join(world, "gro", None, "guest")
    with pytest.raises(NotAllowed):
        do(world, "gro", c.Submit("goal.1", {"text": "et mål"}, "m1"))


# -- delegation -------------------------------------------------------------------------------------------------------


def test_given_a_delegation_when_the_other_answers_then_it_is_recorded_as_on_behalf(world: World) -> None:
    to_voting(world)
    do(world, "ola", c.Delegate("m2", "m3", reason="Ferie"))
    assert {"vote.1.m2", "vote.1.m3"} <= mine(world, "eva")
    do(world, "eva", c.Submit("vote.1.m2", {"score": 4}))
    given = state(world).instances["vote.1.m2"].submissions[-1]
    members = state(world).memberships
    assert (given.subject, given.entered_by) == (members["m2"].subject, members["m3"].subject)


def test_given_a_delegation_when_its_time_is_over_then_the_clock_ends_it(world: World) -> None:
    to_voting(world)
    do(world, "ola", c.Delegate("m2", "m3", world.clock.now + timedelta(days=3)))
    world.clock.now += timedelta(days=4)
    world.engine.tick()
    assert state(world).memberships["m2"].delegate is None
    assert "vote.1.m2" not in mine(world, "eva")
    with pytest.raises(NotAllowed):
        do(world, "eva", c.Submit("vote.1.m2", {"score": 4}, "m2"))


def test_given_the_lead_away_when_delegated_then_the_other_may_choose_for_them(world: World) -> None:
    do(world, "kari", c.Delegate("m1", "m3"))
    do(world, "eva", c.Act("stop", "ingen vil"))
    (taken,) = [r for r in world.engine.log.read(world.engine.stream("q")) if r.type == "action.taken"]
    envelope, _ = taken.content()
    assert (envelope["actor"], envelope["on_behalf_of"]) == (
        state(world).memberships["m3"].subject,
        state(world).memberships["m1"].subject,
    )


def test_given_a_stand_in_for_somebody_without_the_role_when_they_choose_then_not_allowed(world: World) -> None:
    do(world, "ola", c.Delegate("m2", "m3"))
    with pytest.raises(NotAllowed):
        do(world, "eva", c.Act("stop", "ingen vil"))


def test_given_a_stand_in_with_no_role_of_their_own_when_they_answer_then_it_is_by_the_role_of_the_other(
    world: World,
) -> None:
    do(world, "kari", c.Revoke("m3", "member"))
    do(world, "ola", c.Delegate("m2", "m3"))
    do(world, "eva", c.Submit("goal.1", {"text": "et mål"}))
    (given,) = [r for r in world.engine.log.read(world.engine.stream("q")) if r.type == "form.submitted"]
    envelope, _ = given.content()
    assert (envelope["role"], envelope["membership"]) == ("member", "m3")


@pytest.mark.parametrize(
    ("who", "command", "error"),
    [
        ("eva", c.Delegate("m2", "m3"), NotAllowed),
        ("ola", c.Delegate("m2", "m2"), Refused),
        ("ola", c.EndDelegation("m2"), Refused),
    ],
)
def test_given_no_right_to_delegate_when_tried_then_refused(
    world: World, who: str, command: c.Command, error: type[Exception]
) -> None:
    with pytest.raises(error):
        do(world, who, command)


def test_given_a_delegate_when_they_leave_then_the_delegation_ends(world: World) -> None:
    do(world, "ola", c.Delegate("m2", "m3"))
    do(world, "kari", c.EndMembership("m3", ""))
    assert state(world).memberships["m2"].delegate is None


@pytest.mark.parametrize("after", [timedelta(days=3), timedelta(days=4)], ids=["at the moment", "a day after"])
def test_given_the_end_of_a_delegation_when_nobody_has_ticked_then_it_is_over_all_the_same(
    world: World, after: timedelta
) -> None:
    to_voting(world)
    do(world, "ola", c.Delegate("m2", "m3", world.clock.now + timedelta(days=3)))
    world.clock.now += after
    with pytest.raises(NotAllowed):
        do(world, "eva", c.Submit("vote.1.m2", {"score": 4}, "m2"))


def test_given_a_delegation_when_the_process_rests_meanwhile_then_it_ends_when_it_was_to(world: World) -> None:
    until = world.clock.now + timedelta(days=3)
    do(world, "ola", c.Delegate("m2", "m3", until))
    do(world, "kari", c.Suspend("ferie"))
    world.clock.now += timedelta(days=2)
    do(world, "kari", c.Resume())
    assert state(world).pending["delegation:m2"].due == until


def test_given_a_delegation_renewed_without_an_end_when_the_old_end_comes_then_it_goes_on(world: World) -> None:
    do(world, "ola", c.Delegate("m2", "m3", world.clock.now + timedelta(days=3)))
    do(world, "ola", c.Delegate("m2", "m3"))
    world.clock.now += timedelta(days=4)
    world.engine.tick("q")
    assert state(world).memberships["m2"].delegate == "m3"


def test_given_who_leads_when_they_make_themselves_a_stand_in_then_not_allowed(world: World) -> None:
    with pytest.raises(NotAllowed, match="nobody makes themselves"):
        do(world, "kari", c.Delegate("m2", "m1"))


def test_given_a_persons_own_answer_when_a_helper_answers_for_them_then_it_stays(world: World) -> None:
    to_voting(world)
    do(world, "ola", c.Submit("vote.1.m2", {"score": 5}))
    with pytest.raises(NotAllowed, match="by the person themselves"):
        do(world, "kari", c.Submit("vote.1.m2", {"score": 1}, "m2"))


def test_given_an_answer_that_a_helper_gave_when_they_put_it_right_then_taken(world: World) -> None:
    to_voting(world)
    do(world, "kari", c.Submit("vote.1.m2", {"score": 5}, "m2"))
    do(world, "kari", c.Submit("vote.1.m2", {"score": 1}, "m2"))
    assert len(state(world).instances["vote.1.m2"].submissions) == 2


# -- handing over -----------------------------------------------------------------------------------------------------


def test_given_the_last_lead_when_they_hand_over_then_there_is_always_one(world: World) -> None:
    token = world.engine.invite(world.person("kari"), "q", ("guest",)).result["token"]
    world.engine.join(world.person("gro"), token)
    do(world, "kari", c.HandOver("m1", "m4", "lead"))
    roles = {name: m.roles for name, m in state(world).memberships.items()}
    assert (roles["m1"], "lead" in roles["m4"]) == (frozenset(), True)


def test_given_somebody_without_the_role_when_they_hand_it_over_then_refused(world: World) -> None:
    with pytest.raises(Refused, match="does not hold"):
        do(world, "ola", c.HandOver("m2", "m3", "lead"))


# -- tasks taken on ---------------------------------------------------------------------------------------------------


def test_given_a_task_taken_on_when_another_answers_then_not_allowed_until_released(world: World) -> None:
    do(world, "ola", c.Claim("goal.1"))
    assert ("goal.1" in mine(world, "eva"), "goal.1" in mine(world, "ola")) == (False, True)
    with pytest.raises(NotAllowed):
        do(world, "eva", c.Submit("goal.1", {"text": "x"}))
    with pytest.raises(Refused, match="was taken on by m2"):
        do(world, "eva", c.Claim("goal.1"))
    with pytest.raises(NotAllowed):
        do(world, "eva", c.Release("goal.1"))
    do(world, "ola", c.Release("goal.1"))
    do(world, "eva", c.Submit("goal.1", {"text": "x"}))


def test_given_a_task_taken_on_when_who_leads_gives_it_to_another_then_it_is_theirs(world: World) -> None:
    do(world, "ola", c.Claim("goal.1"))
    do(world, "kari", c.Claim("goal.1", "m3"))
    assert state(world).instances["goal.1"].claimed_by == "m3"
    with pytest.raises(NotAllowed):
        do(world, "ola", c.Claim("goal.1", "m2"))


def test_given_who_may_not_do_it_when_a_task_is_given_to_them_then_refused(world: World) -> None:
    to_voting(world)
    do(world, "ola", c.Submit("vote.1.m2", {"score": 3}))
    do(world, "eva", c.Submit("vote.1.m3", {"score": 3}))
    with pytest.raises(Refused, match="four eyes"):
        do(world, "kari", c.Claim("minutes.1", "m1"))
    do(world, "kari", c.Claim("minutes.1", "m2"))


def test_given_a_task_taken_on_when_the_person_leaves_then_it_is_free_again(world: World) -> None:
    do(world, "ola", c.Claim("goal.1"))
    do(world, "kari", c.EndMembership("m2", ""))
    assert (state(world).instances["goal.1"].claimed_by, "goal.1" in mine(world, "eva")) == (None, True)


def test_given_a_task_taken_on_when_the_role_is_taken_away_then_it_is_free_again(world: World) -> None:
    do(world, "ola", c.Claim("goal.1"))
    do(world, "kari", c.Revoke("m2", "member"))
    assert (state(world).instances["goal.1"].claimed_by, "goal.1" in mine(world, "eva")) == (None, True)


def test_given_a_role_taken_away_when_given_again_then_its_task_is_there_again(world: World) -> None:
    to_voting(world)
    do(world, "kari", c.Revoke("m2", "member"))
    assert state(world).instances["vote.1.m2"].status == "withdrawn"
    do(world, "kari", c.Grant("m2", "member"))
    assert (state(world).instances["vote.1.m2"].status, "vote.1.m2" in mine(world, "ola")) == ("open", True)


def test_given_a_party_whose_only_member_left_when_another_joins_then_they_choose_for_it(world: World) -> None:
    do(world, "kari", c.EndMembership("m2", ""))
    token = world.engine.invite(world.person("kari"), "q", ("member",), "town").result["token"]
    world.engine.join(world.person("per"), token)
    assert state(world).instances["choose.1.town"].status == "open"


def test_given_a_role_held_by_as_many_as_may_when_somebody_joins_by_an_older_invitation_then_refused(
    world: World,
) -> None:
    tokens = [world.engine.invite(world.person("kari"), "q", ("guest",)).result["token"] for _ in range(2)]
    world.engine.join(world.person("gro"), tokens[0])
    with pytest.raises(Refused, match="which is the most"):
        world.engine.join(world.person("liv"), tokens[1])


def test_given_all_of_this_when_worklists_are_made_again_then_they_are_the_same(world: World) -> None:
    do(world, "ola", c.Claim("goal.1"))
    do(world, "ola", c.Delegate("m2", "m3", world.clock.now + timedelta(days=3)))
    tables = ("process", "member", "delegate", "open_task", "deadline")
    before = [world.engine.log.query(f"SELECT * FROM {table} ORDER BY 1, 2, 3") for table in tables]
    world.engine.rebuild_worklists()
    assert [world.engine.log.query(f"SELECT * FROM {table} ORDER BY 1, 2, 3") for table in tables] == before


# -- why not, explained ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("language", "told"),
    [
        ("nb", "Den som svarte på «Mål», kan ikke gjøre dette også: det skal fire øyne til."),
        ("nn", "Den som svarte på «Mål», kan ikkje gjere dette òg: det skal fire auge til."),
        ("en", "Whoever answered “Goal” may not do this too: four eyes are asked for."),
    ],
)
def test_given_four_eyes_when_explained_then_whose_answer_is_in_the_way_and_who_can(
    world: World, language: str, told: str
) -> None:
    do(world, "kari", c.Submit("goal.1", {"text": "et mål"}))
    found = world.engine.explain_action(world.person("kari"), "q", "open", language)
    assert (found.is_open, found.you_may, found.why_not, found.able) == (True, False, told, ("m2", "m3"))


def test_given_a_task_that_was_taken_on_when_explained_then_by_whom_and_that_others_cannot(world: World) -> None:
    do(world, "ola", c.Claim("goal.1"))
    found = world.engine.explain_task(world.person("eva"), "q", "goal.1", "nb")
    assert (found.claimed_by, found.you_may, found.able) == ("m2", False, ("m2",))
    assert found.why_not == "Dette er for Ola å fylle ut, og ingen andre kan gjøre det."
    assert "Ola har tatt den på seg." in words(found, "nb", {"m2": "Ola"}.get)  # type: ignore[arg-type]


def test_given_an_answer_of_another_when_explained_then_only_they_may_correct_it(world: World) -> None:
    to_voting(world)
    do(world, "ola", c.Submit("vote.1.m2", {"score": 3}))
    found = world.engine.explain_task(world.person("eva"), "q", "vote.1.m2", "en")
    assert (found.you_may, found.able) == (False, ("m2",))
    helper = world.engine.explain_task(world.person("kari"), "q", "vote.1.m2", "en")
    assert helper.why_not == "vote.1.m2 was answered by the person themselves, and only they may correct it."


# -- through the operator -----------------------------------------------------------------------------------------------


def test_given_the_operator_acts_for_a_stand_in_when_four_eyes_are_asked_for_then_the_stand_in_is_barred(
    world: World,
) -> None:
    do(world, "kari", c.Delegate("m1", "m3"))
    through_operator(world, "eva", c.Submit("goal.1", {"text": "et mål"}, "m1"))
    with pytest.raises(NotAllowed, match="four eyes"):
        through_operator(world, "eva", c.Act("open"))
    with pytest.raises(NotAllowed, match="four eyes"):
        do(world, "eva", c.Act("open"))


def test_given_the_operator_acts_for_a_stand_in_when_looked_back_then_the_stand_in_is_named(world: World) -> None:
    do(world, "kari", c.Delegate("m1", "m3"))
    through_operator(world, "eva", c.Submit("goal.1", {"text": "et mål"}, "m1"))
    (given,) = world.engine.answers(world.person("kari"), "q")
    told = world.engine.history(world.person("kari"), "q")[-1]
    subjects = {m.id: m.subject for m in state(world).memberships.values()}
    assert (given.subject, given.entered_by) == (subjects["m1"], subjects["m3"])
    assert told.who == "driftsansvarlig → Eva → Kari"


def through_operator(world: World, handle: str, command: c.Command) -> Any:
    return world.engine.handle(replace(world.person(handle), operator=True), "q", command)
