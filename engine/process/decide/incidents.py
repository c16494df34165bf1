"""What cannot go on by itself, tried again or said not to matter: conditions that fail, tasks that nobody can do."""

from __future__ import annotations

from engine.errors import Refused
from engine.process import commands as c
from engine.process import events as e
from engine.process.access import ToManage
from engine.process.decide.instances import open_everywhere
from engine.process.decide.linking import spawn_again
from engine.process.decide.moves import settle, take
from engine.process.decide.step import Step, needed, unknown
from engine.process.decide.timing import holds
from engine.process.stranded import waits_for_nobody


def retry(step: Step, command: c.Retry) -> None:
    """Try an incident's condition again: `settle` does so by itself, save for a deadline, which has passed already.

    A linked process that was given up is asked for again. A task that nobody could do is there for whoever can do it
    now; `Refused` while nobody can.
    """
    why = _known(step, command.incident)
    if why:
        raise Refused(
            f"{command.incident} still waits for nobody: {why}",
            hint=f"Give somebody the role: samskap grant {step.state.name} MEMBERSHIP ROLE",
        )
    incident = step.state.incidents[command.incident]
    spawn_again(step, incident.id)
    open_everywhere(step)
    state, _, name = incident.id.partition(":")
    choice = step.definition.deadlines.get(state, {}).get(name)
    if choice is not None and holds(step, choice, step.conditions):
        take(step, choice)
    settle(step)
    if (known := step.state.incidents.get(incident.id)) and known.is_open and step.faults.get((known.id, known.state)):
        raise Refused(
            f"it still fails: {known.message}",
            hint="Let the template's author mend it, or say why it does not matter: `samskap incident resolve`.",
        )


def resolve(step: Step, command: c.Resolve) -> None:
    """End an incident with a reason; of what nobody can do, say that nobody needs to."""
    why = _known(step, command.incident)
    reason = needed(command.reason, "resolving an incident")
    if why:
        instance = step.state.instances.get(command.incident)
        state = instance.state if instance is not None else command.incident.rpartition(".")[0]
        step.emit(e.IncidentRaised(incident=command.incident, state=state, message=why))
    step.emit(e.IncidentResolved(incident=command.incident, subject=step.context.actor.subject, reason=reason))


def _known(step: Step, name: str) -> str:
    """Why nobody can do what has that name; empty where it is a condition that failed; `NotFound` for neither."""
    step.require(ToManage())
    failed = [incident.id for incident in step.state.incidents.values() if incident.is_open]
    if name in failed:
        return ""
    waiting = waits_for_nobody(step.state, step.definition)
    if name not in waiting:
        raise unknown("incident", name, [*failed, *waiting])
    return waiting[name]
