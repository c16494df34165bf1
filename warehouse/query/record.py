"""The record of questions: who asked what, when, and how it ended. One line of JSON each, never changed."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from engine import codec
from engine.errors import SamskapError

RECORD = "questions.jsonl"
"""The record's name in a workspace's data folder."""


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
        with record.open("ab") as file:
            file.write(line)
            file.flush()
            os.fsync(file.fileno())
