"""People of measurement files are erased by their pseudonyms: from landing, warehouse and copies, and for good."""

from __future__ import annotations

import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from engine.backup.making import back_up
from engine.backup.restoring import Wishes, restore
from engine.codec import Json, dumps
from engine.errors import NotFound
from engine.personal import erasing as forgetting
from engine.personal.searching import search
from engine.personal.telling import held
from engine.process import events as e
from engine.store.verify import verify
from engine.yaml import load
from warehouse import copies, erasing, pull, stages
from warehouse.database import connect
from warehouse.locking import hold
from warehouse.personal import measured
from warehouse.query.record import asked, forget
from warehouse.searching import READERS
from warehouse.sources.contract import Contract, contract_from
from warehouse.sources.landing import ERASED, Landed, Landing, pseudonym

if TYPE_CHECKING:
    from conftest import Played

DAY = date(2026, 11, 23)
KEY = b"k" * 32
CONTRACT = """
source: school
version: 1.0.0
title: Skole
kind: csv
columns:
  pupil: {type: text, personal: pseudonymise}
  name: {type: text, personal: drop}
  score: {type: decimal}
mapping: {units: {unit: pupil, indicators: {wellbeing: {value: score}}}}
"""
ROWS = "pupil,name,score\np1,Kari Nordmann,4\np2,Ola,2.5\nragged\np1,Kari Nordmann,3\np3,Eva,5\n"


def contract(kind: str = "csv") -> Contract:
    content: dict[str, Json] = load(CONTRACT, "school").data  # type: ignore[assignment]
    return contract_from({**content, "kind": kind})


@pytest.fixture
def landing(tmp_path: Path) -> Landing:
    return Landing(tmp_path / "landing")


def source(tmp_path: Path, kind: str = "csv") -> Path:
    path = tmp_path / f"school.{kind}"
    if kind == "csv":
        path.write_text(ROWS)
    else:
        rows = {
            "pupil": ["p1", "p2", "p1", "p3"],
            "name": ["Kari", "Ola", "Kari", "Eva"],
            "score": [4.0, 2.5, 3.0, 5.0],
        }
        pq.write_table(pa.table(rows), path)
    return path


# -- the landing -------------------------------------------------------------------------------------------------------


def test_given_a_person_of_a_file_when_erased_then_their_rows_go_and_others_keep_their_place(
    tmp_path: Path, landing: Landing
) -> None:
    landed = landing.land(source(tmp_path), contract(), KEY)
    one, two, three = (pseudonym(KEY, name) for name in ("p1", "p2", "p3"))
    new, rows = landing.erase(landed, contract(), frozenset({one}))
    assert rows == 2
    assert new.path.read_text().splitlines() == [
        "pupil,score",
        ERASED,
        f"{two},2.5",
        "samskap:withheld:ragged",
        ERASED,
        f"{three},5",
    ]


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_given_a_file_that_comes_again_when_landed_then_the_erased_stay_out_and_it_is_the_same_file(
    tmp_path: Path, landing: Landing, kind: str
) -> None:
    path, units = source(tmp_path, kind), frozenset({pseudonym(KEY, "p1")})
    new, rows = landing.erase(landing.land(path, contract(kind), KEY), contract(kind), units)
    assert (rows, landing.land(path, contract(kind), KEY, units).stored_hash) == (2, new.stored_hash)


def test_given_nobody_of_a_file_when_erased_then_it_stays_as_it_is(tmp_path: Path, landing: Landing) -> None:
    landed = landing.land(source(tmp_path), contract(), KEY)
    assert landing.erase(landed, contract(), frozenset({"0" * 32})) == (landed, 0)


def test_given_what_a_killed_program_left_when_tidied_then_drafts_go_and_files_stay(
    tmp_path: Path, landing: Landing
) -> None:
    landed = landing.land(source(tmp_path), contract(), KEY)
    for name in (".a.draft.less", ".b.draft"):
        (landing.folder / name).write_text("p1")
    landing.tidy()
    assert [path for path in landing.folder.rglob("*") if path.is_file()] == [landed.path]


# -- the warehouse, from files to copies -------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def school(tmp_path_factory: pytest.TempPathFactory, make_played: Callable[[Path], Played]) -> Iterator[Played]:
    """A workspace that has read the file. The tests of this part run in order, on the same workspace."""
    made = make_played(tmp_path_factory.mktemp("erasing") / "work")
    (made.workspace.sources / "school.source.yaml").write_text(CONTRACT)
    (made.workspace.sources / "school.csv").write_text(ROWS.replace("ragged\n", ""))
    stages.evaluate(made.workspace, made.engine, DAY)
    yield made
    made.engine.close()


def units(played: Played) -> list[tuple[int, str]]:
    with duckdb.connect(str(played.workspace.warehouse), read_only=True) as connection:
        return connection.execute(
            "SELECT row_number, unit FROM raw.measurement_row JOIN raw.source_file USING (batch)"
            " WHERE status = 'accepted' ORDER BY row_number"
        ).fetchall()


@pytest.mark.slow
def test_given_pupils_in_a_warehouse_when_one_is_erased_then_no_byte_of_it_names_them(school: Played) -> None:
    (mark,) = erasing.pseudonyms(school.engine, ["p1"])
    before = stages.evaluate(school.workspace, school.engine, DAY)
    assert [row.rows for row in erasing.rows_of(school.workspace, school.engine, [mark])] == [2]
    with copies.reading(before.copy) as reader:  # somebody reads meanwhile
        forgetting.erase_units(school.engine, [mark], ["p1"], "asked for it")
        purged = erasing.purge(school.workspace, school.engine)
        assert reader.execute("SELECT count(*) FROM raw.source_file").fetchall() == [(1,)]
    assert (len(purged.erasures), purged.rows) == (1, 2)
    found = search(school.workspace.root, [mark], readers=READERS)
    assert {hit.place for hit in found.hits} == {"data/erasures.jsonl"}  # so that they stay out
    with pytest.raises(NotFound):
        copies.current(school.workspace.copies, stages.READER)


@pytest.mark.slow
def test_given_the_erasure_when_evaluated_again_then_the_others_stand_and_the_chain_holds(school: Played) -> None:
    (mark,) = erasing.pseudonyms(school.engine, ["p1"])
    done = stages.evaluate(school.workspace, school.engine, DAY)
    assert [verdict.read for verdict in done.verdicts] == [2]
    assert [row for row, _ in units(school)] == [2, 4]
    assert mark not in {unit for _, unit in units(school)}
    assert verify(school.engine.log).faults == ()
    told = [r.type for r in school.engine.log.all() if r.type.startswith("measurements.")]
    assert told == ["measurements.landed", "measurements.erased"]  # the file on disk is the same one


@pytest.mark.slow
def test_given_the_erasure_when_earlier_runs_are_asked_for_then_they_cannot_be_computed_again(school: Played) -> None:
    (entry,) = school.engine.erasures.all()
    with duckdb.connect(str(school.workspace.warehouse), read_only=True) as connection:
        runs = connection.execute("SELECT run_id FROM ops.run ORDER BY first_finished_at").fetchall()
    assert erasing.irreproducible(school.workspace, school.engine) == {runs[0][0]: entry.id}


@pytest.mark.slow
def test_given_nothing_new_when_purged_again_then_nothing_is_done(school: Played) -> None:
    assert erasing.purge(school.workspace, school.engine) == erasing.Purged()


@pytest.mark.slow
@pytest.mark.parametrize(("unit", "what"), [("p2", "warehouse and landing"), ("p3", "log and landing")])
def test_given_a_part_from_before_when_evaluated_then_purged_first(
    school: Played, tmp_path: Path, unit: str, what: str
) -> None:
    workspace, old = school.workspace, tmp_path / "old"
    school.engine.log.compact()
    shutil.copytree(workspace.data, old, ignore=shutil.ignore_patterns("keys", "*.lock"))
    (mark,) = erasing.pseudonyms(school.engine, [unit])
    forgetting.erase_units(school.engine, [mark], [unit], "asked for it")
    erasing.purge(workspace, school.engine)
    shutil.copytree(old / "landing", workspace.landing, dirs_exist_ok=True)
    if "warehouse" in what:
        shutil.copy(old / "warehouse.duckdb", workspace.warehouse)
    else:
        school.engine.close()
        for file in workspace.data.glob("events.sqlite*"):
            file.unlink()
        shutil.copy(old / "events.sqlite", workspace.data)
        school.engine = workspace.engine()
    stages.evaluate(workspace, school.engine, DAY)
    found = search(workspace.root, [mark], readers=READERS)
    assert {hit.place for hit in found.hits} == {"data/erasures.jsonl"}
    assert [row for row, _ in units(school)] == ([4] if unit == "p2" else [])
    assert verify(school.engine.log).faults == ()


@pytest.mark.fault("F20")
def test_given_two_backups_from_before_an_erasure_when_the_older_and_then_the_newer_is_restored_then_erased_each_time(
    empty: Played, tmp_path: Path
) -> None:
    """The file came between the two, so that nothing in the older one could tell of the erasure."""
    workspace, engine = empty.workspace, empty.engine
    (mark,) = erasing.pseudonyms(engine, ["p1"])
    back_up(workspace, engine, tmp_path / "older", at=engine.clock())
    (workspace.sources / "school.source.yaml").write_text(CONTRACT)
    (workspace.sources / "school.csv").write_text(ROWS.replace("ragged\n", ""))
    stages.land(workspace, engine)
    back_up(workspace, engine, tmp_path / "newer", at=engine.clock())
    forgetting.erase_units(engine, [mark], ["p1"], "asked for it")
    assert erasing.purge(workspace, engine).rows == 2
    for name, rows in (("older", 0), ("newer", 2)):
        restore(tmp_path / name, workspace.root, Wishes(replace=True))
        assert erasing.purge(workspace, engine).rows == rows
    found = search(workspace.landing, [mark], readers=READERS)
    assert found.hits == ()


# -- beside the log ----------------------------------------------------------------------------------------------------


@pytest.fixture
def landed(empty: Played) -> Played:
    """A workspace that has landed the file, and read nothing of it."""
    (empty.workspace.sources / "school.source.yaml").write_text(CONTRACT)
    (empty.workspace.sources / "school.csv").write_text(ROWS.replace("ragged\n", ""))
    stages.land(empty.workspace, empty.engine)
    return empty


def test_given_a_warehouse_that_is_held_when_files_land_then_they_need_not_wait_for_it(empty: Played) -> None:
    (empty.workspace.sources / "school.source.yaml").write_text(CONTRACT)
    (empty.workspace.sources / "school.csv").write_text(ROWS.replace("ragged\n", ""))
    with hold(empty.workspace.warehouse):
        assert len(stages.land(empty.workspace, empty.engine)) == 1


def erase_pupil(played: Played, name: str = "p1") -> erasing.Purged:
    (mark,) = erasing.pseudonyms(played.engine, [name])
    forgetting.erase_units(played.engine, [mark], [name], "asked for it")
    return erasing.purge(played.workspace, played.engine)


def holding(played: Played, name: str = "p1") -> set[str]:
    """Where a pupil's pseudonym stands in the workspace."""
    (mark,) = erasing.pseudonyms(played.engine, [name])
    return {hit.place for hit in search(played.workspace.root, [mark], readers=READERS).hits}


def test_given_a_workspace_in_which_no_file_ever_landed_when_a_pupil_is_erased_then_their_files_will_stay_out(
    empty: Played,
) -> None:
    assert (erase_pupil(empty).rows, holding(empty)) == (0, {"data/erasures.jsonl"})


@pytest.mark.fault("F20")
def test_given_a_log_that_was_replaced_when_a_pupil_of_its_file_is_erased_then_gone_there_and_the_others_come_back(
    empty: Played, tmp_path: Path
) -> None:
    """Only the log that was replaced names the file, which lies in the landing all the same."""
    back_up(empty.workspace, empty.engine, tmp_path / "older", at=empty.engine.clock())
    (empty.workspace.sources / "school.source.yaml").write_text(CONTRACT)
    (empty.workspace.sources / "school.csv").write_text(ROWS.replace("ragged\n", ""))
    stages.land(empty.workspace, empty.engine)
    replaced = restore(tmp_path / "older", empty.workspace.root, Wishes(replace=True)).replaced
    assert replaced is not None
    assert len(holding(empty)) == 1
    erase_pupil(empty)
    assert holding(empty) == {"data/erasures.jsonl"}
    restore(replaced, empty.workspace.root, Wishes(replace=True))
    (found,) = erasing.files_of_people(empty.workspace, empty.engine)
    assert found[0].path.read_text().splitlines()[1::2] == [ERASED, ERASED]
    assert not erasing.purge(empty.workspace, empty.engine).rows


def test_given_a_log_that_was_put_aside_with_its_files_when_a_pupil_is_erased_then_gone_there(
    landed: Played, tmp_path: Path
) -> None:
    """As an earlier samskap put it aside."""
    (landed.workspace.data / "replaced").mkdir()
    back_up(landed.workspace, landed.engine, tmp_path / "old.zip", at=landed.engine.clock())
    shutil.move(tmp_path / "old.zip", landed.workspace.data / "replaced")
    assert "data/replaced/old.zip" in holding(landed)
    erase_pupil(landed)
    assert holding(landed) == {"data/erasures.jsonl"}


def test_given_a_program_killed_between_landing_and_telling_when_a_pupil_is_erased_then_no_file_of_theirs_is_left(
    landed: Played, monkeypatch: pytest.MonkeyPatch
) -> None:
    (landed.workspace.sources / "school.csv").write_text(ROWS.replace("ragged\n", "p4,Per,1\n"))

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr("warehouse.stages._tell", killed)
        with pytest.raises(KeyboardInterrupt):
            stages.land(landed.workspace, landed.engine)
    assert len(holding(landed)) == 2
    (landed.workspace.landing / ".a.draft").write_text(erasing.pseudonyms(landed.engine, ["p1"])[0])
    erase_pupil(landed)
    assert holding(landed) == {"data/erasures.jsonl"}
    assert len(list(erasing.files_of_people(landed.workspace, landed.engine))) == 1


def test_given_a_file_that_lands_while_a_pupil_is_erased_when_both_are_done_then_the_pupil_is_gone(
    landed: Played, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever lands asked who was erased before the erasure began, and stores the file after it."""
    (landed.workspace.sources / "school.csv").write_text(ROWS.replace("ragged\n", "p4,Per,1\n"))
    (mark,) = erasing.pseudonyms(landed.engine, ["p1"])
    purging = threading.Thread(target=erasing.purge, args=(landed.workspace, landed.engine))
    land = Landing.land

    def meanwhile(*arguments: Any) -> Landed:
        if not purging.ident:
            forgetting.erase_units(landed.engine, [mark], ["p1"], "asked for it")
            purging.start()
            purging.join(0.3)  # it waits for who lands, or else it is done now
        return land(*arguments)

    monkeypatch.setattr(Landing, "land", meanwhile)
    stages.land(landed.workspace, landed.engine)
    purging.join()
    assert holding(landed) == {"data/erasures.jsonl"}


def test_given_what_duckdb_and_exports_left_when_a_pupil_is_erased_then_gone_and_exports_of_others_stay(
    landed: Played,
) -> None:
    spilled, out = landed.workspace.data / "warehouse.duckdb.tmp", landed.workspace.root / "out"
    spilled.mkdir()
    (spilled / "duckdb_temp_storage-0.tmp").write_text(erasing.pseudonyms(landed.engine, ["p1"])[0])
    for name in ("p1", "p2"):
        person = landed.engine.people.add(name, name)
        told = held(landed.engine, person, "en", measured=measured(landed.workspace, landed.engine, [name]))
        (out / name).mkdir(parents=True)
        (out / name / "held.json").write_bytes(dumps(told.as_dict()))
    erase_pupil(landed)
    assert holding(landed) == {"data/erasures.jsonl"}
    assert [path.parent.name for path in out.rglob("held.json")] == ["p2"]


@pytest.mark.slow
def test_given_a_value_put_right_when_its_file_is_stored_anew_then_it_still_holds(school: Played) -> None:
    told = [school.engine.payload(record) for record in school.engine.log.all()]
    new = [payload for payload in told if isinstance(payload, e.MeasurementsErased)]
    assert [(payload.stored_hash, payload.rows) for payload in new][1:2] == [(new[0].erased_hash, 1)]


# -- broken off -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("step", ["_landing", "_questions", "copies.withdraw", "_anew", "copies.sync"])
def test_given_a_purge_that_breaks_off_when_done_again_then_it_is_whole(
    empty: Played, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    empty.engine.people.add("ola", "Ola Hansen")
    planned = forgetting.plan(empty.engine, empty.engine.people.find("ola"))
    done = forgetting.erase(empty.engine, planned, "asked for it")

    def fail(*_: object) -> None:
        raise OSError("the power is gone")

    with monkeypatch.context() as patched:
        patched.setattr(f"warehouse.erasing.{step}", fail)
        with pytest.raises(OSError, match="power"):
            erasing.purge(empty.workspace, empty.engine)
    assert [entry.id for entry in erasing.outstanding(empty.workspace, empty.engine)] == [done.erasure]
    assert erasing.purge(empty.workspace, empty.engine).erasures == (done.erasure,)
    assert erasing.outstanding(empty.workspace, empty.engine) == []
    assert not list(empty.workspace.data.glob("*.anew*"))


KILLED = """
import os, signal, sys
import duckdb
connection = duckdb.connect(sys.argv[1])
connection.execute("INSERT INTO raw.of_before VALUES (?)", [sys.argv[2]])
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_given_a_journal_beside_the_warehouse_when_the_power_goes_as_it_is_replaced_then_nothing_comes_back(
    empty: Played, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A journal that a killed program left holds rows that are no part of the file written anew."""
    (mark,) = erasing.pseudonyms(empty.engine, ["p1"])
    forgetting.erase_units(empty.engine, [mark], ["p1"], "asked for it")
    warehouse, replace, kept = empty.workspace.warehouse, Path.replace, erasing._kept
    with closing(connect(warehouse)) as connection:
        pull.prepare(connection)
        connection.execute("CREATE TABLE raw.of_before (unit VARCHAR)")

    def left_a_journal(*arguments: Any) -> None:
        kept(*arguments)
        subprocess.run([sys.executable, "-c", KILLED, str(warehouse), mark], check=False)

    def killed(path: Path, target: Path) -> None:
        replace(path, target)
        if target == warehouse:
            raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(erasing, "_kept", left_a_journal)
        patched.setattr(Path, "replace", killed)
        with pytest.raises(KeyboardInterrupt):
            erasing.purge(empty.workspace, empty.engine)
    assert {path.name for path in warehouse.parent.glob("warehouse.duckdb*")} == {
        warehouse.name,
        f"{warehouse.name}.lock",
    }


# -- the record of questions -------------------------------------------------------------------------------------------


def test_given_questions_when_who_asked_is_erased_then_nobody_knows_who_and_the_rest_stands(tmp_path: Path) -> None:

    record, at = tmp_path / "questions.jsonl", datetime(2026, 3, 2, tzinfo=UTC)
    for who, question in (("kari", "SELECT 1"), ("operator for kari", "SELECT 'ola nordmann'"), ("eva", "SELECT 2")):
        with asked(record, who, question, lambda: at):
            pass
    changed = forget(record, lambda handle, _: handle == "kari", ["Ola Nordmann"])
    assert changed == 2
    lines = record.read_text()
    assert "kari" not in lines
    assert "nordmann" not in lines
    assert lines.count('"who":"eva"') == 1
    with asked(record, "eva", "SELECT 3", lambda: at):
        pass
    assert record.read_text().count("\n") == 4


@pytest.mark.slow
def test_given_a_warehouse_when_written_anew_then_its_history_of_runs_is_kept(school: Played) -> None:
    with connect(school.workspace.warehouse, read_only=True) as connection:
        assert connection.execute("SELECT count(*) >= 3 FROM ops.run").fetchall() == [(True,)]
