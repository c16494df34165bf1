"""A whole SAMSON round on the command line, by two people with tokens."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from engine import codec
from engine.template.chart import Definition


def scores(samson: Definition, score: int) -> bytes:
    """The same score for every scored question, and a comment."""
    items = [name for name, asked in samson.forms["answers"].fields.items() if asked.score]
    return codec.dumps({**dict.fromkeys(items, score), "shared_problem_1__comment": "Vi er enige."})


@pytest.fixture
def answered(preparation, tmp_path: Path, samson: Definition):
    """A round in which ola has answered 4 and eva has not."""
    preparation.done("act", "arendal", "open_round", who="kari")
    file = tmp_path / "scores.json"
    file.write_bytes(scores(samson, 4))
    preparation.done("submit", "arendal", "answer.1.m2", "--answers", str(file), who="ola")
    return preparation


def test_given_two_who_answered_when_status_is_asked_then_the_round_is_in_dialogue(
    answered, tmp_path: Path, samson: Definition
) -> None:
    file = tmp_path / "eva.json"
    file.write_bytes(scores(samson, 2))
    answered.done("submit", "arendal", "answer.1.m3", "--answers", str(file), who="eva")
    assert answered.done("status", "arendal", "--json", who="eva").data["states"] == ["round", "dialogue"]


def test_given_one_who_answered_when_status_is_asked_then_it_says_who_is_awaited(answered) -> None:
    told = answered.done("status", "arendal", who="kari").out
    assert "1 of 2" in told
    assert "Eva (answer.1.m3, due " in told


def test_given_one_who_answered_when_tasks_are_asked_then_only_the_other_has_one(answered) -> None:
    assert answered.done("tasks", "--json", who="ola").data["tasks"] == []
    assert [t["instance"] for t in answered.done("tasks", "--json", who="eva").data["tasks"]] == ["answer.1.m3"]


@pytest.mark.usefixtures("in_march")
def test_given_a_silent_party_when_the_deadline_passed_then_tick_opens_the_way_to_close(
    answered, later: Callable[[int], None]
) -> None:
    assert answered("act", "arendal", "close", "--reason", "Vi går videre", who="kari").code == 5
    later(15)
    answered.done("tick")
    answered.done("act", "arendal", "close", "--reason", "Vi går videre", who="kari")
    told = answered.done("history", "arendal", who="ola").out
    assert "Valgte: Lukk runden – Vi går videre" in told


def test_given_nothing_due_when_time_acts_then_nothing_is_stored(answered) -> None:
    before = answered.position
    assert answered.done("tick", "--json").data == {
        "processes": [],
        "past_their_time": [],
        "quarantine": [],
        "faults": [],
    }
    assert answered.position == before


def test_given_answers_when_corrected_then_history_says_so_in_the_persons_language(answered, tmp_path: Path) -> None:
    answered.done("submit", "arendal", "answer.1.m2", "--answers", str(tmp_path / "scores.json"), who="ola")
    assert "Corrected: Answer the questions" in answered.done("history", "arendal", "--lang", "en", who="eva").out


def test_given_a_round_when_looked_at_before_it_then_the_process_is_as_it_was(answered) -> None:
    then = answered.done("at", "arendal", "4", "--json", who="ola").data
    assert (then["states"], len(then["members"])) == (["preparation"], 1)


def test_given_a_round_when_looked_at_on_this_day_then_it_is_as_now(answered, later: Callable[[int], None]) -> None:
    now = datetime.fromisoformat(answered.done("status", "arendal", "--json", who="ola").data["at"])
    today = now.astimezone(ZoneInfo("Europe/Oslo")).date().isoformat()  # where the template keeps its calendar
    assert answered.done("at", "arendal", today, "--json", who="ola").data["states"] == ["round", "answering"]


def test_given_sealed_answers_when_anybody_reads_json_then_they_are_nowhere(answered) -> None:
    for command in (("status", "arendal"), ("history", "arendal"), ("at", "arendal", "2100-01-01"), ("tasks",)):
        assert "Vi er enige" not in answered.done(*command, "--json", who="eva").out


def test_given_a_person_without_email_when_a_facilitator_answers_then_it_is_on_their_behalf(
    preparation, tmp_path: Path, registration: dict[str, codec.Json]
) -> None:
    preparation.person("olga")
    preparation.done("member", "add", "arendal", "olga", "--role", "member", "--party", "lag", who="kari")
    file = tmp_path / "olga.json"
    file.write_bytes(codec.dumps(registration))
    answers = ("--answers", str(file), "--on-behalf-of", "m4")
    preparation.done("submit", "arendal", "register.1.m4", *answers, who="kari")
    assert "Kari → Olga" in preparation.done("history", "arendal", who="eva").out


def test_given_a_role_when_granted_and_revoked_then_status_follows(preparation) -> None:
    preparation.done("grant", "arendal", "m2", "facilitator", who="kari")
    assert "Tilrettelegger" in preparation.done("status", "arendal", "--json", who="ola").data["members"][1]["roles"]
    preparation.done("revoke", "arendal", "m2", "facilitator", who="kari")
    roles = preparation.done("status", "arendal", "--json", who="ola").data["members"][1]["roles"]
    assert roles == ["Deltaker for en part"]


def test_given_a_member_who_leaves_when_status_is_asked_then_they_are_gone(preparation) -> None:
    preparation.done("member", "end", "arendal", "m3", "--reason", "Byttet jobb", who="eva")
    members = preparation.done("status", "arendal", "--json", who="ola").data["members"]
    assert [m["membership"] for m in members] == ["m1", "m2"]
