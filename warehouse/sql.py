"""The one way names and texts get into SQL that is made; where a statement can carry parameters, values are bound."""

from __future__ import annotations

from decimal import Decimal

from engine.sql import quoted

__all__ = ["literal", "qualified", "quoted"]


def qualified(schema: str, name: str) -> str:
    """`"schema"."name"`."""
    return f"{quoted(schema)}.{quoted(name)}"


def literal(value: str | int | Decimal) -> str:
    """A value written into a statement that cannot carry parameters (a comment, a generated table)."""
    if isinstance(value, str):
        return "'" + value.replace("\0", "").replace("'", "''") + "'"
    return str(value)
