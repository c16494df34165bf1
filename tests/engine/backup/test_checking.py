"""What was changed in a backup since it was made is found, and named."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from engine.backup.manifest import NAME, Piece
from engine.backup.places import opened
from engine.backup.restoring import check
from engine.errors import IntegrityFault, NotFound, StoreError

if TYPE_CHECKING:
    Office = Any  # the class stands in conftest.py, which cannot be imported


def flip(path: Path, at: int) -> None:
    content = bytearray(path.read_bytes())
    content[at % len(content)] ^= 0x10
    path.write_bytes(content)


@pytest.mark.parametrize("name", ["events.sqlite", "config/samskap.toml", "landing/ab/abcd.csv"])
def test_given_one_bit_of_a_backup_changed_when_restored_then_named_and_nothing_made(
    office: Office, tmp_path: Path, name: str
) -> None:
    office.back_up()
    keys = office.back_up_keys()
    flip(office.places / "backup" / name, 7000)
    with pytest.raises(IntegrityFault, match=name.replace(".", r"\.")):
        check(office.places / "backup")
    with pytest.raises(IntegrityFault):
        office.restore("backup", tmp_path / "anew", keys=keys)
    assert not (tmp_path / "anew").exists()


def test_given_a_zip_with_changed_bytes_anywhere_when_checked_then_told_and_never_more_than_that(
    office: Office,
) -> None:
    office.back_up("backup.zip")
    whole = (office.places / "backup.zip").read_bytes()
    told = 0
    for at in range(0, len(whole), len(whole) // 60):
        (office.places / "flipped.zip").write_bytes(whole)
        flip(office.places / "flipped.zip", at)
        try:
            check(office.places / "flipped.zip")
        except (IntegrityFault, NotFound, StoreError):
            told += 1
    assert told > 50  # a time or an attribute of an entry is nothing that was stored


def test_given_a_zip_of_a_kind_to_come_when_checked_then_it_is_no_backup(office: Office) -> None:
    """Its version stands in the directory at its end (APPNOTE.TXT of PKWARE, 4.3.12): one flipped bit makes it 10.9."""
    office.back_up("backup.zip")
    content = bytearray((office.places / "backup.zip").read_bytes())
    content[content.index(b"PK\x01\x02") + 6] = 109
    (office.places / "backup.zip").write_bytes(content)
    with pytest.raises(IntegrityFault, match="is no whole backup"):
        check(office.places / "backup.zip")


@pytest.mark.parametrize("part", [0.1, 0.5, 0.999])
def test_given_a_zip_that_is_cut_short_when_checked_then_it_is_no_whole_backup(office: Office, part: float) -> None:
    office.back_up("backup.zip")
    whole = (office.places / "backup.zip").read_bytes()
    (office.places / "backup.zip").write_bytes(whole[: int(len(whole) * part)])
    with pytest.raises(IntegrityFault, match="no whole backup"):
        check(office.places / "backup.zip")


def test_given_a_file_of_a_backup_gone_when_checked_then_named(office: Office) -> None:
    office.back_up()
    (office.places / "backup" / "landing" / "ab" / "abcd.csv").unlink()
    with pytest.raises(IntegrityFault, match=r"abcd\.csv is gone"):
        check(office.places / "backup")


@pytest.mark.parametrize("path", ["../outside", "/etc/passwd", "a/../../b", ""])
def test_given_a_manifest_that_leads_out_of_the_backup_when_read_then_refused(office: Office, path: str) -> None:
    office.back_up()
    manifest = office.places / "backup" / NAME
    manifest.write_text(manifest.read_text().replace("config/samskap.toml", path))
    with pytest.raises(IntegrityFault, match="manifest"):
        check(office.places / "backup")


def test_given_another_log_under_hashes_that_fit_it_when_checked_then_the_head_gives_it_away(
    office: Office, tmp_path: Path
) -> None:
    """Whoever can write a backup's files can write its manifest; not the head that was kept elsewhere."""
    held = office.back_up().log
    assert held is not None
    place = office.places / "backup"
    with closing(sqlite3.connect(place / "events.sqlite")) as connection, connection:
        for table, last in (("stored_events", held.position), ("head", 0)):
            connection.execute(f"DELETE FROM {table} WHERE rowid > ?", (last - 1 if last else 1,))
    with opened(place) as backup:
        found = backup.manifest
    new = Piece(
        size=(place / "events.sqlite").stat().st_size,
        sha256=sha256((place / "events.sqlite").read_bytes()).hexdigest(),
    )
    forged = found.model_copy(update={"files": {**found.files, "events.sqlite": new}})
    (place / NAME).write_bytes(forged.text())
    with pytest.raises(IntegrityFault, match="not the one that was backed up"):
        check(place)
    with pytest.raises(IntegrityFault, match="not the one that was backed up"):
        office.restore("backup", tmp_path / "anew", keys=office.back_up_keys())
    assert not (tmp_path / "anew").exists()
