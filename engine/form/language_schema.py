"""The JSON Schema (2020-12) of the form language, for editors: made from `language`, never written by hand.

`forms/form.schema.json` is what `python -m engine.form.language_schema` prints; a test holds the two together. It is
narrower than the metaschema of JSON Schema: what it takes can be shown to a person. It knows shapes only: whether names
lead to fields, and values go together, is `lint`'s.
"""

from __future__ import annotations

import json
import keyword
import sys
from collections.abc import Iterable, Mapping
from typing import Any, Final, TypeAlias

from engine.form.facts import TABLES
from engine.form.language import (
    ANNOTATIONS_OF,
    CHOICE_KEYWORDS,
    CONDITION_KEYWORDS,
    DIALECT,
    FORMATS,
    KEYWORDS_OF,
    KINDS,
    MAX_PATTERN_TEXT,
    MAX_ROWS,
    ROOT_ANNOTATIONS,
    ROOT_KEYWORDS,
    ROW_ANNOTATIONS,
    TYPES,
    WIDGETS_OF,
    Kind,
)
from engine.text import LANGUAGES

Schema: TypeAlias = dict[str, Any]

TOLD: Final[Mapping[str, str]] = {
    "$schema": "The dialect of JSON Schema that forms are written in.",
    "$id": "The form's id: <template>/<name>, as its file lies.",
    "$defs": "What several fields have in common, by name: they refer to it by $ref.",
    "$ref": "What is defined under $defs: '#/$defs/<name>'.",
    "title": "What the person reads first, in bokmål; the other languages stand under x-i18n.",
    "description": "More about it, in bokmål.",
    "type": "What kind of answer it is.",
    "default": "A suggestion. It is shown, and not stored unless the person chooses it.",
    "examples": "Answers that would fit.",
    "properties": "The fields, in the order in which they are asked.",
    "required": "The fields that have to be answered.",
    "additionalProperties": "false: answers that nobody asked for are never taken.",
    "if": "The answers on which it depends …",
    "then": "… what must be answered if so …",
    "else": "… and what if not.",
    "allOf": "Rules that all have to hold.",
    "anyOf": "Rules of which one has to hold.",
    "dependentRequired": "Fields that have to be answered together with a field.",
    "items": "What each row of a list asks for, or the choices of which several may be chosen.",
    "minItems": "How many there have to be.",
    "maxItems": f"How many there may be; at most {MAX_ROWS}.",
    "uniqueItems": "true: each choice at most once.",
    "enum": "The choices, by their constants.",
    "const": "The constant that is stored.",
    "oneOf": "The choices: each a constant with its title; one may be a type instead, such as a number.",
    "minimum": "The smallest number.",
    "maximum": "The largest number.",
    "exclusiveMinimum": "The number has to be larger.",
    "exclusiveMaximum": "The number has to be smaller.",
    "multipleOf": "The number has to be a multiple of this: 0.01 for two decimals.",
    "minLength": "How many characters there have to be.",
    "maxLength": f"How many characters there may be; at most {MAX_PATTERN_TEXT} where there is a pattern.",
    "pattern": "A regular expression that the text has to match, in linear time.",
    "format": "What the text is: a date, a moment, an address.",
    "x-i18n": "Title and description in the other languages: {nn: {title: …}, en: {title: …}}.",
    "x-purpose": "Why the form asks, and on what legal basis: shown to people, and in the record of processing.",
    "x-personal": "true: personal data, encrypted under the person's own key, and never in the warehouse in clear.",
    "x-id": "The field's stable id across versions, where its name has changed.",
    "x-score": "The answer counts in these values of dimensions, on this scale.",
    "x-unit": "The unit, shown with the value.",
    "x-decimals": "How many decimals are shown.",
    "x-widget": "How it is shown, where the kind's own way is not right.",
    "x-anchors": "What the points of a scale look like in practice: {1: {nb: …}, 5: {nb: …}}.",
    "x-comment": "true: the person may add a comment to the answer; it is personal.",
    "x-page": "The page of a stepwise form.",
    "x-prefill": "true: the person's own earlier text is shown again for editing.",
    "x-fact": "The rows land in this core table of the warehouse, with these columns from these fields.",
}
"""What an editor tells of each keyword and annotation."""

_TEXT: Final[Schema] = {"type": "string", "pattern": r"\S"}
_COUNT: Final[Schema] = {"type": "integer", "minimum": 0}
_NUMBER: Final[Schema] = {"type": "number"}
_FLAG: Final[Schema] = {"type": "boolean"}
_CONST: Final[Schema] = {"type": ["string", "number", "boolean"], "not": {"const": ""}}
_NAMES: Final[Schema] = {"type": "array", "items": {"type": "string"}, "uniqueItems": True}
_FIELD_NAME: Final[Schema] = {
    "pattern": "^[A-Za-z_][A-Za-z0-9_]*$",
    "maxLength": 60,
    "not": {"enum": sorted(keyword.kwlist)},
}


def _ref(name: str) -> Schema:
    return {"$ref": f"#/$defs/{name}"}


def _all_of(name: str) -> Schema:
    return {"type": "array", "minItems": 1, "items": _ref(name)}


_VALUES: Final[Mapping[str, Schema]] = {
    "$schema": {"const": DIALECT},
    "$id": {"type": "string", "pattern": r"^[^#]*[^#\s][^#]*$"},
    "$defs": {"type": "object", "additionalProperties": _ref("Definition")},
    "$ref": {"type": "string", "pattern": "^#/\\$defs/[^/]+$"},
    "title": _TEXT,
    "description": _TEXT,
    "type": {"enum": sorted(TYPES)},
    "default": {},
    "examples": {"type": "array"},
    "properties": {
        "type": "object",
        "minProperties": 1,
        "propertyNames": _FIELD_NAME,
        "additionalProperties": _ref("Field"),
    },
    "required": _NAMES,
    "additionalProperties": {"const": False},
    "if": _ref("Condition"),
    "then": _ref("Condition"),
    "else": _ref("Condition"),
    "allOf": _all_of("Condition"),
    "anyOf": _all_of("Condition"),
    "dependentRequired": {"type": "object", "additionalProperties": _NAMES},
    "items": {"type": "object"},
    "minItems": _COUNT,
    "maxItems": {"type": "integer", "minimum": 1, "maximum": MAX_ROWS},
    "uniqueItems": _FLAG,
    "enum": {"type": "array", "minItems": 1, "items": _CONST},
    "const": _CONST,
    "oneOf": {
        "type": "array",
        "minItems": 1,
        "items": {
            "type": "object",
            "if": {"required": ["const"]},
            "then": _ref("Choice"),
            "else": _ref("Alternative"),
        },
    },
    "minimum": _NUMBER,
    "maximum": _NUMBER,
    "exclusiveMinimum": _NUMBER,
    "exclusiveMaximum": _NUMBER,
    "multipleOf": {"type": "number", "exclusiveMinimum": 0},
    "minLength": _COUNT,
    "maxLength": _COUNT,
    "pattern": _TEXT,
    "format": {"enum": sorted(FORMATS)},
    "x-i18n": {
        "type": "object",
        "properties": {language: _ref("Translation") for language in LANGUAGES[1:]},
        "additionalProperties": False,
    },
    "x-purpose": _ref("Text"),
    "x-personal": _FLAG,
    "x-id": {"type": "string", "pattern": "^[A-Za-z_][A-Za-z0-9_]*$"},
    "x-score": {
        "type": "object",
        "required": ["dimensions", "min", "max"],
        "additionalProperties": False,
        "properties": {
            "dimensions": {
                "type": "object",
                "minProperties": 1,
                "additionalProperties": {"type": "string"},
                "description": "Dimension and value: {field: power}.",
            },
            "min": {**_NUMBER, "description": "The answer that counts least."},
            "max": {**_NUMBER, "description": "The answer that counts most."},
            "reverse": {**_FLAG, "description": "true where less is better."},
        },
    },
    "x-unit": _TEXT,
    "x-decimals": {"type": "integer", "minimum": 0, "maximum": 10},
    "x-widget": _TEXT,
    "x-anchors": {"type": "object", "additionalProperties": _ref("Text")},
    "x-comment": _FLAG,
    "x-page": {"anyOf": [_TEXT, _COUNT]},
    "x-prefill": _FLAG,
    "x-fact": _ref("Fact"),
}
"""What each keyword and annotation may be, as far as it can be told by itself; `values` says the same to lint."""


def form_schema() -> Schema:
    """The schema of a form's file."""
    field_keys = set[str]().union(*KEYWORDS_OF.values(), *ANNOTATIONS_OF.values())
    root = _mapping(ROOT_KEYWORDS | ROOT_ANNOTATIONS)
    root["properties"]["type"] = {"const": "object", "description": TOLD["type"]}
    return {
        "$schema": DIALECT,
        "title": "A form of samskap",
        "description": "What people are asked: JSON Schema 2020-12 as far as it can be shown, with annotations.",
        **root,
        "required": ["$id", "type", "properties"],
        "allOf": [_IF_THEN],
        "$defs": {
            "Field": {**_mapping(field_keys), "if": {"required": ["$ref"]}, "else": _by_kind()},
            **{_kind(kind): _of_kind(kind) for kind in KINDS},
            "Row": {
                **_mapping(KEYWORDS_OF["object"] | ROW_ANNOTATIONS),
                "allOf": [_IF_THEN, _unless_ref({"required": ["properties"]})],
            },
            "Choices": _mapping(KEYWORDS_OF["choice"]),
            "Choice": _mapping(CHOICE_KEYWORDS | {"x-i18n"}),
            "Alternative": _alternative(),
            "Condition": {**_condition(), "allOf": [_IF_THEN]},
            "Definition": _mapping(field_keys | ROW_ANNOTATIONS),
            "Translation": _translation(),
            "Text": _text(),
            "Fact": _fact(),
        },
    }


_IF_THEN: Final[Schema] = {
    "if": {"required": ["if"]},
    "then": {"anyOf": [{"required": ["then"]}, {"required": ["else"]}]},
    "else": {"not": {"anyOf": [{"required": ["then"]}, {"required": ["else"]}]}},
}
"""`if` has something that follows, and what follows has an `if`."""


def _mapping(keys: Iterable[str]) -> Schema:
    """A mapping with these keys and no others, each with what is told of it."""
    told = {key: {**_VALUES[key], "description": TOLD[key]} for key in sorted(keys)}
    return {"type": "object", "properties": told, "additionalProperties": False}


def _unless_ref(schema: Schema) -> Schema:
    return {"if": {"required": ["$ref"]}, "else": schema}


def _kind(kind: Kind) -> str:
    return f"{kind.title()}Field"


def _of_kind(kind: Kind) -> Schema:
    """What a field of a kind may have; what it is by itself says `Field`."""
    found: Schema = {"propertyNames": {"enum": sorted(KEYWORDS_OF[kind] | ANNOTATIONS_OF[kind])}}
    if WIDGETS_OF[kind]:
        found["properties"] = {"x-widget": {"enum": list(WIDGETS_OF[kind])}}
    if kind == "object":
        found |= {"required": ["properties"], "allOf": [_IF_THEN]}
    if kind == "text":
        longest = {"maxLength": {"maximum": MAX_PATTERN_TEXT}}
        found |= {"if": {"required": ["pattern"]}, "then": {"properties": longest}}
    if kind in ("list", "choices"):
        items = _ref("Row" if kind == "list" else "Choices")
        found["properties"] = {**found.get("properties", {}), "items": items}
    return found


_TYPED: Final[Mapping[Kind, Schema]] = {
    "date": {"properties": {"type": {"const": "string"}, "format": {"const": "date"}}, "required": ["type", "format"]},
    "text": {"properties": {"type": {"const": "string"}}, "required": ["type"]},
    "integer": {"properties": {"type": {"const": "integer"}}, "required": ["type"]},
    "number": {"properties": {"type": {"const": "number"}}, "required": ["type"]},
    "boolean": {"properties": {"type": {"const": "boolean"}}, "required": ["type"]},
}
"""How a kind is told by its type; the first that fits."""
_CHOSEN: Final[Schema] = {
    "anyOf": [
        {"required": ["oneOf"], "properties": {"oneOf": {"items": {"required": ["const"]}}}},
        {
            "not": {"anyOf": [{"required": ["oneOf"]}, _TYPED["boolean"]]},
            "anyOf": [{"required": ["enum"]}, {"required": ["const"]}],
        },
    ]
}
"""A field whose answers are constants only."""


def _by_kind() -> Schema:
    """What a field may have, by its kind: the same questions in the same order as `model.kind_of` asks."""
    found: Schema = {"not": {}}
    object_field = {"properties": {"type": {"const": "object"}}, "required": ["type"]}
    found = {"if": object_field, "then": _ref(_kind("object")), "else": found}
    for kind, typed in reversed([*_TYPED.items()]):
        found = {"if": typed, "then": _ref(_kind(kind)), "else": found}
    found = {"if": {"properties": {"type": {"const": "array"}}, "required": ["type"]}, "then": _lists(), "else": found}
    found = {"if": {"required": ["oneOf"]}, "then": _mixed(), "else": found}
    return {"if": _CHOSEN, "then": _ref(_kind("choice")), "else": found}


def _lists() -> Schema:
    """A list of rows, or of choices; where its items refer elsewhere, either."""
    rows = {"properties": {"items": {"properties": {"type": {"const": "object"}}, "required": ["type"]}}}
    choices = {"properties": {"items": _CHOSEN}, "required": ["items"]}
    elsewhere = {"properties": {"items": {"required": ["$ref"]}}, "required": ["items"]}
    either = {"propertyNames": {"enum": sorted(set(_keys("list")) | set(_keys("choices")))}}
    told = {
        "if": choices,
        "then": _ref(_kind("choices")),
        "else": {**rows, "required": ["items"], **_ref(_kind("list"))},
    }
    return {"if": elsewhere, "then": either, "else": told}


def _keys(kind: Kind) -> frozenset[str]:
    return KEYWORDS_OF[kind] | ANNOTATIONS_OF[kind]


def _mixed() -> Schema:
    """Constants beside one typed alternative, which says the kind."""
    untold: Schema = {"not": {"required": ["const"]}}
    found: Schema = {"not": {}}
    for kind, typed in reversed([*_TYPED.items()]):
        is_typed = {"properties": {"oneOf": {"contains": {"allOf": [untold, typed]}}}}
        found = {"if": is_typed, "then": _ref(_kind(kind)), "else": found}
    one_of = {"allOf": [{"contains": untold, "maxContains": 1}, {"contains": {"required": ["const"]}}]}
    return {"properties": {"oneOf": one_of}, **found}


def _alternative() -> Schema:
    """The typed one of a field's alternatives."""
    found: Schema = {"not": {}}
    for kind, typed in reversed([*_TYPED.items()]):
        keys = KEYWORDS_OF[kind] - {"oneOf", "$ref", "default", "enum", "const"}
        found = {"if": typed, "then": _mapping(keys), "else": found}
    return found


def _condition() -> Schema:
    """What may stand within if, then, else, allOf and anyOf: it closes nothing, and asks nothing new."""
    made = _mapping(CONDITION_KEYWORDS)
    told = TOLD["properties"]
    made["properties"]["properties"] = {
        "type": "object",
        "additionalProperties": _ref("Condition"),
        "description": told,
    }
    return made


def _translation() -> Schema:
    return {"type": "object", "additionalProperties": False, "properties": {"title": _TEXT, "description": _TEXT}}


def _text() -> Schema:
    languages = {language: {"type": "string"} for language in LANGUAGES}
    some = {"anyOf": [{"properties": {language: _TEXT}, "required": [language]} for language in LANGUAGES]}
    mapping = {"type": "object", "properties": languages, "additionalProperties": False, **some}
    return {"description": "In bokmål, nynorsk and English; a plain text is bokmål.", "oneOf": [_TEXT, mapping]}


def _fact() -> Schema:
    source = {
        "type": "object",
        "required": ["field"],
        "additionalProperties": False,
        "properties": {"field": {"type": "string"}, "divide": {"type": "number", "exclusiveMinimum": 0}},
    }
    columns = {"type": "object", "additionalProperties": {"oneOf": [{"type": "string"}, source]}}
    by_table = [
        {
            "if": {"properties": {"table": {"const": name}}},
            "then": {
                "properties": {
                    "columns": {
                        "propertyNames": {"enum": list(table)},
                        "required": [column for column, of in table.items() if of.key],
                    }
                }
            },
        }
        for name, table in TABLES.items()
    ]
    return {
        "type": "object",
        "required": ["table", "columns"],
        "additionalProperties": False,
        "properties": {
            "table": {"enum": list(TABLES), "description": "The core table."},
            "columns": {**columns, "description": "Its columns, each with the field that fills it."},
        },
        "allOf": by_table,
    }


if __name__ == "__main__":
    sys.stdout.write(json.dumps(form_schema(), indent=2, ensure_ascii=False) + "\n")
