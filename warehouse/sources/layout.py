"""The staging table of a batch: its columns, and how the texts of a file become typed values.

For the contract's column number i, `t<i>` is its text (trimmed, empty is NULL) and `v<i>` its value (NULL where the
text is no value of the type); a text is its own value. `fault` says why a row is no row. Users' names stay out of it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from sqlglot import exp

from warehouse.sources.contract import Column, ColumnType, Contract
from warehouse.sources.expressions import DIALECT, column, literal, sql

SPACES: Final = " \t\n\u00a0"
"""What is cut off at the ends of a cell."""
_STATED: Final = (5, 4)
"""Digits before and after the mark of a printed percentage: those of `raw.measurement_row`."""
_MAX_DIGITS: Final = 12
_MAX_DECIMALS: Final = 6
_SQL_TYPES: Final[dict[ColumnType, str]] = {
    "integer": "BIGINT",
    "decimal": "DECIMAL(18, 6)",
    "date": "DATE",
    "boolean": "BOOLEAN",
}


@dataclass(frozen=True)
class Layout:
    """The staging table of a contract's files."""

    contract: Contract

    @cached_property
    def _positions(self) -> dict[str, int]:
        return {name: index for index, name in enumerate(self.contract.kept)}

    def text(self, name: str) -> exp.Expr:
        """The column with the text of a column of the file."""
        return column(f"t{self._positions[name]}")

    def value(self, name: str) -> exp.Expr:
        """The column with its value."""
        return column(self.value_name(name))

    def value_name(self, name: str) -> str:
        """The name of the column with its value."""
        letter = "t" if self.contract.columns[name].type == "text" else "v"
        return f"{letter}{self._positions[name]}"

    def columns(self) -> Iterator[tuple[str, str]]:
        """Every column of the table with its SQL type, in order."""
        yield from (("row_number", "BIGINT"), ("fault", "VARCHAR"), ("line", "VARCHAR"))
        yield from ((f"t{index}", "VARCHAR") for index in range(len(self._positions)))
        for name, index in self._positions.items():
            if (kind := self.contract.columns[name].type) != "text":
                yield f"v{index}", _SQL_TYPES[kind]

    def selection(self) -> exp.Select:
        """What fills these columns, from a table `page` with the cells `c<i>` as they stand in the file."""
        indices = range(len(self._positions))
        texts = [
            exp.alias_(sql("nullif(trim(:cell, :spaces), '')", cell=column(f"c{i}"), spaces=literal(SPACES)), f"t{i}")
            for i in indices
        ]
        page = exp.select("row_number", "fault", "line", *texts, dialect=DIALECT).from_("page").subquery("page")
        nothing = exp.and_(*(sql(":text IS NULL", text=column(f"t{i}")) for i in indices))
        values = [
            self._typed(column(f"t{index}"), self.contract.columns[name], is_stated=self.is_stated(name))
            for name, index in self._positions.items()
            if self.contract.columns[name].type != "text"
        ]
        fault = sql("coalesce(fault, CASE WHEN :nothing THEN 'empty' END)", nothing=nothing)
        kept = [column("row_number"), fault, column("line"), *(column(f"t{i}") for i in indices)]
        return exp.select(*kept, *values, dialect=DIALECT).from_(page)

    def text_name(self, name: str) -> str:
        """The name of the column with the text."""
        return f"t{self._positions[name]}"

    def is_stated(self, name: str) -> bool:
        """Whether a column holds printed percentages, whose decimals count as printed."""
        return self.contract.column_of("stated_percent") == name

    def decimals_of(self, name: str) -> int:
        """How many decimals a decimal column may be printed with, before zeros that say nothing."""
        return _STATED[1] if self.is_stated(name) else _MAX_DECIMALS

    @property
    def mark(self) -> str:
        """The decimal mark of the file."""
        return self.contract.csv.decimal if self.contract.kind == "csv" else "."

    def _typed(self, text: exp.Expr, declared: Column, *, is_stated: bool) -> exp.Expr:
        digits = _STATED[0] if is_stated else _MAX_DIGITS
        if declared.type == "integer":
            return _matched(f"[+-]?[0-9]{{1,{digits}}}", sql(":text::BIGINT", text=text), text)
        if declared.type == "date":
            return _matched("[0-9]{4}-[0-9]{2}-[0-9]{2}", sql("try_cast(:text AS DATE)", text=text), text)
        if declared.type == "boolean":
            return sql(
                "CASE WHEN lower(:text) IN ('1', 'true', 'ja', 'yes') THEN true"
                " WHEN lower(:text) IN ('0', 'false', 'nei', 'no') THEN false END",
                text=text,
            )
        point = {".": r"\.", ",": ","}[self.mark]
        plain = sql("replace(:text, :mark, '.')", text=text, mark=literal(self.mark)) if self.mark != "." else text
        if declared.decimals is not None:
            value = sql("round(:n::DECIMAL(38, 20), :d)::DECIMAL(18, 6)", n=plain, d=literal(declared.decimals))
            return _matched(f"[+-]?[0-9]{{1,{digits}}}({point}[0-9]{{1,20}})?", value, text)
        decimals = f"[0-9]{{1,{_STATED[1]}}}" if is_stated else f"[0-9]{{1,{_MAX_DECIMALS}}}0*"
        value = sql(":plain::DECIMAL(18, 6)", plain=plain)
        return _matched(f"[+-]?[0-9]{{1,{digits}}}({point}{decimals})?", value, text)


def _matched(pattern: str, value: exp.Expr, text: exp.Expr) -> exp.Expr:
    """A value where the text has a form; else NULL."""
    matches = "CASE WHEN regexp_full_match(:text, :pattern) THEN :value END"
    return sql(matches, text=text, pattern=literal(pattern), value=value)
