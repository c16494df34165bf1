"""The tables beside the events: one text each, for every backend.

They are written in SQLite's words; a backend with other words for the same types puts its own in their place. All but
`head` and those in `KEPT` are read models: folds of the events, which `worklists` can make again; a `snapshot` is made
again as the process goes on, and goes with no backup and no copy. The table of the
events is each backend's own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

TABLES: Final[Mapping[str, str]] = {
    "head": "CREATE TABLE IF NOT EXISTS head (stream TEXT PRIMARY KEY, sequence INTEGER NOT NULL, hash TEXT NOT NULL)",
    "command": "CREATE TABLE IF NOT EXISTS command (stream TEXT NOT NULL, actor TEXT NOT NULL, key TEXT NOT NULL,"
    " fingerprint TEXT NOT NULL, answer BLOB NOT NULL, PRIMARY KEY (stream, actor, key)) WITHOUT ROWID",
    "process": "CREATE TABLE IF NOT EXISTS process (name TEXT PRIMARY KEY, stream TEXT NOT NULL UNIQUE,"
    " template TEXT NOT NULL, bundle TEXT NOT NULL, title TEXT NOT NULL, status TEXT NOT NULL)",
    "member": "CREATE TABLE IF NOT EXISTS member (stream TEXT NOT NULL, membership TEXT NOT NULL, person TEXT NOT NULL,"
    " party TEXT, roles TEXT NOT NULL, PRIMARY KEY (stream, membership)) WITHOUT ROWID",
    "delegate": "CREATE TABLE IF NOT EXISTS delegate (stream TEXT NOT NULL, membership TEXT NOT NULL,"
    " person TEXT NOT NULL, PRIMARY KEY (stream, membership)) WITHOUT ROWID",
    "open_task": "CREATE TABLE IF NOT EXISTS open_task (stream TEXT NOT NULL, instance TEXT NOT NULL,"
    " task TEXT NOT NULL, membership TEXT, party TEXT, roles TEXT NOT NULL, due TEXT,"
    " PRIMARY KEY (stream, instance)) WITHOUT ROWID",
    "deadline": "CREATE TABLE IF NOT EXISTS deadline (stream TEXT NOT NULL, deadline TEXT NOT NULL, due TEXT NOT NULL,"
    " PRIMARY KEY (stream, deadline)) WITHOUT ROWID",
    "incident": "CREATE TABLE IF NOT EXISTS incident (stream TEXT NOT NULL, incident TEXT NOT NULL, state TEXT,"
    " message TEXT NOT NULL, at TEXT NOT NULL, PRIMARY KEY (stream, incident)) WITHOUT ROWID",
    "link": "CREATE TABLE IF NOT EXISTS link (parent TEXT NOT NULL, child TEXT NOT NULL, link TEXT NOT NULL,"
    " element TEXT, status TEXT NOT NULL, PRIMARY KEY (parent, child)) WITHOUT ROWID",
    "snapshot": "CREATE TABLE IF NOT EXISTS snapshot (stream TEXT PRIMARY KEY, sequence INTEGER NOT NULL,"
    " hash TEXT NOT NULL, schema TEXT NOT NULL, seal TEXT NOT NULL, body BLOB NOT NULL)",
    "draft": "CREATE TABLE IF NOT EXISTS draft (stream TEXT NOT NULL, instance TEXT NOT NULL, person TEXT NOT NULL,"
    " version INTEGER NOT NULL, saved_at TEXT NOT NULL, subject TEXT NOT NULL, body BLOB NOT NULL,"
    " PRIMARY KEY (stream, instance, person)) WITHOUT ROWID",
    "outbox": "CREATE TABLE IF NOT EXISTS outbox (key TEXT PRIMARY KEY, stream TEXT NOT NULL,"
    " sequence INTEGER NOT NULL, kind TEXT NOT NULL, membership TEXT NOT NULL, person TEXT NOT NULL,"
    " since TEXT NOT NULL, status TEXT NOT NULL, at TEXT NOT NULL, attempts INTEGER NOT NULL, lease TEXT NOT NULL,"
    " told TEXT NOT NULL)",
    "person": "CREATE TABLE IF NOT EXISTS person (id TEXT PRIMARY KEY, handle TEXT NOT NULL UNIQUE,"
    " profile BLOB NOT NULL)",
    "belonging": "CREATE TABLE IF NOT EXISTS belonging (what TEXT PRIMARY KEY, mark TEXT NOT NULL)",
    "session": "CREATE TABLE IF NOT EXISTS session (id TEXT PRIMARY KEY, person TEXT NOT NULL, used_at TEXT NOT NULL,"
    " body BLOB NOT NULL)",
}
INDEXES: Final = (
    "CREATE INDEX IF NOT EXISTS member_person ON member (person)",
    "CREATE INDEX IF NOT EXISTS delegate_person ON delegate (person)",
    "CREATE INDEX IF NOT EXISTS deadline_due ON deadline (due)",
    "CREATE INDEX IF NOT EXISTS session_person ON session (person)",
    "CREATE INDEX IF NOT EXISTS link_child ON link (child)",
    "CREATE INDEX IF NOT EXISTS link_status ON link (status)",
    "CREATE INDEX IF NOT EXISTS outbox_due ON outbox (status, at)",
)
OF_PEOPLE: Final = ("command", "delegate", "draft", "member", "outbox", "person", "session")
"""The tables with rows of single people: they are written anew when one of those is erased."""
ANYTHING: Final = "SELECT EXISTS (SELECT 1 FROM head) OR EXISTS (SELECT 1 FROM person) AS anything"
"""Whether a store was ever used."""


@dataclass(frozen=True, slots=True)
class Kept:
    """How a table is read a page at a time, by its key, and written again; and how it is emptied."""

    key: tuple[str, ...]
    page: str
    insert: str
    empty: str


KEPT: Final[Mapping[str, Kept]] = {
    "belonging": Kept(
        ("what",),
        "SELECT * FROM belonging WHERE what > ? ORDER BY what LIMIT ?",
        "INSERT INTO belonging VALUES (?,?) ON CONFLICT (what) DO UPDATE SET mark=excluded.mark",
        "DELETE FROM belonging",
    ),
    "command": Kept(
        ("stream", "actor", "key"),
        "SELECT * FROM command WHERE (stream, actor, key) > (?,?,?) ORDER BY stream, actor, key LIMIT ?",
        "INSERT INTO command VALUES (?,?,?,?,?)",
        "DELETE FROM command",
    ),
    "draft": Kept(
        ("stream", "instance", "person"),
        "SELECT * FROM draft WHERE (stream, instance, person) > (?,?,?) ORDER BY stream, instance, person LIMIT ?",
        "INSERT INTO draft VALUES (?,?,?,?,?,?,?)",
        "DELETE FROM draft",
    ),
    "outbox": Kept(
        ("key",),
        "SELECT * FROM outbox WHERE key > ? ORDER BY key LIMIT ?",
        "INSERT INTO outbox VALUES (?,?,?,?,?,?,?,?,?,?,?,?)",
        "DELETE FROM outbox",
    ),
    "person": Kept(
        ("id",),
        "SELECT * FROM person WHERE id > ? ORDER BY id LIMIT ?",
        "INSERT INTO person VALUES (?,?,?)",
        "DELETE FROM person",
    ),
    "session": Kept(
        ("id",),
        "SELECT * FROM session WHERE id > ? ORDER BY id LIMIT ?",
        "INSERT INTO session VALUES (?,?,?,?)",
        "DELETE FROM session",
    ),
}
"""The tables that no fold could make again: they are copied with the events."""

FOLDS: Final[Mapping[str, Kept]] = {
    "process": Kept(
        ("name",),
        "SELECT * FROM process WHERE name > ? ORDER BY name LIMIT ?",
        "INSERT INTO process VALUES (?,?,?,?,?,?)",
        "DELETE FROM process",
    ),
    "member": Kept(
        ("stream", "membership"),
        "SELECT * FROM member WHERE (stream, membership) > (?,?) ORDER BY stream, membership LIMIT ?",
        "INSERT INTO member VALUES (?,?,?,?,?)",
        "DELETE FROM member",
    ),
    "delegate": Kept(
        ("stream", "membership"),
        "SELECT * FROM delegate WHERE (stream, membership) > (?,?) ORDER BY stream, membership LIMIT ?",
        "INSERT INTO delegate VALUES (?,?,?)",
        "DELETE FROM delegate",
    ),
    "open_task": Kept(
        ("stream", "instance"),
        "SELECT * FROM open_task WHERE (stream, instance) > (?,?) ORDER BY stream, instance LIMIT ?",
        "INSERT INTO open_task VALUES (?,?,?,?,?,?,?)",
        "DELETE FROM open_task",
    ),
    "deadline": Kept(
        ("stream", "deadline"),
        "SELECT * FROM deadline WHERE (stream, deadline) > (?,?) ORDER BY stream, deadline LIMIT ?",
        "INSERT INTO deadline VALUES (?,?,?)",
        "DELETE FROM deadline",
    ),
    "incident": Kept(
        ("stream", "incident"),
        "SELECT * FROM incident WHERE (stream, incident) > (?,?) ORDER BY stream, incident LIMIT ?",
        "INSERT INTO incident VALUES (?,?,?,?,?)",
        "DELETE FROM incident",
    ),
    "link": Kept(
        ("parent", "child"),
        "SELECT * FROM link WHERE (parent, child) > (?,?) ORDER BY parent, child LIMIT ?",
        "INSERT INTO link VALUES (?,?,?,?,?)",
        "DELETE FROM link",
    ),
}
"""The read models: a backup holds them as they were, to compare with what its events give again."""

NEVER_COPIED: Final = ("SELECT * FROM head", "SELECT * FROM snapshot")
"""What reads the tables of ours that are in neither: their rows follow from the events, wherever those are."""

EMPTIED: Final = (
    "DELETE FROM head",
    "DELETE FROM snapshot",
    *(table.empty for table in (*KEPT.values(), *FOLDS.values())),
)
"""What empties every table of ours beside the events."""
