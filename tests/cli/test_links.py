"""Linked processes on the command line: seen, added, let go, and an incident where one cannot be started."""

from __future__ import annotations

from typing import Any

import pytest

PROGRAMME = """
template: programme
version: 1.0.0
title: {nb: Program, nn: Program, en: Programme}
roles:
  lead: {title: {nb: Leder, nn: Leiar, en: Lead}}
  guest: {title: {nb: Gjest, nn: Gjest, en: Guest}}
starter: lead
vars: {enough: 3}
initial: visiting
states:
  visiting:
    title: {nb: På besøk, nn: På besøk, en: Visiting}
    spawn:
      template: visit
      link: visit
      give: {talk.note: "'Husk nøkkelen'"}
      take: [talk.score]
    auto: [{to: ended, when: links.visit.done and links.visit.answers.talk.score >= vars.enough}]
    actions: {stop: {title: {nb: Stopp, nn: Stopp, en: Stop}, by: lead, to: ended}}
  ended: {title: {nb: Slutt, nn: Slutt, en: End}, final: true}
"""
VISIT = """
template: visit
version: 1.0.0
title: {nb: Besøk, nn: Besøk, en: Visit}
roles: {host: {title: {nb: Vert, nn: Vert, en: Host}}}
starter: host
initial: talking
states:
  talking:
    title: {nb: Samtale, nn: Samtale, en: Talking}
    tasks: {talk: {title: {nb: Prat, nn: Prat, en: Talk}, form: talk, by: host}}
    auto: [{to: over, when: tasks.talk.complete}]
  over: {title: {nb: Over, nn: Over, en: Over}, final: true}
"""
TALK = """
$schema: https://json-schema.org/draft/2020-12/schema
$id: visit/talk
title: Prat
type: object
required: [score]
properties:
  score: {title: Poeng, type: integer, minimum: 1, maximum: 5}
  note: {title: Merknad, type: string, maxLength: 50}
"""


@pytest.fixture
def north(terminal: Any) -> Any:
    """A workspace in which kari leads `north`, whose visit is not published yet; ola takes part in it as a guest."""
    for name, text in (("processes/programme", PROGRAMME), ("processes/visit", VISIT), ("forms/visit/talk", TALK)):
        file = terminal.folder / f"{name}.yaml"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    terminal.done("publish", "programme")
    for handle in ("kari", "ola"):
        terminal.person(handle)
    terminal.done("start", "programme", "north", "--title", "Nord", who="kari")
    token = terminal.done("-q", "invite", "north", "--role", "guest", who="kari").out.strip()
    terminal.done("join", token, who="ola")
    return terminal


@pytest.fixture
def visited(north: Any) -> Any:
    """With the visit published, and so there."""
    north.done("publish", "visit")
    north.done("tick")
    return north


def links(terminal: Any, who: str = "kari", process: str = "north") -> Any:
    return terminal.done("link", "list", process, "--json", who=who).data["links"]


def test_given_a_template_that_is_not_published_when_started_then_listed_explained_and_retried(north: Any) -> None:
    (incident,) = north.done("incident", "list", "north", "--json", who="kari").data["incidents"]
    assert (incident["incident"], incident["kind"]) == ("link:visit", "link")
    assert "samskap publish" in north.done("explain", "incident", "north", "link:visit", who="kari").out
    told = north("incident", "retry", "north", "link:visit", who="kari")
    assert (told.code, "it still fails: no template “visit” is published" in told.err) == (5, True)
    north.done("publish", "visit")
    north.done("incident", "retry", "north", "link:visit", who="kari")
    assert [(one["process"], one["status"]) for one in links(north)] == [("north-visit", "open")]


def test_given_a_template_that_starts_others_when_published_then_told_which_are_not_yet(north: Any) -> None:
    assert north.done("publish", "programme", "--json").data["not_published"] == ["visit"]
    assert "samskap publish visit" in north.done("publish", "programme").err
    north.done("publish", "visit")
    assert north.done("publish", "programme", "--json").data["not_published"] == []


def test_given_a_linked_process_when_it_finishes_then_the_list_says_what_was_passed_on(visited: Any) -> None:
    visited.done("submit", "north-visit", "talk.1", "--set", "score=2", who="kari")
    (mine,) = links(visited)
    assert (mine["status"], mine["you_take_part"], mine["answers"]) == ("finished", True, {"talk": {"score": 2}})
    (theirs,) = links(visited, who="ola")
    assert (theirs["you_take_part"], theirs["answers"]) == (False, {"talk": {"score": 2}})
    table = visited.done("link", "list", "north", who="ola").out
    assert (": 2" in table, "{" in table) == (True, False)
    (above,) = links(visited, process="north-visit")
    assert (above["process"], above["is_parent"], above["status"]) == ("north", True, "running")


def test_given_a_suggestion_when_the_form_is_shown_then_it_stands_beside_the_question_and_is_not_filled_in(
    visited: Any,
) -> None:
    assert "forslag: Husk nøkkelen" in visited.done("form", "north-visit", "talk.1", who="kari").out
    assert "nøkkelen" not in visited.done("form", "north-visit", "talk.1", "--template", who="kari").out


def test_given_links_when_the_status_is_shown_then_they_are_in_it(visited: Any) -> None:
    assert visited.done("status", "north", "--json", who="ola").data["links"] == [
        {"link": "visit", "process": "north-visit", "element": "", "status": "open"}
    ]
    assert "north-visit" in visited.done("status", "north", who="ola").out


def test_given_a_process_that_is_there_when_added_and_let_go_then_told(visited: Any) -> None:
    visited.done("start", "visit", "older", who="kari")
    assert "older stands beside north" in visited.done("link", "add", "north", "visit", "older", who="kari").out
    told = visited("link", "end", "north", "older", who="kari")
    assert (told.code, "needs a reason" in told.err) == (5, True)
    visited.done("link", "end", "north", "older", "--reason", "Gammel", who="kari")
    assert [one["status"] for one in links(visited)] == ["open", "let_go"]
    assert "Gammel" in visited.done("history", "north", who="ola").out


def test_given_somebody_who_does_not_lead_when_linking_then_not_allowed(visited: Any) -> None:
    visited.done("start", "visit", "older", who="ola")
    assert visited("link", "add", "north", "visit", "older", who="ola").code == 6
    assert visited("link", "end", "north", "north-visit", "--reason", "x", who="ola").code == 6
    assert visited("link", "list", "north-visit", who="ola").code == 6


def test_given_a_workspace_without_links_when_listed_then_it_says_so(arendal: Any) -> None:
    assert "It stands by itself." in arendal.done("link", "list", "arendal", who="kari").out


def test_given_a_migration_that_started_a_process_when_taken_back_then_that_is_named_and_waited_for_no_more(
    north: Any,
) -> None:
    """Version 1.1.0 starts a second visit, in a state that the plan leads to."""
    north.done("publish", "visit")
    again = """  again:
    title: {nb: Igjen, nn: Igjen, en: Again}
    spawn: {template: visit, link: second}
    auto: [{to: ended, when: links.second.done}]
  ended: {title"""
    text = PROGRAMME.replace("version: 1.0.0", "version: 1.1.0").replace("  ended: {title", again)
    more = "{more: {title: {nb: Mer, nn: Meir, en: More}, by: lead, to: again}, stop:"
    (north.folder / "processes" / "programme.yaml").write_text(text.replace("{stop:", more), encoding="utf-8")
    north.done("publish", "programme")
    plan = north.folder / "plan.yaml"
    plan.write_text("template: programme\nto: 1.1.0\nstates: {visiting: again}\n", encoding="utf-8")
    tried = north.done("migration", "plan", "programme", "--plan", str(plan)).out
    assert "second: visit" in tried
    north.done("migration", "apply", "programme", "--plan", str(plan), "--reason", "Videre")
    told = north.done("migration", "undo", "north", "--reason", "Feil plan").out
    assert "north-second (second)" in told
    assert "It goes on by itself" in told
    assert north.done("status", "north-second", "--json", who="kari").data["status"] == "running"
