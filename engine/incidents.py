"""What cannot go on by itself, over all processes or in one, and why: for whoever puts it right.

Conditions that failed and messages that were refused stand in the store. Of a task that asks for four eyes only its
process can tell whether anybody is left who may do it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from engine.engine import Engine, Loaded, Meeting, stop
from engine.errors import IntegrityFault, NotFound
from engine.guards import Guard
from engine.process.explain import Seen, what_is_read
from engine.process.stranded import waiting_since, waits_for_nobody
from engine.store import worklists
from engine.store.people import Session
from engine.store.worklists import IncidentItem
from engine.template.chart import Definition

HELPS = {
    "condition": "What it reads has to change, or the template (a new version, and a migration). To look again:"
    " samskap incident retry; if it does not matter: samskap incident resolve",
    "role": "Give somebody the role: samskap grant. If nobody needs to do it: samskap incident resolve",
    "link": "Mend what it says: samskap publish, samskap grant. Then: samskap incident retry; to wait no longer for a"
    " linked process: samskap link end; if it does not matter: samskap incident resolve",
    "message": "Put the address right: samskap identity notify. Then: samskap incident retry; if it need not be sent:"
    " samskap incident resolve",
}
"""What puts an incident right, by kind."""


@dataclass(frozen=True, slots=True)
class IncidentExplanation:
    """An incident; for a condition that failed also its text, the state it stands in, and what it reads now."""

    item: IncidentItem
    helps: str
    state: str = ""
    condition: str = ""
    seen: tuple[Seen, ...] = ()


def incidents(engine: Engine, process: str | None = None, *, meet: Meeting = stop) -> list[IncidentItem]:
    """Everything that cannot go on by itself, over all running processes or in one.

    Processes are opened where only they can tell; those in quarantine are met, and of them nothing else is told.
    """
    found = worklists.incidents(engine.log, process)
    known = {(item.process, item.incident) for item in found}
    undated = {item.process for item in found if item.at is None}
    asked = {name for name, _ in worklists.asked_for(engine.log, process)} | _without_a_role(engine, process)
    since = dict[str, Mapping[str, datetime]]()
    for loaded in engine.each(sorted(asked | undated), meet):
        name = loaded.state.name
        if name in asked:
            waiting = waits_for_nobody(loaded.state, loaded.definition).items()
            found += [IncidentItem(name, key, "role", why, None) for key, why in waiting if (name, key) not in known]
        since[name] = _waiting_since(engine, loaded, [i.incident for i in found if (i.process, i.at) == (name, None)])
    damaged = (asked | undated) - since.keys()
    return [
        item if item.at is not None else replace(item, at=since[item.process].get(item.incident))
        for item in found
        if item.process not in damaged
    ]


def _waiting_since(engine: Engine, loaded: Loaded, names: Collection[str]) -> Mapping[str, datetime]:
    """Since when each of these has waited for nobody: the store holds no time, and the process tells it."""
    if not names:
        return {}
    return waiting_since(engine.events(loaded.records), engine.definitions(loaded.state.template), names)


def _without_a_role(engine: Engine, process: str | None) -> set[str]:
    """The running processes in which nobody holds any role of some action of the template, whatever the state."""
    held = worklists.roles_held(engine.log, process)
    wanted: dict[tuple[str, str], set[frozenset[str]]] = {}
    found = set()
    for row in engine.processes():
        if row["status"] == "running" and process in (None, row["name"]):
            key = row["template"], row["bundle"]
            if key not in wanted:
                wanted[key] = _wanted(engine, *key)
            if any(held.get(row["stream"], set()).isdisjoint(by) for by in wanted[key]):
                found.add(row["name"])
    return found


def _wanted(engine: Engine, template: str, bundle: str) -> set[frozenset[str]]:
    """The roles that each action of a version is for; of a version that is damaged, roles that nobody holds."""
    try:
        nodes = engine.definition(template, bundle).nodes.values()
    except IntegrityFault:
        return {frozenset()}
    return {frozenset(action.by) for node in nodes for action in node.spec.actions.values()}


def find(engine: Engine, process: str, incident: str) -> IncidentItem:
    """One incident of a process, a message also by the beginning of its key; raise `NotFound` with those there are."""
    there = incidents(engine, process)
    found = [i for i in there if i.incident == incident or (i.kind == "message" and i.incident.startswith(incident))]
    if not incident or not found:
        named = ", ".join(i.incident[:8] if i.kind == "message" else i.incident for i in there)
        raise NotFound(f"there is no incident “{incident}”", hint=f"There are: {named or 'none'}.")
    return found[0]


def explain(engine: Engine, session: Session, process: str, incident: str) -> IncidentExplanation:
    """What an incident is about and what helps; for whoever may see the process."""
    loaded = engine.load(engine.stream(process))
    engine.view(session, loaded)
    item = find(engine, process, incident)
    condition = _conditions(loaded.definition).get(item.incident) if item.kind == "condition" else None
    if condition is not None:
        state, guard = condition
        conditions, actor = engine.conditions(session, loaded), engine.actor(session, loaded.state)
        seen = what_is_read(loaded.definition, loaded.state, conditions, actor, guard, state)
        return IncidentExplanation(item, HELPS[item.kind], state or "", guard.text, seen)
    instance = loaded.state.instances.get(item.incident)
    return IncidentExplanation(item, HELPS[item.kind], (instance.state or "") if instance is not None else "")


def _conditions(definition: Definition) -> Mapping[str, tuple[str | None, Guard]]:
    """What incidents of conditions are named after: automatic steps, deadlines, and rules of completion."""
    found: dict[str, tuple[str | None, Guard | None]] = {
        f"{task.id}.complete": (task.state, task.rule) for task in definition.tasks.values()
    }
    for choices in definition.autos.values():
        found |= {choice.id: (choice.state, choice.guard) for choice in choices}
    for state, deadlines in definition.deadlines.items():
        found |= {f"{state}:{name}": (state, choice.guard) for name, choice in deadlines.items()}
    return {name: (state, guard) for name, (state, guard) in found.items() if guard is not None}
