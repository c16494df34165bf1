"""The instances of tasks: one each for a membership, party or row; opened where expected, withdrawn where not."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from engine.process import events as e
from engine.process.access import is_barred, on_work_list
from engine.process.decide.linking import spawn_for_newcomers
from engine.process.decide.step import Step
from engine.process.state import Membership
from engine.template.calendars import due_at, remind_at
from engine.template.chart import TaskNode
from engine.template.model import Reminder


class Element(NamedTuple):
    """What one instance is for; nothing at all for a task that has just one."""

    membership: str | None = None
    party: str | None = None
    row: str | None = None

    @property
    def suffix(self) -> str:
        """The end of the instance's id."""
        name = self.membership or self.party or self.row
        return f".{name}" if name else ""


def open_everywhere(step: Step) -> None:
    """Open what is expected in every active state, and in the process as a whole."""
    for state in [None, *step.state.active]:
        open_where_expected(step, state)
    spawn_for_newcomers(step)


def open_for(step: Step, newcomer: Membership) -> None:
    """The same after somebody came; where that is safe, only they are looked at, and not all who are there."""
    for state in [None, *step.state.active]:
        for task in step.definition.tasks_of.get(state, ()):
            if others_have_theirs(task):
                open_those(step, task, _elements_of(task, _asked(task, [newcomer])))
            else:
                open_expected(step, task)
    spawn_for_newcomers(step)


def others_have_theirs(task: TaskNode) -> bool:
    """Whether each who is asked a task has an instance from when they came or were given a role.

    Not so where enough may have been done then, or four eyes kept somebody from it: that may be otherwise now.
    """
    always = task.spec.complete == "all" or task.spec.optional
    return task.spec.each in ("membership", "party") and always and not task.spec.not_by


def open_where_expected(step: Step, state: str | None) -> None:
    """Open what each task of a state is expected to have open."""
    for task in step.definition.tasks_of.get(state, ()):
        open_expected(step, task)


def open_expected(step: Step, task: TaskNode) -> None:
    """Open an instance for each element that should have one and has none; in sequence, all but the first wait."""
    if task.spec.complete != "all" and not task.spec.optional and is_complete(step, task):
        return
    open_those(step, task, elements(step, task))


def open_those(step: Step, task: TaskNode, wanted: Iterable[Element]) -> None:
    """Open an instance for each of these that has none."""
    entry = step.state.entries[task.state] if task.state else 1
    visibility, prefix = "", f"{task.id}.{entry}"
    for element in wanted:
        instance = prefix + element.suffix
        known = step.state.instances.get(instance)
        withdrawn = known is not None and known.status == "withdrawn" and not known.submissions
        if withdrawn and known is not None and known.roles == task.spec.by:
            reopen(step, task, instance)
        elif withdrawn or known is None:  # or asked of others in another version of the template
            visibility = visibility or step.conditions.visibility(task)  # what everybody chose is read once
            open_one(step, task, instance, entry, element, visibility=visibility)
    begin_next(step, task)


def is_complete(step: Step, task: TaskNode) -> bool:
    """Whether enough of a task is done; a rule that fails is not met, and is an incident."""
    return step.holds(f"{task.id}.complete", task.state, lambda: step.conditions.complete(task))


def open_one(
    step: Step,
    task: TaskNode,
    instance: str,
    entry: int,
    element: Element,
    *,
    visibility: str = "",
    waiting: bool | None = None,
    clock: bool = True,
) -> None:
    """Open one instance; its clock starts when its turn has come, unless it has none.

    `visibility` is how its answers will be shown, where the caller knows it already.
    """
    waiting = task.spec.order == "sequential" if waiting is None else waiting
    step.emit(
        e.TaskOpened(
            instance=instance,
            task=task.id,
            state=task.state,
            entry=entry,
            membership=element.membership,
            party=element.party,
            row=element.row,
            roles=task.spec.by,
            visibility=visibility or step.conditions.visibility(task),
            waiting=waiting,
        )
    )
    if clock and not waiting:
        _start_clock(step, task, instance)


def reopen(step: Step, task: TaskNode, instance: str) -> None:
    """Let an instance be filled in again; its clock starts anew when its turn has come."""
    waiting = task.spec.order == "sequential"
    step.emit(e.TaskReopened(instance=instance, waiting=waiting))
    if not waiting:
        _start_clock(step, task, instance)


def begin_next(step: Step, task: TaskNode) -> None:
    """Of a task in sequence: when none is open, the next one's turn comes."""
    group = step.state.group(task.id, task.state)
    if group.waiting and not group.open:
        following = next(name for name in group.instances if step.state.instances[name].status == "waiting")
        step.emit(e.TaskBegun(instance=following))
        _start_clock(step, task, following)


def begin_turns(step: Step) -> None:
    """Begin every next one whose turn has come."""
    for state in [None, *step.state.active]:
        for task in step.definition.tasks_of.get(state, ()):
            if task.spec.order == "sequential":
                begin_next(step, task)


def _start_clock(step: Step, task: TaskNode, instance: str) -> None:
    start_due(step, task, instance)
    start_reminders(step, task, instance)


def start_due(step: Step, task: TaskNode, instance: str) -> None:
    """Let the time run within which an instance is to be filled in, if there is any."""
    if task.spec.due:
        due = due_at(step.at, task.spec.due, step.definition.template.calendar)
        step.emit(e.DeadlineSet(deadline=f"due:{instance}", due=due, instance=instance))


def start_reminders(step: Step, task: TaskNode, instance: str) -> None:
    """Let the times run after which somebody is reminded of an instance."""
    for number, reminder in enumerate(task.spec.remind, 1):
        after, roles = (reminder.after, reminder.to) if isinstance(reminder, Reminder) else (reminder, ())
        at = remind_at(step.at, after, step.definition.template.calendar)
        step.emit(e.ReminderSet(reminder=f"remind:{instance}:{number}", due=at, instance=instance, roles=roles))


def elements(step: Step, task: TaskNode) -> Sequence[Element]:
    """What the task should have an instance for now."""
    if task.spec.each is None:
        return [Element()]
    if task.spec.each not in ("membership", "party"):
        step.faults[f"{task.id}.each", task.state] = step.conditions.nameless(task.list_of)
        return [Element(row=row) for row in step.conditions.rows(task.list_of)]
    holders = _asked(task, step.state.memberships.values())
    if not_by := task.spec.not_by:
        holders = [m for m in holders if not is_barred(m.subject, not_by, step.state, step.definition)]
    return _elements_of(task, holders)


def _asked(task: TaskNode, members: Iterable[Membership]) -> list[Membership]:
    """Those of members whom a task asks."""
    return [m for m in members if m.active and not m.roles.isdisjoint(task.spec.by)]


def _elements_of(task: TaskNode, holders: Iterable[Membership]) -> Sequence[Element]:
    """What a task that asks each membership or party should have an instance for, of those whom it asks."""
    if task.spec.each == "membership":
        return [Element(membership=m.id) for m in holders]
    return [Element(party=party) for party in dict.fromkeys(m.party for m in holders) if party]


def keep_answers(step: Step, state: str, entry: int) -> None:
    """Let what was answered in an earlier entry of an active state count in this one; what was sealed is asked anew."""
    for task in step.definition.tasks_of.get(state, ()):
        earlier = step.state.groups.get((task.id, entry))
        if earlier is None or task.spec.sealed:
            continue
        for name in earlier.instances:
            instance = f"{task.id}.{step.state.entries[state]}{name.removeprefix(f'{task.id}.{entry}')}"
            now = step.state.instances.get(instance)
            if now is not None and now.pending and step.state.instances[name].status == "done":
                step.emit(e.FormKept(instance=instance, kept_from=name))


def follow_rows(step: Step, source: str) -> None:
    """After a list was answered or put right: rows that came get their instance, those that went lose theirs."""
    for task in step.definition.tasks_by_rows.get(source, ()):
        if task.state is None or task.state in step.state.active:
            expected = {element.row for element in elements(step, task)}
            group = step.state.group(task.id, task.state)
            withdraw(step, [name for name in group.instances if step.state.instances[name].row not in expected])
            open_where_expected(step, task.state)
    spawn_for_newcomers(step)


def follow_four_eyes(step: Step) -> None:
    """Ask each task with `not_by` of those who may do it now: the other one was answered, or is asked anew."""
    if step.state.status not in ("running", "suspended"):
        return
    for task in step.definition.four_eyes:
        if task.state is not None and task.state not in step.state.active:
            continue
        if task.spec.each in ("membership", "party"):
            expected = {element.suffix for element in elements(step, task)}
            group = step.state.group(task.id, task.state)
            withdraw(step, [n for n in group.instances if f".{step.state.instances[n].element}" not in expected])
            open_expected(step, task)
        _release_barred(step, task)


def _release_barred(step: Step, task: TaskNode) -> None:
    """Give back what was taken on by somebody who may not do it any more."""
    for name in step.state.group(task.id, task.state).instances:
        instance = step.state.instances[name]
        if instance.status == "open" and instance.claimed_by is not None:
            claimer = step.state.memberships[instance.claimed_by].subject
            if is_barred(claimer, task.spec.not_by, step.state, step.definition):
                step.emit(e.TaskReleased(instance=name))


def withdraw(step: Step, instances: Iterable[str]) -> None:
    """Withdraw those that are still to be filled in."""
    for name in list(instances):
        if step.state.instances[name].pending:
            step.emit(e.TaskWithdrawn(instance=name))


def withdraw_orphans(step: Step) -> None:
    """Withdraw the instances of memberships and parties that nobody can fill in any more."""
    for instance in list(step.state.instances.values()):
        if instance.pending and (instance.membership or instance.party):
            if not any(on_work_list(m, instance) for m in step.state.memberships.values()):
                withdraw(step, [instance.id])
