"""What a backup holds and what not, and where it may lie."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from engine.backup.making import back_up, back_up_keys
from engine.backup.restoring import check
from engine.errors import Conflict, Refused
from engine.template.sources import BUILT_IN

if TYPE_CHECKING:
    Office = Any  # the class stands in conftest.py, which cannot be imported


@pytest.mark.parametrize("name", ["backup", "backup.zip"])
def test_given_keys_and_personal_texts_when_backed_up_then_neither_is_in_it(office: Office, name: str) -> None:
    office.back_up(name)
    held = office.contents(office.places / name)
    keys = [path.read_bytes() for path in (office.workspace.data / "keys").rglob("*.key")]
    assert len(keys) > 5
    assert b"year,value" in held
    assert b"a form" in held
    assert not any(key in held or key.hex().encode() in held for key in keys)
    assert b"kanarifugl" not in held


def test_given_a_draft_that_was_thrown_away_when_backed_up_then_its_bytes_do_not_come_along(office: Office) -> None:
    """SQLite keeps what was deleted in free pages; a copy of the file would carry them away."""
    (row,) = office.log.query("SELECT body FROM draft")
    office.world.engine.drop_draft(office.world.person("ola"), "p", "vote.1.m2")
    office.back_up()
    assert row["body"] not in office.contents(office.places / "backup")


@pytest.mark.parametrize("name", ["keys", "keys.zip"])
def test_given_a_backup_of_the_log_when_the_keys_go_beside_it_then_refused(office: Office, name: str) -> None:
    office.back_up()
    for place in (office.places / name, office.places / "backup" / name):
        with pytest.raises(Refused, match="a backup of the log lies there"):
            back_up_keys(office.workspace, place, at=office.world.clock())
        assert not place.exists()


def test_given_a_backup_of_the_keys_when_the_log_goes_beside_it_then_refused(office: Office) -> None:
    back_up_keys(office.workspace, office.places / "keys.zip", at=office.world.clock())
    with pytest.raises(Refused, match="a backup of the keys lies there"):
        office.back_up()


def test_given_the_workspaces_own_data_when_backed_up_into_then_refused(office: Office) -> None:
    with pytest.raises(Refused, match="own data folder"):
        back_up(office.workspace, office.world.engine, office.workspace.data / "b", at=office.world.clock())


@pytest.mark.parametrize("name", ["backup", "backup.zip"])
def test_given_something_at_the_place_when_backed_up_then_refused_and_it_is_as_it_was(
    office: Office, name: str
) -> None:
    office.back_up(name)
    before = office.contents(office.places / name)
    office.add("more")
    with pytest.raises(Conflict, match="already"):
        office.back_up(name)
    assert office.contents(office.places / name) == before


@pytest.mark.fault("F5")
@pytest.mark.parametrize("limit", [60_000, 200_000])
def test_given_a_full_disk_when_backed_up_then_a_clear_error_and_nothing_is_left(office: Office, limit: int) -> None:
    code = f"""
import resource, signal, sys
from pathlib import Path
from engine.backup.making import back_up
from engine.errors import StoreError
from engine.workspace import Workspace
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
workspace = Workspace.open(Path({str(office.workspace.root)!r}))
engine = workspace.engine()
resource.setrlimit(resource.RLIMIT_FSIZE, ({limit}, {limit}))
try:
    back_up(workspace, engine, Path({str(office.places / "new.zip")!r}), at=engine.clock())
except StoreError as error:
    print(error.message)
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=BUILT_IN, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip()
    assert list(office.places.iterdir()) == []
    office.back_up("new.zip")
    check(office.places / "new.zip")
