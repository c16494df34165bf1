"""Every rule of lint once: a small template that is right, one thing made wrong, and the place that lint points to."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from engine.errors import LintError, NotFound, Problem
from engine.template import bundle
from engine.template.sources import BUILT_IN

Write = Callable[..., Path]

TITLE = "{nb: X, nn: X, en: X}"

WRONG: dict[str, tuple[str, str, str]] = {
    # rule → what stands in the template, what is put there instead, and where lint must point
    "template-missing": ("initial: plan\n", "", "template: small"),
    "template-unknown-key": ("optional: true, repeatable: true", "opsional: true", "opsional"),
    "template-not-yet": ("    count: rounds", "    spawn: {template: small}", "spawn"),
    "template-value": ("due: P14D", "due: two weeks", "two weeks"),
    "duplicate-id": ("  ended: {", f"  plan2: {{title: {TITLE}, states: {{talk: {{title: {TITLE}, final: true}}}}, initial: talk}}\n  ended: {{", f"{{title: {TITLE}, final: true}}"),
    "unknown-role": ("by: [lead, guest]", "by: [lead, gest]", "[lead, gest]"),
    "starter-of-party": ("starter: lead", "starter: member", "member\ncalendar"),
    "unknown-state": ("by: lead, to: work}", "by: lead, to: wrk}", "wrk}"),
    "unknown-form": ("form: note, by: lead,", "form: notes, by: lead,", "notes, by"),
    "sealed-alone": ("            each: membership\n            assisted", "            assisted", "title: {nb: Stem"),
    "visibility-path": ("from: answers.choose.shown", "from: choose.shown", "choose.shown,"),
    "unknown-task": ("from: answers.choose.shown", "from: answers.chose.shown", "answers.chose.shown"),
    "unknown-field": ("from: answers.choose.shown", "from: answers.choose.show", "answers.choose.show,"),
    "initial-missing": ("    initial: voting\n", "", "title: {nb: Arbeid"),
    "unknown-initial": ("    initial: voting\n", "    initial: votes\n", "votes\n"),
    "parallel-initial": ("    initial: voting\n", "    initial: voting\n    parallel: true\n", "voting\n    parallel"),
    "parallel-alone": ("  ended: {", f"  both: {{title: {TITLE}, parallel: true, states: {{one: {{title: {TITLE}}}}}}}\n  ended: {{", f"{{title: {TITLE}, parallel"),
    "parallel-final": ("  ended: {", f"  both: {{title: {TITLE}, parallel: true, states: {{one: {{title: {TITLE}}}, two: {{title: {TITLE}, final: yes}}}}}}\n  ended: {{".replace("yes", "true"), "true}}}\n"),
    "action-twice": ("  ended: {", f"  both: {{title: {TITLE}, parallel: true, states: {{one: {{title: {TITLE}, actions: {{go: {{title: {TITLE}, by: lead, to: ended}}}}}}, two: {{title: {TITLE}, actions: {{go: {{title: {TITLE}, by: lead, to: plan}}}}}}}}}}\n  ended: {{", f"{{title: {TITLE}, actions: {{go: {{title: {TITLE}, by: lead, to: plan"),
    "history-outside": ("  ended: {", f"  back: {{title: {TITLE}, history: deep, initial: plan}}\n  ended: {{", f"{{title: {TITLE}, history"),
    "history-holds": ("    initial: voting\n    states:\n", f"    initial: voting\n    states:\n      back: {{title: {TITLE}, history: deep, initial: voting, count: rounds}}\n", f"{{title: {TITLE}, history"),
    "unknown-holidays": ("{zone: Europe/Oslo}", "{zone: Europe/Oslo, holidays: XX}", "XX}"),
    "each-no-list": ("each: party,", "each: answers.goal.text,", "answers.goal.text,"),
    "correct-sealed": ("            sealed: true\n", "            sealed: true\n            correct_by: lead\n", "lead\n            visibility"),
    "order-alone": ("form: note, by: [lead, member]}", "form: note, by: [lead, member], order: sequential}", "sequential}"),
    "unknown-counter": ("    count: rounds", "    count: round", "round\n"),
    "final-goes-on": ("final: true}", "final: true, auto: [{to: plan, when: counters.rounds > 5}]}", "{title: {nb: Slutt"),
    "else-missing": ("        else: {nb: Målet mangler., nn: Målet manglar., en: The goal is missing.}\n", "", "title: {nb: Åpne"),
    "unreachable-state": ("to: ended", "to: talk", "{title: {nb: Slutt"),
    "dead-end": ("  ended: {title: {nb: Slutt, nn: Slutt, en: End}, final: true}", "  ended: {title: {nb: Slutt, nn: Slutt, en: End}}", "{title: {nb: Slutt"),
    "auto-cycle": ("auto: [{to: talk, when: tasks.vote.complete}]", "auto: [{to: work, when: counters.rounds < 9}]", "title: {nb: Avstemning"),
    "guard-syntax": ("when: tasks.vote.overdue", "when: tasks.vote.overdue and", "\n            reason: optional"),
    "guard-unknown-name": ("when: tasks.vote.overdue", "when: tasks.vot.overdue", "tasks.vot.overdue"),
    "guard-type": ("when: tasks.vote.overdue", "when: tasks.vote.done > 'x'", "tasks.vote.done > 'x'"),
    "guard-not-boolean": ("when: tasks.vote.overdue", "when: tasks.vote.done", "tasks.vote.done\n"),
    "guard-constant": ("when: tasks.vote.overdue", "when: 1 > 2", "1 > 2"),
    "guard-sealed": ("when: tasks.vote.overdue", "when: any(v.score > 2 for v in answers.vote)", "any(v.score > 2"),
    "guard-personal": ("answers.goal.text != 'nei'", "answers.goal.aside != 'nei'", "tasks.goal.complete and (answers"),
    "due-without-consequence": ("when: tasks.vote.overdue", "when: tasks.vote.done > 0", "P14D"),
    "translation-missing": ("{nb: Stopp, nn: Stopp, en: Stop}", "{nb: Stopp, nn: Stopp}", "{nb: Stopp, nn: Stopp}"),
    "few-items": ("tasks:\n  log", f"dimensions: {{field: {{title: {TITLE}, values: {{power: {TITLE}}}}}}}\ntasks:\n  log", f"{TITLE}}}}}}}\ntasks"),
}  # fmt: skip
"""The rules of the template's own file; those of forms alone are in test_form_lint."""

SCORED = """
$schema: https://json-schema.org/draft/2020-12/schema
$id: small/vote
title: Stemme
x-i18n: {nn: {title: Røyst}, en: {title: Vote}}
type: object
required: [score]
properties:
  score:
    title: Poeng
    x-i18n: {nn: {title: Poeng}, en: {title: Score}}
    type: integer
    minimum: 1
    maximum: 5
    x-score: {dimensions: {field: power}, min: 1, max: 5}
"""


def found(folder: Path) -> list[Problem]:
    """What lint finds: the errors, or the warnings of a bundle that can be used."""
    try:
        return list(bundle.read("small", [folder]).problems)
    except LintError as error:
        return list(error.problems)


def place_of(text: str, snippet: str) -> tuple[int, int]:
    """Line and column of a snippet that stands in the text once, counted from 1."""
    (match,) = re.finditer(re.escape(snippet), text)
    before = text[: match.start()]
    return before.count("\n") + 1, match.start() - (before.rfind("\n") + 1) + 1


def test_given_the_small_template_when_linted_then_nothing_is_found(write_small: Write, tmp_path: Path) -> None:
    assert found(write_small(tmp_path)) == []


@pytest.mark.parametrize("rule", WRONG)
def test_given_one_thing_wrong_when_linted_then_its_rule_points_to_it(
    rule: str, write_small: Write, small_text: str, tmp_path: Path
) -> None:
    old, new, where = WRONG[rule]
    assert old in small_text
    text = small_text.replace(old, new)
    forms = {"vote": SCORED} if rule == "few-items" else {}
    problems = [p for p in found(write_small(tmp_path, text, **forms)) if p.rule == rule]
    assert problems, [str(p) for p in found(tmp_path)]
    assert problems[0].where.file.endswith("processes/small.yaml")
    assert (problems[0].where.line, problems[0].where.column) == place_of(text, where), str(problems[0])
    assert problems[0].message


def test_given_a_score_in_no_dimension_when_linted_then_the_form_is_pointed_to(
    write_small: Write, tmp_path: Path
) -> None:
    (problem,) = [p for p in found(write_small(tmp_path, vote=SCORED)) if p.rule == "unknown-dimension"]
    assert problem.where.file.endswith("forms/small/vote.yaml")
    assert (problem.where.line, problem.where.column) == place_of(SCORED, "{dimensions: {field: power}")


def test_given_a_form_that_no_task_asks_for_when_linted_then_warned(write_small: Write, tmp_path: Path) -> None:
    extra = SCORED.replace("small/vote", "small/extra").replace(
        "    x-score: {dimensions: {field: power}, min: 1, max: 5}\n", ""
    )
    (problem,) = found(write_small(tmp_path, extra=extra))
    assert (problem.rule, problem.severity) == ("unused-form", "warning")
    assert problem.where.file.endswith("forms/small/extra.yaml")


def test_given_a_form_under_another_id_when_linted_then_told_what_to_write(write_small: Write, tmp_path: Path) -> None:
    text = SCORED.replace("small/vote", "small/votes").replace(
        "    x-score: {dimensions: {field: power}, min: 1, max: 5}\n", ""
    )
    (problem,) = found(write_small(tmp_path, vote=text))
    assert (problem.rule, problem.hint) == ("form-id", "Write small/vote.")
    assert (problem.where.line, problem.where.column) == place_of(text, "small/votes")


def test_given_a_name_nearly_right_when_linted_then_the_right_one_is_suggested(
    write_small: Write, small_text: str, tmp_path: Path
) -> None:
    folder = write_small(tmp_path, small_text.replace("by: [lead, guest]", "by: [lead, gest]"))
    assert [p.hint for p in found(folder)] == ["Did you mean “guest”?"]


def test_given_several_things_wrong_when_read_then_all_are_told_in_the_order_of_the_file(
    write_small: Write, small_text: str, tmp_path: Path
) -> None:
    text = small_text.replace("to: wrk", "").replace("by: [lead, guest]", "by: [gest]").replace("to: work}", "to: wrk}")
    assert [p.rule for p in found(write_small(tmp_path, text))][:2] == ["unknown-state", "unknown-role"]


def test_given_an_initial_state_that_is_itself_when_linted_then_told_and_no_endless_search(
    write_small: Write, small_text: str, tmp_path: Path
) -> None:
    folder = write_small(tmp_path, small_text.replace("    initial: voting\n", "    initial: work\n"))
    assert "unknown-initial" in [p.rule for p in found(folder)]


def test_given_a_state_whose_automatic_step_stays_within_when_linted_then_it_is_a_circle(
    write_small: Write, small_text: str, tmp_path: Path
) -> None:
    auto = "    count: rounds\n    auto: [{to: talk, when: counters.rounds > 1}]\n"
    (problem,) = found(write_small(tmp_path, small_text.replace("    count: rounds\n", auto)))
    assert (problem.rule, "“work”" in problem.message) == ("auto-cycle", True)


@pytest.mark.parametrize("when", ["tasks.vote.complete", "tasks.vote.done >= 2 and counters.rounds < 9"])
def test_given_a_circle_that_waits_for_a_task_asked_anew_each_time_when_linted_then_it_is_none(
    when: str, write_small: Write, small_text: str, tmp_path: Path
) -> None:
    auto = f"auto: [{{to: work, when: {when}}}]"
    folder = write_small(tmp_path, small_text.replace("auto: [{to: talk, when: tasks.vote.complete}]", auto))
    assert "auto-cycle" not in [p.rule for p in found(folder)]


@pytest.mark.parametrize(
    "when",
    [
        "tasks.vote.complete or counters.rounds < 9",  # the other part may hold by itself
        "tasks.vote.done >= 0",
        "tasks.goal.complete",  # asked once, in a state that is not entered again
        "tasks.log.complete",  # asked in no state
    ],
)
def test_given_a_circle_that_may_go_round_by_itself_when_linted_then_told(
    when: str, write_small: Write, small_text: str, tmp_path: Path
) -> None:
    auto = f"auto: [{{to: work, when: {when}}}]"
    folder = write_small(tmp_path, small_text.replace("auto: [{to: talk, when: tasks.vote.complete}]", auto))
    assert "auto-cycle" in [p.rule for p in found(folder)]


def test_given_automatic_steps_within_the_regions_of_a_parallel_state_when_linted_then_they_are_no_circle(
    write_small: Write, small_text: str, tmp_path: Path
) -> None:
    region = (
        "{{title: {title}, initial: {name}1, states: {{{name}1: {{title: {title}, auto: [{{to: {name}2,"
        " when: counters.rounds > 1}}]}}, {name}2: {{title: {title}, final: true}}}}}}"
    )
    both = "\n".join(f"      {name}: {region.format(name=name, title=TITLE)}" for name in ("left", "right"))
    parallel = f"  both:\n    title: {TITLE}\n    parallel: true\n    auto: [{{to: ended, when: states.both.done}}]\n"
    text = small_text.replace("  ended: {", f"{parallel}    states:\n{both}\n  ended: {{").replace(
        "to: ended, reason: required", "to: both, reason: required"
    )
    assert [p.rule for p in found(write_small(tmp_path, text)) if p.severity == "error"] == []


def test_given_an_automatic_step_into_a_history_state_when_linted_then_it_leads_to_whatever_was_there(
    write_small: Write, small_text: str, tmp_path: Path
) -> None:
    back = f"      back: {{title: {TITLE}, history: shallow, initial: voting}}\n"
    text = small_text.replace(
        "    initial: voting\n    states:\n", f"    initial: voting\n    states:\n{back}"
    ).replace(
        "        title: {nb: Samtale,",
        "        auto: [{to: back, when: counters.rounds < 9}]\n        title: {nb: Samtale,",
    )
    assert "auto-cycle" in [p.rule for p in found(write_small(tmp_path, text))]


def test_given_no_such_template_when_read_then_the_nearest_is_suggested(write_small: Write, tmp_path: Path) -> None:
    with pytest.raises(NotFound) as caught:
        bundle.read("smal", [write_small(tmp_path)])
    assert caught.value.hint == "Did you mean “small”?"


def test_given_a_form_that_cannot_be_read_when_linted_then_what_is_wrong_with_the_chart_is_told_too(
    write_small: Write, tmp_path: Path, small_text: str
) -> None:
    folder = write_small(tmp_path, small_text.replace("to: talk, when", "to: tallk, when"), note="type: objekt\n")
    rules = {problem.rule for problem in found(folder)}
    assert "unknown-state" in rules
    assert "unknown-form" not in rules
    assert len(rules) > 1


def test_given_the_rules_of_lint_when_counted_then_every_one_has_a_test_here() -> None:
    source = "".join(
        path.read_text()
        for path in [*(BUILT_IN / "engine" / "template").glob("lint/*.py"), BUILT_IN / "engine/template/bundle.py"]
    )
    rules = set(re.findall(r'(?:problem|unknown|Problem)\(\s*"([a-z]+(?:-[a-z]+)+)"', source))
    assert len(rules) > 20
    assert rules - WRONG.keys() <= {"unknown-dimension", "unused-form", "form-id", "each-of-many"}
