"""Where scenarios are played: the real engine over a log of its own in a folder that is thrown away.

Its clock stands until somebody moves it. People are made up as they are named; one person may hold several memberships.
"""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from uuid import UUID
from zoneinfo import ZoneInfo

from engine.engine import Engine, Loaded
from engine.errors import ConfigError, NotFound
from engine.process.conditions import Conditions
from engine.process.state import Instance, Linked, Membership
from engine.store.people import Session
from engine.template.bundle import Bundle
from engine.template.chart import Definition, TaskNode
from engine.trial.coverage import Coverage, Watched
from engine.trial.scenario import Part


class Unclear(ConfigError):
    """A step that names several at once: a mistake of the scenario, and no refusal that it may wait for."""


class Hands:
    """A clock that is set; times are UTC."""

    def __init__(self) -> None:
        self.now = datetime(2026, 1, 1, tzinfo=UTC)

    def __call__(self) -> datetime:
        """The time that was set."""
        return self.now


class Stage:
    """One process and the people in it, by handle."""

    def __init__(self, engine: Engine, clock: Hands, process: str, starter: str) -> None:
        self.engine = engine
        self.clock = clock
        self.process = process
        self.starter = starter
        self.random = Random(process)  # noqa: S311 (made-up answers, the same each time)
        self.parts: dict[str, list[Part]] = defaultdict(list)

    # -- people -----------------------------------------------------------------------------------------------------

    def session(self, handle: str) -> Session:
        """Somebody signed in."""
        return Session(self.engine.people.find(handle))

    def memberships(self, handle: str) -> list[Membership]:
        """The memberships that a person holds now, in the order of joining."""
        person = self.engine.people.find(handle)
        return [m for m in self.loaded.state.memberships.values() if m.active and m.person == person.id]

    # -- the process ------------------------------------------------------------------------------------------------

    @property
    def loaded(self) -> Loaded:
        """The process as it is now."""
        return self.engine.load(self.engine.stream(self.process))

    @property
    def definition(self) -> Definition:
        """The template, ready to run."""
        return self.loaded.definition

    @property
    def zone(self) -> ZoneInfo:
        """Where days begin and end."""
        return ZoneInfo(self.definition.template.calendar.zone)

    @property
    def conditions(self) -> Conditions:
        """What conditions see now, all that is not sealed."""
        return self.engine.conditions(None, self.loaded)

    def linked(self, name: str) -> Linked:
        """The linked process that is meant by a link, or by a link and an element: the last one that was asked for.

        Raises `Unclear` for a link alone of which there are processes for several elements.
        """
        link, _, element = name.partition(".")
        found = [one for one in self.loaded.state.links.values() if one.link == link and element in ("", one.element)]
        if not found:
            raise NotFound(f"no process is linked as “{name}” now", hint="Let something start it first.")
        elements = list(dict.fromkeys(one.element for one in found))
        if len(elements) > 1:
            known = ", ".join(f"{link}.{one}" for one in elements if one is not None)
            raise Unclear(f"“{name}” may mean several linked processes", hint=f"Write one of them: {known}.")
        return found[-1]

    def inside(self, name: str) -> Stage:
        """The stage of a linked process."""
        child = self.engine.load(UUID(self.linked(name).child))
        return Stage(self.engine, self.clock, child.state.name, self.starter)

    def instances(self, name: str) -> list[Instance]:
        """The instances that a name means: itself, or those of a task's latest entry."""
        state = self.loaded.state
        if name in state.instances:
            return [state.instances[name]]
        task: TaskNode | None = self.definition.tasks.get(name)
        return [state.instances[one] for one in state.group(task.id, task.state).instances] if task else []

    def instance_for(self, name: str, memberships: Sequence[Membership]) -> str:
        """The instance that a person means by a task: one of their own, what is open first; else the name itself."""

        def is_theirs(instance: Instance) -> bool:
            own = [m for m in memberships if instance.membership in (None, m.id) and instance.party in (None, m.party)]
            return bool(own) or not memberships

        mine = [instance for instance in self.instances(name) if is_theirs(instance)]
        order = {"open": 0, "waiting": 1, "done": 2, "withdrawn": 3}
        return min(mine, key=lambda instance: order[instance.status]).id if mine else name


_MEMORY = Path("/dev/shm")  # noqa: S108 (each run has a folder of its own in it)
"""Where files lie in memory, on systems that have it: nothing of a trial has to outlive it."""


@contextmanager
def opened(bundle: Bundle, linked: Iterable[Bundle], coverage: Coverage) -> Iterator[tuple[Engine, Hands]]:
    """An engine in which the bundle is published, and those linked with it, over a log that is gone afterwards.

    It counts what the conditions of the bundle say.
    """
    clock = Hands()

    def watched(definition: Definition) -> Definition:
        return Watched.of(definition, coverage.said) if definition.bundle == bundle.hash else definition

    in_memory = _MEMORY if os.access(_MEMORY, os.W_OK) else None
    with TemporaryDirectory(prefix="samskap-", dir=in_memory) as folder:
        engine = Engine.open(Path(folder), clock=clock, prepare=watched)
        try:
            for one in (bundle, *linked):
                engine.publish(one)
            yield engine, clock
        finally:
            engine.close()
