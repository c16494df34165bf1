"""What waits for nobody: an open task that nobody who takes part may fill in, for want of a role or of other eyes, and
an action of an active state for a role that nobody holds."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from datetime import datetime
from itertools import groupby

from engine.process import events as e
from engine.process.access import Actor, ToSubmit, Verdict, is_barred, may, might_submit, on_work_list
from engine.process.state import Instance, Membership, ProcessState, advance
from engine.template.chart import Definition


def stranded(instance: Instance, state: ProcessState, definition: Definition) -> str:
    """Why nobody can fill an open instance in; empty where somebody can, or where it is not open."""
    if instance.status != "open" or instance.task not in definition.tasks:
        return ""

    def may_fill_in(subject: str, holder: Membership) -> Verdict:
        return may(Actor(subject), ToSubmit(instance, holder.id), state, definition)

    members = state.memberships
    asked = [members[instance.membership]] if instance.membership else members.values()
    fitting = [holder for holder in asked if on_work_list(holder, instance)]
    if any(may_fill_in(holder.subject, holder).allowed for holder in fitting):
        return ""
    not_by = definition.tasks[instance.task].spec.not_by
    others = {m.subject for m in might_submit(instance.task, state, definition)(instance)} if fitting else set()
    others = {subject for subject in others if not is_barred(subject, not_by, state, definition)}
    if any(may_fill_in(subject, holder).allowed for holder in fitting for subject in others):
        return ""
    first = next((m for m in members.values() if m.active and not m.roles.isdisjoint(instance.roles)), None)
    return may_fill_in(first.subject, first).reason if first else f"nobody holds {' or '.join(instance.roles)}"


def unheld(state: ProcessState, definition: Definition) -> dict[str, str]:
    """The actions of active states that nobody has the role for, by `<state>.<action>`, and why."""
    if state.status != "running":
        return {}
    return {
        f"{name}.{choice.id}": f"nobody holds {' or '.join(by)}, and may choose “{choice.id}”"
        for name in state.active
        for choice in definition.actions[name]
        if (by := definition.nodes[name].spec.actions[choice.id].by)
        and not any(m.active and not m.roles.isdisjoint(by) for m in state.memberships.values())
    }


def waits_for_nobody(
    state: ProcessState, definition: Definition, instances: Iterable[str] | None = None
) -> dict[str, str]:
    """What nobody can do, of these instances (None: of all) and of the actions, and why.

    Without what was said not to matter.
    """
    names = state.instances if instances is None else instances
    asked = (state.instances[name] for name in names if name in state.instances)
    tasks = {instance.id: why for instance in asked if (why := stranded(instance, state, definition))}
    dismissed = {incident.id for incident in state.incidents.values() if incident.dismissed}
    return {name: why for name, why in (tasks | unheld(state, definition)).items() if name not in dismissed}


def waiting_since(
    events: Iterable[e.Event], definitions: Callable[[str], Definition], names: Collection[str]
) -> dict[str, datetime]:
    """Since when each of these, which wait for nobody, has done so without a break.

    `definitions` are by a bundle's hash.
    """
    state: ProcessState | None = None
    since: dict[str, datetime] = {}
    for (_, at), made in groupby(events, key=lambda event: (event.command_id, event.recorded_at)):
        for event in made:
            state = advance(state if state is not None else ProcessState(event.stream), event)
        assert state is not None
        waiting = waits_for_nobody(state, definitions(state.bundle), names)
        since = {name: since.get(name, at) for name in waiting if name in names}
    return since
