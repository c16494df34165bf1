"""A Parquet file as rows of texts, a batch at a time, so that the same rules judge them as the rows of a CSV file.

Its columns are those of the contract, in any order; nested values are not read. What values mean is not known here.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from warehouse.sources.lines import refuse

ROWS: Final = 50_000
"""Rows read at a time."""


@contextmanager
def opened(path: Path, columns: Sequence[str]) -> Iterator[pq.ParquetFile]:
    """The file, with its columns checked; raise `FileRefused` for what is not Parquet or has other columns."""
    try:
        source = pq.ParquetFile(path)
    except (pa.ArrowException, ValueError) as error:
        refuse(path, f"this is no Parquet file: {_short(error)}", "Is this the right file?")
    with source:
        names = source.schema_arrow.names
        if len(set(names)) < len(names):
            refuse(path, "a column's name stands more than once", "Give every column its own name.")
        for name in columns:
            if name not in names:
                refuse(path, f"the file has no column “{name}”", f"It has: {', '.join(names)[:300]}.")
        for name in names:
            if name not in columns:
                message = f"the file has a column “{name[:60]}” that its contract does not name"
                refuse(path, message, "Add it to the contract's columns; with `personal: drop` it is never stored.")
            if pa.types.is_nested(source.schema_arrow.field(name).type):
                refuse(path, f"the column “{name}” holds lists or structures", "Give every value its own column.")
        yield source


def batches(source: pq.ParquetFile, path: Path) -> Iterator[pa.RecordBatch]:
    """Its rows in order; raise `FileRefused` where a part cannot be read."""
    try:
        yield from source.iter_batches(batch_size=ROWS)
    except (pa.ArrowException, OSError) as error:
        refuse(path, f"the file is damaged: {_short(error)}", "Have it sent again.")


def texts(column: pa.Array) -> list[str | None]:
    """A column's values as texts: dates as 2024-08-31, decimals with a point."""
    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    if pa.types.is_binary(column.type) or pa.types.is_large_binary(column.type):
        return [None if value is None else value.decode(errors="replace") for value in column.to_pylist()]
    found: list[str | None] = pc.cast(column, pa.string()).to_pylist()
    return found


def _short(error: Exception) -> str:
    return str(error).splitlines()[0][:200]
