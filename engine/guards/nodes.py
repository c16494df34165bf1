"""The model of a guard: what `parse` makes of a text. Nothing else can be said in the language.

Every node knows `at`, the character of the text where it begins. Names are not looked up here, and nothing is
evaluated.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import TypeAlias

from engine.errors import Place

Constant: TypeAlias = bool | int | Decimal | str


@dataclass(frozen=True, slots=True)
class Literal:
    """A constant as it stands in the text."""

    value: Constant
    at: int


@dataclass(frozen=True, slots=True)
class Items:
    """A list of constants."""

    items: tuple[Literal, ...]
    at: int


@dataclass(frozen=True, slots=True)
class Path:
    """A name and the fields below it.

    `names` is how it is written and looked up. `full` is what it reads: a variable of `any` or `all` stands for the
    list's path and `*`; it is empty for a variable that goes over constants.
    """

    names: tuple[str, ...]
    full: tuple[str, ...]
    at: int

    @property
    def dotted(self) -> str:
        """What it reads, for people: `answers.agree.*.visibility`."""
        return ".".join(self.full or self.names)

    @property
    def is_answer(self) -> bool:
        """Whether it reads beneath `answers`, of this process or a linked one, where «vet ikke» is no value."""
        return self.full[:1] == ("answers",) or (self.full[:1] == ("links",) and self.full[2:3] == ("answers",))


@dataclass(frozen=True, slots=True)
class Compare:
    """A comparison, or a chain of them: each operator compares with the operand before."""

    first: Node
    rest: tuple[tuple[str, Node], ...]
    at: int


@dataclass(frozen=True, slots=True)
class Logic:
    """`and` or `or` over two or more parts."""

    operator: str
    parts: tuple[Node, ...]
    at: int


@dataclass(frozen=True, slots=True)
class Not:
    """`not` of a part."""

    part: Node
    at: int


@dataclass(frozen=True, slots=True)
class Negate:
    """A number with the other sign."""

    part: Node
    at: int


@dataclass(frozen=True, slots=True)
class Arithmetic:
    """`+ - * / // %` of two numbers."""

    operator: str
    left: Node
    right: Node
    at: int


@dataclass(frozen=True, slots=True)
class Choose:
    """`then if test else otherwise`."""

    test: Node
    then: Node
    otherwise: Node
    at: int


@dataclass(frozen=True, slots=True)
class Quantified:
    """`any(body for variable in source if condition)`, or `all`, or `sum` of what the body is of each."""

    function: str
    body: Node
    variable: str
    source: Path | Items
    condition: Node | None
    at: int


@dataclass(frozen=True, slots=True)
class Call:
    """One of the fixed functions."""

    function: str
    arguments: tuple[Node, ...]
    at: int


Node: TypeAlias = Literal | Items | Path | Compare | Logic | Not | Negate | Arithmetic | Choose | Quantified | Call


def children(node: Node) -> Iterator[Node]:
    """The nodes right below one, in the order of the text."""
    match node:
        case Literal() | Path():
            return
        case Items(items=parts) | Logic(parts=parts) | Call(arguments=parts):
            yield from parts
        case Not(part=part) | Negate(part=part):
            yield part
        case Compare(first=first, rest=rest):
            yield from (first, *(operand for _, operand in rest))
        case Arithmetic(left=left, right=right):
            yield from (left, right)
        case Choose(test=test, then=then, otherwise=otherwise):
            yield from (then, test, otherwise)
        case Quantified(body=body, source=source, condition=condition):
            yield from (body, source, *([condition] if condition else []))


def walk(node: Node) -> Iterator[Node]:
    """A node and everything below it."""
    yield node
    for child in children(node):
        yield from walk(child)


def reads(node: Node) -> frozenset[tuple[str, ...]]:
    """Every path that a node reads. A list that is gone through counts by what is read of its elements, if anything
    is.
    """
    if isinstance(node, Path):
        return frozenset({node.full} if node.full else ())
    if isinstance(node, Quantified):
        inner = reads(node.body) | (reads(node.condition) if node.condition else frozenset())
        source = {path for path in reads(node.source) if not any(p[: len(path) + 1] == (*path, "*") for p in inner)}
        return inner | source
    return frozenset(path for child in children(node) for path in reads(child))


def spot(place: Place, text: str, at: int) -> Place:
    """Where a character of a text is that begins at `place`: unknown places and several lines stay as they are."""
    if not place.column or "\n" in text:
        return place
    return Place(place.file, place.line, place.column + at)
