"""The words of a picture that no template holds, in bokmål, nynorsk and English."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Final

from engine.template.model import Span, WorkingDays, duration
from engine.text import LANGUAGES

_WORDS: Final[Mapping[str, tuple[str, str, str]]] = {
    "always": ("Åpent hele tiden", "Ope heile tida", "Open all the time"),
    "parallel": ("alt skjer samtidig", "alt skjer samtidig", "all at the same time"),
    "by itself": ("Går videre av seg selv", "Går vidare av seg sjølv", "Goes on by itself"),
    "at first": ("Første gang", "Første gongen", "The first time"),
    "when": ("når {what}", "når {what}", "when {what}"),
    "after": ("etter {what}", "etter {what}", "after {what}"),
    "due": ("frist {what}", "frist {what}", "due in {what}"),
    "starts": ("starter {what}", "startar {what}", "starts {what}"),
    "starts by itself": ("når en kommer hit", "når ein kjem hit", "when this is entered"),
    "reason": ("med grunn", "med grunn", "with a reason"),
    "each membership": ("én fra hver", "éin frå kvar", "one from each"),
    "each party": ("én fra hver part", "éin frå kvar part", "one from each party"),
    "each row": ("én for hver rad i «{what}»", "éin for kvar rad i «{what}»", "one for each row of “{what}”"),
    "not by": ("ikke den som svarte på «{task}»", "ikkje den som svarte på «{task}»", "not who answered “{task}”"),
    "enough": ("{what} er nok", "{what} er nok", "{what} is enough"),
    "enough when": ("nok når {what}", "nok når {what}", "enough when {what}"),
    "one": ("én", "éin", "one"),
    "sealed": ("skjult for de andre", "skjult for dei andre", "hidden from the others"),
    "optional": ("valgfri", "valfri", "optional"),
    "repeatable": ("flere ganger", "fleire gonger", "any number of times"),
    "sequential": ("etter tur", "etter tur", "one after the other"),
    "done": ("{done} av {expected} ferdig", "{done} av {expected} ferdig", "{done} of {expected} done"),
    "now": ("nå", "no", "now"),
    "times": ("{count} ganger", "{count} gonger", "{count} times"),
    "once": ("1 gang", "1 gong", "once"),
    "reached": ("nådd", "nådd", "reached"),
    "went back": (
        "gått tilbake hit {count} ×",
        "gått tilbake hit {count} ×",
        "gone back to {count} ×",
    ),
    "so far": ("{time} så langt", "{time} så langt", "{time} so far"),
    "running": ("pågår", "går føre seg", "running"),
    "suspended": ("på vent", "på vent", "suspended"),
    "quarantine": ("i karantene", "i karantene", "in quarantine"),
    "finished": ("ferdig", "ferdig", "finished"),
    "cancelled": ("avbrutt", "avbroten", "cancelled"),
    "process": ("{template} {version} · {status} {at}", "{template} {version} · {status} {at}",
                "{template} {version} · {status} {at}"),
    "trial": ("{template} {version} · prøvd {covered} av {of}", "{template} {version} · prøvd {covered} av {of}",
              "{template} {version} · tried {covered} of {of}"),
    "said": ("sann {true} ×, usann {false} ×", "sann {true} ×, usann {false} ×", "true {true} ×, false {false} ×"),
    "said unknown": (", ukjent {unknown} ×", ", ukjend {unknown} ×", ", unknown {unknown} ×"),
    # the legend
    "legend": ("Slik leser du tegningen", "Slik les du teikninga", "How to read this"),
    "legend initial": ("Her begynner det", "Her byrjar det", "Where it begins"),
    "legend final": ("Slutt", "Slutt", "The end"),
    "legend history": (
        "H: tilbake dit en var. H*: også i det som er inni",
        "H: tilbake dit ein var. H*: også i det som er inni",
        "H: back to where one was. H*: and in what is within",
    ),
    "legend parallel": ("Stiplet ramme: skjer samtidig", "Stipla ramme: skjer samtidig", "Dashed: at the same time"),
    "legend task": ("Noe å fylle ut, og av hvem", "Noko å fylla ut, og av kven", "Something to fill in, and by whom"),
    "legend action": ("Noe å velge, og av hvem", "Noko å velja, og av kven", "Something to choose, and by whom"),
    "legend auto": ("Skjer av seg selv", "Skjer av seg sjølv", "Happens by itself"),
    "legend deadline": ("Skjer når tiden er ute", "Skjer når tida er ute", "Happens when time is up"),
    "legend onward": (
        "Til høyre: videre. Til venstre: tilbake",
        "Til høgre: vidare. Til venstre: tilbake",
        "Right side: onward. Left side: back",
    ),
    "legend active": ("Her er dere nå", "Her er de no", "Where you are now"),
    "legend past": ("Har vært her", "Har vore her", "Has been here"),
    "legend never": ("Ikke brukt ennå", "Ikkje brukt enno", "Not used yet"),
    "legend taken": ("Veien som er gått; 3 ×: så mange ganger", "Vegen som er gått; 3 ×: så mange gonger",
                     "The way that was taken; 3 ×: how often"),
    "legend untaken": ("Vei som ikke er gått", "Veg som ikkje er gått", "A way that was not taken"),
    "legend time": ("Tid på vent er ikke regnet med", "Tid på vent er ikkje rekna med", "Without time suspended"),
    # the picture in words
    "told title": ("Tilstandskart: {title}", "Tilstandskart: {title}", "Statechart: {title}"),
    "told state": ("{title}{notes}", "{title}{notes}", "{title}{notes}"),
    "told within": ("{title}, i {around}", "{title}, i {around}", "{title}, within {around}"),
    "told arrow": ("{title} fører til {target}", "{title} fører til {target}", "{title} leads to {target}"),
    "told initial": ("begynner her", "byrjar her", "begins here"),
    "told final": ("slutt", "slutt", "the end"),
    "told start": ("ved siden av: {title}", "ved sida av: {title}", "beside it: {title}"),
    "told task": ("å fylle ut: {title}", "å fylla ut: {title}", "to fill in: {title}"),
}  # fmt: skip

_UNITS: Final[Mapping[str, tuple[tuple[str, str], ...]]] = {
    "day": (("dag", "dager"), ("dag", "dagar"), ("day", "days")),
    "hour": (("time", "timer"), ("time", "timar"), ("hour", "hours")),
    "minute": (("minutt", "minutter"), ("minutt", "minutt"), ("minute", "minutes")),
    "working day": (("arbeidsdag", "arbeidsdager"), ("arbeidsdag", "arbeidsdagar"), ("working day", "working days")),
}
_SHORT: Final = {"nb": ("d", "t", "min"), "nn": ("d", "t", "min"), "en": ("d", "h", "min")}

_UNDRAWABLE: Final = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]"
)


def say(key: str, language: str, **facts: object) -> str:
    """The words of a key, with what stands in them."""
    return _WORDS[key][LANGUAGES.index(language)].format_map(facts)


def clean(text: str) -> str:
    """A text as one line that may stand in a picture: no control characters, none that turn the way of reading."""
    return " ".join(_UNDRAWABLE.sub("\ufffd", text).split())


def span(value: Span, language: str) -> str:
    """A duration as people say it: 14 days. Hours stay hours: 48 of them end at a moment, two days with a day."""
    if isinstance(value, WorkingDays):
        return _counted(value.working_days, "working day", language)
    days = 0 if value.startswith("PT") else duration(value.partition("T")[0]).days
    hours, minutes = divmod((duration(value) - timedelta(days=days)) // timedelta(minutes=1), 60)
    counted = (("day", days), ("hour", hours), ("minute", minutes))
    said = [_counted(number, unit, language) for unit, number in counted if number]
    return " ".join(said) or _counted(0, "minute", language)


def _counted(number: int, unit: str, language: str) -> str:
    one, many = _UNITS[unit][LANGUAGES.index(language)]
    return f"{number} {one if number == 1 else many}"


def elapsed(time: timedelta, language: str) -> str:
    """How long something took, in its two largest units: 3 d 4 h, 25 min."""
    day, hour, minute = _SHORT[language]
    minutes = int(time.total_seconds()) // 60
    days, hours = minutes // 1440, minutes // 60 % 24
    if days:
        return f"{days} {day} {hours} {hour}" if hours else f"{days} {day}"
    if hours:
        return f"{hours} {hour} {minutes % 60} {minute}" if minutes % 60 else f"{hours} {hour}"
    return f"{minutes} {minute}" if minutes else f"< 1 {minute}"


def times(count: int, language: str) -> str:
    """How often: once, 3 times."""
    return say("once", language) if count == 1 else say("times", language, count=count)
