"""One program at a time on a file, and who is told to hold it."""

from __future__ import annotations

import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from math import inf
from pathlib import Path

import duckdb
import pytest

from engine.errors import StoreError
from warehouse import locking
from warehouse.locking import hold, patiently, translated

HOLDER = """
import sys
from pathlib import Path
from warehouse.locking import hold

with hold(Path(sys.argv[-1])):
    print("held", flush=True)
    sys.stdin.read()
"""
DUCKDB_HOLDER = "import duckdb, sys; c = duckdb.connect(sys.argv[1]); print('held', flush=True); sys.stdin.read()"


@dataclass
class Clock:
    """Time that passes only where somebody waits; at a moment something happens."""

    now: float = 0.0
    moment: float = inf
    happens: Callable[[], object] = lambda: None

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds
        if self.now >= self.moment:
            self.happens()


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """What the waiting goes by."""
    made = Clock()
    monkeypatch.setattr(locking, "time", made)
    return made


def ends(process: subprocess.Popen[bytes]) -> None:
    """Have another program end, and wait for that."""
    assert process.stdin is not None
    process.stdin.close()
    process.wait()


@contextmanager
def other_program(code: str, *words: str) -> Iterator[subprocess.Popen[bytes]]:
    """Another process that holds something until its input ends."""
    with subprocess.Popen(
        [sys.executable, "-c", code, *words], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"held\n"
        try:
            yield process
        finally:
            process.kill()


def test_given_nobody_else_when_held_then_at_once_and_again_afterwards(tmp_path: Path) -> None:
    for _ in range(3):
        with hold(tmp_path / "w", wait_seconds=0):
            assert not (tmp_path / "w").exists()  # the lock is a file beside
    assert (tmp_path / "w.lock").read_bytes() == b""


def test_given_another_program_holds_it_when_asked_then_after_the_wait_an_error_names_it(
    tmp_path: Path, clock: Clock
) -> None:
    path = tmp_path / "w.duckdb"
    with (
        other_program(HOLDER, "evaluate", "--key", "s3cret", str(path)) as other,
        pytest.raises(StoreError) as caught,
        hold(path, wait_seconds=30),
    ):
        pytest.fail("held by two")
    assert clock.now == pytest.approx(30)
    assert (
        f"w.duckdb is held by process {other.pid} on {socket.gethostname()} (-c evaluate), since 20"
        in caught.value.message
    )
    assert "s3cret" not in str(caught.value)
    assert "readers' copy" in caught.value.hint
    assert caught.value.where == str(path)


def test_given_the_holder_ends_within_the_wait_when_asked_then_it_is_held_next(tmp_path: Path, clock: Clock) -> None:
    path = tmp_path / "w.duckdb"
    with other_program(HOLDER, str(path)) as other:
        clock.moment, clock.happens = 10, lambda: ends(other)
        with hold(path, wait_seconds=30):
            assert 10 <= clock.now <= 11  # a second is the longest pause


def test_given_a_killed_holder_when_asked_then_it_is_free_at_once(tmp_path: Path) -> None:
    path = tmp_path / "w.duckdb"
    with other_program(HOLDER, str(path)) as other:
        other.kill()
        other.wait()
        assert str(other.pid) in (tmp_path / "w.duckdb.lock").read_text()  # it could not clear up
        with hold(path, wait_seconds=0):
            assert str(other.pid) not in (tmp_path / "w.duckdb.lock").read_text()


def test_given_a_block_that_fails_when_left_then_it_is_free(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), hold(tmp_path / "w"):
        _ = 1 // 0
    with hold(tmp_path / "w", wait_seconds=0):
        pass


def test_given_rubbish_in_the_lock_file_when_held_by_another_then_the_error_still_comes(tmp_path: Path) -> None:
    path = tmp_path / "w"
    with other_program(HOLDER, str(path)):
        (tmp_path / "w.lock").write_bytes(b"\xff{")
        with pytest.raises(StoreError, match="w is held by another program"), hold(path, wait_seconds=0):
            pytest.fail("held by two")


def test_given_no_folder_when_asked_then_the_error_says_what_to_check(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="No such file") as caught, hold(tmp_path / "none" / "w"):
        pytest.fail("held without a folder")
    assert "folder" in caught.value.hint


COUNTER = """
import sys
from pathlib import Path
from warehouse.locking import hold

path = Path(sys.argv[1])
for _ in range(50):
    with hold(path, wait_seconds=250):
        path.write_text(str(int(path.read_text()) + 1))
"""


def test_given_four_programs_that_count_when_each_holds_the_file_then_no_count_is_lost(tmp_path: Path) -> None:
    path = tmp_path / "count"
    path.write_text("0")
    workers = [subprocess.Popen([sys.executable, "-c", COUNTER, path]) for _ in range(4)]
    assert [worker.wait() for worker in workers] == [0, 0, 0, 0]
    assert path.read_text() == "200"


# -- DuckDB's own lock -----------------------------------------------------------------------------------------------


def test_given_duckdbs_own_lock_when_translated_then_the_error_names_the_process(tmp_path: Path) -> None:
    path = tmp_path / "w.duckdb"
    with other_program(DUCKDB_HOLDER, str(path)) as other:
        with pytest.raises(duckdb.IOException) as caught:
            duckdb.connect(str(path))
        error = translated(caught.value)
    assert error is not None
    assert error.message.startswith(f"w.duckdb is held by process {other.pid} (python")
    assert error.where == str(path)


@pytest.mark.parametrize(
    ("told", "who"),
    [
        ("Conflicting lock is held in /opt/my duckdb (PID 41) by user x. See also …", "process 41 (my duckdb)"),
        ("Conflicting lock is held in PID 42. See also …", "process 42"),
        ("Resource temporarily unavailable", "another program"),
    ],
)
def test_given_ways_duckdb_tells_it_when_translated_then_as_much_as_it_knows(told: str, who: str) -> None:
    error = translated(duckdb.IOException(f'IO Error: Could not set lock on file "/a/w.duckdb": {told}'))
    assert error is not None
    assert error.message == f"w.duckdb is held by {who}"


def test_given_another_fault_of_the_disk_when_translated_then_it_is_none_of_ours(tmp_path: Path) -> None:
    with pytest.raises(duckdb.IOException) as caught:
        duckdb.connect(str(tmp_path / "none" / "w.duckdb"))
    assert translated(caught.value) is None


def test_given_a_program_that_ends_within_the_wait_when_opened_patiently_then_it_is_opened(
    tmp_path: Path, clock: Clock
) -> None:
    path = tmp_path / "w.duckdb"
    with other_program(DUCKDB_HOLDER, str(path)) as other:
        clock.moment, clock.happens = 10, lambda: ends(other)
        with patiently(lambda: duckdb.connect(str(path)), wait_seconds=30) as connection:
            assert connection.execute("SELECT 1").fetchall() == [(1,)]
    assert 10 <= clock.now <= 11


def test_given_a_program_that_goes_on_when_opened_patiently_then_after_the_wait_it_is_named(
    tmp_path: Path, clock: Clock
) -> None:
    path = tmp_path / "w.duckdb"
    with other_program(DUCKDB_HOLDER, str(path)) as other, pytest.raises(StoreError, match=f"process {other.pid}"):
        patiently(lambda: duckdb.connect(str(path)), wait_seconds=30)
    assert clock.now == pytest.approx(30)


def test_given_another_fault_when_opened_patiently_then_it_passes_at_once(tmp_path: Path, clock: Clock) -> None:
    with pytest.raises(duckdb.IOException):
        patiently(lambda: duckdb.connect(str(tmp_path / "none" / "w.duckdb")))
    assert clock.now == 0
