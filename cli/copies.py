"""Where the readers' copy of the figures is: the one place of the command line that asks."""

# ruff: noqa: PLC0415 (imports stand where they are needed: help must come at once)

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from engine.workspace import Workspace


def reader_copy(workspace: Workspace) -> Path:
    """The readers' copy as it is now; raise `NotFound` where nothing was evaluated yet."""
    from warehouse import copies

    return copies.current(workspace.copies, "reader")
