"""A process of ten tasks, one after the other, each with a form of two questions: what the peers run, too."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import psycopg
from eventsourcing.application import Application
from eventsourcing.domain import Aggregate, event

from cli import play
from engine import codec
from engine.engine import Engine
from engine.process import commands as c
from engine.store.group import Write
from engine.store.keys import KeyFolder
from engine.store.log import Log, Record, Row
from engine.store.postgres import portable
from engine.store.sqlite import SqliteLog
from engine.store.tables import INDEXES, TABLES
from engine.template import bundle

TASKS = 10
ANSWERS: codec.Json = {"score": 4, "comment": "It went as we had agreed."}

FORM = """
$schema: https://json-schema.org/draft/2020-12/schema
$id: ten/answer
title: Svar
type: object
required: [score]
properties:
  score:
    title: Hvordan gikk det?
    oneOf: [{const: 1, title: Dårlig}, {const: 2, title: Så som så}, {const: 3, title: Greit}, {const: 4, title: Bra}]
  comment: {title: Fortell, type: string, maxLength: 2000}
"""


def template(folder: Path) -> Path:
    """The template and its form, written into a folder."""

    def title(text: str) -> str:
        return f"title: {{nb: {text}, nn: {text}, en: {text}}}"

    following = [*(f"state_{number}" for number in range(2, TASKS + 1)), "over"]
    states = "".join(
        f"  state_{number}:\n    {title(f'State {number}')}\n"
        f"    tasks: {{task_{number}: {{{title(f'Task {number}')}, form: answer, by: lead}}}}\n"
        f"    auto: [{{to: {then}, when: tasks.task_{number}.complete}}]\n"
        for number, then in enumerate(following, 1)
    )
    (folder / "processes").mkdir(parents=True)
    (folder / "forms" / "ten").mkdir(parents=True)
    (folder / "forms" / "ten" / "answer.yaml").write_text(FORM, encoding="utf-8")
    (folder / "processes" / "ten.yaml").write_text(
        f"template: ten\nversion: 1.0.0\n{title('Ten')}\nroles: {{lead: {{{title('Lead')}}}}}\nstarter: lead\n"
        f"initial: state_1\nstates:\n{states}  over: {{{title('Over')}, final: true}}\n",
        encoding="utf-8",
    )
    return folder


class Ours:
    """Processes of ten tasks in samskap, over a store of their own, or over a log that is given."""

    def __init__(self, folder: Path, store_url: str | None = None, log: Log | None = None) -> None:
        data = folder / "data"
        opened = Engine(log, KeyFolder(data / "keys")) if log is not None else Engine.open(data, store_url=store_url)
        self.engine = opened
        if not (folder / "config").exists():
            self.engine.publish(bundle.read("ten", [template(folder / "config")]))
        self.leader = play.session_of(self.engine, "kari")

    def run(self, process: str) -> None:
        """Start one and answer its tasks; each is on disk when the next begins."""
        self.engine.start(self.leader, "ten", process, process)
        for number in range(1, TASKS + 1):
            self.engine.handle(self.leader, process, c.Submit(f"task_{number}.1", ANSWERS))


class Noting(SqliteLog):
    """A log that notes what it stores, commit by commit."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.noted: list[Write] = []

    def _write(self, records: Sequence[Record], rows: Sequence[Row], at: int | None = None) -> None:
        super()._write(records, rows, at)
        self.noted.append(Write(records, rows))


def recorded(folder: Path, processes: Iterable[str]) -> dict[str, list[Write]]:
    """What samskap stores for each process, commit by commit."""
    log = Noting(folder / "log.sqlite")
    ours = Ours(folder, log=log)
    found: dict[str, list[Write]] = {}
    for process in processes:
        log.noted = found[process] = []
        ours.run(process)
    ours.engine.close()
    return found


class OfThreads(threading.local):
    """A connection for each thread, made when it first asks; closed when the thread is gone."""

    def __init__(self, connect: Callable[[], Any]) -> None:
        self.connection = connect()


def in_threads(run: Callable[[str], object], names: Sequence[str], writers: int) -> None:
    """Run every process with so many threads."""
    with ThreadPoolExecutor(writers) as threads:
        list(threads.map(run, names))


# -- bare: the same rows, commit by commit, with nothing around them -------------------------------------------------


@dataclass
class BareSqlite:
    """The rows of processes written by sqlite3 alone, with full sync; a connection for each writer."""

    path: Path
    writes: dict[str, list[Write]]

    def __post_init__(self) -> None:
        with closing(self._connected()) as store:
            store.execute("PRAGMA journal_mode=WAL")
            store.execute(
                "CREATE TABLE stored_events (rowid INTEGER PRIMARY KEY AUTOINCREMENT, originator_id TEXT NOT NULL,"
                " originator_version INTEGER NOT NULL, topic TEXT NOT NULL, state BLOB NOT NULL,"
                " UNIQUE (originator_id, originator_version))"
            )
            for statement in (*TABLES.values(), *INDEXES):
                store.execute(statement)
        self.mine = OfThreads(self._connected)

    def _connected(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self.path, timeout=60, isolation_level=None)
        connection.execute("PRAGMA synchronous=FULL")
        return connection

    def run(self, process: str) -> None:
        """Write the rows of one process."""
        store = self.mine.connection
        for write in self.writes[process]:
            store.execute("BEGIN IMMEDIATE")
            for record in write.records:
                store.execute(
                    "INSERT INTO stored_events (originator_id, originator_version, topic, state) VALUES (?,?,?,?)",
                    (record.stream.hex, record.sequence, record.type, record.body),
                )
            for statement, values in write.rows:
                store.execute(statement, tuple(values))
            store.execute("COMMIT")


@dataclass
class BarePostgres:
    """The rows of processes written by psycopg alone, in a pipeline; a connection for each writer, and no lock."""

    url: str
    writes: dict[str, list[Write]]

    def __post_init__(self) -> None:
        """Positions come from the column itself here: nobody waits for another's commit."""
        with psycopg.connect(self.url, autocommit=True) as store:
            store.execute(b"ALTER TABLE samskap.event ALTER COLUMN position ADD GENERATED ALWAYS AS IDENTITY")
        self.mine = OfThreads(self._connected)

    def _connected(self) -> psycopg.Connection[tuple[object, ...]]:
        connection = psycopg.connect(self.url, autocommit=True)
        connection.execute(b"SET search_path TO samskap")
        return connection

    def run(self, process: str) -> None:
        """Write the rows of one process."""
        store = self.mine.connection
        for write in self.writes[process]:
            with store.transaction(), store.pipeline():
                for record in write.records:
                    store.execute(
                        b"INSERT INTO event (stream, sequence, type, body) VALUES (%s,%s,%s,%s)",
                        (record.stream, record.sequence, record.type, record.body),
                    )
                for statement, values in write.rows:
                    store.execute(portable(statement), tuple(values))


# -- eventsourcing alone -----------------------------------------------------------------------------------------------


class Process(Aggregate):
    """A process of ten tasks as an aggregate: nobody is asked who they are, and no form is checked."""

    @event("Started")
    def __init__(self, name: str) -> None:
        self.name = name
        self.answers: dict[int, object] = {}

    @event("Answered")
    def answer(self, task: int, answers: object) -> None:
        """What was answered to a task."""
        self.answers[task] = answers


class Library:
    """The same process in `eventsourcing` alone, over its own SQLite recorder."""

    def __init__(self, path: Path) -> None:
        self.application: Application[UUID] = Application(
            {
                "PERSISTENCE_MODULE": "eventsourcing.sqlite",
                "SQLITE_DBNAME": str(path),
                "SQLITE_LOCK_TIMEOUT": "60",
                "POOL_SIZE": "20",
            }
        )

    def run(self, process: str) -> None:
        """Start one and answer its tasks, each read, changed and saved."""
        begun = Process(f"{process}-{uuid4().hex}")
        self.application.save(begun)
        for number in range(1, TASKS + 1):
            found: Process = self.application.repository.get(begun.id)
            found.answer(number, ANSWERS)
            self.application.save(found)
