"""Commands that tell people what is held about them."""

# ruff: noqa: PLC0415 (imports stand inside the commands: help must come at once)

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.call import Call
from cli.command import Commands
from cli.output import Done, note, tell
from engine.text import counted

if TYPE_CHECKING:
    from engine.engine import Damaged

commands = Commands()


@commands.add(
    "person export",
    example="samskap person export kari --to kari\nsamskap person export kari --to kari --unit 4711",
)
def export(
    ctx: typer.Context,
    handle: Annotated[str, typer.Argument(metavar="HANDLE", help="The person: yourself, or anybody as the operator.")],
    to: Annotated[
        str,
        typer.Option("--to", metavar="FOLDER", help="Where to write held.json and held.html; made if it is missing."),
    ] = ".",
    units: Annotated[
        list[str] | None,
        typer.Option(
            "--unit", metavar="ID", help="What measurement files call the person, for the operator; repeatable."
        ),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace the files if there are any.")] = False,
) -> None:
    """Write down everything that is held about a person, for that person.

    Name and address, every process with what they are in it, what they answered (also what is sealed still), what
    happened, drafts, messages, values that they put right, questions to the figures, and with --unit their rows of
    measurement files. What others wrote is not in it. As data, and as a page to read.
    """
    from engine import codec
    from engine.errors import NotAllowed
    from engine.export.files import new_file
    from engine.personal.telling import DATA, PAGE, held, page, person_for
    from engine.running.loading import QUARANTINE
    from warehouse.personal import measured, questions

    call: Call = ctx.obj
    reader = call.reader()
    person = person_for(call.engine, reader, handle)
    if units and not reader.runs_workspace:
        raise NotAllowed("only the operator says who a unit is", hint="Leave out --unit, or ask the operator.")
    language = call.language or person.language
    met: list[Damaged] = []
    told = held(
        call.engine,
        person,
        language,
        questions=questions(call.workspace, handle),
        measured=measured(call.workspace, call.engine, units or ()),
        meet=met.append,
    )
    folder = Path(to)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    data, readable = folder / DATA, folder / PAGE
    with new_file(data, force=force) as file:
        file.write(codec.dumps(told.as_dict()) + b"\n")
    with new_file(readable, force=force) as file:
        file.write(page(told, language, call.now()).encode())
    partly = [str(one["name"]) for one in told.processes if one["status"] == QUARANTINE]
    partly += dict.fromkeys(one.process for one in met if one.process not in partly)
    if partly:
        note(call, f"Told only up to where the log was changed, since in quarantine: {', '.join(partly)}.")
    tell(
        call,
        {"person": handle, "files": [data, readable], "processes": len(told.processes), "answers": told.answers},
        Done(
            f"{data} and {readable}: {counted(len(told.processes), 'process', 'processes')},"
            f" {counted(told.answers, 'answer')}."
        ),
    )
