"""What is to be drawn: the boxes and arrows of a chart with their texts in one language, and no places yet.

Made from a definition, and for a process from its `Life`. Everything that somebody typed is cleaned here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Literal, TypeAlias
from zoneinfo import ZoneInfo

from engine.diagram.life import Life
from engine.diagram.words import clean, elapsed, say, span, times
from engine.template.chart import Choice, Definition, LinkNode, Node, TaskNode
from engine.template.in_words import told
from engine.template.model import Action, AtLeast, Auto, Deadline, Share

Kind: TypeAlias = Literal["state", "parallel", "region", "final", "shallow", "deep"]
"""What a box is; a region is a state right within a parallel one."""
Standing: TypeAlias = Literal["plain", "active", "past", "never"]
"""How a box stands: `plain` in a template, where nothing has happened."""
ArrowKind: TypeAlias = Literal["action", "auto", "deadline", "default"]
"""Who takes a transition: a person, a condition, time; `default` leads from a history state where nothing is known."""


@dataclass(frozen=True, slots=True)
class Todo:
    """A task: its title, and the particulars below it; or what is started there, by who chooses it or by itself."""

    id: str
    title: str
    note: str
    kind: Literal["task", "action", "auto"] = "task"


@dataclass(frozen=True, slots=True)
class Arrow:
    """A transition. `count` is how often it was taken, None in a template; `id` is unique in the picture."""

    id: str
    kind: ArrowKind
    source: str
    target: str
    title: str
    note: str
    condition: str
    count: int | None

    @property
    def taken(self) -> bool:
        """Whether a process has gone this way."""
        return bool(self.count)


@dataclass(frozen=True, slots=True)
class Box:
    """A state with what is in it. `note` says how often it was entered and how long it took."""

    id: str
    kind: Kind
    title: str
    description: str
    is_initial: bool
    standing: Standing
    badge: str
    note: str
    tasks: tuple[Todo, ...]
    arrows: tuple[Arrow, ...]
    boxes: tuple[Box, ...]

    def walk(self) -> Iterator[Box]:
        """The box and everything in it, in document order."""
        yield self
        for box in self.boxes:
            yield from box.walk()


@dataclass(frozen=True, slots=True)
class Picture:
    """A whole chart. `tasks` are those of every state; `of_process` is whether it is more than a template.

    `of_trial` is whether what is counted was played to try the template out, where times say nothing.
    """

    id: str
    language: str
    title: str
    subtitle: str
    description: str
    of_process: bool
    tasks: tuple[Todo, ...]
    boxes: tuple[Box, ...]
    of_trial: bool = False

    def walk(self) -> Iterator[Box]:
        """Every box, in document order."""
        for box in self.boxes:
            yield from box.walk()

    @property
    def arrows(self) -> tuple[Arrow, ...]:
        """Every arrow, in document order of its source."""
        return tuple(arrow for box in self.walk() for arrow in box.arrows)


def picture(definition: Definition, language: str, life: Life | None = None) -> Picture:
    """What is to be drawn of a template, or with a `life` of a process."""
    return _Reader(definition, language, life).picture()


class _Reader:
    def __init__(self, definition: Definition, language: str, life: Life | None) -> None:
        self.definition = definition
        self.language = language
        self.life = life

    def picture(self) -> Picture:
        template, life = self.definition.template, self.life
        name = clean(template.title.get(self.language))
        subtitle = f"{template.template} {template.version}"
        if life is not None:
            status = say(life.status, self.language)
            at = f"{life.at.astimezone(ZoneInfo(template.calendar.zone)):%Y-%m-%d %H:%M}"
            subtitle = say("process", self.language, template=name, version=life.version, status=status, at=at)
        return Picture(
            id=clean(life.name if life else template.template),
            language=self.language,
            title=clean(life.title) if life else name,
            subtitle=subtitle,
            description=clean(template.description.get(self.language)) if template.description and not life else "",
            of_process=life is not None,
            tasks=tuple(self._tasks(None)),
            boxes=self._boxes(template.states, template.initial),
        )

    def _boxes(self, names: Iterable[str], initial: str | None) -> tuple[Box, ...]:
        return tuple(self._box(self.definition.nodes[name], name == initial) for name in names)

    def _box(self, node: Node, is_initial: bool) -> Box:
        spec = node.spec
        kind = self._kind(node)
        return Box(
            id=node.id,
            kind=kind,
            title=clean(spec.title.get(self.language)),
            description=clean(spec.description.get(self.language)) if spec.description else "",
            is_initial=is_initial,
            standing=self._standing(node.id),
            badge=self._badge(node.id, kind),
            note=self._note(node.id, kind),
            tasks=tuple(self._tasks(node.id)),
            arrows=tuple(self._arrows(node)),
            boxes=self._boxes(spec.states, None if spec.parallel else spec.initial),
        )

    def _kind(self, node: Node) -> Kind:
        if node.spec.history is not None:
            return node.spec.history
        if node.spec.final:
            return "final"
        if node.spec.parallel:
            return "parallel"
        around = self.definition.nodes[node.parent].spec if node.parent else None
        return "region" if around and around.parallel else "state"

    # -- how a process stands ---------------------------------------------------------------------------------------

    def _standing(self, state: str) -> Standing:
        if self.life is None:
            return "plain"
        if state in self.life.active and self.life.status != "cancelled":
            return "active"
        return "past" if self.life.entries.get(state) else "never"

    def _badge(self, state: str, kind: Kind) -> str:
        if self._standing(state) != "active":
            return ""
        return say("reached" if kind == "final" else "now", self.language)

    def _note(self, state: str, kind: Kind) -> str:
        """How often it was entered and how long that took; of a parallel state, that its regions go together."""
        said = [say("parallel", self.language)] if kind == "parallel" else []
        if self.life is not None and (entries := self.life.entries.get(state)):
            said.append(times(entries, self.language))
            if kind != "final":
                time = elapsed(self.life.took.get(state, timedelta()), self.language)
                goes_on = self._standing(state) == "active" and self.life.status in ("running", "suspended")
                said.append(say("so far", self.language, time=time) if goes_on else time)
            if back := self.life.back.get(state):
                said.append(say("went back", self.language, count=back))
        return " · ".join(said)

    # -- tasks and transitions --------------------------------------------------------------------------------------

    def _tasks(self, state: str | None) -> Iterator[Todo]:
        for task in self.definition.tasks_of.get(state, ()):
            title = clean(task.spec.title.get(self.language))
            yield Todo(task.id, title, " · ".join(self._particulars(task)))
        for link in self.definition.links.values():
            if link.state == state:
                yield self._started(link)

    def _started(self, link: LinkNode) -> Todo:
        """A process that is started in the state: by who chooses that, or by itself."""
        started = say("starts", self.language, what=clean(link.spec.template))
        each = list(self._each(link.spec.each, link.list_of))
        if link.action is None:
            note = " · ".join([say("starts by itself", self.language), *each])
            return Todo(link.id, started, note, "auto")
        action = self.definition.nodes[link.state].spec.actions[link.action]
        note = " · ".join([self._roles(action.by), *self._barred(action.not_by), started, *each])
        return Todo(link.id, clean(action.title.get(self.language)), note, "action")

    def _particulars(self, task: TaskNode) -> Iterator[str]:
        spec = task.spec
        yield self._roles(spec.by)
        yield from self._each(spec.each, task.list_of)
        if spec.order == "sequential":
            yield say("sequential", self.language)
        yield from self._barred(spec.not_by)
        if spec.each is not None and spec.complete != "all":
            yield self._enough(spec.complete)
        for said in ("sealed", "optional", "repeatable"):
            if getattr(spec, said):
                yield say(said, self.language)
        if spec.due is not None:
            yield say("due", self.language, what=span(spec.due, self.language))
        done, expected = self.life.tasks.get(task.id, (0, 0)) if self.life else (0, 0)
        if expected and not spec.repeatable:
            yield say("done", self.language, done=done, expected=expected)

    def _each(self, each: str | None, list_of: tuple[str, str] | None) -> Iterator[str]:
        """For whom, or for what, there is one each."""
        if list_of is not None:
            title = clean(self.definition.tasks[list_of[0]].spec.title.get(self.language))
            yield say("each row", self.language, what=title)
        elif each is not None:
            yield say(f"each {each}", self.language)

    def _barred(self, tasks: Iterable[str] | None) -> Iterator[str]:
        """Whom four eyes keep from it."""
        for task in tasks or ():
            title = clean(self.definition.tasks[task].spec.title.get(self.language))
            yield say("not by", self.language, task=title)

    def _enough(self, rule: AtLeast | Share | str) -> str:
        """When a task for several is complete before all have answered."""
        match rule:
            case AtLeast(at_least=number):
                return say("enough", self.language, what=str(number))
            case Share(share=share):
                return say("enough", self.language, what=f"{(Decimal(share) * 100).normalize():f} %")
            case "any":
                return say("enough", self.language, what=say("one", self.language))
        return say("enough when", self.language, what=clean(told(str(rule), self.definition, self.language)))

    def _roles(self, roles: Iterable[str]) -> str:
        return ", ".join(clean(self.definition.template.roles[role].title.get(self.language)) for role in roles)

    def _arrows(self, node: Node) -> Iterator[Arrow]:
        if node.spec.history is not None:
            yield Arrow(f"{node.id}.default", "default", node.id, node.initial, "", "", "", None)
        for choice in self.definition.autos[node.id]:
            yield self._arrow(choice)
        for choice in self.definition.actions[node.id]:
            if choice.to is not None:
                yield self._arrow(choice)
        for choice in self.definition.deadlines[node.id].values():
            yield self._arrow(choice)

    def _arrow(self, choice: Choice) -> Arrow:
        spec = choice.spec
        notes: list[str] = []
        match spec:
            case Action():
                kind: ArrowKind = "action"
                title = clean(spec.title.get(self.language))
                notes += [self._roles(spec.by), *self._barred(spec.not_by)]
                if spec.reason == "required":
                    notes.append(say("reason", self.language))
            case Auto():
                kind, title = "auto", say("by itself", self.language)
            case Deadline():
                kind, title = "deadline", clean(spec.title.get(self.language))
                notes.append(say("after", self.language, what=span(spec.after, self.language)))
        condition = clean(told(spec.when, self.definition, self.language)) if spec.when else ""
        return Arrow(
            id=f"{choice.state}.{kind}.{choice.id}",
            kind=kind,
            source=choice.state,
            target=choice.to or choice.state,
            title=title,
            note=" · ".join(notes),
            condition=say("when", self.language, what=condition) if condition else "",
            count=self.life.taken.get((choice.state, choice.id), 0) if self.life else None,
        )
