"""Lint of what limits an answer: bounds that no answer is between, choices of another type, patterns without an end."""

from __future__ import annotations

from collections.abc import Iterator

from engine.form.faults import Fault
from engine.form.language import MAX_PATTERN_TEXT
from engine.form.pattern import PatternFault, compiled
from engine.form.refs import Part, mapping, sequence
from engine.form.values import EXPECTED, PATTERN_LENGTH, is_type


def choice_type_faults(part: Part) -> Iterator[Fault]:
    """A choice that is not of the field's own type, and so could never be an answer; the first of them."""
    kind = part.schema.get("type")
    if not isinstance(kind, str):
        return
    options = [mapping(option).get("const") for option in sequence(part.schema.get("oneOf"))]
    single = [part.schema["const"]] if "const" in part.schema else []
    for value in [*options, *sequence(part.schema.get("enum")), *single]:
        if value is not None and not is_type(value, kind):
            message = f"“{value}” is no {kind}, and could never be an answer"
            yield Fault("choice-type", part.below("type"), message, "Leave the type out, or mend the choice.")
            return


def bound_faults(part: Part) -> Iterator[Fault]:
    """A lower bound above its upper one."""
    for low, high in (("minimum", "maximum"), ("minLength", "maxLength"), ("minItems", "maxItems")):
        least, most = part.schema.get(low), part.schema.get(high)
        if EXPECTED[low].holds(least) and EXPECTED[high].holds(most) and least > most:  # type: ignore[operator]
            yield Fault("form-value", part.below(high), f"“{high}” is less than “{low}”", "No answer would fit.")


def pattern_faults(part: Part) -> Iterator[Fault]:
    """A pattern that may take long, or is tried on a text that is too long for one."""
    pattern = part.schema.get("pattern")
    if not isinstance(pattern, str):
        return
    length = part.schema.get("maxLength", MAX_PATTERN_TEXT)
    if not PATTERN_LENGTH.holds(length):
        words = PATTERN_LENGTH.words
        yield Fault("pattern-unbounded", part.below("maxLength"), f"“maxLength” is {words}", f"Write {words}.")
        return
    try:
        compiled(pattern, int(str(length)))
    except PatternFault as fault:
        yield Fault("pattern-unbounded", part.below("pattern"), str(fault), fault.hint)
