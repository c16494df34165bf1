"""Commands about messages to people: sending what waits in the outbox, and looking after what could not be sent."""

# ruff: noqa: PLC0415 (imports stand inside the commands: help must come at once)

from __future__ import annotations

from typing import Annotated

import typer

from cli.call import Call
from cli.command import Commands, SomeProcess
from cli.output import Done, Progress, Table, tell
from engine.text import counted

commands = Commands()

Key = Annotated[str, typer.Argument(metavar="KEY", help="The message, as `samskap outbox list` names it.")]


@commands.add("deliver", example="samskap deliver")
def deliver(ctx: typer.Context) -> None:
    """Send the messages that wait in the outbox.

    By the services of [notify] in samskap.toml. A message is sent at least once: twice only if this is killed between
    sending and noting it, and then with the same key. What a service does not take is tried again, ever later. Run it
    by the clock, after `samskap tick`; several may run at once. For the operator.
    """
    from engine.notify.delivery import deliver as delivered
    from engine.notify.sending import Services

    call: Call = ctx.obj
    call.require_operator("sending messages")
    settings = call.workspace.settings.notify
    sent = delivered(call.engine, Services(settings.services), base_url=settings.base_url, progress=Progress(call))
    rows = [
        (number, what)
        for number, what in (
            (sent.sent, "sent"),
            (sent.waiting, "will be tried again"),
            (sent.refused, "refused: see `samskap outbox list`"),
            (sent.unaddressed, "to people without an address: see `samskap identity notify`"),
            (sent.moot, "not needed any more"),
        )
        if number
    ]
    tell(call, sent, *([Table(("Messages", ""), rows)] if rows else [Done("Nothing was to be sent.")]))


@commands.add("outbox list", example="samskap outbox list\nsamskap outbox list arendal-2026 --all")
def list_letters(
    ctx: typer.Context,
    process: SomeProcess = None,
    everything: Annotated[bool, typer.Option("--all", help="Also what was sent, dropped, or not needed.")] = False,
) -> None:
    """List the messages that wait, were refused, or are to people without an address.

    What ended is kept for 30 days. For the operator.
    """
    from engine.notify.outbox import OPEN, STATUSES

    call: Call = ctx.obj
    call.require_operator("listing the messages")
    found = call.engine.outbox.letters(tuple(STATUSES) if everything else OPEN, process)
    handles = {call.engine.people.fingerprint(person.id): person.handle for person in call.engine.people.all()}
    rows = [
        (
            one.key[:8],
            one.process,
            one.kind,
            handles.get(one.person),
            one.status,
            one.attempts,
            call.local(one.at),
            one.told,
        )
        for one in found
    ]
    data = [
        {
            "key": one.key,
            "process": one.process,
            "sequence": one.sequence,
            "kind": one.kind,
            "handle": handles.get(one.person),
            "status": one.status,
            "attempts": one.attempts,
            "since": one.since,
            "at": one.at,
            "told": one.told,
        }
        for one in found
    ]
    columns = ("Key", "Process", "Why", "To", "Status", "Attempts", "At", "What was said")
    tell(call, {"messages": data}, Table(columns, rows, empty="Nothing waits."))


@commands.add("outbox retry", example="samskap outbox retry 3f9a0c21\nsamskap outbox retry --all")
def retry(
    ctx: typer.Context,
    key: Annotated[str | None, typer.Argument(metavar="[KEY]", help="As `samskap outbox list` names it.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="All that were refused or had no address.")] = False,
) -> None:
    """Let a message be sent again, as if it were new.

    For one that was refused, dropped, or to somebody without an address; `samskap deliver` sends it. For the operator.
    """
    from engine.errors import UsageError

    call: Call = ctx.obj
    call.require_operator("sending messages again")
    if (key is None) != everything:
        raise UsageError("a message, or all of them", hint="Give a key, or --all.")
    outbox = call.engine.outbox
    found = [outbox.find(key)] if key is not None else outbox.letters(("refused", "unaddressed"))
    number = outbox.retry(found, call.now())
    tell(call, {"messages": number}, Done(f"{counted(number, 'message')} will be sent again: samskap deliver"))


@commands.add("outbox drop", example="samskap outbox drop 3f9a0c21 --reason 'Kari har sluttet'")
def drop(
    ctx: typer.Context,
    key: Key,
    reason: Annotated[str, typer.Option("--reason", help="Why it need not be sent; `outbox list --all` tells.")] = "",
) -> None:
    """Give a message up, with a reason.

    For the operator.
    """
    call: Call = ctx.obj
    call.require_operator("giving messages up")
    letter = call.engine.outbox.find(key)
    call.engine.outbox.drop(letter, reason, call.now())
    tell(call, {"key": letter.key, "dropped": True}, Done(f"The message {letter.key[:8]} is not sent."))
