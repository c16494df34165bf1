"""Who takes part: parties, invitations, memberships and the roles they hold."""

from __future__ import annotations

from collections.abc import Iterable

from engine.errors import NotAllowed, Refused
from engine.process import commands as c
from engine.process import events as e
from engine.process.access import ToManage
from engine.process.decide.instances import open_everywhere, withdraw_orphans
from engine.process.decide.step import Step, unknown
from engine.process.state import Membership


def add_party(step: Step, command: c.AddParty) -> None:
    """Take a party into the collaboration."""
    step.require(ToManage())
    if command.party in step.state.parties:
        raise Refused(f"“{command.party}” takes part already", hint="Give the new party another id.")
    step.emit(e.PartyJoined(party=command.party, title=command.title))


def invite(step: Step, command: c.Invite) -> None:
    """Issue an invitation."""
    step.require(ToManage())
    check_roles(step, command.party, command.roles)
    step.emit(
        e.InvitationIssued(
            token_hash=command.token_hash,
            party=command.party,
            roles=command.roles,
            expires_at=command.expires_at,
        )
    )


def join(step: Step, command: c.Join) -> None:
    """Take part by an invitation: once, and before it expires."""
    invitation = step.state.invitations.get(command.token_hash)
    hint = "Ask the facilitator for a new invitation."
    if invitation is None:
        raise NotAllowed("this invitation does not belong to this process", hint=hint)
    if invitation.used:
        raise NotAllowed("this invitation has been used", hint=hint)
    if invitation.expires_at < step.context.at:
        raise NotAllowed(f"this invitation expired on {invitation.expires_at:%Y-%m-%d}", hint=hint)
    add_membership(step, step.context.person, invitation.party, invitation.roles, command.token_hash)


def add_member(step: Step, command: c.AddMember) -> None:
    """Enter a person whom others answer for."""
    step.require(ToManage())
    check_roles(step, command.party, command.roles)
    add_membership(step, command.person, command.party, command.roles)


def end_membership(step: Step, command: c.EndMembership) -> None:
    """End a membership: one's own, or by whoever leads the process."""
    membership = active_membership(step, command.membership)
    if membership.subject != step.context.actor.subject:
        step.require(ToManage())
    keep_role_minimum(step, membership, membership.roles)
    step.emit(e.MembershipEnded(membership=membership.id, subject=step.context.actor.subject, reason=command.reason))
    withdraw_orphans(step)


def grant(step: Step, command: c.Grant) -> None:
    """Give a role to a membership."""
    step.require(ToManage())
    membership = active_membership(step, command.membership)
    check_roles(step, membership.party, (command.role,))
    if command.role in membership.roles:
        raise Refused(f"{membership.id} holds the role {command.role} already")
    step.emit(e.RoleGranted(membership=membership.id, role=command.role))
    open_everywhere(step)


def revoke(step: Step, command: c.Revoke) -> None:
    """Take a role from a membership."""
    step.require(ToManage())
    membership = active_membership(step, command.membership)
    if command.role not in membership.roles:
        raise Refused(f"{membership.id} does not hold the role {command.role}")
    keep_role_minimum(step, membership, {command.role})
    step.emit(e.RoleRevoked(membership=membership.id, role=command.role))
    withdraw_orphans(step)


def add_membership(
    step: Step, person: str, party: str | None, roles: tuple[str, ...], invitation: str | None = None
) -> None:
    """Take a person in, under the pseudonym that the person has here already or a new one."""
    if any(
        m.active and m.person == person and m.party == party and not m.roles.isdisjoint(roles)
        for m in step.state.memberships.values()
    ):
        raise Refused("this person takes part there already, in such a role", hint="Grant a further role instead.")
    subject = step.state.subject_of(person) or step.context.new_subject
    step.emit(
        e.MembershipAdded(
            membership=f"m{len(step.state.memberships) + 1}",
            subject=subject,
            person=person,
            party=party,
            roles=roles,
            invitation=invitation,
        )
    )
    open_everywhere(step)


def check_roles(step: Step, party: str | None, roles: Iterable[str]) -> None:
    """Refuse roles that are not known, need a party, or are held by as many as may hold them."""
    known = step.definition.template.roles
    if party is not None and party not in step.state.parties:
        raise unknown("party", party, step.state.parties)
    for name in roles:
        role = known.get(name)
        if role is None:
            raise unknown("role", name, known)
        if role.of == "party" and party is None:
            raise Refused(f"the role {name} is held on behalf of a party", hint="Say which, with --party.")
        holders = [m for m in step.state.memberships.values() if m.active and name in m.roles]
        if role.max is not None and len(holders) >= role.max:
            raise Refused(f"the role {name} is held by {role.max} already, which is the most")


def keep_role_minimum(step: Step, leaving: Membership, roles: Iterable[str]) -> None:
    """Refuse to leave the process without anybody who leads it."""
    starter = step.definition.template.starter
    others = [m for m in step.state.memberships.values() if m.active and m.id != leaving.id and starter in m.roles]
    if starter in roles and starter in leaving.roles and not others:
        raise Refused(
            f"{leaving.id} is the last {starter}: nobody could lead “{step.state.name}” on",
            hint=f"Grant the role {starter} to somebody else first.",
        )


def active_membership(step: Step, name: str) -> Membership:
    """An active membership by its id."""
    found = step.state.memberships.get(name)
    if found is None or not found.active:
        active = [m.id for m in step.state.memberships.values() if m.active]
        raise unknown("membership", name, active)
    return found
