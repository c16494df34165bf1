"""The engine: durable commands, rebuilding a process, guards, checking a form. Peers: bare sqlite3, bare jsonschema."""

from __future__ import annotations

import sqlite3
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from uuid import UUID, uuid4

from eventsourcing.persistence import StoredEvent
from eventsourcing.sqlite import SQLiteApplicationRecorder, SQLiteDatastore
from jsonschema import Draft202012Validator

from benchmarks.measure import Line, line, timed
from cli import play
from engine import codec
from engine.engine import Engine
from engine.errors import Place
from engine.form.validate import Validator
from engine.guards import parse
from engine.process import commands as c
from engine.template import bundle
from engine.template.sources import BUILT_IN

EXAMPLES = BUILT_IN / "examples"


def _process(engine: Engine, name: str) -> Any:
    """A SoImpact process that takes repeated deliveries, and its leader."""
    leader = play.session_of(engine, "kari")
    engine.start(leader, "soimpact", name, name)
    return leader


DELIVERY: codec.Json = {
    "period_start": "2026-01-01",
    "period_end": "2026-01-31",
    "deliveries": [{"output_id": "course", "delivered": 3}],
}


def commands(scale: int) -> list[Line]:
    """Durable commands per second, each acknowledged only when it is on disk."""
    size = 100 * scale
    with TemporaryDirectory() as folder:
        root = Path(folder)
        engine = Engine.open(root / "data")
        engine.publish(bundle.read("soimpact", [BUILT_IN]))
        names = (f"process-{number}" for number in count())
        current: dict[str, Any] = {}

        def fresh() -> None:
            current["name"] = next(names)
            current["leader"] = _process(engine, current["name"])

        def ours() -> None:
            for _ in range(size):
                engine.handle(current["leader"], current["name"], c.Submit("delivery.1", DELIVERY))

        rows = _rows_of_one_command(engine, fresh, current)
        bare = timed(lambda: _bare(root / f"{uuid4().hex}.sqlite", rows, size))
        library = timed(lambda: _library(root / f"{uuid4().hex}.sqlite", rows, size))
        mine = timed(ours, before=fresh)
        engine.close()
    return [
        line("bare sqlite3, same rows, FULL", size, bare),
        line("eventsourcing's recorder, events only", size, library, peer=bare),
        line("samskap: decide, encrypt, chain, store", size, mine, peer=bare, note="one process, which grows"),
    ]


def _rows_of_one_command(engine: Engine, fresh: Any, current: dict[str, Any]) -> bytes:
    """The stored bytes of a command's event: what the peers write too."""
    fresh()
    engine.handle(current["leader"], current["name"], c.Submit("delivery.1", DELIVERY))
    return engine.log.read(engine.stream(current["name"]))[-1].body


def _bare(path: Path, body: bytes, size: int) -> None:
    connection = sqlite3.connect(path, isolation_level=None)
    connection.executescript(
        "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"
        "CREATE TABLE event (position INTEGER PRIMARY KEY AUTOINCREMENT, stream TEXT, version INTEGER, topic TEXT,"
        " state BLOB, UNIQUE (stream, version));"
        "CREATE TABLE head (stream TEXT PRIMARY KEY, sequence INTEGER, hash TEXT);"
        "CREATE TABLE command (stream TEXT, actor TEXT, key TEXT, fingerprint TEXT, answer BLOB,"
        " PRIMARY KEY (stream, actor, key)) WITHOUT ROWID"
    )
    stream = uuid4().hex
    for number in range(size):
        connection.execute("BEGIN")
        connection.execute(
            "INSERT INTO event (stream, version, topic, state) VALUES (?,?,?,?)",
            (stream, number, "form.submitted", body),
        )
        connection.execute("INSERT OR REPLACE INTO head VALUES (?,?,?)", (stream, number, "0" * 64))
        connection.execute(
            "INSERT INTO command VALUES (?,?,?,?,?)", (stream, "a" * 64, str(number), "b" * 64, b"{}" * 100)
        )
        connection.execute("COMMIT")
    connection.close()


def _library(path: Path, body: bytes, size: int) -> None:
    store = SQLiteDatastore(str(path), single_row_tracking=True)
    recorder = SQLiteApplicationRecorder(store)
    recorder.create_table()
    stream = UUID(uuid4().hex)
    for number in range(size):
        recorder.insert_events([StoredEvent(stream, number, "form.submitted", body)])
    store.close()


def rebuild(scale: int) -> list[Line]:
    """Processes rebuilt from their stored bytes per second, by how many events they have."""
    found = []
    with TemporaryDirectory() as folder:
        engine = Engine.open(Path(folder))
        engine.publish(bundle.read("samson", [BUILT_IN]))
        leader = play.session_of(engine, "kari")
        for events in (10, 100, 1000) if scale > 1 else (10, 1000):
            name = f"process-{events}"
            engine.start(leader, "samson", name, name)
            begun = len(engine.log.read(engine.stream(name)))
            for number in range(events - begun):
                engine.handle(leader, name, c.AddParty(f"party_{number}", "Party"))
            stream = engine.stream(name)
            loads = max(1, 2000 // events)

            def load(stream: UUID = stream, loads: int = loads) -> None:
                for _ in range(loads):
                    engine.load(stream, until=10**9)  # from the first event on: what is kept folded is not asked

            timing = timed(load)
            note = f"{events * loads / timing.median:,.0f} events/s"
            found.append(line(f"a process of {events} events", loads, timing, note=note))
        engine.close()
    return found


def guards(scale: int) -> list[Line]:
    """Guards evaluated per second, against Python's own evaluation of the same comparison."""
    guard = parse("tasks.agree.complete and tasks.register.done >= vars.minimum_members", Place("benchmark"))
    values: dict[str, Any] = {
        "tasks": {"agree": {"complete": True}, "register": {"done": 9}},
        "vars": {"minimum_members": 2},
    }
    size = 10_000 * scale

    def ours() -> None:
        for _ in range(size):
            guard.evaluate(values)

    def python() -> None:
        for _ in range(size):
            tasks = values["tasks"]
            _ = tasks["agree"]["complete"] and tasks["register"]["done"] >= values["vars"]["minimum_members"]

    peer = timed(python)
    return [line("plain Python", size, peer), line("a guard, three-valued", size, timed(ours), peer=peer)]


def forms(scale: int) -> list[Line]:
    """Sets of 27 answers checked per second, against bare jsonschema."""
    form = bundle.read("samson", [BUILT_IN]).definition.forms["answers"]
    answers: dict[str, codec.Json] = {name: 4 for name, field in form.fields.items() if field.score}
    bare = Draft202012Validator(form.schema)
    validator = Validator(form)
    size = 50 * scale

    def peer() -> None:
        for _ in range(size):
            next(iter(bare.iter_errors(answers)), None)

    def ours() -> None:
        for _ in range(size):
            validator.errors(answers, "nb")

    found = timed(peer)
    return [line("bare jsonschema", size, found), line("a form", size, timed(ours), peer=found)]
