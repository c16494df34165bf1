"""Going on under another version of the template, and going back from there.

A migration is a run of ordinary events around one that says which version holds now: what has no place any more is
withdrawn or left, what is new is opened or entered, and answers stay. Everything that keeps a process from it is found
before anything is done, and told at once. Which answers fit their new form is asked of the same validators as ever.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import cast

from engine import codec
from engine.errors import Refused
from engine.form.renaming import renamed
from engine.process import commands as c
from engine.process import events as e
from engine.process.access import ToMigrate
from engine.process.conditions import counting
from engine.process.decide.instances import (
    Element,
    elements,
    keep_answers,
    open_everywhere,
    open_one,
    start_due,
    start_reminders,
    withdraw,
)
from engine.process.decide.linking import let_go
from engine.process.decide.moves import enter
from engine.process.decide.step import Step
from engine.process.state import Instance, Migrated, Pending, ProcessState
from engine.template.calendars import due_at
from engine.template.chart import Definition, TaskNode
from engine.template.model import Task
from engine.template.plan import Plan
from engine.template.plan_reading import misnamed
from engine.template.transitions import active_with


def migrate(step: Step, command: c.Migrate) -> None:
    """Go on under the version that the command names, as its plan says; raise `Refused` with all that is in the way."""
    step.require(ToMigrate())
    if not command.reason.strip():
        raise Refused("a migration needs a reason that all can read", hint="Give one with --reason.")
    if command.plan.template != step.state.template:
        raise Refused(
            f"“{step.state.name}” is a process of {step.state.template}, and the plan is for {command.plan.template}",
            hint="Name processes of that template, or none for all of them.",
        )
    if command.bundle == step.state.bundle:
        raise Refused(f"“{step.state.name}” runs on {step.state.version} already", hint="There is nothing to migrate.")
    move = _Move(step, step.context.definitions(command.bundle), command.plan)
    if problems := [*move.problems()]:
        raise Refused(
            f"“{step.state.name}” cannot go on under {move.new.template.version}: {'; '.join(problems)}",
            hint="Say in the plan what becomes of it, or wait until the process has got past it.",
        )
    move.make(command.reason)


class _Move:
    """One process on its way from the version that it runs on to another."""

    def __init__(self, step: Step, new: Definition, plan: Plan) -> None:
        self.step, self.old, self.new, self.plan = step, step.definition, new, plan
        self.before = step.state.sequence
        active = step.state.active
        images = {name: self._now(name) for name in active}
        leaves = [images[name] for name in active if self.old.nodes[name].atomic]
        self.lost_leaves = [name for name in active if self.old.nodes[name].atomic and images[name] is None]
        self.active = active_with(new, [leaf for leaf in leaves if leaf is not None])
        self.stays = {name: now for name, now in images.items() if now in self.active and self._same(name, now)}
        """Of the active states, those that stay so, with their new names."""
        self.left = [name for name in reversed(list(active)) if name not in self.stays]

    def _now(self, state: str) -> str | None:
        """What a state is called in the new version; None where it has none."""
        found = self.plan.states.get(state, state)
        return found if found in self.new.nodes else None

    def _same(self, old: str, now: str | None) -> bool:
        """Whether a state goes on as another: under its own name, or one that the old version did not have."""
        return now == old or now not in self.old.nodes

    def _task_now(self, task: str) -> str | None:
        found = self.plan.tasks.get(task, task)
        return found if found in self.new.tasks else None

    # -- what is in the way -----------------------------------------------------------------------------------------

    def problems(self) -> Iterator[str]:
        """Everything that the plan does not answer, each in a sentence."""
        if wrong := [*misnamed(self.plan, [self.old], self.new)]:
            yield from (f"{one.message} ({one.hint.rstrip('.')})" for one in wrong)
            return
        for state in self.lost_leaves:
            yield f"it is in the state {state}, which is no more (states: {{{state}: …}})"
        for around in self.new.nodes.values():
            within = [name for name in around.spec.states if name in self.active]
            if around.compound and around.id in self.active and len(within) > 1:
                yield f"it would be in {' and '.join(within)} at once, and {around.id} has room for one"
        yield from self._sealed()
        for member in self.step.state.memberships.values():
            for role in sorted(member.roles if member.active else ()):
                if role not in self.new.template.roles and role not in self.plan.roles:
                    yield f"{member.id} is {role}, which is no more (roles: {{{role}: …}})"
        for role in sorted(self._invited() - self.new.template.roles.keys() - self.plan.roles.keys()):
            yield f"somebody is invited as {role}, which is no more (roles: {{{role}: …}})"
        used = {i.task for i in self.step.state.instances.values() if i.pending or i.submissions}
        for task in sorted(used & self.old.tasks.keys()):
            if self._task_now(task) is None and task not in self.plan.tasks:
                yield f"{task} has been asked, and is no more (tasks: {{{task}: …}}, or null)"
        yield from self._answers_that_do_not_fit()

    def _invited(self) -> set[str]:
        """The roles of invitations that can still be used."""
        now, known = self.step.context.at, self.step.state.invitations.values()
        return {role for invited in known if not invited.used and invited.expires_at >= now for role in invited.roles}

    def _sealed(self) -> Iterator[str]:
        """Sealed answers stay under their seal: their task goes on as it is, or was revealed before."""
        for instance in self.step.state.instances.values():
            task = self.old.tasks.get(instance.task)
            if task is None or not self.step.state.is_sealed(instance):
                continue
            now = self._task_now(instance.task)
            goes_on = instance.state in self.stays and now == instance.task and self.new.tasks[now].spec.sealed
            if self._is_latest(instance) and not goes_on:
                yield f"the answers to {instance.id} are sealed, and have to be revealed first"

    def _is_latest(self, instance: Instance) -> bool:
        return instance.state is None or self.step.state.active.get(instance.state) == instance.entry

    def _answers_that_do_not_fit(self) -> Iterator[str]:
        answered = [i for i in self.step.state.instances.values() if i.submissions and self._is_latest(i)]
        for instance in answered:
            now = self._task_now(instance.task) if instance.task in self.old.tasks else None
            if now is None or now in (*self.plan.accept, *self.plan.ask_again):
                continue
            for wrong in self._misfits(instance, now):
                yield (
                    f"the answer to {instance.id} does not fit the new form: {wrong}"
                    f" (accept: [{now}], or ask_again: [{now}])"
                )

    def _misfits(self, instance: Instance, task: str) -> Iterator[str]:
        """The first field of an answer that does not fit the new form; what is personal is not looked at."""
        form = self.new.form_of(task)
        old = self.old.form_of(instance.task)
        for given in counting(instance):
            answers = self.step.context.answers(given.sequence)
            if answers is None:
                continue  # sealed, and checked when it is answered
            read = cast(codec.Json, renamed(answers, old.fields, form.fields))
            personal = {field.name for field in form.fields.values() if field.holds_personal}
            errors = self.new.validators[self.new.tasks[task].spec.form].errors(read, self.step.context.language)
            for error in errors:
                if error.question not in personal:
                    yield f"{error.path}: {error.message}"
                    return

    # -- doing it ---------------------------------------------------------------------------------------------------

    def make(self, reason: str) -> None:
        """Leave and withdraw what goes, change the version, enter and open what comes."""
        step, old_pending = self.step, dict(self.step.state.pending)
        entries = dict(step.state.active)
        since = dict(step.state.entered_at)
        done, going_on = self._renamed_and_done(), self._renamed_and_pending()
        withdraw(step, self._without_place())
        moved = {name: now for name, now in self.stays.items() if now is not None and now != name}
        for state in reversed(list(step.state.active)):
            if state in self.left or state in moved:
                step.emit(e.StateLeft(state=state, entry=entries[state]))
        self._change(moved, reason)
        self._roles()
        names = {now: name for name, now in self.stays.items() if now is not None}
        for state in self.active:
            before = names.get(state)
            if before is None:
                enter(step, state)
                self._keep(state, entries)
            elif before != state:
                step.emit(e.StateEntered(state=state, entry=entries[before], since=since.get(before)))
        self._deadlines(names, old_pending)
        self._clocks()
        for name, task in going_on:
            self._go_on(name, task, old_pending)
        open_everywhere(step)
        for name, task in done:
            self._carry_over(name, task)
        self._ask_again()

    def _renamed_and_pending(self) -> list[tuple[Instance, str]]:
        """What is to be filled in, under a task that has another name from now on, or by roles that have."""
        return [
            (instance, now)
            for instance in self.step.state.instances.values()
            if instance.pending and (now := self._task_now(instance.task)) is not None
            if now != instance.task or self.new.tasks[now].spec.by != instance.roles
            if self.new.tasks[now].spec.by == tuple(self.plan.roles.get(role, role) for role in instance.roles)
            if self.new.tasks[now].spec.each == self.old.tasks[instance.task].spec.each
        ]

    def _renamed_and_done(self) -> list[tuple[Instance, str]]:
        """What was answered when its state was last entered, under a task that has another name from now on."""
        last = self.step.state.entries
        return [
            (instance, now)
            for instance in self.step.state.instances.values()
            if instance.status == "done" and (instance.state is None or last.get(instance.state) == instance.entry)
            if (now := self._task_now(instance.task)) is not None and now != instance.task
        ]

    def _without_place(self) -> list[str]:
        """What is still to be filled in and cannot be so under the new version as it is."""
        found = []
        for instance in self.step.state.instances.values():
            if not instance.pending:
                continue
            task = self.new.tasks.get(instance.task)
            state = self.stays.get(instance.state) if instance.state else None
            if task is None or task.state != state or task.spec.by != instance.roles or self._for_another(instance):
                found.append(instance.id)
        return found

    def _for_another(self, instance: Instance) -> bool:
        """Whether the new version asks others: parties instead of people, the rows of another list."""
        return self.old.tasks[instance.task].spec.each != self.new.tasks[instance.task].spec.each

    def _change(self, moved: Mapping[str, str], reason: str) -> None:
        step, state = self.step, self.step.state
        gone = [p.id for p in state.pending.values() if self._is_gone(p)]
        remembered = {
            history: found
            for history, names in state.remembered.items()
            if history in self.new.nodes and (found := tuple(now for n in names if (now := self._now(n)) is not None))
        }
        step.definition = self.new
        step.emit(
            e.ProcessMigrated(
                version=self.new.template.version,
                bundle=self.new.bundle,
                from_version=self.old.template.version,
                from_bundle=self.old.bundle,
                before=self.before,
                states=dict(moved),
                tasks={old: now for old in self.plan.tasks if (now := self._task_now(old)) is not None},
                remembered=remembered,
                counters=dict(state.counters),
                entries=self._entries(),
                dropped=tuple(gone),
                plan=self.plan,
                subject=step.context.actor.subject or step.actor,
                reason=reason,
            )
        )

    def _entries(self) -> dict[str, int]:
        """How often states were entered: one that goes on under a new name was so as often, wherever the process is."""
        entries = dict(self.step.state.entries)
        for old, entry in self.step.state.entries.items():
            now = self._now(old)
            if now is not None and now != old and self._same(old, now):
                entries[now] = max(entry, entries.get(now, 0))
        return entries

    def _is_gone(self, pending: Pending) -> bool:
        """Whether the new version has no such deadline or reminder."""
        if pending.state is not None:
            node = self.new.nodes.get(pending.state)
            return node is None or pending.id.rsplit(":", 1)[1] not in node.spec.deadlines
        if pending.instance is None:
            return False
        spec = self.new.tasks[self.step.state.instances[pending.instance].task].spec
        return not spec.due if pending.roles is None else int(pending.id.rsplit(":", 1)[1]) > len(spec.remind)

    def _roles(self) -> None:
        for member in [m for m in self.step.state.memberships.values() if m.active]:
            for role in sorted(member.roles & self.plan.roles.keys()):
                self.step.emit(e.RoleRevoked(membership=member.id, role=role))
                now = self.plan.roles[role]
                if now is not None and now not in self.step.state.memberships[member.id].roles:
                    self.step.emit(e.RoleGranted(membership=member.id, role=now))

    def _keep(self, state: str, entries: Mapping[str, int]) -> None:
        """What was answered in a state that another took in, or some tasks of, counts there too."""
        tasks = [task.id for task in self.new.tasks_of.get(state, ())]
        homes = {self.old.tasks[task].state for task in tasks if task in self.old.tasks}
        for before in [name for name in entries if name in homes or self.plan.states.get(name, name) == state]:
            keep_answers(self.step, state, entries[before])

    def _deadlines(self, names: Mapping[str, str], old: Mapping[str, Pending]) -> None:
        """Of states that stay: what was due stays due; a deadline that is new counts from now."""
        step = self.step
        for state, before in names.items():
            for name, deadline in self.new.nodes[state].spec.deadlines.items():
                known = old.get(f"state:{before}:{name}")
                had = before in self.old.nodes and name in self.old.nodes[before].spec.deadlines
                if known is not None and state != before:
                    step.emit(e.DeadlineSet(deadline=f"state:{state}:{name}", due=known.due, state=state))
                elif known is None and not had:
                    due = due_at(step.at, deadline.after, self.new.template.calendar)
                    step.emit(e.DeadlineSet(deadline=f"state:{state}:{name}", due=due, state=state))

    def _clocks(self) -> None:
        """What was due stays due; what an open task has in addition counts from now."""
        for instance in [one for one in self.step.state.instances.values() if one.pending]:
            node, before = self.new.tasks[instance.task], self.old.tasks[instance.task].spec
            if instance.status == "open":
                self._add_clock(node, before, instance.id)
            elif node.spec.order == "parallel":
                self.step.emit(e.TaskBegun(instance=instance.id))
                start_due(self.step, node, instance.id)
                start_reminders(self.step, node, instance.id)

    def _add_clock(self, node: TaskNode, before: Task, instance: str) -> None:
        if not before.due:
            start_due(self.step, node, instance)
        if not before.remind:
            start_reminders(self.step, node, instance)

    def _go_on(self, instance: Instance, task: str, old: Mapping[str, Pending]) -> None:
        """Let what is still to be filled in be open under its task's name now, with the time that it had."""
        step, node = self.step, self.new.tasks[task]
        if node.state is not None and node.state not in step.state.active:
            return
        name, entry, element = self._place(instance, node)
        known = step.state.instances.get(name)
        if (known is not None and known.submissions) or element not in elements(step, node):
            return
        waiting = instance.status == "waiting" and node.spec.order == "sequential"
        if known is None or known.roles != node.spec.by:
            open_one(step, node, name, entry, element, waiting=waiting, clock=False)
        else:
            step.emit(e.TaskReopened(instance=name, waiting=waiting))
        if instance.claimed_by is not None:
            step.emit(e.TaskClaimed(instance=name, membership=instance.claimed_by, kept_from=instance.id))
        if instance.status == "open":
            self._same_clock(instance, node, name, old)
        elif not waiting:
            start_due(step, node, name)
            start_reminders(step, node, name)

    def _same_clock(self, instance: Instance, node: TaskNode, name: str, old: Mapping[str, Pending]) -> None:
        step = self.step
        if node.spec.due and instance.due is not None:
            step.emit(e.DeadlineSet(deadline=f"due:{name}", due=instance.due, instance=name))
        for number in range(1, len(node.spec.remind) + 1):
            known = old.get(f"remind:{instance.id}:{number}")
            if known is not None:
                named = f"remind:{name}:{number}"
                step.emit(e.ReminderSet(reminder=named, due=known.due, instance=name, roles=known.roles or ()))
        self._add_clock(node, self.old.tasks[instance.task].spec, name)

    def _place(self, instance: Instance, node: TaskNode) -> tuple[str, int, Element]:
        """What an instance is called under a task's name, and its entry and element."""
        entry = self.step.state.entries.get(node.state, 0) if node.state else 1
        element = Element(instance.membership, instance.party, instance.row)
        return f"{node.id}.{entry}{element.suffix}", entry, element

    def _carry_over(self, instance: Instance, task: str) -> None:
        """Let an answer count under its task's new name, also that of somebody who is asked no more."""
        step, node = self.step, self.new.tasks[task]
        if node.state is not None and node.state not in step.state.entries:
            return  # it is asked where the process has not been
        name, entry, element = self._place(instance, node)
        if name not in step.state.instances and node.spec.each == self.old.tasks[instance.task].spec.each:
            shown = instance.visibility
            open_one(step, node, name, entry, element, waiting=False, clock=False, visibility=shown)
        now = step.state.instances.get(name)
        if now is not None and now.pending:
            step.emit(e.FormKept(instance=now.id, kept_from=instance.id))

    def _ask_again(self) -> None:
        for task in self.plan.ask_again:
            node = self.new.tasks[task]
            if node.state is not None and node.state not in self.step.state.active:
                continue
            expected = {element.suffix for element in elements(self.step, node)}
            for name in self.step.state.group(task, node.state).instances:
                instance = self.step.state.instances[name]
                if instance.status == "done" and name.removeprefix(f"{task}.{instance.entry}") in expected:
                    self.step.emit(e.TaskReopened(instance=name))


def undo(step: Step, command: c.UndoMigration) -> None:
    """Go back to the version and the place before the last migration; refused once anybody has acted."""
    step.require(ToMigrate())
    if not command.reason.strip():
        raise Refused("taking a migration back needs a reason that all can read", hint="Give one with --reason.")
    if step.state.migrated is None:
        raise Refused(
            f"“{step.state.name}” has no migration that can be taken back",
            hint="Somebody has acted since, or there was none. Migrate to the version that you want.",
        )
    undoing = _Undo(step, step.state.migrated, step.context.earlier(step.state.migrated.before))
    if problems := [*undoing.problems()]:
        raise Refused(
            f"the migration of “{step.state.name}” cannot be taken back: {'; '.join(problems)}",
            hint="Migrate to the version that you want.",
        )
    undoing.make(command.reason)


@dataclass(slots=True)
class _Undo:
    """The way back from a migration to where a process was; `before` is how it was then."""

    step: Step
    undone: Migrated
    before: ProcessState

    def problems(self) -> Iterator[str]:
        """What people or linked processes did since, and would be lost."""
        now, roles = self.step.state, self.undone.roles
        for member in self.before.memberships.values():
            left = {roles.get(role, role) for role in member.roles} - {None} if roles is not None else None
            if member.active and left not in (None, now.memberships[member.id].roles):
                yield f"{member.id} was given a role, or lost one, since"
        for child, one in now.links.items():
            known = self.before.links.get(child)
            if known is None and not one.spawned:
                yield f"a process was linked as {one.link} since"
            if known is not None and known.counts and not one.counts:
                yield f"another process took the place of “{known.name or known.link}”, which conditions no longer read"

    def make(self, reason: str) -> None:
        """Take back what the migration did, event by event; the processes that it started are let go."""
        step, now, before = self.step, self.step.state, self.before
        old = step.context.definitions(before.bundle)
        for one in [one for child, one in now.links.items() if child not in before.links and one.is_open]:
            let_go(step, one, reason)
        withdraw(step, [i.id for i in now.instances.values() if i.pending and self._opened_since(i, before)])
        for state in reversed(list(now.active)):
            if now.active[state] != before.active.get(state):
                step.emit(e.StateLeft(state=state, entry=now.active[state]))
        self._change(before, self.undone.sequence, old, reason)
        self._roles(before)
        for state, entry in before.active.items():
            if step.state.active.get(state) != entry:
                step.emit(e.StateEntered(state=state, entry=entry, since=before.entered_at[state]))
        for instance in before.instances.values():
            self._put_back(instance)
        self._clock(before)

    def _opened_since(self, instance: Instance, before: ProcessState) -> bool:
        was = before.instances.get(instance.id)
        if was is None:
            return True
        return was.roles != instance.roles if was.pending else was.status != "done"

    def _change(self, before: ProcessState, undone: int, old: Definition, reason: str) -> None:
        step = self.step
        back = {i.state: was.state for i in step.state.instances.values() if (was := before.instances.get(i.id))}
        gone = [name for name in step.state.pending if name not in before.pending]
        tasks = {then: before.renamed.get(then, then) for then in step.state.renamed}
        tasks |= {now: tasks[then] for then, now in step.state.renamed.items() if now not in tasks}
        version = step.definition
        step.definition = old
        step.emit(
            e.ProcessMigrated(
                version=before.version,
                bundle=before.bundle,
                from_version=version.template.version,
                from_bundle=version.bundle,
                before=step.state.sequence,
                states={now: was for now, was in back.items() if now and was and now != was},
                remembered=dict(before.remembered),
                tasks=tasks,
                counters=dict(before.counters),
                entries=dict(before.entries),
                dropped=tuple(gone),
                undoes=undone,
                subject=step.context.actor.subject or step.actor,
                reason=reason,
            )
        )

    def _roles(self, before: ProcessState) -> None:
        for member in before.memberships.values():
            held = self.step.state.memberships[member.id].roles
            for role in sorted(held - member.roles):
                self.step.emit(e.RoleRevoked(membership=member.id, role=role))
            for role in sorted(member.roles - held):
                self.step.emit(e.RoleGranted(membership=member.id, role=role))

    def _put_back(self, was: Instance) -> None:
        """Make one instance what it was: to be filled in, or done."""
        step = self.step
        now = step.state.instances[was.id]
        if now.status == was.status and now.roles == was.roles:
            return
        if was.status == "done" and now.pending:
            step.emit(e.FormKept(instance=was.id, kept_from=was.id))
        elif was.pending and now.roles != was.roles:
            step.emit(
                e.TaskOpened(
                    instance=was.id,
                    task=was.task,
                    state=was.state,
                    entry=was.entry,
                    membership=was.membership,
                    party=was.party,
                    row=was.row,
                    roles=was.roles,
                    visibility=was.visibility,
                    waiting=was.status == "waiting",
                )
            )
        elif was.pending:
            step.emit(e.TaskReopened(instance=was.id, waiting=was.status == "waiting"))
        if was.pending and was.claimed_by is not None:
            step.emit(e.TaskClaimed(instance=was.id, membership=was.claimed_by, kept_from=was.id))
        if was.overdue and was.due is not None and not step.state.instances[was.id].overdue:
            step.emit(e.DeadlineSet(deadline=f"due:{was.id}", due=was.due, instance=was.id))
            step.emit(e.DeadlinePassed(deadline=f"due:{was.id}", due=was.due, instance=was.id))

    def _clock(self, before: ProcessState) -> None:
        """What was due is due again, when it was; a reminder that has come since does not come twice."""
        for known in before.pending.values():
            now = self.step.state.pending.get(known.id)
            if now is not None and now.due == known.due:
                continue
            if known.roles is not None and known.due <= self.step.context.at:
                continue
            if known.roles is None:
                self.step.emit(
                    e.DeadlineSet(deadline=known.id, due=known.due, instance=known.instance, state=known.state)
                )
            elif known.instance is not None:
                self.step.emit(
                    e.ReminderSet(reminder=known.id, due=known.due, instance=known.instance, roles=known.roles)
                )
