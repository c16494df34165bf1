"""What is done to the log behind the engine's back is found, and the first bad event is named."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from engine.engine import Engine
from engine.process import commands as c
from engine.store.verify import verify
from engine.template import bundle
from engine.template.sources import BUILT_IN

pytestmark = pytest.mark.fault("F13")

STREAM = "(SELECT stream FROM process)"


def surgery(store: Path, *statements: str) -> None:
    with closing(sqlite3.connect(store)) as connection, connection:
        for statement in statements:
            connection.execute(statement)


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """A log of one process with eight events, closed again."""
    engine = Engine.open(tmp_path)
    engine.publish(bundle.read("samson", [BUILT_IN]))
    session = engine.people.sign_in(
        engine.people.token(engine.people.add("kari", "Kari"), engine.clock()), engine.clock()
    )
    engine.start(session, "samson", "arendal", "Arendal")
    for number in range(4):
        engine.handle(session, "arendal", c.AddParty(f"part{number}", "En part"))
    engine.close()
    return tmp_path / "events.sqlite"


def checked(store: Path) -> list[tuple[int, str]]:
    engine = Engine.open(store.parent)
    try:
        return [(fault.sequence, fault.what) for fault in verify(engine.log).faults]
    finally:
        engine.close()


def test_given_an_untouched_log_when_verified_then_nothing_is_found(store: Path) -> None:
    assert checked(store) == []


@pytest.mark.parametrize(
    ("statement", "sequence", "told"),
    [
        (f"UPDATE stored_events SET state=CAST(replace(state, 'En part', 'Ny part') AS BLOB) WHERE originator_version=5 AND originator_id={STREAM}", 6, "one of the two was changed"),
        (f"UPDATE stored_events SET state=CAST(replace(state, 'En part', 'Ny part') AS BLOB) WHERE originator_version=8 AND originator_id={STREAM}", 8, "the head says"),
        (f"DELETE FROM stored_events WHERE originator_version=5 AND originator_id={STREAM}", 5, "missing"),
        (f"DELETE FROM stored_events WHERE originator_version=8 AND originator_id={STREAM}", 8, "the head says"),
        (f"UPDATE stored_events SET state=zeroblob(9) WHERE originator_version=4 AND originator_id={STREAM}", 4, "cannot be read"),
        (f"UPDATE stored_events SET topic='state.left' WHERE originator_version=6 AND originator_id={STREAM}", 6, "another place"),
    ],
    ids=["changed", "last changed", "deleted", "last deleted", "garbage", "another type"],
)  # fmt: skip
def test_given_surgery_when_verified_then_the_first_bad_event_is_named(
    store: Path, statement: str, sequence: int, told: str
) -> None:
    surgery(store, statement)
    ((found, what),) = checked(store)
    assert (found, told in what) == (sequence, True), what


def test_given_two_events_swapped_when_verified_then_it_is_found(store: Path) -> None:
    move: Callable[[int, int], str] = lambda old, new: (  # noqa: E731
        f"UPDATE stored_events SET originator_version={new} WHERE originator_version={old} AND originator_id={STREAM}"
    )
    surgery(store, move(5, 99), move(6, 5), move(99, 6))
    assert [found for found, _ in checked(store)] == [5]
