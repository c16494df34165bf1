"""Measuring: a call repeated, its median and spread; and the table that shows it beside its peer."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median

REPEATS = 5


@dataclass(frozen=True, slots=True)
class Timing:
    """Seconds of one call: the median of the repeats, and the fastest and slowest."""

    median: float
    fastest: float
    slowest: float


@dataclass(frozen=True, slots=True)
class Line:
    """One row of a table: what, at which scale, how many a second, and how that stands to the peer (1 = as fast)."""

    what: str
    size: int
    per_second: float
    spread: float
    ratio: float | None = None
    note: str = ""


def growing(base: int) -> tuple[int, int, int]:
    """The sizes at which a thing is measured, to see how its cost grows: 1, 10 and 100 times the base."""
    return base, 10 * base, 100 * base


def timed(
    call: Callable[[], object],
    *,
    repeats: int = REPEATS,
    before: Callable[[], object] | None = None,
    warm: bool = True,
    clock: Callable[[], float] = time.perf_counter,
) -> Timing:
    """Seconds of a call; `before` prepares every repeat and is not counted.

    The first call warms up and is dropped, unless it can be made only once (`warm=False`). By `time.process_time` as
    `clock` it is processor time, which others on the machine change little.
    """
    seconds = []
    for _ in range(repeats + warm):
        if before is not None:
            before()
        began = clock()
        call()
        seconds.append(clock() - began)
    counted = seconds[1:] if warm else seconds
    return Timing(median(counted), min(counted), max(counted))


def line(what: str, size: int, timing: Timing, *, peer: Timing | None = None, note: str = "") -> Line:
    """The row of a timing over `size` things."""
    spread = (timing.slowest - timing.fastest) / timing.median
    ratio = peer.median / timing.median if peer is not None else None
    return Line(what, size, size / timing.median, spread, ratio, note)


def table(title: str, lines: Sequence[Line]) -> str:
    """The rows as text."""
    rows = [("", "size", "per second", "spread", "of peer", "")]
    rows += [
        (
            one.what,
            f"{one.size:,}",
            f"{one.per_second:,.0f}",
            f"±{one.spread / 2:.0%}",
            f"{one.ratio:.0%}" if one.ratio is not None else "peer",
            one.note,
        )
        for one in lines
    ]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    told = [
        "  ".join(
            cell.ljust(width) if column in (0, 5) else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]
    return "\n".join([title, *told, ""])
