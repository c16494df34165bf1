"""The line of a file that is meant, with a caret below the column: for whoever reads what is wrong."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from engine.errors import Place, Problem

WIDEST: Final = 110
"""Characters of a line that are shown; of a longer one, those around the place."""


def excerpt(place: Place) -> list[str]:
    """The line and a caret, indented; nothing where the place or the file is not known."""
    if not place.line or not place.column:
        return []
    try:
        lines = Path(place.file).read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError):
        return []
    if place.line > len(lines):
        return []
    line, at = lines[place.line - 1].replace("\t", " "), place.column - 1
    start = max(0, min(at - WIDEST // 2, len(line) - WIDEST))
    shown = line[start : start + WIDEST]
    number = f"{place.line:>6} | "
    return [number + shown, " " * (len(number) + at - start) + "^"]


def told(problem: Problem, indent: str = "") -> str:
    """A problem of lint for people: where and what, what to do, and the line with a caret below the place."""
    first = f"{problem} – {problem.hint}" if problem.hint else str(problem)
    return "\n".join(indent + line for line in [first, *excerpt(problem.where)])
