"""Texts for people that are missing in one of the languages."""

from __future__ import annotations

from collections.abc import Iterator

from engine.errors import Problem
from engine.template.lint.subject import Path, Subject
from engine.text import Text


def problems(subject: Subject) -> Iterator[Problem]:
    """Every text of the template that somebody cannot read in their language."""
    for path, text in _texts(subject.template.model_dump(by_alias=True)):
        for language in text.missing:
            message = f"{'.'.join(map(str, path))} has no text in {language}"
            hint = "Write {nb: …, nn: …, en: …}." if subject.is_plain(path) else f"Add {language}: …"
            yield subject.problem("translation-missing", message, path, hint, severity="warning")


def _texts(value: object) -> Iterator[tuple[Path, Text]]:
    """Every text within a value, and the path that leads to it."""
    within: list[tuple[Path, object]] = [((), value)]
    while within:
        path, inner = within.pop()
        if isinstance(inner, Text):
            yield path, inner
        elif isinstance(inner, dict):
            within.extend(((*path, key), part) for key, part in inner.items())
        elif isinstance(inner, list | tuple):
            within.extend(((*path, number), part) for number, part in enumerate(inner))
