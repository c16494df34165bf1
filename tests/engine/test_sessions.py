"""Sessions: signed in by a token, listed, ended, running out; on every store, and not to be made without the keys."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from engine.engine import Engine
from engine.errors import IntegrityFault, NotAllowed, NotFound, StoreError, UsageError
from engine.store.address import create, open_log
from engine.store.people import Person
from engine.store.sessions import COMMAND_LINE, WEB, Kept, Sessions, Terms, ended

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


@dataclass
class Signing:
    """A store with kari and ola in it."""

    engine: Engine
    kari: Person
    ola: Person

    @property
    def sessions(self) -> Sessions:
        return self.engine.people.sessions

    def of(self, person: Person, now: datetime = NOW) -> list[Kept]:
        return self.sessions.of(person.id, now)

    def holds(self, token: str, now: datetime = NOW) -> bool:
        try:
            self.engine.people.sign_in(token, now)
        except NotAllowed:
            return False
        return True


@pytest.fixture(params=["sqlite", "postgres"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    made: str = f"sqlite:///{tmp_path}/log.sqlite"
    if request.param == "postgres":
        made = request.getfixturevalue("new_database")()
    create(made, tmp_path / "data").close()
    return made


@pytest.fixture
def signing(url: str, tmp_path: Path) -> Iterator[Signing]:
    engine = Engine.open(tmp_path / "data", store_url=url, clock=lambda: NOW)
    yield Signing(engine, engine.people.add("kari", "Kari"), engine.people.add("ola", "Ola"))
    engine.close()


# -- signing in -----------------------------------------------------------------------------------------------------------


def test_given_a_token_when_used_then_it_is_that_person_and_says_until_when(signing: Signing) -> None:
    token = signing.engine.people.token(signing.kari, NOW, name="laptop")
    session = signing.engine.people.sign_in(token, NOW)
    assert (session.person, session.operator) == (signing.kari, False)
    assert session.kept is not None
    assert (session.kept.name, session.kept.expires_at) == ("laptop", NOW + 90 * DAY)


def test_given_two_tokens_when_made_then_they_differ_and_carry_256_bits(signing: Signing) -> None:
    one, other = (signing.engine.people.token(signing.kari, NOW) for _ in range(2))
    assert one != other
    assert len(one.removeprefix("samskap_")) * 6 >= 256


def test_given_a_token_when_the_store_is_searched_then_neither_it_nor_its_name_is_there(
    signing: Signing, tmp_path: Path
) -> None:
    token = signing.engine.people.token(signing.kari, NOW, name="karis-telefon")
    stored = str([dict(row) for row in signing.engine.log.query("SELECT * FROM session")])
    assert token.removeprefix("samskap_") not in stored
    assert "karis-telefon" not in stored


@pytest.mark.parametrize("token", ["", "x", "samskap_", "å", "\ud800", "a.b.c.d", "x" * 100_000])
def test_given_no_token_at_all_when_used_then_it_is_not_allowed(signing: Signing, token: str) -> None:
    signing.engine.people.token(signing.kari, NOW)
    assert not signing.holds(token)


def test_given_a_token_when_pasted_with_a_line_end_then_it_holds(signing: Signing) -> None:
    assert signing.holds(signing.engine.people.token(signing.kari, NOW) + "\n")


# -- how long it holds ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("after", "holds"), [(90 * DAY - MINUTE, True), (90 * DAY, False), (400 * DAY, False), (-DAY, True)]
)
def test_given_a_session_of_the_command_line_when_time_passes_then_it_holds_for_its_life(
    signing: Signing, after: timedelta, holds: bool
) -> None:
    token = signing.sessions.begin(signing.kari.id, NOW, COMMAND_LINE)
    assert signing.holds(token, NOW + after) is holds


def test_given_a_web_session_when_left_for_half_an_hour_then_it_is_over(signing: Signing) -> None:
    token = signing.sessions.begin(signing.kari.id, NOW, WEB)
    assert signing.holds(token, NOW + 29 * MINUTE)
    assert not signing.holds(token, NOW + 59 * MINUTE)


def test_given_a_web_session_that_is_used_when_eight_hours_have_passed_then_it_is_over(signing: Signing) -> None:
    token = signing.sessions.begin(signing.kari.id, NOW, WEB)
    for quarter in range(1, 32):
        assert signing.holds(token, NOW + quarter * 15 * MINUTE)
    assert not signing.holds(token, NOW + 8 * HOUR)


def test_given_a_session_when_used_then_it_says_when_it_last_was(signing: Signing) -> None:
    signing.holds(signing.sessions.begin(signing.kari.id, NOW), NOW + 3 * DAY)
    assert [one.used_at for one in signing.of(signing.kari, NOW + 3 * DAY)] == [NOW + 3 * DAY]


def test_given_a_store_that_is_held_when_somebody_signs_in_then_they_are_not_turned_away(
    signing: Signing, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = signing.sessions.begin(signing.kari.id, NOW)

    def full(*_: object, **__: object) -> None:
        raise StoreError("nothing was stored")

    monkeypatch.setattr(signing.engine.log, "write_rows", full)
    assert signing.holds(token, NOW + DAY)


@pytest.mark.parametrize("life", [timedelta(), -DAY, 367 * DAY])
def test_given_a_life_that_cannot_be_when_begun_then_refused(signing: Signing, life: timedelta) -> None:
    with pytest.raises(UsageError):
        signing.sessions.begin(signing.kari.id, NOW, Terms(life))


# -- listing and ending ---------------------------------------------------------------------------------------------------


def test_given_sessions_when_listed_then_ones_own_that_hold_the_newest_first(signing: Signing) -> None:
    signing.sessions.begin(signing.kari.id, NOW, Terms(HOUR), "short")
    signing.sessions.begin(signing.kari.id, NOW + MINUTE, name="laptop")
    signing.sessions.begin(signing.ola.id, NOW, name="other")
    assert [one.name for one in signing.of(signing.kari)] == ["laptop", "short"]
    assert [one.name for one in signing.of(signing.kari, NOW + DAY)] == ["laptop"]


def test_given_a_name_when_begun_again_then_the_earlier_one_ends(signing: Signing) -> None:
    first = signing.sessions.begin(signing.kari.id, NOW, name="laptop")
    other = signing.sessions.begin(signing.kari.id, NOW)
    theirs = signing.sessions.begin(signing.ola.id, NOW, name="laptop")
    again = signing.sessions.begin(signing.kari.id, NOW, name="laptop")
    assert [signing.holds(token) for token in (first, other, theirs, again)] == [False, True, True, True]


@pytest.mark.parametrize("by", ["name", "id"])
def test_given_a_session_when_ended_then_it_and_no_other_no_longer_holds(signing: Signing, by: str) -> None:
    stays, goes = (signing.sessions.begin(signing.kari.id, NOW, name=name) for name in ("desk", "laptop"))
    which = "laptop" if by == "name" else signing.sessions.find(goes, NOW).short
    assert signing.sessions.end(signing.kari.id, which, NOW).name == "laptop"
    assert (signing.holds(stays), signing.holds(goes)) == (True, False)


@pytest.mark.parametrize("which", ["", "laptop", "0123456789"])
def test_given_what_names_none_of_ones_sessions_when_ended_then_told_and_nothing_ended(
    signing: Signing, which: str
) -> None:
    mine = signing.sessions.begin(signing.kari.id, NOW)
    theirs = signing.sessions.begin(signing.ola.id, NOW, name="laptop")
    with pytest.raises(NotFound):
        signing.sessions.end(signing.kari.id, which, NOW)
    assert signing.holds(mine)
    assert signing.holds(theirs)


def test_given_sessions_when_all_are_ended_then_none_of_that_person_holds(signing: Signing) -> None:
    mine = [signing.sessions.begin(signing.kari.id, NOW) for _ in range(3)]
    theirs = signing.sessions.begin(signing.ola.id, NOW)
    assert signing.sessions.end_all(signing.kari.id) == 3
    assert [signing.holds(token) for token in (*mine, theirs)] == [False, False, False, True]


def test_given_sessions_that_ran_out_when_another_is_begun_then_they_are_cleared(signing: Signing) -> None:
    for _ in range(3):
        signing.sessions.begin(signing.kari.id, NOW, Terms(HOUR))
    signing.sessions.begin(signing.kari.id, NOW + DAY)
    assert len(signing.engine.log.query("SELECT * FROM session")) == 1


# -- rotating -------------------------------------------------------------------------------------------------------------


def test_given_a_session_when_rotated_then_another_token_and_the_same_session(signing: Signing) -> None:
    first = signing.sessions.begin(signing.kari.id, NOW, WEB, "browser")
    second = signing.sessions.rotate(first, NOW + MINUTE)
    assert (signing.holds(first, NOW + MINUTE), signing.holds(second, NOW + MINUTE)) == (False, True)
    assert [(one.name, one.expires_at) for one in signing.of(signing.kari, NOW + MINUTE)] == [
        ("browser", NOW + 8 * HOUR)
    ]


def test_given_a_session_that_is_ended_meanwhile_when_rotated_then_it_does_not_come_back(
    signing: Signing, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = signing.sessions.begin(signing.kari.id, NOW)
    found = signing.sessions.find(token, NOW)
    signing.sessions.end_all(signing.kari.id)
    monkeypatch.setattr(signing.sessions, "find", lambda *_: found)
    with pytest.raises(NotAllowed):
        signing.sessions.rotate(token, NOW)
    assert signing.of(signing.kari) == []


# -- without the keys -----------------------------------------------------------------------------------------------------


def test_given_a_person_whose_key_is_destroyed_when_their_token_is_used_then_it_does_not_hold(signing: Signing) -> None:
    token = signing.sessions.begin(signing.kari.id, NOW)
    signing.engine.keys.destroy("person", signing.kari.id)
    assert not signing.holds(token)
    assert signing.of(signing.kari) == []


def test_given_what_erases_a_person_when_written_then_nothing_of_their_sessions_is_left(signing: Signing) -> None:
    signing.sessions.begin(signing.kari.id, NOW)
    signing.engine.log.write_rows([ended(signing.kari.id)])
    assert signing.engine.log.query("SELECT * FROM session") == []


def test_given_a_row_taken_over_for_somebody_else_when_its_token_is_used_then_it_is_found_out(signing: Signing) -> None:
    """Ola can write to the database, and wants to be Kari."""
    token = signing.sessions.begin(signing.ola.id, NOW)
    signing.engine.log.write_rows([("UPDATE session SET person=?", (signing.kari.id,))])
    with pytest.raises(IntegrityFault):
        signing.engine.people.sign_in(token, NOW)


def test_given_a_longer_life_from_another_row_when_its_token_is_used_then_it_is_found_out(signing: Signing) -> None:
    """Kari can write to the database, and puts the body of a long session into a short one."""
    short = signing.sessions.begin(signing.kari.id, NOW, Terms(HOUR))
    signing.sessions.begin(signing.kari.id, NOW, name="long")
    rows = {one.name: one.id for one in signing.of(signing.kari)}
    moved = "UPDATE session SET body=(SELECT body FROM session WHERE id=?) WHERE id=?"
    signing.engine.log.write_rows([(moved, (rows["long"], rows[""]))])
    with pytest.raises(IntegrityFault):
        signing.engine.people.sign_in(short, NOW)
    assert signing.sessions.end_all(signing.kari.id) == 2


# -- from one store to another --------------------------------------------------------------------------------------------


def test_given_a_store_when_copied_then_who_is_signed_in_still_is(
    signing: Signing, tmp_path: Path, new_database: Callable[[], str]
) -> None:
    token = signing.sessions.begin(signing.kari.id, NOW, name="laptop")
    there = f"sqlite:///{tmp_path}/copy.sqlite" if "postgres" in signing.engine.log.about().lower() else new_database()
    target = create(there, tmp_path / "data")
    signing.engine.copy_store(target)
    target.close()
    copied = Engine(open_log(there, tmp_path / "data"), signing.engine.keys)
    assert copied.people.sign_in(token, NOW).person == signing.kari
    copied.close()


def test_given_a_copy_of_the_store_without_the_keys_when_a_token_is_used_then_it_does_not_hold(
    signing: Signing, url: str, tmp_path: Path
) -> None:
    token = signing.sessions.begin(signing.kari.id, NOW)
    shutil.rmtree(tmp_path / "data" / "keys")
    bare = Engine.open(tmp_path / "data", store_url=url)
    with pytest.raises(NotAllowed):
        bare.people.sign_in(token, NOW)
    bare.close()
