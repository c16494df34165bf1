"""Acting in the place of others, on the command line."""

from __future__ import annotations


def test_given_an_absence_when_delegated_then_the_others_list_has_the_tasks_until_it_ends(preparation) -> None:
    def of_m2() -> list[str]:
        return [one for one in told(preparation.done("tasks", "--json", who="eva").data) if one.endswith(".m2")]

    preparation.done("act", "arendal", "open_round", who="kari")
    preparation.done("delegate", "arendal", "m2", "--to", "m3", "--until", "2999-01-01", who="ola")
    assert of_m2() == ["answer.1.m2"]
    assert "Lot Eva (m3) handle for Ola (m2)" in preparation.done("history", "arendal", who="eva").out
    preparation.done("delegate", "arendal", "m2", "--end", who="ola")
    assert of_m2() == []


def told(data) -> list[str]:
    return [item["instance"] for item in data["tasks"]]


def test_given_a_facilitator_when_they_hand_over_then_the_other_leads(preparation) -> None:
    preparation.done("hand-over", "arendal", "m1", "facilitator", "--to", "m2", who="kari")
    assert preparation("act", "arendal", "open_round", who="kari").code == 6
    preparation.done("act", "arendal", "open_round", who="ola")


def test_given_neither_to_nor_end_when_delegated_then_told_what_to_say(preparation) -> None:
    refused = preparation("delegate", "arendal", "m2", who="ola")
    assert (refused.code, "--to or --end" in refused.err) == (2, True)


def test_given_a_task_of_one_person_when_claimed_then_refused(preparation) -> None:
    refused = preparation("claim", "arendal", "register.1.m2", who="ola")
    assert refused.code != 0


def test_given_a_stand_in_when_looked_back_then_in_whose_place_they_acted_then(preparation) -> None:
    before = preparation.position
    preparation.done("delegate", "arendal", "m2", "--to", "m3", who="ola")
    since = preparation.position
    preparation.done("delegate", "arendal", "m2", "--end", who="ola")

    def acting(when: int) -> dict[str, list[str]]:
        members = preparation.done("at", "arendal", str(when), "--json", who="kari").data["members"]
        return {member["membership"]: member["acts_for"] for member in members}

    log = [event["sequence"] for event in preparation.done("history", "arendal", "--json", who="kari").data["events"]]
    assert since - before == 1
    assert [acting(sequence)["m3"] for sequence in (log[-3], log[-2], log[-1])] == [[], ["Ola"], []]
    assert "Acts for" in preparation.done("at", "arendal", str(log[-2]), who="kari").out


def test_given_a_day_that_is_past_when_delegated_until_it_then_that_day_is_told(preparation) -> None:
    refused = preparation("delegate", "arendal", "m2", "--to", "m3", "--until", "2026-01-31", who="ola")
    assert (refused.code, "2026-01-31 is past" in refused.err) == (5, True)
