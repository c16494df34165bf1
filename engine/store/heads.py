"""A head over the whole log, to keep elsewhere: it shows later whether everything up to it is still there, unchanged.

A head is the log's position and a hash over the newest hash of every stream at that position. Chains alone cannot show
that a log was cut back to an older copy of itself; a head that lies elsewhere can.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from hashlib import sha256

from engine.errors import IntegrityFault, UsageError
from engine.store.log import Log

_TEXT = re.compile(r"(\d{1,18}):([0-9a-f]{64})")


@dataclass(frozen=True, slots=True)
class Head:
    """Everything up to a position of the log, in one hash."""

    position: int
    hash: str

    def __str__(self) -> str:
        return f"{self.position}:{self.hash}"


def parse(text: str) -> Head:
    """A head as it was printed; raise `UsageError` for what is none."""
    found = _TEXT.fullmatch(text.strip())
    if found is None:
        raise UsageError(f"“{text.strip()[:80]}” is no head", hint="Give what `samskap head` printed: 1234:9f2c…")
    return Head(int(found[1]), found[2])


def head(log: Log, position: int | None = None) -> Head:
    """The head of the log, or as it was at a position."""
    until = log.position() if position is None else position
    newest: dict[str, tuple[int, str]] = {}
    for record in log.all():
        if record.position > until:
            break
        newest[record.stream.hex] = record.sequence, record.hash
    text = "".join(f"{stream}:{sequence}:{digest}\n" for stream, (sequence, digest) in sorted(newest.items()))
    return Head(until, sha256(text.encode()).hexdigest())


def check(log: Log, kept: Head) -> None:
    """Raise `IntegrityFault` where the log does not hold all that it held when the head was taken."""
    now = log.position()
    if now < kept.position:
        raise IntegrityFault(
            f"the log ends at {now}, and went on to {kept.position} when this head was taken",
            hint="It was cut back, or an older copy was put in its place: look for the newer one in your backups.",
        )
    if head(log, kept.position) != kept:
        raise IntegrityFault(
            f"what the log holds up to {kept.position} is not what it held when this head was taken",
            hint="Something was changed, or it is another log: run `samskap verify`, and compare with your backups.",
        )
