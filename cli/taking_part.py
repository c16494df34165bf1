"""Commands about who takes part: starting a process, parties, invitations, memberships, roles."""

# ruff: noqa: PLC0415 (imports stand inside the commands: help must come at once)

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from cli import standard_input
from cli.call import Call
from cli.command import CommandId, Commands, Process, Template
from cli.output import Done, Part, Table, note, tell

if TYPE_CHECKING:
    from engine.engine import Receipt
    from engine.process.commands import Command

commands = Commands()

Membership = Annotated[str, typer.Argument(metavar="MEMBERSHIP", help="Its number, as `samskap status` shows: m2.")]
Role = Annotated[str, typer.Argument(metavar="ROLE", help="A role of the template.")]
Roles = Annotated[list[str], typer.Option("--role", metavar="ROLE", help="A role of the template; may stand again.")]
Party = Annotated[str | None, typer.Option("--party", metavar="PARTY", help="On behalf of which party.")]


def confirm(call: Call, receipt: Receipt, done: str) -> None:
    """Tell that a command was carried out, or had been before."""
    tell(call, receipt, Done(f"{done} (had been done before: nothing new)" if receipt.replayed else done))


def where_now(call: Call, process: str, language: str) -> list[Part]:
    """Where a process is after a command that leads on, for people; nothing where only data is asked for."""
    if call.json or call.quiet:
        return []
    from cli.standing import standing

    loaded = call.engine.load(call.engine.stream(process))
    now = standing(call.engine, call.reader(), loaded, language)
    return [Done(f"Now: {now.where}")]


def carry_out(ctx: typer.Context, process: str, command: Command, command_id: str, done: str) -> None:
    """Send a command as whoever is signed in, and confirm it."""
    call: Call = ctx.obj
    confirm(call, call.engine.handle(call.session(), process, command, command_id=command_id), done)


@commands.add("start", example="samskap start samson arendal-2026 --title 'Unge i arbeid, Arendal'")
def start(
    ctx: typer.Context,
    template: Template,
    name: Annotated[str, typer.Argument(metavar="NAME", help="Short and unique: letters, digits and -.")],
    title: Annotated[str, typer.Option("--title", help="What people call it; else the name.")] = "",
    command_id: CommandId = "",
) -> None:
    """Start a process from a published template.

    It gets the newest version and stays on it. Whoever starts it leads it.
    """
    call: Call = ctx.obj
    receipt = call.engine.start(call.session(), template, name, title, command_id=command_id)
    confirm(call, receipt, f"Started {name}")


@commands.add("party add", example="samskap party add arendal-2026 kommune --title 'Arendal kommune'")
def add_party(
    ctx: typer.Context,
    process: Process,
    party: Annotated[str, typer.Argument(metavar="PARTY", help="A short name for it: kommune.")],
    title: Annotated[str, typer.Option("--title", help="What people call it; else the short name.")] = "",
    command_id: CommandId = "",
) -> None:
    """Take an organisation or group into a process."""
    from engine.process.commands import AddParty

    carry_out(ctx, process, AddParty(party, title or party), command_id, f"{title or party} takes part in {process}")


@commands.add("invite", example="samskap invite arendal-2026 --role member --party kommune")
def invite(ctx: typer.Context, process: Process, role: Roles, party: Party = None, command_id: CommandId = "") -> None:
    """Make a token with which somebody joins a process once.

    The token is shown this once. It holds for 30 days, and while you may invite: when you leave, hand your role over or
    are erased, it holds no more. Whoever gets it says: samskap join TOKEN.
    """
    call: Call = ctx.obj
    receipt = call.engine.invite(call.session(), process, tuple(role), party, command_id=command_id)
    note(call, "For one person, once, within 30 days; it is not shown again:")
    tell(call, receipt, str(receipt.result["token"]))


@commands.add("invitation list", example="samskap invitation list arendal-2026")
def list_invitations(ctx: typer.Context, process: Process) -> None:
    """List the invitations that nobody has used yet, and whether somebody can join by them.

    For whoever leads the process.
    """
    call: Call = ctx.obj
    found = call.engine.invitations(call.session(), process)
    rows = [
        (one.invitation[:8], ", ".join(one.roles), one.party or "", one.issued_by, call.local(one.expires_at), one.over)
        for one in found
    ]
    columns = ("Invitation", "Roles", "Party", "Issued by", "Until", "Why nobody joins by it")
    tell(call, {"invitations": found}, Table(columns, rows, empty="no invitation waits for anybody"))


@commands.add(
    "invitation withdraw",
    example="samskap invitation withdraw arendal-2026 4f1a9c2e\n"
    "samskap invitation withdraw arendal-2026 arendal-2026.8sHx…",
)
def withdraw_invitation(
    ctx: typer.Context,
    process: Process,
    which: Annotated[
        str,
        typer.Argument(
            metavar="INVITATION", help="As `samskap invitation list` names it, or the token; - reads it from stdin."
        ),
    ],
    command_id: CommandId = "",
) -> None:
    """Let nobody join by an invitation any more.

    Such as one that was sent to the wrong person. For whoever leads the process. Who has joined by it stays: see
    `samskap member end`.
    """
    from engine.process.commands import WithdrawInvitation
    from engine.process.invitations import named

    call: Call = ctx.obj
    found = named(call.engine.invitations(call.session(), process), standard_input.text(which))
    carry_out(ctx, process, WithdrawInvitation(found), command_id, "Nobody joins by that invitation any more")


@commands.add("join", example="samskap join arendal-2026.8sHx…")
def join(
    ctx: typer.Context,
    token: Annotated[str, typer.Argument(metavar="TOKEN", help="The invitation's token; - reads it from stdin.")],
    command_id: CommandId = "",
) -> None:
    """Take part in a process by an invitation."""
    call: Call = ctx.obj
    receipt = call.engine.join(call.session(), standard_input.text(token), command_id=command_id)
    confirm(call, receipt, f"You take part in {receipt.process} as {receipt.result['membership']}")


@commands.add("member add", example="samskap member add arendal-2026 olga --role member --party frivillig")
def add_member(
    ctx: typer.Context,
    process: Process,
    handle: Annotated[str, typer.Argument(metavar="HANDLE", help="Somebody whom the operator took up.")],
    role: Roles,
    party: Party = None,
    command_id: CommandId = "",
) -> None:
    """Enter a person who does not sign in: others answer for them.

    For whoever leads the process, and for people without e-mail. It is seen who answered on whose behalf.
    """
    from engine.process.commands import AddMember

    call: Call = ctx.obj
    session = call.session()
    person = call.engine.people.find(handle)
    command = AddMember(person.id, party, tuple(role))
    receipt = call.engine.handle(session, process, command, command_id=command_id)
    confirm(call, receipt, f"{person.name} takes part in {process} as {receipt.result['membership']}")


@commands.add("member end", example="samskap member end arendal-2026 m3 --reason 'Byttet jobb'")
def end_membership(
    ctx: typer.Context,
    process: Process,
    membership: Membership,
    reason: Annotated[str, typer.Option("--reason", help="Why; kept under the person's own key.")] = "",
    command_id: CommandId = "",
) -> None:
    """End a membership: your own, or one in a process that you lead."""
    from engine.process.commands import EndMembership

    carry_out(ctx, process, EndMembership(membership, reason), command_id, f"{membership} has left {process}")


@commands.add("grant", example="samskap grant arendal-2026 m2 facilitator")
def grant(ctx: typer.Context, process: Process, membership: Membership, role: Role, command_id: CommandId = "") -> None:
    """Give a membership a role."""
    from engine.process.commands import Grant

    carry_out(ctx, process, Grant(membership, role), command_id, f"{membership} is now {role}")


@commands.add("revoke", example="samskap revoke arendal-2026 m2 facilitator")
def revoke(
    ctx: typer.Context, process: Process, membership: Membership, role: Role, command_id: CommandId = ""
) -> None:
    """Take a role from a membership."""
    from engine.process.commands import Revoke

    carry_out(ctx, process, Revoke(membership, role), command_id, f"{membership} is no longer {role}")
