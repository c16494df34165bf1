"""Run one statement in a child process and bring its rows home.

The caller's process never opens the database and never imports DuckDB: it sends a request through a pipe, reads at
most as much as the limits allow, and kills the child when its time is up. Only JSON goes between the two.
"""

from __future__ import annotations

import importlib.util
import os
import re
import selectors
import signal
import subprocess
import sys
import time
from decimal import Decimal
from pathlib import Path
from typing import NoReturn

import msgspec

from engine.errors import NotFound, Place, SamskapError, StoreError
from warehouse.query.model import (
    Cell,
    Column,
    Limits,
    QueryCrashed,
    QueryMemory,
    QueryMistake,
    QueryRefused,
    QueryTimeout,
    Result,
)

_CHILD = Path(__file__).with_name("child.py")
# BIGNUM is left out: thousands of digits are more than `int` reads.
_INTEGERS = frozenset(f"{sign}{size}INT" for sign in ("", "U") for size in ("TINY", "SMALL", "BIG", "HUGE"))
_INTEGERS |= {"INTEGER", "UINTEGER"}
_PATH = re.compile(r"(?:/[^\s'\"/:;,()]+){2,}/?")


class _Error(msgspec.Struct, forbid_unknown_fields=True):
    """Why the child has no result."""

    kind: str
    message: str
    hint: str
    position: int | None = None


class _Answer(msgspec.Struct, forbid_unknown_fields=True):
    """What the child writes: rows of text, or an error."""

    columns: list[tuple[str, str]] = []
    rows: list[list[str | None]] = []
    truncated: bool = False
    seconds: float = 0.0
    error: _Error | None = None


def query(database: Path, sql: str, *, limits: Limits = Limits()) -> Result:
    """Run one SELECT (or EXPLAIN of one) on a read-only DuckDB file, and never more than `limits` allow.

    `database` may be a name that is switched between versions: it is followed once, before anything is opened.
    Raises `QueryRefused` for what may not be run, `QueryMistake` for wrong SQL, `QueryTimeout`, `QueryMemory`,
    `QueryCrashed`, `NotFound` where there is no database, and `StoreError` where it cannot be opened.
    """
    _check_text(sql, limits)
    version = _resolved(database)
    request = {
        "database": str(version),
        "packages": _packages(),
        "sql": sql,
        "seconds": limits.seconds,
        "rows": limits.rows,
        "result_bytes": limits.result_bytes,
        "memory_megabytes": limits.memory_megabytes,
    }
    answer = _decoded(_ask(msgspec.json.encode(request), limits))
    if answer.error is not None:
        _raise(answer.error, sql, version, limits)
    columns = tuple(Column(name, kind) for name, kind in answer.columns)
    rows = tuple(
        tuple(_cell(text, column.type) for text, column in zip(row, columns, strict=True)) for row in answer.rows
    )
    return Result(columns, rows, answer.truncated, answer.seconds)


def _check_text(sql: str, limits: Limits) -> None:
    try:
        size = len(sql.encode())
    except UnicodeEncodeError:
        raise QueryRefused(
            "the statement holds half a character (a lone surrogate)", hint="Type the statement again."
        ) from None
    if size > limits.statement_bytes:
        raise QueryRefused(
            f"the statement is {size:,} bytes long; at most {limits.statement_bytes:,} are read",
            hint="Join with a table rather than listing values.",
        )
    if "\0" in sql:  # DuckDB would stop reading there, and run the rest unseen or not at all
        raise QueryRefused("the statement holds a NUL character", hint="Take it out.")


def _resolved(database: Path) -> Path:
    try:
        return database.resolve(strict=True)
    except (FileNotFoundError, NotADirectoryError):
        raise NotFound(
            f"there is no database at {database}", hint="Evaluate once; that makes the copy for readers."
        ) from None
    except (OSError, RuntimeError) as error:
        raise StoreError(f"{database} cannot be followed: {error}", hint="Check the folder's permissions.") from None


def _packages() -> str:
    """The folder DuckDB is installed in: an isolated Python would not look into a user's own one."""
    spec = importlib.util.find_spec("duckdb")
    return str(Path(spec.origin).parent.parent) if spec and spec.origin else ""


def _ask(request: bytes, limits: Limits) -> bytes:
    """The child's answer as bytes; whatever happens, the child is gone when this returns or raises."""
    deadline = time.monotonic() + limits.seconds
    # An empty environment: no setting, key or path of ours is there to be read. Its own session: Ctrl-C is for us only.
    with subprocess.Popen(  # noqa: S603 (our own file, no shell)
        [sys.executable, "-I", "-B", "-X", "utf8", str(_CHILD)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={},
        cwd="/",
        start_new_session=True,
    ) as process:
        try:
            answer = _exchange(process, request, deadline, 4 * limits.result_bytes + 1_000_000)
            code = process.wait(max(0.05, deadline - time.monotonic()))
        except (TimeoutError, subprocess.TimeoutExpired):
            raise _too_slow(limits) from None
        finally:
            process.kill()
    if code in {-signal.SIGXCPU, -signal.SIGALRM}:
        raise _too_slow(limits)
    if code != 0:
        raise QueryCrashed(f"the query's process ended early ({_ending(code)})", hint=_SIMPLER)
    return answer


_SIMPLER = "Nothing was changed. Ask for less at a time, or write the query in another way."


def _exchange(process: subprocess.Popen[bytes], request: bytes, deadline: float, most: int) -> bytes:
    """Write the request and read the answer at the same time, so that neither side waits for the other."""
    if process.stdin is None or process.stdout is None:
        raise RuntimeError("the child has no pipes")
    answer = bytearray()
    rest = memoryview(request)
    os.set_blocking(process.stdin.fileno(), False)
    with selectors.DefaultSelector() as selector:
        selector.register(process.stdin, selectors.EVENT_WRITE)
        selector.register(process.stdout, selectors.EVENT_READ)
        while selector.get_map():
            ready = selector.select(max(0.0, deadline - time.monotonic()))
            if time.monotonic() >= deadline:
                raise TimeoutError
            for key, _ in ready:
                if key.fileobj is process.stdin:
                    rest = _written(key.fd, rest)
                    if not rest:
                        selector.unregister(process.stdin)
                        process.stdin.close()
                elif part := os.read(key.fd, 65_536):
                    answer += part
                else:
                    selector.unregister(process.stdout)
                if len(answer) > most:
                    raise QueryCrashed("the query's process answered with more than it may", hint=_SIMPLER)
    return bytes(answer)


def _written(channel: int, data: memoryview) -> memoryview:
    try:
        return data[os.write(channel, data) :]
    except BrokenPipeError:  # the child is gone: its exit code will tell
        return data[:0]


def _decoded(answer: bytes) -> _Answer:
    try:
        return msgspec.json.decode(answer, type=_Answer)
    except msgspec.DecodeError:
        raise QueryCrashed("the query's process answered with something else than rows", hint=_SIMPLER) from None


def _cell(text: str | None, kind: str) -> Cell:
    if text is None:
        return None
    if kind in _INTEGERS:
        return int(text)
    if kind.startswith("DECIMAL("):
        return text if kind.endswith("]") else Decimal(text)
    if kind == "BOOLEAN":
        return text == "true"
    return repr(float(text)) if kind in {"DOUBLE", "FLOAT"} else text


def _raise(error: _Error, sql: str, database: Path, limits: Limits) -> NoReturn:
    message = scrubbed(error.message, sql, database)
    hint = scrubbed(error.hint, sql, database)
    known: dict[str, SamskapError] = {
        "refused": QueryRefused(message, hint=hint),
        "mistake": QueryMistake(message, hint=hint or "Put the statement right there.", where=_place(sql, error)),
        "memory": QueryMemory(
            f"the query wanted more than {limits.memory_megabytes} MB of memory",
            hint="Filter or aggregate before joining and listing.",
        ),
        "store": StoreError(
            f"the database cannot be opened: {message}", hint="Make the copy for readers anew, or try again."
        ),
    }
    raise known.get(error.kind, QueryCrashed(message, hint=_SIMPLER))


def scrubbed(message: str, sql: str, database: Path) -> str:
    """The message without the paths of this machine; a path that the asker wrote stays."""
    for known in (str(database), str(database.parent)):
        message = message.replace(known, "…") if len(known) > 1 and known not in sql else message
    return _PATH.sub(lambda found: found[0] if found[0] in sql else "…", message)


def _place(sql: str, error: _Error) -> Place | None:
    """Where in the statement: DuckDB counts bytes from 0, people count lines and characters from 1."""
    if error.position is None:
        return None
    before = sql.encode()[: error.position].decode(errors="ignore")
    return Place("sql", before.count("\n") + 1, len(before) - (before.rfind("\n") + 1) + 1)


def _too_slow(limits: Limits) -> QueryTimeout:
    return QueryTimeout(
        f"the query took longer than {limits.seconds:g} s and was stopped",
        hint="Ask for fewer rows, or join on keys.",
    )


def _ending(code: int) -> str:
    return signal.Signals(-code).name if code < 0 else f"exit code {code}"
