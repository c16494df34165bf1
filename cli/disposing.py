"""Commands about what is kept and why, for how long, and disposing of processes whose time is over."""

# ruff: noqa: PLC0415 (imports stand inside the commands: help must come at once)

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from cli.call import Call
from cli.command import Commands, SomeProcess
from cli.completion import template_names
from cli.erasing import made_anew
from cli.output import Done, Table, tell, write
from cli.quarantine import list_of, told_of
from engine.text import counted

if TYPE_CHECKING:
    from engine.engine import Damaged
    from engine.personal.retention import Kept
    from engine.template.chart import Definition

commands = Commands()


@commands.add(
    "dispose",
    example="samskap dispose\nsamskap dispose --list\nsamskap dispose arendal-2026 --archive arendal-2026.zip",
)
def dispose(
    ctx: typer.Context,
    process: SomeProcess = None,
    archive: Annotated[
        str | None,
        typer.Option("--archive", metavar="FILE", help="The archive of the process that was made and handed over."),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say whether it is due, and what would go.")] = False,
    everything: Annotated[bool, typer.Option("--list", help="List also what is not due yet, with its day.")] = False,
) -> None:
    """List what is past the time that it is kept, or dispose of one process.

    For the operator. Without a process it lists, and nothing is destroyed. Disposing erases who took part and what
    they wrote, and the keys of protected rounds; the events stay, and their chain holds. Where the template says
    `archive_then_erase`, the archive of the whole process is asked for, and checked. It cannot be taken back.
    """
    from engine.personal import disposing, retention

    call: Call = ctx.obj
    call.require_operator("disposing of processes")
    if process is None:
        met: list[Damaged] = []
        found = (retention.kept if everything else retention.due)(call.engine, call.now(), meet=met.append)
        data = {"processes": [_as_data(call, one) for one in found], "quarantine": list_of(met)}
        tell(call, data, _table(call, found), *told_of(met))
        return
    one = disposing.disposable(call.engine, process)
    if dry_run:
        state = call.engine.load(call.engine.stream(process)).state
        people = len({m.subject for m in state.memberships.values()})
        told = (
            f"{process} has been due since {one.until}: {counted(people, 'person', 'people')} would be erased from it."
        )
        first = ["An archive is asked for first: --archive FILE."] if one.then == "archive_then_erase" else []
        tell(call, {**_as_data(call, one), "people": people, "erasure": None}, told, *first)
        return
    done = disposing.dispose(call.engine, process, archive=Path(archive) if archive else None)
    made_anew(call, ())
    told = f"{process} was disposed of. Entry in the list of erasures: {done.erasure}"
    tell(call, {**_as_data(call, one), "erasure": done.erasure}, Done(told))


@commands.add(
    "processing",
    example="samskap processing\nsamskap processing samson --format markdown\nsamskap processing --format csv",
)
def processing(
    ctx: typer.Context,
    template: Annotated[
        str | None,
        typer.Argument(
            metavar="[TEMPLATE]", help="Only this one, also where it is not published.", autocompletion=template_names
        ),
    ] = None,
    form: Annotated[
        Literal["text", "markdown", "csv"],
        typer.Option("--format", help="A table for people, for a page, or for a spreadsheet."),
    ] = "text",
) -> None:
    """Make the record of processing (GDPR article 30) from the templates and their forms.

    For each form: why it asks, whom, what of it is personal, who reads it, how long it is kept and why. Without a
    template, of all that are published. The controller and the ground in law are yours to add.
    """
    from engine.personal.processing import COLUMNS, cells, record

    call: Call = ctx.obj
    language = _language(call)
    found = [activity for one in _definitions(call, template) for activity in record(one, language)]
    rows = [cells(activity) for activity in found]
    columns = COLUMNS[language]
    if call.json or form == "text":
        tell(call, {"activities": found}, Table(columns, rows, empty="no template is published"))
    else:
        write((_markdown if form == "markdown" else _csv)(columns, rows))


def _definitions(call: Call, template: str | None) -> list[Definition]:
    """The newest published version of each template, or of one, which may also lie in the files only."""
    from engine.personal.retention import newest_first
    from engine.process.events import BundlePublished
    from engine.template import bundle

    published = (record for record in call.engine.log.all() if record.type == BundlePublished.TYPE)
    names = [template] if template else dict.fromkeys(record.content()[1]["template"] for record in published)
    return [
        next(newest_first(call.engine, name), None) or bundle.read(name, call.workspace.bundle_folders).definition
        for name in names
    ]


def _markdown(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [columns, ["---"] * len(columns), *rows]
    return "".join(f"| {' | '.join(cell.replace('|', '/') for cell in line)} |\n" for line in lines)


def _csv(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    from csv import writer
    from io import StringIO

    from warehouse.query.export import harmless

    out = StringIO(newline="")
    writer(out).writerows([[harmless(cell) for cell in line] for line in (columns, *rows)])
    return out.getvalue()


def _table(call: Call, found: list[Kept]) -> Table:
    rows = [
        (one.process, one.title, one.until, "due" * one.is_due, one.then, one.basis.get(_language(call)))
        for one in found
    ]
    return Table(("Process", "Title", "Kept until", "", "Then", "Why so long"), rows, empty="nothing is due")


def _as_data(call: Call, one: Kept) -> dict[str, object]:
    return {
        "process": one.process,
        "title": one.title,
        "template": one.template,
        "since": one.since,
        "until": one.until,
        "due": one.is_due,
        "then": one.then,
        "duty": one.duty,
        "basis": one.basis.get(_language(call)),
    }


def _language(call: Call) -> str:
    return call.language or call.workspace.settings.language
