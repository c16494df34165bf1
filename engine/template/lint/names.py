"""Names that lead nowhere (roles, states, tasks, forms …), and settings of a task that do not go together."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from engine.errors import Problem
from engine.form.model import Field
from engine.form.row_ids import ROW_ID
from engine.template.chart import Node
from engine.template.lint.subject import Path, Subject
from engine.template.model import Task, Visibility


def problems(subject: Subject) -> Iterator[Problem]:
    """What the template, its tasks and its states refer to in vain."""
    template = subject.template
    name, file_name = template.template, subject.file_name
    if name != file_name:
        message = f"the template “{name}” lies in a file of another name, so it is not found under its own"
        hint = f"Write template: {file_name}, or rename the file to {name}.yaml, and the folder of its forms to {name}."
        yield subject.problem("template-name", message, ("template",), hint)
    if template.starter not in template.roles:
        yield subject.unknown("unknown-role", "role", template.starter, template.roles, ("starter",))
    elif template.roles[template.starter].of == "party":
        hint = "Use a role without `of: party`."
        yield subject.problem("starter-of-party", "who starts a process has no party yet", ("starter",), hint)
    if template.initial not in template.states:
        yield subject.unknown("unknown-state", "state at the top", template.initial, template.states, ("initial",))
    for path, task, _ in subject.tasks.values():
        yield from _task(subject, path, task)
    for path, node in subject.nodes.values():
        yield from _state(subject, path, node)


def _task(subject: Subject, path: Path, task: Task) -> Iterator[Problem]:
    yield from subject.unknown_roles(task.by, (*path, "by"))
    if task.form not in subject.form_names:
        yield subject.unknown("unknown-form", "form", task.form, subject.form_names, (*path, "form"))
    if task.each not in (None, "membership", "party"):
        yield from each(subject, str(task.each), (*path, "each"))
    yield from _not_by(subject, task.not_by, (*path, "not_by"))
    if task.correct_by is not None:
        yield from subject.unknown_roles(task.correct_by, (*path, "correct_by"))
        if task.sealed or task.repeatable:
            message = "what was sealed is not changed once it is revealed, and what is repeatable is answered anew"
            hint = "Remove `correct_by`: let a new round be answered, or a new row be added."
            yield subject.problem("correct-sealed", message, (*path, "correct_by"), hint)
    if task.order == "sequential" and not task.each:
        hint = "Say each: membership, or remove `order`."
        yield subject.problem("order-alone", "a task with one instance has no order", (*path, "order"), hint)
    if task.sealed and task.each not in ("membership", "party"):
        hint = "Write each: membership, or each: party."
        message = "a sealed task has one answer for each membership or party"
        yield subject.problem("sealed-alone", message, path, hint)
    if task.visibility:
        yield from _visibility(subject, task.visibility, (*path, "visibility"))


def each(subject: Subject, rows: str, path: Path) -> Iterator[Problem]:
    """Something for each row of a list: the list is there, is one person's to answer, and its rows have ids."""
    _, source, name = rows.split(".")
    if source not in subject.tasks:
        yield subject.unknown("unknown-task", "task", source, subject.tasks, path)
        return
    task = subject.tasks[source][1]
    form = subject.definition.forms.get(task.form)
    if form is None:
        return
    field = form.fields.get(name)
    if field is None:
        yield subject.unknown("unknown-field", "field", name, form.fields, path)
    elif field.kind != "list" or field.personal or not _names_its_row(field.items.get(ROW_ID)):
        hint = "Ask for a list of rows with an `id`: a text, or a choice of texts, that they need (`required: [id]`)."
        yield subject.problem("each-no-list", f"“{name}” is no list whose rows have an id", path, hint)
    elif task.each or task.repeatable or task.sealed:
        hint = "Let one open answer hold the list."
        yield subject.problem("each-of-many", f"“{source}” has several answers, or sealed ones", path, hint)


def _names_its_row(field: Field | None) -> bool:
    """Whether a row can be known by a field: it is there in each, is text, and may be read."""
    if field is None or not field.required or field.personal:
        return False
    return field.kind == "text" or (field.kind == "choice" and all(isinstance(c.const, str) for c in field.choices))


def _not_by(subject: Subject, names: Iterable[str] | None, path: Path) -> Iterator[Problem]:
    for name in names or ():
        if name not in subject.tasks:
            yield subject.unknown("unknown-task", "task", name, subject.tasks, path)


def _visibility(subject: Subject, visibility: Visibility, path: Path) -> Iterator[Problem]:
    parts = visibility.choice.split(".")
    where = (*path, "from")
    if len(parts) != 3 or parts[0] != "answers":
        hint = "Write answers.<task>.<field>."
        yield subject.problem("visibility-path", f"“{visibility.choice}” is no path to a choice", where, hint)
    elif parts[1] not in subject.tasks:
        yield subject.unknown("unknown-task", "task", parts[1], subject.tasks, where)
    else:
        form = subject.definition.forms.get(subject.tasks[parts[1]][1].form)
        if form is not None and parts[2] not in form.fields:
            yield subject.unknown("unknown-field", "field", parts[2], form.fields, where)


def _state(subject: Subject, path: Path, node: Node) -> Iterator[Problem]:
    state = node.spec
    if state.count is not None and state.count not in subject.template.counters:
        yield subject.unknown("unknown-counter", "counter", state.count, subject.template.counters, (*path, "count"))
    for name, action in state.actions.items():
        where = (*path, "actions", name)
        yield from subject.unknown_roles(action.by, (*where, "by"))
        yield from _not_by(subject, action.not_by, (*where, "not_by"))
        if action.to is not None:
            yield from _target(subject, action.to, (*where, "to"))
        if action.when and action.otherwise is None:
            message = f"“{name}” may be closed, and nobody is told why"
            yield subject.problem("else-missing", message, where, "Add else: …", severity="warning")
    for number, auto in enumerate(state.auto):
        yield from _target(subject, auto.to, (*path, "auto", number, "to"))
    for name, deadline in state.deadlines.items():
        yield from _target(subject, deadline.to, (*path, "deadlines", name, "to"))


def _target(subject: Subject, name: str, path: Path) -> Iterator[Problem]:
    if name not in subject.nodes:
        yield subject.unknown("unknown-state", "state", name, subject.nodes, path)
