"""Commands about what cannot go on by itself: listed, tried again, resolved with a reason."""

# ruff: noqa: PLC0415 (imports stand inside the commands: help must come at once)

from __future__ import annotations

from typing import Annotated

import typer

from cli.call import Call
from cli.command import CommandId, Commands, Process, SomeProcess
from cli.output import Table, tell
from cli.taking_part import carry_out

commands = Commands()

Incident = Annotated[str, typer.Argument(metavar="INCIDENT", help="As `samskap incident list` names it.")]


@commands.add("incident list", example="samskap incident list\nsamskap incident list arendal-2026")
def list_incidents(ctx: typer.Context, process: SomeProcess = None) -> None:
    """List what cannot go on by itself.

    Conditions that failed when they were evaluated, tasks for a role that nobody holds, and messages that were refused
    (see `samskap outbox`). In one process for whoever may see it; in all of them for the operator.
    """
    from engine.store.worklists import incidents

    call: Call = ctx.obj
    if process is None:
        call.require_operator("listing the incidents of all processes")
    else:
        call.engine.view(call.reader(), call.engine.load(call.engine.stream(process)))
    found = incidents(call.engine.log, process)
    rows = [(one.process, one.incident, one.message, call.local(one.at)) for one in found]
    columns = ("Process", "Incident", "What is wrong", "Since")
    tell(call, {"incidents": found}, Table(columns, rows, empty="Everything can go on."))


@commands.add("incident retry", example="samskap incident retry arendal-2026 plan.auto.1")
def retry(ctx: typer.Context, process: Process, incident: Incident, command_id: CommandId = "") -> None:
    """Evaluate a condition that failed again, and go on if it can.

    For whoever leads the process.
    """
    from engine.process.commands import Retry

    carry_out(ctx, process, Retry(incident), command_id, f"{process} can go on")


@commands.add(
    "incident resolve", example="samskap incident resolve arendal-2026 plan.auto.1 --reason 'Gjelder ikke her'"
)
def resolve(
    ctx: typer.Context,
    process: Process,
    incident: Incident,
    reason: Annotated[str, typer.Option("--reason", help="Why it does not matter; everybody can read it.")] = "",
    command_id: CommandId = "",
) -> None:
    """Say why an incident does not matter.

    It is not raised again for the same fault. For whoever leads the process.
    """
    from engine.process.commands import Resolve

    carry_out(ctx, process, Resolve(incident, reason), command_id, f"{incident} is resolved")
