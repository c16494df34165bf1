"""The command that shows what was answered."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Annotated

import typer

from cli.call import Call
from cli.command import Commands, Process
from cli.output import Part, Table, tell
from cli.quarantine import as_data, told_to

if TYPE_CHECKING:
    from engine.form.model import Field
    from engine.process.answers import Given

commands = Commands()


@commands.add("answers", example="samskap answers arendal-2026\nsamskap answers arendal-2026 answer.1.m2")
def answers(
    ctx: typer.Context,
    process: Process,
    instance: Annotated[
        str | None, typer.Argument(metavar="[INSTANCE]", help="Only what was answered to this: answer.1.m2.")
    ] = None,
) -> None:
    """Show what was answered, as far as you may read it.

    Earlier answers that were put right since stand there, too, and below them what was decided on those. Sealed answers
    are shown from the reveal on; your own always.
    """
    call: Call = ctx.obj
    session = call.reader()
    found = call.engine.answers(session, process, instance)
    loaded = call.engine.load(call.engine.stream(process))
    members = loaded.state.memberships.values()
    name = call.engine.names(loaded.state)

    def who(subject: str) -> str:
        return next((name(m.id) for m in members if m.subject == subject), subject)

    replaced = dict.fromkeys(one.instance for one in found if one.replaced)
    decided = {one: call.engine.decided_on(session, process, one) for one in replaced}
    told: list[Part] = []
    for one in found:
        definition = call.engine.definition(loaded.state.template, one.bundle)
        fields = definition.form_of(one.task).fields
        title = f"{definition.tasks[one.task].spec.title.get(session.person.language)} ({one.instance})"
        rows = _rows(one, fields, session.person.language)
        told += ["", Table(("Question", "Answer"), rows, title=_head(one, title, who, call))]
    for key, lines in decided.items():
        if lines:
            decisions = [(line.sequence, call.local(line.at), line.who, line.text) for line in lines]
            told += [
                "",
                Table(("No.", "When", "Who", "What"), decisions, title=f"Decided on an earlier answer to {key}:"),
            ]
    data = [_as_data(one, who) for one in found]
    tell(
        call,
        {"process": process, "answers": data, "decided": decided, "quarantine": as_data(loaded)},
        *(told[1:] or ["Nothing has been answered."]),
        *told_to(loaded),
    )


def _head(one: Given, title: str, who: Callable[[str], str], call: Call) -> str:
    said = [title, who(one.subject)]
    if one.entered_by != one.subject:
        said.append(f"entered by {who(one.entered_by)}")
    said += [call.local(one.at), *([f"about {one.valid_on}"] if one.valid_on else [])]
    said += ["put right since"] if one.replaced else []
    return ", ".join(said) + (f" – {one.reason}" if one.reason else "")


def _rows(one: Given, fields: Mapping[str, Field], language: str) -> list[tuple[str, str]]:
    from cli import shown  # noqa: PLC0415 (help must come at once)

    if one.answers is None:
        return [("", "not shown: sealed, or not for you to read")]
    rows = list(shown.rows(one.answers, fields, language))
    return [*rows, *([("", "personal texts were erased")] if one.erased else [])]


def _as_data(one: Given, who: Callable[[str], str]) -> dict[str, object]:
    return {
        "instance": one.instance,
        "task": one.task,
        "sequence": one.sequence,
        "at": one.at,
        "who": who(one.subject),
        "entered_by": who(one.entered_by),
        "replaced": one.replaced,
        "reason": one.reason,
        "valid_on": one.valid_on,
        "answers": one.answers,
        "erased": one.erased,
    }
