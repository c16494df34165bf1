"""The one way identifiers get into SQL. Values are never written into SQL: they are bound."""

from __future__ import annotations


def quoted(name: str) -> str:
    """A name as a quoted SQL identifier; raise `ValueError` for what no identifier of ours may hold."""
    if not name or len(name) > 128 or "\0" in name:
        raise ValueError(f"not a usable SQL name: {name!r}")
    return '"' + name.replace('"', '""') + '"'


def qualified(schema: str, name: str) -> str:
    """`"schema"."name"`."""
    return f"{quoted(schema)}.{quoted(name)}"
