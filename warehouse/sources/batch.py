"""A batch: one landed file under one contract with its mended cells; staged, judged, and then in use or refused.

`stage` reads it and finds what breaks a rule, in one commit; `validation.validate` judges it; `accept` puts its rows
where the models read them. Each does nothing where it was done already, so a killed run is simply run again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Literal, TypeAlias

import duckdb
from sqlglot import exp

from engine import codec
from engine.errors import NotFound, UsageError
from warehouse.database import transaction
from warehouse.sources.contract import Contract
from warehouse.sources.expressions import DIALECT, bound, call, column, literal, sql, written
from warehouse.sources.landing import Landed, check_whole
from warehouse.sources.layout import Layout
from warehouse.sources.measurements import insertions
from warehouse.sources.reading import STAGING, Mend, Mended, fill
from warehouse.sources.rules import Rule, rules_of
from warehouse.sql import qualified

_TABLES = Path(__file__).with_name("tables.sql")

Status: TypeAlias = Literal["staged", "judged", "accepted", "refused", "superseded"]


@dataclass(frozen=True, slots=True)
class Batch:
    """A batch with its counts of rows: read = staged + rejected."""

    batch: str
    source: str
    read: int
    staged: int
    rejected: int
    status: Status


def prepare(connection: duckdb.DuckDBPyConnection) -> None:
    """Make the tables of measurement files, where they are missing."""
    connection.execute(_TABLES.read_text(encoding="utf-8"))


def batch_id(landed: Landed, contract: Contract, mends: Sequence[Mend] = ()) -> str:
    """What a batch is called: 16 hex digits each of the stored file, the contract, and the file's mends if any."""
    mends_hash = _mends_hash(_of_file(landed, mends))
    return ":".join(part[:16] for part in (landed.stored_hash, contract.hash, mends_hash) if part)


def find(connection: duckdb.DuckDBPyConnection, batch: str) -> Batch | None:
    """A batch that was staged."""
    row = connection.execute(
        "SELECT batch, source, rows_read, rows_staged, rows_rejected, status FROM raw.source_file WHERE batch = $1",
        [batch],
    ).fetchone()
    return None if row is None else Batch(*row)


def stage(
    connection: duckdb.DuckDBPyConnection,
    landed: Landed,
    contract: Contract,
    mends: Sequence[Mend] = (),
    *,
    log_position: int = 0,
) -> Batch:
    """Read a landed file and keep what breaks a rule as rejects, in one commit; what is there is not read again.

    `log_position` is that of the event by which the file landed. Mends of other files are passed over. Raise
    `IntegrityFault` where the landed file was changed, and `StoreError` where there is no room; then nothing is stored.
    """
    batch = batch_id(landed, contract, mends)
    found = find(connection, batch)
    if found is not None:  # a file that landed once more counts from then
        connection.execute(
            "UPDATE raw.source_file SET log_position = $1 WHERE batch = $2 AND log_position < $1", [log_position, batch]
        )
        return found
    check_whole(landed)
    own_mends = _of_file(landed, mends)
    with transaction(connection):
        read, mended = fill(connection, landed, contract, staging_table(batch), own_mends)
        for rule in rules_of(contract):
            connection.execute(written(_rejection(rule, contract, batch)), {"batch": batch})
        for one in mended:
            connection.execute("INSERT INTO raw.mended_cell VALUES ($1, $2, $3, $4, $5, $6, $7)", _mend_row(batch, one))
        rejected = _count_rejected(connection, batch)
        connection.execute(
            "INSERT INTO raw.source_file VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, 'staged')",
            [
                batch,
                contract.source,
                landed.file_name,
                landed.stored_hash,
                landed.original_hash,
                contract.hash,
                _mends_hash(own_mends),
                landed.size,
                read,
                read - rejected,
                rejected,
                log_position,
            ],
        )
    return Batch(batch, contract.source, read, read - rejected, rejected, "staged")


def accept(connection: duckdb.DuckDBPyConnection, batch: str, contract: Contract) -> Batch:
    """Put a judged batch in use: its rows that passed come into `raw.measurement_row`, in one commit.

    Other batches of the same file are superseded: their rows stay, and are in use no more. Raise `UsageError` for a
    batch that was not judged or was refused.
    """
    found = find(connection, batch)
    if found is None:
        raise NotFound(f"there is no batch {batch}", hint="Load it first.")
    if found.status == "accepted":
        return found
    if found.status not in ("judged", "superseded"):
        raise UsageError(f"batch {batch} is {found.status}, so it cannot be accepted", hint="Validate it first.")
    with transaction(connection):
        if found.status == "judged":
            table = staging_table(batch)
            for insertion in insertions(contract, table):
                connection.execute(written(insertion), {"batch": batch})
            connection.execute(f"DROP TABLE {qualified(STAGING, table)}")
        supersede(connection, batch, ("accepted", "refused"))
        set_status(connection, batch, "accepted")
    return Batch(batch, found.source, found.read, found.staged, found.rejected, "accepted")


def supersede(connection: duckdb.DuckDBPyConnection, batch: str, statuses: tuple[Status, ...]) -> None:
    """Let a judged batch stand for the others of its file, in the caller's transaction.

    Those with one of these statuses stay as superseded; those that nobody finished are forgotten.
    """
    others = connection.execute(
        "SELECT other.batch, other.status FROM raw.source_file AS other JOIN raw.source_file AS one"
        " USING (source, stored_hash) WHERE one.batch = $1 AND other.batch <> $1",
        [batch],
    ).fetchall()
    for other, status in others:
        if status in statuses:
            set_status(connection, other, "superseded")
        elif status in ("staged", "judged"):
            _forget(connection, other)


def _forget(connection: duckdb.DuckDBPyConnection, batch: str) -> None:
    connection.execute(f"DROP TABLE {qualified(STAGING, staging_table(batch))}")
    for table in ("raw.source_file", "raw.rejected", "raw.mended_cell", "ops.validation_result"):
        connection.execute(f"DELETE FROM {table} WHERE batch = $1", [batch])  # noqa: S608  (names of ours)


def set_status(connection: duckdb.DuckDBPyConnection, batch: str, status: Status) -> None:
    """Write down how far a batch has come, in the caller's transaction."""
    connection.execute("UPDATE raw.source_file SET status = $1 WHERE batch = $2", [status, batch])


def staging_table(batch: str) -> str:
    """The table of the schema `staging` that holds every row of a batch until it is accepted or refused."""
    return f"rows_{batch.replace(':', '_')}"


def _of_file(landed: Landed, mends: Sequence[Mend]) -> list[Mend]:
    return [mend for mend in mends if mend.stored_hash == landed.stored_hash]


def _mends_hash(mends: Sequence[Mend]) -> str | None:
    if not mends:
        return None
    return sha256(codec.dumps([[mend.row, mend.column, mend.old, mend.new] for mend in mends])).hexdigest()


def _mend_row(batch: str, mended: Mended) -> tuple[str, int, str, str, str, str | None, str]:
    mend = mended.mend
    return batch, mend.row, mend.column, mend.old, mend.new, mended.found, mended.finding


def _rejection(rule: Rule, contract: Contract, batch: str) -> exp.Insert:
    """`INSERT INTO raw.rejected …` for one rule; `$batch` is bound."""
    rows = exp.table_(staging_table(batch), db=STAGING, quoted=True)
    judged = exp.select(exp.Star(), exp.alias_(rule.broken.copy(), "broken")).from_(rows).subquery("judged")
    values = {
        "batch": bound("batch"),
        "row_number": column("row_number"),
        "column_name": literal(rule.column) if rule.column is not None else exp.Null(),
        "rule": literal(rule.id),
        "value": rule.value,
        **{f"reason_{language}": reason for language, reason in rule.reasons.items()},
        "cells": sql("CASE WHEN fault IS NULL THEN :cells::VARCHAR END", cells=_cells(contract)),
    }
    found = exp.select(*(value.copy() for value in values.values())).from_(judged).where("broken", dialect=DIALECT)
    return exp.insert(found, "raw.rejected", columns=list(values), dialect=DIALECT)


def _cells(contract: Contract) -> exp.Expr:
    layout = Layout(contract)
    pairs = [part for name in contract.kept for part in (literal(name), layout.text(name))]
    return call("json_object", *pairs)


def _count_rejected(connection: duckdb.DuckDBPyConnection, batch: str) -> int:
    row = connection.execute("SELECT count(DISTINCT row_number) FROM raw.rejected WHERE batch = $1", [batch]).fetchone()
    assert row is not None
    return int(row[0])
