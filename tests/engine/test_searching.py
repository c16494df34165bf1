"""Looking for what should be gone: in every way that a text can be written, and in files that hide it."""

from __future__ import annotations

import gzip
import json
import sqlite3
import zipfile
from contextlib import closing
from html import escape
from pathlib import Path
from unicodedata import normalize
from urllib.parse import quote
from uuid import UUID

import pytest

from engine.codec import dumps
from engine.personal.searching import BLOCK, search
from engine.sql import quoted
from engine.store.log import Record
from engine.store.sqlite import SqliteLog
from engine.store.tables import TABLES

NAME = "Åse Bjørg & co"
WRITTEN = {
    "utf-8": NAME.encode(),
    "decomposed": normalize("NFD", NAME).encode(),
    "utf-16": NAME.encode("utf-16"),
    "json": json.dumps(NAME).encode(),
    "html": escape(NAME).encode("ascii", "xmlcharrefreplace"),
    "url": quote(NAME).encode(),
    "latin-1": NAME.encode("latin-1"),
}


@pytest.mark.parametrize("how", WRITTEN)
def test_given_a_text_written_in_some_way_when_looked_for_then_found(tmp_path: Path, how: str) -> None:
    (tmp_path / "file.bin").write_bytes(b"\x00\x01" + WRITTEN[how] + b"\x02")
    found = search(tmp_path, ["somebody else", NAME])
    assert {(hit.canary, hit.place) for hit in found.hits} == {(1, "file.bin")}


def test_given_a_text_across_two_blocks_when_looked_for_then_found(tmp_path: Path) -> None:
    (tmp_path / "long").write_bytes(b"x" * (BLOCK - 5) + b" " + NAME.encode() + b" ")
    assert [hit.place for hit in search(tmp_path, [NAME]).hits] == ["long"]


def _zip(path: Path) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("inside.txt", NAME * 3)


def _gzip(path: Path) -> None:
    with gzip.open(path, "wb") as file:
        file.write(NAME.encode() * 3)


def _sqlite(path: Path) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE t (a TEXT, b BLOB)")
        for row in range(50):  # of some, the name is parted over two pages
            connection.execute("INSERT INTO t VALUES (?, ?)", ("y" * (3900 + row * 11) + NAME, b""))
    connection.close()


def _sqlite_in_a_zip(path: Path) -> None:
    """As in a backup: a database with a write-ahead log, in which the name is parted over two pages."""
    database = path.with_name("log")
    with closing(sqlite3.connect(database)) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("CREATE TABLE t (a TEXT)")
        connection.execute("INSERT INTO t VALUES (?)", ("y" * 8000 + NAME + "y" * 4085,))
        connection.commit()
    parted = database.read_bytes()
    assert NAME.encode() not in parted
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("log", parted)
    database.unlink()


@pytest.mark.parametrize(
    ("name", "make"), [("a.zip", _zip), ("b.zip", _sqlite_in_a_zip), ("a.gz", _gzip), ("a.sqlite", _sqlite)]
)
def test_given_a_text_inside_of_a_file_that_hides_it_when_looked_for_then_found(
    tmp_path: Path, name: str, make
) -> None:
    make(tmp_path / name)
    assert {hit.place for hit in search(tmp_path, [NAME]).hits} == {name}


def test_given_a_short_name_when_looked_for_then_only_where_it_is_a_word(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("vakarian karismatisk")
    (tmp_path / "b").write_text("who: kari.")
    assert [hit.place for hit in search(tmp_path, ["kari"]).hits] == ["b"]


def test_given_a_text_too_short_to_look_for_when_searched_then_it_says_so(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("ja")
    found = search(tmp_path, ["ja", "en lengre tekst"])
    assert (found.hits, found.too_short) == ((), (0,))


def test_given_a_damaged_file_when_looked_through_then_its_bytes_are_and_it_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.zip").write_bytes(b"PK no zip " + NAME.encode())
    found = search(tmp_path, [NAME])
    assert [hit.place for hit in found.hits] == ["a.zip"]
    assert found.unread == ("a.zip: BadZipFile",)


@pytest.mark.parametrize("table", TABLES)
def test_given_a_store_elsewhere_when_looked_through_then_each_of_its_tables_is(tmp_path: Path, table: str) -> None:
    (tmp_path / "here").mkdir()
    log = SqliteLog(tmp_path / "elsewhere" / "log.sqlite")
    columns = log.query("SELECT type FROM pragma_table_info(?)", (table,))
    of_type = {"INTEGER": 1, "TEXT": NAME, "BLOB": NAME.encode()}
    places = ",".join("?" * len(columns))
    log.write_rows([(f"INSERT INTO {quoted(table)} VALUES ({places})", tuple(of_type[c["type"]] for c in columns))])
    found = search(tmp_path / "here", [NAME, "somebody else"], log=log)
    log.close()
    assert [(hit.canary, hit.place, hit.how) for hit in found.hits] == [(0, log.place, "UTF-8")]


def test_given_a_store_elsewhere_when_looked_through_then_its_events_are(tmp_path: Path) -> None:
    (tmp_path / "here").mkdir()
    log = SqliteLog(tmp_path / "elsewhere" / "log.sqlite")
    log.append([Record(UUID(int=1), 1, "Said", dumps({"e": {}, "p": {"text": NAME}}))])
    found = search(tmp_path / "here", [NAME, "somebody else"], log=log)
    log.close()
    assert {(hit.canary, hit.place) for hit in found.hits} == {(0, log.place)}
