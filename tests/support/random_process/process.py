"""One process on the pure core: what is tried is decided twice, changes nothing where it is refused, and agrees with `may`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from itertools import count
from typing import Any
from uuid import UUID

import msgspec

from engine.errors import AnswersInvalid, Conflict, NotAllowed, NotFound, Refused, SamskapError
from engine.guards import GuardFault
from engine.process import commands as c
from engine.process import events as e
from engine.process.accepting import closed, over_their_head, subject_of
from engine.process.access import Actor, Deed, ToChoose, ToCorrect, ToManage, ToMigrate, ToSubmit, may
from engine.process.conditions import Conditions
from engine.process.decide import Context, decide
from engine.process.decide.answering import as_read
from engine.process.state import ProcessState, evolve, fold, thawed
from engine.template.chart import Definition
from engine.template.plan import Plan

AT = datetime(2026, 3, 2, 9, tzinfo=UTC)
PEOPLE = ("kari", "ola", "eva", "per", "gro")


REFUSALS = (Refused, NotFound, Conflict, AnswersInvalid, NotAllowed)
"""How commands are refused; beside these, whoever chooses an action is told where its condition cannot be evaluated."""


class Process:
    """One process on the pure core. `seen` counts what came about, so that a run can say what it has reached."""

    def __init__(self, first: Definition, later: Definition, plan: Mapping[str, Any], seen: Counter[str]) -> None:
        self.definitions = {first.bundle: first, later.bundle: later}
        self.first, self.later, self.plan = first, later, Plan.model_validate(plan)
        self.state = ProcessState(UUID(int=1))
        self.events: list[e.Event] = []
        self.now = AT
        self.seen = seen
        self.commands = count(1)
        self.after_the_end = 0
        self.attempt("kari", c.Start("p", "P", "t"))
        for party in ("town", "club"):
            self.attempt("kari", c.AddParty(party, party))
        self.attempt("kari", c.AddMember("ola", "town", ("member",)))
        self.attempt("kari", c.AddMember("eva", "club", ("member",)))

    @property
    def definition(self) -> Definition:
        return self.definitions[self.state.bundle] if self.state.bundle else self.first

    def actor(self, handle: str) -> Actor:
        return Actor(self.state.subject_of(handle) or "")

    def answers(self, sequence: int) -> Mapping[str, object] | None:
        """As the engine gives them: None while they are sealed."""
        event = self.events[sequence - 1]
        assert isinstance(event.payload, e.FormSubmitted)
        sealed = event.payload.sealed_under
        if sealed is not None and sealed not in self.state.revealed:
            return None
        return as_read(event, self.state, self.definitions.__getitem__)

    def context(self, handle: str) -> Context:
        return Context(
            actor=self.actor(handle),
            person=handle,
            at=self.now,
            new_subject=f"subject{len(self.events)}",
            answers=self.answers,
            definitions=self.definitions.__getitem__,
            earlier=lambda sequence: fold(self.events[:sequence]) or self.state,
        )

    def conditions(self, answers: Callable[[int], Mapping[str, object] | None] | None = None) -> Conditions:
        return Conditions(self.definition, self.state, answers or self.answers)

    # -- one act --------------------------------------------------------------------------------------------------------

    def attempt(self, handle: str, command: c.Command) -> SamskapError | None:
        """Try a command: decided alike twice, and nothing changed before it is accepted."""
        before, untouched = self.state, thawed(self.state)
        decided, refused = self.decided(handle, command), None
        assert told(self.decided(handle, command)) == told(decided)
        assert before == untouched
        if isinstance(decided, SamskapError):
            refused = decided
            assert isinstance(refused, REFUSALS) or (isinstance(command, c.Act) and isinstance(refused, GuardFault)), (
                refused
            )
            assert "goes round in a circle" not in refused.message, refused
        self.check_access(handle, command, refused)
        if isinstance(decided, SamskapError):
            self.seen[f"refused: {decided.code}"] += 1
            return decided
        number = str(next(self.commands))
        events = [msgspec.structs.replace(event, command_id=number) for event in decided]
        stepwise = before
        for event in events:
            self.asked_anew(event, stepwise)
            stepwise = evolve(stepwise, event)
            self.seen[event.type] += 1
        self.events += events
        self.state = fold(events, before) or before
        assert self.state == stepwise
        return None

    def decided(self, handle: str, command: c.Command) -> list[e.Event] | SamskapError:
        try:
            return decide(self.definition, self.state, command, self.context(handle))
        except SamskapError as error:
            return error

    def asked_anew(self, event: e.Event, before: ProcessState) -> None:
        """A state that is entered, and not one that goes on, has nothing of its tasks yet."""
        entered = event.payload
        if isinstance(entered, e.StateEntered) and entered.since is None:
            tasks = self.definitions[event.bundle_hash or self.first.bundle].tasks_of.get(entered.state, ())
            assert not any((task.id, entered.entry) in before.groups for task in tasks), entered
            self.seen["entered after a migration"] += before.bundle == self.later.bundle

    def check_access(self, handle: str, command: c.Command, refused: SamskapError | None) -> None:
        """`may` says no more and no less than `decide` does."""
        deeds = list(self.deeds(handle, command))
        if not deeds:
            return
        allowed = any(may(self.actor(handle), deed, self.state, self.definition).allowed for deed in deeds)
        if refused is None:
            assert allowed, (handle, command)
        if refused is not None and refused.code == NotAllowed.code and allowed:
            assert isinstance(command, c.Submit), (handle, command, refused.message)
            assert self.is_anothers(handle, command), (handle, command, refused.message)

    def is_anothers(self, handle: str, command: c.Submit) -> bool:
        """Whether what was answered already is somebody else's to put right, as explanations say too."""
        instance, actor = self.state.instances[command.instance], self.actor(handle)
        verdict = may(actor, ToSubmit(instance, command.membership), self.state, self.definition)
        task = self.definition.tasks[instance.task]
        why = closed(self.state, instance, task, subject_of(verdict, actor))
        return over_their_head(verdict, instance) or (why is not None and why.key == "answered by another")

    def deeds(self, handle: str, command: c.Command) -> Iterator[Deed]:  # noqa: C901 (one a kind of command)
        """The deeds one of which a command needs; none where it is about oneself, or about nothing."""
        match command:
            case c.Submit(instance=name, membership=membership) if name in self.state.instances:
                instance = self.state.instances[name]
                if instance.task in self.definition.tasks:
                    yield ToSubmit(instance, membership)
                    spec = self.definition.tasks[instance.task].spec
                    if instance.submissions and spec.correct_by and not spec.repeatable:
                        yield ToCorrect(instance)
            case c.Act(action=action):
                choice = self.conditions().chosen(action)
                if choice is not None:
                    yield ToChoose(choice, self.definition.nodes[choice.state].spec.actions[action].by)
            case c.Migrate() | c.UndoMigration():
                yield ToMigrate()
            case c.EndMembership(membership=name) | c.EndDelegation(membership=name) | c.HandOver(membership=name):
                known = self.state.memberships.get(name)
                if known is not None and known.active and known.subject != self.actor(handle).subject:
                    yield ToManage()
            case c.Release(instance=name) if name in self.state.instances:
                claimed = self.state.instances[name].claimed_by
                if claimed and self.state.memberships[claimed].subject != self.actor(handle).subject:
                    yield ToManage()
            case c.Claim(instance=name, membership=None) if name in self.state.instances:
                yield ToSubmit(self.state.instances[name])
            case (
                c.AddParty() | c.AddMember() | c.Invite() | c.WithdrawInvitation() | c.Grant() | c.Revoke() | c.StepBack() | c.Retry()
                | c.Resolve() | c.Suspend() | c.Resume() | c.Cancel() | c.Backfill()
            ):  # fmt: skip
                yield ToManage()


def told(decided: list[e.Event] | SamskapError) -> object:
    """Something that can be compared."""
    return (decided.code, decided.message) if isinstance(decided, SamskapError) else decided
