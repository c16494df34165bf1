"""A laid-out picture as SVG: readable in print, in black and white, and by people who see colours otherwise.

What stands out does so by weight, by pattern and by words; the one colour, a blue that is told from grey with every
kind of colour vision, only helps. A screen reader gets the whole chart in words, as the picture's description.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from engine.diagram.cards import PAD, STYLES, Label, Style
from engine.diagram.describe import described, told_arrow
from engine.diagram.layout import CANVAS, Frame, Layout, Point, Route, layout
from engine.diagram.legend import legend
from engine.diagram.model import Box, Picture
from engine.diagram.signs import BLUE, FAINT, INK, SOFT, TINT, put, sign
from engine.diagram.words import say

FONT: Final = "Arial, Helvetica, 'Liberation Sans', sans-serif"
CORNER: Final = 6.0
"""The radius of a line's bends."""
TIP: Final = 8.0
"""The length of an arrow's tip."""
HALO: Final = 3.0
"""How much wider than a line the white is that lets it pass over others."""


def svg(picture: Picture) -> str:
    """The picture as an SVG document; the same picture gives the same text."""
    return drawn(layout(picture))


def drawn(laid: Layout) -> str:
    """A layout as an SVG document."""
    picture = laid.picture
    key = legend(picture, laid.width, CANVAS)
    root = _root(picture, laid.width, laid.height + key.height)
    for frame in laid.frames:
        _frame(root, frame)
    _lines(root, laid)
    for label in laid.head.labels:
        _label(root, label, CANVAS - PAD, CANVAS)
    for one in laid.head.signs:
        sign(root, one, CANVAS - PAD, CANVAS)
    for label in key.labels:
        _label(root, label, 0, laid.height)
    for one in key.signs:
        sign(root, one, 0, laid.height)
    indent(root, " ")
    return tostring(root, encoding="unicode") + "\n"


def _root(picture: Picture, width: float, height: float) -> Element:
    size = {"width": f"{width:g}", "height": f"{height:g}"}
    root = Element("svg", {
        "xmlns": "http://www.w3.org/2000/svg", "viewBox": f"0 0 {width:g} {height:g}", **size, "lang": picture.language,
        "role": "img", "aria-labelledby": f"{picture.id}-title {picture.id}-desc", "font-family": FONT,
    })  # fmt: skip
    title = say("told title", picture.language, title=picture.title)
    SubElement(root, "title", {"id": f"{picture.id}-title"}).text = title
    SubElement(root, "desc", {"id": f"{picture.id}-desc"}).text = described(picture)
    put(root, "rect", {**size, "fill": "white"})
    return root


def _label(parent: Element, label: Label, x: float, y: float, fill: str = INK) -> None:
    set_in = STYLES[label.style]
    attributes: dict[str, float | str] = {"x": label.x + x, "y": label.y + y, "font-size": set_in.size}
    if set_in.bold:
        attributes["font-weight"] = "bold"
    attributes |= {"fill": fill, "textLength": round(label.width, 1), "lengthAdjust": "spacingAndGlyphs"}
    put(parent, "text", attributes).text = label.text


# -- boxes ------------------------------------------------------------------------------------------------------------


def _frame(root: Element, frame: Frame) -> None:
    box, card = frame.box, frame.card
    group = put(root, "g", {})
    said = [box.title, box.description, box.note, *(arrow.condition for arrow in box.arrows)]
    put(group, "title", {}).text = ". ".join(part for part in said if part)
    _outline(group, frame)
    if box.is_initial:
        _beginning(group, frame.x + PAD + 2, frame.y)
    for y in card.rules:
        ends = {"x1": frame.x + PAD, "x2": frame.x + frame.width - PAD, "y1": frame.y + y, "y2": frame.y + y}
        put(group, "line", {**ends, "stroke": "#b8b8b8", "stroke-width": 1})
    for one in card.signs:
        sign(group, one, frame.x, frame.y)
    for label in card.labels:
        _label(group, label, frame.x, frame.y, _ink(box, label.style))


def _ink(box: Box, style: Style) -> str:
    if style == "badge" and box.standing == "active":
        return BLUE
    return SOFT if style == "note" or box.standing == "never" else INK


def _outline(group: Element, frame: Frame) -> None:
    box = frame.box
    place: dict[str, float | str] = {"x": frame.x, "y": frame.y, "width": frame.width, "height": frame.height}
    stroke, weight = {"plain": (INK, 1.3), "active": (BLUE, 3), "past": (INK, 1.8), "never": (FAINT, 1)}[box.standing]
    fill = TINT if box.standing == "active" and not box.boxes else "white"
    style: dict[str, float | str] = {"fill": fill, "stroke": stroke, "stroke-width": weight}
    radius = frame.height / 2 if box.kind in ("shallow", "deep") else 8
    if box.kind == "region":
        style["stroke-dasharray"] = "7 4"
    put(group, "rect", {**place, "rx": radius, **style})
    if box.kind == "final":
        inner = {"x": frame.x + 4, "y": frame.y + 4, "width": frame.width - 8, "height": frame.height - 8}
        put(group, "rect", {**inner, "rx": 5, "fill": "none", "stroke": stroke, "stroke-width": 1})


def _beginning(group: Element, x: float, y: float) -> None:
    """The dot from which a state is entered first."""
    put(group, "circle", {"cx": x, "cy": y - 19, "r": 4.5, "fill": INK})
    put(group, "line", {"x1": x, "x2": x, "y1": y - 19, "y2": y - TIP, "stroke": INK, "stroke-width": 1.5})
    _tip(group, Point(x, y - 19), Point(x, y), INK)


# -- lines ------------------------------------------------------------------------------------------------------------


def _lines(root: Element, laid: Layout) -> None:
    """The lines, those to the same state together, so that where lines cross one passes over the other."""
    titles = {box.id: box.title for box in laid.picture.walk()}
    parent = put(root, "g", {"fill": "none", "stroke-linecap": "butt"})
    for target in titles:
        routes = [route for route in laid.routes if route.arrow.target == target]
        for route in routes:
            halo: dict[str, float | str] = {"stroke": "white", "stroke-width": _weight(route) + HALO}
            put(parent, "path", {"d": _bent(_without_ends(route.points)), **halo})
        for route in sorted(routes, key=lambda route: route.arrow.taken):
            group = put(parent, "g", {})
            put(group, "title", {}).text = told_arrow(route.arrow, titles, laid.picture.language)
            _line(group, route)


def _weight(route: Route) -> float:
    if route.arrow.count is None:
        return 1.5
    return 2.8 if route.arrow.taken else 1.1


def _line(group: Element, route: Route) -> None:
    arrow, points = route.arrow, route.points
    colour = INK if arrow.taken else SOFT if arrow.count is None else FAINT  # where ways join, the last one is seen
    style: dict[str, float | str] = {"stroke": colour, "stroke-width": _weight(route)}
    if arrow.kind == "default":
        style["stroke-dasharray"] = "2 3"
    put(group, "path", {"d": _bent((*points[:-1], _before(points[-2], points[-1], TIP - 1))), **style})
    _tip(group, points[-2], points[-1], colour)


def _without_ends(points: Sequence[Point]) -> tuple[Point, ...]:
    """The line without what lies next to its boxes, so that nothing white comes over them."""
    first, last = _before(points[1], points[0], HALO), _before(points[-2], points[-1], HALO)
    return (first, *points[1:-1], last)


def _before(start: Point, end: Point, by: float) -> Point:
    """The point so far before the end of a level or upright line."""
    length = abs(end.x - start.x) + abs(end.y - start.y)
    share = min(by / length, 1) if length else 0
    return Point(end.x - (end.x - start.x) * share, end.y - (end.y - start.y) * share)


def _bent(points: Sequence[Point]) -> str:
    """A path through the points, with round bends."""
    said = [f"M{_at(points[0])}"]
    for before, point, after in zip(points, points[1:], points[2:], strict=False):
        radius = min(CORNER, _distance(before, point) / 2, _distance(point, after) / 2)
        said.append(f"L{_at(_before(before, point, radius))}Q{_at(point)} {_at(_before(after, point, radius))}")
    return "".join([*said, f"L{_at(points[-1])}"])


def _distance(one: Point, other: Point) -> float:
    return abs(one.x - other.x) + abs(one.y - other.y)


def _at(point: Point) -> str:
    return f"{point.x:g},{point.y:g}"


def _tip(group: Element, start: Point, end: Point, colour: str) -> None:
    """The tip of an arrow that comes from `start` to `end`."""
    base = _before(start, end, TIP)
    across = Point(0.5 * (base.y - end.y), 0.5 * (end.x - base.x))
    corners = (end, Point(base.x + across.x, base.y + across.y), Point(base.x - across.x, base.y - across.y))
    put(group, "polygon", {"points": " ".join(map(_at, corners)), "fill": colour})
