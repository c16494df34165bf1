"""Commands that take processes out of the workspace: for other systems, for process mining, and for an archive."""

# ruff: noqa: PLC0415 (imports stand inside the commands: help must come at once)

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from cli.call import Call
from cli.command import Commands, Process
from cli.completion import process_names
from cli.output import Done, Part, Table, note, tell, write
from cli.quarantine import list_of
from engine.text import counted

if TYPE_CHECKING:
    from engine.engine import Damaged, Meeting
    from engine.export.source import Source

commands = Commands()

SomeProcesses = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="[PROCESS]...", help="These processes; all of them without any.", autocompletion=process_names
    ),
]
To = Annotated[str, typer.Option("--to", metavar="FILE", help="The file to write.")]
Force = Annotated[bool, typer.Option("--force", help="Replace the file if there is one.")]
STDOUT = "-"


@commands.add(
    "export cloudevents",
    example="samskap export cloudevents arendal-2026 --to arendal.jsonl\nsamskap export cloudevents --to -",
)
def export_cloudevents(
    ctx: typer.Context,
    to: Annotated[str, typer.Option("--to", metavar="FILE", help="The file to write; - for stdout.")],
    processes: SomeProcesses = None,
    force: Force = False,
) -> None:
    """Write events as CloudEvents 1.0, one a line.

    For whoever leads the processes, and for the operator. Payloads are as they are stored: what is personal or sealed
    stays encrypted. Answers that you may not see are left out, and the event says so.
    """
    from engine import codec
    from engine.errors import UsageError
    from engine.export.cloudevents import cloudevents
    from engine.export.files import new_file

    call: Call = ctx.obj
    if to == STDOUT and call.json:
        raise UsageError("--to - and --json exclude each other", hint="The events are JSON already.")
    met: list[Damaged] = []
    found = _sources(call, processes, met.append)
    lines = (codec.dumps(event) + b"\n" for source in found for event in cloudevents(source))
    if to == STDOUT:
        for line in lines:
            write(line.decode())
    else:
        with new_file(_target(call, to), force=force) as file:
            file.writelines(lines)
    withheld = sum(len(source.hidden) for source in found)
    if withheld:
        note(
            call,
            f"Without answers that you may not see: {counted(withheld, 'event')}. Act for a participant with --as.",
        )
    if to != STDOUT:
        _told(call, to, found, withheld=withheld, quarantine=list_of(met))
    _end(call, met)


@commands.add(
    "export ocel",
    example="samskap export ocel --to processes.json\nsamskap export ocel --to named.json --activities named",
)
def export_ocel(
    ctx: typer.Context,
    to: To,
    processes: SomeProcesses = None,
    activities: Annotated[
        Literal["typed", "named"],
        typer.Option(help="What an event is called: action.taken, or action.taken open_round."),
    ] = "typed",
    force: Force = False,
) -> None:
    """Write an object-centric event log (OCEL 2.0, JSON) for process mining.

    For whoever leads the processes, and for the operator. It tells what happened to which process, party, membership,
    task and submission, and when: no answers, no texts, no names of persons. Named activities say which action, task or
    state: so a miner finds the template's own steps.
    """
    from engine import codec
    from engine.export.files import new_file
    from engine.export.ocel import by_name, by_type, ocel

    call: Call = ctx.obj
    met: list[Damaged] = []
    found = _sources(call, processes, met.append)
    with new_file(_target(call, to), force=force) as file:
        file.write(codec.dumps(ocel(found, by_name if activities == "named" else by_type)))
    _told(call, to, found, quarantine=list_of(met))
    _end(call, met)


@commands.add("export archive", example="samskap export archive arendal-2026 --to arendal-2026.zip --as kari")
def export_archive(ctx: typer.Context, process: Process, to: To, force: Force = False) -> None:
    """Pack one process into an archive that can be checked anywhere.

    A BagIt bag in a zip: the events as they were stored, the bundles they ran under, hashes, a text that explains it.
    No keys: personal texts and protected answers cannot be read in it. For whoever leads the process, and for the
    operator who acts for somebody in it. `samskap verify --archive FILE` checks it.
    """
    from importlib.metadata import version

    from engine.export import archive, bag
    from engine.export.files import new_file
    from engine.export.source import require_all, source

    call: Call = ctx.obj
    found = source(call.engine, call.reader(), process)
    require_all(found)
    at, by = call.now().replace(microsecond=0), f"samskap {version('samskap')}"
    files = archive.files(found.records, found.template, made_at=at.isoformat(), made_by=by)
    identifier = f"urn:uuid:{found.records[0].stream}"
    with new_file(_target(call, to), force=force) as file:
        bag.pack(bag.bag(files, identifier=identifier, made_at=at, made_by=by), found.name, at, file)
    head = found.records[-1].hash
    unreadable = [one for one in archive.sealed_answers(found.records) if one.how != "open"]
    for one in unreadable:
        note(
            call,
            f"Cannot be read in it: {counted(one.answers, 'answer')} to {one.task}, entry {one.entry} ({one.how}).",
        )
    _told(call, to, [found], head=head, unreadable=unreadable)
    if not (call.json or call.quiet):
        note(call, f"Keep this elsewhere, to know the archive by: {head}")


def verify_archive(call: Call, file: str) -> None:
    """Tell whether an archive is what was packed; ends with 10 where it is not."""
    from engine.errors import IntegrityFault
    from engine.export.check import check

    checked = check(Path(file))
    overview, findings = checked.overview, checked.findings
    if findings:
        rows = [(one.file, one.event or None, one.what) for one in findings]
        told: list[Part] = ["The archive does not hold:", Table(("File", "Event", "What is wrong"), rows)]
    else:
        told = _described(overview)
    tell(call, {"overview": overview, "faults": findings}, *told)
    if findings:
        note(call, "What to do: compare it with the archive that was handed over, or ask for it again.")
        raise typer.Exit(IntegrityFault.exit_code)


def _described(overview: Mapping[str, Any]) -> list[Part]:
    """What an archive is that holds, and what cannot be read in it."""
    process, (stream, *_) = overview["process"], overview["streams"]
    sealed = [(one["task"], one["entry"], one["answers"], one["revealed"]) for one in overview["sealed"]]
    return [
        Done(f"The archive holds: {process['name']}, {stream['events']} events."),
        Done(f"Compare its last event with what was noted when it was made: {stream['hash']}"),
        *([Table(("Task", "Entry", "Answers", "Revealed"), sealed, title="Sealed answers")] if sealed else []),
        Done(f"Encrypted, and without their keys: {overview['encrypted_personal_texts']} personal texts."),
    ]


def _sources(call: Call, processes: list[str] | None, meet: Meeting) -> list[Source]:
    from engine.export.source import sources

    return sources(call.engine, call.reader(), processes or [], meet=meet)


def _end(call: Call, met: list[Damaged]) -> None:
    """Tell what was left out, and end with 10 then: who takes a file along must not think it whole."""
    from engine.errors import IntegrityFault

    for one in met:
        note(call, f"Left out: {one.why.message}.")
    if met:
        note(call, f"What to do: {met[0].why.hint}")
        raise typer.Exit(IntegrityFault.exit_code)


def _target(call: Call, to: str) -> Path:
    """The file to write; raise `UsageError` where it would lie among the workspace's own data."""
    from engine.errors import UsageError

    path = Path(to)
    if path.absolute().resolve().is_relative_to(call.workspace.data.resolve()):
        raise UsageError("the data folder is the engine's own", hint="Write the file somewhere else.", where=to)
    return path


def _told(call: Call, to: str, found: list[Source], **more: object) -> None:
    events = sum(len(source.records) for source in found)
    names = [source.name for source in found]
    data = {"file": to, "processes": names, "events": events, **more}
    tell(call, data, Done(f"{to}: {counted(events, 'event')} of {counted(len(names), 'process', 'processes')}."))
