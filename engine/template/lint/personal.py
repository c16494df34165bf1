"""What is personal: whether the forms say why they ask for it."""

from __future__ import annotations

from collections.abc import Iterator

from engine.errors import Problem
from engine.template.lint.subject import Subject


def problems(subject: Subject) -> Iterator[Problem]:
    """Forms that ask for something personal and do not say why."""
    for name, form in subject.definition.forms.items():
        if form.personal_paths and not form.purpose.get("nb"):
            message = "the form asks for something personal, and does not say why"
            hint = "Say it under `x-purpose`: why it is asked, and on what ground."
            yield Problem("no-purpose", message, subject.forms[name].place(()), hint, "warning")
