"""The instances of tasks: one each for a membership or party, opened where expected, withdrawn where not."""

from __future__ import annotations

from collections.abc import Iterable

from engine.process import events as e
from engine.process.access import on_work_list
from engine.process.decide.step import Step
from engine.template.calendars import due_at, remind_at
from engine.template.chart import TaskNode
from engine.template.model import Reminder


def open_everywhere(step: Step) -> None:
    """Open what is expected in every active state, and in the process as a whole."""
    for state in [None, *step.state.active]:
        open_where_expected(step, state)


def open_where_expected(step: Step, state: str | None) -> None:
    """Open an instance for each membership, party or role that should have one and has none."""
    for task in step.definition.tasks_of.get(state, ()):
        entry = step.state.entries[state] if state else 1
        closed = task.spec.complete != "all" and not task.spec.optional and step.conditions.complete(task)
        for membership, party in [] if closed else elements(step, task):
            element = membership or party
            instance = f"{task.id}.{entry}.{element}" if element else f"{task.id}.{entry}"
            known = step.state.instances.get(instance)
            if known is None:
                open_one(step, task, instance, state, entry, membership, party)


def open_one(
    step: Step, task: TaskNode, instance: str, state: str | None, entry: int, membership: str | None, party: str | None
) -> None:
    """Open one instance, with its deadline."""
    step.emit(
        e.TaskOpened(
            instance=instance,
            task=task.id,
            state=state,
            entry=entry,
            membership=membership,
            party=party,
            roles=task.spec.by,
            visibility=step.conditions.visibility(task),
        )
    )
    calendar = step.definition.template.calendar
    if task.spec.due:
        due = due_at(step.context.at, task.spec.due, calendar)
        step.emit(e.DeadlineSet(deadline=f"due:{instance}", due=due, instance=instance))
    for number, reminder in enumerate(task.spec.remind, 1):
        after, roles = (reminder.after, reminder.to) if isinstance(reminder, Reminder) else (reminder, ())
        at = remind_at(step.context.at, after, calendar)
        step.emit(e.ReminderSet(reminder=f"remind:{instance}:{number}", due=at, instance=instance, roles=roles))


def elements(step: Step, task: TaskNode) -> Iterable[tuple[str | None, str | None]]:
    """(membership, party) of each instance that the task should have now."""
    if task.spec.each is None:
        return [(None, None)]
    holders = [m for m in step.state.memberships.values() if m.active and not m.roles.isdisjoint(task.spec.by)]
    if task.spec.each == "membership":
        return [(m.id, None) for m in holders]
    return [(None, party) for party in dict.fromkeys(m.party for m in holders) if party]


def withdraw(step: Step, instances: Iterable[str]) -> None:
    """Withdraw those that are still open."""
    for name in list(instances):
        if step.state.instances[name].status == "open":
            step.emit(e.TaskWithdrawn(instance=name))


def withdraw_orphans(step: Step) -> None:
    """Withdraw instances that nobody can fill in any more."""
    for instance in list(step.state.instances.values()):
        if instance.status == "open" and instance.element is not None:
            if not any(on_work_list(m, instance) for m in step.state.memberships.values()):
                withdraw(step, [instance.id])
