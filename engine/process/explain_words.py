"""An explanation in plain words: short sentences in bokmål, nynorsk or English, one thought each.

It only says what the explanation holds; what that is, and what is left out, is `explain`'s.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TypeAlias

from engine.process.explain import NOT_SHOWN, ActionExplanation, ConditionNow, TaskExplanation
from engine.process.explain_steps import StepExplanation
from engine.process.missing import Missing
from engine.process.readers import Because
from engine.process.reasons import Name
from engine.text import LANGUAGES

_WORDS: Mapping[str, Mapping[str, str]] = {
    "open": {
        "nb": "«{title}» kan velges nå.",
        "nn": "«{title}» kan veljast no.",
        "en": "“{title}” can be chosen now.",
    },
    "closed": {
        "nb": "«{title}» kan ikke velges nå.",
        "nn": "«{title}» kan ikkje veljast no.",
        "en": "“{title}” cannot be chosen now.",
    },
    "elsewhere": {
        "nb": "Dette valget hører til «{state}», og der er dere ikke nå.",
        "nn": "Dette valet høyrer til «{state}», og der er de ikkje no.",
        "en": "This choice belongs to “{state}”, and you are not there now.",
    },
    "missing": {
        "nb": "Svaret på «{field}» i «{task}» mangler{whose}.",
        "nn": "Svaret på «{field}» i «{task}» manglar{whose}.",
        "en": "The answer to “{field}” in “{task}” is missing{whose}.",
    },
    "missing else": {
        "nb": "Dette er ikke kjent ennå: {path}.",
        "nn": "Dette er ikkje kjent enno: {path}.",
        "en": "This is not known yet: {path}.",
    },
    "fault": {
        "nb": "Vilkåret kan ikke regnes ut: {fault}. Den som har laget malen, må rette det.",
        "nn": "Vilkåret kan ikkje reknast ut: {fault}. Den som har laga malen, må rette det.",
        "en": "The condition cannot be evaluated: {fault}. The template's author has to mend it.",
    },
    "passes": {
        "nb": "Dette skjer ved utgangen av {day}.",
        "nn": "Dette skjer ved utgangen av {day}.",
        "en": "It happens at the end of {day}.",
    },
    "has passed": {"nb": "Fristen er ute.", "nn": "Fristen er ute.", "en": "The deadline has passed."},
    "hinders": {
        "nb": "Ikke oppfylt: {part}{elements}.",
        "nn": "Ikkje oppfylt: {part}{elements}.",
        "en": "Not so: {part}{elements}.",
    },
    "hinders unknown": {
        "nb": "Ikke kjent: {part}{elements}.",
        "nn": "Ikkje kjent: {part}{elements}.",
        "en": "Not known: {part}{elements}.",
    },
    "hinders hidden": {
        "nb": "Vises ikke for deg: {part}.",
        "nn": "Blir ikkje vist for deg: {part}.",
        "en": "Not shown to you: {part}.",
    },
    "not met": {
        "nb": "Vilkåret er ikke oppfylt.",
        "nn": "Vilkåret er ikkje oppfylt.",
        "en": "Its condition does not hold.",
    },
    "choose": {
        "nb": "Dette kan velges av: {who}.",
        "nn": "Dette kan veljast av: {who}.",
        "en": "Who can choose it: {who}.",
    },
    "fill in": {
        "nb": "Dette kan fylles ut av: {who}.",
        "nn": "Dette kan fyllast ut av: {who}.",
        "en": "Who can fill it in: {who}.",
    },
    "able": {
        "nb": "De som kan nå: {names}.",
        "nn": "Dei som kan no: {names}.",
        "en": "Those who can now: {names}.",
    },
    "nobody": {"nb": "Nå er det ingen som kan.", "nn": "No er det ingen som kan.", "en": "Nobody can now."},
    "you": {"nb": "Du er en av dem.", "nn": "Du er ein av dei.", "en": "You are one of them."},
    "not you": {"nb": "Du er ikke en av dem.", "nn": "Du er ikkje ein av dei.", "en": "You are not one of them."},
    "claimed": {
        "nb": "{names} har tatt den på seg.",
        "nn": "{names} har teke henne på seg.",
        "en": "{names} took it on.",
    },
    "task open": {
        "nb": "«{title}» er åpen.",
        "nn": "«{title}» er open.",
        "en": "“{title}” is open.",
    },
    "task done": {
        "nb": "«{title}» er besvart.",
        "nn": "«{title}» er svart på.",
        "en": "“{title}” has been answered.",
    },
    "task withdrawn": {
        "nb": "«{title}» er trukket tilbake og skal ikke fylles ut.",
        "nn": "«{title}» er trekt tilbake og skal ikkje fyllast ut.",
        "en": "“{title}” was withdrawn and is not to be filled in.",
    },
    "task waiting": {
        "nb": "«{title}» venter på tur. Først svarer: {names}.",
        "nn": "«{title}» ventar på tur. Først svarar: {names}.",
        "en": "“{title}” waits for its turn. First comes: {names}.",
    },
    "so far": {
        "nb": "Så langt har {done} av {expected} svart.",
        "nn": "Så langt har {done} av {expected} svart.",
        "en": "So far {done} of {expected} have answered.",
    },
    "awaited": {"nb": "Vi venter på: {names}.", "nn": "Vi ventar på: {names}.", "en": "We are waiting for: {names}."},
    "due": {"nb": "Fristen er {day}.", "nn": "Fristen er {day}.", "en": "It is due on {day}."},
    "overdue": {
        "nb": "Fristen var {day}, og den er ute.",
        "nn": "Fristen var {day}, og han er ute.",
        "en": "It was due on {day}, and that has passed.",
    },
}


_ELEMENTS: Mapping[str, str] = {
    "nb": " (av {all}: {held} ja, {failed} nei, {unknown} ikke kjent)",
    "nn": " (av {all}: {held} ja, {failed} nei, {unknown} ikkje kjent)",
    "en": " (of {all}: {held} yes, {failed} no, {unknown} not known)",
}
_HINDERS: Mapping[str, str] = {"false": "hinders", "unknown": "hinders unknown", NOT_SHOWN: "hinders hidden"}


_WHY: Mapping[str, Mapping[str, str]] = {
    "not answered": {"nb": "ikke besvart ennå", "nn": "ikkje svart på enno", "en": "not answered yet"},
    "blank": {"nb": "blankt", "nn": "blankt", "en": "blank"},
    "dont_know": {"nb": "vet ikke", "nn": "veit ikkje", "en": "does not know"},
    "erased": {"nb": "slettet", "nn": "sletta", "en": "erased"},
    "not to be read": {"nb": "kan ikke leses", "nn": "kan ikkje lesast", "en": "cannot be read"},
    "not asked": {"nb": "ikke spurt om ennå", "nn": "ikkje spurt om enno", "en": "not asked yet"},
}
"""Why an answer is missing."""


BECAUSE: Mapping[Because, Mapping[str, str]] = {
    "gave it": {"nb": "ga svaret", "nn": "gav svaret", "en": "gave it"},
    "entered it": {
        "nb": "skrev det inn for en annen",
        "nn": "skreiv det inn for ein annan",
        "en": "entered it for them",
    },
    "takes part": {
        "nb": "er med, og svaret er åpent",
        "nn": "er med, og svaret er ope",
        "en": "takes part; it is open",
    },
    "was revealed": {"nb": "svarene ble vist", "nn": "svara vart viste", "en": "it was revealed"},
}
"""Why somebody could read an answer."""


def words(found: ActionExplanation | TaskExplanation, language: str, name: Name = str) -> list[str]:
    """The explanation as sentences, the most important first."""
    chosen = language if language in LANGUAGES else LANGUAGES[0]
    told = _action(found, chosen, name) if isinstance(found, ActionExplanation) else _task(found, name)
    return [_told(key, values, chosen) for key, values in told]


def why_closed(found: ActionExplanation, language: str, name: Name = str) -> list[str]:
    """Why an action cannot be chosen now; nothing where it can."""
    chosen = language if language in LANGUAGES else LANGUAGES[0]
    return [_told(key, values, chosen) for key, values in _closed(found, chosen, name)]


def why_not_yet(found: StepExplanation, language: str, name: Name = str) -> list[str]:
    """When the process goes on by itself, and what it waits for."""
    chosen = language if language in LANGUAGES else LANGUAGES[0]
    return [_told(key, values, chosen) for key, values in _waiting(found, chosen, name)]


def _waiting(found: StepExplanation, language: str, name: Name) -> Iterator[Sentence]:
    condition = found.condition
    if found.kind == "deadline":
        yield ("passes", {"day": found.due_day}) if found.due else ("has passed", {})
    if condition.fault:
        yield "fault", {"fault": condition.fault.rstrip(".")}
    elif not condition.holds:
        if not condition.lacking:
            yield "not met", {}
        for one in condition.lacking:
            yield _missing(one, language, name)
        yield from _hindering(condition, language)


def _hindering(condition: ConditionNow, language: str) -> Iterator[Sentence]:
    """Of a condition of several parts, or of many answers, those that do not hold."""
    parts = [part for part in condition.parts if part.depth == 0]
    if len(parts) > 1 or any(part.elements for part in parts):
        for part in parts:
            if part.outcome != "true":
                yield _HINDERS[part.outcome], {"part": part.words, "elements": _counted(part.elements, language)}


def _counted(elements: tuple[int, int, int] | None, language: str) -> str:
    if elements is None:
        return ""
    held, failed, unknown = elements
    return _ELEMENTS[language].format(all=sum(elements), held=held, failed=failed, unknown=unknown)


Sentence: TypeAlias = tuple[str, Mapping[str, object] | None]
"""The key of a sentence and what stands in it; with None the first is the sentence itself."""


def _told(key: str, values: Mapping[str, object] | None, language: str) -> str:
    return key if values is None else _WORDS[key][language].format_map(values)


def _action(found: ActionExplanation, language: str, name: Name) -> Iterator[Sentence]:
    yield "open" if found.is_open else "closed", {"title": found.title}
    yield from _closed(found, language, name)
    yield "choose", {"who": ", ".join(found.who)}
    if found.is_open:
        yield from _able(found, name)
    yield from _you(found)


def _you(found: ActionExplanation | TaskExplanation) -> Iterator[Sentence]:
    """Whether the reader can; that they lack the role follows from who has it."""
    if found.you_may:
        yield "you", {}
    elif found.barred_by == "role":
        yield "not you", {}
    elif found.why_not:
        yield found.why_not, None


def _closed(found: ActionExplanation, language: str, name: Name) -> Iterator[Sentence]:
    if found.resting:
        yield found.resting, None
    elif not found.state_is_active:
        yield "elsewhere", {"state": found.state_title}
    elif not found.is_open:
        if found.fault:
            yield "fault", {"fault": found.fault.rstrip(".")}
        elif found.otherwise:
            yield found.otherwise, None
        elif not found.lacking:
            yield "not met", {}
        for one in found.lacking:
            yield _missing(one, language, name)


def _missing(found: Missing, language: str, name: Name) -> Sentence:
    """A missing answer, and of whom it is missing; where nobody is named for whom it is, only why."""
    if not found.task:
        return "missing else", {"path": found.path}
    whys = [(f"{name(one.for_whom)}: " if one.for_whom else "") + _WHY[one.why][language] for one in found.lacking]
    whose = ", ".join(dict.fromkeys(whys)) or _WHY["not asked"][language]
    return "missing", {"field": found.field, "task": found.task, "whose": f" ({whose})"}


def _able(found: ActionExplanation | TaskExplanation, name: Name) -> Iterator[Sentence]:
    if found.able:
        yield "able", {"names": ", ".join(dict.fromkeys(map(name, found.able)))}
    else:
        yield "nobody", {}


def _task(found: TaskExplanation, name: Name) -> Iterator[Sentence]:
    yield f"task {found.status}", {"title": found.title, "names": ", ".join(map(name, found.turn_of))}
    if found.claimed_by:
        yield "claimed", {"names": name(found.claimed_by)}
    if found.status != "withdrawn":
        yield "fill in", {"who": ", ".join(found.who)}
        if found.status == "open":
            yield from _able(found, name)
        yield from _you(found)
    if found.due and found.status == "open":
        yield "overdue" if found.is_overdue else "due", {"day": found.due_day}
    if found.expected > 1:
        yield "so far", {"done": found.done, "expected": found.expected}
        if found.awaited:
            yield "awaited", {"names": ", ".join(map(name, found.awaited))}
    yield found.visible_because, None
