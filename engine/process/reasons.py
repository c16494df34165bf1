"""Why somebody may not do something: one of a few sentences, with what it names, in the reader's language.

`access` and `accepting` say which; what each sentence says stands here. Written as text it is English, with the ids of
the template: so it stands in errors.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias

from engine.template.model import Template
from engine.text import LANGUAGES, Text

Name: TypeAlias = Callable[[str], str]
"""From a membership, party or row to how people call it."""


@dataclass(frozen=True, slots=True)
class Reason:
    """A sentence by its key in `SENTENCES`; it may name roles, whom or what it is about, and a task."""

    key: str
    roles: tuple[str, ...] = ()
    whom: tuple[str, ...] = ()
    task: Text | None = None

    def told(self, template: Template, language: str, name: Name = str) -> str:
        """The sentence in a language, with the titles of roles; `name` gives memberships their names."""
        chosen = language if language in LANGUAGES else LANGUAGES[0]
        titles = [template.roles[role].title.get(chosen) if role in template.roles else role for role in self.roles]
        facts = {
            "roles": f" {_OR[chosen]} ".join(titles),
            "whom": ", ".join(map(name, self.whom)) or f" {_OR[chosen]} ".join(titles),
            "task": self.task.get(chosen) if self.task else "",
            "number": f" {_OR[chosen]} ".join(self.whom),
        }
        return SENTENCES[self.key][chosen].format_map(facts)

    def __str__(self) -> str:
        sentence = SENTENCES[self.key]["en"].rstrip(".")
        roles = " or ".join(f"the {role}" for role in self.roles)
        facts = {
            "roles": roles,
            "whom": ", ".join(self.whom) or roles,
            "task": self.task.get("en") if self.task else "",
            "number": " or ".join(self.whom),
        }
        return (sentence[:1].lower() + sentence[1:]).format_map(facts)


_OR: Final = {"nb": "eller", "nn": "eller", "en": "or"}

SENTENCES: Final[Mapping[str, Mapping[str, str]]] = {
    "outside": {
        "nb": "Bare de som er med, kan se denne prosessen.",
        "nn": "Berre dei som er med, kan sjå denne prosessen.",
        "en": "Only those who take part may see this process.",
    },
    "role": {
        "nb": "Bare {roles} kan gjøre dette.",
        "nn": "Berre {roles} kan gjere dette.",
        "en": "Only {roles} may do this.",
    },
    "measured by": {
        "nb": "Bare {roles} kan rette målte tall.",
        "nn": "Berre {roles} kan rette målte tal.",
        "en": "Only {roles} may put figures right.",
    },
    "measured by nobody": {"nb": "Her måler ingen.", "nn": "Her måler ingen.", "en": "Nobody measures here."},
    "corrected by": {
        "nb": "Bare {roles} kan rette dette.",
        "nn": "Berre {roles} kan rette dette.",
        "en": "Only {roles} may put this right.",
    },
    "corrected by nobody": {
        "nb": "Ingen kan rette dette.",
        "nn": "Ingen kan rette dette.",
        "en": "Nobody may put this right.",
    },
    "erased by": {
        "nb": "Bare den som driver arbeidsområdet, kan slette en person.",
        "nn": "Berre den som driv arbeidsområdet, kan slette ein person.",
        "en": "Only whoever runs the workspace may erase a person.",
    },
    "four eyes": {
        "nb": "Den som svarte på «{task}», kan ikke gjøre dette også: det skal fire øyne til.",
        "nn": "Den som svarte på «{task}», kan ikkje gjere dette òg: det skal fire auge til.",
        "en": "Whoever answered “{task}” may not do this too: four eyes are asked for.",
    },
    "theirs": {
        "nb": "Dette er for {whom} å fylle ut, og ingen andre kan gjøre det.",
        "nn": "Dette er for {whom} å fylle ut, og ingen andre kan gjere det.",
        "en": "This is for {whom} to fill in, and nobody else may.",
    },
    "on whose behalf": {
        "nb": "Si på vegne av hvem, med nummeret på medlemskapet: --on-behalf-of {number}.",
        "nn": "Sei på vegner av kven, med nummeret på medlemskapen: --on-behalf-of {number}.",
        "en": "Say on whose behalf, by the membership's number: --on-behalf-of {number}.",
    },
    "assisted": {
        "nb": "Bare {whom}, noen fra samme part eller {roles} kan fylle ut dette.",
        "nn": "Berre {whom}, nokon frå same part eller {roles} kan fylle ut dette.",
        "en": "Only {whom}, somebody of the same party or {roles} may fill this in.",
    },
    "suspended": {
        "nb": "Prosessen er satt på vent: ingenting kan fylles ut eller velges før den blir tatt opp igjen.",
        "nn": "Prosessen er sett på vent: ingenting kan fyllast ut eller veljast før han blir teken opp att.",
        "en": "The process is suspended: nothing can be filled in or chosen until it is resumed.",
    },
    "quarantine": {
        "nb": "Prosessen er i karantene: loggen er endret utenom programmet, og ingenting mer blir skrevet.",
        "nn": "Prosessen er i karantene: loggen er endra utanom programmet, og ikkje noko meir blir skrive.",
        "en": "The process is in quarantine: its log was changed behind the engine's back; nothing more is written.",
    },
    "ended": {
        "nb": "Prosessen er over.",
        "nn": "Prosessen er over.",
        "en": "The process has come to its end.",
    },
    "closed": {
        "nb": "{whom} er lukket: den ble trukket tilbake, eller tiden er ute.",
        "nn": "{whom} er lukka: ho vart trekt tilbake, eller tida er ute.",
        "en": "{whom} is closed: it was withdrawn, or its time is over.",
    },
    "answered and over": {
        "nb": "{whom} er besvart, og kan ikke rettes lenger.",
        "nn": "{whom} er svart på, og kan ikkje rettast lenger.",
        "en": "{whom} was answered, and can be put right no more.",
    },
    "answered and over, but for": {
        "nb": "{whom} er besvart, og nå kan bare {roles} rette det.",
        "nn": "{whom} er svart på, og no kan berre {roles} rette det.",
        "en": "{whom} was answered, and only {roles} may put it right now.",
    },
    "turn": {
        "nb": "Dette venter på tur; først svarer {whom}.",
        "nn": "Dette ventar på tur; først svarar {whom}.",
        "en": "It waits for its turn; first comes {whom}.",
    },
    "answered": {
        "nb": "{whom} er besvart og kan ikke rettes.",
        "nn": "{whom} er svart på og kan ikkje rettast.",
        "en": "{whom} was answered, and may not be corrected.",
    },
    "answered by another": {
        "nb": "{whom} er besvart av noen andre, og bare de kan rette det.",
        "nn": "{whom} er svart på av nokon andre, og berre dei kan rette det.",
        "en": "{whom} was answered by somebody else, and only they may correct it.",
    },
    "not over their head": {
        "nb": "{whom} er besvart av personen selv, og bare de kan rette det.",
        "nn": "{whom} er svart på av personen sjølv, og berre dei kan rette det.",
        "en": "{whom} was answered by the person themselves, and only they may correct it.",
    },
}
"""Every sentence, by language. `{whom}` stands for the roles where nobody is named."""
