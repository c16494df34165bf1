"""What people and the clock did in a process, done again under another version of its template.

`acts` reads from the events what was asked for; `replay` asks for it again, act by act, and compares where the process
stands with where it stood. Pure: nothing is stored, and no clock is read but the one in the events. What cannot be
asked again is said to be so, and nothing is guessed: where an answer is needed that is sealed or was erased, it cannot
be told. An answer that nothing looks at is taken as it was.

A process that was moved lived under several versions. All that was done in it is asked for again under the one that is
tried, from the first act on, with tasks, states, roles and actions by their names there, and answers by their fields'
stable ids. The move itself is not done again, as that version holds from the beginning; what it asked anew is asked
anew.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from itertools import groupby
from typing import Literal, TypeAlias
from zoneinfo import ZoneInfo

from engine.codec import Json
from engine.errors import AnswersInvalid, SamskapError
from engine.form.model import Form
from engine.form.renaming import renamed
from engine.form.validate import join_personal
from engine.process import commands as c
from engine.process import events as e
from engine.process.access import Actor, ToSubmit, may
from engine.process.decide import Context, decide
from engine.process.decide.linking import BY
from engine.process.decide.moves import settle
from engine.process.decide.step import Step, Unread
from engine.process.decide.timing import end_delegations
from engine.process.lineage import Kind, Lineage, Unclear
from engine.process.state import Pending, ProcessState, done_by, fold
from engine.template.chart import Definition
from engine.template.diff import field_differences
from engine.template.plan import Plan

Outcome: TypeAlias = Literal["same", "differs", "cannot tell"]


@dataclass(frozen=True, slots=True)
class Act:
    """What one person, or the clock, did at one moment: the command, and the events that it led to."""

    command: c.Command | None
    """None where it cannot be asked again, and `why` says so; and where there is nothing to ask again."""
    actor: Actor
    person: str
    subject: str
    events: tuple[e.Event, ...]
    names: Names
    why: str = ""
    unread: Unread = "nothing"
    """Which of its answers cannot be read any more."""

    @property
    def sequence(self) -> int:
        """Of its first event."""
        return self.events[0].sequence

    @property
    def at(self) -> datetime:
        """When it was done."""
        return self.events[0].recorded_at

    @property
    def moved(self) -> bool:
        """Whether it took the process to another version, or back from there."""
        return any(isinstance(event.payload, e.ProcessMigrated) for event in self.events)


@dataclass(frozen=True, slots=True)
class Names:
    """What the version that a process ran on calls things, in the version that is tried on it."""

    lineage: Lineage
    number: int
    """Of the version, among those that the process ran on."""

    @property
    def version(self) -> Definition:
        """The version of then."""
        return self.lineage.versions[self.number]

    def task(self, name: str) -> str | None:
        """A task's name there; None where a migration decided that it is asked of nobody any more."""
        return self.lineage.called("task", name, self.number)

    def instance(self, name: str) -> str | None:
        """The same of an instance of a task."""
        task, _, rest = name.partition(".")
        now = self.task(task)
        return f"{now}.{rest}" if now is not None else None

    def state(self, name: str) -> str:
        """A state's name there."""
        return self.lineage.called("state", name, self.number) or name

    def role(self, name: str) -> str | None:
        """A role's name there; None where a migration took it away from everybody."""
        return self.lineage.called("role", name, self.number)

    def roles(self, names: Iterable[str]) -> tuple[str, ...]:
        """The roles that are left of several."""
        return tuple(dict.fromkeys(now for name in names if (now := self.role(name)) is not None))

    def action(self, state: str, name: str) -> str | None:
        """The name there of an action of a state; None where a migration decided that nobody chooses it any more."""
        now = self.lineage.called("action", f"{state}.{name}", self.number)
        return now.partition(".")[2] if now is not None else None

    def incident(self, name: str) -> str:
        """What an incident about a task, or about something of a state, is called there."""
        about = re.split("[.:]", name, maxsplit=1)[0]
        if about in self.version.tasks:
            return self.instance(name) or name
        if about not in self.version.nodes:
            return name
        rest = name.removeprefix(about)
        if rest[1:] in self.version.nodes[about].spec.actions:
            rest = f".{self.action(about, rest[1:])}"
        return self.state(about) + rest

    def deadline(self, pending: Pending) -> str | None:
        """What a deadline or reminder is called there; None where nobody is asked any more."""
        if pending.instance is not None:
            now = self.instance(pending.instance)
            return pending.id.replace(pending.instance, now, 1) if now is not None else None
        return pending.id.replace(pending.state, self.state(pending.state), 1) if pending.state else pending.id

    @property
    def taken_back(self) -> bool:
        """Whether the process did not stay with the version of then: whatever it did to it was undone."""
        return self.number in self.lineage.taken_back

    def came(self, kind: Kind) -> frozenset[str]:
        """What the process had not yet, and came to have by a migration."""
        return self.lineage.came(kind, self.number)


@dataclass(frozen=True, slots=True)
class Replayed:
    """What came of it: `sequence` and `what` name the first act that went another way, and `how`.

    `acts` were asked for again; `left_out` were not, as what they were about is no more by the plan of a migration.
    """

    outcome: Outcome
    acts: int
    sequence: int | None = None
    what: str = ""
    how: str = ""
    left_out: int = 0


def acts(
    events: Sequence[e.Event], version: Callable[[str], Definition], new: Definition, plan: Plan | None = None
) -> Iterator[Act]:
    """What was done, in order; names and answers as the new version has them. `version` gives one by its hash.

    `plan` says what has another name there, of a process that was not moved to it yet.
    """
    state: ProcessState | None = None
    migrations = [event.payload for event in events if isinstance(event.payload, e.ProcessMigrated)]
    begun = events[0].payload
    assert isinstance(begun, e.ProcessStarted)
    lived = [version(digest) for digest in (begun.bundle, *(p.bundle for p in migrations))]
    lineage = Lineage(lived, migrations, new, plan if lived[-1].bundle != new.bundle else None)
    names, undone = Names(lineage, 0), set[str]()
    for _, group in groupby(events, key=lambda event: (event.command_id, event.recorded_at)):
        found = tuple(group)
        if any(isinstance(event.payload, e.ProcessMigrated) for event in found):
            names = Names(lineage, names.number + 1)
        payloads = [event.payload for event in found]
        undone |= {p.child for p in payloads if names.taken_back and isinstance(p, e.LinkOpened)}
        if any(isinstance(p, e.ProcessLinked) and p.child in undone for p in payloads):
            yield Act(None, Actor(""), "", "", found, names)  # it was started by what was taken back
        else:
            yield _act(found, state, names, new)
        state = fold(found, state)


def _act(events: tuple[e.Event, ...], state: ProcessState | None, names: Names, new: Definition) -> Act:
    # What time had done before a person's command stands before what the person did.
    first = next((event for event in events if event.actor != "clock"), events[0])
    subject = _doer(first, state)
    added = next((event.payload for event in events if isinstance(event.payload, e.MembershipAdded)), None)
    person = (_text(added.person) or added.subject) if added is not None and first.actor != BY else ""
    try:
        command = _command(events, state, names, new)
    except (_Unknown, Unclear) as unknown:
        return Act(None, Actor(subject), person, "", events, names, str(unknown))
    known = state is not None and any(m.subject == subject for m in state.memberships.values())
    actor = Actor(subject if known else "", operator=first.actor == "operator")
    given = next((event.payload for event in events if isinstance(event.payload, e.FormSubmitted)), None)
    new_subject = added.subject if added is not None else ""
    unread = _unread(given) if given is not None else "nothing"
    return Act(command, actor, person, new_subject, events, names, unread=unread)


def _unread(given: e.FormSubmitted) -> Unread:
    if given.answers is None:
        return "all"
    texts = given.personal.values() if isinstance(given.personal, dict) else [None]
    return "nothing" if all(isinstance(text, str) for text in texts) else "personal"


class _Unknown(Exception):
    """Why an act cannot be asked for again."""


def _command(  # noqa: C901, PLR0911, PLR0912 (one a kind of deed)
    events: tuple[e.Event, ...], state: ProcessState | None, names: Names, new: Definition
) -> c.Command | None:
    """The command behind events; None where what it was about is no more.

    Raise `_Unknown` where an answer is sealed or was erased, and `Unclear` where a name has no clear place.
    """
    if any(isinstance(event.payload, e.ProcessMigrated) for event in events):
        return None
    granted = next((ev.payload for ev in events if isinstance(ev.payload, e.RoleGranted)), None)
    for event in events:
        match event.payload:
            case e.ProcessStarted() as p:
                return _beginning(events, p, names)
            case e.PartyJoined() as p:
                return c.AddParty(p.party, p.title)
            case e.InvitationIssued() as p:
                return c.Invite(p.token_hash, p.party, names.roles(p.roles), p.expires_at)
            case e.InvitationWithdrawn() as p:
                return c.WithdrawInvitation(p.token_hash)
            case e.MembershipAdded() as p if p.invitation:
                return c.Join(p.invitation)
            case e.MembershipAdded() as p:
                return c.AddMember(_text(p.person) or p.subject, p.party, names.roles(p.roles))
            case e.SubjectErased() as p:
                return c.Erase(p.subject, p.erasure)
            case e.ProcessDisposed() as p:
                return c.Dispose(p.erasure, p.archive)
            case e.MembershipEnded() as p:
                return c.EndMembership(p.membership, _text(p.reason))
            case e.RoleRevoked() as p if granted is not None and granted.role == p.role:
                role = names.role(p.role)
                return c.HandOver(p.membership, granted.membership, role) if role is not None else None
            case e.RoleGranted() as p:
                role = names.role(p.role)
                return c.Grant(p.membership, role) if role is not None else None
            case e.RoleRevoked() as p:
                role = names.role(p.role)
                return c.Revoke(p.membership, role) if role is not None else None
            case e.DelegationBegun() as p:
                return c.Delegate(p.membership, p.to, p.until, _text(p.reason))
            case e.DelegationEnded() as p if event.actor != "clock":
                return c.EndDelegation(p.membership)
            case e.TaskClaimed() as p:
                instance, whose = (
                    names.instance(p.instance),
                    None if _is_own(event, p.membership, state) else p.membership,
                )
                return c.Claim(instance, whose) if instance is not None else None
            case e.TaskReleased() as p:
                instance = names.instance(p.instance)
                return c.Release(instance) if instance is not None else None
            case e.FormSubmitted() as p:
                return _submission(event, p, state, names, new)
            case e.ActionTaken() as p:
                action = names.action(p.state, p.action)
                return c.Act(action, _reason(p.reason)) if action is not None else None
            case e.SteppedBack() as p:
                asked = [now for task in _to_do_again(events, state) if (now := names.task(task)) is not None]
                return c.StepBack(names.state(p.to), _reason(p.reason), tuple(asked))
            case e.IncidentResolved() as p if p.subject:
                return c.Resolve(names.incident(p.incident), _reason(p.reason))
            case e.LinkOpened(spawned=False) as p:
                return c.Link(p.link, p.child, p.template)
            case e.ProcessLinked() as p:
                return c.LinkBegun(p.child, p.name, p.title, p.template, p.version)
            case e.LinkEnded(how="let_go") as p:
                return c.EndLink(p.child, _reason(p.reason))
            case e.LinkEnded(how="finished" | "cancelled" as how) as p:
                return c.LinkOver(p.child, how, p.state, p.answers)
            case e.ParentLinked() as p:
                return _parent(p)
            case e.ProcessSuspended() as p:
                return c.Suspend(_reason(p.reason))
            case e.ProcessResumed() as p:
                return c.Resume(_text(p.reason))
            case e.ProcessCancelled() as p:
                return c.Cancel(_reason(p.reason))
            case e.DeadlinePassed() | e.ReminderDue():
                return c.Tick()
    return c.Tick()


def _to_do_again(events: Sequence[e.Event], state: ProcessState | None) -> Iterable[str]:
    """The tasks that somebody said are to be done again: of answers that stood, and not what opened anew by itself."""
    done = {one.id for one in state.instances.values() if one.status == "done"} if state is not None else set()
    done |= {event.payload.instance for event in events if isinstance(event.payload, e.FormKept)}
    reopened = (event.payload.instance for event in events if isinstance(event.payload, e.TaskReopened))
    return dict.fromkeys(name.split(".")[0] for name in reopened if name in done)


def _beginning(events: Sequence[e.Event], started: e.ProcessStarted, names: Names) -> c.Command:
    """How a process began: started by a person, or by its parent with those who take part."""
    payloads = [event.payload for event in events]
    parent = next((p for p in payloads if isinstance(p, e.ParentLinked)), None)
    if parent is None:
        return c.Start(name=started.name, title=started.title, template=started.template)
    members = (p for p in payloads if isinstance(p, e.MembershipAdded))
    return c.Spawn(
        started.name,
        started.title,
        _parent(parent),
        tuple(c.AddParty(p.party, p.title) for p in payloads if isinstance(p, e.PartyJoined)),
        tuple(c.Carried(_text(p.person) or p.subject, p.subject, p.party, names.roles(p.roles)) for p in members),
    )


def _parent(p: e.ParentLinked) -> c.HaveParent:
    return c.HaveParent(p.parent, p.link, p.name, p.title, p.takes, p.depth, p.given)


def _submission(
    event: e.Event, p: e.FormSubmitted, state: ProcessState | None, names: Names, new: Definition
) -> c.Command | None:
    task, instance = names.task(p.task), names.instance(p.instance)
    if task is None or instance is None:
        return None
    form, unread = names.version.form_of(p.task), _unread(p)
    if unread != "nothing" and task in new.tasks and _may_not_fit(form, new.form_of(task), unread):
        raise _Unknown(f"the answers to {p.instance} are sealed or erased, and may not fit the form as it is there")
    texts = p.personal.items() if isinstance(p.personal, dict) else ()
    readable = {path: text for path, text in texts if isinstance(text, str)}
    given: dict[str, Json] = join_personal(p.answers or {}, readable)
    read = renamed(given, form.fields, new.form_of(task).fields) if task in new.tasks else given
    valid_on = date.fromisoformat(p.valid_on) if p.valid_on else None
    if _is_earlier(p.instance) and valid_on is not None:
        return c.Backfill(instance, read, valid_on, _reason(p.reason))
    found = _on_whose_behalf(event, p, state, names.version) if state is not None and event.actor != p.subject else None
    return c.Submit(instance, read, found, _text(p.reason), valid_on)


def _on_whose_behalf(event: e.Event, p: e.FormSubmitted, state: ProcessState, old: Definition) -> str | None:
    """The membership of the one whose answer it is for which whoever gave it could do so; None where none was named."""
    giver = Actor(_doer(event, state))
    theirs = [m.id for m in state.memberships.values() if m.subject == p.subject]
    deeds = ((name, ToSubmit(state.instances[p.instance], name)) for name in theirs)
    return next((name for name, deed in deeds if may(giver, deed, state, old).allowed), None)


def _doer(event: e.Event, state: ProcessState | None) -> str:
    """The pseudonym of the person who did it, also through the operator; empty where that was the operator alone."""
    doer = done_by(state, event) if state is not None else event.actor
    return doer if doer != "operator" else event.on_behalf_of or ""


def _is_own(event: e.Event, membership: str, state: ProcessState | None) -> bool:
    """Whether an event is by the one who holds a membership, or in their place; else it was done to them."""
    holder = state.memberships[membership].subject if state is not None else ""
    return holder in (event.actor, event.on_behalf_of)


def _may_not_fit(old: Form, new: Form, unread: Unread) -> bool:
    """Whether answers that cannot be read, and fitted the one form, may not fit the other."""
    before, after = (
        {name: field for name, field in form.fields.items() if unread == "all" or field.holds_personal}
        for form in (old, new)
    )
    return any(found.breaking for found in field_differences("", before, after))


def _is_earlier(instance: str) -> bool:
    parts = instance.split(".")
    return len(parts) > 1 and parts[1].lstrip("-").isdigit() and int(parts[1]) < 1


def _text(text: e.PersonalText) -> str:
    return text if isinstance(text, str) else ""


def _reason(text: e.PersonalText) -> str:
    """A reason that was erased was a reason all the same."""
    return text if isinstance(text, str) else "…"


def replay(done: Iterable[Act], new: Definition) -> Replayed:
    """Ask for every act again under a version, and stop at the first after which the process stands elsewhere."""
    then: ProcessState | None = None
    now: ProcessState | None = None
    made: dict[int, e.Payload] = {}
    count, left_out, zone = 0, 0, ZoneInfo(new.template.calendar.zone)
    for act in done:
        then = fold(act.events, then)
        assert then is not None
        where = (act.sequence, _told(act))
        if act.why:
            return Replayed("cannot tell", count, *where, act.why, left_out)
        try:
            decided = _again(act, then, now or ProcessState(then.stream), made, new)
            made |= {event.sequence: event.payload for event in decided}
            now = fold(decided, now)
            assert now is not None
            count += act.command is not None
            left_out += act.command is None and not (act.moved or act.names.taken_back)
            how = "" if act.names.taken_back else next(_differences(*_places(then, now, act.names), zone), "")
        except SamskapError as refused:
            return Replayed("differs", count, *where, f"refused: {_refusal(refused)}", left_out)
        except (_Unknown, Unclear) as unknown:
            return Replayed("cannot tell", count, *where, str(unknown), left_out)
        if how:
            return Replayed("differs", count, *where, how, left_out)
    return Replayed("same", count, left_out=left_out)


def _refusal(error: SamskapError) -> str:
    """Why something is refused; of answers, which questions no longer take them, and nothing of what they are."""
    if isinstance(error, AnswersInvalid):
        return f"{error.message} ({', '.join(field.path for field in error.fields)})"
    return error.message


def _again(
    act: Act, then: ProcessState, now: ProcessState, made: Mapping[int, e.Payload], new: Definition
) -> list[e.Event]:
    """What follows from an act under the version that is tried."""
    context = _context(act, made, new)
    if isinstance(act.command, c.LinkBegun | c.LinkOver | c.EndLink):
        return decide(new, now, replace(act.command, child=_beside(act.command.child, then, now)), context)
    if act.command is not None:
        return decide(new, now, act.command, context)
    return _asked_anew(act, Step(new, now, context)) if act.moved else []


def _beside(child: str, then: ProcessState, now: ProcessState) -> str:
    """The linked process in the place of one: their ids count those before them, also ones that were taken back."""
    known = then.links[child]
    same = [one.child for one in now.links.values() if (one.link, one.element) == (known.link, known.element)]
    return child if child in now.links or not same else same[-1]


def _asked_anew(act: Act, step: Step) -> list[e.Event]:
    """Of a migration: those who had answered are asked once more, where it asked them so."""
    end_delegations(step)
    for event in act.events:
        if isinstance(event.payload, e.TaskReopened):
            name = act.names.instance(event.payload.instance)
            known = step.state.instances.get(name) if name is not None else None
            if known is not None and known.status == "done":
                step.emit(e.TaskReopened(instance=known.id))
    settle(step)
    return step.events


def _context(act: Act, made: Mapping[int, e.Payload], new: Definition) -> Context:
    def answers(sequence: int) -> Mapping[str, object] | None:
        found = made.get(sequence)
        if isinstance(found, e.LinkEnded):
            return found.answers
        if isinstance(found, e.FormSubmitted) and found.answers is not None:
            return found.answers
        raise _Unknown("it needs answers that are sealed or were erased")

    return Context(act.actor, act.person, act.at, act.subject, answers, unread=act.unread, definitions=lambda _: new)


def _told(act: Act) -> str:
    """An act in a few words: what was done, and to what."""
    command = act.command
    if command is None:
        return e.ProcessMigrated.TYPE if act.moved else act.events[0].type
    name = type(command).__name__
    on = getattr(command, "action", None) or getattr(command, "instance", None) or getattr(command, "to", None)
    return f"{name} {on}" if on else name


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a process stands, as people would notice first, by the names of the version that is tried."""

    status: str
    active: frozenset[str]
    open: frozenset[str]
    links: frozenset[tuple[str, str | None]]
    due: Mapping[str, datetime]

    @classmethod
    def then(cls, state: ProcessState, names: Names) -> _Place:
        """Where it stood; without what a migration did away with."""
        opened = (names.instance(i.id) for i in state.instances.values() if i.status == "open")
        due = ((names.deadline(p), p.due) for p in state.pending.values())
        return cls(
            state.status,
            frozenset(names.state(name) for name in state.active),
            frozenset(name for name in opened if name is not None),
            _links(state),
            {name: moment for name, moment in due if name is not None},
        )

    @classmethod
    def now(cls, state: ProcessState, names: Names) -> _Place:
        """Where it stands; without the states and tasks that it came to have by a migration later on."""
        tasks = names.came("task")
        return cls(
            state.status,
            frozenset(state.active) - names.came("state"),
            frozenset(i.id for i in state.instances.values() if i.status == "open" and i.task not in tasks),
            _links(state),
            {p.id: p.due for p in state.pending.values()},
        )


def _places(then: ProcessState, now: ProcessState, names: Names) -> tuple[_Place, _Place]:
    return _Place.then(then, names), _Place.now(now, names)


def _links(state: ProcessState) -> frozenset[tuple[str, str | None]]:
    return frozenset((one.link, one.element) for one in state.links.values() if one.is_open)


def _differences(then: _Place, now: _Place, zone: ZoneInfo) -> Iterator[str]:
    """How two places differ, the most noticeable first."""
    if then.status != now.status:
        yield f"the process is {now.status} instead of {then.status}"
    if then.active != now.active:
        yield f"it is in {_names(now.active)} instead of {_names(then.active)}"
    if come := now.open - then.open:
        yield f"{_names(come)} is open, and was not"
    if gone := then.open - now.open:
        yield f"{_names(gone)} is not open, and was"
    if more := now.links - then.links:
        yield f"a process is started as {_names({link for link, _ in more})}, and was not"
    if fewer := then.links - now.links:
        yield f"no process is started as {_names({link for link, _ in fewer})}, and was"
    for name in sorted(then.due.keys() | now.due.keys()):
        if then.due.get(name) != now.due.get(name):
            now_due, then_due = _day(now.due.get(name), zone), _day(then.due.get(name), zone)
            yield f"{name} is due {now_due} instead of {then_due}"


def _names(names: Iterable[str]) -> str:
    return ", ".join(sorted(names)) or "no state"


def _day(moment: datetime | None, zone: ZoneInfo) -> str:
    return f"{moment.astimezone(zone):%Y-%m-%d %H:%M %Z}" if moment else "never"
