"""F13 and F14: bits that flip anywhere in the files of SQLite, and logs that end in the middle.

Whatever lies on the disk, a program says what is wrong in words and never falls over; no changed event is taken for
one that was stored; and the processes that were not touched go on.
"""

from __future__ import annotations

import random
import shutil
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from cli.app import run
from cli.exit_codes import EXIT_CODES
from engine.backup.making import back_up
from engine.backup.restoring import check
from engine.engine import Engine
from engine.errors import IntegrityFault, SamskapError
from engine.process import commands as c
from engine.store import heads
from engine.store.log import Record
from engine.store.people import Session
from engine.store.verify import verify
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
