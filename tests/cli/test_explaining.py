"""Asking why on the command line: by name, in one's language, and nothing for those outside."""

from __future__ import annotations

import pytest

from cli.steering import _some
from engine.process.explain import ConditionNow, Part
from engine.process.explain_steps import StepExplanation
from engine.process.explain_words import why_not_yet


def test_given_a_process_when_asked_who_can_do_what_then_each_thing_with_names_and_why_not(preparation) -> None:
    rows = {one["instance" if "instance" in one else "action"]: one for one in
            preparation.done("explain", "now", "arendal", "--json", who="ola").data["now"]}  # fmt: skip
    assert (rows["open_round"]["is_open"], rows["open_round"]["able"]) == (True, ["m1"])
    assert (rows["finish"]["is_open"], rows["finish"]["outcome"]) == (False, "false")
    told = preparation.done("explain", "now", "arendal", "--lang", "nb", who="ola").out
    assert "Kari" in told
    assert "Bare Tilrettelegger kan gjøre dette." in told


def test_given_what_is_closed_when_asked_why_then_told_in_the_language_asked_for_and_by_name(preparation) -> None:
    def lines(*what: str, language: str, who: str) -> list[str]:
        told: list[str] = preparation.done("explain", *what, "--lang", language, who=who).out.splitlines()
        return told

    closed = {
        language: lines("action", "arendal", "finish", language=language, who="ola") for language in ("nb", "nn", "en")
    }
    assert {language: told[0] for language, told in closed.items()} == {
        "nb": "«Gå til evaluering» kan ikke velges nå.",
        "nn": "«Gå til evaluering» kan ikkje veljast no.",
        "en": "“Go on to evaluation” cannot be chosen now.",
    }
    assert any(
        line.startswith("antall «Runde» ≥ 1") and line.endswith("counters.round_number >= 1") for line in closed["nb"]
    )
    task = lines("task", "arendal", "register.1.m2", language="en", who="eva")
    assert "Only Ola, somebody of the same party or Facilitator may fill this in." in task


def test_given_somebody_from_outside_when_they_ask_then_nothing_is_told(preparation) -> None:
    preparation.person("per")
    assert preparation("explain", "now", "arendal", who="per").code == 6


@pytest.mark.parametrize(
    ("names", "told"),
    [([], ""), (list("abcdef"), "a, b, c, d, e, f"), (list("abcdefg"), "a, b, c, d, e, … (7)")],
)
def test_given_many_names_when_told_in_a_table_then_the_first_and_how_many(names: list[str], told: str) -> None:
    assert _some(names) == told


@pytest.mark.parametrize(
    ("parts", "language", "told"),
    [
        (
            (Part("one", "true", (), 0, words="én"), Part("two", "false", (), 0, words="to")),
            "nb",
            ["Vilkåret er ikke oppfylt.", "Ikke oppfylt: to."],
        ),
        (
            (Part("all(x)", "false", (), 0, (1, 2, 0), "alle x"),),
            "nn",
            ["Vilkåret er ikkje oppfylt.", "Ikkje oppfylt: alle x (av 3: 1 ja, 2 nei, 0 ikkje kjent)."],
        ),
        (
            (Part("one", "unknown", (), 0, words="one"), Part("two", "not shown", (), 0, words="two")),
            "en",
            ["Its condition does not hold.", "Not known: one.", "Not shown to you: two."],
        ),
        ((Part("one", "false", (), 0, words="one"),), "en", ["Its condition does not hold."]),
    ],
)
def test_given_a_step_whose_condition_does_not_hold_when_told_then_which_of_its_parts(
    parts: tuple[Part, ...], language: str, told: list[str]
) -> None:
    condition = ConditionNow("…", False, "false", (), (), parts, (), "", "…")
    step = StepExplanation("a.auto.1", "auto", "", "a", "A", "b", "B", condition)
    assert why_not_yet(step, language) == told


def test_given_a_step_when_asked_what_happens_now_then_its_condition_is_in_words_and_as_written_with_json(
    preparation,
) -> None:
    preparation.done("act", "arendal", "open_round", who="kari")
    told = preparation.done("explain", "now", "arendal", "--lang", "nn", who="ola").out
    (step,) = preparation.done("explain", "now", "arendal", "--lang", "nn", "--json", who="ola").data["by_itself"]
    assert step["condition"]["text"] == "tasks.answer.complete"
    assert step["condition"]["words"] in told
    assert "tasks.answer" not in told


PARALLEL = """
template: par
version: 1.0.0
title: {nb: Samtidig, nn: Samtidig, en: Parallel}
roles: {lead: {title: {nb: Leder, nn: Leiar, en: Lead}}}
starter: lead
initial: work
states:
  work:
    title: {nb: Arbeid, nn: Arbeid, en: Work}
    parallel: true
    actions: {stop: {title: {nb: Stopp, nn: Stopp, en: Stop}, by: lead, to: ended}}
    states:
      build:
        title: {nb: Bygge, nn: Byggje, en: Build}
        initial: plan
        states:
          plan:
            title: {nb: Plan, nn: Plan, en: Plan}
            actions: {on: {title: {nb: Videre, nn: Vidare, en: On}, by: lead, to: made}}
          made: {title: {nb: Laget, nn: Laga, en: Made}, final: true}
      test: {title: {nb: Prøve, nn: Prøve, en: Try}}
  ended: {title: {nb: Slutt, nn: Slutt, en: End}, final: true}
"""


def test_given_states_side_by_side_when_shown_then_so_in_the_templates_order(terminal) -> None:
    (terminal.folder / "processes" / "par.yaml").write_text(PARALLEL, encoding="utf-8")
    terminal.done("publish", "par")
    terminal.person("kari")
    terminal.done("start", "par", "p", "--title", "P", who="kari")
    terminal.done("act", "p", "on", who="kari")
    told = terminal.done("status", "p", "--lang", "en", "--json", who="kari").data
    assert told["states"] == ["work", "build", "made", "test"]
    assert told["where"] == "Work › (Build › Made | Try)"
    terminal.done("act", "p", "stop", who="kari")
    assert terminal.done("status", "p", "--lang", "en", "--json", who="kari").data["where"] == "End"


def test_given_an_action_when_chosen_then_told_where_it_leads_and_as_data_nothing_but_what_was_stored(
    preparation,
) -> None:
    told = preparation.done("act", "arendal", "open_round", who="kari").out.splitlines()
    where = preparation.done("status", "arendal", who="kari").out.splitlines()[0].partition(": ")[2].partition(",")[0]
    assert told == ["arendal: open_round", f"Now: {where}"]
    assert preparation.done("-q", "back", "arendal", "preparation", "--reason", "x", who="kari").out == ""
    assert preparation.done("-q", "act", "arendal", "open_round", who="kari").out == ""
