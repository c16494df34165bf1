"""What in the log can no longer be read, since a key is gone: told apart by whether it was destroyed or lost.

It looks at which keys stored texts name, and opens nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from engine.errors import SamskapError
from engine.process import events as e
from engine.store.keys import KeyFolder, Kind
from engine.store.log import Log, Record


@dataclass(frozen=True, slots=True)
class Unreadable:
    """How many texts and sealed answers nobody can read any more, by why."""

    erased: int = 0
    lost: int = 0
    processes: tuple[str, ...] = ()
    """The streams in which something is lost, in the order of the log."""


def unreadable(log: Log, keys: KeyFolder) -> Unreadable:
    """Look through a log with the keys that there are."""
    known: dict[tuple[Kind, str], str] = {}
    opened = {payload["key_id"] for payload in _reveals(log)}
    counts, streams = {"erased": 0, "lost": 0, "there": 0}, dict[str, None]()
    for record in log.all():
        for kind, key_id in _needed(record, opened):
            if (kind, key_id) not in known:
                known[kind, key_id] = _why(keys, kind, key_id)
            counts[known[kind, key_id]] += 1
            if known[kind, key_id] == "lost":
                streams[record.stream.hex] = None
    return Unreadable(counts["erased"], counts["lost"], tuple(streams))


def _reveals(log: Log) -> Iterator[dict[str, Any]]:
    """The reveals that carry their key: what lay under it can be read from the log alone."""
    for record in log.all():
        if record.type == e.AnswersRevealed.TYPE and (payload := _payload(record)).get("key") is not None:
            yield payload


def _needed(record: Record, opened: set[str]) -> Iterator[tuple[Kind, str]]:
    """The keys that the encrypted parts of an event lie under."""
    names = e.TYPES[record.type].PERSONAL if record.type in e.TYPES else ()
    if not names:
        return
    payload = _payload(record)
    if "sealed" in payload and payload["sealed_under"] not in opened:
        yield "seal", payload["sealed_under"]
    for name in names:
        value = payload.get(name)
        if isinstance(value, dict) and "subject" in value:
            yield "subject", value["subject"]


def _payload(record: Record) -> dict[str, Any]:
    """A stored payload; nothing where it is not what was stored, which is `verify`'s to tell."""
    try:
        return record.content()[1]
    except (SamskapError, LookupError, TypeError, ValueError, AttributeError):
        return {}


def _why(keys: KeyFolder, kind: Kind, key_id: str) -> str:
    if keys.is_destroyed(kind, key_id):
        return "erased"
    return "there" if keys.is_there(kind, key_id) else "lost"
