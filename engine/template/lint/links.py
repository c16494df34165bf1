"""Linked processes: that the other template is there, who takes part in it, and what crosses over to it and back."""

from __future__ import annotations

from collections.abc import Iterator

from engine.errors import Problem
from engine.form.schema import Field
from engine.guards import Guard, Type
from engine.template.chart import Definition
from engine.template.linked import started_by_themselves
from engine.template.lint.conditions import expression
from engine.template.lint.names import each
from engine.template.lint.subject import Path, Subject
from engine.template.model import Spawn, Task
from engine.template.scope import answer_type, constant_type

GIVEABLE = ("integer", "number", "boolean", "date", "choice", "text")
"""The kinds of fields that a suggestion can be made for."""


def problems(subject: Subject) -> Iterator[Problem]:
    """What is wrong with what the template starts."""
    seen: set[str] = set()
    for spawn, path, state in _written(subject):
        if spawn.link in seen:
            hint = "Give each `spawn` a link of its own."
            yield subject.problem("link-twice", f"the link “{spawn.link}” stands twice", (*path, "link"), hint)
        seen.add(spawn.link)
        yield from _here(subject, spawn, path)
        other = subject.linked.get(spawn.template)
        if other is None:
            yield from _unreadable(subject, spawn, path)
        else:
            yield from _there(subject, spawn, path, other, state)
    for path, node in subject.nodes.values():
        for name, action in node.spec.actions.items():
            if action.to is None and action.spawn is None:
                hint = "Say `to` which state it leads, or what it starts with `spawn`."
                where = (*path, "actions", name)
                yield subject.problem("action-nowhere", f"nothing follows from “{name}”", where, hint)


def _written(subject: Subject) -> Iterator[tuple[Spawn, Path, str]]:
    for name, (path, node) in subject.nodes.items():
        if node.spec.spawn is not None:
            yield node.spec.spawn, (*path, "spawn"), name
        for action, spec in node.spec.actions.items():
            if spec.spawn is not None:
                yield spec.spawn, (*path, "actions", action, "spawn"), name


def _here(subject: Subject, spawn: Spawn, path: Path) -> Iterator[Problem]:
    """What of a `spawn` refers to this template in vain."""
    for role, sources in spawn.roles.items():
        yield from subject.unknown_roles(sources, (*path, "roles", role))
    if spawn.each in ("membership", "party") and not spawn.roles:
        hint = "Say with `roles` who takes part there, and so what there is one for each of."
        yield subject.problem("link-each", "nobody is named to have a process each", (*path, "each"), hint)
    elif spawn.each not in (None, "membership", "party"):
        yield from each(subject, str(spawn.each), (*path, "each"))


def _unreadable(subject: Subject, spawn: Spawn, path: Path) -> Iterator[Problem]:
    known = subject.templates_beside
    if spawn.template in known:
        message, hint = f"“{spawn.template}” cannot be read", f"See samskap lint {spawn.template}."
        yield subject.problem("linked-template", message, (*path, "template"), hint)
    else:
        yield subject.unknown("unknown-template", "template", spawn.template, known, (*path, "template"))


def _there(subject: Subject, spawn: Spawn, path: Path, other: Definition, state: str) -> Iterator[Problem]:
    """What of a `spawn` does not fit the other template."""
    for role, sources in spawn.roles.items():
        where = (*path, "roles", role)
        found = other.template.roles.get(role)
        if found is None:
            yield subject.unknown("unknown-role", f"role in {spawn.template}", role, other.template.roles, where)
        elif found.of == "party":
            for source in sources:
                if source in subject.template.roles and subject.template.roles[source].of != "party":
                    hint = "Name a role here that is held on behalf of a party."
                    yield subject.problem(
                        "link-party", f"“{role}” is held on behalf of a party there, and “{source}” is not", where, hint
                    )
    for name, text in spawn.give.items():
        yield from _given(subject, name, text, (*path, "give", name), other, state)
    for number, name in enumerate(spawn.take):
        yield from _taken(subject, name, (*path, "take", number), other)
    if _by_itself(path) and subject.template.template in started_by_themselves(other.template, subject.folders):
        message = f"“{spawn.template}” starts this one again, and so on for ever"
        hint = "Let a person choose the one or the other: `spawn` on an action."
        yield subject.problem("spawn-cycle", message, (*path, "template"), hint)


def _by_itself(path: Path) -> bool:
    """Whether a `spawn` is a state's, where no person chooses it."""
    return "actions" not in path[-3:]


def _given(subject: Subject, name: str, text: str, path: Path, other: Definition, state: str) -> Iterator[Problem]:
    """What goes in: into a variable or a field that is there, of its type, and nothing that was sealed."""
    wanted = _wanted(subject, name, path, other)
    if isinstance(wanted, Problem):
        yield wanted
        return
    guard, wrong = expression(subject, text, path, state, wanted)
    yield from wrong
    paths = guard.paths if isinstance(guard, Guard) else frozenset()
    for source in sorted({p[1] for p in paths if p[0] == "answers" and len(p) > 1}):
        if source in subject.tasks and subject.tasks[source][1].sealed:
            message = f"the answers of “{source}” are sealed, and are not passed on"
            yield subject.problem("give-sealed", message, path, "Leave it out.")


def _wanted(subject: Subject, name: str, path: Path, other: Definition) -> Type | Problem:
    """The type of what is given to a variable, or to a field as a suggestion."""
    if "." not in name:
        known = other.template.vars
        if name not in known:
            return subject.unknown("unknown-variable", "variable there", name, known, path)
        return constant_type(known[name])
    found = _looked_up(subject, name, path, other)
    if isinstance(found, Problem):
        return found
    if found[1].kind not in GIVEABLE:
        return subject.problem("give-type", f"nothing can be suggested for “{name}”", path, "Leave it out.")
    return answer_type(found[1])


def _taken(subject: Subject, name: str, path: Path, other: Definition) -> Iterator[Problem]:
    """What comes back: fields that are there, and neither personal nor sealed."""
    found = _looked_up(subject, name, path, other)
    if isinstance(found, Problem):
        yield found
    elif found[1].personal:
        yield subject.problem("take-personal", f"“{name}” is personal, and stays there", path, "Leave it out.")
    elif found[0].sealed:
        yield subject.problem("take-sealed", f"“{name}” is sealed, and stays there", path, "Leave it out.")


def _looked_up(subject: Subject, name: str, path: Path, other: Definition) -> tuple[Task, Field] | Problem:
    """A task of the other template and a field of its form."""
    task, _, field = name.partition(".")
    if task not in other.tasks:
        return subject.unknown("unknown-task", "task there", task, other.tasks, path)
    form = other.forms.get(other.tasks[task].spec.form)
    if form is None or field not in form.fields:
        return subject.unknown("unknown-field", "field there", field, form.fields if form else (), path)
    return other.tasks[task].spec, form.fields[field]
