"""Group commit: threads share a sync of the disk, and each of them still gets all or nothing, and the truth about it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest

from engine import codec
from engine.engine import Engine
from engine.errors import Conflict, SamskapError, StoreError
from engine.process import commands as c
from engine.running.committing import STRIPES
from engine.store.address import create, open_log
from engine.store.group import GroupCommit, Write
from engine.store.log import CommandKey, Log, Record
from engine.store.verify import verify
from engine.template.sources import BUILT_IN

PROCESS = "INSERT INTO process VALUES (?,?,?,?,?,?)"


@pytest.fixture(params=["sqlite", "postgres"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty store with its tables, on each of the backends."""
    found = f"sqlite:///{tmp_path}/log.sqlite"
    if request.param == "postgres":
        found = request.getfixturevalue("new_database")()
    create(found, tmp_path / "data").close()
    return found


@pytest.fixture
def log(url: str, tmp_path: Path) -> Iterator[Log]:
    with closing(open_log(url, tmp_path / "data")) as opened:
        yield opened


def event(stream: UUID, sequence: int) -> Record:
    return Record(stream, sequence, "thing.happened", codec.dumps({"e": {"sequence": sequence}, "p": {}}))


Deed = Callable[[], None]


def together(log: Log, url: str, tmp_path: Path, deeds: Sequence[Deed]) -> list[SamskapError | None]:
    """What came of deeds that all waited while another program held the store, in the order in which they came."""
    group = log._group  # type: ignore[attr-defined]
    told: list[SamskapError | None] = [None] * len(deeds)

    def do(number: int, deed: Deed) -> None:
        try:
            deed()
        except SamskapError as error:
            told[number] = error

    threads = [threading.Thread(target=do, args=(number, deed)) for number, deed in enumerate(deeds)]
    with closing(open_log(url, tmp_path / "data")) as holder, holder.held():
        for number, thread in enumerate(threads):
            thread.start()
            while not group._turn.locked() or len(group._waiting) != number:  # the first leads, and waits for the store
                time.sleep(0.001)
    for thread in threads:
        thread.join()
    return told


def test_given_writes_that_wait_when_stored_then_in_the_order_in_which_they_came(
    log: Log, url: str, tmp_path: Path
) -> None:
    streams = [uuid4() for _ in range(6)]
    told = together(log, url, tmp_path, [lambda s=s: log.append([event(s, 1), event(s, 2)]) for s in streams])  # type: ignore[misc]
    assert told == [None] * 6
    assert [(r.stream, r.sequence) for r in log.all()] == [(s, n) for s in streams for n in (1, 2)]
    assert [r.position for r in log.all()] == list(range(1, 13))


def test_given_one_that_is_refused_among_others_when_stored_then_it_alone_is_told_and_leaves_nothing(
    log: Log, url: str, tmp_path: Path
) -> None:
    taken, streams = uuid4(), [uuid4() for _ in range(3)]
    log.append([event(taken, 1)], key=CommandKey(taken, "a", "one", "f", b"{}"))
    row = (PROCESS, ("late", taken.hex, "t", "b", "T", "running"))

    def first() -> None:
        log.append([event(streams[0], 1)])

    def late() -> None:
        log.append([event(taken, 1)], rows=[row])

    def second() -> None:
        log.append([event(streams[1], 1)])

    def again() -> None:
        log.append([event(taken, 2)], key=CommandKey(taken, "a", "one", "f", b"{}"))

    def third() -> None:
        log.append([event(streams[2], 1)])

    told = together(log, url, tmp_path, [first, late, second, again, third])
    assert [type(error) for error in told] == [type(None), Conflict, type(None), Conflict, type(None)]
    assert [r.stream for r in log.all()] == [taken, *streams]
    assert log.query("SELECT * FROM process") == []
    assert log.heads().keys() == {taken, *streams}
    assert [r.position for r in log.all()] == [1, 2, 3, 4]


def test_given_two_on_one_stream_when_stored_together_then_the_first_has_it_and_the_other_is_told(
    log: Log, url: str, tmp_path: Path
) -> None:
    stream = uuid4()
    told = together(log, url, tmp_path, [lambda: log.append([event(stream, 1)])] * 3)
    assert [type(error) for error in told] == [type(None), Conflict, Conflict]
    assert log.position() == 1


def test_given_a_head_that_is_another_when_appended_to_then_a_conflict_and_nothing_stored(log: Log) -> None:
    stream = uuid4()
    first = event(stream, 1)
    log.append([first], previous="")
    for previous in ("0" * 64, ""):
        with pytest.raises(Conflict):
            log.append([event(stream, 2)], previous=previous)
    log.write_rows([("DELETE FROM head WHERE stream=?", (stream.hex,))])
    with pytest.raises(Conflict):
        log.append([event(stream, 2)], previous=first.hash)
    assert log.position() == 1
    assert log.heads() == {}


def test_given_threads_on_many_processes_when_they_work_at_once_then_all_is_stored_in_fewer_commits(
    new_world: Callable[..., Any], url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = new_world(tmp_path / "data", store_url=url)
    kari, engine = world.person("kari"), world.engine
    # Processes that share a turn wait for each other before they store; which do is another each time.
    names = list({hash(name) % STRIPES: name for name in map("p{}".format, range(200))}.values())[:8]
    for name in names:
        engine.start(kari, "small", name, "P")
    sizes: list[int] = []
    commit, waiting = engine.log._group._commit, engine.log._group._waiting

    def counted(group: Sequence[Write]) -> None:
        sizes.append(len(group))
        commit(group)

    monkeypatch.setattr(engine.log._group, "_commit", counted)

    def work(name: str) -> None:
        for party in range(10):
            engine.handle(kari, name, c.AddParty(f"party_{party}", "P"))

    with ThreadPoolExecutor(8) as threads, closing(open_log(url, tmp_path / "data")) as holder:
        with holder.held():  # until all have come
            working = [threads.submit(work, name) for name in names]
            while sum(sizes) + len(waiting) < 8:
                time.sleep(0.001)
        for one in working:
            one.result()
    monkeypatch.undo()
    assert sum(sizes) == 80
    assert sum(sizes[:2]) >= 8
    for name in names:
        state = engine.load(engine.stream(name)).state
        assert list(state.parties) == [f"party_{party}" for party in range(10)]
    assert not verify(engine.log).faults
    assert [r.position for r in engine.log.all()] == list(range(1, engine.log.position() + 1))
    engine.close()


def test_given_threads_on_one_process_when_they_work_at_once_then_nobody_is_told_that_others_were_first(
    new_world: Callable[..., Any], url: str, tmp_path: Path
) -> None:
    world = new_world(tmp_path / "data", store_url=url)
    kari, engine = world.person("kari"), world.engine
    names = [f"party_{number}" for number in range(48)]
    with ThreadPoolExecutor(16) as threads:
        receipts = list(threads.map(lambda name: engine.handle(kari, "p", c.AddParty(name, "P")), names))
    assert len({receipt.last for receipt in receipts}) == 48
    assert sorted(engine.load(engine.stream("p")).state.parties) == sorted(names)
    assert not verify(engine.log).faults
    engine.close()


def test_given_one_command_id_sent_by_two_threads_when_carried_out_then_once_and_both_have_the_answer(
    new_world: Callable[..., Any], url: str, tmp_path: Path
) -> None:
    world = new_world(tmp_path / "data", store_url=url)
    kari, engine = world.person("kari"), world.engine
    with ThreadPoolExecutor(8) as threads:
        send = [threads.submit(engine.handle, kari, "p", c.AddParty("town", "T"), command_id="one") for _ in range(8)]
        receipts = [sent.result() for sent in send]
    assert len({receipt.hash for receipt in receipts}) == 1
    assert [receipt.replayed for receipt in receipts].count(False) == 1
    engine.close()


WRITERS = """
import sys, threading
from pathlib import Path
from engine.engine import Engine
from engine.process import commands as c
engine = Engine.open(Path(sys.argv[1]), store_url=sys.argv[2])
kari = engine.people.sign_in(sys.argv[3], engine.clock())
def work(process):
    for number in range(1000):
        party = f"{sys.argv[4]}_{number}"
        engine.handle(kari, process, c.AddParty(party, party), command_id=party)
        sys.stdout.write(f"{process} {party}\\n")
        sys.stdout.flush()
for number in range(8):
    threading.Thread(target=work, args=(f"p{number}",)).start()
"""


@pytest.mark.slow
def test_given_kills_among_group_commits_when_opened_again_then_every_acknowledged_event_is_there_once(
    new_world: Callable[..., Any], url: str, tmp_path: Path
) -> None:
    world = new_world(tmp_path / "data", store_url=url)
    kari = world.person("kari")
    for number in range(8):
        world.engine.start(kari, "small", f"p{number}", "P")
    token = world.engine.people.token(kari.person, world.clock() + timedelta(days=3650))
    acknowledged: list[str] = []
    for number in range(6):
        command = [sys.executable, "-c", WRITERS, str(world.folder), url, token, f"r{number}"]
        one = subprocess.Popen(command, cwd=BUILT_IN, stdout=subprocess.PIPE, text=True)
        assert one.stdout is not None
        first = one.stdout.readline().strip()
        time.sleep(0.07 * number)
        os.kill(one.pid, signal.SIGKILL)
        rest, _ = one.communicate(timeout=280)
        acknowledged += [first, *(line for line in rest.split("\n")[:-1] if line)]
    fresh = Engine.open(world.folder, store_url=url, clock=world.clock)
    found = [
        f"p{number} {party}" for number in range(8) for party in fresh.load(fresh.stream(f"p{number}")).state.parties
    ]
    assert len(acknowledged) >= 6
    assert set(acknowledged) <= set(found)
    assert len(found) == len(set(found))
    assert not verify(fresh.log).faults
    assert [record.position for record in fresh.log.all()] == list(range(1, fresh.log.position() + 1))
    fresh.close()
    world.engine.close()


# -- the place where writes wait --------------------------------------------------------------------------------------


class Disk:
    """A commit that waits until it may go on, and fails if it is told to."""

    def __init__(self) -> None:
        self.begun, self.may_go_on = threading.Event(), threading.Event()
        self.error: BaseException | None = None
        self.groups: list[int] = []

    def __call__(self, group: Sequence[Write]) -> None:
        self.groups.append(len(group))
        if len(self.groups) == 1:
            self.begun.set()
            self.may_go_on.wait(5)
            if self.error is not None:
                raise self.error


def outcomes(disk: Disk, writers: int) -> list[BaseException | None]:
    """What writers are told; the first has begun before the others come."""
    group, told = GroupCommit(disk), list[BaseException | None]([None] * writers)

    def write(number: int) -> None:
        try:
            group.store(Write([], []))
        except BaseException as error:
            told[number] = error

    threads = [threading.Thread(target=write, args=(number,)) for number in range(writers)]
    threads[0].start()
    disk.begun.wait(5)
    for thread in threads[1:]:
        thread.start()
    while len(group._waiting) < writers - 1:
        time.sleep(0.001)
    disk.may_go_on.set()
    for thread in threads:
        thread.join()
    return told


def test_given_writers_that_come_while_one_commits_when_it_is_done_then_they_are_stored_in_one_commit() -> None:
    disk = Disk()
    assert outcomes(disk, 16) == [None] * 16
    assert disk.groups == [1, 15]


def test_given_a_commit_that_fails_when_others_wait_then_they_are_not_touched_by_it() -> None:
    disk = Disk()
    disk.error = StoreError("disk full", hint="Make room.")
    first, *rest = outcomes(disk, 4)
    assert isinstance(first, StoreError)
    assert (first.message, first.hint) == ("disk full", "Make room.")
    assert rest == [None] * 3


def test_given_a_group_whose_commit_fails_when_told_then_each_by_an_error_of_its_own() -> None:
    written = [Write([], []), Write([], [])]

    def full(_: Sequence[Write]) -> None:
        raise StoreError("disk full")

    GroupCommit(full)._lead(written)
    assert [str(write.error) for write in written] == ["disk full", "disk full"]
    assert written[0].error is not written[1].error


def test_given_a_leader_that_is_broken_off_when_others_were_in_its_group_then_they_hear_that_nobody_knows() -> None:
    written = [Write([], []), Write([], [])]

    def broken(_: Sequence[Write]) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        GroupCommit(broken)._lead(written)
    assert all(isinstance(write.error, StoreError) and "not known" in write.error.message for write in written)
    assert all(write.done for write in written)
