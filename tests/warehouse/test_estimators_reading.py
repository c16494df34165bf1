"""Figures in words: every language, the right side, and never more than the design allows."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from warehouse.estimators.reading import Reading, figure, of_change, of_lottery, of_no_effect, of_result

SPACE = "\u00a0"


def plain(text: str) -> str:
    return text.replace(SPACE, " ")


def test_given_the_nsw_effect_when_read_then_how_much_more_between_what_and_which_way() -> None:
    """1,794.34 with 474.04 to 3,114.65: Dehejia and Wahba (1999), Welch's interval."""
    said = of_lottery("Earnings", "USD", 1794.34, 474.04, 3114.65, 185, 260, 1)
    assert plain(said.en) == (
        "Earnings: the 185 who got a place by lottery have on average 1,794 USD more than the 260 who did not, for the"
        " better (95% interval 474 to 3,115 USD)."
    )
    assert plain(said.nb) == (
        "Earnings: de 185 som fikk plass ved loddtrekning, har i snitt 1 794 USD mer enn de 260 som ikke fikk det, til"
        " det bedre (95 % intervall 474 til 3 115 USD)."
    )
    assert plain(said.nn) == (
        "Earnings: dei 185 som fekk plass ved loddtrekking, har i snitt 1 794 USD meir enn dei 260 som ikkje fekk det,"
        " til det betre (95 % intervall 474 til 3 115 USD)."
    )


@pytest.mark.parametrize(
    ("low", "high", "direction", "words"),
    [
        (1.0, 9.0, 1, "for the better"),
        (1.0, 9.0, -1, "for the worse"),
        (-9.0, -1.0, 1, "for the worse"),
        (-9.0, -1.0, -1, "for the better"),
        (-1.0, 9.0, 1, "the direction is uncertain"),
        (0.0, 9.0, 1, "the direction is uncertain"),
    ],
)
def test_given_an_interval_when_read_then_the_interval_decides_the_verdict(
    low: float, high: float, direction: int, words: str
) -> None:
    assert words in of_lottery("Days", "days", (low + high) / 2, low, high, 20, 20, direction).en
    assert words in of_change("mean", "days", (low + high) / 2, low, high, direction, "welch").en


def test_given_a_share_when_changed_then_percentage_points() -> None:
    said = of_change("share", "", 0.1, 0.025, 0.175, 1, "newcombe")
    assert plain(said.nb) == (
        "10,0 prosentpoeng mer enn ved nullpunktsmålingen, til det bedre (95 % intervall 2,5 til 17,5 prosentpoeng)."
        " Dette er endring, ikke effekt."
    )
    assert plain(said.nn).startswith("10,0 prosentpoeng meir enn ved nullpunktsmålinga, til det betre")
    assert plain(said.en).startswith("10.0 percentage points more than at the baseline, for the better")


@pytest.mark.parametrize(
    ("low", "high", "words"),
    [(1.1, 2.4, "for the worse"), (0.4, 0.9, "for the better"), (0.8, 1.9, "the direction is uncertain")],
)
def test_given_counts_when_changed_then_times_as_many_and_1_is_no_change(low: float, high: float, words: str) -> None:
    said = of_change("count", "falls", 1.5, low, high, -1, "rate_ratio").en
    assert said.startswith("1.50 times as many as at the baseline")
    assert words in said


def test_given_no_interval_when_changed_then_it_is_said_that_certainty_is_unknown() -> None:
    said = plain(of_change("hours", "timer", -4.5, None, None, 1, "difference").nb)
    assert said == (
        "4,50 timer mindre enn ved nullpunktsmålingen, men hvor sikkert det er, kan ikke sies. Dette er endring, ikke"
        " effekt."
    )


def test_given_a_change_that_rounds_to_nothing_when_read_then_about_the_same() -> None:
    said = of_change("share", "", -0.0001, -0.05, 0.05, 1, "newcombe")
    assert said.en.startswith("About the same as at the baseline")


_NUMBER = st.floats(-1e7, 1e7)
_KIND = st.sampled_from(["share", "mean", "count", "money", "hours", "scale", "yes_no"])


@given(_KIND, _NUMBER, _NUMBER, _NUMBER, st.sampled_from([1, -1]), st.sampled_from(["welch", "rate_ratio"]))
def test_given_any_change_when_read_then_never_called_an_effect(
    kind: str, change: float, one: float, other: float, direction: int, method: str
) -> None:
    said = of_change(kind, "", change, min(one, other), max(one, other), direction, method)
    assert said.nb.endswith("Dette er endring, ikke effekt.")
    assert said.nn.endswith("Dette er endring, ikkje effekt.")
    assert said.en.endswith("This is change, not effect.")


@given(_NUMBER, _KIND)
def test_given_any_number_when_written_then_comma_or_point_as_the_language_has_it(value: float, kind: str) -> None:
    nb, nn, en = (figure(value, kind, "kr", language) for language in ("nb", "nn", "en"))
    assert nb == nn
    assert "." not in nb
    assert nb.count(",") <= 1
    assert "-" not in nb + en
    digits = [character for character in en if character.isdigit()]
    assert digits == [character for character in nb if character.isdigit()]


@pytest.mark.parametrize(("value", "written"), [(-0.001, "0.00"), (0.0, "0"), (-3.0, "−3"), (1234567.8, "1,234,568")])
def test_given_a_number_when_written_in_english_then_without_noise(value: float, written: str) -> None:
    assert figure(value, "mean", "", "en") == written


@pytest.mark.parametrize("progress", ["reached", "not_reached", "on_track", "near", "behind"])
def test_given_an_uncertain_result_when_read_then_the_doubt_is_said_in_every_language(progress: str) -> None:
    clear = of_result("share", "", 0.66, 0.8, progress, "clear", has_baseline=True)
    unsure = of_result("share", "", 0.66, 0.8, progress, "uncertain", has_baseline=True)
    assert ("for usikre" in unsure.nb, "for usikre" in unsure.nn, "too uncertain" in unsure.en) == (True, True, True)
    assert ("for usikre" in clear.nb, "for usikre" in clear.nn, "too uncertain" in clear.en) == (False, False, False)


@pytest.mark.parametrize("said", [of_result("share", "", None, 0.8, "not_measured", None, has_baseline=True)])
def test_given_nothing_measured_when_read_then_only_that(said: Reading) -> None:
    assert (said.nb, said.nn, said.en) == ("Ikke målt ennå.", "Ikkje målt enno.", "Not measured yet.")


def test_given_nothing_to_compare_with_when_read_then_change_not_effect() -> None:
    said = of_no_effect("change_not_effect")
    assert said is not None
    assert said.en.startswith("Change, not effect")
