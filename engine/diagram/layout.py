"""Where everything is: boxes, their texts, and the lines of transitions, as numbers; no colours.

From the inside out: what is within a state is laid out first and then is a box of a size like any other. A transition
that leaves a state or comes into it meets its border at a height that the inner layout found, and goes on from there.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from itertools import pairwise, permutations
from typing import Final, NamedTuple

from engine.diagram.cards import PAD, Card, Style, card, head
from engine.diagram.layers import Links, flowing, rows
from engine.diagram.model import Arrow, Box, Picture
from engine.diagram.routes import GAP, End, Path, Router, Side, Slot, Spot, Track, Tracks, Wire, levels, packed
from engine.diagram.words import say

CANVAS: Final = 24.0
"""Free around the whole picture."""
HEAD: Final = 420.0
"""The least width of a picture: that of its head."""
ABOVE_BOX: Final = 26.0
"""Above every row: room for the tips of arrows, and the dot where a state begins."""
BETWEEN: Final = 16.0
"""Between the margins of boxes side by side, and at a state's border."""
TALL: Final = 1800.0
"""How tall the boxes of one state may be together before they stand side by side as words do, if none is most of it."""
APART: Final = 4.0
"""The least distance of lines that have nothing to do with each other."""


class Point(NamedTuple):
    """A place in the picture."""

    x: float
    y: float


@dataclass(frozen=True, slots=True)
class Frame:
    """A box in its place."""

    box: Box
    x: float
    y: float
    width: float
    height: float
    card: Card


@dataclass(frozen=True, slots=True)
class Route:
    """The line of an arrow, from its source to its target."""

    arrow: Arrow
    points: tuple[Point, ...]


@dataclass(frozen=True, slots=True)
class Layout:
    """A picture in its places. `frames` are in document order, outer before inner."""

    picture: Picture
    width: float
    height: float
    head: Card
    frames: tuple[Frame, ...]
    routes: tuple[Route, ...]


def layout(picture: Picture) -> Layout:
    """The places of everything in a picture."""
    laid = _Laying(picture)
    inner = laid.within(None, picture.boxes, abreast=False)
    wide = max(inner.width, HEAD)
    lines: list[tuple[str, Style]] = [(picture.subtitle, "text")]
    lines += [(picture.description, "note")] if picture.description else []
    top = head(picture.title, lines, picture.tasks, say("always", picture.language), wide + 2 * PAD)
    left, above = CANVAS + (wide - inner.width) / 2, CANVAS + top.height
    laid.settle(inner, left, above)
    routes = tuple(Route(arrow, laid.route(arrow)) for arrow in picture.arrows)
    frames = tuple(laid.frames[box.id] for box in picture.walk())
    return Layout(picture, wide + 2 * CANVAS, above + inner.height, top, frames, routes)


@dataclass(slots=True)
class _Inner:
    """What is within a state, from its own left top: where its boxes are, and the lines by name."""

    width: float = 0.0
    height: float = 0.0
    boxes: dict[str, Point] = field(default_factory=dict)
    lines: dict[object, list[Point]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Sized:
    """A box whose inside is laid out."""

    box: Box
    card: Card
    width: float
    height: float
    inner: _Inner | None
    offset: Point


class _Laying:
    def __init__(self, picture: Picture) -> None:
        self.paths: dict[str, tuple[str, ...]] = {}
        self.order = {box.id: number for number, box in enumerate(picture.walk())}
        self._note_paths(picture.boxes, ())
        self.arrows = picture.arrows
        self.sized: dict[str, _Sized] = {}
        self.inners: dict[str | None, _Inner] = {}
        self.origins: dict[str | None, Point] = {}
        self.frames: dict[str, Frame] = {}

    def _note_paths(self, boxes: Sequence[Box], around: tuple[str, ...]) -> None:
        for box in boxes:
            self.paths[box.id] = (*around, box.id)
            self._note_paths(box.boxes, self.paths[box.id])

    # -- from the inside out ----------------------------------------------------------------------------------------

    def within(self, around: str | None, boxes: Sequence[Box], *, abreast: bool) -> _Inner:
        """Lay out the boxes of a state (None: the whole picture), and all that is within them."""
        for box in boxes:
            self.sized[box.id] = self._size(box)
        made = _Arranging([self.sized[box.id] for box in boxes], self._links(around), abreast=abreast)
        self.inners[around] = made.arrange(self._wires(around, made.slots))
        return self.inners[around]

    def _size(self, box: Box) -> _Sized:
        if not box.boxes:
            made = card(box)
            return _Sized(box, made, made.width, made.height, None, Point(0, 0))
        inner = self.within(box.id, box.boxes, abreast=box.kind == "parallel")
        made = card(box, min(inner.width, HEAD))
        wide = max(made.width, inner.width)
        offset = Point(round((wide - inner.width) / 2, 2), made.height)
        return _Sized(box, made, wide, made.height + inner.height, inner, offset)

    def _side(self, arrow: Arrow) -> Side:
        """Right if it leads onward: to what comes later, where the ways of source and target part."""
        for a, b in zip(self.paths[arrow.source], self.paths[arrow.target], strict=False):
            if a != b:
                return "right" if self.order[b] > self.order[a] else "left"
        return "left"

    def _child(self, around: str | None, state: str) -> str | None:
        """The box right within a state in which another lies; None where it lies outside."""
        path = self.paths[state]
        if around is None:
            return path[0]
        return path[path.index(around) + 1] if around in path[:-1] else None

    def _top(self, arrow: Arrow) -> str | None:
        """The state in which a transition runs from box to box: the innermost around both ends."""
        source, target = self.paths[arrow.source][:-1], self.paths[arrow.target][:-1]
        common = [a for a, b in zip(source, target, strict=False) if a == b]
        return common[-1] if common else None

    def _touching(self, around: str | None) -> list[tuple[Arrow, str | None, str | None]]:
        """The arrows that a state has to do with, and the boxes in it where they begin and end."""
        found = []
        for arrow in self.arrows:
            source, target = self._child(around, arrow.source), self._child(around, arrow.target)
            if (source or target) and not (source == target and self._top(arrow) != around):
                found.append((arrow, source, target))
        return found

    def _links(self, around: str | None) -> Links:
        onward: list[tuple[str, str]] = []
        free: dict[Side, Counter[str]] = {"left": Counter(), "right": Counter()}
        for arrow, source, target in self._touching(around):
            side = self._side(arrow)
            if source and target and side == "right":
                onward.append((source, target))
            else:
                free[side].update(end for end in (source, target) if end)
        return Links(tuple(onward), free["right"], free["left"])

    def _wires(self, around: str | None, slots: Mapping[str, Slot]) -> list[Wire]:
        """The lines within a state; those that come in to the same state on the same side are one."""
        wires: dict[object, Wire] = {}
        for arrow, source, target in self._touching(around):
            side = self._side(arrow)
            name: object = ("in", arrow.target, side) if source is None else ("from", arrow.id)
            start = End(slots[source], self._leaves(source, arrow)) if source else None
            end = self._enters(slots[target], target, arrow, side) if target else None
            wires.setdefault(name, Wire(name, arrow.target, side, start, end))
        return list(wires.values())

    def _leaves(self, box: str, arrow: Arrow) -> float:
        """The height at which a transition leaves a box."""
        sized = self.sized[box]
        if box == arrow.source or sized.inner is None:
            return sized.card.ports[arrow.id]
        return sized.inner.lines["from", arrow.id][-1].y + sized.offset.y

    def _enters(self, slot: Slot, box: str, arrow: Arrow, side: Side) -> End:
        """Where a transition comes into a box."""
        sized = self.sized[box]
        if box == arrow.target or sized.inner is None:
            return End(slot, slot.entry, whole=True)
        return End(slot, sized.inner.lines["in", arrow.target, side][0].y + sized.offset.y)

    # -- from the outside in ----------------------------------------------------------------------------------------

    def settle(self, inner: _Inner, x: float, y: float, around: str | None = None) -> None:
        """Give every box its place in the whole picture."""
        self.origins[around] = Point(x, y)
        for name, place in inner.boxes.items():
            sized = self.sized[name]
            at = Point(round(x + place.x, 2), round(y + place.y, 2))
            self.frames[name] = Frame(sized.box, at.x, at.y, sized.width, sized.height, sized.card)
            if sized.inner is not None:
                self.settle(sized.inner, at.x + sized.offset.x, at.y + sized.offset.y, name)

    def route(self, arrow: Arrow) -> tuple[Point, ...]:
        """The whole line of a transition: out of the states around its source, across, and in to its target."""
        top, side = self._top(arrow), self._side(arrow)
        out = [around for around in reversed(self.paths[arrow.source][:-1]) if around not in self._around(top)]
        into = [around for around in self.paths[arrow.target][:-1] if around not in self._around(top)]
        pieces: list[tuple[str | None, object]] = [(around, ("from", arrow.id)) for around in [*out, top]]
        pieces += [(around, ("in", arrow.target, side)) for around in into]
        points: list[Point] = []
        for around, name in pieces:
            origin = self.origins[around]
            points += [
                Point(round(p.x + origin.x, 2), round(p.y + origin.y, 2)) for p in self.inners[around].lines[name]
            ]
        return _straightened(points)

    def _around(self, state: str | None) -> tuple[str, ...]:
        return self.paths[state] if state else ()


def _straightened(points: Sequence[Point]) -> tuple[Point, ...]:
    """The points without those that lie on a straight line between their neighbours."""
    found: list[Point] = []
    for point in points:
        if found and abs(found[-1].x - point.x) < 0.05 and abs(found[-1].y - point.y) < 0.05:
            continue
        if len(found) > 1 and (
            abs(found[-2].x - found[-1].x) + abs(found[-1].x - point.x) < 0.1
            or abs(found[-2].y - found[-1].y) + abs(found[-1].y - point.y) < 0.1
        ):
            found.pop()
        found.append(point)
    return tuple(found)


class _Arranging:
    """The boxes of one state: rows, margins, lanes and channels, in this order, and then all coordinates."""

    def __init__(self, boxes: Sequence[_Sized], links: Links, *, abreast: bool) -> None:
        self.slots = {one.box.id: Slot(one.box.id, one.width, one.height, one.card.entry) for one in boxes}
        widths = {name: slot.width + 2 * BETWEEN for name, slot in self.slots.items()}
        heights = [slot.height for slot in self.slots.values()]
        tall = sum(heights) > max(TALL, 2 * max(heights))
        self.rows = flowing(list(self.slots), widths) if abreast or tall else rows(list(self.slots), widths, links)
        for number, row in enumerate(self.rows):
            for column, name in enumerate(row):
                self.slots[name].row, self.slots[name].column = number, column
            self.slots[row[0]].outermost |= {"left"}
            self.slots[row[-1]].outermost |= {"right"}
        self.tracks = Tracks()

    def arrange(self, wires: Sequence[Wire]) -> _Inner:
        """Lead the lines and find all coordinates."""
        router = Router(self.tracks)
        paths = {wire.name: router.lead(wire) for wire in wires}
        width = self._across()
        height = self._down()
        made = _Inner(width, height)
        made.boxes = {name: Point(slot.x.at, slot.y.at) for name, slot in self.slots.items()}
        made.lines = {name: _resolved(path) for name, path in paths.items()}
        return made

    def _across(self) -> float:
        """Every x; the width of it all."""
        margins = {key: packed(tracks.values()) for key, tracks in self.tracks.beside.items()}
        wide = {key: GAP * (len(lines) + 1) for key, lines in margins.items()}
        reaches = [self._reach(row, wide) for row in self.rows]
        lanes = {side: packed(t for (s, _), t in self.tracks.lanes.items() if s == side) for side in _SIDES}
        left = BETWEEN + GAP * len(lanes["left"])
        middle = left + max(before for before, _ in reaches)
        places = {lane.at for lane in self.tracks.lanes.values()}
        right = middle
        for number, (before, after) in enumerate(reaches):
            shift = 0.0
            self._place(self.rows[number], middle - before, margins, wide)
            while self._in_line(
                number, places
            ):  # lines from above and below would meet end to end, as if they were one
                shift += APART
                self._place(self.rows[number], middle - before + shift, margins, wide)
            right = max(right, middle + after + shift)
        _put(lanes["left"], left, -GAP)
        _put(lanes["right"], right, GAP)
        total = right + BETWEEN + GAP * len(lanes["right"])
        self.tracks.borders["right"].at = total
        return total

    def _in_line(self, number: int, lanes: AbstractSet[Spot]) -> bool:
        """Whether some line comes into the channel above a row where another leaves it, and neither is the other.

        Lanes do not count: they lie beside all rows, and get their places after these.
        """
        tracks = self.tracks.channels.get(number, {}).values()
        return any(
            abs(above.at - below.at) < APART
            for one, other in permutations(tracks, 2)
            for above in one.from_above
            for below in other.from_below
            if above not in lanes and below not in lanes
        )

    def _reach(self, row: Sequence[str], wide: Mapping[tuple[str, Side], float]) -> tuple[float, float]:
        """How far a row goes to the left and to the right of the middle of its boxes, the margins included."""
        gaps = [wide.get((a, "right"), 0) + BETWEEN + wide.get((b, "left"), 0) for a, b in pairwise(row)]
        boxes = sum(self.slots[name].width for name in row) + sum(gaps)
        return boxes / 2 + wide.get((row[0], "left"), 0), boxes / 2 + wide.get((row[-1], "right"), 0)

    def _place(
        self,
        row: Sequence[str],
        x: float,
        margins: Mapping[tuple[str, Side], Sequence[Sequence[Track]]],
        wide: Mapping[tuple[str, Side], float],
    ) -> None:
        """Give the boxes of a row, and the lines beside them, their place."""
        for name in row:
            slot = self.slots[name]
            slot.x.at = round(x + wide.get((name, "left"), 0), 2)
            x = slot.x.at + slot.width + wide.get((name, "right"), 0) + BETWEEN
            for side in _SIDES:
                _put(margins.get((name, side), ()), slot.side(side).at, GAP if side == "right" else -GAP)

    def _down(self) -> float:
        """Every y; the height of it all."""
        y = 0.0
        for number in range(len(self.rows) + 1):
            tracks = list(self.tracks.channels.get(number, {}).values())
            found = levels(tracks)
            for track, level in zip(tracks, found, strict=True):
                track.at.at = y + GAP * (level + 1)
            y += GAP * (max(found, default=-1) + 1)
            if number == len(self.rows):
                break
            y += ABOVE_BOX
            for name in self.rows[number]:
                self.slots[name].y.at = y
            y += max(self.slots[name].height for name in self.rows[number])
        return y + BETWEEN


_SIDES: Final[tuple[Side, ...]] = ("left", "right")


def _put(lines: Sequence[Sequence[Track]], start: float, step: float) -> None:
    for number, line in enumerate(lines, 1):
        for track in line:
            track.at.at = start + step * number


def _resolved(path: Path) -> list[Point]:
    return [Point(round(x.at, 2), round(y.at, 2)) for x, y in path]
