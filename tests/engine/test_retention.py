"""How long processes are kept, what is due when, and disposing of one; nothing is destroyed by itself."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from engine.engine import stream_of
from engine.errors import NotFound, Refused
from engine.export import archive, bag
from engine.export.source import whole
from engine.personal import disposing, erasing, retention
from engine.process import commands as c
from engine.process import events as e
from engine.store.verify import verify
from engine.template import bundle
from engine.template.calendars import kept_until
from engine.template.model import Calendar, period

if TYPE_CHECKING:
    World = Any  # the class stands in conftest.py, which cannot be imported

CANARY = "Tante Olga bor i Storgata 7"


# -- counting ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("start", "keep", "last"),
    [
        ("2026-03-02T09:00+00:00", "P5Y", "2031-03-02"),
        ("2024-02-29T12:00+00:00", "P1Y", "2025-02-28"),
        ("2024-02-29T12:00+00:00", "P4Y", "2028-02-29"),
        ("2026-01-31T12:00+00:00", "P1M", "2026-02-28"),
        ("2026-10-31T12:00+00:00", "P18M", "2028-04-30"),
        ("2026-12-31T23:30+00:00", "P1Y", "2028-01-01"),  # already the next year in Oslo
        ("2026-03-02T09:00+00:00", "P1Y6M10D", "2027-09-12"),
    ],
)
def test_given_a_period_when_counted_then_its_last_day_is_that_of_the_calendar(
    start: str, keep: str, last: str
) -> None:
    assert kept_until(datetime.fromisoformat(start), keep, Calendar()) == date.fromisoformat(last)


@pytest.mark.parametrize("text", ["5Y", "P", "P5W", "PT5H", "P5D3Y", "five years", ""])
def test_given_what_is_no_period_when_read_then_refused(text: str) -> None:
    with pytest.raises(ValueError, match="no period"):
        period(text)


# -- what is due -------------------------------------------------------------------------------------------------------


def make(new_world: Any, write_small: Any, text: str, folder: Path, keys: str) -> World:
    """The small world under a version that says how long it is kept, with a process `p` on the version before."""
    found = new_world(folder / "data")
    text = text.replace("version: 1.0.0", "version: 1.1.0")
    text = text.replace("vars: {", f"retention: {{{keys}, basis: {{nb: Fordi, nn: Fordi, en: Because}}}}\nvars: {{")
    found.engine.publish(bundle.read("small", [write_small(folder / "config", text)]))
    found.to_voting()
    found.submit("ola", "vote.1.m2", {"score": 5, "why": CANARY})
    return found


@pytest.fixture
def keeping(
    new_world: Callable[..., World], write_small: Callable[..., Path], small_text: str, tmp_path: Path
) -> Iterator[Callable[[str], World]]:
    made: list[World] = []

    def build(keys: str) -> World:
        made.append(make(new_world, write_small, small_text, tmp_path, keys))
        return made[-1]

    yield build
    for world in made:
        world.engine.close()


def finish(world: World) -> None:
    world.submit("eva", "vote.1.m3", {"score": 5})
    world.do("kari", c.Act("close_up"))


def test_given_a_process_that_goes_on_when_listed_then_its_time_has_not_begun(keeping: Callable[[str], World]) -> None:
    world = keeping("keep: P5Y")
    assert retention.kept(world.engine, world.clock() + timedelta(days=4000)) == []


def test_given_a_finished_process_when_its_last_day_is_over_then_due_and_not_before(
    keeping: Callable[[str], World],
) -> None:
    world = keeping("keep: P5Y")
    finish(world)
    (one,) = retention.kept(world.engine, datetime(2031, 3, 2, 22, 59, tzinfo=UTC))
    assert (one.process, one.until, one.is_due, one.basis.get("en")) == ("p", date(2031, 3, 2), False, "Because")
    assert [one.process for one in retention.due(world.engine, datetime(2031, 3, 2, 23, tzinfo=UTC))] == ["p"]


def test_given_last_event_when_a_process_never_ended_then_its_time_runs_all_the_same(
    keeping: Callable[[str], World],
) -> None:
    world = keeping("keep: P30D, after: last_event")
    assert retention.due(world.engine, world.clock() + timedelta(days=30)) == []
    assert [one.process for one in retention.due(world.engine, world.clock() + timedelta(days=31))] == ["p"]


def test_given_an_erasure_after_the_end_when_listed_then_the_time_runs_from_the_end(
    keeping: Callable[[str], World],
) -> None:
    world = keeping("keep: P1Y")
    finish(world)
    world.clock.now += timedelta(days=100)
    planned = erasing.plan(world.engine, world.engine.people.find("ola"))
    erasing.erase(world.engine, planned, "asked for it")
    assert [one.until for one in retention.kept(world.engine, world.clock())] == [date(2027, 3, 2)]


def test_given_a_template_without_a_time_when_listed_then_nothing(world: World) -> None:
    world.to_voting()
    world.do("kari", c.Cancel("x"))
    assert retention.kept(world.engine, world.clock() + timedelta(days=40_000)) == []
    with pytest.raises(Refused, match="says no time"):
        disposing.dispose(world.engine, "p")


# -- disposing ---------------------------------------------------------------------------------------------------------


def test_given_a_process_before_its_time_when_disposed_of_then_refused_with_the_day(
    keeping: Callable[[str], World],
) -> None:
    world = keeping("keep: P5Y")
    finish(world)
    with pytest.raises(Refused, match="2031-03-02: Because"):
        disposing.dispose(world.engine, "p")
    with pytest.raises(NotFound):
        disposing.dispose(world.engine, "nowhere")


def test_given_a_process_past_its_time_when_disposed_of_then_nobody_is_known_and_the_chain_holds(
    keeping: Callable[[str], World],
) -> None:
    world = keeping("keep: P1Y")
    finish(world)
    world.clock.now += timedelta(days=400)
    subjects = {m.subject for m in world.state.memberships.values()}
    done = disposing.dispose(world.engine, "p")
    state = world.state
    assert (state.disposed, {m.person for m in state.memberships.values()}, state.status) == (True, {None}, "finished")
    assert world.engine.log.query("SELECT * FROM member") == []
    records = world.engine.log.read(state.stream)
    texts = [world.engine.payload(r, opened=state.revealed, own=s) for r in records for s in subjects]
    assert CANARY not in str(texts)
    assert next(p for p in texts if isinstance(p, e.ProcessDisposed)).erasure == done.erasure
    assert verify(world.engine.log).faults == ()
    assert retention.kept(world.engine, world.clock()) == []
    assert world.engine.people.find("ola").name == "Ola"  # who took part there is not known, and who is here is


def test_given_protected_answers_when_disposed_of_then_their_key_is_gone(keeping: Callable[[str], World]) -> None:
    world = keeping("keep: P30D, after: last_event")
    key_id = world.state.instances["vote.1.m2"].submissions[0].sealed_under
    world.clock.now += timedelta(days=31)
    disposing.dispose(world.engine, "p")
    assert world.engine.keys.raw("seal", key_id) is None
    assert (world.state.status, world.state.disposed) == ("cancelled", True)


def test_given_archive_first_when_there_is_none_or_an_old_one_then_refused_and_with_the_whole_one_done(
    keeping: Callable[[str], World], tmp_path: Path
) -> None:
    world = keeping("keep: P1Y, then: archive_then_erase")
    old = packed(world, tmp_path / "old.zip")
    finish(world)
    world.clock.now += timedelta(days=400)
    with pytest.raises(Refused, match="archived before"):
        disposing.dispose(world.engine, "p")
    with pytest.raises(Refused, match="no whole archive"):
        disposing.dispose(world.engine, "p", archive=old)
    head = world.engine.log.head(world.state.stream)[1]
    disposing.dispose(world.engine, "p", archive=packed(world, tmp_path / "new.zip"))
    told = world.engine.payload(world.engine.log.read(world.state.stream)[-1])
    assert told.archive == head


def packed(world: World, path: Path) -> Path:
    records = whole(world.engine, world.state.stream, "p")
    template = whole(world.engine, stream_of("bundle", "small"), "small")
    files = archive.files(records, template, made_at="2026-03-02", made_by="test")
    with path.open("w+b") as file:
        bag.pack(
            bag.bag(files, identifier="urn:uuid:1", made_at=world.clock(), made_by="test"), "p", world.clock(), file
        )
    return path


# -- a law that asks to keep -------------------------------------------------------------------------------------------


def test_given_a_duty_when_a_person_is_erased_then_they_stay_known_there_until_it_is_over(
    keeping: Callable[[str], World],
) -> None:
    world = keeping("keep: P1Y, duty: true")
    finish(world)
    planned = erasing.plan(world.engine, world.engine.people.find("ola"))
    assert (planned.whole, planned.processes[0].kept_until) == (False, date(2027, 3, 2))
    with pytest.raises(Refused, match="law"):
        erasing.erase(world.engine, planned, "asked for it")
    world.clock.now += timedelta(days=400)
    erasing.erase(world.engine, erasing.plan(world.engine, world.engine.people.find("ola")), "asked for it")
    assert world.state.memberships["m2"].person is None
