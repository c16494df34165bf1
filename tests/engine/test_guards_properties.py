"""What must hold for every guard: Python agrees, answers never change a known result, checked guards never clash."""

from __future__ import annotations

import builtins
import re
from datetime import date
from decimal import Decimal
from fractions import Fraction
from types import SimpleNamespace

from hypothesis import given
from hypothesis import strategies as st

from engine.errors import ConfigError, Place
from engine.guards import (
    BOOL,
    DATE,
    ERASED,
    NUMBER,
    TEXT,
    UNKNOWN,
    Choice,
    Guard,
    GuardFault,
    GuardTypeFault,
    ListOf,
    Record,
    Scope,
    Type,
    check,
    parse,
)

PLACE = Place("processes/samson.yaml", 7, 15)
MISSING = object()

ROW = Record({"amount": NUMBER, "ok": BOOL})
MANY = Record(
    {"score": Choice(frozenset({1, 2, 5})), "kind": Choice(frozenset({"x", "y"})), "ok": BOOL, "rows": ListOf(ROW)}
)
ONE = Record(
    {
        "amount": NUMBER,
        "text": TEXT,
        "kind": Choice(frozenset({"x", "y", "z"})),
        "agrees": BOOL,
        "start": DATE,
        "end": DATE,
        "picks": ListOf(Choice(frozenset({"x", "y", "z"}))),
        "numbers": ListOf(NUMBER),
    }
)
TASK = Record({"done": NUMBER, "complete": BOOL})
SCOPE = Scope(
    {
        "tasks": Record({"a": TASK, "b": TASK}),
        "answers": Record({"one": ONE, "many": ListOf(MANY)}),
        "vars": Record({"n": NUMBER, "flag": BOOL, "name": TEXT}),
    }
)

# -- environments -----------------------------------------------------------------------------------------------------

numbers = st.integers(-5, 5) | st.decimals(-5, 5, places=1)
days = st.dates(date(2025, 12, 1), date(2026, 2, 1)).map(date.isoformat)
plain = {NUMBER: numbers, TEXT: st.sampled_from(["x", "y", "2026-01-01", "long text"]), BOOL: st.booleans(), DATE: days}


def values(of: Type) -> st.SearchStrategy[object]:
    """Known values of a type."""
    match of:
        case Record(fields=fields):
            return st.fixed_dictionaries({name: values(inner) for name, inner in fields.items()})
        case ListOf(item=item):
            return st.lists(values(item), max_size=3)
        case Choice(values=constants):
            return st.sampled_from(sorted(constants, key=str))
        case _:
            return plain[of]


environments: st.SearchStrategy[dict[str, object]] = st.fixed_dictionaries(
    {name: values(of) for name, of in SCOPE.names.items()}
)


@st.composite
def blanked(draw: st.DrawFn, value: object, path: tuple[str, ...] = ()) -> object:
    """The same environment with some of it unknown."""
    if len(path) > 1 and draw(st.integers(0, 3)) == 0:
        blanks = [None, "", ERASED, UNKNOWN, MISSING, *(["dont_know"] if path[0] == "answers" else [])]
        return draw(st.sampled_from(blanks))
    if isinstance(value, dict):
        found = {name: draw(blanked(inner, (*path, name))) for name, inner in value.items()}
        return {name: inner for name, inner in found.items() if inner is not MISSING}
    if isinstance(value, list):
        found_items = [draw(blanked(inner, (*path, "*"))) for inner in value]
        return [None if inner is MISSING else inner for inner in found_items]
    return value


def partly(data: st.DataObject, env: dict[str, object]) -> dict[str, object]:
    return {name: data.draw(blanked(value, (name,))) for name, value in env.items()}


# -- guards -----------------------------------------------------------------------------------------------------------

PATHS = {
    "number": ["tasks.a.done", "tasks.b.done", "answers.one.amount", "vars.n"],
    "truth": ["tasks.a.complete", "answers.one.agrees", "vars.flag"],
    "text": ["answers.one.text", "answers.one.kind", "vars.name"],
    "date": ["answers.one.start", "answers.one.end"],
}
FIELDS = {
    "answers.many": {"number": ["score"], "truth": ["ok"], "text": ["kind"]},
    "rows": {"number": ["amount"], "truth": ["ok"]},
}


class Writer:
    """Writes random guards; `paths` are those in reach. With `noise`, now and then a value of the wrong kind."""

    def __init__(self, draw: st.DrawFn, *, noise: bool, states: bool) -> None:
        self.draw = draw
        self.noise = noise
        self.states = states
        self.paths = {kind: list(paths) for kind, paths in PATHS.items()}
        self.variables: list[tuple[str, str]] = []

    def one_of(self, *options: str) -> str:
        return self.draw(st.sampled_from(options))

    def write(self, kind: str, depth: int) -> str:
        if self.noise and self.draw(st.integers(0, 30)) == 0:
            kind = self.one_of("number", "truth", "text", "date")
        if depth <= 0 or self.draw(st.integers(0, 4)) == 0:
            return self.leaf(kind)
        return f"({getattr(self, kind)(depth - 1)})"

    def leaf(self, kind: str) -> str:
        if self.draw(st.integers(0, 2)):
            return self.one_of(*self.paths[kind])
        match kind:
            case "number":
                return str(abs(self.draw(numbers)))
            case "truth":
                return self.one_of("True", "False")
            case "date":
                return f"'{self.draw(days)}'"
            case _:
                return self.one_of("'x'", "'y'")

    def choose(self, kind: str, depth: int) -> str:
        return f"{self.write(kind, depth)} if {self.write('truth', depth)} else {self.write(kind, depth)}"

    def text(self, depth: int) -> str:
        return self.choose("text", depth)

    def date(self, depth: int) -> str:
        if self.one_of("choose", "extreme") == "choose":
            return self.choose("date", depth)
        return f"{self.one_of('min', 'max')}({self.write('date', depth)}, {self.write('date', depth)})"

    def number(self, depth: int) -> str:
        one, other = self.write("number", depth), self.write("number", depth)
        options = [
            f"{one} {self.one_of('+', '-', '*', '//', '%')} {other}",
            f"{one} / {self.one_of('2', '4', '0.5')}",
            f"-{one}",
            f"round({one}{self.one_of('', ', 1')})",
            f"{self.one_of('min', 'max')}({one}, {other})",
            f"{self.one_of('min', 'max', 'sum', 'len')}(answers.one.numbers)",
            f"len({self.one_of('answers.many', 'answers.one.picks', 'answers.one.text')})",
        ]
        if self.draw(st.integers(0, len(options))) == 0:
            return self.choose("number", depth)
        if self.draw(st.integers(0, len(options))) == 0:
            return self.quantified(depth, "number", "sum")
        if self.draw(st.integers(0, len(options))) == 0:
            return f"days_between({self.write('date', depth)}, {self.write('date', depth)})"
        return self.one_of(*options)

    def truth(self, depth: int) -> str:
        kinds = [
            "logic",
            "logic",
            "compare",
            "compare",
            "chain",
            "dates",
            "texts",
            "member",
            "negation",
            "choice",
            "quantified",
        ]
        match self.one_of(*kinds, *(["state"] if self.states else [])):
            case "logic":
                return f"{self.write('truth', depth)} {self.one_of('and', 'or')} {self.write('truth', depth)}"
            case "compare":
                return f"{self.write('number', depth)} {self.comparison()} {self.write('number', depth)}"
            case "chain":
                operands = [self.write("number", depth) for _ in range(3)]
                return f"{operands[0]} {self.comparison()} {operands[1]} {self.comparison()} {operands[2]}"
            case "dates":
                return f"{self.write('date', depth)} {self.comparison()} {self.write('date', depth)}"
            case "texts":
                return f"{self.write('text', depth)} {self.one_of('==', '!=')} {self.write('text', depth)}"
            case "member":
                return self.member(depth)
            case "negation":
                return f"not {self.write('truth', depth)}"
            case "choice":
                return self.choose("truth", depth)
            case "state":
                kind = self.one_of("number", "truth", "text", "date")
                return f"state({self.one_of(*self.paths[kind])}) == {self.one_of(*map(repr, ('blank', 'answered')))}"
            case _:
                return self.quantified(depth, "truth", "any", "all")

    def comparison(self) -> str:
        return self.one_of("==", "!=", "<", "<=", ">", ">=")

    def member(self, depth: int) -> str:
        word = self.one_of("in", "not in")
        if self.one_of("number", "text") == "number":
            items = self.one_of("answers.one.numbers", "(1, 2.5, -1)")
            return f"{self.write('number', depth)} {word} {items}"
        return f"{self.write('text', depth)} {word} {self.one_of('answers.one.picks', '[' + repr('x') + ']')}"

    def quantified(self, depth: int, kind: str, *functions: str) -> str:
        rows = [f"{name}.rows" for name, source in self.variables if source == "answers.many"]
        source = self.one_of("answers.many", *rows)
        name, shape = f"v{len(self.variables)}", "rows" if source.endswith(".rows") else source
        before = {kind: list(paths) for kind, paths in self.paths.items()}
        for of, fields in FIELDS[shape].items():
            # Twice, so that most bodies read the variable.
            self.paths[of] += 2 * [f"{name}.{field}" for field in fields]
        self.variables.append((name, source))
        body = self.write(kind, depth)
        condition = f" if {self.write('truth', depth)}" if self.draw(st.booleans()) else ""
        self.variables.pop()
        self.paths = before
        return f"{self.one_of(*functions)}({body} for {name} in {source}{condition})"


@st.composite
def guards(draw: st.DrawFn, kind: str = "truth", *, noise: bool = False, states: bool = False) -> str:
    writer = Writer(draw, noise=noise, states=states)
    return writer.write(kind, draw(st.integers(1, 3))) if kind != "truth" else writer.truth(draw(st.integers(0, 3)))


# -- Python as the judge ----------------------------------------------------------------------------------------------


def pythons(value: object) -> object:
    """A value as plain Python would have it: fractions, so that everything is exact, and objects with attributes."""
    if isinstance(value, dict):
        return SimpleNamespace(**{name: pythons(inner) for name, inner in value.items()})
    if isinstance(value, list):
        return [pythons(inner) for inner in value]
    return Fraction(value) if isinstance(value, int | Decimal) and not isinstance(value, bool) else value


def pythons_text(text: str) -> str:
    return re.sub(r"'[^']*'|(?<![\w.])\d+(?:\.\d+)?", lambda m: m[0] if m[0][0] == "'" else f"F('{m[0]}')", text)


def pythons_verdict(text: str, env: dict[str, object]) -> object:
    names = {name: pythons(value) for name, value in env.items()} | {
        name: getattr(builtins, name) for name in ("any", "all", "len", "min", "max", "sum")
    }
    names["F"] = Fraction
    names["round"] = lambda number, digits=None: round(number, None if digits is None else int(digits))
    names["days_between"] = lambda first, last: (date.fromisoformat(last) - date.fromisoformat(first)).days
    try:
        return eval(pythons_text(text), {"__builtins__": {}, **names})
    except (ZeroDivisionError, ValueError):  # ValueError: min() of an empty list
        return GuardFault


def verdict(text: str, env: dict[str, object]) -> object:
    try:
        return parse(text, PLACE).value(env)
    except GuardFault:
        return GuardFault


@given(guards() | guards("number") | guards("text") | guards("date"), environments)
def test_given_no_unknowns_when_evaluated_then_python_says_the_same(text: str, env: dict[str, object]) -> None:
    found, expected = verdict(text, env), pythons_verdict(text, env)
    assert found == expected
    assert isinstance(found, bool) == isinstance(expected, bool)


@given(guards(), environments, st.data())
def test_given_a_known_result_when_an_unknown_is_answered_then_no_other_result(
    text: str, env: dict[str, object], data: st.DataObject
) -> None:
    before = verdict(text, partly(data, env))
    if before is not UNKNOWN and before is not GuardFault:
        assert verdict(text, env) in (before, GuardFault)


@given(guards(states=True), environments, st.data())
def test_given_any_outcome_when_evaluated_then_paths_are_missing_if_and_only_if_it_is_unknown(
    text: str, env: dict[str, object], data: st.DataObject
) -> None:
    guard = parse(text, PLACE)
    try:
        outcome = guard.evaluate(partly(data, env))
    except GuardFault:
        return
    assert bool(outcome.missing) == (outcome.value is UNKNOWN)
    read = {".".join(path) for path in guard.paths}
    assert all(
        any(f"{path}.".startswith(f"{name}.") or f"{name}.".startswith(f"{path}.") for name in read)
        for path in outcome.missing
    )


@given(guards(noise=True, states=True), environments, st.data())
def test_given_a_guard_that_checks_clean_when_evaluated_then_types_never_clash(
    text: str, env: dict[str, object], data: st.DataObject
) -> None:
    guard = parse(text, PLACE)
    if any(problem.rule != "guard-constant" for problem in check(guard, SCOPE)):
        return
    try:
        guard.evaluate(partly(data, env))
    except GuardTypeFault as clash:
        raise AssertionError(clash.message) from clash
    except GuardFault:
        return


@given(guards(states=True))
def test_given_a_guard_of_matching_types_when_checked_then_lint_finds_at_most_constants(text: str) -> None:
    assert {problem.rule for problem in check(parse(text, PLACE), SCOPE)} <= {"guard-constant"}


TOKENS = ["and", "or", "not", "in", "is", "if", "else", "for", "x", "answers.a", "tasks", "None", "True", "lambda"]
TOKENS += [
    "any(",
    "all(",
    "len(",
    "state(",
    "round(",
    "(",
    ")",
    "[",
    "]",
    "{",
    "}",
    ",",
    ".",
    ":",
    ":=",
    ";",
    "...",
    "=",
]
TOKENS += [
    "==",
    "!=",
    "<",
    "<=",
    "+",
    "-",
    "*",
    "/",
    "//",
    "%",
    "**",
    "@",
    "&",
    "|",
    "!",
    "~",
    "#",
    "\\",
    "\n",
    "\t",
    " ",
]
TOKENS += ["1", "0.5", "1e9", "1j", "0x1", "007", "'a'", '"b"', "'", "'''", "f'{x}'", "b''", "yield", "await", "async"]
TOKENS += ["é", "𝒳", "٣", "\x00", "\ud800", "\u00a0", "\u2028", "\r"]
tokens = st.lists(st.sampled_from(TOKENS), max_size=25)


@given(st.text(max_size=60) | tokens.map(" ".join) | tokens.map("".join))
def test_given_any_text_when_read_then_a_guard_or_a_refusal_within_the_text(text: str) -> None:
    guard, refused = read(text)
    if refused is not None:
        assert isinstance(refused.where, Place)
        assert PLACE.column <= refused.where.column <= PLACE.column + len(text)
        assert refused.message
        assert refused.hint
    if guard is not None:
        check(guard, SCOPE)
        assert verdict(guard.text, {"x": 1, "answers": {}, "tasks": {}}) is not None


def read(text: str) -> tuple[Guard | None, ConfigError | None]:
    try:
        return parse(text, PLACE), None
    except ConfigError as refused:
        return None, refused
