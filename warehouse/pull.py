"""Events from the log into `raw`: in bulk, by position, without what is encrypted.

The log is read through the engine's own store and never attached to DuckDB (attaching a live SQLite file loses events
that others commit meanwhile). The store shows events in the order of their positions, so reading on from the last one
misses nothing. Sealed answers come at their reveal, into `raw.revealed_payload`. What events mean is the models'
business, not this module's.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import duckdb
import pyarrow as pa

from engine import codec
from engine.engine import Engine
from engine.errors import IntegrityFault
from engine.process.events import TYPES, AnswersRevealed, FormSubmitted, Payload
from engine.store.log import Log, Record
from warehouse.chains import BEGIN, SPLIT, Chains
from warehouse.database import transaction

PAGE = 20_000
_TABLES = Path(__file__).with_name("tables.sql")
_ENVELOPE = (
    '{"schema_version":"INTEGER","recorded_at":"VARCHAR","actor":"VARCHAR","on_behalf_of":"VARCHAR",'
    '"role":"VARCHAR","membership":"VARCHAR","bundle_hash":"VARCHAR"}'
)
_INSERT = """
INSERT INTO raw.event
SELECT log_position, replace(stream, '-', ''), sequence, type, e.schema_version,
       e.recorded_at[:26]::TIMESTAMP, e.actor, e.on_behalf_of, e.role, e.membership, e.bundle_hash,
       sha256(body), payload, withheld
FROM (SELECT *, json_transform(envelope, $envelope) AS e FROM page)
"""
_ENCRYPTED = {name: kind.PERSONAL for name, kind in TYPES.items() if kind.PERSONAL}


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A process that is in quarantine: from this event on it is in no figure, and why."""

    process: str
    event: int
    why: str


@dataclass(frozen=True, slots=True)
class Pulled:
    """How far the log was read, and how many events were taken in that were new."""

    position: int
    events: int


def prepare(connection: duckdb.DuckDBPyConnection) -> None:
    """Make the schemas and the tables that are kept from run to run, where they are missing."""
    connection.execute(_TABLES.read_text(encoding="utf-8"))


def pull(connection: duckdb.DuckDBPyConnection, engine: Engine) -> Pulled:
    """Read what is new in the log, in one transaction.

    Starts over where the log is not the one that was read before, or something in it was left out then: it may be whole
    again.
    """
    with transaction(connection):
        after = _position(connection, engine.log)
        chains = Chains(engine, _ends(connection))
        events = sum(_take_in(connection, chains.whole(page)) for page in engine.log.pages(after=after, size=PAGE))
        chains.end(engine.log)
        _reveal(connection, engine, after, chains)
        for stream, (sequence, what) in chains.broken.items():
            connection.execute("DELETE FROM raw.event WHERE stream = ? AND sequence >= ?", (stream, sequence))
            values = (stream, chains.name(stream), sequence, what)
            connection.execute("INSERT INTO raw.left_out VALUES (?, ?, ?, ?)", values)
        position = int(_one(connection, "SELECT coalesce(max(log_position), 0) FROM raw.event"))
    return Pulled(position, events)


def left_out(connection: duckdb.DuckDBPyConnection) -> list[LeftOut]:
    """The processes that were in quarantine when the log was last read."""
    rows = connection.execute("SELECT process, sequence, what FROM raw.left_out ORDER BY process").fetchall()
    return [LeftOut(*row) for row in rows]


def _ends(connection: duckdb.DuckDBPyConnection) -> dict[str, tuple[int, str]]:
    """The last event of each stream that was taken in, with its hash."""
    rows = connection.execute("SELECT stream, max(sequence), arg_max(hash, sequence) FROM raw.event GROUP BY stream")
    return {stream: (sequence, digest) for stream, sequence, digest in rows.fetchall()}


def _take_in(connection: duckdb.DuckDBPyConnection, records: list[Record]) -> int:
    """Events into `raw`; how many."""
    if records:
        connection.register("page", _table(records))
        connection.execute(_INSERT, {"envelope": _ENVELOPE})
        connection.unregister("page")
    return len(records)


def _position(connection: duckdb.DuckDBPyConnection, log: Log) -> int:
    """The last position that was read; 0, with `raw` emptied, where it is to be read anew."""
    found = connection.execute(
        "SELECT log_position, replace(stream, '-', ''), sequence, hash FROM raw.event"
        " ORDER BY log_position DESC LIMIT 1"
    ).fetchone()
    if found is None:
        return 0
    position, stream, sequence, digest = found
    there = next(log.pages(after=position - 1, size=1), [])
    for record in there if not left_out(connection) else ():
        known = record.position == position and (record.stream.hex, record.sequence) == (stream, sequence)
        if known and _sha256(connection, record.body) == digest:
            return int(position)
    connection.execute("DELETE FROM raw.event")
    connection.execute("DELETE FROM raw.revealed_payload")
    connection.execute("DELETE FROM raw.left_out")
    return 0


def _sha256(connection: duckdb.DuckDBPyConnection, body: bytes) -> str:
    return str(connection.execute("SELECT sha256(?::VARCHAR)", (body.decode(),)).fetchall()[0][0])


def _table(page: list[Record]) -> pa.Table:
    """A page of the log, with envelope and payload apart."""
    parts = [_parted(record.type, record.body) for record in page]
    envelopes, payloads, withheld = zip(*parts, strict=True)
    return pa.table(
        {
            "log_position": pa.array([record.position for record in page], pa.int64()),
            "stream": pa.array([record.stream.hex for record in page], pa.string()),
            "sequence": pa.array([record.sequence for record in page], pa.int64()),
            "type": pa.array([record.type for record in page], pa.string()),
            "envelope": pa.array(envelopes, pa.string()),
            "payload": pa.array(payloads, pa.string()),
            "withheld": pa.array(withheld, pa.bool_()),
            "body": pa.array([record.body for record in page], pa.string()),
        }
    )


def _parted(kind: str, body: bytes) -> tuple[bytes, bytes, bool]:
    """Envelope and payload as stored texts, and whether something encrypted was left out.

    The stored text is canonical and its envelope is flat, so the first `,"p":` outside a string parts the two; cutting
    text keeps every digit of a number, which DuckDB's JSON functions would not.
    """
    head, _, rest = body.partition(SPLIT)
    envelope, payload = head.removeprefix(BEGIN), rest[:-1]
    names = _ENCRYPTED.get(kind)
    if names is None:
        return envelope, payload, False
    return envelope, *_without_encrypted(payload, names)


def _without_encrypted(payload: bytes, names: tuple[str, ...]) -> tuple[bytes, bool]:
    content = codec.mapping(codec.decode(payload))
    kept = {name: value for name, value in content.items() if name != "sealed" and not (name in names and value)}
    withheld = len(kept) < len(content)
    return (codec.dumps(kept) if withheld else payload), withheld


def _reveal(connection: duckdb.DuckDBPyConnection, engine: Engine, after: int, chains: Chains) -> None:
    """The answers of every entry of a state that was revealed after a position."""
    reveals = connection.execute(
        "SELECT stream, sequence, payload->>'$.key_id' FROM raw.event"
        " WHERE type = 'answers.revealed' AND log_position > ?",
        (after,),
    ).fetchall()
    rows = list[tuple[str, int, int, str, bytes]]()
    for stream, sequence, key_id in reveals:
        try:
            rows += _revealed(engine, UUID(stream), sequence, key_id)
        except IntegrityFault as why:  # what it reveals was changed since it was taken in
            chains.broken.setdefault(stream, (sequence, why.message))
    if rows:
        streams, sequences, at, visibilities, answers = zip(*rows, strict=True)
        opened = pa.table(
            {
                "stream": pa.array(streams, pa.string()),
                "sequence": pa.array(sequences, pa.int64()),
                "revealed_at_sequence": pa.array(at, pa.int64()),
                "visibility": pa.array(visibilities, pa.string()),
                "answers": pa.array(answers, pa.string()),
            }
        )
        connection.register("opened", opened)
        connection.execute("INSERT INTO raw.revealed_payload BY NAME SELECT * FROM opened")
        connection.unregister("opened")


def _revealed(engine: Engine, stream: UUID, sequence: int, key_id: str) -> Iterator[tuple[str, int, int, str, bytes]]:
    records = engine.log.read(stream, until=sequence)
    reveal = engine.payload(records[-1])
    if not isinstance(reveal, AnswersRevealed):
        raise IntegrityFault("a reveal in the log is not as it was written", hint="Run `samskap verify`.")
    events = list(engine.events(records, opened={key_id: reveal}))
    earlier = [event.sequence for event in events[:-1] if _reveals(event.payload, key_id)]
    for event in events[max(earlier, default=0) :]:  # what was revealed before is there already
        payload = event.payload
        if isinstance(payload, FormSubmitted) and payload.sealed_under == key_id and payload.answers is not None:
            yield stream.hex, event.sequence, sequence, reveal.visibility, codec.dumps(payload.answers)


def _reveals(payload: Payload, key_id: str) -> bool:
    return isinstance(payload, AnswersRevealed) and payload.key_id == key_id


def _one(connection: duckdb.DuckDBPyConnection, statement: str) -> int:
    row = connection.execute(statement).fetchone()
    assert row is not None
    return int(row[0])
