"""A form as values: fields in order, their kinds, texts, scores, and what of them is personal or a fact.

Built from a schema that lint has passed, so it is lenient in what lint has checked and refuses only what it cannot
understand at all. Nothing here checks answers.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TypeAlias

from engine.codec import Json
from engine.errors import ConfigError
from engine.form.language import COMMENT_SUFFIX, MAX_DEPTH, MAX_FIELDS, WIDGETS_OF, Kind
from engine.form.refs import DataPath, Part, Schema, follow, mapping, sequence
from engine.text import LANGUAGES, Text, text

_KIND_OF_TYPE: Mapping[str, Kind] = {
    "integer": "integer",
    "number": "number",
    "boolean": "boolean",
    "object": "object",
}

Const: TypeAlias = bool | int | Decimal | str
Number: TypeAlias = int | Decimal


@dataclass(frozen=True, slots=True)
class Choice:
    """One of the answers that a person may choose."""

    const: Const
    titles: Text
    descriptions: Text

    def title(self, language: str) -> str:
        """What the person reads; the constant itself where the form has no title."""
        return self.titles.get(language) or str(self.const)

    def description(self, language: str) -> str:
        """More about the choice; may be empty."""
        return self.descriptions.get(language)


@dataclass(frozen=True, slots=True)
class Score:
    """How an answer counts: in which value of each dimension, and between which ends; reversed where less is better."""

    dimensions: Mapping[str, str]
    min: Number
    max: Number
    reverse: bool = False


@dataclass(frozen=True, slots=True)
class FactColumn:
    """What fills a column of a core table: a field of the row (or of what holds the row), divided by `divide`."""

    field: str
    of_parent: bool = False
    divide: Number = 1


@dataclass(frozen=True, slots=True)
class Fact:
    """Rows of a form that land in a core table; `path` leads from the form to the list or object that is the row.

    It names lists without `[*]`; an empty path says that the form itself is the row.
    """

    table: str
    path: tuple[str, ...]
    columns: Mapping[str, FactColumn]


@dataclass(frozen=True, slots=True)
class Field:
    """Something that is asked. `items` are the fields of a list's rows or of an object; `schema` is without references.

    `anchors` say what the points of a scale look like, by point written as text. `id` is the field's stable id.
    """

    name: str
    id: str
    kind: Kind
    titles: Text
    descriptions: Text
    schema: Schema = field(repr=False)
    choices: tuple[Choice, ...] = ()
    items: Mapping[str, Field] = field(default_factory=dict)
    score: Score | None = None
    unit: str = ""
    decimals: int | None = None
    personal: bool = False
    comment: bool = False
    prefill: bool = False
    anchors: Mapping[str, Text] = field(default_factory=dict)
    required: bool = False
    widget: str = ""
    page: str = ""

    def title(self, language: str) -> str:
        """What the person is asked; the field's name where the form has no title."""
        return self.titles.get(language) or self.name

    def description(self, language: str) -> str:
        """Help with the question; may be empty."""
        return self.descriptions.get(language)

    @property
    def holds_personal(self) -> bool:
        """Whether it, or something within it, is a text that is personal."""
        return self.personal or any(field.holds_personal for field in self.items.values())


@dataclass(frozen=True, eq=False)
class Form:
    """A form, ready to be shown, filled in and checked. `schema` is what its author wrote, annotations and all.

    `personal_paths` lead to the personal texts; `*` stands for any row of a list.
    """

    id: str
    schema: dict[str, Json] = field(repr=False)
    fields: Mapping[str, Field]
    titles: Text
    descriptions: Text
    purpose: Text
    personal_paths: tuple[tuple[str, ...], ...]
    facts: tuple[Fact, ...]

    def title(self, language: str) -> str:
        """The form's heading; its id where it has none."""
        return self.titles.get(language) or self.id

    def description(self, language: str) -> str:
        """What the form is about; may be empty."""
        return self.descriptions.get(language)


def build(schema: dict[str, Json]) -> Form:
    """The form of a schema; raise `ConfigError` for what cannot be understood at all."""
    whole = follow(schema, (), schema)
    root = whole.schema
    fields = _Builder(schema).fields_of(whole, 1)
    return Form(
        id=_string(root.get("$id")),
        schema=schema,
        fields=fields,
        titles=told(root, "title"),
        descriptions=told(root, "description"),
        purpose=_text(root.get("x-purpose")),
        personal_paths=tuple(_personal(fields)),
        facts=tuple(_facts(root, fields)),
    )


def kind_of(schema: Schema, root: Schema) -> Kind | None:
    """The kind of field that a schema without references describes; None if it is none that can be asked."""
    branches, constants = alternatives(schema)
    if constants and not branches:
        return "choice"
    if branches:
        schema = branches[0] if constants and len(branches) == 1 and "oneOf" not in branches[0] else {}
    if schema.get("type") == "array":
        return _list_kind(follow(mapping(schema.get("items")), (), root).schema)
    if schema.get("type") == "string":
        return "date" if schema.get("format") == "date" else "text"
    return _KIND_OF_TYPE.get(str(schema.get("type")))


def _list_kind(items: Schema) -> Kind | None:
    branches, constants = alternatives(items)
    if constants and not branches:
        return "choices"
    return "list" if items.get("type") == "object" else None


def alternatives(schema: Schema) -> tuple[list[Schema], list[Schema]]:
    """The alternatives of a field that are typed, and those that are constants (also those of enum or const)."""
    options = [mapping(option) for option in sequence(schema.get("oneOf"))]
    constants = [option for option in options if "const" in option]
    if not options:
        values = sequence(schema.get("enum")) or ([schema["const"]] if "const" in schema else [])
        if schema.get("type") != "boolean":
            constants = [{"const": value} for value in values]
    return [option for option in options if "const" not in option], constants


def told(schema: Schema, what: str) -> Text:
    """A schema's title or description in every language: bokmål beside `x-i18n` for the rest."""
    texts = {LANGUAGES[0]: _string(schema.get(what))}
    for language, translation in mapping(schema.get("x-i18n")).items():
        texts.setdefault(language, _string(mapping(translation).get(what)))
    return Text(texts)


class _Builder:
    def __init__(self, root: Schema) -> None:
        self.root = root
        self.count = 0
        self.choices: dict[DataPath, tuple[Choice, ...]] = {}
        """By where they are written: the fields that refer to one definition share its choices."""

    def fields_of(self, part: Part, depth: int) -> dict[str, Field]:
        if depth > MAX_DEPTH:
            raise ConfigError(f"the form is nested deeper than {MAX_DEPTH} levels", hint="Ask in fewer levels.")
        required = sequence(part.schema.get("required"))
        return {
            name: self.field(
                name, follow(mapping(inner), part.below("properties", name), self.root), name in required, depth
            )
            for name, inner in mapping(part.schema.get("properties")).items()
        }

    def field(self, name: str, part: Part, required: bool, depth: int) -> Field:
        self.count += 1
        if self.count > MAX_FIELDS:
            raise ConfigError(f"the form asks for more than {MAX_FIELDS} fields", hint="Make several forms of it.")
        schema = part.schema
        kind = kind_of(schema, self.root)
        if kind is None:
            raise ConfigError(f"the field “{name}” is of no kind that can be asked", hint="Give it a type, or choices.")
        has_rows = kind in ("list", "choices")
        inner = follow(mapping(schema.get("items")), part.below("items"), self.root) if has_rows else part
        decimals = schema.get("x-decimals")
        page = schema.get("x-page")
        return Field(
            name=name,
            id=_string(schema.get("x-id")) or name,
            kind=kind,
            titles=told(schema, "title"),
            descriptions=told(schema, "description"),
            schema={**schema, "items": dict(inner.schema)} if has_rows else schema,
            choices=self.choices_of(inner),
            items=self.fields_of(inner, depth + 1) if kind in ("list", "object") else {},
            score=_score(schema.get("x-score")),
            unit=_string(schema.get("x-unit")),
            decimals=decimals if isinstance(decimals, int) else None,
            personal=schema.get("x-personal") is True,
            comment=schema.get("x-comment") is True,
            prefill=schema.get("x-prefill") is True,
            anchors={point: _text(words) for point, words in mapping(schema.get("x-anchors")).items()},
            required=required,
            widget=_string(schema.get("x-widget")) or next(iter(WIDGETS_OF[kind]), ""),
            page="" if page is None else str(page),
        )

    def choices_of(self, part: Part) -> tuple[Choice, ...]:
        if "oneOf" not in part.schema:
            return tuple(_choices(part.schema))
        written = part.below("oneOf")
        if written not in self.choices:
            self.choices[written] = tuple(_choices(part.schema))
        return self.choices[written]


def _choices(schema: Schema) -> Iterator[Choice]:
    for option in alternatives(schema)[1]:
        const = option["const"]
        if isinstance(const, Const):
            yield Choice(const, told(option, "title"), told(option, "description"))


def _score(value: Json) -> Score | None:
    score = mapping(value)
    low, high = score.get("min"), score.get("max")
    if not isinstance(low, int | Decimal) or not isinstance(high, int | Decimal):
        return None
    dimensions = {name: _string(member) for name, member in mapping(score.get("dimensions")).items()}
    return Score(dimensions, low, high, score.get("reverse") is True)


def _personal(fields: Mapping[str, Field], above: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    for name, inner in fields.items():
        if inner.personal:
            yield (*above, name)
        if inner.comment:
            yield (*above, name + COMMENT_SUFFIX)
        yield from _personal(inner.items, (*above, name, *(("*",) if inner.kind == "list" else ())))


def _facts(schema: Schema, fields: Mapping[str, Field], path: tuple[str, ...] = ()) -> Iterator[Fact]:
    fact = mapping(schema.get("x-fact"))
    if fact:
        columns = {name: _column(source) for name, source in mapping(fact.get("columns")).items()}
        yield Fact(_string(fact.get("table")), path, columns)
    for name, inner in fields.items():
        if inner.kind == "object":
            yield from _facts(inner.schema, inner.items, (*path, name))
        elif inner.kind == "list":
            yield from _facts(mapping(inner.schema["items"]), inner.items, (*path, name))


def _column(source: Json) -> FactColumn:
    named = mapping(source)
    name = _string(named.get("field")) if named else _string(source)
    divide = named.get("divide", 1)
    return FactColumn(name.removeprefix("^"), name.startswith("^"), divide if isinstance(divide, int | Decimal) else 1)


def _text(value: Json) -> Text:
    return text(value) if value is not None else Text({})


def _string(value: Json) -> str:
    return value if isinstance(value, str) else ""
