"""What follows from a command, and what is refused: through the engine, on a small template with one of everything."""

from __future__ import annotations

import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

import pytest

from engine.errors import AnswersInvalid, NotAllowed, NotFound, Refused
from engine.process import commands as c
from engine.process import events as e
from engine.process.access import Actor
from engine.process.decide import Context, decide
from engine.process.state import ProcessState, fold
from engine.store import worklists

if TYPE_CHECKING:
    from types import FrameType

    from engine.process.state import Instance
    from engine.template.chart import Definition

    World = Any  # the class stands in conftest.py, which cannot be imported


START = datetime(2026, 3, 2, 9, tzinfo=UTC)


def types(world: World, after: int) -> list[str]:
    return [record.type for record in world.engine.log.read(world.engine.stream("p"), after=after)]


def instance(world: World, name: str) -> Instance:
    found: Instance = world.state.instances[name]
    return found


# -- starting and taking part -----------------------------------------------------------------------------------------


def test_given_a_template_when_started_then_states_are_entered_and_tasks_opened_in_order(world: World) -> None:
    assert types(world, 0) == [
        "process.started",
        "membership.added",
        "task.opened",
        "state.entered",
        "task.opened",
    ]


def test_given_a_member_when_they_join_while_a_vote_is_open_then_they_get_theirs(world: World) -> None:
    world.to_voting()
    membership = world.join("per", "club", "member")
    assert instance(world, f"vote.1.{membership}").status == "open"


def test_given_a_member_when_they_join_after_the_vote_then_nothing_is_opened_for_them(world: World) -> None:
    world.to_voting()
    world.submit("ola", "vote.1.m2", {"score": 3})
    world.submit("eva", "vote.1.m3", {"score": 3})
    membership = world.join("per", "club", "member")
    assert f"vote.1.{membership}" not in world.state.instances


def crowd(definition: Definition, people: int) -> ProcessState:
    """A process in which a vote is open, with a time that it is due, for so many people of one party."""
    commands: list[c.Command] = [c.Start("p", "P", "small"), c.AddParty("town", "Town")]
    commands += [c.AddMember(f"person{number}", "town", ("member",)) for number in range(people)]
    commands += [c.Submit("goal.1", {"text": "et mål"}), c.Act("open")]
    state = ProcessState(UUID(int=1))
    for command in commands:
        state = fold(decide(definition, state, command, context(state)), state) or state
    return state


def context(state: ProcessState) -> Context:
    subject = f"subject{len(state.memberships)}"
    return Context(Actor("subject0" if state.sequence else ""), "kari", START, subject, lambda _: {"text": "et mål"})


def steps_of(act: Callable[[], object]) -> int:
    """How many of Python's instructions something takes, whatever the machine does beside it."""
    counted, before = 0, sys.gettrace()

    def count(frame: FrameType, event: str, _: object) -> Any:
        nonlocal counted
        frame.f_trace_opcodes, frame.f_trace_lines = True, False
        counted += event == "opcode"
        return count

    sys.settrace(count)
    try:
        act()
    finally:
        sys.settrace(before)
    return counted


def test_given_many_people_when_one_more_comes_then_no_more_is_done_than_among_few(small: Any) -> None:
    newcomer = c.AddMember("newcomer", "town", ("member",))
    counted = []
    for people in (5, 50):
        state = crowd(small.definition, people)
        opened = [event.payload for event in decide(small.definition, state, newcomer, context(state))]
        assert [p.instance for p in opened if isinstance(p, e.TaskOpened)] == [f"vote.1.m{people + 2}"]
        counted.append(steps_of(lambda state=state: decide(small.definition, state, newcomer, context(state))))  # type: ignore[misc]
    assert counted[0] == counted[1]


def test_given_a_member_when_they_leave_then_theirs_is_withdrawn_and_the_rest_may_be_complete(world: World) -> None:
    world.to_voting()
    world.submit("ola", "vote.1.m2", {"score": 3})
    world.do("kari", c.EndMembership("m3", "sluttet"))
    assert instance(world, "vote.1.m3").status == "withdrawn"
    assert list(world.state.active) == ["work", "talk"]


def test_given_somebody_who_left_when_they_look_for_what_waits_for_them_then_nothing(world: World) -> None:
    world.parties()
    eva = world.engine.people.fingerprint(world.person("eva").person.id)
    assert {item.task for item in worklists.open_tasks(world.engine.log, eva)} == {"log", "goal", "choose"}
    world.do("kari", c.EndMembership("m3", "sluttet"))
    assert worklists.open_tasks(world.engine.log, eva) == []
    assert worklists.taken_part_in(world.engine.log, eva) == []


def test_given_a_role_with_a_most_when_one_more_is_added_then_refused(world: World) -> None:
    world.join("gro", None, "guest")
    with pytest.raises(Refused, match="which is the most"):
        world.engine.invite(world.person("kari"), "p", ("guest",))


def test_given_the_last_lead_when_they_would_leave_then_refused(world: World) -> None:
    with pytest.raises(Refused, match="last lead"):
        world.do("kari", c.EndMembership("m1", ""))


def test_given_a_role_of_a_party_when_invited_without_one_then_refused(world: World) -> None:
    with pytest.raises(Refused, match="on behalf of a party"):
        world.engine.invite(world.person("kari"), "p", ("member",))


def test_given_an_invitation_when_it_has_expired_then_refused(world: World) -> None:
    token = world.engine.invite(world.person("kari"), "p", ("guest",)).result["token"]
    world.clock.now += timedelta(days=31)
    with pytest.raises(NotAllowed):
        world.engine.join(world.person("gro"), token)


def test_given_a_role_when_granted_then_its_tasks_open_and_when_revoked_they_are_withdrawn(world: World) -> None:
    world.to_voting()
    membership = world.join("gro", "club", "guest")
    world.do("kari", c.Grant(membership, "member"))
    assert instance(world, f"vote.1.{membership}").status == "open"
    world.do("kari", c.Revoke(membership, "member"))
    assert instance(world, f"vote.1.{membership}").status == "withdrawn"


def test_given_a_role_that_is_given_again_when_its_task_is_there_again_then_its_time_runs_anew(world: World) -> None:
    world.to_voting()
    world.clock.now += timedelta(days=3)
    world.do("kari", c.Revoke("m3", "member"))
    world.do("kari", c.Grant("m3", "member"))
    due = datetime(2026, 3, 19, 22, 59, 59, tzinfo=UTC)  # 14 days after 5 March, to the end of the day in Oslo
    assert (instance(world, "vote.1.m3").due, world.state.pending["due:vote.1.m3"].due) == (due, due)


def test_given_somebody_who_left_when_a_vote_opens_then_there_is_none_for_them(world: World) -> None:
    world.parties()
    world.submit("kari", "goal.1", {"text": "et mål"})
    world.do("kari", c.EndMembership("m3", "sluttet"))
    world.do("kari", c.Act("open"))
    assert [name for name in world.state.instances if name.startswith("vote")] == ["vote.1.m2"]


@pytest.mark.parametrize(
    ("command", "told"),
    [
        (c.AddParty("town", "Igjen"), "takes part already"),
        (c.Grant("m2", "member"), "already"),
        (c.Revoke("m2", "guest"), "does not hold"),
        (c.AddMember("x", "town", ("nobody",)), "no role"),
        (c.AddMember("x", "nowhere", ("member",)), "no party"),
        (c.EndMembership("m9", ""), "no membership"),
        (c.Act("opne"), "no action"),
        (c.Submit("goal.9", {"text": "x"}), "no task"),
    ],
    ids=lambda value: type(value).__name__ if not isinstance(value, str) else value,
)
def test_given_something_unknown_or_double_when_asked_for_then_refused_and_nothing_written(
    world: World, command: c.Command, told: str
) -> None:
    world.parties()
    before = world.engine.log.position()
    with pytest.raises((Refused, NotFound), match=told):
        world.do("kari", command)
    assert world.engine.log.position() == before


# -- submitting and correcting ----------------------------------------------------------------------------------------


def test_given_a_task_without_each_when_another_with_the_role_corrects_then_it_is_a_correction(world: World) -> None:
    world.parties()
    first = world.submit("kari", "goal.1", {"text": "et mål"})
    world.submit("ola", "goal.1", {"text": "et bedre mål"}, "m2")
    (record,) = world.engine.log.read(world.engine.stream("p"), after=world.state.sequence - 1)
    payload = world.engine.payload(record)
    assert isinstance(payload, e.FormCorrected)
    assert payload.replaces == first.first


def test_given_a_partys_task_when_another_of_the_party_corrects_it_then_not_allowed(world: World) -> None:
    world.parties()
    world.join("per", "town", "member")
    world.submit("ola", "choose.1.town", {"shown": "open"})
    with pytest.raises(NotAllowed, match="somebody else"):
        world.submit("per", "choose.1.town", {"shown": "protected"}, "m4")


def test_given_a_task_that_may_not_be_corrected_when_answered_again_then_refused(world: World) -> None:
    world.to_voting()
    for handle, name in (("ola", "vote.1.m2"), ("eva", "vote.1.m3")):
        world.submit(handle, name, {"score": 5})
    world.submit("kari", "minutes.1", {"text": "referat"})
    with pytest.raises(Refused, match="may not be corrected"):
        world.submit("kari", "minutes.1", {"text": "et annet"})


def test_given_a_repeatable_task_when_submitted_twice_then_both_count(world: World) -> None:
    world.submit("kari", "log.1", {"text": "en"})
    world.submit("kari", "log.1", {"text": "to"})
    assert (len(instance(world, "log.1").submissions), instance(world, "log.1").replaced) == (2, set())


def test_given_a_state_that_was_left_when_its_task_is_answered_then_refused(world: World) -> None:
    world.to_voting()
    with pytest.raises(Refused, match="was answered, and can be put right no more"):
        world.submit("kari", "goal.1", {"text": "for sent"})


def test_given_answers_that_do_not_fit_when_submitted_then_each_field_is_named(world: World) -> None:
    world.to_voting()
    with pytest.raises(AnswersInvalid) as refused:
        world.submit("ola", "vote.1.m2", {"score": 9})
    assert [field.path for field in refused.value.fields] == ["score"]


def test_given_an_assisted_task_when_the_lead_answers_for_somebody_then_the_log_says_for_whom(world: World) -> None:
    world.to_voting()
    world.submit("kari", "vote.1.m2", {"score": 2}, "m2")
    (given,) = instance(world, "vote.1.m2").submissions
    memberships = world.state.memberships
    assert (given.entered_by, given.subject) == (memberships["m1"].subject, memberships["m2"].subject)


def test_given_a_task_that_is_not_assisted_when_another_answers_for_them_then_not_allowed(world: World) -> None:
    with pytest.raises(NotAllowed):
        world.submit("gro", "goal.1", {"text": "x"})


# -- actions and the chart --------------------------------------------------------------------------------------------


def test_given_a_missing_answer_when_its_action_is_taken_then_the_templates_words_and_what_is_missing(
    world: World,
) -> None:
    with pytest.raises(Refused, match=r"Målet mangler\."):
        world.do("kari", c.Act("open"))


def test_given_an_action_that_needs_a_reason_when_taken_without_then_refused(world: World) -> None:
    with pytest.raises(Refused, match="needs a reason"):
        world.do("kari", c.Act("stop", "  "))


def test_given_an_action_that_takes_no_reason_when_given_one_then_refused(world: World) -> None:
    world.submit("kari", "goal.1", {"text": "et mål"})
    with pytest.raises(Refused, match="takes no reason"):
        world.do("kari", c.Act("open", "fordi"))


def test_given_an_action_of_another_state_when_taken_then_told_where_it_belongs(world: World) -> None:
    with pytest.raises(Refused, match="belongs to the state talk"):
        world.do("kari", c.Act("again"))


def test_given_an_optional_task_that_nobody_has_done_when_a_condition_asks_for_it_then_it_is_complete(
    world: World, publish: Callable[..., str]
) -> None:
    publish(("when: tasks.goal.complete and", "when: tasks.choose.complete and"))
    world.engine.start(world.person("kari"), "small", "q", "Q")
    world.engine.handle(world.person("kari"), "q", c.Submit("goal.1", {"text": "et mål"}))
    world.engine.handle(world.person("kari"), "q", c.Act("open"))
    assert "voting" in world.engine.load(world.engine.stream("q")).state.active


def test_given_all_votes_when_the_last_is_in_then_revealed_left_and_entered_in_scxmls_order(world: World) -> None:
    world.to_voting()
    world.submit("ola", "vote.1.m2", {"score": 3})
    before = world.state.sequence
    world.submit("eva", "vote.1.m3", {"score": 3})
    assert types(world, before) == [
        "form.submitted",
        "step.taken",
        "answers.revealed",
        "state.left",
        "state.entered",
        "deadline.set",
        "task.opened",
    ]


def test_given_nobody_who_chose_how_answers_are_shown_when_revealed_then_they_are_protected(world: World) -> None:
    world.to_voting()
    for handle, name in (("ola", "vote.1.m2"), ("eva", "vote.1.m3")):
        world.submit(handle, name, {"score": 3})
    (revealed,) = world.state.revealed.values()
    assert (revealed.visibility, revealed.key) == ("protected", None)


def test_given_a_state_that_counts_when_entered_again_then_its_counter_and_entries_rise(world: World) -> None:
    world.to_voting()
    for handle, name in (("ola", "vote.1.m2"), ("eva", "vote.1.m3")):
        world.submit(handle, name, {"score": 3})
    world.do("kari", c.Act("again"))
    assert (world.state.counters, world.state.entries["voting"]) == ({"rounds": 2}, 2)
    assert instance(world, "vote.2.m2").status == "open"


def test_given_a_final_state_when_entered_then_what_is_open_is_withdrawn_and_nothing_more_can_be_done(
    world: World,
) -> None:
    world.do("kari", c.Act("stop", "slutt"))
    assert {i.status for i in world.state.instances.values()} == {"withdrawn"}
    with pytest.raises(Refused, match="finished"):
        world.do("kari", c.AddParty("sen", "Sen"))


# -- time -------------------------------------------------------------------------------------------------------------


def test_given_a_states_deadline_when_it_passes_then_the_clock_moves_the_process_on(world: World) -> None:
    world.to_voting()
    for handle, name in (("ola", "vote.1.m2"), ("eva", "vote.1.m3")):
        world.submit(handle, name, {"score": 3})
    world.clock.now += timedelta(days=40)
    world.engine.tick()
    assert (world.state.status, list(world.state.active)) == ("finished", ["ended"])


def test_given_a_clock_that_jumps_back_when_a_command_comes_then_the_log_never_runs_backwards(world: World) -> None:
    before = world.state.recorded_at
    world.clock.now -= timedelta(days=3)
    world.do("kari", c.AddParty("town", "Byen"))
    assert world.state.recorded_at == before


def test_given_an_evening_in_oslo_when_a_state_is_entered_then_guards_see_that_day(
    write_small: Callable[..., Any], small_text: str, new_world: Callable[..., World], tmp_path: Any
) -> None:
    """23:30 UTC on 1 March is 00:30 on 2 March in Oslo."""
    from engine.engine import Engine  # noqa: PLC0415
    from engine.template import bundle  # noqa: PLC0415 (one use)

    text = small_text.replace("tasks.goal.complete and", "entered == '2026-03-02' and tasks.goal.complete and")
    engine = Engine.open(tmp_path / "data", clock=lambda: datetime(2026, 3, 1, 23, 30, tzinfo=UTC))
    engine.publish(bundle.read("small", [write_small(tmp_path / "files", text)]))
    kari = engine.people.sign_in(engine.people.token(engine.people.add("kari", "Kari"), engine.clock()), engine.clock())
    engine.start(kari, "small", "p", "P")
    engine.handle(kari, "p", c.Submit("goal.1", {"text": "et mål"}))
    engine.handle(kari, "p", c.Act("open"))
    assert "voting" in engine.load(engine.stream("p")).state.active
    engine.close()
