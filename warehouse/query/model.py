"""What goes into a query and what comes out: limits, columns, rows, and the ways it can fail.

Plain data. Nothing here runs anything.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TypeAlias

from engine.errors import SamskapError

Cell: TypeAlias = bool | int | Decimal | str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How much one query may use.

    `seconds` of wall-clock time, start of the child process included; at most `rows` rows and `result_bytes` bytes of
    cells come back (what is left out is said by `Result.truncated`); `memory_megabytes` for DuckDB itself;
    `statement_bytes` for the text of the statement.
    """

    seconds: float = 5.0
    rows: int = 10_000
    result_bytes: int = 4_000_000
    memory_megabytes: int = 512
    statement_bytes: int = 100_000

    def __post_init__(self) -> None:
        if self.seconds <= 0 or min(self.rows, self.result_bytes, self.memory_megabytes, self.statement_bytes) < 1:
            raise ValueError("every limit of a query is above zero")


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a result: its name, and its type as DuckDB writes it (`DECIMAL(18,2)`)."""

    name: str
    type: str


@dataclass(frozen=True, slots=True)
class Result:
    """The rows of a query, in the order it gave them.

    Integers are `int`, decimals exact `Decimal`, booleans `bool`, missing values `None`. All else is text: doubles as
    Python writes them (`0.1`, `1e+22`, `nan`), dates and times in ISO 8601 (with a time zone: in UTC), blobs as hex,
    lists, structs and maps as JSON. `truncated` tells that rows were left out because of a limit. `seconds` is the time
    that the query itself took, without starting the process.
    """

    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    truncated: bool
    seconds: float


class QueryRefused(SamskapError):
    """The statement is not one that may be run here, or it reached for something outside of the database."""

    code = "sql_refused"
    exit_code = 5


class QueryMistake(SamskapError):
    """The statement is wrong: DuckDB's own message, with line and column where it gives them."""

    code = "sql_mistake"
    exit_code = 5


class QueryTimeout(SamskapError):
    """The query took too long and was killed."""

    code = "sql_timeout"
    exit_code = 5


class QueryMemory(SamskapError):
    """The query wanted more memory than it may have."""

    code = "sql_memory"
    exit_code = 5


class QueryCrashed(SamskapError):
    """The query's process ended without an answer; the caller and the database are unharmed."""

    code = "sql_crashed"
    exit_code = 5
