"""What follows from a command: `decide(definition, state, command, context)` gives the events, or refuses.

Pure: state, template, answers, clock reading and new ids come in as arguments, and nothing is written. Refusals say
which guard, whose role, which answer. After every command the chart runs to completion: tasks whose rule is met are
closed, and automatic transitions are taken until none is open.

`step` is one command at work; `moves` runs the chart, `instances` its tasks; the others are what people and time do.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from engine.errors import Refused
from engine.process import commands as c
from engine.process import events as e
from engine.process.decide import answering, beginning, choosing, incidents, linking, migrating, taking_part, timing
from engine.process.decide.moves import settle
from engine.process.decide.step import Context, Step
from engine.process.state import ProcessState
from engine.template.chart import Definition

__all__ = ["Context", "decide", "decided"]

_HANDLERS: Mapping[type[c.Command], Callable[[Step, Any], None]] = {  # each takes its own command
    c.Start: beginning.start,
    c.AddParty: taking_part.add_party,
    c.Invite: taking_part.invite,
    c.WithdrawInvitation: taking_part.withdraw_invitation,
    c.Join: taking_part.join,
    c.AddMember: taking_part.add_member,
    c.EndMembership: taking_part.end_membership,
    c.Grant: taking_part.grant,
    c.Revoke: taking_part.revoke,
    c.Delegate: taking_part.delegate,
    c.EndDelegation: taking_part.end_delegation,
    c.HandOver: taking_part.hand_over,
    c.Claim: taking_part.claim,
    c.Release: taking_part.release,
    c.Submit: answering.submit,
    c.Backfill: answering.backfill,
    c.Act: choosing.act,
    c.StepBack: choosing.step_back,
    c.Retry: incidents.retry,
    c.Resolve: incidents.resolve,
    c.Suspend: timing.suspend,
    c.Resume: timing.resume,
    c.Cancel: timing.cancel,
    c.Migrate: migrating.migrate,
    c.UndoMigration: migrating.undo,
    c.Erase: taking_part.erase,
    c.Link: linking.link,
    c.EndLink: linking.end_link,
    c.Spawn: beginning.spawn,
    c.HaveParent: linking.have_parent,
    c.LinkBegun: linking.begun,
    c.LinkFailed: linking.failed,
    c.LinkOver: linking.over,
    c.Dispose: taking_part.dispose,
    c.Tick: timing.tick,
}


def decide(definition: Definition, state: ProcessState, command: c.Command, context: Context) -> list[e.Event]:
    """The events that follow; raise `Refused`, `NotFound` or `Conflict` where the command may not be carried out."""
    return decided(definition, state, command, context).events


def decided(definition: Definition, state: ProcessState, command: c.Command, context: Context) -> Step:
    """The same, with the state behind the events, for who would fold them anyway; what is given is left as it was."""
    step = Step(definition, state, context)
    _check_status(state, command)
    timing.end_delegations(step)
    _HANDLERS[type(command)](step, command)
    if not isinstance(command, c.UndoMigration):  # that leads to where the process had come to rest
        settle(step)
    step.tell_incidents()
    return step


_WHILE_SUSPENDED = (
    c.AddParty,
    c.Invite,
    c.WithdrawInvitation,
    c.Join,
    c.AddMember,
    c.EndMembership,
    c.Grant,
    c.Revoke,
    c.Delegate,
    c.EndDelegation,
    c.HandOver,
    c.Suspend,
    c.Resume,
    c.Cancel,
    c.Migrate,
    c.UndoMigration,
    c.Erase,
    c.Link,
    c.EndLink,
    c.HaveParent,
    c.LinkBegun,
    c.LinkFailed,
    c.LinkOver,
    c.Dispose,
    c.Tick,
)
"""People may come and go while a process rests; what it is about rests."""


def _check_status(state: ProcessState, command: c.Command) -> None:
    if isinstance(command, c.Start | c.Spawn | c.Erase | c.Dispose) or state.status == "running":
        return
    if isinstance(command, c.HaveParent) and state.status == "finished":
        return  # an evaluation that was made before can be linked too
    if state.status == "suspended":
        if not isinstance(command, _WHILE_SUSPENDED):
            raise Refused(f"“{state.name}” is suspended", hint="Whoever leads it can resume it: `samskap resume`.")
        return
    hint = "Nothing more can be done in it; its history stays readable."
    raise Refused(f"“{state.name}” is {state.status}", hint=hint)
