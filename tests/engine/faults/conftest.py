"""What the tests of faults share: the model that a store is compared with at their end."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from engine.engine import Engine
from engine.errors import IntegrityFault
from engine.process import events as e
from engine.store.tables import FOLDS
from engine.store.verify import verify


@dataclass(frozen=True)
class Acknowledged:
    """The answer to a command that added a party."""

    process: str
    last: int
    hash: str


@dataclass
class Model:
    """Which parties somebody tried to add, and which of them were acknowledged.

    At the end of a fault a fresh engine has to find: acknowledged ⊆ log ⊆ attempted, each once, every acknowledged event
    in its place with its hash, positions and sequences without gaps, and lists and states that are what the events
    give.
    """

    attempted: set[str] = field(default_factory=set)
    acknowledged: dict[str, Acknowledged] = field(default_factory=dict)

    def acknowledge(self, party: str, process: str, last: int, digest: str) -> None:
        """Take an answer in; the same command's second answer has to be the first."""
        answer = Acknowledged(process, last, digest)
        assert self.acknowledged.setdefault(party, answer) == answer
        self.attempted.add(party)

    def check(self, engine: Engine) -> Counter[str]:
        """Compare with what an engine finds; how often each party joined."""
        assert verify(engine.log).faults == ()
        records = list(engine.log.all())
        assert [record.position for record in records] == list(range(1, len(records) + 1))
        joined = Counter(str(r.content()[1]["party"]) for r in records if r.type == e.PartyJoined.TYPE)
        assert set(self.acknowledged) <= set(joined) <= self.attempted
        assert [party for party, times in joined.items() if times > 1] == []
        hashes = {(record.stream, record.sequence): record.hash for record in records}
        streams = {row["name"]: engine.stream(row["name"]) for row in engine.processes()}
        lost = [
            party
            for party, answer in self.acknowledged.items()
            if hashes[streams[answer.process], answer.last] != answer.hash
        ]
        assert lost == []
        before, states = projections(engine), {name: engine.load(stream).state for name, stream in streams.items()}
        engine.rebuild_worklists()  # and snapshots are gone with it
        assert projections(engine) == before
        anew = Engine(engine.log, engine.keys, clock=engine.clock)
        assert {name: anew.load(stream).state for name, stream in streams.items()} == states
        return joined


def projections(engine: Engine) -> dict[str, list[str]]:
    """Every list, in an order of its own."""
    return {name: sorted(map(str, engine.log.query(f"SELECT * FROM {name}"))) for name in FOLDS}


@pytest.fixture
def model() -> Model:
    """A model in which nothing was tried yet."""
    return Model()


@pytest.fixture
def in_quarantine() -> Callable[[Engine, Any, str], bool]:
    """Whether a process can be read and is not written to, as an engine has it."""

    def found(engine: Engine, session: Any, name: str) -> bool:
        from engine.process import commands as c  # noqa: PLC0415

        try:
            engine.handle(session, name, c.AddParty("probe", "Probe"))
        except IntegrityFault:
            return True
        return False

    return found
