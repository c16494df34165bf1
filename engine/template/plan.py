"""A migration plan: how running processes go from one version of a template to another.

What keeps its name needs no word; a plan says what became of the rest. It is the shape only: whether a process fits it
is decided by `engine.process.decide.migrating`, for a dry run and for the real one alike.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import Field, ValidationError

from engine import yaml
from engine.errors import ConfigError, UsageError
from engine.template.model import Config, Identifier


class Plan(Config):
    """What became of states, tasks and roles that the new version does not have under their old names."""

    template: Identifier
    """The template that is migrated."""
    to: Annotated[str, Field(pattern=r"^\d{1,4}\.\d{1,4}\.\d{1,4}$")]
    """The published version that processes are to run on."""
    states: dict[Identifier, Identifier] = Field(default_factory=dict)
    """Old state → new state."""
    tasks: dict[Identifier, Identifier | None] = Field(default_factory=dict)
    """Old task → new task, whose form takes the answers; null where nobody is asked any more. Answers are kept."""
    roles: dict[Identifier, Identifier | None] = Field(default_factory=dict)
    """Old role → new role; null where those who hold it lose it."""
    accept: tuple[Identifier, ...] = ()
    """Tasks whose answers stand as they were given, though they do not fit the new form."""
    ask_again: tuple[Identifier, ...] = ()
    """Tasks that those who have answered are asked again, in the states that are active."""


def bare(template: str, to: str) -> Plan:
    """A plan that says nothing but where to; raise `UsageError` where one of the two cannot be a name or a version."""
    try:
        return Plan(template=template, to=to)
    except ValidationError as error:
        if error.errors(include_url=False)[0]["loc"] == ("to",):
            raise UsageError(f"“{to}” is no version", hint="A version is three numbers, such as 1.2.0.") from None
        raise UsageError(f"“{template}” is no template's name", hint="Names are such as samson.") from None


def read(path: Path) -> Plan:
    """The plan in a YAML or JSON file; raise `ConfigError` with the place of what is wrong, or `NotFound`."""
    document = yaml.load_file(path)
    try:
        return Plan.model_validate(document.data)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = tuple(part for part in first["loc"] if part != "[key]")
        what = {"extra_forbidden": "a plan has no such key", "missing": "this is missing"}.get(
            first["type"], first["msg"].removeprefix("Value error, ")
        )
        raise ConfigError(
            f"{'.'.join(map(str, where)) or 'the plan'}: {what}",
            hint=f"A plan says: {', '.join(Plan.model_fields)}.",
            where=document.place(where),
        ) from error
