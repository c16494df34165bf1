"""Whether a condition can hold at all, from what each thing that it reads can be.

It goes by bounds and choices, not by what people will do: what it calls impossible is impossible; what it does not may
be so all the same. Conditions that read nothing, and values that are no choice, are `check`'s.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import TypeAlias

from engine.guards import nodes as n

Number: TypeAlias = int | Decimal


@dataclass(frozen=True, slots=True)
class Between:
    """A number that lies between two others, or is one of them; None where it may be as small or great as it likes."""

    low: Number | None = None
    high: Number | None = None
    whole: bool = False

    @property
    def empty(self) -> bool:
        """Whether there is no such number."""
        return self.low is not None and self.high is not None and self.low > self.high


@dataclass(frozen=True, slots=True)
class OneOf:
    """One of some constants."""

    values: frozenset[n.Constant]

    @property
    def empty(self) -> bool:
        """Whether there are none."""
        return not self.values


Range: TypeAlias = Between | OneOf
Ranges: TypeAlias = Callable[[tuple[str, ...]], Range | None]
"""What is at a path can be; None where nothing is known of it."""

_OPPOSITE: Mapping[str, str] = {
    "==": "!=", "!=": "==", "<": ">=", ">=": "<", ">": "<=", "<=": ">", "in": "not in", "not in": "in",
}  # fmt: skip
_TURNED: Mapping[str, str] = {"<": ">", ">": "<", "<=": ">=", ">=": "<=", "==": "==", "!=": "!="}


def impossible(tree: n.Node, ranges: Ranges) -> n.Node | None:
    """The innermost part for which a condition can never hold; None if it can, as far as is known."""
    if _may(tree, ranges)[0]:
        return None
    if isinstance(tree, n.Logic) and tree.operator == "and":
        found = [impossible(part, ranges) for part in tree.parts]
        return next((part for part in found if part is not None), tree)
    return tree


def _may(node: n.Node, ranges: Ranges) -> tuple[bool, bool]:  # noqa: PLR0911 (one case a kind)
    """Whether a condition may be true, and whether it may be false."""
    match node:
        case n.Literal(value=bool(value)):
            return value, not value
        case n.Path():
            return _may_flag(_range(node, ranges))
        case n.Not(part=part):
            may_be_true, may_be_false = _may(part, ranges)
            return may_be_false, may_be_true
        case n.Logic(operator=operator, parts=parts):
            return _may_logic(operator, parts, ranges)
        case n.Compare(first=first, rest=rest):
            lefts = [first, *(right for _, right in rest)]
            pairs = [
                (_may_compare(left, symbol, right, ranges), _may_compare(left, _OPPOSITE[symbol], right, ranges))
                for left, (symbol, right) in zip(lefts, rest, strict=False)
            ]
            return all(true for true, _ in pairs), any(false for _, false in pairs)
        case n.Choose(test=test, then=then, otherwise=otherwise):
            first_may, second_may = _may(test, ranges)
            one, other = _may(then, ranges), _may(otherwise, ranges)
            return (
                (first_may and one[0]) or (second_may and other[0]),
                (first_may and one[1]) or (second_may and other[1]),
            )
        case n.Quantified(function="any" | "all" as function, body=body, condition=condition):
            if function == "any":
                return _may_logic("and", [body, *([condition] if condition else [])], ranges)[0], True
            return True, _may(body, ranges)[1]
        case _:
            return True, True


def _may_flag(found: Range | None) -> tuple[bool, bool]:
    if not isinstance(found, OneOf):
        return True, True
    return True in found.values, False in found.values


def _may_logic(operator: str, parts: Sequence[n.Node], ranges: Ranges) -> tuple[bool, bool]:
    each = [_may(part, ranges) for part in parts]
    if operator == "or":
        return any(true for true, _ in each), all(false for _, false in each)
    return all(true for true, _ in each) and _together(parts, ranges), any(false for _, false in each)


# -- values -----------------------------------------------------------------------------------------------------------


def _range(node: n.Node, ranges: Ranges) -> Range | None:  # noqa: PLR0911 (one case a kind)
    match node:
        case n.Literal(value=value):
            return _only(value)
        case n.Path():
            return ranges(node.full) if node.full else None
        case n.Negate(part=part):
            found = _numbers(_range(part, ranges))
            return Between(_minus(found.high), _minus(found.low), found.whole) if found else None
        case n.Arithmetic(operator="+" | "-" as operator, left=left, right=right):
            return _sum(_numbers(_range(left, ranges)), operator, _numbers(_range(right, ranges)))
        case n.Call(function="len"):
            return Between(0, None, whole=True)
        case n.Quantified(function="sum", body=body):
            return _total(_numbers(_range(body, ranges)))
        case _:
            return None


def _only(value: n.Constant) -> Range:
    if isinstance(value, bool | str):
        return OneOf(frozenset({value}))
    return Between(value, value, isinstance(value, int))


def _minus(value: Number | None) -> Number | None:
    return None if value is None else -value


def _sum(one: Between | None, operator: str, other: Between | None) -> Between | None:
    if one is None or other is None:
        return None
    low, high = (other.low, other.high) if operator == "+" else (_minus(other.high), _minus(other.low))
    return Between(
        None if one.low is None or low is None else one.low + low,
        None if one.high is None or high is None else one.high + high,
        one.whole and other.whole,
    )


def _total(one: Between | None) -> Between | None:
    """What the sum of any number of such numbers lies between."""
    if one is None:
        return None
    positive, negative = one.low is not None and one.low >= 0, one.high is not None and one.high <= 0
    return Between(0 if positive else None, 0 if negative else None, one.whole)


def _numbers(found: Range | None) -> Between | None:
    """A range as numbers: choices among numbers lie between the least and the greatest."""
    if not isinstance(found, OneOf):
        return found
    values = [value for value in found.values if isinstance(value, int | Decimal) and not isinstance(value, bool)]
    if not values or len(values) < len(found.values):
        return None
    return Between(min(values), max(values), all(isinstance(value, int) for value in values))


# -- comparisons ------------------------------------------------------------------------------------------------------


def _may_compare(left: n.Node, symbol: str, right: n.Node, ranges: Ranges) -> bool:
    if symbol in ("in", "not in"):
        if not isinstance(right, n.Items):
            return True
        found = [_may_compare(left, "==" if symbol == "in" else "!=", item, ranges) for item in right.items]
        return any(found) if symbol == "in" else all(found)
    one, other = _range(left, ranges), _range(right, ranges)
    if one is None or other is None:
        return True
    if isinstance(one, OneOf) and isinstance(other, OneOf) and symbol in ("==", "!="):
        return bool(one.values & other.values) if symbol == "==" else len(one.values | other.values) > 1
    first, second = _numbers(one), _numbers(other)
    return first is None or second is None or _may_be(first, symbol, second)


def _may_be(one: Between, symbol: str, other: Between) -> bool:
    match symbol:
        case "<":
            return one.low is None or other.high is None or one.low < other.high
        case "<=":
            return one.low is None or other.high is None or one.low <= other.high
        case ">" | ">=":
            return _may_be(other, _TURNED[symbol], one)
        case "==":
            return _may_be(one, "<=", other) and _may_be(other, "<=", one)
        case _:
            return one.low is None or not one.low == one.high == other.low == other.high


# -- what has to hold together ----------------------------------------------------------------------------------------


def _together(parts: Sequence[n.Node], ranges: Ranges) -> bool:
    """Whether what the parts ask of each path leaves it something to be."""
    left: dict[tuple[str, ...], Range] = {}
    for path, symbol, values in _demands(parts):
        known = left.get(path) or ranges(path)
        narrowed = _narrowed(known, symbol, values)
        if narrowed is not None:
            left[path] = narrowed
            if narrowed.empty:
                return False
    return True


def _demands(parts: Sequence[n.Node]) -> Iterator[tuple[tuple[str, ...], str, tuple[n.Constant, ...]]]:
    """What each part asks of one path: a comparison with constants."""
    for part in parts:
        match part:
            case n.Logic(operator="and", parts=inner):
                yield from _demands(inner)
            case n.Path(full=full) if full:
                yield full, "==", (True,)
            case n.Not(part=n.Path(full=full)) if full:
                yield full, "==", (False,)
            case n.Compare(first=n.Path(full=full), rest=((symbol, n.Literal(value=value)),)) if full:
                yield full, symbol, (value,)
            case n.Compare(first=n.Literal(value=value), rest=((symbol, n.Path(full=full)),)) if full:
                if symbol in _TURNED:
                    yield full, _TURNED[symbol], (value,)
            case n.Compare(first=n.Path(full=full), rest=((symbol, n.Items(items=items)),)) if full:
                yield full, symbol, tuple(item.value for item in items)
            case _:
                pass


def _narrowed(known: Range | None, symbol: str, values: tuple[n.Constant, ...]) -> Range | None:
    """What is left of a range; None where nothing can be said."""
    wanted = frozenset(values)
    if isinstance(known, OneOf):
        if symbol in ("==", "in"):
            return OneOf(known.values & wanted)
        if symbol in ("!=", "not in"):
            return OneOf(known.values - wanted)
        known = _numbers(known)
    (value, *more) = values
    if more or isinstance(value, bool | str):
        return OneOf(wanted) if known is None and symbol in ("==", "in") else None
    span = known if known is not None else Between()
    step = 1 if span.whole and isinstance(value, int) else 0
    bounds: Mapping[str, tuple[Number | None, Number | None]] = {
        "==": (value, value),
        "<": (None, value - step),
        "<=": (None, value),
        ">": (value + step, None),
        ">=": (value, None),
    }
    return _cut(span, *bounds[symbol]) if symbol in bounds else None


def _cut(span: Between, low: Number | None, high: Number | None) -> Between:
    lows = [value for value in (span.low, low) if value is not None]
    highs = [value for value in (span.high, high) if value is not None]
    return replace(span, low=max(lows, default=None), high=min(highs, default=None))
