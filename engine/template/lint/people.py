"""Who does what: roles that nobody needs or can hold, and tasks and actions that nobody may do."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from engine.errors import Problem
from engine.template.linked import spawns
from engine.template.lint.subject import Path, Subject
from engine.template.model import Action, Reminder, Task


def problems(subject: Subject) -> Iterator[Problem]:
    """What is wrong with who does what."""
    yield from _roles(subject)
    for name, (path, task, _) in subject.tasks.items():
        yield from _barred(subject, (*path, "not_by"), task)
        yield from _one_way(subject, (*path, "not_by"), name, task)
    for path, node in subject.nodes.values():
        for name, action in node.spec.actions.items():
            yield from _barred(subject, (*path, "actions", name, "not_by"), action)


def _roles(subject: Subject) -> Iterator[Problem]:
    used = {subject.template.starter, *_named(subject)}
    for name, role in subject.template.roles.items():
        path = ("roles", name)
        if name not in used:
            message, hint = (
                f"the role “{name}” does nothing and is told nothing",
                "Give it something to do, or remove it.",
            )
            yield subject.problem("role-unused", message, path, hint, severity="warning")
        if role.max is not None and role.max < role.min:
            message = f"at least {role.min} have to hold “{name}”, and at most {role.max} may"
            yield subject.problem("role-bounds", message, (*path, "max"), "Raise max, or lower min.")


def _named(subject: Subject) -> Iterator[str]:
    for _, task, _ in subject.tasks.values():
        yield from (*task.by, *(task.correct_by or ()))
        for reminder in task.remind:
            if isinstance(reminder, Reminder):
                yield from reminder.to
    for _, node in subject.nodes.values():
        for action in node.spec.actions.values():
            yield from action.by
    for spawn in spawns(subject.template):
        yield from (role for sources in spawn.roles.values() for role in sources)


def _barred(subject: Subject, path: Path, deed: Task | Action) -> Iterator[Problem]:
    """Four eyes where there is one pair: whoever may do it is who has answered what bars from it."""
    others = [subject.tasks[name][1] for name in deed.not_by or () if name in subject.tasks]
    for other in others:
        if set(deed.by) == set(other.by) and _most(subject, deed.by) == 1 and not other.optional:
            message = "the only one who may do this is who has answered that, and so may not"
            yield subject.problem("nobody-may", message, path, "Let another role do one of the two, or raise its max.")


def _one_way(subject: Subject, path: Path, name: str, task: Task) -> Iterator[Problem]:
    """Four eyes that the order of answering gets round: both are open together, and only one names the other."""
    for other in task.not_by or ():
        if other == name or other not in subject.tasks:
            continue
        _, them, _ = subject.tasks[other]
        if name in (them.not_by or ()) or set(task.by).isdisjoint(them.by) or not _together(subject, name, other):
            continue
        message = f"whoever does “{name}” first may do “{other}” after it: both are open together"
        hint = f"Write not_by: {name} at “{other}”, too, or open “{name}” in a later state."
        yield subject.problem("not-by-one-way", message, path, hint, severity="warning")


def _together(subject: Subject, one: str, other: str) -> bool:
    """Whether two tasks can be open at the same time: in one state, in one around the other, or in parallel ones."""
    states = [subject.tasks[name][2] for name in (one, other)]
    ways = [subject.nodes[state][1].path for state in states if state is not None]
    if len(ways) < len(states):  # one of the two is open in every state
        return True
    shared = [first for first, second in zip(*ways, strict=False) if first == second]
    if len(shared) == min(map(len, ways)):
        return True
    return bool(shared) and subject.nodes[shared[-1]][1].spec.parallel


def _most(subject: Subject, roles: Sequence[str]) -> int | None:
    """How many may hold one of the roles; None where nothing bounds it."""
    found = [subject.template.roles[name].max if name in subject.template.roles else None for name in roles]
    return None if None in found else sum(most for most in found if most is not None)
