"""Many processes to another version of their template: several at a time, each by itself.

What is decided for one process is `engine.process.decide.migrating`'s. This goes through all that the plan is about,
tells what came of each, and keeps none from another. Broken off, it goes on where it was: those that run on the new
version already are no longer asked for.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from engine.engine import GOING_ON, Engine
from engine.errors import SamskapError
from engine.process import commands as c
from engine.process.history import Line
from engine.progress import Progress, quiet
from engine.store.people import Session
from engine.template.chart import Definition
from engine.template.drafting import draft
from engine.template.plan import Plan

AT_ONCE = 8
"""Processes that are moved side by side: they share commits."""


@dataclass(frozen=True, slots=True)
class Moved:
    """What came of one process: `error` says why it stays where it is; `lines` what follows, or followed, in words."""

    process: str
    version: str
    lines: Sequence[Line] = ()
    error: SamskapError | None = None


def to_move(engine: Engine, plan: Plan) -> list[str]:
    """The processes of the plan's template that have not ended, and run on another version than the plan's."""
    bundle = engine.bundle_of(plan.template, plan.to)
    return [
        row["name"]
        for row in engine.processes()
        if row["template"] == plan.template and row["bundle"] != bundle and row["status"] in GOING_ON
    ]


def versions(engine: Engine, template: str, names: Sequence[str]) -> list[Definition]:
    """The versions of a template that the processes of these names run on, oldest first."""
    running = {row["bundle"] for row in engine.processes() if row["name"] in names and row["template"] == template}
    published = [one for one in engine.published(template) if one.bundle in running]
    return [engine.definition(template, one.bundle) for one in published]


def drafted(old: Sequence[Definition], new: Definition) -> Plan | None:
    """A plan with what probably has another name in the new version; None where nothing has."""
    parts = [draft(one, new) for one in old]
    likely: dict[str, dict[str, str]] = {
        key: {before: after for part in parts for before, after in getattr(part, key).items()}
        for key in ("states", "tasks", "roles", "actions")
    }
    if not any(likely.values()):
        return None
    return Plan.model_validate({"template": new.template.template, "to": new.template.version, **likely})


def migrate(
    engine: Engine,
    session: Session,
    plan: Plan,
    reason: str,
    names: Sequence[str],
    *,
    apply: bool,
    progress: Progress = quiet,
) -> Iterator[Moved]:
    """Migrate the processes, or, without `apply`, tell what would follow; in the order of the names.

    Each is stored by itself, and none stops another; several share a sync of the disk.
    """
    command = c.Migrate(engine.bundle_of(plan.template, plan.to), reason, plan)

    def moved(name: str) -> Moved:
        try:
            lines = engine.preview(session, name, command)
            if apply:
                engine.handle(session, name, command)
        except SamskapError as error:
            return Moved(name, plan.to, (), error)
        return Moved(name, plan.to, lines)

    threads = ThreadPoolExecutor(AT_ONCE)
    try:
        for number, one in enumerate(threads.map(moved, names), 1):
            yield one
            progress("migrating" if apply else "trying out", number, len(names))
    finally:
        threads.shutdown(cancel_futures=True)
