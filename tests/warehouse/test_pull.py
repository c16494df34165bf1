"""Events into `raw`: whole, once, exact, and without what is encrypted."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb
import pytest

from cli import play
from engine.errors import IntegrityFault
from engine.process import commands as c
from engine.store.log import Record
from warehouse import pull
from warehouse.database import connect

if TYPE_CHECKING:
    from conftest import Played


@pytest.fixture
def warehouse() -> duckdb.DuckDBPyConnection:
    connection = connect()
    pull.prepare(connection)
    return connection


def count(connection: duckdb.DuckDBPyConnection, statement: str) -> int:
    row = connection.execute(statement).fetchone()
    assert row is not None
    return int(row[0])


def test_given_a_log_when_pulled_then_every_event_is_there_with_the_hash_of_its_bytes(
    played: Played, warehouse: duckdb.DuckDBPyConnection
) -> None:
    pulled = pull.pull(warehouse, played.engine)
    rows = warehouse.execute(
        "SELECT log_position, sequence, type, hash FROM raw.event ORDER BY log_position"
    ).fetchall()
    assert rows == [(r.position, r.sequence, r.type, r.hash) for r in played.engine.log.all()]
    assert (pulled.position, pulled.events) == (played.engine.log.position(), len(rows))


def test_given_a_pulled_log_when_pulled_again_then_nothing_is_new(
    played: Played, warehouse: duckdb.DuckDBPyConnection
) -> None:
    first = pull.pull(warehouse, played.engine)
    assert pull.pull(warehouse, played.engine) == pull.Pulled(first.position, 0)


def test_given_new_events_when_pulled_then_only_they_are_read(
    empty: Played, warehouse: duckdb.DuckDBPyConnection
) -> None:
    pull.pull(warehouse, empty.engine)
    empty.engine.start(play.session_of(empty.engine, "kari"), "samson", "arendal", "Arendal")
    after = empty.engine.log.position()
    assert pull.pull(warehouse, empty.engine) == pull.Pulled(after, after - 2)


def test_given_sealed_answers_when_pulled_then_they_are_nowhere_in_the_warehouse(
    empty: Played, examples: Path, warehouse: duckdb.DuckDBPyConnection
) -> None:
    collaboration = play.Collaboration(empty.engine, examples / "made_up_collaboration" / "collaboration.yaml")
    collaboration.prepare()
    empty.engine.handle(collaboration.facilitator, "fjordvik", c.Act("open_round"))
    items = empty.engine.definition("samson").forms["answers"].fields
    answers = {name: 4 for name, field in items.items() if field.score}
    member = play.session_of(empty.engine, "bjorn")
    empty.engine.handle(member, "fjordvik", c.Submit("answer.1.m2", {**answers, "power_1__comment": "kanarifugl"}))
    pull.pull(warehouse, empty.engine)
    rows = warehouse.execute("SELECT payload, withheld FROM raw.event WHERE payload LIKE '%answer.1.m2%'").fetchall()
    submitted = [payload for payload, withheld in rows if withheld]
    assert len(submitted) == 1
    assert not any(word in submitted[0] for word in ("power_1", 'sealed":', "kanarifugl"))
    assert count(warehouse, "SELECT count(*) FROM raw.revealed_payload") == 0


def test_given_a_reveal_when_pulled_then_the_answers_come_without_personal_texts(
    played: Played, warehouse: duckdb.DuckDBPyConnection
) -> None:
    pull.pull(warehouse, played.engine)
    rows = warehouse.execute("SELECT answers, visibility FROM raw.revealed_payload").fetchall()
    assert len(rows) == 18
    assert all('"power_1":' in answers and visibility == "open" for answers, visibility in rows)


def test_given_who_takes_part_when_pulled_then_no_name_is_in_the_warehouse(
    played: Played, warehouse: duckdb.DuckDBPyConnection
) -> None:
    pull.pull(warehouse, played.engine)
    people = [word for person in played.engine.people.all() for word in (person.id, person.name)]
    texts = " ".join(str(row) for row in warehouse.execute("SELECT * FROM raw.event").fetchall())
    assert [word for word in people if word in texts] == []


def test_given_a_decimal_of_eighteen_digits_when_pulled_then_every_digit_is_kept(
    empty: Played, examples: Path, warehouse: duckdb.DuckDBPyConnection
) -> None:
    leader = play.session_of(empty.engine, "kari")
    empty.engine.start(leader, "soimpact", "nsw", "NSW")
    facts = play.step_answers(examples / "nsw" / "answers", 1)
    assert isinstance(facts, dict)
    output = {"id": "course", "name": "Kurs", "unit": "kurs", "planned": 123456789012, "due": "2027-01-01"}
    empty.engine.handle(leader, "nsw", c.Submit("step_1.1", {**facts, "outputs": [output]}))
    connection = empty.warehouse()
    assert connection.execute("SELECT planned::VARCHAR FROM core.output").fetchone() == ("123456789012.000000",)


def test_given_the_log_was_replaced_when_pulled_then_it_is_read_anew(
    empty: Played, played: Played, warehouse: duckdb.DuckDBPyConnection
) -> None:
    pull.pull(warehouse, played.engine)
    pull.pull(warehouse, empty.engine)
    assert count(warehouse, "SELECT count(*) FROM raw.event") == 2
    assert count(warehouse, "SELECT count(*) FROM raw.revealed_payload") == 0


def test_given_a_pull_when_others_commit_meanwhile_then_nothing_is_lost(
    empty: Played, warehouse: duckdb.DuckDBPyConnection
) -> None:
    for number in range(20):
        empty.engine.start(play.session_of(empty.engine, f"p{number}"), "samson", f"process-{number}", "")
        pull.pull(warehouse, empty.engine)
    with closing(sqlite3.connect(empty.engine.log.path)) as reader:
        stored = reader.execute("SELECT count(*) FROM stored_events").fetchone()
    assert (count(warehouse, "SELECT count(*) FROM raw.event"),) == stored


# -- what was changed behind the engine's back ------------------------------------------------------------------------


def stored(played: Played, name: str) -> list[Record]:
    return list(played.engine.log.read(played.engine.stream(name)))


def put(played: Played, event: Record, body: bytes | None) -> None:
    """Have other bytes where an event stands, or nothing."""
    statement = (
        "UPDATE stored_events SET state=? WHERE originator_id=? AND originator_version=?"
        if body is not None
        else "DELETE FROM stored_events WHERE ?1 IS NULL AND originator_id=?2 AND originator_version=?3"
    )
    with closing(sqlite3.connect(played.engine.log.path)) as store, store:
        assert store.execute(statement, (body, event.stream.hex, event.sequence)).rowcount == 1


@pytest.fixture
def two(empty: Played) -> Played:
    """Two processes of which nobody has done anything yet."""
    for name in ("arendal", "grimstad"):
        empty.engine.start(play.session_of(empty.engine, "kari"), "samson", name, name)
    return empty


def reworded(event: Record) -> bytes:
    assert b'"recorded_at":"20' in event.body
    return event.body.replace(b'"recorded_at":"20', b'"recorded_at":"19')


def taken_in(connection: duckdb.DuckDBPyConnection, played: Played) -> dict[str, int]:
    rows = connection.execute("SELECT stream, max(sequence) FROM raw.event GROUP BY stream").fetchall()
    known = dict(rows)
    return {row["name"]: known.get(row["stream"], 0) for row in played.engine.processes()}


@pytest.mark.fault("F13")
@pytest.mark.parametrize(
    ("which", "damage", "whole"),
    [
        (0, "unreadable", 0),
        (0, "gone", 0),
        (0, "reworded", 1),
        (2, "unreadable", 2),
        (-1, "gone", -1),
        (-1, "reworded", -1),
    ],
)
def test_given_a_damaged_process_when_pulled_then_it_is_taken_in_up_to_there_and_named_and_the_others_are_whole(
    two: Played, warehouse: duckdb.DuckDBPyConnection, which: int, damage: str, whole: int
) -> None:
    arendal, grimstad = stored(two, "arendal"), stored(two, "grimstad")
    event = arendal[which]
    put(two, event, {"unreadable": b"[]", "reworded": reworded(event), "gone": None}[damage])
    pull.pull(warehouse, two.engine)
    expected = whole if whole >= 0 else len(arendal) + whole
    assert taken_in(warehouse, two) == {"arendal": expected, "grimstad": len(grimstad)}
    assert [(one.process, one.event) for one in pull.left_out(warehouse)] == [("arendal", expected + 1)]


@pytest.mark.fault("F13")
def test_given_a_process_that_breaks_off_when_figures_are_computed_then_they_know_of_it_up_to_there(
    two: Played,
) -> None:
    put(two, stored(two, "arendal")[1], b"[]")
    told = two.warehouse().execute("SELECT process, started_at IS NOT NULL FROM core.process ORDER BY ALL").fetchall()
    assert told == [("arendal", True), ("grimstad", True)]


@pytest.mark.fault("F13")
def test_given_a_process_that_was_left_out_when_the_log_is_whole_again_then_it_is_taken_in(
    two: Played, warehouse: duckdb.DuckDBPyConnection
) -> None:
    event = stored(two, "arendal")[1]
    put(two, event, b"[]")
    pull.pull(warehouse, two.engine)
    put(two, event, event.body)
    pulled = pull.pull(warehouse, two.engine)
    assert pull.left_out(warehouse) == []
    assert count(warehouse, "SELECT count(*) FROM raw.event") == two.engine.log.position() == pulled.events


@pytest.mark.fault("F13")
def test_given_a_process_changed_since_it_was_pulled_when_it_goes_on_unread_then_figures_keep_what_was_whole(
    two: Played, warehouse: duckdb.DuckDBPyConnection
) -> None:
    pull.pull(warehouse, two.engine)
    before = taken_in(warehouse, two)
    put(two, stored(two, "arendal")[1], b"[]")
    pull.pull(warehouse, two.engine)
    assert taken_in(warehouse, two) == before
    assert pull.left_out(warehouse) == []


@pytest.mark.fault("F13")
def test_given_a_published_template_damaged_when_pulled_then_refused_as_all_figures_rest_upon_it(
    two: Played, warehouse: duckdb.DuckDBPyConnection
) -> None:
    published = next(record for record in two.engine.log.all() if record.type == "bundle.published")
    put(two, published, b"[]")
    with pytest.raises(IntegrityFault, match="template or source"):
        pull.pull(warehouse, two.engine)
    assert count(warehouse, "SELECT count(*) FROM raw.event") == 0
