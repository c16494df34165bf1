"""The list of erasures: what was to be forgotten, so that it is forgotten again where an old backup comes back.

One line of JSON each, only ever added to, on disk before anything is destroyed. It lies beside log and keys, and in no
backup of theirs. It names nobody: random ids, pseudonyms, and a reason in which no name may stand. An entry is begun
first and done last: whoever finds one that is not done carries on.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final, Literal, TypeAlias

from engine import codec
from engine.codec import Json
from engine.errors import IntegrityFault, NotFound, StoreError

FILE: Final = "erasures.jsonl"
"""The list's name in a workspace's data folder."""

Kind: TypeAlias = Literal["person", "membership", "process", "unit"]


@dataclass(frozen=True, slots=True)
class Erasure:
    """Something that was to be forgotten.

    `person` is the id in the register, and `handle` the mark of a whole person's; `subjects` are the (stream,
    pseudonym) whose texts go, `seals` the ids of keys of sealed rounds, `units` the pseudonyms in measurement files;
    `archive` is the hash of the last event in the archive of a process that was disposed of. `events` says, once it is
    done, where each stream tells of it: the sequence in the log.
    """

    id: str
    kind: Kind
    at: str
    by: str
    reason: str
    person: str | None = None
    handle: str | None = None
    subjects: tuple[tuple[str, str], ...] = ()
    seals: tuple[str, ...] = ()
    units: tuple[str, ...] = ()
    archive: str | None = None
    is_cleared: bool = field(default=False, compare=False)
    """Whether keys and rows are gone; what is left is to let the streams tell."""
    events: Mapping[str, int] | None = field(default=None, compare=False)
    log: tuple[int, str] | None = field(default=None, compare=False)
    """The (position, hash) of the newest event in the log that all this was done in; None in a list from before."""

    @property
    def is_done(self) -> bool:
        """Whether everything was forgotten, here and then."""
        return self.events is not None


class Erasures:
    """The list in a file; none is an empty one."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def all(self) -> list[Erasure]:
        """Every entry, in the order in which they were begun; raise `IntegrityFault` for a line that is none."""
        found: dict[str, Erasure] = {}
        for number, line in enumerate(self._lines(), 1):
            try:
                told = codec.mapping(codec.decode(line))
                known = found.get(str(told["id"]))
                entry = _entry(told) if known is None else _further(known, told)
            except (KeyError, TypeError, ValueError) as error:
                raise IntegrityFault(
                    "the list of erasures cannot be read",
                    hint="Put its own copy back: until then nobody knows what has to stay forgotten.",
                    where=f"{self.path}:{number}",
                ) from error
            found[entry.id] = entry
        return list(found.values())

    def units(self) -> frozenset[str]:
        """The pseudonyms of people who were erased from measurement files."""
        return frozenset(unit for entry in self.all() for unit in entry.units)

    def begin(self, entry: Erasure) -> None:
        """Add an entry; it is on disk when this returns."""
        self._add([_told(entry)])

    def cleared(self, erasure: str, log: tuple[int, str]) -> None:
        """Say that keys and rows of an entry are gone, and how the log ended then."""
        self._add([{"id": erasure, "cleared": True, "log": list(log)}])

    def done(self, erasure: str, events: Mapping[str, int], log: tuple[int, str]) -> None:
        """Say that everything of an entry was forgotten, where the log tells of it, and how it ended then."""
        self._add([{"id": erasure, "events": dict(events), "log": list(log)}])

    def take_in(self, other: Path) -> list[Erasure]:
        """Add what a copy of the list, kept elsewhere, has beyond this one; those entries, still to be applied."""
        if not other.is_file():
            raise NotFound(f"there is no list of erasures at {other}", hint="Check the name of the file.")
        known = {entry.id for entry in self.all()}
        new = [entry for entry in Erasures(other).all() if entry.id not in known]
        self._add([_told(entry) for entry in new])
        return new

    @contextmanager
    def held(self) -> Iterator[None]:
        """While this is open nobody else applies the list; others wait."""
        with self._opened() as descriptor:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield

    def _lines(self) -> list[bytes]:
        """The lines that were written whole: one that a crash cut off was never acted on."""
        try:
            whole, _, _ = self.path.read_bytes().rpartition(b"\n")
        except FileNotFoundError:
            return []
        except OSError as error:
            raise StoreError(
                f"the list of erasures cannot be read: {error.strerror}",
                hint="Check who owns it.",
                where=str(self.path),
            ) from error
        return [line for line in whole.split(b"\n") if line]

    def _add(self, told: list[dict[str, Json]]) -> None:
        if not told:
            return
        lines = b"".join(codec.dumps(line) + b"\n" for line in told)
        with self._opened() as descriptor:
            try:
                _write_after_whole_lines(descriptor, lines)
            except OSError as error:
                raise self._unwritable(error) from error

    @contextmanager
    def _opened(self) -> Iterator[int]:
        try:
            descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise self._unwritable(error) from error
        try:
            yield descriptor
        finally:
            os.close(descriptor)

    def _unwritable(self, error: OSError) -> StoreError:
        return StoreError(
            f"the list of erasures cannot be written: {error.strerror}",
            hint="Make room on the disk, or check who owns it, and do it again: what was begun goes on then.",
            where=str(self.path),
        )


def _write_after_whole_lines(descriptor: int, lines: bytes) -> None:
    """Write lines, all of them or with an error, in the place of what a crash cut off; they are on disk then."""
    size = os.fstat(descriptor).st_size
    kept = 0 if not size else os.pread(descriptor, size, 0).rfind(b"\n") + 1
    os.ftruncate(descriptor, kept)
    with open(descriptor, "ab", closefd=False) as file:  # which goes on where the disk takes only a part
        file.write(lines)
    os.fsync(descriptor)


def _told(entry: Erasure) -> dict[str, Json]:
    told: dict[str, Json] = {
        "id": entry.id,
        "kind": entry.kind,
        "at": entry.at,
        "by": entry.by,
        "reason": entry.reason,
        "person": entry.person,
        "handle": entry.handle,
        "subjects": [list(pair) for pair in entry.subjects],
        "seals": list(entry.seals),
        "units": list(entry.units),
        "archive": entry.archive,
    }
    return told


def _entry(told: Mapping[str, Any]) -> Erasure:
    return Erasure(
        id=told["id"],
        kind=told["kind"],
        at=told["at"],
        by=told["by"],
        reason=told["reason"],
        person=told["person"],
        handle=told["handle"],
        subjects=tuple((stream, subject) for stream, subject in told["subjects"]),
        seals=tuple(told["seals"]),
        units=tuple(told["units"]),
        archive=told.get("archive"),
    )


def _further(known: Erasure, told: Mapping[str, Any]) -> Erasure:
    log = (int(told["log"][0]), str(told["log"][1])) if "log" in told else None
    if "cleared" in told:
        return replace(known, is_cleared=True, log=log)
    events = {str(stream): int(sequence) for stream, sequence in told["events"].items()}
    return replace(known, is_cleared=True, events=events, log=log)
