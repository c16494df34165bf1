"""Texts for people that are missing in one of the languages."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from engine.errors import Problem
from engine.template.lint.subject import Path, Subject
from engine.text import LANGUAGES, Text


def problems(subject: Subject) -> Iterator[Problem]:
    """Every text of the template that somebody cannot read in their language."""
    for path, text in _texts(subject.template.model_dump(by_alias=True), ()):
        for language in LANGUAGES:
            if language in text.missing:
                message = f"{'.'.join(map(str, path))} has no text in {language}"
                hint = "Write {nb: …, nn: …, en: …}." if subject.is_plain(path) else f"Add {language}: …"
                yield subject.problem("translation-missing", message, path, hint, severity="warning")


def _texts(value: object, path: Path) -> Iterator[tuple[Path, Text]]:
    if isinstance(value, Text):
        yield path, value
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _texts(inner, (*path, key))
    elif isinstance(value, list | tuple):
        for number, inner in enumerate(value):
            yield from _texts(inner, (*path, number))
