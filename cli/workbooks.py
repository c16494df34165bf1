"""Commands about forms in Excel: a workbook to fill in, and the answers that were filled in."""

# ruff: noqa: PLC0415 (imports stand inside the commands: help must come at once)

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.call import Call
from cli.command import Commands
from cli.output import Done, as_json, tell, write

if TYPE_CHECKING:
    from engine.form.model import Form

commands = Commands()

Force = Annotated[bool, typer.Option("--force", help="Replace the file if there is one.")]
NO_TEXTS: Mapping[str, str] = {}


@commands.add("form export", example="samskap form export soimpact/indicators --to indicators.xlsx")
def export_form(
    ctx: typer.Context,
    form: Annotated[str, typer.Argument(metavar="FORM", help="The form, as its $id names it: soimpact/indicators.")],
    to: Annotated[str, typer.Option("--to", metavar="FILE", help="The workbook to write (.xlsx).")],
    force: Force = False,
) -> None:
    """Write a form as an Excel workbook, to be filled in there.

    As the template's files have it; for a task of a process, whose version may be another, there is
    `samskap form PROCESS INSTANCE --to FILE`. Headings stand in every language, help and choices in one (--lang).
    """
    call: Call = ctx.obj
    keep(_named(call, form), call.template_language, to, force=force)
    tell(call, {"form": form, "to": to}, Done(f"Wrote {to}. Filled in, it can be read: samskap form import {to}"))


@commands.add(
    "form import",
    example="samskap form import indicators.xlsx\nsamskap form import indicators.xlsx --to answers.json",
)
def import_form(
    ctx: typer.Context,
    file: Annotated[str, typer.Argument(metavar="FILE", help="The workbook that was filled in (.xlsx).")],
    to: Annotated[
        str | None, typer.Option("--to", metavar="FILE", help="Write the answers there; else to stdout.")
    ] = None,
    force: Force = False,
) -> None:
    """Read the answers from a workbook, check them, and write them as JSON.

    Each cell that does not fit is named, with what would be right. Nothing is submitted: `samskap submit` and
    `samskap draft save` take the workbook itself, too.
    """
    from cli.answering import with_titles
    from cli.answers import grids
    from engine.errors import AnswersInvalid
    from engine.export.files import new_file
    from engine.form import sheets
    from engine.form.validate import Validator

    call: Call = ctx.obj
    language = call.template_language
    filled_in = grids(file)
    form = _named(call, sheets.form_of(str(grid.at(1, 1)) for grid in filled_in))
    handed = sheets.read(form, filled_in, language)
    faults = Validator(form).errors(handed.answers, language)
    if faults:
        raise with_titles(AnswersInvalid("the answers do not fit the form", faults), form, language, handed)
    if to is None:
        write(as_json(handed.answers))
        return
    with new_file(Path(to), force=force) as written:
        written.write(as_json(handed.answers).encode())
    tell(call, {"form": form.id, "to": to}, Done(f"Wrote the answers to {to}"))


def keep(form: Form, language: str, to: str, earlier: Mapping[str, str] = NO_TEXTS, *, force: bool) -> None:
    """Write a form's workbook into a file."""
    from cli.answers import WORKBOOK
    from engine.errors import UsageError
    from engine.export.files import new_file
    from engine.form.workbook import write as workbook

    if not to.lower().endswith(WORKBOOK):
        raise UsageError(f"“{to}” does not end with {WORKBOOK}", hint=f"Write --to answers{WORKBOOK}.")
    with new_file(Path(to), force=force) as file:
        file.write(workbook(form, language, earlier))


def _named(call: Call, name: str) -> Form:
    """A form of a template, as its files have it; raise `NotFound` with those that there are."""
    from difflib import get_close_matches

    from engine.errors import NotFound
    from engine.template import bundle

    template, _, short = name.partition("/")
    forms = bundle.read(template, call.template_folders).definition.forms
    if short not in forms:
        known = [f"{template}/{one}" for one in forms]
        close = get_close_matches(name, known, 1)
        hint = f"Did you mean “{close[0]}”?" if close else f"There are: {', '.join(known)}."
        raise NotFound(f"there is no form “{name}”", hint=hint)
    return forms[short]
