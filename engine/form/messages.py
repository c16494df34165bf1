"""What a person is told of a wrong answer: one plain sentence, in their language, that says what would be right.

Nothing is checked here; the sentences speak of the form and never quote an answer.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from engine.codec import Json
from engine.form.model import Choice, Field
from engine.form.refs import Schema, sequence
from engine.form.sentences import SENTENCES
from engine.text import LANGUAGES

FEW: Final = 8
"""So many choices are listed in a sentence."""

_SLUG: Final = re.compile(r"\^\[a-z\]\[a-z0-9_\](\*|\{\d+,\d*\})\$")


@dataclass(frozen=True, slots=True)
class Misfit:
    """An answer that does not fit: the keyword that it breaks, what the form says of it, and the field.

    The field is None for a comment, and the list for one of its rows.
    """

    keyword: str
    limits: Schema
    field: Field | None
    answer: Json
    language: str

    def say(self, code: str, /, **values: object) -> str:
        """A sentence in the person's language."""
        return say(code, self.language, **values)

    @property
    def choices(self) -> Sequence[Choice]:
        """The choices that the form allows here: a condition may leave fewer than the field has."""
        if self.field is None:
            return ()
        allowed = self.limits.get("enum")
        if not isinstance(allowed, list):
            return self.field.choices
        return [choice for choice in self.field.choices if choice.const in allowed]


def say(code: str, language: str, /, **values: object) -> str:
    """The sentence in a language (bokmål if there is no such language)."""
    sentences = dict(zip(LANGUAGES, SENTENCES[code], strict=True))
    return sentences.get(language, sentences[LANGUAGES[0]]).format(**values)


def told(misfit: Misfit) -> str:
    """What is wrong with one answer, or what would be right."""
    return _TELLERS.get(misfit.keyword, _wanted)(misfit)


def titles(fields: Iterable[Field], language: str) -> str:
    """The titles of fields in a row."""
    return ", ".join(f"«{titled(field, language)}»" for field in fields)


def titled(field: Field, language: str) -> str:
    """The title of a field as it stands in a sentence: a statement keeps no full stop of its own."""
    return field.title(language).rstrip(".")


def chosen(field: Field, answer: Json, language: str) -> str:
    """A choice as the person saw it; empty for answers that are no choice."""
    if isinstance(answer, bool) and field.kind == "boolean":
        return say("yes" if answer else "no", language)
    found = (c.title(language) for c in field.choices if c.const == answer and type(c.const) is type(answer))
    return next(found, "")


# -- what kind of answer would be right -------------------------------------------------------------------------------


def _wanted(misfit: Misfit) -> str:
    return _KINDS.get(str(misfit.limits.get("type")), _choose)(misfit)


def _number(misfit: Misfit) -> str:
    limits, language = misfit.limits, misfit.language
    sentence = misfit.say(str(limits["type"]))
    what = sentence.removesuffix(".")
    low, high = (_digits(limits.get(key), language) for key in ("minimum", "maximum"))
    over, under = (_digits(limits.get(key), language) for key in ("exclusiveMinimum", "exclusiveMaximum"))
    if low and high:
        return misfit.say("between", what=what, low=low, high=high)
    for code, bound in (("least", low), ("most", high), ("over", over), ("under", under)):
        if bound:
            return misfit.say(code, what=what, low=bound, high=bound)
    return sentence


def _string(misfit: Misfit) -> str:
    return misfit.say(str(misfit.limits.get("format", "text")))


def _array(misfit: Misfit) -> str:
    if misfit.field is None or misfit.field.kind != "choices":
        return misfit.say("list")
    choices = misfit.field.choices
    return misfit.say(
        "choose_many" if len(choices) <= FEW else "choose_listed", choices=_listed(choices, misfit.language)
    )


def _choose(misfit: Misfit) -> str:
    choices = misfit.choices
    if not choices:
        allowed = [_constant(value, misfit.language) for value in sequence(misfit.limits.get("enum"))]
        return misfit.say("must", value=", ".join(allowed)) if allowed else misfit.say("together")
    if len(choices) > FEW:
        return misfit.say("choose_listed")
    return misfit.say("choose", choices=_listed(choices, misfit.language))


_KINDS: Final[Mapping[str, Callable[[Misfit], str]]] = {
    "integer": _number,
    "number": _number,
    "string": _string,
    "boolean": lambda misfit: misfit.say("boolean"),
    "array": _array,
    "object": lambda misfit: misfit.say("object"),
}

# -- what is wrong with it --------------------------------------------------------------------------------------------


def _alternative(misfit: Misfit) -> str:
    return misfit.say("or_choose", sentence=_wanted(misfit), choices=_listed(misfit.choices, misfit.language))


def _pattern(misfit: Misfit) -> str:
    if _SLUG.fullmatch(str(misfit.limits.get("pattern"))):
        return misfit.say("slug")
    examples = sequence(misfit.limits.get("examples"))
    if examples:
        return misfit.say("example", example=_constant(examples[0], misfit.language))
    return misfit.say("pattern", help=misfit.field.description(misfit.language) if misfit.field else "").strip()


def _too_long(misfit: Misfit) -> str:
    now = len(misfit.answer) if isinstance(misfit.answer, str) else 0
    return misfit.say("longest", count=misfit.limits["maxLength"], now=now)


def _too_short(misfit: Misfit) -> str:
    return misfit.say("shortest" if misfit.answer else "blank", count=misfit.limits["minLength"])


def _too_few(misfit: Misfit) -> str:
    count = misfit.limits["minItems"]
    if misfit.field is not None and misfit.field.kind == "choices":
        return misfit.say("fewest_choices", count=count)
    return misfit.say("one_row" if count == 1 else "fewest_rows", count=count)


def _too_many(misfit: Misfit) -> str:
    choices = misfit.field is not None and misfit.field.kind == "choices"
    return misfit.say("most_choices" if choices else "most_rows", count=misfit.limits["maxItems"])


def _multiple(misfit: Misfit) -> str:
    step = misfit.limits["multipleOf"]
    if isinstance(step, Decimal) and step.normalize().as_tuple().digits == (1,):
        return misfit.say("decimals", count=-step.adjusted())
    return misfit.say("integer") if step == 1 else misfit.say("multiple", step=_digits(step, misfit.language))


_TELLERS: Final[Mapping[str, Callable[[Misfit], str]]] = {
    "enum": _choose,
    "oneOf": _alternative,
    "pattern": _pattern,
    "maxLength": _too_long,
    "minLength": _too_short,
    "minItems": _too_few,
    "maxItems": _too_many,
    "uniqueItems": lambda misfit: misfit.say("once"),
    "multipleOf": _multiple,
}

# -- values in words --------------------------------------------------------------------------------------------------


def _listed(choices: Sequence[Choice], language: str) -> str:
    """Choices as `constant (title)`: the constant is what a file or a program has to send."""
    pairs = ((_constant(choice.const, language), choice.title(language)) for choice in choices)
    return ", ".join(constant if constant == title else f"{constant} ({title})" for constant, title in pairs)


def _constant(value: Json, language: str) -> str:
    if isinstance(value, bool):
        return say("yes" if value else "no", language)
    return _digits(value, language)


def _digits(value: Json, language: str) -> str:
    if value is None:
        return ""
    if isinstance(value, Decimal):
        digits = f"{value.normalize():f}"
        return digits if language == "en" else digits.replace(".", ",")
    return str(value)
