"""The child process of a query: reads a request, locks itself in, runs one SELECT, writes the answer.

Run as a file of its own (`python -I child.py`), so it imports the standard library and DuckDB, nothing of ours: it
works the same from a wheel, an editable install and a checkout. What is sent to it and what it answers is JSON
(`warehouse.query.run` is the other end).

DuckDB alone is no sandbox. There are four fences, each of which would do for most attacks: the statement is one SELECT
(or EXPLAIN of one) whose table functions are all on a list; DuckDB's own locks; the operating system's limits (no file
can be opened any more once the database is open, none can grow, memory and time end); and the parent's kill.
"""

from __future__ import annotations

import json
import math
import os
import re
import resource
import signal
import sys
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias, cast

if TYPE_CHECKING:
    import duckdb

Json: TypeAlias = dict[str, Any]  # what `json` reads: its shape is checked where it is used

READABLE = frozenset({"SELECT", "EXPLAIN"})

# Reviewed on DuckDB 1.5: these make rows out of their arguments or describe the schema. All others are refused: they
# read files (read_csv …), change the session (enable_logging, enable_profiling, checkpoint), take SQL as text (query),
# follow pointers (pandas_scan, which a NULL makes crash), or tell where files lie (duckdb_settings, duckdb_databases).
TABLE_FUNCTIONS = frozenset(
    [
        *("range", "generate_series", "unnest", "repeat", "repeat_row", "json_each", "json_tree", "test_all_types"),
        *("histogram", "histogram_values", "summary", "icu_calendar_names", "pg_timezone_names", "pragma_collations"),
        *("duckdb_columns", "duckdb_constraints", "duckdb_functions", "duckdb_indexes", "duckdb_keywords"),
        *("duckdb_schemas", "duckdb_sequences", "duckdb_tables", "duckdb_types", "duckdb_views"),
        *("pragma_show", "pragma_storage_info", "pragma_table_info", "pragma_version"),
    ]
)
# Views and a function that tell where files lie on this machine.
HIDDEN = frozenset({"current_setting", "duckdb_databases", "duckdb_logs", "pg_settings", "pragma_database_list"})

NESTED = frozenset({"list", "array", "struct", "map", "union"})
HEADROOM = 384 * 1024 * 1024  # Python, DuckDB's code and stacks: about 120 MB of addresses are in use before the query
UNWANTED = ("numpy", "pandas", "pyarrow", "polars")  # DuckDB would import them by itself; no value here needs them
LONGEST_MESSAGE = 1_000  # characters: a message may hold a value, and a value may be as long as memory allows
# Words and commas only between the brackets, and no comments: what is taken for options here must be so for DuckDB too.
_EXPLAIN = re.compile(r"\s*EXPLAIN(?:\s+ANALY[SZ]E\b|\s*\([A-Z_,\s]+\))?\s*(.+)", re.IGNORECASE | re.DOTALL)
_NOT_JSON = re.compile(r'"(?:[^"\\]|\\.)*"|-?Infinity|NaN')


@dataclass(frozen=True)
class Fault(Exception):
    """Why there is no result: `kind` is one of refused, mistake, memory, store, crashed; `position` counts bytes."""

    kind: str
    message: str
    hint: str = ""
    position: int | None = None


def main() -> None:
    """Read the request from standard input, answer on standard output, end."""
    request: Json = json.loads(sys.stdin.buffer.read())
    # DuckDB can be made to print on standard output: the answer gets a channel that nothing else knows.
    answer_to = os.dup(1)
    _silence()
    _limit(request)
    sys.path.append(request["packages"])
    cast("dict[str, object]", sys.modules).update(dict.fromkeys(UNWANTED))
    answer = json.dumps(_answer(request), ensure_ascii=False, separators=(",", ":")).encode()
    while answer:
        answer = answer[os.write(answer_to, answer) :]
    os._exit(0)  # no clearing up: it could only fail


def _silence() -> None:
    nowhere = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(nowhere, stream)
    os.close(nowhere)


def _limit(request: Json) -> None:
    """Let the kernel end this process, should the parent be gone and no longer able to."""
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.setitimer(signal.ITIMER_REAL, request["seconds"] + 1)
    processor = math.ceil(request["seconds"]) + 1
    memory = request["memory_megabytes"] * 1024 * 1024 + HEADROOM
    _lower(resource.RLIMIT_CPU, processor)
    _lower(resource.RLIMIT_AS, memory)
    _lower(resource.RLIMIT_FSIZE, 0)
    _lower(resource.RLIMIT_CORE, 0)
    _lower(resource.RLIMIT_NOFILE, 64)


def _lower(limit: int, value: int) -> None:
    _, hard = resource.getrlimit(limit)
    value = value if hard == resource.RLIM_INFINITY else min(value, hard)
    resource.setrlimit(limit, (value, value))


def _close_doors() -> None:
    """From here on no file, socket, process or thread can be opened or started, whatever DuckDB may be talked into."""
    _lower(resource.RLIMIT_NOFILE, 0)
    _lower(resource.RLIMIT_NPROC, 0)


def _answer(request: Json) -> Json:
    try:
        import duckdb  # noqa: PLC0415 (the limits come first)
    except ImportError as error:
        return {"error": vars(Fault("crashed", f"DuckDB cannot be loaded: {error}"))}
    try:
        connection = open_locked(request["database"], request["memory_megabytes"])
        _warm(connection)
        _close_doors()
        return _run(connection, request)
    except Fault as error:
        fault = error
    except (MemoryError, duckdb.OutOfMemoryException):
        fault = Fault("memory", "")
    except RecursionError:
        fault = Fault("refused", "the statement is nested too deeply", "Write it with fewer levels.")
    except duckdb.Error as error:
        fault = _told(error)
    except (RuntimeError, TypeError, ValueError) as error:  # DuckDB's bindings raise these for what they cannot convert
        fault = Fault("crashed", f"the query's process failed ({type(error).__name__})")
    return {"error": vars(fault)}


def open_locked(database: str, memory_megabytes: int) -> duckdb.DuckDBPyConnection:
    """The database read only, with DuckDB's own doors shut and its settings locked."""
    import duckdb  # noqa: PLC0415

    config: dict[str, str | bool | int | float | list[str]] = {
        "threads": "1",
        "memory_limit": f"{memory_megabytes}MiB",
        "temp_directory": "",
        "max_temp_directory_size": "0KiB",
        "secret_directory": "",
        "allow_persistent_secrets": "false",
        "autoinstall_known_extensions": "false",
        "autoload_known_extensions": "false",
        "allow_community_extensions": "false",
        "python_enable_replacements": "false",
    }
    try:
        connection = duckdb.connect(database, read_only=True, config=config)
    except duckdb.Error as error:
        raise Fault("store", str(error)) from None
    # In this order: without outside access some settings can no longer be made, and the lock comes last.
    for setting in (
        "SET enable_progress_bar = false",
        "SET errors_as_json = true",
        "SET TimeZone = 'UTC'",
        "SET enable_external_access = false",
        "SET lock_configuration = true",
    ):
        connection.execute(setting)
    return connection


def _warm(connection: duckdb.DuckDBPyConnection) -> None:
    """Take each way once that a query will take: DuckDB imports Python modules only when it first needs them."""
    connection.execute("SELECT json_serialize_sql($1)", ["SELECT 1"]).fetchone()
    connection.sql("SELECT 1.5 AS x").limit(1).project("CAST(#1 AS VARCHAR)").fetchmany(1)


def _run(connection: duckdb.DuckDBPyConnection, request: Json) -> Json:
    started = time.perf_counter()
    statement = _the_one_readable(connection, request["sql"])
    relation = _bound(connection, statement)
    names, types = relation.columns, relation.types
    head = [[name, str(kind)] for name, kind in zip(names, types, strict=True)]
    limited = relation.limit(request["rows"] + 1)
    rows, truncated = _fetch(limited.project(_as_text(types)), [kind.id for kind in types], request, len(str(head)))
    return {"columns": head, "rows": rows, "truncated": truncated, "seconds": time.perf_counter() - started}


def _the_one_readable(connection: duckdb.DuckDBPyConnection, sql: str) -> duckdb.Statement:
    statements = connection.extract_statements(sql)
    kinds = [statement.type.name for statement in statements]
    if not statements:
        raise Fault("refused", "there is no statement to run", "Write one SELECT.")
    if len(statements) > 1 and "PIVOT" in sql.upper() and sorted(kinds) == ["CREATE", "SELECT"]:
        raise Fault(
            "refused", "PIVOT without a list of values is more than one statement", "Write PIVOT … ON x IN (…)."
        )
    if len(statements) > 1:
        raise Fault("refused", f"there are {len(statements)} statements; one is run at a time", "Send them one by one.")
    if kinds[0] not in READABLE:
        raise Fault("refused", f"{kinds[0].replace('_', ' ')} statements are not run here", _ONLY_READING)
    _check_tree(connection, _tree(connection, sql, explained=kinds[0] == "EXPLAIN"))
    return statements[0]


_ONLY_READING = "Only reading is possible: SELECT, FROM, WITH, VALUES, DESCRIBE, SHOW, SUMMARIZE, or EXPLAIN of these."


def _tree(connection: duckdb.DuckDBPyConnection, sql: str, *, explained: bool) -> Json:
    """The statement as DuckDB parsed it; a PRAGMA, which is rewritten into a SELECT, is not one here."""
    text = _explained(sql) if explained else sql
    row = connection.execute("SELECT json_serialize_sql($1)", [text]).fetchone()
    tree: Json = json.loads(row[0]) if row else {"error": True}
    if not tree["error"] and len(tree["statements"]) == 1:
        return tree
    if "depth" in tree.get("error_message", ""):
        raise RecursionError
    raise Fault("refused", "this kind of statement is not run here", _ONLY_READING)


def _explained(sql: str) -> str:
    """What EXPLAIN is asked about: all that follows it and its options."""
    found = _EXPLAIN.fullmatch(sql)
    if found is None:
        raise Fault("refused", "EXPLAIN is not the first word", "Begin with EXPLAIN, and put comments further down.")
    return found[1]


def _check_tree(connection: duckdb.DuckDBPyConnection, tree: Json) -> None:
    calls, names = set(), set()
    waiting: list[object] = [tree]
    while waiting:
        node = waiting.pop()
        if isinstance(node, dict):
            if node.get("type") == "TABLE_FUNCTION":
                calls.add(str(node["function"].get("function_name")).lower())
            names |= {str(node.get(key)).lower() for key in ("function_name", "table_name")}
            waiting.extend(node.values())
        elif isinstance(node, list):
            waiting.extend(node)
    for name in sorted(calls - TABLE_FUNCTIONS - _own_macros(connection)):
        raise Fault("refused", f"the table function {name}() may not be used here", _ONLY_TABLES)
    for name in sorted(names & HIDDEN):
        raise Fault("refused", f"{name} may not be read here: it tells where files lie", _ONLY_TABLES)


_ONLY_TABLES = "Ask the tables and views of this database; SHOW ALL TABLES lists them."


def _own_macros(connection: duckdb.DuckDBPyConnection) -> set[str]:
    """Table macros that stand in the database itself: whoever made it meant them to be used."""
    found = connection.execute(
        "SELECT lower(function_name) FROM duckdb_functions() WHERE NOT internal AND function_type = 'table_macro'"
    )
    return {str(name) for (name,) in found.fetchall()}


def _bound(connection: duckdb.DuckDBPyConnection, statement: duckdb.Statement) -> duckdb.DuckDBPyRelation:
    import duckdb  # noqa: PLC0415

    try:
        return connection.sql(statement)
    except duckdb.Error:
        # A relation forgets where the mistake stands; the plain way fails in the same place, and says where.
        connection.execute(statement)
        raise


def _as_text(types: list[duckdb.sqltypes.DuckDBPyType]) -> str:
    """One expression per column, by position, that DuckDB itself turns into exact text."""
    casts = {"blob": "lower(hex(#{}))"} | dict.fromkeys(NESTED, "CAST(to_json(#{}) AS VARCHAR)")
    return ", ".join(casts.get(kind.id, "CAST(#{} AS VARCHAR)").format(n) for n, kind in enumerate(types, start=1))


def _fetch(
    relation: duckdb.DuckDBPyRelation, kinds: list[str], request: Json, used: int
) -> tuple[list[list[str | None]], bool]:
    """The rows up to the limits, and whether any were left out."""
    rows: list[list[str | None]] = []
    while batch := relation.fetchmany(500):
        for record in batch:
            row = [_told_cell(cell, kind) for cell, kind in zip(record, kinds, strict=True)]
            used += sum(len(cell.encode()) + 3 for cell in row if cell is not None) + 5 * row.count(None)
            if len(rows) == request["rows"] or used > request["result_bytes"]:
                return rows, True
            rows.append(row)
    return rows, False


def _told_cell(cell: str | None, kind: str) -> str | None:
    if cell is None:
        return None
    if kind.startswith("timestamp"):
        cell = cell.replace(" ", "T", 1) if "(BC)" not in cell else cell
        return f"{cell}:00" if cell.endswith("+00") else cell
    if kind in NESTED and ("NaN" in cell or "Infinity" in cell):
        return _NOT_JSON.sub(lambda found: found[0] if found[0][0] == '"' else f'"{found[0]}"', cell)
    return cell


def _told(error: duckdb.Error) -> Fault:
    """DuckDB's error in parts: its first line, and the byte it points at."""
    import duckdb  # noqa: PLC0415

    text, position = str(error), None
    label, _, rest = text.partition(": ")
    told = _parts(rest)
    if told:
        text = f"{label}: {told['exception_message']}"
        position = int(told["position"]) if str(told.get("position", "")).isdecimal() else None
    first, *more = text.splitlines() or [""]
    first = first if len(first) <= LONGEST_MESSAGE else f"{first[:LONGEST_MESSAGE]} …"
    hint = " ".join(line.strip() for line in more[:1] if line.startswith(("Did you mean", "Candidate")))
    if isinstance(error, duckdb.PermissionException):
        return Fault("refused", "the query reaches outside of the database", _ONLY_TABLES)
    if isinstance(error, duckdb.InternalException | duckdb.FatalException):
        return Fault("crashed", first, "", position)
    return Fault("mistake", first, hint[:LONGEST_MESSAGE], position)


def _parts(text: str) -> Json:
    """The parts of an error that DuckDB wrote as JSON; none where the text is something else, such as error()'s own."""
    try:
        told = json.loads(text.partition("\n")[0])
    except ValueError:
        return {}
    return told if isinstance(told, dict) and isinstance(told.get("exception_message"), str) else {}


if __name__ == "__main__":
    main()
