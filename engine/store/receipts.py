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

from engine import codec
from engine.errors import IntegrityFault, SamskapError, UsageError
from engine.store.log import Log, Record
from engine.store.verify import first_fault

_ANSWERS = frozenset({"form.submitted", "form.corrected"})
_TEXT = re.compile(r"([\w-]{1,60})#([1-9]\d{0,11}):([0-9a-f]{64})")
_SLIPS = 4
"""Digits of 64 that whoever copies a hash by hand may get wrong; two different hashes differ in about 60."""


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
    """What a receipt vouches for: the events of its command, by their types, and when they were stored (UTC).

    `corrections` are the later events that put right what was answered then: it stays in the log beside them.
    """

    at: datetime
    types: tuple[str, ...]
    events_since: int
    corrections: tuple[int, ...] = ()


def parse(text: str) -> Kept:
    """A receipt as it was printed, also as JSON or with words before it; raise `UsageError` for what is none."""
    found = _TEXT.fullmatch(_plain(text))
    if found is None:
        raise UsageError(f"“{text.strip()[:80]}” is no receipt", hint="Give what was printed: arendal-2026#12:9f2c…")
    return Kept(found[1], int(found[2]), found[3])


def _plain(text: str) -> str:
    """The receipt within what somebody kept: the line that was printed, all that was printed, or the JSON."""
    kept = text.strip()
    if kept.startswith("{"):
        try:
            answer = codec.mapping(codec.loads(kept))
            answer = codec.mapping(answer.get("receipt", answer))
            return f"{answer['process']}#{answer['last']}:{answer['hash']}"
        except (SamskapError, KeyError, TypeError, AttributeError):
            return kept
    words = [word for word in kept.split() if _TEXT.fullmatch(word)]
    return words[0] if len(words) == 1 else kept


def check(log: Log, stream: UUID, kept: Kept) -> Vouched:
    """What the receipt vouches for; raise `IntegrityFault` where the log no longer holds just that."""
    records = log.read(stream)
    if len(records) < kept.sequence:
        raise IntegrityFault(
            f"the log has no event {kept.sequence} of {kept.process}: it ends at {len(records)}",
            hint="It was cut back, or is an older copy. Keep the receipt, and tell whoever runs the workspace.",
        )
    until = records[: kept.sequence]
    fault = first_fault(stream, until)
    if fault is not None:
        raise IntegrityFault(
            f"{kept.process} is not what it was when the receipt was given: event {fault.sequence}: {fault.what}",
            hint="Keep the receipt, and tell whoever runs the workspace: `samskap verify` shows what was changed.",
        )
    _compare(kept, until[-1].hash)
    last, _ = until[-1].content()
    of_it = [record for record in until if record.content()[0]["command_id"] == last["command_id"]]
    types = tuple(record.type for record in of_it)
    at = datetime.fromisoformat(last["recorded_at"])
    return Vouched(at, types, len(records) - kept.sequence, _corrections(of_it, records[kept.sequence :]))


def _compare(kept: Kept, stored: str) -> None:
    """Raise `IntegrityFault` where a log that is whole ends in another hash than the receipt's, with what is likely."""
    wrong = [place for place, (mine, its) in enumerate(zip(kept.hash, stored, strict=True), 1) if mine != its]
    if len(wrong) > _SLIPS:
        raise IntegrityFault(
            f"event {kept.sequence} of {kept.process} is another than the receipt was given for: its hash begins with "
            f"{stored[:12]}, the receipt's with {kept.hash[:12]}",
            hint="Is it of this workspace, and the number right? If so, the log was replaced: keep the receipt, and"
            " tell whoever runs the workspace.",
        )
    if wrong:
        count = "1 digit" if len(wrong) == 1 else f"{len(wrong)} digits"
        raise IntegrityFault(
            f"the receipt is not quite that of event {kept.sequence} of {kept.process}: {count} of the hash's 64 "
            f"are others than in the log: number {', '.join(map(str, wrong))}",
            hint="Was it mistyped? Compare it with what was printed. The log itself is whole up to there.",
        )


def _corrections(vouched: list[Record], since: list[Record]) -> tuple[int, ...]:
    """Which later events put right an answer among these, or a correction of it."""
    answers = {record.sequence for record in vouched if record.type in _ANSWERS}
    found = []
    for record in since:
        try:
            replaces = record.content()[1].get("replaces")
        except (SamskapError, KeyError):  # what is wrong with later events is not the receipt's to say
            break
        if record.type in _ANSWERS and replaces in answers:
            answers.add(record.sequence)
            found.append(record.sequence)
    return tuple(found)
