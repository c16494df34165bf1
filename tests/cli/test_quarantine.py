"""Lists beside a process in quarantine: they go on, and say which it is and why, as text and as data."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.fault("F13")

WHY = "“arendal” is in quarantine, and nothing of it can be told: event 1: its bytes cannot be read"


@pytest.fixture
def damaged(arendal: Any) -> Any:
    """A workspace in which kari leads arendal, whose first event cannot be read, and grimstad, which is whole."""
    arendal.done("start", "samson", "grimstad", "--title", "Grimstad", who="kari")
    with closing(sqlite3.connect(arendal.folder / "data" / "events.sqlite")) as store, store:
        changed = (
            "UPDATE stored_events SET state = CAST('[]' AS BLOB) WHERE originator_version = 1"
            " AND originator_id = (SELECT stream FROM process WHERE name = 'arendal')"
        )
        assert store.execute(changed).rowcount == 1
    return arendal


@pytest.mark.parametrize("who", ["kari", None], ids=["who leads it", "the operator"])
def test_given_a_first_event_damaged_when_processes_are_listed_then_all_are_and_why_one_is_in_quarantine(
    damaged: Any, who: str | None
) -> None:
    listed = damaged.done("status", "--json", who=who).data
    assert [(one["name"], one["status"]) for one in listed["processes"]] == [
        ("arendal", "quarantine"),
        ("grimstad", "running"),
    ]
    assert listed["quarantine"] == [{"process": "arendal", "why": WHY}]
    told = damaged.done("status", who=who).out
    assert f"{WHY}." in told
    assert "samskap restore" in told


def test_given_a_first_event_damaged_when_that_process_is_asked_for_then_told_by_its_name(damaged: Any) -> None:
    asked = damaged("status", "arendal", who="kari")
    assert (asked.code, WHY in asked.err) == (10, True)


def test_given_a_damaged_process_when_somebody_asks_what_is_open_then_the_rest_is_told_and_why_that_is_not(
    damaged: Any,
) -> None:
    found = damaged.done("tasks", "--json", who="kari").data
    assert {item["process"] for item in found["tasks"]} == {"grimstad"}
    assert [one["process"] for one in found["quarantine"]] == ["arendal"]


def test_given_a_damaged_process_when_replayed_or_compared_then_the_others_are_and_it_is_named(damaged: Any) -> None:
    replayed = damaged.done("replay", "samson", "--json").data
    (version,) = {line.split()[1] for line in damaged.done("publish", "samson").out.splitlines()}
    compared = damaged.done("diff", "samson", version, "--json").data
    assert [one["process"] for one in replayed["processes"]] == ["grimstad"]
    assert compared["running"] == 1
    for found in (replayed, compared):
        assert [one["process"] for one in found["quarantine"]] == ["arendal"]


@pytest.mark.parametrize("kind", ["ocel", "cloudevents"])
def test_given_a_damaged_process_when_all_are_exported_then_the_rest_is_written_and_it_ends_with_10(
    damaged: Any, tmp_path: Path, kind: str
) -> None:
    ended = damaged("export", kind, "--to", str(tmp_path / "all"))
    assert (ended.code, "of 1 process" in ended.out, "Left out: “arendal”" in ended.err) == (10, True, True)
    again = damaged("export", kind, "--to", str(tmp_path / "all"), "--force", "--json")
    assert (again.code, again.data["processes"]) == (10, ["grimstad"])


def test_given_a_damaged_process_when_the_lists_are_made_again_then_it_is_not_lost_from_them(damaged: Any) -> None:
    assert "of 2 processes" in damaged.done("store", "rebuild").out
    listed = damaged.done("status", "--json", who="kari").data["processes"]
    assert [one["name"] for one in listed] == ["arendal", "grimstad"]


def test_given_incidents_when_a_process_that_was_opened_is_damaged_then_it_is_told_instead_of_that_all_can_go_on(
    damaged: Any,
) -> None:
    """What nobody can do is found by opening: where no role is held, as far as the lists know."""
    with closing(sqlite3.connect(damaged.folder / "data" / "events.sqlite")) as store, store:
        store.execute("DELETE FROM member")
    found = damaged.done("incident", "list")
    assert WHY in found.out
    assert "Everything can go on" not in found.out


def test_given_a_damaged_process_when_time_acts_then_what_it_did_elsewhere_is_told_and_it_ends_with_10(
    preparation: Any, later: Callable[[int], None]
) -> None:
    preparation.done("act", "arendal", "open_round", who="kari")
    preparation.done("start", "samson", "grimstad", who="kari")
    with closing(sqlite3.connect(preparation.folder / "data" / "events.sqlite")) as store, store:
        store.execute("INSERT INTO deadline SELECT stream, 'x', '2026' FROM process WHERE name = 'grimstad'")
        store.execute(
            "UPDATE stored_events SET state = CAST('[]' AS BLOB) WHERE originator_version = 1"
            " AND originator_id = (SELECT stream FROM process WHERE name = 'grimstad')"
        )
    later(30)
    ended = preparation("tick", "--json")
    assert (ended.code, [one["process"] for one in ended.data["processes"]]) == (10, ["arendal"])
    assert ["“grimstad” is in quarantine" in one["message"] for one in ended.data["faults"]] == [True]
    again = preparation("tick")
    assert (again.code, again.out, "“grimstad” is in quarantine" in again.err) == (10, "", True)
