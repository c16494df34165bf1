"""Processes that are there already and are linked, and who sees and does what."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from engine.errors import NotAllowed, NotFound, Refused
from engine.export.source import source
from engine.process import commands as c
from engine.process.explain import NOT_SHOWN, Seen
from engine.store import worklists
from engine.store.people import Person, Session

if TYPE_CHECKING:
    Land = Any  # the class stands in conftest.py, which cannot be imported


# -- linking what is there ------------------------------------------------------------------------------------------


def test_given_a_process_that_is_there_when_linked_by_who_leads_both_then_it_is_waited_for(land: Land) -> None:
    land.engine.start(land.person("kari"), "visit", "older", "Eldre")
    land.engine.link(land.person("kari"), "p", "trial", "older")
    assert [(one.name, one.status, one.spawned) for one in land.linked("trial")] == [("older", "open", False)]
    land.visit("older")
    assert land.linked("trial")[0].status == "finished"


def test_given_a_process_that_finished_before_when_linked_then_its_answers_come_at_once(land: Land) -> None:
    land.engine.start(land.person("kari"), "visit", "older", "Eldre")
    land.visit("older", score=2)
    land.engine.link(land.person("kari"), "p", "visit", "older")
    assert land.passed_on() == {"talk": {"score": 2, "verdict": "bad"}}


def test_given_a_process_that_somebody_else_leads_when_linked_then_refused_and_nothing_stored(land: Land) -> None:
    land.engine.start(land.person("ola"), "visit", "older", "Eldre")
    with pytest.raises(NotAllowed, match="only who leads “older”"):
        land.engine.link(land.person("kari"), "p", "trial", "older")
    with pytest.raises(NotAllowed, match="only the lead may do this"):
        land.engine.link(land.person("ola"), "p", "trial", "older")
    assert land.state().links == {}


def test_given_a_process_of_another_template_or_an_unknown_link_when_linked_then_refused(land: Land) -> None:
    land.engine.start(land.person("kari"), "programme", "q", "Q")
    with pytest.raises(Refused, match="for processes of visit"):
        land.engine.link(land.person("kari"), "p", "trial", "q")
    land.engine.start(land.person("kari"), "visit", "older", "Eldre")
    with pytest.raises(NotFound, match="there is no link “trail”"):
        land.engine.link(land.person("kari"), "p", "trail", "older")


def test_given_a_process_that_is_linked_when_linked_again_then_refused(land: Land) -> None:
    land.do("kari", c.Act("try_out"))
    with pytest.raises(Refused, match="already"):
        land.engine.link(land.person("kari"), "p", "visit", "p-trial")


def test_given_a_process_that_stands_above_when_linked_below_then_refused(ring: Land) -> None:
    ring.do("kari", c.Act("try_out"))
    with pytest.raises(Refused, match="stands above “p-trial” already"):
        ring.engine.link(ring.person("kari"), "p-trial", "trial", "p")
    with pytest.raises(Refused, match="stands above “p” already"):
        ring.engine.link(ring.person("kari"), "p", "trial", "p")


def test_given_processes_that_start_one_another_when_eight_stand_above_one_then_no_more_are_started(ring: Land) -> None:
    name = "p"
    for _ in range(8):
        ring.do("kari", c.Act("try_out"), name)
        name = next(iter(ring.state(name).links.values())).name
    ring.do("kari", c.Act("try_out"), name)
    (item,) = worklists.incidents(ring.engine.log)
    assert (item.process, item.message) == (name, "more than 8 processes would stand above one another")


# -- who sees and does what -----------------------------------------------------------------------------------------


def test_given_somebody_of_the_parent_alone_when_looking_then_the_link_is_seen_and_not_the_process(land: Land) -> None:
    land.do("kari", c.Act("try_out"))
    (seen,) = land.engine.links(land.person("ola"), "p")
    assert (seen.process, seen.status, seen.you_take_part) == ("p-trial", "open", False)
    with pytest.raises(NotAllowed):
        land.engine.history(land.person("ola"), "p-trial")
    assert land.engine.links(land.person("kari"), "p")[0].you_take_part


def test_given_an_operator_when_looking_then_no_answers_that_were_passed_on(land: Land) -> None:
    land.do("kari", c.Submit("outline.1", {"topic": "Arbeid", "limit": 4}))
    land.do("kari", c.Act("go"))
    land.visit(score=4)
    operator = Session(Person("", "operator", "operator"), operator=True)
    assert [one.answers for one in land.engine.links(operator, "p")] == [{}]
    assert land.engine.links(land.person("ola"), "p")[0].answers == {"talk": {"score": 4, "verdict": "bad"}}
    fields = {field for found in source(land.engine, operator, "p").hidden.values() for field in found}
    assert fields == {"answers", "given"}


def test_given_a_condition_on_what_was_passed_on_when_explained_then_it_is_told_to_who_takes_part_alone(
    new_land: Callable[..., Land],
) -> None:
    land = new_land()
    land.write(
        programme=land.programme.replace("when: links.visit.done\n", "when: links.visit.answers.talk.score > 3\n")
    )
    land.publish("programme", "visit")
    land.begin()
    land.do("kari", c.Act("go"))
    operator = Session(Person("", "operator", "operator"), operator=True)
    path = "links.visit.answers.talk.score"
    told = [land.engine.explain_action(who, "p", "finish", "en") for who in (land.person("ola"), operator)]
    assert [found.missing for found in told] == [(path,), ()]
    land.visit(score=4)
    told = [land.engine.explain_action(who, "p", "finish", "en") for who in (land.person("ola"), operator)]
    assert [found.seen for found in told] == [(Seen(path, "4"),), (Seen(path, NOT_SHOWN),)]
    land.engine.close()


def test_given_an_outsider_when_looking_then_refused(land: Land) -> None:
    with pytest.raises(NotAllowed):
        land.engine.links(land.person("per"), "p")


@pytest.mark.parametrize(
    "command",
    [
        c.LinkBegun("x", "x", "x", "visit", "1.0.0"),
        c.LinkFailed("x", "x"),
        c.LinkOver("x", "finished", None, {}),
        c.HaveParent("x", "x", "x", "x", (), 1, {}),
    ],
    ids=lambda command: type(command).__name__,
)
def test_given_what_only_processes_tell_each_other_when_a_person_says_it_then_refused(
    land: Land, command: c.Command
) -> None:
    with pytest.raises(NotAllowed, match="no person does this"):
        land.do("kari", command)
