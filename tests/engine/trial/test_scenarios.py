"""Scenarios: what is expected and holds passes, what does not is told at its place, and what is tried is counted."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from engine.errors import LintError, NotFound
from engine.template import bundle
from engine.template.bundle import Bundle
from engine.template.sources import BUILT_IN
from engine.trial.reading import find
from engine.trial.running import Played, Trial, run
from engine.trial.scenario import VERBS

HEAD = """\
template: small
language: en
starter: kari
people:
  ola: {role: member, party: town}
  eva: {role: member, party: club}
  per: {role: member, party: club, signs_in: false, later: true}
scenarios:
  one:
    title: The scenario
"""

VOTING = """\
    given:
      - {by: kari, submit: goal, answers: {text: a goal}}
      - {act: open}
"""


def played(small: Bundle, folder: Path, body: str, head: str = HEAD) -> Trial:
    file = folder / "scenarios.yaml"
    file.write_text(head + body)
    return run(small, [file])


def one(small: Bundle, folder: Path, body: str) -> Played:
    (found,) = played(small, folder, body).played
    return found


def told(small: Bundle, folder: Path, body: str) -> str:
    """What the one failure of the scenario says."""
    (failure,) = one(small, folder, body).failures
    return failure.message


@pytest.mark.parametrize(
    "body",
    [
        "    then: {states: plan, status: running, incidents: []}\n",
        "    then: {open: [stop], closed: [open, again], tasks: {kari: [goal, log], ola: [goal, choose, log]}}\n",
        VOTING + "    then: {states: [voting], values: {counters.rounds: 1, tasks.vote.expected: 2}}\n",
        VOTING + "    then: {states: work, holds: [states.work.active and not tasks.vote.complete]}\n",
        VOTING + "    when: [{by: ola, submit: vote}, {by: eva, submit: vote, answers: {score: 5}}]\n"
        "    then: {states: talk, open: [close_up], values: {len(answers.vote): 2}}\n",
        VOTING + "    when: [{enter: per}, {by: eva, for: per, submit: vote, answers: {score: 3}}]\n"
        "    then: {tasks: {per: [log]}, values: {tasks.vote.done: 1, tasks.vote.expected: 3}}\n",
        VOTING + "    when: [{tick: P13D, then: {closed: [close]}}, {tick: 2026-03-17}, {act: close}]\n"
        "    then: {states: talk}\n",
        VOTING + "    when: [{tick: next}, {act: close}, {tick: next}]\n    then: {states: ended, status: finished}\n",
        "    when: [{grant: guest, to: ola}, {suspend: true, reason: A break}]\n    then: {status: suspended}\n",
        "    when: [{leave: ola, reason: Moved}]\n    then: {values: {len(memberships): 2}, tasks: {ola: []}}\n",
        "    when: [{by: kari, claim: goal}, {by: ola, submit: goal, refused: this is for m1 to fill in}]\n",
        "    when: [{by: kari, hand_over: lead, to: ola}, {by: kari, act: stop, reason: x, refused: {code: not_allowed}}]\n",
        "    when: [{by: ola, delegate: eva, until: 2026-04-01}, {by: ola, end_delegation: true}]\n    then: {states: plan}\n",
        VOTING + "    when: [{back: plan, reason: Once more}]\n    then: {states: plan, values: {tasks.goal.done: 1}}\n",
        "    when: [{by: kari, submit: goal, answers: {}, refused: {code: answers_invalid, field: text}}]\n",
        "    when: [{act: open, refused: The goal is missing}]\n",
        "    when: [{cancel: true, reason: Enough}]\n    then: {status: cancelled}\n",
    ],
)  # fmt: skip
def test_given_what_holds_when_played_then_it_passes(small: Bundle, tmp_path: Path, body: str) -> None:
    assert one(small, tmp_path, body).failures == ()


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("    then: {states: work}\n", "active should be work, and is plan"),
        ("    then: {states: [plan, work]}\n", "active should be plan, work, and is plan"),
        ("    then: {status: finished}\n", "should be finished, and is running"),
        ("    then: {tasks: {kari: []}}\n", "open for kari should be nothing, and is goal.1, log.1"),
        ("    then: {tasks: {kari: [goal, log, vote]}}\n", "open for kari should be goal, log, vote, and is goal.1, log.1"),
        ("    then: {open: [open]}\n", "“open” should be open, and is closed: false by tasks.goal.complete and"),
        ("    then: {closed: [stop]}\n", "“stop” should be closed, and is open"),
        ("    then: {open: [again]}\n", "“again” should be open, and its state is not active"),
        ("    then: {unknown: [open]}\n", "should be unknown, and is false"),
        ("    then: {values: {vars.wanted: 3}}\n", "vars.wanted should be 3, and is 2"),
        ("    then: {values: {tasks.goal.complete: 0}}\n", "tasks.goal.complete should be 0, and is false"),
        ("    then: {values: {answers.goal.text: a}}\n", "answers.goal.text should be a, and is unknown"),
        ("    then: {holds: [tasks.goal.done == 1]}\n", "tasks.goal.done == 1 should hold, and is false"),
        ("    then: {incidents: [plan]}\n", "the incidents should be plan, and are nothing"),
        ("    when: [{act: open}]\n    then: {states: work}\n", "this is refused: “open” is not open now"),
        ("    when: [{submit: goal, answers: {}}]\n    then: {states: work}\n", "this is refused: 1 answer of goal.1 does not fit the form; text: "),
        ("    when: [{act: stop, reason: x, refused: true}]\n", "this should be refused, and was done"),
        ("    when: [{act: open, refused: nonsense}]\n", "the refusal should say “nonsense”, and says: “open” is not"),
        ("    when: [{act: open, refused: {code: conflict}}]\n", "this should be refused as conflict, and is as refused"),
        ("    when: [{by: kari, submit: goal, answers: {}, refused: {field: aside}}]\n", "the answer to aside should be"),
        ("    when: [{tick: 2020-01-01}]\n    then: {states: plan}\n", "this is refused: 2020-01-01 is past"),
    ],
)  # fmt: skip
def test_given_what_does_not_hold_when_played_then_the_difference_is_told(
    small: Bundle, tmp_path: Path, body: str, message: str
) -> None:
    assert message in told(small, tmp_path, body)


def test_given_a_difference_when_told_then_its_place_is_that_of_the_expectation(small: Bundle, tmp_path: Path) -> None:
    (failure,) = one(small, tmp_path, "    then: {states: plan, status: finished}\n").failures
    assert (failure.where.line, failure.where.column) == (11, 26)


def test_given_a_step_that_fails_when_played_then_nothing_after_it_is_tried(small: Bundle, tmp_path: Path) -> None:
    found = one(small, tmp_path, "    when: [{act: open}, {act: stop, reason: x}]\n    then: {states: ended}\n")
    assert (found.steps, len(found.failures), found.failures[0].where.line) == (1, 1, 11)


@pytest.mark.parametrize(
    ("body", "rule", "hint"),
    [
        ("    then: {states: paln}\n", "scenario-unknown-name", "Did you mean “plan”?"),
        ("    then: {tasks: {olla: []}}\n", "scenario-unknown-name", "Did you mean “ola”?"),
        ("    then: {tasks: {ola: [vot.1]}}\n", "scenario-unknown-name", "Did you mean “vote”?"),
        ("    then: {open: [opne]}\n", "scenario-unknown-name", "Did you mean “open”?"),
        ("    then: {values: {counters.round: 1}}\n", "guard-unknown-name", "Did you mean “rounds”?"),
        ("    then: {holds: [counters.rounds]}\n", "guard-not-boolean", "Compare it with something."),
        ("    when: [{act: opn, refused: true}]\n", "scenario-unknown-name", "Did you mean “open”?"),
        ("    when: [{submit: gaol, refused: true}]\n", "scenario-unknown-name", "Did you mean “goal”?"),
        ("    when: [{by: ola, submit: goal, answers: some, refused: true}]\n", "scenario-unknown-name", "There are: none."),
        ("    when: [{grant: led, to: ola, refused: true}]\n", "scenario-unknown-name", "Did you mean “lead”?"),
        ("    then: {states: plan}\n  two:\n    then: {states: plan}\n", "scenario-missing", "Add title: …"),
        ("    when: [{act: open}]\n", "scenario-idle", "Add then: …, or refused: … to a step."),
        ("    when: [{act: open}]\n    then: {}\n", "scenario-idle", "Add then: …, or refused: … to a step."),
        ("    when: [{act: open, sumbit: goal}]\n", "scenario-unknown-key", "Did you mean “submit”?"),
        ("    when: [{act: open, submit: goal}]\n", "scenario-value", f"A step has one of {', '.join(VERBS)}."),
        ("    when: [{by: kari}]\n", "scenario-value", f"A step has one of {', '.join(VERBS)}."),
        ("    then: {states: plan}\n    gven: []\n", "scenario-unknown-key", "Did you mean “given”?"),
    ],
)  # fmt: skip
def test_given_a_file_with_a_slip_when_read_then_it_is_told_before_anything_is_played(
    small: Bundle, tmp_path: Path, body: str, rule: str, hint: str
) -> None:
    with pytest.raises(LintError) as caught:
        played(small, tmp_path, body)
    assert [(p.rule, p.hint) for p in caught.value.problems] == [(rule, hint)]
    assert caught.value.problems[0].where.line >= 10


def test_given_a_starter_who_is_among_the_people_when_read_then_told(small: Bundle, tmp_path: Path) -> None:
    with pytest.raises(LintError) as caught:
        played(small, tmp_path, "    then: {states: plan}\n", HEAD.replace("  ola:", "  kari: {role: guest}\n  ola:"))
    assert [p.rule for p in caught.value.problems] == ["scenario-starter"]


def test_given_scenarios_when_played_then_each_begins_anew_and_the_same_twice(small: Bundle, tmp_path: Path) -> None:
    body = VOTING + "    then: {states: voting}\n  two:\n    title: Another\n    then: {states: plan}\n"
    first, second = played(small, tmp_path, body), played(small, tmp_path, body)
    assert [p.passed for p in first.played] == [True, True]
    assert [p.steps for p in first.played] == [2, 0]
    assert first.coverage.items() == second.coverage.items()


def test_given_scenarios_when_played_then_what_they_tried_is_counted_and_the_rest_is_not(
    small: Bundle, tmp_path: Path
) -> None:
    body = VOTING.replace("      - {by: kari", "      - {act: open, refused: true}\n      - {by: kari", 1)
    items = {
        (i.kind, i.id): i for i in played(small, tmp_path, body + "    then: {closed: [close]}\n").coverage.items()
    }
    assert items["state", "voting"].count == items["action", "plan.open"].count == items["task", "goal"].count == 1
    assert not items["state", "talk"].covered
    assert not items["deadline", "talk.silent"].covered
    opening = items["condition", "plan.open"]
    assert (dict(opening.said), opening.covered, opening.may_be_unknown) == ({"true": 1, "false": 1}, True, True)
    closing = items["condition", "voting.close"]
    assert (dict(closing.said), closing.covered, closing.may_be_unknown) == ({"false": 1}, False, False)
    assert items["condition", "voting → talk"].said == {"false": 1}


def test_given_an_unknown_condition_when_expected_then_it_is_seen_as_such(
    write_small: Callable[..., Path], small_text: str, tmp_path: Path
) -> None:
    text = small_text.replace("tasks.goal.complete and (answers", "(answers").replace(" or len(memberships) > 5)", ")")
    changed = bundle.read("small", [write_small(tmp_path, text)])
    trial = played(changed, tmp_path, "    then: {unknown: [open]}\n")
    assert trial.passed
    (item,) = [i for i in trial.coverage.items() if (i.kind, i.id) == ("condition", "plan.open")]
    assert item.said == {"unknown": 1}


def test_given_a_condition_that_fails_when_played_then_its_incident_can_be_expected(
    write_small: Callable[..., Path], small_text: str, tmp_path: Path
) -> None:
    text = small_text.replace("auto: [{to: talk, when: tasks.vote.complete}]",
                              "auto: [{to: talk, when: 10 / (tasks.vote.done - 1) > 100}]")  # fmt: skip
    changed = bundle.read("small", [write_small(tmp_path, text)])
    body = VOTING + "    when: [{by: ola, submit: vote}]\n    then: {incidents: [voting.auto.1]}\n"
    assert one(changed, tmp_path, body).failures == ()


LINKED = """\
template: small
starter: kari
people:
  ola: {role: member, party: town}
  eva: {role: member, party: club}
scenarios:
  one:
    title: The scenario
    given:
      - {submit: goal, answers: {text: a goal}}
      - {act: aside}
"""


def linked(write_small: Callable[..., Path], small_text: str, folder: Path, body: str, more: str = "") -> list[str]:
    """What fails in a scenario of a template of which an action starts another process, of the same template."""
    text = small_text.replace(
        "      stop: {title",
        "      aside: {title: {nb: X, nn: X, en: X}, by: lead, "
        f"spawn: {{template: small, link: beside, take: [goal.text]{more}}}}}\n      stop: {{title",
        1,
    )
    read = bundle.read("small", [write_small(folder, text)])
    (folder / "scenarios.yaml").write_text(LINKED + body)
    (found,) = run(read, [folder / "scenarios.yaml"], linked=[read]).played
    return [failure.message for failure in found.failures]


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ("    when: [{in: beside, submit: goal, then: {open: [open], tasks: {kari: [log]}}}]\n", ""),
        ("    when: [{in: beside, act: stop, reason: x, then: {status: finished}}]\n"
         "    then: {status: running, holds: [links.beside.done]}\n", ""),
        ("    when: [{in: beside, act: stop, refused: needs a reason}]\n", ""),
        ("    when: [{in: beside, submit: goal, then: {status: finished}}]\n", "should be finished, and is running"),
        ("    when: [{ends: beside, answers: {goal: {text: x}}}]\n"
         "    then: {values: {links.beside.answers.goal.text: x}}\n", ""),
        ("    when: [{ends: beside, given_up: true}]\n    then: {incidents: ['link:beside']}\n", ""),
        ("    when: [{ends: beside}]\n    then: {values: {links.beside.answers.goal.text: unknown}}\n", ""),
    ],
    ids=["a step", "its end", "refused there", "otherwise there", "an end", "given up", "nothing passed on"],
)  # fmt: skip
def test_given_a_linked_process_when_played_or_its_end_stated_then_as_expected(
    body: str, told: str, write_small: Callable[..., Path], small_text: str, tmp_path: Path
) -> None:
    found = linked(write_small, small_text, tmp_path, body)
    assert [told in message for message in found] == ([True] if told else [])


SEVERAL = "“beside” may mean several linked processes"


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ("    when: [{in: beside.club, submit: goal}, {ends: beside.town}]\n"
         "    then: {values: {links.beside.open: 1, links.beside.finished: 1}}\n", []),
        ("    when: [{in: beside, submit: goal, then: {states: plan}}]\n", [f"this is refused: {SEVERAL}"]),
        ("    when: [{in: beside, act: open, refused: true}]\n", [f"this is refused: {SEVERAL}"]),
        ("    when: [{ends: beside, then: {states: plan}}]\n", [f"this is refused: {SEVERAL}"]),
        ("    when: [{ends: beside.town}, {ends: beside.town, refused: has ended already}]\n", []),
    ],
    ids=["by its element", "in several", "no refusal to wait for", "an end of several", "ended already"],
)  # fmt: skip
def test_given_a_linked_process_for_each_party_when_named_by_the_link_alone_then_told_to_name_one(
    body: str, told: list[str], write_small: Callable[..., Path], small_text: str, tmp_path: Path
) -> None:
    assert linked(write_small, small_text, tmp_path, body, ", each: party, roles: {member: member}") == told


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ("    when: [{in: besides, submit: goal, refused: true}]\n", "there is no link “besides”"),
        ("    when: [{in: beside, submit: gaol, refused: true}]\n", "there is no task “gaol”"),
        ("    when: [{ends: besides, refused: true}]\n", "there is no link “besides”"),
        (
            "    when: [{ends: beside, answers: {goal: {aside: x}}, refused: true}]\n",
            "there is no answer taken “goal.aside”",
        ),
    ],
)
def test_given_names_of_linked_processes_that_are_not_there_when_read_then_told(
    body: str, told: str, write_small: Callable[..., Path], small_text: str, tmp_path: Path
) -> None:
    with pytest.raises(LintError) as caught:
        linked(write_small, small_text, tmp_path, body)
    assert told in [problem.message for problem in caught.value.problems]


@pytest.mark.parametrize("name", ["samson", "soimpact"])
def test_given_a_built_in_template_when_its_scenarios_are_played_then_all_pass_and_everything_is_tried(
    name: str,
) -> None:
    read = bundle.read(name, [BUILT_IN])
    trial = run(read, find(name, [BUILT_IN]), linked=bundle.read_linked(read, [BUILT_IN]))
    assert [(p.name, p.failures) for p in trial.played if not p.passed] == []
    assert [(i.kind, i.id) for i in trial.coverage.items() if not i.covered] == []


def test_given_a_template_without_scenarios_when_looked_for_then_told_where_they_belong(
    write_small: Callable[..., Path], tmp_path: Path
) -> None:
    with pytest.raises(NotFound) as caught:
        find("small", [write_small(tmp_path)])
    assert str(caught.value.where).endswith("processes/tests/small/<name>.yaml")
    with pytest.raises(NotFound) as caught:
        find("smal", [tmp_path])
    assert caught.value.hint == "Did you mean “small”?"
