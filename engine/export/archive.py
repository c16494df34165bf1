"""What the archive of one process holds: its files by path, made from stored events alone.

It is pure, so that whoever checks an archive makes the same from the events in it, and compares. `bag` packs the
files, `check` checks them. No key is in it but those that a reveal in the open put into the log: what is protected, not
yet revealed or a person's own text stays unreadable, and `archive.json` says what that is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final

import msgspec

from engine import codec
from engine.codec import Json
from engine.errors import IntegrityFault
from engine.export.readme import readme
from engine.export.schema import event_schema
from engine.process import events as e
from engine.store.log import Record

FORMAT: Final = 1
OVERVIEW: Final = "archive.json"
PROCESS: Final = "events/process.jsonl"
TEMPLATE: Final = "events/template.jsonl"
README: Final = "README.txt"
SCHEMA: Final = "events.schema.json"


@dataclass(frozen=True, slots=True)
class Sealed:
    """The sealed answers of one entry of a state; `how` is open, protected or not revealed."""

    key_id: str
    task: str
    state: str | None
    entry: int
    how: str
    answers: int


def files(process: Sequence[Record], template: Sequence[Record], *, made_at: str, made_by: str) -> dict[str, bytes]:
    """Every file of the archive by its path; raise `IntegrityFault` where the process's bundle is not there."""
    overview = describe(process, template)
    sealed = [(one.how, f"{one.task} {one.entry}", one.answers) for one in sealed_answers(process)]
    started = process[0].content()[1]
    facts = {
        "name": started["name"],
        "title": started["title"],
        "events": len(process),
        "first": _day(process[0]),
        "last": _day(process[-1]),
        "hash": process[-1].hash,
    }
    return {
        README: readme(facts, sealed).encode(),
        OVERVIEW: _readable({"format": FORMAT, "made_at": made_at, "made_by": made_by, **overview}),
        PROCESS: lines(process),
        TEMPLATE: lines(template),
        SCHEMA: _readable(event_schema()),
        **bundles(process, template),
    }


def describe(process: Sequence[Record], template: Sequence[Record]) -> dict[str, Json]:
    """The overview, as far as it follows from the events."""
    _, started = process[0].content()
    kept = ("name", "title", "template", "version", "bundle")
    return {
        "process": {name: started[name] for name in kept},
        "streams": [_stream(PROCESS, process), _stream(TEMPLATE, template)],
        "bundles": [{"bundle": found["bundle"], "version": found["version"]} for found in _used(process, template)],
        "sealed": [
            {
                "key_id": one.key_id,
                "task": one.task,
                "state": one.state,
                "entry": one.entry,
                "answers": one.answers,
                "revealed": one.how,
                "readable_here": one.how == "open",
            }
            for one in sealed_answers(process)
        ],
        "encrypted_personal_texts": sum(_personal_texts(record) for record in process),
    }


def bundles(process: Sequence[Record], template: Sequence[Record]) -> dict[str, bytes]:
    """The bundles that the process ran under: the text whose SHA-256 is the bundle's hash."""
    return {
        f"bundles/{found['template']}-{found['version']}.json": found["content"].encode()
        for found in _used(process, template)
    }


def lines(records: Sequence[Record]) -> bytes:
    """The stored bytes, one event a line: stored JSON holds no line ends."""
    return b"".join(record.body + b"\n" for record in records)


def sealed_answers(process: Sequence[Record]) -> list[Sealed]:
    """Every sealed entry with answers in it, in the order in which it was first answered."""
    counts: dict[str, int] = {}
    where: dict[str, tuple[str, str | None, int]] = {}
    opened: dict[str, Mapping[str, Any]] = {}
    revealed: dict[str, str] = {}
    for record in process:
        _, p = record.content()
        if record.type == e.TaskOpened.TYPE:
            opened[p["instance"]] = p
        elif record.type == e.AnswersRevealed.TYPE:
            revealed[p["key_id"]] = "open" if p["key"] is not None else "protected"
        elif "sealed" in p:
            key_id = p["sealed_under"]
            counts[key_id] = counts.get(key_id, 0) + 1
            task = opened[p["instance"]]
            where.setdefault(key_id, (p["task"], task["state"], task["entry"]))
    return [Sealed(key_id, *where[key_id], revealed.get(key_id, "not revealed"), n) for key_id, n in counts.items()]


def _used(process: Sequence[Record], template: Sequence[Record]) -> list[dict[str, Any]]:
    """The published bundles that the process's events name, in the order of their publishing."""
    wanted = {record.content()[0]["bundle_hash"] for record in process} - {None}
    wanted.add(process[0].content()[1]["bundle"])
    published = [p for record in template for _, p in [record.content()] if record.type == e.BundlePublished.TYPE]
    found = [p for p in published if p["bundle"] in wanted and p["bundle"] == _hash(p["content"])]
    missing = wanted - {p["bundle"] for p in found}
    if missing:
        raise IntegrityFault(
            f"the bundle {min(missing)[:12]} that the process ran under is not among the template's versions",
            hint="Run `samskap verify`.",
        )
    return found


def _hash(text: str) -> str:
    return sha256(text.encode()).hexdigest()


def _stream(path: str, records: Sequence[Record]) -> Json:
    last = records[-1]
    return {"file": path, "stream": last.stream.hex, "events": len(records), "hash": last.hash}


def _personal_texts(record: Record) -> int:
    """How many texts of an event lie encrypted under a person's key; those inside a seal are not counted."""
    _, p = record.content()
    names = e.TYPES[record.type].PERSONAL if record.type in e.TYPES else ()
    return sum(isinstance(p.get(name), dict) and bool(p[name]) for name in names)


def _day(record: Record) -> str:
    return str(record.content()[0]["recorded_at"])[:10]


def _readable(value: dict[str, Json]) -> bytes:
    return msgspec.json.format(codec.dumps_ordered(value), indent=2).encode() + b"\n"
