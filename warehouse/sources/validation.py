"""Great Expectations judges every row that was read of a batch, over our own connection, and the verdict is stored.

It gives verdicts and counts: that a rule fails as often as it has rejects is checked, since both come from one contract
by two ways. Which rows fail is `batch`'s: Great Expectations shows at most 200.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

import duckdb

from engine.errors import IntegrityFault, NotFound, SettingsError
from warehouse.database import transaction
from warehouse.sources.batch import Batch, find, set_status, staging_table, supersede
from warehouse.sources.contract import Contract
from warehouse.sources.reading import STAGING
from warehouse.sources.rules import rules_of
from warehouse.sql import qualified

OURSELVES: Final = "samskap"
TOLERANCE: Final = "file:tolerance"
ROWS: Final = "file:rows"
MENDS: Final = "file:mends"


@dataclass(frozen=True, slots=True)
class Result:
    """What was judged of one rule, over `checked` rows."""

    rule: str
    column: str | None
    checked: int
    failed: int
    success: bool
    judged_by: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a batch is accepted with its rejects left out, or refused whole. `tolerance` is a share of rows."""

    batch: str
    accepted: bool
    read: int
    rejected: int
    tolerance: Decimal
    results: tuple[Result, ...]

    @property
    def failed(self) -> tuple[Result, ...]:
        """The rules that do not hold."""
        return tuple(result for result in self.results if not result.success)


def validate(connection: duckdb.DuckDBPyConnection, batch: str, contract: Contract) -> Verdict:
    """Judge a staged batch and store the verdict, in one commit; one that was judged is not judged again.

    Raise `SettingsError` where Great Expectations is not installed.
    """
    found = find(connection, batch)
    if found is None:
        raise NotFound(f"there is no batch {batch}", hint="Load it first.")
    if found.status != "staged":
        return _judged_before(connection, found, contract)
    _check_installed()
    from warehouse.sources import judge  # noqa: PLC0415  (ten seconds, and most runs have nothing to judge)

    with transaction(connection):
        failed = judge.failures(connection, batch, rules_of(contract))
        judged = [
            Result(rule.id, rule.column, found.read, failed[rule.id], failed[rule.id] == 0, judge.NAME)
            for rule in rules_of(contract)
        ]
        _check_counts(connection, batch, judged)
        results = (*judged, *_of_file(connection, batch, contract, found.read, found.rejected))
        accepted = _is_accepted(results)
        for result in results:
            connection.execute(
                "INSERT INTO ops.validation_result VALUES ($1, $2, $3, $4, $5, $6, $7)",
                [
                    batch,
                    result.rule,
                    result.column,
                    result.checked,
                    result.failed,
                    result.success,
                    result.judged_by,
                ],
            )
        set_status(connection, batch, "judged" if accepted else "refused")
        if not accepted:
            supersede(connection, batch, ("refused",))
            connection.execute(f"DROP TABLE {qualified(STAGING, staging_table(batch))}")
    return Verdict(batch, accepted, found.read, found.rejected, contract.tolerance, results)


def _judged_before(connection: duckdb.DuckDBPyConnection, found: Batch, contract: Contract) -> Verdict:
    """The verdict that stands; a refused batch that another had superseded is in question again."""
    results = _stored(connection, found.batch)
    accepted = _is_accepted(results)
    if found.status == "superseded" and not accepted:
        with transaction(connection):
            supersede(connection, found.batch, ("refused",))
            set_status(connection, found.batch, "refused")
    return Verdict(found.batch, accepted, found.read, found.rejected, contract.tolerance, results)


def _is_accepted(results: Sequence[Result]) -> bool:
    return all(result.success for result in results if result.rule in (TOLERANCE, ROWS))


def _check_installed() -> None:
    if not all(importlib.util.find_spec(name) for name in ("great_expectations", "duckdb_engine")):
        raise SettingsError(
            "files cannot be validated: Great Expectations is not installed",
            hint="Install samskap with its extra: pip install 'samskap[validation]'.",
        )


def _stored(connection: duckdb.DuckDBPyConnection, batch: str) -> tuple[Result, ...]:
    rows = connection.execute(
        "SELECT rule, column_name, checked, failed, success, judged_by FROM ops.validation_result WHERE batch = $1"
        " ORDER BY rule",
        [batch],
    ).fetchall()
    return tuple(Result(*row) for row in rows)


def _check_counts(connection: duckdb.DuckDBPyConnection, batch: str, results: Sequence[Result]) -> None:
    """Both ways must agree on every rule, or nothing is believed."""
    rows = connection.execute("SELECT rule, count(*) FROM raw.rejected WHERE batch = $1 GROUP BY rule", [batch])
    rejects: dict[str, int] = dict(rows.fetchall())
    for result in results:
        if result.failed != (ours := rejects.get(result.rule, 0)):
            raise IntegrityFault(
                f"{result.failed} rows fail {result.rule}, and {ours} were rejected for it",
                hint="This is a fault of samskap's: report it with the contract.",
                where=batch,
            )


def _of_file(
    connection: duckdb.DuckDBPyConnection, batch: str, contract: Contract, read: int, rejected: int
) -> tuple[Result, ...]:
    """What is judged of the file as a whole."""
    rows = contract.rows
    right_size = rows.minimum <= read and (rows.maximum is None or read <= rows.maximum)
    row = connection.execute(
        "SELECT count(*), count(*) FILTER (finding <> 'applied') FROM raw.mended_cell WHERE batch = $1", [batch]
    ).fetchone()
    mends, astray = row or (0, 0)
    tolerated = Decimal(rejected) <= contract.tolerance * read
    return (
        Result(TOLERANCE, None, read, rejected, tolerated, OURSELVES),
        Result(ROWS, None, read, 0 if right_size else read, right_size, OURSELVES),
        Result(MENDS, None, mends, astray, not astray, OURSELVES),
    )
