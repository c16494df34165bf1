"""What goes wrong on a real machine: kills, two writers, a full disk, a command that is sent twice."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.engine import Engine
from engine.errors import Refused, SettingsError, StoreError
from engine.process import commands as c
from engine.store.people import Session
from engine.store.verify import verify
from engine.template import bundle
from engine.template.sources import BUILT_IN

WRITER = """
import sys
from pathlib import Path
from engine.process import commands as c
from engine.engine import Engine
engine = Engine.open(Path(sys.argv[1]))
kari = engine.people.sign_in(sys.argv[2], engine.clock())
for number in range(int(sys.argv[4])):
    party = f"{sys.argv[3]}_{number}"
    engine.handle(kari, "arendal", c.AddParty(party, party), command_id=party)
    print(party, flush=True)
"""

FULL = """
import resource, signal, sys
from pathlib import Path
from engine.process import commands as c
from engine.engine import Engine
from engine.errors import StoreError
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
engine = Engine.open(Path(sys.argv[1]))
kari = engine.people.sign_in(sys.argv[2], engine.clock())
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[3]), int(sys.argv[3])))
stored = 0
try:
    for number in range(5000):
        engine.handle(kari, "arendal", c.AddParty(f"party_{number}", "x" * 2000))
        stored += 1
except StoreError as error:
    print(stored, error.message)
"""


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    opened = Engine.open(tmp_path)
    opened.publish(bundle.read("samson", [BUILT_IN]))
    yield opened
    opened.close()


@pytest.fixture
def token(engine: Engine) -> str:
    person = engine.people.add("kari", "Kari")
    token = engine.people.token(person, engine.clock())
    engine.start(engine.people.sign_in(token, engine.clock()), "samson", "arendal", "Arendal")
    return token


@pytest.fixture
def kari(engine: Engine, token: str) -> Session:
    return engine.people.sign_in(token, engine.clock())


def writer(folder: Path, token: str, name: str, count: int) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", WRITER, str(folder), token, name, str(count)],
        cwd=BUILT_IN,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def parties(folder: Path) -> list[str]:
    """The parties as a fresh engine folds them."""
    fresh = Engine.open(folder)
    found = list(fresh.load(fresh.stream("arendal")).state.parties)
    assert not verify(fresh.log).faults
    fresh.close()
    return found


@pytest.mark.fault("F2")
def test_given_an_answered_command_when_sent_again_then_the_same_answer_and_no_second_event(
    engine: Engine, kari: Session
) -> None:
    first = engine.handle(kari, "arendal", c.AddParty("lag", "Lag"), command_id="one")
    again = engine.handle(kari, "arendal", c.AddParty("lag", "Lag"), command_id="one")
    assert (again.first, again.last, again.hash, again.replayed) == (first.first, first.last, first.hash, True)
    assert engine.load(engine.stream("arendal")).state.sequence == first.last


@pytest.mark.fault("F9")
def test_given_an_answered_command_when_its_id_comes_with_other_content_then_refused(
    engine: Engine, kari: Session
) -> None:
    engine.handle(kari, "arendal", c.AddParty("lag", "Lag"), command_id="one")
    before = engine.log.position()
    with pytest.raises(Refused, match="something else"):
        engine.handle(kari, "arendal", c.AddParty("bedrift", "Bedrift"), command_id="one")
    assert engine.log.position() == before


@pytest.mark.fault("F7")
def test_given_two_programs_when_both_write_then_nothing_is_lost_or_doubled(
    engine: Engine, token: str, tmp_path: Path
) -> None:
    writers = [writer(tmp_path, token, name, 15) for name in ("a", "b")]
    acknowledged = [line for one in writers for line in one.communicate(timeout=280)[0].split()]
    assert [one.returncode for one in writers] == [0, 0]
    assert sorted(parties(tmp_path)) == sorted(acknowledged)


@pytest.mark.fault("F5")
def test_given_a_full_disk_when_written_then_a_clear_error_nothing_half_and_room_again_works(
    engine: Engine, token: str, kari: Session, tmp_path: Path
) -> None:
    limit = str(max(path.stat().st_size for path in tmp_path.glob("events.sqlite*")) + 300_000)
    done = subprocess.run(
        [sys.executable, "-c", FULL, str(tmp_path), token, limit],
        cwd=BUILT_IN,
        capture_output=True,
        text=True,
        check=False,
        timeout=280,
    )
    assert done.returncode == 0, done.stderr
    stored, message = done.stdout.split(" ", 1)
    assert "nothing was stored" in message
    assert len(parties(tmp_path)) == int(stored)
    engine.handle(kari, "arendal", c.AddParty("after", "After"))
    assert parties(tmp_path)[-1] == "after"


NO_KEY = """
import resource, signal, sys
from pathlib import Path
from engine.engine import Engine
from engine.errors import StoreError
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
engine = Engine.open(Path(sys.argv[1]))
resource.setrlimit(resource.RLIMIT_FSIZE, (16, 16))
try:
    engine.keys.encrypt("subject", "somebody", b"a text")
except StoreError as error:
    print(error.message)
"""


@pytest.mark.fault("F5")
def test_given_a_full_disk_when_a_key_is_to_be_made_then_a_clear_error_and_no_half_key(
    engine: Engine, tmp_path: Path
) -> None:
    """A key that is cut short would be taken for the key later."""
    before = sorted(path for path in (tmp_path / "keys").rglob("*") if path.is_file())
    done = subprocess.run(
        [sys.executable, "-c", NO_KEY, str(tmp_path)],
        cwd=BUILT_IN,
        capture_output=True,
        text=True,
        check=False,
        timeout=280,
    )
    assert "a key could not be written" in done.stdout, done.stderr
    assert sorted(path for path in (tmp_path / "keys").rglob("*") if path.is_file()) == before
    assert len(engine.keys.ensure("subject", "somebody")) == 32


@pytest.mark.fault("F13")
def test_given_a_store_that_is_garbage_when_read_then_a_clear_error(engine: Engine, tmp_path: Path) -> None:
    store = tmp_path / "events.sqlite"
    engine.log.query("PRAGMA wal_checkpoint(TRUNCATE)")
    with store.open("r+b") as file:
        file.seek(100)
        file.write(b"\xff" * (store.stat().st_size - 100))
    with pytest.raises((StoreError, SettingsError)):
        Engine.open(tmp_path).processes()


@pytest.mark.fault("F6")
def test_given_a_folder_that_is_a_file_when_opened_then_told_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file")
    with pytest.raises(SettingsError) as caught:
        Engine.open(tmp_path / "data")
    assert "folder" in caught.value.hint


@pytest.mark.fault("F1")
@pytest.mark.slow
def test_given_kills_at_any_moment_when_opened_again_then_every_acknowledged_event_is_there_once(
    engine: Engine, token: str, tmp_path: Path
) -> None:
    dice = random.Random(20261123)
    acknowledged: list[str] = []
    attempted: set[str] = set()
    for round_number in range(20):
        name = f"r{round_number}"
        one = writer(tmp_path, token, name, 1000)
        assert one.stdout is not None
        first = one.stdout.readline().strip()
        time.sleep(dice.uniform(0, 0.12))
        os.kill(one.pid, signal.SIGKILL)
        rest, _ = one.communicate(timeout=280)
        lines = [line for line in rest.split("\n")[:-1] if line]  # what has no line end was cut off
        acknowledged += [first, *lines]
        attempted |= {f"{name}_{number}" for number in range(1000)}
    found = parties(tmp_path)
    assert set(acknowledged) <= set(found) <= attempted
    assert len(found) == len(set(found))
