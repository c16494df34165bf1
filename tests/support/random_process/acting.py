"""What people do in a random life: anybody, anything, and not always well."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from hypothesis import strategies as st

from engine.errors import Place
from engine.guards import parse
from engine.process import commands as c
from engine.process import events as e
from engine.process.access import ToChoose, ToSubmit, may
from engine.process.conditions import counting
from engine.process.state import Instance, ProcessState
from engine.process.stranded import stranded
from random_process.forms import answers_for
from random_process.process import PEOPLE, Process

ACTS = (
    *["do"] * 9, *["act"] * 4, *["submit"] * 2, "correct", "correct", "act_by_any", "join", "join", "add", "leave", "grant", "revoke",
    "delegate", "end_delegation", "hand_over", "claim", "release", "tick", "tick", "tick", "tick", "suspend", "resume", "resume", "cancel", "back",
    "retry", "resolve", "backfill", "migrate", "undo",
)  # fmt: skip
STEPS = st.lists(st.integers(0, 2**22 - 1), min_size=15, max_size=40)
"""Each number is an act with two numbers of its own: one draw a step, as a life has many."""


def acts_of(steps: Sequence[int]) -> Iterator[tuple[str, int, int]]:
    for step in steps:
        rest, kind = divmod(step, len(ACTS))
        two, one = divmod(rest, 331)
        yield ACTS[kind], one, two


class Acting(Process):
    """A process in which people act; each `_` method is an act of `ACTS`, by two numbers of its own."""

    def pick(self, options: Any, number: int) -> Any:
        found = list(options)
        return found[number % len(found)] if found else None

    def able(self, instance: Instance) -> list[tuple[str, str | None]]:
        """Who may fill an instance in, and as or for which membership."""
        return [
            (handle, membership)
            for handle in PEOPLE
            for membership in [None, *self.state.memberships]
            if may(self.actor(handle), ToSubmit(instance, membership), self.state, self.definition).allowed
        ]

    def _do(self, one: int, two: int) -> Any:
        """Somebody does what lies on their list."""
        waits = [i for i in self.state.instances.values() if i.status == "open"]
        instance = self.pick([i for i in waits if not stranded(i, self.state, self.definition)], one)
        if instance is None:
            return None
        handle, membership = self.pick(self.able(instance), two)
        return handle, c.Submit(instance.id, self.made(instance, one + two), membership)

    def made(self, instance: Instance, number: int) -> Any:
        return answers_for(self.definition.tasks[instance.task].spec.form, number)

    def _submit(self, one: int, two: int) -> Any:
        """Anybody answers anything, again or for others, and not always well."""
        instance = self.pick(self.state.instances.values(), one)
        if instance is None or instance.task not in self.definition.tasks:
            return None
        membership = self.pick([None, None, *self.state.memberships], two)
        given = self.made(instance, two) if two % 10 else {"wrong": 1}
        return self.pick(PEOPLE, one + two), c.Submit(instance.id, given, membership, "r" if two % 3 else "")

    def _correct(self, one: int, two: int) -> Any:
        """Whoever answered, or led the process, answers anew."""
        given = [(i, i.submissions[-1]) for i in self.state.instances.values() if i.submissions]
        instance, last = self.pick(given, one) or (None, None)
        if instance is None or instance.task not in self.definition.tasks:
            return None
        author = next(h for h in PEOPLE if self.actor(h).subject == last.entered_by)
        handle = self.pick((author, author, "kari"), two)
        return handle, c.Submit(instance.id, self.made(instance, two), None, "r" if handle != author else "")

    def _act(self, one: int, two: int) -> Any:
        """Somebody who may chooses an action of an active state."""
        choices = [choice for state in self.state.active for choice in self.definition.actions[state]]
        choice = self.pick(choices, one)
        if choice is None:
            return None
        spec = self.definition.nodes[choice.state].spec.actions[choice.id]
        deed = ToChoose(choice, spec.by)
        able = [h for h in PEOPLE if may(self.actor(h), deed, self.state, self.definition).allowed]
        if not able:
            return None
        return self.pick(able, two), c.Act(choice.id, "r" if spec.reason == "required" else "")

    def _act_by_any(self, one: int, two: int) -> Any:
        every = [choice.id for choices in self.definition.actions.values() for choice in choices]
        return (self.pick(PEOPLE, two), c.Act(self.pick(every, one))) if every else None

    def _join(self, one: int, two: int) -> Any:
        token = f"token{one}-{two}-{len(self.events)}"
        role = self.pick(("member", "helper", "lead"), two)
        party = self.pick(("town", "club"), one) if role == "member" else None
        self.attempt("kari", c.Invite(token, party, (role,), self.now + timedelta(days=30)))
        if one % 5 == 0:
            self.attempt(self.pick(PEOPLE, two), c.WithdrawInvitation(token))
        return self.pick(PEOPLE, one), c.Join(token)

    def _add(self, one: int, two: int) -> Any:
        role = self.pick(("member", "helper"), two)
        return self.pick(PEOPLE, two), c.AddMember(self.pick(PEOPLE, one), self.pick(("town", "club"), one), (role,))

    def _leave(self, one: int, two: int) -> Any:
        return self.pick(PEOPLE, two), c.EndMembership(self.pick(self.state.memberships, one), "")

    def _grant(self, one: int, two: int) -> Any:
        return "kari", c.Grant(self.pick(self.state.memberships, one), self.pick(("lead", "member", "helper"), two))

    def _revoke(self, one: int, two: int) -> Any:
        return "kari", c.Revoke(self.pick(self.state.memberships, one), self.pick(("lead", "member", "helper"), two))

    def _delegate(self, one: int, two: int) -> Any:
        until = self.now + timedelta(days=5) if one % 2 else None
        membership, to = self.pick(self.state.memberships.values(), one), self.pick(self.state.memberships, two)
        owner = next(h for h in PEOPLE if self.actor(h).subject == membership.subject)
        return self.pick(("kari", owner, owner, *PEOPLE), one + two), c.Delegate(membership.id, to, until)

    def _end_delegation(self, one: int, two: int) -> Any:
        away = [m.id for m in self.state.memberships.values() if m.delegate]
        return (self.pick(PEOPLE, two), c.EndDelegation(self.pick(away, one))) if away else None

    def _hand_over(self, one: int, two: int) -> Any:
        membership = self.pick(self.state.memberships.values(), one)
        role = self.pick(sorted(membership.roles), one)
        if role is None:
            return None
        return self.pick(("kari", *PEOPLE), two), c.HandOver(
            membership.id, self.pick(self.state.memberships, two), role
        )

    def _claim(self, one: int, two: int) -> Any:
        shared = [i.id for i in self.state.instances.values() if i.status == "open" and not i.element]
        given = self.pick([None, None, *self.state.memberships], two)
        return (self.pick(PEOPLE, one + two), c.Claim(self.pick(shared, one), given)) if shared else None

    def _release(self, one: int, two: int) -> Any:
        claimed = [i.id for i in self.state.instances.values() if i.claimed_by]
        return (self.pick(PEOPLE, two), c.Release(self.pick(claimed, one))) if claimed else None

    def _tick(self, one: int, _: int) -> Any:
        self.now += timedelta(days=one % 15)
        return "", c.Tick()

    def _suspend(self, one: int, _: int) -> Any:
        return self.pick(("kari", "kari", "ola"), one), c.Suspend("r")

    def _resume(self, one: int, _: int) -> Any:
        return self.pick(PEOPLE[:2], one), c.Resume()

    def _cancel(self, one: int, two: int) -> Any:
        return (self.pick(PEOPLE[:2], two), c.Cancel("r")) if one % 8 == 0 else None

    def _back(self, one: int, two: int) -> Any:
        return self.pick(("kari", "ola"), two % 5), c.StepBack(self.pick(self.state.entries, one), "r")

    def _retry(self, one: int, _: int) -> Any:
        failed = [i.id for i in self.state.incidents.values() if i.is_open]
        return ("kari", c.Retry(self.pick(failed, one))) if failed else None

    def _resolve(self, one: int, two: int) -> Any:
        failed = [i.id for i in self.state.incidents.values() if i.is_open]
        return (self.pick(PEOPLE[:2], two), c.Resolve(self.pick(failed, one), "r")) if failed else None

    def _backfill(self, one: int, two: int) -> Any:
        task = self.pick(self.definition.tasks.values(), one)
        if task is None:
            return None
        element = {"membership": ".m2", "party": ".town", None: ""}.get(task.spec.each, ".r1")
        return self.pick(("kari", "kari", "ola"), two), c.Backfill(
            f"{task.id}.0{element}", answers_for(task.spec.form, two), date(2026, 1, 1), "r"
        )

    # -- migration ------------------------------------------------------------------------------------------------------

    def _migrate(self, one: int, two: int) -> Any:
        if self.state.bundle == self.later.bundle:
            return None
        before, read = self.state, self.read_answers()
        active, held = dict(before.active), len(self.events)
        if self.attempt(self.pick(("kari", "kari", "ola"), two), c.Migrate(self.later.bundle, "r", self.plan)) is None:
            self.kept(before, read)
            if one % 2 == 0:
                self.taken_back(before, active, held)
        return None

    def _undo(self, _: int, __: int) -> Any:
        return "kari", c.UndoMigration("r")

    def read_answers(self) -> dict[str, Any]:
        """What conditions read of every task whose state is active."""
        return {
            task.id: self.conditions().value(parse(f"answers.{task.id}", Place("")), None)
            for task in self.definition.tasks.values()
            if task.state is None or task.state in self.state.active
        }

    def kept(self, before: ProcessState, read: Mapping[str, Any]) -> None:
        """Every answer is still there, and still counts where its task is still asked."""
        assert before.instances.keys() <= self.state.instances.keys()
        after = {one.sequence for instance in self.state.instances.values() for one in counting(instance)}
        assert {one.sequence for i in before.instances.values() for one in counting(i)} <= after
        moved = [ev.payload for ev in self.events[before.sequence :] if isinstance(ev.payload, e.ProcessMigrated)]
        entered = {ev.payload.state for ev in self.events[before.sequence :] if isinstance(ev.payload, e.StateEntered)}
        if len(moved) != 1 or entered - set(moved[0].states.values()):
            return  # what followed by itself has led on
        now = self.read_answers()
        for task, answers in read.items():
            named = self.plan.tasks.get(task, task)
            if named in now:
                self.seen["answers compared"] += 1
                assert now[named] == answers, (task, named)

    def taken_back(self, before: ProcessState, active: Mapping[str, int], held: int) -> None:
        """Undone, the process is as it was."""
        if self.attempt("kari", c.UndoMigration("r")) is not None:
            return
        self.seen["migration taken back"] += 1
        assert (self.state.active, self.state.bundle) == (active, before.bundle)
        assert self.state.counters == before.counters
        assert self.state.entries == before.entries
        assert {m.id: m.roles for m in self.state.memberships.values()} == {
            m.id: m.roles for m in before.memberships.values()
        }
        assert {p.id: p.due for p in self.state.pending.values()} == {p.id: p.due for p in before.pending.values()}
        for name, instance in before.instances.items():
            was = (instance.status, instance.roles, instance.state, instance.overdue, counting(instance))
            now = self.state.instances[name]
            if instance.task in self.definition.tasks:  # else it is by the name of an earlier move
                assert (now.status, now.roles, now.state, now.overdue, counting(now)) == was, name
        assert held < len(self.events)
