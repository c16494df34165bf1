"""The estimators as SQL functions, so that a model can call them and every number has one definition.

A function gets NULL for what is missing and answers NULL, or a struct that says why, where nothing can be computed; it
never ends a run. A number that is not one (NaN, infinity) counts as missing, and an answer that holds one, or is too
large for a double, is NULL. `FUNCTIONS` is the whole list: what is registered, and what the reference lists.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, is_dataclass
from datetime import date
from decimal import Decimal
from inspect import Parameter, Signature, cleandoc, signature
from math import isfinite
from typing import Any

import duckdb
from duckdb.func import FunctionNullHandling

from warehouse.estimators import achievement as ways
from warehouse.estimators import assessment, changes, effects, intervals, reading
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

    @property
    def arguments(self) -> tuple[str, ...]:
        """The arguments' names, those of the Python function."""
        return tuple(signature(self.call).parameters)[: len(self.takes)]

    @property
    def form(self) -> str:
        """How it is called and what it gives, as a reference writes it."""
        taken = ", ".join(f"{name} {kind}" for name, kind in zip(self.arguments, self.takes, strict=True))
        return f"{self.name}({taken}) → {self.gives}"

    @property
    def doc(self) -> str:
        """What it is for."""
        return cleandoc(self.call.__doc__ or "")

    def in_sql(self) -> Callable[..., Any]:
        """The function as DuckDB takes it: structs as dicts, NULL where a needed value is missing."""

        def answer(*values: Any) -> Any:
            known = [value if _is_there(value) else None for value in values]
            if any(value is None and place not in self.may_miss for place, value in enumerate(known)):
                return None
            try:
                found = self.call(*known)
            except ArithmeticError:  # too large or too small for a double: no estimate, and the other rows go on
                return None
            fields = asdict(found) if is_dataclass(found) and not isinstance(found, type) else {"": found}
            if not all(_is_there(value) or value is None for value in fields.values()):
                return None
            return fields.get("", fields)

        named = [Parameter(name, Parameter.POSITIONAL_ONLY) for name in self.arguments]
        answer.__signature__ = Signature(named)  # type: ignore[attr-defined]  # DuckDB counts the parameters
        return answer


def _is_there(value: object) -> bool:
    return value is not None and not (isinstance(value, float) and not isfinite(value))


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
    """Where a result stands on the way to its target, and whether the interval makes that clear."""
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


def _spread(scores: Sequence[dict[str, Any] | None]) -> assessment.Spread | None:
    """Whether the parties' means differ beyond chance; rows that lack a party, a membership or a score are left out."""
    rows = [(row["party"], row["membership"], row["score"]) for row in scores if row is not None]
    return assessment.spread([row for row in rows if all(map(_is_there, row))])


def _paired_change(changes: Sequence[float | None]) -> assessment.PairedChange | None:
    """The mean of differences within persons, with Student's interval; changes that are missing are left out."""
    return assessment.paired_change([change for change in changes if change is not None and isfinite(change)])


def _lottery(
    n_treated: int | None,
    total_treated: Decimal | None,
    squares_treated: Decimal | None,
    n_control: int | None,
    total_control: Decimal | None,
    squares_control: Decimal | None,
) -> effects.Lottery:
    """The average effect of being offered a place by lottery, with Welch's error, or the reason there is none."""
    if total_treated is None or squares_treated is None or total_control is None or squares_control is None:
        return effects.NO_MEASUREMENTS
    return effects.lottery(
        n_treated or 0, total_treated, squares_treated, n_control or 0, total_control, squares_control
    )


FUNCTIONS: tuple[Function, ...] = (
    Function("wilson", intervals.wilson, ("DOUBLE", "DOUBLE"), _INTERVAL),
    Function("mean_interval", intervals.mean_interval, ("DOUBLE", "DOUBLE", "BIGINT"), _INTERVAL),
    Function("poisson_interval", intervals.poisson, ("BIGINT", "DOUBLE"), _INTERVAL),
    Function("moments", moments, ("BIGINT", _SUM, _SQUARES), "STRUCT(n BIGINT, mean DOUBLE, sd DOUBLE)"),
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
        "lottery",
        _lottery,
        ("BIGINT", _SUM, _SQUARES, "BIGINT", _SUM, _SQUARES),
        "STRUCT(reason VARCHAR, estimate DOUBLE, standard_error DOUBLE, standard_error_kind VARCHAR, df DOUBLE,"
        " low DOUBLE, high DOUBLE, p DOUBLE, n_treated BIGINT, n_control BIGINT, mean_treated DOUBLE,"
        " mean_control DOUBLE, sd_treated DOUBLE, sd_control DOUBLE, hedges_g DOUBLE)",
        frozenset(range(6)),
    ),
    Function(
        "spread",
        _spread,
        ("STRUCT(party VARCHAR, membership VARCHAR, score DOUBLE)[]",),
        "STRUCT(gap DOUBLE, by_chance DOUBLE, mean_by_chance DOUBLE, p DOUBLE, beyond_chance BOOLEAN)",
    ),
    Function(
        "paired_change",
        _paired_change,
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
        "reading_of_change",
        reading.of_change,
        ("VARCHAR", "VARCHAR", "DOUBLE", "DOUBLE", "DOUBLE", "INTEGER", "VARCHAR"),
        _READING,
        frozenset({3, 4}),
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
