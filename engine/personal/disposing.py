"""Disposing of a process whose time is over: what is personal in it is erased, and its events and their chain stay.

Where the template asks for it, an archive of the whole process is made and checked before. Nothing is disposed of by
itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from uuid import uuid4

from engine.engine import Engine
from engine.errors import Refused
from engine.export.check import check
from engine.personal import erasing, retention
from engine.personal.erasing import Erased
from engine.personal.retention import Kept
from engine.store.erasures import Erasure


def dispose(engine: Engine, name: str, *, archive: Path | None = None, by: str = "operator") -> Erased:
    """Erase what is personal in a process whose time is over; its events stay, and their chain.

    Raises `Refused` where its time is not over or not known, or where its template asks for an archive first and
    `archive` is none of the whole process; `NotFound` where there is no such process.
    """
    one = disposable(engine, name)
    hash_ = _archived(engine, name, archive) if one.then == "archive_then_erase" or archive is not None else None
    stream = engine.stream(name)
    state = engine.load(stream).state
    subjects = dict.fromkeys(m.subject for m in state.memberships.values())
    seals = {s.sealed_under for i in state.instances.values() for s in i.submissions if s.sealed_under}
    entry = Erasure(
        id=uuid4().hex,
        kind="process",
        at=engine.clock().isoformat(timespec="seconds"),
        by=by,
        reason=f"kept until {one.until.isoformat()}, as its template says",
        subjects=tuple((stream.hex, subject) for subject in subjects),
        seals=tuple(sorted(seals)),
        archive=hash_,
    )
    return erasing.begin(engine, entry)


def disposable(engine: Engine, name: str) -> Kept:
    """A process that is past its time; raise `Refused` where it is not, and `NotFound`."""
    one = retention.of(engine, name, engine.clock())
    if one is None:
        raise Refused(
            f"“{name}” is kept: it has not ended, was disposed of already, or its template says no time",
            hint="See `retention` in the template; a newer published version with one holds for earlier processes too.",
        )
    if not one.is_due:
        raise Refused(f"“{name}” is kept until {one.until.isoformat()}: {one.basis.get('en')}", hint="Wait until then.")
    return one


def _archived(engine: Engine, name: str, file: Path | None) -> str:
    """The hash of the last event in an archive of the process as it is now; raise `Refused` where it is none."""
    hint = f"Make one, hand it over, and name it: samskap export archive {name} --to FILE, then --archive FILE."
    if file is None:
        raise Refused(f"“{name}” is archived before anything in it is erased", hint=hint)
    checked = check(file)
    sequence, hash_ = engine.log.head(engine.stream(name))
    streams = list(_streams(checked.overview))
    if checked.findings or not streams or (streams[0]["events"], streams[0]["hash"]) != (sequence, hash_):
        raise Refused(f"{file.name} is no whole archive of “{name}” as it is now", hint=hint)
    return hash_


def _streams(overview: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    yield from overview.get("streams", ())
