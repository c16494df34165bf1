"""The values that keywords and annotations of forms may have, with the words that say so.

Only the value itself is judged here, not whether it fits the rest of the form: that is `lint`'s. Whatever passes is
also valid by the metaschema of JSON Schema 2020-12, which says less: a test holds the two together.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from decimal import Decimal
from typing import Final, NamedTuple

from engine.codec import Json
from engine.form.faults import Fault, suggestion
from engine.form.language import ANNOTATIONS, DIALECT, FORMATS, KEYWORDS, MAX_PATTERN_TEXT, MAX_ROWS, TYPES
from engine.form.model import Const
from engine.form.refs import DataPath, Schema, mapping, sequence


class Expected(NamedTuple):
    """What a value should be: a test, words for a person, and the options where there are some."""

    holds: Callable[[Json], bool]
    words: str
    options: tuple[str, ...] = ()


def _text(value: Json) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _number(value: Json) -> bool:
    return isinstance(value, int | Decimal) and not isinstance(value, bool)


def _count(value: Json) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _flag(value: Json) -> bool:
    return isinstance(value, bool)


def is_type(value: Json, kind: str) -> bool:
    """Whether a value is of a type of JSON Schema; exact as answers are: a decimal without a fraction is an integer."""
    match kind:
        case "integer":
            return isinstance(value, int | Decimal) and not isinstance(value, bool) and value == int(value)
        case "number":
            return _number(value)
        case _:
            return type(value) is _TYPES.get(kind)


_TYPES: Final = {"string": str, "boolean": bool, "object": dict, "array": list}


def _const(value: Json) -> bool:
    return isinstance(value, Const) and value != ""


def _names(value: Json) -> bool:
    return isinstance(value, list) and all(isinstance(name, str) for name in value) and len(set(value)) == len(value)


def _parts(value: Json) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(part, dict) for part in value)


def _mapping(value: Json) -> bool:
    return isinstance(value, dict)


def _one_of(options: frozenset[str]) -> Expected:
    known = tuple(sorted(options))
    return Expected(lambda value: isinstance(value, str) and value in known, f"one of {', '.join(known)}", known)


_TEXT = Expected(_text, "a text")
_NUMBER = Expected(_number, "a number")
_COUNT = Expected(_count, "a whole number from 0")
_FLAG = Expected(_flag, "true or false")
_PARTS = Expected(_parts, "a list of mappings")
_MAPPING = Expected(_mapping, "a mapping")

EXPECTED: Final[Mapping[str, Expected]] = {
    "$schema": Expected(lambda value: value == DIALECT, DIALECT),
    "$id": Expected(lambda value: _text(value) and "#" not in str(value), "a text without #"),
    "$defs": _MAPPING,
    "$ref": _TEXT,
    "title": _TEXT,
    "description": _TEXT,
    "type": _one_of(TYPES),
    "properties": _MAPPING,
    "required": Expected(_names, "a list of field names, each once"),
    "additionalProperties": Expected(lambda value: value is False, "false: fields that nobody asks for are refused"),
    "items": _MAPPING,
    "minItems": _COUNT,
    "maxItems": Expected(lambda v: _count(v) and 1 <= int(str(v)) <= MAX_ROWS, f"a whole number from 1 to {MAX_ROWS}"),
    "uniqueItems": _FLAG,
    "enum": Expected(lambda v: isinstance(v, list) and bool(v) and all(_const(c) for c in v), "a list of answers"),
    "const": Expected(_const, "a text, a number, true or false"),
    "oneOf": _PARTS,
    "anyOf": _PARTS,
    "allOf": _PARTS,
    "if": _MAPPING,
    "then": _MAPPING,
    "else": _MAPPING,
    "dependentRequired": Expected(lambda v: isinstance(v, dict) and all(map(_names, v.values())), "{field: [fields]}"),
    "minimum": _NUMBER,
    "maximum": _NUMBER,
    "exclusiveMinimum": _NUMBER,
    "exclusiveMaximum": _NUMBER,
    "multipleOf": Expected(lambda value: _number(value) and Decimal(str(value)) > 0, "a number over 0"),
    "minLength": _COUNT,
    "maxLength": _COUNT,
    "pattern": _TEXT,
    "format": _one_of(FORMATS),
    "examples": Expected(lambda value: isinstance(value, list), "a list"),
    "x-i18n": _MAPPING,
    "x-personal": _FLAG,
    "x-id": Expected(lambda v: isinstance(v, str) and v.isidentifier() and v.isascii(), "an identifier"),
    "x-score": _MAPPING,
    "x-unit": _TEXT,
    "x-decimals": Expected(lambda v: _count(v) and int(str(v)) <= 10, "a whole number from 0 to 10"),
    "x-widget": _TEXT,
    "x-anchors": _MAPPING,
    "x-comment": _FLAG,
    "x-page": Expected(lambda value: _text(value) or _count(value), "a page's name or number"),
    "x-prefill": _FLAG,
    "x-fact": _MAPPING,
}
"""What each keyword and annotation wants. `default` may be anything: it is held against its own field."""

PATTERN_LENGTH: Final = Expected(
    lambda value: _count(value) and int(str(value)) <= MAX_PATTERN_TEXT,
    f"a whole number up to {MAX_PATTERN_TEXT}, because the text has a pattern",
)


def value_faults(key: str, value: Json, path: DataPath) -> Iterator[Fault]:
    """What is wrong with the value of a keyword or annotation by itself."""
    expected = EXPECTED.get(key)
    if expected is not None and not expected.holds(value):
        hint = f"Write {expected.words}."
        if isinstance(value, str) and expected.options:
            hint = suggestion(value, expected.options)
        if key in ("title", "description") and isinstance(value, dict):
            hint = f"Write the bokmål here, and the others beside it: x-i18n: {{en: {{{key}: …}}}}."
        yield Fault("form-value", path, f"the value of “{key}” is {expected.words}", hint)


def all_faults(schema: Schema, path: DataPath = ()) -> Iterator[Fault]:
    """What is wrong with keywords and their values anywhere in a schema, also in definitions that nothing refers to."""
    for key, value in schema.items():
        where = (*path, key)
        if key not in KEYWORDS | ANNOTATIONS:
            message = f"“{key[:60]}” is no keyword that forms may use"
            yield Fault("form-unknown-keyword", where, message, suggestion(key, KEYWORDS), at_key=True)
        yield from value_faults(key, value, where)
        if key in ("properties", "$defs"):
            yield from _below(((*where, name), inner) for name, inner in mapping(value).items())
        elif key in ("oneOf", "anyOf", "allOf"):
            yield from _below(((*where, number), inner) for number, inner in enumerate(sequence(value)))
        elif key in ("items", "if", "then", "else"):
            yield from _below([(where, value)])


def _below(parts: Iterable[tuple[DataPath, Json]]) -> Iterator[Fault]:
    for path, schema in parts:
        if isinstance(schema, dict):
            yield from all_faults(schema, path)
        else:
            yield Fault("form-value", path, f"“{path[-1]}” is a mapping", "Write what is to be asked, or remove it.")
