"""A head kept elsewhere, and what it shows later."""

from __future__ import annotations

import shutil
import sqlite3

import pytest


def test_given_a_head_when_more_has_happened_then_the_log_still_holds_it(preparation) -> None:
    kept = preparation.done("head").out.strip()
    preparation.done("act", "arendal", "open_round", who="kari")
    preparation.done("verify", "--head", kept)


@pytest.mark.fault("F14")
def test_given_a_log_cut_back_to_an_older_copy_when_verified_then_only_the_head_shows_it(preparation) -> None:
    data = preparation.folder / "data"
    with sqlite3.connect(data / "events.sqlite") as live, sqlite3.connect(data / "old.sqlite") as copy:
        live.backup(copy)
    copy.close()
    live.close()
    preparation.done("act", "arendal", "open_round", who="kari")
    kept = preparation.done("head", "--json").data["head"]
    for name in ("events.sqlite-wal", "events.sqlite-shm"):
        (data / name).unlink(missing_ok=True)
    shutil.move(data / "old.sqlite", data / "events.sqlite")
    preparation.done("verify")
    refused = preparation("verify", "--head", kept)
    assert (refused.code, "was cut back" in refused.err) == (10, True)


def test_given_another_log_of_the_same_length_when_verified_then_the_head_does_not_fit(preparation) -> None:
    position, digest = preparation.done("head").out.strip().split(":")
    refused = preparation("verify", "--head", f"{position}:{digest[::-1]}")
    assert (refused.code, "is not what it held" in refused.err) == (10, True)


def test_given_what_is_no_head_when_verified_then_told(preparation) -> None:
    assert preparation("verify", "--head", "x").code == 2
