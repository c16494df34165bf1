"""The estimators as SQL functions, so that a model can call them and every number has one definition.

A function gets NULL for what is missing and answers NULL, or a struct of NULLs, where nothing can be computed; it never
ends a run. `FUNCTIONS` is the whole list: what is registered, and what the reference lists.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, is_dataclass
from datetime import date
from decimal import Decimal
from inspect import Parameter, Signature
from typing import Any

import duckdb
from duckdb.func import FunctionNullHandling

from warehouse.estimators import achievement as ways
from warehouse.estimators import assessment, changes, intervals, reading
from warehouse.estimators.moments import moments

_INTERVAL = "STRUCT(low DOUBLE, high DOUBLE)"
_DIFFERENCE = "STRUCT(estimate DOUBLE, low DOUBLE, high DOUBLE)"
_MEANS = "STRUCT(estimate DOUBLE, standard_error DOUBLE, df DOUBLE, low DOUBLE, high DOUBLE, p DOUBLE)"
_READING = "STRUCT(nb VARCHAR, nn VARCHAR, en VARCHAR)"
_SUM = "DECIMAL(38,6)"
_SQUARES = "DECIMAL(38,12)"


@dataclass(frozen=True)
class Function:
    """A SQL function: its name, the Python function behind it, its types, and which arguments may be NULL."""

    name: str
    call: Callable[..., Any]
    takes: tuple[str, ...]
    gives: str
    may_miss: frozenset[int] = frozenset()

    def in_sql(self) -> Callable[..., Any]:
        """The function as DuckDB takes it: structs as dicts, NULL where a needed value is missing."""

        def answer(*values: Any) -> Any:
            if any(value is None and place not in self.may_miss for place, value in enumerate(values)):
                return None
            found = self.call(*values)
            return asdict(found) if is_dataclass(found) and not isinstance(found, type) else found

        named = [Parameter(f"a{place}", Parameter.POSITIONAL_ONLY) for place in range(len(self.takes))]
        answer.__signature__ = Signature(named)  # type: ignore[attr-defined]  # DuckDB counts the parameters
        return answer


def _status(
    value: float | None,
    low: float | None,
    high: float | None,
    target: float,
    direction: int,
    baseline: float | None,
    baseline_on: date | None,
    due: date | None,
    measured_on: date | None,
) -> ways.Status:
    interval = intervals.Interval(low, high) if low is not None and high is not None else None
    return ways.status(
        value,
        interval,
        target,
        direction,
        baseline=baseline,
        baseline_on=baseline_on,
        due=due,
        measured_on=measured_on,
    )


def _spread(scores: Sequence[dict[str, Any]]) -> assessment.Spread | None:
    return assessment.spread([(row["party"], row["membership"], row["score"]) for row in scores])


def _moments(n: int, total: Decimal, squares: Decimal) -> Any:
    return moments(n, total, squares)


FUNCTIONS: tuple[Function, ...] = (
    Function("wilson", intervals.wilson, ("DOUBLE", "DOUBLE"), _INTERVAL),
    Function("mean_interval", intervals.mean_interval, ("DOUBLE", "DOUBLE", "BIGINT"), _INTERVAL),
    Function("poisson_interval", intervals.poisson, ("BIGINT", "DOUBLE"), _INTERVAL),
    Function("moments", _moments, ("BIGINT", _SUM, _SQUARES), "STRUCT(n BIGINT, mean DOUBLE, sd DOUBLE)"),
    Function("newcombe", changes.newcombe, ("DOUBLE", "DOUBLE", "DOUBLE", "DOUBLE"), _DIFFERENCE),
    Function("welch", changes.welch, ("DOUBLE", "DOUBLE", "BIGINT", "DOUBLE", "DOUBLE", "BIGINT"), _MEANS),
    Function("rate_ratio", changes.rate_ratio, ("BIGINT", "DOUBLE", "BIGINT", "DOUBLE"), _DIFFERENCE),
    Function("hedges_g", changes.hedges_g, ("DOUBLE", "BIGINT", "DOUBLE", "DOUBLE", "BIGINT"), "DOUBLE"),
    Function(
        "achievement",
        ways.achievement,
        ("DOUBLE", "DOUBLE", "DOUBLE", "DOUBLE", "DOUBLE", "INTEGER"),
        "STRUCT(share DOUBLE, low DOUBLE, high DOUBLE, reason VARCHAR)",
        frozenset({1, 3}),
    ),
    Function(
        "status",
        _status,
        ("DOUBLE", "DOUBLE", "DOUBLE", "DOUBLE", "INTEGER", "DOUBLE", "DATE", "DATE", "DATE"),
        "STRUCT(progress VARCHAR, certainty VARCHAR)",
        frozenset({0, 1, 2, 5, 6, 7, 8}),
    ),
    Function(
        "spread",
        _spread,
        ("STRUCT(party VARCHAR, membership VARCHAR, score DOUBLE)[]",),
        "STRUCT(gap DOUBLE, by_chance DOUBLE, p DOUBLE, beyond_chance BOOLEAN)",
    ),
    Function(
        "paired_change",
        assessment.paired_change,
        ("DOUBLE[]",),
        "STRUCT(n BIGINT, change DOUBLE, low DOUBLE, high DOUBLE, readable BOOLEAN)",
    ),
    Function(
        "reading_of_result",
        reading.of_result,
        ("VARCHAR", "VARCHAR", "DOUBLE", "DOUBLE", "VARCHAR", "VARCHAR", "BOOLEAN"),
        _READING,
        frozenset({2, 3, 4, 5}),
    ),
    Function(
        "reading_of_lottery",
        reading.of_lottery,
        ("VARCHAR", "VARCHAR", "DOUBLE", "DOUBLE", "DOUBLE", "BIGINT", "BIGINT", "INTEGER"),
        _READING,
    ),
    Function("reading_of_no_effect", reading.of_no_effect, ("VARCHAR",), _READING),
)


def register(connection: duckdb.DuckDBPyConnection) -> None:
    """Make the functions known to a connection; those it knows already stay."""
    known = {name for (name,) in connection.execute("SELECT function_name FROM duckdb_functions()").fetchall()}
    for one in (function for function in FUNCTIONS if function.name not in known):
        connection.create_function(
            one.name,
            one.in_sql(),
            list(one.takes),
            one.gives,
            null_handling=FunctionNullHandling.SPECIAL,
        )
