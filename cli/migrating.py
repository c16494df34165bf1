"""Commands that take running processes to another version of their template, and back."""

# ruff: noqa: PLC0415 (imports stand inside the commands: help must come at once)

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.call import Call
from cli.command import CommandId, Commands, Process
from cli.completion import process_names, template_names
from cli.output import Done, Progress, Table, tell
from cli.steering import Reason
from cli.taking_part import confirm

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from engine.migration import Moved
    from engine.process.history import Line
    from engine.template.plan import Plan
    from engine.template.plan_reading import Written

commands = Commands()

_NO_REASON_YET = "…"
"""What stands for the reason while a migration is tried out: whoever does it gives theirs."""

Template = Annotated[
    str, typer.Argument(metavar="TEMPLATE", help="The template's name.", autocompletion=template_names)
]
To = Annotated[
    str | None, typer.Option("--to", metavar="VERSION", help="The published version to go to; else the plan's.")
]
PlanFile = Annotated[
    Path | None,
    typer.Option("--plan", metavar="FILE", help="What becomes of what has another name."),
]
Only = Annotated[
    list[str] | None,
    typer.Option(
        "--process", metavar="PROCESS", help="Only this process; may be repeated.", autocompletion=process_names
    ),
]


@commands.add(
    "migration plan",
    example="samskap migration plan samson --to 1.1.0\n"
    "samskap migration plan samson --plan samson-1.1.0.yaml --process arendal-2026",
)
def plan(ctx: typer.Context, template: Template, to: To = None, file: PlanFile = None, process: Only = None) -> None:
    """Try a migration out: what would follow for each process, or what is in its way.

    What keeps its name needs no plan. A plan is a small file (template, to, states, tasks, roles, actions, accept,
    ask_again): see the how-to "Move running processes to a new version". Without one, what seems to have another name
    is proposed. Ends with 5 where something is in the way.
    """
    _run(ctx.obj, template, to, file, process or [], _NO_REASON_YET, apply=False)


@commands.add(
    "migration apply",
    example="samskap migration apply samson --to 1.1.0 --reason 'Two questions were unclear'\n"
    "samskap migration apply samson --plan samson-1.1.0.yaml --reason 'A shorter dialogue'",
)
def apply(
    ctx: typer.Context,
    template: Template,
    to: To = None,
    file: PlanFile = None,
    process: Only = None,
    reason: Reason = "",
) -> None:
    """Take running processes to another version of their template.

    Each process is moved whole or stays as it is, and none keeps another from it. Broken off, the same command goes on
    with those that are left. For whoever leads a process, and for the operator. Ends with 5 where one stayed.
    """
    from engine.errors import UsageError

    if not reason.strip():
        raise UsageError("a migration needs a reason that all can read", hint="Give one with --reason.")
    _run(ctx.obj, template, to, file, process or [], reason, apply=True)


@commands.add("migration undo", example="samskap migration undo arendal-2026 --reason 'The wrong plan'")
def undo(ctx: typer.Context, process: Process, reason: Reason = "", command_id: CommandId = "") -> None:
    """Take the last migration of a process back, while nobody has acted since.

    Processes that it started are not waited for any more, and go on by themselves: they are named.
    """
    from engine.process.commands import UndoMigration

    call: Call = ctx.obj
    session = call.reader()
    receipt = call.engine.handle(session, process, UndoMigration(reason), command_id=command_id)
    told = call.engine.history(session, process, None)[receipt.first - 1 : receipt.last]
    confirm(call, receipt, " ".join([f"{process} is where it was before.", *_let_go(told)]))


def _let_go(lines: Sequence[Line]) -> Iterator[str]:
    """What to be told of linked processes that go on by themselves, though nothing waits for them any more."""
    for line in lines:
        if line.type == "link.ended":
            yield f"{line.text}. It goes on by itself, until whoever leads it cancels it."


def _run(
    call: Call, template: str, to: str | None, file: Path | None, only: list[str], reason: str, *, apply: bool
) -> None:
    from engine.errors import Refused
    from engine.migration import drafted, migrate, to_move, versions

    session, written = call.reader(), read_plan(template, to, file) if file is not None else None
    given = written.plan if written is not None else _bare(template, to)
    names = only or to_move(call.engine, given)
    old = versions(call.engine, template, names)
    new = call.engine.definition(template, call.engine.bundle_of(template, given.to))
    if written is not None:
        written.check(old, new)
    draft = drafted(old, new) if written is None and not apply else None
    progress = Progress(call)
    moved = list(migrate(call.engine, session, given, reason, names, apply=apply, progress=progress))
    stayed = [one for one in moved if one.error is not None]
    rows = [(one.process, _told(one, apply=apply)) for one in moved]
    done = len(moved) - len(stayed)
    verb = "moved" if apply else "can move"
    data = {
        "template": template,
        "to": given.to,
        "applied": apply,
        "processes": [_as_dict(one) for one in moved],
        "draft": draft.model_dump(exclude_defaults=True) if draft is not None else None,
    }
    summary = f"{done} of {len(moved)} {verb} to {template} {given.to}"
    table = Table(("Process", "What follows"), rows, empty="No process runs on another version.")
    tell(call, data, table, Done(summary), *_proposed(draft))
    if stayed:
        raise typer.Exit(Refused.exit_code)


def _proposed(draft: Plan | None) -> Iterator[str]:
    """What seems to have another name, as a plan that can be put into a file."""
    from engine.template.plan import written

    if draft is not None:
        yield f"\nSome names seem to be others now. If they are, this is a --plan to begin with:\n\n{written(draft)}"


def read_plan(template: str, to: str | None, file: Path) -> Written:
    """The plan in a file, which is for the template and version that are named."""
    from engine.errors import UsageError
    from engine.template.plan_reading import read

    found = read(file)
    if found.plan.template != template or to not in (None, found.plan.to):
        raise UsageError(
            f"the plan is for {found.plan.template} to {found.plan.to}",
            hint="Name the same template and version, or no version.",
        )
    return found


def _bare(template: str, to: str | None) -> Plan:
    """A plan that says nothing but where to."""
    from engine.errors import UsageError
    from engine.template.plan import bare

    if to is None:
        raise UsageError("where to?", hint="Give --to VERSION, or a --plan FILE that says it.")
    return bare(template, to)


def _told(one: Moved, *, apply: bool) -> str:
    if one.error is not None:
        return f"stays: {one.error.message}"
    texts = [line.text.removesuffix(f" – {_NO_REASON_YET}") for line in one.lines]
    return "; ".join(texts) or ("moved" if apply else "nothing else")


def _as_dict(one: Moved) -> dict[str, object]:
    error = one.error.as_dict() if one.error else None
    return {
        "process": one.process,
        "error": error,
        "events": [{"type": line.type, "text": line.text.removesuffix(f" – {_NO_REASON_YET}")} for line in one.lines],
    }
