"""The keys are gone, or older than the log: it starts, says what can no longer be read, and loses nothing else (F27)."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from engine.engine import Engine
from engine.errors import KeyMissing, NotAllowed, NotFound
from engine.personal import erasing
from engine.personal.unreadable import Unreadable, unreadable
from engine.process import commands as c
from engine.process import events as e
from engine.store.belonging import adopt
from engine.store.verify import verify

if TYPE_CHECKING:
    World = Any  # the class stands in conftest.py, which cannot be imported

pytestmark = pytest.mark.fault("F27")


@pytest.fixture
def lived(world: World) -> World:
    """kari leads; ola has voted, with a text; eva has not. Everybody has answered something that is not personal."""
    world.to_voting()
    world.submit("ola", "vote.1.m2", {"score": 4, "why": "min grunn"})
    return world


def opened_with(world: World, keys: Path | None) -> Engine:
    """The workspace opened with other keys: those of a backup, or none."""
    world.engine.close()
    shutil.rmtree(world.folder / "keys")
    if keys is not None:
        shutil.copytree(keys, world.folder / "keys")
    return Engine.open(world.folder, clock=world.clock)


@pytest.fixture
def keyless(lived: World) -> Iterator[Engine]:
    engine = opened_with(lived, None)
    yield engine
    engine.close()


def answers(engine: Engine, opened: Any = None) -> list[Any]:
    state = engine.load(engine.stream("p")).state
    records = engine.log.read(state.stream)
    found = [engine.payload(record, opened=opened or state.revealed) for record in records]
    return [payload for payload in found if isinstance(payload, e.FormSubmitted)]


# -- all of them lost --------------------------------------------------------------------------------------------------


def test_given_no_keys_when_opened_then_every_chain_holds_and_states_are_as_they_were(
    lived: World, keyless: Engine
) -> None:
    assert verify(keyless.log).faults == ()
    state = keyless.load(keyless.stream("p")).state
    assert ("voting" in state.active, state.instances["vote.1.m2"].status) == (True, "done")
    assert {m.person for m in state.memberships.values()} == {None}


def test_given_no_keys_when_answers_are_read_then_those_that_are_not_personal_are_there(
    lived: World, keyless: Engine
) -> None:
    goal = next(payload for payload in answers(keyless) if payload.task == "goal")
    vote = next(payload for payload in answers(keyless) if payload.task == "vote")
    assert (goal.answers, vote.answers) == ({"text": "et mål"}, None)


def test_given_no_keys_when_people_are_looked_for_then_nobody_is_known_and_new_ones_can_be_once_they_are_given_up(
    lived: World, keyless: Engine
) -> None:
    assert keyless.people.all() == []
    with pytest.raises(NotFound):
        keyless.people.find("ola")
    with pytest.raises(KeyMissing):
        keyless.people.add("ny", "Ny Person")
    adopt(keyless.log, keyless.keys)
    assert keyless.people.add("ny", "Ny Person").handle == "ny"
    assert [person.name for person in keyless.people.all()] == ["Ny Person"]


def test_given_no_keys_when_somebody_only_looks_then_no_new_key_stands_in_the_way_of_those_that_come_back(
    lived: World, keyless: Engine
) -> None:
    with pytest.raises(NotFound):
        keyless.people.find("ola")
    with pytest.raises(NotAllowed):
        keyless.people.sign_in("samskap_none", lived.clock())
    keyless.processes()
    keyless.verify()
    keyless.tick()
    assert list((lived.folder / "keys").rglob("*.key")) == []


def test_given_keys_given_up_when_a_new_process_is_started_then_it_runs(lived: World, keyless: Engine) -> None:
    adopt(keyless.log, keyless.keys)
    person = keyless.people.add("ny", "Ny Person")
    session = keyless.people.sign_in(keyless.people.token(person, lived.clock()), lived.clock())
    keyless.start(session, "small", "q", "Ny")
    keyless.handle(session, "q", c.Submit("goal.1", {"text": "nytt mål", "aside": "mitt"}))
    assert keyless.load(keyless.stream("q")).state.instances["goal.1"].status == "done"


def test_given_no_keys_when_looked_through_then_what_cannot_be_read_is_counted_as_lost(
    lived: World, keyless: Engine
) -> None:
    found = unreadable(keyless.log, keyless.keys)
    texts = 3 + 1  # who three memberships are, and the sealed vote, which holds its text
    assert (found.lost, found.erased, found.processes) == (texts, 0, (keyless.stream("p").hex,))


# -- one lost ----------------------------------------------------------------------------------------------------------


def test_given_one_persons_key_lost_when_they_write_a_text_then_refused_and_without_one_taken(lived: World) -> None:
    subject = lived.state.memberships["m3"].subject
    lived.engine.keys._path("subject", subject).unlink()
    with pytest.raises(KeyMissing, match="gone"):
        lived.submit("eva", "vote.1.m3", {"score": 5, "why": "ny tekst"})
    assert lived.state.instances["vote.1.m3"].status == "open"


def test_given_the_key_of_a_round_lost_when_somebody_answers_then_refused_and_told_what_to_do(lived: World) -> None:
    sealed = lived.state.instances["vote.1.m2"].submissions[0].sealed_under
    lived.engine.keys._path("seal", sealed).unlink()
    with pytest.raises(KeyMissing, match="sealed round") as caught:
        lived.submit("eva", "vote.1.m3", {"score": 5})
    assert "samskap back" in caught.value.hint


def test_given_a_person_erased_and_another_key_lost_when_looked_through_then_told_apart(lived: World) -> None:
    erasing.erase(lived.engine, erasing.plan(lived.engine, lived.engine.people.find("ola")), "asked for it")
    lived.engine.keys._path("subject", lived.state.memberships["m3"].subject).unlink()
    found = unreadable(lived.engine.log, lived.engine.keys)
    assert (found.erased, found.lost) == (1, 1)


def test_given_every_key_when_looked_through_then_nothing_is_amiss(lived: World) -> None:
    lived.submit("eva", "vote.1.m3", {"score": 5})
    assert unreadable(lived.engine.log, lived.engine.keys) == Unreadable()


# -- older than the log ------------------------------------------------------------------------------------------------


def test_given_keys_older_than_the_log_when_opened_then_what_came_since_cannot_be_read_and_the_rest_can(
    lived: World, tmp_path: Path
) -> None:
    shutil.copytree(lived.folder / "keys", tmp_path / "keys")
    anna = lived.join("anna", "town", "member")
    before = lived.state.memberships["m2"].person
    engine = opened_with(lived, tmp_path / "keys")
    try:
        memberships = engine.load(engine.stream("p")).state.memberships
        assert (memberships["m2"].person, memberships[anna].person) == (before, None)
        assert {person.handle for person in engine.people.all()} == {"kari", "ola", "eva"}
        assert verify(engine.log).faults == ()
        assert engine.people.sign_in(engine.people.token(engine.people.find("ola"), lived.clock()), lived.clock())
    finally:
        engine.close()


def test_given_keys_that_came_back_later_when_opened_then_everything_is_readable_again(
    lived: World, tmp_path: Path, later_keys: Callable[[Engine, Path], Engine]
) -> None:
    shutil.copytree(lived.folder / "keys", tmp_path / "keys")
    engine = later_keys(opened_with(lived, None), tmp_path / "keys")
    try:
        assert engine.people.find("ola").name == "Ola"
        state = engine.load(engine.stream("p")).state
        subject = state.memberships["m2"].subject
        records = engine.log.read(state.stream)
        assert "min grunn" in str([engine.payload(record, own=subject) for record in records])
    finally:
        engine.close()


@pytest.fixture
def later_keys(lived: World) -> Callable[[Engine, Path], Engine]:
    """Puts keys back in a workspace that ran without them."""

    def put_back(engine: Engine, keys: Path) -> Engine:
        engine.load(engine.stream("p"))
        engine.close()
        shutil.copytree(keys, lived.folder / "keys", dirs_exist_ok=True)
        return Engine.open(lived.folder, clock=lived.clock)

    return put_back
