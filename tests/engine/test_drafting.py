"""What a plan is proposed to say: which names of a new version are probably others of an old one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from engine.template import bundle
from engine.template.diff import differences
from engine.template.drafting import draft
from engine.template.plan import Plan, written

DRAFTS: dict[str, tuple[list[tuple[str, str]], dict[str, dict[str, str]]]] = {
    "a state with the same title": (
        [("  ended: {title", "  over: {title"), ("to: ended", "to: over")],
        {"states": {"ended": "over"}},
    ),
    "a state with another title and the same tasks": (
        [("        talk:\n", "        debate:\n"), ("      talk:\n", "      debate:\n"), ("to: talk", "to: debate"),
         ("nb: Samtale, nn: Samtale, en: Talk}", "nb: D, nn: D, en: D}")],
        {"states": {"talk": "debate"}},
    ),
    "a state within one that has another name, too": (
        [("  work:\n", "  labour:\n"), ("to: work", "to: labour"), ("      talk:\n", "      debate:\n"),
         ("to: talk", "to: debate")],
        {"states": {"work": "labour", "talk": "debate"}},
    ),
    "a task with the same title": (
        [("      goal: ", "      aim: "), ("tasks.goal", "tasks.aim"), ("answers.goal", "answers.aim")],
        {"tasks": {"goal": "aim"}},
    ),
    "a task with another title and the same form": (
        [("minutes: {title: {nb: Referat, nn: Referat, en: Minutes}", "notes: {title: {nb: N, nn: N, en: N}")],
        {"tasks": {"minutes": "notes"}},
    ),
    "a role": ([("  guest: {", "  visitor: {"), ("[lead, guest]", "[lead, visitor]")], {"roles": {"guest": "visitor"}}),
    "an action with the same title": ([("      open:\n", "      begin:\n")], {"actions": {"open": "begin"}}),
    "an action with another title and the same way": (
        [("again: {title: {nb: Igjen, nn: Igjen, en: Again}", "once_more: {title: {nb: E, nn: E, en: E}")],
        {"actions": {"again": "once_more"}},
    ),
    "names that are spelt alike": (
        [("stop: {title: {nb: Stopp, nn: Stopp, en: Stop}, by: lead, to: ended",
          "stop_it: {title: {nb: E, nn: E, en: E}, by: lead, to: work")],
        {"actions": {"stop": "stop_it"}},
    ),
    "an action of a role that has another name": (
        [("  guest: {", "  visitor: {"), ("        close_up:\n            title: {nb: Avslutt, nn: Avslutt, en: Finish}\n"
          "            by: [lead, guest]", "        shut:\n            title: {nb: A, nn: A, en: A}\n            by: [lead, visitor]")],
        {"roles": {"guest": "visitor"}, "actions": {"close_up": "shut"}},
    ),
    "a task elsewhere is another": (
        [("      goal: ", "      choice: "), ("tasks.goal", "tasks.choice"), ("answers.goal", "answers.choice"),
         ("  log: {title", "  aim: {title: {nb: Mål, nn: Mål, en: Goal}, form: note, by: lead, optional: true}\n  log: {title"),
         ("choice: {title: {nb: Mål, nn: Mål, en: Goal}", "choice: {title: {nb: V, nn: V, en: C}"),
         ("choice: {title: {nb: V, nn: V, en: C}, form: note, by: [lead, member]", "choice: {title: {nb: V, nn: V, en: C}, form: note, by: lead")],
        {},
    ),
    "only another text": ([("nb: Plan,", "nb: Planlegging,")], {}),
}  # fmt: skip


@pytest.mark.parametrize("what", DRAFTS)
def test_given_a_version_with_other_names_when_a_plan_is_drafted_then_it_says_the_likely_ones(
    what: str, write_small: Callable[..., Path], small_text: str, tmp_path: Path
) -> None:
    changes, parts = DRAFTS[what]
    text = small_text.replace("version: 1.0.0", "version: 1.1.0")
    for before, after in changes:
        text = text.replace(before, after)
    old = bundle.read("small", [write_small(tmp_path / "old")]).definition
    new = bundle.read("small", [write_small(tmp_path / "new", text)]).definition
    assert draft(old, new) == Plan.model_validate({"template": "small", "to": "1.1.0", **parts})


def test_given_an_action_of_another_name_when_compared_then_it_is_told_what_it_may_be_called_now(
    write_small: Callable[..., Path], small_text: str, tmp_path: Path
) -> None:
    old = bundle.read("small", [write_small(tmp_path / "old")]).definition
    text = small_text.replace("      open:\n", "      begin:\n")
    new = bundle.read("small", [write_small(tmp_path / "new", text)]).definition
    assert [f"{one.where} {one.what}" for one in differences(old, new)] == [
        "action of plan: open was removed, or is called begin now",
        "action of plan: begin was added",
    ]


def test_given_a_plan_when_written_then_what_it_says_and_no_more() -> None:
    parts: dict[str, Any] = {"tasks": {"goal": "aim", "log": None}, "accept": ("aim",)}
    plan = Plan(template="small", to="1.1.0", **parts)
    assert written(plan) == "template: small\nto: 1.1.0\ntasks: {goal: aim, log: null}\naccept: [aim]"
