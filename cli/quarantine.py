"""What is said beside a process in quarantine: it is told up to its first bad event, and no further."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cli.output import Part

if TYPE_CHECKING:
    from engine.engine import Loaded


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
