"""Lint of texts for people: what has no title, no translation, or a translation into no language of ours."""

from __future__ import annotations

from collections.abc import Iterator

from engine.codec import Json
from engine.form.faults import Fault
from engine.form.model import told
from engine.form.refs import DataPath, Part, mapping
from engine.text import LANGUAGES, text


def text_faults(part: Part, what: str) -> Iterator[Fault]:
    """What is wrong with the title and the description of a part, and with their translations."""
    for language, words in mapping(part.schema.get("x-i18n")).items():
        yield from _translation_faults(language, words, part.below("x-i18n", language))
    if part.schema.get("x-widget") == "hidden":
        return
    if "title" not in part.schema:
        yield Fault("title-missing", part.path, f"{what} has no title", "Add title: …", "warning")
    for key in ("title", "description"):
        if isinstance(part.schema.get(key), str):
            for language in told(part.schema, key).missing:
                message = f"the {key} of {what} has no text in {language}"
                hint = f"Add x-i18n: {{{language}: {{{key}: …}}}}"
                yield Fault("translation-missing", part.below(key), message, hint, "warning")


def words_faults(value: Json, path: DataPath, what: str) -> Iterator[Fault]:
    """What is wrong with a text that stands as `{nb, nn, en}`."""
    try:
        words = text(value)
    except ValueError as error:
        yield Fault("form-value", path, f"{what}: {error}", "Write {nb: …, nn: …, en: …}.")
    else:
        for language in words.missing:
            message = f"{what} has no text in {language}"
            yield Fault("translation-missing", path, message, f"Add {language}: …", "warning")


def _translation_faults(language: str, words: Json, path: DataPath) -> Iterator[Fault]:
    if language not in LANGUAGES[1:]:
        message = f"“{language[:20]}” is no language to translate into"
        hint = "Bokmål stands in title and description." if language == LANGUAGES[0] else "There are: nn, en."
        yield Fault("form-value", path, message, hint, at_key=True)
    if not isinstance(words, dict):
        yield Fault("form-value", path, "a translation is a mapping", "Write {title: …, description: …}.")
    for key, translation in mapping(words).items():
        if key not in ("title", "description"):
            message = f"“{key[:60]}” is no text that is translated"
            yield Fault("form-value", (*path, key), message, "There are: title, description.", at_key=True)
        elif not isinstance(translation, str) or not translation.strip():
            yield Fault("form-value", (*path, key), f"the {key} in {language} is a text", "Put it in quotes.")
