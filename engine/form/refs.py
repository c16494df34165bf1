"""References within a form: `$ref: '#/$defs/<name>'`, followed and merged with what stands beside them.

A reference never leaves its file. A keyword that stands both at the reference and at its target must say the same, so
that merging means what JSON Schema 2020-12 (core, section 8.2.3.1) means by applying both.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import TypeAlias

from engine.codec import Json
from engine.errors import ConfigError

Schema: TypeAlias = Mapping[str, Json]
DataPath: TypeAlias = tuple[str | int, ...]

_PREFIX = "#/$defs/"
_TEXTS = frozenset({"title", "description", "x-i18n"})


@dataclass(frozen=True, slots=True)
class Part:
    """A schema with its references followed; `referred` says where what stands in a definition is."""

    schema: Schema
    path: DataPath
    referred: Mapping[str, DataPath] = field(default_factory=dict)

    def below(self, keyword: str, *more: str | int) -> DataPath:
        """The path of a keyword's value, or of something inside it."""
        return (*self.referred.get(keyword, (*self.path, keyword)), *more)


def follow(schema: Schema, path: DataPath, root: Schema) -> Part:
    """The schema at `path` with what it refers to; raise `ConfigError` if a reference leads nowhere or in a circle."""
    merged: dict[str, Json] = {key: value for key, value in schema.items() if key != "$ref"}
    referred: dict[str, DataPath] = {}
    seen: list[str] = []
    while "$ref" in schema:
        name = _name(schema["$ref"], root)
        if name in seen:
            raise ConfigError(f"“{_PREFIX}{name}” refers to itself", hint="Break the circle.")
        seen.append(name)
        schema = mapping(mapping(root.get("$defs")).get(name))
        named = "title" in merged
        for key, value in schema.items():
            if key == "$ref" or (named and key in _TEXTS):
                continue
            if key not in merged:
                merged[key], referred[key] = value, ("$defs", name, key)
            elif not key.startswith("x-") and key not in _TEXTS | {"default", "examples"} and merged[key] != value:
                raise ConfigError(
                    f"“{key}” stands here and says something else in “{_PREFIX}{name}”", hint="Keep one of them."
                )
    return Part(merged, path, referred)


def mapping(value: Json) -> Schema:
    """The value if it is a mapping, else an empty one: lint has said what is wrong."""
    return value if isinstance(value, dict) else {}


def sequence(value: Json) -> list[Json]:
    """The value if it is a list, else an empty one."""
    return value if isinstance(value, list) else []


def _name(reference: Json, root: Schema) -> str:
    if not isinstance(reference, str) or not reference.startswith(_PREFIX) or "/" in reference[len(_PREFIX) :]:
        raise ConfigError(
            "a reference leads to “#/$defs/<name>” in the same file, nowhere else",
            hint="Put what you refer to under $defs.",
        )
    name = reference[len(_PREFIX) :]
    known = list(mapping(root.get("$defs")))
    if name not in known:
        close = get_close_matches(name, known, 1)
        hint = f"Did you mean “{close[0]}”?" if close else f"There are: {', '.join(known) or 'none'}."
        raise ConfigError(f"there is no “{name[:60]}” under $defs", hint=hint)
    return name
