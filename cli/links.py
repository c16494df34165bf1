"""Commands about linked processes: which there are, linking one that is there already, and waiting no longer."""

# ruff: noqa: PLC0415 (imports stand inside the commands: help must come at once)

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from cli.call import Call
from cli.command import CommandId, Commands, Process
from cli.output import Table, tell
from cli.taking_part import confirm

if TYPE_CHECKING:
    from engine.running.linking import LinkNow

commands = Commands()

Other = Annotated[str, typer.Argument(metavar="OTHER", help="The name of the process beside it.")]


@commands.add("link list", example="samskap link list arendal-2026")
def list_links(ctx: typer.Context, process: Process) -> None:
    """List the processes that stand above and beside one.

    What a process passed on when it finished is shown to those who take part; into the process itself only those can
    look who take part there.
    """
    call: Call = ctx.obj
    session = call.reader()
    found = call.engine.links(session, process)
    columns = ("Link", "For", "Process", "Title", "Template", "Stands", "You", "Passed on")
    rows = [_row(one, _passed_on(call, one, session.person.language)) for one in found]
    tell(call, {"links": found}, Table(columns, rows, empty="It stands by itself."))


def _passed_on(call: Call, one: LinkNow, language: str) -> str:
    """The answers that came back, under the titles of the other's form."""
    from cli import shown
    from engine import codec

    if not one.answers:
        return ""
    other = call.engine.definition(one.template, call.engine.bundle_of(one.template, one.version))
    told = [
        f"{title}: {answer}"
        for task, given in one.answers.items()
        for title, answer in shown.rows(codec.mapping(given, "the answers"), other.form_of(task).fields, language)
    ]
    return "; ".join(told)


def _row(one: LinkNow, passed_on: str) -> tuple[str, ...]:
    template = f"{one.template} {one.version}".strip()
    stands = f"above, {one.status}" if one.is_parent else one.status
    mine = "take part" if one.you_take_part else ""
    return one.link, one.element, one.process, one.title, template, stands, mine, passed_on


@commands.add("link add", example="samskap link add arendal-2026 project arendal-soimpact")
def add(
    ctx: typer.Context,
    process: Process,
    link: Annotated[str, typer.Argument(metavar="LINK", help="The link, as the template calls it.")],
    other: Other,
    command_id: CommandId = "",
) -> None:
    """Let a process that is there already stand beside another.

    As if it had been started from there: its end is waited for, and told. For whoever leads both.
    """
    call: Call = ctx.obj
    receipt = call.engine.link(call.session(), process, link, other, command_id=command_id)
    confirm(call, receipt, f"{other} stands beside {process}, as {link}")


@commands.add("link end", example="samskap link end arendal-2026 arendal-project --reason 'Den ble stående'")
def end(
    ctx: typer.Context,
    process: Process,
    other: Other,
    reason: Annotated[str, typer.Option("--reason", help="Why; everybody in the process can read it.")] = "",
    command_id: CommandId = "",
) -> None:
    """Wait no longer for a process that stands beside another.

    It goes on by itself. For whoever leads the process that waits.
    """
    call: Call = ctx.obj
    receipt = call.engine.end_link(call.session(), process, other, reason, command_id=command_id)
    confirm(call, receipt, f"{process} waits for {other} no more")
