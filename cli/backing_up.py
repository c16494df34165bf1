"""Commands that carry a workspace's truth away, and bring it back."""

# ruff: noqa: PLC0415 (imports stand inside the commands: help must come at once)

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.call import Call
from cli.command import Commands
from cli.output import Done, Part, Progress, Table, note, tell

if TYPE_CHECKING:
    from engine.backup.manifest import LogState, Manifest
    from engine.backup.restoring import Restored

commands = Commands()

To = Annotated[str, typer.Argument(metavar="TO", help="A folder that is not there yet, or a file that ends with .zip.")]


@commands.add("backup", example='samskap backup /backups/arendal-2026-03-02\nsamskap backup "/backups/$(date +%F).zip"')
def backup(ctx: typer.Context, to: To) -> None:
    """Back up the log, landed files and config, while others go on working.

    One moment of the log: events, heads, answered commands, drafts, people, outbox and lists; then measurement files as
    they were read, samskap.toml, and your own templates, forms, measures and sources. Never keys: they go elsewhere
    with `backup keys`. Nothing that is at TO is ever replaced, and a backup that was broken off is none. The head that
    is printed shows later that a backup is the newest: keep it elsewhere. Ends with 10 where the log does not hold what
    was stored: the backup is made all the same, as the log is.
    """
    from engine.backup.making import back_up
    from engine.errors import IntegrityFault

    call: Call = ctx.obj
    call.require_operator("a backup")
    made = back_up(call.workspace, call.engine, Path(to), at=call.now(), progress=Progress(call))
    assert made.log is not None
    told = f"Backed up {made.log.events} events and {len(made.files) - 1} files to {to}"
    tell(call, _data(to, made), Done(told), made.log.head)
    if made.log.faults:
        note(call, f"The log was changed behind the engine's back, in {len(made.log.faults)} stream(s), and so is this")
        note(call, "backup. Keep the earlier ones, and run `samskap verify`.")
        raise typer.Exit(IntegrityFault.exit_code)


@commands.add("backup keys", example="samskap backup keys /safe/arendal-keys-2026-03-02")
def backup_keys(ctx: typer.Context, to: To) -> None:
    """Back up the keys, apart from everything that they open.

    Refused where a backup of the log lies beside: whoever had both could read everything. Make one as often as people
    join or rounds open: what is written under a key that is lost can never be read again.
    """
    from engine.backup.making import back_up_keys

    call: Call = ctx.obj
    call.require_operator("a backup of the keys")
    made = back_up_keys(call.workspace, Path(to), at=call.now())
    tell(call, _data(to, made), Done(f"Backed up {len(made.files)} keys to {to}"))


@commands.add(
    "restore",
    example="samskap restore /backups/arendal-2026-03-02 --keys /safe/arendal-keys-2026-03-02 --verify\n"
    "samskap --workspace anew restore /backups/2026-03-02.zip --keys /safe/keys --head 1234:9f2c…",
)
def restore(
    ctx: typer.Context,
    source: Annotated[str, typer.Argument(metavar="FROM", help="What `samskap backup` made.")],
    keys: Annotated[
        str | None, typer.Option("--keys", metavar="FROM", help="What `backup keys` made: keys that are missing.")
    ] = None,
    erasures: Annotated[
        str | None,
        typer.Option("--erasures", metavar="FILE", help="The list of erasures, kept elsewhere: they are done again."),
    ] = None,
    kept: Annotated[
        str | None, typer.Option("--head", metavar="HEAD", help="A head that was kept: the backup must reach it.")
    ] = None,
    verify: Annotated[
        bool, typer.Option("--verify", help="Then read all of it back: every chain, the head, and every list.")
    ] = False,
    replace: Annotated[
        bool, typer.Option("--replace", help="Put it in the place of a log that is there, which is backed up first.")
    ] = False,
    without_keys: Annotated[
        bool, typer.Option("--without-keys", help="The keys are lost for good: restore what can be read without.")
    ] = False,
) -> None:
    """Make a workspace from a backup, or put its log in the place of the workspace's.

    Where --workspace names a folder that is not there, or an empty one, the workspace is made in it. In a workspace
    that is there, config and keys stay as they are, and get what is missing. The log goes where `store_url` says,
    whatever store it came from. Every file is checked first; then all of it is there, or nothing was changed.
    """
    from engine.backup.restoring import Wishes
    from engine.backup.restoring import restore as restored
    from engine.errors import IntegrityFault
    from engine.store import heads

    call: Call = ctx.obj
    if replace:
        call.require_operator("putting a backup in the place of a log")
    wishes = Wishes(
        keys=Path(keys) if keys else None,
        erasures=Path(erasures) if erasures else None,
        kept=heads.parse(kept) if kept else None,
        replace=replace,
        without_keys=without_keys,
        verify=verify,
    )
    found = restored(Path(source), call.root, wishes, clock=call.now, progress=Progress(call))
    _forget(call, found.workspace)
    data = {field.name: getattr(found, field.name) for field in fields(found)}
    tell(call, {**data, "log": found.log.model_dump()}, *_told(found))
    if found.differing:
        raise typer.Exit(IntegrityFault.exit_code)


def _forget(call: Call, root: Path) -> None:
    """Have what was erased go from landed files, and from what was made of them."""
    from contextlib import closing

    from engine.store.erasures import FILE
    from engine.workspace import Workspace

    workspace = Workspace.open(root)
    if (workspace.data / FILE).exists():
        from warehouse.erasing import purge

        with closing(workspace.engine(clock=call.now)) as engine:
            purge(workspace, engine, progress=Progress(call))


def _told(found: Restored) -> list[Part]:
    log = found.log
    parts: list[Part] = [Done(f"Restored {log.events} events in {log.streams} streams to {found.workspace}")]
    if found.keys or found.landed:
        parts.append(Done(f"Put back {found.keys} keys and {found.landed} measurement files"))
    if found.erased:
        parts.append(f"Erased again, since the backup is older: {', '.join(found.erased)}")
    if not found.has_erasures:
        parts.append(
            "There is no list of erasures here: whoever was erased since this backup is back."
            " If there is one elsewhere, do this again with --erasures FILE."
        )
    if found.replaced is not None:
        parts.append(f"{found.lost} events that were here are in {found.replaced}")
    if found.kept_config:
        parts.append(f"These files differ from the backup's, and stay: {', '.join(found.kept_config)}")
    if log.faults:
        rows = [(fault.stream, fault.sequence, fault.what) for fault in log.faults]
        parts.append(Table(("Stream", "Event", "What was wrong when the backup was made"), rows))
    if found.differing:
        parts.append(f"Lists that the events give otherwise than they stood, made anew: {', '.join(found.differing)}")
    elif found.differing is not None:
        parts.append(Done("Every chain in it holds, the head is the backup's, and so is every list."))
    return [*parts, Done("Nobody is signed in: make new tokens with samskap identity token."), log.head]


def verify_backup(call: Call, place: str) -> None:
    """Check that a backup is whole, and tell."""
    from engine.backup.restoring import check

    found = check(Path(place), Progress(call))
    if found.log is None:
        told = f"The backup holds: {len(found.files)} keys"
    else:
        told = f"The backup holds: {found.log.events} events in {found.log.streams} streams, {len(found.files)} files"
    tell(call, _data(place, found), Done(f"{told}, made {call.local(found.made_at)}."))


def _data(place: str, made: Manifest) -> Mapping[str, object]:
    log: LogState | None = made.log
    data: dict[str, object] = {"at": made.made_at, "backup": place, "holds": made.holds, "files": len(made.files)}
    return data if log is None else {**data, "log": log.model_dump()}
