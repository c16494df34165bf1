"""Words of messages that name what is not there, or that cannot be filled in."""

from __future__ import annotations

from collections.abc import Iterator
from string import Formatter

from engine.errors import Problem
from engine.template.lint.subject import Path, Subject
from engine.template.model import PLACEHOLDERS, Message
from engine.text import LANGUAGES, Text


def problems(subject: Subject) -> Iterator[Problem]:
    """Every {name} in a message that is none of those that it may have."""
    for kind, allowed in PLACEHOLDERS.items():
        message: Message | None = getattr(subject.template.messages, kind)
        if message is not None:
            for key, text in (("title", message.title), ("text", message.text)):
                yield from _text(subject, text, allowed, ("messages", kind, key))


def _text(subject: Subject, text: Text, allowed: frozenset[str], path: Path) -> Iterator[Problem]:
    for words in dict.fromkeys(text.get(language) for language in LANGUAGES):
        try:
            parts = [*Formatter().parse(words)]
        except ValueError:
            hint = "Write {{ and }} for braces that are meant as such."
            yield subject.problem("message-braces", f"the braces in “{words}” do not match", path, hint)
            continue
        for _, name, how, conversion in parts:
            if name is not None and (name not in allowed or how or conversion):
                yield subject.unknown("message-name", "name for this message", name, sorted(allowed), path)
