"""The same command again gives the same answer, and does nothing; another one under its key is refused."""

from __future__ import annotations

import hmac
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, is_dataclass
from datetime import date
from typing import Any
from uuid import UUID

from pydantic import BaseModel

from engine import codec
from engine.errors import Refused
from engine.process import commands
from engine.store.keys import KeyFolder
from engine.store.log import CommandKey, Log
from engine.store.people import People, Session
from engine.store.receipts import Kept


@dataclass(frozen=True, slots=True)
class Receipt:
    """The answer to a command: what was stored, and where. As text it can be kept, and checked by `store.receipts`."""

    process: str
    stream: str
    first: int
    last: int
    hash: str
    result: Mapping[str, Any]
    replayed: bool = False

    def __str__(self) -> str:
        return str(Kept(self.process, self.last, self.hash))


class Answers:
    """The answers that were given to commands, by who gave them and under which key."""

    def __init__(self, log: Log, keys: KeyFolder, people: People) -> None:
        self._log = log
        self._keys = keys
        self._people = people

    def given(self, stream: UUID, session: Session, command_id: str, command: commands.Command) -> Receipt | None:
        """The answer that was given to this key; refused where the key was used for something else."""
        return self.told(self._log.command(stream, self.actor(session), command_id), session, command)

    def told(self, known: CommandKey | None, session: Session, command: commands.Command) -> Receipt | None:
        """The answer that is kept under a key; refused where it was given to something else."""
        if known is None:
            return None
        if known.fingerprint != self._fingerprint(command):
            raise Refused(
                "this command id was used for something else; nothing was written",
                hint="Use a new id for a new command.",
            )
        answer = codec.mapping(codec.decode(known.answer))
        extra: dict[str, Any] = {}
        if isinstance(command, commands.Invite):
            secret = invitation_secret(self._keys, known.stream, session, known.key)
            extra["token"] = f"{answer['process']}.{secret}"
        return receipt(answer, extra, replayed=True)

    def key(
        self, stream: UUID, session: Session, command_id: str, command: commands.Command, answer: Mapping[str, Any]
    ) -> CommandKey:
        """What is stored beside the events, so that the answer can be given again."""
        return CommandKey(
            stream, self.actor(session), command_id, self._fingerprint(command), codec.dumps(dict(answer))
        )

    def actor(self, session: Session) -> str:
        """Who gives commands, as their keys are kept under."""
        return self._people.fingerprint(session.person.id)

    def _fingerprint(self, command: commands.Command) -> str:
        """A keyed fingerprint: without the key an answer of 1 to 5 could be guessed from it."""
        assert is_dataclass(command)
        values = {field.name: getattr(command, field.name) for field in fields(command)}
        content = {name: _plain(value) for name, value in values.items() if name != "expires_at"}
        key = self._keys.ensure("workspace", "commands")
        return hmac.digest(key, type(command).__name__.encode() + codec.dumps(content), "sha256").hex()


def receipt(answer: Mapping[str, Any], extra: Mapping[str, Any], *, replayed: bool = False) -> Receipt:
    """The receipt of a stored answer, with what is never stored."""
    return Receipt(
        answer["process"],
        answer["stream"],
        answer["first"],
        answer["last"],
        answer["hash"],
        {**answer["result"], **extra},
        replayed,
    )


def invitation_secret(keys: KeyFolder, stream: UUID, session: Session, command_id: str) -> str:
    """192 bits that only this workspace can make again from the command's id."""
    key = keys.ensure("workspace", "invitations")
    text = f"{stream.hex}:{session.person.id}:{command_id}"
    return urlsafe_b64encode(hmac.digest(key, text.encode(), "sha256")[:24]).decode()


def _plain(value: object) -> Any:
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json")
    if is_dataclass(value) and not isinstance(value, type):
        return asdict(value)
    return [_plain(inner) for inner in value] if isinstance(value, tuple) else value
