"""PostgreSQL's own ways to fail, and what is told then: nothing half, no password, and what to do."""

from __future__ import annotations

import builtins
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

psycopg = pytest.importorskip("psycopg")

from engine import codec  # noqa: E402
from engine.errors import Refused, StoreError  # noqa: E402 (what needs the driver comes after it)
from engine.store import postgres  # noqa: E402
from engine.store.address import create, open_log, shown  # noqa: E402
from engine.store.log import Log, Record  # noqa: E402

DATA = Path("data")


@pytest.fixture
def url(new_database: Callable[[], str]) -> str:
    """A database with an empty store."""
    made = new_database()
    create(made, DATA).close()
    return made


@pytest.fixture
def log(url: str) -> Iterator[Log]:
    opened = open_log(url, DATA)
    yield opened
    opened.close()


def event(sequence: int = 1) -> Record:
    return Record(uuid4(), sequence, "thing.happened", codec.dumps({"e": {}, "p": {}}))


def sql(url: str, statement: str, *values: object) -> list[Any]:
    with psycopg.connect(url, autocommit=True) as connection:
        cursor = connection.execute(statement.encode(), values or None)
        return list(cursor.fetchall()) if cursor.description else []


# -- opening ----------------------------------------------------------------------------------------------------------------


def test_given_a_database_without_our_tables_when_opened_then_told_how_to_make_them_and_none_is_made(
    new_database: Callable[[], str],
) -> None:
    url = new_database()
    with pytest.raises(StoreError, match="holds no store of samskap") as caught:
        open_log(url, DATA)
    assert "samskap store create" in caught.value.hint
    assert sql(url, "SELECT 1 FROM pg_namespace WHERE nspname = 'samskap'") == []


def test_given_a_store_that_lacks_a_table_when_opened_then_told_which_and_made_with_all_else_kept(url: str) -> None:
    log = open_log(url, DATA)
    log.append([event()])
    log.close()
    sql(url, "DROP TABLE samskap.incident")
    with pytest.raises(StoreError, match="lacks incident"):
        open_log(url, DATA)
    again = create(url, DATA)
    assert (again.position(), again.query("SELECT * FROM incident")) == (1, [])
    again.close()


def test_given_a_server_that_is_away_when_opened_then_told_without_the_password() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # nobody listens there
        url = f"postgresql://kari:hemmelig@127.0.0.1:{taken.getsockname()[1]}/samskap"
        with pytest.raises(StoreError, match="refused") as caught:
            open_log(url, DATA)
    assert "hemmelig" not in str(caught.value) + caught.value.hint
    assert "kari@127.0.0.1" in str(caught.value)


def test_given_a_database_that_is_not_there_when_opened_then_told(url: str) -> None:
    with pytest.raises(StoreError, match='database "nowhere" does not exist'):
        open_log(url.replace(url.split("?", maxsplit=1)[0].rsplit("/", 1)[1], "nowhere"), DATA)


@pytest.mark.parametrize(
    "wrong",
    [
        "mysql://kari:hemmelig@localhost/samskap",
        "host=localhost password=hemmelig",
        "postgresql://kari:hem%zzmelig@localhost/samskap",
        "postgresql://kari:hemmelig@[localhost/samskap",
        "postgresql://kari:hemmelig@localhost:port/samskap?password=hemmelig",
        "postgresql://kari@localhost/samskap?hemmelig=1",
        "sqlite:///",
        "sqlite:data.sqlite",
    ],
)
def test_given_a_url_that_is_none_when_opened_then_told_what_one_looks_like_and_no_password(wrong: str) -> None:
    with pytest.raises(StoreError) as caught:
        open_log(wrong, DATA)
    assert "hem" not in f"{caught.value} {caught.value.hint}"
    assert caught.value.hint


def test_given_a_url_when_shown_then_without_password_and_options() -> None:
    assert (
        shown("postgresql://kari:hemmelig@db.no:5433/s?sslmode=require&password=x") == "postgresql://kari@db.no:5433/s"
    )
    assert shown("postgresql:///s?host=/run/pg") == "postgresql:///run/pg/s"


def test_given_no_driver_when_opened_then_told_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    found = builtins.__import__

    def without(name: str, *arguments: Any, **options: Any) -> Any:
        if name.partition(".")[0] in ("psycopg", "psycopg_pool"):
            raise ImportError(name)
        return found(name, *arguments, **options)

    monkeypatch.delitem(sys.modules, "engine.store.postgres", raising=False)
    monkeypatch.delattr("engine.store.postgres", raising=False)
    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(StoreError, match="driver") as caught:
        open_log("postgresql://localhost/samskap", DATA)
    assert "samskap[postgres]" in caught.value.hint


def test_given_a_database_in_another_encoding_when_a_store_is_made_then_refused(url: str) -> None:
    name = f"t_{uuid4().hex}"
    sql(url, f"CREATE DATABASE {name} ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0")
    other = url.replace(url.split("?", maxsplit=1)[0].rsplit("/", 1)[1], name)
    with pytest.raises(StoreError, match="LATIN1"):
        create(other, DATA)
    sql(url, f"DROP DATABASE {name}")


def test_given_two_programs_when_both_make_the_store_then_it_is_made_once(new_database: Callable[[], str]) -> None:
    url = new_database()
    failed: list[BaseException] = []

    def make() -> None:
        try:
            create(url, DATA).close()
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=make) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []


def test_given_a_role_that_may_only_read_and_write_when_it_works_then_it_needs_no_more(url: str) -> None:
    role = f"r_{uuid4().hex}"
    sql(url, f"CREATE ROLE {role} LOGIN")
    with pytest.raises(StoreError, match="may not use the schema samskap"):
        open_log(url.replace("postgres@", f"{role}@"), DATA)
    sql(url, f"GRANT USAGE ON SCHEMA samskap TO {role}")
    sql(url, f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA samskap TO {role}")
    sql(url, f"REVOKE UPDATE, DELETE ON samskap.event FROM {role}")
    log = open_log(url.replace("postgres@", f"{role}@"), DATA)
    log.append([event()])
    assert log.position() == 1
    with pytest.raises(StoreError, match="permission denied"):
        log.write_rows([("DELETE FROM event", ())])
    log.close()
    sql(url, f"DROP OWNED BY {role}")
    sql(url, f"DROP ROLE {role}")


# -- while it works -----------------------------------------------------------------------------------------------------------


def test_given_connections_that_were_cut_when_used_again_then_new_ones_are_made(url: str, log: Log) -> None:
    log.append([event()])
    sql(url, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'samskap'")
    log.append([event()])
    assert log.position() == 2


def test_given_a_connection_that_breaks_while_storing_when_told_then_that_nobody_knows(url: str, log: Log) -> None:
    storing = "query LIKE '%pg_sleep%' AND state = 'active' AND pid <> pg_backend_pid()"

    def cut() -> None:
        while not sql(url, f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {storing}"):
            time.sleep(0.01)

    cutting = threading.Thread(target=cut)
    cutting.start()
    with pytest.raises(StoreError, match="not known"):
        log.append([event()], rows=[("SELECT pg_sleep(?)", (250,))])
    cutting.join()
    assert log.position() == 0


def test_given_a_statement_that_the_server_refuses_when_stored_then_our_error_tells_it_and_the_driver_is_silent(
    log: Log, caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(StoreError, match="nothing was stored: function no_such_function"):
        log.append([event()], rows=[("SELECT no_such_function()", ())])
    assert [record.getMessage() for record in caplog.records] == []


def test_given_somebody_who_holds_the_store_too_long_when_written_then_told(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres, "_SESSION", (*postgres._SESSION, "SET lock_timeout TO '200ms'"))
    holder, writer = open_log(url, DATA), open_log(url, DATA)
    with holder.held(), pytest.raises(StoreError, match="nothing was stored: somebody else"):
        writer.append([event()])
    writer.append([event()])
    assert writer.position() == 1
    holder.close()
    writer.close()


def test_given_a_text_with_a_nul_when_stored_in_a_table_then_refused_and_nothing_stored(log: Log) -> None:
    with pytest.raises(Refused, match="NUL"):
        log.append(
            [event()], rows=[("INSERT INTO process VALUES (?,?,?,?,?,?)", ("a\0b", "s", "t", "b", "T", "running"))]
        )
    assert log.position() == 0


def test_given_a_database_with_other_habits_when_used_then_the_session_keeps_ours(url: str) -> None:
    """Repeatable read would have a waiting writer see an old position; without syncing, what is told may be lost."""
    name = url.split("?", maxsplit=1)[0].rsplit("/", 1)[1]
    sql(url, f"ALTER DATABASE {name} SET default_transaction_isolation TO 'serializable'")
    sql(url, f"ALTER DATABASE {name} SET synchronous_commit TO 'off'")
    log = open_log(url, DATA)
    (row,) = log.query(
        "SELECT current_setting('transaction_isolation') AS isolation, current_setting('synchronous_commit') AS synced"
    )
    assert dict(row) == {"isolation": "read committed", "synced": "on"}
    log.close()


def test_given_a_database_that_waits_for_a_replica_when_used_then_that_is_kept(url: str) -> None:
    name = url.split("?", maxsplit=1)[0].rsplit("/", 1)[1]
    sql(url, f"ALTER DATABASE {name} SET synchronous_commit TO 'remote_apply'")
    log = open_log(url, DATA)
    assert log.query("SHOW synchronous_commit") == [{"synchronous_commit": "remote_apply"}]
    log.close()


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        ("SELECT a FROM t WHERE b=? AND c=?", "SELECT a FROM t WHERE b=%s AND c=%s"),
        ("SELECT '?', ? FROM t", "SELECT '?', %s FROM t"),
        ("SELECT 'it''s ?' || ?", "SELECT 'it''s ?' || %s"),
        ("SELECT 7 % 2, a LIKE '%x%'", "SELECT 7 %% 2, a LIKE '%%x%%'"),
        ("SELECT 1", "SELECT 1"),
    ],
)
def test_given_a_portable_statement_when_sent_then_its_placeholders_are_psycopgs(ours: str, theirs: str) -> None:
    assert postgres.portable(ours).decode() == theirs
