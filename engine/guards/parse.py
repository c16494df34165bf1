"""From a text to a `Guard`: Python's grammar reads it, and every node of Python's tree is let through by name or
refused.

Nothing is evaluated here and no name is looked up. What is refused says where, why, and what to write instead.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping
from decimal import Decimal
from difflib import get_close_matches
from functools import singledispatchmethod
from typing import NoReturn

from engine.errors import ConfigError, Place
from engine.guards import nodes as n
from engine.guards.evaluate import Guard

MAX_LENGTH = 1000
MAX_DEPTH = 20
MAX_ITEMS = 100
MAX_DIGITS = 20

ARGUMENTS: Mapping[str, tuple[int, int]] = {
    "any": (1, 1),
    "all": (1, 1),
    "days_between": (2, 2),
    "len": (1, 1),
    "max": (1, MAX_ITEMS),
    "min": (1, MAX_ITEMS),
    "round": (1, 2),
    "state": (1, 1),
    "sum": (1, 1),
    "working_days_between": (2, 2),
}
"""The functions, and how few and how many arguments each takes."""

_COMPARISONS: Mapping[type[ast.cmpop], str] = {
    ast.Eq: "==",
    ast.NotEq: "!=",
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
    ast.In: "in",
    ast.NotIn: "not in",
}
_ARITHMETIC: Mapping[type[ast.operator], str] = {
    ast.Add: "+",
    ast.Sub: "-",
    ast.Mult: "*",
    ast.Div: "/",
    ast.FloorDiv: "//",
    ast.Mod: "%",
}
_NO_LOOP = ("“for” stands within any(…), all(…) or sum(…) only", "Write any(… for x in …), or sum(1 for x in … if …).")
_REFUSED: Mapping[type[ast.AST], tuple[str, str]] = {
    ast.Dict: ("a guard has no mappings", "Name fields with a dot: answers.agree.visibility."),
    ast.GeneratorExp: _NO_LOOP,
    ast.JoinedStr: ("a guard puts no texts together", "Write a plain text in quotes."),
    ast.Lambda: ("a guard has no functions of its own", "Use any(… for x in …) or all(…)."),
    ast.ListComp: _NO_LOOP,
    ast.NamedExpr: ("a guard gives nothing a name", "To compare, write ==."),
    ast.Set: ("a guard has no sets", "Write a list: ('one', 'two')."),
    ast.Starred: ("a guard has no stars", "Write the arguments one by one."),
    ast.Subscript: (
        "a guard has no […] behind a name",
        "Name fields with a dot; go through a list by any(… for x in …).",
    ),
}
_SIGNS: Mapping[str, tuple[str, str]] = {
    "=": ("= compares nothing", "To compare, write ==."),
    "&": ("& is no operator here", "Write and."),
    "|": ("| is no operator here", "Write or."),
    "!": ("! is no operator here", "Write not, or != to compare."),
    "#": ("a guard holds no comment", "Say why in a comment of the file."),
    "$": ("$ stands for nothing here", "Write names as they are: tasks.vote.complete."),
    "?": ("? is no operator here", "Write x if condition else y."),
}
_TOKEN = re.compile(
    r"""(?P<text>'[^'\n]*'|"[^"\n]*")(?P<joined>\s*['"])?
      | [^\W\d]\w*
      | (?P<number>\.?\d[\w.]*)
      | ==|!=|<=|>=
      | (?P<sign>[=&|!\#$?])""",
    re.VERBOSE,
)
_PLAIN_NUMBER = re.compile(r"[0-9]+(\.[0-9]+)?")
_ELSEWHERE: Mapping[str, str] = {
    **dict.fromkeys(("avg", "average", "mean"), "Write sum(x.score for x in …) / len(…)."),
    **dict.fromkeys(("count", "length", "size"), "Write len(…), or sum(1 for x in … if …)."),
    **dict.fromkeys(("every", "forall"), "Write all(… for x in …)."),
    **dict.fromkeys(("exists", "some"), "Write any(… for x in …)."),
    **dict.fromkeys(("now", "today"), "Time acts through deadlines; `entered` is the day on which the state was."),
}
"""What other languages call a function, and what to write here."""
_OTHER_SPELLINGS = {"true": "True", "TRUE": "True", "false": "False", "FALSE": "False"}
_HEAD = "("
"""Python reads the text in brackets, so that it may go over several lines as it does in YAML."""


def parse(text: str, place: Place) -> Guard:
    """Read a guard that begins at `place`; raise `ConfigError`, pointing to the spot, for what the language does
    not have.
    """
    return _Reader(text, place).guard()


class _Reader:
    """Reads one text. `_variables` are those of the `any` and `all` around: name → path of the elements, () for
    constants.
    """

    def __init__(self, text: str, place: Place) -> None:
        self._text = text
        self._place = place
        self._variables: dict[str, tuple[str, ...]] = {}
        self._depth = 0
        lines = text.split("\n")
        self._lines = [(start, line) for start, line in zip(_starts(lines), lines, strict=True)]

    def guard(self) -> Guard:
        if len(self._text) > MAX_LENGTH:
            self._refuse(MAX_LENGTH, f"the expression has over {MAX_LENGTH} characters", "Say it shorter.")
        if not self._text.strip():
            self._refuse(0, "the expression is empty", "Write a condition, or leave the key out.")
        self._scan()
        return Guard.of(self._text, self._place, self._node(self._tree()))

    def _refuse(self, at: int, message: str, hint: str) -> NoReturn:
        raise ConfigError(message, hint=hint, where=n.spot(self._place, self._text, at))

    # -- characters -----------------------------------------------------------------------------------------------

    def _scan(self) -> None:
        """Refuse what Python's reader would take, or explain badly: odd characters, numbers in other forms, =, &&."""
        for at, character in enumerate(self._text):
            if not character.isprintable() and character not in "\n\t":
                self._refuse(
                    at, f"a guard cannot hold the character U+{ord(character):04X}", "Type it anew, with plain spaces."
                )
            if character == "\\":
                self._refuse(at, "a guard holds no backslash", "Write the text as it is.")
        for token in _TOKEN.finditer(self._text):
            if token["joined"]:
                self._refuse(
                    token.start("joined"),
                    "two texts stand side by side",
                    "Put a comma between, or one pair of quotes around.",
                )
            if token["number"]:
                self._check_number(token["number"], token.start())
            if token["sign"]:
                self._refuse(token.start(), *_SIGNS[token["sign"]])

    def _check_number(self, number: str, at: int) -> None:
        if not _PLAIN_NUMBER.fullmatch(number):
            self._refuse(
                at, f"“{number[:30]}” is no plain number", "Write digits, with a point if need be: 1000 or 0.8."
            )
        if len(number.replace(".", "")) > MAX_DIGITS:
            self._refuse(at, f"the number has over {MAX_DIGITS} digits", "Write a shorter number.")

    def _tree(self) -> ast.expr:
        try:
            tree = ast.parse(f"{_HEAD}{self._text}\n)", mode="eval").body
        except SyntaxError as error:
            at = self._at(error.lineno or 1, (error.offset or 1) - 1, characters=True)
            self._refuse(at, f"this is no expression: {error.msg}", "Look at the brackets, quotes and operators there.")
        except (MemoryError, RecursionError, ValueError):
            self._refuse(0, "the expression is nested too deeply", f"At most {MAX_DEPTH} levels are read.")
        if (tree.lineno, tree.col_offset) == (1, 0):
            self._refuse(0, "the expression is not one whole", "Look at the brackets; a list stands in brackets too.")
        return tree

    def _at(self, line: int, column: int, *, characters: bool = False) -> int:
        """The character of the text for a line and column of Python's; its columns count bytes of UTF-8, save in
        errors.
        """
        if not 1 <= line <= len(self._lines):
            return len(self._text.rstrip())
        start, content = self._lines[line - 1]
        column = max(0, column - len(_HEAD)) if line == 1 else column
        inside = column if characters else len(content.encode()[:column].decode(errors="ignore"))
        return start + min(inside, len(content))

    def _of(self, node: ast.expr) -> int:
        return self._at(node.lineno, node.col_offset)

    # -- nodes ----------------------------------------------------------------------------------------------------

    def _node(self, node: ast.expr) -> n.Node:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            self._refuse(self._of(node), "the expression is nested too deeply", f"At most {MAX_DEPTH} levels are read.")
        found = self._read(node)
        self._depth -= 1
        return found

    @singledispatchmethod
    def _read(self, node: ast.expr) -> n.Node:
        message, hint = _REFUSED.get(
            type(node), ("a guard cannot say this", "Use comparisons, and, or, not, any(…), all(…).")
        )
        self._refuse(self._of(node), message, hint)

    @_read.register
    def _(self, node: ast.Constant) -> n.Node:
        at = self._of(node)
        if node.value is None:
            self._refuse(
                at, "a guard does not compare with None", "Write state(…) == 'blank', or 'erased', or 'dont_know'."
            )
        if isinstance(node.value, float):
            found = _PLAIN_NUMBER.match(self._text, at)
            return n.Literal(Decimal(found[0] if found else "0"), at)
        if not isinstance(node.value, bool | int | str):
            self._refuse(at, "a guard knows numbers, texts, True and False", "Write one of these.")
        return n.Literal(node.value, at)

    @_read.register
    def _(self, node: ast.Name) -> n.Node:
        return self._path(node)

    @_read.register
    def _(self, node: ast.Attribute) -> n.Node:
        return self._path(node)

    def _path(self, node: ast.expr) -> n.Path:
        names: list[str] = []
        root = node
        while isinstance(root, ast.Attribute):
            names.append(root.attr)
            root = root.value
        if not isinstance(root, ast.Name):
            self._refuse(
                self._of(root), "only a name has fields", "Begin the path with a name: answers.agree.visibility."
            )
        at, name = self._of(root), root.id
        if name in ARGUMENTS:
            self._refuse(at, f"“{name}” is a function", f"Write {name}(…).")
        if name in _OTHER_SPELLINGS:
            self._refuse(at, f"“{name}” is no name here", f"Write {_OTHER_SPELLINGS[name]}.")
        path = (name, *reversed(names))
        if name not in self._variables:
            return n.Path(path, path, at)
        above = self._variables[name]
        if names and not above:
            self._refuse(at, f"“{name}” goes over constants, which have no fields", f"Write {name} alone.")
        return n.Path(path, (*above, *path[1:]) if above else (), at)

    @_read.register
    def _(self, node: ast.Compare) -> n.Node:
        rest: list[tuple[str, n.Node]] = []
        for operator, operand in zip(node.ops, node.comparators, strict=True):
            if type(operator) not in _COMPARISONS:
                self._refuse(self._of(node), "“is” compares nothing here", "Write ==, or state(…) == 'blank'.")
            rest.append((_COMPARISONS[type(operator)], self._node(operand)))
        return n.Compare(self._node(node.left), tuple(rest), self._of(node))

    @_read.register
    def _(self, node: ast.BoolOp) -> n.Node:
        operator = "and" if isinstance(node.op, ast.And) else "or"
        return n.Logic(operator, tuple(self._node(part) for part in node.values), self._of(node))

    @_read.register
    def _(self, node: ast.UnaryOp) -> n.Node:
        at = self._of(node)
        if isinstance(node.op, ast.Not):
            return n.Not(self._node(node.operand), at)
        if not isinstance(node.op, ast.USub):
            self._refuse(at, "a number has the sign - or none", "Leave the sign out.")
        part = self._node(node.operand)
        if isinstance(part, n.Literal) and not isinstance(part.value, bool | str):
            return n.Literal(-part.value if isinstance(part.value, int) else part.value.copy_negate(), at)
        return n.Negate(part, at)

    @_read.register
    def _(self, node: ast.BinOp) -> n.Node:
        if type(node.op) not in _ARITHMETIC:
            self._refuse(self._of(node), "this operator is not in the language", "There are + - * / // %.")
        return n.Arithmetic(_ARITHMETIC[type(node.op)], self._node(node.left), self._node(node.right), self._of(node))

    @_read.register
    def _(self, node: ast.IfExp) -> n.Node:
        return n.Choose(self._node(node.test), self._node(node.body), self._node(node.orelse), self._of(node))

    @_read.register
    def _(self, node: ast.List) -> n.Node:
        return self._items(node, node.elts)

    @_read.register
    def _(self, node: ast.Tuple) -> n.Node:
        return self._items(node, node.elts)

    def _items(self, node: ast.expr, elements: list[ast.expr]) -> n.Items:
        at = self._of(node)
        if not elements:
            self._refuse(at, "the list is empty", "Write what may stand in it.")
        if len(elements) > MAX_ITEMS:
            self._refuse(at, f"the list has over {MAX_ITEMS} elements", "Say it shorter.")
        found = [self._node(element) for element in elements]
        for item in found:
            if not isinstance(item, n.Literal):
                self._refuse(item.at, "a list holds numbers, texts, True or False", "Compare with a name by ==.")
        return n.Items(tuple(item for item in found if isinstance(item, n.Literal)), at)

    # -- functions ------------------------------------------------------------------------------------------------

    @_read.register
    def _(self, node: ast.Call) -> n.Node:
        at, name = self._of(node), self._function(node)
        fewest, most = ARGUMENTS[name]
        if node.keywords:
            self._refuse(self._of(node.keywords[0].value), "arguments have no names here", "Write the values only.")
        if not fewest <= len(node.args) <= most:
            count = f"{fewest}" if fewest == most else f"{fewest} to {most}"
            self._refuse(at, f"{name}() takes {count}, and {len(node.args)} are given", "Count the arguments.")
        if name in ("any", "all") or (name == "sum" and isinstance(node.args[0], ast.GeneratorExp)):
            return self._quantified(name, node.args[0], at)
        arguments = tuple(self._node(argument) for argument in node.args)
        if name == "state" and not isinstance(arguments[0], n.Path):
            self._refuse(
                arguments[0].at, "state() asks about an answer", "Write its path: state(answers.agree.visibility)."
            )
        if name == "round" and len(arguments) == 2:
            self._check_digits(arguments[1])
        return n.Call(name, arguments, at)

    def _function(self, node: ast.Call) -> str:
        at = self._of(node.func)
        if not isinstance(node.func, ast.Name):
            self._refuse(at, "only a function of the language can be called", f"There are: {', '.join(ARGUMENTS)}.")
        name = node.func.id
        if name not in ARGUMENTS:
            close = get_close_matches(name, ARGUMENTS, 1)
            hint = f"Did you mean {close[0]}()?" if close else f"There are: {', '.join(ARGUMENTS)}."
            hint = _ELSEWHERE.get(name, hint)
            self._refuse(at, f"there is no function “{name}”", hint)
        return name

    def _check_digits(self, argument: n.Node) -> None:
        digits = argument.value if isinstance(argument, n.Literal) else None
        if isinstance(digits, bool) or not isinstance(digits, int) or not 0 <= digits <= MAX_DIGITS:
            self._refuse(argument.at, "round() takes the number of decimals as a constant", f"Write 0 to {MAX_DIGITS}.")

    def _quantified(self, name: str, argument: ast.expr, at: int) -> n.Quantified:
        if not isinstance(argument, ast.GeneratorExp):
            self._refuse(self._of(argument), f"{name}() goes through a list", f"Write {name}(… for x in …).")
        clause = argument.generators[0]
        if len(argument.generators) > 1 or len(clause.ifs) > 1 or clause.is_async:
            self._refuse(
                at, f"{name}() has one “for” and at most one “if”", "Put any(…) in any(…), or join conditions by and."
            )
        variable = self._variable(clause.target)
        source = self._source(clause.iter)
        self._variables[variable] = (*source.full, "*") if isinstance(source, n.Path) and source.full else ()
        body = self._node(argument.elt)
        condition = self._node(clause.ifs[0]) if clause.ifs else None
        del self._variables[variable]
        return n.Quantified(name, body, variable, source, condition, at)

    def _variable(self, target: ast.expr) -> str:
        at = self._of(target)
        if not isinstance(target, ast.Name):
            self._refuse(at, "“for” gives one name", "Write any(… for x in …).")
        if target.id in self._variables or target.id in ARGUMENTS:
            self._refuse(at, f"the name “{target.id}” is taken", "Choose another name.")
        return target.id

    def _source(self, source: ast.expr) -> n.Path | n.Items:
        found = self._node(source)
        if not isinstance(found, n.Path | n.Items):
            self._refuse(found.at, "“in” names a list", "Write a path or a list of constants.")
        if isinstance(found, n.Path) and not found.full:
            self._refuse(found.at, f"“{found.dotted}” is a constant, no list", "Name a list.")
        return found


def _starts(lines: list[str]) -> list[int]:
    """Where each line begins in the text."""
    starts = [0]
    for line in lines[:-1]:
        starts.append(starts[-1] + len(line) + 1)
    return starts
