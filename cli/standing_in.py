"""Commands about doing things in the place of others: delegation, handing a role over, taking a task on."""

# ruff: noqa: PLC0415 (imports stand inside the commands: help must come at once)

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Annotated

import typer

from cli.answering import day
from cli.call import Call
from cli.command import CommandId, Commands, Instance, Process
from cli.taking_part import Membership, Role, carry_out

commands = Commands()

To = Annotated[str, typer.Option("--to", metavar="MEMBERSHIP", help="Whose: its number, m3.")]


@commands.add(
    "delegate",
    example="samskap delegate arendal-2026 m2 --to m3 --until 2026-08-15 --reason Ferie\n"
    "samskap delegate arendal-2026 m2 --end",
)
def delegate(
    ctx: typer.Context,
    process: Process,
    membership: Membership,
    to: Annotated[
        str | None, typer.Option("--to", metavar="MEMBERSHIP", help="Who acts in its place: its number, m3.")
    ] = None,
    until: Annotated[
        str | None, typer.Option("--until", metavar="DAY", help="The last day; without it, until it is ended.")
    ] = None,
    reason: Annotated[str, typer.Option("--reason", help="Why; everybody in the process can read it.")] = "",
    end: Annotated[bool, typer.Option("--end", help="Let nobody act in its place any more.")] = False,
    command_id: CommandId = "",
) -> None:
    """Let another act in the place of a membership, during an absence.

    Answers and choices are recorded as theirs on behalf of the membership. For the membership itself, or whoever leads
    the process.
    """
    from engine.errors import UsageError
    from engine.process.commands import Delegate, EndDelegation

    call: Call = ctx.obj
    if end == (to is not None):
        raise UsageError("say who acts in its place, or that nobody does any more", hint="Give --to or --end.")
    if to is None:
        carry_out(ctx, process, EndDelegation(membership), command_id, f"Nobody acts for {membership} any more")
    else:
        command = Delegate(membership, to, _end_of(call, day(until)), reason)
        carry_out(ctx, process, command, command_id, f"{to} acts for {membership}{f' until {until}' if until else ''}")


def _end_of(call: Call, last: date | None) -> datetime | None:
    """The end of a day in the workspace's zone; raise `Refused` where that is past."""
    from engine.errors import Refused

    if last is None:
        return None
    end = datetime.combine(last + timedelta(days=1), time(), call.zone)
    if end <= call.now():
        raise Refused(f"{last} is past", hint="Give a day to come, or none.")
    return end


@commands.add("hand-over", example="samskap hand-over arendal-2026 m1 facilitator --to m4")
def hand_over(
    ctx: typer.Context, process: Process, membership: Membership, role: Role, to: To, command_id: CommandId = ""
) -> None:
    """Give a role to another and lose it, in one step.

    For the membership itself, or whoever leads the process.
    """
    from engine.process.commands import HandOver

    carry_out(ctx, process, HandOver(membership, to, role), command_id, f"{to} is now {role}, in place of {membership}")


@commands.add("claim", example="samskap claim arendal-2026 summary.1\nsamskap claim arendal-2026 summary.1 --for m3")
def claim(
    ctx: typer.Context,
    process: Process,
    instance: Instance,
    membership: Annotated[
        str | None, typer.Option("--for", metavar="MEMBERSHIP", help="Give it to that one; for who leads the process.")
    ] = None,
    command_id: CommandId = "",
) -> None:
    """Take on a task that any of several could do, or give it to somebody.

    With --for it is given to a membership, also where another had taken it on: for whoever leads the process.
    """
    from engine.process.commands import Claim

    done = f"{instance} is {membership}'s now" if membership else f"{instance} is taken on"
    carry_out(ctx, process, Claim(instance, membership), command_id, done)


@commands.add("release", example="samskap release arendal-2026 summary.1")
def release(ctx: typer.Context, process: Process, instance: Instance, command_id: CommandId = "") -> None:
    """Give back a task that was taken on.

    For who took it on, or whoever leads the process.
    """
    from engine.process.commands import Release

    carry_out(ctx, process, Release(instance), command_id, f"{instance} is free again")
