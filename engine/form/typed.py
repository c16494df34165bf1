"""What somebody typed for a field, as the form has it: decimal commas, dates as 31.8.2026, choices by their titles.

What does not fit stays the text that it is: the form's own check says what would be right.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from engine.codec import BadJson, Json, number
from engine.form.model import Choice, Const, Field
from engine.text import LANGUAGES

_YES: Final[Mapping[str, bool]] = {"true": True, "yes": True, "ja": True, "false": False, "no": False, "nei": False}
_DAY_FIRST: Final = re.compile(r"^\s*(\d{1,2})\.\s?(\d{1,2})\.\s?(\d{4})\s*$")


class Typed:
    """Takes texts for one field; `between` stands between several choices."""

    def __init__(self, field: Field, *, between: str = ",") -> None:
        self._kind = field.kind
        self._between = between
        self._choices = _called(field)

    def __call__(self, text: str) -> Json:
        """The text as the form has it."""
        meant = self._meant(text)
        if self._kind == "choices":
            parts = [part for part in map(str.strip, text.split(self._between)) if part] if meant is None else [text]
            return [part if (one := self._meant(part)) is None else one for part in parts]
        if meant is not None:
            return meant
        if self._kind in ("integer", "number"):
            return _number(text)
        if self._kind == "date":
            return _DAY_FIRST.sub(lambda day: f"{day[3]}-{day[2]:0>2}-{day[1]:0>2}", text)
        return _YES.get(text.lower(), text) if self._kind == "boolean" else text

    def _meant(self, text: str) -> Const | None:
        return self._choices.get(text, self._choices.get(text.casefold()))


def label(field: Field, choice: Choice, language: str) -> str:
    """What a choice is called among the others: its title, with its constant where another has the same title."""
    title = choice.title(language)
    alike = [other for other in field.choices if other.title(language).casefold() == title.casefold()]
    return title if len(alike) == 1 else f"{title} ({choice.const})"


def _called(field: Field) -> dict[str, Const]:
    """The choices by their constants, and by what they are called where that is no other's constant or title."""
    constants = {str(choice.const): choice.const for choice in field.choices}
    called: dict[str, list[Const]] = {}
    for choice in field.choices:
        for text in {label(field, choice, language).casefold() for language in LANGUAGES}:
            called.setdefault(text, []).append(choice.const)
    return {text: found[0] for text, found in called.items() if len(found) == 1} | constants


def _number(text: str) -> Json:
    try:
        return number(text.replace(",", "."))
    except BadJson:
        return text
