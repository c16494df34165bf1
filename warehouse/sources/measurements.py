"""How rows of a staging table become rows of `raw.measurement_row`: one select for each indicator that a row holds.

Rows that were rejected are left out. It runs nothing: `batch` does.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from sqlglot import exp

from warehouse.sources.contract import Const, Contract
from warehouse.sources.expressions import DIALECT, bound, column, day, literal, sql
from warehouse.sources.layout import Layout
from warehouse.sources.reading import STAGING
from warehouse.sources.rules import of_type, stated_decimals

_TEXTS: Final = ("indicator_id", "group_id", "occasion", "unit", "cluster", "stratum", "pair_id")
_NUMBERS: Final = ("value", "numerator", "denominator", "mean", "sd", "weight")
_PLAIN: Final = ("n", "asked", "answered", "period_start", "period_end")


def insertions(contract: Contract, table: str) -> Iterator[exp.Insert]:
    """`INSERT INTO raw.measurement_row …` for a batch, which is bound as `$batch`."""
    layout = Layout(contract)
    shared = dict(_shared(contract, layout))
    units = contract.mapping.units
    if units is None:
        figures = contract.mapping.figures
        assert figures is not None
        value = {"value": _number(layout, figures.value)} if figures.value is not None else {}
        yield _insertion({**shared, **value}, table)
        return
    if units.arm is not None:
        shared["arm"] = _arm(contract, layout)
    for indicator, source in units.indicators.items():
        fields = {**shared, "indicator_id": literal(indicator), "value": _number(layout, source.value)}
        yield _insertion(fields, table)


def _shared(contract: Contract, layout: Layout) -> Iterator[tuple[str, exp.Expr]]:
    for field, cell in contract.cells():
        if isinstance(cell, Const):
            yield field, day(cell.const) if field.startswith("period_") else literal(cell.const)
        elif field in _TEXTS:
            yield field, sql(":v::VARCHAR", v=layout.value(cell))
        elif field in _NUMBERS:
            yield field, _number(layout, cell)
        elif field in _PLAIN:
            yield field, layout.value(cell)
        elif field == "stated_percent":
            yield field, sql(":v::DECIMAL(9, 4)", v=layout.value(cell))
            decimals = stated_decimals(layout, cell)
            yield "stated_decimals", sql("CASE WHEN :v IS NOT NULL THEN :d END", v=layout.value(cell), d=decimals)


def _number(layout: Layout, name: str) -> exp.Expr:
    if layout.contract.columns[name].type == "boolean":
        return sql(":v::INTEGER::DECIMAL(18, 6)", v=layout.value(name))
    return sql(":v::DECIMAL(18, 6)", v=layout.value(name))


def _arm(contract: Contract, layout: Layout) -> exp.Expr:
    arm = contract.mapping.units.arm if contract.mapping.units is not None else None
    assert arm is not None
    declared = contract.columns[arm.column]
    return sql(
        "CASE WHEN :v = :treated THEN 'treated' WHEN :v = :control THEN 'control' END",
        v=layout.value(arm.column),
        treated=of_type(arm.treated, declared),
        control=of_type(arm.control, declared),
    )


def _insertion(fields: dict[str, exp.Expr], table: str) -> exp.Insert:
    source = exp.table_(table, db=STAGING, quoted=True)
    rejected = exp.select("row_number").from_("raw.rejected").where("batch = $batch", dialect=DIALECT)
    names = ["batch", "row_number", *fields]
    passed = exp.select(bound("batch"), column("row_number"), *(value.copy() for value in fields.values())).from_(
        source
    )
    passed = passed.where(exp.not_(column("row_number").isin(query=rejected)))
    return exp.insert(passed, "raw.measurement_row", columns=names, dialect=DIALECT)
