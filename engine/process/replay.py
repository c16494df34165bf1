"""What people and the clock did in a process, done again under another version of its template.

`acts` reads from the events what was asked for; `replay` asks for it again, act by act, and compares where the process
stands with where it stood. Pure: nothing is stored, and no clock is read but the one in the events. What cannot be
asked again is said to be so, and nothing is guessed: where an answer is needed that is sealed or was erased, it cannot
be told. An answer that nothing looks at is taken as it was.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby
from typing import Literal, TypeAlias
from zoneinfo import ZoneInfo

from engine.codec import Json
from engine.errors import SamskapError
from engine.form.model import Form
from engine.form.renaming import renamed
from engine.form.validate import join_personal
from engine.process import commands as c
from engine.process import events as e
from engine.process.access import Actor, ToSubmit, may
from engine.process.decide import Context, decide
from engine.process.decide.linking import BY
from engine.process.decide.step import Unread
from engine.process.state import ProcessState, done_by, fold
from engine.template.chart import Definition
from engine.template.diff import field_differences

Outcome: TypeAlias = Literal["same", "differs", "cannot tell"]


@dataclass(frozen=True, slots=True)
class Act:
    """What one person, or the clock, did at one moment: the command, and the events that it led to."""

    command: c.Command | None
    """None where it cannot be asked again: `why` says so."""
    actor: Actor
    person: str
    subject: str
    events: tuple[e.Event, ...]
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


@dataclass(frozen=True, slots=True)
class Replayed:
    """What came of it: `sequence` and `what` name the first act that went another way, and `how`."""

    outcome: Outcome
    acts: int
    sequence: int | None = None
    what: str = ""
    how: str = ""


def acts(events: Sequence[e.Event], old: Definition, new: Definition) -> Iterator[Act]:
    """What was done, in order. Answers are given as the new version's forms read them."""
    state: ProcessState | None = None
    for _, group in groupby(events, key=lambda event: (event.command_id, event.recorded_at)):
        found = tuple(group)
        yield _act(found, state, old, new)
        state = fold(found, state)


def _act(events: tuple[e.Event, ...], state: ProcessState | None, old: Definition, new: Definition) -> Act:
    # What time had done before a person's command stands before what the person did.
    first = next((event for event in events if event.actor != "clock"), events[0])
    subject = _doer(first, state)
    added = next((event.payload for event in events if isinstance(event.payload, e.MembershipAdded)), None)
    person = (_text(added.person) or added.subject) if added is not None and first.actor != BY else ""
    try:
        command = _command(events, state, old, new)
    except _Unknown as unknown:
        return Act(None, Actor(subject), person, "", events, str(unknown))
    known = state is not None and any(m.subject == subject for m in state.memberships.values())
    actor = Actor(subject if known else "", operator=first.actor == "operator")
    given = next((event.payload for event in events if isinstance(event.payload, e.FormSubmitted)), None)
    new_subject = added.subject if added is not None else ""
    return Act(command, actor, person, new_subject, events, unread=_unread(given) if given is not None else "nothing")


def _unread(given: e.FormSubmitted) -> Unread:
    if given.answers is None:
        return "all"
    texts = given.personal.values() if isinstance(given.personal, dict) else [None]
    return "nothing" if all(isinstance(text, str) for text in texts) else "personal"


class _Unknown(Exception):
    """Why an act cannot be asked for again."""


def _command(  # noqa: C901, PLR0911, PLR0912 (one a kind of deed)
    events: tuple[e.Event, ...], state: ProcessState | None, old: Definition, new: Definition
) -> c.Command:
    """The command behind events; raise `_Unknown` where an answer is sealed or was erased."""
    granted = next((ev.payload for ev in events if isinstance(ev.payload, e.RoleGranted)), None)
    for event in events:
        match event.payload:
            case e.ProcessStarted() as p:
                return _beginning(events, p)
            case e.PartyJoined() as p:
                return c.AddParty(p.party, p.title)
            case e.InvitationIssued() as p:
                return c.Invite(p.token_hash, p.party, p.roles, p.expires_at)
            case e.MembershipAdded() as p if p.invitation:
                return c.Join(p.invitation)
            case e.MembershipAdded() as p:
                return c.AddMember(_text(p.person) or p.subject, p.party, p.roles)
            case e.SubjectErased() as p:
                return c.Erase(p.subject, p.erasure)
            case e.ProcessDisposed() as p:
                return c.Dispose(p.erasure, p.archive)
            case e.MembershipEnded() as p:
                return c.EndMembership(p.membership, _text(p.reason))
            case e.RoleRevoked() as p if granted is not None and granted.role == p.role:
                return c.HandOver(p.membership, granted.membership, p.role)
            case e.RoleGranted() as p:
                return c.Grant(p.membership, p.role)
            case e.RoleRevoked() as p:
                return c.Revoke(p.membership, p.role)
            case e.DelegationBegun() as p:
                return c.Delegate(p.membership, p.to, p.until, _text(p.reason))
            case e.DelegationEnded() as p if event.actor != "clock":
                return c.EndDelegation(p.membership)
            case e.TaskClaimed() as p:
                return c.Claim(p.instance, None if _is_own(event, p.membership, state) else p.membership)
            case e.TaskReleased() as p:
                return c.Release(p.instance)
            case e.FormSubmitted() as p:
                return _submission(event, p, state, old, new)
            case e.ActionTaken() as p:
                return c.Act(p.action, _reason(p.reason))
            case e.SteppedBack() as p:
                again = [ev.payload.instance.split(".")[0] for ev in events if isinstance(ev.payload, e.TaskReopened)]
                return c.StepBack(p.to, _reason(p.reason), tuple(dict.fromkeys(again)))
            case e.IncidentResolved() as p if p.subject:
                return c.Resolve(p.incident, _reason(p.reason))
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
            case e.ProcessMigrated():
                raise _Unknown("it was moved to another version then")
            case e.DeadlinePassed() | e.ReminderDue():
                return c.Tick()
    return c.Tick()


def _beginning(events: Sequence[e.Event], started: e.ProcessStarted) -> c.Command:
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
        tuple(c.Carried(_text(p.person) or p.subject, p.subject, p.party, p.roles) for p in members),
    )


def _parent(p: e.ParentLinked) -> c.HaveParent:
    return c.HaveParent(p.parent, p.link, p.name, p.title, p.takes, p.depth, p.given)


def _submission(
    event: e.Event, p: e.FormSubmitted, state: ProcessState | None, old: Definition, new: Definition
) -> c.Command:
    form, unread = old.form_of(p.task), _unread(p)
    if unread != "nothing" and p.task in new.tasks and _may_not_fit(form, new.form_of(p.task), unread):
        raise _Unknown(f"the answers to {p.instance} are sealed or erased, and may not fit the form as it is there")
    texts = p.personal.items() if isinstance(p.personal, dict) else ()
    readable = {path: text for path, text in texts if isinstance(text, str)}
    given: dict[str, Json] = join_personal(p.answers or {}, readable)
    read = renamed(given, form.fields, new.form_of(p.task).fields) if p.task in new.tasks else given
    valid_on = date.fromisoformat(p.valid_on) if p.valid_on else None
    if _is_earlier(p.instance) and valid_on is not None:
        return c.Backfill(p.instance, read, valid_on, _reason(p.reason))  # type: ignore[arg-type]
    owner = _on_whose_behalf(event, p, state, old) if state is not None and event.actor != p.subject else None
    return c.Submit(p.instance, read, owner, _text(p.reason), valid_on)  # type: ignore[arg-type]


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
    count = 0
    for act in done:
        then = fold(act.events, then)
        assert then is not None
        what = _told(act)
        if act.command is None:
            return Replayed("cannot tell", count, act.sequence, what, act.why)
        try:
            decided = decide(new, now or ProcessState(then.stream), act.command, _context(act, made, new))
        except SamskapError as refused:
            return Replayed("differs", count, act.sequence, what, f"refused: {refused.message}")
        except _Unknown as unknown:
            return Replayed("cannot tell", count, act.sequence, what, str(unknown))
        made |= {event.sequence: event.payload for event in decided}
        now = fold(decided, now)
        assert now is not None
        count += 1
        if how := _differs(then, now, ZoneInfo(new.template.calendar.zone)):
            return Replayed("differs", count, act.sequence, what, how)
    return Replayed("same", count)


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
        return act.events[0].type
    name = type(command).__name__
    on = getattr(command, "action", None) or getattr(command, "instance", None) or getattr(command, "to", None)
    return f"{name} {on}" if on else name


def _differs(then: ProcessState, now: ProcessState, zone: ZoneInfo) -> str:
    """How two states differ in what people would notice first; empty where they do not."""
    return next(_differences(then, now, zone), "")


def _differences(then: ProcessState, now: ProcessState, zone: ZoneInfo) -> Iterator[str]:
    if then.status != now.status:
        yield f"the process is {now.status} instead of {then.status}"
    if set(then.active) != set(now.active):
        yield f"it is in {_names(now.active)} instead of {_names(then.active)}"
    open_then, open_now = ({i.id for i in s.instances.values() if i.status == "open"} for s in (then, now))
    if come := open_now - open_then:
        yield f"{_names(come)} is open, and was not"
    if gone := open_then - open_now:
        yield f"{_names(gone)} is not open, and was"
    asked_then, asked_now = ({(one.link, one.element) for one in s.links.values() if one.is_open} for s in (then, now))
    if more := asked_now - asked_then:
        yield f"a process is started as {_names({link for link, _ in more})}, and was not"
    if fewer := asked_then - asked_now:
        yield f"no process is started as {_names({link for link, _ in fewer})}, and was"
    due_then, due_now = ({p.id: p.due for p in s.pending.values()} for s in (then, now))
    for name in sorted(due_then.keys() | due_now.keys()):
        if due_then.get(name) != due_now.get(name):
            now_due, then_due = _day(due_now.get(name), zone), _day(due_then.get(name), zone)
            yield f"{name} is due {now_due} instead of {then_due}"


def _names(names: Iterable[str]) -> str:
    return ", ".join(sorted(names)) or "no state"


def _day(moment: datetime | None, zone: ZoneInfo) -> str:
    return f"{moment.astimezone(zone):%Y-%m-%d %H:%M %Z}" if moment else "never"
