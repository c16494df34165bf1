"""One program at a time in the warehouse: who waits, for how long, and who holds it.

A lock on a file beside the warehouse dies with its process, so a killed run never leaves one behind.
"""

from __future__ import annotations

import fcntl
import json
import os
import re
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TextIO

import duckdb

from engine.errors import StoreError

WAIT_SECONDS = 30.0
_FIRST_PAUSE = 0.05
_LONGEST_PAUSE = 1.0
_DUCKDB_HELD = re.compile(r"Conflicting lock is held in (?P<program>\S+) \(PID (?P<pid>\d+)\)")


@contextmanager
def hold(path: Path, *, wait_seconds: float = WAIT_SECONDS) -> Iterator[None]:
    """Have a file to oneself; raise `StoreError`, naming who has it, where it is not free within the time."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.with_name(path.name + ".lock").open("a+", encoding="utf-8") as file:
        _wait(file, path, wait_seconds)
        try:
            _sign(file)
            yield
        finally:
            file.truncate(0)
            fcntl.flock(file, fcntl.LOCK_UN)


def _wait(file: TextIO, path: Path, wait_seconds: float) -> None:
    until = time.monotonic() + wait_seconds
    pause = _FIRST_PAUSE
    while True:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() + pause > until:
                raise _held(_holder(file), path) from None
            time.sleep(pause)
            pause = min(pause * 2, _LONGEST_PAUSE)
        else:
            return


def _sign(file: TextIO) -> None:
    file.truncate(0)
    since = datetime.now(UTC).isoformat(timespec="seconds")
    json.dump({"pid": os.getpid(), "program": Path(sys.argv[0]).name, "since": since}, file)
    file.flush()


def _holder(file: TextIO) -> str:
    file.seek(0)
    try:
        told = json.loads(file.read())
        return f"{told['program']} (process {told['pid']}, since {told['since']})"
    except (ValueError, KeyError, TypeError):  # between locking and signing
        return "another program"


def _held(holder: str, path: Path) -> StoreError:
    return StoreError(
        f"the warehouse is in use by {holder}",
        hint="Wait until that is done, or stop it; to look at figures use the readers' copy: samskap sql.",
        where=str(path),
    )


def translated(error: duckdb.Error, path: Path) -> StoreError | None:
    """DuckDB's own complaint that another program has the file open, as our error; None for any other."""
    found = _DUCKDB_HELD.search(str(error))
    if found is None:
        return None
    return _held(f"{Path(found['program']).name} (process {found['pid']})", path)
