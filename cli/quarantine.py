"""What is said of processes in quarantine: one is told up to its first bad event, and a list goes on without it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from cli.output import Part

if TYPE_CHECKING:
    from engine.engine import Damaged, Loaded


def told_to(loaded: Loaded) -> list[Part]:
    """Where what is shown of a process ends, and why; nothing for one that is whole."""
    fault = loaded.fault
    if fault is None:
        return []
    return [
        "",
        f"“{loaded.state.name}” is in quarantine: event {fault.sequence}: {fault.what}."
        f" It is shown up to event {loaded.state.sequence}; what came after that cannot be relied on.",
    ]


def as_data(loaded: Loaded) -> dict[str, object] | None:
    """The same as data; None for a process that is whole."""
    fault = loaded.fault
    return None if fault is None else {"event": fault.sequence, "what": fault.what, "shown_to": loaded.state.sequence}


def told_of(met: Iterable[Damaged]) -> list[Part]:
    """Which processes a list went on without, and why; nothing where all were whole."""
    told = [f"{why[:1].upper()}{why[1:]}." for why in _reasons(met).values()]
    hint = "What to do: `samskap verify` names the first bad event; restore the log from a backup: `samskap restore`."
    return ["", *told, hint] if told else []


def list_of(met: Iterable[Damaged]) -> list[dict[str, str]]:
    """The same as data."""
    return [{"process": process, "why": why} for process, why in _reasons(met).items()]


def _reasons(met: Iterable[Damaged]) -> dict[str, str]:
    """Why, by process: one that was met twice is told of once."""
    return {one.process: one.why.message for one in met}
