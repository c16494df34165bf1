"""Two versions of a template compared, and how many processes that run on the older one each difference touches.

What differs is `engine.template.diff`'s to say. A process is touched by a difference where it is in a state that
differs, was asked a task or a form that differs, or has somebody in a role that differs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from engine.engine import GOING_ON, Engine, Meeting, stop
from engine.process.state import ProcessState
from engine.progress import Progress, quiet
from engine.template.chart import Definition
from engine.template.diff import About, Difference, differences


@dataclass(frozen=True, slots=True)
class Comparison:
    """What differs; `touched` says of each difference how many running processes it touches, in the same order.

    `running` is how many whole ones run on the older version, `broken` how many of them a breaking difference touches.
    """

    differences: Sequence[Difference]
    touched: Sequence[int]
    running: int
    broken: int


def compare(
    engine: Engine,
    template: str,
    old: Definition,
    new: Definition,
    *,
    meet: Meeting = stop,
    progress: Progress = quiet,
) -> Comparison:
    """Compare a published version with another, or with one that is not published yet.

    Processes in quarantine are met, and counted nowhere: they do not go on.
    """
    found = differences(old, new)
    names = [row["name"] for row in engine.processes() if _runs_on(row, template, old.bundle)]
    touched, broken, number = [0] * len(found), 0, 0
    for number, loaded in enumerate(engine.each(names, meet), 1):
        hits = [touches(one.about, loaded.state, old) for one in found]
        touched = [count + hit for count, hit in zip(touched, hits, strict=True)]
        broken += any(hit and one.breaking for one, hit in zip(found, hits, strict=True))
        progress("looking at the processes", number, len(names))
    return Comparison(found, touched, number, broken)


def _runs_on(row: Mapping[str, Any], template: str, bundle: str) -> bool:
    return row["template"] == template and row["bundle"] == bundle and row["status"] in GOING_ON


def touches(about: About, state: ProcessState, old: Definition) -> bool:
    """Whether a difference is about a process that runs on the older version."""
    match about.kind:
        case "any":
            return True
        case "none":
            return False
        case "role":
            return any(m.active and not about.names.isdisjoint(m.roles) for m in state.memberships.values())
        case "state":
            return not about.names.isdisjoint(state.active)
        case "task" | "form":
            asked = {i.task for i in state.instances.values() if i.pending or i.submissions} & old.tasks.keys()
            names = asked if about.kind == "task" else {old.tasks[task].spec.form for task in asked}
            return not about.names.isdisjoint(names)
