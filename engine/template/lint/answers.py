"""Answers that nothing uses: no condition, score, fact or stated purpose, and no text for people to read.

What a template beside it takes, from processes of this one that it starts, is used.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache, partial

from engine.errors import Problem
from engine.form.model import Form
from engine.form.refs import Schema, mapping, sequence
from engine.form.schema import Field
from engine.template.linked import spawns, taken
from engine.template.lint.subject import Subject
from engine.template.model import Task


def problems(subject: Subject) -> Iterator[Problem]:
    """Each field of a form without `x-purpose` whose answers are for nothing."""
    read = _read(subject)
    asked = {task.form for _, task, _ in subject.tasks.values()}
    passed_on = cache(partial(taken, subject.template.template, subject.folders))
    for name, form in subject.definition.forms.items():
        if name not in asked or form.purpose.as_dict():
            continue
        tasks = {task for task, (_, spec, _) in subject.tasks.items() if spec.form == name}
        used = {field for task, field in read if task in tasks} | set(_within(form))
        for field in form.fields.values():
            if field.name in used or _is_used(field):
                continue
            if not any((task, field.name) in passed_on() for task in tasks):
                document = subject.forms[name]
                where = document.key_place(("properties", field.name))
                message = f"nothing uses the answer “{field.name}”"
                hint = "Let a condition, score or fact use it; or say under x-purpose what it is for; or do not ask."
                yield Problem("answer-unused", message, where, hint, "warning")


def _read(subject: Subject) -> set[tuple[str, str]]:
    """Task and field of every answer that the template reads: in conditions, for visibility, for rows."""
    found: set[tuple[str, str]] = set()
    for read in subject.reads:
        names = [name for name in read if name != "*"]
        if names[0] == "answers" and len(names) > 2:
            found.add((names[1], names[2]))
    paths = [path for _, task, _ in subject.tasks.values() for path in (_chosen(task), task.each)]
    paths += [spawn.each for spawn in spawns(subject.template)]
    for path in paths:
        if len(parts := (path or "").split(".")) == 3:
            found.add((parts[1], parts[2]))
    return found


def _chosen(task: Task) -> str | None:
    return task.visibility.choice if task.visibility else None


def _within(form: Form) -> Iterator[str]:
    """The fields that the form itself reads: in its rules, and for facts of the form as a whole."""
    yield from _ruled(form.schema)
    for fact in form.facts:
        yield from (column.field for column in fact.columns.values() if not fact.path or column.of_parent)


def _ruled(schema: Schema) -> Iterator[str]:
    condition = mapping(schema.get("if"))
    yield from (str(name) for name in sequence(condition.get("required")))
    yield from mapping(condition.get("properties"))
    yield from mapping(schema.get("dependentRequired"))
    for part in sequence(schema.get("allOf")):
        yield from _ruled(mapping(part))


def _is_used(field: Field) -> bool:
    """Whether people read it as a text, it is counted, or it is made of parts: a table of its own."""
    return field.kind in ("text", "list", "object") or field.score is not None or field.comment
