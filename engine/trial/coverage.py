"""What was tried of a template: its states, tasks and transitions, and of its conditions what they were seen to say.

A `Watched` definition is the template's own, with conditions that keep count each time the engine asks them. Nothing
is asked for the sake of counting, so that covered means: it has decided something, or somebody expected it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property
from typing import Literal, TypeAlias

from engine.diagram.life import life
from engine.diagram.tried import Tried
from engine.guards import UNKNOWN, Guard, GuardFault, Outcome
from engine.guards.evaluate import Environment
from engine.process import events as e
from engine.process.state import ProcessState
from engine.template.chart import Choice, Definition, TaskNode
from engine.template.model import Action, Auto

Kind: TypeAlias = Literal["state", "task", "action", "auto", "deadline", "condition"]
Said: TypeAlias = Literal["true", "false", "unknown", "fault"]

KINDS: Mapping[Kind, str] = {
    "state": "states",
    "task": "tasks",
    "action": "actions",
    "auto": "automatic steps",
    "deadline": "deadlines",
    "condition": "conditions, both ways",
}


@dataclass(frozen=True, slots=True)
class WatchedGuard(Guard):
    """A guard that keeps count of what it says."""

    said: Counter[Said] = field(default_factory=Counter, repr=False, compare=False)

    def evaluate(self, env: Environment) -> Outcome:
        """As any guard."""
        try:
            outcome = Guard.evaluate(self, env)
        except GuardFault:
            self.said["fault"] += 1
            raise
        self.said["unknown" if outcome.value is UNKNOWN else "true" if outcome.value is True else "false"] += 1
        return outcome


@dataclass(frozen=True)
class Watched(Definition):
    """A definition whose conditions are counted, by `key`, in `said`."""

    said: dict[str, Counter[Said]] = field(default_factory=dict)

    @classmethod
    def of(cls, definition: Definition, said: dict[str, Counter[Said]]) -> Watched:
        """The same definition, watched."""
        return cls(definition.template, definition.forms, definition.bundle, definition.file, said)

    def _watch(self, key: str, guard: Guard | None) -> Guard | None:
        if guard is None:
            return None
        counter = self.said.setdefault(key, Counter())
        return WatchedGuard(guard.text, guard.place, guard.tree, guard.paths, guard.run, counter)

    def _watched(self, choice: Choice) -> Choice:
        return replace(choice, guard=self._watch(key(choice), choice.guard))

    @cached_property
    def actions(self) -> Mapping[str, tuple[Choice, ...]]:
        """As of any definition."""
        return {state: tuple(map(self._watched, found)) for state, found in super().actions.items()}

    @cached_property
    def autos(self) -> Mapping[str, tuple[Choice, ...]]:
        """As of any definition."""
        return {state: tuple(map(self._watched, found)) for state, found in super().autos.items()}

    @cached_property
    def deadlines(self) -> Mapping[str, Mapping[str, Choice]]:
        """As of any definition."""
        return {
            state: {name: self._watched(choice) for name, choice in found.items()}
            for state, found in super().deadlines.items()
        }

    @cached_property
    def tasks(self) -> Mapping[str, TaskNode]:
        """As of any definition."""
        return {
            name: replace(task, rule=self._watch(f"{name}.complete", task.rule)) for name, task in super().tasks.items()
        }


def key(choice: Choice) -> str:
    """A transition's id, unique in its template: that of its arrow in a picture."""
    match choice.spec:
        case Action():
            kind = "action"
        case Auto():
            kind = "auto"
        case _:
            kind = "deadline"
    return f"{choice.state}.{kind}.{choice.id}"


@dataclass(frozen=True, slots=True)
class Item:
    """Something of a template that can be tried, and how often it was.

    Of a condition `text` is how it is written, `said` what it said, and it is covered when it was true and false;
    `may_be_unknown` is whether it reads answers, and so can be unknown.
    """

    kind: Kind
    id: str
    count: int
    text: str = ""
    said: Mapping[Said, int] = field(default_factory=dict)
    may_be_unknown: bool = False

    @property
    def covered(self) -> bool:
        """Whether it was tried."""
        if self.kind == "condition":
            return bool(self.said.get("true") and self.said.get("false"))
        return self.count > 0


@dataclass(frozen=True)
class Coverage:
    """What was tried of a definition so far; `add` counts a process, `watched` the conditions by itself."""

    definition: Definition
    entered: Counter[str] = field(default_factory=Counter)
    taken: Counter[str] = field(default_factory=Counter)
    answered: Counter[str] = field(default_factory=Counter)
    said: dict[str, Counter[Said]] = field(default_factory=dict)

    @cached_property
    def watched(self) -> Watched:
        """The definition to try, so that its conditions are counted."""
        return Watched.of(self.definition, self.said)

    def add(self, state: ProcessState, events: Iterable[e.Event], at: datetime) -> None:
        """Count what happened in a process, up to `at`."""
        every = list(events)
        lived = life(state, every, at)
        self.entered.update(lived.entries)
        keys = {(choice.state, choice.id): key(choice) for choice in self._choices()}
        self.taken.update({keys[taken]: count for taken, count in lived.taken.items() if taken in keys})
        given = [event.payload for event in every if isinstance(event.payload, e.FormSubmitted)]
        self.answered.update(submission.task for submission in given)

    def items(self) -> list[Item]:
        """Everything that can be tried, in document order: states, tasks, transitions, conditions."""
        d = self.definition
        nodes = [node for node in d.nodes.values() if node.spec.history is None]
        found = [Item("state", node.id, self.entered[node.id]) for node in nodes]
        found += [Item("task", name, self.answered[name]) for name in d.tasks]
        choices = list(self._choices())
        for kind in ("action", "auto", "deadline"):
            found += [Item(kind, _told(c), self.taken[key(c)]) for c in choices if f".{kind}." in key(c)]
        found += [self._condition(_told(c), key(c), c.guard) for c in choices if c.guard is not None]
        rules = [(f"{task.id} (complete)", f"{task.id}.complete", task.rule) for task in d.tasks.values()]
        return [*found, *(self._condition(name, where, rule) for name, where, rule in rules if rule is not None)]

    def tried(self) -> Tried:
        """The same for a picture."""
        items = self.items()
        reading = {key(c) for c in self._choices() if c.guard and _reads_answers(c.guard)}
        covered = sum(item.covered for item in items)
        version = self.definition.template.version
        conditions = {key(c): _plain(self.said.get(key(c), {})) for c in self._choices() if c.guard is not None}
        return Tried(version, covered, len(items), self.entered, self.taken, conditions, frozenset(reading))

    def _condition(self, name: str, where: str, guard: Guard) -> Item:
        said = self.said.get(where, Counter())
        return Item("condition", name, sum(said.values()), guard.text, dict(said), _reads_answers(guard))

    def _choices(self) -> Iterable[Choice]:
        d = self.definition
        for state in d.nodes:
            yield from (*d.actions[state], *d.autos[state], *d.deadlines[state].values())


def _plain(said: Mapping[Said, int]) -> dict[str, int]:
    return {str(word): count for word, count in said.items()}


def _reads_answers(guard: Guard) -> bool:
    """Whether a condition may be unknown: it depends on what people answer."""
    return any(path[0] == "answers" or (path[0] == "links" and path[2:3] == ("answers",)) for path in guard.paths)


def _told(choice: Choice) -> str:
    """A transition for people: its state and name; an automatic one is called after where it leads."""
    return f"{choice.state} → {choice.to}" if isinstance(choice.spec, Auto) else f"{choice.state}.{choice.id}"
