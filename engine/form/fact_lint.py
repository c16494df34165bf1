"""Lint of `x-fact`: whether a row of a form fits the core table that it is to land in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal

from engine.codec import Json
from engine.form.facts import TABLES, Column, ColumnType
from engine.form.faults import Fault, suggestion
from engine.form.language import DONT_KNOW, Kind
from engine.form.model import alternatives, kind_of
from engine.form.refs import DataPath, Part, Schema, mapping

_FITS: Mapping[ColumnType, frozenset[Kind]] = {
    "str": frozenset({"text", "choice", "date"}),
    "int": frozenset({"integer", "choice"}),
    "number": frozenset({"integer", "number", "choice"}),
    "date": frozenset({"date"}),
    "bool": frozenset({"boolean", "choice"}),
}
_CONSTS: Mapping[ColumnType, tuple[type, ...]] = {
    "str": (str,),
    "int": (int,),
    "number": (int, Decimal),
    "bool": (bool,),
    "date": (),
}


@dataclass(frozen=True, slots=True)
class Surroundings:
    """The fields of a row, those of what holds the row, and the whole form."""

    fields: Mapping[str, Part]
    parent: Mapping[str, Part]
    root: Schema


def fact_faults(part: Part, around: Surroundings) -> Iterator[Fault]:
    """What is wrong with the `x-fact` of an object."""
    path, fact = part.below("x-fact"), mapping(part.schema["x-fact"])
    for key in fact.keys() - {"table", "columns"}:
        yield Fault("form-value", (*path, key), f"“{key[:60]}” is no part of x-fact", "There are: table, columns.")
    name = fact.get("table")
    table = TABLES.get(name) if isinstance(name, str) else None
    if table is None:
        yield Fault(
            "fact-table", (*path, "table"), f"there is no core table “{str(name)[:60]}”", suggestion(str(name), TABLES)
        )
        return
    columns = mapping(fact.get("columns"))
    for key, column in table.items():
        if column.key and key not in columns:
            yield Fault("fact-column", path, f"rows of “{name}” need the column “{key}”", f"Add {key}: <field>.")
    for key, source in columns.items():
        where = (*path, "columns", key)
        if key not in table:
            yield Fault("fact-column", where, f"“{name}” has no column “{key[:60]}”", suggestion(key, table))
        else:
            yield from _source_faults(key, table[key], source, where, around)


def _source_faults(name: str, column: Column, source: Json, path: DataPath, around: Surroundings) -> Iterator[Fault]:
    named = mapping(source)
    field = named.get("field") if named else source
    if not isinstance(field, str):
        yield Fault(
            "fact-field", path, f"the column “{name}” takes a field", "Write <field>, or {field: …, divide: 100}."
        )
        return
    for key in named.keys() - {"field", "divide"}:
        yield Fault("form-value", (*path, key), f"“{key[:60]}” is no part of a column", "There are: field, divide.")
    if "divide" in named:
        yield from _divide_faults(column, named["divide"], (*path, "divide"))
    known = around.parent if field.startswith("^") else around.fields
    found = known.get(field.removeprefix("^"))
    if found is None:
        where = "what holds the row" if field.startswith("^") else "the row"
        yield Fault(
            "fact-field", path, f"{where} has no field “{field[:60]}”", suggestion(field.removeprefix("^"), known)
        )
        return
    if found.schema.get("x-personal") is True:
        yield Fault(
            "fact-personal", path, f"“{field}” is personal and stays out of the core tables", "Take another field."
        )
    kind = kind_of(found.schema, around.root)
    if kind is not None:  # else it was told at the field
        choices = [choice["const"] for choice in alternatives(found.schema)[1]] if kind == "choice" else []
        message = _clash(column, kind, choices)
        if message:
            hint = f"It takes {', '.join(column.values) or column.type}."
            yield Fault("fact-type", path, f"“{field}” {message} does not fit the column “{name}”", hint)


def _divide_faults(column: Column, divide: Json, path: DataPath) -> Iterator[Fault]:
    if column.type != "number":
        yield Fault("fact-type", path, "only a column of numbers can be divided", "Leave out divide.")
    if not isinstance(divide, int | Decimal) or isinstance(divide, bool) or divide <= 0:
        yield Fault("form-value", path, "“divide” is a number over 0", "Write 100 for per cent.")


def _clash(column: Column, kind: Kind, choices: list[Json]) -> str:
    """What of a field clashes with a column; empty if nothing does."""
    if kind not in _FITS[column.type] or (column.values and kind != "choice"):
        return f"({kind})"
    odd = (const for const in choices if const != DONT_KNOW and not _takes(column, const))
    return next((f"(its choice “{const}”)" for const in odd), "")


def _takes(column: Column, const: Json) -> bool:
    if column.values:
        return const in column.values
    return isinstance(const, _CONSTS[column.type]) and isinstance(const, bool) == (column.type == "bool")
