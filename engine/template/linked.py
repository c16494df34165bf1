"""The templates that a template starts processes of, read from beside it: for lint, which checks what crosses over."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache
from pathlib import Path

from pydantic import ValidationError

from engine.errors import ConfigError, NotFound
from engine.form.schema import read_form
from engine.template.chart import Definition
from engine.template.model import Spawn, Template
from engine.template.sources import find, fingerprint, mentions, templates_in


def spawns(template: Template) -> Iterator[Spawn]:
    """Every `spawn` of a template, in document order."""
    for _, state in template.walk():
        found = (state.spawn, *(action.spawn for action in state.actions.values()))
        yield from (spawn for spawn in found if spawn is not None)


def linked(template: Template, folders: Sequence[Path]) -> dict[str, Definition]:
    """The templates that a template names in `spawn`, by name: those that are there and can be read."""
    found = ((name, _read(name, folders)) for name in {spawn.template for spawn in spawns(template)})
    return {name: definition for name, definition in found if definition is not None}


def all_linked(template: Template, folders: Sequence[Path]) -> list[str]:
    """The names of the templates that a template starts processes of, and those of theirs, without its own."""
    return [name for name in _closure(template, folders, spawns) if name != template.template]


def started_by_themselves(template: Template, folders: Sequence[Path]) -> list[str]:
    """The template, and those of which entering its states starts processes, and theirs."""
    return _closure(template, folders, _on_entry)


def taken(name: str, folders: Sequence[Path]) -> set[tuple[str, str]]:
    """Task and field of every answer that the templates beside a template take from processes of it that they start."""
    others = (_read(other, folders) for other in templates_in(folders) if mentions(other, name, folders))
    parents = [spawn for other in others if other is not None for spawn in spawns(other.template)]
    found = (one.split(".") for spawn in parents if spawn.template == name for one in spawn.take)
    return {(task, field) for task, field in found}


def _on_entry(template: Template) -> Iterator[Spawn]:
    return (state.spawn for _, state in template.walk() if state.spawn is not None)


def _closure(
    template: Template, folders: Sequence[Path], following: Callable[[Template], Iterable[Spawn]]
) -> list[str]:
    found = {template.template: template}
    ahead = [template]
    while ahead:
        for spawn in following(ahead.pop(0)):
            definition = None if spawn.template in found else _read(spawn.template, folders)
            if definition is not None:
                found[spawn.template] = definition.template
                ahead.append(definition.template)
    return list(found)


def _read(name: str, folders: Sequence[Path]) -> Definition | None:
    """A template with its forms as far as they can be read; what is wrong with it is told when it is linted itself."""
    return _kept(name, tuple(folders), fingerprint(name, folders))


@lru_cache(maxsize=32)
def _kept(name: str, folders: Sequence[Path], _: str) -> Definition | None:
    """As it was read when its files had this fingerprint: a template that many start is read once."""
    try:
        sources = find(name, folders)
        template = Template.model_validate(sources.document.data)
    except (NotFound, ConfigError, ValidationError):
        return None
    forms = ((form, read_form(document)[0]) for form, document in sources.forms.items())
    return Definition(template, {form: found for form, found in forms if found is not None})
