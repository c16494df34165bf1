"""The command that checks a receipt."""

# ruff: noqa: PLC0415 (imports stand inside the command: help must come at once)

from __future__ import annotations

from typing import Annotated

import typer

from cli.call import Call
from cli.command import Commands
from cli.output import Done, tell

commands = Commands()


@commands.add("receipt check", example="samskap receipt check arendal-2026#12:9f2c…")
def check_receipt(
    ctx: typer.Context,
    receipt: Annotated[str, typer.Argument(metavar="RECEIPT", help="What `samskap submit` printed, whole.")],
) -> None:
    """Check that what was stored when a receipt was given is still there, unchanged.

    It covers the answers and everything in the process before them. It shows no answers, so whoever holds a receipt may
    check it. Ends with 10 where the log no longer holds just that.
    """
    from engine.store import receipts

    call: Call = ctx.obj
    kept = receipts.parse(receipt)
    found = receipts.check(call.engine.log, call.engine.stream(kept.process), kept)
    data = {"receipt": str(kept), "holds": True, "at": found.at, "types": found.types, "since": found.events_since}
    stored = f"{', '.join(found.types)}, stored {call.local(found.at)}"
    since = f"Since then: {found.events_since} events."
    tell(call, data, Done(f"It holds: {stored}, and nothing up to there was changed. {since}"))
