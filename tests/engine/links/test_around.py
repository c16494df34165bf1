"""Linked processes and the rest of the engine: history, replay, migration, export, looking back, lint."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from engine.errors import LintError
from engine.export import archive, bag
from engine.export.check import check
from engine.export.ocel import ocel
from engine.export.source import source, sources
from engine.process import commands as c
from engine.store import worklists
from engine.template import bundle
from engine.template.diff import differences
from engine.template.plan import Plan

if TYPE_CHECKING:
    Land = Any  # the class stands in conftest.py, which cannot be imported

AT = datetime(2026, 6, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("language", "told"),
    [
        ("nb", ["Ba om å få koblet til visit: visit", "p-visit (visit) er ferdig"]),
        ("nn", ["Bad om å få kopla til visit: visit", "p-visit (visit) er ferdig"]),
        ("en", ["Asked for visit to be linked: visit", "p-visit (visit) has finished"]),
    ],
)
def test_given_links_when_history_is_told_then_in_words(land: Land, language: str, told: list[str]) -> None:
    land.do("kari", c.Act("go"))
    land.visit()
    lines = [line.text for line in land.engine.history(land.person("kari"), "p", language)]
    assert [text for text in lines if text in told] == told
    first = [line.text for line in land.engine.history(land.person("kari"), "p-visit", language)][1]
    assert "Programmet (p)" in first
    assert "talk.score, talk.verdict" in first


@pytest.mark.parametrize("process", ["p", "p-visit"])
def test_given_linked_histories_when_replayed_under_their_own_version_then_the_same(land: Land, process: str) -> None:
    land.do("kari", c.Submit("outline.1", {"topic": "Arbeid", "limit": 4}))
    land.do("kari", c.Act("go"))
    land.visit(verdict="good")
    land.engine.start(land.person("kari"), "visit", "older", "Eldre")
    definition = land.engine.definition(land.state(process).template)
    assert land.engine.replay(process, definition).outcome == "same"


def test_given_a_version_that_starts_nothing_when_replayed_then_it_differs_where_the_other_was_heard_of(
    land: Land,
) -> None:
    land.do("kari", c.Act("go"))
    start = land.programme.index("    spawn:\n      template: visit")
    end = land.programme.index("    auto: [{to: good, when: links.visit.done and")
    text = land.programme[:start] + land.programme[land.programme.index("\n", end) + 1 :].replace(
        "links.visit.done", "len(parties) > 0"
    )
    land.write(programme=text.replace("version: 1.0.0", "version: 1.1.0"))
    land.publish("programme")
    found = land.engine.replay("p", land.engine.definition("programme"))
    assert (found.outcome, found.what, found.how) == (
        "differs", "Act go", "no process is started as visit, and was",
    )  # fmt: skip


def test_given_a_version_that_starts_one_more_when_replayed_then_it_differs_there(land: Land) -> None:
    land.do("kari", c.Act("go"))
    old = "title: {nb: Plan, nn: Plan, en: Plan}\n"
    text = land.programme.replace(old, f"{old}    spawn: {{template: visit, link: early}}\n")
    land.write(programme=text.replace("version: 1.0.0", "version: 1.1.0"))
    land.publish("programme")
    found = land.engine.replay("p", land.engine.definition("programme"))
    assert (found.what, found.how) == ("Start", "a process is started as early, and was not")


def test_given_an_open_link_when_the_parent_is_migrated_then_its_end_is_still_told(land: Land) -> None:
    land.do("kari", c.Act("go"))
    land.write(programme=land.programme.replace("version: 1.0.0", "version: 1.1.0").replace("nb: Arbeid", "nb: Verk"))
    land.publish("programme")
    target = land.engine.bundle_of("programme", "1.1.0")
    plan = Plan.model_validate({"template": "programme", "to": "1.1.0"})
    land.do("kari", c.Migrate(target, "Nye ord", plan))
    land.visit(verdict="good")
    assert list(land.state().active) == ["good"]


def test_given_a_linked_process_that_goes_on_under_other_names_when_it_finishes_then_it_is_told_in_those_of_then(
    land: Land,
) -> None:
    land.do("kari", c.Act("go"))
    visit = land.visiting.replace("version: 1.0.0", "version: 2.0.0").replace("      talk: {", "      chat: {")
    visit = visit.replace("tasks.talk.complete and answers.talk.score", "tasks.chat.complete and answers.chat.points")
    land.write(visit=visit)
    talk = land.talk.replace("score: {title: Poeng,", "points: {title: Poeng, x-id: score,").replace(
        "[score]", "[points]"
    )
    (land.config / "forms" / "visit" / "talk.yaml").write_text(talk)
    land.publish("visit")
    plan = Plan.model_validate({"template": "visit", "to": "2.0.0", "tasks": {"talk": "chat"}})
    land.do("kari", c.Migrate(land.engine.bundle_of("visit", "2.0.0"), "Nye ord", plan), "p-visit")
    land.do("kari", c.Submit("chat.1", {"points": 4, "verdict": "bad"}), "p-visit")
    land.do("kari", c.Act("close"), "p-visit")
    assert land.passed_on() == {"talk": {"score": 4, "verdict": "bad"}}


@pytest.mark.parametrize(
    ("visit", "talk", "told"),
    [
        (("complete: any", "complete: any, sealed: true"), ("", ""), {}),
        (("", ""), ("title: Tema,", "title: Tema, x-personal: true,"), {"talk": [{"score": 4}]}),
    ],
    ids=["sealed", "personal"],
)
def test_given_a_linked_process_that_goes_on_where_an_answer_is_for_nobody_else_when_it_finishes_then_that_stays_there(
    new_land: Callable[..., Land], visit: tuple[str, str], talk: tuple[str, str], told: dict[str, Any]
) -> None:
    land = new_land()
    programme = land.programme.replace("take: [talk.score, talk.verdict]", "take: [talk.score, talk.topic]").replace(
        "a.talk.score > 3 for a", "len(a.talk) > 9 for a"
    )
    before = land.visiting.replace("by: [host, guest]}", "by: [host, guest], each: membership, complete: any}")
    before = before.replace("and answers.talk.score <=", "and 1 <=")
    land.write(
        programme=programme.replace("links.visit.answers.talk.verdict == 'good'", "len(parties) > 9"), visit=before
    )
    land.publish("programme", "visit")
    land.begin()
    land.do("kari", c.Act("go"))
    land.do("kari", c.Submit("talk.1.m1", {"score": 4, "topic": "Sult"}), "p-visit")
    after = before.replace("version: 1.0.0", "version: 2.0.0")
    land.write(visit=after.replace(*visit), talk=land.talk.replace(*talk))
    land.publish("visit")
    plan = Plan.model_validate({"template": "visit", "to": "2.0.0"})
    land.do("kari", c.Migrate(land.engine.bundle_of("visit", "2.0.0"), "Det er deres", plan), "p-visit")
    land.do("kari", c.Act("close"), "p-visit")
    assert land.passed_on() == told
    land.engine.close()


def test_given_a_role_and_an_answer_that_only_a_linked_process_needs_when_linted_then_they_are_used(
    land: Land,
) -> None:
    found = bundle.problems_of("programme", [land.config], {})
    about = [problem.message for problem in found if problem.rule in ("role-unused", "answer-unused")]
    assert about == []


@pytest.mark.parametrize(
    ("take", "unused"),
    [("[talk.score, talk.verdict]", []), ("[talk.score]", ["nothing uses the answer “verdict”"]), (None, ["nothing uses the answer “verdict”"])],
    ids=["taken", "not taken", "no parent"],
)  # fmt: skip
def test_given_an_answer_that_no_condition_reads_when_linted_then_it_is_used_where_a_parent_takes_it(
    land: Land, take: str | None, unused: list[str]
) -> None:
    if take is None:
        (land.config / "processes" / "programme.yaml").unlink()
    else:
        land.write(programme=land.programme.replace("[talk.score, talk.verdict]", take))
    found = bundle.problems_of("visit", [land.config], {})
    assert [problem.message for problem in found if problem.rule == "answer-unused"] == unused


def test_given_two_versions_of_which_one_starts_another_process_when_compared_then_told(land: Land) -> None:
    old = land.engine.definition("programme")
    land.write(programme=land.programme.replace("{template: visit, link: trial}", "{template: visit, link: rehearsal}"))
    new = bundle.read("programme", [land.config]).definition
    told = [one.what for one in differences(old, new) if one.where == "action of plan: try_out"]
    assert len(told) == 1
    assert "link trial" in told[0]
    assert "link rehearsal" in told[0]


def test_given_linked_processes_when_exported_then_their_objects_are_related_and_an_archive_holds(
    land: Land, tmp_path: Path
) -> None:
    land.do("kari", c.Act("go"))
    land.visit()
    log = ocel(sources(land.engine, land.person("kari"), ["p", "p-visit"]))
    objects: Any = log["objects"]
    (parent,) = [one for one in objects if one["id"] == "p"]
    assert {"objectId": "p-visit", "qualifier": "stands above"} in parent["relationships"]
    alone: Any = ocel(sources(land.engine, land.person("kari"), ["p"]))["objects"]
    assert next(one for one in alone if one["id"] == "p")["relationships"] == []
    taken = source(land.engine, land.person("kari"), "p")
    files = archive.files(taken.records, taken.template, made_at=AT.isoformat(), made_by="samskap test")
    packed = tmp_path / "p.zip"
    with packed.open("wb") as file:
        bag.pack(bag.bag(files, identifier="urn:test", made_at=AT, made_by="samskap test"), "p", AT, file)
    assert check(packed).findings == ()


def test_given_a_time_before_the_end_when_looked_back_then_the_link_was_open(land: Land) -> None:
    land.do("kari", c.Act("go"))
    then = land.state().sequence
    land.visit()
    assert [one.status for one in land.engine.at("p", then).state.links.values()] == ["open"]


def test_given_links_when_a_command_is_given_to_a_process_without_any_then_nothing_is_looked_up(
    land: Land, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[object] = []
    monkeypatch.setattr(worklists, "owed", lambda *args: asked.append(args) or [])
    land.do("kari", c.AddParty("school", "School"))
    assert asked == []


def test_given_a_template_that_cannot_be_read_when_linked_to_then_lint_says_so(land: Land) -> None:
    land.write(visit="template: visit\n")
    with pytest.raises(LintError) as caught:
        bundle.read("programme", [land.config])
    assert "linked-template" in {problem.rule for problem in caught.value.problems}


def test_given_a_suggestion_for_a_list_when_linted_then_refused(land: Land) -> None:
    field = "  verdict: {title: Dom,"
    row = "type: object, properties: {what: {title: Hva, type: string, maxLength: 9}}"
    talk = land.talk.replace(field, f"  seen: {{title: Sett, type: array, maxItems: 3, items: {{{row}}}}}\n{field}")
    land.write(programme=land.programme.replace("talk.topic: answers", "talk.seen: answers"), talk=talk)
    with pytest.raises(LintError) as caught:
        bundle.read("programme", [land.config])
    assert "give-type" in {problem.rule for problem in caught.value.problems}
