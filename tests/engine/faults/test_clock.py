"""F10: a clock that jumps both ways, nights in which it is changed, and deadlines that are due while nobody looks."""

from __future__ import annotations

import random
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from engine.engine import Engine
from engine.errors import Conflict, Refused
from engine.process import commands as c
from engine.process import events as e
from engine.store.verify import verify


def stored(world: Any) -> list[e.Event]:
    engine = world.engine
    return list(engine.events(engine.log.read(engine.stream("p"))))


def passed(world: Any) -> list[tuple[str, datetime, datetime]]:
    """Every deadline that passed: which, when it was due, and when that was noticed."""
    return [
        (event.payload.deadline, event.payload.due, event.recorded_at)
        for event in stored(world)
        if isinstance(event.payload, e.DeadlinePassed)
    ]


@pytest.mark.fault("F10")
@pytest.mark.parametrize("seed", range(6))
def test_given_a_clock_that_jumps_both_ways_when_time_acts_then_order_holds_and_each_deadline_fires_once(
    world: Any, model: Any, seed: int
) -> None:
    """Two programs whose clocks jump as they like, one of them always started anew."""
    dice = random.Random(seed)
    world.to_voting()
    model.attempted |= {"town", "club"}
    start = world.clock()
    for number in range(25):
        world.clock.now = start + timedelta(days=dice.uniform(-40, 80))
        engine = world.engine if dice.random() < 0.5 else Engine.open(world.folder, clock=world.clock)
        party = f"party_{number}"
        model.attempted.add(party)
        try:
            if dice.random() < 0.5:
                engine.tick()
            receipt = engine.handle(world.person("kari"), "p", c.AddParty(party, party), command_id=party)
            model.acknowledge(party, "p", receipt.last, receipt.hash)
        except (Refused, Conflict):  # the process may have come to its end
            pass
        if engine is not world.engine:
            engine.close()
    events = stored(world)
    moments = [event.recorded_at for event in events]
    assert moments == sorted(moments)
    assert {moment.utcoffset() for moment in moments} == {timedelta(0)}
    assert [event.sequence for event in events] == list(range(1, len(events) + 1))
    assert set(Counter(deadline for deadline, _, _ in passed(world)).values()) <= {1}
    assert all(due <= noticed for _, due, noticed in passed(world))
    model.check(world.engine)


@pytest.mark.fault("F10")
@pytest.mark.parametrize(
    ("opened", "due"),
    [
        (datetime(2026, 3, 16, 9, tzinfo=UTC), datetime(2026, 3, 30, 21, 59, 59, tzinfo=UTC)),
        (datetime(2026, 10, 12, 9, tzinfo=UTC), datetime(2026, 10, 26, 22, 59, 59, tzinfo=UTC)),
    ],
    ids=["the night has an hour less", "the night has an hour more"],
)
def test_given_a_deadline_after_the_night_the_clock_is_changed_when_looked_at_all_the_time_then_it_fires_once(
    world: Any, opened: datetime, due: datetime
) -> None:
    """Fourteen days end with a Monday in Oslo, however long the Sunday before it was; it is noticed at once."""
    world.clock.now = opened
    world.to_voting()
    world.clock.now = due - timedelta(hours=52)
    while world.clock.now < due + timedelta(hours=3):
        world.engine.tick()
        world.clock.now += timedelta(minutes=15)
    votes = [(when, noticed) for deadline, when, noticed in passed(world) if deadline == "due:vote.1.m2"]
    assert votes == [(due, due)]


@pytest.mark.fault("F10")
def test_given_a_machine_that_was_down_when_a_deadline_was_due_then_it_fires_once_with_both_times(world: Any) -> None:
    world.to_voting()
    due = datetime(2026, 3, 16, 22, 59, 59, tzinfo=UTC)  # the fourteenth day after 2 March ends in Oslo
    world.clock.now = up_again = datetime(2026, 4, 20, 7, 30, tzinfo=UTC)
    for _ in range(3):
        engine = Engine.open(world.folder, clock=world.clock)
        engine.tick()
        engine.close()
        world.clock.now += timedelta(hours=1)
    votes = [(when, noticed) for deadline, when, noticed in passed(world) if deadline == "due:vote.1.m2"]
    assert votes == [(due, up_again)]


@pytest.mark.fault("F10")
def test_given_a_clock_that_was_ahead_when_put_right_then_what_was_stored_stays_and_nothing_is_before_it(
    world: Any,
) -> None:
    right = world.clock.now
    world.clock.now = right + timedelta(days=365)
    world.do("kari", c.AddParty("early", "Early"))
    world.clock.now = right
    world.do("kari", c.AddParty("late", "Late"))
    assert [event.recorded_at for event in stored(world)][-2:] == [right + timedelta(days=365)] * 2
    assert not verify(world.engine.log).faults


@pytest.mark.fault("F10")
def test_given_a_clock_that_jumped_back_when_a_task_opens_then_its_time_counts_from_what_was_recorded_last(
    world: Any,
) -> None:
    """So the log alone tells when something is due, and what is done again comes to the same."""
    world.to_voting()
    recorded = world.state.recorded_at
    known = set(world.state.instances)
    world.clock.now = recorded - timedelta(days=3)
    world.join("per", "club", "member")
    (new,) = {name for name, one in world.state.instances.items() if one.task == "vote"} - known
    same = next(one.due for name, one in world.state.instances.items() if name in known and one.task == "vote")
    assert (world.state.recorded_at, world.state.instances[new].due) == (recorded, same)
    assert world.engine.replay("p", world.bundle.definition).outcome == "same"
