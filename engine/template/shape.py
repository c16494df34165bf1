"""What is wrong with the shape of a config file, from what pydantic found: each with its place and what to write.

It serves every config language whose model is made of pydantic models. What names mean is for others to check.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from difflib import get_close_matches
from types import UnionType
from typing import Annotated, Any, Final, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from engine.codec import Json
from engine.errors import Place, Problem
from engine.yaml import DataPath, Document

_OF_A_NAME: Final = "[key]"
"""What pydantic's location ends in where a name of a mapping is wrong, and not what stands under it."""


def problems(
    error: ValidationError,
    document: Document,
    root: type[BaseModel],
    language: str,
    not_yet: Mapping[str, str] | None = None,
    elsewhere: Mapping[str, str] | None = None,
) -> Iterator[Problem]:
    """One problem a place and kind. `language` begins the rules' ids: template-missing; `not_yet` are keys to come.

    `elsewhere` are the names that other languages have for a key: of a key under such a name, and of one that is
    misspelt, it is not said as well that it is missing.
    """
    seen: set[tuple[Place, str]] = set()
    items = _meant(error, document.data, root)
    unknown = [existing(item["loc"], document.data) for item in items if item["type"] == "extra_forbidden"]
    meant = {(path[:-1], _meant_key(path, document, root, elsewhere or {})) for path in unknown}
    for item in items:
        path = existing(item["loc"], document.data)
        if item["type"] == "extra_forbidden":
            problem = _unknown_key(path, document, root, language, not_yet or {}, elsewhere or {})
        elif item["type"] == "missing":
            key = str(item["loc"][-1])
            if (path, key) in meant:
                continue
            problem = Problem(f"{language}-missing", f"“{key}” is missing here", document.place(path), f"Add {key}: …")
        else:
            message, hint = _told(item)
            where = next((str(part) for part in reversed(path) if isinstance(part, str)), f"the {language}")
            hint = hint or f"See the {language} reference."
            problem = Problem(f"{language}-value", f"{where}: {message}", document.place(path), hint)
        if (problem.where, problem.rule) not in seen:
            seen.add((problem.where, problem.rule))
            yield problem


def _told(item: ErrorDetails) -> tuple[str, str]:  # noqa: PLR0911 (one a kind of fault)
    """What pydantic says of a value, in our words, and what to write instead; empty where only the reference tells."""
    value, bounds = item["input"], item.get("ctx", {})
    shown, kind = f"“{str(value)[:60]}”", _kind(value)
    match item["type"]:
        case "string_type":
            hint = "Write one text." if isinstance(value, list | dict) else f"Put it in quotes: '{value}'."
            return f"a text is asked for, and this is {kind}", hint
        case "tuple_type" | "list_type":
            return f"a list is asked for, and this is {kind}", "Write […], or each element on a line after “- ”."
        case "dict_type" | "model_type" | "model_attributes_type":
            return f"keys with values are asked for, and this is {kind}", "Write key: value on the lines below."
        case "bool_type" | "bool_parsing":
            return f"{shown} is neither true nor false", "Write true or false."
        case "int_type" | "int_parsing" | "int_from_float":
            return f"{shown} is no whole number", "Write digits, without quotes."
        case "greater_than_equal":
            return f"{shown} is too small", f"Write {bounds['ge']} or more."
        case "less_than_equal":
            return f"{shown} is too large", f"Write {bounds['le']} or less."
        case "literal_error":
            options = re.findall(r"'([^']*)'", str(bounds["expected"]))
            close = get_close_matches(str(value).lower(), options, 1)
            return f"{shown} is none of: {', '.join(options)}", f"Did you mean “{close[0]}”?" if close else "Write one."
    said, _, write = item["msg"].removeprefix("Value error, ").partition(": ")
    return said, f"{write[:1].upper()}{write[1:]}." if write else ""


def _kind(value: object) -> str:
    """What stands somewhere, for people."""
    if isinstance(value, bool):
        return "true or false"
    kinds: Mapping[type, str] = {str: "a text", dict: "a group of keys", list: "a list", type(None): "nothing"}
    return next((told for one, told in kinds.items() if isinstance(value, one)), "a number")


def _meant(error: ValidationError, data: Json, root: type[BaseModel]) -> list[ErrorDetails]:
    """What pydantic found, but of unions only in the branches that the keys which were written belong to."""
    found = error.errors()
    kept = [item for item in found if _in_meant_branch(item, data, root)]
    unknown = {existing(item["loc"], data)[:-1] for item in kept if item["type"] == "extra_forbidden"}
    clear = [item for item in kept if item["type"] != "missing" or not _ambiguous(item, unknown, data, root)]
    return clear or found


def _in_meant_branch(item: ErrorDetails, data: Json, root: type[BaseModel]) -> bool:
    """Whether an error is in no union, or in a branch of it that shares as many of the written keys as any does."""
    loc = item["loc"][:-1] if item["type"] == "missing" else item["loc"]
    for number, branch in enumerate(loc):
        path = existing(loc[:number], data)
        here = _at(data, path)
        if isinstance(here, dict) and branch not in here and branch != _OF_A_NAME:
            names = [model.__name__ for model in _meant_by(_models_at(root, path), here)]
            if names and not any(re.search(rf"\b{name}\b", str(branch)) for name in names):
                return False
    return True


def _ambiguous(item: ErrorDetails, unknown: set[DataPath], data: Json, root: type[BaseModel]) -> bool:
    """Whether nobody can tell what is missing: a key beside it is unknown, and several branches could be meant."""
    path = existing(item["loc"][:-1], data)
    here = _at(data, path)
    return path in unknown and isinstance(here, dict) and len(_meant_by(_models_at(root, path), here)) > 1


def _meant_by(models: list[type[BaseModel]], written: Mapping[str, Json]) -> list[type[BaseModel]]:
    """Of the models that may stand somewhere, those that have the most of the keys which were written."""
    shared = [len(written.keys() & set(_keys(model))) for model in models]
    return [model for model, count in zip(models, shared, strict=True) if count == max(shared)]


def _at(data: Json, path: DataPath) -> Json:
    """What stands at a path that exists."""
    for step in path:
        data = data[step]  # type: ignore[index]
    return data


def existing(loc: Iterable[str | int], data: Json) -> DataPath:
    """The part of pydantic's location that exists in the data (it also names branches of unions)."""
    path: list[str | int] = []
    for part in loc:
        if isinstance(data, dict) and isinstance(part, str) and part in data:
            data = data[part]
        elif isinstance(data, list) and isinstance(part, int) and part < len(data):
            data = data[part]
        else:
            continue
        path.append(part)
    return tuple(path)


def _unknown_key(
    path: DataPath,
    document: Document,
    root: type[BaseModel],
    language: str,
    not_yet: Mapping[str, str],
    elsewhere: Mapping[str, str],
) -> Problem:
    key, place = str(path[-1]), document.key_place(path)
    if key in not_yet:
        message = f"“{key}” ({not_yet[key]}) is not available yet"
        return Problem(f"{language}-not-yet", message, place, "Leave it out.")
    allowed, meant = _allowed(path, document, root), _meant_key(path, document, root, elsewhere)
    hint = f"Did you mean “{meant}”?" if meant else f"Allowed here: {', '.join(dict.fromkeys(allowed))}."
    if meant and key in elsewhere:
        hint = f"Here that is “{elsewhere[key]}”."
    if key in allowed:  # of another branch than what stands beside it
        written = _at(document.data, path[:-1])
        together = [name for name in allowed if isinstance(written, dict) and name in written]
        hint = f"Not all of these go together: {', '.join(together)}."
    return Problem(f"{language}-unknown-key", f"“{key}” is no key of the {language} language here", place, hint)


def _allowed(path: DataPath, document: Document, root: type[BaseModel]) -> list[str]:
    """The keys that may stand where one stands that is unknown, by what stands beside it."""
    here = _at(document.data, path[:-1])
    meant = _meant_by(_models_at(root, path[:-1]), here if isinstance(here, dict) else {})
    return [name for model in meant for name in _keys(model)]


def _meant_key(path: DataPath, document: Document, root: type[BaseModel], elsewhere: Mapping[str, str]) -> str:
    """The key that is meant by one that is unknown: by what other languages call it, or spelt alike; else empty."""
    key, allowed = str(path[-1]), _allowed(path, document, root)
    known = elsewhere.get(key, "").partition(":")[0]
    if known in allowed:
        return known
    close = get_close_matches(key, [name for name in allowed if name != key], 1)
    return close[0] if close else ""


def _models_at(root: type[BaseModel], path: DataPath) -> list[type[BaseModel]]:
    """The models that may stand at a path."""
    found: list[Any] = [root]
    for step in path:
        found = [inner for one in found for inner in _below(one, step)]
    return [one for one in found if isinstance(one, type) and issubclass(one, BaseModel)]


def _below(annotation: Any, step: str | int) -> Iterator[Any]:
    """What may stand at a step below: in a field of a model, as a value of a mapping, as an element of a list."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        for name, field in annotation.model_fields.items():
            if step == (field.alias or name):
                yield from _members(field.annotation)
    elif get_origin(annotation) is dict:
        yield from _members(get_args(annotation)[1])
    elif get_origin(annotation) in (tuple, list):
        yield from _members(get_args(annotation)[0])


def _members(annotation: Any) -> Iterator[Any]:
    """What an annotation is one of; itself where it is no union."""
    if get_origin(annotation) is Annotated:
        yield from _members(get_args(annotation)[0])
    elif get_origin(annotation) in (Union, UnionType):
        for arg in get_args(annotation):
            yield from _members(arg)
    else:
        yield annotation


def _keys(model: type[BaseModel]) -> list[str]:
    return [field.alias or name for name, field in model.model_fields.items()]
