"""A figure in one sentence, in three languages: what it says, and never more than its design allows.

The words follow the interval, not the estimate. A change is not called an effect; an effect has been earned by a
comparison.
"""

from __future__ import annotations

from collections.abc import Callable
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
        return _written(value * 100, "%", language, 1)
    return _written(value, unit, language, _decimals(value))


def _decimals(*values: float) -> int:
    """How many to show for numbers that stand together: 0 where one is large, or all are whole; else 2."""
    whole = any(abs(value) >= 1000 for value in values) or all(value == int(value) for value in values)
    return 0 if whole else 2


def _written(value: float, unit: str, language: str, decimals: int) -> str:
    # z: what rounds to 0 has no sign; "−0.00" would say that it fell.
    text = f"{value:z,.{decimals}f}".replace("-", "−")
    if language != "en":
        text = text.replace(",", _SPACE).replace(".", ",")
    return f"{text}{'' if unit == '%' and language == 'en' else _SPACE}{unit}" if unit else text


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


_POINTS = {"nb": "prosentpoeng", "nn": "prosentpoeng", "en": "percentage points"}
_MORE = {"nb": "mer enn", "nn": "meir enn", "en": "more than"}
_LESS = {"nb": "mindre enn", "nn": "mindre enn", "en": "less than"}
_SAME = {"nb": "omtrent det samme som", "nn": "om lag det same som", "en": "about the same as"}
_TIMES = {"nb": "ganger så mange som", "nn": "gonger så mange som", "en": "times as many as"}
_BEFORE = {"nb": "ved nullpunktsmålingen", "nn": "ved nullpunktsmålinga", "en": "at the baseline"}
_BETTER = {"nb": "til det bedre", "nn": "til det betre", "en": "for the better"}
_WORSE = {"nb": "til det verre", "nn": "til det verre", "en": "for the worse"}
_NO_DIRECTION = {
    "nb": "men retningen er usikker",
    "nn": "men retninga er usikker",
    "en": "but the direction is uncertain",
}
_NO_INTERVAL = {
    "nb": "men hvor sikkert det er, kan ikke sies",
    "nn": "men kor sikkert det er, kan ikkje seiast",
    "en": "but how certain that is cannot be said",
}
_BETWEEN = {"nb": "95 % intervall {} til {}", "nn": "95 % intervall {} til {}", "en": "95% interval {} to {}"}
_ONLY_CHANGE = {
    "nb": "Dette er endring, ikke effekt.",
    "nn": "Dette er endring, ikkje effekt.",
    "en": "This is change, not effect.",
}


def _in_all(write: Callable[[str], str]) -> Reading:
    """What `write` says in each language, with a capital first."""
    nb, nn, en = (sentence[:1].upper() + sentence[1:] for sentence in map(write, ("nb", "nn", "en")))
    return Reading(nb, nn, en)


def _compared(value: float, unit: str, language: str, decimals: int) -> str:
    if round(value, decimals) == 0:
        return _SAME[language]
    return f"{_written(abs(value), unit, language, decimals)} {(_MORE if value > 0 else _LESS)[language]}"


def _verdict(low: float, high: float, direction: int, nothing: float = 0.0) -> dict[str, str]:
    """For better or for worse, where the whole interval lies on one side of what would be no difference."""
    if low <= nothing <= high:
        return _NO_DIRECTION
    return _BETTER if (low > nothing) == (direction > 0) else _WORSE


def _between(low: float, high: float, unit: str, language: str, decimals: int) -> str:
    ends = _written(low, "", language, decimals), _written(high, unit, language, decimals)
    return _BETWEEN[language].format(*ends)


def of_change(
    kind: str, unit: str, change: float, low: float | None, high: float | None, direction: int, method: str
) -> Reading:
    """What lies between baseline and now, whether its direction is certain, and that this is change, not effect.

    `change` is a difference in the unit of the figures (between shares from −1 to 1), or, with `method` rate_ratio, how
    many times as many; `direction` is 1 where more is better, −1 where less is.
    """
    is_ratio, is_share = method == "rate_ratio", kind in ("share", "yes_no")
    scale = 100 if is_share else 1
    known = [value * scale for value in (change, low, high) if value is not None]
    decimals = 2 if is_ratio else 1 if is_share else _decimals(*known)

    def write(language: str) -> str:
        unit_here = "" if is_ratio else _POINTS[language] if is_share else unit
        if is_ratio:
            said = f"{_written(change, '', language, decimals)} {_TIMES[language]}"
        else:
            said = _compared(change * scale, unit_here, language, decimals)
        if low is None or high is None:
            return f"{said} {_BEFORE[language]}, {_NO_INTERVAL[language]}. {_ONLY_CHANGE[language]}"
        verdict = _verdict(low, high, direction, 1.0 if is_ratio else 0.0)[language]
        ends = _between(low * scale, high * scale, unit_here, language, decimals)
        return f"{said} {_BEFORE[language]}, {verdict} ({ends}). {_ONLY_CHANGE[language]}"

    return _in_all(write)


_BY_LOTTERY = {
    "nb": "{name}: de {treated} som fikk plass ved loddtrekning, har i snitt {compared} de {control} som ikke fikk det,"
    " {verdict} ({ends}).",
    "nn": "{name}: dei {treated} som fekk plass ved loddtrekking, har i snitt {compared} dei {control} som ikkje fekk"
    " det, {verdict} ({ends}).",
    "en": "{name}: the {treated} who got a place by lottery have on average {compared} the {control} who did not,"
    " {verdict} ({ends}).",
}


def of_lottery(
    name: str, unit: str, estimate: float, low: float, high: float, n_treated: int, n_control: int, direction: int
) -> Reading:
    """What a randomised comparison says: how much, between what, and for better, for worse, or not to be told."""
    decimals = _decimals(estimate, low, high)
    return _in_all(
        lambda language: _BY_LOTTERY[language].format(
            name=name,
            treated=n_treated,
            control=n_control,
            compared=_compared(estimate, unit, language, decimals),
            verdict=_verdict(low, high, direction)[language],
            ends=_between(low, high, unit, language, decimals),
        )
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
    "impossible_sums": (
        "Summene hører ikke til de samme verdiene: se på kilden.",
        "Summane høyrer ikkje til dei same verdiane: sjå på kjelda.",
        "The sums do not belong to the same values: look at the source.",
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
