"""What follows from a command: `decide(definition, state, command, context)` gives the events, or refuses.

Pure: state, template, answers, clock reading and new ids come in as arguments, and nothing is written. Refusals say
which guard, whose role, which answer. After every command the chart runs to completion: tasks whose rule is met are
closed, and automatic transitions are taken until none is open.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from difflib import get_close_matches
from uuid import UUID

from engine.codec import Json
from engine.errors import AnswersInvalid, Conflict, NotAllowed, NotFound, Refused
from engine.form.validate import split_personal
from engine.process import commands as c
from engine.process import events as e
from engine.process.access import Actor, Deed, ToChoose, ToManage, ToSubmit, Verdict, may, on_work_list
from engine.process.calendars import due_at
from engine.process.conditions import AnswerLookup, Conditions
from engine.process.state import Instance, Membership, ProcessState, advance, thawed
from engine.template.chart import Choice, Definition, TaskNode
from engine.template.model import AtLeast, Share

MAX_STEPS = 100


@dataclass(frozen=True, slots=True)
class Context:
    """What `decide` may not fetch itself; `person` is who acts, `new_subject` a fresh pseudonym in case of need."""

    actor: Actor
    person: str
    at: datetime
    new_subject: str
    answers: AnswerLookup
    language: str = "nb"


def decide(  # noqa: C901 (one case a command)
    definition: Definition, state: ProcessState, command: c.Command, context: Context
) -> list[e.Event]:
    """The events that follow; raise `Refused`, `NotFound` or `Conflict` where the command may not be carried out."""
    step = _Step(definition, state, context)
    if not isinstance(command, c.Start) and state.status != "running":
        raise Refused(
            f"“{state.name}” is {state.status}", hint="Nothing more can be done in it; its history stays readable."
        )
    match command:
        case c.Start():
            step.start(command)
        case c.AddParty():
            step.add_party(command)
        case c.Invite():
            step.invite(command)
        case c.Join():
            step.join(command)
        case c.AddMember():
            step.add_member(command)
        case c.EndMembership():
            step.end_membership(command)
        case c.Grant():
            step.grant(command)
        case c.Revoke():
            step.revoke(command)
        case c.Submit():
            step.submit(command)
        case c.Act():
            step.act(command)
        case c.Tick():
            step.tick()
    step.settle()
    return step.events


def seal_key_id(stream: UUID, task: str, entry: int) -> str:
    """The id of the key that a sealed task's answers lie under in one entry of its state."""
    return f"{stream.hex}.{task}.{entry}"


class _Step:
    """One command at work: a private copy of the state, and the events so far."""

    def __init__(self, definition: Definition, state: ProcessState, context: Context) -> None:
        self.definition = definition
        self.context = context
        self.state = thawed(state)
        self.events: list[e.Event] = []
        self.actor = context.actor.recorded_as or context.new_subject  # who starts or joins has no pseudonym yet
        self.verdict: Verdict | None = None

    # -- events -----------------------------------------------------------------------------------------------------

    def emit(self, payload: e.Payload) -> None:
        """Add an event, and let the private state follow it."""
        verdict = self.verdict
        behalf = verdict.on_behalf_of.subject if verdict and verdict.on_behalf_of else None
        if self.context.actor.operator and behalf is None and self.actor == "operator":
            behalf = self.context.actor.subject or None
        at = max(self.context.at, self.state.recorded_at or self.context.at)
        event = e.Event(
            stream=self.state.stream,
            sequence=self.state.sequence + 1,
            recorded_at=at,
            actor=self.actor,
            on_behalf_of=behalf,
            role=verdict.role if verdict else None,
            membership=verdict.membership.id if verdict and verdict.membership else None,
            bundle_hash=self.definition.bundle,
            payload=payload,
        )
        self.events.append(event)
        advance(self.state, event)

    @property
    def conditions(self) -> Conditions:
        """The guards' eyes on the state as it is now."""
        return Conditions(self.definition, self.state, self._answers)

    def _answers(self, sequence: int) -> Mapping[str, object] | None:
        for event in self.events:
            if event.sequence == sequence and isinstance(event.payload, e.FormSubmitted):
                return event.payload.answers
        return self.context.answers(sequence)

    def require(self, deed: Deed) -> Verdict:
        """The verdict of `may`, kept for the envelope; refused where it is no."""
        verdict = may(self.context.actor, deed, self.state, self.definition)
        if not verdict.allowed:
            raise NotAllowed(verdict.reason, hint="See `samskap status` for who holds which role.")
        self.verdict = verdict
        return verdict

    # -- commands ---------------------------------------------------------------------------------------------------

    def start(self, command: c.Start) -> None:
        template = self.definition.template
        if self.state.sequence:
            raise Conflict(f"“{command.name}” has begun already", hint="Choose another name.")
        self.emit(
            e.ProcessStarted(
                name=command.name,
                title=command.title,
                template=template.template,
                version=template.version,
                bundle=self.definition.bundle,
            )
        )
        self._add(self.context.person, self.context.new_subject, None, (template.starter,))
        for state in self.definition.start():
            self._enter(state)
        self._open_where_expected(None)

    def add_party(self, command: c.AddParty) -> None:
        self.require(ToManage())
        if command.party in self.state.parties:
            raise Refused(f"“{command.party}” takes part already", hint="Give the new party another id.")
        self.emit(e.PartyJoined(party=command.party, title=command.title))

    def invite(self, command: c.Invite) -> None:
        self.require(ToManage())
        self._check_roles(command.party, command.roles)
        self.emit(
            e.InvitationIssued(
                token_hash=command.token_hash,
                party=command.party,
                roles=command.roles,
                expires_at=command.expires_at,
            )
        )

    def join(self, command: c.Join) -> None:
        invitation = self.state.invitations.get(command.token_hash)
        hint = "Ask the facilitator for a new invitation."
        if invitation is None:
            raise NotAllowed("this invitation does not belong to this process", hint=hint)
        if invitation.used:
            raise NotAllowed("this invitation has been used", hint=hint)
        if invitation.expires_at < self.context.at:
            raise NotAllowed(f"this invitation expired on {invitation.expires_at:%Y-%m-%d}", hint=hint)
        self._add(self.context.person, self.context.new_subject, invitation.party, invitation.roles, command.token_hash)

    def add_member(self, command: c.AddMember) -> None:
        self.require(ToManage())
        self._check_roles(command.party, command.roles)
        self._add(command.person, self.context.new_subject, command.party, command.roles)

    def end_membership(self, command: c.EndMembership) -> None:
        membership = self._membership(command.membership)
        if membership.subject != self.context.actor.subject:
            self.require(ToManage())
        self._keep_role_minimum(membership, membership.roles)
        self.emit(
            e.MembershipEnded(membership=membership.id, subject=self.context.actor.subject, reason=command.reason)
        )
        self._withdraw_orphans()

    def grant(self, command: c.Grant) -> None:
        self.require(ToManage())
        membership = self._membership(command.membership)
        self._check_roles(membership.party, (command.role,))
        if command.role in membership.roles:
            raise Refused(f"{membership.id} holds the role {command.role} already")
        self.emit(e.RoleGranted(membership=membership.id, role=command.role))
        self._open_everywhere()

    def revoke(self, command: c.Revoke) -> None:
        self.require(ToManage())
        membership = self._membership(command.membership)
        if command.role not in membership.roles:
            raise Refused(f"{membership.id} does not hold the role {command.role}")
        self._keep_role_minimum(membership, {command.role})
        self.emit(e.RoleRevoked(membership=membership.id, role=command.role))
        self._withdraw_orphans()

    def submit(self, command: c.Submit) -> None:
        instance = self.state.instances.get(command.instance)
        if instance is None:
            raise _unknown("task", command.instance, self.state.instances)
        task = self.definition.tasks[instance.task]
        verdict = self.require(ToSubmit(instance, command.membership))
        subject = subject_of(verdict, self.context.actor)
        replaces = replaced(self.state, instance, task, subject)
        answers = self._checked(task, command)
        clear, personal = split_personal(self.definition.form_of(task.id), answers)
        given = {
            "instance": instance.id,
            "task": task.id,
            "form": task.spec.form,
            "subject": subject,
            "answers": clear,
            "personal": personal,
            "sealed_under": seal_key_id(self.state.stream, task.id, instance.entry) if task.spec.sealed else None,
        }
        if replaces is None:
            self.emit(e.FormSubmitted.model_validate(given))
        else:
            self.emit(e.FormCorrected.model_validate({**given, "replaces": replaces}))

    def act(self, command: c.Act) -> None:
        choice = self._choice(command.action)
        action = self.definition.nodes[choice.state].spec.actions[choice.id]
        self.require(ToChoose(choice, action.by))
        outcome = self.conditions.outcome(choice)
        if outcome.value is not True:
            told = (
                action.otherwise.get(self.context.language) if action.otherwise else f"its condition is {action.when}"
            )
            missing = f" Missing: {', '.join(outcome.missing)}." if outcome.missing else ""
            raise Refused(
                f"“{command.action}” is not open now: {told}{missing}",
                hint=f"See `samskap explain action {self.state.name} {command.action}`.",
            )
        if action.reason == "required" and not command.reason.strip():
            raise Refused(f"“{command.action}” needs a reason that all can read", hint="Give one with --reason.")
        if action.reason is None and command.reason:
            raise Refused(f"“{command.action}” takes no reason", hint="Leave it out.")
        self.emit(
            e.ActionTaken(
                action=command.action, state=choice.state, subject=self.context.actor.subject, reason=command.reason
            )
        )
        self._take(choice)

    def tick(self) -> None:
        """Every deadline that is due, earliest first; each fires once."""
        self.actor = "clock"
        while due := [d for d in self.state.pending.values() if d.due <= self.context.at]:
            first = min(due, key=lambda d: (d.due, d.id))
            self.emit(e.DeadlinePassed(deadline=first.id, due=first.due, instance=first.instance, state=first.state))
            if first.state is not None:
                choice = self.definition.deadlines[first.state][first.id.rsplit(":", 1)[1]]
                if self.conditions.is_open(choice):
                    self._take(choice)
            self.settle()

    # -- what follows by itself -------------------------------------------------------------------------------------

    def settle(self) -> None:
        """Close the tasks whose rule is met and take automatic transitions, until nothing more is open."""
        for _ in range(MAX_STEPS):
            self._close_met()
            choice = self._first_auto()
            if choice is None:
                return
            self._take(choice)
        raise Refused(
            f"the template goes round in a circle: more than {MAX_STEPS} automatic steps",
            hint="The template's author has to mend its auto transitions.",
        )

    def _first_auto(self) -> Choice | None:
        if self.state.status != "running":
            return None
        conditions = self.conditions
        for state in reversed(list(self.state.active)):
            for choice in self.definition.autos[state]:
                if conditions.is_open(choice):
                    return choice
        return None

    def _close_met(self) -> None:
        """Withdraw what is still open of a task whose rule (other than all) is met."""
        for state in [None, *self.state.active]:
            for task in self.definition.tasks_of.get(state, ()):
                partial = isinstance(task.spec.complete, AtLeast | Share) or task.spec.complete != "all"
                if partial and not task.spec.optional and self.conditions.complete(task):
                    self._withdraw(self.state.group(task.id, state).instances)

    def _take(self, choice: Choice) -> None:
        leave, enter = self.definition.transition(self.state.active, choice.state, choice.to)
        for state in leave:
            self._leave(state)
        for state in enter:
            self._enter(state)

    def _leave(self, state: str) -> None:
        entry = self.state.active[state]
        for task in self.definition.tasks_of.get(state, ()):
            group = self.state.group(task.id, state)
            self._withdraw(group.instances)
            answered = [self.state.instances[i] for i in group.instances if self.state.instances[i].submissions]
            if task.spec.sealed and answered:
                self.emit(
                    e.AnswersRevealed(
                        task=task.id,
                        state=state,
                        entry=entry,
                        visibility=answered[0].visibility,
                        key_id=seal_key_id(self.state.stream, task.id, entry),
                        key=None,
                    )
                )
        self.emit(e.StateLeft(state=state, entry=entry))

    def _enter(self, state: str) -> None:
        spec = self.definition.nodes[state].spec
        counters = {spec.count: self.state.counters.get(spec.count, 0) + 1} if spec.count else {}
        self.emit(e.StateEntered(state=state, entry=self.state.entries.get(state, 0) + 1, counters=counters))
        for name, deadline in spec.deadlines.items():
            due = due_at(self.context.at, deadline.after, self.definition.template.calendar)
            self.emit(e.DeadlineSet(deadline=f"state:{state}:{name}", due=due, state=state))
        self._open_where_expected(state)
        if spec.final and len(self.definition.nodes[state].path) == 1:
            for group in [g for (task, _), g in self.state.groups.items() if self.definition.tasks[task].state is None]:
                self._withdraw(group.instances)
            self.emit(e.ProcessFinished(state=state))

    def _open_everywhere(self) -> None:
        for state in [None, *self.state.active]:
            self._open_where_expected(state)

    def _open_where_expected(self, state: str | None) -> None:
        """Open an instance for each membership, party or role that should have one and has none."""
        for task in self.definition.tasks_of.get(state, ()):
            entry = self.state.entries[state] if state else 1
            closed = task.spec.complete != "all" and not task.spec.optional and self.conditions.complete(task)
            for membership, party in [] if closed else self._elements(task):
                element = membership or party
                instance = f"{task.id}.{entry}.{element}" if element else f"{task.id}.{entry}"
                known = self.state.instances.get(instance)
                if known is None:
                    self._open(task, instance, state, entry, membership, party)

    def _open(
        self, task: TaskNode, instance: str, state: str | None, entry: int, membership: str | None, party: str | None
    ) -> None:
        self.emit(
            e.TaskOpened(
                instance=instance,
                task=task.id,
                state=state,
                entry=entry,
                membership=membership,
                party=party,
                roles=task.spec.by,
                visibility=self.conditions.visibility(task),
            )
        )
        if task.spec.due:
            due = due_at(self.context.at, task.spec.due, self.definition.template.calendar)
            self.emit(e.DeadlineSet(deadline=f"due:{instance}", due=due, instance=instance))

    def _elements(self, task: TaskNode) -> Iterable[tuple[str | None, str | None]]:
        """(membership, party) of each instance that the task should have now."""
        if task.spec.each is None:
            return [(None, None)]
        holders = [m for m in self.state.memberships.values() if m.active and not m.roles.isdisjoint(task.spec.by)]
        if task.spec.each == "membership":
            return [(m.id, None) for m in holders]
        return [(None, party) for party in dict.fromkeys(m.party for m in holders) if party]

    def _withdraw(self, instances: Iterable[str]) -> None:
        for name in list(instances):
            if self.state.instances[name].status == "open":
                self.emit(e.TaskWithdrawn(instance=name))

    def _withdraw_orphans(self) -> None:
        """Withdraw instances that nobody can fill in any more."""
        for instance in list(self.state.instances.values()):
            if instance.status == "open" and instance.element is not None:
                if not any(on_work_list(m, instance) for m in self.state.memberships.values()):
                    self._withdraw([instance.id])

    # -- checks -----------------------------------------------------------------------------------------------------

    def _add(
        self, person: str, new_subject: str, party: str | None, roles: tuple[str, ...], invitation: str | None = None
    ) -> None:
        if any(
            m.active and m.person == person and m.party == party and not m.roles.isdisjoint(roles)
            for m in self.state.memberships.values()
        ):
            raise Refused("this person takes part there already, in such a role", hint="Grant a further role instead.")
        subject = self.state.subject_of(person) or new_subject
        self.emit(
            e.MembershipAdded(
                membership=f"m{len(self.state.memberships) + 1}",
                subject=subject,
                person=person,
                party=party,
                roles=roles,
                invitation=invitation,
            )
        )
        self._open_everywhere()

    def _check_roles(self, party: str | None, roles: Iterable[str]) -> None:
        known = self.definition.template.roles
        if party is not None and party not in self.state.parties:
            raise _unknown("party", party, self.state.parties)
        for name in roles:
            role = known.get(name)
            if role is None:
                raise _unknown("role", name, known)
            if role.of == "party" and party is None:
                raise Refused(f"the role {name} is held on behalf of a party", hint="Say which, with --party.")
            holders = [m for m in self.state.memberships.values() if m.active and name in m.roles]
            if role.max is not None and len(holders) >= role.max:
                raise Refused(f"the role {name} is held by {role.max} already, which is the most")

    def _keep_role_minimum(self, leaving: Membership, roles: Iterable[str]) -> None:
        starter = self.definition.template.starter
        others = [m for m in self.state.memberships.values() if m.active and m.id != leaving.id and starter in m.roles]
        if starter in roles and starter in leaving.roles and not others:
            raise Refused(
                f"{leaving.id} is the last {starter}: nobody could lead “{self.state.name}” on",
                hint=f"Grant the role {starter} to somebody else first.",
            )

    def _membership(self, name: str) -> Membership:
        found = self.state.memberships.get(name)
        if found is None or not found.active:
            active = [m.id for m in self.state.memberships.values() if m.active]
            raise _unknown("membership", name, active)
        return found

    def _choice(self, action: str) -> Choice:
        """The action of the innermost active state that has it."""
        known: list[str] = []
        for state in reversed(list(self.state.active)):
            for choice in self.definition.actions[state]:
                if choice.id == action:
                    return choice
                known.append(choice.id)
        everywhere = {choice.id: s for s, choices in self.definition.actions.items() for choice in choices}
        if action in everywhere:
            raise Refused(
                f"“{action}” belongs to the state {everywhere[action]};"
                f" the process is in {list(self.state.active)[-1]}",
                hint=f"What can be done now: {', '.join(known) or 'nothing'}.",
            )
        raise _unknown("action", action, known)

    def _checked(self, task: TaskNode, command: c.Submit) -> dict[str, Json]:
        """The answers, valid by the form; `AnswersInvalid` names every wrong field."""
        errors = self.definition.validators[task.spec.form].errors(command.answers, self.context.language)
        if errors or not isinstance(command.answers, dict):
            raise AnswersInvalid(f"{len(errors)} answers of {command.instance} do not fit the form", errors)
        return dict(command.answers)


def subject_of(verdict: Verdict, actor: Actor) -> str:
    """Whose answer it is: of whom it is given on behalf of, else of who acts."""
    owner = verdict.on_behalf_of or verdict.membership
    return owner.subject if owner else actor.subject


def replaced(state: ProcessState, instance: Instance, task: TaskNode, subject: str) -> int | None:
    """Which earlier submission a new one corrects; None for none; `Refused` or `NotAllowed` where it may be neither.

    What is one person's or party's is corrected by who gave it; a task without `each` by anyone with the role.
    """
    active = instance.state is None or state.active.get(instance.state) == instance.entry
    if instance.status == "withdrawn" or not active:
        raise Refused(f"{instance.id} is closed", hint="It was withdrawn or its time is over: see `samskap tasks`.")
    if instance.status == "open" or task.spec.repeatable:
        return None
    if not task.spec.correctable:
        raise Refused(f"{instance.id} was answered, and may not be corrected")
    last = instance.submissions[-1]
    if instance.element is not None and last.subject != subject:
        raise NotAllowed(f"{instance.id} was answered by somebody else", hint="Only they may correct it.")
    return last.sequence


def _unknown(kind: str, name: str, known: Iterable[str]) -> NotFound:
    options = list(known)
    close = get_close_matches(name, options, 1)
    listed = ", ".join(options[:12]) or "none yet"
    return NotFound(
        f"there is no {kind} “{name}”", hint=f"Did you mean “{close[0]}”?" if close else f"There are: {listed}."
    )
