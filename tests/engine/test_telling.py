"""A person is told everything that is held about them, and nothing of what others wrote."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from engine import codec
from engine.errors import NotAllowed
from engine.personal.telling import Held, held, page, person_for
from engine.process import commands as c
from engine.store.people import Person, Session

if TYPE_CHECKING:
    World = Any  # the class stands in conftest.py, which cannot be imported

OWN, OTHERS = "min egen begrunnelse", "evas hemmelige tekst"


@pytest.fixture
def lived(world: World) -> World:
    """ola and eva have answered a sealed vote, ola has a draft, an address, and entered something for eva."""
    world.to_voting()
    world.submit("ola", "vote.1.m2", {"score": 4, "why": OWN})
    world.do("eva", c.Delegate("m3", "m2", reason="ferie"))
    world.submit("ola", "vote.1.m3", {"score": 1, "why": OTHERS}, "m3")
    world.engine.people.notify(world.people["ola"].person, "ola@example.org")
    world.engine.save_draft(world.people["ola"], "p", "log.1", {"text": "halvferdig"})
    return world


def told(world: World, handle: str = "ola") -> Held:
    return held(world.engine, world.engine.people.find(handle), "en")


def text(found: Held) -> str:
    return codec.dumps(found.as_dict()).decode()


def test_given_a_person_when_told_then_who_they_are_and_where_messages_go(lived: World) -> None:
    profile = told(lived).profile
    assert (profile["handle"], profile["name"], profile["address"]) == ("ola", "Ola", "ola@example.org")


def test_given_a_process_when_told_then_memberships_answers_and_what_happened(lived: World) -> None:
    (process,) = told(lived).processes
    assert [(m["party"], m["roles"], m["active"]) for m in process["memberships"]] == [("Town", ["Member"], True)]
    assert [(a["instance"], a["answers"]) for a in process["answers"]] == [("vote.1.m2", {"score": 4, "why": OWN})]
    assert {"membership.added", "form.submitted"} <= {event["type"] for event in process["events"]}


def test_given_the_operator_acted_for_a_stand_in_when_told_then_the_stand_in_reads_that_it_happened(
    lived: World,
) -> None:
    through_operator = replace(lived.people["ola"], operator=True)
    lived.engine.handle(through_operator, "p", c.Submit("log.1", {"text": "for Eva"}, "m3"))
    (process,) = told(lived).processes
    assert process["events"][-1]["who"] == "the operator → Ola → Eva"


def test_given_answers_that_are_sealed_still_when_told_then_own_ones_are_readable(world: World) -> None:
    world.to_voting()
    world.submit("ola", "vote.1.m2", {"score": 4, "why": OWN})
    assert OWN in text(told(world))
    assert OWN not in text(told(world, "eva"))


def test_given_what_was_entered_for_another_when_told_then_that_it_was_and_not_what(lived: World) -> None:
    found = told(lived)
    assert OTHERS not in text(found)
    entered = [event for event in found.processes[0]["events"] if event["content"].get("instance") == "vote.1.m3"]
    assert [event["type"] for event in entered] == ["form.submitted"]


def test_given_what_another_entered_for_one_when_told_then_it_is_in_it(lived: World) -> None:
    assert OTHERS in text(told(lived, "eva"))


def test_given_drafts_messages_and_sessions_when_told_then_each_is_there(lived: World) -> None:
    found = told(lived)
    assert [(draft["instance"], draft["answers"]) for draft in found.drafts] == [("log.1", {"text": "halvferdig"})]
    assert "task" in {message["about"] for message in found.messages}
    assert len(found.sessions) == 1


def test_given_a_membership_that_ended_when_told_then_it_is_still_in_it(lived: World) -> None:
    lived.do("kari", c.EndMembership("m2", "sluttet"))
    (process,) = told(lived).processes
    assert [m["active"] for m in process["memberships"]] == [False]


@pytest.mark.parametrize("language", ["nb", "nn", "en"])
def test_given_a_page_when_made_then_it_holds_what_the_data_hold_and_no_script(lived: World, language: str) -> None:
    found = told(lived)
    made = page(found, language, lived.clock())
    assert OWN in made
    assert "halvferdig" in made
    assert f'lang="{language}"' in made
    assert "<script" not in made


def test_given_a_text_with_markup_when_on_the_page_then_it_is_shown_and_not_run(lived: World) -> None:
    lived.submit("ola", "log.1", {"text": "a", "aside": "<script>alert(1)</script>"})
    assert "<script>" not in page(told(lived), "nb", lived.clock())


def test_given_somebody_else_when_asking_then_not_allowed_and_the_operator_is(lived: World) -> None:
    with pytest.raises(NotAllowed):
        person_for(lived.engine, lived.people["eva"], "ola")
    assert person_for(lived.engine, lived.people["ola"], "ola") == lived.people["ola"].person
    operator = Session(Person("", "operator", "operator"), operator=True)
    assert person_for(lived.engine, operator, "ola").handle == "ola"


def test_given_what_is_told_when_written_as_json_then_it_reads_back(lived: World) -> None:
    assert json.loads(text(told(lived)))["profile"]["handle"] == "ola"
