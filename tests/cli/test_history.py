"""Looking back on the command line: parts of a history, more and less of it, and who could read what since when."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from engine import codec
from engine.template.chart import Definition


@pytest.fixture
def round_(preparation: Any, tmp_path: Path, samson: Definition) -> Any:
    """A round that is open, and a way for both to answer it."""
    preparation.done("act", "arendal", "open_round", who="kari")
    file = tmp_path / "scores.json"
    names = [name for name, asked in samson.forms["answers"].fields.items() if asked.score]
    file.write_bytes(codec.dumps(dict.fromkeys(names, 4)))

    def answer(who: str, membership: str) -> None:
        preparation.done("submit", "arendal", f"answer.1.{membership}", "--answers", str(file), who=who)

    return answer


def told(terminal: Any, *options: str) -> list[dict[str, Any]]:
    events: list[dict[str, Any]] = terminal.done("history", "arendal", *options, "--json", who="kari").data["events"]
    return events


def test_given_two_events_when_asked_for_what_lies_between_then_both_and_what_is_between(preparation: Any) -> None:
    assert [line["sequence"] for line in told(preparation, "--between", "3", "6")] == [3, 4, 5, 6]


def test_given_two_days_when_asked_for_what_lies_between_then_whole_days(preparation: Any) -> None:
    today = preparation.done("history", "arendal", who="kari").out.splitlines()[1].split()[1]
    assert told(preparation, "--between", today, today) == told(preparation)
    assert told(preparation, "--between", "2001-01-01", "2001-12-31") == []


def test_given_a_minute_as_it_is_shown_when_asked_for_what_lies_between_then_the_whole_minute(preparation: Any) -> None:
    day, minute = preparation.done("history", "arendal", who="kari").out.splitlines()[1].split()[1:3]
    assert told(preparation, "--between", "2001-01-01", f"{day}T{minute}")[0] == told(preparation)[0]
    preparation.done("at", "arendal", f"{day} {minute}", who="kari")


def test_given_nobody_of_that_number_when_asked_what_they_could_read_then_told_who_there_are(preparation: Any) -> None:
    ended = preparation("explain", "readers", "arendal", "--who", "m9", who="kari")
    assert (ended.code, "There are: m1, m2, m3." in ended.err) == (7, True)


def test_given_a_compact_history_when_told_then_without_what_follows_by_itself(preparation: Any) -> None:
    whole, compact = told(preparation), told(preparation, "--compact")
    left_out = {line["type"] for line in whole} - {line["type"] for line in compact}
    assert "task.opened" in left_out
    assert {"process.started", "form.submitted", "state.entered"} <= {line["type"] for line in compact}


def test_given_a_full_history_when_told_then_with_role_version_and_hash(preparation: Any) -> None:
    ended = preparation.done("history", "arendal", "--full", "--json", who="kari").data
    first = ended["envelopes"][0]
    assert (first["sequence"], first["version"], len(first["hash"])) == (1, "1.1.0", 12)
    assert "facilitator" in {envelope["role"] for envelope in ended["envelopes"]}
    assert "1.1.0" in preparation.done("history", "arendal", "--full", who="kari").out


@pytest.mark.parametrize("options", [("--compact", "--full"), ("--between", "x", "y"), ("--between", "6", "3")])
def test_given_options_that_make_no_sense_when_asked_then_told(preparation: Any, options: tuple[str, ...]) -> None:
    assert preparation("history", "arendal", *options, who="kari").code == 2


def readers(terminal: Any, instance: str) -> dict[str, str]:
    found = terminal.done("explain", "readers", "arendal", instance, "--json", who="kari").data["readers"]
    return {reader["membership"]: reader["because"] for reader in found}


def test_given_an_answer_that_is_open_when_asked_who_could_read_it_then_all_who_take_part_since_then_or_since_they_came(
    preparation: Any,
) -> None:
    assert readers(preparation, "register.1.m2") == {"m2": "gave it", "m1": "takes part", "m3": "takes part"}
    late = preparation.member("per", "naboer")
    found = preparation.done("explain", "readers", "arendal", "register.1.m2", "--json", who="kari").data["readers"]
    joined = next(
        line["sequence"] for line in told(preparation) if line["type"] == "membership.added" and late in line["text"]
    )
    assert next(reader["sequence"] for reader in found if reader["membership"] == late) == joined


def test_given_a_sealed_answer_when_asked_who_could_read_it_then_only_its_author_until_it_was_revealed(
    preparation: Any, round_: Any
) -> None:
    round_("ola", "m2")
    assert readers(preparation, "answer.1.m2") == {"m2": "gave it"}
    round_("eva", "m3")
    assert readers(preparation, "answer.1.m2") == {"m2": "gave it", "m1": "was revealed", "m3": "was revealed"}


def test_given_somebody_from_outside_when_asking_who_could_read_then_refused(preparation: Any) -> None:
    preparation.person("olga")
    assert preparation("explain", "readers", "arendal", "register.1.m2", who="olga").code == 6


def test_given_an_answer_entered_for_somebody_when_asked_who_could_read_it_then_who_entered_it_knows_it(
    preparation: Any, round_: Any
) -> None:
    round_("kari", "m2")
    assert readers(preparation, "answer.1.m2") == {"m2": "gave it", "m1": "entered it"}


def test_given_somebody_who_left_when_asked_who_could_read_then_until_when(preparation: Any) -> None:
    preparation.done("member", "end", "arendal", "m3", who="kari")
    found = preparation.done("explain", "readers", "arendal", "register.1.m2", "--json", who="kari").data["readers"]
    assert {reader["membership"]: reader["until"] is None for reader in found} == {"m1": True, "m2": True, "m3": False}


def test_given_each_language_when_looked_back_then_people_by_name_and_whom_answers_were_shown_to(
    preparation: Any, round_: Any
) -> None:
    round_("kari", "m2")
    round_("eva", "m3")
    preparation.done("member", "end", "arendal", "m3", who="kari")

    def said(*command: str, language: str) -> str:
        text: str = preparation.done(*command, "--lang", language, who="kari").out
        return text

    expected = {
        "nb": ("ble vist, for alle som er med", "Eva (m3) sluttet", "skrev det inn for en annen"),
        "nn": ("vart viste, for alle som er med", "Eva (m3) slutta", "skreiv det inn for ein annan"),
        "en": ("were revealed, to all who take part", "Eva (m3) left", "entered it"),
    }
    for language, (shown, left, because) in expected.items():
        text = said("history", "arendal", language=language)
        assert shown in text
        assert left in text
        assert because in said("explain", "readers", "arendal", "answer.1.m2", language=language)


def test_given_a_deadline_when_told_then_where_the_calendar_is_kept(preparation: Any) -> None:
    preparation.done("act", "arendal", "open_round", who="kari")
    due = next(line["text"] for line in told(preparation) if line["type"] == "deadline.set")
    assert "23:59 CE" in due  # the end of a day in Oslo


def test_given_a_member_and_a_moment_when_asked_who_could_read_then_what_they_could_then(
    preparation: Any, round_: Any
) -> None:
    round_("ola", "m2")
    before = told(preparation)[-1]["sequence"]
    round_("eva", "m3")

    def could(*options: str) -> list[str]:
        found = preparation.done("explain", "readers", "arendal", *options, "--json", who="kari").data["readers"]
        return sorted({reader["instance"] for reader in found if reader["instance"].startswith("answer")})

    assert could("--who", "m2", "--at", str(before)) == ["answer.1.m2"]
    assert could("--who", "m3", "--at", str(before)) == []
    assert could("--who", "m3") == ["answer.1.m2", "answer.1.m3"]
    assert could("--who", "m3", "--at", "2000-01-01") == []


def test_given_somebody_who_left_when_asked_about_a_moment_then_only_while_they_took_part(preparation: Any) -> None:
    preparation.done("member", "end", "arendal", "m3", who="kari")
    ended = next(line["sequence"] for line in told(preparation) if line["type"] == "membership.ended")

    def could(who: str, when: int | str) -> int:
        asked = ("explain", "readers", "arendal", "register.1.m2", "--who", who, "--at", str(when))
        return len(preparation.done(*asked, "--json", who="kari").data["readers"])

    assert (could("m3", ended - 1), could("m3", ended)) == (1, 0)
    assert (could("m3", "2999-01-01"), could("m1", "2999-01-01")) == (0, 1)


def test_given_the_number_of_no_event_when_asked_how_it_was_then_not_found_and_the_last_is_told(
    preparation: Any,
) -> None:
    last = told(preparation)[-1]["sequence"]
    assert preparation("at", "arendal", str(last), who="kari").code == 0
    missing = preparation("at", "arendal", str(last + 1), who="kari")
    assert (missing.code, f"its last is {last}" in missing.err) == (7, True)


@pytest.mark.fault("F13")
def test_given_a_process_in_quarantine_when_looked_back_at_then_told_that_it_ends_early_and_why(
    preparation: Any, tmp_path: Path
) -> None:
    whole = preparation.done("history", "arendal", "--json", who="kari").data
    assert whole["quarantine"] is None
    with closing(sqlite3.connect(preparation.folder / "data" / "events.sqlite")) as store, store:
        changed = "DELETE FROM stored_events WHERE originator_version=4 AND originator_id=(SELECT stream FROM process)"
        assert store.execute(changed).rowcount == 1
    for words in (("history", "arendal"), ("answers", "arendal")):
        assert "in quarantine: event 4: event 4 is missing" in preparation.done(*words, who="kari").out
        assert preparation.done(*words, "--json", who="kari").data["quarantine"]["shown_to"] == 3
    ended = preparation.done("person", "export", "kari", "--to", str(tmp_path / "held"), who="kari")
    assert "in quarantine: arendal" in ended.err
