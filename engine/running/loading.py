"""A process as its events tell it: folded, kept folded, and put in quarantine where an event is not what was stored."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from threading import Lock
from typing import Final, TypeAlias
from uuid import UUID

from engine.errors import IntegrityFault, NotFound, SamskapError
from engine.process.state import ProcessState, fold
from engine.running.catalogue import Catalogue
from engine.running.records import Records
from engine.running.snapshots import Snapshots
from engine.running.streams import Streams
from engine.store.log import Found, Record, hash_of, stream_of_text
from engine.store.verify import Fault, first_fault, follow
from engine.template.chart import Definition

KEPT_PROCESSES = 256
"""Processes that an engine keeps folded, so that a command costs what is new and not what has been."""

QUARANTINE: Final = "quarantine"
"""The status of a process that is not what was stored; no event leads to it."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """A process as folded from its events, with the events; `fault` is the first that is not what was stored.

    A process with a fault is in quarantine: it can be read up to there, and nothing is written to it.
    """

    state: ProcessState
    records: Records
    definition: Definition
    fault: Fault | None = None

    @property
    def damage(self) -> Damaged | None:
        """What is met in the place of a process that is not what was stored."""
        if self.fault is None:
            return None
        why = IntegrityFault(
            f"“{self.state.name}” is in quarantine, and nothing more is written to it: event {self.fault.sequence}:"
            f" {self.fault.what}",
            hint="Up to there it can be read. Restore the log from a backup: `samskap restore`; all others go on.",
        )
        return Damaged(self.state.name, why, self)

    def writable(self) -> None:
        """Raise `IntegrityFault` for a process that is not what was stored: on that nothing is built."""
        if self.damage is not None:
            raise self.damage.why


@dataclass(frozen=True, slots=True)
class Damaged:
    """A process in quarantine, as whoever goes through many meets it, and why; `loaded` is what can be told of it.

    Nothing can (None) where its first event is damaged, or the version of its template.
    """

    process: str
    why: IntegrityFault
    loaded: Loaded | None = None


Meeting: TypeAlias = Callable[[Damaged], None]
"""What somebody who goes through many processes does with one in quarantine: keep it to be told, mostly."""


def stop(met: Damaged) -> None:
    """What is done with a process in quarantine by whoever does not say: to go on silently would hide it."""
    raise met.why


class Loading:
    """The processes of a log, of which those used last are kept folded."""

    def __init__(self, streams: Streams, catalogue: Catalogue, snapshots: Snapshots) -> None:
        self._streams = streams
        self._log = streams.log
        self._catalogue = catalogue
        self._snapshots = snapshots
        self._kept: dict[UUID, Loaded] = {}
        self._keeping = Lock()

    def stream(self, name: str) -> UUID:
        """The stream of a process; raise `NotFound`."""
        rows = self._log.query("SELECT stream FROM process WHERE name=?", (name,))
        if not rows:
            raise _unknown(name)
        return stream_of_text(rows[0]["stream"])

    def find(self, name: str, actor: str, key: str) -> Found:
        """Where a process is and how it ends, and what was answered to a key; raise `NotFound`."""
        found = self._log.find(name, actor, key)
        if found is None:
            raise _unknown(name)
        return found

    def found(self, found: Found) -> Loaded:
        """The process that was found; not read again where it ends as it did when it was folded."""
        known = self._kept.get(found.stream)
        if known is not None and found.head == (known.state.sequence, known.state.last_hash):
            if hash_of(found.last) == known.state.last_hash:
                return known
        return self.load(found.stream)

    def load(self, stream: UUID, *, until: int | None = None) -> Loaded:
        """A process as its events tell, up to a sequence."""
        if until is None:
            return self._newest(stream)
        return self._folded(stream, tuple(self._log.read(stream, until=until)))

    def sound(self, stream: UUID) -> Loaded:
        """A process to build on; raise `IntegrityFault` for one in quarantine."""
        loaded = self.load(stream)
        loaded.writable()
        return loaded

    def each(self, names: Iterable[str], meet: Meeting = stop) -> Iterator[Loaded]:
        """Many processes, each that is whole; those in quarantine are met, and keep none from the others."""
        for name in names:
            try:
                loaded = self.load(self.stream(name))
            except IntegrityFault as why:
                meet(Damaged(name, why))
                continue
            if loaded.damage is None:
                yield loaded
            else:
                meet(loaded.damage)

    def stands_alone(self, stream: UUID, sequence: int) -> bool:
        """Whether a process is known to be linked with no other, up to a sequence; this looks nothing up."""
        known = self._kept.get(stream)
        return known is not None and known.state.sequence >= sequence and not (known.state.links or known.state.parents)

    def at(self, name: str, moment: datetime | int) -> Loaded:
        """A process as it was at a time (UTC) or after a sequence; raise `NotFound` where it had not come so far."""
        stream = self.stream(name)
        if isinstance(moment, int):
            loaded = self.load(stream, until=moment)
            if loaded.fault is None and loaded.state.sequence < moment:
                raise NotFound(
                    f"“{name}” has no event {moment}: its last is {loaded.state.sequence}",
                    hint=f"`samskap history {name}` numbers them; `samskap status {name}` tells how it is now.",
                )
            return loaded
        before = [ev.sequence for ev in self._streams.events(self._log.read(stream)) if ev.recorded_at <= moment]
        if not before:
            raise NotFound(f"“{name}” had not begun at {moment:%Y-%m-%d %H:%M}", hint="See `samskap history`.")
        return self.load(stream, until=before[-1])

    # -- kept folded ------------------------------------------------------------------------------------------------

    def _newest(self, stream: UUID) -> Loaded:
        """A process as it is now: what was folded before, if the log still has it, and what came since."""
        known = self._kept.pop(stream, None)
        found = (known and self._since(stream, known)) or self._from_snapshot(stream) or self.whole(stream)
        if found.fault is None:
            self.keep(stream, found)
        return found

    def _since(self, stream: UUID, known: Loaded) -> Loaded | None:
        """What was folded before and what came since; None where that does not follow from it."""
        try:
            last, *new = self._log.read(stream, after=known.state.sequence - 1)
        except (IntegrityFault, ValueError):  # another log lies there now, or what is no log
            return None
        if last.hash != known.state.last_hash or not follow(last, new):
            return None
        return self._further(known, tuple(new)) if new else known

    def _from_snapshot(self, stream: UUID) -> Loaded | None:
        """What was folded long ago and what came since; None where that does not follow, or not end in the head."""
        state = self._snapshots.find(stream)
        if state is None:
            return None
        known = Loaded(state, Records(self._log, stream, state.sequence), self._definition(state))
        found = self._since(stream, known)
        if found is None or (found.state.sequence, found.state.last_hash) != self._log.head(stream):
            return None
        return found

    def keep(self, stream: UUID, found: Loaded) -> None:
        """Keep a process folded, so that the next command need not fold it again."""
        with self._keeping:
            self._kept.pop(stream, None)
            self._kept[stream] = found
            if len(self._kept) > KEPT_PROCESSES:
                self._kept.pop(next(iter(self._kept)))

    def distrust(self, stream: UUID) -> None:
        """Forget what was folded of a stream: the next time its chain is followed from its first event."""
        self._kept.pop(stream, None)
        self._snapshots.drop(stream)

    # -- from the first event ---------------------------------------------------------------------------------------

    def whole(self, stream: UUID) -> Loaded:
        """A process from its first event to its last, with its chain checked."""
        head, records = self._log.head(stream), tuple(self._stored(stream))
        fault = first_fault(stream, records, head)
        if fault is None:
            return self._folded(stream, records)
        if head != self._log.head(stream):  # somebody wrote between the two
            return self.whole(stream)
        told = self._until(stream, records, fault)
        return replace(told, state=replace(told.state, status=QUARANTINE), fault=fault)

    def _stored(self, stream: UUID) -> Iterator[Record]:
        """The records of a stream; what is no event any more ends them."""
        try:
            yield from self._log.read(stream)
        except IntegrityFault:
            for sequence in range(1, self._log.head(stream)[0]):
                try:
                    yield from self._log.read(stream, after=sequence - 1, until=sequence)
                except IntegrityFault:
                    return

    def _until(self, stream: UUID, records: tuple[Record, ...], fault: Fault) -> Loaded:
        """A process as far as it can be told: up to its first bad event, or to the one before it."""
        for last in (fault.sequence - 1, fault.sequence - 2):
            try:
                return self._folded(stream, records[: max(last, 0)])
            except (SamskapError, ValueError, KeyError, TypeError, AttributeError) as error:
                unreadable = error
        rows = self._log.query("SELECT name FROM process WHERE stream=?", (stream.hex,))
        name = f"“{rows[0]['name']}”" if rows else f"the process {stream}"
        raise IntegrityFault(
            f"{name} is in quarantine, and nothing of it can be told: event {fault.sequence}: {fault.what}",
            hint="Restore the log from a backup: `samskap restore`; all others go on.",
        ) from unreadable

    def _folded(self, stream: UUID, records: tuple[Record, ...]) -> Loaded:
        state = fold(self._streams.events(records))
        if state is None:
            raise NotFound(f"there is no process {stream}")
        return Loaded(state, Records(self._log, stream, len(records), records), self._definition(state))

    def _further(self, known: Loaded, new: tuple[Record, ...]) -> Loaded:
        state = fold(self._streams.events(new), known.state)
        assert state is not None
        return replace(known, state=state, records=known.records.further(new), definition=self._definition(state))

    def _definition(self, state: ProcessState) -> Definition:
        """The version that a process runs on; raise `IntegrityFault` where it is not what was published."""
        try:
            return self._catalogue.definition(state.template, state.bundle)
        except IntegrityFault as why:
            raise IntegrityFault(f"“{state.name}” is in quarantine: {why.message}", hint=why.hint) from why


def _unknown(name: str) -> NotFound:
    return NotFound(f"there is no process “{name}”", hint="`samskap status` lists those you may see.")
