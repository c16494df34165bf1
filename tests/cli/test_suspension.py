"""A process that rests, goes on, and is given up, on the command line."""

from __future__ import annotations


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


def test_given_no_reason_when_cancelled_then_refused(preparation) -> None:
    refused = preparation("cancel", "arendal", who="kari")
    assert "needs a reason" in refused.err
