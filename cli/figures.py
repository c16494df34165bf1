"""The commands about figures: compute them, put a value right, lead a figure back to its answers, keep them fresh."""

# ruff: noqa: PLC0415 (imports stand where they are needed: help must come at once)

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.call import Call
from cli.command import Commands
from cli.output import Done, Part, Progress, Table, note, tell
from cli.quarantine import list_of, told_of

if TYPE_CHECKING:
    from engine.engine import Damaged, Loaded
    from warehouse.explain import Answer, Explanation, FileRows, MendedCell
    from warehouse.stages import Evaluation

commands = Commands()


@commands.add("evaluate", example="samskap evaluate\nsamskap evaluate --on 2026-12-31 --json")
def evaluate(
    ctx: typer.Context,
    on: Annotated[
        str | None, typer.Option("--on", metavar="DATE", help="The day that due and overdue are judged by.")
    ] = None,
    prefect: Annotated[bool, typer.Option("--prefect", help="Run as a flow of Prefect's, with artifacts.")] = False,
) -> None:
    """Load measurements, validate them, and compute outputs, results and effects."""
    call: Call = ctx.obj
    call.require_operator("evaluating")
    day = _day(call, on)
    from engine.errors import DataRejected

    progress = Progress(call)
    if prefect:
        from pipelines.schedule import run_once

        done = run_once(call.workspace, day, progress=progress)
    else:
        from warehouse import stages

        done = stages.evaluate(call.workspace, call.engine, day, progress=progress)
    tell(call, _as_data(done), *_figures(call, done))
    refused = [verdict.batch for verdict in done.verdicts if not verdict.accepted]
    if refused:
        note(call, f"{len(refused)} file(s) were refused whole: more rows break a rule than the contract tolerates.")
        raise typer.Exit(DataRejected.exit_code)


def _day(call: Call, on: str | None) -> date:
    from engine.errors import UsageError

    try:
        return date.fromisoformat(on or call.workspace.today(call.now()))
    except ValueError:
        raise UsageError(f"“{on}” is no date", hint="Write it as 2026-12-31.") from None


def _as_data(done: Evaluation) -> dict[str, object]:
    return {
        "run_id": done.computed.run_id,
        "outcome": done.computed.outcome,
        "copy": done.copy,
        "files": [
            {"batch": v.batch, "accepted": v.accepted, "read": v.read, "rejected": v.rejected} for v in done.verdicts
        ],
        "models": {name: {"rows": found.rows, "hash": found.hash} for name, found in done.computed.models.items()},
        "quarantine": done.left_out,
    }


def _figures(call: Call, done: Evaluation) -> list[Part]:
    language = call.language or call.workspace.settings.language
    new = "New figures" if done.computed.outcome == "computed" else "Nothing new: the figures stand"
    parts: list[Part] = [
        *([files_table(done)] if done.verdicts else []),
        rejects_table(call.workspace, language),
        *figure_tables(done.copy, language),
        Done(f"{new}. Run {done.computed.run_id[:12]}; the readers' copy is {done.copy}"),
        *(
            f"“{one.process}” is in quarantine: event {one.event}: {one.why}. Figures know of it up to there."
            for one in done.left_out
        ),
    ]
    return parts


def files_table(done: Evaluation) -> Table:
    """What came of every file."""
    rows = [
        (batch.source, str(verdict.read), str(verdict.rejected), "accepted" if verdict.accepted else "refused")
        for batch, verdict in zip(done.batches, done.verdicts, strict=True)
    ]
    return Table(("source", "rows read", "left out", ""), rows, title="Files")


def rejects_table(workspace: Any, language: str) -> Table:
    """Every row that is left out, by row, column and reason."""
    from warehouse import stages

    rows = [
        (one.source, str(one.row), one.column or "", one.value or "", one.reasons[language])
        for one in stages.rejected(workspace)
    ]
    return Table(("source", "row", "column", "value", "why"), rows, title="Rows left out", empty="none")


def figure_tables(copy: Any, language: str) -> Iterable[Table]:
    """Outputs, results and effects as the readers' copy has them."""
    from warehouse import copies
    from warehouse.estimators.reading import figure

    with copies.reading(copy) as connection:
        outputs = connection.execute(
            "SELECT result_id, name, delivered::DOUBLE, planned::DOUBLE, unit, status FROM marts.outputs ORDER BY 1"
        ).fetchall()
        results = connection.execute(
            "SELECT result_id, name, kind, unit, value, interval_low, interval_high, target, reading FROM marts.results"
            " ORDER BY 1"
        ).fetchall()
        effects = connection.execute(
            "SELECT result_id, name, estimate, standard_error, standard_error_kind, interval_low, interval_high,"
            " reading FROM marts.effects ORDER BY estimate IS NULL, 1"
        ).fetchall()
    if outputs:
        rows = [
            (
                name,
                what,
                figure(delivered or 0, "count", unit or "", language),
                figure(planned, "count", unit or "", language) if planned is not None else "–",
                status.replace("_", " "),
            )
            for name, what, delivered, planned, unit, status in outputs
        ]
        yield Table(("output", "", "delivered", "planned", "status"), rows, title="Outputs")
    yield Table(
        ("result", "of what", "value", "95 % interval", "target", "reading"),
        [
            (
                name,
                what,
                figure(value, kind, unit, language) if value is not None else "–",
                _between(low, high, kind, unit, language),
                figure(target, kind, unit, language) if target is not None else "–",
                reading[language],
            )
            for name, what, kind, unit, value, low, high, target, reading in results
        ],
        title="Results",
        empty="no indicator is defined",
    )
    yield Table(
        ("effect", "on what", "estimate", "standard error", "95 % interval", "reading"),
        [
            (
                name,
                what,
                f"{estimate:,.2f}" if estimate is not None else "–",
                f"{error:,.1f} ({kind})" if error is not None else "–",
                f"{low:,.1f} to {high:,.1f}" if low is not None else "–",
                reading[language] if reading else "",
            )
            for name, what, estimate, error, kind, low, high, reading in effects
        ],
        title="Effects",
        empty="no indicator is defined",
    )


def _between(low: float | None, high: float | None, kind: str, unit: str, language: str) -> str:
    from warehouse.estimators.reading import figure

    if low is None or high is None:
        return "–"
    return f"{figure(low, kind, unit, language)} – {figure(high, kind, unit, language)}"


@commands.add(
    "mend",
    example="samskap mend umea_2022 --row 4 --column stated_percent --to 15 --reason 'Misprint: 27 of 179'",
)
def mend_value(
    ctx: typer.Context,
    source: Annotated[str, typer.Argument(metavar="SOURCE", help="The source, as its contract calls it.")],
    row: Annotated[int, typer.Option("--row", min=1, help="Row of the file; 1 is the first after the header.")],
    column: Annotated[str, typer.Option("--column", help="The column.")],
    to: Annotated[str, typer.Option("--to", metavar="VALUE", help="What should stand there.")],
    reason: Annotated[str, typer.Option("--reason", help="Why. It is kept with the change.")],
    file: Annotated[
        str | None, typer.Option("--file", metavar="NAME", help="The file, where several have such a row.")
    ] = None,
) -> None:
    """Put a value of a rejected row right, with a reason; the next evaluation uses it.

    For whoever fills in measurements in the source's process; of a source without a process, for the operator.
    """
    call: Call = ctx.obj
    from warehouse import stages
    from warehouse.mending import mend
    from warehouse.sources.contract import read_contract

    contracts = [read_contract(path) for path in sorted(call.workspace.sources.glob(stages.CONTRACTS))]
    process = next((contract.process for contract in contracts if contract.source == source), None)
    payload = mend(
        call.engine,
        call.reader(),
        process,
        stages.rejected(call.workspace, source),
        row=row,
        column=column,
        new=to,
        reason=reason,
        file=file,
    )
    told = {"source": source, "row": row, "column": column, "old": payload.old, "new": payload.new}
    tell(call, told, Done(f"Row {row}: {column} was “{payload.old}” and is now “{to}”. Evaluate to use it."))


@commands.add("explain figure", example="samskap explain figure umea-2022/exits/2022")
def explain_figure(
    ctx: typer.Context,
    figure: Annotated[str, typer.Argument(metavar="FIGURE", help="The figure's name: `result_id` in marts.")],
) -> None:
    """Lead a figure back to its run, its definitions, and the answers and rows behind it."""
    call: Call = ctx.obj
    from warehouse import copies, stages
    from warehouse.explain import explain

    reader = call.reader()
    with copies.reading(copies.current(call.workspace.copies, stages.READER)) as connection:
        found = explain(connection, figure)
    met: list[Damaged] = []
    asked = call.engine.each(sorted({answer.process for answer in found.answers}), met.append)
    whole = {loaded.state.name: loaded for loaded in asked}
    for loaded in whole.values():
        call.engine.view(reader, loaded)
    if met or not whole:  # who takes part is not known of what is damaged
        call.require_analyst()
    answers = [(answer, readable(call, reader, answer, whole.get(answer.process))) for answer in found.answers]
    data = {
        "result_id": found.result_id,
        "table": found.table,
        "figure": exact(found.figure),
        "run_id": found.run_id,
        "evaluated_on": found.evaluated_on,
        "log_position": found.log_position,
        "reads": found.reads,
        "files": [
            {**asdict(file), "landed_at": at} for file, at in zip(found.files, landed(call, found.files), strict=True)
        ],
        "mends": mended(call, found.mends),
        "questions": found.questions,
        "answers": [{"event": answer, "answers": exact(told)} for answer, told in answers],
        "quarantine": list_of(met),
    }
    language = call.language or reader.person.language
    explained = explanation(found, answers, mended(call, found.mends), landed(call, found.files), language)
    tell(call, data, *explained, *told_of(met))


def landed(call: Call, files: Sequence[FileRows]) -> list[str]:
    """When each file landed, as the log says it."""
    pages = (next(call.engine.log.pages(after=file.log_position - 1, size=1)) for file in files)
    return [event.recorded_at.isoformat(timespec="seconds") for page in pages for event in call.engine.events(page)]


@dataclass(frozen=True, slots=True)
class Mend:
    """A value that a person put right, with who, when and why."""

    source: str
    row: int
    column: str
    old: str
    new: str
    who: str
    at: str
    why: str


def mended(call: Call, cells: Sequence[MendedCell]) -> list[Mend]:
    """Who put the values right, when and why, as the source's log says it; `(erased)` where the key is gone."""
    from engine.engine import stream_of
    from engine.process.events import RowMended

    people = {call.engine.people.fingerprint(person.id)[:32]: person.name for person in call.engine.people.all()}
    found = []
    for source in dict.fromkeys(cell.source for cell in cells):
        events = [*call.engine.events(call.engine.log.read(stream_of("source", source)))]
        for cell in (cell for cell in cells if cell.source == source):
            for event in reversed(events):
                done = event.payload
                if isinstance(done, RowMended) and (done.row, done.column, done.new) == (
                    cell.row,
                    cell.column,
                    cell.new,
                ):
                    why = done.reason if isinstance(done.reason, str) else "(erased)"
                    who = people.get(done.subject, "(erased)")
                    at = event.recorded_at.isoformat(timespec="seconds")
                    found.append(Mend(source, cell.row, cell.column, cell.old, cell.new, who, at, why))
                    break
    return found


def readable(call: Call, reader: Any, answer: Answer, loaded: Loaded | None) -> Mapping[str, Any] | None:
    """The answers of an event as far as the reader may see them; None where they may not, or its process is damaged."""
    from engine.errors import NotAllowed
    from engine.process.events import FormSubmitted

    if loaded is None:
        return None
    try:
        view = call.engine.view(reader, loaded)
    except NotAllowed:
        return None
    instance = loaded.state.instances.get(answer.instance)
    submission = next((s for s in instance.submissions if s.sequence == answer.sequence), None) if instance else None
    if instance is None or submission is None or not view.answers(instance, submission):
        return None
    record = next(record for record in loaded.records if record.sequence == answer.sequence)
    payload = call.engine.payload(record, opened=loaded.state.revealed)
    return payload.answers if isinstance(payload, FormSubmitted) else None


def explanation(
    found: Explanation,
    answers: Sequence[tuple[Answer, Mapping[str, Any] | None]],
    mends: Sequence[Mend],
    landed: Sequence[str],
    language: str,
) -> list[Part]:
    """An explanation for people: the figure, how it came about, and what lies behind it."""
    figure = {
        name: value
        for name, value in found.figure.items()
        if value not in (None, []) and name not in ("process_id", "reading", "sequences", "batches")
    }
    reading = found.figure.get("reading")
    rows = [
        (
            answer.what,
            f"{answer.process} #{answer.sequence}",
            answer.instance,
            answer.party or answer.membership or "",
            answer.submitted_at,
            _short(told, found.questions),
        )
        for answer, told in answers
    ]
    files = [
        (
            one.source,
            one.file_name,
            at,
            one.stored_hash[:12],
            str(one.row_number or f"all {one.rows}"),
            str(one.rejected),
        )
        for one, at in zip(found.files, landed, strict=True)
    ]
    parts: list[Part] = [
        Table(("what", "value"), [(name, _plain(value)) for name, value in figure.items()], title=found.result_id),
        *([reading[language]] if reading else []),
        f"How: {found.meaning}",
        f"Computed as of {found.evaluated_on} by run {found.run_id[:12]}, from events up to {found.log_position}.",
        f"From: {', '.join(found.reads)}",
    ]
    if files:
        parts.append(
            Table(("source", "file", "landed (UTC)", "hash", "rows", "left out"), files, title="Files behind it")
        )
    if mends:
        told = [(m.source, str(m.row), m.column, m.old, m.new, m.who, m.why) for m in mends]
        columns = ("source", "row", "column", "was", "is now", "by", "because")
        parts.append(Table(columns, told, title="Put right by a person"))
    if rows:
        headings = ("what", "event", "task", "party", "stored (UTC)", "answers")
        parts.append(Table(headings, rows, title="Answers behind it"))
    return parts


def _plain(value: Any) -> str:
    """A value for people: numbers with as many places as can be read, yes and no, lists with commas."""
    match value:
        case bool():
            return "yes" if value else "no"
        case float() | Decimal():
            return f"{value:,.4f}".rstrip("0").rstrip(".")
        case list():
            return ", ".join(_plain(inner).replace("_", " ") for inner in value)
        case datetime():
            return value.isoformat(" ", timespec="seconds")
    return str(value)


def _short(told: Mapping[str, Any] | None, questions: Sequence[str]) -> str:
    """The answers on one line: those to the questions that count, where it is known which."""
    if told is None:
        return "(not yours to read)"
    counted = {name: value for name, value in told.items() if name in questions} if questions else told
    text = ", ".join(f"{name}={value}" for name, value in counted.items())
    return text if len(text) <= 120 else text[:119] + "…"


def exact(value: Any) -> Any:
    """The value with floats as the shortest decimals that mean the same, for JSON."""
    if isinstance(value, float):
        return Decimal(repr(value)) if value == value and abs(value) != float("inf") else None  # noqa: PLR0124 (NaN)
    if isinstance(value, Mapping):
        return {name: exact(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [exact(inner) for inner in value]
    return value


@commands.add("schedule", example="samskap schedule\nsamskap schedule --cron '0 3 * * *'")
def schedule(
    ctx: typer.Context,
    cron: Annotated[
        str | None, typer.Option("--cron", metavar="CRON", help="When figures come, instead of what samskap.toml says.")
    ] = None,
) -> None:
    """Evaluate, let deadlines act and send messages by the clock, through a local Prefect server.

    At the times that samskap.toml says, until Ctrl-C or SIGTERM; a run that goes on then is waited for. It is two
    flows: `evaluate`, and `keep-time`, which does what `samskap tick` and `samskap deliver` do.
    """
    call: Call = ctx.obj
    call.require_operator("the schedule")
    from pipelines.schedule import serve

    times = call.workspace.settings.schedule
    note(call, f"Evaluating by {cron or times.cron}, deadlines and messages by {times.tick}; Ctrl-C ends it.")
    serve(call.workspace, cron=cron, progress=Progress(call))
