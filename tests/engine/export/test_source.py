"""Who may take a process along, and what goes along."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import Any

import pytest

from engine.errors import IntegrityFault, NotAllowed, NotFound
from engine.export.source import require_all, source, sources
from engine.store.people import Session


def test_given_who_leads_when_a_process_is_taken_then_nothing_is_hidden(lived: Any) -> None:
    assert source(lived.engine, lived.person("kari"), "p").hidden == {}


def test_given_a_participant_who_does_not_lead_when_a_process_is_taken_then_it_is_refused(lived: Any) -> None:
    with pytest.raises(NotAllowed, match="only whoever leads"):
        source(lived.engine, lived.person("eva"), "p")


def test_given_somebody_from_outside_when_a_process_is_taken_then_it_is_refused_as_reading_is(lived: Any) -> None:
    with pytest.raises(NotAllowed, match="only those who take part"):
        source(lived.engine, lived.person("per"), "p")


def test_given_the_operator_as_nobody_when_a_process_is_taken_then_answers_and_what_opens_them_are_hidden(
    lived: Any, operator: Session
) -> None:
    found = source(lived.engine, operator, "p")
    hidden = {
        (record.type, found.hidden[record.sequence]) for record in found.records if record.sequence in found.hidden
    }
    assert hidden == {
        ("form.submitted", ("answers",)),
        ("form.corrected", ("answers",)),
        ("answers.revealed", ("key",)),
    }
    with pytest.raises(NotAllowed, match="answers that you may not see"):
        require_all(found)


def test_given_the_operator_for_somebody_who_leads_when_a_process_is_taken_then_nothing_is_hidden(lived: Any) -> None:
    lived.engine.keys.ensure("workspace", "operator")
    found = source(lived.engine, lived.engine.people.act_as("kari"), "p")
    require_all(found)
    assert found.hidden == {}


def test_given_no_names_when_taken_then_it_is_all_of_them_and_for_the_operator(lived: Any, operator: Session) -> None:
    lived.engine.start(lived.person("eva"), "small", "q", "En til")
    assert [found.name for found in sources(lived.engine, operator, [])] == ["p", "q"]
    with pytest.raises(NotAllowed, match="operator's key"):
        sources(lived.engine, lived.person("kari"), [])


def test_given_a_name_twice_when_taken_then_it_is_there_once(lived: Any) -> None:
    assert len(sources(lived.engine, lived.person("kari"), ["p", "p"])) == 1


def test_given_one_process_of_another_when_taken_with_ones_own_then_nothing_is(lived: Any) -> None:
    lived.engine.start(lived.person("eva"), "small", "q", "En til")
    with pytest.raises(NotAllowed):
        sources(lived.engine, lived.person("kari"), ["p", "q"])


def test_given_an_unknown_name_when_taken_then_it_is_told(lived: Any) -> None:
    with pytest.raises(NotFound, match="nothing"):
        source(lived.engine, lived.person("kari"), "nothing")


def test_given_a_log_that_was_changed_when_taken_then_the_event_is_named(lived: Any, operator: Session) -> None:
    with closing(sqlite3.connect(lived.folder / "events.sqlite")) as store, store:
        store.execute(
            "UPDATE stored_events SET state=CAST(replace(state, 'Town', 'Tawn') AS BLOB)"
            " WHERE topic='party.joined' AND originator_version=6"
        )
    with pytest.raises(IntegrityFault, match="event 7"):
        source(lived.engine, operator, "p")
