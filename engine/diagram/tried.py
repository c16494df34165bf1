"""A template's picture with what was tried of it: how often states were entered and ways taken, in scenarios.

What was never tried looks as in the picture of a process what has not been used.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from engine.diagram.model import Arrow, Box, Picture
from engine.diagram.words import say, times


@dataclass(frozen=True, slots=True)
class Tried:
    """What was tried: entries of states, and by an arrow's id how often it was taken and what its condition said.

    `covered` of `of` is how much of the template that is.
    """

    version: str
    covered: int
    of: int
    entered: Mapping[str, int]
    taken: Mapping[str, int]
    said: Mapping[str, Mapping[str, int]]
    may_be_unknown: frozenset[str]


def with_tried(picture: Picture, tried: Tried) -> Picture:
    """The picture of a template with what was tried of it."""
    facts = {"template": picture.id, "version": tried.version, "covered": tried.covered, "of": tried.of}
    return replace(
        picture,
        subtitle=say("trial", picture.language, **facts),
        of_process=True,
        of_trial=True,
        boxes=tuple(_box(box, tried, picture.language) for box in picture.boxes),
    )


def _box(box: Box, tried: Tried, language: str) -> Box:
    entries = tried.entered.get(box.id, 0)
    notes = [box.note, times(entries, language) if entries else ""]
    is_history = box.kind in ("shallow", "deep")
    return replace(
        box,
        standing="past" if entries or is_history else "never",
        note=" · ".join(note for note in notes if note),
        arrows=tuple(_arrow(arrow, tried, language) for arrow in box.arrows),
        boxes=tuple(_box(inner, tried, language) for inner in box.boxes),
    )


def _arrow(arrow: Arrow, tried: Tried, language: str) -> Arrow:
    if arrow.kind == "default":
        return arrow
    said = tried.said.get(arrow.id)
    notes = [arrow.note]
    if said is not None:
        counts = {word: said.get(word, 0) for word in ("true", "false", "unknown")}
        unknown = say("said unknown", language, **counts) if arrow.id in tried.may_be_unknown else ""
        notes.append(say("said", language, **counts) + unknown)
    return replace(arrow, count=tried.taken.get(arrow.id, 0), note=" · ".join(note for note in notes if note))
