"""Readers for the files that only the warehouse's libraries can read, for a search of what should be gone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Final

import duckdb
import pyarrow.parquet as pq

from engine.personal.searching import Reader
from warehouse.database import connect
from warehouse.sources import parquet
from warehouse.sql import qualified, quoted


def _duckdb(path: Path) -> Iterator[bytes]:
    """Every text of every table: in the file they are compressed. What was deleted is found in the bytes, if at all."""
    with closing(connect(path, read_only=True)) as connection:
        columns = connection.execute(
            "SELECT schema_name, table_name, column_name FROM duckdb_columns() JOIN duckdb_tables()"
            " USING (schema_name, table_name) WHERE data_type LIKE '%VARCHAR%' ORDER BY ALL"
        ).fetchall()
        for schema, table, column in columns:
            yield from _column(connection, schema, table, column)


def _column(connection: duckdb.DuckDBPyConnection, schema: str, table: str, column: str) -> Iterator[bytes]:
    name = qualified(schema, table)
    found = connection.execute(f"SELECT DISTINCT {quoted(column)}::VARCHAR FROM {name}")
    while rows := found.fetchmany(10_000):
        yield "\n".join(text for (text,) in rows if text is not None).encode()


def _parquet(path: Path) -> Iterator[bytes]:
    with pq.ParquetFile(path) as source:
        for batch in source.iter_batches(batch_size=parquet.ROWS):
            for column in batch.columns:
                yield "\n".join(text for text in parquet.texts(column) if text is not None).encode()


READERS: Final[Mapping[str, Reader]] = {".duckdb": _duckdb, ".parquet": _parquet}
"""What is read through more than its bytes, by the end of a name."""
