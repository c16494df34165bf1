"""What cannot go on by itself: conditions that fail when they are evaluated, and roles that nobody holds."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from engine.errors import NotFound, Refused, SamskapError
from engine.incidents import explain, incidents
from engine.process import commands as c
from engine.store import worklists
from engine.template import bundle

if TYPE_CHECKING:
    World = Any  # the class stands in conftest.py, which cannot be imported


@pytest.fixture
def make(
    new_world: Callable[..., World], write_small: Callable[..., Path], small_text: str, tmp_path: Path
) -> Iterator[Callable[..., World]]:
    """A world with a process `q` whose talk goes on by itself under a condition of the test's."""
    worlds: list[World] = []

    def made(old: str, new: str) -> World:
        assert old in small_text
        world: World = new_world(tmp_path / "data")
        worlds.append(world)
        text = small_text.replace(old, new).replace("version: 1.0.0", "version: 1.1.0")
        world.engine.publish(bundle.read("small", [write_small(tmp_path / "config", text)]))
        world.engine.start(world.person("kari"), "small", "q", "Q")
        return world

    yield made
    for world in worlds:
        world.engine.close()


def do(world: World, handle: str, command: c.Command) -> Any:
    return world.engine.handle(world.person(handle), "q", command)


def state(world: World) -> Any:
    return world.engine.load(world.engine.stream("q")).state


ALONE = "    actions:\n      open:"
FAILING = "    auto: [{to: work, when: 10 / len(parties) > 4}]\n    actions:\n      open:"
"""With no party the condition divides by nought; with one it holds, with three it does not."""


def test_given_a_condition_that_fails_when_somebody_answers_then_the_answer_is_kept_and_an_incident_raised(
    make: Callable[..., World],
) -> None:
    world = make(ALONE, FAILING)
    do(world, "kari", c.Submit("goal.1", {"text": "et mål"}))
    now = state(world)
    assert now.instances["goal.1"].status == "done"
    (incident,) = now.incidents.values()
    assert (incident.id, incident.is_open, "divi" in incident.message) == ("plan.auto.1", True, True)


def test_given_an_incident_when_more_happens_then_it_is_told_once(make: Callable[..., World]) -> None:
    world = make(ALONE, FAILING)
    for text in ("a", "b", "c"):
        do(world, "kari", c.Submit("goal.1", {"text": text}))
    raised = [r for r in world.engine.log.read(world.engine.stream("q")) if r.type == "incident.raised"]
    assert len(raised) == 1


def test_given_an_incident_when_the_condition_can_be_evaluated_then_it_ends_by_itself_and_the_process_goes_on(
    make: Callable[..., World],
) -> None:
    world = make(ALONE, FAILING)
    do(world, "kari", c.AddParty("town", "Town"))
    assert "work" in state(world).active
    assert worklists.incidents(world.engine.log, "q") == []


def test_given_a_condition_that_recovered_when_it_fails_again_then_it_is_told_again(make: Callable[..., World]) -> None:
    world = make(ALONE, FAILING.replace("10 / len(parties) > 4", "10 / (len(memberships) - 1) > 40"))
    token = world.engine.invite(world.person("kari"), "q", ("guest",)).result["token"]
    world.engine.join(world.person("gro"), token)
    assert worklists.incidents(world.engine.log, "q") == []
    do(world, "kari", c.EndMembership("m2", ""))
    assert [item.incident for item in worklists.incidents(world.engine.log, "q")] == ["plan.auto.1"]


def test_given_an_incident_when_listed_then_with_what_failed(make: Callable[..., World]) -> None:
    world = make(ALONE, FAILING)
    (item,) = worklists.incidents(world.engine.log, "q")
    assert (item.process, item.incident, item.kind) == ("q", "plan.auto.1", "condition")


def test_given_an_incident_when_retried_in_vain_then_told_so_and_nothing_stored(make: Callable[..., World]) -> None:
    world = make(ALONE, FAILING)
    before = state(world).sequence
    with pytest.raises(Refused, match="still fails"):
        do(world, "kari", c.Retry("plan.auto.1"))
    assert state(world).sequence == before


def test_given_an_incident_when_resolved_with_a_reason_then_it_is_not_raised_again(make: Callable[..., World]) -> None:
    world = make(ALONE, FAILING)
    with pytest.raises(Refused, match="needs a reason"):
        do(world, "kari", c.Resolve("plan.auto.1", ""))
    do(world, "kari", c.Resolve("plan.auto.1", "Vi har ingen parter her"))
    do(world, "kari", c.Submit("goal.1", {"text": "a"}))
    assert worklists.incidents(world.engine.log, "q") == []
    with pytest.raises(NotFound):
        do(world, "kari", c.Resolve("plan.auto.1", "igjen"))


def test_given_an_incident_when_its_state_is_left_then_it_is_gone(make: Callable[..., World]) -> None:
    world = make(ALONE, FAILING)
    do(world, "kari", c.Act("stop", "nok"))
    assert (state(world).incidents, worklists.incidents(world.engine.log, "q")) == ({}, [])


def test_given_an_action_whose_condition_fails_when_chosen_or_explained_then_told_and_nothing_stored(
    make: Callable[..., World],
) -> None:
    world = make(
        "tasks.goal.complete and (answers.goal.text != 'nei' or len(memberships) > 5)", "10 / len(parties) > 4"
    )
    with pytest.raises(SamskapError, match="cannot be evaluated"):
        do(world, "kari", c.Act("open"))
    told = world.engine.explain_action(world.person("kari"), "q", "open")
    assert (told.is_open, "cannot be evaluated" in told.outcome) == (False, True)


def test_given_a_deadline_whose_condition_fails_when_it_passes_then_it_can_be_retried(
    make: Callable[..., World],
) -> None:
    world = make(
        ALONE,
        f"    deadlines: {{late: {{title: {{nb: S, nn: S, en: L}}, after: P7D, to: work, when: 10 / len(parties) > 4}}}}\n{ALONE}",
    )
    world.clock.now += timedelta(days=8)
    world.engine.tick()
    assert [item.incident for item in worklists.incidents(world.engine.log, "q")] == ["plan:late"]
    do(world, "kari", c.AddParty("town", "Town"))
    do(world, "kari", c.Retry("plan:late"))
    assert ("work" in state(world).active, worklists.incidents(world.engine.log, "q")) == (True, [])


def test_given_a_task_for_a_role_that_nobody_holds_when_listed_then_it_says_which(make: Callable[..., World]) -> None:
    world = make("form: note, by: [lead, member]}", "form: note, by: guest}")
    found = [(item.incident, item.kind, item.message) for item in worklists.incidents(world.engine.log, "q")]
    assert found == [("goal.1", "role", "nobody holds guest")]


def test_given_incidents_when_worklists_are_made_again_then_they_are_the_same(make: Callable[..., World]) -> None:
    world = make(ALONE, FAILING)
    before = world.engine.log.query("SELECT * FROM incident")
    world.engine.rebuild_worklists()
    assert world.engine.log.query("SELECT * FROM incident") == before
    assert len(before) == 1


# -- tasks that nobody can do -----------------------------------------------------------------------------------------

FOR_A_GUEST = ("form: note, by: [lead, member]}", "form: note, by: guest}")
BARRED = (
    "goal: {title: {nb: Mål, nn: Mål, en: Goal}, form: note, by: [lead, member]}",
    "goal: {title: {nb: Mål, nn: Mål, en: Goal}, form: note, by: [lead, member]}\n"
    "      check: {title: {nb: Sjekk, nn: Sjekk, en: Check}, form: note, by: lead, not_by: goal}",
)
"""Whoever sets the goal may not check it, and there is but one who may check at all."""


def test_given_four_eyes_and_but_two_of_them_when_listed_then_the_task_waits_for_nobody(
    make: Callable[..., World],
) -> None:
    world = make(*BARRED)
    assert incidents(world.engine, "q") == []
    do(world, "kari", c.Submit("goal.1", {"text": "et mål"}))
    (item,) = incidents(world.engine, "q")
    assert (item.incident, item.kind, "four eyes" in item.message) == ("check.1", "role", True)


def test_given_a_task_for_a_role_that_nobody_holds_when_retried_then_refused_until_somebody_holds_it(
    make: Callable[..., World],
) -> None:
    world = make(*FOR_A_GUEST)
    with pytest.raises(Refused, match="nobody holds guest"):
        do(world, "kari", c.Retry("goal.1"))
    do(world, "kari", c.Grant("m1", "guest"))
    assert incidents(world.engine, "q") == []


@pytest.mark.parametrize("change", [FOR_A_GUEST, BARRED])
def test_given_a_task_that_nobody_can_do_when_resolved_with_a_reason_then_it_is_listed_no_more(
    make: Callable[..., World], change: tuple[str, str]
) -> None:
    world = make(*change)
    if change is BARRED:
        do(world, "kari", c.Submit("goal.1", {"text": "et mål"}))
    (item,) = incidents(world.engine, "q")
    with pytest.raises(Refused, match="needs a reason"):
        do(world, "kari", c.Resolve(item.incident, " "))
    do(world, "kari", c.Resolve(item.incident, "Vi trenger det ikke"))
    assert incidents(world.engine, "q") == []
    world.engine.rebuild_worklists()
    assert incidents(world.engine, "q") == []


def test_given_a_task_that_nobody_can_do_when_listed_then_since_the_last_one_who_could_was_gone(
    make: Callable[..., World],
) -> None:
    world = make(*FOR_A_GUEST)
    do(world, "kari", c.Grant("m1", "guest"))
    world.clock.now += timedelta(days=3)
    do(world, "kari", c.Revoke("m1", "guest"))
    lost = world.clock.now
    world.clock.now += timedelta(days=3)
    do(world, "kari", c.AddParty("town", "Town"))
    (item,) = incidents(world.engine, "q")
    assert (item.incident, item.at) == ("goal.1", lost)


def test_given_an_action_that_nobody_may_choose_when_explained_then_since_its_state_was_entered(
    make: Callable[..., World],
) -> None:
    world = make("        by: lead\n        to: work\n", "        by: guest\n        to: work\n")
    begun = world.clock.now
    world.clock.now += timedelta(days=3)
    do(world, "kari", c.Submit("goal.1", {"text": "et mål"}))
    assert explain(world.engine, world.person("kari"), "q", "plan.open").item.at == begun


def test_given_a_condition_that_failed_when_explained_then_its_text_and_what_it_reads(
    make: Callable[..., World],
) -> None:
    world = make(ALONE, "    auto: [{to: work, when: 10 / len(parties) > vars.wanted}]\n" + ALONE)
    found = explain(world.engine, world.person("kari"), "q", "plan.auto.1")
    assert (found.state, found.condition) == ("plan", "10 / len(parties) > vars.wanted")
    assert {(one.path, one.value) for one in found.seen} == {("parties", "0 rows"), ("vars.wanted", "2")}


def test_given_an_incident_that_is_none_when_explained_then_those_that_there_are(make: Callable[..., World]) -> None:
    world = make(*FOR_A_GUEST)
    with pytest.raises(NotFound) as missing:
        explain(world.engine, world.person("kari"), "q", "goal")
    assert "goal.1" in str(missing.value.hint)


def test_given_an_action_for_a_role_that_nobody_holds_when_its_state_is_active_then_it_is_an_incident_until_held(
    make: Callable[..., World],
) -> None:
    world = make("        by: lead\n        to: work\n", "        by: guest\n        to: work\n")
    (item,) = incidents(world.engine, "q")
    assert (item.incident, item.kind, "nobody holds guest" in item.message) == ("plan.open", "role", True)
    with pytest.raises(Refused, match="nobody holds guest"):
        do(world, "kari", c.Retry("plan.open"))
    do(world, "kari", c.Grant("m1", "guest"))
    assert incidents(world.engine) == []


def test_given_an_action_that_nobody_may_choose_when_resolved_with_a_reason_then_it_is_listed_no_more(
    make: Callable[..., World],
) -> None:
    world = make("        by: lead\n        to: work\n", "        by: guest\n        to: work\n")
    do(world, "kari", c.Resolve("plan.open", "Vi stopper i stedet"))
    assert incidents(world.engine, "q") == []
    do(world, "kari", c.Act("stop", "nok"))
    assert world.engine.load(world.engine.stream("q")).state.status == "finished"
