"""Commands that look back: what happened, how it was, whether the log holds, and the figures."""

# ruff: noqa: PLC0415 (imports stand inside the commands: help must come at once)

from __future__ import annotations

import re
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated

import typer

from cli.call import Call
from cli.command import Commands, Process
from cli.output import Done, Table, note, tell, write
from cli.quarantine import as_data, told_to

if TYPE_CHECKING:
    from engine.process.history import Line
    from engine.workspace import SqlSettings
    from warehouse.query import Cell, Limits

commands = Commands()


BY_ITSELF = frozenset(
    {"task.opened", "task.begun", "task.reopened", "task.withdrawn", "state.left", "step.taken", "form.kept"}
    | {"deadline.set", "reminder.set"}
)
"""Events that follow from others: a compact history leaves them out."""


@commands.add(
    "history",
    example="samskap history arendal-2026 --compact\n"
    "samskap history arendal-2026 --between 2026-03-01 2026-03-14\n"
    "samskap history arendal-2026 --full --lang en",
)
def history(
    ctx: typer.Context,
    process: Process,
    between: Annotated[
        tuple[str, str] | None,
        typer.Option("--between", metavar="FROM TO", help="From one day, time or event to another, both included."),
    ] = None,
    compact: Annotated[
        bool, typer.Option("--compact", help="Only what people and time did, and the states that were entered.")
    ] = False,
    full: Annotated[
        bool, typer.Option("--full", help="Also in which role, under which version, and the hash.")
    ] = False,
) -> None:
    """Tell what happened in a process.

    One line an event, in your language, as far as you may see it. `samskap at PROCESS NUMBER` shows the process after
    an event.
    """
    from engine.errors import UsageError

    call: Call = ctx.obj
    if compact and full:
        raise UsageError("--compact leaves out, --full adds", hint="Give one of them.")
    lines = call.engine.history(call.reader(), process)
    if between is not None:
        lines = _between(call, lines, *between)
    if compact:
        lines = [line for line in lines if line.type not in BY_ITSELF]
    headings: tuple[str, ...] = ("No.", f"When ({call.zone})", "Who", "What")
    rows: list[tuple[object, ...]] = [(line.sequence, call.local(line.at), line.who, line.text) for line in lines]
    loaded = call.engine.load(call.engine.stream(process))
    data: dict[str, object] = {"process": process, "events": lines, "quarantine": as_data(loaded)}
    if full:
        more = _envelopes(call, process)
        headings = (*headings, "Type", "As", "Role", "Version", "Hash")
        rows = [(*row, line.type, *more[line.sequence].values()) for row, line in zip(rows, lines, strict=True)]
        data["envelopes"] = [more[line.sequence] | {"sequence": line.sequence} for line in lines]
    tell(call, data, Table(headings, rows), *told_to(loaded))


def _between(call: Call, lines: list[Line], first: str, last: str) -> list[Line]:
    """The lines from one moment to another; of two days, from the beginning of the first to the end of the last."""
    from engine.errors import UsageError

    since, until = moment_of(call, first, time.min), moment_of(call, last)
    if type(since) is type(until) and since > until:  # type: ignore[operator]
        raise UsageError(f"{first} is after {last}", hint="Write the earlier one first: --between FROM TO.")

    def within(line: Line) -> bool:
        begun = line.sequence >= since if isinstance(since, int) else line.at >= since
        return begun and (line.sequence <= until if isinstance(until, int) else line.at <= until)

    return [line for line in lines if within(line)]


def _envelopes(call: Call, process: str) -> dict[int, dict[str, str]]:
    """In which membership and role each event came about, under which version of the template, and its hash."""
    loaded = call.engine.load(call.engine.stream(process))
    versions = {p.bundle: p.version for p in call.engine.published(loaded.state.template)}
    return {
        event.sequence: {
            "membership": event.membership or "",
            "role": event.role or "",
            "version": versions.get(event.bundle_hash or "", ""),
            "hash": event.hash[:12],
        }
        for event in call.engine.events(loaded.records)
    }


@commands.add("at", example="samskap at arendal-2026 2026-03-14\nsamskap at arendal-2026 17")
def at(
    ctx: typer.Context,
    process: Process,
    moment: Annotated[
        str,
        typer.Argument(
            metavar="WHEN",
            help="A day or a minute (its end), in the workspace's zone or with its own, or an event's number.",
        ),
    ],
) -> None:
    """Show a process as it was at an earlier moment."""
    from cli.standing import parts, standing

    call: Call = ctx.obj
    session = call.reader()
    call.engine.view(session, call.engine.load(call.engine.stream(process)))  # who may see it now may see how it was
    earlier = call.engine.at(process, moment_of(call, moment))
    then = standing(call.engine, session, earlier, session.person.language)
    tell(call, then, *parts(then, call.local))


def moment_of(call: Call, text: str, of_a_day: time = time.max) -> datetime | int:
    """The number of an event, or a time; of a day its end, and of a minute too, as moments are shown by the minute."""
    from engine.errors import UsageError

    if text.isascii() and text.isdigit() and len(text) < 8:
        if int(text) == 0:
            raise UsageError("events are counted from 1", hint="See `samskap history` for their numbers.")
        return int(text)
    try:
        if len(text) == len("2026-03-14"):
            return datetime.combine(date.fromisoformat(text), of_a_day, tzinfo=call.zone)
        found = datetime.fromisoformat(text)
        if len(text.replace("T", " ")) == len("2026-03-14 09:30") and of_a_day == time.max:
            found += timedelta(minutes=1, microseconds=-1)
    except ValueError:
        raise UsageError(
            f"“{text}” is no moment", hint="Write 2026-03-14, 2026-03-14T09:30, or the number of an event."
        ) from None
    return found if found.tzinfo else found.replace(tzinfo=call.zone)


@commands.add("head", example="samskap head\nsamskap head --json >> /somewhere/else/heads.jsonl")
def head(ctx: typer.Context) -> None:
    """Print a head over the whole log, to keep elsewhere.

    `samskap verify --head` shows later whether everything up to it is still there, unchanged: also where the log was
    cut back to an older copy of itself, which the log alone cannot show. For the operator.
    """
    from engine.store import heads

    call: Call = ctx.obj
    call.require_operator("a head over all processes")
    found = heads.head(call.engine.log)
    tell(call, {"head": str(found), "position": found.position, "at": call.now()}, str(found))


@commands.add(
    "verify",
    example="samskap verify\nsamskap verify --head 1234:9f2c…\nsamskap verify --archive arendal-2026.zip\n"
    "samskap verify --backup /backups/2026-03-02.zip",
)
def verify(
    ctx: typer.Context,
    kept: Annotated[
        str | None, typer.Option("--head", metavar="HEAD", help="A head that was kept elsewhere: is all of it there?")
    ] = None,
    archive: Annotated[
        str | None, typer.Option("--archive", metavar="FILE", help="Check an archive instead; needs no workspace.")
    ] = None,
    backup: Annotated[
        str | None, typer.Option("--backup", metavar="FROM", help="Check a backup instead; needs no workspace.")
    ] = None,
) -> None:
    """Check that the log, an archive or a backup is what was stored.

    Follows the chain of hashes of every process, template and source, against the head that is kept beside it. Where
    something was changed, the first bad event of each is named, and the command ends with 10. Of an archive and of a
    backup, the checksum of every file is checked too.
    """
    from engine.errors import IntegrityFault, UsageError
    from engine.store import heads

    call: Call = ctx.obj
    if sum(given is not None for given in (kept, archive, backup)) > 1:
        raise UsageError("--head, --archive and --backup are about different things", hint="Give one of them.")
    if archive is not None:
        from cli.exporting import verify_archive

        verify_archive(call, archive)
        return
    if backup is not None:
        from cli.backing_up import verify_backup

        verify_backup(call, backup)
        return
    if kept is not None:
        heads.check(call.engine.log, heads.parse(kept))
    verdict = call.engine.verify()
    names = {row["stream"]: row["name"] for row in call.engine.processes()}
    rows = [(names.get(fault.stream, fault.stream), fault.sequence, fault.what) for fault in verdict.faults]
    told = f"{verdict.events} events in {verdict.streams} streams"
    data = {
        "streams": verdict.streams,
        "events": verdict.events,
        "faults": [{"name": name, "sequence": sequence, "what": what} for name, sequence, what in rows],
    }
    if not rows:
        tell(call, data, Done(f"The log holds: {told}."))
        return
    tell(call, data, f"Of {told}, these do not hold:", Table(("Process", "Event", "What is wrong"), rows))
    note(call, "They are in quarantine: read up to there, nothing is written to them; all others go on.")
    note(call, "What to do: keep the file as it is, and restore the log from a backup: samskap restore.")
    raise typer.Exit(IntegrityFault.exit_code)


@commands.add(
    "sql",
    example="samskap sql 'SHOW ALL TABLES'\n"
    "samskap sql 'SELECT * FROM marts.results' --csv > results.csv\n"
    "samskap sql - < question.sql",
)
def sql(
    ctx: typer.Context,
    query: Annotated[str, typer.Argument(metavar="QUERY", help="One SELECT; - reads it from stdin.")],
    csv: Annotated[bool, typer.Option("--csv", help="As CSV, safe for a spreadsheet.")] = False,
) -> None:
    """Ask the readers' copy of the figures in SQL.

    For the operator and the analysts that samskap.toml names; every question is recorded. The copy holds figures under
    pseudonyms; nothing can be changed. Time, rows and memory are bounded by samskap.toml.
    """
    from cli import standard_input
    from cli.copies import reader_copy
    from engine.errors import UsageError
    from warehouse.query import RECORD, asked, to_csv
    from warehouse.query import query as ask

    call: Call = ctx.obj
    if csv and call.json:
        raise UsageError("--csv and --json exclude each other", hint="Give one of them.")
    who = call.require_analyst()
    with asked(call.workspace.data / RECORD, who, question := standard_input.text(query), call.now):
        result = ask(reader_copy(call.workspace), question, limits=limits(call.workspace.settings.sql))
    if result.truncated:
        note(call, f"Cut off after {len(result.rows)} rows: ask for less, or raise rows under [sql] in samskap.toml.")
    if csv:
        write(to_csv(result))
        return
    columns = [{"name": column.name, "type": column.type} for column in result.columns]
    rows = [[_shown(cell) for cell in row] for row in result.rows]
    tell(
        call,
        {"columns": columns, "rows": result.rows, "truncated": result.truncated},
        Table([column.name for column in result.columns], rows, empty="no rows"),
    )


def limits(settings: SqlSettings) -> Limits:
    """The bounds of a question as the settings have them."""
    from warehouse.query import Limits

    number, unit = re.findall(r"([\d.]+)\s*([MG])", settings.memory_limit)[0]  # the settings have checked its shape
    megabytes = int(Decimal(number) * (1024 if unit == "G" else 1))
    return Limits(seconds=settings.seconds, rows=settings.rows, memory_megabytes=max(1, megabytes))


def _shown(cell: Cell) -> str:
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "true" if cell else "false"
    return format(cell, "f") if isinstance(cell, Decimal) else str(cell)
