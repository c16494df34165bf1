"""What of the log is taken in: of each stream as far as its chain holds, as everywhere else.

Every event is held against the one before by its bytes alone, as many come at once: `engine.store.verify` looks closer.
A process whose chain does not hold is left out from there on, and told of; a template or source stops the pull.
"""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from engine.engine import Engine
from engine.errors import IntegrityFault
from engine.store.log import GENESIS, Log, Record

SPLIT = b',"p":'
"""What parts the envelope of a stored event from its payload: the envelope is flat, so its first one does."""
BEGIN = b'{"e":'
_GROUND = ("bundle.", "source.", "measurements.", "row.")
"""How the types of events begin that all may rest upon."""


class Chains:
    """How far each stream holds: `ends` are the last sequence and hash of each, by its hex, as they were taken in."""

    def __init__(self, engine: Engine, ends: Mapping[str, tuple[int, str]]) -> None:
        self._ends = dict(ends)
        self._processes: Mapping[str, str] = {row["stream"]: row["name"] for row in engine.processes()}
        self.broken: dict[str, tuple[int, str]] = {}
        """The first event of each process that is left out, and what is wrong with it."""

    def name(self, stream: str) -> str:
        """What a process is called; of a stream that nobody knows, its own name."""
        return self._processes.get(stream, stream)

    def whole(self, page: list[Record]) -> list[Record]:
        """The events of a page that follow from what was taken in before.

        Raises `IntegrityFault` where one of a template or source does not: all may rest upon it.
        """
        return [record for record in page if self._follows(record)]

    def _follows(self, record: Record) -> bool:
        stream = record.stream.hex
        if stream in self.broken:
            return False
        sequence, digest = self._ends.get(stream, (0, GENESIS))
        what = _wrong(record, sequence, digest)
        if what:
            if stream not in self._processes and (stream in self._ends or record.type.startswith(_GROUND)):
                raise IntegrityFault(
                    f"an event of a template or source is not as it was written: event {sequence + 1} of {stream}:"
                    f" {what}",
                    hint="Run `samskap verify`, and restore the log from a backup.",
                )
            self.broken[stream] = sequence + 1, what
            return False
        self._ends[stream] = record.sequence, record.hash
        return True

    def end(self, log: Log) -> None:
        """Hold the ends of processes against the heads beside the log: what is missing at an end breaks no chain."""
        for row in log.query("SELECT * FROM head"):
            stream, head = row["stream"], (row["sequence"], row["hash"])
            mine = self._ends.get(stream, (0, GENESIS))
            if head == mine or stream not in self._processes or stream in self.broken:
                continue
            if head[0] > mine[0] and log.read(UUID(stream), after=mine[0]):
                continue  # somebody wrote meanwhile: that comes the next time
            self.broken[stream] = min(head[0], mine[0] + 1), "it is not the one with which the process ended"


def _wrong(record: Record, sequence: int, digest: str) -> str:
    """What is wrong with an event that should come after one; empty for nothing."""
    if record.sequence != sequence + 1:
        return f"event {sequence + 1} is missing or out of its place"
    if not isinstance(record.body, bytes):
        return "its bytes cannot be read"
    envelope, found, _ = record.body.partition(SPLIT)
    if not found or not envelope.startswith(BEGIN):
        return "its bytes cannot be read"
    if b'"previous_hash":"%b"' % digest.encode() not in envelope:
        return "it does not follow from the event before: one of the two was changed"
    return ""
