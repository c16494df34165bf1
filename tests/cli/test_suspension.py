"""A process that rests, goes on, goes back and is given up, and rounds from before it, on the command line."""

from __future__ import annotations

from pathlib import Path

from engine import codec


def test_given_a_process_when_suspended_then_nobody_can_act_until_it_is_resumed(preparation) -> None:
    preparation.done("suspend", "arendal", "--reason", "Sommerferie", who="kari")
    refused = preparation("act", "arendal", "open_round", who="kari")
    assert refused.code != 0
    assert "“arendal” is suspended" in refused.err
    assert "samskap resume" in refused.err
    assert preparation.done("status", "arendal", "--json", who="ola").data["status"] == "suspended"
    preparation.done("resume", "arendal", who="kari")
    preparation.done("act", "arendal", "open_round", who="kari")


def test_given_a_process_when_cancelled_then_its_history_says_why(preparation) -> None:
    preparation.done("cancel", "arendal", "--reason", "Kommunen trakk seg", who="kari")
    assert "Kommunen trakk seg" in preparation.done("history", "arendal", who="ola").out
    assert preparation("resume", "arendal", who="kari").code != 0


def test_given_a_process_that_died_when_the_operator_gives_it_up_then_it_is_recorded_as_such(preparation) -> None:
    preparation.done("cancel", "arendal", "--reason", "Ingen har svart på ett år")
    told = preparation.done("history", "arendal", "--json", who="ola").data
    assert preparation.done("status", "--json").data["processes"][0]["status"] == "cancelled"
    assert "Ingen har svart på ett år" in str(told)


def test_given_no_reason_when_cancelled_then_refused(preparation) -> None:
    refused = preparation("cancel", "arendal", who="kari")
    assert "needs a reason" in refused.err


def test_given_a_round_when_gone_back_then_what_was_chosen_before_still_stands(preparation) -> None:
    preparation.done("act", "arendal", "open_round", who="kari")
    preparation.done("back", "arendal", "preparation", "--reason", "Vi glemte en part", who="kari")
    status = preparation.done("status", "arendal", "--json", who="kari").data
    assert status["states"] == ["preparation"]
    assert {task["task"]: task["done"] for task in status["tasks"]}["agree"] == 2
    assert "Vi glemte en part" in preparation.done("history", "arendal", who="kari").out


def test_given_a_state_that_was_not_when_gone_back_then_refused(preparation) -> None:
    refused = preparation("back", "arendal", "evaluation", "--reason", "x", who="kari")
    assert "has not been in" in refused.err


def test_given_an_earlier_round_on_paper_when_entered_then_its_day_is_kept(preparation, tmp_path: Path, samson) -> None:
    items = [name for name, asked in samson.forms["answers"].fields.items() if asked.score]
    file = tmp_path / "paper.json"
    file.write_bytes(codec.dumps(dict.fromkeys(items, 3)))
    options = ("--answers", str(file), "--valid-on", "2025-10-14", "--reason", "På papir i fjor")
    preparation.done("backfill", "arendal", "answer.0.m2", *options, who="kari")
    preparation.done("evaluate")
    asked = preparation.done(
        "sql", "SELECT DISTINCT _valid_on, _round, _membership FROM forms.samson__answers", "--json"
    )
    assert asked.data["rows"] == [["2025-10-14", 0, "m2"]]


def test_given_a_day_to_come_when_backfilled_then_refused(preparation) -> None:
    refused = preparation(
        "backfill",
        "arendal",
        "answer.0.m2",
        "--set",
        "power_1=3",
        "--valid-on",
        "2999-01-01",
        "--reason",
        "x",
        who="kari",
    )
    assert refused.code != 0
