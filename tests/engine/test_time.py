"""Time acts: reminders, escalation, suspension, giving up; each once, also after a time when nobody looked."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.errors import NotAllowed, Refused
from engine.process import commands as c
from engine.process import events as e
from engine.process.state import fold
from engine.store import worklists
from engine.template import bundle

if TYPE_CHECKING:
    World = Any  # the class stands in conftest.py, which cannot be imported


@pytest.fixture
def world(
    new_world: Callable[..., World], write_small: Callable[..., Path], small_text: str, tmp_path: Path
) -> Iterator[World]:
    """The small world with reminders of the vote, one of them to the lead, and a deadline in working days."""
    text = small_text.replace(
        "            due: P14D\n",
        "            due: {working_days: 10}\n            remind: [P7D, {after: P16D, to: lead}]\n",
    )
    text = text.replace("version: 1.0.0", "version: 1.1.0")
    found: World = new_world(tmp_path / "data")
    found.engine.publish(bundle.read("small", [write_small(tmp_path / "config", text)]))
    found.engine.start(found.person("kari"), "small", "q", "Q")
    yield found
    found.engine.close()


def do(world: World, handle: str, command: c.Command) -> None:
    world.engine.handle(world.person(handle), "q", command)


def state(world: World) -> Any:
    return world.engine.load(world.engine.stream("q")).state


def types(world: World, after: int = 0) -> list[str]:
    return [record.type for record in world.engine.log.read(world.engine.stream("q"), after=after)]


def to_voting(world: World) -> None:
    """ola (m2) and eva (m3) may vote, from Monday 2 March 2026, 9:00 UTC."""
    kari = world.person("kari")
    for party, handle in (("town", "ola"), ("club", "eva")):
        do(world, "kari", c.AddParty(party, party))
        world.engine.join(world.person(handle), world.engine.invite(kari, "q", ("member",), party).result["token"])
    do(world, "kari", c.Submit("goal.1", {"text": "et mål"}))
    do(world, "kari", c.Act("open"))


def test_given_a_vote_when_opened_then_its_deadline_and_reminders_wait(world: World) -> None:
    to_voting(world)
    assert {name: pending.due for name, pending in state(world).pending.items() if "m2" in name} == {
        "due:vote.1.m2": datetime(2026, 3, 16, 22, 59, 59, tzinfo=UTC),
        "remind:vote.1.m2:1": datetime(2026, 3, 9, 7, tzinfo=UTC),
        "remind:vote.1.m2:2": datetime(2026, 3, 18, 7, tzinfo=UTC),
    }


def test_given_a_condition_on_working_days_when_asked_then_they_are_those_of_the_templates_calendar(
    world: World, publish: Callable[..., str]
) -> None:
    """From Monday 2 March 2026, which is not counted: 21 in March, 1 and 7 April, and nothing of Easter between."""
    publish(
        ("calendar: {zone: Europe/Oslo}", "calendar: {zone: Europe/Oslo, holidays: 'NO'}"),
        ("when: tasks.goal.complete and", "when: working_days_between(entered, '2026-04-07') == 23 and"),
        version="1.2.0",
    )
    world.engine.start(world.person("kari"), "small", "r", "R")
    world.engine.handle(world.person("kari"), "r", c.Submit("goal.1", {"text": "et mål"}))
    world.engine.handle(world.person("kari"), "r", c.Act("open"))
    assert "voting" in world.engine.load(world.engine.stream("r")).state.active


def test_given_a_week_when_it_has_passed_then_those_who_have_not_answered_are_reminded_once(world: World) -> None:
    to_voting(world)
    do(world, "ola", c.Submit("vote.1.m2", {"score": 3}))
    world.clock.now += timedelta(days=7)
    before = state(world).sequence
    world.engine.tick()
    world.engine.tick()
    (record,) = world.engine.log.read(world.engine.stream("q"), after=before)
    payload = world.engine.payload(record)
    assert (record.type, payload.instance, payload.roles) == ("reminder.due", "vote.1.m3", ())


@pytest.mark.fault("F10")
def test_given_nobody_looked_for_a_month_when_time_acts_then_everything_fires_once_in_the_order_it_was_due(
    world: World,
) -> None:
    to_voting(world)
    before = state(world).sequence
    world.clock.now += timedelta(days=31)
    world.engine.tick("q")
    assert types(world, before) == [
        "reminder.due", "reminder.due", "deadline.passed", "deadline.passed", "reminder.due", "reminder.due",
    ]  # fmt: skip
    escalated = world.engine.payload(world.engine.log.read(world.engine.stream("q"))[-1])
    assert escalated.roles == ("lead",)


def test_given_what_time_did_when_told_then_it_was_the_clock(world: World) -> None:
    to_voting(world)
    world.clock.now += timedelta(days=31)
    world.engine.tick("q")
    told = world.engine.history(world.person("kari"), "q", "en")
    assert {line.who for line in told if line.type in ("reminder.due", "deadline.passed")} == {"the clock"}


# -- catching up ------------------------------------------------------------------------------------------------------

REMINDERS = ("P3D", "{after: P5D, to: lead}", "P7D", "P9D", "{after: P16D, to: lead}")
"""Each comes in the morning of its day."""


@pytest.fixture
def reminding(
    new_world: Callable[..., World], write_small: Callable[..., Path], small_text: str, tmp_path: Path
) -> Iterator[World]:
    """The small world with three reminders of the vote, two escalations, and a due time of fourteen days."""
    text = small_text.replace("due: P14D\n", f"due: P14D\n            remind: [{', '.join(REMINDERS)}]\n")
    found: World = new_world(tmp_path / "data")
    changed = text.replace("version: 1.0.0", "version: 1.1.0")
    found.engine.publish(bundle.read("small", [write_small(tmp_path / "config", changed)]))
    found.engine.start(found.person("kari"), "small", "q", "Q")
    yield found
    found.engine.close()


def reminded(world: World, name: str = "q") -> list[tuple[int, int | None]]:
    """The reminders that came, by their numbers, each with that of the one that was told instead."""
    payloads = (world.engine.payload(record) for record in world.engine.log.read(world.engine.stream(name)))
    return [(number(p.reminder), number(p.instead)) for p in payloads if isinstance(p, e.ReminderDue)]  # type: ignore[misc]


def number(reminder: str | None) -> int | None:
    return None if reminder is None else int(reminder.rsplit(":", 1)[1])


def lone_voting(world: World, name: str) -> None:
    """ola alone may vote, and kari leads."""
    kari = world.person("kari")
    world.engine.handle(kari, name, c.AddParty("town", "Town"))
    world.engine.join(world.person("ola"), world.engine.invite(kari, name, ("member",), "town").result["token"])
    world.engine.handle(kari, name, c.Submit("goal.1", {"text": "et mål"}))
    world.engine.handle(kari, name, c.Act("open"))


def test_given_reminders_that_nobody_let_come_when_time_acts_then_the_last_is_told_and_the_others_name_it(
    reminding: World,
) -> None:
    lone_voting(reminding, "q")
    reminding.clock.now += timedelta(days=8)
    reminding.engine.tick("q")
    assert reminded(reminding) == [(1, 3), (2, None), (3, None)]
    reminding.clock.now += timedelta(days=9)
    reminding.engine.tick("q")
    assert reminded(reminding)[3:] == [(4, None), (5, None)]


def test_given_reminders_passed_over_when_told_in_the_history_then_they_are_so(reminding: World) -> None:
    lone_voting(reminding, "q")
    reminding.clock.now += timedelta(days=8)
    reminding.engine.tick("q")
    told = {
        language: [
            line.text
            for line in reminding.engine.history(reminding.person("kari"), "q", language)
            if line.type == "reminder.due"
        ]
        for language in ("nb", "nn", "en")
    }
    assert told == {
        "nb": [
            "Gikk forbi en påminnelse, da en senere kom samtidig: Stem (Ola)",
            "Påminnet om Stem (Ola) (Leder)",
            "Påminnet om Stem (Ola)",
        ],
        "nn": [
            "Gjekk forbi ei påminning, då ei seinare kom samstundes: Røyst (Ola)",
            "Minte om Røyst (Ola) (Leiar)",
            "Minte om Røyst (Ola)",
        ],
        "en": [
            "Passed over a reminder, as a later one came at the same time: Vote (Ola)",
            "Reminded of Vote (Ola) (Lead)",
            "Reminded of Vote (Ola)",
        ],
    }


def test_given_a_month_away_when_time_acts_then_deadlines_and_escalations_come_in_order_and_take_effect(
    reminding: World,
) -> None:
    lone_voting(reminding, "q")
    before = state(reminding).sequence
    reminding.clock.now += timedelta(days=31)
    reminding.engine.tick("q")
    assert types(reminding, before) == [*["reminder.due"] * 4, "deadline.passed", "reminder.due"]
    assert reminded(reminding) == [(1, 4), (2, 5), (3, 4), (4, None), (5, None)]
    assert state(reminding).instances["vote.1.m2"].overdue
    assert state(reminding).pending == {}


@pytest.mark.fault("F10")
def test_given_any_times_at_which_time_acts_when_replayed_then_each_came_once_one_a_tick_was_told_and_it_is_the_same(
    reminding: World,
) -> None:
    numbers = count()

    @given(st.lists(st.integers(1, 12), min_size=1, max_size=4))
    @settings(max_examples=12, deadline=None, database=None)
    def any_times(pauses: list[int]) -> None:
        name = f"any-{next(numbers)}"
        reminding.engine.start(reminding.person("kari"), "small", name, name)
        lone_voting(reminding, name)
        waiting = reminding.engine.load(reminding.engine.stream(name)).state.pending
        ahead = [(waiting[f"remind:vote.1.m2:{n}"].due, n) for n in range(1, len(REMINDERS) + 1)]
        expected = list[tuple[int, int | None]]()
        for pause in pauses:
            reminding.clock.now += timedelta(days=pause)
            come = [n for due, n in ahead if due <= reminding.clock.now]
            ahead = ahead[len(come) :]
            last = {escalates(n): n for n in come}
            expected += [(n, None if last[escalates(n)] == n else last[escalates(n)]) for n in come]
            for _ in range(2):  # the second time nothing is left to come
                reminding.engine.tick(name)
        assert reminded(reminding, name) == expected
        stored = reminding.engine.load(reminding.engine.stream(name))
        assert fold(reminding.engine.events(stored.records)) == stored.state
        assert reminding.engine.replay(name, stored.definition).outcome == "same"

    any_times()


def escalates(reminder: int) -> bool:
    return "to: lead" in REMINDERS[reminder - 1]


def test_given_an_answer_when_given_then_nothing_of_it_waits(world: World) -> None:
    to_voting(world)
    do(world, "ola", c.Submit("vote.1.m2", {"score": 3}))
    assert [name for name in state(world).pending if "m2" in name] == []
    rows = world.engine.log.query("SELECT deadline FROM deadline WHERE deadline LIKE '%m2%'")
    assert rows == []


# -- suspension -------------------------------------------------------------------------------------------------------


def test_given_a_suspension_when_resumed_then_the_time_that_was_left_is_left(world: World) -> None:
    to_voting(world)
    world.clock.now += timedelta(days=3)
    do(world, "kari", c.Suspend("vinterferie"))
    world.clock.now += timedelta(days=28)
    assert world.engine.tick() == []
    do(world, "kari", c.Resume())
    assert {name: pending.due for name, pending in state(world).pending.items() if "m2" in name} == {
        "due:vote.1.m2": datetime(2026, 4, 13, 21, 59, 59, tzinfo=UTC),  # four weeks later, in summer time
        "remind:vote.1.m2:1": datetime(2026, 4, 6, 6, tzinfo=UTC),
        "remind:vote.1.m2:2": datetime(2026, 4, 15, 6, tzinfo=UTC),
    }


def test_given_a_deadline_of_a_state_when_the_process_has_rested_a_week_then_it_is_a_week_later(world: World) -> None:
    to_voting(world)
    for handle, instance in (("ola", "vote.1.m2"), ("eva", "vote.1.m3")):
        do(world, handle, c.Submit(instance, {"score": 3}))
    assert state(world).pending["state:talk:silent"].due == datetime(2026, 4, 1, 21, 59, 59, tzinfo=UTC)
    do(world, "kari", c.Suspend("vinterferie"))
    world.clock.now += timedelta(days=7)
    do(world, "kari", c.Resume())
    assert state(world).pending["state:talk:silent"].due == datetime(2026, 4, 8, 21, 59, 59, tzinfo=UTC)


def test_given_a_suspended_process_when_somebody_who_does_not_lead_resumes_it_then_not_allowed(world: World) -> None:
    to_voting(world)
    do(world, "kari", c.Suspend("ferie"))
    with pytest.raises(NotAllowed):
        do(world, "ola", c.Resume())


def test_given_a_suspension_when_nobody_is_waited_for_any_more_then_it_goes_on_when_resumed_and_not_before(
    world: World,
) -> None:
    to_voting(world)
    do(world, "ola", c.Submit("vote.1.m2", {"score": 3}))
    do(world, "kari", c.Suspend("ferie"))
    do(world, "kari", c.EndMembership("m3", "flyttet"))
    assert "voting" in state(world).active
    do(world, "kari", c.Resume())
    assert "talk" in state(world).active


def test_given_a_suspended_process_when_suspended_again_then_refused(world: World) -> None:
    do(world, "kari", c.Suspend("ferie"))
    with pytest.raises(Refused, match="is suspended already"):
        do(world, "kari", c.Suspend("ferie"))


def test_given_a_suspension_when_somebody_answers_or_chooses_then_refused_and_nothing_stored(world: World) -> None:
    to_voting(world)
    do(world, "kari", c.Suspend("ferie"))
    before = state(world).sequence
    for handle, command in (("ola", c.Submit("vote.1.m2", {"score": 3})), ("kari", c.Act("close"))):
        with pytest.raises(Refused, match="suspended"):
            do(world, handle, command)
    assert state(world).sequence == before
    assert (
        worklists.open_tasks(world.engine.log, world.engine.people.fingerprint(world.person("ola").person.id), "q")
        == []
    )


def test_given_a_suspension_when_somebody_joins_then_they_get_their_task_with_time(world: World) -> None:
    to_voting(world)
    do(world, "kari", c.Suspend("ferie"))
    kari = world.person("kari")
    world.engine.join(world.person("per"), world.engine.invite(kari, "q", ("member",), "town").result["token"])
    assert state(world).instances["vote.1.m4"].status == "open"
    assert state(world).status == "suspended"


def test_given_a_task_opened_late_in_a_suspension_when_resumed_then_it_is_put_off_by_that_part_alone(
    world: World,
) -> None:
    to_voting(world)
    do(world, "kari", c.Suspend("ferie"))
    world.clock.now += timedelta(days=9)
    kari = world.person("kari")
    world.engine.join(world.person("per"), world.engine.invite(kari, "q", ("member",), "town").result["token"])
    world.clock.now += timedelta(days=1)
    do(world, "kari", c.Resume())
    due = state(world).pending["due:vote.1.m4"].due
    assert due == datetime(2026, 3, 26, 22, 59, 59, tzinfo=UTC)  # ten working days from 11 March, and one day more


@pytest.mark.parametrize("command", [c.Suspend("x"), c.Cancel("x")])
def test_given_somebody_who_does_not_lead_when_they_stop_it_then_not_allowed(world: World, command: c.Command) -> None:
    to_voting(world)
    with pytest.raises(NotAllowed):
        do(world, "ola", command)


@pytest.mark.parametrize("command", [c.Suspend(" "), c.Cancel("")])
def test_given_no_reason_when_stopped_then_refused(world: World, command: c.Command) -> None:
    with pytest.raises(Refused, match="needs a reason"):
        do(world, "kari", command)


def test_given_a_running_process_when_resumed_then_refused(world: World) -> None:
    with pytest.raises(Refused, match="not suspended"):
        do(world, "kari", c.Resume())


# -- giving up --------------------------------------------------------------------------------------------------------


def test_given_sealed_answers_when_the_process_is_cancelled_then_they_are_never_revealed(world: World) -> None:
    to_voting(world)
    do(world, "ola", c.Submit("vote.1.m2", {"score": 3}))
    do(world, "kari", c.Cancel("kommunen trakk seg"))
    assert "answers.revealed" not in types(world)
    now = state(world)
    assert (now.status, now.pending, now.instances["vote.1.m3"].status) == ("cancelled", {}, "withdrawn")
    with pytest.raises(Refused, match="is cancelled"):
        do(world, "kari", c.Resume())


@pytest.mark.parametrize("command", [c.Suspend("ferie"), c.Cancel("slutt")])
def test_given_a_stopped_process_when_worklists_are_made_again_then_they_are_the_same(
    world: World, command: c.Command
) -> None:
    to_voting(world)
    do(world, "kari", command)
    tables = ("process", "member", "open_task", "deadline")
    before = [world.engine.log.query(f"SELECT * FROM {table} ORDER BY 1, 2, 3") for table in tables]
    world.engine.rebuild_worklists()
    assert [world.engine.log.query(f"SELECT * FROM {table} ORDER BY 1, 2, 3") for table in tables] == before


# -- told ---------------------------------------------------------------------------------------------------------------


def test_given_deadlines_and_answers_when_told_then_of_which_task_and_for_whom(world: Any) -> None:
    world.to_voting()
    world.submit("ola", "vote.1.m2", {"score": 5})
    told = [line.text for line in world.engine.history(world.people["kari"], "p", "en")]
    assert {"Opened: Vote (Ola)", "Answered: Vote (Ola)"} <= set(told)
    assert sum(text.startswith("Due: Vote (Ola), ") for text in told) == 1
    world.submit("eva", "vote.1.m3", {"score": 5})
    told = [line.text for line in world.engine.history(world.people["kari"], "p", "en")]
    assert sum(text.startswith("Due: Silent, ") for text in told) == 1
