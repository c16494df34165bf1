"""What was changed or lost behind the engine's back: nothing is built on it, and it is told, never laundered."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from engine.engine import Engine
from engine.errors import IntegrityFault, KeyMissing
from engine.process import commands as c
from engine.store.verify import verify

if TYPE_CHECKING:
    World = Any  # the class stands in conftest.py, which cannot be imported

pytestmark = pytest.mark.fault("F13")


def change(world: World, statement: str, *values: object) -> None:
    """Change the file with SQLite alone, as nobody should."""
    with sqlite3.connect(world.folder / "events.sqlite") as connection:
        connection.execute(statement, values)
    connection.close()


LAST = "rowid = (SELECT max(rowid) FROM stored_events WHERE originator_id = ?)"


@pytest.mark.parametrize(
    "statement",
    [
        f"UPDATE stored_events SET state = CAST(replace(CAST(state AS TEXT), 'Town', 'Tawn') AS BLOB) WHERE {LAST}",
        f"UPDATE stored_events SET state = CAST(state AS TEXT) WHERE {LAST}",
        f"DELETE FROM stored_events WHERE {LAST}",
    ],
)
def test_given_the_last_event_changed_when_somebody_goes_on_then_refused_and_still_found(
    world: World, statement: str
) -> None:
    stream = world.engine.stream("p")
    world.do("kari", c.AddParty("town", "Town"))
    change(world, statement, stream.hex)
    assert verify(world.engine.log).faults
    with pytest.raises(IntegrityFault):
        world.do("kari", c.AddParty("club", "Club"))
    assert verify(world.engine.log).faults


@pytest.mark.parametrize(
    "body", [b"[]", b"null", b"{}", b'{"e":{"recorded_at":"2026-01-01T00:00:00"},"p":{}}', b"1e99999"]
)
def test_given_an_event_that_is_none_any_more_when_verified_then_it_is_named(world: World, body: bytes) -> None:
    stream = world.engine.stream("p")
    change(world, f"UPDATE stored_events SET state = ? WHERE {LAST.replace('?', repr(stream.hex))}", body)
    (fault,) = verify(world.engine.log).faults
    assert fault.stream == stream.hex


def test_given_the_key_of_a_round_lost_when_somebody_answers_then_told_and_no_new_key_parts_it(world: World) -> None:
    world.to_voting()
    world.submit("ola", "vote.1.m2", {"score": 3})
    shutil.rmtree(world.folder / "keys" / "seal")
    world.engine.keys._known.clear()
    with pytest.raises(KeyMissing, match="sealed round"):
        world.submit("eva", "vote.1.m3", {"score": 4})
    assert world.state.instances["vote.1.m3"].status == "open"


def test_given_the_key_of_a_person_lost_when_they_write_a_text_then_told_and_the_process_stays_readable(
    world: World,
) -> None:
    world.to_voting()
    subject = world.state.memberships["m2"].subject
    world.engine.keys.destroy("subject", subject)
    with pytest.raises(KeyMissing, match="texts"):
        world.submit("kari", "vote.1.m2", {"score": 4, "why": "fordi"}, "m2")
    world.submit("kari", "vote.1.m2", {"score": 4}, "m2")
    assert world.state.instances["vote.1.m2"].status == "done"


MIDDLE = (
    "UPDATE stored_events SET state = CAST(replace(CAST(state AS TEXT), 'Town', 'Tawn') AS BLOB)"
    " WHERE topic = 'party.joined' AND originator_id = ?"
)


def test_given_an_event_changed_long_ago_when_written_to_then_refused_with_the_event_and_read_all_the_same(
    world: World,
) -> None:
    world.parties()
    stream = world.engine.stream("p")
    (event,) = [r.sequence for r in world.engine.log.read(stream) if b"Town" in r.body]
    change(world, MIDDLE, stream.hex)
    again = Engine.open(world.folder, clock=world.clock)
    with pytest.raises(IntegrityFault, match=rf"in quarantine.*event {event + 1}:"):
        again.handle(world.person("kari"), "p", c.AddParty("other", "Other"))
    assert again.history(world.person("kari"), "p")
    assert again.load(stream).fault is not None
    again.close()


@pytest.mark.parametrize(
    ("language", "told"),
    [
        ("nb", "Prosessen er i karantene: loggen er endret utenom programmet, og ingenting mer blir skrevet."),
        ("nn", "Prosessen er i karantene: loggen er endra utanom programmet, og ikkje noko meir blir skrive."),
        (
            "en",
            "The process is in quarantine: its log was changed behind the engine's back; nothing more is written.",
        ),
    ],
)
def test_given_a_process_in_quarantine_when_explained_then_nothing_can_be_done_and_why(
    world: World, language: str, told: str
) -> None:
    world.parties()
    change(world, MIDDLE, world.engine.stream("p").hex)
    again = Engine.open(world.folder, clock=world.clock)
    action = again.explain_action(world.person("kari"), "p", "stop", language)
    task = again.explain_task(world.person("kari"), "p", "goal.1", language)
    assert (action.is_open, action.resting, task.able, task.why_not) == (False, told, (), told)
    with pytest.raises(IntegrityFault, match="in quarantine"):
        again.save_draft(world.person("kari"), "p", "goal.1", {"text": "x"})
    again.close()


def test_given_one_process_in_quarantine_when_others_go_on_then_they_do_and_time_acts_on_them(world: World) -> None:
    world.to_voting()
    world.engine.start(world.person("kari"), "small", "q", "Q")
    stream = world.engine.stream("p")
    change(world, MIDDLE, stream.hex)
    again = Engine.open(world.folder, clock=world.clock)
    again.handle(world.person("kari"), "q", c.AddParty("other", "Other"))
    position = again.log.position()
    world.clock.now += timedelta(days=20)
    with pytest.raises(IntegrityFault, match="“p” is in quarantine"):
        again.tick()
    assert again.log.position() == position
    again.close()


def test_given_a_process_restored_when_written_to_then_it_is_out_of_quarantine(world: World) -> None:
    world.parties()
    stream = world.engine.stream("p")
    whole = world.folder.parent / "whole.sqlite"
    with closing(sqlite3.connect(world.folder / "events.sqlite")) as source, closing(sqlite3.connect(whole)) as target:
        source.backup(target)
    change(world, MIDDLE, stream.hex)
    with closing(sqlite3.connect(whole)) as source, closing(sqlite3.connect(world.folder / "events.sqlite")) as target:
        source.backup(target)
    again = Engine.open(world.folder, clock=world.clock)
    again.handle(world.person("kari"), "p", c.AddParty("other", "Other"))
    again.close()


@pytest.mark.parametrize(
    "body",
    [b"[]", b"\xff\x00", "text, not bytes", b'{"e":{"type":"party.joined"},"p":{}}'],
    ids=["another JSON", "no text", "no bytes", "half an envelope"],
)
def test_given_an_event_that_is_none_any_more_when_read_for_audit_then_all_before_it_is_told(
    world: World, body: object
) -> None:
    world.parties()
    stream = world.engine.stream("p")
    (event,) = [r.sequence for r in world.engine.log.read(stream) if b"Town" in r.body]
    change(
        world,
        f"UPDATE stored_events SET state = ? WHERE originator_id = ? AND originator_version = {event}",
        body,
        stream.hex,
    )
    again = Engine.open(world.folder, clock=world.clock)
    assert [line.sequence for line in again.history(world.person("kari"), "p")] == [*range(1, event)]
    fault = again.load(stream).fault
    assert fault is not None
    assert fault.sequence == event
    assert again.rebuild_worklists() == 1
    again.close()


def test_given_an_event_with_another_content_when_read_for_audit_then_none_beyond_it_is_told(world: World) -> None:
    """Its bytes are an envelope in its place, and its payload is none of its kind."""
    world.parties()
    stream = world.engine.stream("p")
    (event,) = [r.sequence for r in world.engine.log.read(stream) if b"Town" in r.body]
    change(world, MIDDLE.replace("'Town', 'Tawn'", "'title', 'tittle'"), stream.hex)
    again = Engine.open(world.folder, clock=world.clock)
    assert [line.sequence for line in again.history(world.person("kari"), "p")] == [*range(1, event)]
    again.close()
