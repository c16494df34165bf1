"""What the steps of a scenario do: each verb as the command that a person would give, through the engine's door."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from typing import Final, Literal
from zoneinfo import ZoneInfo

from engine.codec import Json
from engine.errors import NotFound, Refused
from engine.process import commands as c
from engine.process.state import Membership
from engine.template.model import duration
from engine.trial.answers import made_up
from engine.trial.scenario import Part, Scenarios, Step
from engine.trial.stage import Stage

MORNING: Final = "T09:00"
"""The time of a day that is named without one."""


def begin(stage: Stage, file: Scenarios) -> None:
    """Start the process, with everybody in it who is there from the beginning."""
    stage.engine.start(stage.session(file.starter), file.template, stage.process, stage.process)
    for handle, parts in file.people.items():
        for part in parts:
            stage.parts[handle].append(part)
            if not part.later:
                take_in(stage, handle, part)


def do(stage: Stage, file: Scenarios, step: Step) -> None:
    """Carry a step out; raise what the engine raises where it is refused."""
    if step.inside is not None:
        do(stage.inside(step.inside), file, step.model_copy(update={"inside": None}))
    elif step.verb == "ends":
        _end(stage, step)
    elif step.verb == "tick":
        _tick(stage, str(step.tick))
    elif step.verb in ("join", "enter"):
        handle = str(step.join or step.enter)
        take_in(stage, handle, _part(stage, handle, step), by=step.by)
    else:
        command = _COMMANDS[step.verb](stage, file, step)
        stage.engine.handle(stage.session(step.by or stage.starter), stage.process, command)


def _end(stage: Stage, step: Step) -> None:
    """Let a linked process have ended, as its parent hears it."""
    linked = stage.linked(str(step.ends))
    if not linked.is_open:
        raise Refused(f"“{step.ends}” has ended already", hint="It ends once: leave this out, or start another first.")
    stream = stage.loaded.state.stream
    stage.engine.hear(stream, c.LinkBegun(linked.child, linked.link, linked.link, linked.template, "0.0.0"))
    answers = step.answers if isinstance(step.answers, dict) else {}
    how: Literal["finished", "cancelled"] = "cancelled" if step.given_up else "finished"
    stage.engine.hear(stream, c.LinkOver(linked.child, how, None, dict(answers)))


def take_in(stage: Stage, handle: str, part: Part, by: str | None = None) -> None:
    """Let somebody take part: by invitation, or entered where they do not sign in."""
    leader = stage.session(by or stage.starter)
    if part.party is not None and part.party not in stage.loaded.state.parties:
        stage.engine.handle(leader, stage.process, c.AddParty(part.party, part.party))
    if part.signs_in:
        token = stage.engine.invite(leader, stage.process, part.role, part.party).result["token"]
        stage.engine.join(stage.session(handle), token)
    else:
        person = stage.engine.people.find(handle)
        stage.engine.handle(leader, stage.process, c.AddMember(person.id, part.party, part.role))


def _part(stage: Stage, handle: str, step: Step) -> Part:
    """As what somebody comes: the first part that they do not hold yet, or that of the party which is named."""
    held = {membership.party for membership in stage.memberships(handle)}
    parts = [part for part in stage.parts[handle] if step.party in (None, part.party)]
    fitting = [part for part in parts if part.party not in held or step.party is not None] or parts
    if not fitting:
        raise NotFound(f"“{handle}” has no such part under people", hint="Add role: … and party: … there.")
    return fitting[0].model_copy(update={"signs_in": step.verb == "join"})


def moment(text: str, zone: ZoneInfo) -> datetime:
    """A moment of a scenario, in UTC; a day without a time is its morning."""
    return datetime.fromisoformat(text if "T" in text else text + MORNING).replace(tzinfo=zone).astimezone(UTC)


def _tick(stage: Stage, when: str) -> None:
    pending = [one.due for one in stage.loaded.state.pending.values()]
    if when == "next" and not pending:
        raise Refused("nothing is due", hint="Say until when, such as tick: P14D.")
    if when == "next":
        stage.clock.now = max(stage.clock.now, min(pending))
    elif when.startswith("P"):
        try:
            stage.clock.now += duration(when)
        except ValueError as error:
            raise Refused(str(error), hint="Write P14D, or a moment.") from None
    else:
        try:
            then = moment(when, stage.zone)
        except ValueError:
            hint = "Write P14D, 2026-03-16, 2026-03-16T09:00 or next."
            raise Refused(f"“{when}” is no span and no moment", hint=hint) from None
        if then < stage.clock.now:
            raise Refused(f"{when} is past: it is {stage.clock.now.astimezone(stage.zone):%Y-%m-%dT%H:%M}")
        stage.clock.now = then
    stage.engine.tick(stage.process)


# -- one command a verb -----------------------------------------------------------------------------------------------


def _submit(stage: Stage, file: Scenarios, step: Step) -> c.Command:
    owner = step.behalf or step.by or stage.starter
    held = [m for m in stage.memberships(owner) if step.party in (None, m.party)]
    instance = stage.instance_for(str(step.submit), held)
    on_behalf = _membership_for(stage, instance, held) if step.behalf else None
    valid_on = date.fromisoformat(step.valid_on) if step.valid_on else None
    return c.Submit(instance, _answers(stage, file, step, instance), on_behalf, step.reason or "", valid_on)


def _membership_for(stage: Stage, instance: str, held: list[Membership]) -> str | None:
    known = stage.loaded.state.instances.get(instance)
    wanted = [m for m in held if known is None or not m.roles.isdisjoint(known.roles)]
    return next((m.id for m in wanted or held), None)


def _answers(stage: Stage, file: Scenarios, step: Step, instance: str) -> Json:
    given = file.answers[step.answers] if isinstance(step.answers, str) else step.answers
    task = instance.partition(".")[0]
    if given is not None and not step.fill:
        return dict(given)
    if task not in stage.definition.tasks:  # the engine says so
        return dict(given or {})
    return made_up(stage.definition.form_of(task), stage.random, given)


def _backfill(stage: Stage, file: Scenarios, step: Step) -> c.Command:
    instance = str(step.backfill)
    valid_on = date.fromisoformat(step.valid_on) if step.valid_on else stage.clock.now.date()
    return c.Backfill(instance, _answers(stage, file, step, instance), valid_on, step.reason or "")


def _first(stage: Stage, handle: str | None, *, role: str | None = None) -> str:
    """The membership that is meant by a person: one that holds the role if there is one, else the first."""
    held = stage.memberships(handle or stage.starter)
    if not held:
        raise NotFound(f"“{handle}” does not take part now", hint="Let them join first.")
    return next((m.id for m in held if role in m.roles), held[0].id)


def _whose(stage: Stage, step: Step) -> str:
    """The membership that a step about oneself, or for somebody, is about."""
    return _first(stage, step.behalf or step.by)


def _delegate(stage: Stage, _: Scenarios, step: Step) -> c.Command:
    until = moment(step.until, stage.zone) if step.until else None
    return c.Delegate(_whose(stage, step), _first(stage, step.delegate), until, step.reason or "")


def _claim(stage: Stage, _: Scenarios, step: Step) -> c.Command:
    membership = _first(stage, step.behalf) if step.behalf else None
    return c.Claim(stage.instance_for(str(step.claim), []), membership)


def _hand_over(stage: Stage, _: Scenarios, step: Step) -> c.Command:
    giver = _first(stage, step.of or step.by, role=step.hand_over)
    return c.HandOver(giver, _first(stage, step.to), str(step.hand_over))


_COMMANDS: Final[Mapping[str, Callable[[Stage, Scenarios, Step], c.Command]]] = {
    "submit": _submit,
    "backfill": _backfill,
    "act": lambda stage, file, step: c.Act(str(step.act), step.reason or ""),
    "party": lambda stage, file, step: c.AddParty(str(step.party), str(step.party)),
    "leave": lambda stage, file, step: c.EndMembership(_first(stage, step.leave), step.reason or ""),
    "grant": lambda stage, file, step: c.Grant(_first(stage, step.to), str(step.grant)),
    "revoke": lambda stage, file, step: c.Revoke(_first(stage, step.of, role=step.revoke), str(step.revoke)),
    "hand_over": _hand_over,
    "delegate": _delegate,
    "end_delegation": lambda stage, file, step: c.EndDelegation(_whose(stage, step)),
    "claim": _claim,
    "release": lambda stage, file, step: c.Release(stage.instance_for(str(step.release), [])),
    "suspend": lambda stage, file, step: c.Suspend(step.reason or ""),
    "resume": lambda stage, file, step: c.Resume(step.reason or ""),
    "cancel": lambda stage, file, step: c.Cancel(step.reason or ""),
    "back": lambda stage, file, step: c.StepBack(str(step.back), step.reason or "", step.again or ()),
    "retry": lambda stage, file, step: c.Retry(str(step.retry)),
    "resolve": lambda stage, file, step: c.Resolve(str(step.resolve), step.reason or ""),
}
