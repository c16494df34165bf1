"""The command that draws: the statechart of a template, or how a process has gone through its own."""

# ruff: noqa: PLC0415 (imports stand inside the command: help must come at once)

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from cli.call import Call
from cli.command import Commands
from cli.completion import process_names, template_names
from cli.output import Done, tell, write

if TYPE_CHECKING:
    from engine.diagram.model import Picture

commands = Commands()


@commands.add(
    "diagram",
    example="samskap diagram samson > samson.svg\n"
    "samskap diagram samson --lang en --format mermaid\n"
    "samskap diagram --process arendal-2026 --to arendal.svg",
)
def diagram(
    ctx: typer.Context,
    template: Annotated[
        str | None,
        typer.Argument(
            metavar="[TEMPLATE]", help="The template's name.", autocompletion=template_names, show_default=False
        ),
    ] = None,
    process: Annotated[
        str | None,
        typer.Option(
            "--process",
            metavar="PROCESS",
            help="Draw this process: where it is, which ways it went how often, and how long each state took.",
            autocompletion=process_names,
        ),
    ] = None,
    form: Annotated[
        Literal["svg", "mermaid"], typer.Option("--format", help="A picture, or text that Mermaid draws.")
    ] = "svg",
    to: Annotated[Path | None, typer.Option("--to", metavar="FILE", help="Write into a file; else to stdout.")] = None,
) -> None:
    """Draw the statechart of a template, or of a process.

    A built-in template needs no workspace. A process is drawn for whoever may see it, and the picture shows no answers.
    The same input gives the same picture.
    """
    from engine.diagram.mermaid import mermaid
    from engine.diagram.svg import svg
    from engine.errors import UsageError

    call: Call = ctx.obj
    if (template is None) == (process is None):
        raise UsageError("name a template, or a process with --process", hint="Such as: samskap diagram samson")
    picture = _of_process(call, process) if process is not None else _of_template(call, template or "")
    drawn = svg(picture) if form == "svg" else mermaid(picture)
    if to is not None:
        keep(to, drawn)
    data = {"name": process or template, "format": form, "language": picture.language, "to": to, "picture": drawn}
    if call.json or to is not None:
        tell(call, data, Done(f"{process or template} is drawn in {to}"))
    else:
        write(drawn)


def _of_template(call: Call, name: str) -> Picture:
    """The picture of a template as its files have it."""
    from engine.diagram.model import picture
    from engine.template import bundle

    return picture(bundle.read(name, call.template_folders).definition, call.template_language)


def _of_process(call: Call, name: str) -> Picture:
    """The picture of a process, up to now, for whoever may see it."""
    from engine.diagram.life import life
    from engine.diagram.model import picture

    session, engine = call.reader(), call.engine
    loaded = engine.load(engine.stream(name))
    engine.view(session, loaded)
    lived = life(loaded.state, engine.events(loaded.records), call.now())
    return picture(loaded.definition, call.language or session.person.language, lived)


def keep(path: Path, text: str) -> None:
    """Write a picture into a file; raise `StoreError` where that cannot be."""
    from engine.errors import StoreError

    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise StoreError(
            f"the picture cannot be written: {error.strerror}",
            hint="Name a file in a folder that is there.",
            where=str(path),
        ) from error
