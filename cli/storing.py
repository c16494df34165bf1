"""Commands about where the log is kept: making a store in a database, and moving from one store to another."""

# ruff: noqa: PLC0415 (imports stand inside the commands: help must come at once)

from __future__ import annotations

from contextlib import closing
from typing import Annotated

import typer

from cli.call import Call
from cli.command import Commands
from cli.output import Done, Progress, Table, tell

commands = Commands()


@commands.add("store create", example="samskap store create")
def create(ctx: typer.Context) -> None:
    """Make the tables of the store that samskap.toml names.

    For a database that is new, or that an earlier samskap made. What is there is left as it is. Whoever does this needs
    the right to make tables; samskap itself then needs only to read and write them.
    """
    from engine.store.address import create as made

    call: Call = ctx.obj
    with closing(made(call.workspace.settings.store_url, call.workspace.data)) as log:
        tell(call, {"store": log.about()}, Done(f"The store is there: {log.about()}"))


@commands.add(
    "store copy",
    example="samskap store copy --to postgresql://samskap@localhost/samskap --verify\n"
    "samskap store copy --to sqlite:///data/moved.sqlite",
)
def copy(
    ctx: typer.Context,
    to: Annotated[str, typer.Option("--to", metavar="URL", help="An empty database, or a file that is not there yet.")],
    verify: Annotated[bool, typer.Option("--verify", help="Then compare the heads of all streams.")] = False,
) -> None:
    """Copy the store to another place, whole, to go on there.

    Events, command keys, drafts and people come along, and the lists are made again. All of it appears in one
    transaction, or nothing does. Nobody can write meanwhile. The store in use stays as it is until you set store_url in
    samskap.toml; the keys stay in data/keys.
    """
    from engine.errors import IntegrityFault
    from engine.store.copying import compare

    call: Call = ctx.obj
    call.require_operator("copying the store")
    progress = Progress(call)
    with closing(call.workspace.log(to)) as target:
        copied = call.engine.copy_store(target, progress)
        differences = compare(call.engine.log, target, progress) if verify else []
        source, place = call.engine.log.about(), target.about()
    data = {"from": source, "to": place, "events": copied.events, "streams": copied.streams}
    told = Done(f"Copied {copied.events} events in {copied.streams} streams to {place}")
    if verify:
        data |= {"verified": not differences, "differences": differences}
    if differences:
        rows = [(one.stream, *one.source, *one.target) for one in differences]
        columns = ("Stream", "Events here", "Newest hash here", "Events there", "Newest hash there")
        tell(call, data, told, "These are not the same in both: did somebody write meanwhile?", Table(columns, rows))
        raise typer.Exit(IntegrityFault.exit_code)
    holds = [Done("Every chain in it holds, and every head is the same.")] if verify else []
    tell(call, data, told, *holds, Done("Next: set store_url to it in samskap.toml, and look with `samskap doctor`."))


@commands.add("store adopt", example="samskap store adopt")
def adopt(ctx: typer.Context) -> None:
    """Let the store belong to the keys that are here, where its own are lost for good.

    A store lets nobody in who brings other keys: two workspaces never share one. Names, personal texts and sealed
    answers under the lost keys stay in it, and nobody reads them any more. Whoever has those keys after all is kept out
    from now on. Where there are no keys at all, the operator's is made, with which you take people up anew.
    """
    from engine.store.address import create as opened
    from engine.store.belonging import adopt as adopted
    from engine.store.keys import KeyFolder

    call: Call = ctx.obj
    call.require_nobody("letting a store belong to other keys")
    data = call.workspace.data
    with closing(opened(call.workspace.settings.store_url, data)) as log:
        is_new = adopted(log, KeyFolder(data / "keys"))
        told = "The store belongs to the keys that are here" + (" from now on." if is_new else ", as it did.")
        tell(call, {"store": log.about(), "adopted": is_new}, Done(told))


@commands.add("store rebuild", example="samskap store rebuild")
def rebuild(ctx: typer.Context) -> None:
    """Make the lists again from the events: who takes part, what is open, what is due.

    They are written with each event and never behind; this is for a store whose lists were damaged. Nothing but the
    lists changes, and nothing does where somebody writes meanwhile: try again then.
    """
    call: Call = ctx.obj
    call.require_operator("making the lists again")
    count = call.engine.rebuild_worklists()
    tell(call, {"processes": count}, Done(f"Made the lists of {count} processes again."))
