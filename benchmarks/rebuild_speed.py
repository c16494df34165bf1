"""Long processes: opened from their first event, and from their snapshot."""

from __future__ import annotations

from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import UUID, uuid4

from benchmarks.measure import Line, line, timed
from benchmarks.scale_speed import NOW, loop
from engine.engine import Engine
from engine.process import commands as c
from engine.process.access import Actor
from engine.process.decide import Context, decide
from engine.process.state import ProcessState, fold
from engine.store.log import GENESIS, Record
from engine.template import bundle
from engine.template.chart import Definition

COMMANDS_AT_ONCE = 50


def rebuild(scale: int) -> list[Line]:
    """Events a second in opening a process of 10, 1,000 and 10,000 events; at scale 10 and more of 100,000."""
    found = []
    with TemporaryDirectory() as folder:
        engine = Engine.open(Path(folder) / "data")
        engine.publish(bundle.read("loop", [loop(Path(folder))]))
        definition = engine.definition("loop")
        for size in (10, 1_000, 10_000 if scale == 1 else 100_000):
            stream = lived(engine, definition, size)
            times = max(1, 2_000 // size)

            def from_snapshot(stream: UUID = stream, times: int = times) -> None:
                for _ in range(times):
                    Engine(engine.log, engine.keys).load(stream)

            def from_the_first(stream: UUID = stream, times: int = times) -> None:
                for _ in range(times):
                    Engine(engine.log, engine.keys)._loading.whole(stream)

            whole = timed(from_the_first, repeats=3)
            kept = timed(from_snapshot, repeats=3)
            for what, timing in (("from its first event", whole), ("as it is opened", kept)):
                note = f"{timing.median / times * 1000:,.1f} ms"
                peer = None if timing is whole else whole
                found.append(line(f"a process of {size:,} events, {what}", size * times, timing, peer=peer, note=note))
        engine.close()
    return found


def lived(engine: Engine, definition: Definition, size: int) -> UUID:
    """A process with at least so many events: decided one command after the other, and stored many at once."""
    state = ProcessState(uuid4())
    acts = (c.Act("go" if number % 2 == 0 else "back") for number in range(size))
    commands = [c.Start(f"p{size}", "P", "loop"), *islice(acts, COMMANDS_AT_ONCE)]
    while state.sequence < size:
        stored: list[Record] = []
        before = state
        for command in commands:
            context = Context(Actor("s" if state.sequence else ""), "kari", NOW, "s", lambda _: None)
            decided = decide(definition, state, command, context)
            records = engine._streams.chained(decided, state.last_hash or GENESIS, "")
            after = fold(decided, state)
            assert after is not None
            after.last_hash = records[-1].hash
            stored += records
            state = after
            if state.sequence >= size:
                break
        engine.log.append(stored, rows=engine._snapshots.rows(before.sequence, state))
        commands = list(islice(acts, COMMANDS_AT_ONCE))
    return state.stream
