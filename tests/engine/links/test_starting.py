"""How linked processes are started: when, under which version, with whom, and what crosses over to them and back."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from engine.errors import Refused
from engine.form.validate import Validator
from engine.process import commands as c
from engine.template.chart import Definition

if TYPE_CHECKING:
    Land = Any  # the class stands in conftest.py, which cannot be imported


# -- starting -------------------------------------------------------------------------------------------------------


def test_given_a_state_that_spawns_when_entered_then_the_process_is_there_and_each_knows_of_the_other(
    land: Land,
) -> None:
    land.do("kari", c.Act("go"))
    (linked,) = land.linked("visit")
    assert (linked.status, linked.name, linked.template, linked.version) == ("open", "p-visit", "visit", "1.0.0")
    child = land.state("p-visit")
    assert (child.status, list(child.active), child.title) == ("running", ["talking"], "Programmet: Besøk")
    (parent,) = child.parents.values()
    assert (parent.name, parent.link, parent.takes) == ("p", "visit", ("talk.score", "talk.verdict"))


def test_given_roles_when_started_then_their_holders_take_part_with_their_parties(land: Land) -> None:
    land.do("kari", c.Act("go"))
    held = {
        (land.engine.people.get(str(m.person)).name, m.party, *m.roles)  # type: ignore[union-attr]
        for m in land.state("p-visit").memberships.values()
    }
    assert held == {("Kari", None, "host"), ("Ola", "town", "guest"), ("Eva", "club", "guest")}


def test_given_no_roles_when_started_then_who_leads_here_leads_there_and_nobody_else_takes_part(land: Land) -> None:
    land.do("kari", c.Act("try_out"))
    (member,) = land.state("p-trial").memberships.values()
    assert (member.person, member.roles) == (land.person("kari").person.id, frozenset({"host"}))


def test_given_an_action_without_to_when_chosen_then_the_process_stays_where_it_is(land: Land) -> None:
    before = dict(land.state().entries)
    land.do("kari", c.Act("try_out"))
    assert (land.state().entries, list(land.state().active)) == (before, ["plan"])


def test_given_a_process_that_goes_on_when_started_again_by_an_action_then_refused(land: Land) -> None:
    land.do("kari", c.Act("try_out"))
    with pytest.raises(Refused, match="goes on already"):
        land.do("kari", c.Act("try_out"))
    land.visit("p-trial")
    land.do("kari", c.Act("try_out"))
    assert [one.name for one in land.linked("trial")] == ["p-trial", "p-trial-2"]


def test_given_several_versions_when_started_then_under_the_newest_that_is_not_retired_and_pinned_to_it(
    land: Land,
) -> None:
    for version in ("1.1.0", "2.0.0"):
        land.write(visit=land.visiting.replace("version: 1.0.0", f"version: {version}"))
        land.publish("visit")
    land.engine.retire("visit", "2.0.0", "Feil")
    land.do("kari", c.Act("go"))
    assert (land.linked("visit")[0].version, land.state("p-visit").version) == ("1.1.0", "1.1.0")


def test_given_a_name_that_is_taken_when_started_then_the_next_one(land: Land) -> None:
    land.engine.start(land.person("ola"), "visit", "p-visit", "Et annet")
    land.do("kari", c.Act("go"))
    assert [one.name for one in land.linked("visit")] == ["p-visit-2"]


def test_given_a_state_that_is_entered_again_when_its_process_still_goes_on_then_no_other_is_started(
    land: Land,
) -> None:
    land.do("kari", c.Act("go"))
    land.do("kari", c.Act("back"))
    land.do("kari", c.Act("go"))
    assert len(land.linked("visit")) == 1


def test_given_a_state_that_is_entered_again_when_its_process_has_finished_then_another_is_started(land: Land) -> None:
    for _ in range(2):
        land.do("kari", c.Act("go"))
        land.visit(land.linked("visit")[-1].name)
        land.do("kari", c.Act("back"))
    assert [(one.name, one.status, one.counts) for one in land.linked("visit")] == [
        ("p-visit", "finished", False),
        ("p-visit-2", "finished", True),
    ]


def test_given_a_process_that_finished_when_somebody_goes_back_then_it_is_kept(land: Land) -> None:
    land.do("kari", c.Act("go"))
    land.visit()
    land.do("kari", c.Act("back"))
    land.do("kari", c.StepBack("work", "Vi var ferdige"))
    assert [one.status for one in land.linked("visit")] == ["finished"]


# -- answers in and out ---------------------------------------------------------------------------------------------


def test_given_answers_that_are_given_when_started_then_they_are_variables_and_suggestions_there(land: Land) -> None:
    land.do("kari", c.Submit("outline.1", {"topic": "Arbeid", "limit": 2}))
    land.do("kari", c.Act("go"))
    assert dict(land.engine.suggestions(land.person("ola"), "p-visit", "talk.1")) == {"topic": "Arbeid"}
    with pytest.raises(Refused, match="For høyt"):
        land.visit(score=3)
    land.do("kari", c.Submit("talk.1", {"score": 2}), "p-visit")
    land.do("kari", c.Act("close"), "p-visit")
    assert land.state("p-visit").status == "finished"


def test_given_answers_that_are_missing_when_started_then_the_other_keeps_its_own(land: Land) -> None:
    land.do("kari", c.Act("go"))
    assert (land.state("p-visit").given, land.engine.suggestions(land.person("kari"), "p-visit", "talk.1")) == ({}, {})
    land.visit(score=5)


def test_given_a_process_that_finishes_when_taken_then_only_the_named_answers_come_back(land: Land) -> None:
    land.do("kari", c.Act("go"))
    land.visit(score=4)
    loaded = land.engine.load(land.engine.stream("p"))
    assert land.passed_on() == {"talk": {"score": 4, "verdict": "bad"}}
    stored = b"".join(record.body for record in loaded.records)
    assert b"hemmelig" not in stored
    assert b"aside" not in stored


def test_given_a_condition_that_waits_when_the_process_finishes_then_it_goes_on_by_itself(land: Land) -> None:
    land.do("kari", c.Act("go"))
    with pytest.raises(Refused, match="Vent"):
        land.do("kari", c.Act("finish"))
    land.visit(verdict="good")
    assert list(land.state().active) == ["good"]


def test_given_dont_know_when_passed_on_then_it_is_unknown(land: Land) -> None:
    land.do("kari", c.Act("go"))
    land.visit(verdict="dont_know")
    assert list(land.state().active) == ["work"]
    land.do("kari", c.Act("finish"))


def test_given_one_for_each_party_when_entered_then_each_has_its_own_with_its_people(land: Land) -> None:
    land.do("kari", c.Act("visit_all"))
    assert [(one.element, one.name) for one in land.linked("round")] == [
        ("town", "p-round-town"),
        ("club", "p-round-club"),
    ]
    found = {m.party for m in land.state("p-round-town").memberships.values()}
    assert (found, land.state("p-round-town").title) == ({None, "town"}, "Programmet: Besøk: Town")


def test_given_a_party_that_comes_later_when_it_joins_then_it_gets_its_own_once(land: Land) -> None:
    land.do("kari", c.Act("visit_all"))
    land.visit("p-round-town", score=1)
    land.do("kari", c.AddParty("school", "School"))
    land.join("per", "school")
    assert [one.element for one in land.linked("round")] == ["town", "club", "school"]


def test_given_one_for_each_row_of_a_list_when_rows_come_then_each_gets_its_own(land: Land) -> None:
    land.do("kari", c.Submit("outline.1", {"places": [{"id": "nord"}, {"id": "sør øst"}]}))
    land.do("kari", c.Act("tour"))
    assert [(one.element, one.name) for one in land.linked("tour")] == [
        ("nord", "p-tour-nord"),
        ("sør øst", "p-tour-sør-øst"),
    ]
    land.do("kari", c.Submit("outline.1", {"places": [{"id": "nord"}, {"id": "vest"}]}))
    assert [one.element for one in land.linked("tour")] == ["nord", "sør øst", "vest"]


def test_given_a_row_without_an_id_in_the_log_when_one_is_started_for_each_then_it_is_an_incident_until_put_right(
    land: Land, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as before:  # when forms need not ask for ids
        before.setattr(Definition, "lists_of", {})
        before.setattr(Validator, "errors", lambda *_: [])
        land.do("kari", c.Submit("outline.1", {"places": [{}, {"id": "nord"}]}))
    land.do("kari", c.Act("tour"))
    assert [one.element for one in land.linked("tour")] == ["nord"]
    assert "no id in row 1 of answers.outline.places" in land.state().incidents["each:tour"].message
    land.do("kari", c.Submit("outline.1", {"places": [{"id": "vest"}, {"id": "nord"}]}))
    assert [one.element for one in land.linked("tour")] == ["nord", "vest"]
    assert not land.state().incidents["each:tour"].is_open


def test_given_a_step_that_was_taken_on_what_was_passed_on_when_looked_at_then_it_says_on_what(land: Land) -> None:
    land.do("kari", c.Act("go"))
    land.visit(verdict="good")
    records = land.engine.log.read(land.engine.stream("p"))
    (ended,) = [record.sequence for record in records if record.type == "link.ended"]
    (step,) = [record for record in records if record.type == "step.taken"]
    assert land.engine.payload(step).considered == (ended,)


def test_given_a_process_of_another_link_that_goes_on_when_a_condition_counts_then_it_is_not_counted(
    land: Land,
) -> None:
    land.do("kari", c.Act("try_out"))
    land.do("kari", c.Act("visit_all"))
    for name in ("p-round-town", "p-round-club"):
        land.visit(name, score=1)
    land.do("kari", c.Act("stop"))
    assert land.state().status == "finished"


def test_given_one_that_took_the_place_of_another_when_all_have_finished_then_the_last_ones_answers_alone_are_read(
    new_land: Callable[..., Land],
) -> None:
    land = new_land()
    stop = "      stop:\n        title: {nb: Stopp"
    again = "      again: {title: {nb: Igjen, nn: Igjen, en: Again}, by: lead, to: plan}\n"
    land.write(programme=land.programme.replace(stop, again + stop))
    land.publish("programme", "visit")
    land.begin()
    land.do("kari", c.Act("visit_all"))
    land.visit("p-round-town", score=4)
    land.do("kari", c.Act("again"))
    land.do("kari", c.Act("visit_all"))
    land.visit("p-round-town-2", score=1)
    land.visit("p-round-club", score=1)
    assert list(land.state().active) == ["visiting"]
    land.engine.close()


def test_given_several_processes_when_all_have_finished_then_a_condition_reads_all_of_their_answers(land: Land) -> None:
    land.do("kari", c.Act("visit_all"))
    land.visit("p-round-town", score=4)
    assert list(land.state().active) == ["visiting"]
    land.visit("p-round-club", score=1)
    assert list(land.state().active) == ["good"]
