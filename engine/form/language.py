"""The language of forms: the keywords, annotations, widgets and bounds there are, stated once.

What is not listed here is refused by lint: what cannot be shown to a person must not be asked.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal, TypeAlias, get_args

Kind: TypeAlias = Literal["text", "integer", "number", "boolean", "date", "choice", "choices", "list", "object"]
KINDS: Final[tuple[Kind, ...]] = get_args(Kind)

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
DONT_KNOW: Final = "dont_know"
"""The answer «vet ikke»: a choice that never counts as a value."""

COMMENT_SUFFIX: Final = "__comment"
COMMENT_LENGTH: Final = 2000

MAX_ROWS: Final = 500
"""Elements of one list, unless the form says less."""
MAX_TEXT: Final = 10_000
"""Characters of one text, unless the form says otherwise."""
MAX_PATTERN_TEXT: Final = 1_000
"""Characters of a text that a pattern is tried on."""
MAX_DEPTH: Final = 20
MAX_FIELDS: Final = 2_000

_ANY: Final = frozenset({"title", "description", "type", "default", "examples", "$ref"})
_RULES: Final = frozenset({"if", "then", "else", "allOf", "anyOf", "dependentRequired"})
_NUMBER: Final = frozenset(
    {"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf", "oneOf", "enum", "const"}
)
_OBJECT: Final = frozenset({"properties", "required", "additionalProperties"}) | _RULES
_LIST: Final = frozenset({"items", "minItems", "maxItems"})

KEYWORDS_OF: Final[Mapping[Kind, frozenset[str]]] = {
    "text": _ANY | {"minLength", "maxLength", "pattern", "format", "const", "oneOf"},
    "date": _ANY | {"format", "oneOf", "minLength", "maxLength"},
    "integer": _ANY | _NUMBER,
    "number": _ANY | _NUMBER,
    "boolean": _ANY | {"const", "oneOf"},
    "choice": _ANY | {"oneOf", "enum", "const"},
    "choices": _ANY | _LIST | {"uniqueItems"},
    "list": _ANY | _LIST,
    "object": (_ANY - {"default", "examples"}) | _OBJECT,
}
"""The keywords that a field of each kind may have."""

ROOT_KEYWORDS: Final = KEYWORDS_OF["object"] | {"$schema", "$id", "$defs"}
CHOICE_KEYWORDS: Final = frozenset({"const", "title", "description"})
CONDITION_KEYWORDS: Final = (
    _OBJECT | {"enum", "const", "minItems", "maxItems", "minLength", "maxLength", "minimum", "maximum"}
    | {"exclusiveMinimum", "exclusiveMaximum", "type"}
) - {"additionalProperties"}  # fmt: skip
"""What may stand within if, then, else, and the parts of allOf and anyOf."""

KEYWORDS: Final = frozenset[str]().union(*KEYWORDS_OF.values(), ROOT_KEYWORDS, CHOICE_KEYWORDS, CONDITION_KEYWORDS)

_SHOWN: Final = frozenset({"x-i18n", "x-id", "x-page"})
_ASKED: Final = _SHOWN | {"x-comment", "x-widget"}
_MEASURED: Final = _ASKED | {"x-unit", "x-decimals", "x-score", "x-anchors"}

ANNOTATIONS_OF: Final[Mapping[Kind, frozenset[str]]] = {
    "text": _ASKED | {"x-personal", "x-unit", "x-prefill"},
    "date": _ASKED | {"x-personal"},
    "integer": _MEASURED,
    "number": _MEASURED,
    "boolean": _ASKED,
    "choice": _ASKED | {"x-score", "x-anchors", "x-unit"},
    "choices": _ASKED,
    "list": _SHOWN | {"x-comment"},
    "object": _SHOWN | {"x-fact"},
}
"""The annotations that a field of each kind may have. Only texts can be personal: they are what is encrypted. Only
texts are shown again: a choice that stands there already is soon taken."""

ROOT_ANNOTATIONS: Final = frozenset({"x-i18n", "x-purpose", "x-fact"})
ROW_ANNOTATIONS: Final = frozenset({"x-i18n", "x-fact"})
ANNOTATIONS: Final = frozenset[str]().union(*ANNOTATIONS_OF.values(), ROOT_ANNOTATIONS)

FORMATS: Final = frozenset({"date", "date-time", "email", "uri"})
TYPES: Final = frozenset({"object", "array", "string", "integer", "number", "boolean"})
WIDGETS_OF: Final[Mapping[Kind, tuple[str, ...]]] = {
    "text": ("text", "textarea", "hidden"),
    "date": ("date", "hidden"),
    "integer": ("number", "scale", "hidden"),
    "number": ("number", "scale", "hidden"),
    "boolean": ("radio", "select", "checkboxes", "hidden"),
    "choice": ("radio", "select", "scale", "hidden"),
    "choices": ("checkboxes",),
    "list": (),
    "object": (),
}
"""The widgets that fit each kind; the first is the default."""

WIDGETS: Final = frozenset(widget for widgets in WIDGETS_OF.values() for widget in widgets)
