"""A form as text: for a person to read, and as an answers file to fill in.

Nothing is ever filled in beforehand but what the person wrote last, where the form shows that again (`x-prefill`).

The words around the questions are in the person's language, as the questions are. What answers are right is the
form's to say; this only shows it.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator, Mapping
from textwrap import indent as indented
from textwrap import wrap

import yaml

from engine import codec
from engine.form.language import COMMENT_SUFFIX
from engine.form.model import Choice, Field, Form

WIDTH = 100

_WORDS: Mapping[str, Mapping[str, str]] = {
    "why": {"nb": "Hvorfor vi spør:", "nn": "Kvifor vi spør:", "en": "Why we ask:"},
    "required": {"nb": "må besvares", "nn": "må svarast på", "en": "must be answered"},
    "choice": {"nb": "velg ett:", "nn": "vel eitt:", "en": "choose one:"},
    "choices": {
        "nb": "velg ett eller flere, skrevet [a, b]:",
        "nn": "vel eitt eller fleire, skrive [a, b]:",
        "en": "choose one or more, written [a, b]:",
    },
    "or": {"nb": "eller:", "nn": "eller:", "en": "or:"},
    "integer": {"nb": "et helt tall", "nn": "eit heilt tal", "en": "a whole number"},
    "number": {"nb": "et tall", "nn": "eit tal", "en": "a number"},
    "boolean": {"nb": "ja (true) eller nei (false)", "nn": "ja (true) eller nei (false)", "en": "true or false"},
    "date": {"nb": "en dato: 2026-08-31", "nn": "ein dato: 2026-08-31", "en": "a date: 2026-08-31"},
    "text": {"nb": "tekst", "nn": "tekst", "en": "text"},
    "list": {"nb": "rader, hver med:", "nn": "rader, kvar med:", "en": "rows, each with:"},
    "object": {"nb": "med:", "nn": "med:", "en": "with:"},
    "comment": {"nb": "en kommentar", "nn": "ein kommentar", "en": "a comment"},
    "suggested": {"nb": "forslag:", "nn": "framlegg:", "en": "suggested:"},
    "earlier": {"nb": "sist skrev du:", "nn": "sist skreiv du:", "en": "last time you wrote:"},
    "again": {
        "nb": "Der du har skrevet noe før, står det alt. Rett det, eller ta det bort.",
        "nn": "Der du har skrive noko før, står det alt. Rett det, eller ta det bort.",
        "en": "Where you wrote something before, it stands there already. Put it right, or take it out.",
    },
    "skeleton": {
        "nb": "Skriv svarene bak kolonene. Det du lar stå tomt, er ikke besvart.",
        "nn": "Skriv svara bak kolona. Det du lèt stå tomt, er ikkje svart på.",
        "en": "Write the answers after the colons. What you leave empty is not answered.",
    },
}
NOTHING: Mapping[str, object] = {}
NO_TEXTS: Mapping[str, str] = {}
_STRING = "tag:yaml.org,2002:str"
_PLAIN = re.compile(r"[A-Za-zÆØÅæøå][\w .-]*")


def form_text(
    form: Form, language: str, suggested: Mapping[str, object] = NOTHING, earlier: Mapping[str, str] = NO_TEXTS
) -> str:
    """The questions of a form, with what can be answered, how the fields are called, and what is suggested for some.

    `earlier` is what the person wrote last in those that show it again, by their paths.
    """
    lines = [form.title(language), *wrap(form.description(language), WIDTH)]
    if form.purpose.get(language):
        lines += ["", *wrap(f"{_word('why', language)} {form.purpose.get(language)}", WIDTH)]
    return "\n".join([*lines, *_questions(form.fields, language, "", suggested, earlier)])


def skeleton(form: Form, instance: str, language: str, earlier: Mapping[str, str] = NO_TEXTS) -> str:
    """An answers file in YAML: every question as a comment, every answer empty, save what the person wrote before."""
    purpose = form.purpose.get(language)
    why = f"{_word('why', language)} {purpose}" if purpose else ""
    head = [f"{form.title(language)} ({instance})", form.description(language), why, _word("skeleton", language)]
    if earlier:
        head.append(_word("again", language))
    return "\n".join([*_comment(head, ""), *_blanks(form.fields, language, "", earlier)]) + "\n"


# -- to read ----------------------------------------------------------------------------------------------------------


def _questions(
    fields: Mapping[str, Field],
    language: str,
    indent: str,
    suggested: Mapping[str, object] = NOTHING,
    earlier: Mapping[str, str] = NO_TEXTS,
) -> Iterator[str]:
    for field in fields.values():
        if field.widget == "hidden":
            continue
        yield ""
        yield from _wrapped(field.title(language), indent)
        inner = indent + "    "
        named = [field.name, *([_word("required", language)] if field.required else [])]
        yield f"{inner}[{', '.join(named)}]"
        yield from _wrapped(field.description(language), inner)
        yield from _kinds(field, language, inner)
        if field.name in suggested:
            yield from _wrapped(f"{_word('suggested', language)} {suggested[field.name]}", inner)
        if field.name in earlier:
            yield f"{inner}{_word('earlier', language)}"
            yield indented(earlier[field.name], f"{inner}  ")
        yield from _questions(field.items, language, inner, earlier=_below(earlier, field.name))
        if field.comment:
            yield f"{inner}[{field.name}{COMMENT_SUFFIX}] {_word('comment', language)}"


def _kinds(field: Field, language: str, indent: str) -> Iterator[str]:
    """What kind of answer goes here, and the choices there are."""
    if field.kind not in ("choice", "choices"):
        unit = f" ({field.unit})" if field.unit else ""
        yield f"{indent}{_word(field.kind, language)}{unit}"
    if field.choices:
        yield f"{indent}{_word(field.kind if field.kind in ('choice', 'choices') else 'or', language)}"
        width = max(len(written(choice.const)) for choice in field.choices)
        for choice in field.choices:
            yield from _wrapped(_choice(choice, width, language), f"{indent}  ", hanging=width + 2)
    for point, anchor in field.anchors.items():
        yield from _wrapped(f"{point} = {anchor.get(language)}", f"{indent}  ", hanging=4)


def _choice(choice: Choice, width: int, language: str) -> str:
    more = f" – {choice.description(language)}" if choice.description(language) else ""
    return f"{written(choice.const):<{width}}  {choice.title(language)}{more}"


def _wrapped(text: str, indent: str, hanging: int = 0) -> Iterator[str]:
    following = indent + " " * hanging
    yield from wrap(text, WIDTH, initial_indent=indent, subsequent_indent=following, drop_whitespace=True)


def _word(name: str, language: str) -> str:
    return _WORDS[name][language]


# -- to fill in -------------------------------------------------------------------------------------------------------


def _blanks(
    fields: Mapping[str, Field], language: str, indent: str, earlier: Mapping[str, str] = NO_TEXTS
) -> Iterator[str]:
    for field in fields.values():
        yield ""
        required = f" ({_word('required', language)})" if field.required else ""
        told = [f"{field.title(language)}{required}", field.description(language)]
        yield from _comment(told, indent)
        for line in _kinds(field, language, "  "):
            yield f"{indent}#{line}"
        if field.name in earlier:
            yield indented(_pair(field.name, earlier[field.name]), indent)
        else:
            yield f"{indent}{field.name}:"
        if field.kind == "list":
            yield f"{indent}  -"
            yield from _blanks(field.items, language, f"{indent}    ")
        elif field.kind == "object":
            yield from _blanks(field.items, language, f"{indent}  ", _below(earlier, field.name))
        if field.comment:
            yield f"{indent}# {_word('comment', language)}"
            yield f"{indent}{field.name}{COMMENT_SUFFIX}:"


def _below(earlier: Mapping[str, str], name: str) -> dict[str, str]:
    """The texts of a group of fields, by their paths within it."""
    return {path.removeprefix(f"{name}."): text for path, text in earlier.items() if path.startswith(f"{name}.")}


def _pair(name: str, text: str) -> str:
    """A field with its text in YAML, on lines of its own where the text has several."""
    value = yaml.ScalarNode(_STRING, text, style="|" if "\n" in text else '"')
    pair = yaml.MappingNode("tag:yaml.org,2002:map", [(yaml.ScalarNode(_STRING, name), value)], flow_style=False)
    return str(yaml.serialize(pair, Dumper=yaml.SafeDumper, allow_unicode=True, width=sys.maxsize)).rstrip("\n")


def _comment(texts: list[str], indent: str) -> Iterator[str]:
    for text in texts:
        yield from wrap(text, WIDTH, initial_indent=f"{indent}# ", subsequent_indent=f"{indent}# ")


def written(const: codec.Json) -> str:
    """A choice as one writes it in an answers file: a text that could be taken for something else in quotes."""
    if isinstance(const, str):
        plain = _PLAIN.fullmatch(const) and const.lower() not in ("true", "false", "null") and const == const.strip()
        return const if plain else json.dumps(const, ensure_ascii=False)
    return codec.dumps(const).decode()
