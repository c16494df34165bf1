"""Playing scenarios: each from the beginning, step by step, until something is otherwise than expected."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from zoneinfo import ZoneInfo

from engine.engine import Engine
from engine.errors import Place, SamskapError
from engine.progress import Progress, quiet
from engine.template.bundle import Bundle
from engine.trial.coverage import Coverage
from engine.trial.doing import begin, do, moment
from engine.trial.expecting import differences, refusal
from engine.trial.reading import Script, checked, read
from engine.trial.scenario import Expectation, Scenario, Step
from engine.trial.stage import Hands, Stage, opened
from engine.yaml import DataPath


@dataclass(frozen=True, slots=True)
class Failure:
    """What was otherwise than expected, and the place of the expectation."""

    message: str
    where: Place
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Played:
    """A scenario that was played: how many steps were carried out, and what was otherwise."""

    file: str
    name: str
    title: str
    steps: int
    failures: tuple[Failure, ...]
    where: Place

    @property
    def passed(self) -> bool:
        """Whether all was as expected."""
        return not self.failures


@dataclass(frozen=True)
class Trial:
    """All scenarios that were played of one template, and what they tried of it."""

    bundle: Bundle
    played: tuple[Played, ...]
    coverage: Coverage

    @property
    def passed(self) -> bool:
        """Whether all was as expected."""
        return all(one.passed for one in self.played)


def run(bundle: Bundle, paths: Iterable[Path], progress: Progress = quiet, *, linked: Sequence[Bundle] = ()) -> Trial:
    """Play the scenarios in files; raise `LintError` where a file is malformed, before anything is played.

    `linked` are the templates that processes are started of.
    """
    others = {other.name: other.definition for other in linked}
    scripts = [checked(read(path), bundle.definition, others) for path in paths]
    coverage = Coverage(bundle.definition)
    of = sum(len(script.scenarios.scenarios) for script in scripts)
    played: list[Played] = []
    for script in scripts:
        with opened(bundle, linked, coverage) as (engine, clock):
            for handle in [script.scenarios.starter, *script.scenarios.people]:
                engine.people.add(handle, handle.title(), script.scenarios.language)
            for name, scenario in script.scenarios.scenarios.items():
                progress("scenarios", len(played), of)
                played.append(_play(engine, clock, script, name, scenario, coverage))
    return Trial(bundle, tuple(played), coverage)


def _play(engine: Engine, clock: Hands, script: Script, name: str, scenario: Scenario, coverage: Coverage) -> Played:
    file, document = script.scenarios, script.document
    path: DataPath = ("scenarios", name)
    clock.now = moment(file.clock, ZoneInfo(coverage.definition.template.calendar.zone))
    stage = Stage(engine, clock, name, file.starter)
    player = _Player(stage, script)
    failures = tuple(player.whole(scenario, path))
    if player.begun:
        loaded = stage.loaded
        coverage.add(loaded.state, engine.events(loaded.records), clock.now)
    return Played(document.file, name, scenario.title, player.steps, failures, document.key_place(path))


class _Player:
    """Plays one scenario, up to its first difference."""

    def __init__(self, stage: Stage, script: Script) -> None:
        self.stage = stage
        self.file = script.scenarios
        self.document = script.document
        self.begun = False
        self.steps = 0

    def whole(self, scenario: Scenario, path: DataPath) -> list[Failure]:
        """What is otherwise than expected."""
        try:
            begin(self.stage, self.file)
        except SamskapError as error:
            place = self.document.place(("people",))
            return [Failure(f"the process cannot begin: {error.message}", place, error.hint)]
        self.begun = True
        for section, steps in (("given", scenario.given), ("when", scenario.when)):
            for number, step in enumerate(steps):
                found = self.step(step, (*path, section, number))
                if found:
                    return found
        return self.expected(scenario.then, (*path, "then"))

    def step(self, step: Step, path: DataPath) -> list[Failure]:
        """Carry a step out, and look at what follows."""
        self.steps += 1
        place = self.document.place(path)
        try:
            do(self.stage, self.file, step)
        except SamskapError as error:
            told = refusal(step, error)
            if told:
                where = self.document.key_place((*path, "refused")) if step.refused else place
                return [Failure(told, where, "" if step.refused else error.hint)]
        else:
            if step.refused is not None:
                where = self.document.key_place((*path, "refused"))
                return [Failure("this should be refused, and was done", where)]
        stage = self.stage.inside(step.inside) if step.inside is not None and step.then is not None else self.stage
        return self.expected(step.then, (*path, "then"), stage)

    def expected(self, then: Expectation | None, path: DataPath, stage: Stage | None = None) -> list[Failure]:
        """What is otherwise now, in the process or in one that is linked."""
        if then is None:
            return []
        found = differences(stage or self.stage, then)
        return [Failure(told, self.document.key_place((*path, *key))) for key, told in found]
