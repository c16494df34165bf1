"""Several engines on one store: what is kept in memory never outlives what another has written; who is late is told."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from engine.engine import RETRIES, Engine
from engine.errors import Conflict
from engine.process import commands as c
from engine.store.log import CommandKey, Log, Record
from engine.store.sqlite import SqliteLog
from engine.store.verify import verify
from engine.template import bundle


@pytest.fixture
def other(world: Any) -> Iterator[Engine]:
    """A second engine on the same files."""
    opened = Engine.open(world.folder, clock=world.clock)
    yield opened
    opened.close()


def everything(log: Log) -> dict[str, Any]:
    """All that is in the store, table by table."""
    tables = [row["name"] for row in log.query("SELECT name FROM sqlite_master WHERE type='table' ORDER BY name")]
    return {name: log.query(f"SELECT * FROM {name}") for name in tables if name != "tracking"}


# -- the log ----------------------------------------------------------------------------------------------------------


@pytest.mark.fault("F7")
def test_given_a_record_that_comes_too_late_when_appended_then_a_conflict_and_no_row_of_it(world: Any) -> None:
    log, stream = world.engine.log, world.engine.stream("p")
    late = log.read(stream)[-1]
    before = everything(log)
    with pytest.raises(Conflict):
        log.append(
            [late],
            rows=[("INSERT INTO process VALUES (?,?,?,?,?,?)", ("late", "s", "t", "b", "T", "running"))],
            key=CommandKey(stream, "a", "late", "f", b"{}"),
        )
    assert everything(log) == before


def test_given_a_command_key_that_was_used_when_appended_again_then_a_conflict_and_no_event(world: Any) -> None:
    log, stream = world.engine.log, world.engine.stream("p")
    last = log.read(stream)[-1]
    key = CommandKey(stream, "a", "one", "f", b"{}")
    log.append([Record(stream, last.sequence + 1, "party.joined", b"{}")], key=key)
    before = everything(log)
    with pytest.raises(Conflict):
        log.append([Record(stream, last.sequence + 2, "party.joined", b"{}")], key=key)
    assert everything(log) == before


def test_given_a_row_that_cannot_be_written_when_appended_then_the_events_are_not_there_either(world: Any) -> None:
    log, stream = world.engine.log, world.engine.stream("p")
    last, before = log.read(stream)[-1], everything(log)
    row = ("INSERT INTO process VALUES (?,?,?,?,?,?)", ("p", "other", "t", "b", "T", "running"))
    with pytest.raises(Conflict):
        log.append([replace(last, sequence=last.sequence + 1)], rows=[row])
    assert everything(log) == before


# -- commands -----------------------------------------------------------------------------------------------------------


@pytest.mark.fault("F7")
def test_given_another_writer_between_reading_and_writing_when_it_still_makes_sense_then_decided_again(
    world: Any, other: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    append, kari = world.engine.log.append, world.person("kari")

    def late(*arguments: Any, **options: Any) -> None:
        monkeypatch.setattr(world.engine.log, "append", append)
        other.handle(kari, "p", c.AddParty("first", "Først"))
        append(*arguments, **options)

    monkeypatch.setattr(world.engine.log, "append", late)
    world.do("kari", c.AddParty("second", "Etterpå"))
    assert list(world.state.parties) == ["first", "second"]
    assert not verify(world.engine.log).faults


@pytest.mark.fault("F7")
def test_given_another_writer_who_did_the_same_when_decided_again_then_refused_and_once_in_the_log(
    world: Any, other: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    append, kari = world.engine.log.append, world.person("kari")

    def late(*arguments: Any, **options: Any) -> None:
        monkeypatch.setattr(world.engine.log, "append", append)
        other.handle(kari, "p", c.AddParty("same", "Den samme"))
        append(*arguments, **options)

    monkeypatch.setattr(world.engine.log, "append", late)
    with pytest.raises(Exception, match="takes part already"):
        world.do("kari", c.AddParty("same", "Den samme"))
    assert [r.type for r in world.engine.log.read(world.engine.stream("p"))].count("party.joined") == 1


@pytest.mark.fault("F7")
def test_given_others_who_are_always_first_when_a_command_comes_then_it_gives_up_after_some_tries(
    world: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    tries = []

    def never(*_: Any, **__: Any) -> None:
        tries.append(1)
        raise Conflict("somebody else was first")

    monkeypatch.setattr(world.engine.log, "append", never)
    with pytest.raises(Conflict, match="nothing was stored"):
        world.do("kari", c.AddParty("town", "Byen"))
    assert len(tries) == RETRIES


@pytest.mark.fault("F2")
def test_given_a_kill_between_storing_and_answering_when_sent_again_then_the_same_answer_and_no_second_event(
    world: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    append = world.engine.log.append

    def killed(*arguments: Any, **options: Any) -> None:
        append(*arguments, **options)
        raise KeyboardInterrupt

    monkeypatch.setattr(world.engine.log, "append", killed)
    with pytest.raises(KeyboardInterrupt):
        world.do("kari", c.AddParty("town", "Byen"), command_id="one")
    stored = SqliteLog(world.folder / "events.sqlite")
    position = stored.position()
    again = Engine.open(world.folder, clock=world.clock)
    receipt = again.handle(world.person("kari"), "p", c.AddParty("town", "Byen"), command_id="one")
    assert receipt.replayed
    assert receipt.last == again.load(again.stream("p")).state.sequence
    assert stored.position() == position
    stored.close()
    again.close()


# -- what is kept in memory -----------------------------------------------------------------------------------------------


def test_given_another_engines_events_when_read_then_only_those_are_folded_and_all_is_there(
    world: Any, other: Engine
) -> None:
    before = world.engine.load(world.engine.stream("p"))
    other.handle(world.person("kari"), "p", c.AddParty("town", "Byen"))
    after = world.engine.load(world.engine.stream("p"))
    assert after.records[: len(before.records)] == before.records
    assert "town" in after.state.parties
    assert "town" not in before.state.parties


def test_given_a_process_that_stands_still_when_read_again_then_it_is_not_folded_again(world: Any) -> None:
    stream = world.engine.stream("p")
    assert world.engine.load(stream) is world.engine.load(stream)


def test_given_another_log_put_in_its_place_when_read_then_what_was_kept_is_thrown_away(
    world: Any, tmp_path: Path
) -> None:
    """The older copy went on another way: same sequence, another hash."""
    engine, kari = world.engine, world.person("kari")
    engine.log.query("PRAGMA wal_checkpoint(TRUNCATE)")
    engine.close()
    shutil.copytree(world.folder, tmp_path / "older")
    older = Engine.open(tmp_path / "older", clock=world.clock)
    world.engine = engine = Engine.open(world.folder, clock=world.clock)
    engine.handle(kari, "p", c.AddParty("one", "En"))
    assert list(engine.load(engine.stream("p")).state.parties) == ["one"]
    older.handle(kari, "p", c.AddParty("two", "To"))
    with (
        closing(sqlite3.connect(tmp_path / "older" / "events.sqlite")) as source,
        closing(sqlite3.connect(world.folder / "events.sqlite")) as target,
    ):
        source.backup(target)  # as a restore does, under a program that runs
    older.close()
    assert list(engine.load(engine.stream("p")).state.parties) == ["two"]


def test_given_a_version_that_another_engine_published_when_a_process_starts_then_it_is_the_newest(
    world: Any, other: Engine, write_small: Callable[..., Path], small_text: str, tmp_path: Path
) -> None:
    assert world.engine.definition("small").template.version == "1.0.0"
    newer = small_text.replace("version: 1.0.0", "version: 1.10.0")
    other.publish(bundle.read("small", [write_small(tmp_path / "newer", newer)]))
    world.engine.start(world.person("kari"), "small", "q", "Q")
    assert world.engine.load(world.engine.stream("q")).state.version == "1.10.0"
    assert world.state.version == "1.0.0"


def test_given_a_published_bundle_when_asked_for_again_then_it_is_not_read_again(
    world: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.engine.definition("small")
    monkeypatch.setattr(world.engine.log, "read", lambda *_, **__: pytest.fail("read again"))
    assert world.engine.definition("small") is world.engine.definition("small")


def test_given_two_engines_when_time_acts_in_both_then_a_deadline_fires_once(world: Any, other: Engine) -> None:
    world.to_voting()
    other.load(other.stream("p"))
    world.clock.now += timedelta(days=15)
    world.engine.tick()
    other.tick("p")
    types = [record.type for record in world.engine.log.read(world.engine.stream("p"))]
    assert types.count("deadline.passed") == 2  # one for each of the two votes
