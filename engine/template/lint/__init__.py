"""What is wrong with a template of the right shape: names that lead nowhere, states nobody reaches, idle guards.

One module a subject, each with `problems(subject)`: to add a rule, add it to the module of its subject. `ROOMS` look at
the template alone, `WALKS` need a chart that can be walked, `READERS` the forms as well. Every rule has a stable id and
points to file, line and column. `shape` looks after shapes, `engine.form` after forms by themselves, and
`engine.guards` after expressions.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from engine.errors import Problem
from engine.template.chart import Definition
from engine.template.lint import (
    answers,
    automatic,
    conditions,
    forms,
    links,
    messages,
    names,
    people,
    personal,
    texts,
    time,
    tree,
    ways,
)
from engine.template.lint.subject import Subject
from engine.template.sources import Sources

__all__ = ["lint", "lint_chart"]

ROOMS = (people, time, texts, messages)
WALKS = (ways, automatic)
READERS = (conditions, forms, answers, links, personal)

_NO_CHART = {"unknown-state", "unknown-initial", "initial-missing", "history-outside", "parallel-alone"}
"""Rules whose breach leaves no chart to walk."""


def lint(definition: Definition, sources: Sources) -> list[Problem]:
    """Every problem of a bundle, in the order of the file."""
    subject = Subject(definition, sources)
    found = [*_chart(subject)]
    if not subject.twice:
        found += [problem for room in READERS for problem in room.problems(subject)]
    return _in_order(found)


def lint_chart(definition: Definition, sources: Sources) -> list[Problem]:
    """What can be found while some form cannot be read: everything that looks at no answer."""
    return _in_order(_chart(Subject(definition, sources)))


def _chart(subject: Subject) -> Iterator[Problem]:
    shape = [*names.problems(subject), *tree.problems(subject)]
    yield from (*subject.twice, *shape)
    if subject.twice:
        return
    walkable = not any(problem.rule in _NO_CHART for problem in shape)
    for room in (*(WALKS if walkable else ()), *ROOMS):
        yield from room.problems(subject)


def _in_order(found: Iterable[Problem]) -> list[Problem]:
    return sorted(found, key=lambda p: (p.where.file, p.where.line, p.where.column, p.rule))
