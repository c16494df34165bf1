"""The store from one place to another, whole: events at the same positions, byte by byte, and what is kept beside them.

Nobody writes to the source meanwhile. What is copied appears in the target in one transaction, or not at all: a copy
that was broken off leaves nothing to clear up, and is begun again. The keys are no part of the store, and stay.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, zip_longest
from uuid import UUID

from engine.errors import IntegrityFault, UsageError
from engine.progress import Progress, quiet
from engine.store.log import PAGE, Log, Record, Row, head_row
from engine.store.tables import KEPT, Kept
from engine.store.verify import verify


@dataclass(frozen=True, slots=True)
class Copied:
    """How many streams and events were copied."""

    streams: int
    events: int


@dataclass(frozen=True, slots=True)
class Difference:
    """A stream whose newest (sequence, hash) is not the same in both stores; (0, '') where it is not there."""

    stream: str
    source: tuple[int, str]
    target: tuple[int, str]


def copy(source: Log, target: Log, folds: Iterable[Row], progress: Progress = quiet) -> Copied:
    """Everything of a log into an empty one; `folds` are the rows of the read models, made from the events.

    Raises `IntegrityFault` where the source is not what was stored, `Conflict` where the target is not empty, and
    `StoreError` where one of them fails. Nothing was copied then.
    """
    if source.place == target.place:
        raise UsageError("this is the store itself", hint="Name another place to copy it to.", where=target.place)
    with source.held():
        verdict = verify(source, lambda done: progress("checking the log", done, 0))
        if verdict.faults:
            raise IntegrityFault(
                f"the log was changed behind the engine's back, in {len(verdict.faults)} stream(s): nothing was copied",
                hint="Run `samskap verify`; a copy would hide which store was changed.",
                where=source.place,
            )
        carry(source, target, folds, of=verdict.events, progress=progress)
    return Copied(verdict.streams, verdict.events)


def carry(
    source: Log,
    target: Log,
    folds: Iterable[Row],
    *,
    of: int,
    instead_of: int | None = None,
    progress: Progress = quiet,
) -> None:
    """What `copy` does, with nothing checked; `of` is how many events there are, `instead_of` as `Log.fill` says."""
    rows = chain(_heads(source), stored(source, KEPT), folds)
    target.fill(_told(source.pages(), of, progress), rows, instead_of=instead_of)


def stored(source: Log, tables: Mapping[str, Kept]) -> Iterator[Row]:
    """The rows of tables as they stand."""
    for table in tables.values():
        for row in _all(source, table):
            yield table.insert, tuple(row.values())


def unlike(source: Log, target: Log, tables: Mapping[str, Kept]) -> list[str]:
    """The tables that do not hold the same in both logs."""
    return [
        name
        for name, table in tables.items()
        if any(a != b for a, b in zip_longest(_all(source, table), _all(target, table)))
    ]


def compare(source: Log, target: Log, progress: Progress = quiet) -> list[Difference]:
    """The streams whose heads differ; raise `IntegrityFault` where a chain of the target does not hold."""
    verdict = verify(target, lambda done: progress("checking the copy", done, 0))
    if verdict.faults:
        first = verdict.faults[0]
        raise IntegrityFault(
            f"the copy does not hold: {first.what}",
            hint="Throw the copy away and make it anew; the source is untouched.",
            where=f"{target.place}, stream {first.stream}, event {first.sequence}",
        )
    here, there = source.heads(), target.heads()
    streams: list[UUID] = sorted(here.keys() | there.keys())
    return [
        Difference(stream.hex, here.get(stream, (0, "")), there.get(stream, (0, "")))
        for stream in streams
        if here.get(stream) != there.get(stream)
    ]


def _told(pages: Iterable[list[Record]], of: int, progress: Progress) -> Iterator[Sequence[Record]]:
    done = 0
    for page in pages:
        yield page
        done += len(page)
        progress("copying events", done, of)


def _heads(source: Log) -> Iterator[Row]:
    for stream, (sequence, digest) in source.heads().items():
        yield head_row(stream, sequence, digest)


def _all(source: Log, table: Kept) -> Iterator[Mapping[str, object]]:
    """The rows of a table in the order of its key, a page at a time."""
    after: tuple[object, ...] = ("",) * len(table.key)
    while rows := source.query(table.page, (*after, PAGE)):
        yield from rows
        after = tuple(rows[-1][name] for name in table.key)
