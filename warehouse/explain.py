"""From a figure to what lies behind it: the run, the definitions that held, and the answers and rows it was made from.

It reads a copy for readers, so it can tell no more than that holds. The answers themselves are the engine's to show, to
those who may see them: here stand the events they are in.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any

import duckdb

from engine.errors import NotFound
from warehouse.sql import qualified

TABLES = (
    "outputs",
    "output_periods",
    "results",
    "effects",
    "assessment_profile",
    "assessment_spread",
    "assessment_change",
    "agreed_actions",
)
"""The tables of `marts` whose rows have a `result_id`."""


@dataclass(frozen=True, slots=True)
class Answer:
    """An event that holds answers behind a figure; `what` says what they are to it."""

    what: str
    process: str
    sequence: int
    instance: str
    submitted_at: str
    membership: str | None
    party: str | None


@dataclass(frozen=True, slots=True)
class FileRows:
    """Rows of a file behind a figure: one row, or all that count."""

    file_name: str
    source: str
    stored_hash: str
    row_number: int | None
    rows: int
    rejected: int
    log_position: int
    """Of the event that says when the file landed."""


@dataclass(frozen=True, slots=True)
class MendedCell:
    """A value of a file that somebody put right, behind a figure; who and why stands in the source's log."""

    source: str
    row: int
    column: str
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class Explanation:
    """A figure with everything it was made from."""

    result_id: str
    table: str
    figure: Mapping[str, Any]
    meaning: str
    run_id: str
    evaluated_on: str
    log_position: int
    reads: Sequence[str]
    answers: Sequence[Answer] = field(default_factory=tuple)
    files: Sequence[FileRows] = field(default_factory=tuple)
    mends: Sequence[MendedCell] = field(default_factory=tuple)
    questions: Sequence[str] = field(default_factory=tuple)
    """The questions whose answers count in the figure; empty where it is no profile."""


def explain(connection: duckdb.DuckDBPyConnection, result_id: str) -> Explanation:
    """What lies behind a figure; raise `NotFound`, with the nearest names, where there is none of that name."""
    for table in TABLES:
        found = _rows(connection, f"SELECT * FROM {qualified('marts', table)} WHERE result_id = ?", (result_id,))
        if found:
            return _explained(connection, table, found[0])
    raise _missing(connection, result_id)


def _explained(connection: duckdb.DuckDBPyConnection, table: str, figure: Mapping[str, Any]) -> Explanation:
    run = _rows(
        connection, "SELECT run_id, evaluated_on, log_position FROM ops.run JOIN ops.current_run USING (run_id)"
    )[0]
    comment = _rows(
        connection,
        "SELECT comment FROM duckdb_tables() WHERE schema_name = 'marts' AND table_name = ?",
        (table,),
    )
    return Explanation(
        result_id=figure["result_id"],
        table=f"marts.{table}",
        figure=figure,
        meaning=comment[0]["comment"] or "",
        run_id=run["run_id"],
        evaluated_on=run["evaluated_on"].isoformat(),
        log_position=run["log_position"],
        reads=_upstream(connection, f"marts.{table}"),
        answers=_answers(connection, figure),
        files=_files(connection, figure),
        mends=_mends(connection, figure),
        questions=_questions(connection, figure),
    )


def _upstream(connection: duckdb.DuckDBPyConnection, model: str) -> list[str]:
    """Every table the model is computed from, near or far."""
    return [
        row["reads"]
        for row in _rows(
            connection,
            "WITH RECURSIVE upstream AS (SELECT reads FROM ops.lineage WHERE model = ? UNION"
            " SELECT lineage.reads FROM ops.lineage JOIN upstream ON lineage.model = upstream.reads)"
            " SELECT reads FROM upstream ORDER BY reads",
            (model,),
        )
    ]


def _answers(connection: duckdb.DuckDBPyConnection, figure: Mapping[str, Any]) -> list[Answer]:
    """The events behind a figure: its own answers, then what defined it."""
    given, first = list(figure.get("sequences") or ()), figure.get("sequence")
    own = given or ([first] if first is not None and "sequences" not in figure else [])
    if "pairs" in figure or "gap" in figure:
        own = _assessment_sequences(connection, figure)
    wanted = dict.fromkeys(own, "the answers")
    if "sequences" in figure and first is not None:
        wanted.setdefault(first, "plan")
    if "indicator_id" in figure:
        for what, table in (("definition", "indicator"), ("target", "target"), ("baseline", "baseline")):
            current = " AND is_current" if table == "indicator" else ""
            for row in _rows(
                connection,
                f"SELECT sequence FROM {qualified('core', table)} WHERE process_id = ? AND indicator_id = ?{current}",
                (figure["process_id"], figure["indicator_id"]),
            ):
                wanted.setdefault(row["sequence"], what)
    rows = _rows(
        connection,
        "SELECT process, sequence, instance, submitted_at, membership, party FROM core.submission"
        " WHERE process_id = ? AND list_contains(?::BIGINT[], sequence) ORDER BY sequence",
        (figure["process_id"], list(wanted)),
    )
    return [
        Answer(
            wanted[row["sequence"]],
            row["process"],
            row["sequence"],
            row["instance"],
            row["submitted_at"].isoformat(timespec="seconds"),
            row["membership"],
            row["party"],
        )
        for row in rows
    ]


def _assessment_sequences(connection: duckdb.DuckDBPyConnection, figure: Mapping[str, Any]) -> list[int]:
    return [
        row["sequence"]
        for row in _rows(
            connection,
            "SELECT DISTINCT sequence FROM core.membership_score WHERE process_id = ? AND task = ? AND member = ?"
            " AND round BETWEEN ? AND ? ORDER BY sequence",
            (
                figure["process_id"],
                figure["task"],
                figure["member"],
                figure.get("from_round") or figure["round"],
                figure["round"],
            ),
        )
    ]


def _questions(connection: duckdb.DuckDBPyConnection, figure: Mapping[str, Any]) -> list[str]:
    if "member" not in figure:
        return []
    rows = _rows(
        connection,
        "SELECT DISTINCT item FROM core.assessment_item WHERE process_id = ? AND task = ? AND dimension = ?"
        " AND member = ? ORDER BY item",
        (figure["process_id"], figure["task"], figure["dimension"], figure["member"]),
    )
    return [row["item"] for row in rows]


def _mends(connection: duckdb.DuckDBPyConnection, figure: Mapping[str, Any]) -> list[MendedCell]:
    rows = _rows(
        connection,
        "SELECT file.source, mended.row_number, mended.column_name, mended.old, mended.new"
        " FROM raw.mended_cell AS mended JOIN raw.source_file AS file USING (batch)"
        " WHERE list_contains(?::VARCHAR[], mended.batch) AND mended.row_number = coalesce(?, mended.row_number)"
        " AND mended.finding = 'applied' ORDER BY ALL",
        (_batches(figure), figure.get("row_number")),
    )
    return [MendedCell(*row.values()) for row in rows]


def _batches(figure: Mapping[str, Any]) -> list[str]:
    """The files that a figure came from."""
    return list(figure.get("batches") or ())


def _files(connection: duckdb.DuckDBPyConnection, figure: Mapping[str, Any]) -> list[FileRows]:
    rows = _rows(
        connection,
        "SELECT file_name, source, stored_hash, rows_staged, rows_rejected, log_position FROM raw.source_file"
        " WHERE list_contains(?::VARCHAR[], batch) ORDER BY log_position",
        (_batches(figure),),
    )
    return [
        FileRows(
            row["file_name"],
            row["source"],
            row["stored_hash"],
            figure.get("row_number"),
            row["rows_staged"],
            row["rows_rejected"],
            row["log_position"],
        )
        for row in rows
    ]


def _missing(connection: duckdb.DuckDBPyConnection, result_id: str) -> NotFound:
    known = [
        row["result_id"]
        for table in TABLES
        for row in _rows(
            connection, f"SELECT DISTINCT result_id FROM {qualified('marts', table)} ORDER BY 1 LIMIT 5000"
        )
    ]
    close = get_close_matches(result_id, known, 3, 0.5)
    named = ", ".join(close or known[:3])
    return NotFound(
        f"there is no figure “{result_id}”",
        hint=f"Did you mean: {named}?" if named else "Compute figures first: samskap evaluate.",
    )


def _rows(connection: duckdb.DuckDBPyConnection, statement: str, values: Sequence[object] = ()) -> list[dict[str, Any]]:
    cursor = connection.execute(statement, list(values))
    names = [column[0] for column in cursor.description or ()]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
