"""F13 and F14: bits that flip anywhere in the store's files, logs that end in the middle, rows that were moved.

Whatever lies on the disk, a program says what is wrong in words and never falls over; no changed event is taken for
one that was stored; and the processes that were not touched go on.
"""

from __future__ import annotations

import random
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from cli.app import run
from cli.exit_codes import EXIT_CODES
from engine.backup.making import back_up
from engine.backup.restoring import check
from engine.engine import Engine
from engine.errors import IntegrityFault, NotFound, SamskapError
from engine.process import commands as c
from engine.store import heads, worklists
from engine.store.log import Record
from engine.store.people import Session
from engine.store.verify import verify
from engine.template import bundle
from engine.workspace import Workspace

NAMES = ("p", "q", "r")


@dataclass
class Pristine:
    """A workspace that was left in order: three processes, some of it still in the write-ahead log."""

    root: Path
    world: Any
    kari: Session
    records: list[Record]
    head: heads.Head

    def copy(self, to: Path) -> Path:
        """The workspace again, as a machine that lost its power would leave it."""
        shutil.rmtree(to, ignore_errors=True)
        shutil.copytree(self.root, to, ignore=shutil.ignore_patterns("*-shm"))
        return to


@pytest.fixture(scope="module")
def pristine(tmp_path_factory: pytest.TempPathFactory, new_world: Callable[[Path], Any]) -> Iterator[Pristine]:
    root = tmp_path_factory.mktemp("torn") / "work"
    workspace = Workspace.create(root)
    world = new_world(workspace.data)
    kari = world.person("kari")
    world.to_voting()
    world.engine.save_draft(world.person("ola"), "p", "vote.1.m2", {"score": 3})
    world.submit("eva", "vote.1.m3", {"score": 5, "why": "derfor"})
    world.engine.log.query("PRAGMA wal_checkpoint(TRUNCATE)")
    for name in NAMES[1:]:
        world.engine.start(kari, "small", name, name)
        for number in range(4):
            world.engine.handle(kari, name, c.AddParty(f"party_{number}", "Part"))
    yield Pristine(root, world, kari, list(world.engine.log.all()), heads.head(world.engine.log))
    world.engine.close()


def flip(path: Path, at: int, bit: int) -> None:
    with path.open("r+b") as file:
        file.seek(at)
        (byte,) = file.read(1)
        file.seek(at)
        file.write(bytes([byte ^ (1 << bit)]))


def used(pristine: Pristine, root: Path) -> tuple[set[str], set[str]]:
    """Do everything with a workspace; the processes that go on, and those that verify names. Only our errors are told."""
    going, faulty = set[str](), set[str]()
    engine = None
    with suppress(SamskapError):
        engine = Engine.open(root / "data", clock=pristine.world.clock)
    if engine is None:
        return going, {"everything"}
    try:
        verdict = verify(engine.log)
        faulty = {fault.stream for fault in verdict.faults}
        if not faulty and list(engine.log.all()) != pristine.records:
            with pytest.raises(IntegrityFault):
                heads.check(engine.log, pristine.head)
            faulty.add("the end")
    except SamskapError:
        faulty.add("everything")
    for name in NAMES:
        for look in (engine.history, engine.tasks):
            with suppress(SamskapError):
                look(pristine.kari, name)
        with suppress(SamskapError):
            engine.handle(pristine.kari, name, c.AddParty("later", "Later"))
            going.add(name)
    for act in (
        engine.processes,
        engine.people.all,
        engine.tick,
        engine.rebuild_worklists,
        lambda: engine.tasks(pristine.kari),
    ):
        with suppress(SamskapError):
            act()
    workspace = Workspace.open(root)
    with suppress(SamskapError):
        back_up(workspace, engine, root.parent / "backup.zip", at=engine.clock())
        check(root.parent / "backup.zip")
    (root.parent / "backup.zip").unlink(missing_ok=True)
    engine.close()
    return going, faulty


def flipped(pristine: Pristine, tmp_path: Path, name: str, times: int, seed: int) -> tuple[int, int]:
    """Flip one bit at a time somewhere in a file; how often verify told of it, and how often every process went on."""
    dice = random.Random(seed)
    told = whole = 0
    for _ in range(times):
        root = pristine.copy(tmp_path / "work")
        file = root / "data" / name
        flip(file, dice.randrange(file.stat().st_size), dice.randrange(8))
        going, faulty = used(pristine, root)
        told += bool(faulty)
        whole += going == set(NAMES)
    return told, whole


@pytest.mark.fault("F13")
@pytest.mark.parametrize("name", ["events.sqlite", "events.sqlite-wal"])
def test_given_a_bit_that_flipped_anywhere_when_everything_is_tried_then_only_errors_in_words(
    pristine: Pristine, tmp_path: Path, name: str
) -> None:
    told, whole = flipped(pristine, tmp_path, name, 15, seed=20261128)
    assert told + whole > 0


@pytest.mark.slow
@pytest.mark.fault("F13")
def test_given_hundreds_of_flipped_bits_when_everything_is_tried_then_only_errors_in_words(
    pristine: Pristine, tmp_path: Path
) -> None:
    told, whole = flipped(pristine, tmp_path, "events.sqlite", 300, seed=7)
    assert told > 20
    assert whole > 150  # most of a file is not the end of a chain


@pytest.mark.fault("F13")
def test_given_flipped_bits_when_asked_on_the_command_line_then_verify_and_doctor_tell_and_never_fall_over(
    pristine: Pristine, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    dice = random.Random(3)
    for _ in range(6):
        root = pristine.copy(tmp_path / "work")
        file = root / "data" / "events.sqlite"
        flip(file, dice.randrange(file.stat().st_size), dice.randrange(8))
        for words in (["verify"], ["doctor"], ["status"], ["head"]):
            assert run(["--workspace", str(root), *words]) in EXIT_CODES
        assert "Traceback" not in capsys.readouterr().err


@pytest.mark.fault("F1")
@pytest.mark.fault("F13")
def test_given_a_log_that_ends_in_the_middle_when_opened_then_whole_commits_only_and_a_kept_head_tells(
    pristine: Pristine, tmp_path: Path
) -> None:
    """What was not on the disk yet when the power failed; or, with an older head, what somebody cut off."""
    dice = random.Random(5)
    commits = {1}
    for record in pristine.records[1:]:
        envelope, _ = record.content()
        if envelope["command_id"] != pristine.records[record.position - 2].content()[0]["command_id"]:
            commits.add(record.position)
    for _ in range(12):
        root = pristine.copy(tmp_path / "work")
        file = root / "data" / "events.sqlite-wal"
        with file.open("r+b") as wal:
            wal.truncate(dice.randrange(file.stat().st_size))
        engine = Engine.open(root / "data", clock=pristine.world.clock)
        found = list(engine.log.all())
        assert found == pristine.records[: len(found)]
        assert len(found) + 1 in commits | {len(pristine.records) + 1}
        assert not verify(engine.log).faults
        if len(found) < len(pristine.records):
            with pytest.raises(IntegrityFault, match="went on to"):
                heads.check(engine.log, pristine.head)
        engine.close()


# -- rows that were moved ---------------------------------------------------------------------------------------------

P, Q = "(SELECT stream FROM process WHERE name = 'p')", "(SELECT stream FROM process WHERE name = 'q')"
BODY = "SELECT state FROM stored_events WHERE originator_id = {} AND originator_version = {}"
SURGERY = {
    "two events of a process swapped": (
        f"UPDATE stored_events SET state = CASE originator_version WHEN 5 THEN ({BODY.format(P, 6)})"
        f" ELSE ({BODY.format(P, 5)}) END WHERE originator_id = {P} AND originator_version IN (5, 6)",
    ),
    "an event from another process": (
        f"UPDATE stored_events SET state = ({BODY.format(Q, 3)})"
        f" WHERE originator_id = {P} AND originator_version = 3",
    ),
    "an event twice": (
        "INSERT INTO stored_events (originator_id, originator_version, topic, state) SELECT originator_id,"
        f" 1 + (SELECT max(originator_version) FROM stored_events WHERE originator_id = {P}), topic, state"
        f" FROM stored_events WHERE originator_id = {P} AND originator_version = 7",
    ),
    "given to another stream": (
        f"UPDATE stored_events SET originator_id = '{'0' * 32}' WHERE originator_id = {P} AND originator_version = 4",
    ),
    "an event taken out and the rest closed up": (
        f"DELETE FROM stored_events WHERE originator_id = {P} AND originator_version = 4",
        f"UPDATE stored_events SET originator_version = originator_version - 1 WHERE originator_id = {P}"
        " AND originator_version > 4",
    ),
    "cut off, and the head with it": (
        f"DELETE FROM stored_events WHERE originator_id = {P} AND originator_version > 9",
        f"UPDATE head SET sequence = 9, hash = '{'0' * 64}' WHERE stream = {P}",
    ),
}  # fmt: skip


@pytest.mark.fault("F13")
@pytest.mark.parametrize("what", SURGERY)
def test_given_rows_that_were_moved_when_used_then_that_process_is_in_quarantine_and_the_others_go_on(
    pristine: Pristine, tmp_path: Path, what: str
) -> None:
    root = pristine.copy(tmp_path / "work")
    with closing(sqlite3.connect(root / "data" / "events.sqlite")) as connection, connection:
        for statement in SURGERY[what]:
            connection.execute(statement)
    engine = Engine.open(root / "data", clock=pristine.world.clock)
    faults = verify(engine.log).faults
    assert engine.stream("p").hex in {fault.stream for fault in faults}
    assert {engine.stream("q").hex, engine.stream("r").hex}.isdisjoint(fault.stream for fault in faults)
    with pytest.raises(IntegrityFault):
        engine.handle(pristine.kari, "p", c.AddParty("later", "Later"))
    for name in ("q", "r"):
        engine.handle(pristine.kari, name, c.AddParty("later", "Later"))
    engine.close()


@pytest.mark.fault("F13")
def test_given_the_order_of_positions_turned_when_verified_then_told_though_the_process_itself_is_whole(
    pristine: Pristine, tmp_path: Path
) -> None:
    """A position is no part of an event: whoever reads by position (the warehouse) is the one to know."""
    root = pristine.copy(tmp_path / "work")
    with closing(sqlite3.connect(root / "data" / "events.sqlite")) as connection, connection:
        connection.execute(f"UPDATE stored_events SET rowid = -rowid WHERE originator_id = {P}")
    engine = Engine.open(root / "data", clock=pristine.world.clock)
    assert [fault.stream for fault in verify(engine.log).faults] == [engine.stream("p").hex]
    assert engine.load(engine.stream("p")).fault is None
    engine.close()


@pytest.mark.fault("F13")
def test_given_a_published_template_that_was_changed_when_processes_run_on_it_then_told_and_those_on_others_go_on(
    world: Any, small_text: str, write_small: Callable[..., Path], tmp_path: Path
) -> None:
    second = bundle.read("small", [write_small(tmp_path / "two", small_text.replace("1.0.0", "1.1.0"))])
    world.engine.publish(second)
    world.engine.start(world.person("kari"), "small", "q", "Q")
    with closing(sqlite3.connect(world.folder / "events.sqlite")) as connection, connection:
        connection.execute(
            "UPDATE stored_events SET state = CAST(replace(CAST(state AS TEXT), 'en\\\":\\\"Small', 'en\\\":\\\"Tiny!') AS BLOB)"
            " WHERE topic = 'bundle.published' AND originator_version = 1"
        )
        assert connection.total_changes == 1
    fresh = Engine.open(world.folder, clock=world.clock)
    with pytest.raises((IntegrityFault, NotFound), match=r"versions|not in the log"):
        fresh.handle(world.person("kari"), "p", c.AddParty("town", "Town"))
    fresh.handle(world.person("kari"), "q", c.AddParty("town", "Town"))
    with pytest.raises(IntegrityFault, match="not what was published"):
        fresh.start(world.person("kari"), "small", "r", "R")
    fresh.close()


DAMAGE = {
    "open_task.roles": "UPDATE open_task SET roles = 'lead'",
    "open_task.due": "UPDATE open_task SET due = 'tomorrow'",
    "member.roles": "UPDATE member SET roles = '[\"lead\"'",
    "member.roles as a number": "UPDATE member SET roles = 7",
    "incident.at": "INSERT INTO incident SELECT stream, 'x', NULL, 'x', 'yesterday' FROM process WHERE name = 'p'",
    "process.stream": "UPDATE process SET stream = 'none' WHERE name = 'p'",
}


@pytest.mark.fault("F13")
@pytest.mark.parametrize("what", DAMAGE)
def test_given_a_damaged_list_when_used_then_only_errors_in_words_and_made_again_it_is_as_it_was(
    pristine: Pristine, tmp_path: Path, capsys: pytest.CaptureFixture[str], what: str
) -> None:
    root = pristine.copy(tmp_path / "work")
    with closing(sqlite3.connect(root / "data" / "events.sqlite")) as connection, connection:
        connection.execute(DAMAGE[what])
    for words in (
        ["tasks", "--as", "kari"],
        ["status"],
        ["tick"],
        ["incident", "list"],
        ["history", "p", "--as", "kari"],
    ):
        assert run(["--workspace", str(root), *words]) in EXIT_CODES
    assert run(["--workspace", str(root), "store", "rebuild"]) == 0
    assert "of 3 processes" in capsys.readouterr().out
    engine = Engine.open(root / "data", clock=pristine.world.clock)
    assert engine.tasks(pristine.kari) == pristine.world.engine.tasks(pristine.kari)
    assert worklists.incidents(engine.log) == worklists.incidents(pristine.world.engine.log)
    engine.close()
