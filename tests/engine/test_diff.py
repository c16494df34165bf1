"""What differs between two versions: each kind of change once, with whether a running process may not fit any more."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from engine.comparing import compare
from engine.template import bundle
from engine.template.diff import differences

NOTE = """
$schema: https://json-schema.org/draft/2020-12/schema
$id: small/note
title: Notat
x-i18n: {nn: {title: Notat}, en: {title: Note}}
type: object
required: [text]
properties:
  text: {title: Tekst, x-i18n: {nn: {title: Tekst}, en: {title: Text}}, type: string, maxLength: 200}
  aside: {title: Ekstra, x-i18n: {nn: {title: Ekstra}, en: {title: Aside}}, type: string, maxLength: 200, x-personal: true}
"""

CHANGES: dict[str, tuple[str, str, str, bool]] = {
    # what is changed in the template → instead, what is told, and whether it is breaking
    "role added": ("  guest: {", "  helper: {title: {nb: H, nn: H, en: H}}\n  guest: {", "role helper was added", False),
    "target": ("by: lead, to: work}", "by: lead, to: plan}", "action of talk: again to: work → plan", False),
    "condition": ("when: tasks.vote.overdue", "when: tasks.vote.done > 0", "action of voting: close when: tasks.vote.overdue → tasks.vote.done > 0", False),
    "due": ("due: P14D", "due: P7D", "task vote due: P14D → P7D", False),
    "sealed": ("            sealed: true\n            visibility: {from: answers.choose.shown, order: [open, protected]}\n", "", "task vote sealed: True → False", True),
    "each": ("            each: membership\n            assisted", "            each: party\n            assisted", "task vote each: membership → party", True),
    "optional": ("form: note, by: lead, optional: true", "form: note, by: lead, optional: false", "task minutes optional: True → False", False),
    "text": ("{nb: Referat, nn: Referat, en: Minutes}", "{nb: Notat, nn: Notat, en: Notes}", "task minutes its texts changed", False),
    "unreachable": ("by: lead, to: work}", "by: lead, to: talk}", "state voting cannot be reached any more from voting, talk", True),
    "vars": ("vars: {wanted: 2}", "vars: {wanted: 2, more: 1}", "template vars: none → more 1", False),
    "kept": ("vars: {", "retention: {keep: P5Y, basis: {nb: A, nn: A, en: A}}\nvars: {", "retention was added: P5Y ended, erase", False),
    "auto": ("when: tasks.vote.complete}]", "when: tasks.vote.done > 1}]", "state voting goes on by itself under other conditions", False),
}  # fmt: skip
FIELDS: dict[str, tuple[str, str, str, bool]] = {
    "removed": (NOTE[NOTE.index("  aside:") :], "", "form note: aside was removed", True),
    "renamed": ("  aside: {", "  extra: {x-id: aside, ", "form note: extra was renamed from aside", False),
    "narrowed": ("type: string, maxLength: 200}", "type: string, maxLength: 100}", "form note: text is narrower: maxLength 200 → 100", True),
    "widened": ("type: string, maxLength: 200}", "type: string, maxLength: 300}", "form note: text is wider: maxLength 200 → 300", False),
    "required": ("required: [text]", "required: [text, aside]", "form note: aside must be answered now", True),
    "personal": (", x-personal: true", "", "form note: aside is not personal any more", True),
    "kind": ("type: string, maxLength: 200}", "type: integer}", "form note: text asks for another kind of answer: text → integer", True),
}  # fmt: skip


def test_given_another_time_when_compared_then_it_is_told_and_its_texts_apart(
    write_small: Callable[..., Path], small_text: str, tmp_path: Path
) -> None:
    def kept(name: str, keys: str) -> Any:
        text = small_text.replace("vars: {", f"retention: {{{keys}}}\nvars: {{")
        return bundle.read("small", [write_small(tmp_path / name, text)]).definition

    old, new = kept("old", "keep: P5Y, basis: A"), kept("new", "keep: P2Y, duty: true, basis: B")
    told = [f"{one.where} {one.what}" for one in differences(old, new)]
    assert told == ["retention keep: P5Y → P2Y", "retention duty: False → True", "retention its texts changed"]


@pytest.mark.parametrize("change", CHANGES)
def test_given_one_change_of_the_template_when_compared_then_it_alone_is_told(
    change: str, write_small: Callable[..., Path], small_text: str, tmp_path: Path
) -> None:
    old, new, told, breaking = CHANGES[change]
    assert old in small_text
    before = bundle.read("small", [write_small(tmp_path / "old")]).definition
    after = bundle.read("small", [write_small(tmp_path / "new", small_text.replace(old, new))]).definition
    found = [(f"{one.where} {one.what}", one.breaking) for one in differences(before, after)]
    assert (told, breaking) in found, found
    assert all(not other for text, other in found if text != told) or change in ("sealed", "unreachable")


@pytest.mark.parametrize("change", FIELDS)
def test_given_one_change_of_a_form_when_compared_then_it_is_told(
    change: str, write_small: Callable[..., Path], small_text: str, tmp_path: Path
) -> None:
    old, new, told, breaking = FIELDS[change]
    assert old in NOTE
    text = small_text.replace(" and (answers.goal.text != 'nei' or len(memberships) > 5)", "")
    before = bundle.read("small", [write_small(tmp_path / "old", text, note=NOTE)]).definition
    after = bundle.read("small", [write_small(tmp_path / "new", text, note=NOTE.replace(old, new))]).definition
    assert [(f"{one.where} {one.what}", one.breaking) for one in differences(before, after)] == [(told, breaking)]


def test_given_two_equal_versions_when_compared_then_nothing_is_told(
    write_small: Callable[..., Path], tmp_path: Path
) -> None:
    one = bundle.read("small", [write_small(tmp_path / "a")]).definition
    other = bundle.read("small", [write_small(tmp_path / "b")]).definition
    assert differences(one, other) == []


@pytest.mark.parametrize(
    ("change", "touched"),
    [
        (("again: {title", "once_more: {title"), 0),  # of talk, where no process is
        (("close:\n", "shut:\n"), 1),  # of voting, where one is
        (("due: P14D", "due: P7D"), 1),
        (("goal: {title: {nb: Mål", "goal: {title: {nb: Hensikt"), 2),
        (("guest: {title: {nb: Gjest", "guest: {title: {nb: Besøk"), 0),
        (("{wanted: 2}", "{wanted: 3}"), 2),
    ],
)
def test_given_running_processes_when_versions_are_compared_then_how_many_each_difference_touches(
    change: tuple[str, str],
    touched: int,
    world: Any,
    write_small: Callable[..., Path],
    small_text: str,
    tmp_path: Path,
) -> None:
    world.engine.start(world.person("kari"), "small", "q", "Q")
    world.to_voting()
    after = bundle.read("small", [write_small(tmp_path / "new", small_text.replace(*change))]).definition
    found = compare(world.engine, "small", world.bundle.definition, after)
    assert (found.running, set(found.touched)) == (2, {touched})


def test_given_a_breaking_difference_when_versions_are_compared_then_how_many_it_touches_in_all(
    world: Any, write_small: Callable[..., Path], tmp_path: Path
) -> None:
    world.engine.start(world.person("kari"), "small", "q", "Q")
    world.to_voting()
    folder = write_small(tmp_path / "new")
    form = folder / "forms" / "small" / "vote.yaml"
    form.write_text(form.read_text().replace("maximum: 5", "maximum: 4"))
    found = compare(world.engine, "small", world.bundle.definition, bundle.read("small", [folder]).definition)
    assert [(one.breaking, touched) for one, touched in zip(found.differences, found.touched, strict=True)] == [
        (True, 1)
    ]
    assert found.broken == 1
