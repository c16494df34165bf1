"""The engine at scale: one person's list among many processes, transitions in memory, migrations, lint, and disk."""

from __future__ import annotations

import re
import shutil
import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from time import process_time
from uuid import UUID, uuid4

import yaml

from benchmarks.measure import Line, growing, line, timed
from cli import play
from engine import migration
from engine.engine import Engine
from engine.process import commands as c
from engine.process.access import Actor
from engine.process.decide import Context, decide
from engine.process.state import ProcessState, fold
from engine.store import worklists
from engine.store.people import Person, Session
from engine.template import bundle
from engine.template.plan import Plan
from engine.template.sources import BUILT_IN

OPERATOR = Session(Person("", "operator", "operator", "en"), operator=True)
NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)


def lists(scale: int) -> list[Line]:
    """The open tasks of one person who takes part in twenty processes among many; at scale 100 among a million."""
    found = []
    for size in growing(100 * scale if scale > 1 else 1_000):
        with TemporaryDirectory() as folder:
            engine = Engine.open(Path(folder))
            me = engine.people.fingerprint("me")
            with closing(sqlite3.connect(Path(folder) / "events.sqlite")) as store, store:
                _seed(store, size, me)
            repeats = 20
            timing = timed(lambda: [worklists.open_tasks(engine.log, me) for _ in range(repeats)])  # noqa: B023
            milliseconds = timing.median / repeats * 1000
            found.append(line(f"one person's list among {size:,}", repeats, timing, note=f"{milliseconds:.2f} ms each"))
            engine.close()
    return found


def _seed(store: sqlite3.Connection, size: int, me: str) -> None:
    """Rows of the read models: so many processes with three members and three open tasks each."""
    numbers = range(size)
    every = max(1, size // 20)
    store.executemany(
        "INSERT INTO process VALUES (?,?,'samson','b','Title','running')", ((f"p{n}", f"{n:032x}") for n in numbers)
    )
    store.executemany(
        "INSERT INTO member VALUES (?,?,?,'town','[\"member\"]')",
        ((f"{n:032x}", f"m{m}", me if m == 1 and n % every == 0 else f"{n}-{m}") for n in numbers for m in (1, 2, 3)),
    )
    store.executemany(
        "INSERT INTO open_task VALUES (?,?,'answer',?,NULL,'[\"member\"]',NULL)",
        ((f"{n:032x}", f"answer.1.m{m}", f"m{m}") for n in numbers for m in (1, 2, 3)),
    )


def transitions(scale: int) -> list[Line]:
    """Accepted transitions per second in memory, their events included: two states, and an action to and fro."""
    with TemporaryDirectory() as folder:
        definition = bundle.read("loop", [loop(Path(folder))]).definition
    found = []
    for size in growing(100 * scale):

        def run(size: int = size) -> None:
            state = ProcessState(UUID(int=1))
            for command in (c.Start("p", "P", "loop"), *[c.Act("go"), c.Act("back")] * (size // 2)):
                subject = "s" if state.sequence else ""
                context = Context(Actor(subject), "kari", NOW, "s", lambda _: None)
                after = fold(decide(definition, state, command, context), state)
                assert after is not None
                state = after

        found.append(line("transitions in memory", size, timed(run)))
    return found


def loop(folder: Path) -> Path:
    """A template of two states with an action to and fro, written into a folder."""
    (folder / "processes").mkdir()
    (folder / "processes" / "loop.yaml").write_text(
        "template: loop\nversion: 1.0.0\ntitle: {nb: A, nn: A, en: A}\n"
        "roles: {lead: {title: {nb: L, nn: L, en: L}}}\nstarter: lead\ninitial: here\nstates:\n"
        "  here: {title: {nb: H, nn: H, en: H}, actions: {go: {title: {nb: G, nn: G, en: G}, by: lead, to: there}}}\n"
        "  there:\n    title: {nb: T, nn: T, en: T}\n    actions:\n"
        "      back: {title: {nb: B, nn: B, en: B}, by: lead, to: here}\n"
        "      end: {title: {nb: E, nn: E, en: E}, by: lead, to: over}\n"
        "  over: {title: {nb: O, nn: O, en: O}, final: true}\n",
        encoding="utf-8",
    )
    return folder


def migrations(scale: int) -> list[Line]:
    """Processes migrated per second, each tried out and moved in a commit of its own; at scale 100 ten thousand."""
    found = []
    for size in growing(max(1, scale)):
        with TemporaryDirectory() as folder:
            root = Path(folder)
            engine = Engine.open(root / "data")
            engine.publish(bundle.read("samson", [BUILT_IN]))
            leader = play.session_of(engine, "kari")
            for number in range(size):
                engine.start(leader, "samson", f"p{number}", "P")
            shutil.copytree(BUILT_IN / "forms" / "samson", root / "forms" / "samson")
            (root / "processes").mkdir()
            text = (BUILT_IN / "processes" / "samson.yaml").read_text(encoding="utf-8")
            text = re.sub(r"\bpreparation\b", "getting_ready", re.sub(r"(?m)^version: .*$", "version: 99.0.0", text))
            (root / "processes" / "samson.yaml").write_text(text, encoding="utf-8")
            engine.publish(bundle.read("samson", [root, BUILT_IN]))
            plan = Plan(template="samson", to="99.0.0", states={"preparation": "getting_ready"})

            def move(engine: Engine = engine, plan: Plan = plan) -> None:
                names = migration.to_move(engine, plan)
                moved = [*migration.migrate(engine, OPERATOR, plan, "new words", names, apply=True)]
                assert all(one.error is None for one in moved)

            found.append(line("migrated, one commit each", size, timed(move, repeats=1, warm=False)))
            engine.close()
    return found


def linting(scale: int) -> list[Line]:
    """Templates read and linted per second, with all their forms: SAMSON under other names."""
    found = []
    with TemporaryDirectory() as folder:
        root = Path(folder)
        text = (BUILT_IN / "processes" / "samson.yaml").read_text(encoding="utf-8")
        sizes = growing(max(1, min(scale, 10)))  # 1,000 templates at most
        (root / "processes").mkdir()
        for number in range(sizes[-1]):
            name = f"t{number}"
            (root / "processes" / f"{name}.yaml").write_text(text.replace("template: samson", f"template: {name}"))
            for form in (BUILT_IN / "forms" / "samson").glob("*.yaml"):
                target = root / "forms" / name / form.name
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_text(form.read_text(encoding="utf-8").replace("$id: samson/", f"$id: {name}/"))
        for size in sizes:
            names = [f"t{number}" for number in range(size)]
            files = [file for name in names for file in _files(root, name)]
            bare = timed(lambda files=files: [_events_of(file) for file in files], repeats=2)  # type: ignore[misc]
            found.append(line("their files through libyaml alone", size, bare))
            began = process_time()
            timing = timed(lambda names=names: [bundle.read(n, [root, BUILT_IN]) for n in names], repeats=2)  # type: ignore[misc]
            processor = (process_time() - began) / 3
            note = f"{timing.median:.1f} s, {processor:.1f} s of processor time"
            found.append(line("templates linted", size, timing, peer=bare, note=note))
    return found


def _files(root: Path, name: str) -> list[Path]:
    return [root / "processes" / f"{name}.yaml", *(root / "forms" / name).glob("*.yaml")]


def _events_of(file: Path) -> None:
    """Read a file as libyaml does, and keep nothing of it."""
    parser = yaml.CSafeLoader(file.read_text(encoding="utf-8"))
    while parser.get_event() is not None:
        pass


def disk(scale: int) -> list[Line]:
    """Bytes on disk for each event, in `per second`'s place: everything that a command stores."""
    found = []
    for size in growing(10 * scale):
        with TemporaryDirectory() as folder:
            engine = Engine.open(Path(folder))
            engine.publish(bundle.read("samson", [BUILT_IN]))
            leader = play.session_of(engine, "kari")
            engine.start(leader, "samson", "p", "P")
            empty, before = _bytes(Path(folder)), engine.log.position()
            for number in range(size):
                engine.handle(leader, "p", c.AddParty(f"party_{number}_{uuid4().hex[:8]}", "En part"))
            events = engine.log.position() - before
            each = (_bytes(Path(folder)) - empty) / events
            found.append(Line("bytes on disk for each event", events, each, 0.0))
            engine.close()
    return found


def _bytes(folder: Path) -> int:
    with closing(sqlite3.connect(folder / "events.sqlite")) as store:
        store.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return (folder / "events.sqlite").stat().st_size
