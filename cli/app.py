"""The `samskap` command as a whole: which commands there are, and the options of every command.

A command's module is imported when the command is called, never for the list of commands: that is `MODULES`. To add a
group of commands, write its module (see `command`) and add its line here.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from importlib import import_module
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

import typer
from typer.core import TyperCommand, TyperGroup

from cli.call import Call
from cli.command import EVERYWHERE
from cli.exit_codes import EXIT_CODES, READER_GONE
from cli.failure import misuse, report
from cli.output import hush
from engine.errors import SamskapError, UsageError

if TYPE_CHECKING:  # typer keeps these to itself; they are needed for annotations only
    from typer._click import Context, HelpFormatter


@dataclass(frozen=True, slots=True)
class Module:
    """A module of commands: the heading they stand under in the help, and each command's path with its first line."""

    name: str
    heading: str
    commands: Mapping[str, str]


MODULES: Final = (
    Module(
        "cli.demo",
        "First of all",
        {
            "demo": "Run the whole job in a fresh workspace, on real figures.",
        },
    ),
    Module(
        "cli.workspaces",
        "The workspace",
        {
            "init": "Make a workspace in a folder.",
            "doctor": "Check that everything is in order, and say what to do where it is not.",
        },
    ),
    Module(
        "cli.storing",
        "The workspace",
        {
            "store create": "Make the tables of the store that samskap.toml names.",
            "store copy": "Copy the store to another place, whole, to go on there.",
            "store adopt": "Let the store belong to the keys that are here, where its own are lost for good.",
            "store rebuild": "Make the lists again from the events: who takes part, what is open, what is due.",
        },
    ),
    Module(
        "cli.backing_up",
        "The workspace",
        {
            "backup": "Back up the log, landed files and config, while others go on working.",
            "backup keys": "Back up the keys, apart from everything that they open.",
            "restore": "Make a workspace from a backup, or put its log in the place of the workspace's.",
        },
    ),
    Module(
        "cli.identities",
        "People",
        {
            "identity add": "Take a person up in the workspace.",
            "identity token": "Make a token with which a person signs in.",
            "identity notify": "Say where messages to a person go.",
            "identity list": "List the people of the workspace.",
            "identity sessions": "List where a person is signed in.",
            "identity end": "End a session: its token no longer holds.",
            "identity whoami": "Say who you are signed in as.",
        },
    ),
    Module(
        "cli.persons",
        "People",
        {
            "person export": "Write down everything that is held about a person, for that person.",
        },
    ),
    Module(
        "cli.erasing",
        "People",
        {
            "erase": "Forget a person, for good; and look whether nothing is left.",
            "erasures": "List what was erased: when, what kind, why, and which runs cannot be computed again since.",
        },
    ),
    Module(
        "cli.templates",
        "Templates",
        {
            "lint": "Find what is wrong in templates, forms and source files.",
            "publish": "Publish a template, so that processes can be started from it.",
            "diff": "Tell in words what differs between two versions of a template.",
            "replay": "Do again what was done, under another version, and tell which processes would differ.",
            "retire": "Let no process begin with a version any more.",
        },
    ),
    Module(
        "cli.migrating",
        "Templates",
        {
            "migration plan": "Try a migration out: what would follow for each process, or what is in its way.",
            "migration apply": "Take running processes to another version of their template.",
            "migration undo": "Take the last migration of a process back, while nobody has acted since.",
        },
    ),
    Module(
        "cli.trying",
        "Templates",
        {
            "test": "Play the scenarios of a template, and say how much of it they try.",
            "simulate": "Play a template with made-up people: where does it come to a stop, and what never happens?",
        },
    ),
    Module(
        "cli.drawing",
        "Pictures",
        {
            "diagram": "Draw the statechart of a template, or of a process.",
        },
    ),
    Module(
        "cli.taking_part",
        "Taking part",
        {
            "start": "Start a process from a published template.",
            "party add": "Take an organisation or group into a process.",
            "invite": "Make a token with which somebody joins a process once.",
            "invitation list": "List the invitations that nobody has used yet, and whether somebody can join by them.",
            "invitation withdraw": "Let nobody join by an invitation any more.",
            "join": "Take part in a process by an invitation.",
            "member add": "Enter a person who does not sign in: others answer for them.",
            "member end": "End a membership: your own, or one in a process that you lead.",
            "grant": "Give a membership a role.",
            "revoke": "Take a role from a membership.",
        },
    ),
    Module(
        "cli.standing_in",
        "In the place of others",
        {
            "delegate": "Let another act in the place of a membership, during an absence.",
            "hand-over": "Give a role to another and lose it, in one step.",
            "claim": "Take on a task that any of several could do, or give it to somebody.",
            "release": "Give back a task that was taken on.",
        },
    ),
    Module(
        "cli.answering",
        "Answering",
        {
            "tasks": "List what is open for you.",
            "form": "Show the questions of a task.",
            "draft save": "Keep answers that are not finished.",
            "draft show": "Show your draft.",
            "draft drop": "Throw your draft away.",
            "submit": "Answer a task, or correct an answer.",
            "backfill": "Enter answers of a round before the process began.",
        },
    ),
    Module(
        "cli.workbooks",
        "Answering",
        {
            "form export": "Write a form as an Excel workbook, to be filled in there.",
            "form import": "Read the answers from a workbook, check them, and write them as JSON.",
        },
    ),
    Module(
        "cli.reading",
        "Answering",
        {
            "answers": "Show what was answered, as far as you may read it.",
        },
    ),
    Module(
        "cli.steering",
        "Steering",
        {
            "status": "Show where a process stands, or list the processes.",
            "act": "Choose what happens next in a process.",
            "back": "Go back to an earlier state, keeping what was done.",
            "suspend": "Let a process rest, and its clock stand.",
            "resume": "Let a suspended process go on.",
            "cancel": "Give a process up, for good.",
            "tick": "Let time act: deadlines that have passed.",
            "explain now": "Say who can do what now, and why not the rest.",
            "explain action": "Say why an action is open or not.",
            "explain readers": "Say who could read an answer, since when, and why.",
            "explain task": "Say how a task stands, and who can fill it in.",
        },
    ),
    Module(
        "cli.links",
        "Linked processes",
        {
            "link list": "List the processes that stand above and beside one.",
            "link add": "Let a process that is there already stand beside another.",
            "link end": "Wait no longer for a process that stands beside another.",
        },
    ),
    Module(
        "cli.incidents",
        "Incidents",
        {
            "incident list": "List what cannot go on by itself.",
            "explain incident": "Say what an incident is about, and what helps.",
            "incident retry": "Try what could not go on again: a condition, a task that nobody could do, a message.",
            "incident resolve": "Say why an incident does not matter.",
        },
    ),
    Module(
        "cli.notifying",
        "Messages",
        {
            "deliver": "Send the messages that wait in the outbox.",
            "outbox list": "List the messages that wait, were refused, or are to people without an address.",
            "outbox retry": "Let a message be sent again, as if it were new.",
            "outbox drop": "Give a message up, with a reason.",
        },
    ),
    Module(
        "cli.figures",
        "Figures",
        {
            "evaluate": "Load measurements, validate them, and compute outputs, results and effects.",
            "mend": "Put a value of a rejected row right, with a reason; the next evaluation uses it.",
            "explain figure": "Lead a figure back to its run, its definitions, and the answers and rows behind it.",
            "schedule": "Evaluate, let deadlines act and send messages by the clock, through a local Prefect server.",
        },
    ),
    Module(
        "cli.receipts",
        "Looking back",
        {
            "receipt check": "Check that what was stored when a receipt was given is still there, unchanged.",
        },
    ),
    Module(
        "cli.exporting",
        "Taking along",
        {
            "export cloudevents": "Write events as CloudEvents 1.0, one a line.",
            "export ocel": "Write an object-centric event log (OCEL 2.0, JSON) for process mining.",
            "export archive": "Pack one process into an archive that can be checked anywhere.",
        },
    ),
    Module(
        "cli.disposing",
        "Taking along",
        {
            "dispose": "List what is past the time that it is kept, or dispose of one process.",
            "processing": "Make the record of processing (GDPR article 30) from the templates and their forms.",
        },
    ),
    Module(
        "cli.looking_back",
        "Looking back",
        {
            "history": "Tell what happened in a process.",
            "at": "Show a process as it was at an earlier moment.",
            "head": "Print a head over the whole log, to keep elsewhere.",
            "verify": "Check that the log, an archive or a backup is what was stored.",
            "sql": "Ask the readers' copy of the figures in SQL.",
        },
    ),
)

GROUPS: Final[Mapping[str, str]] = {
    "store": "Where the log is kept.",
    "identity": "People of the workspace, and how they sign in.",
    "person": "What is held about somebody.",
    "party": "Organisations and groups in a process.",
    "invitation": "Invitations to a process that nobody has used yet.",
    "member": "People in a process.",
    "draft": "Answers that are not finished.",
    "link": "Processes that stand beside one another.",
    "incident": "What cannot go on by itself.",
    "outbox": "Messages on their way to people.",
    "migration": "Running processes on their way to another version.",
    "receipt": "What shows later that an answer was stored.",
    "export": "Processes in a file, for other programs and for archives.",
    "explain": "Why something is as it is.",
}
"""The first words of commands that have two, with what they are about."""


class LazyGroup(TyperGroup):
    """Commands by name, each imported when it is called. `word` is the group's own name, empty for the whole."""

    word = ""

    def list_commands(self, ctx: Context) -> list[str]:
        """The names of the group's commands, in the order of `MODULES`."""
        return [name for names in self._listed().values() for name in names]

    def get_command(self, ctx: Context, cmd_name: str) -> TyperCommand | TyperGroup | None:
        """The command, imported now; None where there is none."""
        if not self.word and cmd_name in GROUPS:
            group = LazyGroup(name=cmd_name, help=GROUPS[cmd_name], rich_markup_mode=None)
            group.word = cmd_name
            group.context_settings = self.context_settings
            return group
        path = f"{self.word} {cmd_name}".strip()
        module = next((module for module in MODULES if path in module.commands), None)
        if module is None:
            return None
        found: TyperCommand = import_module(module.name).commands.built[path]
        return found

    def resolve_command(self, ctx: Context, args: list[str]) -> tuple[str | None, Any, list[str]]:
        """The command that is meant; `UsageError` with a suggestion where there is none."""
        longer = " ".join(args[:2])
        if not self.word and longer in self._beside():
            return longer, self.get_command(ctx, longer), args[2:]
        names = self.list_commands(ctx)
        if args[0] not in names and not ctx.resilient_parsing:
            close = [f"`{f'samskap {self.word}'.strip()} {name}`" for name in get_close_matches(args[0], names, 2)]
            hint = f"Did you mean {' or '.join(close)}?" if close else "See `samskap --help`."
            raise UsageError(f"there is no command “{f'{self.word} {args[0]}'.strip()}”", hint=hint)
        return super().resolve_command(ctx, args)

    def parse_args(self, ctx: Context, args: list[str]) -> list[str]:
        """As any group; alone it shows its help, which is no success."""
        if not args and not ctx.resilient_parsing:
            typer.echo(ctx.get_help(), err=True)
            raise typer.Exit(UsageError.exit_code)
        return super().parse_args(ctx, args)

    def format_commands(self, ctx: Context, formatter: HelpFormatter) -> None:
        """The commands under their headings, without importing any."""
        for heading, names in self._listed().items():
            with formatter.section(heading):
                formatter.write_dl(list(names.items()), col_max=20)

    def _listed(self) -> dict[str, dict[str, str]]:
        """Heading → name → first line of help. A group stands once, where its first command does."""
        found: dict[str, dict[str, str]] = {}
        seen: set[str] = set()
        for module in MODULES:
            for path, line in module.commands.items():
                first, _, rest = path.partition(" ")
                name = rest if self.word else first
                if not self.word and path in self._beside():
                    name, rest = path, ""
                if (self.word and first != self.word) or name in seen:
                    continue
                seen.add(name)
                found.setdefault(module.heading, {})[name] = GROUPS[first] if rest and not self.word else line
        return found

    @staticmethod
    def _beside() -> set[str]:
        """The commands of two words whose first word is a command, too: `backup keys` beside `backup TO`."""
        paths = {path for module in MODULES for path in module.commands}
        return {path for path in paths if " " in path and path.partition(" ")[0] in paths}

    def format_epilog(self, ctx: Context, formatter: HelpFormatter) -> None:
        """The exit codes, below the help of the whole."""
        if not self.word:
            with formatter.section("Exit codes"):
                formatter.write_dl([(str(code), meaning) for code, meaning in EXIT_CODES.items()])


# -- the options of every command -------------------------------------------------------------------------------------


def _remember(ctx: typer.Context, param: typer.CallbackParam, value: str | bool | None) -> None:
    """Keep the option in the `Call`; a value after the command's name wins over one before."""
    if value and not ctx.resilient_parsing:
        setattr(ctx.obj, str(param.name), value)


def _version(ctx: typer.Context, value: bool) -> None:
    if value and not ctx.resilient_parsing:
        from importlib.metadata import version  # noqa: PLC0415 (reads files)

        typer.echo(f"samskap {version('samskap')}")
        raise typer.Exit


def _everywhere(*names: str, help: str, metavar: str | None = None) -> Any:  # noqa: A002 (typer's word)
    return typer.Option(
        *names, help=help, metavar=metavar, callback=_remember, expose_value=False, rich_help_panel=EVERYWHERE
    )


app = typer.Typer(
    name="samskap",
    cls=LazyGroup,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.callback()
def samskap(
    folder: Annotated[
        str | None,
        _everywhere(
            "--workspace", "-w", metavar="FOLDER", help="The workspace; else SAMSKAP_WORKSPACE, else here or above."
        ),
    ] = None,
    identity_file: Annotated[
        str | None,
        _everywhere("--identity-file", metavar="FILE", help="A file with your token; else SAMSKAP_IDENTITY holds it."),
    ] = None,
    acting_as: Annotated[
        str | None,
        _everywhere(
            "--as", metavar="HANDLE", help="Act for somebody with their rights, as the operator; the log says so."
        ),
    ] = None,
    language: Annotated[
        Literal["nb", "nn", "en"] | None, _everywhere("--lang", help="Language of the process's texts.")
    ] = None,
    json: Annotated[bool, _everywhere("--json", help="Answer in JSON, errors too.")] = False,
    quiet: Annotated[bool, _everywhere("--quiet", "-q", help="Leave out what only confirms.")] = False,
    version: Annotated[
        bool, typer.Option("--version", is_eager=True, callback=_version, help="Show the version.")
    ] = False,
) -> None:
    """Run co-creation as a process that everybody can see, and find out whether it helped."""


# -- running ----------------------------------------------------------------------------------------------------------


def run(args: Sequence[str]) -> int:
    """Run the command line; the exit code. Only a fault of our own raises."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")  # a terminal in another encoding is no reason to fail
    try:
        return _ended(args)
    except BrokenPipeError:
        pass
    except SystemExit as ended:
        if not isinstance(ended.__context__, BrokenPipeError):  # typer's way to end where nobody reads
            raise
    hush(sys.stdout)
    hush(sys.stderr)
    return READER_GONE


def _ended(args: Sequence[str]) -> int:
    """Run the command line, and tell what goes wrong; the exit code."""
    call = Call()
    json = "--json" in args  # an error in the options themselves is told as asked, too
    try:
        _readable(args)
        ended = typer.main.get_command(app).main(list(args), prog_name="samskap", standalone_mode=False, obj=call)
        return ended if isinstance(ended, int) else 0
    except SamskapError as error:
        return report(error, json=json)
    except typer.TyperException as error:
        return report(misuse(error), json=json)
    finally:
        call.close()


def _readable(args: Sequence[str]) -> None:
    """Raise `UsageError` for a word that is no text in the terminal's encoding: nothing could store it."""
    for number, word in enumerate(args, 1):
        if any("\ud800" <= character <= "\udfff" for character in word):
            raise UsageError(f"word {number} of the command is not UTF-8", hint="Type it in a terminal set to UTF-8.")
