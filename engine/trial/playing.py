"""One process in memory, with made-up people: what any of them could do now, and what comes of it.

It is the pure `decide` over events in a list, with a clock that moves to what is due: no log, no keys, a thousand moves
a second. Which of the moves is made is for others to choose.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final, Literal, TypeAlias
from uuid import UUID

from engine.codec import Json
from engine.errors import Conflict, NotFound, Refused
from engine.process import commands as c
from engine.process import events as e
from engine.process.accepting import closed, is_active, over_their_head, subject_of
from engine.process.access import Actor, ToChoose, ToSubmit, may
from engine.process.conditions import Conditions
from engine.process.decide import Context, decide
from engine.process.state import Instance, ProcessState, fold
from engine.template.chart import Choice, Definition, LinkNode
from engine.trial.coverage import key

Kind: TypeAlias = Literal["submit", "again", "act", "tick", "link", "join", "leave"]

ESSENTIAL: Final = frozenset({"submit", "act", "tick", "link"})
"""What the process itself is waiting for; else somebody may put an answer right, or come, or go, and it waits still."""

_STREAM: Final = UUID(int=1)


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody made up: a role, held for a party or not."""

    handle: str
    role: str
    party: str | None = None


@dataclass(frozen=True, slots=True)
class Option:
    """Something that can be done now, and who would do it (None: time, or a linked process).

    `what` is the task, action, deadline, role or link; `place` the instance, membership or child.
    """

    kind: Kind
    what: str
    who: str | None = None
    place: str = ""


@dataclass(frozen=True, slots=True)
class Move:
    """Something that was done: the option, and the commands that it became; without any it is time that passes.

    `whose` is the person whose membership the commands name, so that they hold too where others joined before.
    """

    option: Option
    commands: tuple[c.Command, ...] = ()
    whose: str | None = None


class Play:
    """A process as it stands, and all that has happened in it."""

    def __init__(self, definition: Definition, people: Sequence[Person], begin: datetime) -> None:
        self.definition = definition
        self.now = begin
        self.state = ProcessState(_STREAM)
        self.events: list[e.Event] = []
        self.starter = people[0].handle

    def begin(self, people: Sequence[Person]) -> None:
        """Start the process, by the first of the people, and take the others in."""
        self._do(self.starter, c.Start("made-up", "Made up", self.definition.template.template))
        for person in people[1:]:
            for command in self.joining(person):
                self._do(self.starter, command)

    # -- doing ------------------------------------------------------------------------------------------------------

    def make(self, move: Move) -> None:
        """Make a move; raise `Refused` or what else the engine raises, with nothing changed."""
        before = (self.now, self.state, len(self.events))
        try:
            if move.option.kind == "tick":
                self.now = max(self.now, min(one.due for one in self.state.pending.values()))
                self._do(None, c.Tick())
            for command in move.commands:
                self._do(move.option.who, command)
        except Exception:
            self.now, self.state, length = before
            del self.events[length:]
            raise

    def joining(self, person: Person) -> tuple[c.Command, ...]:
        """The commands by which somebody takes part."""
        member = c.AddMember(person.handle, person.party, (person.role,))
        if person.party is None or person.party in self.state.parties:
            return (member,)
        return (c.AddParty(person.party, person.party), member)

    def _do(self, who: str | None, command: c.Command) -> None:
        subject = (self.state.subject_of(who) or "") if who else ""
        fresh = f"s{len(self.state.memberships) + 1}"
        context = Context(Actor(subject), who or "", self.now, fresh, self.answers)
        decided = decide(self.definition, self.state, command, context)
        self.events += decided
        self.state = fold(decided, self.state) or self.state

    def answers(self, sequence: int) -> Mapping[str, object] | None:
        """The answers of an event."""
        payload = self.events[sequence - 1].payload
        return payload.answers if isinstance(payload, e.FormSubmitted | e.LinkEnded) else None

    # -- what there is to do ------------------------------------------------------------------------------------------

    @property
    def conditions(self) -> Conditions:
        """What conditions see now."""
        return Conditions(self.definition, self.state, self.answers)

    @property
    def place(self) -> tuple[str, ...]:
        """The active states that have none within them, in document order."""
        nodes, order = self.definition.nodes, self.definition.order
        return tuple(sorted((s for s in self.state.active if nodes[s].atomic), key=order.__getitem__))

    def options(self) -> list[Option]:
        """Everything that somebody, or time, could do now, save coming and going."""
        if self.state.status != "running":
            return []
        found = [*self._tasks(), *self._actions(), *self._links()]
        if self.state.pending:
            first = min(self.state.pending.values(), key=lambda pending: (pending.due, pending.id))
            found.append(Option("tick", _named(first.id)))
        return found

    def _tasks(self) -> Iterator[Option]:
        for instance in self.state.instances.values():
            if not is_active(self.state, instance) or instance.status == "withdrawn":
                continue
            task = self.definition.tasks[instance.task]
            first = instance.status == "open"
            if not first and not task.spec.repeatable and not task.spec.correctable:
                continue
            for handle in self.handles():
                if self._may_submit(handle, instance):
                    yield Option("submit" if first else "again", instance.task, handle, instance.id)

    def _may_submit(self, handle: str, instance: Instance) -> bool:
        actor = Actor(self.state.subject_of(handle) or "")
        verdict = may(actor, ToSubmit(instance), self.state, self.definition)
        if not verdict.allowed:
            return False
        task = self.definition.tasks[instance.task]
        no = closed(self.state, instance, task, subject_of(verdict, actor))
        return no is None and not over_their_head(verdict, instance)

    def _actions(self) -> Iterator[Option]:
        conditions = self.conditions
        for choice in self.choices():
            if conditions.attempt(choice)[0].value is True:
                for handle in self.able(choice):
                    yield Option("act", choice.id, handle, key(choice))

    def choices(self) -> list[Choice]:
        """The actions of active states, open or not; the innermost of each name."""
        found: dict[str, Choice] = {}
        for state in reversed(list(self.state.active)):
            for choice in self.definition.actions[state]:
                found.setdefault(choice.id, choice)
        return list(found.values())

    def able(self, choice: Choice) -> list[str]:
        """Who may choose an action."""
        deed = ToChoose(choice, choice.spec.by)  # type: ignore[union-attr]  # an action's choice has an action
        subjects = {handle: self.state.subject_of(handle) or "" for handle in self.handles()}
        return [
            handle
            for handle, subject in subjects.items()
            if may(Actor(subject), deed, self.state, self.definition).allowed
        ]

    def _links(self) -> Iterator[Option]:
        for linked in self.state.links.values():
            if linked.is_open:
                yield Option("link", linked.link, None, linked.child)

    def handles(self) -> list[str]:
        """Everybody who takes part now."""
        return list(dict.fromkeys(m.person for m in self.state.memberships.values() if m.active and m.person))

    # -- options become moves -----------------------------------------------------------------------------------------

    def submitting(self, option: Option, answers: Json) -> Move:
        """The move that gives answers."""
        element = self.state.instances[option.place].membership
        whose = self.state.memberships[element].person if element else None
        return Move(option, (c.Submit(option.place, answers),), whose)

    def acting(self, option: Option) -> Move:
        """The move that chooses an action, with a reason where one is needed."""
        choice = next(choice for choice in self.choices() if choice.id == option.what)
        needs = getattr(choice.spec, "reason", None) == "required"
        return Move(option, (c.Act(option.what, "Made up" if needs else ""),))

    def leaving(self, option: Option) -> Move:
        """The move by which somebody takes part no more, of their own accord."""
        return Move(option, (c.EndMembership(option.place, ""),), option.who)

    def ending(self, option: Option, how: Literal["finished", "cancelled"], answers: dict[str, Json]) -> Move:
        """The move by which a linked process has ended, as its parent hears it."""
        linked = self.state.links[option.place]
        begun = c.LinkBegun(linked.child, linked.link, linked.link, linked.template, "0.0.0")
        over = c.LinkOver(linked.child, how, None, answers)
        return Move(option, (begun, over) if linked.status == "opened" else (over,))

    def link_of(self, option: Option) -> LinkNode:
        """The link whose process an option ends."""
        return self.definition.links[option.what]


def played(
    definition: Definition, people: Sequence[Person], begin: datetime, moves: Sequence[Move]
) -> tuple[Play, list[Move]]:
    """A process in which these moves were made, and those of them that could be: what is refused is left out.

    The people may be others than those among whom the moves were made.
    """
    play, made = Play(definition, people, begin), list[Move]()
    play.begin(people)
    for move in moves:
        if move.option.kind == "tick" and not play.state.pending:
            continue
        try:
            renamed = _renamed(move, play)
            play.make(renamed)
        except (Refused, NotFound, Conflict):
            continue
        made.append(renamed)
    return play, made


def _renamed(move: Move, play: Play) -> Move:
    """The move with the membership that its person holds here."""
    held = next((m.id for m in play.state.memberships.values() if m.person == move.whose), None)
    if move.whose is None or held is None:
        return move
    commands = tuple(
        replace(one, instance=".".join([*one.instance.split(".")[:2], held]))
        if isinstance(one, c.Submit)
        else replace(one, membership=held)
        if isinstance(one, c.EndMembership)
        else one
        for one in move.commands
    )
    return replace(move, commands=commands)


def _named(pending: str) -> str:
    """What of the template is due: the task or the deadline, without which instance."""
    kind, _, name = pending.partition(":")
    return f"{kind} {name.partition('.')[0] if kind != 'state' else name.rpartition(':')[2]}"
