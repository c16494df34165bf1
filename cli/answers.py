"""Answers as people give them to the command line: in JSON, YAML or a workbook, on stdin, or singly with --set.

Read strictly, and not checked: whether they fit the form is the engine's to say. In a YAML file a field without a value
is one that was left empty.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from cli import standard_input
from cli.standard_input import STDIN
from engine import codec, yaml
from engine.codec import Json
from engine.errors import ConfigError, NotFound, UsageError
from engine.form import sheets
from engine.form.model import Field, Form
from engine.form.sheets import FilledIn, Grid
from engine.form.typed import Typed

WORKBOOK = ".xlsx"
"""How the name of a workbook ends."""
MAX_WORKBOOK = 10 * codec.MAX_BYTES


def given(source: str | None, single: Iterable[str], form: Form, language: str) -> FilledIn:
    """The answers of a file (or stdin), with those of --set over them; raise for what cannot be read."""
    pairs = dict[str, Json]()
    for text in single:
        name, equals, value = text.partition("=")
        if not equals or not name.strip():
            raise UsageError(f"“{text}” sets nothing", hint="Write --set field=value.")
        if name.strip() in pairs:
            raise UsageError(f"“{name.strip()}” is set twice", hint="Set it once; several choices go with commas.")
        pairs[name.strip()] = typed(form.fields.get(name.strip()), name.strip(), value.strip())
    if source is None and not pairs:
        raise UsageError(
            "there are no answers", hint="Give --answers FILE, --answers - for stdin, or --set field=value."
        )
    if source is not None and source.lower().endswith(WORKBOOK):
        found = sheets.read(form, grids(source), language)
        return FilledIn(found.answers | pairs, found.places)
    return FilledIn({**(read(source) if source is not None else {}), **pairs}, {})


def grids(source: str) -> list[Grid]:
    """The filled-in sheets of a workbook."""
    from engine.form.filled_in import grids as read_grids  # noqa: PLC0415 (reads a large library)

    content, name = _file(source, MAX_WORKBOOK)
    if len(content) > MAX_WORKBOOK:
        raise UsageError("the workbook is too large", hint="Take out what does not belong there.", where=name)
    return read_grids(content, name)


def read(source: str) -> dict[str, Json]:
    """The answers in a file, or on stdin; JSON where it begins with a brace, else YAML."""
    content, name = (standard_input.content(), "stdin") if source == STDIN else _file(source)
    if content.lstrip()[:1] in (b"{", b"[") or name.endswith(".json"):
        try:
            return codec.mapping(codec.loads(content), "the file")
        except codec.BadJson as error:
            error.where = error.where or name
            raise
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise codec.BadJson(f"byte {error.start} is not UTF-8", hint="Save the file as UTF-8.", where=name) from None
    try:
        found = _filled_in(yaml.load(text, name).data) if text.strip() else None
    except ConfigError as error:  # these are answers and no config: refused, as broken JSON is
        raise codec.BadJson(error.message, hint=error.hint, where=error.where) from error
    if found is None:
        raise UsageError("every answer is empty", hint="Write the answers after the colons.", where=name)
    if not isinstance(found, dict):
        raise codec.BadJson("the file must hold answers", hint="Write field: answer, one below the other.", where=name)
    return found


def _file(source: str, most: int = codec.MAX_BYTES) -> tuple[bytes, str]:
    """What is in a file, up to one byte more than we read of any such."""
    try:
        with Path(source).open("rb") as file:
            return file.read(most + 1), source
    except OSError as error:
        raise NotFound(
            f"the answers cannot be read: {error.strerror}", hint="Check the name of the file.", where=source
        ) from None


def _filled_in(value: Json) -> Json:
    """The value without what was left empty; None where nothing is left."""
    kept: Json = value
    if isinstance(value, dict):
        kept = {name: found for name, inner in value.items() if (found := _filled_in(inner)) is not None}
    elif isinstance(value, list):
        kept = [found for inner in value if (found := _filled_in(inner)) is not None]
    return None if value and kept in ({}, []) else kept  # an empty list that somebody wrote stays


def typed(field: Field | None, name: str, text: str) -> Json:
    """A value as the form has it; raise `UsageError` for a field with several parts."""
    if field is None:
        return text
    if field.kind in ("list", "object"):
        raise UsageError(f"“{name}” has several parts and cannot be set in one", hint="Use --answers with a file.")
    return Typed(field)(text)


def titles(fields: Mapping[str, Field], path: str, language: str) -> str:
    """The title of the field that a path leads to (`groups[2].name`), in the person's language; empty if unknown."""
    title = ""
    for part in path.split("."):
        field = fields.get(part.partition("[")[0].removesuffix("__comment"))
        if field is None:
            return title
        title, fields = field.title(language), field.items
    return title
