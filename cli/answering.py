"""Commands about answering: what is open, the questions, drafts, and handing answers in."""

# ruff: noqa: PLC0415 (imports stand inside the commands: help must come at once)

from __future__ import annotations

from dataclasses import replace
from datetime import date
from difflib import get_close_matches
from typing import TYPE_CHECKING, Annotated

import typer

from cli.call import Call
from cli.command import CommandId, Commands, Instance, Process, SomeProcess
from cli.output import Done, Table, as_json, tell, write
from cli.quarantine import list_of, told_of
from cli.taking_part import where_now

if TYPE_CHECKING:
    from engine.engine import Damaged, Loaded
    from engine.errors import AnswersInvalid
    from engine.form.model import Form
    from engine.form.sheets import FilledIn
    from engine.process.commands import Backfill, Submit
    from engine.store.people import Session
    from engine.store.worklists import WorkItem

commands = Commands()

Answers = Annotated[
    str | None, typer.Option("--answers", metavar="FILE", help="The answers in JSON, YAML or .xlsx; - reads stdin.")
]
Single = Annotated[
    list[str] | None,
    typer.Option(
        "--set", metavar="FIELD=VALUE", help="One answer, over those of the file; may stand again.", show_default=False
    ),
]


ValidOn = Annotated[
    str | None,
    typer.Option("--valid-on", metavar="DAY", help="The day that the answers are about, where that was earlier."),
]
DECIDED = "Decided on the earlier answer, and left as it is"


@commands.add("tasks", example="samskap tasks\nsamskap tasks arendal-2026 --json")
def tasks(ctx: typer.Context, process: SomeProcess = None) -> None:
    """List what is open for you.

    What is due first comes first. INSTANCE is what `form` and `submit` are told. Of a process in quarantine nothing is
    listed but why.
    """
    call: Call = ctx.obj
    session = call.session()
    if process is not None:
        call.engine.stream(process)  # tells where there is no such process
    met: list[Damaged] = []
    items = call.engine.tasks(session, process, meet=met.append)
    asked = call.engine.each(dict.fromkeys(item.process for item in items), met.append)
    whole = {loaded.state.name: loaded for loaded in asked}
    language = session.person.language
    found = [(item, _title(whole[item.process], item, language)) for item in items if item.process in whole]
    tell(
        call,
        {"tasks": [{**_as_dict(item), "title": title} for item, title in found], "quarantine": list_of(met)},
        Table(
            ("Process", "Instance", "What", "For", "Due"),
            [(i.process, i.instance, title, i.party or i.membership, call.local(i.due)) for i, title in found],
            empty="Nothing is open for you.",
        ),
        *told_of(met),
    )


def _title(loaded: Loaded, item: WorkItem, language: str) -> str:
    return loaded.definition.tasks[item.task].spec.title.get(language)


def _as_dict(item: WorkItem) -> dict[str, object]:
    names = ("process", "process_title", "instance", "task", "membership", "party", "due")
    return {name: getattr(item, name) for name in names}


@commands.add(
    "form",
    example="samskap form arendal-2026 answer.1.m2\n"
    "samskap form arendal-2026 answer.1.m2 --template > answers.yaml\n"
    "samskap form arendal-2026 answer.1.m2 --to answers.xlsx\n"
    "samskap form arendal-2026 answer.1.m2 --schema > schema.json",
)
def form(
    ctx: typer.Context,
    process: Process,
    instance: Instance,
    template: Annotated[
        bool, typer.Option("--template", help="An answers file in YAML to fill in, with the questions as comments.")
    ] = False,
    schema: Annotated[bool, typer.Option("--schema", help="The form's JSON Schema, as --json has it too.")] = False,
    to: Annotated[
        str | None, typer.Option("--to", metavar="FILE", help="An Excel workbook (.xlsx) to fill in, for --answers.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace the file if there is one.")] = False,
) -> None:
    """Show the questions of a task.

    In square brackets is how each field is called.
    """
    from cli.questions import form_text, skeleton
    from cli.workbooks import keep
    from engine.errors import UsageError

    call: Call = ctx.obj
    if template + schema + (to is not None) > 1:
        raise UsageError("--template, --schema and --to exclude each other", hint="Leave out all but one.")
    if template and call.json:
        raise UsageError("--template is YAML and cannot be JSON too", hint="Leave out --json.")
    session = call.reader()
    asked = form_of(call, session, process, instance)
    language = session.person.language
    if template:
        write(skeleton(asked, instance, language, call.engine.earlier_texts(session, process, instance)))
    elif schema:
        write(as_json(asked.schema))
    elif to is not None:
        keep(asked, language, to, call.engine.earlier_texts(session, process, instance), force=force)
        next_step = f"samskap submit {process} {instance} --answers {to}"
        tell(call, {"form": asked.id, "to": to}, Done(f"Wrote {to}. Fill it in, and hand it in: {next_step}"))
    else:
        suggested = call.engine.suggestions(session, process, instance)
        earlier = call.engine.earlier_texts(session, process, instance)
        tell(call, asked.schema, form_text(asked, language, suggested, earlier))


@commands.add(
    "submit",
    example="samskap submit arendal-2026 answer.1.m2 --answers answers.yaml\n"
    "samskap submit arendal-2026 agree.1.kommune --set visibility=open",
)
def submit(
    ctx: typer.Context,
    process: Process,
    instance: Instance,
    answers: Answers = None,
    single: Single = None,
    on_behalf_of: Annotated[
        str | None, typer.Option("--on-behalf-of", metavar="MEMBERSHIP", help="For somebody you help: m3.")
    ] = None,
    reason: Annotated[
        str, typer.Option("--reason", help="Why an answer is put right, for those who may put others' right.")
    ] = "",
    valid_on: ValidOn = None,
    command_id: CommandId = "",
) -> None:
    """Answer a task, or correct an answer.

    Where an answer does not fit, each such field is told with what would be right, and nothing is stored. What was
    decided on an answer that is corrected stays as it is, and is listed.
    """
    from cli.answers import given
    from engine.process.commands import Submit

    call: Call = ctx.obj
    asked = form_of(call, call.session(), process, instance)
    handed = given(answers, single or (), asked, call.session().person.language)
    command = Submit(instance, handed.answers, on_behalf_of, reason, day(valid_on))
    _stored(call, process, command, handed, asked, command_id)


@commands.add(
    "backfill",
    example="samskap backfill arendal-2026 answer.0.m2 --answers paper.yaml --valid-on 2025-10-14"
    " --reason 'Answered on paper'",
)
def backfill(
    ctx: typer.Context,
    process: Process,
    instance: Instance,
    reason: Annotated[str, typer.Option("--reason", help="Where the answers come from; everybody can read it.")],
    valid_on: ValidOn,
    answers: Answers = None,
    single: Single = None,
    command_id: CommandId = "",
) -> None:
    """Enter answers of a round before the process began.

    Rounds count back from the first: answer.0.m2 is m2's answer in the round before it, answer.-1.m2 in the one before
    that. For whoever leads the process.
    """
    from cli.answers import given
    from engine.errors import UsageError
    from engine.process.commands import Backfill

    call: Call = ctx.obj
    loaded = call.engine.load(call.engine.stream(process))
    call.engine.view(call.session(), loaded)
    task = instance.partition(".")[0]
    if task not in loaded.definition.tasks:
        raise UsageError(f"there is no task “{task}”", hint=f"There are: {', '.join(loaded.definition.tasks)}.")
    asked = loaded.definition.form_of(task)
    moment = day(valid_on)
    assert moment is not None
    handed = given(answers, single or (), asked, call.session().person.language)
    _stored(call, process, Backfill(instance, handed.answers, moment, reason), handed, asked, command_id)


def day(text: str | None) -> date | None:
    """A day as typed; raise `UsageError` for what is none."""
    from engine.errors import UsageError

    try:
        return date.fromisoformat(text) if text is not None else None
    except ValueError as error:
        raise UsageError(f"“{text}” is no day", hint="Write one such as 2026-03-14.") from error


def _stored(
    call: Call, process: str, command: Submit | Backfill, handed: FilledIn, asked: Form, command_id: str
) -> None:
    """Send answers, and tell what came of it; answers that do not fit are told with the titles of their fields."""
    from engine.errors import AnswersInvalid

    session, instance = call.session(), command.instance
    try:
        receipt = call.engine.handle(session, process, command, command_id=command_id)
    except AnswersInvalid as error:
        raise with_titles(error, asked, session.person.language, handed) from error
    done = f"Stored the answers to {instance}"
    decided = call.engine.decided_on(session, process, instance)
    rows = [(line.sequence, call.local(line.at), line.who, line.text) for line in decided]
    tell(
        call,
        {"receipt": receipt, "decided": decided} if decided else receipt,
        Done(f"{done} (had been done before: nothing new)" if receipt.replayed else done),
        f"Receipt, to keep: {receipt}",
        *(where_now(call, process, session.person.language) if receipt.last > receipt.first else []),
        *([Table(("No.", "When", "Who", "What"), rows, title=DECIDED)] if rows else []),
    )


@commands.add(
    "draft save",
    example="samskap draft save arendal-2026 answer.1.m2 --answers answers.yaml\n"
    "samskap draft save arendal-2026 answer.1.m2 --set shared_problem_1=4 --version 1",
)
def save_draft(
    ctx: typer.Context,
    process: Process,
    instance: Instance,
    answers: Answers = None,
    single: Single = None,
    version: Annotated[
        int | None, typer.Option("--version", metavar="N", help="The draft's version you go on from; 0: none yet.")
    ] = None,
) -> None:
    """Keep answers that are not finished.

    They are not checked, nobody else can read them, and they go when the form is submitted.
    """
    from cli.answers import given

    call: Call = ctx.obj
    session = call.session()
    asked = form_of(call, session, process, instance)
    handed = given(answers, single or (), asked, session.person.language)
    draft = call.engine.save_draft(session, process, instance, handed.answers, version=version)
    tell(call, draft, Done(f"Kept as version {draft.version} of your draft of {instance}"))


@commands.add("draft show", example="samskap draft show arendal-2026 answer.1.m2 --json > answers.json")
def show_draft(ctx: typer.Context, process: Process, instance: Instance) -> None:
    """Show your draft."""
    call: Call = ctx.obj
    draft = call.engine.draft(call.session(), process, instance)
    rows = [(name, str(value)) for name, value in draft.answers.items()] if draft else []
    title = f"Version {draft.version}, {call.local(draft.saved_at)}" if draft else ""
    tell(call, {"draft": draft}, Table(("Field", "Answer"), rows, title=title, empty="There is no draft."))


@commands.add("draft drop", example="samskap draft drop arendal-2026 answer.1.m2")
def drop_draft(ctx: typer.Context, process: Process, instance: Instance) -> None:
    """Throw your draft away."""
    call: Call = ctx.obj
    dropped = call.engine.drop_draft(call.session(), process, instance)
    tell(call, {"dropped": dropped}, Done("Thrown away" if dropped else "There is no draft."))


def form_of(call: Call, session: Session, process: str, instance: str) -> Form:
    """The form of an instance, for somebody who may see the process; raise `NotFound` with what there is."""
    from engine.errors import NotFound

    loaded = call.engine.load(call.engine.stream(process))
    call.engine.view(session, loaded)
    found = loaded.state.instances.get(instance)
    if found is None:
        open_ones = [i.id for i in loaded.state.instances.values() if i.status == "open"]
        close = get_close_matches(instance, loaded.state.instances, 1)
        listed = f"Open are: {', '.join(open_ones[:12])}." if open_ones else "Nothing is open."
        raise NotFound(
            f"there is no task “{instance}”", hint=f"Did you mean “{close[0]}”? {listed}" if close else listed
        )
    return loaded.definition.form_of(found.task)


def with_titles(error: AnswersInvalid, form: Form, language: str, handed: FilledIn) -> AnswersInvalid:
    """The error with each field's title before its sentence, as the person saw it, and the cell it was written in."""
    from cli.answers import titles
    from engine.errors import AnswersInvalid

    told = []
    for field in handed.placed(error.fields):
        title = titles(form.fields, field.path, language).rstrip(".")
        mark = "" if title.endswith(("?", ":", "!")) else ":"
        said = field.message if not title or title in field.message else f"{title}{mark} {field.message}"
        told.append(replace(field, message=said))
    return AnswersInvalid(error.message, told)
