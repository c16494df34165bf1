"""Who takes part: parties, invitations, memberships and the roles they hold."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from engine.errors import NotAllowed, NotFound, Refused
from engine.process import commands as c
from engine.process import events as e
from engine.process.access import Actor, ToErase, ToManage, ToSubmit, may, on_work_list
from engine.process.decide.instances import open_everywhere, open_for, withdraw, withdraw_orphans
from engine.process.decide.step import Step, unknown
from engine.process.invitations import why_over
from engine.process.state import Instance, Membership


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


def withdraw_invitation(step: Step, command: c.WithdrawInvitation) -> None:
    """Let nobody join by an invitation any more; also by one that does not hold now, as it may hold again."""
    step.require(ToManage())
    invitation = step.state.invitations.get(command.token_hash)
    if invitation is None:
        raise NotFound("there is no such invitation", hint="`samskap invitation list` shows those that there are.")
    if invitation.used:
        raise Refused("this invitation has been used", hint="End the membership instead: `samskap member end`.")
    if invitation.withdrawn:
        raise Refused("this invitation was withdrawn already")
    step.emit(e.InvitationWithdrawn(token_hash=command.token_hash))


def join(step: Step, command: c.Join) -> None:
    """Take part by an invitation: once, before it expires, and while whoever issued it may still invite."""
    invitation = step.state.invitations.get(command.token_hash)
    hint = "Ask the facilitator for a new invitation."
    if invitation is None:
        raise NotAllowed("this invitation does not belong to this process", hint=hint)
    over = why_over(invitation, step.state, step.definition, step.context.at)
    if over:
        raise NotAllowed(f"this invitation {over}", hint=hint)
    check_roles(step, invitation.party, invitation.roles)
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
    _leave(step, membership, command.reason)


def erase(step: Step, command: c.Erase) -> None:
    """Forget who somebody was. What waits for that person goes on without them, also where nobody leads it then."""
    step.require(ToErase())
    step.emit(e.SubjectErased(subject=command.subject, erasure=command.erasure))
    if step.state.status in ("running", "suspended"):
        for membership in step.state.memberships_of(command.subject):
            _leave(step, membership, "")


def dispose(step: Step, command: c.Dispose) -> None:
    """Forget everybody who took part; a process that never came to an end comes to one."""
    step.require(ToErase())
    if step.state.disposed:
        raise Refused(f"“{step.state.name}” was disposed of already")
    if step.state.status in ("running", "suspended"):
        withdraw(step, list(step.state.instances))
        step.emit(e.ProcessCancelled(subject=step.actor))
    step.emit(e.ProcessDisposed(erasure=command.erasure, archive=command.archive))


def _leave(step: Step, membership: Membership, reason: str) -> None:
    """A membership ends, and with it what it took on, gave or held for others."""
    step.emit(e.MembershipEnded(membership=membership.id, subject=step.context.actor.subject, reason=reason))
    _release_claims(step)
    for other in list(step.state.memberships.values()):
        if other.delegate is not None and membership.id in (other.id, other.delegate):
            step.emit(e.DelegationEnded(membership=other.id))
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
    _release_claims(step)
    withdraw_orphans(step)


def delegate(step: Step, command: c.Delegate) -> None:
    """Let another act in the place of a membership: by itself, or by who leads the process."""
    membership, to = active_membership(step, command.membership), active_membership(step, command.to)
    if membership.subject != step.context.actor.subject:
        step.require(ToManage())
    own = membership.subject == step.context.actor.subject
    if not own and to.subject == step.context.actor.subject:
        raise NotAllowed("nobody makes themselves the stand-in of another", hint="Let them delegate, or name a third.")
    if membership.subject == to.subject:
        raise Refused("nobody stands in for themselves", hint="Name the membership of another person.")
    if command.until is not None and command.until <= step.context.at:
        raise Refused(f"{command.until:%Y-%m-%d %H:%M} is past", hint="Give a time to come, or none.")
    step.emit(
        e.DelegationBegun(
            membership=membership.id,
            to=to.id,
            until=command.until,
            subject=step.context.actor.subject,
            reason=command.reason,
        )
    )


def end_delegation(step: Step, command: c.EndDelegation) -> None:
    """End a delegation: by who gave it, or by who leads the process."""
    membership = active_membership(step, command.membership)
    if membership.subject != step.context.actor.subject:
        step.require(ToManage())
    if membership.delegate is None:
        raise Refused(f"nobody stands in for {membership.id}")
    step.emit(e.DelegationEnded(membership=membership.id))


def hand_over(step: Step, command: c.HandOver) -> None:
    """Give a role to another and lose it, in one step: one's own, or by who leads the process."""
    membership, to = active_membership(step, command.membership), active_membership(step, command.to)
    if membership.subject != step.context.actor.subject:
        step.require(ToManage())
    if command.role not in membership.roles:
        raise Refused(f"{membership.id} does not hold the role {command.role}")
    if command.role in to.roles:
        raise Refused(f"{to.id} holds the role {command.role} already", hint="Revoke it from the other instead.")
    step.emit(e.RoleRevoked(membership=membership.id, role=command.role))
    check_roles(step, to.party, (command.role,))
    step.emit(e.RoleGranted(membership=to.id, role=command.role))
    _release_claims(step)
    withdraw_orphans(step)
    open_everywhere(step)


def claim(step: Step, command: c.Claim) -> None:
    """Take a task on, or as who leads the process give it to somebody who could do it."""
    instance = _claimable(step, command.instance)
    if command.membership is None:
        if instance.claimed_by is not None:
            raise Refused(f"{instance.id} was taken on by {instance.claimed_by}", hint="They can release it.")
        verdict = step.require(ToSubmit(instance))
        assert verdict.membership is not None
        claimer = verdict.on_behalf_of or verdict.membership
    else:
        step.require(ToManage())
        claimer = active_membership(step, command.membership)
        if claimer.roles.isdisjoint(instance.roles):
            raise Refused(f"{claimer.id} holds none of its roles: {', '.join(instance.roles)}")
        free = replace(instance, claimed_by=None)
        verdict = may(Actor(claimer.subject), ToSubmit(free, claimer.id), step.state, step.definition)
        if not verdict.allowed:
            raise Refused(str(verdict.reason), hint="Give it to somebody else.")
    step.emit(e.TaskClaimed(instance=instance.id, membership=claimer.id))


def release(step: Step, command: c.Release) -> None:
    """Give a claimed task back: by who took it on, or by who leads the process."""
    instance = _claimable(step, command.instance)
    if instance.claimed_by is None:
        raise Refused(f"nobody has taken {instance.id} on")
    if step.state.memberships[instance.claimed_by].subject != step.context.actor.subject:
        step.require(ToManage())
    step.emit(e.TaskReleased(instance=instance.id))


def _release_claims(step: Step) -> None:
    """Give back what was taken on by a membership that may not do it any more."""
    for instance in list(step.state.instances.values()):
        if instance.status == "open" and instance.claimed_by is not None:
            if not on_work_list(step.state.memberships[instance.claimed_by], instance):
                step.emit(e.TaskReleased(instance=instance.id))


def _claimable(step: Step, name: str) -> Instance:
    instance = step.state.instances.get(name)
    if instance is None:
        raise unknown("task", name, step.state.instances)
    if instance.status != "open":
        raise Refused(f"{name} is {instance.status}", hint="Only what is open can be taken on.")
    if instance.membership or instance.party:
        raise Refused(f"{name} is for {instance.element} alone", hint="Delegate instead: `samskap delegate`.")
    return instance


def add_membership(
    step: Step,
    person: str,
    party: str | None,
    roles: tuple[str, ...],
    invitation: str | None = None,
    *,
    subject: str | None = None,
) -> None:
    """Take a person in, under the pseudonym that the person has here already or a new one, which may be given."""
    known = step.state.subject_of(person)
    own = step.state.memberships_of(known) if known is not None else ()
    if any(m.party == party and not m.roles.isdisjoint(roles) for m in own):
        raise Refused("this person takes part there already, in such a role", hint="Grant a further role instead.")
    membership = f"m{len(step.state.memberships) + 1}"
    step.emit(
        e.MembershipAdded(
            membership=membership,
            subject=known or subject or step.context.new_subject,
            person=person,
            party=party,
            roles=roles,
            invitation=invitation,
        )
    )
    open_for(step, step.state.memberships[membership])


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
        if role.max is not None:
            holders = [m for m in step.state.memberships.values() if m.active and name in m.roles]
            if len(holders) >= role.max:
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
