"""Each step of linked processes is taken once, whoever is killed and however many go on at a time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.engine import Engine
from engine.errors import SamskapError
from engine.process import commands as c
from engine.store import worklists
from engine.store.postgres import create

if TYPE_CHECKING:
    Land = Any  # the class stands in conftest.py, which cannot be imported


@pytest.mark.parametrize("step", ["begin", "by_itself"])
def test_given_a_kill_between_asking_and_starting_when_time_acts_then_it_is_started_once(land: Land, step: str) -> None:
    land.killed(step, lambda engine: engine.handle(land.person("kari"), "p", c.Act("go")))
    assert land.linked("visit")[0].status == "opened"
    assert ("p-visit" in land.names()) is (step == "by_itself")
    for _ in range(2):
        land.engine.tick()
    assert ([one.status for one in land.linked("visit")], land.names()) == (["open"], ["p", "p-visit"])


def test_given_a_kill_before_starting_when_somebody_acts_in_the_parent_then_it_is_started(land: Land) -> None:
    land.killed("begin", lambda engine: engine.handle(land.person("kari"), "p", c.Act("go")))
    land.do("kari", c.AddParty("school", "School"))
    assert land.linked("visit")[0].status == "open"


def test_given_a_kill_after_the_end_when_time_acts_then_the_parent_is_told_once(land: Land) -> None:
    land.do("kari", c.Act("go"))
    land.do("kari", c.Submit("talk.1", {"score": 3}), "p-visit")
    land.killed("by_itself", lambda engine: engine.handle(land.person("kari"), "p-visit", c.Act("close")))
    assert (land.state("p-visit").status, land.linked("visit")[0].status) == ("finished", "open")
    for _ in range(2):
        land.engine.tick()
    told = [r for r in land.engine.log.read(land.engine.stream("p")) if r.type == "link.ended"]
    assert (len(told), land.linked("visit")[0].status) == (1, "finished")


def test_given_the_same_command_again_after_a_kill_when_given_then_the_same_answer_and_what_was_owed_is_done(
    land: Land,
) -> None:
    def go(engine: Engine) -> Any:
        return engine.handle(land.person("kari"), "p", c.Act("go"), command_id="once")

    land.killed("begin", go)
    assert go(land.engine).replayed
    assert land.linked("visit")[0].status == "open"


def test_given_two_who_go_on_at_once_when_both_have_then_it_is_started_once(alone: Land) -> None:
    alone.do("kari", c.Act("go"))
    alone.publish("visit")
    other = alone.open()
    real = other._committing.begin

    def late(*args: Any) -> Any:
        other._committing.begin = real  # type: ignore[method-assign]
        alone.engine.tick()
        return real(*args)

    other._committing.begin = late  # type: ignore[method-assign]
    other.tick()
    other.close()
    assert alone.names() == ["p", "p-visit"]
    linked = [r for r in alone.engine.log.read(alone.engine.stream("p")) if r.type == "process.linked"]
    assert len(linked) == 1


def test_given_links_when_the_read_models_are_made_again_then_they_are_the_same(land: Land) -> None:
    land.do("kari", c.Act("visit_all"))
    land.visit("p-round-town")
    before = land.engine.log.query("SELECT * FROM link ORDER BY child")
    assert len(before) == 2
    land.engine.rebuild_worklists()
    assert land.engine.log.query("SELECT * FROM link ORDER BY child") == before


def test_given_an_end_that_was_not_told_when_the_read_models_are_made_again_then_it_is_still_to_be_told(
    land: Land,
) -> None:
    land.do("kari", c.Act("go"))
    land.do("kari", c.Submit("talk.1", {"score": 3}), "p-visit")
    land.killed("by_itself", lambda engine: engine.handle(land.person("kari"), "p-visit", c.Act("close")))
    before = worklists.owed(land.engine.log)
    assert [one.status for one in before] == ["over"]
    land.engine.rebuild_worklists()
    assert worklists.owed(land.engine.log) == before
    land.engine.tick()
    assert (worklists.owed(land.engine.log), land.linked("visit")[0].status) == ([], "finished")


def test_given_links_of_a_process_that_ended_when_looked_for_then_nothing_is_owed_and_none_is_kept(land: Land) -> None:
    land.do("kari", c.Act("go"))
    land.do("kari", c.Cancel("Nei"))
    land.visit()
    assert worklists.owed(land.engine.log) == land.engine.log.query("SELECT * FROM link") == []


def test_given_links_that_owe_nothing_when_it_is_asked_what_is_owed_then_they_are_not_read(land: Land) -> None:
    """SQLite says by which index it looks: by the status, which is another for those that owe nothing."""

    def looked(statement: str) -> set[str]:
        plan = land.engine.log.query(f"EXPLAIN QUERY PLAN {statement}", ("s",) * statement.count("?"))
        return {row["detail"] for row in plan if "link" in row["detail"]}

    assert looked(worklists._OWED) == {"SEARCH l USING COVERING INDEX link_status (status=?)"}
    assert looked(worklists._OWED_OF) == {
        "SEARCH link USING INDEX link_status (status=? AND parent=?)",
        "SEARCH link USING INDEX link_child (child=?)",
    }


def test_given_postgresql_when_linked_processes_run_then_as_on_sqlite(
    new_land: Callable[[str], Land], new_database: Callable[[], str]
) -> None:
    url = new_database()
    create(url)
    land = new_land(url)
    land.publish("programme")
    land.begin()
    land.do("kari", c.Act("go"))
    assert land.incidents() != []
    land.publish("visit")
    land.engine.tick()
    land.visit(verdict="good")
    assert (list(land.state().active), worklists.owed(land.engine.log)) == (["good"], [])
    land.engine.close()


class Killed(BaseException):
    """The engine is gone at this point: what was committed is all there is."""


def until_killed(engine: Engine, after: int, act: Callable[[], object]) -> None:
    """Act, and be gone right before the engine takes a step of going on beyond so many."""
    left = [after]

    def counted(step: Callable[..., Any]) -> Callable[..., Any]:
        def taken(*args: Any) -> Any:
            left[0] -= 1
            if left[0] < 0:
                raise Killed
            return step(*args)

        return taken

    for name in ("begin", "by_itself"):
        setattr(engine._committing, name, counted(getattr(engine._committing, name)))
    with suppress(SamskapError, Killed):
        act()


ACTS: dict[str, Callable[[Any, str], object]] = {
    "go": lambda land, _: land.do("kari", c.Act("go")),
    "all": lambda land, _: land.do("kari", c.Act("visit_all")),
    "back": lambda land, _: land.do("kari", c.Act("back")),
    "aside": lambda land, _: land.do("kari", c.Act("try_out")),
    "finish": lambda land, name: land.visit(name, score=3),
    "give up": lambda land, name: land.do("kari", c.Cancel("Nei"), name),
    "again": lambda land, _: land.do("kari", c.Retry("link:visit")),
    "let go": lambda land, name: land.engine.end_link(land.person("kari"), "p", name, "Nok"),
    "tick": lambda land, _: land.engine.tick(),
}


@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    acts=st.lists(st.tuples(st.sampled_from(sorted(ACTS)), st.integers(0, 5), st.integers(0, 4)), max_size=9),
)
def test_given_any_acts_and_kills_when_time_has_acted_then_each_is_started_once_and_told_once(
    new_land: Callable[..., Land], acts: list[tuple[str, int, int]]
) -> None:
    land = new_land()
    land.publish("programme", "visit")
    land.begin()
    for act, which, steps in acts:
        there = ["p", *(one.name for one in land.state().links.values() if one.name)]
        until_killed(land.engine, steps, lambda: ACTS[act](land, there[which % len(there)]))  # noqa: B023 (called at once)
        land.reopen()
    land.engine.tick()
    assert worklists.owed(land.engine.log) == []
    told = [land.engine.payload(record) for record in land.engine.log.read(land.engine.stream("p"))]
    parent, number = land.state(), Counter((type(one).__name__, getattr(one, "child", "")) for one in told)
    assert (
        max(
            [count for (kind, _), count in number.items() if kind in ("LinkOpened", "ProcessLinked", "LinkEnded")],
            default=1,
        )
        == 1
    )
    for one in parent.links.values():
        if not land.engine.log.head(UUID(one.child))[0]:
            assert (one.status, parent.status) in (("opened", "cancelled"), ("let_go", parent.status))
            continue
        child = land.engine.load(UUID(one.child)).state
        assert list(child.parents) == [parent.stream.hex]
        heard = ("let_go", "open" if child.status == "running" else child.status)
        assert one.status in heard or parent.status == "cancelled"  # then it is told nothing more
    started = [one for one in parent.links.values() if land.engine.log.head(UUID(one.child))[0]]
    assert len(land.names()) == 1 + len(started)
    land.engine.close()
