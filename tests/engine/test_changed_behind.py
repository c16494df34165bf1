"""What was changed or lost behind the engine's back: nothing is built on it, and it is told, never laundered.

One contract, which either store keeps: SQLite in a file, and PostgreSQL on a real server.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID

import pytest

from cli.app import run
from cli.exit_codes import EXIT_CODES
from engine.engine import Engine
from engine.errors import IntegrityFault, KeyMissing, NotFound
from engine.process import commands as c
from engine.store import worklists
from engine.store.log import Record
from engine.store.verify import verify
from engine.template import bundle
from engine.workspace import Workspace

if TYPE_CHECKING:
    World = Behind = Any  # the classes stand in conftest.py, which cannot be imported

pytestmark = pytest.mark.fault("F13")


@pytest.fixture
def world(store_url: str | None, new_world: Callable[..., Any], tmp_path: Path) -> Iterator[Any]:
    made = new_world(tmp_path / "data", store_url=store_url)
    yield made
    made.engine.close()


def events(world: World, name: str = "p") -> list[Record]:
    return list(world.engine.log.read(world.engine.stream(name)))


def town(world: World) -> Record:
    """The event that says that the party town joined."""
    (event,) = [record for record in events(world) if b"Town" in record.body]
    return event


def reworded(event: Record, old: bytes = b"Town", new: bytes = b"Tawn") -> Record:
    assert old in event.body
    return replace(event, body=event.body.replace(old, new))


@pytest.mark.parametrize("gone", [False, True], ids=["other words", "gone"])
def test_given_the_last_event_changed_when_somebody_goes_on_then_refused_and_still_found(
    world: World, behind: Behind, gone: bool
) -> None:
    world.do("kari", c.AddParty("town", "Town"))
    if gone:
        behind.delete(town(world))
    else:
        behind.put(town(world), reworded(town(world)))
    assert verify(world.engine.log).faults
    with pytest.raises(IntegrityFault):
        world.do("kari", c.AddParty("club", "Club"))
    assert verify(world.engine.log).faults


@pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)  # PostgreSQL keeps bytes where bytes belong
def test_given_the_last_event_turned_into_text_when_somebody_goes_on_then_refused_and_still_found(
    world: World, behind: Behind
) -> None:
    world.do("kari", c.AddParty("town", "Town"))
    behind.run("UPDATE stored_events SET state=CAST(state AS TEXT) WHERE rowid=(SELECT max(rowid) FROM stored_events)")
    assert verify(world.engine.log).faults
    with pytest.raises(IntegrityFault):
        world.do("kari", c.AddParty("club", "Club"))
    assert verify(world.engine.log).faults


@pytest.mark.parametrize(
    ("old", "new"), [(b'"task":"choose"', b'"task":"choo{e"'), (b'"action":"open"', b'"action":"oqen"')]
)
def test_given_an_event_that_names_what_its_template_has_not_when_the_history_is_asked_for_then_it_is_named(
    world: World, behind: Behind, again: Callable[[], Engine], old: bytes, new: bytes
) -> None:
    world.to_voting()
    event = next(record for record in events(world) if old in record.body)
    behind.put(event, reworded(event, old, new))
    with pytest.raises(IntegrityFault, match=f"event {event.sequence} "):
        again().history(world.person("kari"), "p")


@pytest.mark.parametrize(
    "body", [b"[]", b"null", b"{}", b'{"e":{"recorded_at":"2026-01-01T00:00:00"},"p":{}}', b"1e99999"]
)
def test_given_an_event_that_is_none_any_more_when_verified_then_it_is_named(
    world: World, behind: Behind, body: bytes
) -> None:
    *_, last = events(world)
    behind.put(last, replace(last, body=body))
    (fault,) = verify(world.engine.log).faults
    assert (fault.stream, fault.sequence) == (last.stream.hex, last.sequence)


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


def test_given_an_event_changed_long_ago_when_written_to_then_refused_with_the_event_and_read_all_the_same(
    world: World, behind: Behind, again: Callable[[], Engine]
) -> None:
    world.parties()
    event = town(world)
    behind.put(event, reworded(event))
    engine = again()
    with pytest.raises(IntegrityFault, match=rf"in quarantine.*event {event.sequence + 1}:"):
        engine.handle(world.person("kari"), "p", c.AddParty("other", "Other"))
    assert engine.history(world.person("kari"), "p")
    assert engine.load(event.stream).fault is not None


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
    world: World, behind: Behind, again: Callable[[], Engine], language: str, told: str
) -> None:
    world.parties()
    behind.put(town(world), reworded(town(world)))
    engine = again()
    action = engine.explain_action(world.person("kari"), "p", "stop", language)
    task = engine.explain_task(world.person("kari"), "p", "goal.1", language)
    assert (action.is_open, action.resting, task.able, task.why_not) == (False, told, (), told)
    with pytest.raises(IntegrityFault, match="in quarantine"):
        engine.save_draft(world.person("kari"), "p", "goal.1", {"text": "x"})


def test_given_one_process_in_quarantine_when_others_go_on_then_they_do_and_time_acts_on_them(
    world: World, behind: Behind, again: Callable[[], Engine]
) -> None:
    world.to_voting()
    world.engine.start(world.person("kari"), "small", "q", "Q")
    behind.put(town(world), reworded(town(world)))
    engine = again()
    engine.handle(world.person("kari"), "q", c.AddParty("other", "Other"))
    position = engine.log.position()
    world.clock.now += timedelta(days=20)
    with pytest.raises(IntegrityFault, match="“p” is in quarantine"):
        engine.tick()
    assert engine.log.position() == position


def test_given_a_process_restored_when_written_to_then_it_is_out_of_quarantine(
    world: World, behind: Behind, again: Callable[[], Engine]
) -> None:
    world.parties()
    event = town(world)
    behind.put(event, reworded(event))
    with pytest.raises(IntegrityFault):
        again().handle(world.person("kari"), "p", c.AddParty("other", "Other"))
    behind.put(reworded(event), event)
    again().handle(world.person("kari"), "p", c.AddParty("other", "Other"))


@pytest.mark.parametrize(
    "body",
    [b"[]", b"\xff\x00", b'{"e":{"type":"party.joined"},"p":{}}'],
    ids=["another JSON", "no text", "half an envelope"],
)
def test_given_an_event_that_is_none_any_more_when_read_for_audit_then_all_before_it_is_told(
    world: World, behind: Behind, again: Callable[[], Engine], body: bytes
) -> None:
    world.parties()
    event = town(world)
    behind.put(event, replace(event, body=body))
    all_before_it_is_told(world, again(), event)


@pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)  # PostgreSQL keeps bytes where bytes belong
def test_given_an_event_that_is_a_text_now_when_read_for_audit_then_all_before_it_is_told(
    world: World, behind: Behind, again: Callable[[], Engine]
) -> None:
    world.parties()
    event = town(world)
    behind.run(
        "UPDATE stored_events SET state='text, not bytes' WHERE originator_id=? AND originator_version=?",
        event.stream.hex,
        event.sequence,
    )
    all_before_it_is_told(world, again(), event)


def all_before_it_is_told(world: World, engine: Engine, event: Record) -> None:
    """History ends before an event, which is named; lists can be made of what is before it."""
    assert [line.sequence for line in engine.history(world.person("kari"), "p")] == [*range(1, event.sequence)]
    fault = engine.load(event.stream).fault
    assert fault is not None
    assert fault.sequence == event.sequence
    assert engine.rebuild_worklists() == 1


def test_given_an_event_with_another_content_when_read_for_audit_then_none_beyond_it_is_told(
    world: World, behind: Behind, again: Callable[[], Engine]
) -> None:
    """Its bytes are an envelope in its place, and its payload is none of its kind."""
    world.parties()
    event = town(world)
    behind.put(event, reworded(event, b"title", b"tittle"))
    history = again().history(world.person("kari"), "p")
    assert [line.sequence for line in history] == [*range(1, event.sequence)]


# -- rows that were moved ---------------------------------------------------------------------------------------------


@pytest.fixture
def three(world: World) -> World:
    """Beside the process p there are q and r, which nobody touches."""
    world.parties()
    for name in ("q", "r"):
        world.engine.start(world.person("kari"), "small", name, name)
        for number in range(4):
            world.engine.handle(world.person("kari"), name, c.AddParty(f"party_{number}", "Part"))
    return world


Moved = Callable[["Behind", Sequence[Record], Sequence[Record]], None]


def swapped(behind: Behind, p: Sequence[Record], q: Sequence[Record]) -> None:
    behind.put(p[4], replace(p[4], body=p[5].body))
    behind.put(p[5], replace(p[5], body=p[4].body))


def of_another(behind: Behind, p: Sequence[Record], q: Sequence[Record]) -> None:
    behind.put(p[2], replace(p[2], body=q[2].body))


def twice(behind: Behind, p: Sequence[Record], q: Sequence[Record]) -> None:
    behind.add(replace(p[6], sequence=len(p) + 1))


def given_away(behind: Behind, p: Sequence[Record], q: Sequence[Record]) -> None:
    behind.put(p[3], replace(p[3], stream=UUID(int=0)))


def taken_out(behind: Behind, p: Sequence[Record], q: Sequence[Record]) -> None:
    behind.delete(p[3])
    for event in p[4:]:
        behind.put(event, replace(event, sequence=event.sequence - 1))


def cut_off(behind: Behind, p: Sequence[Record], q: Sequence[Record]) -> None:
    for event in p[5:]:
        behind.delete(event)
    assert behind.run("UPDATE head SET sequence=5, hash=? WHERE stream=?", "0" * 64, p[0].stream.hex) == 1


def other_head(behind: Behind, p: Sequence[Record], q: Sequence[Record]) -> None:
    assert behind.run("UPDATE head SET hash=? WHERE stream=?", q[-1].hash, p[0].stream.hex) == 1


def other_envelope(behind: Behind, p: Sequence[Record], q: Sequence[Record]) -> None:
    behind.put(p[3], reworded(p[3], p[3].content()[0]["actor"].encode(), b"0" * 32))


@pytest.mark.parametrize(
    "move", [swapped, of_another, twice, given_away, taken_out, cut_off, other_head, other_envelope]
)
def test_given_rows_that_were_moved_when_used_then_that_process_is_in_quarantine_and_the_others_go_on(
    three: World, behind: Behind, again: Callable[[], Engine], move: Moved
) -> None:
    p, q = events(three), events(three, "q")
    move(behind, p, q)
    engine, kari = again(), three.person("kari")
    faults = verify(engine.log).faults
    assert p[0].stream.hex in {fault.stream for fault in faults}
    assert {engine.stream("q").hex, engine.stream("r").hex}.isdisjoint(fault.stream for fault in faults)
    with pytest.raises(IntegrityFault):
        engine.handle(kari, "p", c.AddParty("later", "Later"))
    for name in ("q", "r"):
        engine.handle(kari, name, c.AddParty("later", "Later"))


def test_given_the_order_of_positions_turned_when_verified_then_told_though_the_process_itself_is_whole(
    three: World, behind: Behind, again: Callable[[], Engine]
) -> None:
    """A position is no part of an event: whoever reads by position (the warehouse) is the one to know."""
    first, *_ = events(three)
    behind.turn(first)
    engine = again()
    assert [fault.stream for fault in verify(engine.log).faults] == [first.stream.hex]
    assert engine.load(first.stream).fault is None


def test_given_a_published_template_that_was_changed_when_processes_run_on_it_then_told_and_those_on_others_go_on(
    world: World,
    behind: Behind,
    again: Callable[[], Engine],
    small_text: str,
    write_small: Callable[..., Path],
    tmp_path: Path,
) -> None:
    second = bundle.read("small", [write_small(tmp_path / "two", small_text.replace("1.0.0", "1.1.0"))])
    world.engine.publish(second)
    world.engine.start(world.person("kari"), "small", "q", "Q")
    published, _ = [record for record in world.engine.log.all() if record.type == "bundle.published"]
    behind.put(published, reworded(published, b'en\\":\\"Small', b'en\\":\\"Tiny!'))
    fresh = again()
    with pytest.raises((IntegrityFault, NotFound), match=r"versions|not in the log"):
        fresh.handle(world.person("kari"), "p", c.AddParty("town", "Town"))
    fresh.handle(world.person("kari"), "q", c.AddParty("town", "Town"))
    with pytest.raises(IntegrityFault, match="not what was published"):
        fresh.start(world.person("kari"), "small", "r", "R")


# -- read models ------------------------------------------------------------------------------------------------------

DAMAGE = {
    "open_task.roles": "UPDATE open_task SET roles = 'lead'",
    "open_task.due": "UPDATE open_task SET due = 'tomorrow'",
    "open_task gone": "DELETE FROM open_task",
    "member.roles": "UPDATE member SET roles = '[\"lead\"'",
    "member.roles as a number": "UPDATE member SET roles = 7",
    "incident.at": "INSERT INTO incident SELECT stream, 'x', NULL, 'x', 'yesterday' FROM process WHERE name = 'p'",
    "process.stream": "UPDATE process SET stream = 'none' WHERE name = 'p'",
    "process.bundle": "UPDATE process SET bundle = 'none' WHERE name = 'p'",
}


@pytest.fixture
def office(store_url: str | None, new_world: Callable[..., Any], tmp_path: Path) -> Iterator[tuple[Workspace, World]]:
    """A workspace over the store, in which three processes are lived."""
    workspace = Workspace.create(tmp_path)
    if store_url is not None:
        (tmp_path / "samskap.toml").write_text(f'store_url = "{store_url}"\n', encoding="utf-8")
        workspace = Workspace.open(tmp_path)
    world = new_world(workspace.data, store_url=store_url)
    world.to_voting()
    for name in ("q", "r"):
        world.engine.start(world.person("kari"), "small", name, name)
    yield workspace, world
    world.engine.close()


@pytest.mark.parametrize("what", DAMAGE)
def test_given_a_damaged_list_when_used_then_only_errors_in_words_and_made_again_it_is_as_it_was(
    office: tuple[Workspace, World], behind: Behind, capsys: pytest.CaptureFixture[str], what: str
) -> None:
    workspace, world = office
    kari = world.person("kari")
    tasks, incidents = world.engine.tasks(kari), worklists.incidents(world.engine.log)
    assert behind.run(DAMAGE[what])
    assert verify(world.engine.log).faults == ()  # a list is no part of any chain
    for words in (
        ["tasks", "--as", "kari"],
        ["status"],
        ["tick"],
        ["incident", "list"],
        ["history", "p", "--as", "kari"],
    ):
        assert run(["--workspace", str(workspace.root), *words]) in EXIT_CODES
    assert run(["--workspace", str(workspace.root), "store", "rebuild"]) == 0
    assert "of 3 processes" in capsys.readouterr().out
    engine = workspace.engine(clock=world.clock)
    assert engine.tasks(kari) == tasks
    assert worklists.incidents(engine.log) == incidents
    engine.close()
