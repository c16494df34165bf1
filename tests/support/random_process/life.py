"""What must hold of every process after each act."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import timedelta

from engine.errors import SamskapError
from engine.process import commands as c
from engine.process.access import Actor, visible
from engine.process.decide.instances import open_expected, others_have_theirs
from engine.process.decide.step import Step
from engine.process.explain import explain_action, explain_task
from engine.process.replay import acts, replay
from engine.process.state import Instance
from engine.process.stranded import stranded
from engine.template.transitions import active_with
from random_process.acting import Acting
from random_process.process import PEOPLE

OTHER: Mapping[str, object] = {"text": "yes", "score": 5, "shown": "open", "rows": []}
"""Other answers than those that were given."""


class Life(Acting):
    """A process in which people act, and after each act all that is promised holds."""

    def step(self, kind: str, one: int, two: int) -> None:
        self.now += timedelta(minutes=1)
        command = getattr(self, f"_{kind}")(one, two)
        if command is not None:
            self.attempt(*command)
        self.check(two)

    def over(self) -> bool:
        """Whether enough was tried after the end."""
        self.after_the_end += 1
        return self.after_the_end > 3

    def check(self, number: int) -> None:
        """All of it, what takes long for some of the people and tasks by a number."""
        self.states_are_those_of_the_chart()
        self.counts_are_those_of_the_instances()
        self.everybody_has_what_they_are_asked()
        if self.state.status == "running":
            for instance in [i for i in self.state.instances.values() if i.status == "open"][number % 3 :: 3]:
                self.what_is_open_can_be_done(instance)
        self.nothing_sealed_is_shown(PEOPLE[number % len(PEOPLE)])

    def states_are_those_of_the_chart(self) -> None:
        active = self.state.active
        leaves = [name for name in active if self.definition.nodes[name].atomic]
        assert set(active) == set(active_with(self.definition, leaves))
        for name in active:
            node = self.definition.nodes[name]
            assert node.spec.history is None
            within = [child for child in node.spec.states if child in active]
            assert len(within) == (1 if node.compound else len(node.regions) if node.spec.parallel else 0)
        over = any(len(self.definition.nodes[s].path) == 1 and self.definition.nodes[s].spec.final for s in active)
        assert over == (self.state.status == "finished")
        if self.state.status in ("finished", "cancelled"):
            assert not self.state.pending
            assert not any(i.pending for i in self.state.instances.values())

    def counts_are_those_of_the_instances(self) -> None:
        for (_, entry), group in self.state.groups.items():
            every = [self.state.instances[name] for name in group.instances]
            statuses = Counter(instance.status for instance in every)
            counted = {"open": group.open, "done": group.done, "withdrawn": group.withdrawn, "waiting": group.waiting}
            assert counted == {status: statuses[status] for status in counted}
            assert group.overdue == sum(instance.overdue for instance in every)
            if group.waiting:
                assert group.open == 1
            for instance in every:
                stands = instance.state is None or self.state.active.get(instance.state) == entry
                assert stands or not instance.pending, instance
        for pending in self.state.pending.values():
            assert pending.instance is None or self.state.instances[pending.instance].status == "open"
            assert pending.state is None or pending.state in self.state.active

    def everybody_has_what_they_are_asked(self) -> None:
        """Who comes is looked at alone: nothing may be left that others should have been asked before."""
        if self.state.status in ("running", "suspended"):
            step = Step(self.definition, self.state, self.context(PEOPLE[0]))
            tasks = [task for state in (None, *self.state.active) for task in self.definition.tasks_of.get(state, ())]
            for task in filter(others_have_theirs, tasks):
                open_expected(step, task)
            assert step.events == []

    def what_is_open_can_be_done(self, instance: Instance) -> None:
        able = self.able(instance)
        assert bool(able) == (stranded(instance, self.state, self.definition) == "")
        if not able:
            self.for_nobody(instance)
            return
        handle, membership = able[0]
        found = self.decided(handle, c.Submit(instance.id, self.made(instance, 1), membership))
        assert not isinstance(found, SamskapError), (instance, handle, found)

    def for_nobody(self, instance: Instance) -> None:
        """A role that nobody holds, or four eyes of which there are two: `incidents` says so; else a fault."""
        task = self.definition.tasks[instance.task].spec
        holders = [m for m in self.state.memberships.values() if m.active and not m.roles.isdisjoint(instance.roles)]
        answered = {
            subject
            for other in task.not_by or ()
            for name in self.state.group(other, self.definition.tasks[other].state).instances
            for given in self.state.instances[name].submissions
            for subject in (given.subject, given.entered_by)
        }
        assert instance.membership is None, instance
        assert instance.party is None, instance
        assert instance.claimed_by is None, instance
        assert all(m.subject in answered for m in holders), instance
        self.seen["nobody may"] += 1

    def nothing_sealed_is_shown(self, handle: str) -> None:
        """What somebody sees, and what is explained to them, would be the same if hidden answers were others."""
        actor = self.actor(handle)
        view = visible(actor, self.state)
        every = [(instance, one) for instance in self.state.instances.values() for one in instance.submissions]
        for instance, one in every:
            if one.sealed_under is not None and one.sealed_under not in self.state.revealed:
                assert view.answers(instance, one) == (one.subject == actor.subject), instance
        hidden = {one.sequence for instance, one in every if not view.answers(instance, one)}
        if hidden and view.process:  # to those from outside the engine explains nothing
            self.seen["looked at by who may not see all"] += 1
            as_it_is, as_it_might_be = self.explained(actor, {}), self.explained(actor, dict.fromkeys(hidden, OTHER))
            both = zip(as_it_is, as_it_might_be, strict=True)
            assert [(one, other) for one, other in both if one != other and one[0] == other[0]] == [], handle

    def explained(self, actor: Actor, others: Mapping[int, Mapping[str, object]]) -> list[tuple[object, ...]]:
        """Everything that is explained about every action and task; first whether it is open, which everybody may see."""
        conditions = self.conditions(lambda sequence: others.get(sequence, {}) or self.answers(sequence))
        found: list[tuple[object, ...]] = []
        for choices in self.definition.actions.values():
            for choice in choices:
                told = explain_action(self.definition, self.state, conditions, actor, choice, "nb")
                found.append((told.is_open, choice.id, told.seen, told.parts, told.missing))
        for instance in self.state.instances.values():
            if instance.task in self.definition.tasks:
                told_task = explain_task(self.definition, self.state, conditions, actor, instance, "nb")
                found.append((told_task.is_complete, told_task))
        return found

    def replayed(self) -> None:
        """Done again, everything comes to the same, save where the process stayed with another version."""
        versions = {version.bundle: version for version in (self.first, self.later)}
        found = replay(acts(self.events, versions.__getitem__, self.first), self.first)
        stayed = self.state.bundle == self.first.bundle
        assert found.outcome != "differs" or not stayed, found
        self.seen[f"replayed: {found.outcome}"] += stayed
        if not stayed:
            past = replay(acts(self.events, versions.__getitem__, self.later), self.later)
            self.seen[f"replayed past a migration: {past.outcome}"] += 1
