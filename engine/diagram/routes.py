"""Where lines run within one state: free of boxes, each way to a state on a track of its own.

A line leaves a box at its side, on the right where it leads onward and on the left where it leads back. What stands
outermost in its row goes straight out; from others a line goes down (or up) beside the box and out through the channel
between the rows. Long ways run in lanes beside all rows, one for each state that they lead to, so that ways to the same
state join. Horizontal lines have heights of their own, vertical ones places of their own: they cross, and never run on
each other unless they lead to the same state.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal, TypeAlias

Side: TypeAlias = Literal["left", "right"]
Height: TypeAlias = tuple[int, float]
"""A height before rows have theirs: twice the channel's number, or that of the row and one, and how far below."""

GAP: Final = 10.0
"""Between lines side by side."""


@dataclass(slots=True, eq=False)
class Mark:
    """A coordinate that is found out later."""

    at: float = 0.0


@dataclass(frozen=True, slots=True, eq=False)
class Shifted:
    """A coordinate so far from another."""

    base: Mark
    by: float

    @property
    def at(self) -> float:
        """The coordinate."""
        return self.base.at + self.by


Spot: TypeAlias = Mark | Shifted
Path: TypeAlias = list[tuple[Spot, Spot]]


@dataclass(slots=True)
class Slot:
    """A box in its row, before it has its place."""

    name: str
    width: float
    height: float
    entry: float
    row: int = 0
    column: int = 0
    outermost: frozenset[Side] = frozenset()
    x: Mark = field(default_factory=Mark)
    y: Mark = field(default_factory=Mark)

    def side(self, side: Side) -> Spot:
        """The x of a side."""
        return Shifted(self.x, self.width if side == "right" else 0.0)

    @property
    def middle(self) -> Spot:
        """The x at which lines come in from above."""
        return Shifted(self.x, round(self.width / 2, 2))

    def height_of(self, y: float) -> Height:
        """A height of the box among all heights."""
        return (2 * self.row + 1, y)


@dataclass(frozen=True, slots=True)
class End:
    """Where a line meets a box: so far down on its side; `whole` if it is the box itself that it leads to."""

    slot: Slot
    y: float
    whole: bool = False


@dataclass(frozen=True, slots=True)
class Wire:
    """A line within one state: from a box or the state's border (None), to one or the border; `to` is where to in the
    end.
    """

    name: Hashable
    to: str
    side: Side
    source: End | None
    target: End | None

    @property
    def is_next(self) -> bool:
        """Whether it leads to the box itself that stands right beside its own."""
        if self.source is None or self.target is None or self.side == "left":
            return False
        one, other = self.source.slot, self.target.slot
        return self.target.whole and one.row == other.row and one.column + 1 == other.column

    @property
    def is_loop(self) -> bool:
        """Whether it ends at the box where it begins."""
        return self.source is not None and self.target is not None and self.source.slot is self.target.slot


@dataclass(slots=True, eq=False)
class Track:
    """A straight piece that several lines may share: what it spans, and where it is."""

    at: Mark = field(default_factory=Mark)
    spans: list[Height] = field(default_factory=list)
    xs: list[Spot] = field(default_factory=list)
    from_above: list[Spot] = field(default_factory=list)
    from_below: list[Spot] = field(default_factory=list)

    @property
    def reach(self) -> tuple[float, float]:
        """From where to where a piece of a channel goes."""
        found = [x.at for x in self.xs]
        return min(found), max(found)


class Tracks:
    """All tracks of one state, made as lines ask for them."""

    def __init__(self) -> None:
        self.lanes: dict[tuple[Side, str], Track] = {}
        self.beside: dict[tuple[str, Side], dict[Hashable, Track]] = {}
        self.channels: dict[int, dict[Hashable, Track]] = {}
        self.borders: dict[Side, Mark] = {"left": Mark(), "right": Mark()}

    def lane(self, side: Side, to: str, *heights: Height) -> Track:
        """The lane to a state, on a side."""
        found = self.lanes.setdefault((side, to), Track())
        found.spans += heights
        return found

    def margin(self, slot: Slot, side: Side, key: Hashable, *heights: float) -> Mark:
        """The piece beside a box that goes to or from a channel, or back into the box."""
        found = self.beside.setdefault((slot.name, side), {}).setdefault(key, Track())
        found.spans += [(0, height) for height in heights]
        return found.at

    def channel(self, number: int, key: Hashable, *xs: Spot) -> Track:
        """The piece between two rows, which goes as far as these places."""
        found = self.channels.setdefault(number, {}).setdefault(key, Track())
        found.xs += xs
        return found


ABOVE, BELOW = -1e9, 1e9
"""Beyond the top and bottom of any box."""


class Router:
    """Leads lines, once boxes have rows; `lead` gives their paths, whose coordinates are found out afterwards."""

    def __init__(self, tracks: Tracks) -> None:
        self.tracks = tracks

    def lead(self, wire: Wire) -> Path:
        """The path of a line."""
        if wire.is_loop or wire.is_next:
            return self._beside(wire)
        channel = self._shared_channel(wire)
        if channel is not None:
            return self._through(wire, channel)
        out, leaving = self._out(wire)
        into, arriving = self._into(wire)
        if leaving is None or arriving is None:  # one of the ends is the border
            return [*out, *into]
        lane = self.tracks.lane(wire.side, wire.to, leaving, arriving)
        for height, other in ((leaving, arriving), (arriving, leaving)):
            if height[0] % 2 == 0:
                track = self.tracks.channels[height[0] // 2][self._key(wire, entering=height is arriving)]
                (track.from_below if other > height else track.from_above).append(lane.at)
        return [*out, (lane.at, out[-1][1]), (lane.at, into[0][1]), *into]

    def _key(self, wire: Wire, *, entering: bool) -> Hashable:
        """What shares a piece of a channel: ways to the same state, from above into it or out to the same side."""
        if entering and wire.target is not None and wire.target.whole:
            return (wire.to, "whole")
        return (wire.to, wire.side)

    def _beside(self, wire: Wire) -> Path:
        """Back into the box itself, or straight to the one beside it."""
        assert wire.source is not None
        assert wire.target is not None
        slot, other = wire.source.slot, wire.target.slot
        x = self.tracks.margin(slot, wire.side, (wire.to, "beside"), wire.source.y, wire.target.y)
        y, end_y = Shifted(slot.y, wire.source.y), Shifted(slot.y, wire.target.y)
        end = slot.side(wire.side) if slot is other else other.side("left")
        return [(slot.side(wire.side), y), (x, y), (x, end_y), (end, end_y)]

    def _shared_channel(self, wire: Wire) -> int | None:
        """The channel through which a line gets from box to box without a lane; None where there is none."""
        if wire.source is None or wire.target is None:
            return None
        source, target = wire.source.slot, wire.target.slot
        through_channel = wire.target.whole or wire.side not in target.outermost
        below = wire.side == "right" and target.row == source.row + 1
        return target.row if target.row == source.row or (below and through_channel) else None

    def _through(self, wire: Wire, number: int) -> Path:
        assert wire.source is not None
        key = self._key(wire, entering=True)
        into, x = self._from_channel(wire, number, key)
        return [*self._to_channel(wire.source, wire, number, key, x), *into]

    def _to_channel(self, source: End, wire: Wire, number: int, key: Hashable, other: Spot) -> Path:
        """Out of a box and beside it to the channel, which goes on to another place."""
        slot, going_down = source.slot, number > source.slot.row
        y = Shifted(slot.y, source.y)
        beside = self.tracks.margin(slot, wire.side, wire.to, source.y, BELOW if going_down else ABOVE)
        track = self.tracks.channel(number, key, beside, other)
        (track.from_above if going_down else track.from_below).append(beside)
        return [(slot.side(wire.side), y), (beside, y), (beside, track.at)]

    def _out(self, wire: Wire) -> tuple[Path, Height | None]:
        """From the source to where the lane or the border is, and the height there (None: it comes from the border)."""
        border = self.tracks.borders[wire.side]
        if wire.source is None:
            return [], None
        slot = wire.source.slot
        if wire.side in slot.outermost:
            y = Shifted(slot.y, wire.source.y)
            start = (slot.side(wire.side), y)
            return ([start, (border, y)] if wire.target is None else [start]), slot.height_of(wire.source.y)
        number = slot.row + (wire.side == "right")
        other: Spot = border if wire.target is None else self.tracks.lane(wire.side, wire.to).at
        path = self._to_channel(wire.source, wire, number, self._key(wire, entering=False), other)
        return ([*path, (border, path[-1][1])] if wire.target is None else path), (2 * number, 0.0)

    def _into(self, wire: Wire) -> tuple[Path, Height | None]:
        """From where the lane or the border is to the target, and the height there (None: it goes to the border)."""
        border = self.tracks.borders[wire.side]
        if wire.target is None:
            return [], None
        slot = wire.target.slot
        y: Spot = Shifted(slot.y, wire.target.y)
        if wire.side in slot.outermost:
            end = (slot.side(wire.side), y)
            return ([(border, y), end] if wire.source is None else [end]), slot.height_of(wire.target.y)
        key = self._key(wire, entering=True)
        other: Spot = border if wire.source is None else self.tracks.lane(wire.side, wire.to).at
        path, _ = self._from_channel(wire, slot.row, key)
        track = self.tracks.channel(slot.row, key, other)
        return ([(border, track.at), *path] if wire.source is None else path), (2 * slot.row, 0.0)

    def _from_channel(self, wire: Wire, number: int, key: Hashable) -> tuple[Path, Spot]:
        """From the channel above the target down into it, and where it goes off the channel."""
        assert wire.target is not None
        slot = wire.target.slot
        whole = wire.target.whole
        x = slot.middle if whole else self.tracks.margin(slot, wire.side, (wire.to, "in"), ABOVE, wire.target.y)
        track = self.tracks.channel(number, key, x)
        track.from_below.append(x)
        if whole:
            return [(x, track.at), (x, slot.y)], x
        y = Shifted(slot.y, wire.target.y)
        return [(x, track.at), (x, y), (slot.side(wire.side), y)], x


# -- which place each track gets --------------------------------------------------------------------------------------


def packed(tracks: Iterable[Track]) -> list[list[Track]]:
    """Tracks side by side, the nearest first: shorter ones nearer, and on one line where they do not touch."""
    ordered = sorted(tracks, key=lambda track: (_length(track), min(track.spans), max(track.spans)))
    lines: list[list[Track]] = []
    for track in ordered:
        free = next((line for line in lines if not any(_touch(track, other) for other in line)), None)
        if free is None:
            lines.append([track])
        else:
            free.append(track)
    return lines


def _length(track: Track) -> tuple[int, float]:
    (first, above), (last, below) = min(track.spans), max(track.spans)
    return (last - first, below - above)


def _touch(one: Track, other: Track) -> bool:
    (row, y), (row_, y_) = max(min(one.spans), min(other.spans)), min(max(one.spans), max(other.spans))
    return row < row_ or (row == row_ and y <= y_ + GAP)


def levels(tracks: Sequence[Track]) -> list[int]:
    """The level of each track of a channel, from above: such that few lines cross, and none lie on each other."""
    order = list(range(len(tracks)))
    for _ in tracks:  # as many rounds as it can take at most
        swapped = False
        for k in range(len(order) - 1):
            a, b = tracks[order[k]], tracks[order[k + 1]]
            if _crossings(b, a) < _crossings(a, b):
                order[k], order[k + 1] = order[k + 1], order[k]
                swapped = True
        if not swapped:
            break
    found: dict[int, int] = {}
    for k in order:
        found[k] = max((found[j] + 1 for j in found if _overlap(tracks[k], tracks[j])), default=0)
    return [found[k] for k in range(len(tracks))]


def _crossings(upper: Track, lower: Track) -> int:
    """How often lines cross if one track lies above the other."""
    return _hits(lower.from_above, upper) + _hits(upper.from_below, lower)


def _hits(verticals: Iterable[Spot], track: Track) -> int:
    left, right = track.reach
    return sum(left < x.at < right for x in verticals)


def _overlap(one: Track, other: Track) -> bool:
    (left, right), (left_, right_) = one.reach, other.reach
    return left < right_ + GAP and left_ < right + GAP
