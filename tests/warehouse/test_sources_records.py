"""Files as they really are: every row of a damaged file is read or rejected, never lost (fault F15)."""

from __future__ import annotations

import json
import time
import tracemalloc
from decimal import Decimal
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from engine.codec import Json
from warehouse.database import connect
from warehouse.sources.batch import Batch, prepare, stage
from warehouse.sources.contract import Contract, contract_from
from warehouse.sources.landing import Landing
from warehouse.sources.lines import FileRefused
from warehouse.sources.records import CsvRecords

KEY = b"k" * 32


def contract(**more: Json) -> Contract:
    content: dict[str, Json] = {
        "source": "school",
        "version": "1.0.0",
        "title": "Skole",
        "kind": "csv",
        "columns": {"unit": {"type": "text", "required": True}, "score": {"type": "decimal"}},
        "mapping": {"units": {"unit": "unit", "indicators": {"wellbeing": {"value": "score"}}}},
    }
    return contract_from({**content, **more})


@pytest.fixture
def warehouse() -> duckdb.DuckDBPyConnection:
    connection = connect()
    prepare(connection)
    return connection


class Loader:
    """Lands and stages bytes."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, folder: Path) -> None:
        self.connection = connection
        self.folder = folder

    def load(self, content: bytes, rules: Contract) -> Batch:
        path = self.folder / f"file.{rules.kind}"
        path.write_bytes(content)
        landed = Landing(self.folder / "landing").land(path, rules, KEY)
        return stage(self.connection, landed, rules)

    def rejects(self, batch: Batch) -> list[tuple[int, str]]:
        return self.connection.execute(
            "SELECT row_number, rule FROM raw.rejected WHERE batch = $1 ORDER BY ALL", [batch.batch]
        ).fetchall()

    def units(self, batch: Batch) -> list[str]:
        table = f"rows_{batch.batch.replace(':', '_')}"
        rows = self.connection.execute(
            f'SELECT t0 FROM staging."{table}" WHERE row_number NOT IN (SELECT row_number FROM raw.rejected'
            " WHERE batch = $1) ORDER BY row_number",
            [batch.batch],
        ).fetchall()
        return [row[0] for row in rows]


@pytest.fixture
def loader(warehouse: duckdb.DuckDBPyConnection, tmp_path: Path) -> Loader:
    return Loader(warehouse, tmp_path)


HEAD = b"unit,score\n"
DAMAGED = {
    "too few cells": (b"a,1\nb\nc,3\n", ["a", "c"], [(2, "row:ragged")]),
    "too many cells": (b"a,1\nb,2,3\nc,3\n", ["a", "c"], [(2, "row:ragged")]),
    "a quote that is never closed": (b'a,1\n"b,2\nc,3\nd,4\n', ["a", "c", "d"], [(2, "row:quote")]),
    "two quotes that are never closed": (b'"a,1\nb,2\n"c,3\nd,4\n', ["b", "d"], [(1, "row:quote"), (3, "row:quote")]),
    "a quote that another row closes": (b'"a,1\n"b",2\nc,3\n', ["b", "c"], [(1, "row:quote")]),
    "a quote within a cell": (b'5" pipe,1\nb,2\n', ["b"], [(1, "row:quote")]),
    "something after a quote": (b'"a"x,1\nb,2\n', ["b"], [(1, "row:quote")]),
    "a quote that swallows a row": (b'a,"1\nb,2"\nc,3\n', ["c"], [(1, "type:score")]),
    "a quote over rows into too many cells": (b'"a,1\nb",2,3\nc,4\n', ["c"], [(1, "row:ragged"), (2, "row:quote")]),
    "a NUL": (b"a,1\nb\0,2\nc,3\n", ["a", "c"], [(2, "row:control")]),
    "a lone CR": (b"a,1\nb\rc,2\nd,3\n", ["a", "d"], [(2, "row:control")]),
    "an empty row": (b"a,1\n\nb,2\n,\nc,3\n", ["a", "b", "c"], [(2, "row:empty"), (4, "row:empty")]),
    "a row of spaces": (b"a,1\n  ,\t\nb,2\n", ["a", "b"], [(2, "row:empty")]),
    "empty lines at the end": (b"a,1\n\n\n\n", ["a"], []),
    "no line end at the end": (b"a,1\nb,2", ["a", "b"], []),
    "line ends CRLF": (b"a,1\r\nb,2\r\n", ["a", "b"], []),
    "line ends mixed": (b"a,1\r\nb,2\nc,3\r\n", ["a", "b", "c"], []),
    "a formula": (b"=A1+1,=SUM(B1)\nb,2\n", ["b"], [(1, "type:score")]),
    "decimal comma": (b'a,"1,5"\nb,2.5\n', ["b"], [(1, "type:score")]),
    "thousands": (b"a,1 000\nb,2\n", ["b"], [(1, "type:score")]),
    "not a number": (b"a,NaN\nb,inf\nc,1e3\nd,4\n", ["d"], [(1, "type:score"), (2, "type:score"), (3, "type:score")]),
    "more decimals than are kept": (b"a,0.1234567\nb,0.1234560\n", ["b"], [(1, "type:score")]),
    "a number too large": (b"a,1234567890123\nb,-123456789012.5\n", ["b"], [(1, "type:score")]),
    "quotes, doubled quotes, line ends in quotes": (b'"a, ""b""","1"\n"c\nd",2\n', ['a, "b"', "c\nd"], []),
    "the key is missing": (b",1\nb,2\n", ["b"], [(1, "required:unit")]),
    "only a header": (b"", [], []),
}


@pytest.mark.parametrize(("content", "units", "rejects"), DAMAGED.values(), ids=DAMAGED.keys())
def test_given_a_damaged_file_when_staged_then_good_rows_pass_and_the_others_say_why(
    loader: Loader, content: bytes, units: list[str], rejects: list[tuple[int, str]]
) -> None:
    batch = loader.load(HEAD + content, contract())
    assert (loader.units(batch), loader.rejects(batch)) == (units, rejects)
    assert batch.read == batch.staged + batch.rejected == len(units) + len({row for row, _ in rejects})


@pytest.mark.parametrize(
    "content",
    [HEAD, b"\xef\xbb\xbf" + HEAD, b"\xef\xbb\xbf" + HEAD.replace(b"unit", b'"unit"')],
    ids=["plain", "mark", "quoted"],
)
def test_given_a_byte_order_mark_when_staged_then_the_first_column_is_found(loader: Loader, content: bytes) -> None:
    assert loader.units(loader.load(content + b"a,1\n", contract())) == ["a"]


def test_given_latin1_as_the_contract_says_when_staged_then_letters_are_right(loader: Loader) -> None:
    rules = contract(csv={"encoding": "latin-1", "delimiter": ";", "decimal": ","})
    batch = loader.load("unit;score\nSør;1,5\nNord;1.5\n".encode("latin-1"), rules)
    assert (loader.units(batch), loader.rejects(batch)) == (["Sør"], [(2, "type:score")])


def test_given_columns_in_another_order_when_staged_then_cells_go_by_name(loader: Loader) -> None:
    assert loader.units(loader.load(b"score,unit\n1,a\n", contract())) == ["a"]


def test_given_a_faulty_row_when_staged_then_reject_keeps_its_cells_and_reasons(loader: Loader) -> None:
    loader.load(HEAD + 'Å "x",1\n"Å",to\n'.encode(), contract())
    found = loader.connection.execute(
        "SELECT value, cells, reason_nb, reason_nn, reason_en FROM raw.rejected ORDER BY row_number"
    ).fetchall()
    assert found[0][:2] == ('Å "x",1', None)
    assert (found[1][0], json.loads(found[1][1])) == ("to", {"unit": "Å", "score": "to"})
    assert found[1][2:] == (
        "«to» er ikke et tall med «.» foran høyst 6 desimaler",
        "«to» er ikkje eit tal med «.» framfor høgst 6 desimalar",
        "“to” is not a number with “.” before at most 6 decimals",
    )


def test_given_a_line_too_long_when_staged_then_it_is_one_reject(loader: Loader) -> None:
    content = HEAD + b"a,1\n" + b"x" * 3_000_000 + b",2\n" + b'"' + b"y" * 150_000 + b'",2\nd,4\n'
    batch = loader.load(content, contract())
    assert (loader.units(batch), loader.rejects(batch)) == (["a", "d"], [(2, "row:long"), (3, "row:long")])


def test_given_a_line_of_a_hundred_megabytes_when_read_then_memory_stays_small(tmp_path: Path) -> None:
    path = tmp_path / "long.csv"
    with path.open("wb") as file:
        file.write(HEAD)
        file.seek(100_000_000, 1)  # a hole: NUL bytes without a line end
        file.write(b"\nb,2\n")
    tracemalloc.start()
    pages = list(CsvRecords(path, ",", "utf-8", ("unit", "score")).pages())
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert [(page.first, page.rows) for page in pages] == [(1, [None]), (2, [["b", "2"]])]
    assert peak < 10_000_000


def test_given_a_quote_on_every_line_when_read_then_time_stays_bounded(tmp_path: Path) -> None:
    path = tmp_path / "quotes.csv"
    path.write_bytes(HEAD + b'a"b"c",1\n' * 20_000)
    begin = time.thread_time()
    faults = sum(len(page.faults) for page in CsvRecords(path, ",", "utf-8", ("unit", "score")).pages())
    assert (faults, time.thread_time() - begin < 5) == (20_000, True)


def test_given_a_record_over_two_blocks_when_read_then_it_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "blocks.csv"
    rows = [f'u{number},"1\n{"x" * 40}"' for number in range(60_000)]
    path.write_text("unit,score\n" + "\n".join(rows) + "\n")
    pages = list(CsvRecords(path, ",", "utf-8", ("unit", "score")).pages())
    cells = [row for page in pages for row in page.rows]
    assert (len(pages) > 2, len(cells)) == (True, 60_000)
    assert all(row is not None and row[0] == f"u{number}" for number, row in enumerate(cells))


pieces = st.sampled_from(
    [b'"', b",", b"\n", b"\r\n", b"\r", b"\0", b"a", b"12", b"3.5", b'""', b"\xc3\xa5", b"\xff", b" "]
)
bodies = st.lists(pieces, max_size=60).map(b"".join)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(body=bodies)
@example(body=b'"\n"\n"\n')
@example(body=b"\n\n\n,\n")
def test_given_any_bytes_when_staged_then_every_row_is_staged_or_rejected(loader: Loader, body: bytes) -> None:
    loader.connection.execute("DELETE FROM raw.source_file; DELETE FROM raw.rejected; DROP SCHEMA staging CASCADE")
    prepare(loader.connection)
    try:
        batch = loader.load(HEAD + body, contract())
    except FileRefused:
        assert b"\xff" in body
        return
    lines = body.replace(b"\r\n", b"\n").rstrip(b"\n")
    most = lines.count(b"\n") + 1 if lines else 0
    assert batch.read == batch.staged + batch.rejected
    assert batch.staged == len(loader.units(batch))
    assert batch.read <= most
    if b'"' not in body:
        assert batch.read == most


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(body=bodies.map(lambda body: body.replace(b"\xff", b"")))
def test_given_any_text_with_people_when_staged_then_the_same_rows_are_faulty_as_without(
    loader: Loader, body: bytes
) -> None:
    columns: dict[str, Json] = {"unit": {"type": "text", "personal": "pseudonymise"}, "score": {"type": "decimal"}}
    structural = "SELECT row_number, rule FROM raw.rejected WHERE batch = $1 AND rule LIKE 'row:%' ORDER BY ALL"
    found = []
    for rules in (contract(), contract(columns=columns)):
        loader.connection.execute("DELETE FROM raw.source_file; DELETE FROM raw.rejected; DROP SCHEMA staging CASCADE")
        prepare(loader.connection)
        batch = loader.load(HEAD + body, rules)
        found.append((batch.read, loader.connection.execute(structural, [batch.batch]).fetchall()))
    assert found[0] == found[1]


def test_given_parquet_when_staged_then_its_values_are_judged_by_the_same_rules(loader: Loader, tmp_path: Path) -> None:
    path = tmp_path / "in.parquet"
    table = pa.table({"score": pa.array([Decimal("1.50"), None, Decimal("-2.25")]), "unit": ["a", None, None]})
    pq.write_table(table, path)
    batch = loader.load(path.read_bytes(), contract(kind="parquet"))
    assert (batch.read, loader.units(batch)) == (3, ["a"])
    assert loader.rejects(batch) == [(2, "row:empty"), (3, "required:unit")]


def test_given_parquet_cut_short_when_landed_then_refused(loader: Loader, tmp_path: Path) -> None:
    path = tmp_path / "in.parquet"
    pq.write_table(pa.table({"score": [1.0] * 1000, "unit": ["a"] * 1000}), path)
    with pytest.raises(FileRefused, match="no Parquet file"):
        loader.load(path.read_bytes()[:-20], contract(kind="parquet"))
