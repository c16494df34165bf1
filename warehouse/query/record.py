"""The record of questions: who asked what, when, and how it ended. One line of JSON each, never changed.

But for one thing: of a person who is erased it is forgotten who asked, and what a question says of them.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

from engine import codec
from engine.errors import SamskapError

RECORD = "questions.jsonl"
"""The record's name in a workspace's data folder."""
ERASED = "(erased)"
"""Stands where somebody was who was erased."""


@contextmanager
def asked(record: Path, who: str, question: str, clock: Callable[[], datetime]) -> Iterator[None]:
    """Record the question that the block asks, also where it is refused or interrupted."""
    began = clock()
    outcome = "killed"
    try:
        yield
        outcome = "answered"
    except SamskapError as error:
        outcome = error.code
        raise
    finally:
        line = codec.dumps({"at": began.isoformat(), "outcome": outcome, "question": question, "who": who}) + b"\n"
        with _held(record) as file:
            file.write(line)
            file.flush()
            os.fsync(file.fileno())


def forget(record: Path, is_theirs: Callable[[str, str], bool], texts: Sequence[str] = ()) -> int:
    """Forget who asked what `is_theirs` (handle, time) says is theirs, and every question that holds one of `texts`.

    How many lines were changed. The record takes the place of the one before in one step.
    """
    if not record.exists():
        return 0
    with _held(record):
        before = [codec.mapping(codec.decode(line)) for line in record.read_bytes().splitlines() if line]
        after = [_forgotten(told, is_theirs, [text.casefold() for text in texts if text]) for told in before]
        changed = sum(now != then for now, then in zip(after, before, strict=True))
        if changed:
            new = record.with_name(f".{record.name}.new")
            with new.open("wb") as file:
                file.write(b"".join(codec.dumps(told) + b"\n" for told in after))
                file.flush()
                os.fsync(file.fileno())
            new.replace(record)
    return changed


def _forgotten(
    told: dict[str, codec.Json], is_theirs: Callable[[str, str], bool], texts: Sequence[str]
) -> dict[str, codec.Json]:
    *through, handle = str(told["who"]).rpartition(" ")
    new = dict(told)
    if is_theirs(handle, str(told["at"])):
        new["who"] = f"{''.join(through)}{ERASED}"
    if any(text in str(told["question"]).casefold() for text in texts):
        new["question"] = ERASED
    return new


@contextmanager
def _held(record: Path) -> Iterator[BinaryIO]:
    """The record as it is now, to be added to, ours alone."""
    while True:
        with record.open("ab") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            if record.exists() and os.path.samestat(record.stat(), os.fstat(file.fileno())):
                yield file
                return
