"""The schema that answers are held against, and how: JSON Schema 2020-12 with what our forms assume.

Made of a form's schema: references are put in, annotations and texts left out, choices become one list of constants,
objects refuse fields that they do not name, lists and texts get their bounds. jsonschema walks it. Keywords whose own
check would write a person's whole answer into a message, or go on after a bound is broken, are replaced by ours: they
raise nothing and stay quick whatever is sent. Sentences for people are `messages`'.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any, Protocol
from urllib.parse import urlsplit

from jsonschema import Draft202012Validator, TypeChecker, ValidationError
from jsonschema.validators import extend

from engine.codec import MAX_DIGITS, Json
from engine.errors import ConfigError
from engine.form.language import (
    COMMENT_LENGTH,
    COMMENT_SUFFIX,
    CONDITION_KEYWORDS,
    MAX_DEPTH,
    MAX_PATTERN_TEXT,
    MAX_ROWS,
    MAX_TEXT,
)
from engine.form.model import alternatives
from engine.form.pattern import PatternFault, compiled
from engine.form.refs import Schema, follow, mapping, sequence

Checked = dict[str, Any]
"""A schema for jsonschema; compiled patterns stand in it as they are, so it is not JSON."""

UNKNOWN_SHOWN = 10
"""Fields that nobody asked for which are told of one object."""

_CONDITIONS = ("dependentRequired", "if", "then", "else", "allOf", "anyOf")
_NUMBERS = ("type", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf")


class Walker(Protocol):
    """What we use of a validator of jsonschema."""

    schema: Checked

    def is_type(self, instance: object, type: str) -> bool:  # noqa: A002
        """Whether an answer is of a type."""

    def is_valid(self, instance: object) -> bool:
        """Whether an answer fits."""

    def iter_errors(self, instance: object) -> Iterator[ValidationError]:
        """What does not fit."""

    def descend(
        self, instance: object, schema: Checked, path: str | int | None = None, schema_path: str | int | None = None
    ) -> Iterator[ValidationError]:
        """What does not fit in a part."""

    def evolve(self, *, schema: Checked) -> Walker:
        """The same validator for another schema."""


def checker(root: Schema) -> Walker:
    """A validator for the answers to a form; raise `ConfigError` if the schema cannot be used."""
    found: Walker = _Checks(_object(follow(root, (), root).schema, root, 1))
    return found


@dataclass(frozen=True, slots=True)
class Wrong:
    """An answer that does not fit: where it stands, the keyword with its value, and the schema that this stands in."""

    path: tuple[str | int, ...]
    keyword: str
    value: Json
    schema: Schema
    answer: Json
    schema_path: tuple[str | int, ...]


def wrongs(walker: Walker, answers: Json) -> Iterator[Wrong]:
    """What does not fit, as it is found; the path of what is missing or unknown ends with its name."""
    for error in walker.iter_errors(answers):
        found: Any = error  # jsonschema's types leave open that these are set, which they are
        schema_path = tuple(found.absolute_schema_path)
        yield Wrong(
            tuple(found.absolute_path),
            found.validator,
            found.validator_value,
            found.schema,
            found.instance,
            schema_path,
        )


# -- from a form's schema to the one that is checked ------------------------------------------------------------------


def _object(schema: Schema, root: Schema, depth: int) -> Checked:
    if depth > MAX_DEPTH:
        raise ConfigError(f"the form is nested deeper than {MAX_DEPTH} levels", hint="Ask in fewer levels.")
    properties: Checked = {}
    for name, inner in mapping(schema.get("properties")).items():
        field = follow(mapping(inner), (), root).schema
        properties[name] = _field(field, root, depth)
        if field.get("x-comment") is True:
            properties[name + COMMENT_SUFFIX] = {"type": "string", "maxLength": COMMENT_LENGTH}
    checked: Checked = {"type": "object", "additionalProperties": frozenset(properties), "properties": properties}
    if required := schema.get("required"):
        checked["required"] = required
    return checked | _conditions(schema)


def _conditions(schema: Schema) -> Checked:
    found: Checked = {}
    for key in _CONDITIONS:
        value = schema.get(key)
        if key in ("allOf", "anyOf") and value:
            found[key] = [_condition(mapping(part)) for part in sequence(value)]
        elif key == "dependentRequired" and value:
            found[key] = value
        elif value is not None:
            found[key] = _condition(mapping(value))
    return found


def _condition(schema: Schema) -> Checked:
    """A part that adds to what fields say: it closes nothing, and bounds only what it names."""
    simple = {key: value for key, value in schema.items() if key in CONDITION_KEYWORDS and key not in _CONDITIONS}
    checked: Checked = {key: value for key, value in simple.items() if key not in ("const", "properties")}
    if "const" in schema:
        checked["enum"] = [schema["const"]]
    if "properties" in schema:
        checked["properties"] = {name: _condition(mapping(v)) for name, v in mapping(schema["properties"]).items()}
    return checked | _conditions(schema)


def _field(schema: Schema, root: Schema, depth: int) -> Checked:
    typed, constants = alternatives(schema)
    values = [choice["const"] for choice in constants]
    if typed:
        return {"oneOf": [{"enum": values}, _typed(typed[0], root, depth)]}
    return {"enum": values} if values else _typed(schema, root, depth)


def _typed(schema: Schema, root: Schema, depth: int) -> Checked:
    match schema.get("type"):
        case "object":
            return _object(schema, root, depth + 1)
        case "array":
            return _list(schema, root, depth)
        case "string":
            return _string(schema)
        case "boolean":
            values = sequence(schema.get("enum")) or ([schema["const"]] if "const" in schema else [])
            return {"type": "boolean", "enum": values} if values else {"type": "boolean"}
        case _:
            return {key: schema[key] for key in _NUMBERS if key in schema}


def _list(schema: Schema, root: Schema, depth: int) -> Checked:
    items = follow(mapping(schema.get("items")), (), root).schema
    checked: Checked = {"type": "array"}
    checked |= {key: schema[key] for key in ("minItems", "uniqueItems") if key in schema}
    checked["maxItems"] = schema.get("maxItems", MAX_ROWS)
    checked["items"] = _field(items, root, depth)
    return checked


def _string(schema: Schema) -> Checked:
    checked: Checked = {key: schema[key] for key in ("type", "format", "minLength") if key in schema}
    checked["maxLength"] = longest = schema.get("maxLength", MAX_PATTERN_TEXT if "pattern" in schema else MAX_TEXT)
    pattern = schema.get("pattern")
    if isinstance(pattern, str) and isinstance(longest, int):
        try:
            checked["pattern"] = compiled(pattern, longest)
        except PatternFault as fault:
            raise ConfigError(str(fault), hint="Give the form a simpler pattern.") from None
    return checked


# -- types ------------------------------------------------------------------------------------------------------------

_LARGEST = 10**MAX_DIGITS


def _is_number(_: TypeChecker, value: object) -> bool:
    """A number that is kept exactly: no truth value, no float, neither too long nor without end."""
    if isinstance(value, Decimal):
        return value.is_finite() and abs(value.adjusted()) <= MAX_DIGITS and len(value.as_tuple().digits) <= MAX_DIGITS
    return isinstance(value, int) and not isinstance(value, bool) and -_LARGEST < value < _LARGEST


def _is_integer(types: TypeChecker, value: object) -> bool:
    return _is_number(types, value) and isinstance(value, int | Decimal) and value == int(value)


# -- formats ----------------------------------------------------------------------------------------------------------

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_MOMENT = re.compile(r"\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}:\d{2}(\.\d{1,6})?([Zz]|[+-]\d{2}:\d{2})", re.ASCII)
_EMAIL = re.compile(r"[^@\s<>()\[\],;:\\\"]{1,64}@[^@\s<>()\[\],;:\\\".]+(\.[^@\s<>()\[\],;:\\\".]+)+")
_SPACE = re.compile(r"[\s\x00-\x1f<>\"]")


def _is_date(text: str) -> bool:
    """RFC 3339's full-date."""
    return bool(_DATE.fullmatch(text)) and _parses(date.fromisoformat, text)


def _is_moment(text: str) -> bool:
    """RFC 3339's date-time, with its offset; no leap seconds."""
    return bool(_MOMENT.fullmatch(text)) and _parses(datetime.fromisoformat, text.upper())


def _is_email(text: str) -> bool:
    """An address as people have it; not all that RFC 5321 allows."""
    return bool(_EMAIL.fullmatch(text))


def _is_web_address(text: str) -> bool:
    """An address on the web: other schemes are no links that a page may show."""
    if not text.startswith(("https://", "http://")) or _SPACE.search(text):
        return False
    return _parses(lambda value: urlsplit(value).port, text) and bool(urlsplit(text).hostname)


def _parses(parse: Callable[[str], object], text: str) -> bool:
    try:
        parse(text)
    except ValueError:
        return False
    return True


_FORMATS: Mapping[str, Callable[[str], bool]] = {
    "date": _is_date,
    "date-time": _is_moment,
    "email": _is_email,
    "uri": _is_web_address,
}


# -- keywords ---------------------------------------------------------------------------------------------------------
# Called by jsonschema with the validator, the keyword's value, the answer, and the schema that the keyword stands in.

Faults = Iterator[ValidationError]


def _fault(*path: str | int) -> ValidationError:
    return ValidationError("", path=path)


def _type(walker: Walker, wanted: str, answer: Json, _: Checked) -> Faults:
    if not walker.is_type(answer, wanted):
        yield _fault()


def _enum(walker: Walker, values: Sequence[Json], answer: Json, _: Checked) -> Faults:
    if not any(_same(value, answer, walker) for value in values):
        yield _fault()


def _same(value: Json, answer: Json, walker: Walker) -> bool:
    if isinstance(value, int | Decimal) and not isinstance(value, bool):
        return walker.is_type(answer, "number") and value == answer
    return type(value) is type(answer) and value == answer


def _required(walker: Walker, names: Sequence[str], answer: Json, _: Checked) -> Faults:
    if isinstance(answer, dict):
        yield from (_fault(name) for name in names if name not in answer)


def _dependent(walker: Walker, needs: Mapping[str, Sequence[str]], answer: Json, _: Checked) -> Faults:
    if isinstance(answer, dict):
        for name, needed in needs.items():
            if name in answer:
                yield from (_fault(other) for other in needed if other not in answer)


def _additional(walker: Walker, known: frozenset[str], answer: Json, _: Checked) -> Faults:
    if isinstance(answer, dict) and not answer.keys() <= known:
        unknown = (name for name in answer if name not in known)
        yield from (_fault(name) for name, _ in zip(unknown, range(UNKNOWN_SHOWN), strict=False))


def _items(walker: Walker, schema: Checked, answer: Json, parent: Checked) -> Faults:
    if isinstance(answer, list) and len(answer) <= parent["maxItems"]:
        for number, item in enumerate(answer):
            yield from walker.descend(item, schema, path=number)


def _min_items(walker: Walker, least: int, answer: Json, _: Checked) -> Faults:
    if isinstance(answer, list) and len(answer) < least:
        yield _fault()


def _max_items(walker: Walker, most: int, answer: Json, _: Checked) -> Faults:
    if isinstance(answer, list) and len(answer) > most:
        yield _fault()


def _unique(walker: Walker, wanted: bool, answer: Json, parent: Checked) -> Faults:
    """Only choices are wanted once each, so what is no constant is told elsewhere."""
    if wanted and isinstance(answer, list) and len(answer) <= parent["maxItems"]:
        values = [(type(value), value) for value in answer if isinstance(value, str | int)]
        if len(set(values)) < len(values):
            yield _fault()


def _min_length(walker: Walker, least: int, answer: Json, _: Checked) -> Faults:
    if isinstance(answer, str) and len(answer) < least:
        yield _fault()


def _max_length(walker: Walker, most: int, answer: Json, _: Checked) -> Faults:
    if isinstance(answer, str) and len(answer) > most:
        yield _fault()


def _pattern(walker: Walker, pattern: re.Pattern[str], answer: Json, parent: Checked) -> Faults:
    if isinstance(answer, str) and len(answer) <= parent["maxLength"] and not pattern.search(answer):
        yield _fault()


def _format(walker: Walker, name: str, answer: Json, parent: Checked) -> Faults:
    if isinstance(answer, str) and (len(answer) > MAX_TEXT or not _FORMATS[name](answer)):
        yield _fault()


def _multiple(walker: Walker, step: int | Decimal, answer: Json, _: Checked) -> Faults:
    if not isinstance(answer, int | Decimal) or not walker.is_type(answer, "number"):
        return
    if Fraction(answer) % Fraction(step):
        yield _fault()


def _any_of(walker: Walker, parts: Sequence[Checked], answer: Json, _: Checked) -> Faults:
    if not any(walker.evolve(schema=part).is_valid(answer) for part in parts):
        yield _fault()


def _one_of(walker: Walker, parts: Sequence[Checked], answer: Json, _: Checked) -> Faults:
    """Constants, or one typed alternative which none of them fits; one fault, or those within what was meant."""
    constants, typed = parts
    if next(_enum(walker, constants["enum"], answer, constants), None) is None:
        return
    if walker.is_type(answer, typed["type"]):
        yield from walker.descend(answer, typed, schema_path=1)
    else:
        yield _fault()


_TYPES = Draft202012Validator.TYPE_CHECKER.redefine_many({"number": _is_number, "integer": _is_integer})
_Checks = extend(  # type: ignore[no-untyped-call]  # untyped in jsonschema's stubs
    Draft202012Validator,
    {
        "type": _type,
        "enum": _enum,
        "required": _required,
        "dependentRequired": _dependent,
        "additionalProperties": _additional,
        "items": _items,
        "minItems": _min_items,
        "maxItems": _max_items,
        "uniqueItems": _unique,
        "minLength": _min_length,
        "maxLength": _max_length,
        "pattern": _pattern,
        "format": _format,
        "multipleOf": _multiple,
        "anyOf": _any_of,
        "oneOf": _one_of,
    },
    type_checker=_TYPES,
)
