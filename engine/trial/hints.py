"""Values that conditions compare with: what made-up answers and numbers of people try, so that guards are met."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Final

from engine.codec import Json
from engine.form.language import DONT_KNOW
from engine.guards import Guard
from engine.guards import nodes as n
from engine.template.chart import Definition
from engine.template.model import AtLeast

MOST_PEOPLE: Final = 12
"""People of one role, however many a condition asks for."""

Wanted = Mapping[str, Mapping[str, Sequence[Json]]]
"""By task and field: the values that some condition tells apart."""


def answers_wanted(definition: Definition) -> Wanted:
    """What conditions compare answers with, and the values right beside it; of a choice also all others."""
    found: dict[str, dict[str, list[Json]]] = defaultdict(lambda: defaultdict(list))
    for guard in guards(definition):
        for path, value in _compared(guard.tree, definition):
            if len(path) < 3 or path[0] != "answers" or path[1] not in definition.tasks:
                continue
            task, field = path[1], next(name for name in path[2:] if name != "*")
            values = found[task][field]
            values += [one for one in _around(value) if one not in values]
    for task, fields in found.items():
        for name, values in fields.items():
            field_of = definition.form_of(task).fields.get(name)
            choices = field_of.choices if field_of is not None and field_of.kind == "choice" else ()
            values += [choice.const for choice in choices if choice.const not in values]
    return found


def people_wanted(definition: Definition) -> int:
    """How many people rules and conditions ask for at most: what they compare counts of tasks and people with."""
    rules = [task.spec.complete for task in definition.tasks.values()]
    numbers = [1, *(rule.at_least + 1 for rule in rules if isinstance(rule, AtLeast))]
    for guard in guards(definition):
        for path, value in _compared(guard.tree, definition):
            if path[0] in ("tasks", "memberships", "parties") and isinstance(value, int | Decimal):
                numbers.append(int(value) + 1)
    return min(max(numbers), MOST_PEOPLE)


def guards(definition: Definition) -> Iterator[Guard]:
    """Every condition of a template."""
    for found in (*definition.actions.values(), *definition.autos.values()):
        yield from (choice.guard for choice in found if choice.guard is not None)
    for deadlines in definition.deadlines.values():
        yield from (choice.guard for choice in deadlines.values() if choice.guard is not None)
    yield from (task.rule for task in definition.tasks.values() if task.rule is not None)


def _compared(tree: n.Node, definition: Definition) -> Iterator[tuple[tuple[str, ...], n.Constant]]:
    """Each path that is compared with a constant or a variable, and with what."""
    for node in n.walk(tree):
        match node:
            case n.Compare(first=first, rest=rest):
                operands = [first, *(operand for _, operand in rest)]
                for path in (path for operand in operands for path in _paths(operand)):
                    yield from ((path, value) for operand in operands for value in _constants(operand, definition))
            case n.Arithmetic(operator="/" | "//" | "%", right=divisor):
                yield from ((path, 0) for path in _paths(divisor))
            case n.Call(function="state", arguments=(n.Path(full=full),)) if full:
                yield full, DONT_KNOW
            case n.Path(full=("answers", *_) as full):
                yield from ((tuple(full), flag) for flag in (True, False))
            case _:
                pass


def _paths(node: n.Node) -> Sequence[tuple[str, ...]]:
    return sorted(n.reads(node))  # in an order that no run of Python changes


def _constants(node: n.Node, definition: Definition) -> Iterator[n.Constant]:
    match node:
        case n.Literal(value=value):
            yield value
        case n.Items(items=items):
            yield from (item.value for item in items)
        case n.Path(full=("vars", name)) if name in definition.template.vars:
            yield definition.template.vars[name]
        case _:
            pass


def _around(value: n.Constant) -> Sequence[Json]:
    if isinstance(value, bool | str):
        return (value,)
    return (value, value + 1, value - 1)
