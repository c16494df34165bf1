"""Answers against a form: what is wrong with them, and which of them are personal.

`Validator` is made once a form and used often; it raises for no answers whatever. Personal texts are taken out of
answers before these are stored (`split_personal`) and put back for those who may read them (`join_personal`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from difflib import get_close_matches
from itertools import accumulate
from typing import Any, TypeAlias, overload

from engine.codec import Json
from engine.errors import FieldError
from engine.form import messages
from engine.form.checks import Wrong, checker, wrongs
from engine.form.language import COMMENT_SUFFIX, MAX_ROWS
from engine.form.model import Field, Form, alternatives, build
from engine.form.refs import Schema, mapping, sequence
from engine.form.row_ids import MALFORMED, REPEATED, unusable

MAX_ERRORS = 50
MAX_ROWS_IN_ALL = 1_000
"""Rows of all lists of a form together: lists may stand in lists, and each row costs about 0.1 ms."""

DIGITS_BEFORE, DIGITS_AFTER = 12, 6
"""Digits of a number before and after the decimal point: what every figure that is made of it can hold exactly."""
DIGITS = "digits"
"""Stands for a keyword where a number has more of them."""

_SHOWN = 60
_SUGGESTED = 5
"""So many unknown fields get a suggestion; looking for one costs time."""

Path: TypeAlias = tuple[str | int, ...]
_STEP = re.compile(r"([^.\[\]]+)|\[(\d+)\]")


class Validator:
    """The checks of one form, made once; raise `ConfigError` if the form's schema cannot be used."""

    def __init__(self, form: Form) -> None:
        self.form = form
        self._checker = checker(form.schema)
        self._lists = _with_lists(form.fields)

    def errors(self, answers: Json, language: str = "nb") -> list[FieldError]:
        """What is wrong with answers, in the order of the form; one sentence a field, at most fifty fields."""
        if not isinstance(answers, dict):
            return [FieldError("", messages.say("form", language), "type")]
        if any(count > MAX_ROWS_IN_ALL for count in accumulate(_row_counts(self._lists, answers))):
            return [FieldError("", messages.say("rows", language, count=MAX_ROWS_IN_ALL), "maxItems")]
        found: dict[Path, Wrong] = {}
        for wrong in wrongs(self._checker, answers):
            found.setdefault(wrong.path, wrong)
            if len(found) == MAX_ERRORS:
                break
        for path, number in _numbers(self.form.fields, answers):
            if not fits(number) and len(found) < MAX_ERRORS:
                found.setdefault(path, Wrong(path, DIGITS, None, {}, None, ()))
        for row_id in unusable(self.form.fields, answers):
            if len(found) < MAX_ERRORS:
                found.setdefault(row_id.path, Wrong(row_id.path, row_id.keyword, row_id.earlier, {}, None, ()))
        unknown = 0
        told: list[FieldError] = []
        for path, wrong in sorted(found.items(), key=lambda item: self._order(item[0])):
            keyword = wrong.keyword
            unknown += keyword == "additionalProperties"
            told.append(
                FieldError(_dotted(path), self._sentence(path, wrong, unknown <= _SUGGESTED, language), keyword)
            )
        return told

    def _sentence(self, path: Path, wrong: Wrong, suggest: bool, language: str) -> str:
        keyword, schema = wrong.keyword, wrong.schema
        if keyword == DIGITS:
            return messages.say("digits", language, before=DIGITS_BEFORE, after=DIGITS_AFTER)
        if keyword in (MALFORMED, REPEATED):
            return messages.say("slug" if keyword == MALFORMED else "same_id", language, row=wrong.value)
        field, siblings = _find(self.form.fields, path)
        if keyword == "additionalProperties":
            return _unknown(str(path[-1]), siblings, suggest, language)
        if keyword in ("required", "dependentRequired"):
            return self._needed(path, wrong, language)
        if keyword == "anyOf":
            inside = field.items if field else siblings
            names = [str(name) for part in sequence(wrong.value) for name in sequence(mapping(part).get("required"))]
            asked = messages.titles((inside[name] for name in names if name in inside), language)
            return messages.say("any" if asked else "together", language, fields=asked)
        limits = {**_limits(field), **{key: value for key, value in schema.items() if key != "pattern"}}
        return messages.told(messages.Misfit(keyword, limits, field, wrong.answer, language))

    def _needed(self, path: Path, wrong: Wrong, language: str) -> str:
        """Why a field is asked for that is missing: always, or because of another answer."""
        field, siblings = _find(self.form.fields, path)
        title = messages.titled(field, language) if field else str(path[-1])
        if wrong.keyword == "dependentRequired":
            needs, answers = mapping(wrong.value).items(), mapping(wrong.answer)
            given = [name for name, needed in needs if path[-1] in sequence(needed) and name in answers]
            other = messages.titled(siblings[given[0]], language)
            return messages.say("required_with", language, field=title, other=other)
        branch, condition = self._condition(wrong.schema_path)
        absent = [siblings[str(name)] for name in sequence(condition.get("required")) if name in siblings]
        answered = [siblings[name] for name in mapping(condition.get("properties")) if name in siblings]
        if branch == "else" and len(absent) == 1 and not answered:
            return messages.say("required_or", language, field=title, other=messages.titled(absent[0], language))
        if branch == "then" and len(answered) == 1:
            other, answer = messages.titled(answered[0], language), mapping(wrong.answer).get(answered[0].name)
            if shown := messages.chosen(answered[0], answer, language):
                return messages.say("required_when", language, field=title, other=other, answer=shown)
        return messages.say("required", language, field=title)

    def _condition(self, path: Path) -> tuple[str, Schema]:
        """The innermost branch that a check stands in, and the condition of that branch."""
        for end in range(len(path) - 1, -1, -1):
            if path[end] in ("then", "else") and (end == 0 or path[end - 1] != "properties"):
                schema: Any = self._checker.schema
                for part in path[:end]:
                    schema = schema[part]
                return str(path[end]), schema["if"]
        return "", {}

    def _order(self, path: Path) -> tuple[float, ...]:
        """Where a field stands in the form; a comment after its field, unknown fields last."""
        fields, order = self.form.fields, list[float]()
        for part in path:
            if isinstance(part, int):
                order.append(part)
                continue
            names, base = list(fields), part.removesuffix(COMMENT_SUFFIX)
            order.append(names.index(base) + (0.5 if base != part else 0) if base in fields else len(names))
            fields = fields[part].items if part in fields else {}
        return tuple(order)


def misfit(field: Schema, answer: Json, root: Schema) -> str | None:
    """What is wrong with an answer to one field of a form (in English), or None; for lint."""
    name = "answer"
    form = build({"$defs": dict(mapping(root.get("$defs"))), "type": "object", "properties": {name: dict(field)}})
    errors = Validator(form).errors({name: answer}, "en")
    return errors[0].message if errors else None


# -- personal texts ---------------------------------------------------------------------------------------------------


def split_personal(form: Form, answers: Mapping[str, Json]) -> tuple[dict[str, Json], dict[str, str]]:
    """Answers without their personal texts, and these by path (`groups[2].story`).

    The answers must have been found to fit the form: of others it cannot be told what is personal.
    """
    clear = _copied(answers)
    personal: dict[str, str] = {}
    for path in form.personal_paths:
        for dotted, holder, name in _reached(clear, path, ""):
            text = holder.pop(name)
            if not isinstance(text, str):
                raise ValueError(f"{dotted} is personal and no text: were the answers checked?")  # noqa: TRY004
            personal[dotted] = text
    return clear, personal


@overload
def join_personal(clear: Mapping[str, Json], personal: Mapping[str, str]) -> dict[str, Json]: ...
@overload
def join_personal(clear: Mapping[str, Json], personal: Mapping[str, object]) -> dict[str, object]: ...
def join_personal(clear: Mapping[str, Json], personal: Mapping[str, object]) -> Mapping[str, object]:
    """Answers with the personal texts, or whatever stands for an erased one, put back where they were taken from."""
    answers: Any = _copied(clear)
    for dotted, text in personal.items():
        *above, last = (int(index) if index else name for name, index in _STEP.findall(dotted))
        holder = answers
        for step in above:
            holder = holder[step]
        holder[last] = text
    whole: dict[str, object] = answers
    return whole


def _copied(answers: Mapping[str, Json]) -> dict[str, Json]:
    def copy(value: Json) -> Json:
        if isinstance(value, dict):
            return _copied(value)
        return [copy(item) for item in value] if isinstance(value, list) else value

    return {name: copy(value) for name, value in answers.items()}


def _reached(value: Json, path: Sequence[str], dotted: str) -> Iterator[tuple[str, dict[str, Json], str]]:
    """Every place that a path leads to: its name, what holds it, and under which key."""
    step, *more = path
    if step == "*" and isinstance(value, list):
        for number, item in enumerate(value):
            yield from _reached(item, more, f"{dotted}[{number}]")
    elif isinstance(value, dict) and step in value:
        name = f"{dotted}.{step}" if dotted else step
        if more:
            yield from _reached(value[step], more, name)
        else:
            yield name, value, step


# -- finding the way --------------------------------------------------------------------------------------------------


def _find(fields: Mapping[str, Field], path: Path) -> tuple[Field | None, Mapping[str, Field]]:
    """The field that a path leads to, and those beside it; None if the form has no such field."""
    field: Field | None = None
    siblings = fields
    for part in path:
        if isinstance(part, str):
            if field is not None:
                siblings = field.items
            field = siblings.get(part)
            if field is None:
                break
    return field, siblings


def _limits(field: Field | None) -> Schema:
    """What the form says of a field; of alternatives, the typed one."""
    if field is None:
        return {}
    typed, _ = alternatives(field.schema)
    return {**field.schema, **(typed[0] if typed else {})}


def _unknown(name: str, siblings: Mapping[str, Field], suggest: bool, language: str) -> str:
    shown = name[:_SHOWN].encode(errors="replace").decode()
    known = [*siblings, *(field.name + COMMENT_SUFFIX for field in siblings.values() if field.comment)]
    close = get_close_matches(shown, known, 1) if suggest else []
    return messages.say("meant" if close else "unknown", language, name=shown, close=close[0] if close else "")


def _dotted(path: Path) -> str:
    """`groups[2].name`."""
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part[:_SHOWN]}" for part in path)
    return text.removeprefix(".").encode(errors="replace").decode()


def _with_lists(fields: Mapping[str, Field]) -> dict[str, Field]:
    """The fields that are lists, or have lists below."""
    return {name: field for name, field in fields.items() if field.kind == "list" or _with_lists(field.items)}


def _row_counts(lists: Mapping[str, Field], answers: Json) -> Iterator[int]:
    """How many rows each list has; of rows before what is in them, so that counting can stop soon."""
    for name, field in lists.items():
        value = answers.get(name) if isinstance(answers, dict) else None
        below = _with_lists(field.items)
        if field.kind != "list":
            yield from _row_counts(below, value)
        elif isinstance(value, list) and len(value) <= MAX_ROWS:  # a list too long is not looked into
            yield len(value)
            if below:
                for row in value:
                    yield from _row_counts(below, row)


def fits(number: int | Decimal) -> bool:
    """Whether a number has no more digits than figures can hold."""
    if isinstance(number, int):
        return bool(abs(number) < 10**DIGITS_BEFORE)
    if not number.is_finite() or (number and number.adjusted() >= DIGITS_BEFORE):
        return False
    _, digits, exponent = number.as_tuple()
    surplus = -int(exponent) - DIGITS_AFTER
    return surplus <= 0 or all(digit == 0 for digit in digits[-surplus:])


def _numbers(
    fields: Mapping[str, Field], answers: Mapping[str, Json], path: Path = ()
) -> Iterator[tuple[Path, int | Decimal]]:
    """Every number that is asked for among the answers, with its path."""
    for name, field in fields.items():
        value = answers.get(name)
        if isinstance(value, int | Decimal) and not isinstance(value, bool):
            yield (*path, name), value
        elif isinstance(value, dict):
            yield from _numbers(field.items, value, (*path, name))
        elif isinstance(value, list):
            for number, row in enumerate(value):
                if isinstance(row, dict):
                    yield from _numbers(field.items, row, (*path, name, number))
