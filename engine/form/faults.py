"""What the rules of a form's lint find, before the place in the file is looked up."""

from __future__ import annotations

from collections.abc import Iterable, Set
from difflib import get_close_matches
from typing import NamedTuple

from engine.form.refs import DataPath


class Fault(NamedTuple):
    """A rule's finding at a path of the form; `at_key` says that the key is meant, not its value."""

    rule: str
    path: DataPath
    message: str
    hint: str = ""
    severity: str = "error"
    at_key: bool = False


def suggestion(name: str, known: Iterable[str], *, listed: Iterable[str] | None = None) -> str:
    """Did you mean …, or all that there is; of that only what is `listed`, if it says."""
    options = _in_order(known)
    close = get_close_matches(name[:60], options, 1)
    there = options if listed is None else _in_order(listed)
    return f"Did you mean “{close[0]}”?" if close else f"There are: {', '.join(there) or 'none'}."


def _in_order(known: Iterable[str]) -> list[str]:
    return sorted(known) if isinstance(known, Set) else list(known)
