"""What every store must do, on each of them: SQLite in a file, and PostgreSQL on a real server."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest

from engine import codec
from engine.engine import Engine
from engine.errors import Conflict, IntegrityFault, KeyMissing, Refused, StoreError, UsageError
from engine.personal import erasing
from engine.process import commands as c
from engine.store import worklists
from engine.store.address import create, open_log
from engine.store.belonging import admit, adopt
from engine.store.copying import compare
from engine.store.heads import check, head
from engine.store.keys import KeyFolder
from engine.store.log import CommandKey, Log, Record, Row
from engine.store.tables import FOLDS, KEPT, OF_PEOPLE, TABLES
from engine.store.verify import verify
from engine.template.plan import Plan
from engine.template.sources import BUILT_IN

PROCESS = "INSERT INTO process VALUES (?,?,?,?,?,?)"
SLOWLY: Row = ("SELECT pg_sleep(?)", (0.6,))
"""A row that keeps a transaction of PostgreSQL's open."""


@dataclass(frozen=True)
class Store:
    """A place for a store, which programs open by its URL."""

    kind: str
    url: str
    folder: Path

    def open(self) -> Log:
        return open_log(self.url, self.folder / "data")


@pytest.fixture(params=["sqlite", "postgres"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    """An empty store with its tables."""
    url = f"sqlite:///{tmp_path}/log.sqlite"
    if request.param == "postgres":
        url = request.getfixturevalue("new_database")()
    create(url, tmp_path / "data").close()
    return Store(request.param, url, tmp_path)


@pytest.fixture
def log(store: Store) -> Iterator[Log]:
    opened = store.open()
    yield opened
    opened.close()


@pytest.fixture
def world(store: Store, new_world: Callable[..., Any]) -> Iterator[Any]:
    """The small template and a process in it, over the store."""
    made = new_world(store.folder / "data", store_url=store.url)
    yield made
    made.engine.close()


@pytest.fixture
def other(store: Store, world: Any) -> Iterator[Engine]:
    """A second engine on the same store."""
    opened = Engine.open(world.folder, store_url=store.url, clock=world.clock)
    yield opened
    opened.close()


def event(stream: UUID, sequence: int, text: str = "") -> Record:
    return Record(stream, sequence, "thing.happened", codec.dumps({"e": {"sequence": sequence}, "p": {"text": text}}))


def everything(log: Log) -> dict[str, Any]:
    """All that is in a store, table by table, whatever order it is kept in."""
    rows = {name: sorted(map(str, log.query(f"SELECT * FROM {name}"))) for name in TABLES}
    return {**rows, "events": list(log.all())}


# -- events, rows and keys ------------------------------------------------------------------------------------------------


def test_given_events_when_read_by_stream_and_by_position_then_byte_by_byte_and_in_order(log: Log) -> None:
    one, two = uuid4(), uuid4()
    first, second, third = event(one, 1, "æøå \0 😀"), event(two, 1), event(one, 2, "x" * 100_000)
    log.append([first])
    log.append([second])
    log.append([third])
    assert log.read(one) == [first, third]
    assert (log.read(one, after=1), log.read(one, until=1), log.read(uuid4())) == ([third], [first], [])
    assert list(log.all()) == [replace(r, position=n) for n, r in enumerate((first, second, third), 1)]
    assert [r.position for r in log.all(after=1)] == [2, 3]
    assert log.position() == 3
    assert log.head(one) == (2, third.hash)
    assert log.heads() == {one: (2, third.hash), two: (1, second.hash)}


def test_given_an_empty_log_when_read_then_nothing_is_there(log: Log) -> None:
    assert (log.position(), list(log.all()), log.heads(), log.head(uuid4())) == (0, [], {}, (0, ""))


@pytest.mark.parametrize("size", [1, 2, 3, 7])
def test_given_pages_of_a_size_when_read_then_all_of_them_once(log: Log, size: int) -> None:
    stream = uuid4()
    log.append([event(stream, number) for number in range(1, 8)])
    pages = list(log.pages(after=1, size=size))
    assert [record.position for page in pages for record in page] == [2, 3, 4, 5, 6, 7]
    assert all(0 < len(page) <= size for page in pages)


@pytest.mark.fault("F7")
def test_given_a_sequence_that_is_taken_when_appended_then_a_conflict_and_no_row_of_it(log: Log) -> None:
    stream = uuid4()
    log.append([event(stream, 1)])
    before = everything(log)
    with pytest.raises(Conflict):
        log.append(
            [event(stream, 1, "late")],
            rows=[(PROCESS, ("late", "s", "t", "b", "T", "running"))],
            key=CommandKey(stream, "a", "late", "f", b"{}"),
        )
    assert everything(log) == before


def test_given_several_events_of_which_one_is_taken_when_appended_then_none_is_there(log: Log) -> None:
    stream = uuid4()
    log.append([event(stream, 2)])
    with pytest.raises(Conflict):
        log.append([event(stream, 1), event(stream, 2)])
    assert [record.sequence for record in log.read(stream)] == [2]


def test_given_a_key_when_looked_up_then_the_answer_and_used_again_a_conflict(log: Log) -> None:
    stream = uuid4()
    key = CommandKey(stream, "a", "one", "f", b'{"n":1}')
    log.append([event(stream, 1)], key=key)
    assert log.command(stream, "a", "one") == key
    assert log.command(stream, "b", "one") is None
    before = everything(log)
    with pytest.raises(Conflict):
        log.append([event(stream, 2)], key=key)
    assert everything(log) == before


def test_given_a_row_that_cannot_be_written_when_appended_then_the_events_are_not_there_either(log: Log) -> None:
    row = (PROCESS, ("p", "s", "t", "b", "T", "running"))
    log.write_rows([row])
    before = everything(log)
    with pytest.raises(Conflict):
        log.append([event(uuid4(), 1)], rows=[row])
    assert everything(log) == before


def test_given_a_position_that_has_passed_when_rows_are_written_at_it_then_a_conflict(log: Log) -> None:
    log.append([event(uuid4(), 1)])
    log.write_rows([(PROCESS, ("p", "s", "t", "b", "T", "running"))], at=1)
    log.append([event(uuid4(), 1)])
    before = everything(log)
    with pytest.raises(Conflict):
        log.write_rows([(PROCESS, ("q", "r", "t", "b", "T", "running"))], at=1)
    assert everything(log) == before


def test_given_texts_in_a_table_when_sorted_then_by_their_bytes_on_every_store(log: Log) -> None:
    names = ["b", "a-b", "ab", "B", "å", "_a", "10", "9"]
    log.write_rows([(PROCESS, (name, name, "t", "b", "100% ?", "running")) for name in names])
    found = log.query("SELECT name FROM process WHERE title = '100% ?' AND title LIKE '%?' ORDER BY name")
    assert [row["name"] for row in found] == sorted(names, key=str.encode)


def test_given_a_writer_that_failed_when_the_next_one_writes_then_positions_have_no_gap(log: Log) -> None:
    stream = uuid4()
    log.append([event(stream, 1)])
    for _ in range(3):
        with pytest.raises(Conflict):
            log.append([event(stream, 1)])
    log.append([event(stream, 2)])
    assert [record.position for record in log.all()] == [1, 2]


# -- many writers ---------------------------------------------------------------------------------------------------------


def test_given_writers_at_once_when_somebody_reads_on_by_position_then_no_event_is_skipped(store: Store) -> None:
    """The reader asks all the time for what comes after the last event it saw; in the end it has seen every one."""
    writers, each = 6, 40
    logs = [store.open() for _ in range(writers)]
    reader = store.open()
    failed: list[BaseException] = []

    def write(log: Log) -> None:
        stream = uuid4()
        try:
            for sequence in range(1, each + 1, 2):
                log.append([event(stream, sequence), event(stream, sequence + 1)])
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=write, args=(log,)) for log in logs]
    for thread in threads:
        thread.start()
    seen: list[Record] = []
    while any(thread.is_alive() for thread in threads) or reader.position() > len(seen):
        seen += reader.all(after=seen[-1].position if seen else 0)
    for thread in threads:
        thread.join()
    assert failed == []
    assert [record.position for record in seen] == list(range(1, writers * each + 1))
    assert seen == list(reader.all())
    for log in (*logs, reader):
        log.close()


def test_given_an_event_not_yet_committed_when_another_writes_then_it_waits_and_readers_never_see_it_first(
    new_database: Callable[[], str], tmp_path: Path
) -> None:
    """Where positions were given before commits without waiting, the second would be seen while the first is not."""
    url = new_database()
    slow, quick, reader = create(url, tmp_path), open_log(url, tmp_path), open_log(url, tmp_path)
    one, two = uuid4(), uuid4()
    first = threading.Thread(target=slow.append, args=([event(one, 1)],), kwargs={"rows": [SLOWLY]})
    second = threading.Thread(target=quick.append, args=([event(two, 1)],))
    first.start()
    held = "SELECT 1 FROM pg_locks WHERE locktype='advisory' AND granted AND database="
    while not reader.query(f"{held}(SELECT oid FROM pg_database WHERE datname=current_database())"):
        time.sleep(0.01)
    second.start()
    looks = []
    while first.is_alive() or second.is_alive():
        looks.append([record.stream for record in reader.all()])
    looks.append([record.stream for record in reader.all()])
    assert looks[0] == []
    assert looks[-1] == [one, two]
    assert [two] not in looks
    for log in (slow, quick, reader):
        log.close()


@pytest.mark.fault("F7")
def test_given_two_writers_on_one_stream_when_both_append_then_one_of_them_is_told(store: Store) -> None:
    stream = uuid4()
    outcomes: list[str] = []
    start = threading.Barrier(2)

    def write(log: Log) -> None:
        start.wait()
        try:
            log.append([event(stream, 1)])
            outcomes.append("stored")
        except Conflict:
            outcomes.append("conflict")

    logs = [store.open(), store.open()]
    threads = [threading.Thread(target=write, args=(log,)) for log in logs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["conflict", "stored"]
    assert logs[0].position() == 1
    for log in logs:
        log.close()


def test_given_a_store_that_is_held_when_somebody_writes_then_they_wait_and_readers_do_not(store: Store) -> None:
    holder, writer = store.open(), store.open()
    waiting = threading.Thread(target=writer.append, args=([event(uuid4(), 1)],))
    with holder.held():
        waiting.start()
        time.sleep(0.3)
        assert (holder.position(), waiting.is_alive()) == (0, True)
    waiting.join()
    assert holder.position() == 1
    holder.close()
    writer.close()


# -- the engine over it -----------------------------------------------------------------------------------------------------


def test_given_a_process_when_it_is_lived_then_started_answered_timed_and_told(world: Any) -> None:
    world.to_voting()
    kari = world.person("kari")
    world.submit("ola", "vote.1.m2", {"score": 5, "why": "derfor"})
    assert [item.instance for item in world.engine.tasks(world.person("eva"), "p")] == ["vote.1.m3", "log.1"]
    world.clock.now += timedelta(days=15)
    assert worklists.due_processes(world.engine.log, world.clock()) == ["p"]
    world.engine.tick()
    world.do("kari", c.Act("close"))
    assert list(world.state.active) == ["work", "talk"]
    world.submit("kari", "minutes.1", {"text": "Vi snakket."})
    world.do("kari", c.Act("close_up"))
    assert world.state.status == "finished"
    lines = world.engine.history(kari, "p", "en")
    assert [line.sequence for line in lines] == list(range(1, world.state.sequence + 1))
    assert world.engine.tasks(kari, "p") == []
    assert world.engine.processes()[0]["status"] == "finished"
    assert not verify(world.engine.log).faults


@pytest.mark.fault("F2")
def test_given_an_answered_command_when_sent_again_then_the_same_answer_and_no_second_event(world: Any) -> None:
    first = world.do("kari", c.AddParty("town", "Byen"), command_id="one")
    again = world.do("kari", c.AddParty("town", "Byen"), command_id="one")
    assert (again.first, again.last, again.hash, again.replayed) == (first.first, first.last, first.hash, True)
    with pytest.raises(Refused, match="something else"):
        world.do("kari", c.AddParty("club", "Klubben"), command_id="one")


def test_given_another_writer_between_reading_and_writing_when_it_still_makes_sense_then_decided_again(
    world: Any, other: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    append, kari = world.engine.log.append, world.person("kari")

    def late(*arguments: Any, **options: Any) -> None:
        monkeypatch.setattr(world.engine.log, "append", append)
        other.handle(kari, "p", c.AddParty("first", "Først"))
        append(*arguments, **options)

    monkeypatch.setattr(world.engine.log, "append", late)
    world.do("kari", c.AddParty("second", "Etterpå"))
    assert list(world.state.parties) == ["first", "second"]
    assert not verify(world.engine.log).faults


def test_given_work_lists_when_made_again_then_they_are_the_same_and_drafts_stay(world: Any) -> None:
    world.to_voting()
    world.engine.save_draft(world.person("ola"), "p", "vote.1.m2", {"score": 3})
    before = everything(world.engine.log)
    assert world.engine.rebuild_worklists() == 1
    assert everything(world.engine.log) == before


def test_given_a_person_when_erased_then_their_rows_are_gone_and_everything_else_stands(world: Any) -> None:
    world.to_voting()
    world.engine.save_draft(world.people["ola"], "p", "log.1", {"text": "halvferdig"})
    planned = erasing.plan(world.engine, world.engine.people.find("ola"))
    done = erasing.erase(world.engine, planned, "asked for it")
    assert world.engine.log.query("SELECT count(*) AS n FROM draft")[0]["n"] == 0
    assert [person.handle for person in world.engine.people.all()] == ["eva", "kari"]
    assert set(done.events) == {world.engine.stream("p").hex}
    assert erasing.outstanding(world.engine) == []
    assert verify(world.engine.log).faults == ()
    world.submit("eva", "vote.1.m3", {"score": 5})


def test_given_every_table_when_it_names_a_person_then_it_is_written_anew_when_somebody_is_erased() -> None:
    naming = {name for name, made in TABLES.items() if " person TEXT" in made or " actor TEXT" in made}
    assert naming | {"person"} == set(OF_PEOPLE)


def test_given_a_draft_when_saved_in_two_tabs_then_the_second_is_told_and_submitting_ends_it(world: Any) -> None:
    world.to_voting()
    ola = world.person("ola")
    first = world.engine.save_draft(ola, "p", "vote.1.m2", {"score": 3}, version=0)
    world.engine.save_draft(ola, "p", "vote.1.m2", {"score": 4}, version=first.version)
    with pytest.raises(Conflict):
        world.engine.save_draft(ola, "p", "vote.1.m2", {"score": 5}, version=first.version)
    assert world.engine.draft(ola, "p", "vote.1.m2").answers == {"score": 4}
    world.submit("ola", "vote.1.m2", {"score": 4})
    assert world.engine.draft(ola, "p", "vote.1.m2") is None


RENAMED = ("  aside: {title", "  beside: {x-id: aside, title")


@pytest.mark.parametrize(
    ("changes", "parts", "name"),
    [((), {}, "goal.1"), ((("      goal: ", "      aim: "), ("tasks.goal", "tasks.aim"), ("answers.goal", "answers.aim")),
      {"tasks": {"goal": "aim"}}, "aim.1")],
    ids=["fields", "fields and task"],
)  # fmt: skip
def test_given_a_draft_when_a_migration_renames_its_fields_then_it_can_be_handed_in_and_so_when_taken_back(
    world: Any, publish: Callable[..., str], changes: Any, parts: Any, name: str
) -> None:
    kari = world.person("kari")
    world.engine.save_draft(kari, "p", "goal.1", {"text": "halvferdig", "aside": "for meg selv"})
    digest = publish(*changes, form=("note", *RENAMED))
    world.do("kari", c.Migrate(digest, "Nye navn", Plan(template="small", to="1.1.0", **parts)))
    draft = world.engine.draft(kari, "p", name)
    assert (draft.version, draft.answers) == (1, {"text": "halvferdig", "beside": "for meg selv"})
    world.engine.preview(kari, "p", c.Submit(name, draft.answers))
    world.do("kari", c.UndoMigration("Feil versjon"))
    draft = world.engine.draft(kari, "p", "goal.1")
    assert draft.answers == {"text": "halvferdig", "aside": "for meg selv"}
    world.do("kari", c.Submit("goal.1", draft.answers))


def test_given_a_draft_gone_on_with_after_a_migration_when_taken_back_then_what_was_added_is_there(
    world: Any, publish: Callable[..., str]
) -> None:
    kari = world.person("kari")
    world.engine.save_draft(kari, "p", "goal.1", {"aside": "for meg selv"})
    digest = publish(form=("note", *RENAMED))
    world.do("kari", c.Migrate(digest, "Nye navn", Plan(template="small", to="1.1.0")))
    world.engine.save_draft(kari, "p", "goal.1", {"text": "mer", "beside": "for meg"}, version=1)
    assert [draft.answers for _, draft in world.engine.drafts_of(kari.person)] == [{"text": "mer", "beside": "for meg"}]
    world.do("kari", c.UndoMigration("Feil versjon"))
    assert world.engine.draft(kari, "p", "goal.1").answers == {"text": "mer", "aside": "for meg"}


def test_given_a_draft_that_an_earlier_samskap_kept_when_read_then_it_is_as_it_was_written(world: Any) -> None:
    kari = world.person("kari")
    world.engine.save_draft(kari, "p", "goal.1", {"text": "ny"})
    body = world.engine.keys.encrypt("person", kari.person.id, codec.dumps({"text": "gammel"}))
    world.engine.log.write_rows([("UPDATE draft SET body=?", (body,))])
    assert world.engine.draft(kari, "p", "goal.1").answers == {"text": "gammel"}


def test_given_people_when_added_then_found_by_handle_and_a_handle_is_given_once(world: Any, other: Engine) -> None:
    world.engine.people.add("åse", "Åse Øvergård", "nn")
    assert other.people.find("åse").name == "Åse Øvergård"
    with pytest.raises(Conflict, match="already"):
        other.people.add("åse", "En annen")
    assert [person.handle for person in world.engine.people.all()] == ["kari", "åse"]


def test_given_an_incident_when_listed_then_with_and_without_a_process(world: Any) -> None:
    world.do("kari", c.AddParty("town", "Byen"))
    assert worklists.incidents(world.engine.log) == worklists.incidents(world.engine.log, "p")


WRITER = """
import sys
from pathlib import Path
from engine.engine import Engine
from engine.process import commands as c
engine = Engine.open(Path(sys.argv[1]), store_url=sys.argv[2])
kari = engine.people.sign_in(sys.argv[3], engine.clock())
for number in range(1000):
    party = f"{sys.argv[4]}_{number}"
    engine.handle(kari, "p", c.AddParty(party, party), command_id=party)
    print(party, flush=True)
"""


@pytest.mark.fault("F1")
@pytest.mark.slow
def test_given_kills_at_any_moment_when_opened_again_then_every_acknowledged_event_is_there_once(
    world: Any, store: Store
) -> None:
    token = world.engine.people.token(world.person("kari").person, world.clock() + timedelta(days=3650))
    dice = random.Random(20261124)
    acknowledged: list[str] = []
    for number in range(15):
        command = [sys.executable, "-c", WRITER, str(world.folder), store.url, token, f"r{number}"]
        one = subprocess.Popen(command, cwd=BUILT_IN, stdout=subprocess.PIPE, text=True)
        assert one.stdout is not None
        first = one.stdout.readline().strip()
        time.sleep(dice.uniform(0, 0.12))
        os.kill(one.pid, signal.SIGKILL)
        rest, _ = one.communicate(timeout=280)
        acknowledged += [first, *(line for line in rest.split("\n")[:-1] if line)]  # without its end it was cut off
    fresh = Engine.open(world.folder, store_url=store.url, clock=world.clock)
    found = list(fresh.load(fresh.stream("p")).state.parties)
    assert len(acknowledged) >= 15
    assert set(acknowledged) <= set(found)
    assert len(found) == len(set(found))
    assert not verify(fresh.log).faults
    assert [record.position for record in fresh.log.all()] == list(range(1, fresh.log.position() + 1))
    fresh.close()


# -- whose it is ------------------------------------------------------------------------------------------------------------


@pytest.fixture
def keys_of_another(store: Store) -> Path:
    """The data folder of a workspace that is in use, with keys of its own, and no store."""
    made = KeyFolder(store.folder / "another" / "keys")
    for name in ("operator", "people"):
        made.ensure("workspace", name)
    return store.folder / "another"


@pytest.fixture
def keys_of_nobody_yet(store: Store) -> Path:
    """The data folder of a workspace that was just made."""
    KeyFolder(store.folder / "fresh" / "keys").ensure("workspace", "operator")
    return store.folder / "fresh"


@pytest.mark.parametrize("whose", ["keys_of_another", "keys_of_nobody_yet"])
@pytest.mark.parametrize("is_from_before", [False, True])
def test_given_a_store_when_a_workspace_with_other_keys_opens_it_then_refused_and_untouched(
    world: Any, store: Store, request: pytest.FixtureRequest, whose: str, is_from_before: bool
) -> None:
    folder = request.getfixturevalue(whose)
    if is_from_before:
        world.engine.log.write_rows([("DELETE FROM belonging", ())])
    before = everything(world.engine.log), sorted(folder.rglob("*"))
    with pytest.raises(KeyMissing, match="other keys") as caught:
        Engine.open(folder, store_url=store.url, clock=world.clock)
    assert "store adopt" in caught.value.hint
    assert (everything(world.engine.log), sorted(folder.rglob("*"))) == before


def test_given_a_store_from_before_when_its_workspace_opens_it_then_it_is_known_whose_it_is(
    world: Any, store: Store
) -> None:
    marked = everything(world.engine.log)
    world.engine.log.write_rows([("DELETE FROM belonging", ())])
    Engine.open(world.folder, store_url=store.url, clock=world.clock).close()
    assert everything(world.engine.log) == marked


def test_given_a_store_when_looked_for_what_tells_whose_it_is_then_no_key_is_in_it(world: Any) -> None:
    (row,) = world.engine.log.query("SELECT * FROM belonging")
    key = world.engine.keys.raw("workspace", "people")
    assert row["mark"]
    assert row["mark"] not in key.hex()
    assert row["mark"] != sha256(key).hexdigest()[: len(row["mark"])]


def test_given_two_workspaces_just_made_when_both_begin_on_a_store_then_it_is_the_firsts(
    store: Store, keys_of_nobody_yet: Path
) -> None:
    KeyFolder(store.folder / "first" / "keys").ensure("workspace", "operator")
    first = Engine.open(store.folder / "first", store_url=store.url)
    second = Engine.open(keys_of_nobody_yet, store_url=store.url)
    first.people.add("kari", "Kari")
    with pytest.raises(KeyMissing, match="other keys"):
        second.people.add("kari", "En annen Kari")
    assert [person.name for person in first.people.all()] == ["Kari"]
    for engine in (first, second):
        engine.close()
    with pytest.raises(KeyMissing):
        Engine.open(keys_of_nobody_yet, store_url=store.url)


@pytest.mark.fault("F27")
def test_given_keys_lost_for_good_when_said_so_then_people_go_on_with_new_ones_and_the_old_ones_are_kept_out(
    world: Any, store: Store
) -> None:
    lost = store.folder / "lost"
    lost.mkdir()
    engine = Engine.open(lost, store_url=store.url, clock=world.clock)
    assert engine.load(engine.stream("p")).state.status == "running"
    with pytest.raises(KeyMissing, match="other keys"):
        engine.people.add("ny", "Ny Person")
    assert list(lost.rglob("*.key")) == []
    engine.close()
    assert adopt(world.engine.log, KeyFolder(lost / "keys"))
    engine = Engine.open(lost, store_url=store.url, clock=world.clock)
    engine.people.add("ny", "Ny Person")
    engine.close()
    Engine.open(lost, store_url=store.url, clock=world.clock).close()
    with pytest.raises(KeyMissing, match="other keys"):
        Engine.open(world.folder, store_url=store.url, clock=world.clock)


# -- from one to the other --------------------------------------------------------------------------------------------------


@pytest.fixture(params=["sqlite", "postgres"])
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Log]:
    """An empty store to copy to."""
    url = f"sqlite:///{tmp_path}/copy.sqlite"
    if request.param == "postgres":
        url = request.getfixturevalue("new_database")()
    made = create(url, tmp_path / "data")
    yield made
    made.close()


def lived(world: Any) -> None:
    world.to_voting()
    world.engine.save_draft(world.person("ola"), "p", "vote.1.m2", {"score": 3})
    world.submit("eva", "vote.1.m3", {"score": 5, "why": "derfor"})


def test_given_a_store_when_copied_then_all_of_it_is_there_and_life_goes_on(world: Any, empty: Log) -> None:
    lived(world)
    kept = head(world.engine.log)
    copied = world.engine.copy_store(empty)
    assert copied.events == world.engine.log.position()
    assert everything(empty) == everything(world.engine.log)
    assert compare(world.engine.log, empty) == []
    check(empty, kept)  # a head that was kept elsewhere holds for the copy, too
    moved = Engine(empty, world.engine.keys, clock=world.clock)
    replayed = moved.draft(world.person("ola"), "p", "vote.1.m2")
    assert replayed is not None
    assert replayed.answers == {"score": 3}
    moved.handle(world.person("ola"), "p", c.Submit("vote.1.m2", {"score": 3}, None))
    assert empty.position() > copied.events
    assert [r.position for r in empty.all()] == list(range(1, empty.position() + 1))
    assert not verify(empty).faults


def test_given_a_store_when_copied_then_the_copy_is_its_workspaces_and_no_others(
    world: Any, empty: Log, keys_of_another: Path
) -> None:
    world.engine.copy_store(empty)
    admit(empty, world.engine.keys)
    with pytest.raises(KeyMissing, match="other keys"):
        admit(empty, KeyFolder(keys_of_another / "keys"))


def test_given_an_answered_command_when_sent_again_to_the_copy_then_it_is_known_there(world: Any, empty: Log) -> None:
    first = world.do("kari", c.AddParty("town", "Byen"), command_id="one")
    world.engine.copy_store(empty)
    moved = Engine(empty, world.engine.keys, clock=world.clock)
    again = moved.handle(world.person("kari"), "p", c.AddParty("town", "Byen"), command_id="one")
    assert (again.last, again.replayed) == (first.last, True)


@pytest.mark.fault("F4")
def test_given_a_copy_that_breaks_off_when_done_again_then_nothing_was_left_and_it_works(
    world: Any, empty: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    lived(world)
    made = world.engine.read_models

    def broken() -> Iterator[list[Row]]:
        yield from made()
        raise KeyboardInterrupt

    monkeypatch.setattr(world.engine, "read_models", broken)
    with pytest.raises(KeyboardInterrupt):
        world.engine.copy_store(empty)
    assert not any(everything(empty).values())
    monkeypatch.undo()
    world.engine.copy_store(empty)
    assert everything(empty) == everything(world.engine.log)


def test_given_a_source_that_fails_among_its_events_when_copied_then_the_target_is_empty(
    world: Any, empty: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    pages = world.engine.log.pages
    calls: list[int] = []

    def failing(**options: Any) -> Iterator[list[Record]]:
        calls.append(1)
        if len(calls) == 1:  # the check before
            yield from pages(**options)
            return
        yield next(pages(after=0, size=2))
        raise StoreError("the disk fails")

    monkeypatch.setattr(world.engine.log, "pages", failing)
    with pytest.raises(StoreError, match="the disk fails"):
        world.engine.copy_store(empty)
    assert not any(everything(empty).values())


def test_given_a_store_with_something_in_it_when_copied_to_then_refused_and_untouched(world: Any, empty: Log) -> None:
    Engine(empty, world.engine.keys).people.add("per", "Per")
    before = everything(empty)
    with pytest.raises(Conflict, match="not empty"):
        world.engine.copy_store(empty)
    assert everything(empty) == before


def test_given_a_store_when_copied_onto_itself_then_refused_at_once(world: Any, other: Engine) -> None:
    with pytest.raises(UsageError):
        world.engine.copy_store(other.log)


def test_given_a_log_that_was_changed_when_copied_then_refused_and_nothing_copied(world: Any, empty: Log) -> None:
    stream = world.engine.stream("p")
    world.engine.log.write_rows([("UPDATE head SET hash=? WHERE stream=?", ("0" * 64, stream.hex))])
    with pytest.raises(IntegrityFault):
        world.engine.copy_store(empty)
    assert not any(everything(empty).values())


def test_given_a_source_that_went_on_when_compared_then_the_stream_is_named(world: Any, empty: Log) -> None:
    world.engine.copy_store(empty)
    world.do("kari", c.AddParty("town", "Byen"))
    (difference,) = compare(world.engine.log, empty)
    assert difference.stream == world.engine.stream("p").hex
    assert difference.source[0] > difference.target[0]


def test_given_a_copy_that_was_changed_when_compared_then_told_where(world: Any, empty: Log) -> None:
    world.engine.copy_store(empty)
    empty.write_rows([("UPDATE head SET hash=? WHERE stream=?", ("0" * 64, world.engine.stream("p").hex))])
    with pytest.raises(IntegrityFault, match="does not hold"):
        compare(world.engine.log, empty)


def test_given_every_table_when_a_store_is_copied_then_it_is_kept_or_a_fold() -> None:
    assert set(TABLES) == {"head", "snapshot"} | set(KEPT) | set(FOLDS)


@pytest.mark.parametrize("name", [*KEPT, *FOLDS])
def test_given_a_tables_statements_when_read_then_they_are_of_that_table_and_of_its_key(name: str) -> None:
    """A statement copied from another table would empty, or copy, that."""
    table = (KEPT | FOLDS)[name]
    assert (table.page.split()[3], table.insert.split()[2], table.empty.split()[2]) == (name, name, name)
    assert f"ORDER BY {', '.join(table.key)} LIMIT" in table.page
    declared = TABLES[name].partition("PRIMARY KEY (")[2].partition(")")[0]
    assert declared in ("", ", ".join(table.key))


def test_given_more_rows_than_a_page_when_copied_then_each_comes_once(
    world: Any, empty: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.store.copying.PAGE", 2)
    for number in range(7):
        world.do("kari", c.AddParty(f"party_{number}", "P"))
        world.person(f"person_{number}")
    world.engine.copy_store(empty)
    assert everything(empty) == everything(world.engine.log)


def test_given_the_canonical_codec_when_bytes_are_stored_then_the_hash_is_that_of_the_bytes(log: Log) -> None:
    stream, body = uuid4(), codec.dumps({"e": {"n": codec.number("0.10")}, "p": {}})
    log.append([Record(stream, 1, "thing.happened", body)])
    assert log.read(stream)[0].body == body
