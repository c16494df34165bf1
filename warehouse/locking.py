"""One program at a time on a file: a lock that says who holds it, and DuckDB's own lock told in our words.

The lock is the operating system's (`flock` on a file beside): it ends with its holder, however that ends. What the lock
file says is for people; nothing is decided by it. This is no lock between computers, and none on DuckDB's file itself:
a program that does not ask here is only kept out by DuckDB.
"""

from __future__ import annotations

import fcntl
import itertools
import os
import re
import socket
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

import duckdb
import msgspec

from engine.errors import StoreError

Opened = TypeVar("Opened")

FIRST_PAUSE = 0.02  # seconds between two attempts; doubled each time
LONGEST_PAUSE = 1.0
_HINT = "Wait until it has ended, or stop it. Reading goes on meanwhile: the readers' copy is a file of its own."
_WORD = re.compile(r"[a-z]+")
_LOCKED = re.compile(r"Could not set lock on file \"(?P<file>[^\"]+)\"")
_HOLDER = re.compile(r"Conflicting lock is held in (?P<program>.*?)\s*\(?PID (?P<pid>[0-9]+)\)?")


class _Holder(msgspec.Struct):
    """What the lock file says about who holds it; `since` is UTC."""

    pid: int
    host: str
    command: str
    since: datetime

    def __str__(self) -> str:
        return f"process {self.pid} on {self.host} ({self.command}), since {self.since:%Y-%m-%d %H:%M:%S} UTC"


@contextmanager
def hold(path: Path, *, wait_seconds: float = 30) -> Iterator[None]:
    """Hold `path` for as long as the block runs; others wait their turn at `<path>.lock`, which is left there.

    Raises `StoreError` that names the holder when it is still held after `wait_seconds`, and when the lock file cannot
    be made. Not for holding twice: a block inside of a block on the same path waits for itself, and fails.
    """
    lock = path.with_name(f"{path.name}.lock")
    try:
        descriptor = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
    except OSError as error:
        raise StoreError(
            f"the lock file cannot be opened: {error.strerror}",
            hint="Check that the folder is there and that this user may write in it.",
            where=str(lock),
        ) from error
    try:
        _wait(descriptor, path, wait_seconds)
        _tell(descriptor)
        try:
            yield
        finally:
            os.ftruncate(descriptor, 0)  # before the lock ends with the descriptor: the next one may write at once
    finally:
        os.close(descriptor)


def _wait(descriptor: int, path: Path, wait_seconds: float) -> None:
    deadline = time.monotonic() + wait_seconds
    for attempt in itertools.count():
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            left = deadline - time.monotonic()
            if left <= 0:
                raise StoreError(f"{path.name} is held by {_holder(descriptor)}", hint=_HINT, where=str(path)) from None
            time.sleep(_pause(attempt, left))
        else:
            return


def _pause(attempt: int, left: float) -> float:
    return min(FIRST_PAUSE * 2.0 ** min(attempt, 10), LONGEST_PAUSE, left)


def _tell(descriptor: int) -> None:
    """Write down who holds the lock. A full disk is no reason not to work: the lock holds without these words."""
    holder = _Holder(os.getpid(), socket.gethostname(), _command(), datetime.now(UTC))
    with suppress(OSError):
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, msgspec.json.encode(holder), 0)


def _command() -> str:
    """The program and its command, `samskap evaluate`: no options, because they may hold what is nobody's business."""
    program, *words = sys.argv or ["python"]
    plain = itertools.takewhile(_WORD.fullmatch, words)
    return " ".join([Path(program).name or "python", *plain])


def _holder(descriptor: int) -> str:
    """Who holds the lock; between locking and writing it down there is a moment in which nobody can tell."""
    try:
        return str(msgspec.json.decode(os.pread(descriptor, 10_000, 0), type=_Holder))
    except (OSError, msgspec.DecodeError):
        return "another program"


def translated(error: duckdb.IOException) -> StoreError | None:
    """DuckDB's "Could not set lock on file …" as our error, with the holder's process id; `None` for all other errors.

    For programs that open the file without asking `hold`: a DuckDB shell, a notebook, a viewer.
    """
    locked = _LOCKED.search(str(error))
    if locked is None:
        return None
    holder = _HOLDER.search(str(error))
    path = Path(locked["file"])
    program = f" ({Path(holder['program']).name})" if holder and holder["program"] else ""
    who = f"process {holder['pid']}{program}" if holder else "another program"
    return StoreError(f"{path.name} is held by {who}", hint=_HINT, where=str(path))


def patiently(open_file: Callable[[], Opened], *, wait_seconds: float = 30) -> Opened:
    """What `open_file` opens, tried again for `wait_seconds` while DuckDB says that another program holds the file.

    Raises `StoreError` that names the holder's process id when it is still held then; all other errors pass at once.
    """
    deadline = time.monotonic() + wait_seconds
    for attempt in itertools.count():
        try:
            return open_file()
        except duckdb.IOException as error:
            held = translated(error)
            left = deadline - time.monotonic()
            if held is None:
                raise
            if left <= 0:
                raise held from error
            time.sleep(_pause(attempt, left))
    raise AssertionError("counting has no end")
