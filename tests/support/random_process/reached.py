"""Whether random templates and lives have come to what they are there for."""

from __future__ import annotations

from collections import Counter

from engine.process import events as e
from engine.template.chart import Definition


def noted(definition: Definition, seen: Counter[str]) -> None:
    """Count what a template has in it, once each."""
    found: set[str] = set()
    for node in definition.nodes.values():
        spec = node.spec
        depth = len(node.path)
        found |= {"nested"} if depth > 1 else set()
        found |= {"parallel"} if spec.parallel else set()
        found |= {f"history {spec.history}"} if spec.history else set()
        found |= {"final within"} if spec.final and depth > 1 else set()
        found |= {"auto"} if spec.auto else set()
        found |= {"deadline"} if spec.deadlines else set()
        found |= {"counter"} if spec.count else set()
        found |= {"guarded action" for action in spec.actions.values() if action.when}
        found |= {"action not_by" for action in spec.actions.values() if action.not_by}
    for task in definition.tasks.values():
        kept = task.spec.model_dump(exclude_defaults=True)
        found |= {f"task {key}" for key in kept.keys() & set(WANTED_OF_TASKS)}
        found |= {f"each {task.spec.each or 'nobody'}"}
        found |= {"a rule of its own"} if task.rule is not None else set()
    seen.update(found)


WANTED_OF_TASKS = (
    "each", "order", "complete", "sealed", "visibility", "optional", "repeatable", "not_by", "assisted", "correctable",
    "correct_by", "due", "remind",
)  # fmt: skip
WANTED = (
    *(f"task {key}" for key in WANTED_OF_TASKS),
    *(f"each {key}" for key in ("membership", "party", "answers.plan.rows", "nobody")),
    *("nested", "parallel", "history shallow", "history deep", "final within", "auto", "deadline", "counter"),
    *("guarded action", "action not_by", "a rule of its own"),
)
"""What three of each hundred random templates have to have, at least."""
EVENTS_WANTED = (
    e.FormSubmitted, e.FormCorrected, e.ActionTaken, e.StepTaken, e.TaskWithdrawn, e.TaskBegun, e.TaskClaimed,
    e.AnswersRevealed, e.DeadlinePassed, e.ReminderDue, e.SteppedBack, e.FormKept, e.ProcessMigrated, e.ProcessSuspended,
    e.ProcessFinished, e.DelegationBegun, e.IncidentRaised, e.MembershipEnded,
)  # fmt: skip
"""What has to happen in random lives. Some of it is rare: in sixty lives it may not happen at all."""


def too_few(seen: Counter[str], examples: int) -> dict[str, int]:
    """What templates had less often than they have to."""
    return {what: seen[what] for what in WANTED if seen[what] < 3 * examples / 100}
