"""Lives of a process that chance makes up, looking for where it comes to a stop and for what it never comes to.

Each run plays one process in memory (`playing`) with other people, other answers and another order (`chance`), by a
seed: the same seed gives the same runs. Chance is guided: what has been tried least goes first, answers are taken from
what conditions compare with, and people may be of one mind, so that conditions on all of them are met too. `noticing`
keeps what the runs came to.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from random import Random
from typing import Final, Literal

from engine.errors import ConfigError, Conflict, GoesRound, NotFound, Refused
from engine.progress import Progress, quiet
from engine.template.chart import Definition
from engine.trial.chance import LATECOMERS, Chance, Run, eagerness
from engine.trial.coverage import Coverage, key
from engine.trial.noticing import Finding, Noticed
from engine.trial.playing import ESSENTIAL, Kind, Move, Option, Person, Play, played

BEGIN: Final = datetime(2026, 3, 2, 8, tzinfo=UTC)
PATIENCE: Final = 12
"""Answers put right, rows added and people joining that are tried before a process is said to be stuck."""
NEW: Final = 8
"""How much likelier something is done that never was."""
PROBES: Final = 3
"""How often it is tried whether a shorter way leads on after all."""
SHRINKING: Final = 200
"""Shorter ways that are tried for one finding."""


@dataclass(frozen=True)
class Simulation:
    """All runs of one template by one seed: how many came to an end, how many moves, what was tried, what was found."""

    definition: Definition
    seed: int
    runs: int
    ended: int
    moves: int
    coverage: Coverage
    findings: tuple[Finding, ...]

    @property
    def passed(self) -> bool:
        """Whether nothing was found that should be in no template."""
        return not any(finding.is_serious for finding in self.findings)


def simulate(
    definition: Definition,
    *,
    runs: int = 100,
    seed: int = 1,
    moves: int = 200,
    people: int | None = None,
    parties: int | None = None,
    linked: Mapping[str, Definition] | None = None,
    progress: Progress = quiet,
) -> Simulation:
    """Play a template so many times, each up to so many moves.

    `people` is how many hold each role, and `parties` how many there are; without them both vary from run to run.
    `linked` are the templates that processes are started of: their ends and answers are made up.
    """
    coverage = Coverage(definition)
    simulator = _Simulator(coverage, Chance(coverage.watched, people, parties, linked or {}), moves)
    for number in range(1, runs + 1):
        progress("runs", number - 1, runs)
        simulator.run(number, Random(f"{seed}:{number}"))  # noqa: S311 (chance that can be had again)
    found = tuple(simulator.noticed.findings(coverage))
    return Simulation(definition, seed, runs, simulator.ended, simulator.made, coverage, found)


class _Simulator:
    """Plays run after run, and remembers what has been tried."""

    def __init__(self, coverage: Coverage, chance: Chance, most: int) -> None:
        self.coverage, self.chance, self.most = coverage, chance, most
        self.definition = coverage.watched
        self.targets = {key(one): one.to for found in self.definition.actions.values() for one in found}
        self.noticed = Noticed(coverage.definition)
        self.tried: Counter[tuple[Kind, str]] = Counter()
        self.ended = self.made = 0

    def run(self, number: int, random: Random) -> None:
        """Play one process until it ends, is stuck, or has gone on for long enough."""
        people = self.chance.people(random)
        play = Play(self.definition, people, BEGIN)
        run = Run(number, random, play, people, eagerness(random), random.choice((0.2, 0.6, 0.95)))
        try:
            play.begin(people)
        except GoesRound as error:
            self.noticed.note("circle", "the beginning", error.message, run, ())
            return
        self.noticed.look(run)
        while play.state.status == "running" and len(run.moves) < self.most:
            if not self._step(run):
                self._stuck(run)
                break
        self.ended += play.state.status != "running"
        self.made += len(run.moves)
        self.coverage.add(play.state, play.events, play.now)

    # -- moves --------------------------------------------------------------------------------------------------------

    def _step(self, run: Run) -> bool:
        """Make one move; False if nothing leads on, however patiently answers are put right and people join."""
        options = run.play.options()
        if any(option.kind in ESSENTIAL for option in options):
            others = self.chance.coming_and_going(run) if run.late < LATECOMERS else []
            return self._choose(run, [*options, *others])
        patience = Counter[tuple[Kind, str]]()
        for _ in range(PATIENCE):
            if not self._try_patiently(run, patience):
                return False
            if run.play.state.status != "running" or any(one.kind in ESSENTIAL for one in run.play.options()):
                return True
        return False

    def _try_patiently(self, run: Run, patience: Counter[tuple[Kind, str]]) -> bool:
        """Put an answer right, or let somebody join: each in its turn, so that none is left out for chance."""
        idle = [*run.play.options(), *self.chance.coming_and_going(run)]
        sorts = {_sort(option) for option in idle if option.kind != "leave"}
        for sort in sorted(sorts, key=lambda one: (patience[one], one)):
            patience[sort] += 1
            if self._choose(run, [option for option in idle if _sort(option) == sort]):
                return True
        return False

    def _choose(self, run: Run, options: Sequence[Option]) -> bool:
        """Make one of the moves, by chance, whoever makes it; what turns out to be refused is left out."""
        left: dict[tuple[Kind, str], list[Option]] = defaultdict(list)
        for option in options:
            left[_sort(option)].append(option)
        while left:
            sorts = list(left)
            sort = run.random.choices(sorts, [self._likely(run, one) for one in sorts])[0]
            option = run.random.choice(left[sort])
            left[sort].remove(option)
            if not left[sort]:
                del left[sort]
            if self._make(run, option):
                return True
        return False

    def _likely(self, run: Run, sort: tuple[Kind, str]) -> float:
        """How likely something is done: what was never tried goes before the rest, and what was tried least."""
        likely = run.eagerness[sort[0]] * (NEW if not self.tried[sort] else 1 / math.sqrt(self.tried[sort]))
        leads_to = self.targets.get(sort[1])  # of an action: where many runs have been already, the next need not go
        return likely / (1 + self.coverage.entered[leads_to]) ** 0.8 + 0.001 if leads_to else likely + 0.001

    def _make(self, run: Run, option: Option) -> bool:
        try:
            move = self._move(run, option)
            run.play.make(move)
        except GoesRound as error:
            self.noticed.note("circle", " and ".join(run.play.place), error.message, run, [*run.moves, Move(option)])
            return False
        except (Refused, NotFound, Conflict, ConfigError):
            return False
        self.tried[_sort(option)] += 1
        run.late += option.kind == "join"
        run.moves.append(move)
        self.noticed.look(run)
        return True

    def _move(self, run: Run, option: Option) -> Move:
        play, chance = run.play, self.chance
        match option.kind:
            case "submit" | "again":
                return play.submitting(option, chance.answers(run, option.what, anew=option.kind == "again"))
            case "act":
                return play.acting(option)
            case "link":
                how: Literal["finished", "cancelled"] = "finished" if run.random.random() < 0.85 else "cancelled"
                return play.ending(option, how, chance.passed_on(run, option) if how == "finished" else {})
            case "join":
                return Move(option, play.joining(chance.latecomer(run, option.what)))
            case "leave":
                return play.leaving(option)
            case _:
                return Move(option)

    # -- where it is stuck --------------------------------------------------------------------------------------------

    def _stuck(self, run: Run) -> None:
        where = " and ".join(run.play.place)
        known = ("deadlock", where) in self.noticed.serious
        if not known and not any(self._leads_on(run, run.people, run.moves, seed) for seed in range(PROBES)):
            people, moves = self._shortened(run)
            why = why_stuck(played(self.definition, people, BEGIN, moves)[0])
            self.noticed.note("deadlock", where, why, replace(run, people=people), moves)

    def _shortened(self, run: Run) -> tuple[Sequence[Person], list[Move]]:
        """The people and moves without those that were not needed to get stuck at the same place.

        Moves are left out by halves, quarters, … (delta debugging, Zeller & Hildebrandt 2002), and people one by one,
        but for the last of a role.
        """
        people, moves, left = list(run.people), list(run.moves), SHRINKING
        size = max(1, len(moves) // 2)
        while size and left:
            start = len(moves)
            while start > 0 and left:
                start, left = max(0, start - size), left - 1
                found = self._stuck_again(run, people, [*moves[:start], *moves[start + size :]])
                if found is not None and len(found) < len(moves):
                    moves, start = found, min(start, len(found))
            size //= 2
        for person in reversed(run.people[1:]):
            fewer = [other for other in people if other != person]
            if not any(other.role == person.role for other in fewer):
                continue
            found = self._stuck_again(run, fewer, [move for move in moves if move.option.who != person.handle])
            if found is not None:
                people, moves = fewer, found
        return people, moves

    def _stuck_again(self, run: Run, people: Sequence[Person], moves: Sequence[Move]) -> list[Move] | None:
        """The moves that get stuck where the run did, among these people; None if they do not."""
        play, made = played(self.definition, people, BEGIN, moves)
        if play.state.status != "running" or play.place != run.play.place:
            return None
        if any(option.kind in ESSENTIAL for option in play.options()):
            return None
        return None if any(self._leads_on(run, people, made, seed) for seed in range(PROBES)) else made

    def _leads_on(self, run: Run, people: Sequence[Person], moves: Sequence[Move], seed: int) -> bool:
        """Whether putting answers right, people who join, and what they answer then opens a way."""
        play, made = played(self.definition, people, BEGIN, moves)
        probe = replace(run, play=play, people=people, moves=made, random=Random(seed), late=0)  # noqa: S311
        place, patience = play.place, Counter[tuple[Kind, str]]()
        for _ in range(3 * PATIENCE):
            if any(option.kind in ESSENTIAL - {"submit"} for option in play.options()) or play.place != place:
                return True
            if not self._try_patiently(probe, patience):
                break
        return probe.play.place != place or probe.play.state.status != "running"


def _sort(option: Option) -> tuple[Kind, str]:
    """What an option is, whoever makes use of it."""
    return option.kind, option.place if option.kind == "act" else option.what


def why_stuck(play: Play) -> str:
    """Why nothing can be done: what is closed by its condition, and what nobody may do."""
    choices = play.choices()
    closed = [choice for choice in choices if play.conditions.attempt(choice)[0].value is not True]
    parts = [f"“{choice.id}” is not open ({choice.guard.text})" for choice in closed if choice.guard is not None]
    autos = [auto for state in play.state.active for auto in play.definition.autos[state]]
    parts += [f"it goes on to {auto.to} by itself when {auto.guard.text}" for auto in autos if auto.guard is not None]
    parts += [f"nobody may choose “{one.id}”" for one in choices if one not in closed and not play.able(one)]
    parts += [f"nobody may answer {one.id}" for one in play.state.instances.values() if one.status == "open"]
    place, why = " and ".join(play.place), "; ".join(parts) or "it has no way out"
    return f"nothing is open for anybody in {place}, and nothing is due: {why}"
