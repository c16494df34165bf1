"""Incidents on the command line."""

from __future__ import annotations


def test_given_a_process_that_can_go_on_when_incidents_are_listed_then_there_are_none(preparation) -> None:
    assert "Everything can go on." in preparation.done("incident", "list", "arendal", who="ola").out
    assert preparation.done("incident", "list", "--json").data == {"incidents": []}


def test_given_no_such_incident_when_retried_or_resolved_then_not_found(preparation) -> None:
    assert preparation("incident", "retry", "arendal", "x", who="kari").code == 7
    assert preparation("incident", "resolve", "arendal", "x", "--reason", "y", who="kari").code == 7


def test_given_somebody_who_does_not_lead_when_they_retry_then_not_allowed(preparation) -> None:
    assert preparation("incident", "retry", "arendal", "x", who="ola").code == 6
