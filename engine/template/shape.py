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
) -> Iterator[Problem]:
    """One problem a place and kind. `language` begins the rules' ids: template-missing; `not_yet` are keys to come."""
    seen: set[tuple[Place, str]] = set()
    for item in _meant(error, document.data, root):
        path = _existing(item["loc"], document.data)
        if item["type"] == "extra_forbidden":
            problem = _unknown_key(path, document, root, language, not_yet or {})
        elif item["type"] == "missing":
            key = str(item["loc"][-1])
            problem = Problem(f"{language}-missing", f"“{key}” is missing here", document.place(path), f"Add {key}: …")
        else:
            message = item["msg"].removeprefix("Value error, ")
            where = ".".join(str(part) for part in path) or f"the {language}"
            hint = f"See the {language} reference."
            problem = Problem(f"{language}-value", f"{where}: {message}", document.place(path), hint)
        if (problem.where, problem.rule) not in seen:
            seen.add((problem.where, problem.rule))
            yield problem


def _meant(error: ValidationError, data: Json, root: type[BaseModel]) -> list[ErrorDetails]:
    """What pydantic found, but of unions only in the branches that the keys which were written belong to."""
    found = error.errors()
    kept = [item for item in found if _in_meant_branch(item, data, root)]
    unknown = {_existing(item["loc"], data)[:-1] for item in kept if item["type"] == "extra_forbidden"}
    clear = [item for item in kept if item["type"] != "missing" or not _ambiguous(item, unknown, data, root)]
    return clear or found


def _in_meant_branch(item: ErrorDetails, data: Json, root: type[BaseModel]) -> bool:
    """Whether an error is in no union, or in a branch of it that shares as many of the written keys as any does."""
    loc = item["loc"][:-1] if item["type"] == "missing" else item["loc"]
    for number, branch in enumerate(loc):
        path = _existing(loc[:number], data)
        here = _at(data, path)
        if isinstance(here, dict) and branch not in here and branch != _OF_A_NAME:
            names = [model.__name__ for model in _meant_by(_models_at(root, path), here)]
            if names and not any(re.search(rf"\b{name}\b", str(branch)) for name in names):
                return False
    return True


def _ambiguous(item: ErrorDetails, unknown: set[DataPath], data: Json, root: type[BaseModel]) -> bool:
    """Whether nobody can tell what is missing: a key beside it is unknown, and several branches could be meant."""
    path = _existing(item["loc"][:-1], data)
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


def _existing(loc: Iterable[str | int], data: Json) -> DataPath:
    """The part of pydantic's location that exists in the document (it also names branches of unions)."""
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
    path: DataPath, document: Document, root: type[BaseModel], language: str, not_yet: Mapping[str, str]
) -> Problem:
    key, place = str(path[-1]), document.key_place(path)
    if key in not_yet:
        message = f"“{key}” ({not_yet[key]}) is not available yet"
        return Problem(f"{language}-not-yet", message, place, "Leave it out.")
    here = _at(document.data, path[:-1])
    models = _models_at(root, path[:-1])
    written = here if isinstance(here, dict) else {}
    meant = _meant_by(models, written)
    allowed = [name for model in meant for name in _keys(model)]
    close = get_close_matches(key, [name for name in allowed if name != key], 1)
    hint = f"Did you mean “{close[0]}”?" if close else f"Allowed here: {', '.join(dict.fromkeys(allowed))}."
    if key in allowed:  # of another branch than what stands beside it
        hint = f"Not all of these go together: {', '.join(name for name in allowed if name in written)}."
    return Problem(f"{language}-unknown-key", f"“{key}” is no key of the {language} language here", place, hint)


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
