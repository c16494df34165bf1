"""Whoever is erased is erased in logs that were replaced, too; and what killed restores left goes."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path
from textwrap import dedent
from typing import TYPE_CHECKING, Any
from zipfile import ZipFile

import pytest

from engine.backup.making import LANDING
from engine.backup.replaced import REPLACED, erase_in_replaced, restoring
from engine.backup.restoring import Wishes, check, restore
from engine.engine import Engine
from engine.errors import Conflict
from engine.personal import erasing
from engine.process.events import SubjectErased
from engine.store.verify import verify

if TYPE_CHECKING:
    Office = Any  # the class stands in conftest.py, which cannot be imported


@pytest.fixture
def replaced(office: Office) -> Path:
    """A log with a draft of ola's and one party more, which a backup from before has taken the place of."""
    office.back_up()
    office.add("one")
    found = office.restore("backup", office.workspace.root, replace=True).replaced
    assert found is not None
    return found


def erase(office: Office, handle: str) -> None:
    engine = office.world.engine
    erasing.erase(engine, erasing.plan(engine, engine.people.find(handle)), "asked for it")


def go_through(office: Office, engine: Engine | None = None) -> Any:
    with restoring(office.workspace) as scratch:
        return erase_in_replaced(office.workspace, engine or office.world.engine, scratch, lambda _: None)


def test_given_a_log_that_was_put_aside_when_looked_into_then_no_landed_file_lies_in_it(
    office: Office, replaced: Path
) -> None:
    assert not [name for name in ZipFile(replaced).namelist() if name.startswith(LANDING)]
    assert (office.workspace.landing / "ab" / "abcd.csv").is_file()


@pytest.mark.fault("F20")
def test_given_a_replaced_log_when_somebody_is_erased_then_no_row_of_theirs_is_in_it_and_all_else_can_come_back(
    office: Office, replaced: Path
) -> None:
    engine, ola = office.world.engine, office.world.engine.people.find("ola")
    mark, handle = engine.people.fingerprint(ola.id).encode(), engine.people.handle_mark("ola").encode()
    assert mark in ZipFile(replaced).read("events.sqlite")
    erase(office, "ola")
    assert go_through(office).erased == (replaced,)
    held = ZipFile(replaced).read("events.sqlite")
    assert (mark in held, handle in held) == (False, False)
    check(replaced)
    restore(replaced, office.workspace.root, Wishes(replace=True), clock=office.world.clock)
    assert "one" in office.world.state.parties
    assert [record.type for record in office.log.all()].count(SubjectErased.TYPE) == 1
    assert not verify(office.log).faults


def test_given_a_replaced_log_that_was_gone_through_when_again_then_left_as_it_is(
    office: Office, replaced: Path
) -> None:
    erase(office, "ola")
    go_through(office)
    before = replaced.read_bytes()
    assert (go_through(office).erased, replaced.read_bytes()) == ((), before)
    erase(office, "eva")
    assert go_through(office).erased == (replaced,)


def test_given_a_power_cut_while_a_replaced_log_is_packed_anew_when_again_then_the_one_from_before_was_whole(
    office: Office, replaced: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    erase(office, "ola")
    before = replaced.read_bytes()

    def fail(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr("engine.backup.replaced.Path.replace", fail)
        with pytest.raises(KeyboardInterrupt):
            go_through(office)
    assert replaced.read_bytes() == before
    assert go_through(office).erased == (replaced,)
    assert [path.name for path in replaced.parent.iterdir()] == [replaced.name]


def test_given_a_replaced_log_that_is_damaged_when_gone_through_then_it_is_named(
    office: Office, replaced: Path
) -> None:
    replaced.write_bytes(replaced.read_bytes()[:-100])
    erase(office, "ola")
    assert go_through(office).unread == (replaced,)


KILLED = dedent(
    """
    import os, signal, sys
    from pathlib import Path
    from engine.backup.replaced import restoring
    from engine.workspace import Workspace
    with restoring(Workspace.open(Path(sys.argv[1]))) as scratch:
        (scratch / "ola.key").write_bytes(b"k" * 32)
        os.kill(os.getpid(), signal.SIGKILL)
    """
)


def test_given_a_restore_that_was_killed_when_gone_through_then_the_keys_that_it_took_out_are_gone(
    office: Office,
) -> None:
    done = subprocess.run([sys.executable, "-c", KILLED, str(office.workspace.root)], check=False)
    left, half = office.workspace.data / ".restoring" / "ola.key", office.workspace.data / REPLACED / ".a.zip.partial"
    half.mkdir(parents=True)
    assert (done.returncode, left.exists()) == (-signal.SIGKILL, True)
    go_through(office)
    assert (left.exists(), half.exists()) == (False, False)


def test_given_somebody_who_restores_when_gone_through_then_told_to_wait(office: Office) -> None:
    with restoring(office.workspace), pytest.raises(Conflict, match="at it"):
        go_through(office)
