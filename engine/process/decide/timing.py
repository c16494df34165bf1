"""What time does, and what stops it: deadlines and reminders, suspension, and giving a process up."""

from __future__ import annotations

from collections.abc import Sequence

from engine.errors import Refused
from engine.process import commands as c
from engine.process import events as e
from engine.process.access import ToCancel, ToManage
from engine.process.conditions import Conditions
from engine.process.decide.instances import withdraw
from engine.process.decide.moves import settle, take
from engine.process.decide.step import Step, needed
from engine.process.state import Pending
from engine.template.calendars import later
from engine.template.chart import Choice


def end_delegations(step: Step) -> None:
    """End what was delegated until a time that has come, whether or not the clock has looked; before anything else."""
    if not step.state.delegations:  # and so none of all that is pending ends one
        return
    actor, step.actor = step.actor, "clock"
    for pending in [p for p in step.state.pending.values() if p.instance is None and p.state is None]:
        if pending.due <= step.context.at:
            step.emit(e.DelegationEnded(membership=pending.id.partition(":")[2]))
    step.actor = actor


def tick(step: Step, _: c.Tick) -> None:
    """Every deadline and reminder that is due, earliest first; each fires once.

    Of those due at once, what is to be filled in comes before what a state waits for; of states, the inner ones come
    before those around them, and then the order is that of the document. Of several reminders of one thing to the same
    people only the last is told: time was late, and they are to hear of it once.
    """
    step.actor = "clock"
    while step.state.status == "running":
        due = [pending for pending in step.state.pending.values() if pending.due <= step.context.at]
        if not due:
            return
        first = min(due, key=lambda pending: (pending.due, *_place(step, pending)))
        _fire(step, first, due)
        settle(step)


def _place(step: Step, pending: Pending) -> tuple[int, int, int, str]:
    """Before or after which others, due at the same moment, something comes."""
    if pending.state is None:
        return (0, 0, 0, pending.id)
    node = step.definition.nodes[pending.state]
    order = [f"state:{name}:{one}" for name, choices in step.definition.deadlines.items() for one in choices]
    return (1, -len(node.path), order.index(pending.id), pending.id)


def _fire(step: Step, first: Pending, due: Sequence[Pending]) -> None:
    """Let the first of what is due come."""
    if first.roles is not None:
        assert first.instance is not None
        same = (one for one in due if (one.instance, one.roles) == (first.instance, first.roles))
        last = max(same, key=lambda pending: (pending.due, *_place(step, pending)))
        step.emit(
            e.ReminderDue(
                reminder=first.id,
                due=first.due,
                instance=first.instance,
                roles=first.roles,
                instead=None if last is first else last.id,
            )
        )
        return
    if first.instance is None and first.state is None:
        step.emit(e.DelegationEnded(membership=first.id.partition(":")[2]))
        return
    conditions, choice = step.conditions, None
    if first.state is not None:
        choice = step.definition.deadlines[first.state][first.id.rsplit(":", 1)[1]]
    taken = choice is not None and holds(step, choice, conditions)
    considered = tuple(sorted(conditions.considered))
    step.emit(
        e.DeadlinePassed(
            deadline=first.id, due=first.due, instance=first.instance, state=first.state, considered=considered
        )
    )
    if choice is not None and taken:
        take(step, choice)


def holds(step: Step, choice: Choice, conditions: Conditions) -> bool:
    """Whether a deadline's condition holds; one that fails does not, and is an incident."""
    return step.holds(f"{choice.state}:{choice.id}", choice.state, lambda: conditions.is_open(choice))


def suspend(step: Step, command: c.Suspend) -> None:
    """Let the process rest; what its deadlines have left is kept."""
    step.require(ToManage())
    if step.state.status == "suspended":
        raise Refused(f"“{step.state.name}” is suspended already", hint="Resume it first.")
    step.emit(e.ProcessSuspended(subject=step.context.actor.subject, reason=needed(command.reason, "suspending")))


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
    step.require(ToCancel())
    reason = needed(command.reason, "cancelling")
    withdraw(step, list(step.state.instances))
    step.emit(e.ProcessCancelled(subject=step.context.actor.subject or step.actor, reason=reason))
