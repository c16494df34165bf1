"""What went wrong, in one shape: what, where, why, and what to do; as text on stderr or as JSON on stdout.

Only errors that are meant for people come here. A fault of our own keeps its traceback.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator

import typer

from cli.excerpt import told
from cli.output import as_json, clean, write
from engine.errors import AnswersInvalid, LintError, SamskapError, UsageError


def report(error: SamskapError, *, json: bool) -> int:
    """Tell the error, and give the exit code that belongs to it."""
    if json and error.where != "stdout":
        write(as_json({"error": error.as_dict()}))
    else:
        sys.stderr.write("\n".join(clean(line) for line in _lines(error)) + "\n")
    return error.exit_code


def _lines(error: SamskapError) -> Iterator[str]:
    yield f"error: {error.message}"
    if error.where and not isinstance(error, LintError):  # lint's problems have a place each
        yield f"  where: {error.where}"
    if isinstance(error, AnswersInvalid):
        yield from (f"  {field.place or field.path or 'answers'}: {field.message}" for field in error.fields)
    if isinstance(error, LintError):
        for problem in error.problems:
            yield from told(problem, indent="  ").splitlines()
    if error.hint:
        yield f"  what to do: {error.hint}"


def misuse(error: typer.TyperException) -> UsageError:
    """A wrong call, as typer found it, as one of our errors."""
    close: list[str] = list(getattr(error, "possibilities", None) or [])
    message = error.message if close else error.format_message()
    ctx = getattr(error, "ctx", None)
    see = f"See `{ctx.command_path} --help`." if ctx is not None else "See `samskap --help`."
    hint = f"Did you mean {' or '.join(sorted(close))}? {see}" if close else see
    text = " ".join(message.replace("Value error, ", "").split()).rstrip(".")  # pydantic's words, not ours
    return UsageError(text[:1].lower() + text[1:], hint=hint)
