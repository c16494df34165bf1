"""What differs between two versions of a template, in words: added, removed, renamed, narrowed, no longer
reached; breaking or safe.

Breaking is what a running process or an answer that was given may not fit any more: somebody has to say what becomes
of it before processes are moved. Safe is everything else. Things are matched by id; fields of forms by their stable id
(`x-id`), so that a new name is told as a renaming; of what else may have a new name it is told so.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Literal

from pydantic import BaseModel

from engine.form.model import Field, Form
from engine.template.chart import Definition
from engine.template.drafting import draft
from engine.template.following import may_follow
from engine.template.model import Retention, Role
from engine.template.plan import Plan
from engine.text import Text


@dataclass(frozen=True, slots=True)
class About:
    """Which processes a difference touches: those in one of the states, with one of the tasks asked, and so on."""

    kind: Literal["any", "none", "role", "state", "task", "form"] = "any"
    names: frozenset[str] = frozenset()


ANY, NONE = About(), About("none")


def _about(kind: Literal["role", "state", "task", "form"], *names: str) -> About:
    return About(kind, frozenset(names))


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that differs: where, what, whether it is breaking, and which processes it is about."""

    where: str
    what: str
    breaking: bool
    about: About = ANY


BREAKING_KEYS = frozenset({"each", "sealed", "repeatable", "form", "parallel", "history", "final", "initial", "of"})
"""Keys of a role, task or state that decide which instances and answers there are."""
_APART = frozenset({"roles", "states", "tasks", "version", "retention"})
"""Keys of a template that are told by themselves."""
NARROWING = frozenset({"minimum", "exclusiveMinimum", "minLength", "minItems"})
WIDENING = frozenset({"maximum", "exclusiveMaximum", "maxLength", "maxItems"})


def differences(old: Definition, new: Definition) -> list[Difference]:
    """Everything that differs, in the order of the template, then form by form; texts count once for each thing."""
    likely = draft(old, new)
    return [
        *_keys("template", old.template, new.template, ANY, without=_APART),
        *_retention(old.template.retention, new.template.retention),
        *_roles(old.template.roles, new.template.roles, likely.roles),
        *_states(old, new, likely),
        *_unreachable(old, new),
        *_tasks(old, new, likely.tasks),
        *_forms(old.forms, new.forms),
    ]


def _removed(name: str, likely: Mapping[str, str | None]) -> str:
    """That something was removed, and what it may be called now."""
    return f"was removed, or is called {likely[name]} now" if name in likely else "was removed"


def _roles(old: Mapping[str, Role], new: Mapping[str, Role], likely: Mapping[str, str | None]) -> Iterator[Difference]:
    for name in _gone(old, new):
        yield Difference(f"role {name}", _removed(name, likely), breaking=True, about=_about("role", name))
    for name, spec in new.items():
        if name not in old:
            yield Difference(f"role {name}", "was added", breaking=False, about=NONE)
        else:
            yield from _keys(f"role {name}", old[name], spec, _about("role", name))


def _gone(old: Mapping[str, object], new: Mapping[str, object]) -> list[str]:
    return [name for name in old if name not in new]


def _states(old: Definition, new: Definition, likely: Plan) -> Iterator[Difference]:
    inside = {"states", "tasks", "actions", "deadlines", "auto"}
    for name in _gone(old.nodes, new.nodes):
        yield Difference(f"state {name}", _removed(name, likely.states), breaking=True, about=_about("state", name))
    for name, node in new.nodes.items():
        before, about = old.nodes.get(name), _about("state", name)
        if before is None:
            yield Difference(f"state {name}", "was added", breaking=False, about=NONE)
            continue
        if before.path != node.path:
            around = node.parent or "the top"
            yield Difference(f"state {name}", f"was moved to {around}", breaking=True, about=about)
        yield from _keys(f"state {name}", before.spec, node.spec, about, without=inside)
        yield from _ways(f"action of {name}:", before.spec.actions, node.spec.actions, about, likely.actions)
        yield from _ways(f"deadline of {name}:", before.spec.deadlines, node.spec.deadlines, about, {})
        if before.spec.auto != node.spec.auto:
            what = "goes on by itself under other conditions"
            yield Difference(f"state {name}", what, breaking=False, about=about)


def _ways(
    where: str,
    old: Mapping[str, BaseModel],
    new: Mapping[str, BaseModel],
    about: About,
    likely: Mapping[str, str | None],
) -> Iterator[Difference]:
    """Ways out of a state: taking one away leaves nothing that was done without a place."""
    for name in _gone(old, new):
        yield Difference(f"{where} {name}", _removed(name, likely), breaking=False, about=about)
    for name, spec in new.items():
        if name not in old:
            yield Difference(f"{where} {name}", "was added", breaking=False, about=about)
        else:
            yield from _keys(f"{where} {name}", old[name], spec, about)


def _unreachable(old: Definition, new: Definition) -> Iterator[Difference]:
    """States of both versions that a process could still come to from where it is, and cannot any more."""
    both = [name for name, node in new.nodes.items() if name in old.nodes and node.spec.history is None]
    atomic = [name for name in both if old.nodes[name].atomic and new.nodes[name].atomic]
    before, after = may_follow(old, atomic), may_follow(new, atomic)
    lost: dict[str, list[str]] = {}
    for name in atomic:
        for gone in before[name] - after[name]:
            lost.setdefault(gone, []).append(name)
    for state in both:
        if origins := lost.get(state):
            what = f"cannot be reached any more from {', '.join(origins)}"
            yield Difference(f"state {state}", what, breaking=True, about=_about("state", *origins))


def _tasks(old: Definition, new: Definition, likely: Mapping[str, str | None]) -> Iterator[Difference]:
    for name in _gone(old.tasks, new.tasks):
        yield Difference(f"task {name}", _removed(name, likely), breaking=True, about=_about("task", name))
    for name, task in new.tasks.items():
        before, about = old.tasks.get(name), _about("task", name)
        if before is None:
            where = _about("state", task.state) if task.state else ANY
            yield Difference(f"task {name}", "was added", breaking=False, about=where)
            continue
        if before.state != task.state:
            what = f"was moved to {task.state or 'the whole process'}"
            yield Difference(f"task {name}", what, breaking=True, about=about)
        yield from _keys(f"task {name}", before.spec, task.spec, about)


def _retention(old: Retention | None, new: Retention | None) -> Iterator[Difference]:
    """How long processes are kept: as soon as it is published it holds for all of them, ended ones too."""
    if old is not None and new is not None:
        yield from _keys("retention", old, new, ANY)
    elif new is not None:
        yield Difference("retention", f"was added: {new.keep} {new.after}, {new.then}", breaking=False, about=ANY)
    elif old is not None:
        yield Difference("retention", "was removed; that of an earlier version holds on", breaking=False, about=ANY)


def _keys(
    where: str, old: BaseModel, new: BaseModel, about: About, *, without: AbstractSet[str] = frozenset()
) -> Iterator[Difference]:
    """The keys of one thing that differ; its texts together."""
    texts = False
    for name in type(new).model_fields:
        before, after = getattr(old, name), getattr(new, name)
        if name in without or before == after:
            continue
        if isinstance(after, Text) or isinstance(before, Text) or name in ("dimensions", "messages"):
            texts = True
            continue
        if isinstance(before, Mapping) and isinstance(after, Mapping):  # of many values only those that differ
            same = {key for key in before if key in after and before[key] == after[key]}
            before, after = ({key: of[key] for key in of if key not in same} for of in (before, after))
        what = f"{name}: {_told(before)} → {_told(after)}"
        yield Difference(where, what, breaking=name in BREAKING_KEYS, about=about)
    if texts:
        yield Difference(where, "its texts changed", breaking=False, about=about)


def _told(value: object) -> str:
    if isinstance(value, BaseModel):
        return ", ".join(f"{name} {_told(inner)}" for name, inner in value)
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {_told(inner)}" for name, inner in value.items()) or "none"
    if isinstance(value, tuple | list):
        return ", ".join(map(_told, value)) or "none"
    return "none" if value is None else str(value)


# -- forms ------------------------------------------------------------------------------------------------------------


def _forms(old: Mapping[str, Form], new: Mapping[str, Form]) -> Iterator[Difference]:
    for name in _gone(old, new):
        yield Difference(f"form {name}", "was removed", breaking=True, about=_about("form", name))
    for name, form in new.items():
        if name not in old:
            yield Difference(f"form {name}", "was added", breaking=False, about=NONE)
        else:
            found = field_differences(f"form {name}", old[name].fields, form.fields)
            yield from (replace(one, about=_about("form", name)) for one in found)


def field_differences(where: str, old: Mapping[str, Field], new: Mapping[str, Field]) -> Iterator[Difference]:
    """What differs between the fields of two forms, matched by their stable ids."""
    before = {field.id: field for field in old.values()}
    after = {field.id: field for field in new.values()}
    for key in _gone(before, after):
        yield Difference(f"{where}: {before[key].name}", "was removed", breaking=True)
    for key, field in after.items():
        place = f"{where}: {field.name}"
        if key not in before:
            what = "was added, and must be answered" if field.required else "was added"
            yield Difference(place, what, breaking=field.required)
        else:
            yield from _field(place, before[key], field)


def _field(place: str, old: Field, new: Field) -> Iterator[Difference]:
    if old.name != new.name:
        yield Difference(place, f"was renamed from {old.name}", breaking=False)
    if old.kind != new.kind:
        yield Difference(place, f"asks for another kind of answer: {old.kind} → {new.kind}", breaking=True)
        return
    if old.required != new.required:
        what = "must be answered now" if new.required else "may be left out now"
        yield Difference(place, what, breaking=new.required)
    ours, theirs = ({choice.const for choice in field.choices} for field in (old, new))
    if gone := sorted(map(str, ours - theirs)):
        yield Difference(place, f"cannot be answered any more with: {', '.join(gone)}", breaking=True)
    if come := sorted(map(str, theirs - ours)):
        yield Difference(place, f"can be answered with: {', '.join(come)}", breaking=False)
    yield from _bounds(place, old, new)
    if old.personal != new.personal:
        yield Difference(place, "is personal now" if new.personal else "is not personal any more", breaking=True)
    if old.score != new.score:
        yield Difference(place, "counts otherwise in the figures", breaking=True)
    if (old.titles, old.descriptions) != (new.titles, new.descriptions):
        yield Difference(place, "its texts changed", breaking=False)
    yield from field_differences(place, old.items, new.items)


def _bounds(place: str, old: Field, new: Field) -> Iterator[Difference]:
    """Bounds of what may be answered: narrowed is breaking, widened is not."""
    for key in sorted(NARROWING | WIDENING | {"pattern", "multipleOf", "format"}):
        before, after = old.schema.get(key), new.schema.get(key)
        if before == after:
            continue
        narrowed = after is not None
        if isinstance(before, int | Decimal) and isinstance(after, int | Decimal):
            narrowed = after > before if key in NARROWING else after < before
        elif before is not None and after is not None:
            narrowed = True
        what = "is narrower" if narrowed else "is wider"
        yield Difference(place, f"{what}: {key} {_told(before)} → {_told(after)}", breaking=narrowed)
