"""How a process begins: its starter takes part, and its first states are entered."""

from __future__ import annotations

from engine.errors import Conflict, Refused
from engine.process import commands as c
from engine.process import events as e
from engine.process.decide.instances import open_where_expected
from engine.process.decide.linking import by_itself, have_parent
from engine.process.decide.moves import enter
from engine.process.decide.step import Step
from engine.process.decide.taking_part import add_membership, check_roles
from engine.template.transitions import initial_set


def start(step: Step, command: c.Start) -> None:
    """Begin the process: whoever starts it gets the starting role, and the first states are entered."""
    _begin(step, command)
    add_membership(step, step.context.person, None, (step.definition.template.starter,))
    _enter(step)


def spawn(step: Step, command: c.Spawn) -> None:
    """Begin the process beside its parent, with those who take part; refused where nobody of them could lead it."""
    by_itself(step)
    starter = step.definition.template.starter
    if not any(starter in member.roles for member in command.members):
        hint = "Let somebody here have the role that it comes from."
        raise Refused(f"nobody would be its {starter}, and lead it", hint=hint)
    _begin(step, command)
    have_parent(step, command.parent)
    for party in command.parties:
        step.emit(e.PartyJoined(party=party.party, title=party.title))
    for member in command.members:
        check_roles(step, member.party, member.roles)
        add_membership(step, member.person, member.party, member.roles, subject=member.subject)
    _enter(step)


def _begin(step: Step, command: c.Start | c.Spawn) -> None:
    template = step.definition.template
    if step.state.sequence:
        raise Conflict(f"“{command.name}” has begun already", hint="Choose another name.")
    step.emit(
        e.ProcessStarted(
            name=command.name,
            title=command.title,
            template=template.template,
            version=template.version,
            bundle=step.definition.bundle,
        )
    )


def _enter(step: Step) -> None:
    for state in initial_set(step.definition):
        enter(step, state)
    open_where_expected(step, None)
