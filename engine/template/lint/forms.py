"""The template's forms: whether it asks for each, under its name, and whether what is counted has a dimension."""

from __future__ import annotations

from collections.abc import Iterator

from engine.errors import Problem
from engine.template.lint.subject import Path, Subject
from engine.text import suggestion


def problems(subject: Subject) -> Iterator[Problem]:
    """What of the forms does not fit the template."""
    used = {task.form for _, task, _ in subject.tasks.values()}
    for name, document in subject.forms.items():
        if name not in used:
            message = f"no task asks for the form “{name}”"
            yield Problem("unused-form", message, document.place(()), "Remove it.", "warning")
        form = subject.definition.forms.get(name)
        expected = [f"{template}/{name}" for template in (subject.file_name, subject.template.template)]
        if form is not None and form.id not in expected:
            where = document.place(("$id",))
            yield Problem("form-id", f"the form's $id is “{form.id}”", where, f"Write {expected[0]}.")
    yield from _dimensions(subject)


def _dimensions(subject: Subject) -> Iterator[Problem]:
    """Scores count in dimensions that the template names, and each of their values has at least two items."""
    counts: dict[tuple[str, str], int] = {}
    for name, form in subject.definition.forms.items():
        for field in form.fields.values():
            for dimension, value in (field.score.dimensions if field.score else {}).items():
                counts[dimension, value] = counts.get((dimension, value), 0) + 1
                if problem := _unknown(subject, dimension, value):
                    message, hint = problem
                    place = subject.forms[name].place(("properties", field.name, "x-score"))
                    yield Problem("unknown-dimension", message, place, hint)
    for dimension, spec in subject.template.dimensions.items():
        for value in spec.values:
            if counts and counts.get((dimension, value), 0) < 2:
                where: Path = ("dimensions", dimension, "values", value)
                message = f"“{value}” is measured by fewer than two items"
                yield subject.problem("few-items", message, where, "Add items.")


def _unknown(subject: Subject, dimension: str, value: str) -> tuple[str, str] | None:
    """What is told of a dimension, or of a value of one, that the template does not name, and how to mend it."""
    spec = subject.template.dimensions.get(dimension)
    if spec is None:
        return f"the template has no dimension “{dimension}”", "Name it there."
    if value not in spec.values:
        return f"“{dimension}” has no value “{value}”", suggestion(value, spec.values)
    return None
