"""From the model of a guard to closures that evaluate it, and `Guard`, which holds both.

Compiled once, so that evaluating costs a few dictionary look-ups and no walk over the tree. Nothing is remembered
between evaluations, and the environment is only read.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import singledispatch
from typing import TypeAlias

from engine.errors import Place
from engine.guards import nodes as n
from engine.guards.values import (
    FUNCTIONS,
    TESTS,
    UNKNOWN,
    WORKING_DAYS,
    Absent,
    Fault,
    GuardFault,
    GuardTypeFault,
    TypeClash,
    Unknown,
    answer_state,
    calculate,
    cleaned,
    compare,
    merged,
    named,
    negate,
    working_days_between,
)

Environment: TypeAlias = Mapping[str, object]
Run: TypeAlias = Callable[[Environment], object]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a guard says: true, false or unknown; and if unknown, the dotted paths of the answers that made it so."""

    value: bool | Unknown
    missing: tuple[str, ...] = ()


_OUTCOMES = {True: Outcome(True), False: Outcome(False)}


@dataclass(frozen=True, slots=True)
class Guard:
    """An expression that was read: its text, every path it reads, where it stands, and how to evaluate it.

    In `paths` a variable of `any` or `all` is resolved to the list's path and `*`. Two guards are equal if text and
    place are.
    """

    text: str
    place: Place
    tree: n.Node = field(repr=False, compare=False)
    paths: frozenset[tuple[str, ...]] = field(repr=False, compare=False)
    run: Run = field(repr=False, compare=False)

    @classmethod
    def of(cls, text: str, place: Place, tree: n.Node) -> Guard:
        """The guard of a model."""
        return cls(text, place, tree, n.reads(tree), compiled(tree))

    def evaluate(self, env: Environment) -> Outcome:
        """True, false or unknown in an environment of nested mappings; raise `GuardFault` for anything else."""
        found = self._found(env)
        if found is True or found is False:
            return _OUTCOMES[found]
        if isinstance(found, Absent):
            return Outcome(UNKNOWN, found.missing)
        raise GuardTypeFault(self.text, f"it gives {named(found)}, neither true nor false", where=self.place)

    def value(self, env: Environment) -> object:
        """The value of an expression of any type, or `UNKNOWN`; raise `GuardFault` for anything else.

        Integers and decimals are exact; a division keeps 40 digits and rounds half to even. A list is a tuple.
        """
        return _shown(self._found(env))

    def where(self, at: int) -> Place:
        """The place of a character of the text, such as a node's `at`."""
        return n.spot(self.place, self.text, at)

    def at(self, path: tuple[str, ...]) -> int:
        """The character where the text first reads a path; 0 where it does not."""
        return min((node.at for node in n.walk(self.tree) if isinstance(node, n.Path) and node.full == path), default=0)

    def _found(self, env: Environment) -> object:
        try:
            return self.run(env)
        except TypeClash as clash:
            raise GuardTypeFault(self.text, clash.reason, where=self.place) from None
        except Fault as fault:
            raise GuardFault(self.text, fault.reason, where=self.place) from None


def _shown(value: object) -> object:
    if isinstance(value, tuple):
        return tuple(_shown(item) for item in value)
    return UNKNOWN if isinstance(value, Absent) else value


@singledispatch
def compiled(node: n.Node) -> Run:
    """A closure from an environment to the node's value, or `Absent`; it raises `Fault`."""
    raise TypeError(f"no node of a guard: {node!r}")


# -- leaves -----------------------------------------------------------------------------------------------------------


@compiled.register
def _(node: n.Literal) -> Run:
    value = node.value
    return lambda env: value


@compiled.register
def _(node: n.Items) -> Run:
    values = tuple(item.value for item in node.items)
    return lambda env: values


_READY = frozenset({bool, int})
"""Types that need no cleaning. Everything else goes the slower way."""


@compiled.register
def _(node: n.Path) -> Run:
    names, dotted, is_answer = node.names, node.dotted, node.is_answer

    def read(env: Environment) -> object:
        value: object = env
        for name in names:
            if type(value) is not dict or name not in value:
                value = look_up(node, env)
                break
            value = value[name]
        return value if type(value) in _READY else cleaned(value, dotted, is_answer=is_answer)

    return read


def look_up(path: n.Path, env: Environment) -> object:
    """What stands at a path, as it stands there; None if it is missing, and a blank or erased parent stands for its
    fields.
    """
    value: object = env
    for name in path.names:
        if isinstance(value, Mapping):
            value = value.get(name)
        elif answer_state(value, is_answer=path.is_answer) != "answered":
            return value
        else:
            raise TypeClash(f"“{path.dotted}” looks for a field in {named(value)}")
    return value


# -- logic ------------------------------------------------------------------------------------------------------------


@compiled.register
def _(node: n.Logic) -> Run:
    return _logic([compiled(part) for part in node.parts], decisive=node.operator == "or")


def _logic(parts: Sequence[Run], *, decisive: bool) -> Run:
    """`or` if true is what decides, `and` if false is."""
    neutral = not decisive

    def run(env: Environment) -> object:
        for number, part in enumerate(parts):
            value = part(env)
            if value is decisive:
                return decisive
            if value is not neutral:
                return _undecided(_absent(value), parts[number + 1 :], env, decisive)
        return neutral

    return run


def _undecided(first: Absent, rest: Sequence[Run], env: Environment, decisive: bool) -> object:
    """Whether what stands behind an unknown part decides after all.

    The unknown part may be there to keep the rest from being evaluated (`x != 0 and y / x > 1`), so a fault there is
    none yet.
    """
    found: list[object] = [first]
    for part in rest:
        value = _attempt(part, env)
        if value is decisive:
            return decisive
        found.append(value)
    return merged(found)


def _attempt(run: Run, env: Environment) -> object:
    """The value, or unknown if it faults."""
    try:
        return run(env)
    except Fault:
        return Absent(())


def _absent(value: object) -> Absent:
    if isinstance(value, Absent):
        return value
    raise TypeClash(f"true or false was expected, and found {named(value)}")


@compiled.register
def _(node: n.Not) -> Run:
    return _negation(compiled(node.part))


def _negation(part: Run) -> Run:
    def run(env: Environment) -> object:
        value = part(env)
        if value is True:
            return False
        return True if value is False else _absent(value)

    return run


@compiled.register
def _(node: n.Choose) -> Run:
    test, then, otherwise = compiled(node.test), compiled(node.then), compiled(node.otherwise)

    def run(env: Environment) -> object:
        chosen = test(env)
        if chosen is True:
            return then(env)
        if chosen is False:
            return otherwise(env)
        return _either(_absent(chosen), _attempt(then, env), _attempt(otherwise, env))

    return run


def _either(test: Absent, then: object, otherwise: object) -> object:
    """What both branches agree on, whichever will be chosen."""
    if not isinstance(then, Absent) and not isinstance(otherwise, Absent):
        try:
            if compare("==", then, otherwise) is True:
                return then
        except TypeClash:
            return test
    return merged((test, then, otherwise))


@compiled.register
def _(node: n.Quantified) -> Run:
    if node.function == "sum":
        return _total(node)
    decisive = node.function == "any"
    neutral = not decisive
    variable, body, elements = node.variable, _body(node), _elements(node.source)

    def run(env: Environment) -> object:
        items = elements(env)
        if isinstance(items, Absent):
            return items
        inner = dict(env)
        unknown: list[Absent] = []
        for item in items:
            inner[variable] = item
            value = body(inner)
            if value is decisive:
                return decisive
            if value is not neutral:
                unknown.append(_absent(value))
        return merged(unknown) if unknown else neutral

    return run


def _body(node: n.Quantified) -> Run:
    """What is asked of each element: with a condition also that, or for `all` that it does not fall under it."""
    body = compiled(node.body)
    if node.condition is None:
        return body
    decisive = node.function == "any"
    condition = compiled(node.condition)
    return _logic([condition if decisive else _negation(condition), body], decisive=not decisive)


def _total(node: n.Quantified) -> Run:
    """The sum of what the body is of each element that falls under the condition; unknown where one of these is."""
    variable, body, elements = node.variable, compiled(node.body), _elements(node.source)
    condition = compiled(node.condition) if node.condition is not None else _always

    def run(env: Environment) -> object:
        items = elements(env)
        if isinstance(items, Absent):
            return items
        inner = dict(env)
        total: object = 0
        for item in items:
            inner[variable] = item
            counts = condition(inner)
            if counts is not False:
                total = calculate("+", total, body(inner) if counts is True else _absent(counts))
        return total

    return run


def _always(_: Environment) -> object:
    return True


def tally(guard: Guard, env: Environment) -> tuple[int, int, int] | None:
    """For how many elements an `any` or `all` holds, does not hold, and is unknown; None for anything else.

    An element for which it fails is unknown. For explaining; a guard itself stops at the element that decides.
    """
    node = guard.tree
    if not isinstance(node, n.Quantified) or node.function == "sum":
        return None
    items, body = _attempt(_elements(node.source), env), _body(node)
    if not isinstance(items, list | tuple):
        return None
    found = [_attempt(body, {**env, node.variable: item}) for item in items]
    held, failed = found.count(True), found.count(False)
    return held, failed, len(found) - held - failed


def _elements(source: n.Path | n.Items) -> Callable[[Environment], Sequence[object] | Absent]:
    """The elements of a list as they stand in the environment: `state` must see whether one is erased."""
    if isinstance(source, n.Items):
        values = tuple(item.value for item in source.items)
        return lambda env: values

    def run(env: Environment) -> Sequence[object] | Absent:
        found = look_up(source, env)
        if isinstance(found, list | tuple):
            return found
        value = cleaned(found, source.dotted, is_answer=source.is_answer)
        if isinstance(value, Absent):
            return value
        raise TypeClash(f"“{source.dotted}” should be a list, and is {named(value)}")

    return run


# -- comparing, counting, functions -----------------------------------------------------------------------------------


@compiled.register
def _(node: n.Compare) -> Run:
    first, rest = compiled(node.first), [(symbol, compiled(operand)) for symbol, operand in node.rest]
    if len(rest) == 1:
        return _comparison(rest[0][0], first, rest[0][1])

    def chain(env: Environment) -> object:
        left, found = first(env), list[object]()
        for symbol, operand in rest:
            right = operand(env)
            held = compare(symbol, left, right)
            if held is False:
                return False
            found.append(held)
            left = right
        return merged(found) if any(isinstance(held, Absent) for held in found) else True

    return chain


def _comparison(symbol: str, left: Run, right: Run) -> Run:
    test = TESTS.get(symbol)

    def run(env: Environment) -> object:
        one, other = left(env), right(env)
        if type(one) is int and type(other) is int and test is not None:
            return test(one, other)
        return compare(symbol, one, other)

    return run


@compiled.register
def _(node: n.Arithmetic) -> Run:
    symbol, left, right = node.operator, compiled(node.left), compiled(node.right)
    return lambda env: calculate(symbol, left(env), right(env))


@compiled.register
def _(node: n.Negate) -> Run:
    part = compiled(node.part)
    return lambda env: negate(part(env))


@compiled.register
def _(node: n.Call) -> Run:
    if node.function == "state":
        return _state(node.arguments[0])
    arguments = [compiled(argument) for argument in node.arguments]
    if node.function == "working_days_between":
        first, last = arguments
        return lambda env: working_days_between(env.get(WORKING_DAYS), first(env), last(env))
    function = FUNCTIONS[node.function]
    return lambda env: function(*(argument(env) for argument in arguments))


def _state(path: n.Node) -> Run:
    if not isinstance(path, n.Path):
        raise TypeError("state() reads a path")
    return lambda env: answer_state(look_up(path, env), is_answer=path.is_answer)
