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


@pytest.mark.parametrize("text", ["", "arendal", "arendal#x:" + "0" * 64, "arendal#1:abc"])
def test_given_what_is_no_receipt_when_checked_then_told_what_one_looks_like(arendal: Any, text: str) -> None:
    ended = arendal("receipt", "check", text)
    assert (ended.code, "is no receipt" in ended.err) == (2, True)


def test_given_a_receipt_of_no_process_here_when_checked_then_told(arendal: Any, receipt: str) -> None:
    assert arendal("receipt", "check", receipt.replace("arendal", "senja")).code == 7
