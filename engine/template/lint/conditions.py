"""The conditions of a template: what they say, and what they may not look at. `engine.guards` knows the expressions."""

from __future__ import annotations

from collections.abc import Iterator

from engine.errors import ConfigError, Place, Problem
from engine.guards import check, parse
from engine.template.lint.subject import Path, Subject


def written(subject: Subject) -> Iterator[tuple[str, Path, str | None]]:
    """Every condition, its path in the file, and the state in which it is read."""
    for path, task, state in subject.tasks.values():
        if isinstance(task.complete, str) and task.complete not in ("all", "any"):
            yield task.complete, (*path, "complete"), state
    for name, (path, node) in subject.nodes.items():
        for action, spec in node.spec.actions.items():
            if spec.when:
                yield spec.when, (*path, "actions", action, "when"), name
        for number, auto in enumerate(node.spec.auto):
            yield auto.when, (*path, "auto", number, "when"), name
        for deadline, timed in node.spec.deadlines.items():
            if timed.when:
                yield timed.when, (*path, "deadlines", deadline, "when"), name


def problems(subject: Subject) -> Iterator[Problem]:
    """What is wrong with each condition."""
    for text, path, state in written(subject):
        yield from _condition(subject, text, path, state)


def _condition(subject: Subject, text: str, path: Path, state: str | None) -> Iterator[Problem]:
    place = subject.document.place(path)
    try:
        guard = parse(text, place)
    except ConfigError as error:
        where = error.where if isinstance(error.where, Place) else place
        yield Problem("guard-syntax", error.message, where, error.hint)
        return
    yield from check(guard, subject.scope)
    for used in sorted({p[1] for p in guard.paths if p[0] == "answers" and len(p) > 1} & subject.tasks.keys()):
        _, task, owner = subject.tasks[used]
        inside = owner is not None and state is not None and owner in subject.nodes[state][1].path
        if task.sealed and inside:
            hint = "Count with tasks, or decide later."
            yield subject.problem("guard-sealed", f"the answers of “{used}” are still sealed here", path, hint)
        form = subject.definition.forms.get(task.form)
        for p in guard.paths:
            if form and p[:2] == ("answers", used) and (field := form.fields.get(p[-1])) and field.personal:
                message = f"“{p[-1]}” is personal and decides nothing"
                yield subject.problem("guard-personal", message, path, "Use another field.")
