"""Processes with something of everything in them, to be exported: who may, and what must not be read in a file."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from engine.export.source import Source, source
from engine.process import commands as c
from engine.store.people import Person, Session

CANARIES = ("kanari-i-kommentaren", "kanari-i-grunnen", "kanari-til-side", "Kanari Nordmann", "kanarifugl")
"""What persons wrote, and a person's name and handle: never to be found in a file."""


def live(world: Any, shown: str) -> None:
    """A whole process: a round that is revealed as `shown` says, a correction, a stand-in, and a round that is not."""
    comment, reason, aside, name, handle = CANARIES
    people = world.engine.people
    world.people[handle] = people.sign_in(people.token(people.add(handle, name), world.clock()), world.clock())
    world.parties()
    world.join(handle, None, "guest")
    for party, handle in (("town", "ola"), ("club", "eva")):
        world.submit(handle, f"choose.1.{party}", {"shown": shown})
    world.submit("kari", "goal.1", {"text": "et mål", "aside": aside})
    world.submit("kari", "goal.1", {"text": "et bedre mål", "aside": aside})
    world.clock.now += timedelta(hours=1)
    world.do("kari", c.Act("open"))
    world.do("kari", c.Delegate("m2", "m3", reason=reason))
    world.submit("ola", "vote.1.m2", {"score": 3, "why": comment})
    world.submit("kari", "vote.1.m3", {"score": 5, "why": comment}, "m3")
    world.do("kari", c.Grant("m2", "lead"))
    world.clock.now += timedelta(hours=1)
    world.do("kari", c.Act("again"))
    world.submit("ola", "vote.2.m2", {"score": 1, "why": comment})


@pytest.fixture
def lived(tmp_path: Path, new_world: Callable[[Path], Any]) -> Iterator[Any]:
    """A workspace with a process whose first round was revealed in the open."""
    world = new_world(tmp_path / "data")
    live(world, "open")
    yield world
    world.engine.close()


@pytest.fixture
def protected(tmp_path: Path, new_world: Callable[[Path], Any]) -> Iterator[Any]:
    """A workspace with a process whose first round was protected."""
    world = new_world(tmp_path / "data")
    live(world, "protected")
    yield world
    world.engine.close()


@pytest.fixture
def operator() -> Session:
    """The operator, acting as nobody."""
    return Session(Person("", "operator", "operator", "nb"), operator=True)


@pytest.fixture
def taken(lived: Any) -> Source:
    """The process as kari, who leads it, may take it along."""
    return source(lived.engine, lived.person("kari"), "p")


@pytest.fixture(scope="session")
def canaries() -> tuple[str, ...]:
    """What must not be found."""
    return CANARIES
