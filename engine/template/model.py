"""The model of a process template: what `processes/<name>.yaml` may hold, as frozen values.

It is the shape only: keys, types and bounds. Whether names refer to something, and guards make sense, is `lint`'s; how
a chart runs is `chart`'s. The published JSON Schema (`processes/template.schema.json`) is made from this model by
`schema`, which takes what it tells an editor about a key from the words below that key here.
"""

from __future__ import annotations

import keyword
import re
from collections.abc import Iterator, Mapping
from datetime import timedelta
from decimal import Decimal, InvalidOperation
from typing import Annotated, Literal, TypeAlias
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema

from engine.text import LANGUAGES, Text, text

NOT_YET: Mapping[str, str] = {}
"""Keys that the language will have; lint says "not available yet" rather than "unknown"."""


ELSEWHERE: Mapping[str, str] = {
    "always": "auto",
    "assignee": "by",
    "candidateGroups": "by",
    "collection": "each",
    "completionCondition": "complete",
    "cond": "when",
    "condition": "when",
    "dueDate": "due",
    "forEach": "each",
    "foreach": "each",
    "guard": "when",
    "if": "when",
    "label": "title",
    "name": "title",
    "next": "to",
    "on": "actions",
    "required": "optional: true, where it is not",
    "target": "to",
    "transitions": "actions",
    "type": "parallel: true, or final: true",
}
"""What other languages of processes call a key, and what it is here: lint says so."""


def _identifier(value: str) -> str:
    if keyword.iskeyword(value):
        raise ValueError(f"“{value}” is a word of Python's, and no identifier: write another, such as {value}_")
    if not value.isidentifier() or not value.isascii() or len(value) > 60:
        fitting = re.sub(r"[^A-Za-z0-9]+", "_", value).strip("_")
        such = f", such as {fitting}" if re.fullmatch(r"[A-Za-z]\w{0,59}", fitting) else ""
        raise ValueError(f"“{value}” is no identifier: use letters, digits and _, and begin with a letter{such}")
    return value


_DURATION = re.compile(r"P(?:(\d{1,4})W)?(?:(\d{1,5})D)?(?:T(?:(\d{1,5})H)?(?:(\d{1,6})M)?)?")


def duration(value: str) -> timedelta:
    """An ISO 8601 duration of weeks, days, hours and minutes; raise `ValueError` for anything else."""
    found = _DURATION.fullmatch(value)
    if found is None or not any(found.groups()):
        raise ValueError(f"“{value}” is no duration: write P14D for 14 days, PT2H for two hours")
    weeks, days, hours, minutes = (int(part or 0) for part in found.groups())
    return timedelta(weeks=weeks, days=days, hours=hours, minutes=minutes)


def _duration(value: object) -> str:
    try:
        duration(str(value))
    except ValueError:
        days = re.match(r"\d+", str(value))
        number = int(days[0]) if days else 10
        raise ValueError(
            f"“{value}” is no duration: write P{number}D for days, P2W for weeks, PT2H for hours,"
            f" or {{working_days: {number}}}"
        ) from None
    return str(value)


def _names(value: object) -> object:
    if isinstance(value, str) and "," in value:
        several = ", ".join(part.strip() for part in value.split(","))
        raise ValueError(f"“{value}” are several: write [{several}]")
    return [value] if isinstance(value, str) else value


def _like(pattern: str, what: str) -> BeforeValidator:
    """That a text has a form; `what` says what it is not, and what to write."""

    def check(value: object) -> str:
        if re.fullmatch(pattern, str(value)) is None:
            raise ValueError(f"“{value}” is no {what}")
        return str(value)

    return BeforeValidator(check)


def _share(value: object) -> str:
    try:
        share = Decimal(str(value))
    except InvalidOperation:
        share = Decimal(0)
    if isinstance(value, bool) or not share.is_finite() or not 0 < share <= 1:
        raise ValueError(f"“{value}” is no share: write a number over 0 and up to 1, such as 0.8")
    return str(share)


def _zone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(f"“{value}” is no time zone: write its name, such as Europe/Oslo") from None
    return value


_PERIOD = re.compile(r"P(?:(\d{1,3})Y)?(?:(\d{1,4})M)?(?:(\d{1,5})D)?")


def period(value: str) -> tuple[int, int]:
    """A span of calendar time as (months, days), from ISO 8601; raise `ValueError` for anything else."""
    found = _PERIOD.fullmatch(value)
    if found is None or not any(found.groups()):
        raise ValueError(f"“{value}” is no period: write P5Y for five years, P18M for 18 months, P90D for 90 days")
    years, months, days = (int(part or 0) for part in found.groups())
    return years * 12 + months, days


def _period(value: str) -> str:
    period(value)
    return value


EACH = r"^(membership|party|answers\.[A-Za-z_][A-Za-z0-9_]*\.[A-Za-z_][A-Za-z0-9_]*)$"
"""What a task may have an instance each for."""
_NAME = "[A-Za-z_][A-Za-z0-9_]*"
TAKEN = rf"^{_NAME}\.{_NAME}$"
"""A field of a task: <task>.<field>."""
GIVEN = rf"^{_NAME}(\.{_NAME})?$"
"""A variable, or a field of a task."""

TEXT_SCHEMA = {
    "oneOf": [
        {"type": "string", "minLength": 1},
        {
            "type": "object",
            "properties": {language: {"type": "string"} for language in LANGUAGES},
            "additionalProperties": False,
            "minProperties": 1,
        },
    ]
}
"""What a text for people may look like, in JSON Schema."""
_IDENTIFIER_SCHEMA = {"type": "string", "pattern": "^[A-Za-z_][A-Za-z0-9_]{0,59}$"}
_NAMES_SCHEMA = {"oneOf": [_IDENTIFIER_SCHEMA, {"type": "array", "items": _IDENTIFIER_SCHEMA, "minItems": 1}]}
_DURATION_SCHEMA = {"type": "string", "pattern": f"^(?=P.*[0-9]){_DURATION.pattern}$"}
_SHARE_SCHEMA = {"type": "number", "exclusiveMinimum": 0, "maximum": 1}
Identifier: TypeAlias = Annotated[str, AfterValidator(_identifier), WithJsonSchema(_IDENTIFIER_SCHEMA)]
Names: TypeAlias = Annotated[
    tuple[Identifier, ...], BeforeValidator(_names), Field(min_length=1), WithJsonSchema(_NAMES_SCHEMA)
]
Duration: TypeAlias = Annotated[str, BeforeValidator(_duration), WithJsonSchema(_DURATION_SCHEMA)]
_PERIOD_SCHEMA = {"type": "string", "pattern": f"^(?=P.*[0-9]){_PERIOD.pattern}$"}
Period: TypeAlias = Annotated[str, AfterValidator(_period), WithJsonSchema(_PERIOD_SCHEMA)]
Each: TypeAlias = Annotated[
    str,
    _like(EACH, "thing that there may be one for each of: write membership, party, or answers.<task>.<field>"),
    WithJsonSchema({"pattern": EACH, "type": "string"}),
]
Taken: TypeAlias = Annotated[
    str, _like(TAKEN, "field of a task: write <task>.<field>"), WithJsonSchema({"pattern": TAKEN, "type": "string"})
]
VERSION = r"^\d{1,4}\.\d{1,4}\.\d{1,4}$"
Version: TypeAlias = Annotated[
    str,
    _like(VERSION, "version: write three numbers, such as 1.0.0"),
    WithJsonSchema({"pattern": VERSION, "type": "string"}),
]
Flag: TypeAlias = Annotated[bool, Field(strict=True)]
"""True or false, and no text such as `yes`."""
Zone: TypeAlias = Annotated[str, AfterValidator(_zone)]
Label: TypeAlias = Annotated[Text, BeforeValidator(text), WithJsonSchema(TEXT_SCHEMA)]
Expression: TypeAlias = Annotated[str, Field(min_length=1, max_length=1000)]


class Config(BaseModel):
    """Base of the model's parts: frozen, and no unknown keys."""

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)


class Role(Config):
    """What somebody may be in a process; `of: party` is held on behalf of a party."""

    title: Label
    """What the role is called."""
    description: Label | None = None
    """What whoever holds it does."""
    min: Annotated[int, Field(ge=0)] = 0
    """How few there should be."""
    max: Annotated[int, Field(ge=1)] | None = None
    """How many may hold it at a time."""
    of: Literal["party"] | None = None
    """`party`: the role is held on behalf of a party."""


class WorkingDays(Config):
    """A span of working days: those that are neither weekend nor holiday."""

    working_days: Annotated[int, Field(ge=1, le=1000)]
    """How many."""


Span: TypeAlias = Duration | WorkingDays
"""How long something takes: an ISO 8601 duration, or working days."""


class Calendar(Config):
    """Where days begin and end, and which of them are days off: a deadline never ends on one."""

    zone: Zone = "Europe/Oslo"
    """The time zone in which days begin and end, such as Europe/Oslo."""
    holidays: Annotated[str, Field(pattern=r"^[A-Z]{2}(-[A-Z0-9]{1,3})?$")] | None = None
    """The country whose public holidays are days off, such as NO, or a part of one, such as DE-BY."""
    weekend: Annotated[tuple[Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"], ...], Field(max_length=6)] = (
        "sat",
        "sun",
    )
    """The days of the week that are days off."""


class Dimension(Config):
    """What answers count in: a field, a value; with its members in order."""

    title: Label
    """What the dimension is called."""
    values: dict[Identifier, Label]
    """Its members, in order."""


class Retention(Config):
    """How long what is personal in a process is kept, and what becomes of it then."""

    keep: Period
    """How long: P5Y for five years, P18M for 18 months, P90D for 90 days."""
    after: Literal["ended", "last_event"] = "ended"
    """From when on: when the process ended, or when anything last happened in it, ended or not."""
    then: Literal["erase", "archive_then_erase"] = "erase"
    """What becomes of it: what is personal is erased, or only after an archive of the process was made."""
    basis: Label
    """Why it is kept so long, and not longer."""
    duty: Flag = False
    """A law asks that it is kept so long: nobody is erased from it before."""


class Visibility(Config):
    """Who sees a sealed answer after the reveal: the last value in `order` that anyone chose wins."""

    choice: Annotated[str, Field(alias="from")]
    """Where it is chosen: answers.<task>.<field>."""
    order: tuple[Literal["open", "protected"], ...]
    """The choices, from the weakest to the one that always wins."""


class AtLeast(Config):
    """Complete when so many are done."""

    at_least: Annotated[int, Field(ge=1)]
    """How many."""


class Share(Config):
    """Complete when so large a share is done, over 0 and up to 1."""

    share: Annotated[str, BeforeValidator(_share), WithJsonSchema(_SHARE_SCHEMA)]
    """The share, such as 0.8."""


class Reminder(Config):
    """A reminder to others than those who have not answered: an escalation."""

    after: Span
    """How long after the task was opened."""
    to: Names
    """The role or roles that are told."""


class Task(Config):
    """Something people fill in."""

    title: Label
    """What there is to do."""
    description: Label | None = None
    """What whoever fills it in should know first."""
    form: Identifier
    """The form's name: `forms/<template>/<form>.yaml`."""
    by: Names
    """The role or roles that fill it in."""
    not_by: Names | None = None
    """Tasks whose answerers may not fill this in: four eyes see more than two."""
    each: Each | None = None
    """One instance for each membership, party, or row of a list (answers.<task>.<field>); without it there is one, and
    anybody with the role fills it in."""
    order: Literal["parallel", "sequential"] = "parallel"
    """In which order instances are opened: all at once, or one after the other."""
    assisted: Flag = False
    """Somebody else may enter it on a person's behalf."""
    correctable: Flag = True
    """Whoever answered may correct it while the state is active."""
    correct_by: Names | None = None
    """The role or roles that may put anybody's answer right, also when its state is left, with a reason."""
    sealed: Flag = False
    """Nobody else reads an answer before the state is left."""
    visibility: Visibility | None = None
    """Who sees sealed answers after the reveal; without it, everyone who takes part."""
    due: Span | None = None
    """How long there is to fill it in, such as P14D or {working_days: 10}."""
    remind: tuple[Duration | WorkingDays | Reminder, ...] = ()
    """When those who have not answered are reminded, or others: P7D, {working_days: 8}, {after: P16D, to: lead}."""
    complete: AtLeast | Share | Expression = "all"
    """When the task is complete: all, any, {at_least: 3}, {share: 0.8}, or a condition."""
    optional: Flag = False
    """Nothing waits for it."""
    repeatable: Flag = False
    """It may be submitted any number of times."""


class Spawn(Config):
    """Another process that is started from this one, and stays linked with it."""

    template: Identifier
    """The template of the other process; it begins under the newest version that is not retired."""
    link: Identifier
    """What the link is called: conditions read `links.<link>`."""
    roles: dict[Identifier, Names] = {}
    """Who takes part there: a role of the other template, and the role or roles here whose holders get it. Whoever
    leads this process leads the other, unless its starting role is named."""
    each: Each | None = None
    """One process for each membership, party, or row of a list (answers.<task>.<field>); without it there is one."""
    give: dict[Annotated[str, Field(pattern=GIVEN)], Expression] = {}
    """What the other process is told when it begins: one of its `vars`, or a suggestion for <task>.<field> of it, from
    an expression over this one."""
    take: tuple[Taken, ...] = ()
    """The answers that come back when it has finished, as <task>.<field>: never what is personal or sealed."""


class Action(Config):
    """Something people choose; `else` is what they are told while it is not open."""

    title: Label
    """What is chosen."""
    description: Label | None = None
    """What follows from it."""
    by: Names
    """The role or roles that may choose it."""
    not_by: Names | None = None
    """Tasks whose answerers may not choose this: four eyes see more than two."""
    to: Identifier | None = None
    """The state that it leads to; without one the process stays where it is: only an action with `spawn` may."""
    when: Expression | None = None
    """The condition under which it is open; without one it always is."""
    otherwise: Annotated[Label | None, Field(alias="else")] = None
    """What a person is told while it is not open."""
    reason: Literal["required", "optional"] | None = None
    """Whether a reason is given, which everybody can read; without it, none is taken."""
    spawn: Spawn | None = None
    """The process that is started when it is chosen."""


class Auto(Config):
    """A transition taken as soon as its guard holds."""

    to: Identifier
    """The state that it leads to."""
    when: Expression
    """The condition that takes it."""


class Deadline(Config):
    """A transition that time takes."""

    title: Label
    """What the deadline is called."""
    after: Span
    """How long after the state was entered, such as P30D or {working_days: 20}."""
    to: Identifier
    """The state that it leads to."""
    when: Expression | None = None
    """The condition under which it is taken when its time comes."""


class Message(Config):
    """What people are told, in place of the words that samskap has for it."""

    title: Label
    """One line; it becomes the subject of a mail."""
    text: Label
    """What the message says; the deadline, and where to go, are put below it."""


class Messages(Config):
    """The words of messages, by what they are about; {names} in them are filled in, such as {task} and {process}."""

    task: Message | None = None
    """There is something to fill in. {process}, {task}, {due}."""
    reminder: Message | None = None
    """It is not filled in yet. {process}, {task}, {due}."""
    escalation: Message | None = None
    """Others have not filled in yet. {process}, {task}, {due}."""
    given: Message | None = None
    """A task that several could do was given to one. {process}, {task}, {due}."""
    role: Message | None = None
    """A role was given or handed over. {process}, {role}."""
    delegation: Message | None = None
    """Somebody acts in the place of another now. {process}, {membership}, {until}."""
    revealed: Message | None = None
    """Sealed answers were revealed. {process}, {task}."""
    incident: Message | None = None
    """The process cannot go on by itself. {process}."""


PLACEHOLDERS: Mapping[str, frozenset[str]] = {
    **dict.fromkeys(("task", "reminder", "escalation", "given"), frozenset({"process", "task", "due"})),
    "role": frozenset({"process", "role"}),
    "delegation": frozenset({"process", "membership", "until"}),
    "revealed": frozenset({"process", "task"}),
    "incident": frozenset({"process"}),
}
"""What a message may name, by what it is about."""


class State(Config):
    """Where a process is, what people do there, and where it goes on."""

    title: Label
    """What the state is called."""
    description: Label | None = None
    """What happens in it."""
    initial: Identifier | None = None
    """Which of its states is entered first."""
    states: dict[Identifier, State] = {}
    """The states within it."""
    parallel: Flag = False
    """All of its states are active at the same time, each for itself."""
    history: Literal["shallow", "deep"] | None = None
    """A way back: leads to what was active around it when that was left, at first to `initial`."""
    tasks: dict[Identifier, Task] = {}
    """What people fill in while it is active."""
    actions: dict[Identifier, Action] = {}
    """What people may choose while it is active."""
    auto: tuple[Auto, ...] = ()
    """What is taken as soon as its condition holds, in order of writing."""
    deadlines: dict[Identifier, Deadline] = {}
    """What time takes."""
    count: Identifier | None = None
    """The counter that rises each time the state is entered."""
    spawn: Spawn | None = None
    """The process that is started each time the state is entered."""
    final: Flag = False
    """What is around it comes to its end here: the process, or a state with states (`states.<id>.done`)."""


class Template(Config):
    """A whole process template."""

    template: Identifier
    """The template's id; never used again for something else."""
    version: Version
    """The version of the template with its forms, such as 1.2.0; a published one never changes."""
    title: Label
    """What the process is called."""
    description: Label | None = None
    """What it is for."""
    roles: Annotated[dict[Identifier, Role], Field(min_length=1)]
    """What people may be in a process."""
    starter: Identifier
    """The role that whoever starts a process gets; it also invites."""
    calendar: Calendar = Calendar()
    """Where days begin and end."""
    retention: Retention | None = None
    """How long what is personal is kept, and what becomes of it then."""
    vars: dict[Identifier, bool | int | str] = {}
    """Values that conditions may use."""
    counters: tuple[Identifier, ...] = ()
    """Counters that states may move."""
    dimensions: dict[Identifier, Dimension] = {}
    """What answers count in, with titles and order."""
    messages: Messages = Messages()
    """What people are told, in words of one's own."""
    tasks: dict[Identifier, Task] = {}
    """What people fill in, whatever the state."""
    initial: Identifier
    """The state that is entered first."""
    states: Annotated[dict[Identifier, State], Field(min_length=1)]
    """The states, by id."""

    def walk(self) -> Iterator[tuple[tuple[str, ...], State]]:
        """Every state with its path from the top, in document order."""

        def below(states: Mapping[str, State], path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], State]]:
            for name, state in states.items():
                yield (*path, name), state
                yield from below(state.states, (*path, name))

        yield from below(self.states, ())
