"""How commands are declared, and how their help looks. It knows no command and opens nothing.

A module of commands holds `commands = Commands()` and declares each with its full path and an example:

    @commands.add("party add", example="samskap party add arendal kommune --title 'Arendal kommune'")
    def add_party(ctx: typer.Context, process: Process, …) -> None:
        \"\"\"The first line is the command's help.\"\"\"

Heavy imports stand inside the functions, so that help and completion are quick.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING, Annotated, Any, Final, TypeVar

import typer
from typer.core import TyperCommand, TyperOption

from cli.completion import process_names, template_names

if TYPE_CHECKING:  # typer keeps these to itself; they are needed for annotations only
    from typer._click import Context, HelpFormatter
    from typer._click.core import Parameter

F = TypeVar("F", bound=Callable[..., None])

EVERYWHERE: Final = "Options of every command"
"""The heading of the options that stand before or after any command's name."""

Process = Annotated[str, typer.Argument(metavar="PROCESS", help="The process's name.", autocompletion=process_names)]
SomeProcess = Annotated[
    str | None, typer.Argument(metavar="[PROCESS]", help="Only this process.", autocompletion=process_names)
]
Template = Annotated[
    str, typer.Argument(metavar="TEMPLATE", help="The template's name.", autocompletion=template_names)
]
Instance = Annotated[
    str, typer.Argument(metavar="INSTANCE", help="What is to be filled in, as `samskap tasks` names it: answer.1.m2.")
]
CommandId = Annotated[
    str,
    typer.Option(
        "--command-id",
        metavar="ID",
        help="Your own id of this command: sent again with the same id, it is done once and answers the same.",
    ),
]


class Commands:
    """The commands of one module, by their full path (`party add`)."""

    def __init__(self) -> None:
        self._typer = typer.Typer(rich_markup_mode=None, pretty_exceptions_enable=False, add_completion=False)

    def add(self, path: str, *, example: str) -> Callable[[F], F]:
        """Declare a command: its docstring is its help, and `example` a call that works."""
        return self._typer.command(path, cls=Command, epilog=example)

    @cached_property
    def built(self) -> dict[str, TyperCommand]:
        """The commands, ready to run."""
        found = typer.main.get_group(self._typer).commands
        return {path: command for path, command in found.items() if isinstance(command, TyperCommand)}


class Command(TyperCommand):
    """A command that also takes the options of every command, and shows its example."""

    def __init__(self, name: str | None, **attributes: Any) -> None:
        super().__init__(name, **attributes)
        self.context_settings = {"help_option_names": ["-h", "--help"], **self.context_settings}

    def get_params(self, ctx: Context) -> list[Parameter]:
        """The command's own parameters, then those that every command takes."""
        *own, last = super().get_params(ctx)  # the last is --help
        everywhere = [p for p in ctx.find_root().command.params if _panel(p) == EVERYWHERE]
        return [*own, last, *everywhere]

    def format_options(self, ctx: Context, formatter: HelpFormatter) -> None:
        """Arguments, the command's own options, and those of every command, each under its heading."""
        sections: dict[str, list[tuple[str, str]]] = {"Arguments": [], "Options": [], EVERYWHERE: []}
        for param in self.get_params(ctx):
            record = param.get_help_record(ctx)
            if record is not None:
                heading = "Arguments" if param.param_type_name == "argument" else _panel(param) or "Options"
                sections[heading].append(record)
        for heading, records in sections.items():
            if records:
                with formatter.section(heading):
                    formatter.write_dl(records)

    def format_epilog(self, ctx: Context, formatter: HelpFormatter) -> None:
        """The example as it is typed, not wrapped."""
        with formatter.section("Example"):
            for line in (self.epilog or "").splitlines():
                formatter.write(f"{'':{formatter.current_indent}}{line}\n")


def _panel(param: Parameter) -> str:
    return (param.rich_help_panel or "") if isinstance(param, TyperOption) else ""
