"""Answers as people are shown them: under the titles of fields, with those of choices and the decimals asked for.

The answers themselves stay what was given: `--json` has them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Final

from engine.form.language import COMMENT_SUFFIX
from engine.form.model import Field
from engine.text import LANGUAGES

_COMMENT_ON: Final = {"nb": "Kommentar til «{title}»", "nn": "Kommentar til «{title}»", "en": "Comment on “{title}”"}

_YES_OR_NO: Final = {"nb": ("Nei", "Ja"), "nn": ("Nei", "Ja"), "en": ("No", "Yes")}


def rows(answers: Mapping[str, object], fields: Mapping[str, Field], language: str) -> Iterator[tuple[str, str]]:
    """Question and answer, in the order of the form; what is no field of it comes last, under its own name."""
    asked = [inner for name in fields for inner in (name, f"{name}{COMMENT_SUFFIX}")]
    for name in (*(name for name in asked if name in answers), *(name for name in answers if name not in asked)):
        yield _question(name, fields, language), _answer(answers[name], fields.get(name), language)


def _question(name: str, fields: Mapping[str, Field], language: str) -> str:
    if name in fields:
        return fields[name].title(language)
    about = fields.get(name.removesuffix(COMMENT_SUFFIX))
    if about is None:
        return name
    return _COMMENT_ON[language if language in LANGUAGES else LANGUAGES[0]].format(title=about.title(language))


def _answer(value: object, field: Field | None, language: str) -> str:
    """An answer as the person saw it: titles of choices, rows one after the other."""
    titles = {choice.const: choice.title(language) for choice in field.choices} if field else {}
    if isinstance(value, list):
        return "; ".join(_answer(inner, field, language) for inner in value)
    if isinstance(value, Mapping):
        return ", ".join(f"{title}: {told}" for title, told in rows(value, field.items if field else {}, language))
    if isinstance(value, str | int) and value in titles:
        return titles[value]
    if isinstance(value, bool):
        return _YES_OR_NO[language if language in LANGUAGES else LANGUAGES[0]][value]
    if field is not None and field.decimals is not None and isinstance(value, int | Decimal):
        return f"{value:.{field.decimals}f}"
    return str(value)
