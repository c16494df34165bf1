"""What a guard may see: the types of names and answers, as lint knows them before anything runs.

Anything may also be unknown at run time, so no type says so. These are no validators: whether answers have these types
is the forms' to see to.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

from engine.guards.values import DONT_KNOW, is_date, is_number


@dataclass(frozen=True, slots=True)
class Plain:
    """A type without parts; there are five of them, below."""

    name: str


NUMBER = Plain("number")
"""An integer or a decimal."""

TEXT = Plain("text")

BOOL = Plain("truth value")

DATE = Plain("date")
"""A text that is a date, YYYY-MM-DD."""

MIXED = Plain("value of several kinds")
"""Now a number, now a text: only `state(…)` can read it."""


@dataclass(frozen=True, slots=True)
class Choice:
    """One of some constants: numbers, texts or truth values. `dont_know` among an answer's is left out of account."""

    values: frozenset[object]


@dataclass(frozen=True, slots=True)
class ListOf:
    """A list whose elements are of one type."""

    item: Type


@dataclass(frozen=True, slots=True)
class Record:
    """A mapping with known fields."""

    fields: Mapping[str, Type]


Type: TypeAlias = Plain | Choice | ListOf | Record


@dataclass(frozen=True, slots=True)
class Scope:
    """The names that a guard may begin with, and their types."""

    names: Mapping[str, Type]


def kind(of: Type) -> Plain | None:
    """NUMBER, TEXT or BOOL, as values of the type are at run time; MIXED if they differ, None for lists and records."""
    match of:
        case Choice(values=values):
            kinds = {_kind_of(value) for value in values}
            return kinds.pop() if len(kinds) == 1 else MIXED
        case Plain():
            return TEXT if of == DATE else of
        case _:
            return None


def _kind_of(value: object) -> Plain:
    if isinstance(value, bool):
        return BOOL
    return NUMBER if is_number(value) else TEXT


def described(of: Type) -> str:
    """A type for people, with its article."""
    match of:
        case ListOf():
            return "a list"
        case Record():
            return "a record"
        case _:
            return f"a {of.name if isinstance(of, Plain) else (kind(of) or MIXED).name}"


def is_dates(of: Type) -> bool:
    """Whether every value of the type is a date: also constants such as '2026-01-31'."""
    if isinstance(of, Choice):
        return bool(of.values) and all(isinstance(value, str) and is_date(value) for value in of.values)
    return of == DATE


def among(value: object, values: frozenset[object]) -> bool:
    """Whether a constant is one of the values; 1 and true are two."""
    return any(value == other and _kind_of(value) == _kind_of(other) for other in values)


def without_dont_know(of: Type) -> Type:
    """An answer's type, in which «vet ikke» is no value but unknown."""
    match of:
        case Choice(values=values):
            return Choice(values - {DONT_KNOW})
        case ListOf(item=item):
            return ListOf(without_dont_know(item))
        case _:
            return of


def joined(one: Type, other: Type) -> Type | None:
    """The type of what is now one, now the other; None if there is none that guards can use."""
    if isinstance(one, ListOf) and isinstance(other, ListOf):
        item = joined(one.item, other.item)
        return ListOf(item) if item else None
    if kind(one) is None or kind(one) != kind(other) or kind(one) == MIXED:
        return None
    if isinstance(one, Choice) and isinstance(other, Choice):
        return Choice(one.values | other.values)
    return DATE if is_dates(one) and is_dates(other) else kind(one)
