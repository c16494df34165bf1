"""What people, and the clock, can ask of a process. Whether it is allowed, and what follows, is `decide`'s."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

from engine.codec import Json


@dataclass(frozen=True, slots=True)
class Start:
    """Begin a process under a name that is unique in the workspace."""

    name: str
    title: str


@dataclass(frozen=True, slots=True)
class AddParty:
    """Take an organisation or group into the collaboration."""

    party: str
    title: str


@dataclass(frozen=True, slots=True)
class Invite:
    """Let whoever holds the token join once, until it expires."""

    token_hash: str
    party: str | None
    roles: tuple[str, ...]
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Join:
    """Take part by an invitation."""

    token_hash: str


@dataclass(frozen=True, slots=True)
class AddMember:
    """Enter a person who does not sign in: others answer on that person's behalf."""

    person: str
    party: str | None
    roles: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class EndMembership:
    """A person no longer takes part for that party."""

    membership: str
    reason: str


@dataclass(frozen=True, slots=True)
class Grant:
    """Give a membership a role."""

    membership: str
    role: str


@dataclass(frozen=True, slots=True)
class Revoke:
    """Take a role from a membership."""

    membership: str
    role: str


@dataclass(frozen=True, slots=True)
class Submit:
    """Answer a task; `membership` where it is on behalf of somebody, or as one of several hats."""

    instance: str
    answers: Json
    membership: str | None = None


@dataclass(frozen=True, slots=True)
class Act:
    """Choose an action of an active state."""

    action: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Suspend:
    """Let the process rest, and its clock stand."""

    reason: str


@dataclass(frozen=True, slots=True)
class Resume:
    """Let a suspended process go on."""

    reason: str = ""


@dataclass(frozen=True, slots=True)
class Cancel:
    """Give the process up; what is still sealed is never revealed."""

    reason: str


@dataclass(frozen=True, slots=True)
class Tick:
    """Let time act."""


Command: TypeAlias = (
    Start
    | AddParty
    | Invite
    | Join
    | AddMember
    | EndMembership
    | Grant
    | Revoke
    | Submit
    | Act
    | Suspend
    | Resume
    | Cancel
    | Tick
)
