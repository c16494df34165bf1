"""Snapshots: the folded state of a long process, so that it need not be folded from its first event each time.

A snapshot is a read model: the log is the truth, and one that is damaged, forged, outdated or of another event than
stands in the log is passed over, and made anew when the process goes on. It belongs to the code that folded it: its
`schema` is the hash of that. It is sealed with a key of the workspace, as nobody could see a forged one otherwise.

It holds what lies in the log in clear, and no answers. Who a member is lies under that person's key, here as there.
"""

from __future__ import annotations

import hmac
from base64 import b64decode, b64encode
from dataclasses import fields, make_dataclass, replace
from functools import cache
from hashlib import sha256
from pathlib import Path
from types import GenericAlias
from typing import Any, Final, get_args, get_origin, get_type_hints
from uuid import UUID

import msgspec
from pydantic import BaseModel

from engine import codec
from engine.errors import KeyMissing, SamskapError
from engine.process import events, state
from engine.process.growing import Growing
from engine.process.state import Group, ProcessState
from engine.store.keys import KeyFolder
from engine.store.log import Log, Row

EVERY: Final = 500
"""A snapshot is made with the commands that bring a process beyond each so many events."""
LARGE: Final = 8
"""Where a state holds more than so many times that many things, as many times more seldom: else the same things are
written again and again, and that costs more the longer a process is."""

NONE: Final[Row] = ("DELETE FROM snapshot", ())
"""What throws all of them away."""

_KEEP = (
    "INSERT INTO snapshot VALUES (?,?,?,?,?,?) ON CONFLICT (stream) DO UPDATE SET sequence=excluded.sequence,"
    " hash=excluded.hash, schema=excluded.schema, seal=excluded.seal, body=excluded.body"
)


class Snapshots:
    """The snapshots in a log, sealed with the keys of its workspace."""

    def __init__(self, log: Log, keys: KeyFolder) -> None:
        self._log = log
        self._keys = keys

    def rows(self, before: int, after: ProcessState) -> list[Row]:
        """What keeps the state, to be written with the events that led from a sequence to it, if it is time."""
        if before // EVERY == after.sequence // EVERY:
            return []
        every = EVERY * max(1, _things(after) // (LARGE * EVERY))
        if before // every == after.sequence // every:
            return []
        try:
            body = self._body(after)
        except KeyMissing:  # somebody is being erased in this moment; the next one will do
            return []
        values = (after.stream.hex, after.sequence, after.last_hash, schema())
        return [(_KEEP, (*values, self._seal(*values, body), body))]

    def find(self, stream: UUID) -> ProcessState | None:
        """The state as it was kept last; None where none was, or where it is not to be relied on."""
        found = self._log.query("SELECT * FROM snapshot WHERE stream=? AND schema=?", (stream.hex, schema()))
        if not found:
            return None
        (row,) = found
        try:
            seal = self._seal(stream.hex, row["sequence"], row["hash"], row["schema"], row["body"])
            if not hmac.compare_digest(seal, row["seal"]):
                return None
            kept = self._state(stream, row["body"])
        except (SamskapError, msgspec.MsgspecError, ValueError, TypeError, AttributeError):
            return None
        return kept if (kept.sequence, kept.last_hash) == (row["sequence"], row["hash"]) else None

    def drop(self, stream: UUID) -> None:
        """Throw away what is kept of a stream: the next time it is folded from its first event."""
        self._log.write_rows([("DELETE FROM snapshot WHERE stream=?", (stream.hex,))])

    def _seal(self, stream: str, sequence: int, digest: str, version: str, body: bytes) -> str:
        key = self._keys.ensure("workspace", "snapshots")
        text = f"{stream}:{sequence}:{digest}:{version}:".encode()
        return hmac.digest(key, text + body, "sha256").hex()

    def _body(self, kept: ProcessState) -> bytes:
        values = {f.name: getattr(kept, f.name) for f in fields(ProcessState)}
        known = {
            held.id: held
            for held in kept.memberships.values()
            if held.person is not None and self._keys.raw("subject", held.subject) is not None
        }
        values["memberships"] = {key: replace(held, person=None) for key, held in kept.memberships.items()}
        values["people"] = {}  # who they are lies under their keys alone
        values["groups"] = [(task, entry, group) for (task, entry), group in kept.groups.items()]
        values["persons"] = {
            key: b64encode(self._keys.encrypt("subject", held.subject, str(held.person).encode())).decode()
            for key, held in known.items()
        }
        return _ENCODER.encode(values)

    def _state(self, stream: UUID, body: bytes) -> ProcessState:
        found = _decoder().decode(body)
        values = {f.name: getattr(found, f.name) for f in fields(ProcessState)}
        values["groups"] = {(task, entry): group for task, entry, group in found.groups}
        values["memberships"] = {
            key: replace(held, person=self._person(held.subject, found.persons.get(key)))
            for key, held in found.memberships.items()
        }
        known = [(held.person, held.subject) for held in values["memberships"].values() if held.person is not None]
        values["people"] = dict(reversed(known))  # the first counts, as when they came
        kept = ProcessState(**values)
        if kept.stream != stream:
            raise ValueError("of another stream")
        return kept

    def _person(self, subject: str, text: str | None) -> str | None:
        """Who a member is; None where that was erased."""
        opened = self._keys.decrypt("subject", subject, b64decode(text)) if text is not None else None
        return None if opened is None else opened.decode()


@cache
def schema() -> str:
    """The version of what is kept: the hash of the code that says what a state is, and how events lead to it."""
    return sha256(b"".join(Path(str(module.__file__)).read_bytes() for module in (state, events))).hexdigest()


def _things(state: ProcessState) -> int:
    """About how much a state holds: what there is one of for each person, party, instance or answer."""
    return len(state.memberships) + sum(1 + len(instance.submissions) for instance in state.instances.values())


def _plain(value: object) -> object:
    if isinstance(value, BaseModel):
        return value.model_dump()
    if isinstance(value, Growing):
        return list(value)
    raise TypeError(f"{type(value).__name__} is no part of a state")


def _typed(kind: Any, value: object) -> object:
    if get_origin(kind) is Growing:
        return Growing(msgspec.convert(value, GenericAlias(list, get_args(kind))))
    if issubclass(kind, BaseModel):
        return kind.model_validate(value)
    raise TypeError(f"{kind.__name__} is no part of a state")


_ENCODER = msgspec.json.Encoder(decimal_format="number", enc_hook=_plain)


@cache
def _decoder() -> msgspec.json.Decoder[Any]:
    """Reads a state's fields with their types; groups as a list, since JSON has no pairs for names."""
    hints: dict[str, Any] = get_type_hints(ProcessState)
    own: dict[str, Any] = {"groups": list[tuple[str, int, Group]], "persons": dict[str, str]}
    made = make_dataclass("Kept", (hints | own).items())
    return msgspec.json.Decoder(made, float_hook=codec.number, dec_hook=_typed)
