"""The command that checks a receipt."""

# ruff: noqa: PLC0415 (imports stand inside the command: help must come at once)

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cli.call import Call
from cli.command import Commands
from cli.output import Done, tell

commands = Commands()


@commands.add("receipt check", example="samskap receipt check arendal-2026#12:9f2c…\nsamskap receipt check receipt.txt")
def check_receipt(
    ctx: typer.Context,
    receipt: Annotated[
        str,
        typer.Argument(metavar="RECEIPT", help="What `samskap submit` printed, or a file that holds it; JSON as well."),
    ],
) -> None:
    """Check that what was stored when a receipt was given is still there, unchanged.

    It covers the answers and everything in the process before them. It shows no answers, so whoever holds a receipt may
    check it. It says too where the answers were put right since. Ends with 10 where the log no longer holds just that.
    """
    from engine.store import receipts

    call: Call = ctx.obj
    kept = receipts.parse(_text(receipt))
    found = receipts.check(call.engine.log, call.engine.stream(kept.process), kept)
    data = {
        "receipt": str(kept),
        "holds": True,
        "at": found.at,
        "types": found.types,
        "since": found.events_since,
        "corrections": found.corrections,
    }
    stored = f"{', '.join(found.types)}, stored {call.local(found.at)}"
    parts = [Done(f"It holds: {stored}, and nothing up to there was changed. Since then: {found.events_since} events.")]
    if found.corrections:
        events = ", ".join(map(str, found.corrections))
        parts.append(Done(f"The answers were put right since, in event {events}; those of then are still in the log."))
    tell(call, data, *parts)


def _text(receipt: str) -> str:
    """The receipt itself, or what the file of that name holds."""
    from engine.errors import UsageError

    try:
        return Path(receipt).read_text(encoding="utf-8") if Path(receipt).is_file() else receipt
    except (OSError, ValueError):  # no name of a file, or no text in it
        raise UsageError(f"“{receipt[:80]}” is no receipt", hint="Give what was printed, or a text file.") from None
