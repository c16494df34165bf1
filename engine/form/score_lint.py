"""Lint of scores and anchors: whether answers lie on the scale that they are counted on.

Which dimensions there are is the template's to say, and its lint's to check.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import TypeGuard

from engine.codec import Json
from engine.form.faults import Fault
from engine.form.language import DONT_KNOW, Kind
from engine.form.model import Number, alternatives
from engine.form.refs import Part, mapping

_KEYS = ("dimensions", "min", "max", "reverse")


def score_faults(part: Part, kind: Kind) -> Iterator[Fault]:
    """What is wrong with the `x-score` of a field, if it has one."""
    if not isinstance(score := part.schema.get("x-score"), dict):
        return
    path = part.below("x-score")
    if part.schema.get("x-personal") is True:
        yield Fault(
            "score-personal", path, "a personal answer does not count in a score", "Remove x-score or x-personal."
        )
    for key in score.keys() - set(_KEYS):
        yield Fault(
            "form-value", (*path, key), f"“{key[:60]}” is no part of a score", f"There are: {', '.join(_KEYS)}."
        )
    dimensions = mapping(score.get("dimensions"))
    if not dimensions or not all(isinstance(value, str) for value in dimensions.values()):
        hint = "Write dimensions: {<dimension>: <value>}."
        yield Fault("score-nowhere", path, "the score names no dimension that it counts in", hint)
    if not isinstance(score.get("reverse", False), bool):
        yield Fault(
            "form-value", (*path, "reverse"), "“reverse” is true or false", "Leave it out where more is better."
        )
    low, high = score.get("min"), score.get("max")
    if not _is_number(low) or not _is_number(high) or low >= high:
        yield Fault("score-scale", path, "the score has no scale", "Write min and max, the smaller first.")
    elif kind == "choice":
        yield from _off_scale(part, low, high)
    elif kind in ("integer", "number"):
        yield from _beyond_scale(part, low, high)


def anchor_faults(part: Part, kind: Kind) -> Iterator[Fault]:
    """Anchors at points which nobody can answer."""
    if kind != "choice":
        return
    points = [str(choice["const"]) for choice in alternatives(part.schema)[1]]
    for point in mapping(part.schema.get("x-anchors")):
        if point not in points:
            path = part.below("x-anchors", point)
            yield Fault(
                "anchor-unknown", path, f"“{point[:60]}” is no point of the scale", f"There are: {', '.join(points)}."
            )


def _off_scale(part: Part, low: Number, high: Number) -> Iterator[Fault]:
    counted = 0
    for number, choice in enumerate(alternatives(part.schema)[1]):
        const = choice["const"]
        if const == DONT_KNOW:
            continue
        counted += 1
        if not _is_number(const) or not low <= const <= high:
            path = part.below("oneOf", number, "const") if "oneOf" in part.schema else part.below("enum", number)
            message = f"the choice “{const}” is not on the scale from {low} to {high}"
            yield Fault("score-scale", path, message, "Give it a number on the scale, or mend the score's min and max.")
    if not counted:
        yield Fault("score-scale", part.below("x-score"), "no choice counts in the score", "Give choices numbers.")


def _beyond_scale(part: Part, low: Number, high: Number) -> Iterator[Fault]:
    for key, end in (("minimum", low), ("maximum", high)):
        bound = part.schema.get(key)
        if not _is_number(bound) or not low <= bound <= high:
            message = f"answers may lie beyond the scale from {low} to {high}"
            yield Fault("score-scale", part.below("x-score"), message, f"Add {key}: {end}")


def _is_number(value: Json) -> TypeGuard[Number]:
    return isinstance(value, int | Decimal) and not isinstance(value, bool)
