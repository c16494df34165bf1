"""A migration plan: how running processes go from one version of a template to another.

What keeps its name needs no word; a plan says what became of the rest. It is the shape only: whether its names are
those of the versions is `plan_reading`'s, and whether a process fits it is decided by
`engine.process.decide.migrating`, for a dry run and for the real one alike.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pydantic import Field, ValidationError

from engine.errors import UsageError
from engine.template.model import Config, Identifier, Version


class Plan(Config):
    """What became of states, tasks, roles and actions that the new version does not have under their old names."""

    template: Identifier
    """The template that is migrated."""
    to: Version
    """The published version that processes are to run on."""
    states: dict[Identifier, Identifier] = Field(default_factory=dict)
    """Old state → new state."""
    tasks: dict[Identifier, Identifier | None] = Field(default_factory=dict)
    """Old task → new task, whose form takes the answers; null where nobody is asked any more. Answers are kept."""
    roles: dict[Identifier, Identifier | None] = Field(default_factory=dict)
    """Old role → new role; null where those who hold it lose it."""
    actions: dict[Identifier, Identifier | None] = Field(default_factory=dict)
    """Old action → new action, in every state that has the new one; null where nobody chooses it any more."""
    accept: tuple[Identifier, ...] = ()
    """Tasks whose answers stand as they were given, though they do not fit the new form."""
    ask_again: tuple[Identifier, ...] = ()
    """Tasks that those who have answered are asked again, in the states that are active."""

    @property
    def renamed(self) -> Mapping[str, Mapping[str, str | None]]:
        """Old names and new ones, by the kind of what they are names of."""
        return {"state": self.states, "task": self.tasks, "role": self.roles, "action": self.actions}

    @property
    def asked(self) -> Mapping[str, Sequence[str]]:
        """The tasks whose answers it speaks of, by key."""
        return {"accept": self.accept, "ask_again": self.ask_again}


def bare(template: str, to: str) -> Plan:
    """A plan that says nothing but where to; raise `UsageError` where one of the two cannot be a name or a version."""
    try:
        return Plan(template=template, to=to)
    except ValidationError as error:
        if error.errors(include_url=False)[0]["loc"] == ("to",):
            raise UsageError(f"“{to}” is no version", hint="A version is three numbers, such as 1.2.0.") from None
        raise UsageError(f"“{template}” is no template's name", hint="Names are such as samson.") from None


def written(plan: Plan) -> str:
    """The lines of a plan as its author would write it, without what it does not say."""
    lines = [f"template: {plan.template}", f"to: {plan.to}"]
    for kind, named in plan.renamed.items():
        pairs = [f"{before}: {after or 'null'}" for before, after in named.items()]
        lines += [f"{kind}s: {{{', '.join(pairs)}}}"] if pairs else []
    lines += [f"{key}: [{', '.join(tasks)}]" for key, tasks in plan.asked.items() if tasks]
    return "\n".join(lines)
