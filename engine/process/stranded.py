"""What waits for nobody: an open task that nobody who takes part may fill in, for want of a role or of other eyes, and
an action of an active state for a role that nobody holds."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from itertools import groupby

from engine.process import events as e
from engine.process.access import Actor, ToSubmit, may
from engine.process.state import Instance, ProcessState, advance
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


def unheld(state: ProcessState, definition: Definition) -> dict[str, str]:
    """The actions of active states that nobody has the role for, by `<state>.<action>`, and why."""
    if state.status != "running":
        return {}
    held = {role for m in state.memberships.values() if m.active for role in m.roles}
    return {
        f"{name}.{choice.id}": f"nobody holds {' or '.join(by)}, and may choose “{choice.id}”"
        for name in state.active
        for choice in definition.actions[name]
        if held.isdisjoint(by := definition.nodes[name].spec.actions[choice.id].by)
    }


def waits_for_nobody(state: ProcessState, definition: Definition) -> dict[str, str]:
    """Everything that nobody can do: instances and actions, and why; without what was said not to matter."""
    tasks = {i.id: why for i in state.instances.values() if (why := stranded(i, state, definition))}
    dismissed = {incident.id for incident in state.incidents.values() if incident.dismissed}
    return {name: why for name, why in (tasks | unheld(state, definition)).items() if name not in dismissed}


def waiting_since(events: Iterable[e.Event], definitions: Callable[[str], Definition]) -> dict[str, datetime]:
    """Since when each of what waits for nobody has done so without a break; `definitions` are by a bundle's hash."""
    state: ProcessState | None = None
    since: dict[str, datetime] = {}
    for (_, at), made in groupby(events, key=lambda event: (event.command_id, event.recorded_at)):
        for event in made:
            state = advance(state if state is not None else ProcessState(event.stream), event)
        assert state is not None
        waiting = waits_for_nobody(state, definitions(state.bundle))
        since = {name: since.get(name, at) for name in waiting}
    return since
