"""Copies for readers: what is in them, and that a switch happens wholly or not at all."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

from engine.errors import NotFound, StoreError
from warehouse import copies
from warehouse.database import connect

TABLES = [("core", "submission"), ("marts", "results")]


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A warehouse with two tables for readers, and one that is not for them."""
    path = tmp_path / "warehouse.duckdb"
    with connect(path) as connection:
        connection.execute(
            """
            CREATE SCHEMA core; CREATE SCHEMA marts;
            CREATE TABLE core.submission (id BIGINT NOT NULL, content VARCHAR, is_protected BOOLEAN, "odd ""name" DATE);
            INSERT INTO core.submission VALUES
                (1, 'CANARY-one', false, '2026-01-02'), (2, 'CANARY-two', true, NULL), (3, 'CANARY-three', NULL, NULL);
            COMMENT ON TABLE core.submission IS 'What people''s answers say; one row each';
            COMMENT ON COLUMN core.submission.id IS 'Number';
            COMMENT ON COLUMN core.submission.content IS 'CANARY-comment';
            COMMENT ON COLUMN core.submission."odd ""name" IS 'A day';
            CREATE TABLE marts.results AS SELECT 1.50::DECIMAL(18, 6) AS value, 'a' AS name;
            CREATE TABLE core.secret AS SELECT 'CANARY-secret' AS text;
            """
        )
    return path


def copied(source: Path, target: Path) -> duckdb.DuckDBPyConnection:
    copies.copy_tables(
        source,
        target,
        TABLES,
        where={("core", "submission"): "NOT is_protected"},
        leave_out={("core", "submission"): ["content"]},
    )
    return connect(target, read_only=True)


def holding(number: int) -> Callable[[Path], None]:
    """A `fill` that makes a copy with one number in it."""

    def fill(target: Path) -> None:
        with connect(target) as connection:
            connection.execute("CREATE TABLE t AS SELECT ?::BIGINT AS number", [number])

    return fill


def number_in(path: Path) -> int:
    with connect(path, read_only=True) as connection:
        row = connection.execute("SELECT number FROM t").fetchone()
    assert row is not None
    return int(row[0])


def visible(folder: Path) -> list[str]:
    """The files that belong there; the lock file is meant to stay."""
    return sorted(path.name for path in folder.iterdir() if path.name != "reader.lock")


# -- what is in a copy -----------------------------------------------------------------------------------------------


def test_given_a_predicate_and_a_column_left_out_when_copied_then_only_the_rest_is_there(
    source: Path, tmp_path: Path
) -> None:
    with copied(source, tmp_path / "copy.duckdb") as copy:
        relation = copy.sql("SELECT * FROM core.submission")
        assert relation.columns == ["id", "is_protected", 'odd "name']
        assert [row[0] for row in relation.fetchall()] == [1]  # unknown whether protected counts as protected
        assert copy.sql("SELECT name FROM marts.results").fetchall() == [("a",)]


def test_given_comments_on_table_and_columns_when_copied_then_they_are_on_the_copy(
    source: Path, tmp_path: Path
) -> None:
    with copied(source, tmp_path / "copy.duckdb") as copy:
        table = copy.execute("SELECT comment FROM duckdb_tables() WHERE table_name = 'submission'").fetchall()
        columns = copy.execute(
            "SELECT column_name, comment FROM duckdb_columns() WHERE table_name = 'submission' ORDER BY column_index"
        ).fetchall()
    assert table == [("What people's answers say; one row each",)]
    assert columns == [("id", "Number"), ("is_protected", None), ('odd "name', "A day")]


def test_given_tables_and_columns_that_are_not_for_readers_when_copied_then_their_bytes_are_not_in_the_file(
    source: Path, tmp_path: Path
) -> None:
    copied(source, tmp_path / "copy.duckdb").close()
    assert b"CANARY" in source.read_bytes()
    assert b"CANARY" not in (tmp_path / "copy.duckdb").read_bytes()


def test_given_a_copy_when_copied_then_types_stay_and_the_source_is_as_before(source: Path, tmp_path: Path) -> None:
    before = source.read_bytes()
    with copied(source, tmp_path / "copy.duckdb") as copy:
        assert [str(kind) for kind in copy.sql("SELECT * FROM marts.results").types] == ["DECIMAL(18,6)", "VARCHAR"]
    assert source.read_bytes() == before


@pytest.mark.parametrize(
    "rules",
    [
        {"leave_out": {("core", "submission"): ["contents"]}},
        {"leave_out": {("core", "submision"): ["content"]}},
        {"where": {("core", "submision"): "NOT is_protected"}},
    ],
)
def test_given_a_rule_for_something_that_is_not_there_when_copied_then_nothing_is_let_through(
    source: Path, tmp_path: Path, rules: dict[str, dict[copies.Table, list[str]]]
) -> None:
    with pytest.raises(ValueError, match="submis"):
        copies.copy_tables(source, tmp_path / "copy.duckdb", TABLES, **rules)  # type: ignore[arg-type]


def test_given_no_such_table_when_copied_then_the_error_says_what_to_run(source: Path, tmp_path: Path) -> None:
    with pytest.raises(NotFound, match=r"marts\.nothing") as caught:
        copies.copy_tables(source, tmp_path / "copy.duckdb", [("marts", "nothing")])
    assert "samskap evaluate" in caught.value.hint


def test_given_a_source_held_by_another_program_when_copied_then_the_error_names_it(
    source: Path, tmp_path: Path
) -> None:
    code = "import duckdb, sys; c = duckdb.connect(sys.argv[1]); print('held', flush=True); sys.stdin.read()"
    with subprocess.Popen(
        [sys.executable, "-c", code, str(source)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == b"held\n"
        with pytest.raises(StoreError, match=f"process {other.pid}"):
            copies.copy_tables(source, tmp_path / "copy.duckdb", TABLES)
        other.communicate()


# -- the switch ------------------------------------------------------------------------------------------------------


def test_given_no_copy_when_asked_for_the_current_one_then_the_error_says_what_to_run(tmp_path: Path) -> None:
    with pytest.raises(NotFound) as caught:
        copies.current(tmp_path / "copies", "reader")
    assert "samskap evaluate" in caught.value.hint


def test_given_a_name_that_points_at_nothing_when_asked_for_the_current_one_then_there_is_none(tmp_path: Path) -> None:
    (tmp_path / "reader.duckdb").symlink_to("reader-gone-1.duckdb")
    with pytest.raises(NotFound):
        copies.current(tmp_path, "reader")


def test_given_a_published_copy_when_asked_for_then_it_is_the_versions_own_path(tmp_path: Path) -> None:
    version = copies.publish(tmp_path, "reader", holding(1), "abc")
    assert version == copies.current(tmp_path, "reader") == tmp_path / "reader-abc-1.duckdb"
    assert (tmp_path / "reader.duckdb").readlink() == Path("reader-abc-1.duckdb")
    assert number_in(version) == 1


def test_given_twelve_versions_when_published_then_the_newest_two_stay(tmp_path: Path) -> None:
    for number in range(12):  # past nine: numbers are compared as numbers, not as text
        copies.publish(tmp_path, "reader", holding(number), f"r{number % 3}")
    assert visible(tmp_path) == ["reader-r1-11.duckdb", "reader-r2-12.duckdb", "reader.duckdb"]
    assert number_in(copies.current(tmp_path, "reader")) == 11


def test_given_two_names_in_a_folder_when_one_is_published_then_the_other_is_left_alone(tmp_path: Path) -> None:
    copies.publish(tmp_path, "public", holding(7), "x")
    for number in range(4):
        copies.publish(tmp_path, "reader", holding(number), "x")
    assert number_in(copies.current(tmp_path, "public")) == 7


def test_given_an_open_reader_when_newer_copies_are_published_then_it_goes_on_seeing_its_own(tmp_path: Path) -> None:
    copies.publish(tmp_path, "reader", holding(1), "x")
    opened = copies.current(tmp_path, "reader")
    with connect(opened, read_only=True) as reader:
        for number in (2, 3, 4):
            copies.publish(tmp_path, "reader", holding(number), "x")
        assert not opened.exists()
        assert reader.execute("SELECT number FROM t").fetchall() == [(1,)]
    assert number_in(copies.current(tmp_path, "reader")) == 4


@pytest.mark.parametrize(("name", "label"), [("../x", "a"), ("reader", "a/b"), ("reader", ""), ("a-b", "c")])
def test_given_a_name_that_could_be_another_path_when_published_then_it_is_refused(
    tmp_path: Path, name: str, label: str
) -> None:
    with pytest.raises(ValueError, match="not usable"):
        copies.publish(tmp_path, name, holding(1), label)


# -- faults ----------------------------------------------------------------------------------------------------------


def test_given_a_fill_that_fails_half_way_when_published_then_the_old_copy_stands_and_no_rubbish_is_left(
    tmp_path: Path,
) -> None:
    def fails(target: Path) -> None:
        holding(2)(target)
        target.with_name(f"{target.name}.tmp").mkdir()
        raise ArithmeticError("half way")

    copies.publish(tmp_path, "reader", holding(1), "x")
    with pytest.raises(ArithmeticError, match="half way"):
        copies.publish(tmp_path, "reader", fails, "x")
    assert number_in(copies.current(tmp_path, "reader")) == 1
    assert visible(tmp_path) == ["reader-x-1.duckdb", "reader.duckdb"]


def test_given_a_copy_whose_journal_is_left_when_published_then_it_is_not_switched_to(tmp_path: Path) -> None:
    def unfinished(target: Path) -> None:
        holding(2)(target)
        target.with_name(f"{target.name}.wal").write_bytes(b"left")

    copies.publish(tmp_path, "reader", holding(1), "x")
    with pytest.raises(StoreError, match="to its end"):
        copies.publish(tmp_path, "reader", unfinished, "x")
    assert number_in(copies.current(tmp_path, "reader")) == 1


FULL_DISK = """
import resource, sys
from pathlib import Path
from engine.errors import StoreError
from warehouse import copies

resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[3]), int(sys.argv[3])))
folder, source = Path(sys.argv[1]), Path(sys.argv[2])
try:
    copies.publish(folder, "reader", lambda target: copies.copy_tables(source, target, [("main", "big")]), "x")
except StoreError as error:
    print(error.hint)
    sys.exit(11)
"""


@pytest.mark.parametrize("room", [1_000, 20_000, 1_000_000])
def test_given_a_full_disk_when_published_then_a_clear_error_and_the_old_copy_stands(tmp_path: Path, room: int) -> None:
    source, folder = tmp_path / "big.duckdb", tmp_path / "copies"
    with connect(source) as connection:
        connection.execute("CREATE TABLE big AS SELECT hash(range) AS x FROM range(1_000_000)")
    copies.publish(folder, "reader", holding(1), "x")
    done = subprocess.run(
        [sys.executable, "-c", FULL_DISK, folder, source, str(room)], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (11, "")
    assert "room on the disk" in done.stdout
    assert number_in(copies.current(folder, "reader")) == 1
    assert visible(folder) == ["reader-x-1.duckdb", "reader.duckdb"]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_given_a_folder_without_permission_when_published_then_the_error_says_so(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(StoreError, match="ermission"):
        copies.publish(tmp_path, "reader", holding(1), "x")


# Each is where a process is killed: before the step of that name, which is replaced by the kill.
STEPS = ["copies._check_whole", "copies.sync", "copies._Shelf.place", "copies._Shelf.switch", "Path.replace"]
KILLED = """
import os, signal, sys
from pathlib import Path
from warehouse import copies
from warehouse.database import connect

def fill(target):
    connection = connect(target)
    connection.execute("CREATE TABLE t AS SELECT 2::BIGINT AS number")
    connection.close()

def die(*_):
    os.kill(os.getpid(), signal.SIGKILL)

*path, step = sys.argv[2].split(".")
owner = {"copies": copies, "Path": Path}[path[0]]
owner = getattr(owner, path[1]) if path[1:] else owner
setattr(owner, step, die)
copies.publish(Path(sys.argv[1]), "reader", fill, "x")
"""


@pytest.mark.parametrize("step", STEPS)
def test_given_a_kill_before_a_step_when_published_again_then_the_old_copy_stood_and_no_rubbish_is_left(
    tmp_path: Path, step: str
) -> None:
    copies.publish(tmp_path, "reader", holding(1), "x")
    done = subprocess.run([sys.executable, "-c", KILLED, tmp_path, step], capture_output=True, check=False)
    assert done.returncode == -signal.SIGKILL, done.stderr
    assert number_in(copies.current(tmp_path, "reader")) == 1

    copies.publish(tmp_path, "reader", holding(3), "x")
    assert number_in(copies.current(tmp_path, "reader")) == 3
    assert len(visible(tmp_path)) == 3
    assert not [name for name in visible(tmp_path) if name.startswith(".")]
    assert number_in(tmp_path / "reader-x-1.duckdb") == 1


FOREVER = """
import sys
from pathlib import Path
from warehouse import copies
from warehouse.database import connect

number = 1
def fill(target):
    with connect(target) as connection:
        connection.execute("CREATE TABLE t AS SELECT ?::BIGINT AS number", [number])

while True:
    number += 1
    copies.publish(Path(sys.argv[1]), "reader", fill, "x")
    print(number, flush=True)
    if sys.argv[2] == "when asked":
        sys.stdin.readline()
"""


@pytest.mark.slow
def test_given_kills_at_any_moment_when_looked_at_then_there_is_always_a_whole_copy_as_new_as_was_acknowledged(
    tmp_path: Path,
) -> None:
    copies.publish(tmp_path, "reader", holding(1), "x")
    for trial in range(12):
        command = [sys.executable, "-c", FOREVER, str(tmp_path), "all the time"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as worker:
            assert worker.stdout is not None
            acknowledged = [int(worker.stdout.readline())]
            time.sleep(0.013 * trial)
            worker.kill()
            acknowledged += [int(line) for line in worker.stdout.read().splitlines() if line]
        assert number_in(copies.current(tmp_path, "reader")) in {acknowledged[-1], acknowledged[-1] + 1}
    copies.publish(tmp_path, "reader", holding(1), "x")
    assert len(visible(tmp_path)) == 3


def test_given_readers_while_it_is_switched_when_they_look_then_there_is_always_a_copy(tmp_path: Path) -> None:
    copies.publish(tmp_path, "reader", holding(1), "x")
    # A reader has until the switch after the next one to open what it looked up: here that waits for the reader.
    command = [sys.executable, "-c", FOREVER, str(tmp_path), "when asked"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as worker:
        assert worker.stdin is not None
        seen = [1]
        while seen[-1] < 5 and worker.poll() is None:
            seen.append(number_in(copies.current(tmp_path, "reader")))
            if seen[-1] > seen[-2]:
                worker.stdin.write("\n")
                worker.stdin.flush()
        worker.kill()
    assert seen == sorted(seen)
    assert set(seen) == {1, 2, 3, 4, 5}
