"""Drafts: kept, private, never overwritten silently, and gone when the form is submitted."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from engine.engine import Engine
from engine.errors import AnswersInvalid, Conflict, NotAllowed, Refused
from engine.process import commands as c
from engine.store.people import Session
from engine.template import bundle
from engine.template.sources import BUILT_IN

CANARY = "kanarifugl-i-kladden"


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    opened = Engine.open(tmp_path)
    opened.publish(bundle.read("soimpact", [BUILT_IN]))
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
    answers = codec.loads((BUILT_IN / "examples" / "nsw" / "answers" / "step_1.json").read_bytes())
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


# -- when drafts go, and who may keep one: on the small template -------------------------------------------------------


def drafts(world: Any) -> set[tuple[str, str]]:
    """(instance, handle) of every draft in the store."""
    people = {world.engine.people.fingerprint(s.person.id): handle for handle, s in world.people.items()}
    rows = world.engine.log.query("SELECT instance, person FROM draft")
    return {(row["instance"], people[row["person"]]) for row in rows}


def keep(world: Any, handle: str, instance: str, **options: Any) -> None:
    world.engine.save_draft(world.person(handle), "p", instance, {"text": "halv"}, **options)


def test_given_a_process_of_which_nothing_can_be_told_when_a_draft_is_looked_for_then_it_is_as_it_was_written(
    world: Any,
) -> None:
    kari = world.person("kari")
    keep(world, "kari", "goal.1")
    damaged = "UPDATE stored_events SET state=? WHERE originator_id=? AND originator_version=1"
    world.engine.log.write_rows([(damaged, (b"{}", world.engine.stream("p").hex))])
    fresh = Engine.open(world.folder, clock=world.clock)
    assert fresh.draft(kari, "p", "goal.1").answers == {"text": "halv"}
    assert [draft.answers for _, draft in fresh.drafts_of(kari.person)] == [{"text": "halv"}]
    fresh.close()


def test_given_two_writers_on_a_repeatable_task_when_one_submits_then_the_other_keeps_their_draft(world: Any) -> None:
    world.parties()
    keep(world, "ola", "log.1")
    keep(world, "eva", "log.1")
    world.submit("ola", "log.1", {"text": "hel"})
    assert drafts(world) == {("log.1", "eva")}


def test_given_a_draft_when_its_state_is_left_then_it_is_gone(world: Any) -> None:
    world.parties()
    world.submit("kari", "goal.1", {"text": "et mål"})
    keep(world, "ola", "goal.1")  # a correction that was never sent
    keep(world, "ola", "log.1")
    world.do("kari", c.Act("open"))
    assert drafts(world) == {("log.1", "ola")}


def test_given_a_draft_when_its_task_is_withdrawn_then_it_is_gone(world: Any) -> None:
    world.to_voting()
    keep(world, "eva", "vote.1.m3")
    world.do("kari", c.EndMembership("m3", ""))
    assert drafts(world) == set()


def test_given_drafts_when_the_process_ends_then_they_are_gone_and_no_more_can_be_kept(world: Any) -> None:
    keep(world, "kari", "log.1")
    world.submit("kari", "log.1", {"text": "hel"})
    keep(world, "kari", "log.1")
    world.do("kari", c.Act("stop", "slutt"))
    assert drafts(world) == set()
    with pytest.raises(Refused, match="finished"):
        keep(world, "kari", "log.1")


def test_given_an_answer_that_may_not_be_corrected_when_drafted_then_refused(world: Any) -> None:
    world.to_voting()
    for handle, instance in (("ola", "vote.1.m2"), ("eva", "vote.1.m3")):
        world.submit(handle, instance, {"score": 3})
    world.submit("kari", "minutes.1", {"text": "referat"})
    with pytest.raises(Refused, match="may not be corrected"):
        keep(world, "kari", "minutes.1")


def test_given_a_partys_task_when_the_lead_drafts_on_behalf_then_it_is_kept(world: Any) -> None:
    world.parties()
    keep(world, "kari", "choose.1.town", membership="m2")
    assert drafts(world) == {("choose.1.town", "kari")}


def test_given_a_draft_that_is_too_large_when_kept_then_refused(world: Any) -> None:
    with pytest.raises(Refused, match="larger than"):
        world.engine.save_draft(world.person("kari"), "p", "log.1", {"text": "x" * 600_000})


def test_given_a_refused_submission_when_it_had_a_draft_then_the_draft_stays(world: Any) -> None:
    keep(world, "kari", "goal.1")
    with pytest.raises(AnswersInvalid):
        world.submit("kari", "goal.1", {"text": 5})
    assert drafts(world) == {("goal.1", "kari")}
