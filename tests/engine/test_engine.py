"""The way of an answer through the engine, on a real log and key folder, with the SAMSON template."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from engine.engine import Engine
from engine.errors import Conflict, NotAllowed, Refused
from engine.process import commands as c
from engine.store.people import Session
from engine.template import bundle
from engine.template.sources import BUILT_IN

REGISTERED = "register.1.m2"


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    opened = Engine.open(tmp_path)
    opened.publish(bundle.read("samson", [BUILT_IN]))
    yield opened
    opened.close()


def signed_in(engine: Engine, handle: str) -> Session:
    person = engine.people.add(handle, handle.title())
    return engine.people.sign_in(engine.people.token(person, engine.clock()), engine.clock())


@pytest.fixture
def kari(engine: Engine) -> Session:
    session = signed_in(engine, "kari")
    engine.start(session, "samson", "arendal", "Arendal")
    engine.handle(session, "arendal", c.AddParty("kommune", "Kommunen"))
    return session


def test_given_an_invitation_when_somebody_joins_then_their_tasks_are_open(engine: Engine, kari: Session) -> None:
    ola = signed_in(engine, "ola")
    engine.join(ola, engine.invite(kari, "arendal", ("member",), "kommune").result["token"])
    assert {item.instance for item in engine.tasks(ola)} == {REGISTERED, "agree.1.kommune"}


def test_given_a_published_bundle_when_read_back_then_states_and_fields_keep_their_order(engine: Engine) -> None:
    stored = engine.definition("samson")
    assert list(stored.nodes)[:3] == ["preparation", "round", "answering"]
    assert next(iter(stored.forms["answers"].fields)) == "shared_problem_1"


def test_given_a_published_version_when_its_content_changes_then_refused(engine: Engine) -> None:
    published = bundle.read("samson", [BUILT_IN])
    with pytest.raises(Conflict, match="other content"):
        engine.publish(replace(published, hash="0" * 64))


def test_given_a_used_invitation_when_another_joins_then_refused_and_nothing_written(
    engine: Engine, kari: Session
) -> None:
    token = engine.invite(kari, "arendal", ("member",), "kommune").result["token"]
    engine.join(signed_in(engine, "ola"), token)
    before = engine.log.position()
    with pytest.raises(NotAllowed, match="has been used"):
        engine.join(signed_in(engine, "eva"), token)
    assert engine.log.position() == before


def test_given_a_command_id_when_sent_twice_then_the_same_answer_and_one_event(engine: Engine, kari: Session) -> None:
    first = engine.handle(kari, "arendal", c.AddParty("lag", "Laget"), command_id="one")
    again = engine.handle(kari, "arendal", c.AddParty("lag", "Laget"), command_id="one")
    assert (again.first, again.last, again.hash) == (first.first, first.last, first.hash)
    assert engine.load(engine.stream("arendal")).state.sequence == first.last


def test_given_a_command_id_when_used_for_other_content_then_refused(engine: Engine, kari: Session) -> None:
    engine.handle(kari, "arendal", c.AddParty("lag", "Laget"), command_id="one")
    with pytest.raises(Refused, match="something else"):
        engine.handle(kari, "arendal", c.AddParty("lag", "Et annet lag"), command_id="one")


def test_given_nobody_registered_when_opening_the_round_then_refused_with_the_templates_words(
    engine: Engine, kari: Session
) -> None:
    with pytest.raises(Refused, match="not open now"):
        engine.handle(kari, "arendal", c.Act("open_round"))


def test_given_an_outsider_when_adding_a_party_then_not_allowed(engine: Engine, kari: Session) -> None:
    with pytest.raises(NotAllowed):
        engine.handle(signed_in(engine, "ute"), "arendal", c.AddParty("x", "X"))


def test_given_a_person_when_the_database_is_read_then_no_name_is_in_it(
    engine: Engine, kari: Session, tmp_path: Path
) -> None:
    signed_in(engine, "canaryhandle")
    stored = b"".join(path.read_bytes() for path in tmp_path.glob("events.sqlite*"))
    assert b"canaryhandle" not in stored.lower()
