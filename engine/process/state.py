"""What the events of a process add up to: the fold.

`evolve(state, event)` gives the next state and leaves the first as it was; `fold(events)` does so for many, faster. A
state holds references to answers, never answers. Nothing is decided here: no guard runs, as events are facts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import datetime
from operator import attrgetter
from typing import Any, Literal
from uuid import UUID

from engine.process import events as e
from engine.process.growing import Growing


@dataclass(frozen=True, slots=True)
class Party:
    """An organisation or group in the collaboration."""

    id: str
    title: str


@dataclass(frozen=True, slots=True)
class Membership:
    """A person in a party with roles; `subject` is the person's pseudonym, `person` who that is (None: erased).

    `delegate` is the membership that acts in its place now, beside itself.
    """

    id: str
    subject: str
    person: str | None
    party: str | None
    roles: frozenset[str]
    active: bool = True
    delegate: str | None = None


@dataclass(frozen=True, slots=True)
class Invitation:
    """A way in that can be used once.

    `issuer` is the pseudonym of whoever issued it, `roles_before` are those it gave before the last migration, if any.
    """

    token_hash: str
    party: str | None
    roles: tuple[str, ...]
    expires_at: datetime
    issuer: str
    used: bool = False
    roles_before: tuple[str, ...] | None = None
    withdrawn: bool = False


@dataclass(frozen=True, slots=True)
class Submission:
    """A reference to answers: the event they lie in, who gave them, and which ones they took the place of, if any."""

    sequence: int
    at: datetime
    subject: str
    entered_by: str
    sealed_under: str | None
    replaces: int | None = None


@dataclass(frozen=True, slots=True)
class Instance:
    """One thing to fill in, by one membership, one party, or a role."""

    id: str
    task: str
    state: str | None
    entry: int
    membership: str | None
    party: str | None
    roles: tuple[str, ...]
    visibility: str
    status: str = "open"
    row: str | None = None
    claimed_by: str | None = None
    submissions: Growing[Submission] = field(default_factory=Growing)
    due: datetime | None = None
    overdue: bool = False

    @property
    def element(self) -> str | None:
        """The membership, party or row that the instance is for."""
        return self.membership or self.party or self.row

    @property
    def pending(self) -> bool:
        """Whether it is still to be filled in, now or when its turn comes."""
        return self.status in ("open", "waiting")

    @property
    def replaced(self) -> set[int]:
        """The sequences of the submissions that do not count any more: corrections took their place."""
        return {given.replaces for given in self.submissions if given.replaces is not None}


@dataclass(frozen=True, slots=True)
class Group:
    """The instances of one task in one entry of its state, counted."""

    instances: Growing[str] = field(default_factory=Growing)
    open: int = 0
    done: int = 0
    withdrawn: int = 0
    overdue: int = 0
    waiting: int = 0

    @property
    def expected(self) -> int:
        """How many are to be filled in: those withdrawn drop out."""
        return self.waiting + self.open + self.done


@dataclass(frozen=True, slots=True)
class Pending:
    """A deadline that has not passed yet, or with `roles` (which may be none) a reminder that is not due yet."""

    id: str
    due: datetime
    instance: str | None
    state: str | None
    roles: tuple[str, ...] | None = None
    set_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Incident:
    """Where a process cannot go on by itself; `is_open` until it can, or a person says that it does not matter."""

    id: str
    state: str | None
    message: str
    at: datetime
    is_open: bool = True
    dismissed: bool = False


@dataclass(frozen=True, slots=True)
class Linked:
    """A process that stands beside this one. `ended` is the sequence of the event that says how it ended.

    `counts` until another took its place, or it was let go.
    """

    link: str
    child: str
    template: str
    spawned: bool
    element: str | None
    state: str | None
    entry: int
    given: Mapping[str, Any]
    status: Literal["opened", "open", "finished", "cancelled", "let_go"] = "opened"
    name: str = ""
    title: str = ""
    version: str = ""
    ended: int | None = None
    counts: bool = True

    @property
    def is_open(self) -> bool:
        """Whether it goes on, or is still to be started."""
        return self.status in ("opened", "open")

    @property
    def incident(self) -> str:
        """What an incident about it is called."""
        return ":".join(("link", self.link, *([self.element] if self.element else [])))


@dataclass(frozen=True, slots=True)
class Parent:
    """A process that this one stands beside, and waits for it; `takes` are the answers that it is told in the end."""

    stream: str
    link: str
    name: str
    title: str
    takes: tuple[str, ...]
    depth: int


@dataclass(frozen=True, slots=True)
class Migrated:
    """A migration: its sequence, the last one before it began, and what became of roles (None: its event is silent)."""

    sequence: int
    before: int
    roles: Mapping[str, str | None] | None


@dataclass(slots=True)
class ProcessState:
    """Where a process is. Treat as frozen: only `evolve` and `fold` make new ones."""

    stream: UUID
    sequence: int = 0
    last_hash: str = ""
    recorded_at: datetime | None = None
    started_at: datetime | None = None
    name: str = ""
    title: str = ""
    template: str = ""
    version: str = ""
    bundle: str = ""
    status: str = "new"
    suspended_at: datetime | None = None
    parties: dict[str, Party] = field(default_factory=dict)
    memberships: dict[str, Membership] = field(default_factory=dict)
    people: dict[str, str] = field(default_factory=dict)
    """The pseudonym of each person who ever took part, but for those who were erased."""
    held: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """The memberships that each person ever held, by pseudonym."""
    delegations: dict[str, str] = field(default_factory=dict)
    """The memberships in whose place another acts now, and which."""
    answered: dict[str, Growing[str]] = field(default_factory=dict)
    """The instances that each person answered or entered an answer in, by pseudonym; some of them more than once."""
    invitations: dict[str, Invitation] = field(default_factory=dict)
    active: dict[str, int] = field(default_factory=dict)
    entered_at: dict[str, datetime] = field(default_factory=dict)
    entries: dict[str, int] = field(default_factory=dict)
    remembered: dict[str, tuple[str, ...]] = field(default_factory=dict)
    counters: dict[str, int] = field(default_factory=dict)
    instances: dict[str, Instance] = field(default_factory=dict)
    groups: dict[tuple[str, int], Group] = field(default_factory=dict)
    revealed: dict[str, e.AnswersRevealed] = field(default_factory=dict)
    pending: dict[str, Pending] = field(default_factory=dict)
    pending_of: dict[str, tuple[str, ...]] = field(default_factory=dict)
    incidents: dict[str, Incident] = field(default_factory=dict)
    links: dict[str, Linked] = field(default_factory=dict)
    """The processes that stand beside this one, by their streams, in order."""
    spawned: dict[str, str] = field(default_factory=dict)
    """Of each link, or of each of its elements, the process that was started last, by what incidents are called."""
    parents: dict[str, Parent] = field(default_factory=dict)
    given: dict[str, Any] = field(default_factory=dict)
    """What the process was told when it began: variables, and suggestions for fields, by name."""
    copies: dict[int, tuple[str, ...]] = field(default_factory=dict)
    """Of submissions that were kept when the process went back: the instances that hold them."""
    renamed: dict[str, str] = field(default_factory=dict)
    """Tasks of earlier versions of the template, and their names now."""
    disposed: bool = False
    """Whether the time that it is kept is over, and nobody in it is known any more."""
    migrated: Migrated | None = None
    """The last migration, while nobody has acted since."""

    def group(self, task: str, state: str | None) -> Group:
        """The instances of a task in the latest entry of its state; empty if there was none."""
        entry = self.entries.get(state) if state else 1
        return self.groups.get((task, entry), _NONE) if entry is not None else _NONE

    def memberships_of(self, subject: str) -> list[Membership]:
        """The memberships that a person holds now."""
        return [m for name in self.held.get(subject, ()) if (m := self.memberships[name]).active]

    def subject_of(self, person: str) -> str | None:
        """The pseudonym of a person in this process; None for somebody who never took part."""
        return self.people.get(person)

    def is_sealed(self, instance: Instance) -> bool:
        """Whether answers of the instance are still hidden from others."""
        return any(s.sealed_under and s.sealed_under not in self.revealed for s in instance.submissions)


_NONE = Group()
_NOTHING: Growing[str] = Growing()


def evolve(state: ProcessState, event: e.Event) -> ProcessState:
    """The state after the event; the given one is unchanged."""
    return advance(thawed(state), event)


def fold(events: Iterable[e.Event], state: ProcessState | None = None) -> ProcessState | None:
    """The state after all the events; None if there are none."""
    result = thawed(state) if state is not None else None
    for event in events:
        result = advance(result if result is not None else ProcessState(event.stream), event)
    return result


def thawed(state: ProcessState) -> ProcessState:
    """A copy that shares nothing that `advance` changes: what lies in its dicts is never changed in place."""
    values: list[Any] = [value.copy() if type(value) is dict else value for value in _VALUES(state)]
    return ProcessState(*values)


_VALUES = attrgetter(*(f.name for f in fields(ProcessState)))
"""All that a state holds, in the order in which it takes it; to ask for one after the other takes twice as long."""


def advance(state: ProcessState, event: e.Event) -> ProcessState:
    """Change the state by the event, in place: only ever on a copy that nobody else holds."""
    state.sequence = event.sequence
    state.recorded_at = event.recorded_at
    state.last_hash = event.hash
    if state.migrated is not None and _is_deed(event.payload):
        state.migrated = None
    handler = _HANDLERS.get(type(event.payload))
    if handler is not None:
        handler(state, event, event.payload)
    return state


def _is_deed(payload: e.Payload) -> bool:
    """Whether people or time did something to the process; what a migration keeps is no deed."""
    kept = isinstance(payload, e.TaskClaimed) and payload.kept_from is not None
    return isinstance(payload, _DEEDS) and not kept


def done_by(state: ProcessState, event: e.Event) -> str:
    """The pseudonym of who did what an event tells: whom the operator acted for, also where they stood in or helped.

    `operator`, `clock` or `link` where that was no person. The event names whose it is beside who did it, and of what
    the operator did for somebody in the place of another the membership alone says who that somebody was.
    """
    if event.actor != "operator":
        return event.actor
    member = state.memberships.get(event.membership or "")
    return member.subject if member is not None else event.on_behalf_of or event.actor


def _started(state: ProcessState, event: e.Event, p: e.ProcessStarted) -> None:
    state.name, state.title, state.template = p.name, p.title, p.template
    state.version, state.bundle, state.status = p.version, p.bundle, "running"
    state.started_at = event.recorded_at


def _party(state: ProcessState, _: e.Event, p: e.PartyJoined) -> None:
    state.parties[p.party] = Party(p.party, p.title)


def _invited(state: ProcessState, event: e.Event, p: e.InvitationIssued) -> None:
    issuer = event.on_behalf_of or event.actor
    state.invitations[p.token_hash] = Invitation(p.token_hash, p.party, p.roles, p.expires_at, issuer)


def _invited_no_more(state: ProcessState, _: e.Event, p: e.InvitationWithdrawn) -> None:
    state.invitations[p.token_hash] = replace(state.invitations[p.token_hash], withdrawn=True)


def _member(state: ProcessState, _: e.Event, p: e.MembershipAdded) -> None:
    person = p.person if isinstance(p.person, str) else None
    state.memberships[p.membership] = Membership(p.membership, p.subject, person, p.party, frozenset(p.roles))
    if person is not None:
        state.people.setdefault(person, p.subject)
    state.held[p.subject] = (*state.held.get(p.subject, ()), p.membership)
    if p.invitation:
        state.invitations[p.invitation] = replace(state.invitations[p.invitation], used=True)


def _member_left(state: ProcessState, _: e.Event, p: e.MembershipEnded) -> None:
    state.memberships[p.membership] = replace(state.memberships[p.membership], active=False)


def _erased(state: ProcessState, _: e.Event, p: e.SubjectErased) -> None:
    for held in list(state.memberships.values()):
        if held.subject == p.subject:
            state.memberships[held.id] = replace(held, person=None)
    state.people = {person: subject for person, subject in state.people.items() if subject != p.subject}


def _disposed(state: ProcessState, _: e.Event, __: e.ProcessDisposed) -> None:
    state.disposed = True
    state.people = {}
    state.memberships = {key: replace(held, person=None) for key, held in state.memberships.items()}


def _granted(state: ProcessState, _: e.Event, p: e.RoleGranted) -> None:
    held = state.memberships[p.membership]
    state.memberships[p.membership] = replace(held, roles=held.roles | {p.role})


def _revoked(state: ProcessState, _: e.Event, p: e.RoleRevoked) -> None:
    held = state.memberships[p.membership]
    state.memberships[p.membership] = replace(held, roles=held.roles - {p.role})


def _delegated(state: ProcessState, _: e.Event, p: e.DelegationBegun) -> None:
    state.memberships[p.membership] = replace(state.memberships[p.membership], delegate=p.to)
    state.delegations[p.membership] = p.to
    name = f"delegation:{p.membership}"
    state.pending.pop(name, None)
    if p.until is not None:
        state.pending[name] = Pending(name, p.until, None, None)


def _delegation_ended(state: ProcessState, _: e.Event, p: e.DelegationEnded) -> None:
    state.memberships[p.membership] = replace(state.memberships[p.membership], delegate=None)
    state.delegations.pop(p.membership, None)
    state.pending.pop(f"delegation:{p.membership}", None)


def _claimed(state: ProcessState, _: e.Event, p: e.TaskClaimed) -> None:
    state.instances[p.instance] = replace(state.instances[p.instance], claimed_by=p.membership)


def _released(state: ProcessState, _: e.Event, p: e.TaskReleased) -> None:
    state.instances[p.instance] = replace(state.instances[p.instance], claimed_by=None)


def _entered(state: ProcessState, event: e.Event, p: e.StateEntered) -> None:
    state.active[p.state] = state.entries[p.state] = p.entry
    state.entered_at[p.state] = p.since or event.recorded_at
    state.counters.update(p.counters)


def _left(state: ProcessState, _: e.Event, p: e.StateLeft) -> None:
    state.active.pop(p.state)
    state.remembered.update(p.remembered)
    state.incidents = {key: incident for key, incident in state.incidents.items() if incident.state != p.state}
    state.pending = {key: d for key, d in state.pending.items() if d.state != p.state}


def _opened(state: ProcessState, _: e.Event, p: e.TaskOpened) -> None:
    known = state.instances.get(p.instance)
    instance = state.instances[p.instance] = Instance(
        p.instance,
        p.task,
        p.state,
        p.entry,
        p.membership,
        p.party,
        p.roles,
        p.visibility,
        status="waiting" if p.waiting else "open",
        row=p.row,
    )
    group = state.groups.get((p.task, p.entry), _NONE)
    if known is not None and (known.task, known.entry) == (p.task, p.entry):  # under another version of the template
        state.groups[p.task, p.entry] = _counted(group, known.status, instance.status)
    else:
        group = replace(group, instances=group.instances.then(p.instance))
        state.groups[p.task, p.entry] = _counted(group, None, instance.status)


def _counted(group: Group, then: str | None, now: str, overdue: int = 0) -> Group:
    """The group after one of its instances came to stand otherwise, or (None) came; `overdue` is how many more are."""
    numbers = {now: getattr(group, now) + (then != now)}
    if then is not None and then != now:
        numbers[then] = getattr(group, then) - 1
    return replace(group, overdue=group.overdue + overdue, **numbers)


def _stands(state: ProcessState, now: Instance) -> None:
    """Let an instance stand as it does now, and be counted so."""
    then, where = state.instances[now.id], (now.task, now.entry)
    state.instances[now.id] = now
    state.groups[where] = _counted(state.groups[where], then.status, now.status, now.overdue - then.overdue)


def _reopened(state: ProcessState, _: e.Event, p: e.TaskReopened) -> None:
    status = "waiting" if p.waiting else "open"
    _stands(state, replace(state.instances[p.instance], status=status, due=None, claimed_by=None))


def _begun(state: ProcessState, _: e.Event, p: e.TaskBegun) -> None:
    _stands(state, replace(state.instances[p.instance], status="open"))


def _withdrawn(state: ProcessState, _: e.Event, p: e.TaskWithdrawn) -> None:
    _close(state, state.instances[p.instance], "withdrawn")


def _close(state: ProcessState, instance: Instance, status: str) -> None:
    """Move an instance out of the open ones."""
    _stands(state, replace(instance, status=status, overdue=False))
    for name in [name for name in state.pending_of.pop(instance.id, ()) if name in state.pending]:
        del state.pending[name]


def _submitted(state: ProcessState, event: e.Event, p: e.FormSubmitted) -> None:
    replaces = p.replaces if isinstance(p, e.FormCorrected) else None
    given = Submission(event.sequence, event.recorded_at, p.subject, done_by(state, event), p.sealed_under, replaces)
    holders: tuple[str, ...] = (p.instance,)
    if replaces in state.copies:  # what was kept when the process went back is put right wherever it lies
        holders = state.copies[event.sequence] = state.copies[replaces]
    if state.instances[p.instance].status == "open":
        _close(state, state.instances[p.instance], "done")
    for name in holders:
        held = state.instances[name]
        state.instances[name] = replace(held, submissions=held.submissions.then(given))
        _answered(state, name, given)


def _answered(state: ProcessState, instance: str, given: Submission) -> None:
    for subject in {given.subject, given.entered_by}:
        known = state.answered.get(subject, _NOTHING)
        if not known or known[-1] != instance:
            state.answered[subject] = known.then(instance)


def _kept(state: ProcessState, _: e.Event, p: e.FormKept) -> None:
    _close(state, state.instances[p.instance], "done")
    if p.kept_from == p.instance:
        return
    submissions = state.instances[p.kept_from].submissions
    state.instances[p.instance] = replace(state.instances[p.instance], submissions=submissions)
    for given in submissions:
        _answered(state, p.instance, given)
        state.copies[given.sequence] = (*state.copies.get(given.sequence, (p.kept_from,)), p.instance)


def _revealed(state: ProcessState, _: e.Event, p: e.AnswersRevealed) -> None:
    state.revealed[p.key_id] = p


def _deadline_set(state: ProcessState, event: e.Event, p: e.DeadlineSet) -> None:
    _await(state, Pending(p.deadline, p.due, p.instance, p.state, set_at=event.recorded_at))
    if p.instance:
        state.instances[p.instance] = replace(state.instances[p.instance], due=p.due)


def _reminder_set(state: ProcessState, event: e.Event, p: e.ReminderSet) -> None:
    _await(state, Pending(p.reminder, p.due, p.instance, None, p.roles, event.recorded_at))


def _await(state: ProcessState, pending: Pending) -> None:
    state.pending[pending.id] = pending
    if pending.instance:
        known = state.pending_of.get(pending.instance, ())
        if pending.id not in known:
            state.pending_of[pending.instance] = (*known, pending.id)


def _reminded(state: ProcessState, _: e.Event, p: e.ReminderDue) -> None:
    state.pending.pop(p.reminder, None)


def _suspended(state: ProcessState, event: e.Event, _: e.ProcessSuspended) -> None:
    state.status, state.suspended_at = "suspended", event.recorded_at


def _resumed(state: ProcessState, _: e.Event, __: e.ProcessResumed) -> None:
    state.status, state.suspended_at = "running", None


def _deadline_passed(state: ProcessState, _: e.Event, p: e.DeadlinePassed) -> None:
    state.pending.pop(p.deadline, None)
    if p.instance:
        instance = state.instances[p.instance]
        if instance.status == "open":
            _stands(state, replace(instance, overdue=True))


def _migrated(state: ProcessState, event: e.Event, p: e.ProcessMigrated) -> None:
    state.version, state.bundle = p.version, p.bundle
    state.remembered, state.counters = dict(p.remembered), dict(p.counters)
    state.entries = dict(p.entries) or state.entries
    state.renamed = {then: p.tasks.get(now, now) for then, now in state.renamed.items()} | p.tasks
    for name, instance in state.instances.items():
        if instance.state in p.states:
            state.instances[name] = replace(instance, state=p.states[instance.state])
    for name in p.dropped:
        gone = state.pending.pop(name, None)
        if gone is not None and gone.instance is not None and gone.roles is None:
            state.instances[gone.instance] = replace(state.instances[gone.instance], due=None)
    roles = dict(p.plan.roles) if p.plan is not None else None
    for token, invited in state.invitations.items():
        if roles is not None:
            named = dict.fromkeys(now for role in invited.roles if (now := roles.get(role, role)) is not None)
            state.invitations[token] = replace(invited, roles=tuple(named), roles_before=invited.roles)
        elif p.undoes is not None and invited.roles_before is not None:
            state.invitations[token] = replace(invited, roles=invited.roles_before, roles_before=None)
    state.migrated = Migrated(event.sequence, p.before, roles) if p.undoes is None else None


def _incident(state: ProcessState, event: e.Event, p: e.IncidentRaised) -> None:
    state.incidents[p.incident] = Incident(p.incident, p.state, p.message, event.recorded_at)


def _resolved(state: ProcessState, _: e.Event, p: e.IncidentResolved) -> None:
    known = state.incidents[p.incident]
    state.incidents[p.incident] = replace(known, is_open=False, dismissed=bool(p.subject))


def _link_opened(state: ProcessState, _: e.Event, p: e.LinkOpened) -> None:
    linked = Linked(p.link, p.child, p.template, p.spawned, p.element, p.state, p.entry, p.given)
    if p.spawned:
        earlier = state.links.get(state.spawned.get(linked.incident, ""))
        if earlier is not None:
            state.links[earlier.child] = replace(earlier, counts=False)
        state.spawned[linked.incident] = p.child
    state.links[p.child] = linked


def _linked(state: ProcessState, _: e.Event, p: e.ProcessLinked) -> None:
    known = state.links[p.child]
    state.links[p.child] = replace(known, status="open", name=p.name, title=p.title, version=p.version)


def _link_ended(state: ProcessState, event: e.Event, p: e.LinkEnded) -> None:
    known = state.links[p.child]
    state.links[p.child] = replace(known, status=p.how, ended=event.sequence, counts=p.how != "let_go")


def _parent_linked(state: ProcessState, _: e.Event, p: e.ParentLinked) -> None:
    state.parents[p.parent] = Parent(p.parent, p.link, p.name, p.title, p.takes, p.depth)
    state.given.update(p.given)


def _finished(state: ProcessState, _: e.Event, __: e.ProcessFinished) -> None:
    state.status = "finished"
    state.pending, state.pending_of = {}, {}


def _cancelled(state: ProcessState, _: e.Event, __: e.ProcessCancelled) -> None:
    state.status, state.suspended_at = "cancelled", None
    state.pending, state.pending_of = {}, {}


_DEEDS = (
    e.ActionTaken,
    e.FormSubmitted,
    e.SteppedBack,
    e.DeadlinePassed,
    e.LinkEnded,
    e.InvitationIssued,
    e.MembershipAdded,
    e.MembershipEnded,
    e.TaskClaimed,
    e.TaskReleased,
    e.ProcessSuspended,
    e.ProcessResumed,
    e.ProcessCancelled,
)
"""What people and time do to a process; after that, a migration is not taken back any more."""

_HANDLERS: Mapping[type[e.Payload], Callable[[ProcessState, e.Event, Any], None]] = {  # each takes its own payload
    e.ProcessStarted: _started,
    e.PartyJoined: _party,
    e.InvitationIssued: _invited,
    e.InvitationWithdrawn: _invited_no_more,
    e.MembershipAdded: _member,
    e.MembershipEnded: _member_left,
    e.SubjectErased: _erased,
    e.ProcessDisposed: _disposed,
    e.RoleGranted: _granted,
    e.RoleRevoked: _revoked,
    e.DelegationBegun: _delegated,
    e.DelegationEnded: _delegation_ended,
    e.TaskClaimed: _claimed,
    e.TaskReleased: _released,
    e.StateEntered: _entered,
    e.StateLeft: _left,
    e.TaskOpened: _opened,
    e.TaskReopened: _reopened,
    e.TaskBegun: _begun,
    e.TaskWithdrawn: _withdrawn,
    e.FormSubmitted: _submitted,
    e.FormCorrected: _submitted,
    e.FormKept: _kept,
    e.AnswersRevealed: _revealed,
    e.DeadlineSet: _deadline_set,
    e.DeadlinePassed: _deadline_passed,
    e.ReminderSet: _reminder_set,
    e.ReminderDue: _reminded,
    e.ProcessSuspended: _suspended,
    e.ProcessResumed: _resumed,
    e.ProcessCancelled: _cancelled,
    e.ProcessMigrated: _migrated,
    e.IncidentRaised: _incident,
    e.IncidentResolved: _resolved,
    e.LinkOpened: _link_opened,
    e.ProcessLinked: _linked,
    e.LinkEnded: _link_ended,
    e.ParentLinked: _parent_linked,
    e.ProcessFinished: _finished,
}
