"""A workspace from a backup, of either store and into either, with its keys, lists and erasures."""

from __future__ import annotations

import re
import shutil
import threading
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from engine.backup.restoring import check
from engine.errors import IntegrityFault, KeyMissing, UsageError
from engine.personal import erasing
from engine.process import commands as c
from engine.store import heads
from engine.store.copying import unlike
from engine.store.keys import KeyFolder
from engine.store.sqlite import SqliteLog
from engine.store.tables import FOLDS, KEPT
from engine.store.verify import verify
from engine.workspace import Workspace

if TYPE_CHECKING:
    Office = Any  # the class stands in conftest.py, which cannot be imported

KINDS = ["sqlite", "postgres"]


@pytest.mark.parametrize("target", KINDS)
@pytest.mark.parametrize("source", KINDS)
def test_given_a_backup_of_one_store_when_restored_into_another_then_all_is_there_and_life_goes_on(
    source: str, target: str, office_on: Callable[[str], Office], new_address: Callable[[str], str], tmp_path: Path
) -> None:
    office = office_on(source)
    office.add("third")
    held = office.back_up().log
    assert held is not None
    keys, before = office.back_up_keys(), office.everything(office.log)
    assert held.head == str(heads.head(office.log))
    office.world.engine.close()
    anew = Workspace.create(tmp_path / "anew")
    shutil.rmtree(anew.data / "keys")
    url = new_address(target)
    (anew.root / "samskap.toml").write_text(f'store_url = "{url}"\n', encoding="utf-8")
    restored = office.restore("backup", anew.root, keys=keys, kept=heads.parse(held.head), verify=True)
    assert (restored.differing, restored.lost, restored.log) == ((), 0, held)
    engine = Workspace.open(anew.root).engine(clock=office.world.clock)
    assert office.everything(engine.log) == before
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
    kind: str, office_on: Callable[[str], Office], tmp_path: Path
) -> None:
    office = office_on(kind)
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
    there, here = office.everything(engine.log), office.everything(office.log)
    assert there.pop("belonging") != here.pop("belonging")
    assert there == here
    assert engine.load(engine.stream("p")).state.active == office.world.state.active
    assert engine.people.all() == []
    engine.people.add("ny", "Ny Person")
    engine.close()
    Workspace.open(tmp_path / "anew").engine(clock=office.world.clock).close()


def test_given_the_keys_of_another_workspace_when_restored_then_told_and_nothing_made(
    office: Office, office_on: Callable[[str], Office], tmp_path: Path
) -> None:
    office.back_up()
    keys = office_on("file").back_up_keys()
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
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("elsewhere", [False, True], ids=["in place", "on another machine"])
def test_given_a_backup_from_before_an_erasure_when_restored_with_its_old_keys_then_it_is_erased_again(
    kind: str, office_on: Callable[[str], Office], tmp_path: Path, elsewhere: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    office = office_on(kind)
    subject = office.world.state.memberships["m3"].subject
    office.back_up()
    keys = office.back_up_keys()
    erase(office, "eva")
    root, listed = office.workspace.root, None
    if elsewhere:
        root, listed = tmp_path / "anew", office.workspace.data / "erasures.jsonl"
        monkeypatch.setenv("SAMSKAP_STORE_URL", f"sqlite:///{tmp_path}/anew.sqlite")
    restored = office.restore("backup", root, keys=keys, erasures=listed, replace=True, verify=True)
    assert (len(restored.erased), restored.differing) == (1, None)
    assert not (root / "data" / "keys" / "subject" / subject[:2] / f"{subject}.key").exists()
    engine = Workspace.open(root).engine(clock=office.world.clock)
    assert [person.handle for person in engine.people.all()] == ["kari", "ola"]
    assert "subject.erased" in [record.type for record in engine.log.all()]
    assert not verify(engine.log).faults
    engine.close()


@pytest.mark.fault("F20")
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("who", ["eva", "liv"], ids=["in both", "in the newer only"])
def test_given_two_backups_from_before_an_erasure_when_the_older_and_then_the_newer_is_restored_then_erased_each_time(
    kind: str, who: str, office_on: Callable[[str], Office]
) -> None:
    """The newer one goes beyond where the log told of the erasure once the older one was back, if it told at all."""
    office = office_on(kind)
    office.back_up("older")
    office.world.join("liv", "town", "member")
    for number in range(12):
        office.add(f"party_{number}")
    office.back_up("newer")
    erase(office, who)
    for name in ("older", "newer"):
        restored = office.restore(name, office.workspace.root, replace=True)
        assert len(restored.erased) == 1
    engine = office.workspace.engine(clock=office.world.clock)
    assert sorted({"kari", "ola", "eva", "liv"} - {who}) == [person.handle for person in engine.people.all()]
    assert len(engine.log.query("SELECT id FROM person")) == 3
    assert [m.active for m in engine.load(engine.stream("p")).state.memberships.values()].count(False) == 1
    assert not verify(engine.log).faults
    engine.close()


def test_given_a_list_of_erasures_without_how_the_log_ended_when_opened_then_it_is_read_and_stands(
    office: Office,
) -> None:
    """Lists that were written before that was noted."""
    erase(office, "eva")
    file = office.workspace.data / "erasures.jsonl"
    file.write_text(re.sub(r',"log":\[[^]]*\]', "", file.read_text()))
    assert '"log"' not in file.read_text()
    assert erasing.outstanding(office.world.engine) == []
    assert [entry.is_done for entry in office.world.engine.erasures.all()] == [True]


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
    wanted = office.everything(office.log)
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
        assert office.everything(log) == wanted
        assert unlike(log, office.log, KEPT) == ["session"]


DAMAGED: dict[str, tuple[str, object]] = {
    "its end": ("UPDATE head SET hash=? WHERE stream=?", "0" * 64),
    "its beginning": ("UPDATE stored_events SET state=? WHERE originator_version=1 AND originator_id=?", b"[]"),
}


@pytest.mark.fault("F13")
@pytest.mark.parametrize("where", DAMAGED)
def test_given_a_process_in_quarantine_when_backed_up_and_restored_then_it_is_told_both_times_and_no_other_is_touched(
    office: Office, tmp_path: Path, where: str
) -> None:
    office.world.engine.start(office.world.person("kari"), "small", "q", "Q")
    stream = office.world.engine.stream("p")
    statement, value = DAMAGED[where]
    office.log.write_rows([(statement, (value, stream.hex))])
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
