"""A process that was changed behind the engine's back is met in lists, named and left out; every list goes on.

Either store, and wherever the damage is: in the process's first event, of which nothing can be told then, in one in the
middle, or in its last.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from engine.comparing import compare
from engine.engine import Damaged, Engine
from engine.errors import IntegrityFault
from engine.export.source import sources
from engine.incidents import incidents
from engine.migration import migrate, to_move
from engine.personal import erasing, retention, telling
from engine.personal.erasing import operator
from engine.process import commands as c
from engine.store import worklists
from engine.store.log import Record
from engine.template import bundle
from engine.template.plan import bare

if TYPE_CHECKING:
    World = Behind = Any  # the classes stand in conftest.py, which cannot be imported

pytestmark = pytest.mark.fault("F13")

UNREADABLE = b"[]"


def rewritten(behind: Behind, event: Record) -> None:
    behind.put(event, replace(event, body=UNREADABLE))


def gone(behind: Behind, event: Record) -> None:
    behind.delete(event)


DAMAGE = {
    "first event unreadable": (0, rewritten),
    "first event gone": (0, gone),
    "a middle event unreadable": (5, rewritten),
    "last event gone": (-1, gone),
}


@pytest.fixture
def world(
    store_url: str | None,
    new_world: Callable[..., Any],
    small_text: str,
    write_small: Callable[..., Path],
    tmp_path: Path,
) -> Iterator[World]:
    """Two processes, d and q, in which a vote is open for ola and nobody may stop it, beside p."""
    made = new_world(tmp_path / "data", store_url=store_url)
    changed = small_text.replace("version: 1.0.0", "version: 1.1.0").replace(
        "by: lead, to: ended, reason", "by: guest, to: ended, reason"
    )
    made.engine.publish(bundle.read("small", [write_small(tmp_path / "later", changed)]))
    for name in ("d", "q"):
        begin(made, name)
    yield made
    made.engine.close()


def begin(world: World, name: str) -> None:
    engine, kari, ola = world.engine, world.person("kari"), world.person("ola")
    engine.start(kari, "small", name, name.upper())
    engine.handle(kari, name, c.AddParty("town", "Town"))
    engine.join(ola, engine.invite(kari, name, ("member",), "town").result["token"])


@pytest.fixture(params=DAMAGE)
def damaged(request: Any, world: World, behind: Behind, again: Callable[[], Engine]) -> Engine:
    """The store with d damaged, as a program finds it that begins."""
    which, damage = DAMAGE[request.param]
    damage(behind, list(world.engine.log.read(world.engine.stream("d")))[which])
    return again()


def processes(engine: Engine, met: list[Damaged]) -> list[str]:
    return [loaded.state.name for loaded in engine.each((row["name"] for row in engine.processes()), met.append)]


def stuck(engine: Engine, met: list[Damaged]) -> list[str]:
    return [item.process for item in incidents(engine, meet=met.append)]


def exported(engine: Engine, met: list[Damaged]) -> list[str]:
    return [source.name for source in sources(engine, operator(), [], meet=met.append)]


def touched(engine: Engine, met: list[Damaged]) -> list[str]:
    older, old = (engine.definition("small", engine.bundle_of("small", version)) for version in ("1.0.0", "1.1.0"))
    return ["q"] * compare(engine, "small", old, older, meet=met.append).running


def test_given_a_damaged_process_when_listed_then_the_others_are_and_it_is_met_with_why(damaged: Engine) -> None:
    for listed in (processes, stuck, exported, touched):
        met: list[Damaged] = []
        assert set(listed(damaged, met)) - {"p"} == {"q"}, listed
        assert [one.process for one in met] == ["d"], listed
        assert all(word in str(met[0].why) for word in ("“d” is", "event")), listed


def test_given_a_damaged_process_when_nobody_says_what_to_do_with_it_then_no_list_goes_on_silently(
    world: World, behind: Behind, again: Callable[[], Engine]
) -> None:
    first, *_ = world.engine.log.read(world.engine.stream("d"))
    rewritten(behind, first)
    engine = again()
    with pytest.raises(IntegrityFault, match="“d” is"):
        incidents(engine)
    with pytest.raises(IntegrityFault, match="“d” is"):
        sources(engine, operator(), ["q", "d"])


def test_given_a_damaged_process_when_somebody_asks_what_is_held_about_them_then_the_others_are_told(
    world: World, damaged: Engine
) -> None:
    met: list[Damaged] = []
    found = telling.held(damaged, world.person("ola").person, "en", meet=met.append).processes
    assert [process["name"] for process in found if process["status"] != "quarantine"] == ["q"]


def test_given_a_damaged_process_when_many_are_moved_then_it_stays_and_is_told_why(
    world: World, damaged: Engine, publish: Callable[..., str]
) -> None:
    publish(version="1.2.0")
    plan = bare("small", "1.2.0")
    moved = migrate(damaged, operator(), plan, "nyere", to_move(damaged, plan), apply=True)
    stayed = {one.process: str(one.error) for one in moved if one.error is not None}
    assert list(stayed) == ["d"]
    assert "“d” is in quarantine" in stayed["d"]


def test_given_damaged_processes_when_time_acts_then_it_does_on_the_others_and_all_of_them_are_named(
    world: World, behind: Behind, again: Callable[[], Engine]
) -> None:
    world.to_voting()
    for name in ("d", "q"):
        world.engine.handle(world.person("kari"), name, c.Submit("goal.1", {"text": "et mål"}))
        world.engine.handle(world.person("kari"), name, c.Act("open"))
        first, *_ = world.engine.log.read(world.engine.stream(name))
        rewritten(behind, first)
    engine = again()
    world.clock.now += timedelta(days=20)
    with pytest.raises(IntegrityFault, match=r"“d” is in quarantine.*“q” is in quarantine"):
        engine.tick()
    assert engine.load(engine.stream("p")).state.instances["vote.1.m2"].overdue


def test_given_a_damaged_process_when_lists_are_made_again_then_it_is_still_there_and_others_are_as_they_were(
    world: World, damaged: Engine
) -> None:
    before = {name: rows(damaged, name) for name in ("p", "q")}
    assert damaged.rebuild_worklists() == 3
    assert [row["name"] for row in damaged.processes()] == ["d", "p", "q"]
    assert {name: rows(damaged, name) for name in ("p", "q")} == before
    assert worklists.taken_part_in(damaged.log, damaged.people.fingerprint(world.person("kari").person.id)) == [
        "d",
        "p",
        "q",
    ]


def rows(engine: Engine, name: str) -> list[str]:
    """What the lists say of a process."""
    tables = ("member", "open_task", "deadline")
    found = [engine.log.query(_OF[table], (engine.stream(name).hex,)) for table in tables]
    return sorted(str(dict(row)) for table in found for row in table)


_OF = {
    "member": "SELECT * FROM member WHERE stream=?",
    "open_task": "SELECT * FROM open_task WHERE stream=?",
    "deadline": "SELECT * FROM deadline WHERE stream=?",
}


def test_given_the_first_event_damaged_when_somebody_in_it_is_erased_then_their_keys_go_and_it_tells_when_it_is_whole(
    world: World, behind: Behind, again: Callable[[], Engine]
) -> None:
    first, *_ = world.engine.log.read(world.engine.stream("d"))
    rewritten(behind, first)
    engine = again()
    ola = world.person("ola").person
    planned = erasing.plan(engine, ola)
    assert [one.process for one in planned.processes] == ["d", "q"]
    with pytest.raises(IntegrityFault, match="“d” is in quarantine"):
        erasing.erase(engine, planned, "asked for it")
    assert not any(engine.keys.is_there("subject", one.subject) for one in planned.processes)
    behind.put(replace(first, body=UNREADABLE), first)
    (since,) = erasing.outstanding(engine)
    assert erasing.reapply_erasures(again()) == []  # opening it did so already
    assert erasing.outstanding(engine) == []
    assert since.person == ola.id


def test_given_an_event_that_may_name_somebody_unreadable_when_they_are_erased_then_refused_before_any_key_goes(
    world: World, behind: Behind, again: Callable[[], Engine]
) -> None:
    """Whoever erased them everywhere else would have no name left to erase them by there."""
    joined = [r for r in world.engine.log.read(world.engine.stream("d")) if r.type == "membership.added"][-1]
    rewritten(behind, joined)
    engine = again()
    with pytest.raises(IntegrityFault):
        erasing.plan(engine, world.person("ola").person)
    assert engine.people.get(world.person("ola").person.id) is not None


def test_given_the_end_of_a_process_unreadable_when_it_is_asked_what_is_kept_then_the_others_are_listed(
    world: World,
    behind: Behind,
    again: Callable[[], Engine],
    small_text: str,
    write_small: Callable[..., Path],
    tmp_path: Path,
) -> None:
    policy = "retention: {keep: P5Y, after: last_event, basis: {nb: Lov, nn: Lov, en: Law}}\ninitial: plan"
    changed = small_text.replace("version: 1.0.0", "version: 1.3.0").replace("initial: plan", policy)
    world.engine.publish(bundle.read("small", [write_small(tmp_path / "kept", changed)]))
    rewritten(behind, list(world.engine.log.read(world.engine.stream("d")))[-1])
    met: list[Damaged] = []
    found = retention.kept(again(), datetime(2027, 1, 1, tzinfo=UTC), meet=met.append)
    assert [one.process for one in found] == ["p", "q"]
    assert [one.process for one in met] == ["d"]
