"""What is done to the log behind the engine's back is found, and the first bad event is named: on either store."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from engine import codec
from engine.process import commands as c
from engine.store.log import Record
from engine.store.verify import verify

if TYPE_CHECKING:
    World = Behind = Any  # the classes stand in conftest.py, which cannot be imported

pytestmark = pytest.mark.fault("F13")


@pytest.fixture
def world(store_url: str | None, new_world: Callable[..., Any], tmp_path: Path) -> Iterator[Any]:
    """A process whose last four events are parties that joined, and another that nobody touches."""
    made = new_world(tmp_path / "data", store_url=store_url)
    made.engine.start(made.person("kari"), "small", "q", "Q")
    for number in range(4):
        made.do("kari", c.AddParty(f"part{number}", "En part"))
    yield made
    made.engine.close()


def parties(world: World) -> list[Record]:
    """The last four events."""
    return list(world.engine.log.read(world.engine.stream("p")))[-4:]


def found(world: World) -> list[tuple[int, str]]:
    """What verify names: always of the process alone, at most one event of it."""
    faults = verify(world.engine.log).faults
    assert {fault.stream for fault in faults} <= {world.engine.stream("p").hex}
    return [(fault.sequence, fault.what) for fault in faults]


def other_text(record: Record) -> Record:
    return replace(record, body=record.body.replace(b"En part", b"Ny part"))


def other_actor(record: Record) -> Record:
    """The same event, done by another: only its envelope differs."""
    stored = codec.mapping(codec.decode(record.body))
    envelope = {**codec.mapping(stored["e"]), "actor": "0" * 32}
    return replace(record, body=codec.dumps({"e": envelope, "p": codec.mapping(stored["p"])}))


def test_given_an_untouched_log_when_verified_then_nothing_is_found(world: World) -> None:
    assert found(world) == []


@pytest.mark.parametrize(
    ("change", "which", "named", "told"),
    [
        (other_text, 0, 1, "one of the two was changed"),
        (other_text, 3, 3, "the head says"),
        (other_actor, 1, 2, "one of the two was changed"),
        (other_actor, 3, 3, "the head says"),
        (lambda record: replace(record, body=bytes(9)), 1, 1, "cannot be read"),
        (lambda record: replace(record, type="state.left"), 1, 1, "another place"),
        (lambda record: replace(record, sequence=record.sequence + 9), 3, 3, "missing or out of its place"),
    ],
    ids=["text", "last text", "envelope", "last envelope", "garbage", "another type", "another number"],
)
def test_given_an_event_that_was_changed_when_verified_then_the_first_bad_one_is_named(
    world: World, behind: Behind, change: Callable[[Record], Record], which: int, named: int, told: str
) -> None:
    events = parties(world)
    behind.put(events[which], change(events[which]))
    ((sequence, what),) = found(world)
    assert sequence == events[named].sequence
    assert told in what


@pytest.mark.parametrize(("which", "told"), [(0, "missing"), (3, "the head says")], ids=["one within", "the last"])
def test_given_an_event_that_was_deleted_when_verified_then_it_is_named(
    world: World, behind: Behind, which: int, told: str
) -> None:
    events = parties(world)
    behind.delete(events[which])
    ((sequence, what),) = found(world)
    assert sequence == events[which].sequence
    assert told in what


def test_given_two_events_swapped_when_verified_then_the_first_is_named(world: World, behind: Behind) -> None:
    one, two, *_ = parties(world)
    away = replace(one, sequence=99)
    behind.put(one, away)
    behind.put(two, replace(two, sequence=one.sequence))
    behind.put(away, replace(one, sequence=two.sequence))
    assert [sequence for sequence, _ in found(world)] == [one.sequence]


@pytest.mark.parametrize(
    ("statement", "values", "beyond"),
    [
        ("UPDATE head SET hash=? WHERE stream=?", ("0" * 64,), 0),
        ("UPDATE head SET sequence=sequence+1 WHERE stream=?", (), 1),
        ("UPDATE head SET sequence=sequence-1 WHERE stream=?", (), 0),
        ("DELETE FROM head WHERE stream=?", (), None),
    ],
    ids=["another hash", "one too many", "one too few", "gone"],
)
def test_given_a_head_that_was_changed_when_verified_then_the_end_of_that_process_is_named(
    world: World, behind: Behind, statement: str, values: tuple[object, ...], beyond: int | None
) -> None:
    assert behind.run(statement, *values, world.engine.stream("p").hex) == 1
    ((sequence, what),) = found(world)
    assert "the head says" in what
    assert sequence == (1 if beyond is None else parties(world)[-1].sequence + beyond)


def test_given_any_bit_of_an_event_flipped_when_verified_then_it_or_the_next_is_named(
    world: World, behind: Behind
) -> None:
    """Each time another bit, of another event; the one beyond is where a chain shows what does not follow."""
    dice = random.Random(20261128)
    events = world.engine.log.read(world.engine.stream("p"))
    for _ in range(25):
        event = dice.choice(events)
        body = bytearray(event.body)
        body[dice.randrange(len(body))] ^= 1 << dice.randrange(8)
        flipped = replace(event, body=bytes(body))
        behind.put(event, flipped)
        ((sequence, _),) = found(world)
        assert sequence in (event.sequence, event.sequence + 1)
        behind.put(flipped, event)
    assert found(world) == []
