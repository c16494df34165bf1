"""What the engine's tests share: a small template with one of everything, and a workspace that runs it."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import ClassVar

import pytest

from engine.codec import Json
from engine.engine import Engine, Receipt
from engine.process import commands as c
from engine.process.state import ProcessState
from engine.store.address import create
from engine.store.log import Record
from engine.store.people import Session
from engine.template import bundle
from engine.template.bundle import Bundle

pytest.register_assert_rewrite("random_process")

START = datetime(2026, 3, 2, 9, tzinfo=UTC)

SMALL = """
template: small
version: 1.0.0
title: {nb: Liten, nn: Liten, en: Small}
roles:
  lead: {title: {nb: Leder, nn: Leiar, en: Lead}, min: 1}
  member: {title: {nb: Medlem, nn: Medlem, en: Member}, of: party}
  guest: {title: {nb: Gjest, nn: Gjest, en: Guest}, max: 1}
starter: lead
calendar: {zone: Europe/Oslo}
vars: {wanted: 2}
counters: [rounds]
tasks:
  log: {title: {nb: Logg, nn: Logg, en: Log}, form: note, by: [lead, member], optional: true, repeatable: true}
initial: plan
states:
  plan:
    title: {nb: Plan, nn: Plan, en: Plan}
    tasks:
      goal: {title: {nb: Mål, nn: Mål, en: Goal}, form: note, by: [lead, member]}
      choose:
        {title: {nb: Velg, nn: Vel, en: Choose}, form: shown, by: member, each: party, assisted: true, optional: true}
    actions:
      open:
        title: {nb: Åpne, nn: Opne, en: Open}
        by: lead
        to: work
        when: tasks.goal.complete and (answers.goal.text != 'nei' or len(memberships) > 5)
        else: {nb: Målet mangler., nn: Målet manglar., en: The goal is missing.}
      stop: {title: {nb: Stopp, nn: Stopp, en: Stop}, by: lead, to: ended, reason: required}
  work:
    title: {nb: Arbeid, nn: Arbeid, en: Work}
    count: rounds
    initial: voting
    states:
      voting:
        title: {nb: Avstemning, nn: Røysting, en: Voting}
        tasks:
          vote:
            title: {nb: Stem, nn: Røyst, en: Vote}
            form: vote
            by: member
            each: membership
            assisted: true
            sealed: true
            visibility: {from: answers.choose.shown, order: [open, protected]}
            due: P14D
        auto: [{to: talk, when: tasks.vote.complete}]
        actions:
          close:
            title: {nb: Lukk, nn: Lukk, en: Close}
            by: lead
            to: talk
            when: tasks.vote.overdue
            reason: optional
            else: {nb: Fristen er ikke ute., nn: Fristen er ikkje ute., en: The deadline has not passed.}
      talk:
        title: {nb: Samtale, nn: Samtale, en: Talk}
        tasks:
          minutes: {title: {nb: Referat, nn: Referat, en: Minutes}, form: note, by: lead, optional: true, correctable: false}
        actions:
          again: {title: {nb: Igjen, nn: Igjen, en: Again}, by: lead, to: work}
          close_up:
            title: {nb: Avslutt, nn: Avslutt, en: Finish}
            by: [lead, guest]
            to: ended
            when: any(v.score == 5 for v in answers.vote) or counters.rounds >= vars.wanted
            else: {nb: Snakk mer., nn: Snakk meir., en: Talk more.}
        deadlines:
          silent: {title: {nb: Stille, nn: Stille, en: Silent}, after: P30D, to: ended}
  ended: {title: {nb: Slutt, nn: Slutt, en: End}, final: true}
"""

NOTE = """
$schema: https://json-schema.org/draft/2020-12/schema
$id: small/note
title: Notat
x-i18n: {nn: {title: Notat}, en: {title: Note}}
x-purpose: {nb: For å huske., nn: For å hugsa., en: To remember.}
type: object
required: [text]
properties:
  text: {title: Tekst, x-i18n: {nn: {title: Tekst}, en: {title: Text}}, type: string, maxLength: 200}
  aside: {title: Ekstra, x-i18n: {nn: {title: Ekstra}, en: {title: Aside}}, type: string, maxLength: 200, x-personal: true}
"""

SHOWN = """
$schema: https://json-schema.org/draft/2020-12/schema
$id: small/shown
title: Visning
x-i18n: {nn: {title: Vising}, en: {title: Showing}}
type: object
required: [shown]
properties:
  shown:
    title: Vis
    x-i18n: {nn: {title: Vis}, en: {title: Show}}
    oneOf:
      - {const: open, title: Åpent, x-i18n: {nn: {title: Ope}, en: {title: Open}}}
      - {const: protected, title: Beskyttet, x-i18n: {nn: {title: Verna}, en: {title: Protected}}}
"""

VOTE = """
$schema: https://json-schema.org/draft/2020-12/schema
$id: small/vote
title: Stemme
x-i18n: {nn: {title: Røyst}, en: {title: Vote}}
x-purpose: {nb: For å velge., nn: For å velja., en: To choose.}
type: object
required: [score]
properties:
  score: {title: Poeng, x-i18n: {nn: {title: Poeng}, en: {title: Score}}, type: integer, minimum: 1, maximum: 5}
  why: {title: Hvorfor, x-i18n: {nn: {title: Kvifor}, en: {title: Why}}, type: string, maxLength: 200, x-personal: true}
"""


class Hands:
    """A clock that a test sets."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now


@dataclass
class World:
    """A workspace with the small template, people by handle, and one process, `p`, that kari leads."""

    folder: Path
    engine: Engine
    clock: Hands
    bundle: Bundle
    people: dict[str, Session] = field(default_factory=dict)

    def person(self, handle: str) -> Session:
        if handle not in self.people:
            person = self.engine.people.add(handle, handle.title())
            self.people[handle] = self.engine.people.sign_in(
                self.engine.people.token(person, self.clock()), self.clock()
            )
        return self.people[handle]

    def do(self, handle: str, command: c.Command, **options: str) -> Receipt:
        return self.engine.handle(self.person(handle), "p", command, **options)

    def join(self, handle: str, party: str | None, *roles: str) -> str:
        """The membership of somebody whom kari invited."""
        token = self.engine.invite(self.person("kari"), "p", roles, party).result["token"]
        return str(self.engine.join(self.person(handle), token).result["membership"])

    def submit(self, handle: str, instance: str, answers: Json, membership: str | None = None) -> Receipt:
        return self.do(handle, c.Submit(instance, answers, membership))

    def parties(self) -> None:
        """Two parties with a member each: ola (m2, town) and eva (m3, club)."""
        for party, handle in (("town", "ola"), ("club", "eva")):
            self.do("kari", c.AddParty(party, party.title()))
            self.join(handle, party, "member")

    def to_voting(self) -> None:
        """On to the vote: the goal is set, and the vote is open for m2 and m3."""
        self.parties()
        self.submit("kari", "goal.1", {"text": "et mål"})
        self.do("kari", c.Act("open"))

    @property
    def state(self) -> ProcessState:
        return self.engine.load(self.engine.stream("p")).state


def write_template(folder: Path, template: str = SMALL, **forms: str) -> Path:
    (folder / "processes").mkdir(parents=True, exist_ok=True)
    (folder / "forms" / "small").mkdir(parents=True, exist_ok=True)
    (folder / "processes" / "small.yaml").write_text(template)
    for name, text in ({"note": NOTE, "shown": SHOWN, "vote": VOTE} | forms).items():
        (folder / "forms" / "small" / f"{name}.yaml").write_text(text)
    return folder


@pytest.fixture(scope="session")
def small_text() -> str:
    return SMALL


@pytest.fixture(scope="session")
def write_small() -> Callable[..., Path]:
    """Writes the small template, or another text and other forms, into a folder."""
    return write_template


@pytest.fixture(scope="session")
def small(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    """The small template, read and linted."""
    return bundle.read("small", [write_template(tmp_path_factory.mktemp("small"))])


@pytest.fixture(scope="session")
def new_world(small: Bundle) -> Callable[..., World]:
    """Makes a workspace in a folder, with the log there or elsewhere."""

    def make(folder: Path, store_url: str | None = None) -> World:
        clock = Hands()
        engine = Engine.open(folder, store_url=store_url, clock=clock)
        engine.publish(small)
        world = World(folder, engine, clock, small)
        engine.start(world.person("kari"), "small", "p", "Prosessen")
        return world

    return make


@pytest.fixture
def world(tmp_path: Path, new_world: Callable[[Path], World]) -> Iterator[World]:
    made = new_world(tmp_path / "data")
    yield made
    made.engine.close()


@pytest.fixture
def publish(world: World, tmp_path: Path, write_small: Callable[..., Path]) -> Callable[..., str]:
    """Publishes version 1.1.0 of the small template, with parts of its texts replaced; the bundle's hash."""

    def made(*changes: tuple[str, str], form: tuple[str, str, str] | None = None, version: str = "1.1.0") -> str:
        folder, first = tmp_path / version, write_small(tmp_path / "first")
        for source in first.rglob("*.yaml"):
            text = source.read_text(encoding="utf-8")
            if source.parent.name == "processes":
                text = text.replace("version: 1.0.0", f"version: {version}")
                for old, new in changes:
                    assert old in text, old
                    text = text.replace(old, new)
            if form is not None and source.stem == form[0]:
                assert form[1] in text, form[1]
                text = text.replace(form[1], form[2])
            target = folder / source.relative_to(first)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text, encoding="utf-8")
        return str(world.engine.publish(bundle.read("small", [folder])).hash)

    return made


# -- a store of each kind, and hands that change it as nobody should ---------------------------------------------------


@pytest.fixture(params=["sqlite", "postgres"])
def store_url(request: pytest.FixtureRequest, tmp_path: Path) -> str | None:
    """Where the log is: in the workspace's own file (None), or in a database with an empty store."""
    if request.param == "sqlite":
        return None
    url = str(request.getfixturevalue("new_database")())
    create(url, tmp_path / "data").close()
    return url


@pytest.fixture
def again(store_url: str | None, world: World) -> Iterator[Callable[[], Engine]]:
    """Opens the store of a world anew, as a program does that begins: with nothing in memory."""
    opened: list[Engine] = []

    def make() -> Engine:
        opened.append(Engine.open(world.folder, store_url=store_url, clock=world.clock))
        return opened[-1]

    yield make
    for engine in opened:
        engine.close()


class Behind:
    """Changes what is stored with the database alone, behind the engine's back.

    `words` are its statements on events: `put` (stream, sequence, type and body, in the place of a stream's sequence),
    `delete` (a stream's sequence), `add` (stream, sequence, type, body) and `turn` (the positions of a stream).
    """

    words: ClassVar[Mapping[str, str]]

    def run(self, statement: str, *values: object) -> int:
        """Run a statement; how many rows it changed."""
        raise NotImplementedError

    def stream(self, record: Record) -> object:
        """A record's stream as the events' table has it."""
        raise NotImplementedError

    def put(self, old: Record, new: Record) -> None:
        """Have another event, or the same elsewhere, where one stands."""
        place = (self.stream(old), old.sequence)
        assert self.run(self.words["put"], self.stream(new), new.sequence, new.type, new.body, *place) == 1

    def delete(self, record: Record) -> None:
        assert self.run(self.words["delete"], self.stream(record), record.sequence) == 1

    def add(self, record: Record) -> None:
        assert self.run(self.words["add"], self.stream(record), record.sequence, record.type, record.body) == 1

    def turn(self, record: Record) -> None:
        """Turn the order of a stream's positions around."""
        assert self.run(self.words["turn"], self.stream(record)) > 1


class _BehindSqlite(Behind):
    words: ClassVar[Mapping[str, str]] = {
        "put": "UPDATE stored_events SET originator_id=?, originator_version=?, topic=?, state=?"
        " WHERE originator_id=? AND originator_version=?",
        "delete": "DELETE FROM stored_events WHERE originator_id=? AND originator_version=?",
        "add": "INSERT INTO stored_events (originator_id, originator_version, topic, state) VALUES (?,?,?,?)",
        "turn": "UPDATE stored_events SET rowid=-rowid WHERE originator_id=?",
    }

    def __init__(self, file: Path) -> None:
        self._file = file

    def run(self, statement: str, *values: object) -> int:
        with closing(sqlite3.connect(self._file)) as connection, connection:
            return connection.execute(statement, values).rowcount

    def stream(self, record: Record) -> object:
        return record.stream.hex


class _BehindPostgres(Behind):
    words: ClassVar[Mapping[str, str]] = {
        "put": "UPDATE event SET stream=?, sequence=?, type=?, body=? WHERE stream=? AND sequence=?",
        "delete": "DELETE FROM event WHERE stream=? AND sequence=?",
        "add": "INSERT INTO event SELECT max(position) + 1, ?, ?, ?, ? FROM event",
        "turn": "UPDATE event SET position=-position WHERE stream=?",
    }

    def __init__(self, url: str) -> None:
        self._url = url

    def run(self, statement: str, *values: object) -> int:
        import psycopg  # noqa: PLC0415 (tests that need no server run without it)

        with psycopg.connect(self._url, options="-c search_path=samskap") as connection:
            return connection.execute(statement.replace("?", "%s").encode(), values).rowcount

    def stream(self, record: Record) -> object:
        return record.stream


@pytest.fixture
def behind(store_url: str | None, tmp_path: Path) -> Behind:
    """Hands on the store of `store_url`."""
    return _BehindSqlite(tmp_path / "data" / "events.sqlite") if store_url is None else _BehindPostgres(store_url)
