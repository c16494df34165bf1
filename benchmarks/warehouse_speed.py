"""The warehouse: pulling events, computing marts over unit-level measurements, and the memory that takes."""

from __future__ import annotations

import json
import re
import sqlite3
import subprocess
import sys
from contextlib import closing
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import UUID, uuid4

import duckdb
import pyarrow as pa

from benchmarks.measure import Line, Timing, growing, line, timed
from cli import play
from engine import codec
from engine.engine import Engine, stream_of
from engine.process.events import MeasurementsLanded, SourcePublished
from engine.store.log import Record
from engine.template import bundle
from engine.template.sources import BUILT_IN
from warehouse import pull, runs
from warehouse.database import connect
from warehouse.sources import batch

EXAMPLES = BUILT_IN / "examples"
DAY = date(2026, 11, 23)
MEMORY = "2GB"


def pulling(scale: int) -> list[Line]:
    """Events read into DuckDB per second, against a bare fetch and insert of the same rows without looking inside."""
    found = []
    with TemporaryDirectory() as folder:
        for size in growing(1_000 * scale):
            engine = _engine_with_events(Path(folder) / str(size), size)
            peer = timed(lambda engine=engine: _bare_pull(engine.log.path), repeats=3)  # type: ignore[misc]
            ours = timed(lambda engine=engine: _pull(engine), repeats=3)  # type: ignore[misc]
            found += [
                line("sqlite3 → arrow → DuckDB, nothing parsed", size, peer),
                line("samskap's pull", size, ours, peer=peer),
            ]
            engine.close()
    return found


def _engine_with_events(folder: Path, size: int) -> Engine:
    """An engine whose log holds many submissions, written a thousand at a time."""
    engine = Engine.open(folder)
    engine.publish(bundle.read("soimpact", [BUILT_IN]))
    leader = play.session_of(engine, "kari")
    play.start_evaluation(engine, EXAMPLES / "nsw" / "answers", "nsw", "NSW", leader)
    body = engine.log.read(engine.stream("nsw"))[-1].body
    told = codec.mapping(codec.decode(body))
    for start in range(0, size, 1000):
        stream = uuid4()
        engine.log.append([_copy(told, stream, number) for number in range(1, min(1000, size - start) + 1)])
    return engine


def _copy(told: dict[str, codec.Json], stream: UUID, number: int) -> Record:
    envelope = {**codec.mapping(told["e"]), "stream": stream.hex, "sequence": number}
    return Record(stream, number, "form.submitted", codec.dumps({**told, "e": envelope}))


def _pull(engine: Engine) -> None:
    with connect() as connection:
        pull.prepare(connection)
        pull.pull(connection, engine)


def _bare_pull(path: Path) -> None:
    with closing(sqlite3.connect(path)) as reader, connect() as connection:
        connection.execute("CREATE TABLE event (position BIGINT, stream VARCHAR, version BIGINT, body VARCHAR)")
        cursor = reader.execute(
            "SELECT rowid, originator_id, originator_version, state FROM stored_events ORDER BY rowid"
        )
        while rows := cursor.fetchmany(20_000):
            positions, streams, versions, bodies = zip(*rows, strict=True)
            page = pa.table(
                {"a": positions, "b": pa.array(streams, pa.string()), "c": versions, "d": pa.array(bodies, pa.string())}
            )
            connection.register("page", page)
            connection.execute("INSERT INTO event SELECT * FROM page")


BY_HAND = """
WITH arms AS (
    SELECT arm, count(*) AS n, avg(value::DOUBLE) AS mean, var_samp(value::DOUBLE) AS variance
    FROM raw.measurement_row GROUP BY arm
)
SELECT t.mean - c.mean, sqrt(t.variance / t.n + c.variance / c.n), t.n, c.n, t.mean, c.mean
FROM arms AS t, arms AS c WHERE t.arm = 'treated' AND c.arm = 'control'
"""


def marts(scale: int) -> list[Line]:
    """Units computed into every mart per second, against one hand-written query for the same effect."""
    found = []
    with TemporaryDirectory() as folder:
        engine = _engine_with_source(Path(folder) / "data")
        fixed = _computing(_warehouse(engine, 0))
        for size in (n for n in (100_000, 1_000_000, 10_000_000) if n <= 100_000 * max(scale, 10)):
            connection = _warehouse(engine, size)
            by_hand = timed(lambda connection=connection: connection.execute(BY_HAND).fetchall())  # type: ignore[misc]
            ours = _computing(connection)
            beyond = ours.median - fixed.median
            note = f"{fixed.median:.2f} s of it whatever the size; beyond that {beyond / by_hand.median:.1f} × by hand"
            found += [
                line("one query by hand", size, by_hand),
                line("samskap: every model and its hash", size, ours, peer=by_hand, note=note),
            ]
            connection.close()
        engine.close()
    return found


def _computing(connection: duckdb.DuckDBPyConnection) -> Timing:
    days = iter(range(1, 1000))

    def compute() -> None:
        run = runs.identify(connection, date.fromordinal(DAY.toordinal() + next(days)))
        assert runs.compute(connection, run).outcome == "computed"

    return timed(compute, repeats=3)


def _engine_with_source(folder: Path) -> Engine:
    """An engine with the NSW evaluation, a published source and one landed file."""
    engine = Engine.open(folder)
    engine.publish(bundle.read("soimpact", [BUILT_IN]))
    leader = play.session_of(engine, "kari")
    play.start_evaluation(engine, EXAMPLES / "nsw" / "answers", "nsw", "NSW", leader)
    published = SourcePublished(source="nsw", version="1.0.0", contract_hash="0" * 64, content={"process": "nsw"})
    landed = MeasurementsLanded(
        source="nsw", contract_hash="0" * 64, file_name="nsw.csv", original_hash="1" * 64, stored_hash="1" * 64, size=1
    )
    engine.record(stream_of("source", "nsw"), [published, landed], actor="operator")
    return engine


def _warehouse(engine: Engine, size: int) -> duckdb.DuckDBPyConnection:
    """A warehouse in memory with that many units in one accepted file."""
    connection = connect(memory_limit=MEMORY)
    pull.prepare(connection)
    batch.prepare(connection)
    position = pull.pull(connection, engine).position
    connection.execute(
        "INSERT INTO raw.source_file VALUES ('b', 'nsw', 'nsw.csv', 's', 's', 'c', NULL, 1, ?, ?, 0, ?, 'accepted')",
        (size, size, position),
    )
    connection.execute(
        "INSERT INTO raw.measurement_row BY NAME SELECT 'b' AS batch, range + 1 AS row_number,"
        " 'earnings_1978' AS indicator_id, '1978' AS occasion, DATE '1978-01-01' AS period_start,"
        " DATE '1978-12-31' AS period_end, (range + 1)::VARCHAR AS unit,"
        " CASE WHEN range % 2 = 0 THEN 'treated' ELSE 'control' END AS arm,"
        " (hash(range) % 1000000)::DECIMAL(18, 6) / 100 AS value FROM range(?)",
        (size,),
    )
    return connection


def memory(scale: int) -> list[Line]:
    """Peak memory of a process that computes the marts, in MB (the column `per second` is not one here)."""
    found = []
    for size in (n for n in (100_000, 1_000_000, 10_000_000) if n <= 100_000 * max(scale, 10)):
        code = f"from benchmarks.warehouse_speed import peak; peak({size})"
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
        megabytes = json.loads(done.stdout)
        found.append(Line("peak memory, MB", size, megabytes, 0.0, None, f"DuckDB's limit is {MEMORY}"))
    return found


def peak(size: int) -> None:
    """Compute once over that many units, and print the peak memory of this process in MB."""
    with TemporaryDirectory() as folder:
        engine = _engine_with_source(Path(folder))
        connection = _warehouse(engine, size)
        runs.compute(connection, runs.identify(connection, DAY))
    # Not getrusage: its peak begins with that of the process that started this one.
    found = re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text(encoding="utf-8"))
    assert found is not None
    sys.stdout.write(json.dumps(int(found[1]) / 1024))
