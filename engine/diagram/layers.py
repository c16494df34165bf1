"""Which boxes stand in which row, and in which order: those around a state's own boxes, in reading direction.

Authors write states in the order in which a process goes. A transition to a later one leads onward and asks for a later
row; one to an earlier one leads back and asks for nothing. A row is no wider than a page, unless one box is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import permutations, product
from typing import Final

PAGE: Final = 1000.0
"""How wide a row may be before it is broken."""
TRIED: Final = 5
"""Boxes of a row of which every order is tried."""


@dataclass(frozen=True, slots=True)
class Links:
    """What ties boxes: `onward` are transitions to a later box; `right` and `left` count the lines of a box that want
    to run free on that side.
    """

    onward: tuple[tuple[str, str], ...]
    right: Mapping[str, int]
    left: Mapping[str, int]


def rows(names: Sequence[str], widths: Mapping[str, float], links: Links) -> list[list[str]]:
    """The boxes in rows, each below all that lead onward to it."""
    level: dict[str, int] = {}
    filled: dict[int, float] = {}
    before: dict[str, list[str]] = {name: [] for name in names}
    for source, target in links.onward:
        before[target].append(source)
    for name in names:
        at = max((level[source] + 1 for source in before[name]), default=0)
        while filled.get(at, 0) and filled[at] + widths[name] > PAGE:
            at += 1
        level[name] = at
        filled[at] = filled.get(at, 0) + widths[name]
    found = [[name for name in names if level[name] == at] for at in range(max(level.values()) + 1)]
    return _ordered([row for row in found if row], links)


def flowing(names: Sequence[str], widths: Mapping[str, float]) -> list[list[str]]:
    """The boxes in rows as words stand in lines: what goes on at the same time, and what would be far too tall."""
    found: list[list[str]] = []
    filled = PAGE
    for name in names:
        if filled + widths[name] > PAGE:
            found.append([])
            filled = 0.0
        found[-1].append(name)
        filled += widths[name]
    return found


def _ordered(found: list[list[str]], links: Links) -> list[list[str]]:
    """Each row in the order that costs least, given the row above."""
    ordered: list[list[str]] = []
    above: list[str] = []
    for row in found:
        candidates = permutations(row) if 1 < len(row) <= TRIED else [tuple(row)]
        best = min(candidates, key=lambda order: _cost(order, row, above, links))
        above = list(best)
        ordered.append(above)
    return ordered


def _cost(order: Sequence[str], written: Sequence[str], above: Sequence[str], links: Links) -> float:
    """Lines that cross, boxes in the way of lines, and, where that is the same, distance from the order of writing."""
    place = {name: number for number, name in enumerate(order)}
    ends = [(above.index(a), place[b]) for a, b in links.onward if a in above and b in place]
    crossings = sum((a - c) * (b - d) < 0 for (a, b), (c, d) in product(ends, ends)) / 2
    last = len(order) - 1
    in_the_way = sum(links.right.get(n, 0) * (last - at) + links.left.get(n, 0) * at for n, at in place.items())
    moved = sum(place[a] > place[b] for k, a in enumerate(written) for b in written[k + 1 :])
    return 3 * crossings + 2 * in_the_way + 0.1 * moved
