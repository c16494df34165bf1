"""Questions in SQL: one analyst's statement, run safely on a copy of the warehouse.

May import the standard library, `engine.errors` and msgspec. It never imports DuckDB into the caller: the database is
opened in a child process of its own, which is killed when it takes too long. This room is no way to change anything,
and it decides nothing about who may ask; it records who did.
"""

from warehouse.query.export import to_csv
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
from warehouse.query.record import RECORD, asked
from warehouse.query.run import query

__all__ = [
    "RECORD",
    "Cell",
    "Column",
    "Limits",
    "QueryCrashed",
    "QueryMemory",
    "QueryMistake",
    "QueryRefused",
    "QueryTimeout",
    "Result",
    "asked",
    "query",
    "to_csv",
]
