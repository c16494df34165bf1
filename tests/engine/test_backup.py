"""A backup is one moment of the workspace without its keys, whole or none; and a workspace comes of it again."""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest

from engine.backup.making import back_up, back_up_keys
from engine.backup.manifest import NAME, Manifest, Piece
from engine.backup.places import opened
from engine.backup.restoring import Restored, Wishes, check, restore
from engine.engine import Engine
from engine.errors import Conflict, IntegrityFault, KeyMissing, NotFound, Refused, StoreError, UsageError
from engine.personal import erasing
from engine.process import commands as c
from engine.store import heads
from engine.store.address import create
from engine.store.copying import unlike
from engine.store.keys import KeyFolder
from engine.store.log import Log
from engine.store.sqlite import SqliteLog
from engine.store.tables import FOLDS, KEPT, TABLES
from engine.store.verify import verify
from engine.template.sources import BUILT_IN
from engine.workspace import Workspace

KINDS = ["sqlite", "postgres"]


def everything(log: Log) -> dict[str, Any]:
    """All that is in a store, table by table."""
    rows = {name: sorted(map(str, log.query(f"SELECT * FROM {name}"))) for name in TABLES}
    return {**rows, "events": list(log.all())}


@dataclass
class Office:
    """A workspace in which the small template is lived, and a place for backups outside of it."""

    workspace: Workspace
    world: Any
    places: Path

    @property
    def log(self) -> Log:
        log: Log = self.world.engine.log
        return log

    def back_up(self, name: str = "backup", engine: Engine | None = None) -> Manifest:
        return back_up(self.workspace, engine or self.world.engine, self.places / name, at=self.world.clock())

    def back_up_keys(self) -> Path:
        (self.places / "safe").mkdir()
        back_up_keys(self.workspace, self.places / "safe" / "keys", at=self.world.clock())
        return self.places / "safe" / "keys"

    def restore(self, name: str, root: Path, **wishes: Any) -> Restored:
        return restore(self.places / name, root, Wishes(**wishes), clock=self.world.clock)

    def add(self, party: str) -> None:
        self.world.do("kari", c.AddParty(party, party.title()), command_id=party)


def address(kind: str, request: pytest.FixtureRequest, tmp_path: Path, name: str) -> str:
    if kind == "postgres":
        url: str = request.getfixturevalue("new_database")()
        return url
    return f"sqlite:///{tmp_path}/{name}.sqlite"


def made(root: Path, url: str | None, new_world: Callable[..., Any], places: Path) -> Office:
    workspace = Workspace.create(root)
    if url:
        (root / "samskap.toml").write_text(f'store_url = "{url}"\n', encoding="utf-8")
        workspace = Workspace.open(root)
        create(url, workspace.data).close()
    world = new_world(workspace.data, store_url=url)
    world.to_voting()
    world.engine.save_draft(world.person("ola"), "p", "vote.1.m2", {"score": 3})
    world.submit("eva", "vote.1.m3", {"score": 5, "why": "kanarifugl"})
    (workspace.landing / "ab").mkdir(parents=True)
    (workspace.landing / "ab" / "abcd.csv").write_bytes(b"year,value\n2026,1\n")
    (workspace.root / "forms" / "small").mkdir()
    (workspace.root / "forms" / "small" / "note.yaml").write_text("a form", encoding="utf-8")
    places.mkdir()
    return Office(workspace, world, places)


@pytest.fixture
def office(tmp_path: Path, new_world: Callable[..., Any]) -> Iterator[Office]:
    office = made(tmp_path / "work", None, new_world, tmp_path / "places")
    yield office
    office.world.engine.close()


# -- from any store into any store -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("target", KINDS)
@pytest.mark.parametrize("source", KINDS)
def test_given_a_backup_of_one_store_when_restored_into_another_then_all_is_there_and_life_goes_on(
    source: str, target: str, request: pytest.FixtureRequest, tmp_path: Path, new_world: Callable[..., Any]
) -> None:
    office = made(tmp_path / "work", address(source, request, tmp_path, "one"), new_world, tmp_path / "places")
    office.add("third")
    held = office.back_up().log
    assert held is not None
    keys, before = office.back_up_keys(), everything(office.log)
    assert held.head == str(heads.head(office.log))
    office.world.engine.close()
    anew = Workspace.create(tmp_path / "anew")
    shutil.rmtree(anew.data / "keys")
    url = address(target, request, tmp_path, "two")
    (anew.root / "samskap.toml").write_text(f'store_url = "{url}"\n', encoding="utf-8")
    restored = office.restore("backup", anew.root, keys=keys, kept=heads.parse(held.head), verify=True)
    assert (restored.differing, restored.lost, restored.log) == ((), 0, held)
    engine = Workspace.open(anew.root).engine(clock=office.world.clock)
    assert everything(engine.log) == before
    ola = office.world.person("ola")
    draft = engine.draft(ola, "p", "vote.1.m2")
    assert draft is not None
    assert draft.answers == {"score": 3}
    again = engine.handle(office.world.person("kari"), "p", c.AddParty("third", "Third"), command_id="third")
    assert again.replayed
    engine.handle(ola, "p", c.Submit("vote.1.m2", {"score": 3}, None))
    assert [record.position for record in engine.log.all()] == list(range(1, engine.log.position() + 1))
    assert not verify(engine.log).faults
    assert (anew.landing / "ab" / "abcd.csv").read_bytes() == b"year,value\n2026,1\n"
    engine.close()


@pytest.mark.parametrize("kind", KINDS)
def test_given_people_who_write_when_backed_up_then_one_moment_of_the_log_and_nobody_waits(
    kind: str, request: pytest.FixtureRequest, tmp_path: Path, new_world: Callable[..., Any]
) -> None:
    office = made(tmp_path / "work", address(kind, request, tmp_path, "one"), new_world, tmp_path / "places")
    writer = office.workspace.engine(clock=office.world.clock)
    stop = threading.Event()
    written: list[str] = []

    def write() -> None:
        while not stop.is_set():
            party = f"party_{len(written)}"
            writer.handle(office.world.person("kari"), "p", c.AddParty(party, party))
            written.append(party)

    thread = threading.Thread(target=write)
    thread.start()
    counts = []
    for number in range(4):
        before = len(written)
        office.back_up(f"{number}.zip")
        counts.append(len(written) - before)
    stop.set()
    thread.join()
    assert sum(counts) > 0
    keys = office.back_up_keys()
    for number in range(4):
        anew = Workspace.create(tmp_path / f"at_{number}")
        restored = office.restore(f"{number}.zip", anew.root, keys=keys, verify=True)
        assert (restored.differing, restored.log.faults) == ((), ())
        heads.check(office.log, heads.parse(restored.log.head))
    writer.close()
    office.world.engine.close()


# -- what is in it, and what is not -------------------------------------------------------------------------------------


def contents(place: Path) -> bytes:
    """All bytes of a backup, as they lie there or unpacked."""
    if place.suffix == ".zip":
        with ZipFile(place) as archive:
            return b"".join(archive.read(name) for name in archive.namelist())
    return b"".join(path.read_bytes() for path in sorted(place.rglob("*")) if path.is_file())


@pytest.mark.parametrize("name", ["backup", "backup.zip"])
def test_given_keys_and_personal_texts_when_backed_up_then_neither_is_in_it(office: Office, name: str) -> None:
    office.back_up(name)
    held = contents(office.places / name)
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
    assert row["body"] not in contents(office.places / "backup")


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
    before = contents(office.places / name)
    office.add("more")
    with pytest.raises(Conflict, match="already"):
        office.back_up(name)
    assert contents(office.places / name) == before


# -- F4: broken off -----------------------------------------------------------------------------------------------------

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
    before = contents(office.places / "old")
    kill(
        KILLED.format(module="places", what=what, first=first, act=BACK_UP), office.workspace.root, office.places / name
    )
    assert not (office.places / name).exists()
    partial = [path for path in office.places.rglob("*") if path.name != "old" and not (path / NAME).exists()]
    for left in partial:
        with pytest.raises((IntegrityFault, NotFound)):
            check(left)
    assert contents(office.places / "old") == before
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
    keys, wanted, anew = office.back_up_keys(), everything(office.log), tmp_path / "anew"
    code = KILLED.format(module=module, what=what, first=first, act=RESTORE)
    kill(code, office.workspace.root, office.places / "backup", anew, keys)
    assert not anew.exists()
    office.restore("backup", anew, keys=keys, verify=True)
    engine = Workspace.open(anew).engine(clock=office.world.clock)
    assert everything(engine.log) == wanted
    engine.close()
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".")]


@pytest.mark.fault("F4")
def test_given_a_restore_into_a_database_killed_before_its_folder_has_a_name_when_done_again_then_it_is_whole(
    office: Office, tmp_path: Path, new_database: Callable[[], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    office.back_up()
    keys, wanted, anew = office.back_up_keys(), everything(office.log), tmp_path / "anew"
    code = KILLED.format(module="restoring", what="module._Restoring._verified", first=BEFORE, act=RESTORE)
    code = code.replace("opened = workspace.engine()", "os.environ['SAMSKAP_STORE_URL'] = sys.argv[5]")
    url = new_database()
    kill(code, office.workspace.root, office.places / "backup", anew, keys, url)
    assert not anew.exists()
    monkeypatch.setenv("SAMSKAP_STORE_URL", url)
    restored = office.restore("backup", anew, keys=keys, verify=True)
    assert (restored.differing, restored.lost, restored.replaced) == ((), 0, None)
    engine = Workspace.open(anew).engine(clock=office.world.clock)
    assert everything(engine.log) == wanted
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
    kind: str, request: pytest.FixtureRequest, tmp_path: Path, new_world: Callable[..., Any]
) -> None:
    office = made(tmp_path / "work", address(kind, request, tmp_path, "one"), new_world, tmp_path / "places")
    office.back_up()
    office.add("later")
    before = everything(office.log)
    kill(KILLED_WITHIN, office.places / "backup", office.workspace.root)
    assert everything(office.log) == before
    office.add("later still")
    office.world.engine.close()


# -- what was changed since ---------------------------------------------------------------------------------------------


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


# -- over a workspace that is there -------------------------------------------------------------------------------------


@pytest.mark.fault("F14")
def test_given_newer_events_when_restored_over_them_then_refused_with_their_number_and_nothing_changed(
    office: Office,
) -> None:
    office.back_up()
    office.add("one")
    office.add("two")
    before = everything(office.log)
    with pytest.raises(Conflict, match="2 events that the backup does not hold") as caught:
        office.restore("backup", office.workspace.root)
    assert "--replace" in caught.value.hint
    assert everything(office.log) == before


@pytest.mark.parametrize("kind", KINDS)
def test_given_newer_events_when_replaced_then_they_lie_in_a_backup_and_whoever_has_the_log_open_goes_on(
    kind: str, request: pytest.FixtureRequest, tmp_path: Path, new_world: Callable[..., Any]
) -> None:
    office = made(tmp_path / "work", address(kind, request, tmp_path, "one"), new_world, tmp_path / "places")
    office.back_up()
    wanted = everything(office.log)
    office.add("one")
    newer = everything(office.log)
    restored = office.restore("backup", office.workspace.root, replace=True, verify=True)
    assert (restored.lost, restored.differing) == (1, ())
    assert everything(office.log) == wanted
    office.add("other")  # the engine that was open all the time
    assert [record.position for record in office.log.all()] == list(range(1, office.log.position() + 1))
    assert not verify(office.log).faults
    assert restored.replaced is not None
    back = restore(restored.replaced, office.workspace.root, Wishes(replace=True), clock=office.world.clock)
    assert back.lost == 1
    assert everything(office.log) == newer
    office.world.engine.close()


def test_given_the_same_log_when_restored_then_nothing_is_replaced_and_what_is_missing_is_put_back(
    office: Office,
) -> None:
    office.back_up()
    keys = office.back_up_keys()
    landed, form = office.workspace.landing / "ab" / "abcd.csv", office.workspace.root / "forms" / "small" / "note.yaml"
    landed.write_bytes(b"year,value\n2026,9\n")
    form.unlink()
    (office.workspace.root / "samskap.toml").write_text('language = "nn"\n')
    subject = office.world.state.memberships["m3"].subject
    (office.workspace.data / "keys" / "subject" / subject[:2] / f"{subject}.key").unlink()
    restored = office.restore("backup", office.workspace.root, keys=keys)
    assert (restored.keys, restored.landed, restored.replaced) == (1, 1, None)
    assert restored.kept_config == ("samskap.toml",)
    assert (landed.read_bytes(), form.read_text()) == (b"year,value\n2026,1\n", "a form")
    assert office.world.engine.keys.raw("subject", subject) is not None


def test_given_somebody_who_writes_while_a_log_is_replaced_then_told_and_nothing_of_theirs_is_lost(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    office.back_up()
    office.add("one")
    fill = SqliteLog.fill

    def late(log: SqliteLog, *arguments: Any, **options: Any) -> None:
        if options.get("instead_of") is not None:
            office.add("two")
        fill(log, *arguments, **options)

    monkeypatch.setattr(SqliteLog, "fill", late)
    with pytest.raises(Conflict, match="somebody wrote"):
        office.restore("backup", office.workspace.root, replace=True)
    assert list(office.world.state.parties)[-2:] == ["one", "two"]


def test_given_a_folder_with_other_things_when_restored_into_then_refused_and_untouched(
    office: Office, tmp_path: Path
) -> None:
    office.back_up()
    (tmp_path / "anew").mkdir()
    (tmp_path / "anew" / "mine.txt").write_text("mine")
    with pytest.raises(Conflict, match="not empty"):
        office.restore("backup", tmp_path / "anew")
    assert [path.name for path in (tmp_path / "anew").iterdir()] == ["mine.txt"]


# -- heads, keys, lists and quarantine ----------------------------------------------------------------------------------


@pytest.mark.fault("F14")
def test_given_an_older_backup_when_it_has_to_reach_a_head_that_was_kept_then_told_and_nothing_restored(
    office: Office, tmp_path: Path
) -> None:
    office.back_up()
    keys = office.back_up_keys()
    office.add("one")
    kept = heads.head(office.log)
    with pytest.raises(IntegrityFault, match="went on to"):
        office.restore("backup", tmp_path / "anew", keys=keys, kept=kept)
    assert not (tmp_path / "anew").exists()


def test_given_no_keys_when_restored_then_told_to_give_them_and_nothing_made(office: Office, tmp_path: Path) -> None:
    office.back_up()
    with pytest.raises(KeyMissing) as caught:
        office.restore("backup", tmp_path / "anew")
    assert "--keys" in caught.value.hint
    assert not (tmp_path / "anew").exists()


@pytest.mark.fault("F27")
def test_given_keys_that_are_lost_for_good_when_restored_without_then_all_but_what_they_opened_is_there(
    office: Office, tmp_path: Path
) -> None:
    office.back_up()
    office.restore("backup", tmp_path / "anew", without_keys=True, verify=True)
    engine = Workspace.open(tmp_path / "anew").engine(clock=office.world.clock)
    assert everything(engine.log) == everything(office.log)
    assert engine.load(engine.stream("p")).state.active == office.world.state.active
    assert engine.people.all() == []
    engine.close()


def test_given_the_keys_of_another_workspace_when_restored_then_told_and_nothing_made(
    office: Office, tmp_path: Path, new_world: Callable[..., Any]
) -> None:
    office.back_up()
    (tmp_path / "other").mkdir()
    other = made(tmp_path / "other" / "work", None, new_world, tmp_path / "other" / "places")
    keys = other.back_up_keys()
    other.world.engine.close()
    with pytest.raises(IntegrityFault, match="another workspace"):
        office.restore("backup", tmp_path / "anew", keys=keys)
    assert not (tmp_path / "anew").exists()


def test_given_the_two_backups_taken_for_each_other_when_restored_then_told(office: Office, tmp_path: Path) -> None:
    office.back_up()
    keys = office.back_up_keys()
    with pytest.raises(UsageError, match="backup of keys"):
        office.restore("safe/keys", tmp_path / "anew")
    with pytest.raises(UsageError, match="no backup of keys"):
        office.restore("backup", tmp_path / "anew", keys=office.places / "backup")
    assert check(keys).holds == "keys"


def erase(office: Office, handle: str) -> None:
    engine = office.world.engine
    erasing.erase(engine, erasing.plan(engine, engine.people.find(handle)), "asked for it")


@pytest.mark.fault("F20")
@pytest.mark.parametrize("elsewhere", [False, True], ids=["in place", "on another machine"])
def test_given_a_backup_from_before_an_erasure_when_restored_with_its_old_keys_then_it_is_erased_again(
    office: Office, tmp_path: Path, elsewhere: bool
) -> None:
    subject = office.world.state.memberships["m3"].subject
    office.back_up()
    keys = office.back_up_keys()
    erase(office, "eva")
    root, listed = office.workspace.root, None
    if elsewhere:
        root, listed = tmp_path / "anew", office.workspace.data / "erasures.jsonl"
    restored = office.restore("backup", root, keys=keys, erasures=listed, replace=True, verify=True)
    assert (len(restored.erased), restored.differing) == (1, None)
    assert not (root / "data" / "keys" / "subject" / subject[:2] / f"{subject}.key").exists()
    engine = Workspace.open(root).engine(clock=office.world.clock)
    assert [person.handle for person in engine.people.all()] == ["kari", "ola"]
    assert "subject.erased" in [record.type for record in engine.log.all()]
    assert not verify(engine.log).faults
    engine.close()


def test_given_a_backup_from_after_an_erasure_when_restored_with_older_keys_then_none_of_the_erased_comes_back(
    office: Office, tmp_path: Path
) -> None:
    keys = office.back_up_keys()
    erase(office, "eva")
    office.back_up()
    listed = office.workspace.data / "erasures.jsonl"
    restored = office.restore("backup", tmp_path / "anew", keys=keys, erasures=listed, verify=True)
    assert len(restored.erased) == 1  # the keys were back
    engine = Workspace.open(tmp_path / "anew").engine(clock=office.world.clock)
    assert [person.handle for person in engine.people.all()] == ["kari", "ola"]
    assert verify(engine.log).faults == ()
    engine.close()


def test_given_a_backup_of_the_keys_from_after_an_erasure_when_put_back_then_the_destroyed_are_never_made_again(
    office: Office, tmp_path: Path
) -> None:
    subject = office.world.state.memberships["m3"].subject
    office.back_up()
    erase(office, "eva")
    office.restore("backup", tmp_path / "anew", keys=office.back_up_keys())
    with pytest.raises(KeyMissing, match="destroyed"):
        KeyFolder(tmp_path / "anew" / "data" / "keys").ensure("subject", subject)


@pytest.mark.parametrize("table", sorted(FOLDS))
def test_given_a_list_that_was_damaged_when_restored_with_verify_then_it_is_named_and_made_anew(
    office: Office, tmp_path: Path, table: str
) -> None:
    wanted = everything(office.log)
    row = {
        "process": ("UPDATE process SET title = 'Another'", ()),
        "member": ("DELETE FROM member", ()),
        "delegate": ("INSERT INTO delegate VALUES (?,?,?)", ("s", "m", "p")),
        "open_task": ("UPDATE open_task SET due = '2020-01-01'", ()),
        "deadline": ("DELETE FROM deadline", ()),
        "incident": ("INSERT INTO incident VALUES (?,?,?,?,?)", ("s", "i", None, "m", "2026-01-01")),
        "link": ("INSERT INTO link VALUES (?,?,?,?,?)", ("s", "c", "l", None, "running")),
    }[table]
    office.log.write_rows([row])
    office.back_up()
    restored = office.restore("backup", tmp_path / "anew", keys=office.back_up_keys(), verify=True)
    assert restored.differing == (table,)
    with closing(SqliteLog(tmp_path / "anew" / "data" / "events.sqlite")) as log:
        assert everything(log) == wanted
        assert unlike(log, office.log, KEPT) == []


@pytest.mark.fault("F13")
def test_given_a_process_in_quarantine_when_backed_up_and_restored_then_it_is_told_both_times_and_no_other_is_touched(
    office: Office, tmp_path: Path
) -> None:
    office.world.engine.start(office.world.person("kari"), "small", "q", "Q")
    stream = office.world.engine.stream("p")
    office.log.write_rows([("UPDATE head SET hash=? WHERE stream=?", ("0" * 64, stream.hex))])
    held = office.back_up().log
    assert held is not None
    assert [fault.stream for fault in held.faults] == [stream.hex]
    restored = office.restore("backup", tmp_path / "anew", keys=office.back_up_keys(), verify=True)
    assert restored.log.faults == held.faults
    engine = Workspace.open(tmp_path / "anew").engine(clock=office.world.clock)
    kari = office.world.person("kari")
    engine.handle(kari, "q", c.AddParty("town", "Byen"))
    with pytest.raises(IntegrityFault, match="quarantine"):
        engine.handle(kari, "p", c.AddParty("town2", "Byen"))
    engine.close()


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
