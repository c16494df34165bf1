"""The legend of a picture: what its signs mean, of those that occur in it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from engine.diagram.cards import STYLES, Label, Sign
from engine.diagram.measure import width
from engine.diagram.model import Picture
from engine.diagram.words import say

ROOM: Final = 34.0
"""The room of a sign before its words."""
APART: Final = 20.0
LINE: Final = 22.0


@dataclass(frozen=True, slots=True)
class Legend:
    """Signs with words, from the legend's left top."""

    labels: tuple[Label, ...]
    signs: tuple[Sign, ...]
    height: float


def legend(picture: Picture, room: float, margin: float) -> Legend:
    """The legend of a picture, in lines as wide as there is room between margins."""
    size = STYLES["note"].size
    labels = [Label(margin, 16, say("legend", picture.language), "strong")]
    signs: list[Sign] = []
    x, y = margin, LINE + 12
    for kind in _kinds(picture):
        text = say(f"legend {kind}", picture.language)
        room_of_sign = 0.0 if kind == "time" else ROOM
        wide = room_of_sign + width(text, size)
        if x > margin and x + wide > room - margin:
            x, y = margin, y + LINE
        if room_of_sign:
            signs.append(Sign(x + ROOM / 2 - 5, y, kind))
        labels.append(Label(round(x + room_of_sign, 2), round(y + size * 0.36, 2), text, "note"))
        x = round(x + wide + APART, 2)
    return Legend(tuple(labels), tuple(signs), y + LINE + margin / 2)


def _kinds(picture: Picture) -> Iterator[str]:
    """What there is to explain, in the order in which a reader meets it."""
    boxes = list(picture.walk())
    kinds = {box.kind for box in boxes}
    yield "initial"
    if "final" in kinds:
        yield "final"
    if "region" in kinds:
        yield "parallel"
    if kinds & {"shallow", "deep"}:
        yield "history"
    todos = {todo.kind for todo in (*picture.tasks, *(todo for box in boxes for todo in box.tasks))}
    if "task" in todos:
        yield "task"
    arrows = {*(arrow.kind for arrow in picture.arrows), *todos}
    yield from (kind for kind in ("action", "auto", "deadline") if kind in arrows)
    yield "onward"
    if picture.of_process:
        yield from (f for f in ("active", "past", "never") if any(box.standing == f for box in boxes))
        yield from (
            f for f, taken in (("taken", True), ("untaken", False)) if any(a.taken is taken for a in picture.arrows)
        )
        if not picture.of_trial:
            yield "time"
