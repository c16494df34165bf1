"""Snapshots: a long process is told from its last one, exactly as from its first event; and they are never relied on."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from engine.engine import Engine
from engine.errors import Conflict, IntegrityFault
from engine.personal import erasing
from engine.process import commands as c
from engine.running import snapshots


@pytest.fixture
def world(
    new_world: Callable[..., Any], store_url: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Any]:
    """A process in which a snapshot is made beyond each ten events."""
    monkeypatch.setattr(snapshots, "EVERY", 10)
    made = new_world(tmp_path / "data", store_url=store_url)
    yield made
    made.engine.close()


def reads(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, int | None]]:
    """Which events are read from now on: after which sequence, and until which."""
    read, found = engine.log.read, list[tuple[int, int | None]]()

    def counted(stream: Any, *, after: int = 0, until: int | None = None) -> Any:
        found.append((after, until))
        return read(stream, after=after, until=until)

    monkeypatch.setattr(engine.log, "read", counted)
    return found


def kept(world: Any) -> list[int]:
    return [row["sequence"] for row in world.engine.log.query("SELECT sequence FROM snapshot")]


def lived(world: Any) -> None:
    """Rounds with sealed answers and texts, so that every part of a state is in use."""
    world.to_voting()
    world.submit("ola", "vote.1.m2", {"score": 4, "why": "Tante Olga"})


def test_given_a_long_process_when_loaded_anew_then_it_is_as_from_its_first_event_and_few_events_are_read(
    world: Any, again: Callable[[], Engine], monkeypatch: pytest.MonkeyPatch
) -> None:
    lived(world)
    (sequence,) = kept(world)
    engine, stream = again(), world.engine.stream("p")
    engine.definition("small")
    found = reads(engine, monkeypatch)
    loaded = engine.load(stream)
    assert sequence >= 10
    assert min(after for after, _ in found) >= sequence - 1
    monkeypatch.undo()
    whole = engine._loading.whole(stream)
    assert loaded.state == whole.state
    assert loaded.records == whole.records
    assert loaded.definition is whole.definition


def test_given_answers_before_the_snapshot_when_a_guard_or_history_names_them_then_they_are_looked_up(
    world: Any, again: Callable[[], Engine]
) -> None:
    lived(world)
    for number in range(12):
        world.do("kari", c.AddParty(f"party_{number}", "P"))
    engine = again()
    engine.load(engine.stream("p"))
    world.engine = engine
    world.submit("eva", "vote.1.m3", {"score": 5})
    assert engine.history(world.person("kari"), "p") == again().history(world.person("kari"), "p")
    first = engine.load(engine.stream("p")).records[0]
    assert (first.sequence, first.type) == (1, "process.started")


def test_given_answers_from_long_ago_when_looked_up_in_a_row_then_many_are_read_at_once(
    world: Any, again: Callable[[], Engine], monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(150):
        world.do("kari", c.AddParty(f"party_{number}", "P"))
    engine = again()
    records = engine.load(engine.stream("p")).records
    found = reads(engine, monkeypatch)
    sequences = [records[number].sequence for number in range(128)]
    assert (sequences, len(found)) == ([*range(1, 129)], 2)


def test_given_a_command_on_a_long_process_when_carried_out_then_only_its_end_is_read(
    world: Any, again: Callable[[], Engine], monkeypatch: pytest.MonkeyPatch
) -> None:
    lived(world)
    engine = again()
    engine.definition("small")
    found = reads(engine, monkeypatch)
    engine.handle(world.person("kari"), "p", c.AddParty("late", "Sen"))
    assert min(after for after, _ in found) >= kept(world)[0] - 1


def test_given_a_state_that_grows_when_the_process_goes_on_then_it_is_written_more_and_more_seldom(
    world: Any,
) -> None:
    """Written as often as at first, what is written in all would grow with the square of the events."""
    held = {}
    for number in range(1, 401):
        world.do("kari", c.Submit("log.1", {"text": "x"}))
        held |= dict.fromkeys(set(kept(world)) - set(held), number)
    assert len(held) > 15
    assert sum(held.values()) < 5_000  # every ten events: 5 + 15 + … + 395 = 8,000 of them


DAMAGE = {
    "body": "UPDATE snapshot SET body = CAST('{}' AS BLOB)",
    "another person": "UPDATE snapshot SET body = CAST(replace(CAST(body AS TEXT), '\"m2\"', '\"m3\"') AS BLOB)",
    "an earlier sequence": "UPDATE snapshot SET sequence = sequence - 1",
    "another hash": "UPDATE snapshot SET hash = hex(zeroblob(32))",
    "another version of the code": "UPDATE snapshot SET schema = 'older'",
    "the seal": "UPDATE snapshot SET seal = ''",
}


@pytest.mark.fault("F4")
@pytest.mark.parametrize("statement", DAMAGE.values(), ids=DAMAGE.keys())
def test_given_a_snapshot_that_is_not_what_was_kept_when_loaded_then_passed_over_and_made_anew(
    new_world: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, statement: str
) -> None:
    monkeypatch.setattr(snapshots, "EVERY", 10)
    world = new_world(tmp_path / "data")
    lived(world)
    truth = world.engine.load(world.engine.stream("p")).state
    with closing(sqlite3.connect(world.folder / "events.sqlite")) as store, store:
        store.execute(statement)
    engine = Engine.open(world.folder, clock=world.clock)
    assert engine._snapshots.find(truth.stream) is None
    assert engine.load(truth.stream).state == truth
    for number in range(10):
        engine.handle(world.person("kari"), "p", c.AddParty(f"party_{number}", "P"))
    made = engine._snapshots.find(truth.stream)
    assert made is not None
    assert made.sequence > truth.sequence
    engine.close()
    world.engine.close()


def test_given_a_snapshot_of_a_log_that_went_another_way_when_loaded_then_passed_over(
    world: Any, again: Callable[[], Engine]
) -> None:
    """An older copy of the log was put back, and went on otherwise; the snapshot is of events that are gone."""
    lived(world)
    stream, engine = world.engine.stream("p"), again()
    state = engine._snapshots.find(stream)
    assert state is not None
    state.last_hash = "0" * 64
    world.engine.log.write_rows(engine._snapshots.rows(0, state))
    assert engine.load(stream).state == world.engine._loading.whole(stream).state


def test_given_an_event_changed_before_the_snapshot_when_verified_then_the_process_is_in_quarantine(
    world: Any, again: Callable[[], Engine]
) -> None:
    lived(world)
    stream, sequence = world.engine.stream("p"), kept(world)[0]
    assert sequence > 3
    if "sqlite" not in world.engine.log.about().lower():
        table, key, number, body, named = "event", "stream", "sequence", "body", stream
    else:
        table, key, number, body, named = "stored_events", "originator_id", "originator_version", "state", stream.hex
    changed = f"UPDATE {table} SET {body} = ? WHERE {key} = ? AND {number} = 2"
    world.engine.log.write_rows([(changed, (b'{"e":{},"p":{}}', named))])
    engine = again()
    assert [fault.sequence for fault in engine.verify().faults] == [2]
    with pytest.raises(IntegrityFault, match="in quarantine"):
        engine.handle(world.person("kari"), "p", c.AddParty("town", "Byen"))
    assert kept(world) == []


def test_given_a_person_in_a_snapshot_when_erased_then_nothing_in_it_tells_who_it_was(
    world: Any, again: Callable[[], Engine]
) -> None:
    lived(world)
    person = world.people["ola"].person.id
    (row,) = world.engine.log.query("SELECT body FROM snapshot")
    assert person.encode() not in row["body"]
    assert b"Olga" not in row["body"]
    state = world.engine._snapshots.find(world.engine.stream("p"))
    assert person in {held.person for held in state.memberships.values()}
    erasing.erase(world.engine, erasing.plan(world.engine, world.engine.people.find("ola"), None), "asked for it")
    engine, stream = again(), world.engine.stream("p")
    assert person not in {held.person for held in engine.load(stream).state.memberships.values()}
    assert engine.load(stream).state == engine._loading.whole(stream).state


@pytest.mark.fault("F4")
def test_given_a_refused_commit_when_it_would_have_made_a_snapshot_then_there_is_none(
    world: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A snapshot lies in the transaction of its events: a kill or a full disk leaves both or neither."""
    write = world.engine.log._write

    def refused(records: Any, rows: Any, at: int | None = None) -> None:
        late = [("INSERT INTO snapshot VALUES ('x',NULL,'','','',?)", (b"",))]
        write(records, [*rows, *(late if any("INTO snapshot" in statement for statement, _ in rows) else [])], at)

    monkeypatch.setattr(world.engine.log, "_write", refused)
    with pytest.raises(Conflict):
        lived(world)
    monkeypatch.undo()
    assert kept(world) == []
    assert world.engine.verify().faults == ()


def test_given_snapshots_when_read_models_are_made_again_or_copied_then_they_are_thrown_away(world: Any) -> None:
    lived(world)
    assert kept(world)
    world.engine.rebuild_worklists()
    assert kept(world) == []
