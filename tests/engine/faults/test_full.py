"""F5: a disk that fills up while commands are stored, or a copy is made: one contract, which either store keeps.

A disk is full in two ways: no file of the store's may grow any more (a limit of the processes that write it, which
every machine has), or it lies on a disk of its own that has no room (where the machine lets one mount such a disk).
"""

from __future__ import annotations

import resource
import shutil
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import pytest

from engine.engine import Engine
from engine.errors import StoreError
from engine.process import commands as c
from engine.store.address import create
from engine.store.copying import compare
from engine.store.log import Log
from engine.store.tables import ANYTHING
from engine.store.verify import verify

pytestmark = pytest.mark.fault("F5")

MOST = 3_000
"""Commands in which every disk here has filled up."""


class Disk(ABC):
    """Where a store lies, and how it gets full and has room again."""

    folder: Path
    """The data folder of the workspace."""
    url: str | None = None
    """The store's; None: the file in that folder."""

    @abstractmethod
    def fill(self) -> None:
        """From now on nothing of the store's that grows finds room."""

    @abstractmethod
    def make_room(self) -> None:
        """All is as it was before."""

    def open(self) -> Log:
        """The store, with its tables."""
        return create(self.url, self.folder)


class NoGrowth(Disk):
    """SQLite's files may not grow: the limit is this program's own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def fill(self) -> None:
        sizes = [path.stat().st_size for path in self.folder.glob("events.sqlite*")]
        self._limit(max(sizes) + 60_000)

    def make_room(self) -> None:
        self._limit(resource.getrlimit(resource.RLIMIT_FSIZE)[1])

    def _limit(self, size: int) -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, resource.getrlimit(resource.RLIMIT_FSIZE)[1]))


class Ballast:
    """Fills a small disk up to the last block but a few."""

    def __init__(self, disk: Path) -> None:
        self._file = disk / "ballast"

    def fill(self) -> None:
        with suppress(OSError), self._file.open("wb", buffering=0) as file:
            while True:
                file.write(bytes(1 << 12))
        with self._file.open("r+b") as file:
            file.truncate(self._file.stat().st_size - 60_000)

    def make_room(self) -> None:
        self._file.unlink()


class SmallDisk(Disk):
    """SQLite's files on a disk without room."""

    def __init__(self, disk: Path) -> None:
        self.folder = disk / "data"
        self._ballast = Ballast(disk)

    def fill(self) -> None:
        self._ballast.fill()

    def make_room(self) -> None:
        self._ballast.make_room()


class ServerWithoutGrowth(Disk):
    """A server whose files may not grow beyond what the table of events has."""

    def __init__(self, folder: Path, server: Any) -> None:
        self.folder, self.url, self._server = folder, server.url, server

    def fill(self) -> None:
        """Its write-ahead log is in files of 16 MB: the table is to be larger, so that only its growth fails."""
        sql(self._server.url, "ALTER TABLE samskap.event SET (autovacuum_enabled = false)")
        sql(
            self._server.url,
            "INSERT INTO samskap.event SELECT -n, gen_random_uuid(), 1, 'ballast', decode(repeat('ab', 1500), 'hex')"
            " FROM generate_series(1, 11500) AS n",
        )
        sql(self._server.url, "DELETE FROM samskap.event WHERE position < 0")
        ((size,),) = sql(self._server.url, "SELECT pg_relation_size('samskap.event')")
        assert size > 16 << 20
        self._server.may_grow_to(size)

    def make_room(self) -> None:
        self._server.may_grow_to(None)


class ServerOnSmallDisk(Disk):
    """A server whose table of events lies on a disk without room."""

    def __init__(self, folder: Path, server: Any, disk: Path) -> None:
        self.folder, self.url = folder, server.url
        self._ballast = Ballast(disk)
        self._place = disk / "space"
        self._place.mkdir()
        if server.user is not None:
            shutil.chown(self._place, server.user)

    def open(self) -> Log:
        log = super().open()
        if not sql(self.url, "SELECT 1 FROM pg_tablespace WHERE spcname = 'small'"):
            sql(self.url, f"CREATE TABLESPACE small LOCATION '{self._place}'")
            sql(self.url, "ALTER TABLE samskap.event SET TABLESPACE small")
        return log

    def fill(self) -> None:
        self._ballast.fill()

    def make_room(self) -> None:
        self._ballast.make_room()


def sql(url: str | None, statement: str) -> list[Any]:
    import psycopg  # noqa: PLC0415 (tests that need no server run without it)

    assert url is not None
    with psycopg.connect(url, autocommit=True) as connection:
        cursor = connection.execute(statement.encode())
        return list(cursor.fetchall()) if cursor.description else []


@pytest.fixture(params=["sqlite, no growth", "sqlite, small disk", "postgres, no growth", "postgres, small disk"])
def disk(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Disk]:
    """Where a store lies that gets full."""
    kind, _, how = request.param.partition(", ")
    small = request.getfixturevalue("small_disk") if how == "small disk" else None
    if kind == "sqlite":
        yield NoGrowth(tmp_path / "data") if small is None else SmallDisk(small)
        return
    if small is None and shutil.which("prlimit") is None:
        pytest.skip("this machine has no prlimit")
    server = request.getfixturevalue("server")
    folder = tmp_path / "data"
    made = ServerWithoutGrowth(folder, server) if small is None else ServerOnSmallDisk(folder, server, small)
    yield made
    if small is not None:
        server.lose_power()  # so that it lets go of the disk


@pytest.fixture
def world(disk: Disk, new_world: Callable[..., Any]) -> Iterator[Any]:
    disk.open().close()
    made = new_world(disk.folder, store_url=disk.url)
    yield made
    made.engine.close()


class Sender:
    """Sends commands, tells the model what was answered, and keeps those that were refused for want of room."""

    def __init__(self, world: Any, model: Any) -> None:
        self.world, self.model = world, model
        self.kari = world.person("kari")
        self.refused: list[tuple[str, str]] = []
        self.errors: list[StoreError] = []

    def send(self, process: str, party: str) -> bool:
        self.model.attempted.add(party)
        command = c.AddParty(party, f"{party} {'x' * 500}")
        try:
            receipt = self.world.engine.handle(self.kari, process, command, command_id=party)
        except StoreError as error:
            self.refused.append((process, party))
            self.errors.append(error)
            return False
        self.model.acknowledge(party, process, receipt.last, receipt.hash)
        return True

    def until_full(self, process: str) -> None:
        """Send until so many were refused: what is small may still find room where what is large did not."""
        refused = 0
        for number in range(MOST):
            refused += not self.send(process, f"{process}_{number}")
            if refused == 3:
                return
        raise AssertionError("the disk did not fill up")


def test_given_a_disk_that_fills_up_when_written_until_then_told_in_words_nothing_half_and_with_room_it_goes_on(
    disk: Disk, world: Any, model: Any
) -> None:
    sender = Sender(world, model)
    disk.fill()
    try:
        sender.until_full("p")
        assert verify(world.engine.log).faults == ()
        assert {party for _, party in sender.refused}.isdisjoint(world.state.parties)
    finally:
        disk.make_room()
    assert all(error.message.startswith("nothing was stored: ") for error in sender.errors)
    assert all("disk" in error.hint for error in sender.errors)
    fresh = Engine.open(disk.folder, store_url=disk.url, clock=world.clock)
    model.check(fresh)
    fresh.close()
    for process, party in sender.refused.copy():
        assert sender.send(process, party)
    model.check(world.engine)


def test_given_several_who_write_when_the_disk_fills_up_then_each_is_told_what_became_of_theirs(
    disk: Disk, world: Any, model: Any
) -> None:
    """What several want to store at once is one commit: it fails for all of them, or for none."""
    sender = Sender(world, model)
    for name in ("q", "r", "s"):
        world.engine.start(sender.kari, "small", name, name)
    threads = [threading.Thread(target=sender.until_full, args=(name,)) for name in ("p", "q", "r", "s")]
    disk.fill()
    try:
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        disk.make_room()
    assert len(sender.refused) == 3 * len(threads)
    model.check(world.engine)
    for process, party in sender.refused.copy():
        assert sender.send(process, party)
    model.check(world.engine)


def test_given_a_disk_without_room_for_a_copy_when_a_store_is_copied_there_then_nothing_is_there_and_later_all(
    disk: Disk, tmp_path: Path, new_world: Callable[..., Any]
) -> None:
    source = new_world(tmp_path / "source")
    for number in range(150):
        source.do("kari", c.AddParty(f"party_{number}", "x" * 1500))
    with closing(disk.open()) as target:
        disk.fill()
        try:
            with pytest.raises(StoreError, match="nothing was stored"):
                source.engine.copy_store(target)
        finally:
            disk.make_room()
        assert not target.query(ANYTHING)[0]["anything"]
        assert target.position() == 0
        source.engine.copy_store(target)
        assert compare(source.engine.log, target) == []
    source.engine.close()


def test_given_a_server_that_cannot_write_its_own_log_when_a_command_is_sent_then_nobody_knows_and_again_it_is_done_once(
    server: Any, tmp_path: Path, new_world: Callable[..., Any], model: Any
) -> None:
    """PostgreSQL gives up then, and is started again when there is room: as after a loss of power."""
    if shutil.which("prlimit") is None:
        pytest.skip("this machine has no prlimit")
    create(server.url, tmp_path / "data").close()
    world = new_world(tmp_path / "data", store_url=server.url)
    sender = Sender(world, model)
    assert sender.send("p", "before")
    server.may_grow_to(0)
    assert not sender.send("p", "meanwhile")
    server.may_grow_to(None)
    server.stop_at_once()
    model.check(world.engine)
    assert "with the same command id it is done once" in sender.errors[0].hint
    assert sender.send("p", "meanwhile")
    assert sender.send("p", "after")
    model.check(world.engine)
    world.engine.close()
