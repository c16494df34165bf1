"""Statecharts run as W3C SCXML says: its own conformance cases, and an independent interpreter on random charts.

The cases are those of the SCXML Implementation Report (W3C 2015) that need no executable content, by their numbers,
told in templates. The interpreter is python-statemachine, which passes that report's mandatory tests.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from statemachine.io import load

from engine.errors import NotFound, Refused
from engine.process import commands as c
from engine.process import events as e
from engine.process.access import Actor
from engine.process.decide import Context, decide
from engine.process.state import ProcessState, fold
from engine.template.chart import Definition
from engine.template.model import Template
from engine.template.transitions import MAX_STEPS

AT = datetime(2026, 3, 2, 9, tzinfo=UTC)
EMPTY = ProcessState(UUID(int=1))


class Chart:
    """A template of states alone, at work: the active states, and what was left and entered on the way."""

    def __init__(self, initial: str, states: Mapping[str, Any], **more: Any) -> None:
        content = {
            "template": "t",
            "version": "1.0.0",
            "title": "T",
            "roles": {"lead": {"title": "L"}},
            "starter": "lead",
            "initial": initial,
            "states": states,
            **more,
        }
        self.definition = Definition(Template.model_validate(content), {})
        self.state = EMPTY
        self.path: list[str] = []
        self._do(c.Start("p", "P"), "new")

    def wait(self, hours: int) -> Chart:
        """Let time act so many hours after the beginning."""
        self._do(c.Tick(), "new", AT + timedelta(hours=hours))
        return self

    def _do(self, command: c.Command, subject: str, at: datetime = AT) -> None:
        context = Context(Actor(subject), "kari", at, subject, lambda _: None)
        events = decide(self.definition, self.state, command, context)
        self.path = [
            f"{'+' if isinstance(event.payload, e.StateEntered) else '-'}{event.payload.state}"
            for event in events
            if isinstance(event.payload, e.StateEntered | e.StateLeft)
        ]
        folded = fold((msgspec.structs.replace(event, hash="x") for event in events), self.state)
        assert folded is not None
        self.state = folded

    def act(self, *actions: str) -> Chart:
        """Choose one action after the other."""
        for action in actions:
            self._do(c.Act(action), "new")
        return self

    @property
    def atomic(self) -> set[str]:
        """The innermost active states."""
        return {state for state in self.state.active if self.definition.nodes[state].atomic}


def state(*within: tuple[str, Any], **spec: Any) -> dict[str, Any]:
    """A state with states in it; `go` maps actions to targets, `auto` conditions to targets."""
    go, auto = spec.pop("go", {}), spec.pop("auto", {})
    found: dict[str, Any] = {"title": "S", **spec}
    if within:
        found["states"] = dict(within)
        if not spec.get("parallel"):
            found.setdefault("initial", within[0][0])
    if go:
        found["actions"] = {name: {"title": "A", "by": "lead", "to": to} for name, to in go.items()}
    if auto:
        found["auto"] = [{"when": when, "to": to} for when, to in auto.items()]
    return found


def history(depth: str, initial: str) -> dict[str, Any]:
    return {"title": "H", "history": depth, "initial": initial}


ALWAYS = "1 == 1"
NEVER = "1 == 2"
HISTORIES = {
    "s0": state(
        ("shallow", history("shallow", "s02")),
        ("deep", history("deep", "s022")),
        ("s01", state(("s011", state()), ("s012", state()))),
        ("s02", state(("s021", state()), ("s022", state()))),
        initial="s01",
        go={"leave": "s1", "into_s012": "s012", "into_s02": "s02"},
    ),
    "s1": state(go={"to_deep": "deep", "to_shallow": "shallow"}),
}


# -- the W3C's cases --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("way", "entered"), [("to_deep", "s022"), ("to_shallow", "s021")])
def test_given_w3c_387_when_nothing_is_remembered_then_history_leads_to_its_default(way: str, entered: str) -> None:
    assert Chart("s1", HISTORIES).act(way).atomic == {entered}


def test_given_w3c_388_when_a_state_was_left_then_deep_history_restores_it_and_shallow_its_child() -> None:
    chart = Chart("s0", HISTORIES).act("into_s012", "leave")
    assert chart.act("to_deep").atomic == {"s012"}
    assert chart.act("leave", "to_shallow").atomic == {"s011"}


def test_given_w3c_580_when_history_is_taken_then_it_is_never_active_itself() -> None:
    chart = Chart("s1", HISTORIES).act("to_deep")
    assert set(chart.state.active) == {"s0", "s02", "s022"}


def test_given_w3c_403a_when_child_and_parent_have_the_action_then_the_childs_is_taken() -> None:
    chart = Chart("s0", {
        "s0": state(("s01", state(go={"event1": "s02"})), ("s02", state()), go={"event1": "failed", "event2": "passed"}),
        "passed": state(final=True), "failed": state(final=True),
    })  # fmt: skip
    assert chart.act("event1").atomic == {"s02"}
    assert chart.act("event2").atomic == {"passed"}


def test_given_w3c_403a_when_two_automatic_transitions_are_open_then_the_first_in_the_document_is_taken() -> None:
    within = state(auto={NEVER: "failed", ALWAYS: "passed", "2 == 2": "failed"})
    chart = Chart("s0", {"s0": state(("s01", within), auto={ALWAYS: "failed"}),
                         "passed": state(final=True), "failed": state(final=True)})  # fmt: skip
    assert chart.atomic == {"passed"}


def guarded(to: str, when: str) -> dict[str, Any]:
    return {"on": {"title": "A", "by": "lead", "to": to, "when": when, "else": "E"}}


@pytest.mark.parametrize(
    ("inner", "outer", "reached"),
    [(ALWAYS, ALWAYS, "near"), (NEVER, ALWAYS, "far"), ("1 / counters.n > 0", ALWAYS, "far")],
)
def test_given_w3c_403a_when_the_childs_condition_does_not_hold_then_the_parents_action_is_taken(
    inner: str, outer: str, reached: str
) -> None:
    chart = Chart("s0", {
        "s0": state(("s01", state(actions=guarded("near", inner))), actions=guarded("far", outer)),
        "near": state(), "far": state(),
    }, counters=["n"])  # fmt: skip
    assert chart.act("on").atomic == {reached}


def test_given_no_condition_that_holds_when_an_action_is_chosen_then_refused() -> None:
    chart = Chart("s0", {
        "s0": state(("s01", state(actions=guarded("near", NEVER))), actions=guarded("far", NEVER)),
        "near": state(), "far": state(),
    })  # fmt: skip
    with pytest.raises(Refused, match="is not open now"):
        chart.act("on")


@pytest.mark.parametrize(("steps", "runs"), [(MAX_STEPS, True), (MAX_STEPS + 1, False)])
def test_given_a_chain_of_automatic_steps_when_run_then_as_many_as_are_stated_and_no_more(
    steps: int, *, runs: bool
) -> None:
    chain = {f"s{n}": state(auto={ALWAYS: f"s{n + 1}"}) for n in range(steps)} | {f"s{steps}": state()}
    if runs:
        assert Chart("s0", chain).atomic == {f"s{steps}"}
        return
    with pytest.raises(Refused, match="goes round in a circle"):
        Chart("s0", chain)


def test_given_w3c_403c_when_transitions_of_two_regions_conflict_then_the_first_region_wins() -> None:
    region = state(("p2s1", state(auto={ALWAYS: "failed"})), ("p2s2", state()))
    chart = Chart("p", {
        "p": state(("p1", state(("p1s1", state(auto={ALWAYS: "passed"})))), ("p2", region), parallel=True),
        "passed": state(final=True), "failed": state(final=True),
    })  # fmt: skip
    assert chart.atomic == {"passed"}


def test_given_w3c_403c_when_transitions_do_not_conflict_then_all_are_taken_together() -> None:
    both = "states.a1.active and states.b1.active"  # each sees the other where it was: one microstep
    chart = Chart("p", {"p": state(
        ("a", state(("a1", state(auto={both: "a2"})), ("a2", state()))),
        ("b", state(("b1", state(auto={both: "b2"})), ("b2", state()))),
        parallel=True,
    )})  # fmt: skip
    assert chart.atomic == {"a2", "b2"}
    assert chart.path == ["+p", "+a", "+a1", "+b", "+b1", "-b1", "-a1", "+a2", "+b2"]


def after_an_hour(**to: str) -> dict[str, Any]:
    """Deadlines by their names."""
    return {name: {"title": "D", "after": "PT1H", "to": target} for name, target in to.items()}


def test_given_deadlines_of_nested_states_when_due_at_once_then_the_inner_ones_is_first() -> None:
    chart = Chart("around", {
        "around": state(("zin", state(deadlines=after_an_hour(z="next"))), ("next", state()), deadlines=after_an_hour(a="out")),
        "out": state(),
    })  # fmt: skip
    assert chart.wait(1).path == ["-zin", "+next", "-next", "-around", "+out"]


def test_given_deadlines_of_two_regions_when_due_at_once_then_in_document_order_and_as_written() -> None:
    chart = Chart("p", {
        "p": state(
            ("z", state(("z1", state(deadlines=after_an_hour(second="z2", first="z3"))), ("z2", state()), ("z3", state()))),
            ("a", state(("a1", state(deadlines=after_an_hour(one="a2"))), ("a2", state()))),
            parallel=True,
        ),
    })  # fmt: skip
    assert chart.wait(1).path == ["-z1", "+z2", "-a1", "+a2"]


def test_given_a_clock_that_was_late_when_a_state_is_entered_by_it_then_its_deadlines_count_from_then() -> None:
    chart = Chart("s0", {
        "s0": state(deadlines=after_an_hour(on="s1")), "s1": state(deadlines=after_an_hour(on="s2")), "s2": state(),
    })  # fmt: skip
    assert chart.wait(100).atomic == {"s1"}
    assert chart.wait(101).atomic == {"s2"}


def test_given_w3c_404_when_a_parallel_state_is_left_then_children_first_in_reverse_document_order() -> None:
    chart = Chart("s0", {"s0": state(
        ("s01p", state(("s01p1", state()), ("s01p2", state()), parallel=True, go={"on": "s02"})), ("s02", state()),
    )}).act("on")  # fmt: skip
    assert chart.path == ["-s01p2", "-s01p1", "-s01p", "+s02"]


def test_given_w3c_406_when_a_parallel_state_is_entered_then_parents_first_in_document_order() -> None:
    parallel = state(("s01p21", state()), ("s01p22", state()), parallel=True)
    chart = Chart("s0", {"s0": state(("s01", state(go={"on": "s0p2"})), ("s0p2", parallel))}).act("on")
    assert chart.path == ["-s01", "+s0p2", "+s01p21", "+s01p22"]


def test_given_w3c_416_when_a_final_state_within_is_reached_then_the_one_around_it_is_done() -> None:
    chart = Chart("s1", {
        "s1": state(("s11", state(("s111", state(go={"end": "s112"})), ("s112", state(final=True)),
                                  auto={"states.s11.done": "passed"}))),
        "passed": state(final=True),
    })  # fmt: skip
    assert chart.act("end").atomic == {"passed"}


def test_given_w3c_417_when_every_region_has_ended_then_the_parallel_state_is_done_and_not_before() -> None:
    def region(name: str) -> tuple[str, Any]:
        return name, state((f"{name}1", state(go={f"end_{name}": f"{name}2"})), (f"{name}2", state(final=True)))

    chart = Chart("p", {"p": state(region("a"), region("b"), parallel=True, auto={"states.p.done": "passed"}),
                        "passed": state(final=True)})  # fmt: skip
    assert chart.act("end_a").atomic == {"a2", "b1"}
    assert chart.act("end_b").atomic == {"passed"}
    assert chart.state.status == "finished"


def test_given_w3c_504_when_a_parallel_state_leads_into_itself_then_all_of_it_is_left_and_entered() -> None:
    chart = Chart("p", {"p": state(("ps1", state()), ("ps2", state()), parallel=True, go={"foo": "ps1"})}).act("foo")
    assert chart.path == ["-ps2", "-ps1", "-p", "+p", "+ps1", "+ps2"]


def test_given_w3c_505_when_a_compound_state_leads_into_itself_then_it_is_left_and_entered_too() -> None:
    chart = Chart("s1", {"s1": state(("s11", state()), go={"foo": "s11"})}).act("foo")  # external, as all are here
    assert chart.path == ["-s11", "-s1", "+s1", "+s11"]


# -- an independent interpreter ---------------------------------------------------------------------------------------


@st.composite
def charts(draw: st.DrawFn) -> tuple[str, dict[str, Any], list[str]]:
    """A random chart with parallel and history states, and random actions to choose."""
    names = iter(f"s{number}" for number in range(99))
    everything: list[str] = []

    def made(depth: int) -> tuple[str, dict[str, Any]]:
        name = next(names)
        everything.append(name)
        kind = draw(st.sampled_from(["atomic", "compound", "parallel"] if depth < 3 else ["atomic"]))
        if kind == "atomic" or len(everything) > 9:
            return name, state()
        within = [made(depth + 1) for _ in range(draw(st.integers(2, 3)))]
        found = state(*within, parallel=kind == "parallel")
        if kind == "compound" and draw(st.booleans()):
            remembering = next(names)
            everything.append(remembering)
            found["states"][remembering] = history(draw(st.sampled_from(["shallow", "deep"])), within[0][0])
        return name, found

    top = dict(made(0) for _ in range(draw(st.integers(1, 3))))
    holders = [spec for spec in _all(top) if "history" not in spec]
    for number in range(draw(st.integers(1, 8))):
        holder = draw(st.sampled_from(holders))
        target = draw(st.sampled_from(everything))
        holder.setdefault("actions", {})[f"e{number}"] = {"title": "A", "by": "lead", "to": target}
    events = draw(st.lists(st.integers(0, 7).map(lambda number: f"e{number}"), max_size=12))
    return next(iter(top)), top, events


def _all(states: Mapping[str, Any]) -> Iterable[dict[str, Any]]:
    for spec in states.values():
        yield spec
        yield from _all(spec.get("states", {}))


def scxml(initial: str, states: Mapping[str, Any]) -> str:
    """The chart in SCXML."""

    def told(name: str, spec: Mapping[str, Any]) -> str:
        if "history" in spec:
            return f'<history id="{name}" type="{spec["history"]}"><transition target="{spec["initial"]}"/></history>'
        tag = "parallel" if spec.get("parallel") else "state"
        first = f' initial="{spec["initial"]}"' if "initial" in spec else ""
        ways = "".join(f'<transition event="{a}" target="{w["to"]}"/>' for a, w in spec.get("actions", {}).items())
        within = "".join(told(inner, one) for inner, one in spec.get("states", {}).items())
        return f'<{tag} id="{name}"{first}>{ways}{within}</{tag}>'

    inner = "".join(told(name, spec) for name, spec in states.items())
    return f'<scxml xmlns="http://www.w3.org/2005/07/scxml" version="1.0" initial="{initial}">{inner}</scxml>'


@settings(max_examples=200)
@given(charts())
def test_given_a_random_chart_when_run_beside_an_independent_interpreter_then_the_same_states_are_active(
    made: tuple[str, dict[str, Any], list[str]],
) -> None:
    initial, states, events = made
    ours = Chart(initial, states)
    theirs = load(scxml(initial, states), format="scxml", trusted=True)()
    assert set(ours.state.active) == {s.id for s in theirs.configuration}
    for event in events:
        with suppress(Refused, NotFound):  # nothing that is active has it: SCXML ignores the event
            ours.act(event)
        theirs.send(event)
        assert set(ours.state.active) == {s.id for s in theirs.configuration}, event
