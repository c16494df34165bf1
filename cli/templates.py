"""Commands about templates: finding what is wrong in them, and publishing them."""

# ruff: noqa: PLC0415 (imports stand inside the commands: help must come at once)

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from cli.call import Call
from cli.command import Commands, Template
from cli.completion import template_names
from cli.output import Done, Progress, Table, note, tell
from cli.quarantine import list_of, told_of
from engine.text import counted

if TYPE_CHECKING:
    from engine.engine import Damaged
    from engine.errors import Problem
    from engine.process.replay import Replayed

commands = Commands()


@commands.add("lint", example="samskap lint\nsamskap lint samson\nsamskap lint --format github")
def lint(
    ctx: typer.Context,
    names: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[NAME]...",
            help="Templates or sources; else all of the workspace's own.",
            autocompletion=template_names,
            show_default=False,
        ),
    ] = None,
    form: Annotated[
        Literal["text", "json", "github"],
        typer.Option("--format", help="For people, for programs, or as GitHub shows it beside the changed lines."),
    ] = "text",
) -> None:
    """Find what is wrong in templates, forms and source files.

    Every problem is told with file, line and column, the line itself, and what to do. Errors end with 4; warnings do
    not. Built-in templates are looked at where they are named; that needs no workspace.
    """
    from cli import linting
    from cli.excerpt import told
    from engine.errors import ConfigError, NotFound

    call: Call = ctx.obj
    try:
        workspace = call.workspace
    except NotFound:
        if call.folder or not names:
            raise
        workspace = None
    engine = call.engine if workspace else None
    looked_at = names or linting.own_names(call.workspace)
    found = [problem for name in looked_at for problem in linting.problems_of(name, workspace, engine)]
    if workspace and engine and not names:
        found += linting.gone(workspace, engine)
    errors = [problem for problem in found if problem.severity == "error"]
    data = {"names": looked_at, "errors": len(errors), "problems": [_as_dict(problem) for problem in found]}
    if form == "github" and not call.json:
        tell(call, data, *map(linting.workflow_command, found))
    else:
        call.json = call.json or form == "json"
        tell(call, data, *map(told, found), Done(_summary(looked_at, len(errors), len(found))))
    if errors:
        raise typer.Exit(ConfigError.exit_code)


def _summary(looked_at: Sequence[str], errors: int, problems: int) -> str:
    if not looked_at:
        return "The workspace has no templates or sources of its own. Name one, such as samson."
    told = f"{counted(len(looked_at), 'template or source', 'templates and sources')} looked at"
    return f"{told}, {counted(errors, 'error')}, {counted(problems - errors, 'warning')}"


def _as_dict(problem: Problem) -> dict[str, object]:
    place = problem.where
    return {
        "rule": problem.rule,
        "severity": problem.severity,
        "message": problem.message,
        "hint": problem.hint,
        "file": place.file,
        "line": place.line,
        "column": place.column,
    }


@commands.add("publish", example="samskap publish samson")
def publish(ctx: typer.Context, name: Template) -> None:
    """Publish a template, so that processes can be started from it.

    For the operator. A published version never changes; running processes stay on theirs. Publishing the same again
    does nothing. Templates that it starts processes of are published by themselves; which are not yet, is told.
    """
    from engine.template import bundle
    from engine.template.linked import spawns

    call: Call = ctx.obj
    call.require_operator("publishing")
    read = bundle.read(name, call.workspace.bundle_folders)
    known = any(published.bundle == read.hash for published in call.engine.published(read.name))
    call.engine.publish(read)
    for problem in read.problems:
        note(call, str(problem))
    linked = sorted({spawn.template for spawn in spawns(read.definition.template)} - {read.name})
    missing = [other for other in linked if not call.engine.published(other)]
    for other in missing:
        note(call, f"{read.name} starts processes of {other}, which is not published yet: samskap publish {other}")
    data = {
        "template": read.name,
        "version": read.version,
        "bundle": read.hash,
        "replayed": known,
        "not_published": missing,
    }
    done = "was published before: nothing new" if known else "is published"
    tell(call, {**data, "warnings": [_as_dict(p) for p in read.problems]}, Done(f"{read.name} {read.version} {done}"))


@commands.add(
    "replay",
    example="samskap replay samson\n"
    "samskap replay samson --plan samson-1.2.0.yaml\n"
    "samskap replay samson --against 1.1.0 --process arendal-2026",
)
def replay(
    ctx: typer.Context,
    name: Template,
    against: Annotated[
        str | None, typer.Option("--against", metavar="VERSION", help="A published version; else the files.")
    ] = None,
    process: Annotated[
        list[str] | None, typer.Option("--process", metavar="PROCESS", help="Only this process; may be repeated.")
    ] = None,
    file: Annotated[
        Path | None, typer.Option("--plan", metavar="FILE", help="What has another name there, as for a migration.")
    ] = None,
) -> None:
    """Do again what was done, under another version, and tell which processes would differ.

    Nothing is stored. Of each process the first act is told after which it would stand elsewhere. One that was moved by
    the way is done again from its beginning, by the names that things have in that version; with a plan also one that
    was not moved to it yet. Where an answer is sealed or was erased, or it is not clear what a name became, it says
    that it cannot tell. Ends with 5 where one differs.
    """
    from cli.migrating import read_plan
    from engine.errors import Refused
    from engine.migration import versions
    from engine.template import bundle

    call: Call = ctx.obj
    call.require_operator("replaying every process")
    if against is not None:
        definition = call.engine.definition(name, call.engine.bundle_of(name, against))
    else:
        definition = bundle.read(name, call.workspace.bundle_folders).definition
    names = process or [row["name"] for row in call.engine.processes() if row["template"] == name]
    written = read_plan(name, definition.template.version, file) if file is not None else None
    if written is not None:
        written.check(versions(call.engine, name, names), definition)
    plan = written.plan if written is not None else None
    met: list[Damaged] = []
    progress, found = Progress(call), []
    for number, loaded in enumerate(call.engine.each(names, met.append), 1):
        found.append((loaded.state.name, call.engine.replay(loaded.state.name, definition, plan)))
        progress("replaying", number, len(names))
    rows = [(one, r.outcome, f"#{r.sequence} {r.what}" if r.sequence else "", _how(r)) for one, r in found]
    differing, unclear = (sum(r.outcome == kind for _, r in found) for kind in ("differs", "cannot tell"))
    data = {"template": name, "version": definition.template.version}
    told = [{"process": one, **asdict(r)} for one, r in found]
    summary = f"{len(found)} replayed, {differing} would differ" + (f", {unclear} cannot be told" if unclear else "")
    table = Table(("Process", "", "At", "How"), rows, empty="No process runs on this template.")
    tell(call, {**data, "processes": told, "quarantine": list_of(met)}, table, Done(summary), *told_of(met))
    if differing:
        raise typer.Exit(Refused.exit_code)


def _how(found: Replayed) -> str:
    left_out = f"({counted(found.left_out, 'act')} left out, on what is asked no more)" if found.left_out else ""
    return " ".join(part for part in (found.how, left_out) if part)


@commands.add("retire", example="samskap retire samson 1.0.0 --reason 'Question 4 was wrong'")
def retire(
    ctx: typer.Context,
    name: Template,
    version: Annotated[str, typer.Argument(metavar="VERSION", help="The published version.")],
    reason: Annotated[str, typer.Option("--reason", help="Why.")] = "",
) -> None:
    """Let no process begin with a version any more.

    Those that run on it go on: move them with `samskap migration`. New processes get the newest version that is left.
    """
    call: Call = ctx.obj
    call.require_operator("retiring a version")
    call.engine.retire(name, version, reason)
    running = call.engine.running(name, call.engine.bundle_of(name, version))
    done = f"{name} {version} is retired; {running} still running on it"
    tell(call, {"template": name, "version": version, "running": running}, Done(done))


@commands.add("diff", example="samskap diff samson 1.0.0 1.1.0\nsamskap diff samson 1.0.0")
def diff(
    ctx: typer.Context,
    name: Template,
    old: Annotated[str, typer.Argument(metavar="VERSION", help="The published version to compare with.")],
    new: Annotated[
        str | None,
        typer.Argument(metavar="[VERSION]", help="Another published one; else the files.", show_default=False),
    ] = None,
) -> None:
    """Tell in words what differs between two versions of a template.

    Breaking is what a running process or an answer that was given may not fit any more; of each difference it is told
    how many of the processes that run on the older version it touches. Ends with 5 where something is breaking.
    """
    from engine.comparing import compare
    from engine.errors import Refused
    from engine.template import bundle

    call: Call = ctx.obj
    call.reader()
    before = call.engine.definition(name, call.engine.bundle_of(name, old))
    if new is not None:
        after = call.engine.definition(name, call.engine.bundle_of(name, new))
    else:
        after = bundle.read(name, call.workspace.bundle_folders).definition
    met: list[Damaged] = []
    found = compare(call.engine, name, before, after, meet=met.append, progress=Progress(call))
    told = [
        {"breaking": one.breaking, "where": one.where, "what": one.what, "touched": touched}
        for one, touched in zip(found.differences, found.touched, strict=True)
    ]
    rows = [("breaking" if one["breaking"] else "safe", one["where"], one["what"], one["touched"]) for one in told]
    breaking = sum(one.breaking for one in found.differences)
    data = {"template": name, "old": old, "new": after.template.version, "running": found.running}
    summary = f"{counted(len(told), 'difference')}, {breaking} breaking; {found.running} running on {old}"
    tell(
        call,
        {**data, "broken": found.broken, "differences": told, "quarantine": list_of(met)},
        Table(("", "Where", "What", "Running, touched"), rows, empty="Nothing differs."),
        Done(summary + (f", {found.broken} touched by what is breaking" if breaking else "")),
        *told_of(met),
    )
    if breaking:
        raise typer.Exit(Refused.exit_code)
