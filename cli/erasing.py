"""Commands that forget people, and that look whether they are forgotten."""

# ruff: noqa: PLC0415 (imports stand inside the commands: help must come at once)

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from cli.call import Call
from cli.command import Commands
from cli.output import Done, Part, Progress, Table, note, tell
from engine.text import counted

if TYPE_CHECKING:
    from engine.personal.erasing import Plan
    from engine.personal.searching import Searched

commands = Commands()

Reason = Annotated[
    str, typer.Option("--reason", metavar="TEXT", help="Why, without naming anybody: it is kept in the list.")
]


@commands.add(
    "erase",
    example="samskap erase kari --dry-run\n"
    "samskap erase kari --reason 'Asked for it on 3 May' --verify\n"
    "samskap erase kari --process arendal-2026 --reason 'Left by mistake'\n"
    "samskap erase --unit 4711 --reason 'Asked for it on 3 May'\n"
    "samskap erase --verify --search 'Kari Nordmann'",
)
def erase(
    ctx: typer.Context,
    handle: Annotated[str | None, typer.Argument(metavar="[HANDLE]", help="The person.")] = None,
    reason: Reason = "",
    process: Annotated[
        str | None, typer.Option("--process", metavar="PROCESS", help="Only what they are in this process.")
    ] = None,
    units: Annotated[
        list[str] | None,
        typer.Option("--unit", metavar="ID", help="A person of measurement files, as the file calls them; repeatable."),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would go, and what stays and why.")] = False,
    verify: Annotated[bool, typer.Option("--verify", help="Then look everywhere for what should be gone.")] = False,
    search: Annotated[
        list[str] | None,
        typer.Option("--search", metavar="TEXT", help="With --verify: look for this too; repeatable."),
    ] = None,
) -> None:
    """Forget a person, for good; and look whether nothing is left.

    For the operator. Keys are destroyed first: from then on names, texts, reasons, drafts and addresses cannot be read,
    in no backup of the log either. The log says that somebody was erased, and not who. What is made from it is made
    anew. Answers that are not personal stay, and nobody knows whose they are. It cannot be taken back.

    With --verify alone it only looks. Ends with 14 where something was found.
    """
    call: Call = ctx.obj
    call.require_operator("erasing people")
    if units:
        _not_both(handle, process)
        done = _erase_units(call, units, reason, dry_run=dry_run)
    elif handle is not None and (reason or dry_run):
        done = _erase_person(call, handle, process, reason, dry_run=dry_run)
    elif handle is not None and verify:
        done = _Told(canaries=_known_of(call, handle))
    elif verify and search:
        done = _Told()
    else:
        _nothing_to_do(handle)
    if verify and not dry_run:
        _verify(call, done, [*done.canaries, *(search or ())])
    else:
        tell(call, done.data, *done.parts)


@dataclass(frozen=True, slots=True)
class _Told:
    """What is to be told of what was done, and the texts that nobody should find after it."""

    data: dict[str, object] = field(default_factory=dict)
    parts: Sequence[Part] = ()
    canaries: Sequence[str] = ()


def _not_both(handle: str | None, process: str | None) -> None:
    from engine.errors import UsageError

    if handle is not None or process is not None:
        raise UsageError("a person, or units of measurement files", hint="Erase the one, then the other.")


def _nothing_to_do(handle: str | None) -> NoReturn:
    from engine.errors import Refused, UsageError

    if handle is not None:
        raise Refused("erasing needs a reason", hint="Give one with --reason, or look first: --dry-run.")
    raise UsageError("nobody to erase, and nothing to look for", hint="Name a person, or give --verify --search TEXT.")


def _erase_person(call: Call, handle: str, process: str | None, reason: str, *, dry_run: bool) -> _Told:
    from engine.errors import IntegrityFault
    from engine.personal import erasing

    planned = erasing.plan(call.engine, call.engine.people.find(handle), process)
    stays = [*_kept(planned), *_stays(call, handle)]
    if dry_run:
        return _Told(_as_data(planned, stays, None), _planned(planned, stays))
    try:
        done = erasing.erase(call.engine, planned, reason)
    except IntegrityFault:  # a process in quarantine tells nothing; all else that was to go is gone
        made_anew(call, planned.canaries)
        note(call, "What was known of the person is gone. The process in quarantine will tell so when it is restored.")
        raise
    made_anew(call, planned.canaries)
    what = "A person was" if planned.whole else "What a person was in one process was"
    told: list[Part] = [Done(f"{what} erased. Entry in the list: {done.erasure}"), *stays]
    return _Told(_as_data(planned, stays, done.erasure), told, planned.canaries)


def _erase_units(call: Call, units: Sequence[str], reason: str, *, dry_run: bool) -> _Told:
    from engine.personal import erasing
    from warehouse.erasing import pseudonyms, rows_of

    marks = pseudonyms(call.engine, units)
    found = rows_of(call.workspace, call.engine, marks)
    rows = [(one.source, one.file_name, one.rows) for one in found]
    table = Table(("Source", "File", "Rows"), rows, empty="no row of theirs")
    if dry_run:
        return _Told({"erasure": None, "files": found}, (table, Done("Nothing was erased: leave out --dry-run.")))
    done = erasing.erase_units(call.engine, marks, units, reason)
    made_anew(call, ())
    told = Done(f"These rows were erased. Entry in the list: {done.erasure}")
    yours = "The files that they came in are yours, and may hold them still: take them out there too."
    return _Told({"erasure": done.erasure, "files": found}, (table, told, yours), (*marks, *units))


def made_anew(call: Call, canaries: Sequence[str]) -> None:
    """What lies beside the log without what was erased; the figures computed again, where there were any."""
    from engine.errors import SamskapError
    from warehouse import erasing, stages

    progress = Progress(call)
    day = erasing.day_of_figures(call.workspace)
    purged = erasing.purge(call.workspace, call.engine, canaries, progress=progress)
    for path in purged.exports:
        note(call, f"removed: {path.relative_to(call.workspace.root)}")
    for path in purged.unread:
        note(call, f"cannot be read, so nobody was erased in it; remove it: {path.relative_to(call.workspace.root)}")
    if day is not None:
        try:
            stages.evaluate(call.workspace, call.engine, day, progress=progress)
        except SamskapError as error:  # what was to be erased is erased, and that is what was asked for
            note(call, f"The figures were not computed again: {error}. Put it right, then `samskap evaluate`.")


def _kept(planned: Plan) -> list[str]:
    """Processes that a law asks to keep."""
    until = {one.process: one.kept_until for one in planned.processes if one.kept_until is not None}
    told = [f"{name} ({day if day < date.max else 'it goes on still'})" for name, day in until.items()]
    return [f"Kept by law, with who the person is: {', '.join(told)}. Erase again when that is over."] if told else []


def _stays(call: Call, handle: str) -> list[str]:
    """What nobody but its owner can take away."""
    settings = call.workspace.settings
    stays = ["Answers that are not marked personal stay, under a pseudonym that leads to nobody."]
    if handle in settings.sql.analysts:
        stays.append(f"samskap.toml names “{handle}” under analysts: take it out there.")
    return stays


def _planned(planned: Plan, stays: Sequence[str]) -> list[Part]:
    rows = [
        (
            one.process,
            ", ".join(one.memberships),
            one.texts,
            one.open_tasks,
            "nobody leads it then" * one.leaves_without_lead,
        )
        for one in planned.processes
    ]
    beside = planned.rows
    whole = [
        f"Name, handle, language and address of {planned.person.name} would go, with"
        f" {counted(beside.draft, 'draft')}, {counted(beside.outbox, 'message')} and"
        f" {counted(beside.session, 'session')}, and why they put values right in"
        f" {counted(len(planned.mended), 'source')}."
    ]
    columns = ("Process", "Memberships", "Texts that would go", "Tasks that would be withdrawn", "")
    return [
        Table(columns, rows, empty="took part in no process"),
        *(whole if planned.whole else []),
        *stays,
        Done("Nothing was erased: give --reason without --dry-run."),
    ]


def _as_data(planned: Plan, stays: Sequence[str], erasure: str | None) -> dict[str, object]:
    return {
        "erasure": erasure,
        "whole": planned.whole,
        "processes": planned.processes,
        "rows": planned.rows,
        "sources": len(planned.mended),
        "stays": list(stays),
    }


# -- looking ----------------------------------------------------------------------------------------------------------


def _known_of(call: Call, handle: str) -> list[str]:
    """What is looked for of a person who is still known; of one who is not, the handle."""
    from engine.errors import NotFound
    from engine.personal import erasing

    try:
        return list(erasing.plan(call.engine, call.engine.people.find(handle)).canaries)
    except NotFound:
        return [handle]


def _verify(call: Call, done: _Told, canaries: Sequence[str]) -> None:
    from engine.errors import TracesFound
    from engine.personal.erasing import destroyed
    from engine.personal.searching import copies_of_keys, search
    from engine.store.sqlite import SqliteLog
    from warehouse.searching import READERS

    log, root = call.engine.log, call.workspace.root
    inside = isinstance(log, SqliteLog) and log.path.resolve().is_relative_to(root)
    found = search(root, canaries, log=None if inside else log, readers=READERS)
    keys = copies_of_keys(root, destroyed(call.engine))
    verified = {**_found_data(found), "keys": keys}
    tell(call, {**done.data, "verified": verified}, *done.parts, *_found(found, len(canaries)), *_of_keys(keys))
    if found.unread:
        note(call, f"Could not be read through, only byte by byte: {'; '.join(found.unread)}")
    if found.hits or keys:
        note(call, "What to do: what lies in data/ is ours to report; other files are yours to mend or remove.")
        raise typer.Exit(TracesFound.exit_code)


def _found(found: Searched, canaries: int) -> list[Part]:
    if not found.hits:
        short = f" {len(found.too_short)} were too short to look for." if found.too_short else ""
        looked = f"{counted(canaries, 'text')} in {counted(found.files, 'file')}, {found.bytes:,} bytes."
        return [Done(f"Nothing found: {looked}{short}")]
    rows = [(hit.place, f"text {hit.canary + 1}", hit.how) for hit in found.hits]
    return ["This is still there:", Table(("Where", "What", "As"), rows)]


def _of_keys(keys: Sequence[str]) -> list[Part]:
    """Copies of keys: whoever has one, and the log or an old backup of it, reads what was erased."""
    return [Table(("Copies of keys that were destroyed: remove them",), [(place,) for place in keys])] if keys else []


def _found_data(found: Searched) -> dict[str, object]:
    return {
        "hits": [{"place": hit.place, "text": hit.canary + 1, "as": hit.how} for hit in found.hits],
        "files": found.files,
        "bytes": found.bytes,
        "unread": found.unread,
        "too_short": len(found.too_short),
    }


@commands.add("erasures", example="samskap erasures")
def erasures(ctx: typer.Context) -> None:
    """List what was erased: when, what kind, why, and which runs cannot be computed again since.

    For the operator. The list names nobody. Keep a copy of data/erasures.jsonl elsewhere, in no backup of log or keys.
    """
    from warehouse.erasing import irreproducible

    call: Call = ctx.obj
    call.require_operator("listing erasures")
    entries = call.engine.erasures.all()
    lost = irreproducible(call.workspace, call.engine)
    runs = {entry.id: sorted(run for run, since in lost.items() if since == entry.id) for entry in entries}
    data = [
        {
            "erasure": entry.id,
            "at": entry.at,
            "kind": entry.kind,
            "by": entry.by,
            "reason": entry.reason,
            "done": entry.is_done,
            "runs": runs[entry.id],
        }
        for entry in entries
    ]
    rows = [(entry.at, entry.kind, entry.reason, len(runs[entry.id]), entry.id) for entry in entries]
    tell(
        call,
        {"erasures": data},
        Table(("When", "What", "Why", "Runs not reproducible since", "Entry"), rows, empty="nobody was erased"),
    )
