"""Commands about where a process stands and where it goes: status, actions, time, and why."""

# ruff: noqa: PLC0415 (imports stand inside the commands: help must come at once)

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.call import Call
from cli.command import CommandId, Commands, Instance, Process, SomeProcess
from cli.output import Done, Table, note, tell
from cli.quarantine import list_of, told_of
from cli.taking_part import carry_out, confirm, where_now
from engine.text import counted

if TYPE_CHECKING:
    from engine.engine import Damaged, Loaded
    from engine.process.explain import Part as ExplainedPart
    from engine.store.people import Session

commands = Commands()

MANY = 6
"""More names than these are counted in a table."""

Reason = Annotated[str, typer.Option("--reason", help="Why; everybody in the process can read it.")]
Action = Annotated[str, typer.Argument(metavar="ACTION", help="The action, as `samskap status` names it: open_round.")]


@commands.add("status", example="samskap status\nsamskap status arendal-2026")
def status(ctx: typer.Context, process: SomeProcess = None) -> None:
    """Show where a process stands, or list the processes.

    States; what is done and what is open for whom; which actions are open, and why others are not; who takes part. The
    list says which version each process runs on, and when something last happened in it; and of one that is in
    quarantine, why.
    """
    from cli.standing import parts, standing

    call: Call = ctx.obj
    session = call.reader()
    if process is None:
        found, met = _listed(call, session)
        columns = ("Process", "Title", "Template", "Version", "Status", "Last event")
        rows = [(*list(one.values())[:-1], call.local(one["last"])) for one in found]
        listed = Table(columns, rows, empty="You take part in no process.")
        tell(call, {"processes": found, "quarantine": list_of(met)}, listed, *told_of(met))
        return
    loaded = call.engine.load(call.engine.stream(process))
    call.engine.view(session, loaded)
    now = standing(call.engine, session, loaded, session.person.language)
    tell(call, now, *parts(now, call.local))


def _listed(call: Call, session: Session) -> tuple[list[dict[str, Any]], list[Damaged]]:
    """The processes that the session may see, in a line each, and those of them that are in quarantine."""
    met: list[Damaged] = []
    names = call.engine.processes_of(session)
    lines = {loaded.state.name: _line(call, session, loaded) for loaded in call.engine.each(names, met.append)}
    for one in met:
        told = _line(call, session, one.loaded) if one.loaded is not None else None
        lines[one.process] = told or {**_NOTHING_TOLD, "name": one.process}
    return [line for name in names if (line := lines[name]) is not None], met


def _line(call: Call, session: Session, loaded: Loaded) -> dict[str, Any] | None:
    """A process in a line; None for one that the session may not see."""
    from engine.errors import NotAllowed

    try:
        call.engine.view(session, loaded)
    except NotAllowed:
        return None
    keys = ("name", "title", "template", "version", "status")
    return {key: getattr(loaded.state, key) for key in keys} | {"last": loaded.state.recorded_at}


_NOTHING_TOLD: Mapping[str, Any] = {
    "name": "",
    "title": "",
    "template": "",
    "version": "",
    "status": "quarantine",
    "last": None,
}
"""The line of a process of which nothing can be told."""


@commands.add(
    "act", example="samskap act arendal-2026 open_round\nsamskap act arendal-2026 close --reason 'To svarer ikke'"
)
def act(
    ctx: typer.Context,
    process: Process,
    action: Action,
    reason: Reason = "",
    command_id: CommandId = "",
) -> None:
    """Choose what happens next in a process.

    Where that leads is told.
    """
    from engine.process.commands import Act

    call: Call = ctx.obj
    session = call.session()
    receipt = call.engine.handle(session, process, Act(action, reason), command_id=command_id)
    before = " (had been done before: nothing new)" if receipt.replayed else ""
    tell(call, receipt, Done(f"{process}: {action}{before}"), *where_now(call, process, session.person.language))


@commands.add(
    "back",
    example="samskap back arendal-2026 preparation --reason 'Vi glemte en part'\n"
    "samskap back arendal-2026 preparation --again agree --reason 'Valget var en misforståelse'",
)
def back(
    ctx: typer.Context,
    process: Process,
    state: Annotated[str, typer.Argument(metavar="STATE", help="A state in which the process has been.")],
    reason: Reason = "",
    again: Annotated[
        list[str] | None,
        typer.Option("--again", metavar="TASK", help="A task that is to be done again there; may be repeated."),
    ] = None,
    command_id: CommandId = "",
) -> None:
    """Go back to an earlier state, keeping what was done.

    Answers that were given there still stand, save sealed ones, which are asked for anew. With --again a task is to be
    done again; its earlier answers stay readable. For whoever leads the process.
    """
    from engine.process.commands import StepBack

    command = StepBack(state, reason, tuple(again or ()))
    carry_out(ctx, process, command, command_id, f"{process} is back in {state}.")


@commands.add("suspend", example="samskap suspend arendal-2026 --reason 'Sommerferie'")
def suspend(ctx: typer.Context, process: Process, reason: Reason = "", command_id: CommandId = "") -> None:
    """Let a process rest, and its clock stand.

    Nothing is filled in or chosen, and its deadlines keep the time they have left. For whoever leads the process.
    """
    from engine.process.commands import Suspend

    carry_out(ctx, process, Suspend(reason), command_id, f"{process} is suspended.")


@commands.add("resume", example="samskap resume arendal-2026")
def resume(ctx: typer.Context, process: Process, reason: Reason = "", command_id: CommandId = "") -> None:
    """Let a suspended process go on.

    Its deadlines are put off by as long as it rested. For whoever leads the process.
    """
    from engine.process.commands import Resume

    carry_out(ctx, process, Resume(reason), command_id, f"{process} goes on.")


@commands.add("cancel", example="samskap cancel arendal-2026 --reason 'Kommunen trakk seg'")
def cancel(ctx: typer.Context, process: Process, reason: Reason = "", command_id: CommandId = "") -> None:
    """Give a process up, for good.

    What is open is withdrawn, and what is sealed is never revealed; what was done stays readable. For whoever leads the
    process, and for the operator: a process may have died with those who led it.
    """
    from engine.process.commands import Cancel

    call: Call = ctx.obj
    receipt = call.engine.handle(call.reader(), process, Cancel(reason), command_id=command_id)
    confirm(call, receipt, f"{process} is cancelled.")


@commands.add("tick", example="samskap tick")
def tick(ctx: typer.Context, process: SomeProcess = None) -> None:
    """Let time act: deadlines that have passed.

    A deadline fires once, so this can run as often as you like; have it run by the clock (cron, a timer). A process in
    quarantine keeps time from no other; it is named, and this ends with 10.
    For people of the workspace and the operator.
    """
    from engine.personal import retention

    call: Call = ctx.obj
    call.reader()  # time is nobody's, but not everybody who has the files may write to them
    done = call.engine.ticked(process)
    receipts = done.changed
    rows = [(receipt.process, receipt.last - receipt.first + 1) for receipt in receipts]
    shown = [Table(("Process", "Events"), rows)] if rows else [] if done.faults else [Done("Nothing was due.")]
    met: list[Damaged] = []
    kept = retention.due(call.engine, call.now(), meet=met.append) if call.is_operator else []
    due = [one.process for one in kept]
    faults = [fault.as_dict() for fault in done.faults]
    data = {"processes": receipts, "past_their_time": due, "quarantine": list_of(met), "faults": faults}
    tell(call, data, *shown, *told_of(met))
    if due:
        note(
            call,
            f"Past the time that they are kept: {counted(len(due), 'process', 'processes')}. See `samskap dispose`.",
        )
    if done.faults and call.json:
        raise typer.Exit(done.faults[0].exit_code)
    done.check()


@commands.add("explain now", example="samskap explain now arendal-2026")
def explain_now(ctx: typer.Context, process: Process) -> None:
    """Say who can do what now, and why not the rest.

    Every task that is to be filled in and every action where the process is now: who can do it, by name; whether you
    can; and what keeps it closed. Then what the process does by itself: when its condition holds, or when time comes.
    """
    from engine.process.explain import ActionExplanation
    from engine.process.explain_words import why_closed, why_not_yet

    call: Call = ctx.obj
    session = call.reader()
    found = call.engine.explain_now(session, process, call.language)
    language = call.language or session.person.language
    name = call.engine.names(call.engine.load(call.engine.stream(process)).state)
    rows = []
    for one in found:
        able = _some([*dict.fromkeys(map(name, one.able))])
        you = "yes" if one.you_may else "no"
        if isinstance(one, ActionExplanation):
            why = " ".join(why_closed(one, language, name) or ([] if one.you_may else [one.why_not]))
            rows.append((one.action, one.title, "open" if one.is_open else "closed", able, you, why))
        else:
            rows.append((one.instance, one.title, one.status, able, you, one.why_not))
    table = Table(("What", "", "Now", "Who can", "You", "Why"), rows, empty="There is nothing to do or to choose now.")
    steps = call.engine.explain_steps(session, process, call.language)
    itself = [
        (one.state_title, one.to_title, one.title, one.condition.words, " ".join(why_not_yet(one, language, name)))
        for one in steps
    ]
    tell(
        call,
        {"process": process, "now": found, "by_itself": steps},
        table,
        *([Table(("From", "To, by itself", "Deadline", "When", "Now"), itself)] if itself else []),
    )


def _some(names: list[str]) -> str:
    """The names, or the first of many and how many there are."""
    return ", ".join(names if len(names) <= MANY else [*names[: MANY - 1], f"… ({len(names)})"])


@commands.add("explain action", example="samskap explain action arendal-2026 open_round")
def explain_action(ctx: typer.Context, process: Process, action: Action) -> None:
    """Say why an action is open or not.

    In your language: whether it can be chosen now, which answers are missing and of whom, and who may choose it. Then
    its condition part by part, and everything that it reads.
    """
    from engine.process.explain_words import words

    call: Call = ctx.obj
    session = call.reader()
    found = call.engine.explain_action(session, process, action, call.language)
    names = call.engine.names(call.engine.load(call.engine.stream(process)).state)
    told = words(found, call.language or session.person.language, names)
    parts = [("  " * one.depth + one.words, _says(one), ", ".join(one.missing), one.text) for one in found.parts]
    seen = [(one.path, one.value) for one in found.seen]
    tell(
        call,
        found,
        *told,
        *([Table((f"Condition: {found.outcome}", "Now", "Missing", "As written"), parts)] if parts else []),
        *([Table(("The condition reads", "Now"), seen)] if seen else []),
    )


def _says(part: ExplainedPart) -> str:
    """What a part says, and of `any` and `all` for how many elements."""
    if part.elements is None:
        return part.outcome
    held, failed, unknown = part.elements
    return f"{part.outcome} (of {held + failed + unknown}: {held} yes, {failed} no, {unknown} unknown)"


@commands.add(
    "explain readers",
    example="samskap explain readers arendal-2026 answer.1.m3\n"
    "samskap explain readers arendal-2026 --who m3 --at 2026-03-14",
)
def explain_readers(
    ctx: typer.Context,
    process: Process,
    instance: Annotated[str | None, typer.Argument(metavar="[INSTANCE]", help="Only answers to this.")] = None,
    who: Annotated[
        str | None, typer.Option("--who", metavar="MEMBERSHIP", help="Only what this member could read: m3.")
    ] = None,
    at: Annotated[
        str | None, typer.Option("--at", metavar="WHEN", help="Only who could read it then: a day, a time, an event.")
    ] = None,
) -> None:
    """Say who could read an answer, since when, and why.

    Of one answer, or of all of a process. It says who could have read it, not who did. The operator, who holds the
    keys, is not among them.
    """
    from cli.looking_back import moment_of
    from engine.errors import NotFound
    from engine.process.explain_words import BECAUSE

    call: Call = ctx.obj
    session = call.reader()
    then = moment_of(call, at) if at is not None else None
    found = [
        reader
        for reader in call.engine.readers(session, process, instance)
        if who in (None, reader.membership) and (then is None or reader.could_at(then))
    ]
    state = call.engine.load(call.engine.stream(process)).state
    if who is not None and who not in state.memberships:
        raise NotFound(f"there is no member “{who}”", hint=f"There are: {', '.join(state.memberships)}.")
    name = call.engine.names(state)
    language = call.language or session.person.language
    rows = [
        (
            reader.instance,
            f"#{reader.answer}",
            name(reader.membership),
            reader.membership,
            call.local(reader.since),
            call.local(reader.until),
            BECAUSE[reader.because][language],
        )
        for reader in found
    ]
    data = {"process": process, "instance": instance, "readers": found}
    columns = ("Answered", "Answer", "Who", "As", "Could read it since", "Until", "Because")
    tell(call, data, Table(columns, rows, empty="Nobody could read an answer."))


@commands.add("explain task", example="samskap explain task arendal-2026 answer.1.m2")
def explain_task(
    ctx: typer.Context,
    process: Process,
    instance: Instance,
) -> None:
    """Say how a task stands, and who can fill it in.

    In your language: whose it is and whose turn, who can fill it in now, why you cannot, when it is due, how far all
    have come, and who sees the answer.
    """
    from engine.process.explain_words import words

    call: Call = ctx.obj
    session = call.reader()
    found = call.engine.explain_task(session, process, instance, call.language)
    names = call.engine.names(call.engine.load(call.engine.stream(process)).state)
    told = words(found, call.language or session.person.language, names)
    rows = [
        ("instance", found.instance),
        ("state", found.state_title or "the whole process"),
        ("for", found.for_whom or "anybody with the role"),
        ("due", call.local(found.due) or "no deadline"),
        ("answers", f"{'sealed' if found.is_sealed else 'not sealed'}; shown as {found.visibility}"),
        ("task as a whole", f"{found.done} of {found.expected} done; complete when: {found.rule}"),
        ("complete", "yes" if found.is_complete else "no"),
    ]
    tell(call, found, *told, Table(("", ""), rows))
