"""A person is erased: everywhere, for ever, whatever happens in the middle; and everybody else goes on (F20)."""

from __future__ import annotations

import resource
import shutil
import signal
import sqlite3
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from engine.engine import Engine
from engine.errors import IntegrityFault, KeyMissing, NotAllowed, NotFound, Refused, StoreError
from engine.personal import erasing
from engine.personal.erasing import reapply_erasures
from engine.process import commands as c
from engine.process import events as e
from engine.process.access import Actor, ToErase, may
from engine.store.erasures import Erasure, Erasures
from engine.store.verify import verify

pytestmark = pytest.mark.fault("F20")

REASON = "asked for it in a letter of 3 May"
CANARY = "Tante Olga bor i Storgata 7"


def erase(engine: Engine, handle: str, process: str | None = None) -> erasing.Erased:
    return erasing.erase(engine, erasing.plan(engine, engine.people.find(handle), process), REASON)


def lived(world: object) -> None:
    """ola and eva take part; ola has voted with a text of his own, and has a draft and an address."""
    world.to_voting()  # type: ignore[attr-defined]
    world.submit("ola", "vote.1.m2", {"score": 4, "why": CANARY})  # type: ignore[attr-defined]
    world.engine.people.notify(world.people["ola"].person, "ola@example.org")  # type: ignore[attr-defined]
    world.engine.save_draft(world.people["ola"], "p", "log.1", {"text": CANARY})  # type: ignore[attr-defined]


def texts(engine: Engine, name: str = "p") -> list[object]:
    """Every personal text of a process's submissions, as its authors read it."""
    state = engine.load(engine.stream(name)).state
    subjects = {m.subject for m in state.memberships.values()}
    found = [
        payload.personal
        for record in engine.log.read(state.stream)
        for subject in subjects
        if isinstance(payload := engine.payload(record, own=subject), e.FormSubmitted)
    ]
    return [text for text in found if text]


# -- what goes ---------------------------------------------------------------------------------------------------------


def test_given_a_person_when_erased_then_nobody_finds_them_and_they_cannot_sign_in(world) -> None:
    lived(world)
    token = world.engine.people.token(world.people["ola"].person, world.clock())
    erase(world.engine, "ola")
    with pytest.raises(NotFound):
        world.engine.people.find("ola")
    with pytest.raises(NotAllowed, match="not known here"):
        world.engine.people.sign_in(token, world.clock())


def test_given_a_person_when_erased_then_their_texts_are_gone_and_their_answers_stand(world) -> None:
    lived(world)
    erase(world.engine, "ola")
    assert CANARY not in str(texts(world.engine))
    world.submit("eva", "vote.1.m3", {"score": 5})  # the last one: the round is revealed
    state = world.state
    given = [world.engine.payload(r, opened=state.revealed) for r in world.engine.log.read(state.stream)]
    assert [p.answers for p in given if isinstance(p, e.FormSubmitted) and p.task == "vote"] == [
        {"score": 4},
        {"score": 5},
    ]


def test_given_a_person_when_erased_then_no_row_beside_the_events_is_theirs(world) -> None:
    lived(world)
    mark = world.engine.people.fingerprint(world.people["ola"].person.id)
    erase(world.engine, "ola")
    counted = {
        table: world.engine.log.query(f"SELECT count(*) AS n FROM {table} WHERE {column}=?", (mark,))[0]["n"]
        for table, column in (("draft", "person"), ("outbox", "person"), ("command", "actor"), ("member", "person"))
    }
    assert counted == {"draft": 0, "outbox": 0, "command": 0, "member": 0}
    sessions = world.engine.log.query("SELECT * FROM session WHERE person=?", (world.people["ola"].person.id,))
    assert sessions == []


def test_given_an_erasure_when_the_log_is_verified_then_every_chain_holds(world) -> None:
    lived(world)
    erase(world.engine, "ola")
    assert verify(world.engine.log).faults == ()


def test_given_an_erasure_when_history_is_told_then_it_says_erased_and_names_nobody(world) -> None:
    lived(world)
    erase(world.engine, "ola")
    lines = world.engine.history(world.people["kari"], "p", "en")
    assert [line.text for line in lines if line.type == "subject.erased"] == [
        "What was known of a person was erased (m2)"
    ]
    assert "Ola" not in str(lines)
    assert "erased" in {line.who for line in lines}


def test_given_an_erasure_when_its_event_is_read_then_it_holds_pseudonyms_only(world) -> None:
    lived(world)
    subject = world.state.memberships["m2"].subject
    done = erase(world.engine, "ola")
    (told,) = [r for r in world.engine.log.read(world.engine.stream("p")) if r.type == "subject.erased"]
    assert told.content()[1] == {"subject": subject, "erasure": done.erasure}


def test_given_an_erased_person_when_taken_up_anew_then_they_are_somebody_else(world) -> None:
    lived(world)
    before = world.people["ola"].person.id
    erase(world.engine, "ola")
    assert world.engine.people.add("ola", "Ola").id != before


# -- what goes on ------------------------------------------------------------------------------------------------------


def test_given_an_open_task_when_its_person_is_erased_then_the_process_goes_on_without_them(world) -> None:
    world.to_voting()
    world.submit("eva", "vote.1.m3", {"score": 5})
    assert "voting" in world.state.active
    erase(world.engine, "ola")
    assert "talk" in world.state.active
    assert world.state.instances["vote.1.m2"].status == "withdrawn"


def test_given_the_only_lead_when_erased_then_it_is_told_before_and_done(world) -> None:
    planned = erasing.plan(world.engine, world.people["kari"].person)
    assert [one.leaves_without_lead for one in planned.processes] == [True]
    erasing.erase(world.engine, planned, REASON)
    assert not world.state.memberships["m1"].active


def test_given_a_finished_process_when_one_of_its_people_is_erased_then_it_stays_so_without_their_row(world) -> None:
    world.to_voting()
    world.submit("ola", "vote.1.m2", {"score": 5})
    world.submit("eva", "vote.1.m3", {"score": 5})
    world.do("kari", c.Act("close_up"))
    erase(world.engine, "eva")
    assert (world.state.status, world.state.memberships["m3"].person) == ("finished", None)
    rows = world.engine.log.query("SELECT membership FROM member ORDER BY membership")
    assert [row["membership"] for row in rows] == ["m1", "m2"]


def test_given_one_membership_when_erased_then_the_person_stays_known_elsewhere(world) -> None:
    lived(world)
    world.engine.start(world.people["ola"], "small", "other", "En annen")
    erase(world.engine, "ola", "p")
    assert world.engine.people.find("ola").name == "Ola"
    assert CANARY not in str(texts(world.engine))
    assert world.engine.load(world.engine.stream("other")).state.memberships["m1"].person is not None


def test_given_somebody_else_than_the_operator_when_erasing_then_not_allowed(world) -> None:
    lived(world)
    subject = world.state.memberships["m2"].subject
    with pytest.raises(NotAllowed):
        world.do("kari", c.Erase(subject, "x"))
    assert not may(Actor(subject), ToErase(), world.state, world.engine.load(world.state.stream).definition).allowed


@pytest.mark.parametrize("reason", ["", "  ", "Ola ba om det", "brev fra ola@example.org."])
def test_given_a_reason_that_is_none_or_names_the_person_when_erasing_then_refused(world, reason: str) -> None:
    lived(world)
    planned = erasing.plan(world.engine, world.engine.people.find("ola"))
    with pytest.raises(Refused, match="reason"):
        erasing.erase(world.engine, planned, reason)
    assert world.engine.people.find("ola").name == "Ola"
    assert world.engine.erasures.all() == []


# -- whoever is at it meanwhile ----------------------------------------------------------------------------------------


def test_given_a_reader_with_the_process_open_when_somebody_is_erased_then_it_reads_erased(world) -> None:
    lived(world)
    reader = Engine.open(world.folder, clock=world.clock)
    stream = reader.stream("p")
    assert CANARY in str(texts(reader))
    erase(world.engine, "ola")
    assert CANARY not in str(texts(reader))
    assert reader.load(stream).state.memberships["m2"].person is None
    assert "erased" in {line.who for line in reader.history(world.people["kari"], "p", "en")}
    reader.close()


def test_given_somebody_who_reads_all_the_time_when_a_person_is_erased_then_text_or_erased_and_never_back(
    world,
) -> None:
    lived(world)
    seen: list[bool] = []
    faults: list[Exception] = []
    over = threading.Event()

    def read() -> None:
        reader = Engine.open(world.folder, clock=world.clock)
        try:
            while not over.is_set():
                seen.append(CANARY in str(texts(reader)))
                reader.history(world.people["kari"], "p", "en")
        except Exception as error:  # whatever it is, it is told below
            faults.append(error)
        finally:
            reader.close()

    reading = threading.Thread(target=read)
    reading.start()
    while len(seen) < 3 and reading.is_alive():
        time.sleep(0.01)
    erase(world.engine, "ola")
    after = len(seen) + 3
    while len(seen) < after and reading.is_alive():
        time.sleep(0.01)
    over.set()
    reading.join()
    assert faults == []
    assert seen == sorted(seen, reverse=True)  # readable, then erased for good
    assert (seen[0], seen[-1]) == (True, False)


def test_given_a_writer_that_knew_the_key_when_its_person_is_erased_then_nothing_is_written_under_it(world) -> None:
    lived(world)
    other = Engine.open(world.folder, clock=world.clock)
    session = world.people["ola"]
    other.save_draft(session, "p", "log.1", {"text": "mer"})
    erase(world.engine, "ola")
    with pytest.raises((KeyMissing, NotAllowed, Refused)):
        other.save_draft(session, "p", "log.1", {"text": "enda mer"})
    with pytest.raises(KeyMissing):
        other.people.notify(session.person, "ola@example.org")
    assert other.log.query("SELECT count(*) AS n FROM draft")[0]["n"] == 0
    other.close()


def test_given_a_person_who_joins_while_they_are_erased_when_done_then_that_is_erased_too(world) -> None:
    lived(world)
    planned = erasing.plan(world.engine, world.engine.people.find("ola"))
    world.engine.start(world.people["ola"], "small", "other", "En annen")
    world.engine.handle(world.people["ola"], "other", c.Submit("goal.1", {"text": "a", "aside": CANARY}))
    erasing.erase(world.engine, planned, REASON)
    assert CANARY not in str(texts(world.engine, "other"))
    assert world.engine.load(world.engine.stream("other")).state.memberships["m1"].person is None
    assert erasing.outstanding(world.engine) == []


def test_given_an_erased_person_who_is_signed_in_still_when_they_join_then_refused(world) -> None:
    lived(world)
    session = world.people["ola"]
    erase(world.engine, "ola")
    before = world.engine.log.position()
    with pytest.raises(KeyMissing, match="erased"):
        world.engine.start(session, "small", "other", "En annen")
    assert world.engine.log.position() == before


def test_given_a_process_in_quarantine_when_one_of_its_people_is_erased_then_keys_go_and_the_rest_when_it_is_whole(
    world,
) -> None:
    lived(world)
    stream = world.engine.stream("p")
    with sqlite3.connect(world.folder / "events.sqlite") as store:
        (whole,) = store.execute(
            "SELECT state FROM stored_events WHERE originator_id=? AND originator_version=5", (stream.hex,)
        ).fetchone()
        store.execute(
            "UPDATE stored_events SET state=? WHERE originator_id=? AND originator_version=5",
            (whole.replace(b"T09:", b"T10:"), stream.hex),
        )
    engine = Engine.open(world.folder, clock=world.clock)
    with pytest.raises(IntegrityFault):
        erase(engine, "ola")
    engine.close()
    engine = Engine.open(world.folder, clock=world.clock)
    assert [entry.is_done for entry in erasing.outstanding(engine)] == [False]
    assert CANARY not in str(engine.log.query("SELECT * FROM draft"))
    engine.close()
    with sqlite3.connect(world.folder / "events.sqlite") as store:
        store.execute(
            "UPDATE stored_events SET state=? WHERE originator_id=? AND originator_version=5", (whole, stream.hex)
        )
    mended = Engine.open(world.folder, clock=world.clock)
    assert erasing.outstanding(mended) == []
    assert "subject.erased" in [record.type for record in mended.log.read(stream)]
    mended.close()


def test_given_a_key_that_was_destroyed_when_somebody_would_make_it_anew_then_refused(world) -> None:
    person = world.person("ola").person
    erase(world.engine, "ola")
    with pytest.raises(KeyMissing, match="erased"):
        world.engine.keys.encrypt("person", person.id, b"x")


# -- killed in the middle, and backups from before ---------------------------------------------------------------------

STEPS = ["keys", "rows", "events", "compact"]
KILLED = textwrap.dedent(
    """
    import os, signal, sys
    from pathlib import Path
    from engine.engine import Engine
    from engine.personal import erasing
    from engine.store.keys import KeyFolder

    def die(*_, **__):
        os.kill(os.getpid(), signal.SIGKILL)

    folder, step = Path(sys.argv[1]), sys.argv[2]
    engine = Engine.open(folder, store_url=sys.argv[3] or None)
    store = type(engine.log)
    planned = erasing.plan(engine, engine.people.find("ola"))
    if step == "keys":
        KeyFolder.destroy = die
    elif step == "rows":
        store.write_rows = die
    elif step == "events":
        Engine.handle = die
    else:
        store.compact = die
    erasing.erase(engine, planned, "asked for it")
    """
)


@pytest.mark.parametrize("step", STEPS)
def test_given_a_kill_in_the_middle_when_the_workspace_is_opened_again_then_the_erasure_is_whole(
    store_url: str | None, new_world: Callable[..., Any], tmp_path: Path, step: str
) -> None:
    world = new_world(tmp_path / "data", store_url=store_url)
    lived(world)
    world.engine.close()
    ended = subprocess.run([sys.executable, "-c", KILLED, str(world.folder), step, store_url or ""], check=False)
    assert ended.returncode == -signal.SIGKILL
    engine = Engine.open(world.folder, store_url=store_url, clock=world.clock)
    try:
        assert erasing.outstanding(engine) == []
        assert [entry.is_done for entry in engine.erasures.all()] == [True]
        assert CANARY not in str(texts(engine))
        assert [r.type for r in engine.log.read(engine.stream("p"))].count("subject.erased") == 1
        assert verify(engine.log).faults == ()
    finally:
        engine.close()


@pytest.mark.parametrize("what", ["log and keys", "log", "keys"])
def test_given_a_backup_from_before_when_it_is_back_then_the_erasure_is_done_again_before_anything_is_served(
    world, tmp_path: Path, what: str
) -> None:
    lived(world)
    backup = tmp_path / "backup"
    world.engine.log.compact()
    shutil.copytree(world.folder, backup)
    erase(world.engine, "ola")
    world.engine.close()
    if "log" in what:
        for file in world.folder.glob("events.sqlite*"):
            file.unlink()
        shutil.copy(backup / "events.sqlite", world.folder)
    if "keys" in what:
        shutil.rmtree(world.folder / "keys")
        shutil.copytree(backup / "keys", world.folder / "keys")
    engine = Engine.open(world.folder, clock=world.clock)
    try:
        assert CANARY not in str(texts(engine))
        with pytest.raises(NotFound):
            engine.people.find("ola")
        assert not engine.load(engine.stream("p")).state.memberships["m2"].active
        assert reapply_erasures(engine) == []
    finally:
        engine.close()


def test_given_a_list_kept_elsewhere_when_taken_in_then_what_it_says_is_erased_here_too(world, tmp_path: Path) -> None:
    lived(world)
    copied = tmp_path / "copy"
    world.engine.log.compact()
    shutil.copytree(world.folder, copied)
    erase(world.engine, "ola")
    other = Engine.open(copied, clock=world.clock)
    try:
        assert other.people.find("ola").name == "Ola"
        other.erasures.take_in(world.folder / "erasures.jsonl")
        assert len(reapply_erasures(other)) == 1
        assert CANARY not in str(texts(other))
    finally:
        other.close()


def test_given_a_line_that_a_crash_cut_off_when_the_list_is_read_then_it_is_not_there(tmp_path: Path) -> None:
    file = tmp_path / "erasures.jsonl"
    file.write_bytes(b'{"id":"a","kind":"unit","at":"2026-01-01","by":"o","reason":"r","per')
    assert Erasures(file).all() == []


def test_given_a_list_kept_elsewhere_when_taken_in_twice_then_its_entries_are_there_once(tmp_path: Path) -> None:
    here, elsewhere = Erasures(tmp_path / "here.jsonl"), Erasures(tmp_path / "elsewhere.jsonl")
    entry = Erasure("a", "unit", "2026-01-01", "o", "r", units=("u1",))
    elsewhere.begin(entry)
    assert (here.take_in(elsewhere.path), here.take_in(elsewhere.path), here.all()) == ([entry], [], [entry])


def test_given_a_disk_with_room_for_half_a_line_when_an_erasure_begins_then_told_and_the_list_is_as_it_was(
    tmp_path: Path,
) -> None:
    erasures = Erasures(tmp_path / "erasures.jsonl")
    first, second = (Erasure(name, "unit", "2026-01-01", "o", "r", units=("u1",)) for name in ("a", "b"))
    erasures.begin(first)
    before, most = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (erasures.path.stat().st_size + 20, most))
    try:
        with pytest.raises(StoreError, match="cannot be written"):
            erasures.begin(second)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (before, most))
    assert erasures.all() == [first]
    erasures.begin(second)
    assert erasures.all() == [first, second]


@pytest.mark.slow
def test_given_kills_at_random_moments_when_opened_again_then_every_erasure_is_whole(
    tmp_path: Path, new_world: Callable[[Path], object]
) -> None:
    for turn in range(12):
        world = new_world(tmp_path / f"data{turn}")
        lived(world)
        world.engine.close()  # type: ignore[attr-defined]
        running = subprocess.Popen([sys.executable, "-c", KILLED, str(world.folder), "compact", ""])  # type: ignore[attr-defined]
        try:
            running.wait(timeout=0.9 + 0.07 * turn)
        except subprocess.TimeoutExpired:
            running.kill()
            running.wait()
        engine = Engine.open(world.folder, clock=world.clock)  # type: ignore[attr-defined]
        begun = engine.erasures.all()
        assert [entry.is_done for entry in begun] == [True] * len(begun)
        assert (CANARY in str(texts(engine))) == (not begun)
        assert verify(engine.log).faults == ()
        engine.close()
