"""Where a process stands: its states, what is done and open and for whom, what can be chosen, and who takes part.

Made from a loaded process, so it is the same for now and for any earlier moment. It holds no answers. Titles are in
the language of whoever reads.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from cli.output import Part, Table
from engine.engine import Engine, Loaded
from engine.process.access import stood_in_for
from engine.process.explain import explain_action
from engine.process.explain_words import why_closed
from engine.process.state import Instance, Membership, ProcessState
from engine.store.people import Session
from engine.template.chart import Choice, Definition, TaskNode
from engine.template.model import Action
from engine.text import Text


@dataclass(frozen=True, slots=True)
class Open:
    """Something that is not filled in yet, and who can do it; `waiting` for its turn, or `claimed_by` somebody."""

    instance: str
    whom: str
    due: datetime | None
    overdue: bool
    waiting: bool = False
    claimed_by: str = ""


@dataclass(frozen=True, slots=True)
class TaskNow:
    """A task of an active state: how many are done of those expected, and what is open."""

    task: str
    title: str
    done: int
    expected: int
    optional: bool
    open: tuple[Open, ...]


@dataclass(frozen=True, slots=True)
class ActionNow:
    """An action of an active state: who may choose it, whether it is open, and if not, why, in sentences.

    `missing` are the paths of the answers that it lacks, as far as the reader may be told of them.
    """

    action: str
    title: str
    by: tuple[str, ...]
    open: bool
    why: str
    missing: tuple[str, ...]
    needs_reason: bool


@dataclass(frozen=True, slots=True)
class MemberNow:
    """Somebody who takes part, and in whose place they act too."""

    membership: str
    name: str
    party: str
    roles: tuple[str, ...]
    acts_for: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class LinkedNow:
    """A process that stands beside this one, or above it; `samskap link list` tells more."""

    link: str
    process: str
    element: str
    status: str


@dataclass(frozen=True, slots=True)
class Standing:
    """A process at one moment; `where` says in a line which states are active, side by side where they are parallel."""

    process: str
    title: str
    template: str
    version: str
    status: str
    sequence: int
    at: datetime | None
    states: tuple[str, ...]
    state_titles: tuple[str, ...]
    where: str
    counters: Mapping[str, int]
    tasks: tuple[TaskNow, ...]
    actions: tuple[ActionNow, ...]
    members: tuple[MemberNow, ...]
    parties: Mapping[str, str]
    links: tuple[LinkedNow, ...]


def standing(engine: Engine, session: Session, loaded: Loaded, language: str) -> Standing:
    """Where the process stands in `loaded`, without what follows from answers that are hidden from the session.

    Whether somebody may see it at all is for the caller to ask first.
    """
    return _Reader(engine, session, loaded, language).standing()


class _Reader:
    def __init__(self, engine: Engine, session: Session, loaded: Loaded, language: str) -> None:
        self.engine = engine
        self.state: ProcessState = loaded.state
        self.definition: Definition = loaded.definition
        self.states = tuple(sorted(loaded.state.active, key=loaded.definition.order.__getitem__))
        self.language = language
        self.conditions = engine.conditions(session, loaded)
        self.actor = engine.actor(session, loaded.state)
        self.names = engine.names(loaded.state)

    def standing(self) -> Standing:
        state, running = self.state, self.state.status == "running"
        return Standing(
            process=state.name,
            title=state.title,
            template=state.template,
            version=state.version,
            status=state.status,
            sequence=state.sequence,
            at=state.recorded_at,
            states=self.states,
            state_titles=tuple(map(self._title, self.states)),
            where=self._where(None) or state.status,
            counters=dict(state.counters),
            tasks=tuple(self._tasks()) if running else (),
            actions=tuple(self._actions()) if running else (),
            members=tuple(self._member(m) for m in state.memberships.values() if m.active),
            parties={party.id: party.title for party in state.parties.values()},
            links=tuple(self._links()),
        )

    def _links(self) -> Iterator[LinkedNow]:
        for parent in self.state.parents.values():
            yield LinkedNow(parent.link, parent.name, "", "above")
        for one in self.state.links.values():
            yield LinkedNow(one.link, one.name, one.element or "", one.status)

    def _where(self, parent: str | None) -> str:
        """The active states below one, a level after the other: regions of a parallel state side by side."""
        here = [name for name in self.states if self.definition.nodes[name].parent == parent]
        told = [" › ".join(filter(None, (self._title(name), self._where(name)))) for name in here]
        return told[0] if len(told) == 1 else f"({' | '.join(told)})" if told else ""

    def _title(self, state: str) -> str:
        return self._told(self.definition.nodes[state].spec.title)

    def _tasks(self) -> Iterator[TaskNow]:
        for state in [None, *self.state.active]:
            for task in self.definition.tasks_of.get(state, ()):
                yield self._task(task)

    def _task(self, task: TaskNode) -> TaskNow:
        group = self.state.group(task.id, task.state)
        instances = [self.state.instances[name] for name in group.instances]
        still = tuple(
            Open(i.id, self._whom(i), i.due, i.overdue, i.status == "waiting", self._claimed(i))
            for i in instances
            if i.pending
        )
        title = self._told(task.spec.title)
        return TaskNow(task.id, title, group.done, group.expected, task.spec.optional, still)

    def _whom(self, instance: Instance) -> str:
        alone = instance.membership or instance.claimed_by
        if alone:
            return self._name(self.state.memberships[alone])
        if instance.party:
            return self.state.parties[instance.party].title
        return ", ".join(self._role(role) for role in instance.roles)

    def _claimed(self, instance: Instance) -> str:
        return self._name(self.state.memberships[instance.claimed_by]) if instance.claimed_by else ""

    def _actions(self) -> Iterator[ActionNow]:
        seen: set[str] = set()
        for state in reversed(list(self.state.active)):  # the innermost state's action is the one that is taken
            for choice in self.definition.actions[state]:
                if choice.id not in seen:
                    seen.add(choice.id)
                    yield self._action(choice, self.definition.nodes[state].spec.actions[choice.id])

    def _action(self, choice: Choice, action: Action) -> ActionNow:
        found = explain_action(
            self.definition, self.state, self.conditions, self.actor, choice, self.language, self.names
        )
        return ActionNow(
            action=choice.id,
            title=found.title,
            by=found.who,
            open=found.is_open,
            why=" ".join(why_closed(found, self.language, self.names)),
            missing=found.missing,
            needs_reason=action.reason == "required",
        )

    def _member(self, membership: Membership) -> MemberNow:
        party = self.state.parties[membership.party].title if membership.party else ""
        roles = tuple(self._role(role) for role in sorted(membership.roles))
        others = tuple(self._name(one) for one in stood_in_for([membership], self.state))
        return MemberNow(membership.id, self._name(membership), party, roles, others)

    def _name(self, membership: Membership) -> str:
        person = self.engine.people.get(membership.person) if membership.person else None
        return person.name if person else membership.id

    def _role(self, role: str) -> str:
        return self._told(self.definition.template.roles[role].title)

    def _told(self, text: Text) -> str:
        return text.get(self.language)


def parts(now: Standing, local: Callable[[datetime | None], str]) -> list[Part]:
    """A standing for people."""
    counted = "".join(f", {name} {value}" for name, value in now.counters.items())
    told: list[Part] = [
        f"{now.title} ({now.process}): {now.where}{counted}",
        f"{now.template} {now.version}, {now.status}; event {now.sequence}, {local(now.at)}",
    ]
    if now.tasks:
        rows = [(t.task, t.title, _progress(t), _open(t, local)) for t in now.tasks]
        told += ["", Table(("Task", "What", "Done", "Open"), rows)]
    if now.actions:
        actions = [(a.action, a.title, " / ".join(a.by), _openness(a), _why(a)) for a in now.actions]
        told += ["", Table(("Action", "What", "Who", "", "Why"), actions)]
    if now.links:
        links = [(one.link, one.process, one.element, one.status) for one in now.links]
        told += ["", Table(("Link", "Process", "For", "Stands"), links)]
    members = [(m.membership, m.name, m.party, ", ".join(m.roles), ", ".join(m.acts_for)) for m in now.members]
    return [*told, "", Table(("Member", "Name", "Party", "Roles", "Acts for"), members)]


def _progress(task: TaskNow) -> str:
    return f"{task.done} of {task.expected}" + (" (optional)" if task.optional else "")


def _open(task: TaskNow, local: Callable[[datetime | None], str]) -> str:
    def told(found: Open) -> str:
        due = f", {'overdue since' if found.overdue else 'due'} {local(found.due)}" if found.due else ""
        stands = (
            ", waits for its turn" if found.waiting else f", taken on by {found.claimed_by}" if found.claimed_by else ""
        )
        return f"{found.whom} ({found.instance}{stands}{due})"

    return "; ".join(told(found) for found in task.open)


def _openness(action: ActionNow) -> str:
    return "open" if action.open else "closed"


def _why(action: ActionNow) -> str:
    if action.open:
        return "needs --reason" if action.needs_reason else ""
    return action.why
