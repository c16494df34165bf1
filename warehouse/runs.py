"""Runs: what figures are computed from, named by its hash; and the computing itself, in one transaction.

The same inputs are the same run, and give the same content of every table, whatever the order of loading, the threads
or the time of day. Readers see only the current run: the models and the switch to it are one commit.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cache
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path

import duckdb

from engine import codec
from engine.errors import IntegrityFault
from engine.progress import Progress, quiet
from warehouse import dictionary, forms, modelling
from warehouse.database import transaction
from warehouse.estimators import udf
from warehouse.modelling import Content
from warehouse.sql import qualified

COMPUTED_BY = ("duckdb", "samskap", "scipy")
"""Distributions whose versions are part of a run: another version may round another way."""


@dataclass(frozen=True, slots=True)
class Run:
    """What a run is computed from; `run_id` is the hash of `inputs`."""

    run_id: str
    evaluated_on: date
    log_position: int
    inputs: str


@dataclass(frozen=True, slots=True)
class Computed:
    """The outcome of computing: `computed`, or `nothing_new` where this run stands already; and what tables hold."""

    run_id: str
    outcome: str
    models: Mapping[str, Content]


def identify(connection: duckdb.DuckDBPyConnection, evaluated_on: date) -> Run:
    """The run that the database's present inputs make on a day."""
    position = connection.execute("SELECT coalesce(max(log_position), 0) FROM raw.event").fetchall()[0][0]
    batches = connection.execute(
        "SELECT batch, status FROM raw.source_file WHERE status IN ('accepted', 'refused') ORDER BY ALL"
    ).fetchall()
    published = connection.execute(
        "SELECT type, coalesce(payload->>'$.bundle', payload->>'$.contract_hash') FROM raw.event"
        " WHERE type IN ('bundle.published', 'source.published') ORDER BY ALL"
    ).fetchall()
    inputs = codec.dumps(
        {
            "evaluated_on": evaluated_on.isoformat(),
            "log_position": position,
            "log_hash": _log_hash(connection),
            "batches": [list(row) for row in batches],
            "bundles": [digest for kind, digest in published if kind == "bundle.published"],
            "contracts": [digest for kind, digest in published if kind == "source.published"],
            "distributions": {name: version(name) for name in COMPUTED_BY},
            "code": _code_hash(),
        }
    )
    return Run(sha256(inputs).hexdigest(), evaluated_on, int(position), inputs.decode())


@cache
def _code_hash() -> str:
    """The hash of what computes (models, estimators, tables of forms): other code may give other figures."""
    here = Path(__file__).parent
    files = [*sorted(here.glob("models/*/*.sql")), *sorted(here.glob("estimators/*.py")), here / "forms.py"]
    return sha256(b"\0".join(file.read_bytes() for file in files)).hexdigest()


def _log_hash(connection: duckdb.DuckDBPyConnection) -> str:
    """The hash of the newest event: two logs of the same length are not the same log."""
    rows = connection.execute("SELECT hash FROM raw.event ORDER BY log_position DESC LIMIT 1").fetchall()
    return str(rows[0][0]) if rows else ""


def current(connection: duckdb.DuckDBPyConnection) -> str | None:
    """The run whose figures stand."""
    row = connection.execute("SELECT run_id FROM ops.current_run").fetchone()
    return str(row[0]) if row else None


def compute(connection: duckdb.DuckDBPyConnection, run: Run, *, progress: Progress = quiet) -> Computed:
    """Make every model anew and switch to the run, all or nothing; nothing where the run stands already."""
    if current(connection) == run.run_id:
        rows = connection.execute(
            "SELECT model, rows, content_hash FROM ops.model_run WHERE run_id = ?", (run.run_id,)
        ).fetchall()
        return Computed(run.run_id, "nothing_new", {model: Content(count, digest) for model, count, digest in rows})
    udf.register(connection)
    with transaction(connection):
        made = _make(connection, run, progress)
        _record(connection, run, made)
    return Computed(run.run_id, "computed", made)


def _make(connection: duckdb.DuckDBPyConnection, run: Run, progress: Progress) -> dict[str, Content]:
    # A variable holds for the connection, not for the transaction; every run sets its own.
    connection.execute("SET VARIABLE evaluated_on = ?::DATE", (run.evaluated_on,))
    models = modelling.read_models()
    made = {}
    for done, model in enumerate(models):
        progress(model.name, done, len(models))
        modelling.build(connection, model)
        _names_are_unique(connection, model)
        if not model.is_view:  # what a view shows is hashed in the tables made from it
            made[model.name] = modelling.content(connection, model.schema, model.table)
        if model.name == modelling.FORMS_FROM:
            tables = forms.generate(connection)
            made |= {f"forms.{table}": modelling.content(connection, "forms", table) for table in tables}
    dictionary.describe(connection)
    progress("done", len(models), len(models))
    _lineage(connection, models)
    return made


def _names_are_unique(connection: duckdb.DuckDBPyConnection, model: modelling.Model) -> None:
    """Raise `IntegrityFault` where two figures have one name: whoever asks for it would get the one or the other."""
    if "result_id" not in model.columns:
        return
    twice = connection.execute(
        f"SELECT result_id FROM {qualified(model.schema, model.table)} GROUP BY result_id HAVING count(*) > 1"
        " ORDER BY result_id LIMIT 1"
    ).fetchone()
    if twice is not None:
        raise IntegrityFault(
            f"two figures in {model.name} are called “{twice[0]}”: nothing was computed",
            hint="This is a fault of samskap: please report it with the template and the contract.",
        )


def _lineage(connection: duckdb.DuckDBPyConnection, models: Iterable[modelling.Model]) -> None:
    pairs = [(model.name, read) for model in models for read in sorted(model.reads)]
    connection.execute("DELETE FROM ops.lineage")
    connection.execute(
        "INSERT INTO ops.lineage SELECT unnest(?::VARCHAR[]), unnest(?::VARCHAR[])",
        ([model for model, _ in pairs], [read for _, read in pairs]),
    )


def _record(connection: duckdb.DuckDBPyConnection, run: Run, made: Mapping[str, Content]) -> None:
    now = datetime.now(UTC).replace(tzinfo=None)
    connection.execute("DELETE FROM ops.model_run WHERE run_id = ?", (run.run_id,))
    connection.execute(
        "INSERT INTO ops.model_run SELECT ?, unnest(?::VARCHAR[]), unnest(?::BIGINT[]), unnest(?::VARCHAR[])",
        (run.run_id, list(made), [found.rows for found in made.values()], [found.hash for found in made.values()]),
    )
    connection.execute(
        "INSERT INTO ops.run SELECT ?, ?, ?, ?, ? WHERE NOT EXISTS (FROM ops.run WHERE run_id = ?)",
        (run.run_id, run.evaluated_on, run.log_position, run.inputs, now, run.run_id),
    )
    connection.execute("DELETE FROM ops.current_run")
    connection.execute("INSERT INTO ops.current_run VALUES (?, ?)", (run.run_id, now))
