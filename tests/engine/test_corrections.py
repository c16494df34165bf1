"""Answers put right: by who gave them, by a role with a reason; what was decided on them; going back; earlier rounds."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from engine.errors import NotAllowed, NotFound, Refused
from engine.process import commands as c
from engine.process import events as e
from engine.template import bundle

if TYPE_CHECKING:
    World = Any  # the class stands in conftest.py, which cannot be imported


@pytest.fixture
def world(
    new_world: Callable[..., World], write_small: Callable[..., Path], small_text: str, tmp_path: Path
) -> Iterator[World]:
    """The small world, in which the lead may put the goal right, save who has written in the log."""
    text = small_text.replace(
        "form: note, by: [lead, member]}", "form: note, by: [lead, member], correct_by: lead, not_by: log}"
    )
    found: World = new_world(tmp_path / "data")
    text = text.replace("version: 1.0.0", "version: 1.1.0")
    found.engine.publish(bundle.read("small", [write_small(tmp_path / "config", text)]))
    found.engine.start(found.person("kari"), "small", "q", "Q")
    for party, handle in (("town", "ola"), ("club", "eva")):
        do(found, "kari", c.AddParty(party, party))
        token = found.engine.invite(found.person("kari"), "q", ("member",), party).result["token"]
        found.engine.join(found.person(handle), token)
    do(found, "ola", c.Submit("goal.1", {"text": "et mål", "aside": "ola sa"}))
    yield found
    found.engine.close()


def do(world: World, handle: str, command: c.Command) -> Any:
    return world.engine.handle(world.person(handle), "q", command)


def state(world: World) -> Any:
    return world.engine.load(world.engine.stream("q")).state


def last(world: World, type_name: str) -> Any:
    records = world.engine.log.read(world.engine.stream("q"))
    return next(world.engine.payload(record) for record in reversed(records) if record.type == type_name)


def replaced(instance: Any) -> list[bool]:
    """Of each of its submissions: whether another took its place."""
    return [given.sequence in instance.replaced for given in instance.submissions]


# -- by a role --------------------------------------------------------------------------------------------------------


def test_given_an_answer_of_another_state_when_the_role_puts_it_right_then_it_is_still_the_persons(
    world: World,
) -> None:
    do(world, "kari", c.Act("open"))
    ola = state(world).memberships["m2"].subject
    do(world, "kari", c.Submit("goal.1", {"text": "et bedre mål"}, reason="Skrivefeil"))
    corrected = last(world, "form.corrected")
    assert (corrected.subject, corrected.answers, corrected.reason) == (ola, {"text": "et bedre mål"}, "Skrivefeil")
    first, second = state(world).instances["goal.1"].submissions
    assert state(world).instances["goal.1"].replaced == {first.sequence}
    assert second.entered_by == state(world).memberships["m1"].subject


def test_given_an_answer_that_the_role_puts_right_then_it_is_recorded_as_done_by_that_role(world: World) -> None:
    do(world, "kari", c.Submit("goal.1", {"text": "et bedre mål"}, reason="Skrivefeil"))
    envelope, _ = world.engine.log.read(world.engine.stream("q"))[-1].content()
    assert (envelope["type"], envelope["role"], envelope["membership"]) == ("form.corrected", "lead", "m1")


def test_given_an_answer_that_was_put_right_when_the_role_does_so_again_then_the_last_alone_counts(
    world: World,
) -> None:
    do(world, "kari", c.Submit("goal.1", {"text": "b"}, reason="Skrivefeil"))
    do(world, "kari", c.Submit("goal.1", {"text": "c"}, reason="Enda en"))
    assert replaced(state(world).instances["goal.1"]) == [True, True, False]


def test_given_an_answer_that_was_asked_for_again_and_withdrawn_when_the_role_puts_it_right_then_refused(
    world: World,
) -> None:
    do(world, "kari", c.Act("open"))
    do(world, "kari", c.StepBack("plan", "Feil mål", ("goal",)))
    do(world, "kari", c.StepBack("plan", "Én gang til"))
    with pytest.raises(Refused, match=r"goal\.2 was withdrawn"):
        do(world, "kari", c.Submit("goal.2", {"text": "b"}, reason="Skrivefeil"))


def test_given_a_reason_for_putting_right_when_its_giver_is_erased_then_it_goes_and_not_with_the_other(
    world: World,
) -> None:
    do(world, "kari", c.Submit("goal.1", {"text": "b", "aside": "ola sa"}, reason="Skrivefeil"))
    members = state(world).memberships
    ola, kari = members["m2"].subject, members["m1"].subject
    world.engine.keys.destroy("subject", ola)
    assert (last(world, "form.corrected").personal, last(world, "form.corrected").reason) == (e.Erased(), "Skrivefeil")
    world.engine.keys.destroy("subject", kari)
    assert last(world, "form.corrected").reason == e.Erased()


def test_given_an_answer_put_right_when_the_earlier_one_is_asked_for_then_it_is_readable(world: World) -> None:
    do(world, "kari", c.Act("open"))
    do(world, "kari", c.Submit("goal.1", {"text": "b"}, reason="x"))
    first = state(world).instances["goal.1"].submissions[0]
    record = world.engine.log.read(world.engine.stream("q"))[first.sequence - 1]
    assert world.engine.payload(record).answers == {"text": "et mål"}


def test_given_no_reason_when_the_role_puts_it_right_then_refused(world: World) -> None:
    do(world, "kari", c.Act("open"))
    with pytest.raises(Refused, match="needs a reason"):
        do(world, "kari", c.Submit("goal.1", {"text": "b"}))


def test_given_who_is_kept_from_a_task_by_four_eyes_when_they_put_it_right_then_not_allowed(world: World) -> None:
    do(world, "kari", c.Submit("log.1", {"text": "kari så det"}))
    with pytest.raises(NotAllowed, match="four eyes"):
        do(world, "kari", c.Submit("goal.1", {"text": "et bedre mål"}, reason="Skrivefeil"))


def test_given_somebody_without_the_role_when_they_put_it_right_later_then_refused(world: World) -> None:
    do(world, "kari", c.Act("open"))
    with pytest.raises(Refused, match=r"goal\.1 was answered, and only the lead may put it right now"):
        do(world, "ola", c.Submit("goal.1", {"text": "b"}, reason="x"))


def test_given_an_answer_whose_time_is_over_when_nobody_may_put_it_right_then_told_that_it_was_answered(
    world: World,
) -> None:
    do(world, "ola", c.Submit("choose.1.town", {"shown": "open"}))
    do(world, "kari", c.Act("open"))
    with pytest.raises(Refused, match=r"choose\.1\.town was answered, and can be put right no more"):
        do(world, "ola", c.Submit("choose.1.town", {"shown": "protected"}))


def test_given_what_was_never_answered_when_its_time_is_over_then_told_that_it_is_closed(world: World) -> None:
    do(world, "kari", c.Act("open"))
    with pytest.raises(Refused, match=r"choose\.1\.club is closed"):
        do(world, "eva", c.Submit("choose.1.club", {"shown": "open"}))


def test_given_ones_own_answer_when_put_right_in_time_then_no_reason_is_needed(world: World) -> None:
    do(world, "ola", c.Submit("goal.1", {"text": "b"}))
    assert last(world, "form.corrected").reason == ""


def test_given_a_decision_on_an_answer_when_that_is_put_right_then_the_decision_is_listed_and_stands(
    world: World,
) -> None:
    do(world, "kari", c.Act("open"))
    assert world.engine.decided_on(world.person("kari"), "q", "goal.1") == []
    do(world, "kari", c.Submit("goal.1", {"text": "nei"}, reason="Det var et nei"))
    (line,) = world.engine.decided_on(world.person("kari"), "q", "goal.1")
    assert (line.type, "Åpne" in line.text) == ("action.taken", True)
    assert "work" in state(world).active


# -- going back -------------------------------------------------------------------------------------------------------


@pytest.fixture
def onward(
    new_world: Callable[..., World], write_small: Callable[..., Path], small_text: str, tmp_path: Path
) -> Iterator[World]:
    """The small world, which goes on to work by itself as soon as there is a goal; kari has set it."""
    text = small_text.replace(
        "    actions:\n      open:", "    auto: [{to: work, when: tasks.goal.complete}]\n    actions:\n      open:"
    )
    found: World = new_world(tmp_path / "data")
    found.engine.publish(bundle.read("small", [write_small(tmp_path / "config", text.replace("1.0.0", "1.1.0"))]))
    found.engine.start(found.person("kari"), "small", "q", "Q")
    do(found, "kari", c.Submit("goal.1", {"text": "et mål"}))
    yield found
    found.engine.close()


def test_given_answers_that_would_lead_straight_on_when_gone_back_then_refused_with_what_could_be_done_again(
    onward: World,
) -> None:
    with pytest.raises(Refused, match="straight on to") as refused:
        do(onward, "kari", c.StepBack("plan", "Feil mål"))
    assert "--again: goal" in str(refused.value.hint)
    assert "voting" in state(onward).active


def test_given_a_task_to_be_done_again_when_gone_back_then_it_is_open_and_the_earlier_answer_is_put_right(
    onward: World,
) -> None:
    do(onward, "kari", c.StepBack("plan", "Feil mål", ("goal",)))
    now = state(onward)
    assert (list(now.active), now.instances["goal.2"].status) == (["plan"], "open")
    assert "goal.2" in {item.instance for item in onward.engine.tasks(onward.person("kari"), "q")}
    do(onward, "kari", c.Submit("goal.2", {"text": "et bedre mål"}))
    now = state(onward)
    assert "voting" in now.active
    assert replaced(now.instances["goal.2"]) == [True, False]


def test_given_a_task_of_another_state_when_it_is_to_be_done_again_then_told_which_there_are(onward: World) -> None:
    with pytest.raises(NotFound, match="there is no task “minutes”"):
        do(onward, "kari", c.StepBack("plan", "Feil mål", ("minutes",)))


def test_given_a_later_state_when_gone_back_then_answers_stand_and_sealed_ones_are_asked_anew(world: World) -> None:
    do(world, "kari", c.Act("open"))
    do(world, "ola", c.Submit("vote.1.m2", {"score": 3}))
    do(world, "kari", c.StepBack("voting", "Feil spørsmål"))
    now = state(world)
    assert list(now.active) == ["work", "voting"]
    assert (now.instances["vote.2.m2"].status, now.instances["vote.1.m3"].status) == ("open", "withdrawn")
    do(world, "kari", c.StepBack("plan", "Nytt mål"))
    now = state(world)
    assert now.instances["goal.2"].status == "done"
    assert now.instances["goal.2"].submissions == now.instances["goal.1"].submissions
    do(world, "ola", c.Submit("goal.2", {"text": "nytt mål"}))
    assert replaced(state(world).instances["goal.2"]) == [True, False]


def test_given_a_kept_answer_when_the_earlier_one_is_put_right_then_conditions_read_what_is_right(world: World) -> None:
    do(world, "kari", c.Act("open"))
    do(world, "kari", c.StepBack("plan", "Vent litt"))
    do(world, "kari", c.Submit("goal.1", {"text": "nei"}, reason="Det var et nei"))
    with pytest.raises(Refused, match="not open"):
        do(world, "kari", c.Act("open"))


def test_given_a_round_with_answers_when_broken_off_by_going_back_then_nothing_is_revealed(world: World) -> None:
    do(world, "kari", c.Act("open"))
    do(world, "ola", c.Submit("vote.1.m2", {"score": 5}))
    do(world, "kari", c.StepBack("voting", "Feil spørsmål"))
    now = state(world)
    assert (now.revealed, now.is_sealed(now.instances["vote.1.m2"])) == ({}, True)


def test_given_kept_answers_when_a_condition_reads_them_then_they_count(world: World) -> None:
    do(world, "kari", c.Act("open"))
    do(world, "kari", c.StepBack("plan", "Vent litt"))
    do(world, "kari", c.Act("open"))
    assert "work" in state(world).active


@pytest.mark.parametrize(
    ("command", "error"),
    [
        (c.StepBack("ended", "x"), Refused),
        (c.StepBack("nowhere", "x"), NotFound),
        (c.StepBack("plan", " "), Refused),
    ],
)
def test_given_no_way_back_when_gone_back_then_refused(
    world: World, command: c.Command, error: type[Exception]
) -> None:
    with pytest.raises(error):
        do(world, "kari", command)


def test_given_somebody_who_does_not_lead_when_they_go_back_then_not_allowed(world: World) -> None:
    with pytest.raises(NotAllowed):
        do(world, "ola", c.StepBack("plan", "x"))


# -- rounds before the process ----------------------------------------------------------------------------------------


def test_given_answers_on_paper_when_entered_then_they_have_their_day_and_are_shown(world: World) -> None:
    do(world, "kari", c.Submit("choose.1.town", {"shown": "open"}, "m2"))
    do(world, "kari", c.Backfill("vote.0.m2", {"score": 4}, date(2025, 10, 1), "På papir"))
    do(world, "kari", c.Backfill("vote.0.m3", {"score": 2}, date(2025, 10, 1), "På papir"))
    now = state(world)
    given = now.instances["vote.0.m2"]
    assert (given.entry, given.status, now.is_sealed(given)) == (0, "done", False)
    assert (last(world, "form.submitted").valid_on, last(world, "form.submitted").reason) == ("2025-10-01", "På papir")
    assert sum(record.type == "answers.revealed" for record in world.engine.log.read(world.engine.stream("q"))) == 2
    assert now.group("vote", "voting").instances == []  # nothing of now is touched


def test_given_answers_of_an_earlier_round_when_entered_then_each_is_the_persons_by_the_hand_of_who_leads(
    world: World,
) -> None:
    for member in ("m2", "m3"):
        do(world, "kari", c.Backfill(f"vote.0.{member}", {"score": 4}, date(2025, 10, 1), "På papir"))
    now = state(world)
    given = {member: now.instances[f"vote.0.{member}"].submissions[-1] for member in ("m2", "m3")}
    assert {member: one.subject for member, one in given.items()} == {
        member: now.memberships[member].subject for member in ("m2", "m3")
    }
    assert {one.entered_by for one in given.values()} == {now.memberships["m1"].subject}


def test_given_answers_of_an_earlier_round_when_entered_a_second_time_then_refused(world: World) -> None:
    do(world, "kari", c.Backfill("vote.0.m2", {"score": 4}, date(2025, 10, 1), "På papir"))
    with pytest.raises(Refused, match="is there already"):
        do(world, "kari", c.Backfill("vote.0.m2", {"score": 2}, date(2025, 10, 1), "På papir"))


def test_given_answers_about_a_day_when_entered_then_it_may_be_today_and_not_tomorrow(world: World) -> None:
    today = world.clock.now.date()
    do(world, "kari", c.Submit("log.1", {"text": "x"}, valid_on=today))
    with pytest.raises(Refused, match="has not been yet"):
        do(world, "kari", c.Submit("log.1", {"text": "x"}, valid_on=today + timedelta(days=1)))


def test_given_a_first_answer_when_it_comes_with_a_reason_then_refused(world: World) -> None:
    with pytest.raises(Refused, match="takes no reason"):
        do(world, "eva", c.Submit("log.1", {"text": "x"}, reason="fordi"))


def test_given_somebody_who_does_not_lead_when_they_enter_an_earlier_round_then_not_allowed(world: World) -> None:
    with pytest.raises(NotAllowed):
        do(world, "ola", c.Backfill("vote.0.m2", {"score": 4}, date(2025, 10, 1), "På papir"))


@pytest.mark.parametrize(
    ("command", "error"),
    [
        (c.Backfill("vote.1.m2", {"score": 4}, date(2025, 10, 1), "x"), Refused),
        (c.Backfill("vote.00.m2", {"score": 4}, date(2025, 10, 1), "x"), NotFound),
        (c.Backfill("vote.-0.m2", {"score": 4}, date(2025, 10, 1), "x"), NotFound),
        (c.Backfill("vote.0.m9", {"score": 4}, date(2025, 10, 1), "x"), NotFound),
        (c.Backfill("votes.0.m2", {"score": 4}, date(2025, 10, 1), "x"), NotFound),
        (c.Backfill("vote.0.m2", {"score": 4}, date(2030, 10, 1), "x"), Refused),
        (c.Backfill("vote.0.m2", {"score": 4}, date(2025, 10, 1), ""), Refused),
    ],
)
def test_given_what_was_no_earlier_round_when_entered_then_refused_and_nothing_stored(
    world: World, command: c.Command, error: type[Exception]
) -> None:
    before = state(world).sequence
    with pytest.raises(error):
        do(world, "kari", command)
    assert state(world).sequence == before
