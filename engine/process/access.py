"""Who may do what, and who may see what: the only place that answers either.

Two pure functions of a state, so that they travel in time with the log: `may(actor, deed, state, definition)` and
`visible(actor, state)`. Whether the process itself is ready (guards, open tasks) is `decide`'s.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TypeAlias

from engine.process.reasons import Reason
from engine.process.state import Instance, Membership, ProcessState, Submission
from engine.template.chart import Choice, Definition
from engine.template.model import Action


@dataclass(frozen=True, slots=True)
class Actor:
    """Somebody signed in. `subject` is the pseudonym in this process ('' for somebody who takes no part in it)."""

    subject: str
    operator: bool = False
    acts_for: bool = False
    """Whether an operator acts for a person, and so with that person's rights alone."""

    @property
    def runs_workspace(self) -> bool:
        """Whether this is the operator as themselves, with the powers of whoever runs the workspace."""
        return self.operator and not self.acts_for

    @property
    def recorded_as(self) -> str:
        """What the log says: an operator who acts for somebody is seen as such."""
        return "operator" if self.operator else self.subject


@dataclass(frozen=True, slots=True)
class ToSubmit:
    """Fill in an instance, as or on behalf of the membership."""

    instance: Instance
    membership: str | None = None


@dataclass(frozen=True, slots=True)
class ToCorrect:
    """Put right what somebody answered, also when its time is over."""

    instance: Instance


@dataclass(frozen=True, slots=True)
class ToChoose:
    """Take an action."""

    choice: Choice
    roles: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ToManage:
    """Invite, enter, grant, end: what the role that starts a process may do."""


@dataclass(frozen=True, slots=True)
class ToMigrate:
    """Move the process to another version of its template: for who leads it, and for whoever runs the workspace."""


@dataclass(frozen=True, slots=True)
class ToCancel:
    """Give the process up: for who leads it, and for whoever runs the workspace, as it may have died with its leads."""


@dataclass(frozen=True, slots=True)
class ToRead:
    """See the process at all."""


@dataclass(frozen=True, slots=True)
class ToMeasure:
    """Put a measured figure right that came from a file: what those may do who may fill in measurements."""


@dataclass(frozen=True, slots=True)
class ToErase:
    """Forget who somebody was: for whoever runs the workspace."""


Deed: TypeAlias = ToSubmit | ToCorrect | ToChoose | ToManage | ToMigrate | ToCancel | ToRead | ToMeasure | ToErase


@dataclass(frozen=True, slots=True)
class Verdict:
    """Allowed or not; if so, the membership and role it rests on; if not, why not, which says who could."""

    allowed: bool
    because: Reason | None = None
    membership: Membership | None = None
    role: str | None = None
    on_behalf_of: Membership | None = None

    @property
    def reason(self) -> str:
        """Why not, as errors say it."""
        return str(self.because) if self.because is not None else ""


def may(actor: Actor, deed: Deed, state: ProcessState, definition: Definition) -> Verdict:  # noqa: PLR0911 (one a deed)
    """Whether the actor's roles in this process allow the deed."""
    own = state.memberships_of(actor.subject) if actor.subject else []
    match deed:
        case ToRead():
            return _held(own, None, Reason("outside"))
        case ToManage():
            starter = definition.template.starter
            return _held(own, (starter,), Reason("role", roles=(starter,)))
        case ToMigrate() | ToCancel():
            if actor.runs_workspace:
                return Verdict(True)
            return may(actor, ToManage(), state, definition)
        case ToErase():
            return Verdict(True) if actor.runs_workspace else Verdict(False, Reason("erased by"))
        case ToMeasure():
            roles = _measuring(definition)
            return _held(own, roles, Reason("measured by" if roles else "measured by nobody", roles=roles))
        case ToCorrect():
            task = definition.tasks[deed.instance.task].spec
            barred = _four_eyes(actor.subject, task.not_by, state, definition)
            roles = task.correct_by or ()
            otherwise = Reason("corrected by" if roles else "corrected by nobody", roles=roles)
            return barred or _held(own, roles, otherwise)
        case ToChoose():
            return _choose(own, deed, state, definition)
        case ToSubmit():
            barred = _four_eyes(actor.subject, definition.tasks[deed.instance.task].spec.not_by, state, definition)
            verdict = barred or _submit(own, deed, state, definition)
            if verdict.on_behalf_of is None:
                return verdict
            theirs = definition.tasks[deed.instance.task].spec.not_by
            return _four_eyes(verdict.on_behalf_of.subject, theirs, state, definition) or verdict


def _measuring(definition: Definition) -> tuple[str, ...]:
    """The roles that fill in a form whose rows are measurements."""
    tasks = [task.spec for task in definition.tasks.values()]
    measuring = [task for task in tasks if any(f.table == "measurement" for f in definition.forms[task.form].facts)]
    return tuple(dict.fromkeys(role for task in measuring for role in task.by))


def _held(own: Iterable[Membership], roles: tuple[str, ...] | None, otherwise: Reason) -> Verdict:
    """The first membership that holds one of the roles (None: any)."""
    for membership in own:
        if roles is None:
            return Verdict(True, membership=membership)
        role = next((r for r in roles if r in membership.roles), None)
        if role is not None:
            return Verdict(True, membership=membership, role=role)
    return Verdict(False, otherwise)


def _choose(own: list[Membership], deed: ToChoose, state: ProcessState, definition: Definition) -> Verdict:
    action = deed.choice.spec
    not_by = action.not_by if isinstance(action, Action) else None
    barred = _four_eyes(own[0].subject if own else "", not_by, state, definition)
    if barred is not None:
        return barred
    mine = _held(own, deed.roles, Reason("role", roles=deed.roles))
    if mine.allowed:
        return mine
    for other in stood_in_for(own, state):
        role = next((r for r in deed.roles if r in other.roles), None)
        if role is not None:
            barred = _four_eyes(other.subject, not_by, state, definition)
            return barred or Verdict(True, membership=_stand_in(own, other), role=role, on_behalf_of=other)
    return mine


def _four_eyes(
    subject: str, tasks: tuple[str, ...] | None, state: ProcessState, definition: Definition
) -> Verdict | None:
    """A refusal where the person answered one of the tasks, in the latest entry of its state; None where not."""
    answered = [state.instances[name] for name in state.answered.get(subject, ())] if subject and tasks else []
    for task in tasks or ():
        node = definition.tasks[task]
        latest = state.entries.get(node.state) if node.state else 1
        if any(one.task == task and one.entry == latest for one in answered):
            return Verdict(False, Reason("four eyes", task=node.spec.title))
    return None


def is_barred(subject: str, tasks: tuple[str, ...] | None, state: ProcessState, definition: Definition) -> bool:
    """Whether four eyes keep somebody from what is `not_by` the tasks, as they answered one or had it answered."""
    return _four_eyes(subject, tasks, state, definition) is not None


def stood_in_for(own: Iterable[Membership], state: ProcessState) -> list[Membership]:
    """The memberships in whose place one may act now."""
    mine = {membership.id for membership in own}
    found = (state.memberships[one] for one, delegate in state.delegations.items() if delegate in mine)
    return [membership for membership in found if membership.active]


def _stand_in(own: Iterable[Membership], other: Membership) -> Membership:
    return next(membership for membership in own if membership.id == other.delegate)


def _submit(own: list[Membership], deed: ToSubmit, state: ProcessState, definition: Definition) -> Verdict:
    def fits(membership: Membership) -> bool:
        named = deed.membership in (None, membership.id)
        return named and membership.active and _fits(membership, deed.instance)

    named = deed.instance.claimed_by or deed.instance.element
    this = (named,) if named else ()
    theirs = Reason("theirs", roles=deed.instance.roles, whom=this)
    mine = _held([m for m in own if fits(m)], deed.instance.roles, theirs)
    if mine.allowed:
        return mine
    for other in stood_in_for(own, state):
        if fits(other):
            role = next(r for r in deed.instance.roles if r in other.roles)
            return Verdict(True, membership=_stand_in(own, other), role=role, on_behalf_of=other)
    if not definition.tasks[deed.instance.task].spec.assisted:
        return mine
    asked = [state.memberships[deed.instance.membership]] if deed.instance.membership else state.memberships.values()
    fitting = [m for m in asked if fits(m)]
    return _assist(own, deed, fitting, this, definition) if fitting else mine


def _assist(
    own: list[Membership], deed: ToSubmit, fitting: list[Membership], whom: tuple[str, ...], definition: Definition
) -> Verdict:
    """Whether one may enter for somebody that an instance is for; `whom` are they, where it is for one or one party."""
    starter = definition.template.starter
    helped = tuple(other.id for other in fitting if _helper(own, other, definition) is not None)
    if helped and deed.membership is None and deed.instance.membership is None:
        return Verdict(False, Reason("on whose behalf", whom=helped))
    for other in fitting:
        helper = _helper(own, other, definition)
        if helper is not None:
            role = next(r for r in deed.instance.roles if r in other.roles)
            return Verdict(True, membership=helper, role=role, on_behalf_of=other)
    whom = whom or ((deed.membership,) if deed.membership else ())
    if whom:
        return Verdict(False, Reason("assisted", roles=(starter,), whom=whom))
    return Verdict(False, Reason("role", roles=tuple(dict.fromkeys((*deed.instance.roles, starter)))))


def might_submit(task: str, state: ProcessState, definition: Definition) -> Callable[[Instance], Iterable[Membership]]:
    """Of each instance of a task: memberships among which are all that may fill it in or put it right.

    They are few to ask `may` about, of many.
    """
    spec = definition.tasks[task].spec
    roles = {*(spec.correct_by or ()), *((definition.template.starter,) if spec.assisted else ())}
    everybody = {m.id: place for place, m in enumerate(state.memberships.values()) if m.active}
    of_all = [name for name in everybody if state.memberships[name].roles & roles]
    of_party: dict[str | None, list[str]] = {}
    for name in everybody if spec.assisted else ():
        of_party.setdefault(state.memberships[name].party, []).append(name)

    def of(instance: Instance) -> Iterable[Membership]:
        owner = state.memberships.get(instance.membership or "")
        if owner is None:
            return [state.memberships[name] for name in everybody]
        near = (*of_all, *of_party.get(owner.party, ()), owner.id, owner.delegate)
        subjects = {state.memberships[name].subject for name in near if name in everybody}
        names = [name for subject in subjects for name in state.held[subject] if name in everybody]
        return [state.memberships[name] for name in sorted(names, key=everybody.__getitem__)]

    return of


def _fits(membership: Membership, instance: Instance) -> bool:
    """Whether an instance is one that this membership may fill in itself."""
    return (
        instance.membership in (None, membership.id)
        and instance.claimed_by in (None, membership.id)
        and instance.party in (None, membership.party)
        and any(role in membership.roles for role in instance.roles)
    )


def _helper(own: Iterable[Membership], other: Membership, definition: Definition) -> Membership | None:
    """Which of one's memberships lets one enter on behalf of another: the starter's role, or the same party."""
    for membership in own:
        if definition.template.starter in membership.roles:
            return membership
        if membership.party is not None and membership.party == other.party:
            return membership
    return None


@dataclass(frozen=True, slots=True)
class View:
    """What somebody sees of a process; `results` is what linked processes passed on to it."""

    process: bool
    results: bool
    answers: Callable[[Instance, Submission], bool]


def visible(actor: Actor, state: ProcessState) -> View:
    """What the actor may see: nothing from outside; own answers always; others' when not sealed, or revealed and open.

    An operator who acts as nobody sees how the process stands, and no answers.
    """
    member = bool(actor.subject and state.memberships_of(actor.subject))

    def answers(instance: Instance, submission: Submission) -> bool:
        if not actor.subject:
            return False
        if actor.subject == submission.subject:
            return True
        if submission.sealed_under is None:
            return member
        revealed = state.revealed.get(submission.sealed_under)
        return member and revealed is not None and revealed.visibility == "open"

    return View(member or actor.operator, member, answers)


def on_work_list(membership: Membership, instance: Instance) -> bool:
    """Whether an open instance belongs on this membership's own list."""
    return instance.pending and membership.active and _fits(membership, instance)
