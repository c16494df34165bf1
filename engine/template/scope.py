"""What the conditions of a template may read: every name with its type, taken from the template and its forms."""

from __future__ import annotations

from collections.abc import Mapping

from engine.form.schema import Field, Form
from engine.guards import BOOL, DATE, NUMBER, TEXT, Choice, ListOf, Record, Scope, Type
from engine.template.chart import Definition
from engine.template.linked import spawns
from engine.template.model import Spawn, Task, Template

_TASK = Record(
    {"open": NUMBER, "done": NUMBER, "withdrawn": NUMBER, "expected": NUMBER, "complete": BOOL, "overdue": BOOL}
)
_LINK = {"open": NUMBER, "finished": NUMBER, "cancelled": NUMBER, "done": BOOL}
_STATE = Record({"active": BOOL, "done": BOOL})


def scope(template: Template, forms: Mapping[str, Form], linked: Mapping[str, Definition]) -> Scope:
    """The names that a condition of the template may begin with, and their types.

    `linked` are the templates that it starts processes of.
    """
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
            "vars": Record({name: constant_type(value) for name, value in template.vars.items()}),
            "entered": DATE,
            "states": Record({name: _STATE for name, _ in states}),
            "links": Record({spawn.link: _link(spawn, linked.get(spawn.template)) for spawn in spawns(template)}),
        }
    )


def _answers(task: Task, form: Form | None) -> Type:
    record = Record({name: answer_type(field) for name, field in form.fields.items()} if form else {})
    return ListOf(record) if task.each or task.repeatable else record


def _link(spawn: Spawn, other: Definition | None) -> Record:
    """A link: how many of its processes go on or have ended, and the answers that were taken of those that finished."""
    wanted: dict[str, list[str]] = {}
    for task, _, field in (name.partition(".") for name in spawn.take):
        wanted.setdefault(task, []).append(field)
    taken = Record({task: _taken(task, fields, other) for task, fields in wanted.items()})
    return Record({**_LINK, "answers": ListOf(taken) if spawn.each else taken})


def _taken(task: str, fields: list[str], other: Definition | None) -> Type:
    node = other.tasks.get(task) if other is not None else None
    form = other.forms.get(node.spec.form) if other is not None and node is not None else None
    known = form.fields if form is not None else {}
    record = Record({field: answer_type(known[field]) for field in fields if field in known})
    return ListOf(record) if node is not None and (node.spec.each or node.spec.repeatable) else record


def constant_type(value: bool | int | str) -> Type:
    """The type of a variable."""
    if isinstance(value, bool):
        return BOOL
    return NUMBER if isinstance(value, int) else TEXT


def answer_type(field: Field) -> Type:  # noqa: PLR0911 (one case a kind)
    """The type of an answer."""
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
            return ListOf(Record({name: answer_type(inner) for name, inner in field.items.items()}))
        case "object":
            return Record({name: answer_type(inner) for name, inner in field.items.items()})
        case _:
            return TEXT
