"""What each thing that a condition reads can be: counts from 0, answers between their bounds, states beside each other.

Only what holds whatever people do is said; of everything else nothing is known.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from engine.form.language import DONT_KNOW
from engine.form.model import alternatives
from engine.form.schema import Field
from engine.guards import Between, OneOf, Range, Ranges
from engine.template.lint.subject import Subject

_COUNT = Between(0, None, whole=True)
_ONE = Between(0, 1, whole=True)
_NEVER, _ALWAYS = OneOf(frozenset({False})), OneOf(frozenset({True}))


def ranges(subject: Subject, state: str | None) -> Ranges:
    """What is known of every path that a condition reads in a state (None: whatever the state)."""

    def look_up(path: tuple[str, ...]) -> Range | None:
        match path:
            case ("tasks", task, what) if task in subject.tasks:
                return _task(subject, task, what)
            case ("answers", task, *below) if task in subject.tasks:
                return _answer(subject, task, below)
            case ("counters", name):
                counted = any(node.spec.count == name for _, node in subject.nodes.values())
                return _COUNT if counted else Between(0, 0, whole=True)
            case ("vars", name):
                return _constant(subject.template.vars.get(name))
            case ("states", other, what) if state is not None and other in subject.nodes:
                return _state(subject, state, other, what)
            case _:
                return None

    return look_up


def beside(subject: Subject, one: str, other: str) -> bool:
    """Whether two states, neither within the other, can be active at once: in two regions of a parallel state."""
    first, second = subject.nodes[one][1].path, subject.nodes[other][1].path
    shared = [name for name, same in zip(first, second, strict=False) if name == same]
    is_nested = len(shared) in (len(first), len(second))
    return bool(shared) and not is_nested and subject.nodes[shared[-1]][1].spec.parallel


def _task(subject: Subject, name: str, what: str) -> Range | None:
    _, task, _ = subject.tasks[name]
    if what == "complete":
        return _ALWAYS if task.optional else None
    if what == "overdue":
        return None if task.due else _NEVER
    return _ONE if task.each is None and what != "withdrawn" else _COUNT


def _constant(value: bool | int | str | None) -> Range | None:
    if isinstance(value, bool | str):
        return OneOf(frozenset({value}))
    return None if value is None else Between(value, value, whole=True)


def _state(subject: Subject, state: str, other: str, what: str) -> Range | None:
    here, there = subject.nodes[state][1], subject.nodes[other][1]
    around, within = other in here.path, state in there.path
    if not around and not within and not beside(subject, state, other):
        return _NEVER
    if what == "active":
        return _ALWAYS if around else None
    return None if _has_end(subject, other) else _NEVER


def _has_end(subject: Subject, name: str) -> bool:
    """Whether a state can come to its end: by a final state within it, a parallel one in every region."""
    node = subject.nodes[name][1]
    if node.spec.parallel:
        return all(_has_end(subject, region) for region in node.regions)
    return any(spec.final for spec in node.spec.states.values())


def _answer(subject: Subject, task: str, below: Sequence[str]) -> Range | None:
    field = field_at(subject, task, below)
    if field is None:
        return None
    if field.kind == "choice" or (field.kind == "choices" and below[-1] == "*"):
        values = {choice.const for choice in field.choices} - {DONT_KNOW}
        return OneOf(frozenset(values))
    if field.kind in ("integer", "number"):
        typed, _ = alternatives(field.schema)
        schema = typed[0] if typed else field.schema
        low, high = (schema.get(key, schema.get(f"exclusive{key.title()}")) for key in ("minimum", "maximum"))
        return Between(_number(low), _number(high), field.kind == "integer")
    return None


def field_at(subject: Subject, task: str, below: Sequence[str]) -> Field | None:
    """The field of a task's form that a path of a condition reads; `*` stands for any element of a list."""
    form = subject.definition.forms.get(subject.tasks[task][1].form)
    fields, found = form.fields if form else {}, None
    for step in below:
        if step != "*":
            found = fields.get(step)
            fields = found.items if found is not None else {}
    return found


def _number(value: object) -> int | Decimal | None:
    return value if isinstance(value, int | Decimal) else None
