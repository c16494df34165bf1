"""Random lives of a process: whatever people and the clock try, the log, the state and the work lists agree.

After every step: sequences have no gap, every chain verifies, folding anew gives the live state, the work lists are what
the state says, refused commands wrote nothing, and drafts are for what can still be filled in.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from engine.errors import Conflict, NotFound, Refused, SamskapError
from engine.process import commands as c
from engine.process.state import ProcessState, evolve
from engine.store import worklists
from engine.store.log import iso
from engine.store.sqlite import SqliteLog
from engine.store.verify import verify
from engine.template.transitions import active_with

PEOPLE = ("kari", "ola", "eva", "per", "gro")
NUMBERS = st.integers(0, 30)
ANSWERS = st.sampled_from(
    [
        {"text": "et mål"},
        {"text": "nei", "aside": "privat"},
        {"score": 5, "why": "derfor"},
        {"score": 1},
        {"shown": "open"},
        {"shown": "protected"},
        {"score": 9},
        {},
    ]
)


class Life(RuleBasedStateMachine):
    """One process of the small template, and what people do to it."""

    make: Callable[[Path], Any]

    def __init__(self) -> None:
        super().__init__()
        self.folder = TemporaryDirectory()
        self.world = type(self).make(Path(self.folder.name))
        self.acknowledged: dict[int, str] = {}  # the last sequence of each answer, and its hash

    def teardown(self) -> None:
        self.world.engine.close()
        self.folder.cleanup()

    @property
    def state(self) -> ProcessState:
        state: ProcessState = self.world.state
        return state

    def pick(self, options: Any, number: int) -> Any:
        found = list(options)
        return found[number % len(found)] if found else None

    def attempt(self, handle: str, command: c.Command) -> None:
        """Try a command, and the same once more: refused and nothing written, or answered the same both times."""
        before = self.world.engine.log.position()
        command_id = f"id{before}-{len(self.acknowledged)}-{type(command).__name__}"
        try:
            receipt = self.world.do(handle, command, command_id=command_id)
        except (Refused, NotFound, Conflict):
            assert self.world.engine.log.position() == before
            return
        if receipt.last >= receipt.first:
            again = self.world.do(handle, command, command_id=command_id)
            assert (again.first, again.last, again.hash, again.replayed) == (
                receipt.first,
                receipt.last,
                receipt.hash,
                True,
            )
            self.acknowledged[receipt.last] = receipt.hash

    @initialize()
    def parties(self) -> None:
        self.world.parties()

    @rule(
        handle=st.sampled_from(PEOPLE),
        party=st.sampled_from(["town", "club", None]),
        role=st.sampled_from(["member", "guest", "lead"]),
    )
    def join(self, handle: str, party: str | None, role: str) -> None:
        try:
            self.world.join(handle, party, role)
        except SamskapError:
            return

    @rule(handle=st.sampled_from(PEOPLE), number=NUMBERS, answers=ANSWERS, own=st.booleans())
    def submit(self, handle: str, number: int, answers: Any, own: bool) -> None:
        instance = self.pick(self.state.instances, number)
        membership = None if own else self.pick(self.state.memberships, number)
        self.attempt(handle, c.Submit(instance, answers, membership))

    @rule(number=NUMBERS, score=st.integers(1, 5))
    def answer_what_is_open(self, number: int, score: int) -> None:
        """Somebody does what lies on their own list, so that processes get on."""
        handle = self.pick(PEOPLE, number)
        item = self.pick(self.world.engine.tasks(self.world.person(handle)), number)
        if item is not None:
            answers = {"vote": {"score": score}, "choose": {"shown": "open"}}.get(item.task, {"text": "et mål"})
            self.attempt(handle, c.Submit(item.instance, answers, item.membership))

    @rule(
        handle=st.sampled_from(PEOPLE[:3]),
        action=st.sampled_from(["open", "close", "again", "close_up", "stop"]),
        number=NUMBERS,
    )
    def act(self, handle: str, action: str, number: int) -> None:
        if action != "stop" or number == 0:  # else most lives would end early
            self.attempt(handle, c.Act(action, "fordi" if action == "stop" else ""))

    @rule(number=NUMBERS)
    def leave(self, number: int) -> None:
        if number < 10:
            self.attempt("kari", c.EndMembership(self.pick(self.state.memberships, number), "slutter"))

    @rule(number=NUMBERS, role=st.sampled_from(["member", "guest", "lead"]), granted=st.booleans())
    def regrant(self, number: int, role: str, granted: bool) -> None:
        membership = self.pick(self.state.memberships, number)
        self.attempt("kari", c.Grant(membership, role) if granted else c.Revoke(membership, role))

    @rule(handle=st.sampled_from(PEOPLE), number=NUMBERS)
    def draft(self, handle: str, number: int) -> None:
        instance = self.pick(self.state.instances, number)
        before = self.world.engine.log.position()
        with suppress(SamskapError):
            self.world.engine.save_draft(self.world.person(handle), "p", instance, {"text": "halv"})
        assert self.world.engine.log.position() == before

    @rule(days=st.integers(-2, 20))
    def time_passes(self, days: int) -> None:
        self.world.clock.now += timedelta(days=days)
        self.world.engine.tick()

    # -- what always holds ----------------------------------------------------------------------------------------------

    @invariant()
    def log_is_whole(self) -> None:
        records = self.world.engine.log.read(self.world.engine.stream("p"))
        assert [record.sequence for record in records] == list(range(1, len(records) + 1))
        assert verify(self.world.engine.log).faults == ()
        assert {last: records[last - 1].hash for last in self.acknowledged} == self.acknowledged

    @invariant()
    def replay_gives_the_live_state(self) -> None:
        engine, stream = self.world.engine, self.world.engine.stream("p")
        state = ProcessState(stream)
        for event in engine.events(engine.log.read(stream)):
            state = evolve(state, event)
        assert state == self.state == engine.load(stream, until=state.sequence).state

    @invariant()
    def the_states_are_those_of_the_chart(self) -> None:
        definition, active = self.world.bundle.definition, self.state.active
        assert list(active) == active_with(definition, [name for name in active if definition.nodes[name].atomic])
        for name in active:
            node = definition.nodes[name]
            within = [child for child in node.spec.states if child in active]
            assert len(within) == (1 if node.compound else 0)

    @invariant()
    def what_was_done_can_be_done_again_and_comes_to_the_same(self) -> None:
        found = self.world.engine.replay("p", self.world.bundle.definition)
        assert found.outcome != "differs", found

    @invariant()
    def work_lists_are_the_state(self) -> None:
        rows, state = self.world.engine.log.query, self.state
        tasks = self.world.bundle.definition.tasks
        running = state.status == "running"
        can_be_filled_in = {
            i.id
            for i in state.instances.values()
            if i.status == "open" or (i.status == "done" and tasks[i.task].spec.repeatable and running)
        }
        assert {row["instance"]: row["due"] for row in rows("SELECT instance, due FROM open_task")} == {
            name: iso(due) if (due := state.instances[name].due) else None for name in can_be_filled_in
        }
        assert {(r["deadline"], r["due"]) for r in rows("SELECT deadline, due FROM deadline")} == {
            (d.id, iso(d.due)) for d in state.pending.values()
        }
        assert {r["membership"]: json.loads(r["roles"]) for r in rows("SELECT membership, roles FROM member")} == {
            m.id: sorted(m.roles) for m in state.memberships.values() if m.active
        }
        assert [row["status"] for row in rows("SELECT status FROM process")] == [state.status]

    @invariant()
    def counts_are_those_of_the_instances(self) -> None:
        for group in self.state.groups.values():
            statuses = [self.state.instances[name].status for name in group.instances]
            assert (group.open, group.done, group.withdrawn) == tuple(
                statuses.count(status) for status in ("open", "done", "withdrawn")
            )
            assert group.overdue == sum(self.state.instances[name].overdue for name in group.instances)

    @invariant()
    def drafts_are_for_what_can_still_be_filled_in(self) -> None:
        state = self.state
        for row in self.world.engine.log.query("SELECT instance FROM draft"):
            instance = state.instances[row["instance"]]
            assert state.status == "running"
            assert instance.status != "withdrawn"
            assert instance.state is None or state.active.get(instance.state) == instance.entry

    @invariant()
    def what_is_on_a_list_may_be_filled_in(self) -> None:
        engine = self.world.engine
        for handle in self.world.people:
            for item in engine.tasks(self.world.person(handle)):
                explained = engine.explain_task(self.world.person(handle), "p", item.instance)
                assert explained.you_may, (handle, item, explained.why_not)


def lives(new_world: Callable[[Path], Any], examples: int, steps: int) -> None:
    machine = type("Life", (Life,), {"make": staticmethod(new_world)})
    run_state_machine_as_test(  # type: ignore[no-untyped-call]
        machine,
        settings=settings(max_examples=examples, stateful_step_count=steps, suppress_health_check=list(HealthCheck)),
    )


@pytest.mark.hypothesis
def test_given_random_lives_when_lived_then_log_state_and_lists_agree(new_world: Callable[[Path], Any]) -> None:
    lives(new_world, examples=12, steps=25)


@pytest.mark.hypothesis
@pytest.mark.slow
def test_given_many_long_random_lives_when_lived_then_log_state_and_lists_agree(
    new_world: Callable[[Path], Any],
) -> None:
    lives(new_world, examples=40, steps=50)


READ_MODELS = ("process", "member", "open_task", "deadline")


def read_models(world: Any) -> dict[str, Any]:
    return {table: world.engine.log.query(f"SELECT * FROM {table}") for table in (*READ_MODELS, "draft")}


@pytest.mark.fault("F4")
def test_given_read_models_that_were_damaged_when_rebuilt_then_they_are_as_before_and_drafts_stay(world: Any) -> None:
    world.to_voting()
    world.submit("kari", "log.1", {"text": "en"})
    world.engine.save_draft(world.person("kari"), "p", "log.1", {"text": "to"})
    world.engine.start(world.person("ola"), "small", "q", "Q")
    before = read_models(world)
    world.engine.log.write_rows([(f"DELETE FROM {table}", ()) for table in READ_MODELS])
    assert world.engine.rebuild_worklists() == 2
    assert read_models(world) == before


@pytest.mark.fault("F4")
def test_given_somebody_who_writes_meanwhile_when_read_models_are_rebuilt_then_a_conflict_and_nothing_changed(
    world: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    heads = world.engine.log.heads

    def late() -> Any:
        found = heads()
        world.do("kari", c.AddParty("town", "Byen"))
        return found

    monkeypatch.setattr(world.engine.log, "heads", late)
    before = read_models(world)
    with pytest.raises(Conflict):
        world.engine.rebuild_worklists()
    assert read_models(world) == before
    assert verify_whole(world)


def verify_whole(world: Any) -> bool:
    """Whether every chain still ends where its head says."""
    fresh = SqliteLog(world.folder / "events.sqlite")
    try:
        return verify(fresh).faults == ()
    finally:
        fresh.close()


def test_given_a_whole_life_when_the_work_lists_are_made_again_from_the_events_then_they_are_the_same(
    world: Any, tmp_path: Path
) -> None:
    world.to_voting()
    world.submit("ola", "vote.1.m2", {"score": 3})
    world.clock.now += timedelta(days=20)
    world.engine.tick()
    world.do("kari", c.Act("close"))
    world.do("kari", c.Grant("m3", "guest"))
    engine, again = world.engine, SqliteLog(tmp_path / "again.sqlite")
    state = ProcessState(engine.stream("p"))
    for event in engine.events(engine.log.read(state.stream)):
        state = evolve(state, event)
        rows = list(worklists.rows([event], state, engine.definitions(state.template), engine.people.fingerprint))
        if rows:
            again.write_rows(rows)
    for table in READ_MODELS:
        assert again.query(f"SELECT * FROM {table}") == engine.log.query(f"SELECT * FROM {table}")
    again.close()
