"""What is stored of personal and sealed answers, and what can be read of it: by whom, when, and with which keys."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from engine.engine import Engine
from engine.errors import IntegrityFault
from engine.process import commands as c
from engine.process import events as e
from engine.process.access import visible
from engine.store.keys import KeyFolder
from engine.store.vault import protect, unprotect

CANARY = "kanarifugl"
REVEALED = e.AnswersRevealed(task="vote", state="voting", entry=1, visibility="open", key_id="k1", key=None)


@pytest.fixture
def keys(tmp_path: Path) -> KeyFolder:
    return KeyFolder(tmp_path / "keys")


def submitted(sealed_under: str | None = None) -> e.FormSubmitted:
    return e.FormSubmitted(
        instance="vote.1.m2",
        task="vote",
        form="vote",
        subject="s1",
        answers={"score": 4},
        personal={"why": CANARY},
        sealed_under=sealed_under,
    )


def read(stored: dict[str, Any], keys: KeyFolder, **how: Any) -> e.FormSubmitted:
    found = unprotect("form.submitted", 1, stored, keys, **{"opened": {}, **how})
    assert isinstance(found, e.FormSubmitted)
    return found


def test_given_a_personal_text_when_stored_then_answers_are_clear_and_the_text_is_not(keys: KeyFolder) -> None:
    stored = protect(submitted(), keys)
    assert stored["answers"] == {"score": 4}
    assert CANARY not in str(stored)


def test_given_a_stored_answer_when_read_with_its_keys_then_it_is_what_was_given(keys: KeyFolder) -> None:
    assert read(protect(submitted(), keys), keys) == submitted()


def test_given_the_persons_key_destroyed_when_read_then_the_text_is_erased_and_the_answers_stand(
    keys: KeyFolder,
) -> None:
    stored = protect(submitted(), keys)
    keys.destroy("subject", "s1")
    found = read(stored, keys)
    assert (found.personal, found.answers) == (e.Erased(), {"score": 4})


def test_given_another_key_in_its_place_when_read_then_an_integrity_fault(keys: KeyFolder, tmp_path: Path) -> None:
    stored = protect(submitted(), keys)
    others = KeyFolder(tmp_path / "others")
    others.ensure("subject", "s1")
    with pytest.raises(IntegrityFault):
        read(stored, others)


def test_given_a_text_moved_to_another_person_when_read_then_an_integrity_fault(keys: KeyFolder) -> None:
    stored = protect(submitted(), keys)
    keys.ensure("subject", "s2")
    stored["personal"]["subject"] = "s2"
    with pytest.raises(IntegrityFault):
        read(stored, keys)


def test_given_a_sealed_answer_when_stored_then_nothing_of_it_is_clear(keys: KeyFolder) -> None:
    stored = protect(submitted("k1"), keys)
    assert stored.keys() & {"answers", "personal"} == set()
    assert '"score"' not in str(stored)


def test_given_a_sealed_answer_when_read_before_the_reveal_then_it_stays_closed(keys: KeyFolder) -> None:
    found = read(protect(submitted("k1"), keys), keys)
    assert (found.answers, found.personal) == (None, None)


@pytest.mark.parametrize(("own", "answers"), [("s1", {"score": 4}), ("s2", None), (None, None)])
def test_given_a_sealed_answer_when_read_by_somebody_then_only_its_author_sees_it(
    keys: KeyFolder, own: str | None, answers: Any
) -> None:
    assert read(protect(submitted("k1"), keys), keys, own=own).answers == answers


def test_given_an_open_reveal_when_read_with_its_key_from_the_log_then_no_key_folder_is_needed(
    keys: KeyFolder,
) -> None:
    stored = protect(submitted("k1"), keys)
    reveal = e.AnswersRevealed.model_validate(protect(REVEALED, keys))
    keys.destroy("seal", "k1")
    assert read(stored, keys, opened={"k1": reveal}).answers == {"score": 4}


def test_given_a_protected_reveal_when_stored_then_the_log_holds_no_key(keys: KeyFolder) -> None:
    stored = protect(REVEALED.model_copy(update={"visibility": "protected"}), keys)
    assert stored["key"] is None


def test_given_a_protected_reveal_when_the_key_folder_is_lost_then_the_answers_cannot_be_read(keys: KeyFolder) -> None:
    stored = protect(submitted("k1"), keys)
    opened = {"k1": REVEALED.model_copy(update={"visibility": "protected"})}
    assert read(stored, keys, opened=opened).answers == {"score": 4}
    keys.destroy("seal", "k1")
    assert read(stored, keys, opened=opened).answers is None


def test_given_a_revealed_answer_when_the_persons_key_is_gone_then_their_text_is_erased_still(
    keys: KeyFolder,
) -> None:
    stored = protect(submitted("k1"), keys)
    reveal = e.AnswersRevealed.model_validate(protect(REVEALED, keys))
    keys.destroy("subject", "s1")
    assert read(stored, keys, opened={"k1": reveal}).personal == e.Erased()


def test_given_the_key_of_another_round_when_used_then_an_integrity_fault(keys: KeyFolder) -> None:
    stored = protect(submitted("k1"), keys)
    other = e.AnswersRevealed.model_validate(protect(REVEALED.model_copy(update={"key_id": "k2"}), keys))
    with pytest.raises(IntegrityFault):
        read(stored, keys, opened={"k1": other})


# -- through the engine -----------------------------------------------------------------------------------------------


def test_given_a_sealed_vote_when_every_file_of_the_workspace_but_the_keys_is_searched_then_it_is_nowhere(
    world: Any,
) -> None:
    world.to_voting()
    world.submit("ola", "vote.1.m2", {"score": 4, "why": CANARY})
    stored = b"".join(path.read_bytes() for path in world.folder.glob("events.sqlite*"))
    assert CANARY.encode() not in stored
    assert b'"score":4' not in stored


def test_given_a_person_whose_keys_are_destroyed_when_read_then_the_process_stands_and_they_are_erased(
    world: Any,
) -> None:
    world.parties()
    world.submit("ola", "log.1", {"text": "alle ser", "aside": CANARY})
    subject = world.state.memberships["m2"].subject
    world.engine.keys.destroy("subject", subject)
    world.engine.keys.destroy("person", world.person("ola").person.id)
    fresh = Engine.open(world.folder)
    loaded = fresh.load(fresh.stream("p"))
    assert loaded.state.memberships["m2"].person is None
    (given,) = [p for p in map(fresh.payload, loaded.records) if isinstance(p, e.FormSubmitted)]
    assert (given.answers, given.personal) == ({"text": "alle ser"}, e.Erased())
    lines = fresh.history(world.person("kari"), "p", "nb")
    assert "slettet" in {line.who for line in lines}
    fresh.close()


def test_given_a_vote_when_cancelled_by_nobody_but_left_by_the_clock_then_only_what_was_chosen_is_shown(
    world: Any,
) -> None:
    world.parties()
    for handle, party, shown in (("ola", "town", "open"), ("eva", "club", "protected")):
        world.submit(handle, f"choose.1.{party}", {"shown": shown})
    world.submit("kari", "goal.1", {"text": "et mål"})
    world.do("kari", c.Act("open"))
    for handle, name in (("ola", "vote.1.m2"), ("eva", "vote.1.m3")):
        world.submit(handle, name, {"score": 3})
    state = world.state
    instance = state.instances["vote.1.m2"]
    seen = {
        handle: visible(world.engine.actor(world.person(handle), state), state).answers(
            instance, instance.submissions[0]
        )
        for handle in ("kari", "ola", "eva")
    }
    assert seen == {"kari": False, "ola": True, "eva": False}
