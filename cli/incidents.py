"""Commands about what cannot go on by itself: listed, explained, tried again, resolved with a reason."""

# ruff: noqa: PLC0415 (imports stand inside the commands: help must come at once)

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from cli.call import Call
from cli.command import CommandId, Commands, Process, SomeProcess
from cli.output import Done, Table, tell
from cli.quarantine import list_of, told_of
from cli.taking_part import carry_out

if TYPE_CHECKING:
    from engine.engine import Damaged
    from engine.notify.outbox import Letter

commands = Commands()

Incident = Annotated[str, typer.Argument(metavar="INCIDENT", help="As `samskap incident list` names it.")]


@commands.add("incident list", example="samskap incident list\nsamskap incident list arendal-2026")
def list_incidents(ctx: typer.Context, process: SomeProcess = None) -> None:
    """List what cannot go on by itself.

    Conditions that failed when they were evaluated, tasks that nobody can do (nobody holds the role, or four eyes are
    asked for and there are but two), and messages that were refused. In one process for whoever may see it; in all of
    them for the operator.
    """
    from engine.incidents import incidents

    call: Call = ctx.obj
    if process is None:
        call.require_operator("listing the incidents of all processes")
    else:
        call.engine.view(call.reader(), call.engine.load(call.engine.stream(process)))
    met: list[Damaged] = []
    found = incidents(call.engine, process, meet=met.append)
    rows = [(one.process, one.incident, one.kind, one.message, call.local(one.at)) for one in found]
    columns = ("Process", "Incident", "Kind", "What is wrong", "Since")
    listed = Table(columns, rows, empty="Everything else can go on." if met else "Everything can go on.")
    tell(call, {"incidents": found, "quarantine": list_of(met)}, listed, *told_of(met))


@commands.add("explain incident", example="samskap explain incident arendal-2026 plan.auto.1")
def explain_incident(ctx: typer.Context, process: Process, incident: Incident) -> None:
    """Say what an incident is about, and what helps.

    Of a condition that failed also its text, and everything that it reads and what that is now.
    """
    from engine.incidents import explain

    call: Call = ctx.obj
    found = explain(call.engine, call.reader(), process, incident)
    rows = [
        ("what is wrong", found.item.message),
        ("kind", found.item.kind),
        *([("since", call.local(found.item.at))] if found.item.at else []),
        *([("state", found.state)] if found.state else []),
        *([("condition", found.condition)] if found.condition else []),
        ("what helps", found.helps),
    ]
    seen = [(one.path, one.value) for one in found.seen]
    tell(
        call,
        found,
        Table(("", ""), rows, title=f"{found.item.incident} ({process})"),
        *([Table(("The condition reads", "Now"), seen)] if seen else []),
    )


def _letter(call: Call, process: str, incident: str) -> Letter | None:
    """The refused message of that key, or the beginning of one; None where it is another kind of incident."""
    refused = call.engine.outbox.letters(("refused",), process)
    return next((letter for letter in refused if incident and letter.key.startswith(incident)), None)


@commands.add("incident retry", example="samskap incident retry arendal-2026 plan.auto.1")
def retry(ctx: typer.Context, process: Process, incident: Incident, command_id: CommandId = "") -> None:
    """Try what could not go on again: a condition, a task that nobody could do, a message.

    For whoever leads the process; messages are the operator's.
    """
    from engine.process.commands import Retry

    call: Call = ctx.obj
    letter = _letter(call, process, incident)
    if letter is not None:
        call.require_operator("sending messages again")
        call.engine.outbox.retry([letter], call.now())
        data = {"process": process, "incident": letter.key}
        tell(call, data, Done("The message will be sent again: samskap deliver"))
        return
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

    It is not raised again for the same fault; a message is given up. For whoever leads the process; messages are the
    operator's.
    """
    from engine.process.commands import Resolve

    call: Call = ctx.obj
    letter = _letter(call, process, incident)
    if letter is not None:
        call.require_operator("giving messages up")
        call.engine.outbox.drop(letter, reason, call.now())
        tell(call, {"process": process, "incident": letter.key}, Done(f"The message {letter.key[:8]} is not sent."))
        return
    carry_out(ctx, process, Resolve(incident, reason), command_id, f"{incident} is resolved")
