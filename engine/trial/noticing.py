"""What the runs of a simulation came to, over all of them: where, by which shortest way, and from where to no end."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from engine.template.chart import Definition
from engine.trial.chance import Run
from engine.trial.coverage import Coverage, Item
from engine.trial.playing import Move, Person
from engine.trial.telling import told

Sort: TypeAlias = Literal["deadlock", "livelock", "circle", "incident", "never"]
Place: TypeAlias = tuple[str, ...]

SERIOUS: Final = frozenset({"deadlock", "livelock", "circle", "incident"})
"""What should be in no template; what never happened may be for want of runs."""
LONG: Final = 40
"""Moves in which a process that can end should have come nearer to it."""


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that a simulation found: of which sort, what of the template, and the shortest way to it, step by step.

    `run` is the run that found it. Of what never happened, `way` leads to where it could have.
    """

    sort: Sort
    what: str
    message: str
    way: tuple[str, ...] = ()
    people: tuple[str, ...] = ()
    run: int | None = None

    @property
    def is_serious(self) -> bool:
        """Whether it should be in no template."""
        return self.sort in SERIOUS


class Noticed:
    """Where the runs have been, and what was wrong there."""

    def __init__(self, definition: Definition) -> None:
        self.definition = definition
        self.serious: dict[tuple[Sort, str], Finding] = {}
        self._states: dict[str, tuple[Run, int]] = {}
        self._places: dict[Place, tuple[Run, int]] = {}
        self._after: dict[Place, set[Place]] = defaultdict(set)
        self._stayed: Counter[Place] = Counter()
        self._ends: set[Place] = set()

    def look(self, run: Run) -> None:
        """Note where a run is now, and which conditions failed there."""
        state, place, length = run.play.state, run.play.place, len(run.moves)
        for name in state.entries:
            if name not in self._states or length < self._states[name][1]:
                self._states[name] = (run, length)
        if place not in self._places or length < self._places[place][1]:
            self._places[place] = (run, length)
        self._stayed[place] += 1
        if state.status == "finished":
            self._ends.add(place)
        if run.place is not None:
            self._after[run.place].add(place)
        run.place = place
        for incident in state.incidents.values():
            if incident.is_open and not incident.id.startswith("link:"):
                self.note("incident", incident.id, f"a condition fails: {incident.message}", run, run.moves)

    def note(self, sort: Sort, what: str, message: str, run: Run, moves: Sequence[Move]) -> None:
        """Something that should be in no template; of the same at the same place the shortest way is kept."""
        known = self.serious.get((sort, what))
        if known is None or len(moves) < len(known.way):
            self.serious[sort, what] = Finding(sort, what, message, told(moves), _who(run.people), run.number)

    def findings(self, coverage: Coverage) -> Iterator[Finding]:
        """Everything that was found: what should be in no template first, then what never happened."""
        yield from sorted(self.serious.values(), key=lambda one: (one.sort, one.what))
        yield from self._endless()
        for item in coverage.items():
            if not item.count or (item.kind == "condition" and not item.said.get("true")):
                yield self._never(item)

    # -- livelocks ----------------------------------------------------------------------------------------------------

    def _endless(self) -> Iterator[Finding]:
        """Places from which no run came to an end, though it went on for long: the first of them on the way."""
        nodes = self.definition.nodes.values()
        if not any(node.spec.final and node.parent is None for node in nodes):
            return
        ending = set(self._ends)
        while more := {place for place, after in self._after.items() if place not in ending and after & ending}:
            ending |= more
        stuck = {found.what for found in self.serious.values() if found.sort == "deadlock"}
        trapped = {place for place in self._places if place not in ending and " and ".join(place) not in stuck}
        for place in sorted(trapped):
            is_first = any(place in after for before, after in self._after.items() if before not in trapped)
            run, length = self._places[place]
            if (is_first or not length) and sum(self._stayed[one] for one in self._from(place)) >= LONG:
                where = " and ".join(place)
                message = f"no run that came to {where} came to an end, though something could always be done"
                yield Finding("livelock", where, message, told(run.moves[:length]), _who(run.people), run.number)

    def _from(self, place: Place) -> set[Place]:
        ahead, seen = [place], set[Place]()
        while ahead:
            step = ahead.pop()
            if step not in seen:
                seen.add(step)
                ahead += self._after[step]
        return seen

    # -- what never happened ------------------------------------------------------------------------------------------

    def _never(self, item: Item) -> Finding:
        said = {
            "state": "was never entered",
            "task": "was never answered",
            "condition": f"was never true: {item.text}",
        }
        message = said.get(item.kind, "was never taken")
        found = self._states.get(self._state_of(item)) if item.kind != "state" else None
        if found is None:
            return Finding("never", f"{item.kind} {item.id}", message)
        run, length = found
        return Finding(
            "never", f"{item.kind} {item.id}", message, told(run.moves[:length]), _who(run.people), run.number
        )

    def _state_of(self, item: Item) -> str:
        """The state that something stands in."""
        name = item.id.split(" ")[0].partition(".")[0]
        task = self.definition.tasks.get(name)
        return (task.state or "") if task is not None and name not in self.definition.nodes else name


def _who(people: Sequence[Person]) -> tuple[str, ...]:
    """People as a scenario has them."""
    parts = {one.handle: f"role: {one.role}{f', party: {one.party}' if one.party else ''}" for one in people}
    return tuple(f"{handle}: {{{part}}}" for handle, part in parts.items())
