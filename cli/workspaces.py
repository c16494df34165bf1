"""Commands about the workspace itself: making one, and checking it."""

# ruff: noqa: PLC0415 (imports stand inside the commands: help must come at once)

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from cli.call import Call
from cli.command import Commands
from cli.output import Done, Table, tell

commands = Commands()


@commands.add("init", example="samskap init arendal --language nn")
def init(
    ctx: typer.Context,
    folder: Annotated[str, typer.Argument(metavar="[FOLDER]", help="Where; made if it is not there.")] = ".",
    language: Annotated[Literal["nb", "nn", "en"], typer.Option("--language", help="Of texts for people.")] = "nb",
) -> None:
    """Make a workspace in a folder.

    The folder gets settings (samskap.toml), places for your own templates, forms and sources, with the JSON Schemas
    that editors check those by, and data/, which holds the log and the keys. Whoever can read data/keys is the
    operator.
    """
    from engine.workspace import Workspace

    call: Call = ctx.obj
    made = Workspace.create(Path(folder), language=language)
    tell(
        call,
        {"workspace": made.root, "language": made.settings.language},
        Done(f"Made a workspace in {made.root}"),
        Done("Next: samskap publish samson; samskap identity add HANDLE --name NAME"),
    )


@commands.add("doctor", example="samskap doctor")
def doctor(ctx: typer.Context) -> None:
    """Check that everything is in order, and say what to do where it is not.

    Looks at Python, the settings, the log (every hash), the keys, the disk, the readers' copy and what is installed.
    Ends with 3 where something is broken; a warning is no fault.
    """
    from cli.checks import checks
    from engine.errors import SettingsError

    call: Call = ctx.obj
    found = list(checks(call))
    rows = [(check.name, check.outcome, check.told, check.remedy) for check in found]
    tell(call, {"checks": found}, Table(("Check", "", "What", "What to do"), rows))
    if any(check.outcome == "fault" for check in found):
        raise typer.Exit(SettingsError.exit_code)
