"""F1 and F2 at length: programs with many threads, killed at any moment and sent their last commands again; and the
database server, too. 20,000 acknowledged commands, none lost, none done twice.
"""

from __future__ import annotations

import json
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from engine.engine import Engine
from engine.store.address import create
from engine.template.sources import BUILT_IN

WRITER = """
import json, sys, threading, time
from pathlib import Path
from engine.engine import Engine
from engine.errors import Conflict, StoreError
from engine.process import commands as c

folder, url, token, life, again = sys.argv[1:]
telling = threading.Lock()

def insist(do):
    while True:
        try:
            return do()
        except (Conflict, StoreError):  # nobody knows: the same once more
            time.sleep(0.05)

engine = insist(lambda: Engine.open(Path(folder), store_url=url or None))
kari = insist(lambda: engine.people.sign_in(token, engine.clock()))

def send(process, party):
    receipt = insist(lambda: engine.handle(kari, process, c.AddParty(party, party), command_id=party))
    with telling:
        print(process, party, receipt.last, receipt.hash, flush=True)

def work(number, commands):
    for process, party in commands:
        send(process, party)
    for count in range(10**6):
        send("shared" if count % 8 == 7 else f"own{number}", f"{life}_{number}_{count}")

for number, commands in enumerate(json.loads(again)):
    threading.Thread(target=work, args=(number, commands)).start()
"""
THREADS = 4


def process_of(number: int, count: int) -> str:
    """Where the writer above sends a thread's command."""
    return "shared" if count % 8 == 7 else f"own{number}"


@dataclass
class Loop:
    """Writers at once, each begun anew when it was killed, until so many commands are acknowledged."""

    folder: Path
    url: str
    token: str
    model: Any
    target: int
    dice: random.Random
    kills: int = 0
    again: int = 0
    failed: list[str] = field(default_factory=list)
    unfinished: Callable[[], bool] = lambda: False
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def acknowledged(self) -> int:
        return len(self.model.acknowledged)

    def run(
        self, writers: int, beside: Callable[[], None] = lambda: None, unfinished: Callable[[], bool] = lambda: False
    ) -> None:
        """Let the writers live and die, and something beside them, which they outlive while it is unfinished."""
        self.unfinished = unfinished
        threads = [threading.Thread(target=self._slot, args=(slot,)) for slot in range(writers)]
        for thread in threads:
            thread.start()
        try:
            while any(thread.is_alive() for thread in threads):
                beside()
                time.sleep(0.05)
        except BaseException as error:
            self.failed.append(repr(error))
            raise
        finally:
            for thread in threads:
                thread.join()
        assert self.failed == []

    def _slot(self, slot: int) -> None:
        again: list[list[tuple[str, str]]] = [[] for _ in range(THREADS)]
        life = 0
        try:
            while (self.acknowledged < self.target or self.unfinished()) and not self.failed:
                again = self._life(f"w{slot}_{life}", again)
                life += 1
        except BaseException as error:
            self.failed.append(repr(error))
            raise

    def _life(self, life: str, again: list[list[tuple[str, str]]]) -> list[list[tuple[str, str]]]:
        """One life of a writer: what it is to be sent again in the next one."""
        words = [sys.executable, "-c", WRITER, str(self.folder), self.url, self.token, life, json.dumps(again)]
        with tempfile.TemporaryFile("w+") as errors:
            one = subprocess.Popen(words, cwd=BUILT_IN, stdout=subprocess.PIPE, stderr=errors, text=True)
            told: list[str] = []
            reader = threading.Thread(target=lambda: told.extend(one.stdout or ()))
            reader.start()
            self._live(told)
            with self._lock:
                ended = one.poll()
                self.kills += 1
            one.kill()
            reader.join()
            one.wait()
            errors.seek(0)
            text = errors.read()
            if ended is not None or "Traceback" in text:
                self.failed.append(f"ended with {ended}: {text}")
        return self._heard(life, told, again)

    def _live(self, told: list[str]) -> None:
        """Wait for the moment of the kill: mostly some time after the first answer, sometimes before any."""
        patience = time.monotonic() + (60 if self.dice.random() > 0.1 else self.dice.uniform(0, 1))
        while not told and time.monotonic() < patience and not self.failed:
            time.sleep(0.01)
        until = time.monotonic() + self.dice.uniform(0, 4)
        while time.monotonic() < until and self.acknowledged + len(told) < self.target and not self.failed:
            time.sleep(0.02)

    def _heard(self, life: str, told: list[str], again: list[list[tuple[str, str]]]) -> list[list[tuple[str, str]]]:
        """Take the answers in; the last of each thread, and the one under way, are sent again."""
        counts = [0] * THREADS
        with self._lock:
            for line in told:
                if not line.endswith("\n"):
                    continue  # cut off: it was not told
                process, party, last, digest = line.split()
                self.again += party in self.model.acknowledged
                self.model.acknowledge(party, process, int(last), digest)
                if party.startswith(f"{life}_"):
                    number, count = map(int, party.removeprefix(f"{life}_").split("_"))
                    counts[number] = max(counts[number], count + 1)
            sent = [
                [(process_of(number, count), f"{life}_{number}_{count}") for count in range(max(0, done - 2), done + 1)]
                for number, done in enumerate(counts)
            ]
            self.model.attempted |= {party for commands in sent for _, party in commands}
        pending = [[one for one in commands if one[1] not in self.model.acknowledged] for commands in again]
        return [old + new for old, new in zip(pending, sent, strict=True)]


def loop(world: Any, url: str, model: Any, target: int) -> Loop:
    kari = world.person("kari")
    for name in ("shared", *(f"own{number}" for number in range(THREADS))):
        world.engine.start(kari, "small", name, name)
    token = world.engine.people.token(kari.person, datetime.now(world.clock().tzinfo) + timedelta(days=1))
    return Loop(world.folder, url, token, model, target, random.Random(20261128))


@pytest.mark.slow
@pytest.mark.fault("F1")
@pytest.mark.fault("F2")
@pytest.mark.fault("F4")
def test_given_programs_killed_all_the_time_when_20000_commands_are_acknowledged_then_none_is_lost_and_none_twice(
    world: Any, model: Any
) -> None:
    kills = loop(world, "", model, 20_000)
    kills.run(writers=3)
    fresh = Engine.open(world.folder)
    model.check(fresh)
    fresh.close()
    assert len(model.acknowledged) >= 20_000
    assert kills.kills >= 10
    assert kills.again >= 20


@pytest.mark.slow
@pytest.mark.fault("F1")
@pytest.mark.fault("F2")
def test_given_programs_and_the_database_server_killed_when_opened_again_then_no_command_is_lost_and_none_twice(
    server: Any, tmp_path: Path, new_world: Callable[..., Any], model: Any
) -> None:
    create(server.url, tmp_path / "data").close()
    world = new_world(tmp_path / "data", store_url=server.url)
    kills = loop(world, server.url, model, 1_500)
    ends = [(200, server.lose_power), (600, server.stop_at_once), (1_000, server.lose_power)]

    def beside() -> None:
        if ends and kills.acknowledged >= ends[0][0]:
            ends[0][1]()
            ends.pop(0)

    kills.run(writers=2, beside=beside, unfinished=lambda: bool(ends))
    fresh = Engine.open(tmp_path / "data", store_url=server.url)
    model.check(fresh)
    fresh.close()
    world.engine.close()
    assert ends == []
    assert len(model.acknowledged) >= 1_500


WITHIN = """
import os, signal, sys
from pathlib import Path
from engine.engine import Engine
from engine.store.sqlite import _Recorder

def halfway(recorder, cursor, write):
    for statement, values in write.rows[: len(write.rows) // 2]:
        cursor.execute(statement, tuple(values))
    os.kill(os.getpid(), signal.SIGKILL)

engine = Engine.open(Path(sys.argv[1]))
_Recorder.put = halfway
engine.rebuild_worklists()
"""


@pytest.mark.fault("F4")
def test_given_lists_being_made_again_when_killed_in_the_middle_then_the_old_ones_stand_and_done_again_they_are_whole(
    world: Any, model: Any
) -> None:
    world.to_voting()
    model.attempted |= {"town", "club"}
    done = subprocess.run([sys.executable, "-c", WITHIN, str(world.folder)], cwd=BUILT_IN, check=False)
    assert done.returncode == -signal.SIGKILL
    fresh = Engine.open(world.folder, clock=world.clock)
    model.check(fresh)
    fresh.close()
