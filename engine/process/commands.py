"""What people, and the clock, can ask of a process. Whether it is allowed, and what follows, is `decide`'s."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal, TypeAlias

from engine.codec import Json
from engine.template.plan import Plan


@dataclass(frozen=True, slots=True)
class Start:
    """Begin a process of a template under a name that is unique in the workspace."""

    name: str
    title: str
    template: str = ""


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
class WithdrawInvitation:
    """Let nobody join by an invitation that was issued."""

    token_hash: str


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
class Delegate:
    """Let another membership act in the place of one, until a time or until it is ended: absence, or help."""

    membership: str
    to: str
    until: datetime | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class EndDelegation:
    """Let nobody act in the place of a membership any more."""

    membership: str


@dataclass(frozen=True, slots=True)
class HandOver:
    """Give a role that one holds to another membership: one step, so that it is never held by nobody."""

    membership: str
    to: str
    role: str


@dataclass(frozen=True, slots=True)
class Claim:
    """Take on a task that any of several could do; `membership` gives it to that one, by who leads the process."""

    instance: str
    membership: str | None = None


@dataclass(frozen=True, slots=True)
class Release:
    """Let anybody with the role do a claimed task again."""

    instance: str


@dataclass(frozen=True, slots=True)
class Submit:
    """Answer a task; `membership` where it is on behalf of somebody, or as one of several hats.

    `reason` says why an answer is put right by another than who gave it; `valid_on` which day the answers are about.
    """

    instance: str
    answers: Json
    membership: str | None = None
    reason: str = ""
    valid_on: date | None = None


@dataclass(frozen=True, slots=True)
class Backfill:
    """Enter answers of a round before the process began: `<task>.<entry>.<element>`, with an entry of 0, -1, -2 …"""

    instance: str
    answers: Json
    valid_on: date
    reason: str


@dataclass(frozen=True, slots=True)
class Act:
    """Choose an action of an active state."""

    action: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class StepBack:
    """Go back to a state in which the process has been, keeping what was done there; `again` are tasks to do again."""

    to: str
    reason: str
    again: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Retry:
    """Evaluate the condition of an incident again, and go on where it can be now."""

    incident: str


@dataclass(frozen=True, slots=True)
class Resolve:
    """Say why an incident does not matter; it is not raised again for the same fault."""

    incident: str
    reason: str


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
class Migrate:
    """Go on under another published version of the template, by a plan."""

    bundle: str
    reason: str
    plan: Plan


@dataclass(frozen=True, slots=True)
class UndoMigration:
    """Go back to the version before the last migration, while nobody has acted since."""

    reason: str


@dataclass(frozen=True, slots=True)
class Erase:
    """Forget who a pseudonym was, and let nothing wait for that person any more; by an entry of the erasure list."""

    subject: str
    erasure: str


@dataclass(frozen=True, slots=True)
class Link:
    """Let a process that is there already, of the link's template, stand beside this one."""

    link: str
    child: str
    template: str


@dataclass(frozen=True, slots=True)
class EndLink:
    """Wait no longer for a process that stands beside this one, by its stream; it goes on by itself."""

    child: str
    reason: str


@dataclass(frozen=True, slots=True)
class Carried:
    """Somebody who takes part in a process from its beginning; `subject` is a fresh pseudonym, one a person."""

    person: str
    subject: str
    party: str | None
    roles: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class HaveParent:
    """Stand beside another process. No person gives this command."""

    parent: str
    link: str
    name: str
    title: str
    takes: tuple[str, ...]
    depth: int
    given: dict[str, Json]


@dataclass(frozen=True, slots=True)
class Spawn:
    """Begin a process beside its parent, with those who take part. No person gives this command."""

    name: str
    title: str
    parent: HaveParent
    parties: tuple[AddParty, ...]
    members: tuple[Carried, ...]


@dataclass(frozen=True, slots=True)
class LinkBegun:
    """Hear that a process stands beside this one. No person gives this command."""

    child: str
    name: str
    title: str
    template: str
    version: str


@dataclass(frozen=True, slots=True)
class LinkFailed:
    """Hear that a process could not be started or linked, and why. No person gives this command."""

    child: str
    message: str


@dataclass(frozen=True, slots=True)
class LinkOver:
    """Hear how a process that stands beside this one has ended, and what it passes on. No person gives this command."""

    child: str
    how: Literal["finished", "cancelled"]
    state: str | None
    answers: dict[str, Json]


@dataclass(frozen=True, slots=True)
class Dispose:
    """Forget everybody who took part in a process whose time is over; by an entry of the erasure list."""

    erasure: str
    archive: str | None = None


@dataclass(frozen=True, slots=True)
class Tick:
    """Let time act."""


Command: TypeAlias = (
    Start
    | AddParty
    | Invite
    | WithdrawInvitation
    | Join
    | AddMember
    | EndMembership
    | Grant
    | Revoke
    | Delegate
    | EndDelegation
    | HandOver
    | Claim
    | Release
    | Submit
    | Backfill
    | Act
    | StepBack
    | Retry
    | Resolve
    | Suspend
    | Resume
    | Cancel
    | Migrate
    | UndoMigration
    | Erase
    | Link
    | EndLink
    | HaveParent
    | Spawn
    | LinkBegun
    | LinkFailed
    | LinkOver
    | Dispose
    | Tick
)
