"""Commands that try a template out before anybody depends on it: its author's scenarios, and lives made by chance."""

# ruff: noqa: PLC0415 (imports stand inside the commands: help must come at once)

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.call import Call
from cli.command import Commands, Template
from cli.completion import template_names
from cli.drawing import keep
from cli.excerpt import excerpt
from cli.output import Done, Part, Progress, Table, tell
from engine.text import counted

if TYPE_CHECKING:
    from engine.template.bundle import Bundle
    from engine.trial.coverage import Coverage, Item
    from engine.trial.noticing import Finding
    from engine.trial.running import Played, Trial
    from engine.trial.simulating import Simulation

commands = Commands()

Picture = Annotated[
    Path | None,
    typer.Option("--picture", metavar="FILE", help="Draw the template with what was tried of it, as SVG."),
]


@commands.add("test", example="samskap test samson\nsamskap test processes/tests/ideas/late.yaml --picture tried.svg")
def play(
    ctx: typer.Context,
    names: Annotated[
        list[str],
        typer.Argument(
            metavar="TEMPLATE|FILE...",
            help="A template, for all its scenarios; or files of scenarios.",
            autocompletion=template_names,
            show_default=False,
        ),
    ],
    picture: Picture = None,
    complete: Annotated[
        bool, typer.Option("--complete", help="Fail also where a state, task or transition is never tried.")
    ] = False,
) -> None:
    """Play the scenarios of a template, and say how much of it they try.

    Scenarios lie in `processes/tests/TEMPLATE/`. Each is played from the beginning, in a log that is thrown away, with
    made-up people and a clock of its own; no workspace is needed for the built-in templates. Ends with 13 where
    something is otherwise than a scenario expects.
    """
    from engine.errors import TrialFailed, UsageError
    from engine.template.bundle import read_linked
    from engine.trial.running import run

    call: Call = ctx.obj
    trials = [
        run(bundle, files, Progress(call), linked=read_linked(bundle, call.template_folders))
        for bundle, files in _scripts(call, names)
    ]
    if picture is not None and len(trials) > 1:
        raise UsageError("a picture shows one template", hint="Test one template at a time.")
    if picture is not None:
        _draw(call, trials[0].coverage, picture)
    untried = [item for trial in trials for item in trial.coverage.items() if not item.covered]
    missing = [item for item in untried if item.kind != "condition"] if complete else []
    passed = all(trial.passed for trial in trials) and not missing
    data = {"passed": passed, "templates": [_trial_data(trial) for trial in trials], "picture": picture}
    tell(call, data, *(part for trial in trials for part in _trial_parts(trial)))
    if not passed:
        raise typer.Exit(TrialFailed.exit_code)


@commands.add(
    "simulate", example="samskap simulate samson\nsamskap simulate ideas --runs 500 --seed 7 --picture tried.svg"
)
def simulate(
    ctx: typer.Context,
    name: Template,
    runs: Annotated[int, typer.Option("--runs", min=1, max=100_000, help="How many processes are played.")] = 100,
    seed: Annotated[int, typer.Option("--seed", help="The same seed gives the same runs.")] = 1,
    moves: Annotated[int, typer.Option("--moves", min=1, max=10_000, help="Moves after which a run is let be.")] = 200,
    people: Annotated[
        int | None, typer.Option("--people", min=1, max=100, help="How many hold each role; else that varies.")
    ] = None,
    parties: Annotated[
        int | None, typer.Option("--parties", min=1, max=100, help="How many parties there are; else that varies.")
    ] = None,
    picture: Picture = None,
    complete: Annotated[
        bool, typer.Option("--complete", help="Fail also where a state, task or transition is never tried.")
    ] = False,
) -> None:
    """Play a template with made-up people: where does it come to a stop, and what never happens?

    People, answers and order are made up by chance, guided to what has been tried least and to what conditions compare
    with. Nothing is stored; no workspace is needed for the built-in templates. Ends with 13 where a process is stuck
    (nothing is open for anybody, and nothing is due), never comes to an end, or has a condition that fails.
    """
    from engine.errors import TrialFailed
    from engine.template import bundle
    from engine.trial import simulating

    call: Call = ctx.obj
    folders = call.template_folders
    read = bundle.read(name, folders)
    linked = {one.name: one.definition for one in bundle.read_linked(read, folders)}
    found = simulating.simulate(
        read.definition,
        runs=runs,
        seed=seed,
        moves=moves,
        people=people,
        parties=parties,
        linked=linked,
        progress=Progress(call),
    )
    if picture is not None:
        _draw(call, found.coverage, picture)
    tell(call, {**_simulation_data(found), "picture": picture}, *_simulation_parts(found))
    untried = [one for one in found.findings if one.sort == "never" and not one.what.startswith("condition ")]
    if not found.passed or (complete and untried):
        raise typer.Exit(TrialFailed.exit_code)


def _simulation_parts(found: Simulation) -> Iterator[Part]:
    template = found.definition.template
    told = [(one.sort, one.what, one.message) for one in found.findings]
    title = f"{template.template} {template.version}"
    yield Table(("Found", "Where", "What"), told, title=title, empty="nothing was found that should not be")
    for one in found.findings:
        if one.is_serious:
            yield "\n".join(_way(one))
    yield from coverage_parts(found.coverage)
    yield Done(
        f"{counted(found.runs, 'process', 'processes')} played by seed {found.seed}, {counted(found.moves, 'move')};"
        f" {found.ended} came to an end, {counted(sum(one.is_serious for one in found.findings), 'finding')}"
    )


def _way(one: Finding) -> Iterator[str]:
    """The way to a finding, as a scenario has it: so that it can be put among them."""
    yield f"# {one.sort} in {one.what}: {one.message} (run {one.run})"
    starter, *others = one.people
    yield f"starter: {starter.partition(':')[0]}"
    if others:
        yield "people:"
        yield from (f"  {line}" for line in others)
    yield "given:" if one.way else "given: []"
    yield from (f"  - {step}" for step in one.way)


def _simulation_data(found: Simulation) -> dict[str, object]:
    template = found.definition.template
    return {
        "passed": found.passed,
        "template": template.template,
        "version": template.version,
        "seed": found.seed,
        "runs": found.runs,
        "ended": found.ended,
        "moves": found.moves,
        "findings": found.findings,
        "coverage": coverage_data(found.coverage),
    }


def _scripts(call: Call, names: Sequence[str]) -> Iterator[tuple[Bundle, list[Path]]]:
    """The templates that are meant, each with its files of scenarios."""
    from engine.template import bundle
    from engine.trial.reading import find, read

    folders = call.template_folders
    found: dict[str, list[Path]] = {}
    for name in names:
        is_file = name.endswith((".yaml", ".json")) or "/" in name
        template = read(Path(name)).scenarios.template if is_file else name
        found.setdefault(template, []).extend([Path(name)] if is_file else find(name, folders))
    for template, files in found.items():
        yield bundle.read(template, folders), list(dict.fromkeys(files))


def _draw(call: Call, coverage: Coverage, to: Path) -> None:
    from engine.diagram.model import picture
    from engine.diagram.svg import svg
    from engine.diagram.tried import with_tried

    keep(to, svg(with_tried(picture(coverage.definition, call.template_language), coverage.tried())))


# -- telling ----------------------------------------------------------------------------------------------------------


def _trial_parts(trial: Trial) -> Iterator[Part]:
    rows = [("passed" if one.passed else "FAILED", one.name, one.title) for one in trial.played]
    template = trial.bundle.definition.template
    yield Table(("", "Scenario", "Shows that"), rows, title=f"{template.template} {template.version}")
    for one in trial.played:
        yield from _failure_lines(one)
    yield from coverage_parts(trial.coverage)
    failed = sum(not one.passed for one in trial.played)
    yield Done(f"{counted(len(trial.played), 'scenario')} played, {failed} failed")


def _failure_lines(one: Played) -> Iterator[str]:
    for failure in one.failures:
        hint = f" – {failure.hint}" if failure.hint else ""
        yield "\n".join([f"{failure.where}: {one.name}: {failure.message}{hint}", *excerpt(failure.where)])


def coverage_parts(coverage: Coverage) -> Iterator[Part]:
    """What was tried, as tables: how much of each kind, what not at all, and what conditions were seen to say."""
    from engine.trial.coverage import KINDS

    items = coverage.items()
    rows = []
    for kind, title in KINDS.items():
        of_kind = [item for item in items if item.kind == kind]
        if of_kind:
            rows.append((title, sum(item.covered for item in of_kind), len(of_kind)))
    yield Table(("Tried", "", "Of"), rows)
    untried = [(item.kind, item.id) for item in items if not item.covered and item.kind != "condition"]
    if untried:
        yield Table(("Never tried", ""), untried)
    said = [_said(item) for item in items if item.kind == "condition"]
    if said:
        yield Table(("Condition of", "True", "False", "Unknown", "Failed"), said)


def _said(item: Item) -> tuple[object, ...]:
    unknown = item.said.get("unknown", 0) if item.may_be_unknown else None
    return item.id, item.said.get("true", 0), item.said.get("false", 0), unknown, item.said.get("fault") or None


def _trial_data(trial: Trial) -> dict[str, object]:
    return {
        "template": trial.bundle.name,
        "version": trial.bundle.version,
        "scenarios": [
            {
                "file": one.file,
                "name": one.name,
                "title": one.title,
                "passed": one.passed,
                "steps": one.steps,
                "failures": [
                    {
                        "message": failure.message,
                        "hint": failure.hint,
                        "file": failure.where.file,
                        "line": failure.where.line,
                        "column": failure.where.column,
                    }
                    for failure in one.failures
                ],
            }
            for one in trial.played
        ],
        "coverage": coverage_data(trial.coverage),
    }


def coverage_data(coverage: Coverage) -> list[dict[str, object]]:
    """What was tried, as data: everything that there is to try."""
    return [
        {"kind": one.kind, "id": one.id, "covered": one.covered, "count": one.count}
        | ({"condition": one.text, "said": one.said, "may_be_unknown": one.may_be_unknown} if one.text else {})
        for one in coverage.items()
    ]
