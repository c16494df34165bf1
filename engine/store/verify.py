"""Is the log what was stored? Every chain checked from its stored bytes, against the head kept beside it.

It reads bytes and hashes only: nothing is decrypted, no schema is lifted, so it works after keys are gone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from engine.errors import SamskapError
from engine.store.log import GENESIS, Log, Record


@dataclass(frozen=True, slots=True)
class Fault:
    """The first bad event of a stream, and what is wrong with it."""

    stream: str
    sequence: int
    what: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """How many streams and events were read, and the first fault of each stream that has one."""

    streams: int
    events: int
    faults: tuple[Fault, ...]


@dataclass(slots=True)
class _Chain:
    """How far a stream has been followed."""

    sequence: int = 0
    hash: str = GENESIS
    recorded_at: datetime | None = None
    fault: Fault | None = None


def verify(log: Log, progress: Callable[[int], None] = lambda _: None) -> Verdict:
    """Follow every chain; `progress` is told how many events were read."""
    chains: dict[UUID, _Chain] = {}
    events = 0
    for events, record in enumerate(log.all(), 1):
        chain = chains.setdefault(record.stream, _Chain())
        if chain.fault is None:
            _follow(chain, record)
        if events % 1000 == 0:
            progress(events)
    heads = log.heads()
    for stream in heads.keys() | chains.keys():
        _end(chains.setdefault(stream, _Chain()), stream, heads.get(stream, (0, GENESIS)))
    faults = sorted((c.fault for c in chains.values() if c.fault), key=lambda f: (f.stream, f.sequence))
    return Verdict(len(chains), events, tuple(faults))


def first_fault(stream: UUID, records: Iterable[Record], head: tuple[int, str] | None = None) -> Fault | None:
    """The first bad event of one stream's records, or where they do not end in the (sequence, hash) of a head."""
    chain = _Chain()
    for record in records:
        if chain.fault is None:
            _follow(chain, record)
    if head is not None:
        _end(chain, stream, head)
    return chain.fault


def follow(last: Record, new: Iterable[Record]) -> bool:
    """Whether records follow from one that is known to be whole."""
    envelope, _ = last.content()
    chain = _Chain(last.sequence, last.hash, datetime.fromisoformat(envelope["recorded_at"]))
    return not any(_wrong(chain, record) for record in new)


def _end(chain: _Chain, stream: UUID, head: tuple[int, str]) -> None:
    """Compare the end of a chain with the head that is kept beside it."""
    sequence, kept = head
    if chain.fault is None and (chain.sequence, chain.hash) != head:
        what = f"the head says {sequence} events ending in {kept[:12]}, the log {chain.sequence} in {chain.hash[:12]}"
        at = chain.sequence if chain.sequence == sequence else min(sequence, chain.sequence) + 1
        chain.fault = Fault(stream.hex, at, what)


def _follow(chain: _Chain, record: Record) -> None:
    """Take the next event, or note what is wrong with it."""
    what = _wrong(chain, record)
    if what:
        chain.fault = Fault(record.stream.hex, chain.sequence + 1, what)


def _wrong(chain: _Chain, record: Record) -> str:
    if record.sequence != chain.sequence + 1:
        return f"event {chain.sequence + 1} is missing or out of its place: {record.sequence} stands there"
    try:
        envelope, _ = record.content()
        at = datetime.fromisoformat(envelope["recorded_at"])
        before = chain.recorded_at is not None and at < chain.recorded_at
        place = envelope["stream"], envelope["sequence"], envelope["type"]
        previous, digest = envelope["previous_hash"], record.hash
    except (SamskapError, AttributeError, ValueError, KeyError, TypeError, RecursionError):  # also text, not bytes
        return "its bytes cannot be read"
    if place != (record.stream.hex, record.sequence, record.type):
        return "its envelope names another place than it stands in"
    if previous != chain.hash:
        return "it does not follow from the event before: one of the two was changed"
    if before:
        return "it was recorded before the event it follows"
    chain.sequence, chain.hash, chain.recorded_at = record.sequence, digest, at
    return ""
