"""The record of processing (GDPR article 30), as far as templates and forms say it: what is asked, why, who reads it.

Made from a published definition; nothing is looked up. Who the controller is, and the ground in law, no template knows.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from engine.form.model import Field
from engine.template.chart import Definition, TaskNode
from engine.template.model import Retention


@dataclass(frozen=True, slots=True)
class Activity:
    """One form of a template, and what is done with what it asks; texts in one language."""

    template: str
    version: str
    form: str
    tasks: tuple[str, ...]
    purpose: str
    asked_of: tuple[str, ...]
    personal: tuple[str, ...]
    read_by: str
    kept: str
    basis: str


def record(definition: Definition, language: str) -> list[Activity]:
    """Every form that a task asks for, in the order of the tasks."""
    template = definition.template
    by_form: dict[str, list[TaskNode]] = {}
    for task in definition.tasks.values():
        by_form.setdefault(task.spec.form, []).append(task)
    kept, basis = _kept(template.retention, language)
    return [
        Activity(
            template=template.template,
            version=template.version,
            form=definition.forms[name].title(language),
            tasks=tuple(task.spec.title.get(language) for task in tasks),
            purpose=definition.forms[name].purpose.get(language) or _word("no_purpose", language),
            asked_of=_asked_of(definition, tasks, language),
            personal=tuple(_personal(definition.forms[name].fields, language)),
            read_by=_read_by(tasks, language),
            kept=kept,
            basis=basis,
        )
        for name, tasks in by_form.items()
    ]


def _asked_of(definition: Definition, tasks: list[TaskNode], language: str) -> tuple[str, ...]:
    roles = dict.fromkeys(role for task in tasks for role in task.spec.by)
    return tuple(definition.template.roles[role].title.get(language) for role in roles)


def _personal(fields: Mapping[str, Field], language: str) -> Iterator[str]:
    """The questions whose answers lie under the person's key, by their titles."""
    for field in fields.values():
        if field.personal:
            yield field.title(language)
        if field.comment:
            yield f"{field.title(language)} ({_word('comment', language)})"
        yield from _personal(field.items, language)


def _read_by(tasks: list[TaskNode], language: str) -> str:
    sealed = [task for task in tasks if task.spec.sealed]
    if not sealed:
        return _word("all", language)
    chosen = any(task.spec.visibility for task in sealed)
    return _word("sealed_chosen" if chosen else "sealed", language)


def _kept(retention: Retention | None, language: str) -> tuple[str, str]:
    if retention is None:
        return _word("no_time", language), ""
    told = f"{retention.keep} {_word(retention.after, language)}, {_word(retention.then, language)}"
    return told, retention.basis.get(language)


def _word(name: str, language: str) -> str:
    return _WORDS[name][language]


_WORDS: Final[Mapping[str, Mapping[str, str]]] = {
    "no_purpose": {"nb": "(ikke oppgitt)", "nn": "(ikkje oppgjeve)", "en": "(not stated)"},
    "no_time": {"nb": "(ingen tid oppgitt)", "nn": "(inga tid oppgjeven)", "en": "(no time stated)"},
    "comment": {"nb": "kommentar", "nn": "kommentar", "en": "comment"},
    "all": {
        "nb": "alle som er med i prosessen",
        "nn": "alle som er med i prosessen",
        "en": "everybody who takes part in the process",
    },
    "sealed": {
        "nb": "ingen andre før runden er over, så alle som er med",
        "nn": "ingen andre før runden er over, så alle som er med",
        "en": "nobody else until the round is over, then everybody who takes part",
    },
    "sealed_chosen": {
        "nb": "ingen andre før runden er over; så alle som er med, eller bare tall for alle, slik partene valgte",
        "nn": "ingen andre før runden er over; så alle som er med, eller berre tal for alle, slik partane valde",
        "en": "nobody else until the round is over; then everybody who takes part, or only figures of all, as chosen",
    },
    "ended": {
        "nb": "etter at prosessen er slutt",
        "nn": "etter at prosessen er slutt",
        "en": "after the process ended",
    },
    "last_event": {"nb": "etter siste hendelse", "nn": "etter siste hending", "en": "after the last event"},
    "erase": {"nb": "så slettes det", "nn": "så vert det sletta", "en": "then erased"},
    "archive_then_erase": {
        "nb": "så arkiveres og slettes det",
        "nn": "så vert det arkivert og sletta",
        "en": "then archived and erased",
    },
}

COLUMNS: Final[Mapping[str, tuple[str, ...]]] = {
    "nb": ("Mal", "Skjema", "Hvorfor", "Spør", "Personlig", "Leses av", "Lagres", "Fordi"),
    "nn": ("Mal", "Skjema", "Kvifor", "Spør", "Personleg", "Vert lese av", "Vert lagra", "Fordi"),
    "en": ("Template", "Form", "Purpose", "Asks", "Personal", "Read by", "Kept", "Because"),
}
"""The headings of the record as a table, by language."""


def cells(activity: Activity) -> tuple[str, ...]:
    """An activity as the cells of the table."""
    return (
        f"{activity.template} {activity.version}",
        activity.form,
        activity.purpose,
        ", ".join(activity.asked_of),
        "; ".join(activity.personal),
        activity.read_by,
        activity.kept,
        activity.basis,
    )
