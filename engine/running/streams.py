"""The events of streams: opened from their stored form, and closed into it, encrypted and chained."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from itertools import groupby
from operator import attrgetter
from secrets import token_hex
from typing import Any
from uuid import UUID, uuid5

from engine.errors import Conflict, IntegrityFault
from engine.process import events as e
from engine.store.keys import KeyFolder
from engine.store.log import GENESIS, Envelope, Log, Record, Row, encode, iso
from engine.store.vault import protect, unprotect

NAMESPACE = UUID("6f1a3c9e-3f5e-5d43-9a2b-5a6d736b6170")
"""Streams of named things (bundles, sources, measures) are v5 UUIDs of their kind and name in this namespace."""


def stream_of(kind: str, name: str) -> UUID:
    """The stream of a named thing."""
    return uuid5(NAMESPACE, f"{kind}:{name}")


class Streams:
    """The streams of a log, read and written with the keys of its workspace."""

    def __init__(self, log: Log, keys: KeyFolder, clock: Callable[[], datetime]) -> None:
        self.log = log
        self.keys = keys
        self.clock = clock

    # -- opened -----------------------------------------------------------------------------------------------------

    def events(
        self,
        records: Iterable[Record],
        *,
        opened: Mapping[str, e.AnswersRevealed] | None = None,
        own: str | None = None,
    ) -> Iterator[e.Event]:
        """The events of records; sealed answers stay closed, save those in `opened` and `own`'s."""
        for record in records:
            yield self.event(record, opened=opened, own=own)

    def event(
        self, record: Record, *, opened: Mapping[str, e.AnswersRevealed] | None = None, own: str | None = None
    ) -> e.Event:
        """The event of a record; raise `IntegrityFault` where it is none of its kind."""
        envelope, stored = record.content()
        try:
            return self._event(record, envelope, stored, opened or {}, own)
        except (KeyError, TypeError, ValueError) as error:
            raise record.unreadable() from error

    def _event(
        self,
        record: Record,
        envelope: dict[str, Any],
        stored: dict[str, Any],
        opened: Mapping[str, e.AnswersRevealed],
        own: str | None,
    ) -> e.Event:
        payload = unprotect(record.type, envelope["schema_version"], stored, self.keys, opened=opened, own=own)
        return e.Event(
            stream=record.stream,
            sequence=record.sequence,
            recorded_at=datetime.fromisoformat(envelope["recorded_at"]),
            actor=envelope["actor"],
            on_behalf_of=envelope["on_behalf_of"],
            role=envelope["role"],
            membership=envelope["membership"],
            bundle_hash=envelope["bundle_hash"],
            event_id=envelope["event_id"],
            command_id=envelope["command_id"],
            correlation_id=envelope["correlation_id"],
            causation_id=envelope["causation_id"],
            previous_hash=envelope["previous_hash"],
            hash=record.hash,
            log_position=record.position,
            payload=payload,
        )

    # -- closed -----------------------------------------------------------------------------------------------------

    def chained(self, events: Iterable[e.Event], previous: str, command_id: str) -> list[Record]:
        """Events as they are stored, encrypted, each holding the hash of the one before."""
        records = []
        for moment, together in groupby(events, attrgetter("recorded_at")):  # those of one command share theirs
            at = iso(moment)
            for event in together:
                record = self._record(event, at, previous, command_id)
                records.append(record)
                previous = record.hash
        return records

    def _record(self, event: e.Event, at: str, previous: str, command_id: str) -> Record:
        kind = event.payload.TYPE
        envelope = Envelope(
            event_id=token_hex(16),
            stream=event.stream.hex,
            sequence=event.sequence,
            type=kind,
            schema_version=event.payload.SCHEMA,
            recorded_at=at,
            actor=event.actor,
            on_behalf_of=event.on_behalf_of,
            role=event.role,
            membership=event.membership,
            command_id=command_id,
            correlation_id=command_id,
            causation_id=command_id,
            bundle_hash=event.bundle_hash,
            previous_hash=previous,
        )
        return Record(event.stream, event.sequence, kind, encode(envelope, protect(event.payload, self.keys)))

    # -- appended ---------------------------------------------------------------------------------------------------

    def record(
        self, stream: UUID, payloads: Iterable[e.Payload], *, actor: str, rows: Iterable[Row] = (), command_id: str = ""
    ) -> list[Record]:
        """Append facts to a stream that is no process (bundles, sources); raise `Conflict` if another was first."""
        newest = self.log.read(stream, after=self.log.head(stream)[0] - 1)
        sequence, previous = (newest[-1].sequence, newest[-1].hash) if newest else (0, GENESIS)
        self.untouched(stream, sequence, previous)
        at = self.clock()
        events = (
            e.Event(stream=stream, sequence=number, recorded_at=at, actor=actor, payload=payload)
            for number, payload in enumerate(payloads, sequence + 1)
        )
        records = self.chained(events, previous, command_id)
        self.log.append(records, rows=rows)
        return records

    def untouched(self, stream: UUID, sequence: int, last_hash: str) -> None:
        """Raise `IntegrityFault` where the end of a stream is not what was stored: on that nothing is built.

        Raises `Conflict` where another writer has gone on from there.
        """
        head = self.log.head(stream)
        if head == (sequence, last_hash):
            return
        if head[0] > sequence and self.log.read(stream, after=sequence):
            raise Conflict("somebody else was first", hint="Look at the process again, then try again.")
        raise IntegrityFault(
            "the log was changed behind the engine's back: its last event is not the one that was stored",
            hint="Run `samskap verify`; nothing more is written here until the log is restored.",
        )
