"""Answers as people give them to the command line: a JSON or YAML file, stdin, or single fields with --set.

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
from engine.form.model import Field, Form

_YES = {"true": True, "yes": True, "ja": True, "false": False, "no": False, "nei": False}


def given(source: str | None, single: Iterable[str], form: Form) -> dict[str, Json]:
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
    return {**(read(source) if source is not None else {}), **pairs}


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


def _file(source: str) -> tuple[bytes, str]:
    try:
        with Path(source).open("rb") as file:
            return file.read(codec.MAX_BYTES + 1), source
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
    """A value as the form has it. What does not fit stays text: the form's own check says what would be right."""
    kind = field.kind if field is not None else "text"
    if kind in ("list", "object"):
        raise UsageError(f"“{name}” has several parts and cannot be set in one", hint="Use --answers with a file.")
    choices = {str(choice.const): choice.const for choice in field.choices} if field is not None else {}
    if kind == "choices":
        return [choices.get(part.strip(), part.strip()) for part in text.split(",") if part.strip()]
    if kind in ("integer", "number") and text not in choices:
        return _number(text)
    return choices.get(text, _YES.get(text.lower(), text) if kind == "boolean" else text)


def _number(text: str) -> Json:
    """The number that a text means, with a decimal comma too; the text itself if it means none."""
    try:
        return codec.number(text.replace(",", "."))
    except codec.BadJson:
        return text


def titles(fields: Mapping[str, Field], path: str, language: str) -> str:
    """The title of the field that a path leads to (`groups[2].name`), in the person's language; empty if unknown."""
    title = ""
    for part in path.split("."):
        field = fields.get(part.partition("[")[0].removesuffix("__comment"))
        if field is None:
            return title
        title, fields = field.title(language), field.items
    return title
