"""What guards count with: the sentinels, and every operation on values.

Values are truth values, integers, decimals, texts, lists and records (mappings). Integers and decimals are exact;
division keeps 40 digits and rounds half to even. There are no floats, and nothing here knows the text of a guard.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from decimal import Context, Decimal, DecimalException, DivisionByZero, Inexact, InvalidOperation, Overflow
from enum import Enum
from typing import NoReturn, TypeAlias, TypeGuard

from engine.errors import Place, SamskapError

Number: TypeAlias = int | Decimal


class Unknown(Enum):
    """The type of `UNKNOWN`."""

    UNKNOWN = "unknown"

    def __repr__(self) -> str:
        return "unknown"

    def __bool__(self) -> NoReturn:
        raise TypeError("unknown is neither true nor false: ask whether a value is True, is False or is UNKNOWN")


class Erased(Enum):
    """The type of `ERASED`."""

    ERASED = "erased"

    def __repr__(self) -> str:
        return "erased"


UNKNOWN = Unknown.UNKNOWN
"""The value of a guard, or of something in its environment, that cannot be told."""

ERASED = Erased.ERASED
"""Stands in an environment for an answer that was erased."""

DONT_KNOW = "dont_know"
"""The reserved answer «vet ikke»."""

STATES = frozenset({"answered", DONT_KNOW, "blank", "erased"})
"""What `state(…)` may say."""


class GuardFault(SamskapError):
    """A guard failed at run time: `text` is the guard, `reason` what went wrong. An incident, not an answer."""

    code = "guard_fault"
    exit_code = 5

    def __init__(self, text: str, reason: str, *, where: Place | None = None) -> None:
        super().__init__(
            f"the guard “{text}” cannot be evaluated: {reason}",
            hint="The template's author has to mend this; nothing was decided.",
            where=where,
        )
        self.text = text
        self.reason = reason


class GuardTypeFault(GuardFault):
    """Values of the wrong type met. A guard that checks clean raises it only if the answers do not fit the forms."""

    code = "guard_type_fault"


class Fault(Exception):
    """Evaluation cannot go on. Inside this package only: `Guard` makes a `GuardFault` of it."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class TypeClash(Fault):
    """Values of the wrong type met. Inside this package only."""


class Absent:
    """Unknown, together with the dotted paths of the answers that made it so. Inside this package only."""

    __slots__ = ("missing",)

    def __init__(self, missing: tuple[str, ...]) -> None:
        self.missing = missing


def merged(values: Iterable[object]) -> Absent:
    """Unknown because of every unknown value among these, each path once."""
    return Absent(tuple(dict.fromkeys(path for v in values if isinstance(v, Absent) for path in v.missing)))


# -- what stands in an environment ------------------------------------------------------------------------------------


def answer_state(value: object, *, is_answer: bool) -> str:
    """What `state(…)` says of a value as it stands in the environment."""
    if value is ERASED:
        return "erased"
    if value is None or value is UNKNOWN or value == "":
        return "blank"
    return DONT_KNOW if is_answer and value == DONT_KNOW else "answered"


def cleaned(value: object, dotted: str, *, is_answer: bool) -> object:
    """A value of the environment as guards count with it; raise `TypeClash` for what they do not know, as a float."""
    if isinstance(value, bool | int | Mapping):
        return value
    if isinstance(value, list | tuple):
        return tuple(cleaned(item, f"{dotted}.*", is_answer=is_answer) for item in value)
    if isinstance(value, Decimal) and value.is_finite():
        return value
    if value is None or isinstance(value, str | Erased | Unknown):
        return value if answer_state(value, is_answer=is_answer) == "answered" else Absent((dotted,))
    raise TypeClash(f"“{dotted}” holds {named(value)}, which guards do not know")


def named(value: object) -> str:
    """The kind of a value, for people; never the value itself, which may be somebody's answer."""
    if isinstance(value, bool):
        return "a truth value"
    if is_number(value):
        return "a number"
    for kinds, name in ((str, "a text"), (list | tuple, "a list"), (Mapping, "a record")):
        if isinstance(value, kinds):
            return name
    return f"a value of the type {type(value).__name__}"


def is_number(value: object) -> TypeGuard[Number]:
    """Whether a value is a number; a truth value is none."""
    return isinstance(value, int | Decimal) and not isinstance(value, bool)


# -- comparing --------------------------------------------------------------------------------------------------------

TESTS: Mapping[str, Callable[..., bool]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def compare(symbol: str, left: object, right: object) -> bool | Absent:
    """`left symbol right` for two numbers, two texts, or (equal or not) two truth values."""
    if symbol in ("in", "not in"):
        return contains(left, right, negated=symbol == "not in")
    if isinstance(left, Absent) or isinstance(right, Absent):
        return merged((left, right))
    if (
        (is_number(left) and is_number(right))
        or (isinstance(left, str) and isinstance(right, str))
        or (isinstance(left, bool) and isinstance(right, bool) and symbol in ("==", "!="))
    ):
        return TESTS[symbol](left, right)
    raise TypeClash(f"{named(left)} and {named(right)} cannot be compared by {symbol}")


def contains(value: object, items: object, *, negated: bool) -> bool | Absent:
    """Whether a value is among the items: `value == item` for any of them."""
    if isinstance(items, Absent):
        return merged((value, items))
    if not isinstance(items, tuple):
        raise TypeClash(f"“in” needs a list, and found {named(items)}")
    found = [compare("==", value, item) for item in items]
    if True in found:
        return not negated
    return merged(found) if any(isinstance(f, Absent) for f in found) else negated


# -- counting ---------------------------------------------------------------------------------------------------------

_EXACT = Context(prec=1000, Emax=1000, Emin=-1000, traps=[Inexact, InvalidOperation, DivisionByZero, Overflow])
_DIVISION = Context(prec=40, traps=[InvalidOperation, DivisionByZero, Overflow])
_ROUNDING = Context(prec=1000, Emax=1000, Emin=-1000, traps=[InvalidOperation, Overflow])


def _floor_divide(left: Decimal, right: Decimal) -> Decimal:
    """The whole quotient, downwards as for integers: decimal's own goes towards zero."""
    return _EXACT.divide(_EXACT.subtract(left, _modulo(left, right)), right)


def _modulo(left: Decimal, right: Decimal) -> Decimal:
    """The remainder with the sign of the divisor, as for integers."""
    rest = _EXACT.remainder(left, right)
    return _EXACT.add(rest, right) if rest and (rest < 0) != (right < 0) else rest


_ON_INTEGERS: Mapping[str, Callable[[int, int], Number]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": lambda left, right: _DIVISION.divide(Decimal(left), Decimal(right)),
    "//": operator.floordiv,
    "%": operator.mod,
}
_ON_DECIMALS: Mapping[str, Callable[[Decimal, Decimal], Decimal]] = {
    "+": _EXACT.add,
    "-": _EXACT.subtract,
    "*": _EXACT.multiply,
    "/": _DIVISION.divide,
    "//": _floor_divide,
    "%": _modulo,
}


def calculate(symbol: str, left: object, right: object) -> Number | Absent:
    """`left symbol right` for two numbers: exact, save that `/` keeps 40 digits and rounds half to even.

    Raise `Fault` for a division by zero and for what cannot be kept exactly (over 1000 digits).
    """
    if isinstance(left, Absent) or isinstance(right, Absent):
        return merged((left, right))
    if not is_number(left) or not is_number(right):
        raise TypeClash(f"{symbol} counts with numbers, and found {named(left)} and {named(right)}")
    if symbol in ("/", "//", "%") and not right:
        raise Fault("division by zero")
    try:
        if isinstance(left, int) and isinstance(right, int):
            return _ON_INTEGERS[symbol](left, right)
        return _ON_DECIMALS[symbol](Decimal(left), Decimal(right))
    except DecimalException:
        raise Fault("a number has too many digits to be kept exactly") from None


def negate(value: object) -> Number | Absent:
    """The number with the other sign."""
    return calculate("-", 0, value)


# -- the functions ----------------------------------------------------------------------------------------------------


def length(value: object) -> int | Absent:
    """How many elements a list, or characters a text, has."""
    if isinstance(value, Absent):
        return value
    if not isinstance(value, tuple | str):
        raise TypeClash(f"len() needs a list or a text, and found {named(value)}")
    return len(value)


def total(values: object) -> Number | Absent:
    """The sum of a list of numbers; of none it is 0."""
    found: Number | Absent = 0
    for value in _listed("sum", values):
        found = calculate("+", found, value)
    return found


def smallest(*values: object) -> object:
    """The least of some numbers or dates."""
    return _extreme("min", "<", values)


def largest(*values: object) -> object:
    """The greatest of some numbers or dates."""
    return _extreme("max", ">", values)


def rounded(value: object, digits: object = None) -> Number | Absent:
    """A number to so many decimals, half to even; without `digits` to an integer."""
    if isinstance(value, Absent):
        return value
    if not is_number(value):
        raise TypeClash(f"round() needs a number, and found {named(value)}")
    if isinstance(value, int):
        return value
    places = digits if isinstance(digits, int) else 0
    try:
        found = value.quantize(Decimal(1).scaleb(-places), context=_ROUNDING)
    except DecimalException:
        raise Fault("a number has too many digits to be rounded") from None
    return int(found) if digits is None else found


def days_between(first: object, last: object) -> int | Absent:
    """Days from the first ISO date to the last; below zero if the last is earlier."""
    if isinstance(first, Absent) or isinstance(last, Absent):
        return merged((first, last))
    return (_date(last) - _date(first)).days


WORKING_DAYS = "working days of the calendar"
"""Where an environment holds the function that counts them: no name that a guard could write."""


def working_days_between(count: object, first: object, last: object) -> int | Absent:
    """Working days after the first ISO date up to the last, as the environment's `count` has them."""
    if not callable(count):
        raise Fault("working_days_between() has no calendar here")
    if isinstance(first, Absent) or isinstance(last, Absent):
        return merged((first, last))
    try:
        found: int = count(_date(first), _date(last))
    except ValueError as error:
        raise Fault(str(error)) from None
    return found


FUNCTIONS: Mapping[str, Callable[..., object]] = {
    "len": length,
    "min": smallest,
    "max": largest,
    "sum": total,
    "round": rounded,
    "days_between": days_between,
}
"""The functions on values. `state`, `any` and `all` look at the environment, and are `evaluate`'s."""


def _listed(function: str, values: object) -> Sequence[object]:
    if isinstance(values, Absent):
        return (values,)
    if not isinstance(values, tuple):
        raise TypeClash(f"{function}() needs a list, and found {named(values)}")
    return values


def _extreme(function: str, symbol: str, values: Sequence[object]) -> object:
    items = _listed(function, values[0]) if len(values) == 1 else values
    for item in items:
        if not isinstance(item, Absent | str) and not is_number(item):
            raise TypeClash(f"{function}() compares numbers or dates, and found {named(item)}")
    if any(isinstance(item, Absent) for item in items):
        return merged(items)
    if not items:
        raise Fault(f"{function}() of an empty list")
    best = items[0]
    for item in items[1:]:
        if compare(symbol, item, best) is True:
            best = item
    return best


_ISO_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def is_date(text: str) -> bool:
    """Whether a text is a date that exists, as YYYY-MM-DD."""
    if not _ISO_DATE.fullmatch(text):
        return False
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def _date(value: object) -> date:
    if not isinstance(value, str):
        raise TypeClash(f"days_between() needs two dates, and found {named(value)}")
    if not is_date(value):
        raise Fault("days_between() needs dates as YYYY-MM-DD")
    return date.fromisoformat(value)
