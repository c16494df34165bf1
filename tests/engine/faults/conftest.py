"""What the tests of faults share: the model that a store is compared with at their end."""

from __future__ import annotations

import shutil
import signal
import subprocess
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from engine.engine import Engine
from engine.errors import IntegrityFault
from engine.process import events as e
from engine.store.tables import FOLDS
from engine.store.verify import verify


@dataclass(frozen=True)
class Acknowledged:
    """The answer to a command that added a party."""

    process: str
    last: int
    hash: str


@dataclass
class Model:
    """Which parties somebody tried to add, and which of them were acknowledged.

    At the end of a fault a fresh engine has to find: acknowledged ⊆ log ⊆ attempted, each once, every acknowledged event
    in its place with its hash, positions and sequences without gaps, and lists and states that are what the events
    give.
    """

    attempted: set[str] = field(default_factory=set)
    acknowledged: dict[str, Acknowledged] = field(default_factory=dict)

    def acknowledge(self, party: str, process: str, last: int, digest: str) -> None:
        """Take an answer in; the same command's second answer has to be the first."""
        answer = Acknowledged(process, last, digest)
        assert self.acknowledged.setdefault(party, answer) == answer
        self.attempted.add(party)

    def check(self, engine: Engine) -> Counter[str]:
        """Compare with what an engine finds; how often each party joined."""
        assert verify(engine.log).faults == ()
        records = list(engine.log.all())
        assert [record.position for record in records] == list(range(1, len(records) + 1))
        joined = Counter(str(r.content()[1]["party"]) for r in records if r.type == e.PartyJoined.TYPE)
        assert set(self.acknowledged) <= set(joined) <= self.attempted
        assert [party for party, times in joined.items() if times > 1] == []
        hashes = {(record.stream, record.sequence): record.hash for record in records}
        streams = {row["name"]: engine.stream(row["name"]) for row in engine.processes()}
        lost = [
            party
            for party, answer in self.acknowledged.items()
            if hashes[streams[answer.process], answer.last] != answer.hash
        ]
        assert lost == []
        before, states = projections(engine), {name: engine.load(stream).state for name, stream in streams.items()}
        engine.rebuild_worklists()  # and snapshots are gone with it
        assert projections(engine) == before
        anew = Engine(engine.log, engine.keys, clock=engine.clock)
        assert {name: anew.load(stream).state for name, stream in streams.items()} == states
        return joined


def projections(engine: Engine) -> dict[str, list[str]]:
    """Every list, in an order of its own."""
    return {name: sorted(map(str, engine.log.query(f"SELECT * FROM {name}"))) for name in FOLDS}


@pytest.fixture
def model() -> Model:
    """A model in which nothing was tried yet."""
    return Model()


@pytest.fixture
def in_quarantine() -> Callable[[Engine, Any, str], bool]:
    """Whether a process can be read and is not written to, as an engine has it."""

    def found(engine: Engine, session: Any, name: str) -> bool:
        from engine.process import commands as c  # noqa: PLC0415

        try:
            engine.handle(session, name, c.AddParty("probe", "Probe"))
        except IntegrityFault:
            return True
        return False

    return found


# -- servers and disks ------------------------------------------------------------------------------------------------


class Server:
    """A PostgreSQL server of one's own, to kill, and whose files can be kept from growing."""

    def __init__(self, pgserver: Any, folder: Path) -> None:
        self._server = pgserver.get_server(folder / "d", cleanup_mode="delete")
        self._data = folder / "d"
        self.url = f"postgresql://postgres@/postgres?host={self._server.get_uri().partition('?host=')[2]}"

    @property
    def user(self) -> str | None:
        """Who the server runs as, where that is somebody else than we are."""
        user: str | None = self._server.system_user
        return user

    def lose_power(self) -> None:
        """End every process of the server at once, and start it again."""
        self._end(self._processes(), signal.SIGKILL)
        self.start()

    def stop_at_once(self) -> None:
        """End it without finishing anything (`pg_ctl stop -m immediate`), and start it again."""
        self._end(self._processes()[:1], signal.SIGQUIT)
        self.start()

    def may_grow_to(self, size: int | None) -> None:
        """Let no file of the server's be written to beyond a size; None: as before.

        That is the soft limit of each of its processes, which whoever they belong to may change both ways.
        """
        for process in self._processes():
            words = ["prlimit", "--pid", str(process.pid), f"--fsize={'unlimited' if size is None else size}:"]
            done = subprocess.run(words, user=self.user, capture_output=True, text=True, check=False)
            assert done.returncode == 0 or not is_alive(process), done.stderr

    def start(self) -> None:
        """Start it again, after it has ended."""
        for left in [self._data / "postmaster.pid", *self._data.glob(".s.PGSQL.*")]:
            left.unlink(missing_ok=True)  # in a container nobody waits for the dead, and their numbers seem taken
        self._server.ensure_postgres_running()

    def _processes(self) -> list[Any]:
        """All that run, the first of them first; none where the server has ended."""
        import psutil  # noqa: PLC0415 (the server's wheel brings it)

        with suppress(FileNotFoundError, psutil.NoSuchProcess):
            first = psutil.Process(int((self._data / "postmaster.pid").read_text().splitlines()[0]))
            return [first, *first.children(recursive=True)]
        return []

    def _end(self, ended: list[Any], number: signal.Signals) -> None:
        import psutil  # noqa: PLC0415

        running = self._processes()
        for process in ended:
            with suppress(psutil.NoSuchProcess):
                process.send_signal(number)
        deadline = time.monotonic() + 120
        while any(is_alive(process) for process in running) and time.monotonic() < deadline:
            time.sleep(0.02)

    def end(self) -> None:
        self._server.cleanup()


def is_alive(process: Any) -> bool:
    """Whether a process still does anything: what nobody has waited for is a name only."""
    import psutil  # noqa: PLC0415

    with suppress(psutil.NoSuchProcess):
        return bool(process.status() != psutil.STATUS_ZOMBIE)
    return False


@pytest.fixture
def server(pgserver: Any) -> Iterator[Server]:
    """A server that a test may end as it likes."""
    folder = Path(tempfile.mkdtemp(prefix="pg"))
    try:
        made = Server(pgserver, folder)
        yield made
        made.end()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def small_disk() -> Iterator[Path]:
    """A disk of 2 MB of one's own, where the machine lets one have it."""
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o755)
    mounted = shutil.which("mount") and subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(folder)], capture_output=True, check=False
    )
    if not mounted or mounted.returncode:
        folder.rmdir()
        pytest.skip("this machine lets nobody mount a disk")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)
    folder.rmdir()
