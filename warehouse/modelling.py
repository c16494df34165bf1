"""The models: a `.sql` file for each table under `models/<schema>/`, ordered by what they read; and content hashes.

A file's header says its grain and meaning (the table's comment) and what its columns are (`-- column: text`). What a
model reads is found by parsing it; there is no list kept by hand. A model is a query: this module makes the table.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from itertools import takewhile
from pathlib import Path

import duckdb
import sqlglot
from sqlglot import exp

from engine.errors import ConfigError, Place
from warehouse.sql import literal, qualified, quoted

MODELS = Path(__file__).with_name("models")
FORMS_FROM = "core.submission"
"""The model that the tables of `forms` are made from."""
UNHASHED = frozenset({"_run_id"})
"""Columns that tell of the run and not of the figures."""

_COLUMN = re.compile(r"^-- ([a-z_][a-z0-9_]*): (.+)$")


@dataclass(frozen=True)
class Model:
    """A table that is computed: its query, the tables it reads, its comment and those of its columns."""

    schema: str
    table: str
    sql: str
    reads: frozenset[str]
    comment: str
    columns: dict[str, str]
    is_view: bool = False

    @property
    def name(self) -> str:
        """`schema.table`."""
        return f"{self.schema}.{self.table}"


@dataclass(frozen=True, slots=True)
class Content:
    """How much a table holds, and the hash of it whatever the order of its rows."""

    rows: int
    hash: str


def read_models(folder: Path = MODELS) -> list[Model]:
    """Every model, each after those it reads; raise `ConfigError` for a circle or SQL that cannot be parsed.

    The tables of `forms` are made from `core.submission`, so what reads them comes after that.
    """
    models = {model.name: model for model in map(read_model, sorted(folder.glob("*/*.sql")))}
    graph = {
        name: {_made_by(read) for read in model.reads if _made_by(read) in models} for name, model in models.items()
    }
    try:
        return [models[name] for name in TopologicalSorter(graph).static_order()]
    except CycleError as error:
        raise ConfigError(f"these models read each other: {' → '.join(error.args[1])}") from error


def _made_by(table: str) -> str:
    return FORMS_FROM if table.startswith("forms.") else table


def read_model(path: Path) -> Model:
    """The model of a file."""
    sql = path.read_text(encoding="utf-8")
    comment, columns = _header(sql)
    try:
        parsed = sqlglot.parse_one(sql, dialect="duckdb")
    except sqlglot.ParseError as error:
        first = error.errors[0]
        raise ConfigError(
            f"the model cannot be parsed: {first['description']}", where=Place(str(path), first["line"], first["col"])
        ) from error
    reads = frozenset(f"{table.db}.{table.name}" for table in parsed.find_all(exp.Table) if table.db)
    return Model(path.parent.name, path.stem, sql, reads, comment, columns, is_view="A view." in comment)


def _header(sql: str) -> tuple[str, dict[str, str]]:
    """The table's comment and those of its columns; an indented line goes on with the column above."""
    words: list[str] = []
    columns: dict[str, list[str]] = {}
    for line in takewhile(lambda line: line.startswith("--"), sql.splitlines()):
        if match := _COLUMN.match(line):
            columns[match[1]] = [match[2]]
        elif line.startswith("--   ") and columns:
            columns[next(reversed(columns))].append(line[2:].strip())
        else:
            words.append(line[2:].strip())
    return " ".join(words), {name: " ".join(parts) for name, parts in columns.items()}


def build(connection: duckdb.DuckDBPyConnection, model: Model) -> None:
    """Make the model's table or view anew, with its comments; the caller holds the transaction."""
    name = qualified(model.schema, model.table)
    kind = "VIEW" if model.is_view else "TABLE"
    _clear(connection, model)
    connection.execute(f"CREATE OR REPLACE {kind} {name} AS {model.sql}")
    connection.execute(f"COMMENT ON {kind} {name} IS {literal(model.comment)}")
    for column, text in model.columns.items():
        connection.execute(f"COMMENT ON COLUMN {name}.{quoted(column)} IS {literal(text)}")


def _clear(connection: duckdb.DuckDBPyConnection, model: Model) -> None:
    """Drop what an earlier version made of the other kind under the model's name."""
    other = "TABLE" if model.is_view else "VIEW"
    found = connection.execute(
        "SELECT count(*) FROM information_schema.tables WHERE table_schema = ? AND table_name = ? AND table_type = ?",
        (model.schema, model.table, "BASE TABLE" if model.is_view else "VIEW"),
    ).fetchall()
    if found[0][0]:
        connection.execute(f"DROP {other} {qualified(model.schema, model.table)}")


def content(connection: duckdb.DuckDBPyConnection, schema: str, table: str) -> Content:
    """Rows and hash of a table: order-free, over canonical text, doubles to 10 significant digits."""
    name = qualified(schema, table)
    described = connection.execute(f"DESCRIBE {name}").fetchall()
    columns = [(column, kind) for column, kind, *_ in described if column not in UNHASHED]
    values = ", ".join(f"{_canonical(quoted(column), kind)} AS {quoted(column)}" for column, kind in columns)
    heading = ";".join(f"{column} {kind}" for column, kind in columns)
    row = connection.execute(
        "SELECT count(*), md5(concat_ws(':', ?, count(*), coalesce(sum(md5_number_lower(s)::HUGEINT), 0),"
        " coalesce(sum(md5_number_upper(s)::HUGEINT), 0)))"
        f" FROM (SELECT to_json(t)::VARCHAR AS s FROM (SELECT {values} FROM {name}) AS t)",
        (heading,),
    ).fetchone()
    assert row is not None
    return Content(int(row[0]), str(row[1]))


def _canonical(column: str, kind: str) -> str:
    """A value as hashed: doubles to 10 significant digits, −0 as 0; doubles within structs likewise, as text."""
    if kind == "DOUBLE":
        return f"printf('%.10g', {column} + 0.0)"
    return (
        f"regexp_replace(to_json({column})::VARCHAR, '(\\.\\d{{9}})\\d+', '\\1', 'g')" if "DOUBLE" in kind else column
    )
