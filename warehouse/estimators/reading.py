"""A figure in one sentence, in three languages: what it says, and never more than its design allows.

The words follow the interval, not the estimate. A change is not called an effect; an effect has been earned by a
comparison.
"""

from __future__ import annotations

from dataclasses import dataclass

_SPACE = "\u00a0"


@dataclass(frozen=True, slots=True)
class Reading:
    """One sentence in bokmål, nynorsk and English."""

    nb: str
    nn: str
    en: str


def figure(value: float, kind: str, unit: str, language: str) -> str:
    """A value as people write it: shares in per cent, large numbers without decimals, the unit after it."""
    if kind in ("share", "yes_no"):
        text, unit = _number(value * 100, 1), "%"
    else:
        whole = abs(value) >= 1000 or value == int(value)
        text = _number(value, 0 if whole else 2)
    if language != "en":
        text = text.replace(",", _SPACE).replace(".", ",")
    return f"{text}{'' if unit == '%' and language == 'en' else _SPACE}{unit}" if unit else text


def _number(value: float, decimals: int) -> str:
    return f"{value:,.{decimals}f}".replace("-", "−")


_PROGRESS = {
    "reached": ("Målet er nådd", "Målet er nådd", "The target is reached"),
    "not_reached": ("Målet er ikke nådd", "Målet er ikkje nådd", "The target is not reached"),
    "on_track": ("Det går som planlagt", "Det går som planlagt", "It is going to plan"),
    "near": ("Det går nesten som planlagt", "Det går nesten som planlagt", "It is going almost to plan"),
    "behind": ("Det går saktere enn planlagt", "Det går seinare enn planlagt", "It is going slower than planned"),
}
_UNSURE = (
    "men tallene er for usikre til å slå det fast",
    "men tala er for usikre til å slå det fast",
    "but the figures are too uncertain to be sure",
)


def of_result(
    kind: str,
    unit: str,
    value: float | None,
    target: float | None,
    progress: str | None,
    certainty: str | None,
    has_baseline: bool,
) -> Reading:
    """What a result says about its target, and that it says nothing of change where there is no baseline."""
    if value is None:
        return Reading("Ikke målt ennå.", "Ikkje målt enno.", "Not measured yet.")
    values = {language: figure(value, kind, unit, language) for language in ("nb", "nn", "en")}
    if target is None or progress not in _PROGRESS:
        return Reading(
            f"{values['nb']}. Det er ikke satt noe mål.",
            f"{values['nn']}. Det er ikkje sett noko mål.",
            f"{values['en']}. No target is set.",
        )
    goals = {language: figure(target, kind, unit, language) for language in ("nb", "nn", "en")}
    said = dict(zip(("nb", "nn", "en"), _PROGRESS[progress], strict=True))
    unsure = dict(zip(("nb", "nn", "en"), _UNSURE, strict=True)) if certainty == "uncertain" else {}
    doubt = {language: f", {unsure[language]}" if unsure else "" for language in said}
    no_change = (
        {"nb": "", "nn": "", "en": ""}
        if has_baseline
        else {
            "nb": " Endring kan ikke vises: det finnes ingen nullpunktsmåling.",
            "nn": " Endring kan ikkje visast: det finst inga nullpunktsmåling.",
            "en": " Change cannot be shown: there is no baseline.",
        }
    )
    return Reading(
        f"{said['nb']}{doubt['nb']}: {values['nb']} mot målet {goals['nb']}.{no_change['nb']}",
        f"{said['nn']}{doubt['nn']}: {values['nn']} mot målet {goals['nn']}.{no_change['nn']}",
        f"{said['en']}{doubt['en']}: {values['en']} against the target {goals['en']}.{no_change['en']}",
    )


def of_lottery(
    name: str, unit: str, estimate: float, low: float, high: float, n_treated: int, n_control: int, direction: int
) -> Reading:
    """What a randomised comparison says: how much, between what, and for better, for worse, or not to be told."""
    ends = {
        language: (
            figure(estimate, "mean", unit, language),
            figure(low, "mean", unit, language),
            figure(high, "mean", unit, language),
        )
        for language in ("nb", "nn", "en")
    }
    if low > 0 or high < 0:
        better = (estimate > 0) == (direction > 0)
        verdict = {
            "nb": "til det bedre" if better else "til det verre",
            "nn": "til det betre" if better else "til det verre",
            "en": "for the better" if better else "for the worse",
        }
    else:
        verdict = {
            "nb": "men retningen er usikker",
            "nn": "men retninga er usikker",
            "en": "but the direction is uncertain",
        }
    nb, nn, en = ends["nb"], ends["nn"], ends["en"]
    return Reading(
        f"{name}: de {n_treated} som fikk plass ved loddtrekning, ligger i snitt {nb[0]} fra de {n_control} som ikke"
        f" fikk det, {verdict['nb']} (95 % intervall {nb[1]} til {nb[2]}).",
        f"{name}: dei {n_treated} som fekk plass ved loddtrekking, ligg i snitt {nn[0]} frå dei {n_control} som ikkje"
        f" fekk det, {verdict['nn']} (95 % intervall {nn[1]} til {nn[2]}).",
        f"{name}: the {n_treated} who got a place by lottery differ on average by {en[0]} from the {n_control} who did"
        f" not, {verdict['en']} (95% interval {en[1]} to {en[2]}).",
    )


_NO_EFFECT = {
    "change_not_effect": (
        "Endring, ikke effekt: det er ikke noe å sammenligne med.",
        "Endring, ikkje effekt: det er ikkje noko å samanlikna med.",
        "Change, not effect: there is nothing to compare with.",
    ),
    "not_available_yet": (
        "Denne sammenligningen kan ikke regnes ut ennå.",
        "Denne samanlikninga kan ikkje reknast ut enno.",
        "This comparison cannot be computed yet.",
    ),
    "no_measurements": (
        "Det er ikke målt i begge gruppene ennå.",
        "Det er ikkje målt i begge gruppene enno.",
        "Not measured in both groups yet.",
    ),
    "too_few": (
        "For få i en av gruppene: minst to må til i hver.",
        "For få i ei av gruppene: minst to må til i kvar.",
        "Too few in one of the groups: at least two are needed in each.",
    ),
    "no_spread": (
        "Alle verdiene er like: usikkerheten kan ikke regnes ut.",
        "Alle verdiane er like: uvissa kan ikkje reknast ut.",
        "All values are equal: the uncertainty cannot be computed.",
    ),
    "clusters_not_available_yet": (
        "Gruppene er trukket klyngevis: den usikkerheten kan ikke regnes ut ennå.",
        "Gruppene er trekte klyngevis: den uvissa kan ikkje reknast ut enno.",
        "Whole clusters were drawn: that uncertainty cannot be computed yet.",
    ),
}


def of_no_effect(status: str) -> Reading | None:
    """Why there is no effect figure."""
    words = _NO_EFFECT.get(status)
    return Reading(*words) if words else None
