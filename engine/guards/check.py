"""What does not fit in a guard: names that do not exist, types that clash, conditions that never change.

Checked before anything is published, against the types of what the guard may see. A guard that checks clean never
meets a clash of types at run time, as long as the answers fit their forms. Faults of numbers (division by zero) remain
possible.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from difflib import get_close_matches
from functools import singledispatchmethod

from engine.errors import Problem
from engine.guards import nodes as n
from engine.guards.evaluate import Guard, compiled
from engine.guards.types import (
    BOOL,
    DATE,
    MIXED,
    NUMBER,
    TEXT,
    Choice,
    ListOf,
    Record,
    Scope,
    Type,
    among,
    described,
    is_dates,
    joined,
    kind,
    without_dont_know,
)
from engine.guards.values import DONT_KNOW, STATES, Fault, TypeClash, is_date


def check(guard: Guard, scope: Scope, expected: Type = BOOL) -> list[Problem]:
    """Every problem of a guard, in the order of its text; `expected` is the type that it should give.

    Rules: `guard-unknown-name`, `guard-type`, `guard-not-boolean`, `guard-constant` and, for a variable that hides a
    name, `guard-syntax`.
    """
    checker = _Checker(guard, scope)
    found = checker.infer(guard.tree)
    if found is not None and kind(found) != kind(expected):
        rule = "guard-not-boolean" if kind(expected) == BOOL else "guard-type"
        message = f"the expression gives {described(found)}, and {described(expected)} is needed"
        checker.report(rule, guard.tree.at, message, "Compare it with something." if kind(expected) == BOOL else "")
    checker.constants(guard.tree)
    return sorted(checker.problems, key=lambda problem: (problem.where.line, problem.where.column))


class _Checker:
    """Types from the leaves up. `infer` gives None for what has been reported, so that one mistake is told once."""

    def __init__(self, guard: Guard, scope: Scope) -> None:
        self.problems: list[Problem] = []
        self._guard = guard
        self._scope = scope
        self._variables: dict[str, Type | None] = {}

    def report(self, rule: str, at: int, message: str, hint: str = "") -> None:
        self.problems.append(Problem(rule, message, self._guard.where(at), hint))

    @singledispatchmethod
    def infer(self, node: n.Node) -> Type | None:
        """The type of a node; None if it has been reported."""
        raise TypeError(f"no node of a guard: {node!r}")

    # -- leaves ---------------------------------------------------------------------------------------------------

    @infer.register
    def _(self, node: n.Literal) -> Type | None:
        return Choice(frozenset({node.value}))

    @infer.register
    def _(self, node: n.Items) -> Type | None:
        values = Choice(frozenset(item.value for item in node.items))
        if len({kind(Choice(frozenset({item.value}))) for item in node.items}) > 1:
            self.report(
                "guard-type", node.at, "the list holds values of several kinds", "Keep to numbers, or to texts."
            )
            return None
        return ListOf(values)

    @infer.register
    def _(self, node: n.Path) -> Type | None:
        found = self._resolve(node)
        if found is not None and kind(found) == MIXED:
            message = f"“{node.dotted}” may be of several kinds, so nothing can be done with it"
            self.report("guard-type", node.at, message, "Only state(…) reads it; or let the form ask twice.")
            return None
        return found

    def _resolve(self, node: n.Path) -> Type | None:
        name, *below = node.names
        if name in self._variables:
            found = self._variables[name]
        else:
            found = self._field(node, self._scope.names, name, above="")
        for depth, field in enumerate(below, 1):
            if found is None:
                return None
            found = self._below(node, found, field, ".".join(node.names[:depth]))
        return without_dont_know(found) if found is not None and node.is_answer else found

    def _below(self, node: n.Path, above: Type, field: str, dotted: str) -> Type | None:
        if isinstance(above, Record):
            return self._field(node, above.fields, field, above=dotted)
        hint = ""
        if isinstance(above, ListOf):
            of = above.item.fields.get(field) if isinstance(above.item, Record) else None
            counts = of is not None and kind(without_dont_know(of)) == NUMBER
            total = f", or sum(x.{field} for x in {dotted})" if counts else ""
            hint = f"Go through it: any(x.{field} … for x in {dotted}){total}."
        self.report("guard-type", node.at, f"“{dotted}” is {described(above)} and has no field “{field}”", hint)
        return None

    def _field(self, node: n.Path, fields: Mapping[str, Type], name: str, *, above: str) -> Type | None:
        if name in fields:
            return fields[name]
        known = [*fields, *([] if above else self._variables)]
        message = f"“{above}” has no “{name}”" if above else f"there is no name “{name}”"
        fuller = [] if above else self._fuller(node)
        hint = f"Did you mean “{'” or “'.join(fuller)}”?" if fuller else _suggestion(name, known)
        self.report("guard-unknown-name", node.at, message, hint)
        return None

    def _fuller(self, node: n.Path) -> list[str]:
        """The names under which what a path begins with, and has next, is known: `states.settled`."""
        first, *below = node.names
        found = {
            f"{top}.{first}": of.fields[first]
            for top, of in self._scope.names.items()
            if isinstance(of, Record) and first in of.fields
        }
        fitting = [
            name
            for name, of in found.items()
            if not below or (isinstance(of, Record) and below[0] in of.fields) or isinstance(of, ListOf)
        ]
        return fitting or list(found)

    # -- logic ----------------------------------------------------------------------------------------------------

    def _need(self, node: n.Node, wanted: Type, role: str) -> None:
        found = self.infer(node)
        if found is not None and kind(found) != wanted:
            self.report("guard-type", node.at, f"{role} needs {described(wanted)}, and this is {described(found)}")

    @infer.register
    def _(self, node: n.Logic) -> Type | None:
        for part in node.parts:
            self._need(part, BOOL, f"“{node.operator}”")
        return BOOL

    @infer.register
    def _(self, node: n.Not) -> Type | None:
        self._need(node.part, BOOL, "“not”")
        return BOOL

    @infer.register
    def _(self, node: n.Choose) -> Type | None:
        self._need(node.test, BOOL, "“if”")
        then, otherwise = self.infer(node.then), self.infer(node.otherwise)
        return self._joined([(node.then, then), (node.otherwise, otherwise)], "“if … else”")

    @infer.register
    def _(self, node: n.Quantified) -> Type | None:
        if node.variable in self._scope.names:
            message = f"“{node.variable}” is a name of the process already"
            self.report("guard-syntax", node.at, message, "Call the variable something else.")
        source = self.infer(node.source)
        if source is not None and not isinstance(source, ListOf):
            self.report("guard-type", node.source.at, f"“for” goes through a list, and this is {described(source)}")
        self._variables[node.variable] = source.item if isinstance(source, ListOf) else None
        of = NUMBER if node.function == "sum" else BOOL
        self._need(node.body, of, f"{node.function}()")
        if node.condition is not None:
            self._need(node.condition, BOOL, "“if”")
        del self._variables[node.variable]
        return of

    def _joined(self, parts: Iterable[tuple[n.Node, Type | None]], role: str) -> Type | None:
        """The type that covers all parts, or None."""
        found: Type | None = None
        for node, of in parts:
            if of is None:
                return None
            together = joined(found, of) if found is not None else of
            if together is None:
                what = f"{described(found or of)} and {described(of)}"
                self.report("guard-type", node.at, f"{role} cannot go with {what} together", "Keep to one kind.")
                return None
            found = together
        return found

    # -- comparing ------------------------------------------------------------------------------------------------

    @infer.register
    def _(self, node: n.Compare) -> Type | None:
        left, one = node.first, self.infer(node.first)
        for symbol, right in node.rest:
            other = self.infer(right)
            if symbol in ("in", "not in"):
                self._member(left, one, right, other)
            elif symbol in ("==", "!="):
                self._equal(left, one, right, other)
            else:
                self._ordered(left, one, right, other)
            left, one = right, other
        return BOOL

    def _member(self, left: n.Node, one: Type | None, right: n.Node, other: Type | None) -> None:
        if other is not None and not isinstance(other, ListOf):
            self.report("guard-type", right.at, f"“in” needs a list, and this is {described(other)}")
        elif other is not None:
            self._equal(left, one, right, other.item)

    def _equal(self, left: n.Node, one: Type | None, right: n.Node, other: Type | None) -> None:
        if one is None or other is None or self._asks_for_dont_know(left, right):
            return
        if not self._comparable(left, one, other):
            return
        for literals, of, node in ((_literals(left), other, right), (_literals(right), one, left)):
            if not _literals(node):
                for literal in literals:
                    self._constant(literal, of)

    def _asks_for_dont_know(self, left: n.Node, right: n.Node) -> bool:
        for literals, path in ((_literals(left), right), (_literals(right), left)):
            for literal in literals:
                if literal.value == DONT_KNOW and isinstance(path, n.Path) and path.is_answer:
                    hint = f"Write state({'.'.join(path.names)}) == '{DONT_KNOW}'."
                    self.report("guard-constant", literal.at, f"'{DONT_KNOW}' equals no answer: it is unknown", hint)
                    return True
        return False

    def _comparable(self, left: n.Node, one: Type, other: Type) -> bool:
        clash = kind(one) is None or kind(one) != kind(other)
        # A date is compared with dates, and with constants, which `_constant` looks at.
        clash = clash or any(a == DATE and b == TEXT for a, b in ((one, other), (other, one)))
        if clash:
            message = f"{described(one)} and {described(other)} cannot be compared"
            self.report("guard-type", left.at, message, _comparing({kind(one), kind(other)}))
        return not clash

    def _constant(self, literal: n.Literal, of: Type) -> None:
        if isinstance(of, Choice) and not among(literal.value, of.values):
            known = sorted(str(value) for value in of.values)
            message = f"{_written(literal.value)} is none of the values, so this never changes"
            self.report("guard-constant", literal.at, message, _suggestion(str(literal.value), known))
        elif of == DATE and not (isinstance(literal.value, str) and is_date(literal.value)):
            self.report("guard-type", literal.at, f"{_written(literal.value)} is no date", "Write it as '2026-01-31'.")

    def _ordered(self, left: n.Node, one: Type | None, right: n.Node, other: Type | None) -> None:
        if one is None or other is None:
            return
        if (kind(one) == NUMBER and kind(other) == NUMBER) or (is_dates(one) and is_dates(other)):
            return
        if not self._comparable(left, one, other):
            return
        if DATE in (one, other):
            wrong = [literal for literal in (*_literals(left), *_literals(right)) if not is_date(str(literal.value))]
            for literal in wrong:
                self._constant(literal, DATE)
            if wrong:
                return
        hint = "Numbers and dates have an order; otherwise name the values: … in ('one', 'two')."
        self.report("guard-type", left.at, f"{described(one)} has no order", hint)

    # -- counting -------------------------------------------------------------------------------------------------

    @infer.register
    def _(self, node: n.Arithmetic) -> Type | None:
        self._need(node.left, NUMBER, f"“{node.operator}”")
        self._need(node.right, NUMBER, f"“{node.operator}”")
        divisor = node.right.value if isinstance(node.right, n.Literal) else None
        divides = node.operator in ("/", "//", "%") and not isinstance(divisor, bool | str) and divisor == 0
        if divides and n.reads(node.left):  # a division of constants is `constants`'s
            self.report("guard-constant", node.right.at, "a division by zero always fails", "Divide by something else.")
        return NUMBER

    @infer.register
    def _(self, node: n.Negate) -> Type | None:
        self._need(node.part, NUMBER, "“-”")
        return NUMBER

    @infer.register
    def _(self, node: n.Call) -> Type | None:
        match node.function:
            case "state":
                # Only whether there is such a thing; a value of several kinds may be asked about.
                found = self._resolve(node.arguments[0]) if isinstance(node.arguments[0], n.Path) else None
                return Choice(frozenset(STATES)) if found is not None else None
            case "len":
                self._length(node.arguments[0])
            case "round":
                self._need(node.arguments[0], NUMBER, "round()")
            case "days_between" | "working_days_between":
                for argument in node.arguments:
                    self._needs_date(node.function, argument)
            case "sum":
                self._numbers(node.arguments[0])
            case "min" | "max":
                return self._extreme(node)
        return NUMBER

    def _length(self, node: n.Node) -> None:
        found = self.infer(node)
        if found is not None and not isinstance(found, ListOf) and kind(found) != TEXT:
            self.report("guard-type", node.at, f"len() needs a list or a text, and this is {described(found)}")

    def _needs_date(self, function: str, node: n.Node) -> None:
        found = self.infer(node)
        if found is not None and not is_dates(found):
            hint = "Write a date as '2026-01-31'."
            self.report("guard-type", node.at, f"{function}() needs dates, and this is {described(found)}", hint)

    def _numbers(self, node: n.Node) -> None:
        found = self.infer(node)
        if found is not None and not (isinstance(found, ListOf) and kind(found.item) == NUMBER):
            hint = "Of a field of each: sum(x.score for x in …)."
            self.report("guard-type", node.at, "sum() needs a list of numbers", hint)

    def _extreme(self, node: n.Call) -> Type | None:
        name, arguments = f"{node.function}()", node.arguments
        if len(arguments) == 1:
            source = self.infer(arguments[0])
            if source is not None and not isinstance(source, ListOf):
                self.report("guard-type", arguments[0].at, f"{name} needs a list, or more than one value")
            found = source.item if isinstance(source, ListOf) else None
        else:
            found = self._joined([(argument, self.infer(argument)) for argument in arguments], name)
        if found is None or kind(found) == NUMBER or is_dates(found):
            return found
        self.report("guard-type", arguments[0].at, f"{name} compares numbers or dates, and this is {described(found)}")
        return None

    # -- conditions that never change -----------------------------------------------------------------------------

    def constants(self, node: n.Node, *, is_condition: bool = True) -> None:
        """Report every outermost condition that reads nothing, and so is always true or always false."""
        if isinstance(node, n.Literal | n.Items | n.Path) and not (is_condition and isinstance(node, n.Literal)):
            return
        if not n.reads(node) and self._settled(node):
            return
        conditions = _conditions(node)
        for child in n.children(node):
            self.constants(child, is_condition=any(child is condition for condition in conditions))

    def _settled(self, node: n.Node) -> bool:
        try:
            value = compiled(node)({})
        except TypeClash:  # told already, as guard-type
            return False
        except Fault as fault:
            self.report("guard-constant", node.at, f"this always fails: {fault.reason}", "Write another condition.")
            return True
        if isinstance(value, bool):
            always = "true" if value else "false"
            self.report("guard-constant", node.at, f"this is always {always}, whatever is answered", "Leave it out.")
        return isinstance(value, bool)


def _comparing(kinds: Collection[Type | None]) -> str:
    """What to write where two kinds do not go together."""
    if BOOL in kinds:
        return "Write it alone, or compare with True or False, without quotes."
    return "Write the number without quotes." if NUMBER in kinds and TEXT in kinds else ""


def _conditions(node: n.Node) -> Sequence[n.Node]:
    """The children that must be true or false."""
    match node:
        case n.Logic(parts=parts):
            return parts
        case n.Not(part=part):
            return (part,)
        case n.Choose(test=test):
            return (test,)
        case n.Quantified(function=function, body=body, condition=condition):
            return (*([body] if function != "sum" else []), *([condition] if condition else []))
        case _:
            return ()


def _literals(node: n.Node) -> Sequence[n.Literal]:
    """The constants that a node consists of."""
    match node:
        case n.Literal():
            return (node,)
        case n.Items(items=items):
            return items
        case _:
            return ()


def _written(value: n.Constant) -> str:
    return f"'{value}'" if isinstance(value, str) else str(value)


def _suggestion(name: str, known: Iterable[str]) -> str:
    options = list(known)
    close = get_close_matches(name, options, 1)
    if close:
        return f"Did you mean “{close[0]}”?"
    return f"There are: {', '.join(options[:20]) or 'none'}."
