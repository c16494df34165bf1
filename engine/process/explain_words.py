"""An explanation in plain words: short sentences in bokmål, nynorsk or English, one thought each.

It only says what the explanation holds; what that is, and what is left out, is `explain`'s.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from engine.process.explain import ActionExplanation, TaskExplanation
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
        "nb": "Disse svarene mangler: {paths}.",
        "nn": "Desse svara manglar: {paths}.",
        "en": "These answers are missing: {paths}.",
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
    "you": {"nb": "Du er en av dem.", "nn": "Du er ein av dei.", "en": "You are one of them."},
    "not you": {"nb": "Du er ikke en av dem.", "nn": "Du er ikkje ein av dei.", "en": "You are not one of them."},
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
        "nb": "«{title}» venter på tur: de som står før, svarer først.",
        "nn": "«{title}» ventar på tur: dei som står før, svarar først.",
        "en": "“{title}” waits for its turn: those before it answer first.",
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


def words(found: ActionExplanation | TaskExplanation, language: str) -> list[str]:
    """The explanation as sentences, the most important first."""
    told = _action(found) if isinstance(found, ActionExplanation) else _task(found)
    chosen = language if language in LANGUAGES else LANGUAGES[0]
    return [key if values is None else _WORDS[key][chosen].format_map(values) for key, values in told]


def _action(found: ActionExplanation) -> Iterator[tuple[str, Mapping[str, object] | None]]:
    """(key of the sentence, what stands in it); None where the first is the sentence itself."""
    yield "open" if found.is_open else "closed", {"title": found.title}
    if not found.state_is_active:
        yield "elsewhere", {"state": found.state_title}
    elif not found.is_open:
        if found.otherwise:
            yield found.otherwise, None
        if found.missing:
            yield "missing", {"paths": ", ".join(found.missing)}
    yield "choose", {"who": ", ".join(found.who)}
    yield "you" if found.you_may else "not you", {}


def _task(found: TaskExplanation) -> Iterator[tuple[str, Mapping[str, object] | None]]:
    yield f"task {found.status}", {"title": found.title}
    if found.status != "withdrawn":
        yield "fill in", {"who": ", ".join(found.who)}
        yield "you" if found.you_may else "not you", {}
    if found.due and found.status == "open":
        yield "overdue" if found.is_overdue else "due", {"day": found.due_day}
    if found.expected > 1:
        yield "so far", {"done": found.done, "expected": found.expected}
        if found.awaited:
            yield "awaited", {"names": ", ".join(found.awaited)}
    yield found.visible_because, None
