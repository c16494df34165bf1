"""The engine: durable commands, guards, checking a form. Peers: bare sqlite3, bare jsonschema."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from uuid import UUID, uuid4

from eventsourcing.persistence import StoredEvent
from eventsourcing.sqlite import SQLiteApplicationRecorder, SQLiteDatastore
from jsonschema import Draft202012Validator

from benchmarks.measure import Line, growing, line, timed
from cli import play
from engine import codec
from engine.engine import Engine
from engine.form.schema import form_from_data
from engine.form.validate import Validator
from engine.process import commands as c
from engine.process.conditions import Conditions
from engine.process.state import ProcessState
from engine.template import bundle
from engine.template.sources import BUILT_IN

EXAMPLES = BUILT_IN / "examples"


DELIVERY: codec.Json = {
    "period_start": "2026-01-01",
    "period_end": "2026-01-31",
    "deliveries": [{"output_id": "course", "delivered": 3}],
}


def commands(scale: int) -> list[Line]:
    """Durable commands per second in one process that grows, each acknowledged only when it is on disk."""
    found = []
    with TemporaryDirectory() as folder:
        root = Path(folder)
        body = _Ours(root).body_of_one_command()
        for size in growing(10 * scale):
            ours = _Ours(root)
            bare = timed(lambda size=size: _bare(root / f"{uuid4().hex}.sqlite", body, size))  # type: ignore[misc]
            library = timed(lambda size=size: _library(root / f"{uuid4().hex}.sqlite", body, size))  # type: ignore[misc]
            mine = timed(lambda ours=ours, size=size: ours.handle(size), before=ours.fresh)  # type: ignore[misc]
            found += [
                line("bare sqlite3, same rows, FULL", size, bare),
                line("eventsourcing's recorder, events only", size, library, peer=bare),
                line("samskap: decide, encrypt, chain, store", size, mine, peer=bare),
            ]
    return found


class _Ours:
    """A process in a new store, as each of the peers has one."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.fresh()

    def fresh(self) -> None:
        """A new store with one process that takes repeated deliveries."""
        self.engine = Engine.open(self.root / uuid4().hex)
        self.engine.publish(bundle.read("soimpact", [BUILT_IN]))
        self.leader = play.session_of(self.engine, "kari")
        self.engine.start(self.leader, "soimpact", "process", "")

    def handle(self, size: int) -> None:
        """So many commands, one after the other."""
        for _ in range(size):
            self.engine.handle(self.leader, "process", c.Submit("delivery.1", DELIVERY))

    def body_of_one_command(self) -> bytes:
        """The stored bytes of a command's event: what the peers write too."""
        self.handle(1)
        return self.engine.log.read(self.engine.stream("process"))[-1].body


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


def guards(scale: int) -> list[Line]:
    """Guards evaluated per second over processes of more and more people, against Python's own comparison."""
    definition = bundle.read("samson", [BUILT_IN]).definition
    choice = next(choice for choice in definition.actions["preparation"] if choice.id == "open_round")
    size, found = 5_000 * scale, []
    with TemporaryDirectory() as folder:
        engine = Engine.open(Path(folder))
        engine.publish(bundle.read("samson", [BUILT_IN]))
        leader = play.session_of(engine, "kari")
        for people in growing(10):
            name = f"process-{people}"
            engine.start(leader, "samson", name, name)
            for number in range(people):
                person = engine.people.add(f"{name}-{number}", "Somebody")
                engine.handle(leader, name, c.AddMember(person.id, None, ("facilitator",)))
            state = engine.load(engine.stream(name)).state

            def ours(state: ProcessState = state) -> None:
                for _ in range(size):
                    Conditions(definition, state, lambda _: None).outcome(choice)

            peer = timed(lambda: _plain_guard(size))
            found += [
                line("plain Python, values at hand", size, peer),
                line(f"a guard over {people:,} people", size, timed(ours), peer=peer),
            ]
        engine.close()
    return found


def _plain_guard(size: int) -> None:
    values: dict[str, Any] = {
        "tasks": {"agree": {"complete": True}, "register": {"complete": True, "done": 9}},
        "vars": {"minimum_members": 2},
    }
    for _ in range(size):
        tasks = values["tasks"]
        enough = tasks["register"]["done"] >= values["vars"]["minimum_members"]
        _ = tasks["agree"]["complete"] and tasks["register"]["complete"] and enough


def forms(scale: int) -> list[Line]:
    """Sets of answers checked per second, for forms of 3, 30 and 300 questions, against bare jsonschema."""
    size, found = 20 * scale, []
    for questions in growing(3):
        form = form_from_data(_questions(questions))
        answers: dict[str, codec.Json] = dict.fromkeys(form.fields, 4)
        bare, validator = Draft202012Validator(form.schema), Validator(form)

        def peer(bare: Any = bare, answers: Any = answers) -> None:
            for _ in range(size):
                next(iter(bare.iter_errors(answers)), None)

        def ours(validator: Validator = validator, answers: Any = answers) -> None:
            for _ in range(size):
                validator.errors(answers, "nb")

        theirs = timed(peer)
        found += [
            line(f"bare jsonschema, {questions} questions", size, theirs),
            line(f"a form of {questions} questions", size, timed(ours), peer=theirs),
        ]
    return found


def _questions(number: int) -> dict[str, codec.Json]:
    """A form of so many questions with five answers and «vet ikke»."""
    choices: list[codec.Json] = [{"const": value, "title": str(value)} for value in (1, 2, 3, 4, 5, "dont_know")]
    names = [f"q{index}" for index in range(number)]
    return {
        "$id": "benchmark/form",
        "type": "object",
        "required": list(names),
        "properties": {name: {"title": name, "oneOf": choices} for name in names},
    }
