"""What the conditions of a template may read: every name with its type, taken from the template and its forms."""

from __future__ import annotations

from collections.abc import Mapping

from engine.form.schema import Field, Form
from engine.guards import BOOL, DATE, NUMBER, TEXT, Choice, ListOf, Record, Scope, Type
from engine.template.model import Task, Template

_TASK = Record(
    {"open": NUMBER, "done": NUMBER, "withdrawn": NUMBER, "expected": NUMBER, "complete": BOOL, "overdue": BOOL}
)
_STATE = Record({"active": BOOL, "done": BOOL})


def scope(template: Template, forms: Mapping[str, Form]) -> Scope:
    """The names that a condition of the template may begin with, and their types."""
    states = [(path[-1], state) for path, state in template.walk()]
    tasks = dict(template.tasks)
    for _, state in states:
        tasks |= {name: task for name, task in state.tasks.items() if name not in tasks}
    return Scope(
        {
            "tasks": Record(dict.fromkeys(tasks, _TASK)),
            "answers": Record({name: _answers(task, forms.get(task.form)) for name, task in tasks.items()}),
            "parties": ListOf(Record({"id": TEXT, "title": TEXT})),
            "memberships": ListOf(Record({"id": TEXT, "party": TEXT, "roles": ListOf(TEXT)})),
            "counters": Record(dict.fromkeys(template.counters, NUMBER)),
            "vars": Record({name: _constant(value) for name, value in template.vars.items()}),
            "entered": DATE,
            "states": Record({name: _STATE for name, _ in states}),
        }
    )


def _answers(task: Task, form: Form | None) -> Type:
    record = Record({name: _answer(field) for name, field in form.fields.items()} if form else {})
    return ListOf(record) if task.each or task.repeatable else record


def _constant(value: bool | int | str) -> Type:
    if isinstance(value, bool):
        return BOOL
    return NUMBER if isinstance(value, int) else TEXT


def _answer(field: Field) -> Type:  # noqa: PLR0911 (one case a kind)
    match field.kind:
        case "integer" | "number":
            return NUMBER
        case "boolean":
            return BOOL
        case "date":
            return DATE
        case "choice":
            return Choice(frozenset(choice.const for choice in field.choices))
        case "choices":
            return ListOf(Choice(frozenset(choice.const for choice in field.choices)))
        case "list":
            return ListOf(Record({name: _answer(inner) for name, inner in field.items.items()}))
        case "object":
            return Record({name: _answer(inner) for name, inner in field.items.items()})
        case _:
            return TEXT
