"""The evaluation as a Prefect flow: the stages of `warehouse.stages`, each as one task, then the artifacts.

Nothing is computed here: the same functions give the same run and the same content as in-process. A task is tried
again where a store cannot be used just now (the warehouse is held by another program), and for nothing else: a wrong
contract is as wrong the second time.
"""

from __future__ import annotations

import os
from contextlib import closing
from datetime import UTC, date, datetime
from pathlib import Path

from prefect import flow, runtime

from engine.workspace import Workspace
from pipelines import artifacts
from pipelines.retrying import stage
from warehouse import stages
from warehouse.runs import Computed
from warehouse.sources.batch import Batch
from warehouse.sources.validation import Verdict

RUNNER = "prefect"
NAME = "evaluate"


@stage
def land(workspace: str) -> list[Path]:
    """New files into the landing, with an event each."""
    opened = Workspace.open(Path(workspace))
    with closing(opened.engine()) as engine:
        return stages.land(opened, engine)


@stage
def load(workspace: str) -> list[Batch]:
    """New events and files into the warehouse."""
    opened = Workspace.open(Path(workspace))
    with closing(opened.engine()) as engine:
        return stages.load(opened, engine, runner=RUNNER)


@stage
def validate(workspace: str) -> list[Verdict]:
    """The verdict on every batch."""
    return stages.validate(Workspace.open(Path(workspace)), runner=RUNNER)


@stage
def compute(workspace: str, evaluated_on: str) -> Computed:
    """Every figure, and the switch to the new run."""
    return stages.compute(Workspace.open(Path(workspace)), date.fromisoformat(evaluated_on), runner=RUNNER)


@stage
def copy(workspace: str) -> Path:
    """The readers' copy of the new run."""
    return stages.copy(Workspace.open(Path(workspace)))


@flow(name=NAME, persist_result=False)
def evaluate(workspace: str, evaluated_on: str | None = None) -> stages.Evaluation:
    """Everything from files and events to the readers' copy, as of a day (ISO); without one, as of today.

    `workspace` is the folder; today is that of the schedule's time zone. Raises what the stages raise.
    """
    if runtime.deployment.id is not None:
        # A scheduled run leaves the terminal's group: Ctrl-C is for the schedule, which then waits for this run.
        os.setpgrp()
    opened = Workspace.open(Path(workspace))
    day = evaluated_on or opened.today(datetime.now(UTC))
    land(workspace)
    evaluation = stages.Evaluation(
        load(workspace), validate(workspace), compute(workspace, day), copy(workspace), stages.left_out(opened)
    )
    artifacts.publish(opened, evaluation)
    return evaluation
