"""Putting a value of a file right: a person, a reason, an event. The file in the landing stays as it was read.

The next evaluation reads the file with the mended value, under all rules again.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import duckdb

from engine import codec
from engine.engine import Engine, stream_of
from engine.errors import NotAllowed, NotFound, UsageError
from engine.process.access import ToMeasure, may
from engine.process.events import Payload, RowMended, SourcePublished
from engine.store.people import Session
from engine.text import LANGUAGES
from warehouse.sources.contract import contract_from
from warehouse.sources.erased import of_today


@dataclass(frozen=True, slots=True)
class Reject:
    """A row of a file that was left out: what stands there, and why it was left out."""

    source: str
    file_name: str
    stored_hash: str
    row: int
    column: str | None
    rule: str
    value: str | None
    reasons: dict[str, str]
    cells: dict[str, codec.Json]


def rejects(connection: duckdb.DuckDBPyConnection, source: str | None = None) -> list[Reject]:
    """The rows that are left out of the files in use, or of those refused whole; newest file last."""
    rows = connection.execute(
        "SELECT file.source, file.file_name, file.stored_hash, rejected.row_number, rejected.column_name,"
        " rejected.rule, rejected.value, [rejected.reason_nb, rejected.reason_nn, rejected.reason_en], rejected.cells"
        " FROM raw.rejected AS rejected JOIN raw.source_file AS file USING (batch)"
        " WHERE file.status != 'superseded' AND (file.source = ? OR ? IS NULL)"
        " ORDER BY file.log_position, rejected.row_number, rejected.rule",
        (source, source),
    ).fetchall()
    return [_reject(told, dict(zip(LANGUAGES, reasons, strict=True)), cells) for *told, reasons, cells in rows]


def _reject(told: list[Any], reasons: dict[str, str], cells: str | None) -> Reject:
    source, file_name, stored_hash, row, column, rule, value = told
    found = codec.mapping(codec.decode(cells)) if cells else {}
    return Reject(source, file_name, stored_hash, row, column, rule, value, reasons, found)


def mend(
    engine: Engine,
    session: Session,
    process: str | None,
    found: list[Reject],
    *,
    row: int,
    column: str,
    new: str,
    file: str | None = None,
    reason: str,
) -> RowMended:
    """Record that one value should be another, and why; `found` are the rejects of one source.

    Raises `NotAllowed` for somebody who may not measure in the source's process, `NotFound` where no such row is left
    out, and `UsageError` without a reason or where nothing would change.
    """
    _check_role(engine, session, process)
    if not reason.strip():
        raise UsageError("a value is put right with a reason", hint="Say why: --reason '…'.")
    there = [one for one in found if one.row == row]
    if not there:
        rows = ", ".join(str(number) for number in sorted({one.row for one in found})[:10])
        raise NotFound(
            f"row {row} is not among the rows that are left out", hint=f"Left out are: {rows}." if rows else "None is."
        )
    chosen = _in_one_file(there, file)
    cells = chosen.cells
    if column not in cells:
        raise NotFound(f"row {row} has no column “{column}”", hint=f"It has: {', '.join(cells) or 'none'}.")
    told = of_today(event.payload for event in engine.events(engine.log.read(stream_of("source", chosen.source))))
    _check_not_personal(told, column)
    cell = (chosen.stored_hash, row, column)
    earlier = [p.new for p in told if isinstance(p, RowMended) and (p.stored_hash, p.row, p.column) == cell]
    stands = cells[column] if not earlier else earlier[-1]
    old = "" if stands is None else str(stands)
    if old == new:
        raise UsageError(f"“{column}” of row {row} is “{new}” already", hint="Give the value that it should be.")
    subject = engine.people.fingerprint(session.person.id)[:32]
    payload = RowMended(
        source=chosen.source,
        stored_hash=chosen.stored_hash,
        row=row,
        column=column,
        old=old,
        new=new,
        subject=subject,
        reason=reason.strip(),
    )
    actor = "operator" if session.operator else subject
    engine.record(stream_of("source", payload.source), [payload], actor=actor)
    return payload


def _in_one_file(there: list[Reject], file: str | None) -> Reject:
    """The row in the file that is meant; raise `UsageError` where several have such a row and none is named."""
    names = sorted({one.file_name for one in there})
    fitting = [one for one in there if file in (None, one.file_name)]
    if not fitting:
        raise NotFound(f"no such row is left out of “{file}”", hint=f"It is in: {', '.join(names)}.")
    if len({one.stored_hash for one in fitting}) > 1:
        raise UsageError(f"{', '.join(names)} all have such a row", hint="Say which is meant: --file NAME.")
    return fitting[-1]


def _check_not_personal(told: Iterable[Payload], column: str) -> None:
    """Raise `NotAllowed` for a column that says who somebody is: what is typed would lie in the log in clear."""
    contracts = [contract_from(p.content) for p in told if isinstance(p, SourcePublished)]
    if any(column in contract.columns and contract.columns[column].personal for contract in contracts):
        raise NotAllowed(
            f"“{column}” says who somebody is, and is kept under a pseudonym or not at all",
            hint="Put the file right, and let it land anew.",
        )


def _check_role(engine: Engine, session: Session, process: str | None) -> None:
    if process is None:
        if session.runs_workspace:
            return
        raise NotAllowed("this source belongs to no process", hint="Ask the operator to put the value right.")
    loaded = engine.load(engine.stream(process))
    verdict = may(engine.actor(session, loaded.state), ToMeasure(), loaded.state, loaded.definition)
    if not verdict.allowed:
        raise NotAllowed(verdict.reason, hint=f"Ask somebody with that role in “{process}”.")
