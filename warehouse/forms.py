"""`forms`: a table for every form and for every list in it, made from the forms of all bundles that were published.

A column keeps its name across versions by the field's stable id; its type only ever widens (whole numbers to
decimals), and a type that changes otherwise becomes a new column `name__v2`. Personal texts have no column. Every
field also has its state in `answer_state`: answered, dont_know or blank. Rows of the core's facts (`x-fact`) are
gathered in `forms.fact__<table>`.

Answers are cast straight from their stored text, so that a decimal is exact.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from dataclasses import field as make_field

import duckdb

from engine import codec
from engine.form.facts import TABLES
from engine.form.language import DONT_KNOW
from engine.form.model import Fact, Field, Form
from engine.form.schema import form_from_data
from warehouse.sql import literal, qualified, quoted

_TYPES = {
    "text": "VARCHAR",
    "date": "DATE",
    "integer": "BIGINT",
    "number": "DECIMAL(18,6)",
    "boolean": "BOOLEAN",
    "choices": "VARCHAR[]",
}
_FACT_TYPES = {"str": "VARCHAR", "int": "BIGINT", "number": "DECIMAL(18,6)", "date": "DATE", "bool": "BOOLEAN"}
_WIDER = {frozenset({"BIGINT", "DECIMAL(18,6)"}): "DECIMAL(18,6)"}

SYSTEM: Mapping[str, str] = {
    "_process_id": "The process",
    "_process": "The process's name",
    "_sequence": "The event that holds the answers",
    "_submitted_at": "When they were stored (UTC)",
    "_valid_on": "The day that they are about",
    "_instance": "The task they answer",
    "_membership": "The membership they are about",
    "_party": "Its party",
    "_round": "Which entry of the state it was, from 1",
    "_current": "False where a later submission put them right",
    "_bundle": "The version of template and forms they were given under",
    "_protected": "From a protected round: in no reader's copy",
}
_ROW = {"_row": "The row's number in its list, from 1", "_parent_row": "The row it lies within, in the list above"}


@dataclass(frozen=True, slots=True)
class Published:
    """A form as one bundle has it."""

    template: str
    bundle: str
    name: str
    form: Form


@dataclass(slots=True)
class Column:
    """A column of a field: its SQL type, its comment, and under which property each bundle asks for it."""

    name: str
    field: str
    type: str
    comment: str
    asked: dict[str, tuple[str, ...]] = make_field(default_factory=dict)


@dataclass(slots=True)
class Table:
    """A table of `forms`: of a form (no segments) or of a list within it; a segment leads from one list to the next."""

    template: str
    form: str
    segments: tuple[tuple[str, ...], ...]
    columns: dict[str, Column] = make_field(default_factory=dict)

    @property
    def path(self) -> tuple[str, ...]:
        """The properties that lead from the form to the list."""
        return tuple(name for segment in self.segments for name in segment)

    @property
    def name(self) -> str:
        """`<template>__<form>` and the list's path."""
        return "__".join([self.template, self.form, *self.path])


def published(connection: duckdb.DuckDBPyConnection) -> list[Published]:
    """Every form of every published bundle, oldest bundle first."""
    rows = connection.execute(
        "SELECT payload FROM raw.event WHERE type = 'bundle.published' ORDER BY log_position"
    ).fetchall()
    found = []
    for (text,) in rows:
        payload = codec.mapping(codec.decode(text))
        content = codec.mapping(codec.decode(str(payload["content"])))
        for name, schema in codec.mapping(content["forms"]).items():
            form = form_from_data(codec.mapping(schema))
            found.append(Published(str(payload["template"]), str(payload["bundle"]), name, form))
    return found


def generate(connection: duckdb.DuckDBPyConnection) -> list[str]:
    """Make every table of `forms` anew from `core.submission`; the tables' names."""
    forms = published(connection)
    tables = tables_of(forms)
    for (name,) in connection.execute("SELECT table_name FROM duckdb_tables() WHERE schema_name = 'forms'").fetchall():
        connection.execute(f"DROP TABLE {qualified('forms', name)}")
    for table in tables.values():
        connection.execute(_create(table))
        _comment(connection, table)
    for fact in TABLES:
        connection.execute(_create_fact(fact, forms, tables))
        told = f"What forms say of {fact.replace('_', ' ')} (x-fact), of all templates: one row for each."
        connection.execute(f"COMMENT ON TABLE {qualified('forms', f'fact__{fact}')} IS {literal(told)}")
    connection.execute(_create_scored(forms, tables))
    told = "Everything that forms ask and that counts in a dimension (x-score), one row for each dimension."
    connection.execute(f"COMMENT ON TABLE {qualified('forms', 'scored')} IS {literal(told)}")
    return [*(table.name for table in tables.values()), *(f"fact__{fact}" for fact in TABLES), "scored"]


def tables_of(forms: Iterable[Published]) -> dict[tuple[str, str, tuple[str, ...]], Table]:
    """The tables that hold all versions of all forms."""
    tables: dict[tuple[str, str, tuple[str, ...]], Table] = {}
    for one in forms:
        for segments, fields in _lists(one.form.fields):
            table = Table(one.template, one.name, segments)
            table = tables.setdefault((one.template, one.name, table.path), table)
            for name, (asked, inner) in _flat(fields):
                _place(table, name, asked, inner, one.bundle)
    return tables


def _lists(
    fields: Mapping[str, Field], above: tuple[tuple[str, ...], ...] = ()
) -> Iterator[tuple[tuple[tuple[str, ...], ...], Mapping[str, Field]]]:
    """The form's own fields, and those of every list in it, with the segments that lead there."""
    yield above, fields
    for path, inner in _list_fields(fields):
        yield from _lists(inner.items, (*above, path))


def _list_fields(fields: Mapping[str, Field], above: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Field]]:
    for name, inner in fields.items():
        if inner.kind == "list":
            yield (*above, name), inner
        elif inner.kind == "object":
            yield from _list_fields(inner.items, (*above, name))


def _flat(
    fields: Mapping[str, Field], above: tuple[str, ...] = ()
) -> Iterator[tuple[str, tuple[tuple[str, ...], Field]]]:
    """(column name, (path of properties, field)) of what becomes a column: no lists, nothing personal."""
    for name, inner in fields.items():
        if inner.kind == "object":
            yield from _flat(inner.items, (*above, name))
        elif inner.kind != "list" and not inner.personal:
            yield "__".join((*above, inner.id)), ((*above, name), inner)


def _place(table: Table, name: str, asked: tuple[str, ...], inner: Field, bundle: str) -> None:
    """Put a field into the column of its id: the same type or a wider one, else a new version of the column."""
    wanted = _type(inner)
    version, column_name = 1, name
    while (column := table.columns.get(column_name)) is not None:
        wider = wanted if column.type == wanted else _WIDER.get(frozenset({column.type, wanted}))
        if wider is not None:
            column.type = wider
            column.asked[bundle] = asked
            return
        version += 1
        column_name = f"{name}__v{version}"
    unit = f" ({inner.unit})" if inner.unit else ""
    table.columns[column_name] = Column(column_name, name, wanted, f"{inner.title('nb')}{unit}", {bundle: asked})


def _type(inner: Field) -> str:
    """The SQL type of a field's answers; of a choice that of its values, «vet ikke» left out."""
    if inner.kind != "choice":
        return _TYPES[inner.kind]
    values = [choice.const for choice in inner.choices if choice.const != DONT_KNOW]
    if values and all(isinstance(value, bool) for value in values):
        return "BOOLEAN"
    if values and all(isinstance(value, int) and not isinstance(value, bool) for value in values):
        return "BIGINT"
    return "VARCHAR" if any(isinstance(value, str) for value in values) or not values else "DECIMAL(18,6)"


# -- SQL -------------------------------------------------------------------------------------------------------------


def _create(table: Table) -> str:
    """The statement that makes a table: every submission of the form, each row of its list on its own."""
    source = _rows(table)
    values = [f"{_value(column, 'v')} AS {quoted(column.name)}" for column in table.columns.values()]
    states = [f"{quoted(column.name)} := {_state(column)}" for column in table.columns.values()]
    state = [f"struct_pack({', '.join(states)}) AS answer_state"] if states else []
    columns = ", ".join([*map(quoted, _system(table)), *values, *state])
    return f"CREATE TABLE {qualified('forms', table.name)} AS SELECT {columns} FROM ({source})"


def _system(table: Table) -> list[str]:
    return [*SYSTEM, *(_ROW if table.path else ())]


def _rows(table: Table) -> str:
    """A query for the submissions of the form, `v` typed and `t` as texts, unnested down to the table's list."""
    typed: object = _shape(table, as_text=False)
    told: object = _shape(table, as_text=True)
    for name in (name for segment in reversed(table.segments) for name in _wrapped(segment)):
        typed, told = ([typed], [told]) if name is None else ({name: typed}, {name: told})
    query = (
        f"SELECT * EXCLUDE (content), json_transform(content, {literal(json.dumps({'answers': typed}))}).answers AS v,"
        f" json_transform(content, {literal(json.dumps({'answers': told}))}).answers AS t,"
        " NULL::BIGINT AS _parent_row, NULL::BIGINT AS _row"
        f" FROM ({_SOURCE}) WHERE _template = {literal(table.template)} AND _form = {literal(table.form)}"
    )
    for segment in table.segments:
        path = ".".join(map(quoted, segment))
        lists = f"SELECT * EXCLUDE (v, t), v.{path} AS vs, t.{path} AS ts FROM ({query})"
        query = (
            "SELECT * EXCLUDE (vs, ts, _parent_row, _row), unnest(vs) AS v, unnest(ts) AS t, _row AS _parent_row,"
            f" generate_subscripts(vs, 1) AS _row FROM ({lists})"
        )
    return query


def _wrapped(segment: tuple[str, ...]) -> Iterator[str | None]:
    """From the list outwards: a list (None), then the properties that lead to it."""
    yield None
    yield from reversed(segment)


_SOURCE = """
SELECT process_id AS _process_id, process AS _process, sequence AS _sequence, submitted_at AS _submitted_at,
       valid_on AS _valid_on,
       instance AS _instance, membership AS _membership, party AS _party, entry AS _round, is_current AS _current,
       bundle AS _bundle, is_protected AS _protected, template AS _template, form AS _form, content
FROM core.submission WHERE content IS NOT NULL
"""


def _shape(table: Table, *, as_text: bool) -> dict[str, object]:
    """The structure that answers are cast to: by property, with the type of its column, or as text."""
    shape: dict[str, object] = {}
    for column in table.columns.values():
        for path in column.asked.values():
            inner = shape
            for name in path[:-1]:
                inner = inner.setdefault(name, {})  # type: ignore[assignment]
            if as_text:
                inner[path[-1]] = "VARCHAR"
            else:  # a list of choices is a list; two types of one property are told apart by bundle, read as text
                kind: object = ["VARCHAR"] if column.type == "VARCHAR[]" else column.type
                known = inner.get(path[-1])
                inner[path[-1]] = kind if known in (None, kind) else "VARCHAR"
    return shape or {"_": "VARCHAR"}


def _value(column: Column, of: str) -> str:
    """The column's value: from the property that the row's bundle asks under."""
    parts = []
    for path in dict.fromkeys(column.asked.values()):
        value = f"TRY_CAST({of}.{'.'.join(map(quoted, path))} AS {column.type})"
        bundles = ", ".join(literal(bundle) for bundle, asked in column.asked.items() if asked == path)
        parts.append(f"CASE WHEN _bundle IN ({bundles}) THEN {value} END")
    found = f"coalesce({', '.join(parts)})" if len(parts) > 1 else parts[0]
    return f"nullif({found}, {literal(DONT_KNOW)})" if column.type == "VARCHAR" else found


def _state(column: Column) -> str:
    """Whether the field was answered, answered with «vet ikke», or left blank; NULL where it was not asked."""
    cases = []
    for path in dict.fromkeys(column.asked.values()):
        told = f"t.{'.'.join(map(quoted, path))}"
        bundles = ", ".join(literal(bundle) for bundle, asked in column.asked.items() if asked == path)
        state = f"CASE {told} WHEN {literal(DONT_KNOW)} THEN 'dont_know' ELSE 'answered' END"
        state = f"CASE WHEN {told} IS NULL THEN 'blank' ELSE {state} END"
        cases.append(f"WHEN _bundle IN ({bundles}) THEN {state}")
    return f"CASE {' '.join(cases)} END"


def _comment(connection: duckdb.DuckDBPyConnection, table: Table) -> None:
    name = qualified("forms", table.name)
    what = f"list {'.'.join(table.path)} of the form" if table.path else "form"
    told = f"Answers to the {what} {table.template}/{table.form}, all versions."
    connection.execute(f"COMMENT ON TABLE {name} IS {literal(told)}")
    comments = {**SYSTEM, **(_ROW if table.path else {}), **{c.name: c.comment for c in table.columns.values()}}
    if table.columns:
        comments["answer_state"] = "For each field: answered, dont_know or blank"
    for column, comment in comments.items():
        connection.execute(f"COMMENT ON COLUMN {name}.{quoted(column)} IS {literal(comment)}")


# -- facts -----------------------------------------------------------------------------------------------------------


def _create_fact(
    name: str, forms: Iterable[Published], tables: Mapping[tuple[str, str, tuple[str, ...]], Table]
) -> str:
    """The statement that gathers the rows of every form that fill a core table."""
    selects = [_fact_select(one, fact, tables) for one in forms for fact in one.form.facts if fact.table == name]
    columns = TABLES[name]
    empty = ", ".join(
        [*(f"NULL::{_SYSTEM_TYPES[c]} AS {quoted(c)}" for c in _FACT_SYSTEM)]
        + [f"NULL::{_FACT_TYPES[column.type]} AS {quoted(c)}" for c, column in columns.items()]
    )
    selects.append(f"SELECT {empty} WHERE false")
    return f"CREATE TABLE {qualified('forms', f'fact__{name}')} AS " + " UNION ALL ".join(selects)


_SYSTEM_TYPES = {
    "_process_id": "VARCHAR",
    "_process": "VARCHAR",
    "_sequence": "BIGINT",
    "_submitted_at": "TIMESTAMP",
    "_row": "BIGINT",
    "_current": "BOOLEAN",
    "_bundle": "VARCHAR",
    "_protected": "BOOLEAN",
}
_FACT_SYSTEM = tuple(_SYSTEM_TYPES)


def _fact_select(one: Published, fact: Fact, tables: Mapping[tuple[str, str, tuple[str, ...]], Table]) -> str:
    path = fact.path
    while (one.template, one.name, path) not in tables:  # an object that is no list lies in the table above
        path = path[:-1]
    table = tables[one.template, one.name, path]
    prefix = fact.path[len(path) :]
    above = tuple(name for segment in table.segments[:-1] for name in segment)
    parent = tables[one.template, one.name, above] if path else None
    columns = []
    for column, kind in TABLES[fact.table].items():
        source = fact.columns.get(column)
        sql_type = _FACT_TYPES[kind.type]
        if source is None:
            columns.append(f"NULL::{sql_type} AS {quoted(column)}")
            continue
        holder, alias = (parent, "p") if source.of_parent and parent is not None else (table, "r")
        asked = (source.field,) if source.of_parent else (*prefix, source.field)
        found = next((c.name for c in holder.columns.values() if c.asked.get(one.bundle) == asked), None)
        value = f"{alias}.{quoted(found)}" if found else "NULL"
        if source.divide != 1:
            value = f"(TRY_CAST({value} AS DECIMAL(18,6)) / {literal(source.divide)})"
        columns.append(f"TRY_CAST({value} AS {sql_type}) AS {quoted(column)}")
    system = [f"r.{quoted(c)}" if c != "_row" else ("r._row" if path else "1::BIGINT AS _row") for c in _FACT_SYSTEM]
    join = ""
    if parent is not None:
        within = " AND p._row = r._parent_row" if parent.path else ""
        join = (
            f" JOIN {qualified('forms', parent.name)} AS p"
            f" ON p._process_id = r._process_id AND p._sequence = r._sequence{within}"
        )
    return (
        f"SELECT {', '.join([*system, *columns])} FROM {qualified('forms', table.name)} AS r{join}"
        f" WHERE r._bundle = {literal(one.bundle)}"
    )


# -- scores ----------------------------------------------------------------------------------------------------------

_NO_SCORES = """
SELECT NULL::VARCHAR AS process_id, NULL::BIGINT AS sequence, NULL::VARCHAR AS item, NULL::VARCHAR AS dimension,
       NULL::VARCHAR AS member, NULL::DECIMAL(18,6) AS answer, NULL::DECIMAL(18,6) AS low, NULL::DECIMAL(18,6) AS high,
       NULL::BOOLEAN AS is_reversed WHERE false
"""


def _create_scored(forms: Iterable[Published], tables: Mapping[tuple[str, str, tuple[str, ...]], Table]) -> str:
    """The statement that gathers every answer that counts in a dimension (`x-score`), one row each."""
    selects = [
        _score_select(one, column, inner, dimension, member, tables[one.template, one.name, ()])
        for one in forms
        for column, (_, inner) in _flat(one.form.fields)
        if inner.score
        for dimension, member in inner.score.dimensions.items()
    ]
    return f"CREATE TABLE {qualified('forms', 'scored')} AS " + " UNION ALL ".join([_NO_SCORES, *selects])


def _score_select(one: Published, name: str, inner: Field, dimension: str, member: str, table: Table) -> str:
    assert inner.score is not None
    column = next(c.name for c in table.columns.values() if c.field == name and one.bundle in c.asked)
    values = f"{literal(name)}, {literal(dimension)}, {literal(member)}, {quoted(column)}::DECIMAL(18,6)"
    ends = f"{literal(inner.score.min)}::DECIMAL(18,6), {literal(inner.score.max)}::DECIMAL(18,6)"
    return (
        f"SELECT _process_id, _sequence, {values}, {ends}, {'true' if inner.score.reverse else 'false'}"
        f" FROM {qualified('forms', table.name)} WHERE _bundle = {literal(one.bundle)}"
    )
