"""Receipts on the command line: printed with an answer, and checked later by whoever kept one."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from engine import codec


@pytest.fixture
def receipt(arendal: Any, registration: dict[str, Any], tmp_path: Path) -> str:
    """What ola got when he had said who he is."""
    membership = arendal.member("ola", "kommune")
    file = tmp_path / "answers.json"
    file.write_bytes(codec.dumps(registration))
    told = arendal.done("submit", "arendal", f"register.1.{membership}", "--answers", str(file), who="ola").out
    found = re.search(r"Receipt, to keep: (\S+)", told)
    assert found is not None
    return found[1]


def change(terminal: Any, statement: str) -> None:
    with closing(sqlite3.connect(terminal.folder / "data" / "events.sqlite")) as store, store:
        store.execute(statement.replace("STREAM", "(SELECT stream FROM process)"))


def test_given_a_receipt_when_checked_then_it_holds_whatever_came_since(arendal: Any, receipt: str) -> None:
    first = arendal.done("receipt", "check", receipt, "--json").data
    assert (first["holds"], first["receipt"], first["since"]) == (True, receipt, 0)
    assert "form.submitted" in first["types"]
    arendal.done("party", "add", "arendal", "lag", who="kari")
    assert arendal.done("receipt", "check", receipt, "--json").data["since"] == 1


@pytest.mark.parametrize(
    ("statement", "told"),
    [
        ("UPDATE stored_events SET state = CAST(replace(state, 'Kommune', 'Kammune') AS BLOB) WHERE originator_id=STREAM", "event"),
        ("DELETE FROM stored_events WHERE originator_version > 5 AND originator_id=STREAM", "ends at 5"),
    ],
    ids=["an earlier event changed", "cut back"],
)  # fmt: skip
def test_given_a_log_that_was_changed_when_checked_then_told_where(
    arendal: Any, receipt: str, statement: str, told: str
) -> None:
    change(arendal, statement)
    ended = arendal("receipt", "check", receipt)
    assert (ended.code, told in ended.err) == (10, True)


def test_given_another_hash_when_checked_then_it_does_not_hold(arendal: Any, receipt: str) -> None:
    forged = receipt[:-1] + ("0" if receipt[-1] != "0" else "1")
    assert arendal("receipt", "check", forged).code == 10


def test_given_a_slip_in_the_hash_when_checked_then_told_which_digit_and_not_that_the_log_was_changed(
    arendal: Any, receipt: str
) -> None:
    slip = receipt[:-1] + ("0" if receipt[-1] != "0" else "1")
    told = " ".join(arendal("receipt", "check", slip).err.split())
    assert ("1 digit of the hash's 64" in told, "number 64" in told, "mistyped?" in told) == (True, True, True)
    assert "is not what it was" not in told


def test_given_the_hash_of_another_event_when_checked_then_both_are_shown_and_differ(
    arendal: Any, receipt: str
) -> None:
    head, _, digest = receipt.partition(":")
    told = " ".join(arendal("receipt", "check", f"{head}:{digest[::-1]}").err.split())
    assert (digest[:12] in told, digest[::-1][:12] in told, "was replaced" in told) == (True, True, True)


@pytest.mark.parametrize("text", ["", "arendal", "arendal#x:" + "0" * 64, "arendal#1:abc", "arendal#0:" + "0" * 64])
def test_given_what_is_no_receipt_when_checked_then_told_what_one_looks_like(arendal: Any, text: str) -> None:
    ended = arendal("receipt", "check", text)
    assert (ended.code, "is no receipt" in ended.err) == (2, True)


def test_given_a_receipt_of_no_process_here_when_checked_then_told(arendal: Any, receipt: str) -> None:
    assert arendal("receipt", "check", receipt.replace("arendal", "senja")).code == 7


def test_given_a_receipt_in_a_file_when_checked_then_it_holds_as_text_and_as_json(
    arendal: Any, receipt: str, tmp_path: Path
) -> None:
    name, _, rest = receipt.partition("#")
    last, _, digest = rest.partition(":")
    kept = {
        "printed.txt": f"Stored the answers to register.1.m2\nReceipt, to keep: {receipt}\n",
        "kept.json": codec.dumps({"process": name, "last": int(last), "hash": digest, "first": 1}).decode(),
        "decided.json": codec.dumps({"receipt": {"process": name, "last": int(last), "hash": digest}}).decode(),
    }
    for file, text in kept.items():
        (tmp_path / file).write_text(text)
        assert arendal.done("receipt", "check", str(tmp_path / file), "--json").data["receipt"] == receipt


def test_given_answers_put_right_since_when_checked_then_it_holds_and_says_so(
    arendal: Any, receipt: str, registration: dict[str, Any], tmp_path: Path
) -> None:
    file = tmp_path / "better.json"
    file.write_bytes(codec.dumps(registration | {"positions": ["funds"]}))
    again = arendal.done("submit", "arendal", "register.1.m2", "--answers", str(file), "--json", who="ola")
    checked = arendal.done("receipt", "check", receipt, "--json").data
    assert checked["corrections"] == [again.data["first"]]
    assert "put right since" in arendal.done("receipt", "check", receipt).out


def test_given_a_process_in_quarantine_when_the_doctor_looks_then_it_is_named(arendal: Any, receipt: str) -> None:
    change(
        arendal,
        "UPDATE stored_events SET state = CAST('[]' AS BLOB) WHERE originator_version=3 AND originator_id=STREAM",
    )
    ended = arendal("doctor", "--json")
    (log,) = [check for check in ended.data["checks"] if check["name"] == "log"]
    assert (ended.code, log["outcome"], "quarantine: arendal" in log["told"]) == (3, "fault", True)
    assert "samskap restore" in arendal("verify").err


def test_given_a_process_of_others_that_cannot_be_told_when_mine_are_listed_then_they_are(
    arendal: Any, receipt: str
) -> None:
    arendal.person("siri")
    arendal.done("start", "samson", "bodo", who="siri")
    change(
        arendal,
        "UPDATE stored_events SET state = CAST('[]' AS BLOB) WHERE originator_version=1"
        " AND originator_id=(SELECT stream FROM process WHERE name='arendal')",
    )
    listed = arendal.done("status", "--json", who="siri").data["processes"]
    assert [(process["name"], process["version"]) for process in listed] == [("bodo", "1.1.0")]


def test_given_a_process_in_quarantine_when_looked_at_then_that_is_its_status_everywhere(
    arendal: Any, receipt: str
) -> None:
    change(
        arendal,
        "UPDATE stored_events SET state = CAST('[]' AS BLOB) WHERE originator_version=5 AND originator_id=STREAM",
    )
    listed = arendal.done("status", "--json", who="kari").data["processes"]
    one = arendal.done("status", "arendal", "--json", who="kari").data
    assert [process["status"] for process in listed] == ["quarantine"]
    assert (one["status"], one["tasks"], one["actions"]) == ("quarantine", [], [])
    assert "i karantene" in arendal.done("diagram", "--process", "arendal", who="kari").out
    told = arendal.done("explain", "action", "arendal", "stop", "--lang", "nb", who="kari").out
    assert "Prosessen er i karantene" in told
