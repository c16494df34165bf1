"""The model of a file of scenarios: what `processes/tests/<template>/<name>.yaml` may hold, as frozen values.

It is the shape only. Whether names are the template's is `reading`'s to say; what a step does is `doing`'s, and what
an expectation means is `expecting`'s. The published JSON Schema (`processes/scenario.schema.json`) is made from it.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import Annotated, Any, Final, Literal, TypeAlias

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema, model_validator

from engine.template.model import Config, Flag, Identifier, Names

JsonValue: TypeAlias = Annotated[Any, WithJsonSchema({})]
"""A value of JSON; decimals are exact."""

VERBS: Final = (
    "submit",
    "backfill",
    "act",
    "tick",
    "party",
    "join",
    "enter",
    "leave",
    "grant",
    "revoke",
    "hand_over",
    "delegate",
    "end_delegation",
    "claim",
    "release",
    "suspend",
    "resume",
    "cancel",
    "back",
    "retry",
    "resolve",
    "ends",
)
"""What a step may do: exactly one of these."""

_MOMENT: Final = re.compile(r"\d{4}-\d{2}-\d{2}(?:T\d{2}:\d{2}(?::\d{2})?)?")


def _moment(value: str) -> str:
    if not _MOMENT.fullmatch(value):
        raise ValueError(f"“{value}” is no moment: write 2026-03-02 or 2026-03-02T09:00")
    datetime.fromisoformat(value)
    return value


def _several(value: object) -> object:
    return [value] if isinstance(value, dict) else value


_MOMENT_SCHEMA = {"type": "string", "pattern": f"^{_MOMENT.pattern}$"}
Moment: TypeAlias = Annotated[str, AfterValidator(_moment), WithJsonSchema(_MOMENT_SCHEMA)]
Handle: TypeAlias = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]{0,39}$")]
LinkName: TypeAlias = Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]*(\.[^\s]{1,100})?$")]
"""A link, or with `each` a link and the element that the process is for: follow_up.town."""
Short: TypeAlias = Annotated[str, Field(min_length=1, max_length=300)]


class Part(Config):
    """How a made-up person takes part."""

    role: Names
    """The role or roles that the person gets."""
    party: Short | None = None
    """The party on whose behalf; it need not be named elsewhere."""
    signs_in: Flag = True
    """False: the person has no access, and others answer for them."""
    later: Flag = False
    """True: not there from the beginning, but from a step `join` or `enter` on."""


Parts: TypeAlias = Annotated[tuple[Part, ...], BeforeValidator(_several), Field(min_length=1)]


class Refusal(Config):
    """How a step is refused."""

    code: Literal["refused", "not_allowed", "answers_invalid", "not_found", "conflict"] | None = None
    """The error's code: not_allowed where the role is missing, refused where it is not open now."""
    says: Short | None = None
    """A part of the sentence that the person reads."""
    field: Short | None = None
    """The path of an answer that does not fit the form."""


class Expectation(Config):
    """How things stand."""

    states: Names | None = None
    """The active states: all that are named, and every innermost active one is named or lies within a named one."""
    status: Literal["running", "suspended", "finished", "cancelled"] | None = None
    """Whether the process goes on."""
    tasks: dict[Handle, tuple[Short, ...]] | None = None
    """What lies on the task list of each person who is named: all of it, as tasks or as their instances."""
    open: Names | None = None
    """Actions that can be chosen now."""
    closed: Names | None = None
    """Actions that cannot be chosen now."""
    unknown: Names | None = None
    """Actions that cannot be chosen now, as an answer is missing on which their condition depends."""
    values: dict[Short, JsonValue] | None = None
    """What an expression gives, as conditions may have it: counters.round_number: 2; `unknown` where it is that."""
    holds: tuple[Short, ...] | None = None
    """Conditions that hold now."""
    incidents: tuple[Short, ...] | None = None
    """The open incidents, all of them: [] for none."""


class Step(Config):
    """What somebody does, or time: exactly one verb, with what belongs to it."""

    by: Handle | None = None
    """Who does it; without it, whoever started the process."""
    submit: Short | None = None
    """Answer a task, or put an answer right: a task, or an instance such as answer.1.m2."""
    backfill: Short | None = None
    """Enter an answer of a round before the process: an instance such as answer.0.m2."""
    act: Identifier | None = None
    """Choose an action."""
    tick: Short | None = None
    """Let time pass, and act: P14D from now on, 2026-03-16T09:00, or `next` for when the next thing is due."""
    party: Short | None = None
    """Take a party in. With `join` or `enter`: the party on whose behalf, of those that the person may have."""
    join: Handle | None = None
    """Somebody of `people` is invited and joins."""
    enter: Handle | None = None
    """Somebody of `people` who does not sign in is entered."""
    leave: Handle | None = None
    """A person's membership ends."""
    grant: Identifier | None = None
    """Give a role to `to`."""
    revoke: Identifier | None = None
    """Take a role from `of`."""
    hand_over: Identifier | None = None
    """Give one's role to `to`, and lose it."""
    delegate: Handle | None = None
    """Let this person act in one's place, `until` then."""
    end_delegation: Literal[True] | None = None
    """Let nobody act in one's place any more."""
    claim: Short | None = None
    """Take on a task that several could do."""
    release: Short | None = None
    """Give a task back that was taken on."""
    suspend: Literal[True] | None = None
    """Let the process rest."""
    resume: Literal[True] | None = None
    """Let the process go on."""
    cancel: Literal[True] | None = None
    """Give the process up."""
    back: Identifier | None = None
    """Go back to a state."""
    again: Names | None = None
    """With `back`: tasks that are to be done again there."""
    retry: Short | None = None
    """Evaluate the condition of an incident again."""
    resolve: Short | None = None
    """Say of an incident that it does not matter."""
    ends: LinkName | None = None
    """A linked process comes to its end, without being played: it passes on `answers`, by task. Named as with `in`."""
    given_up: Flag = False
    """With `ends`: it did not finish, and was given up."""
    inside: Annotated[LinkName | None, Field(alias="in")] = None
    """The step is done in a linked process, and `then` says how that one stands. It is named by its link; of a link
    with `each` by link and element: follow_up.town (a party), follow_up.m2 (a membership), follow_up.choir (an id of
    a row)."""
    answers: dict[str, JsonValue] | Short | None = None
    """The answers, or the name of some under `answers`; without it all of them are made up."""
    fill: Flag = False
    """Make up what `answers` leaves out."""
    behalf: Annotated[Handle | None, Field(alias="for")] = None
    """The person on whose behalf it is done."""
    to: Handle | None = None
    """The person who gets the role."""
    of: Handle | None = None
    """The person who loses the role."""
    until: Moment | None = None
    """Until when somebody acts in one's place."""
    valid_on: Annotated[str, Field(pattern=r"^\d{4}-\d{2}-\d{2}$")] | None = None
    """The day that the answers are about."""
    reason: Short | None = None
    """Why; everybody can read it."""
    refused: Refusal | Short | Literal[True] | None = None
    """That it is refused: true, a part of the sentence that the person reads, or {code: …, says: …, field: …}."""
    then: Expectation | None = None
    """How things stand right after this step."""

    @property
    def verb(self) -> str:
        """What the step does."""
        return self.verbs[0]

    @property
    def verbs(self) -> list[str]:
        """Every verb of the step: one, in a step that was read."""
        found = [verb for verb in VERBS if getattr(self, verb) is not None]
        return [verb for verb in found if verb != "party"] or found

    @model_validator(mode="after")
    def _does_one_thing(self) -> Step:
        if len(self.verbs) != 1:
            said = f"this does {' and '.join(self.verbs)} at once" if self.verbs else "this does nothing"
            raise ValueError(f"{said}: a step has one of {', '.join(VERBS)}")
        return self


class Scenario(Config):
    """Given what has happened, when somebody does something, then things stand so."""

    title: Short
    """What it shows, in a sentence."""
    given: tuple[Step, ...] = ()
    """What has happened before; none of it is refused."""
    when: tuple[Step, ...] = ()
    """What is done."""
    then: Expectation | None = None
    """How things stand in the end."""

    @property
    def checks(self) -> bool:
        """Whether anything is expected."""
        steps = (*self.given, *self.when)
        expected = [then for then in (self.then, *(step.then for step in steps)) if then is not None]
        return any(then.model_fields_set for then in expected) or any(step.refused for step in steps)


class Scenarios(Config):
    """A file of scenarios of one template."""

    template: Identifier
    """The template that they are of."""
    title: Short | None = None
    """What the file is about."""
    language: Literal["nb", "nn", "en"] = "nb"
    """The language in which people are told that something is refused."""
    clock: Moment = "2026-03-02T09:00"
    """When each scenario begins, in the zone of the template's calendar."""
    starter: Handle
    """Who starts the process."""
    people: dict[Handle, Parts] = Field(default={})
    """The others, by a short name; with several parts a person takes part for several parties."""
    answers: dict[Short, dict[str, JsonValue]] = Field(default={})
    """Answers by a name, for steps that give the same."""
    scenarios: Annotated[dict[Handle, Scenario], Field(min_length=1)]
    """The scenarios, each played by itself from the beginning."""
