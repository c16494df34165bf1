"""The log in a PostgreSQL database: for many writers on many machines.

Our tables lie in a schema of their own, `samskap`. Every transaction that writes first takes one advisory lock, and
holds it until it is committed: positions are given, and seen, in the order of the commits (docs/decisions/0017). What
is told to `Log`'s callers is the same as with SQLite; psycopg's errors end here.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import lru_cache
from typing import Any, Final
from uuid import UUID

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.rows import dict_row
from psycopg_pool import ConnectionPool

from engine.errors import Conflict, Refused, SamskapError, StoreError
from engine.store.address import shown
from engine.store.group import GroupCommit, Write
from engine.store.log import NEWEST, PAGE, Found, Log, Record, Row, gone_on, not_empty
from engine.store.tables import ANYTHING, EMPTIED, INDEXES, OF_PEOPLE, TABLES

SCHEMA: Final = "samskap"
CONNECTIONS: Final = 8
"""The most connections that one program opens; it begins with one."""
CONNECT_SECONDS: Final = 10
LOCK_SECONDS: Final = 30
"""How long one who writes is waited for."""
LOCK_KEY: Final = 0x73616D736B6170
"""Whoever writes holds the advisory lock of this number, “samskap” in ASCII."""

_EVENTS = (
    "CREATE TABLE IF NOT EXISTS event (position INTEGER PRIMARY KEY, stream UUID NOT NULL, sequence INTEGER NOT NULL,"
    " type TEXT NOT NULL, body BLOB NOT NULL, UNIQUE (stream, sequence))"
)
_TYPES = {"TEXT": 'text COLLATE "C"', "INTEGER": "bigint", "BLOB": "bytea", " WITHOUT ROWID": ""}
# Text in the order of its bytes, as SQLite has it, whatever the database's language is.
_LOCK: Row = ("SELECT pg_advisory_xact_lock(?)", (LOCK_KEY,))
_INSERT = (
    "INSERT INTO event SELECT newest.position + given.number, given.stream, given.sequence, given.type, given.body"
    " FROM (SELECT coalesce(max(position), 0) AS position FROM event) AS newest,"
    " unnest(CAST(? AS uuid[]), CAST(? AS bigint[]), CAST(? AS text[]), CAST(? AS bytea[]))"
    " WITH ORDINALITY AS given (stream, sequence, type, body, number)"
)
_FOUND = (
    "SELECT p.stream, h.sequence, h.hash, e.body, c.fingerprint, c.answer FROM process p"
    " LEFT JOIN head h ON h.stream = p.stream"
    " LEFT JOIN event e ON e.stream = CAST(p.stream AS uuid) AND e.sequence = h.sequence"
    " LEFT JOIN command c ON c.stream = p.stream AND c.actor = ? AND c.key = ? WHERE p.name = ?"
)
# A head without a sequence is refused by its column, and takes the whole transaction with it.
_STILL = "UPDATE head SET sequence=NULL WHERE (SELECT max(position) FROM event) <> ?"
_SESSION = (
    f"SET search_path TO {SCHEMA}",
    f"SET lock_timeout TO '{LOCK_SECONDS}s'",
    # Each statement sees what was committed before it: after waiting for the lock, the newest position.
    "SET default_transaction_isolation TO 'read committed'",
    # What is acknowledged is on disk; a server that promises more, on another machine too, keeps to that.
    "SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'",
)

logging.getLogger("psycopg").setLevel(logging.ERROR)  # what it warns of is said by our errors

Connection = psycopg.Connection[dict[str, Any]]


@lru_cache(maxsize=256)
def portable(statement: str) -> bytes:
    """A statement of ours as psycopg takes it: `%s` for each `?` that stands outside quotes."""
    return re.sub(r"'[^']*'|\?|%", _placeholder, statement).encode()


def _placeholder(found: re.Match[str]) -> str:
    return "%s" if found[0] == "?" else found[0].replace("%", "%%")


def _table(statement: str) -> bytes:
    """A table of ours with PostgreSQL's types."""
    return re.sub("|".join(_TYPES), lambda found: _TYPES[found[0]], statement).encode()


def create(url: str) -> None:
    """Make our schema and tables in a database, where they are missing. Nothing that is there is changed."""
    place = shown(url)
    with _told(place, "the tables were not made"), _connected(url) as connection, connection.transaction():
        connection.execute(b"SELECT pg_advisory_xact_lock(%s)", (LOCK_KEY,))
        encoding = connection.info.parameter_status("server_encoding")
        if encoding != "UTF8":
            raise StoreError(
                f"the database keeps texts in {encoding}, and samskap needs UTF8",
                hint="Make a database with: createdb --encoding UTF8 --template template0 NAME",
                where=place,
            )
        there = connection.execute(b"SELECT 1 FROM pg_namespace WHERE nspname = %s", (SCHEMA,)).fetchone()
        if not there:  # even IF NOT EXISTS asks for the right to make one
            connection.execute(sql.SQL("CREATE SCHEMA {}").format(sql.Identifier(SCHEMA)))
        for statement in (_EVENTS, *TABLES.values(), *INDEXES):
            connection.execute(_table(statement))


class PostgresLog(Log):
    """The event store in a PostgreSQL database; raise `StoreError` where there is none, or none of ours."""

    def __init__(self, url: str) -> None:
        self.place = shown(url)
        with _told(self.place, "the event store cannot be opened"), _connected(url) as connection:
            self._version = connection.info.parameter_status("server_version") or ""
            _check_tables(connection, self.place)
        self._pool: ConnectionPool[Connection] = ConnectionPool(
            _conninfo(url),
            kwargs={"autocommit": True, "row_factory": dict_row},
            min_size=1,
            max_size=CONNECTIONS,
            timeout=CONNECT_SECONDS,
            configure=_prepare,
            open=True,
        )
        self._group = GroupCommit(self._commit)

    def about(self) -> str:
        """Which store this is, in a few words."""
        return f"PostgreSQL {self._version.split()[0]}, {self.place}, schema {SCHEMA}"

    def close(self) -> None:
        """Let go of the connections."""
        self._pool.close()

    # -- writing ----------------------------------------------------------------------------------------------------

    def _write(self, records: Sequence[Record], rows: Sequence[Row], at: int | None = None) -> None:
        still: list[Row] = [] if at is None else [(_STILL, (at,))]
        self._group.store(Write(records, [*still, *rows]))

    def _commit(self, group: Sequence[Write]) -> None:
        """Store a group in one transaction; where one of it is refused, each in a transaction of its own."""
        if len(group) > 1:
            try:
                self._store(group)
            except (Conflict, Refused):  # nothing is stored; which of them it was is found one by one
                pass
            else:
                return
        for write in group:
            try:
                self._store([write])
            except SamskapError as error:
                write.error = error

    def _store(self, group: Sequence[Write]) -> None:
        # In a pipeline all is sent at once: the lock is held for a moment, not for a round trip for each row.
        with self._storing() as connection, connection.pipeline(), connection.transaction():
            connection.execute(portable(_LOCK[0]), _LOCK[1])
            if records := [record for write in group for record in write.records]:
                columns = zip(*((r.stream, r.sequence, r.type, r.body) for r in records), strict=True)
                connection.execute(portable(_INSERT), tuple(map(list, columns)))
            for statement, values in (row for write in group for row in write.rows):
                connection.execute(portable(statement), tuple(values))

    def fill(self, pages: Iterable[Sequence[Record]], rows: Iterable[Row], *, instead_of: int | None = None) -> None:
        """Everything of another log into this one, at the same positions, in one transaction."""
        with self._storing() as connection, connection.transaction():
            connection.execute(portable(_LOCK[0]), _LOCK[1])
            if instead_of is not None:
                self._empty(connection, instead_of)
            else:
                used = connection.execute(portable(ANYTHING)).fetchone()
                if used is None or used["anything"]:
                    raise not_empty(self.place)
            with connection.cursor() as cursor, cursor.copy(b"COPY event FROM STDIN") as copy:
                for record in (record for page in pages for record in page):
                    copy.write_row((record.position, record.stream, record.sequence, record.type, record.body))
            with connection.pipeline():
                for statement, values in rows:
                    connection.execute(portable(statement), tuple(values))

    def _empty(self, connection: Connection, position: int) -> None:
        """Take out all that is there."""
        newest = connection.execute(b"SELECT coalesce(max(position), 0) AS newest FROM event").fetchone()
        if newest is None or newest["newest"] != position:
            raise gone_on(self.place)
        for statement in ("DELETE FROM event", *EMPTIED):
            connection.execute(portable(statement))

    @contextmanager
    def _storing(self) -> Iterator[Connection]:
        """A connection to write with; raise `StoreError` that says so where nobody can know what came of it."""
        with self._connection("nothing was stored") as connection:
            try:
                yield connection
            except psycopg.OperationalError as error:
                if not connection.broken:
                    raise
                raise StoreError(
                    "the connection broke while storing: whether it was stored is not known",
                    hint="Look whether it is there before you do it again; with the same command id it is done once.",
                    where=self.place,
                ) from error

    @contextmanager
    def held(self) -> Iterator[None]:
        """While this is open nobody writes; others wait some seconds, and are told then."""
        with self._connection("the event store cannot be held") as connection, connection.transaction():
            connection.execute(b"SET LOCAL idle_in_transaction_session_timeout TO 0")
            connection.execute(portable(_LOCK[0]), _LOCK[1])
            yield

    def compact(self) -> None:
        """Write the tables beside the events anew. The server's own write-ahead log is its operator's to recycle."""
        with self._connection("the tables were not written anew") as connection:
            for table in OF_PEOPLE:
                connection.execute(sql.SQL("VACUUM (FULL) {}").format(sql.Identifier(table)))

    @contextmanager
    def _connection(self, what: str) -> Iterator[Connection]:
        with _told(self.place, what):
            connection = self._sound()
            try:
                yield connection
            finally:
                self._pool.putconn(connection)

    def _sound(self) -> Connection:
        """A connection that answers: a server that was started anew is nobody's fault."""
        while True:
            connection = self._pool.getconn()
            try:
                ConnectionPool.check_connection(connection)
            except psycopg.OperationalError:
                self._pool.putconn(connection)  # which throws away what is broken
            else:
                return connection

    # -- reading ----------------------------------------------------------------------------------------------------

    @contextmanager
    def snapshot(self) -> Iterator[Log]:
        """The log as it is now, only to read: nothing in it changes until the end, while others go on writing."""
        with self._connection("the event store cannot be read") as connection, connection.transaction():
            connection.execute(b"SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            connection.execute(b"SET LOCAL idle_in_transaction_session_timeout TO 0")
            connection.execute(b"SELECT max(position) FROM event")  # the first look is the moment
            yield _Snapshot(self, connection)

    def read(self, stream: UUID, *, after: int = 0, until: int | None = None) -> list[Record]:
        """The records of a stream, in order."""
        rows = self.query(
            "SELECT sequence, type, body FROM event WHERE stream=? AND sequence>? AND sequence<=? ORDER BY sequence",
            (stream, after, NEWEST if until is None else until),
        )
        return [Record(stream, row["sequence"], row["type"], row["body"]) for row in rows]

    def pages(self, *, after: int = 0, size: int = PAGE) -> Iterator[list[Record]]:
        """Records by position, beyond one, so many at a time."""
        while True:
            rows = self.query(
                "SELECT position, stream, sequence, type, body FROM event WHERE position>? ORDER BY position LIMIT ?",
                (after, size),
            )
            page = [Record(r["stream"], r["sequence"], r["type"], r["body"], r["position"]) for r in rows]
            if page:
                yield page
            if len(page) < size:
                return
            after = page[-1].position

    def find(self, name: str, actor: str, key: str) -> Found | None:
        """Where the process of a name is, how it ends, and what was answered to that key."""
        return self._found(_FOUND, name, actor, key)

    def position(self) -> int:
        """The position of the newest event; 0 for an empty log."""
        return int(self.query("SELECT coalesce(max(position), 0) AS newest FROM event")[0]["newest"])

    def query(self, statement: str, values: Sequence[object] = ()) -> list[Mapping[str, Any]]:
        """Rows of our tables, read in a transaction of their own."""
        with _told(self.place, "the event store cannot be read"):
            try:
                return self._rows(statement, values)
            except psycopg.OperationalError:  # asked again, not asked first whether it is whole
                self._pool.check()
                return self._rows(statement, values)

    def _rows(self, statement: str, values: Sequence[object]) -> list[Mapping[str, Any]]:
        with self._pool.connection() as connection:
            return [*connection.execute(portable(statement), tuple(values)).fetchall()]


class _Snapshot(PostgresLog):
    """A log as it was at a moment, read in one transaction."""

    def __init__(self, log: PostgresLog, connection: Connection) -> None:
        self.place, self._version = log.place, log._version
        self._only = connection

    @contextmanager
    def _connection(self, what: str) -> Iterator[Connection]:
        with _told(self.place, what):
            yield self._only

    def query(self, statement: str, values: Sequence[object] = ()) -> list[Mapping[str, Any]]:
        """Rows of our tables, as they were at that moment."""
        with self._connection("the event store cannot be read") as connection:
            return [*connection.execute(portable(statement), tuple(values)).fetchall()]

    @contextmanager
    def held(self) -> Iterator[None]:
        """Nothing changes here; nobody has to wait for it."""
        yield

    def close(self) -> None:
        """The connection is let go where the snapshot was opened."""


# -- connections, and what is told when they fail ---------------------------------------------------------------------


def _conninfo(url: str) -> str:
    """The URL with what it leaves out; raise `StoreError` where it is none (psycopg's own words hold passwords)."""
    defaults: dict[str, str | int] = {
        "connect_timeout": CONNECT_SECONDS,
        "application_name": "samskap",
        "client_encoding": "utf8",
    }
    try:
        return make_conninfo(
            url, **{name: value for name, value in defaults.items() if name not in conninfo_to_dict(url)}
        )
    except (psycopg.ProgrammingError, ValueError):
        raise StoreError(
            "this is no PostgreSQL URL",
            hint="Write postgresql://user@host:5432/database; %, @, : and / in a password as %25, %40, %3A and %2F.",
            where=shown(url),
        ) from None


@contextmanager
def _connected(url: str) -> Iterator[Connection]:
    """A connection of its own, for looking or for making tables."""
    with psycopg.connect(_conninfo(url), autocommit=True, row_factory=dict_row) as connection:
        _prepare(connection)
        yield connection


def _prepare(connection: Connection) -> None:
    for statement in _SESSION:
        connection.execute(statement.encode())


def _check_tables(connection: Connection, place: str) -> None:
    """Raise `StoreError` where our tables are not there, or not all of them."""
    rows = connection.execute(b"SELECT tablename FROM pg_tables WHERE schemaname = %s", (SCHEMA,)).fetchall()
    missing = sorted({"event", *TABLES} - {row["tablename"] for row in rows})
    if "event" in missing:
        raise StoreError(
            "this database holds no store of samskap",
            hint="Is it the right one? Make a new store in it with `samskap store create`,"
            " or bring yours with `samskap store copy`.",
            where=place,
        )
    allowed = connection.execute(b"SELECT has_schema_privilege(%s, 'USAGE') AS usage", (SCHEMA,)).fetchone()
    if not allowed or not allowed["usage"]:
        raise StoreError(
            f"the role may not use the schema {SCHEMA}",
            hint=f"As its owner: GRANT USAGE ON SCHEMA {SCHEMA} TO the role, and rights on its tables.",
            where=place,
        )
    if missing:
        raise StoreError(
            f"the store was made by an earlier samskap: it lacks {', '.join(missing)}",
            hint="Make what is missing: `samskap store create`.",
            where=place,
        )


@contextmanager
def _told(place: str, what: str) -> Iterator[None]:
    """What goes wrong in the database, as one of our errors."""
    try:
        yield
    except psycopg.IntegrityError as error:
        raise Conflict("somebody else was first", hint="Look at the process again, then try again.") from error
    except psycopg.DataError as error:
        raise Refused(
            f"PostgreSQL cannot keep this text: {_line(error)}", hint="Leave out characters that nobody can see."
        ) from error
    except psycopg.errors.LockNotAvailable as error:
        raise StoreError(
            f"{what}: somebody else has been writing for {LOCK_SECONDS} seconds",
            hint="Is the store being copied? Try again when that is done.",
            where=place,
        ) from error
    except psycopg.errors.InsufficientPrivilege as error:
        raise StoreError(f"{what}: {_line(error)}", hint="Give the role its rights.", where=place) from error
    except psycopg.OperationalError as error:
        raise StoreError(
            f"{what}: {_line(error)}",
            hint="Is the server running, with room on its disk, and are host, port, database, user and password right?",
            where=place,
        ) from error
    except psycopg.Error as error:
        hint = error.diag.message_hint or "Run `samskap doctor`."  # the server's own, such as: Check free disk space.
        raise StoreError(f"{what}: {_line(error)}", hint=hint, where=place) from error


def _line(error: psycopg.Error) -> str:
    """The first line of what the driver says."""
    return (str(error) or type(error).__name__).strip().splitlines()[0]
