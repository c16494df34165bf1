"""Linked processes that a migration started, when it is taken back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from engine.errors import Refused
from engine.process import commands as c
from engine.template import bundle
from engine.template.plan import Plan

if TYPE_CHECKING:
    Land = Any  # the class stands in conftest.py, which cannot be imported


def migrated(land: Land, **states: str) -> None:
    """On to version 1.1.0, which is the same save for its number; where a state is entered that starts processes."""
    land.write(programme=land.programme.replace("version: 1.0.0", "version: 1.1.0"))
    digest = land.engine.publish(bundle.read("programme", [land.config])).hash
    land.do("kari", c.Migrate(digest, "Videre", Plan(template="programme", to="1.1.0", states=states)))


def test_given_processes_that_a_migration_started_when_taken_back_then_they_are_let_go_and_go_on(land: Land) -> None:
    migrated(land, plan="visiting")
    land.do("ola", c.Submit("talk.1", {"score": 4, "verdict": "good"}), "p-round-town")
    land.do("kari", c.UndoMigration("Feil plan"))
    assert list(land.state().active) == ["plan"]
    assert [(one.name, one.status) for one in land.linked("round")] == [
        ("p-round-town", "let_go"),
        ("p-round-club", "let_go"),
    ]
    told = [line.text for line in land.engine.history(land.person("kari"), "p", "en")]
    assert "p-round-town (round) is waited for no more – Feil plan" in told
    land.do("kari", c.Act("close"), "p-round-town")
    assert (land.state("p-round-town").status, land.state().status) == ("finished", "running")


def test_given_processes_that_a_migration_started_when_taken_back_and_replayed_then_the_same(land: Land) -> None:
    first = land.engine.definition("programme", land.state().bundle)
    migrated(land, plan="visiting")
    land.do("kari", c.UndoMigration("Feil plan"))
    land.do("kari", c.Act("visit_all"))
    found = land.engine.replay("p", first)
    assert (found.outcome, found.how, found.left_out) == ("same", "", 0)


def test_given_a_process_that_could_not_be_started_when_taken_back_then_it_never_is(alone: Land) -> None:
    migrated(alone, plan="visiting")
    alone.do("kari", c.UndoMigration("Feil plan"))
    alone.publish("visit")
    alone.engine.tick()
    assert (alone.names(), alone.incidents()) == (["p"], [])


def test_given_a_migration_taken_back_when_done_again_then_others_are_started(land: Land) -> None:
    for _ in range(2):
        migrated(land, plan="visiting")
        land.do("kari", c.UndoMigration("Feil plan"))
    assert [one.name for one in land.linked("round")] == [
        "p-round-town", "p-round-club", "p-round-town-2", "p-round-club-2",
    ]  # fmt: skip


def test_given_a_linked_process_that_has_ended_since_when_taken_back_then_refused(land: Land) -> None:
    migrated(land, plan="visiting")
    land.visit("p-round-town", score=1)
    with pytest.raises(Refused, match="no migration that can be taken back"):
        land.do("kari", c.UndoMigration("Feil plan"))


def test_given_a_process_that_people_linked_since_when_taken_back_then_refused(land: Land) -> None:
    migrated(land)
    land.engine.start(land.person("kari"), "visit", "other", "Et annet besøk")
    land.engine.link(land.person("kari"), "p", "visit", "other")
    with pytest.raises(Refused, match="a process was linked as visit since"):
        land.do("kari", c.UndoMigration("Feil plan"))


def test_given_one_that_took_the_place_of_another_when_taken_back_then_refused_with_the_reason(land: Land) -> None:
    land.do("kari", c.Act("visit_all"))
    for party in ("town", "club"):
        land.visit(f"p-round-{party}", score=1)
    land.do("kari", c.StepBack("plan", "Om igjen"))
    migrated(land, plan="visiting")
    with pytest.raises(Refused, match="took the place of “p-round-town”, which conditions no longer read"):
        land.do("kari", c.UndoMigration("Feil plan"))
