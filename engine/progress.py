"""How long work tells how far it has come: one shape, for the engine, the warehouse and the pipelines alike."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

Progress: TypeAlias = Callable[[str, int, int], None]
"""Called with what is being done, and how many of how many are done (0 of 0 where nobody can know)."""


def quiet(what: str, done: int, of: int) -> None:
    """Progress that nobody looks at."""
