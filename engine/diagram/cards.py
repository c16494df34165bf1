"""The text of a box: what stands on which line, and at which height each of its transitions leaves it.

All numbers are in the picture's own unit, one of which is a pixel at full size; places are from the card's left top.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal, NamedTuple, TypeAlias

from engine.diagram.measure import width, wrapped
from engine.diagram.model import Arrow, Box, Todo

Style: TypeAlias = Literal["heading", "title", "badge", "strong", "text", "note"]


class Type(NamedTuple):
    """How a style is set: size of the letters, height of a line, and whether it is bold."""

    size: float
    line: float
    bold: bool = False


STYLES: Final[Mapping[Style, Type]] = {
    "heading": Type(20, 26, True),
    "title": Type(14, 18, True),
    "badge": Type(12, 16, True),
    "strong": Type(12, 16, True),
    "text": Type(12, 16),
    "note": Type(11, 14),
}
PAD: Final = 12.0
INDENT: Final = 18.0
"""The room of a sign before a line."""
TALLY: Final = 36.0
"""The room of the count behind a transition."""
NARROWEST: Final = 110.0
WIDEST: Final = 300.0
MOST_LINES: Final = 3
"""Lines of a condition; a picture's reader finds the rest in its tooltip and in its description."""


class Label(NamedTuple):
    """A line of text: where it begins, its baseline, and how it is set."""

    x: float
    y: float
    text: str
    style: Style

    @property
    def width(self) -> float:
        """How wide it is."""
        set_in = STYLES[self.style]
        return width(self.text, set_in.size, bold=set_in.bold)


class Sign(NamedTuple):
    """A small drawing before a line: what kind of task or transition it is, or the H of a history state."""

    x: float
    y: float
    kind: str


@dataclass(slots=True)
class Card:
    """The lines of a box as they are set. `ports` are the heights at which transitions leave, by id."""

    width: float
    labels: list[Label] = field(default_factory=list)
    signs: list[Sign] = field(default_factory=list)
    rules: list[float] = field(default_factory=list)
    ports: dict[str, float] = field(default_factory=dict)
    height: float = PAD
    entry: float = PAD + 9
    """The height at which transitions come in from the side."""

    def put(self, text: str, style: Style, *, indent: float = 0, room: float = 0, most: int = 99) -> float:
        """Set a text below the last; the middle of its first line. `room` is kept free behind it."""
        set_in = STYLES[style]
        middle = self.height + set_in.line / 2
        limit = self.width - 2 * PAD - indent - room
        for line in wrapped(text, limit, set_in.size, bold=set_in.bold, most=most):
            baseline = self.height + set_in.line / 2 + set_in.size * 0.36
            self.labels.append(Label(PAD + indent, round(baseline, 2), line, style))
            self.height += set_in.line
        return middle

    def sign(self, kind: str, y: float) -> None:
        """Put a sign before a line whose middle is at `y`."""
        self.signs.append(Sign(PAD + 5, y, kind))

    def rule(self) -> None:
        """A thin line between what there is to do and where it goes on."""
        self.height += 5
        self.rules.append(self.height)
        self.height += 5

    def todo(self, task: Todo) -> None:
        """A task."""
        self.height += 4
        self.sign(task.kind, self.put(task.title, "text", indent=INDENT))
        if task.note:
            self.put(task.note, "note", indent=INDENT)

    def way(self, arrow: Arrow) -> None:
        """A transition."""
        self.height += 4
        room = TALLY if arrow.count else 0
        middle = self.put(arrow.title, "strong" if arrow.taken else "text", indent=INDENT, room=room)
        self.ports[arrow.id] = middle
        self.sign(arrow.kind, middle)
        if arrow.count:
            tally = f"{arrow.count} ×"
            x = self.width - PAD - width(tally, STYLES["strong"].size, bold=True)
            self.labels.append(Label(round(x, 2), round(middle + STYLES["strong"].size * 0.36, 2), tally, "strong"))
        for text in (arrow.note, arrow.condition):
            if text:
                self.put(text, "note", indent=INDENT, most=MOST_LINES)


def card(box: Box, room: float | None = None) -> Card:
    """The card of a box, as wide as its text asks for and no wider than a column; or as wide as `room`."""
    if box.kind in ("shallow", "deep"):
        return _history(box)
    natural = max(
        width(text, STYLES[style].size, bold=STYLES[style].bold) + indent for text, style, indent in _texts(box)
    )
    asked = min(max(natural + 2 * PAD + 1, NARROWEST), WIDEST)
    made = Card(max(asked, room or 0))
    made.put(box.title, "title")
    standing = " · ".join(part for part in (f"● {box.badge}" if box.badge else "", box.note) if part)
    if standing:
        made.put(standing, "badge" if box.badge else "note")
    for task in box.tasks:
        made.todo(task)
    if box.arrows:
        made.rule()
    for arrow in box.arrows:
        made.way(arrow)
    made.height += PAD - 2
    return made


def _history(box: Box) -> Card:
    """A history state: its H in a circle, and its title."""
    made = Card(min(width(box.title, 12) + 2 * PAD + 28, WIDEST))
    middle = made.put(box.title, "text", indent=26)
    middle = (middle + made.height - 8) / 2
    made.signs.append(Sign(PAD + 8, middle, box.kind))
    made.ports = {arrow.id: middle + 7 for arrow in box.arrows}
    made.entry = middle - 7
    made.height += PAD
    return made


def _texts(box: Box) -> list[tuple[str, Style, float]]:
    """Every text of a box with how it is set and how far it is moved in."""
    found: list[tuple[str, Style, float]] = [(box.title, "title", 0), (box.note, "note", 0)]
    if box.badge:
        found.append((f"● {box.badge} · {box.note}", "badge", 0))
    for task in box.tasks:
        found += [(task.title, "text", INDENT), (task.note, "note", INDENT)]
    for arrow in box.arrows:
        tally = TALLY if arrow.count else 0
        found += [
            (arrow.title, "strong", INDENT + tally),
            (arrow.note, "note", INDENT),
            (arrow.condition, "note", INDENT),
        ]
    return found


def head(title: str, lines: Sequence[tuple[str, Style]], tasks: Sequence[Todo], always: str, room: float) -> Card:
    """The head of a whole picture: its title, what is said below it, and the tasks of every state."""
    made = Card(room)
    made.put(title, "heading")
    for text, style in lines:
        made.put(text, style)
    if tasks:
        made.height += 8
        made.put(always, "strong")
        for task in tasks:
            made.todo(task)
    made.height += PAD
    return made
