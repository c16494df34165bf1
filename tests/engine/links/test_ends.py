"""What becomes of linked processes that cannot go on: not started, given up, let go, resting, in quarantine."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from engine.errors import IntegrityFault, Refused
from engine.process import commands as c
from engine.store import worklists

if TYPE_CHECKING:
    Land = Any  # the class stands in conftest.py, which cannot be imported


def test_given_a_template_that_is_not_published_when_started_then_an_incident_told_once_until_it_is(
    alone: Land,
) -> None:
    alone.do("kari", c.Act("go"))
    assert alone.incidents() == [("link:visit", "no template “visit” is published")]
    alone.engine.tick()
    with pytest.raises(Refused, match="still fails"):
        alone.do("kari", c.Retry("link:visit"))
    raised = [r for r in alone.engine.log.read(alone.engine.stream("p")) if r.type == "incident.raised"]
    assert len(raised) == 1
    alone.publish("visit")
    alone.engine.tick()
    assert (alone.incidents(), alone.linked("visit")[0].status) == ([], "open")


def test_given_a_process_that_cannot_be_started_when_retried_after_it_can_then_it_starts(alone: Land) -> None:
    alone.do("kari", c.Act("go"))
    alone.publish("visit")
    alone.do("kari", c.Retry("link:visit"))
    assert (alone.incidents(), alone.names()) == ([], ["p", "p-visit"])


def test_given_versions_that_are_all_retired_when_started_then_an_incident(land: Land) -> None:
    land.engine.retire("visit", "1.0.0", "Feil")
    land.do("kari", c.Act("go"))
    assert land.incidents() == [("link:visit", "every version of “visit” is retired")]


def test_given_a_linked_process_when_given_up_then_an_incident_and_another_takes_its_place_when_retried(
    land: Land,
) -> None:
    land.do("kari", c.Act("go"))
    land.do("kari", c.Cancel("Gjestene kom ikke"), "p-visit")
    assert land.incidents() == [("link:visit", "“p-visit” was given up")]
    land.do("kari", c.Retry("link:visit"))
    assert [(one.name, one.status) for one in land.linked("visit")] == [("p-visit", "cancelled"), ("p-visit-2", "open")]
    land.visit("p-visit-2")
    assert (land.incidents(), land.state().status) == ([], "running")
    land.do("kari", c.Act("finish"))


def test_given_a_linked_process_that_was_given_up_when_it_is_waited_for_then_it_is_not_done(land: Land) -> None:
    land.do("kari", c.Act("go"))
    land.do("kari", c.Cancel("Gjestene kom ikke"), "p-visit")
    with pytest.raises(Refused, match="not open now"):
        land.do("kari", c.Act("finish"))


def test_given_a_template_that_asks_for_those_given_up_when_one_is_then_no_incident(land: Land) -> None:
    land.do("kari", c.Act("visit_all"))
    land.do("kari", c.Cancel("Nei"), "p-round-town")
    assert land.incidents() == []
    land.do("kari", c.Act("stop"))


def test_given_a_linked_process_when_let_go_with_a_reason_then_it_is_waited_for_no_more_and_goes_on(land: Land) -> None:
    land.do("kari", c.Act("visit_all"))
    land.visit("p-round-town", score=4)
    with pytest.raises(Refused, match="needs a reason"):
        land.engine.end_link(land.person("kari"), "p", "p-round-club", "")
    land.engine.end_link(land.person("kari"), "p", "p-round-club", "Klubben er nedlagt")
    assert (list(land.state().active), land.state("p-round-club").status) == (["good"], "running")
    land.visit("p-round-club")
    assert [one.status for one in land.linked("round")] == ["finished", "let_go"]


def test_given_a_parent_that_ends_when_its_process_goes_on_then_that_is_told_nothing_and_tells_nothing(
    land: Land,
) -> None:
    land.do("kari", c.Act("go"))
    land.do("kari", c.Cancel("Ingen penger"))
    land.visit()
    assert (land.state("p-visit").status, land.linked("visit")[0].status) == ("finished", "open")
    assert worklists.owed(land.engine.log) == []
    (above,) = land.engine.links(land.person("ola"), "p-visit")
    assert (above.process, above.is_parent, above.status) == ("p", True, "cancelled")


def test_given_a_parent_that_rests_when_its_process_finishes_then_it_is_told_and_goes_on_when_it_resumes(
    land: Land,
) -> None:
    land.do("kari", c.Act("go"))
    land.do("kari", c.Suspend("Ferie"))
    land.visit(verdict="good")
    assert (land.linked("visit")[0].status, list(land.state().active)) == ("finished", ["work"])
    land.do("kari", c.Resume())
    assert list(land.state().active) == ["good"]


def test_given_a_linked_process_in_quarantine_when_time_acts_then_it_is_told_and_no_other_is_kept_back(
    land: Land,
) -> None:
    land.do("kari", c.Act("visit_all"))
    for name in ("p-round-town", "p-round-club"):
        land.do("kari", c.Submit("talk.1", {"score": 4}), name)
        land.killed("by_itself", lambda engine, name=name: engine.handle(land.person("kari"), name, c.Act("close")))
    land.damage("p-round-town")
    with pytest.raises(IntegrityFault, match="p-round-town"):
        land.engine.tick()
    assert {one.element: one.status for one in land.linked("round")} == {"town": "open", "club": "finished"}
    land.do("kari", c.AddParty("school", "School"))


def test_given_a_parent_in_quarantine_when_its_process_goes_on_then_it_does(land: Land) -> None:
    land.do("kari", c.Act("go"))
    land.damage("p")
    land.engine.log.write_rows([("UPDATE head SET hash='x' WHERE stream=?", (land.engine.stream("p").hex,))])
    land.visit()
    assert land.state("p-visit").status == "finished"
    with pytest.raises(IntegrityFault):
        land.engine.tick()


@pytest.mark.fault("F13")
@pytest.mark.parametrize(
    ("damaged", "other", "told"), [("p", "p-visit", ("p", "quarantine")), ("p-visit", "p", ("p-visit", "open"))]
)
def test_given_a_linked_process_of_which_nothing_can_be_told_when_the_other_lists_its_links_then_it_is_among_them(
    land: Land, damaged: str, other: str, told: tuple[str, str]
) -> None:
    """A parent's status is its own; a child's that of the link, as it was told."""
    land.do("kari", c.Act("go"))
    changed = "UPDATE stored_events SET state=? WHERE originator_version=1 AND originator_id=?"
    land.engine.log.write_rows([(changed, (b"[]", land.engine.stream(damaged).hex))])
    land.engine._loading._kept.clear()
    (listed,) = land.engine.links(land.person("kari"), other)
    assert (listed.process, listed.status, listed.you_take_part) == (*told, False)
