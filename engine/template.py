"""The model of a process template: what `processes/<name>.yaml` may hold, as frozen values.

It is the shape only: keys, types and bounds. Whether names refer to something, and guards make sense, is `lint`'s; how
a chart runs is `chart`'s. The published JSON Schema (`processes/template.schema.json`) is made from this model.
"""

from __future__ import annotations

import keyword
import re
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Annotated, Literal, TypeAlias

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema

from engine.text import Text, text

NOT_YET: Mapping[str, str] = {
    "parallel": "parallel states",
    "history": "history states",
    "remind": "reminders",
    "spawn": "linked processes",
    "correct_by": "corrections by others",
}
"""Keys that the language will have; lint says "not available yet" rather than "unknown"."""


def _identifier(value: str) -> str:
    if not value.isidentifier() or keyword.iskeyword(value) or not value.isascii() or len(value) > 60:
        raise ValueError(f"“{value}” is no identifier: use letters, digits and _, no keyword of Python")
    return value


_DURATION = re.compile(r"P(?:(\d{1,4})W)?(?:(\d{1,5})D)?(?:T(?:(\d{1,5})H)?(?:(\d{1,6})M)?)?")


def duration(value: str) -> timedelta:
    """An ISO 8601 duration of weeks, days, hours and minutes; raise `ValueError` for anything else."""
    found = _DURATION.fullmatch(value)
    if found is None or not any(found.groups()):
        raise ValueError(f"“{value}” is no duration: write P14D for 14 days, PT2H for two hours")
    weeks, days, hours, minutes = (int(part or 0) for part in found.groups())
    return timedelta(weeks=weeks, days=days, hours=hours, minutes=minutes)


def _duration(value: str) -> str:
    duration(value)
    return value


def _names(value: object) -> object:
    return [value] if isinstance(value, str) else value


_TEXT_SCHEMA = {
    "oneOf": [
        {"type": "string"},
        {
            "type": "object",
            "properties": {lang: {"type": "string"} for lang in ("nb", "nn", "en")},
            "additionalProperties": False,
        },
    ]
}
Identifier: TypeAlias = Annotated[str, AfterValidator(_identifier)]
Names: TypeAlias = Annotated[tuple[Identifier, ...], BeforeValidator(_names), Field(min_length=1)]
Duration: TypeAlias = Annotated[str, AfterValidator(_duration)]
Label: TypeAlias = Annotated[Text, BeforeValidator(text), WithJsonSchema(_TEXT_SCHEMA)]
Expression: TypeAlias = Annotated[str, Field(min_length=1, max_length=1000)]


class Config(BaseModel):
    """Base of the model's parts: frozen, and no unknown keys."""

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)


class Role(Config):
    """What somebody may be in a process; `of: party` is held on behalf of a party."""

    title: Label
    description: Label | None = None
    min: Annotated[int, Field(ge=0)] = 0
    max: Annotated[int, Field(ge=1)] | None = None
    of: Literal["party"] | None = None


class Calendar(Config):
    """Where days begin and end. Holidays and weekends are kept for working days."""

    zone: str = "Europe/Oslo"
    holidays: str | None = None
    weekend: tuple[Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"], ...] = ("sat", "sun")


class Dimension(Config):
    """What answers count in: a field, a value; with its members in order."""

    title: Label
    values: dict[Identifier, Label]


class Visibility(Config):
    """Who sees a sealed answer after the reveal: the last value in `order` that anyone chose wins."""

    choice: Annotated[str, Field(alias="from")]
    order: tuple[Literal["open", "protected"], ...]


class AtLeast(Config):
    """Complete when so many are done."""

    at_least: Annotated[int, Field(ge=1)]


class Share(Config):
    """Complete when so large a share is done, over 0 and up to 1."""

    share: Annotated[str, BeforeValidator(str)]


class Task(Config):
    """Something people fill in."""

    title: Label
    description: Label | None = None
    form: Identifier
    by: Names
    each: Literal["membership", "party"] | None = None
    order: Literal["parallel"] = "parallel"
    assisted: bool = False
    correctable: bool = True
    sealed: bool = False
    visibility: Visibility | None = None
    due: Duration | None = None
    complete: AtLeast | Share | Expression = "all"
    optional: bool = False
    repeatable: bool = False


class Action(Config):
    """Something people choose; `else` is what they are told while it is not open."""

    title: Label
    description: Label | None = None
    by: Names
    to: Identifier
    when: Expression | None = None
    otherwise: Annotated[Label | None, Field(alias="else")] = None
    reason: Literal["required", "optional"] | None = None


class Auto(Config):
    """A transition taken as soon as its guard holds."""

    to: Identifier
    when: Expression


class Deadline(Config):
    """A transition that time takes."""

    title: Label
    after: Duration
    to: Identifier
    when: Expression | None = None


class State(Config):
    """Where a process is, what people do there, and where it goes on."""

    title: Label
    description: Label | None = None
    initial: Identifier | None = None
    states: dict[Identifier, State] = {}
    tasks: dict[Identifier, Task] = {}
    actions: dict[Identifier, Action] = {}
    auto: tuple[Auto, ...] = ()
    deadlines: dict[Identifier, Deadline] = {}
    count: Identifier | None = None
    final: bool = False


class Template(Config):
    """A whole process template."""

    template: Identifier
    version: Annotated[str, Field(pattern=r"^\d{1,4}\.\d{1,4}\.\d{1,4}$")]
    title: Label
    description: Label | None = None
    roles: Annotated[dict[Identifier, Role], Field(min_length=1)]
    starter: Identifier
    calendar: Calendar = Calendar()
    vars: dict[Identifier, bool | int | str] = {}
    counters: tuple[Identifier, ...] = ()
    dimensions: dict[Identifier, Dimension] = {}
    tasks: dict[Identifier, Task] = {}
    initial: Identifier
    states: Annotated[dict[Identifier, State], Field(min_length=1)]

    def walk(self) -> Iterator[tuple[tuple[str, ...], State]]:
        """Every state with its path from the top, in document order."""

        def below(states: Mapping[str, State], path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], State]]:
            for name, state in states.items():
                yield (*path, name), state
                yield from below(state.states, (*path, name))

        yield from below(self.states, ())
