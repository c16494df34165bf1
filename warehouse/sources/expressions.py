"""SQL expressions from fixed templates: what varies is put in as a node of the tree, never as text.

Values become literals and names become identifiers of sqlglot's, which quotes them. It runs nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from functools import cache
from typing import Final

import sqlglot
from sqlglot import exp

DIALECT: Final = "duckdb"


def literal(value: str | int | Decimal | bool) -> exp.Expr:
    """A value as a literal."""
    if isinstance(value, bool):
        return exp.Boolean(this=value)
    if isinstance(value, str):
        return exp.Literal.string(value)
    return exp.Literal.number(f"{value:f}" if isinstance(value, Decimal) else value)


def day(value: str) -> exp.Expr:
    """An ISO date as a literal of type DATE."""
    return exp.cast(exp.Literal.string(value), "DATE", dialect=DIALECT)


def column(name: str) -> exp.Expr:
    """A column by its name, quoted."""
    return exp.column(name, quoted=True)


def bound(name: str) -> exp.Expr:
    """A value that is given when the statement runs."""
    return exp.Placeholder(this=name)


def sql(template: str, **parts: exp.Expr) -> exp.Expr:
    """A template of ours, with each `:name` replaced by a part; parts of more than one token are put in brackets."""
    tree = exp.replace_placeholders(_parsed(template).copy(), **{key: _closed(part) for key, part in parts.items()})
    if left := tree.find(exp.Placeholder):
        raise ValueError(f"nothing stands for {left.name} in {template!r}")
    return tree


def call(name: str, *arguments: exp.Expr) -> exp.Expr:
    """A function of DuckDB's by name."""
    return exp.Anonymous(this=name, expressions=list(arguments))


def every(parts: Iterable[exp.Expr]) -> exp.Expr:
    """All of these hold."""
    return exp.and_(*parts, dialect=DIALECT)


def written(expression: exp.Expr) -> str:
    """The text that DuckDB runs."""
    return expression.sql(dialect=DIALECT)


@cache
def _parsed(template: str) -> exp.Expr:
    return sqlglot.parse_one(template, dialect=DIALECT)


def _closed(part: exp.Expr) -> exp.Expr:
    simple = isinstance(part, exp.Literal | exp.Column | exp.Boolean | exp.Func | exp.Paren | exp.Null)
    return part.copy() if simple else exp.paren(part, copy=True)
