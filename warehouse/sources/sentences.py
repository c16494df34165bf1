"""Why a row is rejected, in bokmål, nynorsk and English: sentences with `{}` where a value of the row comes in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from engine.text import Text

_TYPES: Final[Mapping[str, tuple[str, str, str]]] = {
    "integer": (
        "et helt tall på høyst 12 sifre",
        "eit heiltal på høgst 12 siffer",
        "a whole number of at most 12 digits",
    ),
    "decimal": (
        "et tall med «{}» foran høyst {} desimaler",
        "eit tal med «{}» framfor høgst {} desimalar",
        "a number with “{}” before at most {} decimals",
    ),
    "date": ("en dato som 2024-08-31", "ein dato som 2024-08-31", "a date such as 2024-08-31"),
    "boolean": (
        "ja eller nei (ja, nei, true, false, 1 eller 0)",
        "ja eller nei (ja, nei, true, false, 1 eller 0)",
        "yes or no (yes, no, true, false, 1 or 0)",
    ),
}


def _text(nb: str, nn: str, en: str) -> Text:
    return Text({"nb": nb, "nn": nn, "en": en})


def wrong_type(kind: str) -> Text:
    """{what stands there}, then for decimals {decimal mark} {how many}."""
    nb, nn, en = _TYPES[kind]
    return _text(f"«{{}}» er ikke {nb}", f"«{{}}» er ikkje {nn}", f"“{{}}” is not {en}")


SENTENCES: Final[Mapping[str, Text]] = {
    "ragged": _text(
        "raden har ikke like mange celler som det er kolonner",
        "rada har ikkje like mange celler som det er kolonnar",
        "the row does not have as many cells as there are columns",
    ),
    "quote": _text(
        "et anførselstegn blir aldri lukket, eller står inne i en celle uten anførselstegn",
        "eit hermeteikn blir aldri lukka, eller står inne i ei celle utan hermeteikn",
        "a quotation mark is never closed, or stands within a cell that has none around it",
    ),
    "control": _text(
        "linja har et tegn som ingen tekst har (NUL eller en løs CR)",
        "linja har eit teikn som ingen tekst har (NUL eller ein laus CR)",
        "the line holds a character that no text holds (NUL or a lone CR)",
    ),
    "long": _text(
        "linja er lengre enn 100 000 byte",
        "linja er lengre enn 100 000 byte",
        "the line is longer than 100,000 bytes",
    ),
    "empty": _text("raden er tom", "rada er tom", "the row is empty"),
    "required": _text("«{}» mangler", "«{}» manglar", "“{}” is missing"),
    "allowed": _text(
        "«{}» er ikke blant de tillatte verdiene: {}",
        "«{}» er ikkje mellom dei tillatne verdiane: {}",
        "“{}” is not among the allowed values: {}",
    ),
    "between": _text("{} er ikke fra {} til {}", "{} er ikkje frå {} til {}", "{} is not from {} to {}"),
    "at_least": _text("{} er mindre enn {}", "{} er mindre enn {}", "{} is less than {}"),
    "at_most": _text("{} er mer enn {}", "{} er meir enn {}", "{} is more than {}"),
    "unique": _text(
        "en annen rad har samme {} ({})", "ei anna rad har same {} ({})", "another row has the same {} ({})"
    ),
    "arm": _text(
        "«{}» er verken {} (med tiltak) eller {} (uten)",
        "«{}» er verken {} (med tiltak) eller {} (utan)",
        "“{}” is neither {} (treated) nor {} (control)",
    ),
    "negative": _text("{} kan ikke være mindre enn 0", "{} kan ikkje vere mindre enn 0", "{} cannot be less than 0"),
    "not_positive": _text("{} må være mer enn 0", "{} må vere meir enn 0", "{} must be more than 0"),
    "no_figure": _text(
        "raden har ikke noe tall for indikatoren", "rada har ikkje noko tal for indikatoren", "the row has no figure"
    ),
    "half_fraction": _text(
        "en andel trenger både teller og nevner",
        "ein del treng både teljar og nemnar",
        "a share needs both its numerator and its denominator",
    ),
    "fraction": _text(
        "telleren {} er større enn nevneren {}",
        "teljaren {} er større enn nemnaren {}",
        "the numerator {} is larger than the denominator {}",
    ),
    "answered": _text(
        "{} har svart, men bare {} er spurt",
        "{} har svart, men berre {} er spurde",
        "{} answered, and only {} were asked",
    ),
    "period": _text(
        "perioden slutter {}, før den begynner {}",
        "perioden sluttar {}, før han byrjar {}",
        "the period ends {}, before it begins {}",
    ),
    "stated": _text(
        "{} % er trykt, men {}/{} er {} %",
        "{} % er trykt, men {}/{} er {} %",
        "{} % is printed, but {}/{} is {} %",
    ),
}
