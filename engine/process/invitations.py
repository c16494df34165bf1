"""Invitations to a process: which of them hold, and why the others do not.

A token is known by its hash. It lets one person join once, while it has not expired or been withdrawn, and while
whoever issued it may still invite: what was given on somebody's authority ends with it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from engine.errors import NotFound
from engine.process.access import Actor, ToManage, may
from engine.process.state import Invitation, ProcessState
from engine.template.chart import Definition


@dataclass(frozen=True, slots=True)
class Issued:
    """An invitation that nobody has used: the hash of its token, what it gives, and by which membership it was issued.

    `over` is why nobody joins by it any more; empty while somebody can.
    """

    invitation: str
    party: str | None
    roles: tuple[str, ...]
    issued_by: str
    expires_at: datetime
    over: str


def why_over(invitation: Invitation, state: ProcessState, definition: Definition, at: datetime) -> str:
    """Why nobody joins by an invitation any more, as what is said of it; empty while somebody can."""
    if invitation.used:
        return "has been used"
    if invitation.withdrawn:
        return "was withdrawn"
    if invitation.expires_at < at:
        return f"expired on {invitation.expires_at:%Y-%m-%d}"
    if not may(Actor(invitation.issuer), ToManage(), state, definition).allowed:
        return "holds no more: whoever issued it may invite nobody any more"
    return ""


def unused(state: ProcessState, definition: Definition, at: datetime) -> list[Issued]:
    """The invitations that nobody has used, in the order in which they were issued."""
    return [
        Issued(
            one.token_hash,
            one.party,
            one.roles,
            _membership(one, state),
            one.expires_at,
            why_over(one, state, definition, at),
        )
        for one in state.invitations.values()
        if not one.used
    ]


def _membership(invitation: Invitation, state: ProcessState) -> str:
    return next((m.id for m in state.memberships.values() if m.subject == invitation.issuer), "")


def named(issued: Iterable[Issued], which: str) -> str:
    """The hash of the one invitation that is meant, by the beginning of its hash or by its token; raise `NotFound`."""
    which = which.strip()
    digest = sha256(which.rpartition(".")[2].encode()).hexdigest()
    known = [one.invitation for one in issued]
    found = [one for one in known if one == digest] or [one for one in known if which and one.startswith(which)]
    if len(found) != 1:
        what = "there is no unused invitation like that" if not found else f"“{which}” begins several invitations"
        listed = ", ".join(one[:8] for one in known)
        raise NotFound(what, hint=f"There are: {listed}." if listed else "None waits to be used.")
    return found[0]
