"""A backup or a restore that is killed at any moment leaves what was there, and nothing half (F4)."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from engine.backup.manifest import NAME
from engine.backup.restoring import check
from engine.errors import IntegrityFault, NotFound
from engine.template.sources import BUILT_IN
from engine.workspace import Workspace

if TYPE_CHECKING:
    Office = Any  # the class stands in conftest.py, which cannot be imported

KINDS = ["sqlite", "postgres"]


KILLED = """
import os, signal, sys
from pathlib import Path
import engine.backup.{module} as module
from engine.backup.making import back_up
from engine.backup.restoring import Wishes, restore
from engine.workspace import Workspace

def killed(*arguments, **options):
    {first}
    os.kill(os.getpid(), signal.SIGKILL)

workspace = Workspace.open(Path(sys.argv[1]))
opened = workspace.engine()
original = {what}
{what} = killed
{act}
"""
BACK_UP = "back_up(workspace, opened, Path(sys.argv[2]), at=opened.clock())"
RESTORE = "restore(Path(sys.argv[2]), Path(sys.argv[3]), Wishes(keys=Path(sys.argv[4]), replace=True))"
BEFORE, AFTER = "pass", "original(*arguments, **options)"


def kill(code: str, *arguments: Path | str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", code, *map(str, arguments)], cwd=BUILT_IN, capture_output=True, text=True, check=False
    )
    assert done.returncode == -9, done.stderr


@pytest.mark.fault("F4")
@pytest.mark.parametrize("name", ["new", "new.zip"])
@pytest.mark.parametrize(
    ("what", "first"),
    [("module.Packing.add", AFTER), ("module.Packing.finish", BEFORE), ("module.Packing.finish", AFTER)],
    ids=["after the log", "before its manifest", "before it has its name"],
)
def test_given_a_backup_that_is_killed_when_looked_at_then_none_is_there_and_the_old_one_is_intact(
    office: Office, name: str, what: str, first: str
) -> None:
    office.back_up("old")
    before = office.contents(office.places / "old")
    kill(
        KILLED.format(module="places", what=what, first=first, act=BACK_UP), office.workspace.root, office.places / name
    )
    assert not (office.places / name).exists()
    partial = [path for path in office.places.rglob("*") if path.name != "old" and not (path / NAME).exists()]
    for left in partial:
        with pytest.raises((IntegrityFault, NotFound)):
            check(left)
    assert office.contents(office.places / "old") == before
    office.back_up(name)
    assert check(office.places / name).log == check(office.places / "old").log
    assert sorted(path.name for path in office.places.iterdir()) == [name, "old"]


@pytest.mark.fault("F4")
@pytest.mark.parametrize(
    ("module", "what", "first"),
    [
        ("restoring", "module.SqliteLog.fill", BEFORE),
        ("restoring", "module._Restoring._verified", BEFORE),
        ("restoring", "module.sync_tree", BEFORE),
    ],
    ids=["before the log", "after the log", "before the keys are on disk"],
)
def test_given_a_restore_that_is_killed_when_looked_at_then_no_half_workspace_and_done_again_it_is_whole(
    office: Office, tmp_path: Path, module: str, what: str, first: str
) -> None:
    office.back_up()
    keys, wanted, anew = office.back_up_keys(), office.everything(office.log), tmp_path / "anew"
    code = KILLED.format(module=module, what=what, first=first, act=RESTORE)
    kill(code, office.workspace.root, office.places / "backup", anew, keys)
    assert not anew.exists()
    office.restore("backup", anew, keys=keys, verify=True)
    engine = Workspace.open(anew).engine(clock=office.world.clock)
    assert office.everything(engine.log) == wanted
    engine.close()
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".")]


@pytest.mark.fault("F4")
def test_given_a_restore_into_a_database_killed_before_its_folder_has_a_name_when_done_again_then_it_is_whole(
    office: Office, tmp_path: Path, new_database: Callable[[], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    office.back_up()
    keys, wanted, anew = office.back_up_keys(), office.everything(office.log), tmp_path / "anew"
    code = KILLED.format(module="restoring", what="module._Restoring._verified", first=BEFORE, act=RESTORE)
    code = code.replace("opened = workspace.engine()", "os.environ['SAMSKAP_STORE_URL'] = sys.argv[5]")
    url = new_database()
    kill(code, office.workspace.root, office.places / "backup", anew, keys, url)
    assert not anew.exists()
    monkeypatch.setenv("SAMSKAP_STORE_URL", url)
    restored = office.restore("backup", anew, keys=keys, verify=True)
    assert (restored.differing, restored.lost, restored.replaced) == ((), 0, None)
    engine = Workspace.open(anew).engine(clock=office.world.clock)
    assert office.everything(engine.log) == wanted
    engine.close()


KILLED_WITHIN = """
import os, signal, sys
from pathlib import Path
import engine.backup.restoring as restoring
from engine.backup.restoring import Wishes, restore

carry = restoring.carry

def within(source, log, folds, **options):
    def broken():
        yield from folds
        os.kill(os.getpid(), signal.SIGKILL)
    carry(source, log, broken(), **options)

restoring.carry = within
restore(Path(sys.argv[1]), Path(sys.argv[2]), Wishes(replace=True))
"""


@pytest.mark.fault("F4")
@pytest.mark.parametrize("kind", KINDS)
def test_given_a_log_being_replaced_when_killed_then_the_old_one_is_there_whole(
    kind: str, office_on: Callable[[str], Office], tmp_path: Path
) -> None:
    office = office_on(kind)
    office.back_up()
    office.add("later")
    before = office.everything(office.log)
    kill(KILLED_WITHIN, office.places / "backup", office.workspace.root)
    assert office.everything(office.log) == before
    office.add("later still")
    office.world.engine.close()
