"""What chance makes up for one run of a simulation: its people, how eager they are, and what they answer."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any, Final

from engine.codec import Json
from engine.errors import ConfigError
from engine.template.chart import Definition
from engine.trial.answers import made_up
from engine.trial.hints import answers_wanted, people_wanted
from engine.trial.playing import Kind, Move, Option, Person, Play

LATECOMERS: Final = 3
"""People who may still join while a process goes on."""
_EAGERNESS: Final[Mapping[Kind, float]] = {
    "submit": 4, "act": 3, "tick": 1, "link": 2, "again": 0.15, "join": 0.1, "leave": 0.03,
}  # fmt: skip
_HINTED: Final = 0.85
"""How often an answer that a condition looks at is one of the values that it tells apart."""
_NO_HINT: Final = frozenset({"list", "object", "choices"})


@dataclass(slots=True)
class Run:
    """One process at play: its people and its moves so far, how eager they are, and how much of one mind (`alike`)."""

    number: int
    random: Random
    play: Play
    people: Sequence[Person]
    eagerness: Mapping[Kind, float]
    alike: float
    minds: dict[tuple[str, str], Json] = field(default_factory=dict)
    moves: list[Move] = field(default_factory=list)
    place: tuple[str, ...] | None = None
    late: int = 0


def eagerness(random: Random) -> Mapping[Kind, float]:
    """How likely people are to do each kind of thing: in some runs they answer at once, in others time passes."""
    return {kind: weight * random.choice((0.03, 0.3, 1, 1, 3)) for kind, weight in _EAGERNESS.items()}


class Chance:
    """Makes people and answers up for a template; `people` and `parties` fix how many there are, else that varies."""

    def __init__(
        self, definition: Definition, people: int | None, parties: int | None, linked: Mapping[str, Definition]
    ) -> None:
        self.definition, self.linked = definition, linked
        self.fixed_people, self.fixed_parties = people, parties
        self.wanted = answers_wanted(definition)
        self.enough = people_wanted(definition)

    # -- people -------------------------------------------------------------------------------------------------------

    def people(self, random: Random) -> list[Person]:
        """The starter, and for each role so many as the template or its conditions ask for."""
        template = self.definition.template
        parties = self.fixed_parties or random.choice((1, 2, 3, max(2, min(self.enough, 5))))
        found = [Person(f"{template.starter}_1", template.starter)]
        for name, role in template.roles.items():
            least = max(1, role.min)
            wanted = self.fixed_people or random.choice((least, least + 1, max(3, least), max(self.enough, least)))
            for number in range(2 if name == template.starter else 1, min(wanted, role.max or wanted) + 1):
                party = f"party_{(number - 1) % parties + 1}" if role.of == "party" else None
                found.append(Person(f"{name}_{number}", name, party))
        return found

    def coming_and_going(self, run: Run) -> list[Option]:
        """Who may still come, and who may go."""
        template, members = self.definition.template, run.play.state.memberships.values()
        held = Counter(role for member in members if member.active for role in member.roles)
        most = max(self.enough, 3) + LATECOMERS
        coming = [
            Option("join", name, run.play.starter)
            for name, role in template.roles.items()
            if held[name] < min(role.max or most, most)
        ]
        going = [
            Option("leave", min(member.roles), member.person, member.id)
            for member in members
            if member.active and member.person and template.starter not in member.roles
        ]
        return [*coming, *going]

    def latecomer(self, run: Run, role: str) -> Person:
        """Somebody who joins now, for one of the parties that there are."""
        number = sum(role in member.roles for member in run.play.state.memberships.values()) + 1
        party = run.random.choice(list(run.play.state.parties) or ["party_1"])
        is_of_party = self.definition.template.roles[role].of == "party"
        return Person(f"{role}_{number}", role, party if is_of_party else None)

    # -- answers ------------------------------------------------------------------------------------------------------

    def answers(self, run: Run, task: str, *, anew: bool = False) -> dict[str, Json]:
        """Answers to a task: in what conditions look at, most often one of the values that they tell apart.

        `anew` are answers of somebody who has changed their mind.
        """
        form = self.definition.form_of(task)
        given = {
            name: run.random.choice(list(values)) if anew else self._minded(run, task, name, values)
            for name, values in self.wanted.get(task, {}).items()
            if name in form.fields and form.fields[name].kind not in _NO_HINT and run.random.random() < _HINTED
        }
        while given:
            try:
                return made_up(form, run.random, given)
            except ConfigError:  # what a condition compares with is no answer to the form: with one hint less
                given.pop(run.random.choice(list(given)))
        return made_up(form, run.random)

    def _minded(self, run: Run, task: str, name: str, values: Sequence[Json]) -> Json:
        """One of the values; among people who are of one mind most often the same as before."""
        known = run.minds.get((task, name))
        if known is None or run.random.random() > run.alike:
            known = run.minds[task, name] = run.random.choice(list(values))
        return known

    def passed_on(self, run: Run, option: Option) -> dict[str, Json]:
        """What a linked process passes on: answers to the forms of its own template."""
        spec = run.play.link_of(option).spec
        other = self.linked.get(spec.template)
        found: dict[str, Any] = {}
        for task, _, name in (taken.partition(".") for taken in spec.take):
            if other is None or task not in other.tasks:
                continue
            answers = made_up(other.form_of(task), run.random)
            record = {name: answers[name]} if name in answers else {}
            if other.tasks[task].spec.each or other.tasks[task].spec.repeatable:
                found[task] = [record]
            else:
                found.setdefault(task, {}).update(record)
        return found
