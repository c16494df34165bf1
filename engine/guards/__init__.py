"""Guards: the small expression language in which a template says when something may happen.

A guard is read once (`parse`), checked against what it may see (`check`, before anything is published), and evaluated
often. Its grammar is a part of Python's, but it is not Python: nothing is called save a fixed list of functions,
nothing is looked up save names in nested mappings, there are no floats, and a truth value is no number.

It is three-valued (Kleene 1952, strong tables): an answer that is missing, blank, «vet ikke» or erased is *unknown*,
and so is whatever depends on it; `and`, `or`, `any`, `all` and a conditional absorb it where the rest decides. Any
other fault at run time is a `GuardFault`, never a silent false.

`nodes` is the model that `parse` makes of a text; `values` are the sentinels and the operations on values; `evaluate`
makes closures of the model; `types` says what a guard may see, and `check` finds what does not fit; `possible` finds
what can never hold; `parts` takes a guard apart, to explain it.
"""

from engine.guards.check import check
from engine.guards.evaluate import Guard, Outcome, tally
from engine.guards.parse import parse
from engine.guards.parts import parts, sums
from engine.guards.possible import Between, OneOf, Range, Ranges, impossible
from engine.guards.types import BOOL, DATE, MIXED, NUMBER, TEXT, Choice, ListOf, Record, Scope, Type
from engine.guards.values import ERASED, UNKNOWN, WORKING_DAYS, Erased, GuardFault, GuardTypeFault, Unknown

__all__ = [
    "BOOL",
    "DATE",
    "ERASED",
    "MIXED",
    "NUMBER",
    "TEXT",
    "UNKNOWN",
    "WORKING_DAYS",
    "Between",
    "Choice",
    "Erased",
    "Guard",
    "GuardFault",
    "GuardTypeFault",
    "ListOf",
    "OneOf",
    "Outcome",
    "Range",
    "Ranges",
    "Record",
    "Scope",
    "Type",
    "Unknown",
    "check",
    "impossible",
    "parse",
    "parts",
    "sums",
    "tally",
]
