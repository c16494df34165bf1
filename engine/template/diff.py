"""What differs between two versions of a template, in words: added, removed, renamed, narrowed; breaking or safe.

Breaking is what a running process or an answer that was given may not fit any more: somebody has to say what becomes
of it before processes are moved. Safe is everything else. Things are matched by id; fields of forms by their stable id
(`x-id`), so that a new name is told as a renaming.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal

from pydantic import BaseModel

from engine.form.model import Field, Form
from engine.template.chart import Definition
from engine.text import Text


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that differs: where, what, and whether it is breaking."""

    where: str
    what: str
    breaking: bool


BREAKING_KEYS = frozenset({"each", "sealed", "repeatable", "form", "parallel", "history", "final", "initial", "of"})
"""Keys of a role, task or state that decide which instances and answers there are."""
NARROWING = frozenset({"minimum", "exclusiveMinimum", "minLength", "minItems"})
WIDENING = frozenset({"maximum", "exclusiveMaximum", "maxLength", "maxItems"})


def differences(old: Definition, new: Definition) -> list[Difference]:
    """Everything that differs, in the order of the template, then form by form; texts count once for each thing."""
    return [
        *_top(old, new),
        *_named("role", old.template.roles, new.template.roles),
        *_states(old, new),
        *_tasks(old, new),
        *_forms(old.forms, new.forms),
    ]


def _top(old: Definition, new: Definition) -> Iterator[Difference]:
    kept = {"roles", "states", "tasks", "version"}
    yield from _keys("template", old.template, new.template, kept)


def _named(kind: str, old: Mapping[str, BaseModel], new: Mapping[str, BaseModel]) -> Iterator[Difference]:
    for name in old.keys() - new.keys():
        yield Difference(f"{kind} {name}", "was removed", breaking=True)
    for name, spec in new.items():
        if name not in old:
            yield Difference(f"{kind} {name}", "was added", breaking=False)
        else:
            yield from _keys(f"{kind} {name}", old[name], spec, set())


def _states(old: Definition, new: Definition) -> Iterator[Difference]:
    inside = {"states", "tasks", "actions", "deadlines", "auto"}
    for name in old.nodes.keys() - new.nodes.keys():
        yield Difference(f"state {name}", "was removed", breaking=True)
    for name, node in new.nodes.items():
        before = old.nodes.get(name)
        if before is None:
            yield Difference(f"state {name}", "was added", breaking=False)
            continue
        if before.path != node.path:
            around = node.parent or "the top"
            yield Difference(f"state {name}", f"was moved to {around}", breaking=True)
        yield from _keys(f"state {name}", before.spec, node.spec, inside)
        for kind, ours, theirs in (
            ("action", before.spec.actions, node.spec.actions),
            ("deadline", before.spec.deadlines, node.spec.deadlines),
        ):
            yield from _ways(f"{kind} of {name}:", ours, theirs)
        if before.spec.auto != node.spec.auto:
            yield Difference(f"state {name}", "goes on by itself under other conditions", breaking=False)


def _ways(where: str, old: Mapping[str, BaseModel], new: Mapping[str, BaseModel]) -> Iterator[Difference]:
    """Ways out of a state: taking one away leaves nothing that was done without a place."""
    for name in old.keys() - new.keys():
        yield Difference(f"{where} {name}", "was removed", breaking=False)
    for name, spec in new.items():
        if name not in old:
            yield Difference(f"{where} {name}", "was added", breaking=False)
        else:
            yield from _keys(f"{where} {name}", old[name], spec, set())


def _tasks(old: Definition, new: Definition) -> Iterator[Difference]:
    for name in old.tasks.keys() - new.tasks.keys():
        yield Difference(f"task {name}", "was removed", breaking=True)
    for name, task in new.tasks.items():
        before = old.tasks.get(name)
        if before is None:
            yield Difference(f"task {name}", "was added", breaking=False)
            continue
        if before.state != task.state:
            yield Difference(f"task {name}", f"was moved to {task.state or 'the whole process'}", breaking=True)
        yield from _keys(f"task {name}", before.spec, task.spec, set())


def _keys(where: str, old: BaseModel, new: BaseModel, without: set[str]) -> Iterator[Difference]:
    """The keys of one thing that differ; its texts together."""
    texts = False
    for name in type(new).model_fields:
        before, after = getattr(old, name), getattr(new, name)
        if name in without or before == after:
            continue
        if isinstance(after, Text) or isinstance(before, Text) or name in ("dimensions", "messages"):
            texts = True
            continue
        yield Difference(where, f"{name}: {_told(before)} → {_told(after)}", breaking=name in BREAKING_KEYS)
    if texts:
        yield Difference(where, "its texts changed", breaking=False)


def _told(value: object) -> str:
    if isinstance(value, BaseModel):
        return ", ".join(f"{name} {_told(inner)}" for name, inner in value)
    if isinstance(value, tuple | list):
        return ", ".join(map(_told, value)) or "none"
    return "none" if value is None else str(value)


# -- forms ------------------------------------------------------------------------------------------------------------


def _forms(old: Mapping[str, Form], new: Mapping[str, Form]) -> Iterator[Difference]:
    for name in old.keys() - new.keys():
        yield Difference(f"form {name}", "was removed", breaking=True)
    for name, form in new.items():
        if name not in old:
            yield Difference(f"form {name}", "was added", breaking=False)
        else:
            yield from field_differences(f"form {name}", old[name].fields, form.fields)


def field_differences(where: str, old: Mapping[str, Field], new: Mapping[str, Field]) -> Iterator[Difference]:
    """What differs between the fields of two forms, matched by their stable ids."""
    before = {field.id: field for field in old.values()}
    after = {field.id: field for field in new.values()}
    for key in before.keys() - after.keys():
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
