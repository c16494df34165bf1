"""How names that are known only when a program runs get into a statement; values are bound, and never come here."""

from __future__ import annotations


def quoted(name: str) -> str:
    """A name as a quoted SQL identifier; raise `ValueError` for what no identifier of ours may hold."""
    if not name or len(name) > 128 or "\0" in name:
        raise ValueError(f"not a usable SQL name: {name!r}")
    return '"' + name.replace('"', '""') + '"'
