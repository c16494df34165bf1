"""Incidents on the command line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

TEMPLATE = """
template: brief
version: 1.0.0
title: {nb: Kort, nn: Kort, en: Brief}
roles:
  lead: {title: {nb: Leder, nn: Leiar, en: Lead}}
  judge: {title: {nb: Dommer, nn: Dommar, en: Judge}}
starter: lead
initial: open
states:
  open:
    title: {nb: Åpen, nn: Open, en: Open}
    tasks:
      ruling: {title: {nb: Dom, nn: Dom, en: Ruling}, form: ruling, by: judge}
    auto: [{to: over, when: 1 / len(parties) > 2}]
    actions:
      stop: {title: {nb: Stopp, nn: Stopp, en: Stop}, by: lead, to: over}
      halve: {title: {nb: Halver, nn: Halver, en: Halve}, by: lead, to: over, when: 1 / len(parties) > 2}
  over: {title: {nb: Slutt, nn: Slutt, en: End}, final: true}
"""
FORM = """
$schema: https://json-schema.org/draft/2020-12/schema
$id: brief/ruling
title: Dom
type: object
properties: {text: {title: Tekst, type: string, maxLength: 50}}
"""


@pytest.fixture
def stuck(terminal: Any) -> Any:
    """A process `s` in which a condition fails, and a task waits for a role that nobody holds."""
    (terminal.folder / "processes" / "brief.yaml").write_text(TEMPLATE, encoding="utf-8")
    forms: Path = terminal.folder / "forms" / "brief"
    forms.mkdir(parents=True)
    (forms / "ruling.yaml").write_text(FORM, encoding="utf-8")
    terminal.done("publish", "brief")
    terminal.person("kari")
    terminal.done("start", "brief", "s", who="kari")
    return terminal


def test_given_a_process_that_can_go_on_when_incidents_are_listed_then_there_are_none(preparation) -> None:
    assert "Everything can go on." in preparation.done("incident", "list", "arendal", who="ola").out
    assert preparation.done("incident", "list", "--json").data == {"incidents": [], "quarantine": []}


def test_given_no_such_incident_when_retried_or_resolved_then_not_found(preparation) -> None:
    assert preparation("incident", "retry", "arendal", "x", who="kari").code == 7
    assert preparation("incident", "resolve", "arendal", "x", "--reason", "y", who="kari").code == 7
    assert preparation("explain", "incident", "arendal", "x", who="kari").code == 7


def test_given_somebody_who_does_not_lead_when_they_retry_then_not_allowed(preparation) -> None:
    assert preparation("incident", "retry", "arendal", "x", who="ola").code == 6


def test_given_what_cannot_go_on_when_listed_then_each_kind_is_there_and_explained_with_what_helps(stuck) -> None:
    listed = stuck.done("incident", "list", "--json").data["incidents"]
    assert {(one["incident"], one["kind"]) for one in listed} == {("open.auto.1", "condition"), ("ruling.1", "role")}
    assert all(one["at"] for one in listed)
    told = stuck.done("explain", "incident", "s", "open.auto.1", "--json", who="kari").data
    assert (told["state"], told["seen"]) == ("open", [{"path": "parties", "value": "0 rows"}])
    failed = stuck.done("explain", "incident", "s", "open.auto.1", who="kari").out
    assert "1 / len(parties) > 2" in failed
    assert "samskap incident resolve" in failed
    assert "samskap grant" in stuck.done("explain", "incident", "s", "ruling.1", who="kari").out


def test_given_a_role_that_nobody_holds_when_resolved_with_a_reason_then_its_history_says_why(stuck) -> None:
    refused = stuck("incident", "retry", "s", "ruling.1", who="kari")
    assert (refused.code, "samskap grant s" in refused.err) == (5, True)
    stuck.done("incident", "resolve", "s", "ruling.1", "--reason", "Ingen skal dømme", who="kari")
    assert "Ingen skal dømme" in stuck.done("history", "s", who="kari").out
    assert "ruling.1" not in stuck.done("incident", "list").out


def test_given_an_action_whose_condition_fails_when_chosen_then_refused_and_nothing_is_stored(stuck: Any) -> None:
    before = stuck.position
    ended = stuck("act", "s", "halve", who="kari")
    assert (ended.code, stuck.position) == (5, before)
    assert "division by zero" in ended.err
