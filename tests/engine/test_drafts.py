"""Drafts: kept, private, never overwritten silently, and gone when the form is submitted."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from engine import bundle
from engine import commands as c
from engine.engine import Engine
from engine.errors import Conflict, NotAllowed, Refused
from engine.people import Session

CANARY = "kanarifugl-i-kladden"


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    opened = Engine.open(tmp_path)
    opened.publish(bundle.read("soimpact", [bundle.BUILT_IN]))
    yield opened
    opened.close()


def signed_in(engine: Engine, handle: str) -> Session:
    return engine.people.sign_in(engine.people.token(engine.people.add(handle, handle), engine.clock()), engine.clock())


@pytest.fixture
def kari(engine: Engine) -> Session:
    session = signed_in(engine, "kari")
    engine.start(session, "soimpact", "nsw", "NSW")
    return session


def test_given_half_an_answer_when_kept_then_it_can_be_gone_on_with(engine: Engine, kari: Session) -> None:
    engine.save_draft(kari, "nsw", "step_1.1", {"name": "Halv"})
    found = engine.draft(kari, "nsw", "step_1.1")
    assert found is not None
    assert (found.version, found.answers) == (1, {"name": "Halv"})


def test_given_a_draft_when_kept_then_it_is_no_event(engine: Engine, kari: Session) -> None:
    before = engine.log.position()
    engine.save_draft(kari, "nsw", "step_1.1", {"name": "Halv"})
    assert engine.log.position() == before


def test_given_two_tabs_when_both_save_then_the_second_is_told(engine: Engine, kari: Session) -> None:
    engine.save_draft(kari, "nsw", "step_1.1", {"name": "en"}, version=0)
    with pytest.raises(Conflict, match="saved elsewhere"):
        engine.save_draft(kari, "nsw", "step_1.1", {"name": "to"}, version=0)
    found = engine.draft(kari, "nsw", "step_1.1")
    assert found is not None
    assert found.answers == {"name": "en"}


def test_given_a_draft_when_the_store_is_searched_then_its_words_are_nowhere(
    engine: Engine, kari: Session, tmp_path: Path
) -> None:
    engine.save_draft(kari, "nsw", "step_1.1", {"name": CANARY})
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert [path for path in files if CANARY.encode() in path.read_bytes()] == []


def test_given_a_draft_when_the_form_is_submitted_then_it_is_gone(engine: Engine, kari: Session) -> None:
    from engine import codec  # noqa: PLC0415 (one use)

    engine.save_draft(kari, "nsw", "step_1.1", {"name": "Halv"})
    answers = codec.loads((bundle.BUILT_IN / "examples" / "nsw" / "answers" / "step_1.json").read_bytes())
    engine.handle(kari, "nsw", c.Submit("step_1.1", answers))
    assert engine.draft(kari, "nsw", "step_1.1") is None


def test_given_somebody_from_outside_when_they_draft_then_refused(engine: Engine, kari: Session) -> None:
    with pytest.raises(NotAllowed):
        engine.save_draft(signed_in(engine, "ola"), "nsw", "step_1.1", {})


def test_given_a_draft_that_is_no_object_when_kept_then_refused(engine: Engine, kari: Session) -> None:
    with pytest.raises(Refused, match="object"):
        engine.save_draft(kari, "nsw", "step_1.1", [1, 2])


def test_given_a_draft_when_dropped_then_it_is_gone(engine: Engine, kari: Session) -> None:
    engine.save_draft(kari, "nsw", "step_1.1", {"name": "Halv"})
    assert engine.drop_draft(kari, "nsw", "step_1.1")
    assert engine.draft(kari, "nsw", "step_1.1") is None


# -- why --------------------------------------------------------------------------------------------------------------


def test_given_an_action_that_is_closed_when_explained_then_what_its_condition_reads(
    engine: Engine, kari: Session
) -> None:
    found = engine.explain_action(kari, "nsw", "start_measuring", "en")
    assert (found.is_open, found.state_is_active, found.you_may, found.outcome) == (False, True, True, "false")
    assert ("tasks.step_1.complete", "false") in [(one.path, one.value) for one in found.seen]
    assert found.otherwise


def test_given_a_task_when_explained_then_who_can_fill_it_in(engine: Engine, kari: Session) -> None:
    found = engine.explain_task(kari, "nsw", "step_1.1", "en")
    assert (found.status, found.you_may, found.roles) == ("open", True, ("leader", "party_member"))
    assert (found.done, found.expected, found.is_complete) == (0, 1, False)


def test_given_somebody_from_outside_when_they_ask_why_then_refused(engine: Engine, kari: Session) -> None:
    with pytest.raises(NotAllowed):
        engine.explain_task(signed_in(engine, "ola"), "nsw", "step_1.1")


# -- what is kept folded ----------------------------------------------------------------------------------------------


def test_given_two_engines_on_one_store_when_both_write_then_each_sees_the_others_events(
    engine: Engine, kari: Session, tmp_path: Path
) -> None:
    other = Engine.open(tmp_path)
    engine.load(engine.stream("nsw"))
    other.handle(kari, "nsw", c.AddParty("kommune", "Kommune"))
    engine.handle(kari, "nsw", c.AddParty("lag", "Lag"))
    assert list(other.load(other.stream("nsw")).state.parties) == ["kommune", "lag"]
    assert other.load(other.stream("nsw")).state == engine.load(engine.stream("nsw")).state
    other.close()
