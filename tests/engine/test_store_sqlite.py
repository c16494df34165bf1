"""What only SQLite's log has to see to: what it asks of the driver."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from uuid import UUID, uuid4

from engine import codec
from engine.store.log import Record
from engine.store.sqlite import SqliteLog

ROWS = [("DELETE FROM open_task WHERE stream=?", ("nobody",)), ("DELETE FROM draft WHERE stream=?", ("nobody",))]


def event(stream: UUID, sequence: int) -> Record:
    return Record(stream, sequence, "thing.happened", codec.dumps({"e": {"sequence": sequence}, "p": {}}))


def test_given_a_commit_when_another_like_it_follows_then_its_statements_are_not_prepared_again(tmp_path: Path) -> None:
    stream, prepared = uuid4(), list[int]()

    def asked(action: int, *_: object) -> int:  # SQLite asks whenever it prepares a statement
        prepared.append(action)
        return sqlite3.SQLITE_OK

    with closing(SqliteLog(tmp_path / "log.sqlite")) as log:
        log.append([event(stream, 1)], rows=ROWS)
        log._writer._sqlite_conn.set_authorizer(asked)
        log.append([event(stream, 2)], rows=ROWS)  # SQLite prepares anew here, as it is asked for the first time
        assert sqlite3.SQLITE_INSERT in prepared
        assert sqlite3.SQLITE_DELETE in prepared
        prepared.clear()
        log.append([event(stream, 3)], rows=ROWS)
        assert set(prepared) <= {sqlite3.SQLITE_TRANSACTION}
