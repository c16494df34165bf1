"""Receipts: a short text that shows later whether what was stored then is still there, unchanged.

It names a process, the last event of the command, and that event's hash. The hash covers everything in the process up
to there, since each event holds the hash of the one before; so a receipt vouches for the answer and for all that it was
given on. It opens nothing: whoever holds it learns no more than that it holds.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from engine.errors import IntegrityFault, UsageError
from engine.store.log import Log
from engine.store.verify import first_fault

_TEXT = re.compile(r"([\w-]{1,60})#(\d{1,12}):([0-9a-f]{64})")


@dataclass(frozen=True, slots=True)
class Kept:
    """A receipt as it was kept."""

    process: str
    sequence: int
    hash: str

    def __str__(self) -> str:
        return f"{self.process}#{self.sequence}:{self.hash}"


@dataclass(frozen=True, slots=True)
class Vouched:
    """What a receipt vouches for: the events of its command, by their types, and when they were stored (UTC)."""

    at: datetime
    types: tuple[str, ...]
    events_since: int


def parse(text: str) -> Kept:
    """A receipt as it was printed; raise `UsageError` for what is none."""
    found = _TEXT.fullmatch(text.strip())
    if found is None:
        raise UsageError(f"“{text.strip()[:80]}” is no receipt", hint="Give what was printed: arendal-2026#12:9f2c…")
    return Kept(found[1], int(found[2]), found[3])


def check(log: Log, stream: UUID, kept: Kept) -> Vouched:
    """What the receipt vouches for; raise `IntegrityFault` where the log no longer holds just that."""
    records = log.read(stream)
    if len(records) < kept.sequence:
        raise IntegrityFault(
            f"the log has no event {kept.sequence} of {kept.process}: it ends at {len(records)}",
            hint="It was cut back, or is an older copy. Keep the receipt, and tell whoever runs the workspace.",
        )
    until = records[: kept.sequence]
    fault = first_fault(stream, until, (kept.sequence, kept.hash))
    if fault is not None:
        raise IntegrityFault(
            f"{kept.process} is not what it was when the receipt was given: event {fault.sequence}: {fault.what}",
            hint="Keep the receipt, and tell whoever runs the workspace: `samskap verify` shows what was changed.",
        )
    last, _ = until[-1].content()
    of_it = [record for record in until if record.content()[0]["command_id"] == last["command_id"]]
    types = tuple(record.type for record in of_it)
    return Vouched(datetime.fromisoformat(last["recorded_at"]), types, len(records) - kept.sequence)
