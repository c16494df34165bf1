"""What waits for nobody: an open task that nobody who takes part may fill in, for want of a role or of other eyes."""

from __future__ import annotations

from engine.process.access import Actor, ToSubmit, may
from engine.process.state import Instance, ProcessState
from engine.template.chart import Definition


def stranded(instance: Instance, state: ProcessState, definition: Definition) -> str:
    """Why nobody can fill an open instance in; empty where somebody can, or where it is not open."""
    if instance.status != "open" or instance.task not in definition.tasks:
        return ""
    active = [m for m in state.memberships.values() if m.active]
    holders = [m for m in active if not m.roles.isdisjoint(instance.roles)]
    if not holders:
        return f"nobody holds {' or '.join(instance.roles)}"
    reason = ""
    for holder in holders:
        for actor in {m.subject for m in active}:
            verdict = may(Actor(actor), ToSubmit(instance, holder.id), state, definition)
            if verdict.allowed:
                return ""
            if actor == holder.subject:
                reason = reason or str(verdict.reason)
    return reason
