"""Every rule of lint once: a small template that is right, one thing made wrong, and the place that lint points to."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from engine.errors import LintError, NotFound, Problem
from engine.rules import RULES
from engine.template import bundle
from engine.template.lint import versions
from engine.template.sources import BUILT_IN
from warehouse.sources.contract_rules import CONTRACTS

Write = Callable[..., Path]

TITLE = "{nb: X, nn: X, en: X}"
SHAPES = ("missing", "unknown-key", "not-yet", "value")

AT = {
    # where an example of each kind goes in the small template: before this
    "roles": "  guest: {title",
    "tasks": "  log: {title",
    "actions": "      stop: {title",
    "states": "  ended: {title",
}
BESIDE = {
    # what has to be there for an example to be what it says
    "nobody-may": "  other: {title: …, form: note, by: guest}\n",
    "each-of-many": "  list: {title: …, form: rows, by: member, each: membership}\n",
    "auto-chain": "".join(
        f"  s{n}: {{title: …, auto: [{{to: s{n + 1}, when: tasks.goal.complete}}]}}\n" for n in range(1, 101)
    )
    + "  s101: {title: …, final: true}\n",
}
ELSEWHERE = {
    "template-missing",
    "unused-form",
    "no-purpose",
    "form-id",
    "answer-unused",
    "few-items",
    "unknown-dimension",
}
"""Rules about what is not there, or about two files: each has a test of its own below."""

EXAMPLES = [name for name, rule in RULES.items() if rule.where in (*AT, "template") and name not in ELSEWHERE]


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


ROWS = """
$schema: https://json-schema.org/draft/2020-12/schema
$id: small/rows
title: Rader
x-i18n: {nn: {title: Rader}, en: {title: Rows}}
type: object
properties:
  rows:
    title: Rader
    x-i18n: {nn: {title: Rader}, en: {title: Rows}}
    type: array
    items:
      type: object
      required: [id]
      properties: {id: {title: Id, x-i18n: {nn: {title: Id}, en: {title: Id}}, type: string}}
"""

VOTED = """
$schema: https://json-schema.org/draft/2020-12/schema
$id: small/vote
title: Stemme
x-i18n: {nn: {title: Røyst}, en: {title: Vote}}
type: object
properties:
  score: {title: Poeng, x-i18n: {nn: {title: Poeng}, en: {title: Score}}, type: integer, minimum: 1, maximum: 5}
  ready: {title: Klar, x-i18n: {nn: {title: Klar}, en: {title: Ready}}, type: boolean}
"""


def found(folder: Path) -> list[Problem]:
    """What lint finds: the errors, or the warnings of a bundle that can be used."""
    try:
        return list(bundle.read("small", [folder]).problems)
    except LintError as error:
        return list(error.problems)


def everything(folder: Path) -> list[Problem]:
    """What lint finds, errors and warnings."""
    return bundle.problems_of("small", [folder], {})


def place_of(text: str, snippet: str) -> tuple[int, int]:
    """Line and column of a snippet that stands in the text once, counted from 1."""
    (match,) = re.finditer(re.escape(snippet), text)
    before = text[: match.start()]
    return before.count("\n") + 1, match.start() - (before.rfind("\n") + 1) + 1


def test_given_a_form_that_asks_for_something_personal_without_saying_why_when_linted_then_a_warning(
    write_small: Write, tmp_path: Path
) -> None:
    form = VOTED.replace("type: boolean}", "type: boolean}\n  why: {title: {nb: H, nn: K, en: W}, type: string}")
    form = form.replace(
        "title: {nb: H, nn: K, en: W}", "title: H, x-i18n: {nn: {title: K}, en: {title: W}}, x-personal: true"
    )
    rules = {problem.rule: problem.severity for problem in found(write_small(tmp_path, vote=form))}
    assert rules["no-purpose"] == "warning"
    with_purpose = form.replace("type: object", "x-purpose: {nb: A, nn: A, en: A}\ntype: object", 1)
    assert "no-purpose" not in {problem.rule for problem in found(write_small(tmp_path, vote=with_purpose))}


def test_given_the_small_template_when_linted_then_nothing_is_found(write_small: Write, tmp_path: Path) -> None:
    assert found(write_small(tmp_path)) == []


def example(name: str, small: str) -> tuple[str, tuple[int, int]]:
    """The small template with a rule's example in it, and the place that lint should point to."""
    rule = RULES[name]
    if rule.where == "template":
        key = rule.wrong.partition(":")[0]
        text = re.sub(rf"(?m)^{key}:.*$", rule.wrong, small, count=1)
    else:
        at = AT[rule.where]
        lead = " " * (len(at) - len(at.lstrip()))
        text = small.replace(at, f"{BESIDE.get(name, '')}{lead}{rule.wrong}\n{at}", 1)
    if name in ("dead-end", "never-ends"):  # of a state that is reached
        text = text.replace("to: ended, reason: required", "to: extra, reason: required")
    text = text.replace("…", TITLE)
    before, _, after = text.partition("▸")
    return before + after, (before.count("\n") + 1, len(before) - before.rfind("\n"))


@pytest.mark.parametrize("name", EXAMPLES)
def test_given_the_example_of_a_rule_when_linted_then_the_rule_points_to_its_place(
    name: str, write_small: Write, small_text: str, tmp_path: Path
) -> None:
    text, place = example(name, small_text)
    forms = {"rows": ROWS} if name == "each-of-many" else {}
    problems = everything(write_small(tmp_path, text, **forms))
    of_rule = [p for p in problems if p.rule == name]
    assert (place, RULES[name].severity) in [((p.where.line, p.where.column), p.severity) for p in of_rule], [
        str(p) for p in problems
    ]
    assert all(p.where.file.endswith("processes/small.yaml") and p.message for p in of_rule)


@pytest.mark.parametrize(
    ("complete", "found_there"),
    [
        ("{share: 1.5}", [("template-value", "Write a number over 0 and up to 1, such as 0.8.")]),
        ("{at_least: 0}", [("template-value", "Write 1 or more.")]),
        ("{shar: 0.5}", [("template-unknown-key", "Did you mean “share”?")]),
        ("{half: true}", [("template-unknown-key", "Allowed here: at_least, share.")]),
        ("{at_least: 2, share: 0.5}", [("template-unknown-key", "Not all of these go together: at_least, share.")] * 2),
        ("{}", [("template-missing", "Add at_least: …")]),
    ],
)
def test_given_a_value_of_several_shapes_when_it_is_wrong_then_told_of_the_shape_whose_keys_were_written(
    complete: str, found_there: list[tuple[str, str]], write_small: Write, small_text: str, tmp_path: Path
) -> None:
    text = small_text.replace("form: note, by: [lead, member]}", f"form: note, by: lead, complete: {complete}}}")
    assert [(p.rule, p.hint) for p in everything(write_small(tmp_path, text))] == found_there


@pytest.mark.parametrize(
    ("condition", "hint"),
    [
        ("tasks.log.done >= 2", "However often it is answered, it is done once: count with len(answers.log)."),
        ("tasks.goal.done >= 2", "A task without `each` is done once: write >= 1."),
        ("counters.rounds < 0", "Compare with the bounds and choices of the forms;"),
    ],
)
def test_given_a_count_that_is_never_reached_when_linted_then_told_how_to_count(
    condition: str, hint: str, write_small: Write, small_text: str, tmp_path: Path
) -> None:
    (problem,) = found(write_small(tmp_path, with_action(small_text, condition)))
    assert (problem.rule, problem.hint[: len(hint)]) == ("guard-never", hint)


def test_given_a_plain_text_when_linted_then_told_how_to_write_it_in_every_language(
    write_small: Write, small_text: str, tmp_path: Path
) -> None:
    text = small_text.replace("title: {nb: Plan, nn: Plan, en: Plan}", "title: Plan", 1)
    assert [(p.rule, p.hint) for p in everything(write_small(tmp_path, text))] == [
        ("translation-missing", "Write {nb: …, nn: …, en: …}.")
    ] * 2


@pytest.mark.parametrize(
    ("right", "wrong", "message", "hint"),
    [
        ("form: note, by: lead", "form: note, by: 'lead, member'", "several", "Write [lead, member]."),
        ("by: lead\n", "assignee: lead\n", "“assignee” is no key", "Here that is “by”."),
        ("by: lead\n", "byy: lead\n", "“byy” is no key", "Did you mean “by”?"),
        ("to: work\n", "target: work\n", "“target” is no key", "Here that is “to”."),
        ("final: true", "type: final", "“type” is no key", "Here that is “parallel: true, or final: true”."),
        ("due: P14D", "due: 10", "“10” is no duration", "Write P10D for days, P2W for weeks, PT2H for hours, or"),
        ("due: P14D", "due: 5 working days", "is no duration", "or {working_days: 5}."),
        ("each: party", "each: company", "“company” is no thing", "Write membership, party, or answers.<task>.<field>."),
        ("auto: [{to: talk, when: tasks.vote.complete}]", "auto: {to: talk, when: tasks.vote.complete}",
         "a list is asked for, and this is a group of keys", "Write […], or each element on a line after “- ”."),
        ("to: work\n", "to: [work]\n", "a text is asked for, and this is a list", "Write one text."),
        ("reason: required", "reason: true", "“True” is none of: required, optional", "Write one."),
        ("reason: required", "reason: Requird", "is none of", "Did you mean “required”?"),
        ("version: 1.0.0", "version: 1.0", "is no version", "Write three numbers, such as 1.0.0."),
        ("assisted: true", "assisted: jepp", "“jepp” is neither true nor false", "Write true or false."),
        ("max: 1", "max: one", "“one” is no whole number", "Write digits, without quotes."),
        ("counters: [rounds]", "counters: [round-s]", "“round-s” is no identifier", "such as round_s."),
        ("counters: [rounds]", "counters: [class]", "“class” is a word of Python's", "Write another, such as class_."),
    ],
)  # fmt: skip
def test_given_a_slip_that_people_make_when_linted_then_told_once_in_words_of_the_language(
    right: str, wrong: str, message: str, hint: str, write_small: Write, small_text: str, tmp_path: Path
) -> None:
    assert right in small_text
    (problem,) = everything(write_small(tmp_path, small_text.replace(right, wrong, 1)))
    assert (message in problem.message, hint in problem.hint) == (True, True), problem


def test_given_two_faults_of_shape_when_one_is_a_name_then_both_are_told(
    write_small: Write, small_text: str, tmp_path: Path
) -> None:
    text = small_text.replace("  guest: {title", f"  to ord: {{title: {TITLE}}}\n  guest: {{title", 1)
    text = text.replace("form: note, by: [lead, member]}", "form: note, by: lead, complete: {share: 1.5}}")
    told = [p.message for p in everything(write_small(tmp_path, text))]
    assert (len(told), any("to ord" in message for message in told)) == (2, True), told


@pytest.mark.parametrize("rule", ["template-missing", "unknown-state"])
def test_given_the_first_state_missing_when_linted_then_told_at_the_top(
    rule: str, write_small: Write, small_text: str, tmp_path: Path
) -> None:
    new = "" if rule == "template-missing" else "initial: pln\n"
    (problem,) = [
        p for p in everything(write_small(tmp_path, small_text.replace("initial: plan\n", new))) if p.rule == rule
    ]
    text = (tmp_path / "processes" / "small.yaml").read_text()
    assert (problem.where.line, problem.where.column) == place_of(text, "pln" if new else "template: small")


@pytest.mark.parametrize(
    ("condition", "part"),
    [
        ("tasks.goal.overdue", "tasks.goal.overdue"),
        ("not tasks.choose.complete", "not tasks.choose.complete"),
        ("counters.rounds < 0", "counters.rounds < 0"),
        ("vars.wanted > 2", "vars.wanted > 2"),
        ("tasks.goal.complete and any(v.score > 5 for v in answers.vote)", "any(v.score > 5"),
        ("tasks.choose.done > 3 and tasks.choose.done < 4", "tasks.choose.done > 3 and"),
        ("tasks.goal.complete and not tasks.goal.complete", "tasks.goal.complete and not"),
        ("states.talk.active", "states.talk.active"),
        ("states.plan.done", "states.plan.done"),
        ("len(memberships) < 0", "len(memberships) < 0"),
        ("sum(v.score for v in answers.vote) < 0", "sum(v.score for v"),
        ("entered == '2026-01-01' and entered == '2026-01-02'", "entered == '2026-01-01' and"),
        ("tasks.goal.done + tasks.goal.open > 2", "tasks.goal.done + tasks.goal.open > 2"),
        ("2 <= tasks.goal.done", "2 <= tasks.goal.done"),
        ("tasks.goal.done in (2, 3)", "tasks.goal.done in (2, 3)"),
        ("tasks.goal.done > 1 or tasks.goal.open > 1", "tasks.goal.done > 1 or"),
    ],
)
def test_given_a_condition_that_can_never_hold_when_linted_then_its_impossible_part_is_pointed_to(
    condition: str, part: str, write_small: Write, small_text: str, tmp_path: Path
) -> None:
    text = with_action(small_text, condition)
    (problem,) = found(write_small(tmp_path, text))
    assert problem.rule == "guard-never"
    assert (problem.where.line, problem.where.column) == place_of(text, part)


@pytest.mark.parametrize(
    "condition",
    [
        "tasks.goal.done >= 1",
        "tasks.choose.done > 1 and tasks.choose.done < 3",
        "any(v.score >= 5 for v in answers.vote)",
        "sum(v.score for v in answers.vote) > 100",
        "sum(v.score - 3 for v in answers.vote) < -100",
        "sum(1 for v in answers.vote if v.score == 5) == 0",
        "any(v.score > 4 for v in answers.vote) and any(v.score < 2 for v in answers.vote)",
        "not tasks.goal.complete or tasks.goal.complete",
        "counters.rounds == vars.wanted - 2",
        "states.plan.active",
        "tasks.goal.complete if counters.rounds > 0 else len(parties) > 2",
        "answers.goal.text == 'ja' or answers.goal.text == 'nei'",
    ],
)
def test_given_a_condition_that_can_hold_when_linted_then_nothing_is_found(
    condition: str, write_small: Write, small_text: str, tmp_path: Path
) -> None:
    assert found(write_small(tmp_path, with_action(small_text, condition))) == []


def test_given_four_eyes_where_several_may_hold_the_role_when_linted_then_nothing_is_found(
    write_small: Write, small_text: str, tmp_path: Path
) -> None:
    tasks = f"tasks:\n  other: {{title: {TITLE}, form: note, by: member, not_by: extra}}\n"
    tasks += f"  extra: {{title: {TITLE}, form: note, by: member, not_by: other}}\n"
    assert found(write_small(tmp_path, small_text.replace("tasks:\n", tasks, 1))) == []


def two_tasks(first: str, second: str, around: str, small_text: str) -> str:
    """The small template with two tasks of its members in the states `one` and `two`, `around` which another stands."""
    tasks = {name: f"{{title: {TITLE}, form: note, by: {by}}}" for name, by in (("a", first), ("b", second))}
    states = f"  extra:\n    title: {TITLE}\n    {around}\n    states:\n"
    states += f"      one:\n        title: {TITLE}\n        tasks: {{a: {tasks['a']}}}\n"
    states += "        auto: [{to: two, when: tasks.a.complete}]\n" if "initial" in around else ""
    states += f"      two:\n        title: {TITLE}\n        tasks: {{b: {tasks['b']}}}\n"
    states += "        auto: [{to: ended, when: tasks.b.complete}]\n"
    text = small_text.replace("  ended: {title", f"{states}  ended: {{title", 1)
    return text.replace("to: ended, reason: required", "to: extra, reason: required")


@pytest.mark.parametrize(
    ("around", "first", "second", "rules"),
    [
        ("parallel: true", "member", "member, not_by: a", ["not-by-one-way"]),
        ("parallel: true", "member, not_by: b", "member, not_by: a", []),
        ("parallel: true", "lead", "member, not_by: a", []),
        ("initial: one", "member", "member, not_by: a", []),
    ],
    ids=["open together", "each names the other", "nobody may do both", "one after the other"],
)
def test_given_four_eyes_in_one_direction_when_linted_then_told_where_the_order_gets_round_them(
    around: str, first: str, second: str, rules: list[str], write_small: Write, small_text: str, tmp_path: Path
) -> None:
    text = two_tasks(first, second, around, small_text)
    assert [problem.rule for problem in found(write_small(tmp_path, text))] == rules


def test_given_a_role_that_only_takes_part_in_a_linked_process_when_linted_then_it_is_used(
    write_small: Write, small_text: str, tmp_path: Path
) -> None:
    text = small_text.replace("  guest: {title", f"  helper: {{title: {TITLE}}}\n  guest: {{title", 1)
    spawn = "spawn: {template: small, link: more, roles: {lead: helper}}"
    action = f"      go: {{title: {TITLE}, by: lead, {spawn}}}\n      stop: {{title"
    assert [p.rule for p in everything(write_small(tmp_path, text))] == ["role-unused"]
    assert everything(write_small(tmp_path, text.replace("      stop: {title", action, 1))) == []


def test_given_no_end_at_all_when_linted_then_warned_once(write_small: Write, small_text: str, tmp_path: Path) -> None:
    on = f"actions: {{on: {{title: {TITLE}, by: lead, to: plan}}}}"
    (problem,) = found(write_small(tmp_path, small_text.replace("en: End}, final: true}", f"en: End}}, {on}}}")))
    assert (problem.rule, problem.severity) == ("never-ends", "warning")


@pytest.mark.parametrize(
    ("form", "warned"),
    [
        ("", True),
        ("x-purpose: {nb: Vi teller., nn: Vi tel., en: We count.}\n", False),
        ("dependentRequired: {ready: [score]}\n", False),
    ],
    ids=["for nothing", "for a purpose", "for another answer"],
)
def test_given_an_answer_that_nothing_uses_when_linted_then_warned_unless_something_does(
    form: str, warned: bool, write_small: Write, small_text: str, tmp_path: Path
) -> None:
    text = VOTED.replace("type: object\n", f"type: object\n{form}")
    problems = found(write_small(tmp_path, vote=text))
    places = [(p.rule, p.severity, p.where.line, p.where.column) for p in problems]
    assert places == ([("answer-unused", "warning", *place_of(text, "ready: {title"))] if warned else [])


def test_given_a_value_that_one_item_measures_when_linted_then_told_in_the_template(
    write_small: Write, small_text: str, tmp_path: Path
) -> None:
    lines = f"dimensions: {{field: {{title: {TITLE}, values: {{power: {TITLE}}}}}}}\ntasks:\n"
    text = small_text.replace("tasks:\n", lines, 1)
    (problem,) = found(write_small(tmp_path, text, vote=SCORED))
    assert problem.rule == "few-items"
    assert (problem.where.line, problem.where.column) == place_of(text, f"{TITLE}}}}}}}\ntasks")


def test_given_a_score_in_no_dimension_when_linted_then_the_form_is_pointed_to(
    write_small: Write, tmp_path: Path
) -> None:
    (problem,) = [p for p in found(write_small(tmp_path, vote=SCORED)) if p.rule == "unknown-dimension"]
    assert problem.where.file.endswith("forms/small/vote.yaml")
    assert (problem.where.line, problem.where.column) == place_of(SCORED, "{dimensions: {field: power}")


def test_given_forms_that_cannot_be_read_when_linted_then_each_is_told_and_the_rest_is_linted_too(
    write_small: Write, small_text: str, tmp_path: Path
) -> None:
    text = small_text.replace("by: [lead, guest]", "by: [lead, gest]")
    folder = write_small(tmp_path, text, note="title: [Notat\n", shown="title: {\n")
    problems = everything(folder)
    assert sorted((Path(p.where.file).name, p.rule) for p in problems if p.severity == "error") == [
        ("note.yaml", "unreadable"),
        ("shown.yaml", "unreadable"),
        ("small.yaml", "unknown-role"),
    ]
    with pytest.raises(LintError):
        bundle.read("small", [folder])


def test_given_two_files_of_one_form_when_linted_then_the_second_is_told(write_small: Write, tmp_path: Path) -> None:
    folder = write_small(tmp_path)
    (folder / "forms" / "small" / "note.json").write_text("{}")
    (problem,) = [p for p in everything(folder) if p.rule == "form-twice"]
    assert Path(problem.where.file).name == "note.yaml"
    assert "note.json" in problem.message


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


def with_action(small: str, condition: str) -> str:
    """The small template with an action that is open on a condition."""
    action = f'      go: {{title: {TITLE}, by: lead, to: work, else: {TITLE}, when: "{condition}"}}\n'
    return small.replace("      stop: {title", f"{action}      stop: {{title", 1)


@pytest.mark.parametrize(
    ("written", "place"),
    [
        ("tasks.gaol.complete", "tasks.gaol"),
        ("'tasks.gaol.complete'", "tasks.gaol"),
        ('"not tasks.gaol.complete"', "tasks.gaol"),
        ("'answers.goal.text == ''x'' and tasks.gaol.complete'", "'answers.goal.text == ''"),
        ("not\n              tasks.gaol.complete", "not\n"),
        (">-\n              tasks.gaol.complete", ">-"),
        ("|\n              tasks.gaol.complete", "|\n"),
    ],
    ids=["plain", "in quotes", "in double quotes", "doubled quotes", "two lines", "folded", "kept lines"],
)
def test_given_a_condition_however_written_when_linted_then_the_name_or_its_beginning_is_pointed_to(
    written: str, place: str, write_small: Write, small_text: str, tmp_path: Path
) -> None:
    text = small_text.replace("when: tasks.vote.overdue", f"when: {written}")
    (problem,) = [p for p in found(write_small(tmp_path, text)) if p.rule == "guard-unknown-name"]
    assert (problem.where.line, problem.where.column) == place_of(text, place)


# -- versions ---------------------------------------------------------------------------------------------------------


def version(folders: list[Path], published: dict[str, str] | None = None) -> list[tuple[str, int, int]]:
    problems = bundle.problems_of("small", folders, published or {})
    return [(p.rule, p.where.line, p.where.column) for p in problems]


def test_given_one_number_and_other_content_elsewhere_when_linted_then_the_version_is_pointed_to(
    write_small: Write, small_text: str, tmp_path: Path
) -> None:
    mine = write_small(tmp_path / "a")
    assert version([mine, write_small(tmp_path / "b")]) == []
    other = write_small(tmp_path / "c", small_text.replace("due: P14D", "due: P7D"))
    assert version([mine, other]) == [("same-number", *place_of(small_text, "1.0.0"))]
    newer = write_small(tmp_path / "d", small_text.replace("version: 1.0.0", "version: 1.1.0"))
    assert version([mine, newer]) == []


def test_given_files_that_drifted_from_what_was_published_when_linted_then_the_version_is_pointed_to(
    write_small: Write, small_text: str, tmp_path: Path
) -> None:
    folder = write_small(tmp_path)
    read = bundle.read("small", [folder])
    assert version([folder], {"1.0.0": read.hash}) == []
    (folder / "forms" / "small" / "note.yaml").write_text(
        (folder / "forms" / "small" / "note.yaml").read_text().replace("maxLength: 200", "maxLength: 300")
    )
    assert version([folder], {"1.0.0": read.hash}) == [("published-otherwise", *place_of(small_text, "1.0.0"))]
    assert version([folder], {"0.9.0": read.hash}) == []


def test_given_a_file_under_another_name_when_linted_then_told(
    write_small: Write, small_text: str, tmp_path: Path
) -> None:
    text = small_text.replace("template: small", "template: smaller")
    forms = {
        name: content.replace("$id: small/", "$id: smaller/")
        for name, content in written(write_small, tmp_path).items()
    }
    folder = write_small(tmp_path, text, **forms)
    assert version([folder]) == [("template-name", *place_of(text, "smaller"))]


def test_given_a_template_that_is_run_on_and_gone_when_linted_then_warned_with_its_path(
    write_small: Write, tmp_path: Path
) -> None:
    folder = write_small(tmp_path)
    (problem,) = versions.gone(["small", "gone", "gone"], [folder])
    assert (problem.rule, problem.severity) == ("published-gone", "warning")
    assert problem.where.file == str(folder / "processes" / "gone.yaml")


def written(write_small: Write, folder: Path) -> dict[str, str]:
    """The small template's forms, by name."""
    return {path.stem: path.read_text() for path in (write_small(folder) / "forms" / "small").glob("*.yaml")}


# -- the rules as a whole ---------------------------------------------------------------------------------------------


def test_given_the_code_when_searched_for_rules_then_it_has_those_that_are_told_of_and_no_other() -> None:
    source = "\n".join(path.read_text() for path in (BUILT_IN / "engine").rglob("*.py") if path.name != "rules.py")
    source += (BUILT_IN / "cli" / "linting.py").read_text()
    used = set(re.findall(r'"([a-z]+(?:-[a-z]+)*)"', source))
    shapes = {f"{language}-{kind}" for language in ("template", "scenario", "plan") for kind in SHAPES}
    assert sorted(RULES.keys() - used - shapes) == []
    called = set(re.findall(r'(?:problem|unknown|report|warn|Problem|Fault)\(\s*"([a-z]+(?:-[a-z]+)+)"', source))
    assert len(called) > 70
    assert sorted(called - RULES.keys()) == []


def test_given_a_rule_when_its_test_is_looked_for_then_there_is_one() -> None:
    tests = "\n".join(path.read_text() for path in (BUILT_IN / "tests").rglob("test_*.py"))
    tried = {name for name, rule in RULES.items() if rule.where == "form"}  # in test_form_lint
    elsewhere = (RULES.keys() | CONTRACTS.keys()) - tried - set(EXAMPLES)
    assert sorted(name for name in elsewhere if f'"{name}"' not in tests) == []


def test_given_the_rules_of_contracts_when_searched_for_then_they_are_those_that_are_told_of() -> None:
    source = (BUILT_IN / "warehouse" / "sources" / "contract_lint.py").read_text()
    used = {f"source-{name}" for name in re.findall(r'self\.problem\(\s*"([a-z-]+)"', source)}
    used |= set(re.findall(r'"(source-[a-z-]+)"', source))
    assert used == CONTRACTS.keys()


@pytest.mark.parametrize(("after", "warned"), [("P14D", False), ("P30D", True)])
def test_given_a_due_date_when_a_deadline_of_its_state_ends_it_after_the_same_time_then_that_is_its_consequence(
    after: str, warned: bool, write_small: Write, small_text: str, tmp_path: Path
) -> None:
    deadline = f"    deadlines: {{late: {{title: {TITLE}, after: {after}, to: ended}}}}\n    actions:\n      open:"
    text = small_text.replace("form: note, by: [lead, member]}", "form: note, by: [lead, member], due: P14D}")
    text = text.replace("    actions:\n      open:", deadline)
    rules = [p.rule for p in everything(write_small(tmp_path, text))]
    assert rules == (["due-without-consequence"] if warned else [])


def test_given_a_flag_that_is_written_as_a_text_when_linted_then_told_what_to_write(
    write_small: Write, small_text: str, tmp_path: Path
) -> None:
    (problem,) = found(write_small(tmp_path, small_text.replace("final: true", "final: yes")))
    assert (problem.rule, problem.hint) == ("template-value", "Write true or false.")


@pytest.mark.parametrize(
    ("condition", "hint"),
    [
        ("talk", "Did you mean “states.talk”?"),
        ("goal.complete", "Did you mean “tasks.goal”?"),
        ("goal.text == 'x'", "Did you mean “answers.goal”?"),
        ("rounds > 1", "Did you mean “counters.rounds”?"),
        ("wanted > 1", "Did you mean “vars.wanted”?"),
        ("taks.goal.complete", "Did you mean “tasks”?"),
    ],
)
def test_given_a_name_without_what_stands_before_it_when_linted_then_the_whole_name_is_proposed(
    condition: str, hint: str, write_small: Write, small_text: str, tmp_path: Path
) -> None:
    (problem,) = found(write_small(tmp_path, small_text.replace("when: tasks.vote.overdue", f"when: {condition}")))
    assert (problem.rule, problem.hint) == ("guard-unknown-name", hint)


@pytest.mark.parametrize(
    ("remind", "warned"),
    [("[P7D, {after: P16D, to: lead}]", False), ("[P7D]", True)],
    ids=["others are told", "only those who have not answered are"],
)
def test_given_a_due_date_when_an_escalation_follows_it_then_that_is_its_consequence(
    remind: str, warned: bool, write_small: Write, small_text: str, tmp_path: Path
) -> None:
    task = f"form: note, by: [lead, member], due: P14D, remind: {remind}}}"
    text = small_text.replace("form: note, by: [lead, member]}", task)
    rules = [p.rule for p in everything(write_small(tmp_path, text))]
    assert rules == (["due-without-consequence"] if warned else [])
