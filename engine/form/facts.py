"""The core tables that rows of forms may land in: their columns, types and keys.

It is what the warehouse offers to forms (`x-fact`), stated here so that a form can be checked without a warehouse. A
share is a fraction from 0 to 1; a column of a stated list takes those texts only.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

ColumnType: TypeAlias = Literal["str", "int", "number", "date", "bool"]


@dataclass(frozen=True, slots=True)
class Column:
    """A column's type; `values` are the texts it takes, where those are stated; a key is needed in every row."""

    type: ColumnType
    values: tuple[str, ...] = ()
    key: bool = False


Table: TypeAlias = Mapping[str, Column]


def _one_of(*values: str) -> Column:
    return Column("str", values)


_KEY: Final = Column("str", key=True)
_STR: Final = Column("str")
_INT: Final = Column("int")
_NUMBER: Final = Column("number")
_DATE: Final = Column("date")
_BOOL: Final = Column("bool")

TABLES: Final[Mapping[str, Table]] = {
    "project": {
        "name": _KEY,
        "organisation": _STR,
        "municipality_number": _STR,
        "period_start": _DATE,
        "period_end": _DATE,
        "purpose": _STR,
    },
    "output": {"output_id": _KEY, "name": _STR, "unit": _STR, "planned": _NUMBER, "due": _DATE},
    "delivery": {"output_id": _KEY, "period_start": _DATE, "period_end": _DATE, "delivered": _NUMBER},
    "target_group": {"group_id": _KEY, "name": _STR, "description": _STR, "priority": _INT, "size": _INT},
    "activity": {"activity_id": _KEY, "name": _STR, "group_id": _STR, "expected_change": _STR, "because": _STR},
    "indicator": {
        "indicator_id": _KEY,
        "name": _STR,
        "group_id": _STR,
        "level": _one_of("output", "result", "outcome", "impact"),
        "kind": _one_of("count", "share", "mean", "money", "hours", "yes_no", "scale"),
        "unit": _STR,
        "direction": _one_of("more", "less"),
        "meaning": _STR,
        "counted": _STR,
        "link_strength": _one_of("strong", "medium", "weak"),
        "link_reason": _STR,
        "reference": _one_of("none", "series", "comparison_group", "lottery", "weighted", "interrupted_series"),
        "primary": _BOOL,
    },
    "measure_plan": {
        "indicator_id": _KEY,
        "method": _STR,
        "data_source": _STR,
        "measured_by": _STR,
        "frequency": _STR,
        "planned_date": _DATE,
        "after_exit": _BOOL,
        "bias_risk": _STR,
    },
    "target": {"indicator_id": _KEY, "value": _NUMBER, "due": _DATE},
    "baseline": {
        "indicator_id": _KEY,
        "measured_on": _DATE,
        "value": _NUMBER,
        "numerator": _NUMBER,
        "denominator": _NUMBER,
        "n": _INT,
        "sd": _NUMBER,
    },
    "measurement": {
        "indicator_id": _KEY,
        "occasion": _STR,
        "period_start": _DATE,
        "period_end": _DATE,
        "value": _NUMBER,
        "numerator": _NUMBER,
        "denominator": _NUMBER,
        "mean": _NUMBER,
        "sd": _NUMBER,
        "n": _INT,
        "asked": _INT,
        "answered": _INT,
        "stated_percent": _NUMBER,
    },
    "judgement": {
        "indicator_id": _KEY,
        "happened": _STR,
        "contribution": _one_of("large", "some", "none", "unknown"),
        "contribution_reason": _STR,
        "decision": _one_of("continue", "change", "stop"),
    },
    "agreed_action": {"field": _STR, "action": _KEY, "owner": _STR, "due": _DATE},
}
