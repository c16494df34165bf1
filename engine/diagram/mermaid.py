"""A picture as Mermaid text (`stateDiagram-v2`), for pages that draw it themselves.

Mermaid has no history states and no signs, and its separator of parallel regions makes it fail where states are nested
(its issue 4052): these are told in words. Every transition stands after all states, since Mermaid moves a state to
where it is named last (its issue 5290). Ids get a prefix, so that none is a word of Mermaid's.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final

from engine.diagram.describe import described
from engine.diagram.model import Arrow, Box, Picture, Todo
from engine.diagram.words import say

_PLAIN: Final = re.compile(r"[^\w ,.()«»“”’?!=≥≤≠…·×●–+/-]")
_CLASSES: Final = {
    "active": "fill:#dcecf8,stroke:#0a5c96,stroke-width:3px,color:#1a1a1a",
    "past": "fill:#ffffff,stroke:#1a1a1a,stroke-width:2px,color:#1a1a1a",
    "never": "fill:#ffffff,stroke:#767676,stroke-width:1px,color:#4a4a4a",
}


def mermaid(picture: Picture) -> str:
    """The picture as Mermaid text; the same picture gives the same text."""
    lines = [
        "stateDiagram-v2",
        f"    accTitle: {_safe(say('told title', picture.language, title=picture.title))}",
        f"    accDescr: {_safe(described(picture))}",
        *_states(picture.boxes, 1),
        *_ends(picture.boxes, 1),
        *(f"    {_arrow(arrow, picture.language)}" for arrow in picture.arrows),
        *_standings(picture),
    ]
    return "\n".join(lines) + "\n"


def _safe(text: str) -> str:
    """A text that means nothing to Mermaid: what could is written as the number of its character."""
    return _PLAIN.sub(lambda found: f"#{ord(found.group())};", text)


def _id(state: str) -> str:
    return f"s_{state}"


def _states(boxes: Iterable[Box], depth: int) -> Iterator[str]:
    margin = "    " * depth
    for box in boxes:
        if box.is_initial:
            yield f"{margin}[*] --> {_id(box.id)}"
        declared = f'{margin}state "{_safe(_title(box))}" as {_id(box.id)}'
        if box.boxes:
            yield f"{declared} {{"
            yield from _states(box.boxes, depth + 1)
            yield from _ends(box.boxes, depth + 1)
            yield f"{margin}}}"
            if box.tasks:
                yield f"{margin}note right of {_id(box.id)} : {_safe('; '.join(_task(task) for task in box.tasks))}"
        else:
            yield declared
            yield from (f"{margin}{_id(box.id)} : {_safe(_task(task))}" for task in box.tasks)


def _ends(boxes: Iterable[Box], depth: int) -> Iterator[str]:
    """From each final state to the end of what is around it."""
    margin = "    " * depth
    return (f"{margin}{_id(box.id)} --> [*]" for box in boxes if box.kind == "final")


def _title(box: Box) -> str:
    letter = {"shallow": "H ", "deep": "H* "}.get(box.kind, "")
    notes = " · ".join(note for note in (f"● {box.badge}" if box.badge else "", box.note) if note)
    return f"{letter}{box.title} ({notes})" if notes else f"{letter}{box.title}"


def _task(task: Todo) -> str:
    return f"{task.title} ({task.note})" if task.note else task.title


def _arrow(arrow: Arrow, language: str) -> str:
    count = f"{arrow.count} × " if arrow.count else ""
    notes = ", ".join(note for note in (arrow.note, arrow.condition) if note)
    title = say("at first", language) if arrow.kind == "default" else arrow.title
    label = f"{count}{title} ({notes})" if notes else f"{count}{title}"
    return f"{_id(arrow.source)} --> {_id(arrow.target)} : {_safe(label)}"


def _standings(picture: Picture) -> Iterator[str]:
    """How the boxes of a process stand, as classes; Mermaid has none for boxes with boxes."""
    for standing, style in _CLASSES.items():
        states = [_id(box.id) for box in picture.walk() if box.standing == standing and not box.boxes]
        if states:
            yield f"    classDef {standing} {style}"
            yield f"    class {','.join(states)} {standing}"
