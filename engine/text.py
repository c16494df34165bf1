"""Texts for people: one text in bokmål, nynorsk and English, as config holds it.

It is only the value and the choice of a language. Which texts are missing is told by lint; nothing is translated here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from typing import Final

LANGUAGES: Final = ("nb", "nn", "en")
"""The languages of texts, in the order in which one stands in for another."""


class Text:
    """A text in one or more languages; immutable, equal by content.

    No dataclass, so that models which hold it keep it whole when they are dumped.
    """

    __slots__ = ("_texts",)

    def __init__(self, texts: Mapping[str, str]) -> None:
        self._texts = {language: texts[language] for language in LANGUAGES if texts.get(language, "").strip()}

    def get(self, language: str) -> str:
        """The text in a language; where that is missing in bokmål, else nynorsk, else English, else empty."""
        for choice in (language, *LANGUAGES):
            if choice in self._texts:
                return self._texts[choice]
        return ""

    @property
    def missing(self) -> tuple[str, ...]:
        """The languages in which there is no text."""
        return tuple(language for language in LANGUAGES if language not in self._texts)

    def as_dict(self) -> dict[str, str]:
        """The texts by language, as config would hold them."""
        return dict(self._texts)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Text) and self._texts == other._texts

    def __hash__(self) -> int:
        return hash(tuple(self._texts.items()))

    def __repr__(self) -> str:
        return f"Text({self._texts!r})"

    def __str__(self) -> str:
        return self.get(LANGUAGES[0])


def text(value: object) -> Text:
    """The text that config holds: a string (bokmål only) or `{nb, nn, en}`; raise `ValueError` for anything else."""
    if isinstance(value, Text):
        return value
    if isinstance(value, str):
        value = {LANGUAGES[0]: value}
    if not isinstance(value, Mapping):
        raise ValueError("a text is a string, or has one for each language: {nb: …, nn: …, en: …}")  # noqa: TRY004  (pydantic wants it)
    for language, content in value.items():
        if language not in LANGUAGES:
            raise ValueError(f"“{str(language)[:40]}” is no language of texts: there are {', '.join(LANGUAGES)}")
        if not isinstance(content, str):
            raise ValueError(f"the text in {language} is no text: put it in quotes")  # noqa: TRY004
    found = Text(value)
    if not found.as_dict():
        raise ValueError("the text is empty")
    return found


def counted(number: int, what: str, several: str = "") -> str:
    """So many of something, in English: “1 error”, “2 errors”; `several` where more are called otherwise."""
    return f"{number:,} {what if number == 1 else several or what + 's'}"


def suggestion(name: str, known: Iterable[str]) -> str:
    """For whoever wrote a name that is not known: did you mean …, or all that there is."""
    options = list(known)
    close = get_close_matches(name, options, 1)
    return f"Did you mean “{close[0]}”?" if close else f"There are: {', '.join(options) or 'none'}."
