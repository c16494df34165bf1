"""What a message says, in bokmål, nynorsk and English: plain words, and never an answer or a text that a person wrote.

A message names the process, the task or the role and the deadline, and where to go. What it is about stands in the
process itself, for those who may see it. A template may have words of its own (`messages`).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from engine.notify.outbox import Letter
from engine.notify.sending import Message
from engine.process import events as e
from engine.process.state import ProcessState
from engine.template.chart import Definition
from engine.template.model import Message as Own

WORDS: Final[Mapping[str, Mapping[str, tuple[str, str]]]] = {
    "task": {
        "nb": ("Noe å fylle ut: {task}", "I «{process}» er det noe for deg å fylle ut: {task}."),
        "nn": ("Noko å fylle ut: {task}", "I «{process}» er det noko for deg å fylle ut: {task}."),
        "en": ("Something to fill in: {task}", "In “{process}” there is something for you to fill in: {task}."),
    },
    "reminder": {
        "nb": ("Påminnelse: {task}", "I «{process}» venter vi fortsatt på deg: {task}."),
        "nn": ("Påminning: {task}", "I «{process}» ventar vi framleis på deg: {task}."),
        "en": ("Reminder: {task}", "In “{process}” we are still waiting for you: {task}."),
    },
    "escalation": {
        "nb": ("Mangler fortsatt: {task}", "I «{process}» er dette ikke fylt ut ennå: {task}. Kan du følge det opp?"),
        "nn": ("Manglar framleis: {task}", "I «{process}» er dette ikkje fylt ut enno: {task}. Kan du følgje det opp?"),
        "en": (
            "Still missing: {task}",
            "In “{process}” this is not filled in yet: {task}. Can you look into it?",
        ),
    },
    "given": {
        "nb": ("Du har fått en oppgave: {task}", "I «{process}» har noen gitt deg en oppgave: {task}."),
        "nn": ("Du har fått ei oppgåve: {task}", "I «{process}» har nokon gitt deg ei oppgåve: {task}."),
        "en": ("You were given a task: {task}", "In “{process}” somebody gave you a task: {task}."),
    },
    "role": {
        "nb": ("Du har fått en rolle: {role}", "I «{process}» har du nå rollen {role}."),
        "nn": ("Du har fått ei rolle: {role}", "I «{process}» har du no rolla {role}."),
        "en": ("You got a role: {role}", "In “{process}” you now have the role {role}."),
    },
    "delegation": {
        "nb": ("Du handler for en annen", "I «{process}» handler du nå også for en annen ({membership}).{holds}"),
        "nn": ("Du handlar for ein annan", "I «{process}» handlar du no òg for ein annan ({membership}).{holds}"),
        "en": ("You act for somebody else", "In “{process}” you now also act for somebody else ({membership}).{holds}"),
    },
    "revealed": {
        "nb": ("Svarene er klare: {task}", "I «{process}» er svarene åpnet: {task}."),
        "nn": ("Svara er klare: {task}", "I «{process}» er svara opna: {task}."),
        "en": ("The answers are there: {task}", "In “{process}” the answers have been opened: {task}."),
    },
    "incident": {
        "nb": ("Kommer ikke videre: {process}", "«{process}» kommer ikke videre av seg selv, og trenger deg."),
        "nn": ("Kjem ikkje vidare: {process}", "«{process}» kjem ikkje vidare av seg sjølv, og treng deg."),
        "en": ("Cannot go on: {process}", "“{process}” cannot go on by itself, and needs you."),
    },
}
"""Title and first sentence, by kind and language."""

_DUE: Final = {"nb": "Frist: {due}", "nn": "Frist: {due}", "en": "Due: {due}"}
_UNTIL: Final = {"nb": " Det gjelder til {until}.", "nn": " Det gjeld til {until}.", "en": " This holds until {until}."}
_WHERE: Final = {
    "nb": ("Her kommer du inn: {url}", "På kommandolinjen: samskap status {name}"),
    "nn": ("Her kjem du inn: {url}", "På kommandolinja: samskap status {name}"),
    "en": ("This is where you get in: {url}", "On the command line: samskap status {name}"),
}
_WHY: Final = {
    "nb": "Du får denne meldingen fordi du er med i «{process}».",
    "nn": "Du får denne meldinga fordi du er med i «{process}».",
    "en": "You get this message as you take part in “{process}”.",
}


def told(
    letter: Letter, event: e.Event, state: ProcessState, definition: Definition, language: str, base_url: str | None
) -> Message:
    """The message of an event; `definition` is that of the event, and `base_url` where people get in."""
    facts = _facts(event.payload, state, definition, language)
    title, sentence = _words(letter.kind, definition, language)
    with_url, without = _WHERE[language]
    due = facts["due"] if letter.kind in _WITH_DUE else ""
    lines = [sentence.format_map(facts)]
    if due:
        lines.append(_DUE[language].format(due=due))
    lines.append(with_url.format(url=base_url) if base_url else without.format(name=state.name))
    lines.append(_WHY[language].format_map(facts))
    return Message(letter.key, _line(title.format_map(facts)), "\n\n".join(lines) + "\n")


_WITH_DUE: Final = ("task", "reminder", "escalation", "given")


def _words(kind: str, definition: Definition, language: str) -> tuple[str, str]:
    """Title and text of a kind of message: the template's own, else those of samskap."""
    own: Own | None = getattr(definition.template.messages, kind)
    return (own.title.get(language), own.text.get(language)) if own is not None else WORDS[kind][language]


def _facts(payload: e.Payload, state: ProcessState, definition: Definition, language: str) -> dict[str, str]:
    """What the words may name: titles of the template and of the process, on one line."""
    facts = dict.fromkeys(("task", "role", "membership", "until", "holds"), "")
    facts |= {"process": _line(state.title), "due": _due(payload, state, definition)}
    match payload:
        case e.AnswersRevealed(task=task):
            facts["task"] = _title(task, definition, language)
        case e.RoleGranted(role=role):
            facts["role"] = _line(definition.template.roles[role].title.get(language))
        case e.DelegationBegun(membership=membership, until=until):
            facts["membership"] = membership
            facts["until"] = _local(until, definition) if until else ""
            facts["holds"] = _UNTIL[language].format_map(facts) if until else ""
        case _:
            instance = state.instances.get(getattr(payload, "instance", ""))
            facts["task"] = _title(instance.task, definition, language) if instance else ""
    return facts


def _title(task: str, definition: Definition, language: str) -> str:
    """A task's title; its name where this version of the template has no such task."""
    node = definition.tasks.get(task)
    return _line(node.spec.title.get(language)) if node else task


def _due(payload: e.Payload, state: ProcessState, definition: Definition) -> str:
    """When what the event is about is due; empty where it is not."""
    instance = state.instances.get(getattr(payload, "instance", ""))
    return _local(instance.due, definition) if instance and instance.due else ""


def _local(moment: datetime, definition: Definition) -> str:
    """A moment where the process is at home."""
    return f"{moment.astimezone(ZoneInfo(definition.template.calendar.zone)):%Y-%m-%d %H:%M}"


def _line(text: str) -> str:
    """A title on one line: it goes into the header of a mail."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())
