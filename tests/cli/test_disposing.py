"""`samskap dispose` and `samskap processing`: what is kept, until when, why; and what is past its time."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from engine.store.log import Record
from engine.store.sqlite import SqliteLog

if TYPE_CHECKING:
    Terminal = Any  # the class stands in conftest.py, which cannot be imported

YEARS = 5 * 366


@pytest.fixture
def ended(arendal: Terminal) -> Terminal:
    """arendal was given up at once."""
    arendal.done("cancel", "arendal", "--reason", "Ingen kom", who="kari")
    return arendal


def types(terminal: Terminal) -> list[str]:
    log = SqliteLog(terminal.folder / "data" / "events.sqlite")
    try:
        records: list[Record] = list(log.all())
    finally:
        log.close()
    return [record.type for record in records]


def test_given_a_process_that_ended_when_listed_then_its_last_day_and_nothing_is_due(ended: Terminal) -> None:
    assert ended.done("dispose", "--json").data["processes"] == []
    (one,) = ended.done("dispose", "--list", "--json").data["processes"]
    assert (one["process"], one["due"], one["then"]) == ("arendal", False, "archive_then_erase")
    assert ended("dispose", "arendal").code == 5


def test_given_a_process_past_its_time_when_ticked_then_told_and_nothing_is_destroyed(
    ended: Terminal, later: Callable[[int], None]
) -> None:
    later(YEARS)
    before = ended.position
    told = ended.done("tick", "--json")
    assert told.data["past_their_time"] == ["arendal"]
    assert "samskap dispose" in ended.done("tick").err
    assert ended.position == before


def test_given_a_process_past_its_time_when_disposed_of_with_its_archive_then_nobody_is_known_in_it(
    ended: Terminal, later: Callable[[int], None]
) -> None:
    archive = str(ended.folder / "arendal.zip")
    ended.done("export", "archive", "arendal", "--to", archive, "--as", "kari")
    later(YEARS)
    assert ended.done("dispose", "arendal", "--dry-run", "--json").data["people"] == 1
    assert ended("dispose", "arendal").code == 5
    ended.done("dispose", "arendal", "--archive", archive)
    assert types(ended)[-1] == "process.disposed"
    assert ended.done("verify").code == 0
    assert ended.done("dispose", "--list", "--json").data["processes"] == []
    assert "slettet" in ended.done("history", "arendal", "--lang", "nb").out


@pytest.mark.parametrize(("language", "why"), [("nb", "Hvorfor"), ("nn", "Kvifor"), ("en", "Purpose")])
def test_given_a_published_template_when_the_record_is_made_then_every_form_has_its_purpose(
    arendal: Terminal, language: str, why: str
) -> None:
    text = arendal.done("processing", "--format", "csv", "--lang", language).out
    first, *rows = list(csv.reader(io.StringIO(text)))
    assert first[2] == why
    assert len(rows) == 5
    assert all(row[2] and "(" not in row[2][:1] for row in rows)
    assert all(row[6].startswith("P5Y") for row in rows)


def test_given_a_template_that_is_not_published_when_the_record_is_made_then_from_its_files(arendal: Terminal) -> None:
    found = arendal.done("processing", "soimpact", "--json").data["activities"]
    assert {one["template"] for one in found} == {"soimpact"}
    assert any(one["personal"] for one in found)
    assert arendal.done("processing", "soimpact", "--format", "markdown").out.startswith("| ")
