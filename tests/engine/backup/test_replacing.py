"""A backup put in the place of a log that is in use: never unasked, and in one step."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from engine.backup.restoring import Wishes, restore
from engine.errors import Conflict
from engine.store.sqlite import SqliteLog
from engine.store.verify import verify

if TYPE_CHECKING:
    Office = Any  # the class stands in conftest.py, which cannot be imported

KINDS = ["sqlite", "postgres"]


@pytest.mark.fault("F14")
def test_given_newer_events_when_restored_over_them_then_refused_with_their_number_and_nothing_changed(
    office: Office,
) -> None:
    office.back_up()
    office.add("one")
    office.add("two")
    before = office.everything(office.log)
    with pytest.raises(Conflict, match="2 events that the backup does not hold") as caught:
        office.restore("backup", office.workspace.root)
    assert "--replace" in caught.value.hint
    assert office.everything(office.log) == before


@pytest.mark.parametrize("kind", KINDS)
def test_given_newer_events_when_replaced_then_they_lie_in_a_backup_and_whoever_has_the_log_open_goes_on(
    kind: str, office_on: Callable[[str], Office], tmp_path: Path
) -> None:
    office = office_on(kind)
    office.back_up()
    wanted = office.everything(office.log)
    office.add("one")
    newer = office.everything(office.log)
    restored = office.restore("backup", office.workspace.root, replace=True, verify=True)
    assert (restored.lost, restored.differing) == (1, ())
    assert office.everything(office.log) == wanted
    office.add("other")  # the engine that was open all the time
    assert [record.position for record in office.log.all()] == list(range(1, office.log.position() + 1))
    assert not verify(office.log).faults
    assert restored.replaced is not None
    back = restore(restored.replaced, office.workspace.root, Wishes(replace=True), clock=office.world.clock)
    assert back.lost == 1
    assert office.everything(office.log) == newer
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
