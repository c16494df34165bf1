"""The small drawings of a picture, and its colours."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final
from xml.etree.ElementTree import Element, SubElement

from engine.diagram.cards import Sign

INK: Final = "#1a1a1a"
SOFT: Final = "#4a4a4a"
FAINT: Final = "#767676"
"""The lightest grey that is told from white as well as text must be (4.5 to 1)."""
BLUE: Final = "#0a5c96"
TINT: Final = "#dcecf8"


def put(parent: Element, tag: str, attributes: Mapping[str, float | str]) -> Element:
    """Draw an element; numbers are written with two decimals at most."""
    said = {key: value if isinstance(value, str) else f"{round(value, 2):g}" for key, value in attributes.items()}
    return SubElement(parent, tag, said)


def sign(parent: Element, one: Sign, x: float, y: float) -> None:
    """Draw a sign whose middle is at its place from (x, y)."""
    at = put(parent, "g", {"transform": f"translate({round(x + one.x, 2):g} {round(y + one.y, 2):g})"})
    _SIGNS[one.kind](at)


def _path(at: Element, d: str, colour: str = SOFT, weight: float = 1.3, dashes: str = "none") -> None:
    put(at, "path", {"d": d, "fill": "none", "stroke": colour, "stroke-width": weight, "stroke-dasharray": dashes})


def _task(at: Element) -> None:
    _path(at, "M-4.5,-4.5h9v9h-9z")


def _action(at: Element) -> None:
    put(at, "circle", {"cx": 0, "cy": -2.6, "r": 2.4, "fill": SOFT})
    put(at, "path", {"d": "M-4.6,5a4.6,4.4 0 0 1 9.2,0z", "fill": SOFT})


def _auto(at: Element) -> None:
    _path(at, "M-4,-4l4,4l-4,4M0.5,-4l4,4l-4,4", weight=1.6)


def _deadline(at: Element) -> None:
    put(at, "circle", {"r": 5, "fill": "white", "stroke": SOFT, "stroke-width": 1.3})
    _path(at, "M0,-3v3h2.6")


def _default(at: Element) -> None:
    """Nothing: the way out of a history state needs no sign of its own."""
    del at


def _remembering(letters: str) -> Callable[[Element], None]:
    def draw(at: Element) -> None:
        put(at, "circle", {"r": 9, "fill": "white", "stroke": INK, "stroke-width": 1.3})
        text: dict[str, float | str] = {
            "y": 4,
            "font-size": 11,
            "font-weight": "bold",
            "text-anchor": "middle",
            "fill": INK,
        }
        put(at, "text", text).text = letters

    return draw


def _initial(at: Element) -> None:
    put(at, "circle", {"cx": -8, "cy": 0, "r": 4.5, "fill": INK})
    _path(at, "M-8,0H5", INK, 1.5)
    put(at, "polygon", {"points": "11,0 3,-4 3,4", "fill": INK})


def _final(at: Element) -> None:
    _path(at, "M-11,-8h22v16h-22z", INK)
    _path(at, "M-8,-5h16v10h-16z", INK, 1)


def _parallel(at: Element) -> None:
    _path(at, "M-11,-8h22v16h-22z", INK, dashes="5 3")


def _onward(at: Element) -> None:
    _path(at, "M-6,-7h12v14h-12z", SOFT)
    _path(at, "M6,-2h6v9M-6,2h-6v-9", SOFT)


def _swatch(colour: str, weight: float, fill: str) -> Callable[[Element], None]:
    def draw(at: Element) -> None:
        put(at, "rect", {"x": -11, "y": -7, "width": 22, "height": 14, "rx": 4, "fill": fill, "stroke": colour,
                         "stroke-width": weight})  # fmt: skip

    return draw


def _taken(at: Element) -> None:
    _path(at, "M-12,0H6", INK, 2.8)
    put(at, "polygon", {"points": "12,0 4,-4 4,4", "fill": INK})


def _untaken(at: Element) -> None:
    _path(at, "M-12,0H6", FAINT, 1.1)
    put(at, "polygon", {"points": "12,0 4,-4 4,4", "fill": FAINT})


_SIGNS: Final[Mapping[str, Callable[[Element], None]]] = {
    "task": _task,
    "action": _action,
    "auto": _auto,
    "deadline": _deadline,
    "default": _default,
    "shallow": _remembering("H"),
    "deep": _remembering("H*"),
    "initial": _initial,
    "final": _final,
    "parallel": _parallel,
    "history": _remembering("H"),
    "onward": _onward,
    "active": _swatch(BLUE, 3, TINT),
    "past": _swatch(INK, 1.8, "white"),
    "never": _swatch(FAINT, 1, "white"),
    "taken": _taken,
    "untaken": _untaken,
}
