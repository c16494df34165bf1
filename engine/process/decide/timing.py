"""What time does, and what stops it: deadlines and reminders, suspension, and giving a process up."""

from __future__ import annotations

from engine.errors import Refused
from engine.process import commands as c
from engine.process import events as e
from engine.process.access import ToManage
from engine.process.conditions import Conditions
from engine.process.decide.instances import withdraw
from engine.process.decide.moves import settle, take
from engine.process.decide.step import Step, unknown
from engine.process.state import Incident, Pending
from engine.template.calendars import later
from engine.template.chart import Choice


def end_delegations(step: Step) -> None:
    """End what was delegated until a time that has come, whether or not the clock has looked; before anything else."""
    actor, step.actor = step.actor, "clock"
    for pending in [p for p in step.state.pending.values() if p.instance is None and p.state is None]:
        if pending.due <= step.context.at:
            step.emit(e.DelegationEnded(membership=pending.id.partition(":")[2]))
    step.actor = actor


def tick(step: Step, _: c.Tick) -> None:
    """Every deadline and reminder that is due, earliest first; each fires once."""
    step.actor = "clock"
    while step.state.status == "running":
        due = [pending for pending in step.state.pending.values() if pending.due <= step.context.at]
        if not due:
            return
        _fire(step, min(due, key=lambda pending: (pending.due, pending.id)))
        settle(step)


def _fire(step: Step, first: Pending) -> None:
    if first.roles is not None:
        assert first.instance is not None
        step.emit(e.ReminderDue(reminder=first.id, due=first.due, instance=first.instance, roles=first.roles))
        return
    if first.instance is None and first.state is None:
        step.emit(e.DelegationEnded(membership=first.id.partition(":")[2]))
        return
    conditions, choice = step.conditions, None
    if first.state is not None:
        choice = step.definition.deadlines[first.state][first.id.rsplit(":", 1)[1]]
    taken = choice is not None and _holds(step, choice, conditions)
    considered = tuple(sorted(conditions.considered))
    step.emit(
        e.DeadlinePassed(
            deadline=first.id, due=first.due, instance=first.instance, state=first.state, considered=considered
        )
    )
    if choice is not None and taken:
        take(step, choice)


def _holds(step: Step, choice: Choice, conditions: Conditions) -> bool:
    return step.holds(f"{choice.state}:{choice.id}", choice.state, lambda: conditions.is_open(choice))


def retry(step: Step, command: c.Retry) -> None:
    """Try an incident's condition again: `settle` does so by itself, save for a deadline, which has passed already."""
    incident = _incident(step, command.incident)
    state, _, name = incident.id.partition(":")
    choice = step.definition.deadlines.get(state, {}).get(name)
    if choice is not None and _holds(step, choice, step.conditions):
        take(step, choice)
    settle(step)
    if (known := step.state.incidents.get(incident.id)) and known.is_open and step.faults.get((known.id, known.state)):
        raise Refused(f"it still fails: {known.message}", hint="Let the template's author mend it, or say why it does"
                      " not matter: `samskap incident resolve`.")  # fmt: skip


def resolve(step: Step, command: c.Resolve) -> None:
    """End an incident with a reason."""
    incident = _incident(step, command.incident)
    reason = _needed(command.reason, "resolving an incident")
    step.emit(e.IncidentResolved(incident=incident.id, subject=step.context.actor.subject, reason=reason))


def _incident(step: Step, name: str) -> Incident:
    step.require(ToManage())
    open_ones = [incident.id for incident in step.state.incidents.values() if incident.is_open]
    if name not in open_ones:
        raise unknown("incident", name, open_ones)
    return step.state.incidents[name]


def suspend(step: Step, command: c.Suspend) -> None:
    """Let the process rest; what its deadlines have left is kept."""
    step.require(ToManage())
    if step.state.status == "suspended":
        raise Refused(f"“{step.state.name}” is suspended already", hint="Resume it first.")
    step.emit(e.ProcessSuspended(subject=step.context.actor.subject, reason=_needed(command.reason, "suspending")))


def resume(step: Step, command: c.Resume) -> None:
    """Let the process go on: every deadline and reminder is put off by as long as it rested."""
    step.require(ToManage())
    since = step.state.suspended_at
    if since is None:
        raise Refused(f"“{step.state.name}” is not suspended", hint="There is nothing to resume.")
    step.emit(e.ProcessResumed(subject=step.context.actor.subject, reason=command.reason))
    assert step.state.recorded_at is not None
    for pending in list(step.state.pending.values()):
        rested = step.state.recorded_at - max(since, pending.set_at or since)
        due = later(pending.due, rested, step.definition.template.calendar)
        if pending.instance is None and pending.state is None:
            continue  # an absence goes on, whatever the process does
        if pending.roles is None:
            step.emit(e.DeadlineSet(deadline=pending.id, due=due, instance=pending.instance, state=pending.state))
        elif pending.instance is not None:
            step.emit(e.ReminderSet(reminder=pending.id, due=due, instance=pending.instance, roles=pending.roles))


def cancel(step: Step, command: c.Cancel) -> None:
    """Give the process up: what is open is withdrawn, and nothing is revealed."""
    step.require(ToManage())
    reason = _needed(command.reason, "cancelling")
    withdraw(step, list(step.state.instances))
    step.emit(e.ProcessCancelled(subject=step.context.actor.subject, reason=reason))


def _needed(reason: str, what: str) -> str:
    if not reason.strip():
        raise Refused(f"{what} needs a reason that all can read", hint="Give one with --reason.")
    return reason
