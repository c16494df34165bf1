"""Simulation: it finds where processes come to a stop and what they never come to, with a short way that can be gone."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from engine import yaml
from engine.template import bundle
from engine.template.bundle import Bundle
from engine.template.chart import Definition
from engine.template.model import Template
from engine.template.sources import BUILT_IN
from engine.trial.noticing import Finding
from engine.trial.running import run
from engine.trial.simulating import Simulation, simulate

T = "{nb: X, nn: X, en: X}"
HEAD = f"""
template: tiny
version: 1.0.0
title: {T}
roles:
  lead: {{title: {T}, max: 1}}
  guest: {{title: {T}}}
starter: lead
counters: [rounds]
initial: asking
"""
FORM = """
$schema: https://json-schema.org/draft/2020-12/schema
$id: tiny/reply
title: Svar
x-i18n: {nn: {title: Svar}, en: {title: Reply}}
x-purpose: {nb: Prøve., nn: Prøva., en: Trying.}
type: object
required: [number, word, sure]
properties:
  number: {title: N, x-i18n: {nn: {title: N}, en: {title: N}}, type: integer, minimum: 0, maximum: 100000}
  word: {title: O, x-i18n: {nn: {title: O}, en: {title: W}}, type: string, maxLength: 50}
  sure: {title: S, x-i18n: {nn: {title: S}, en: {title: S}}, type: boolean}
"""
END = f"  over: {{title: {T}, final: true}}\n"


def task(**keys: str) -> str:
    given = "".join(f", {key}: {value}" for key, value in ({"by": "guest"} | keys).items())
    return f"{{title: {T}, form: reply{given}}}"


def action(to: str = "over", when: str = "", **keys: str) -> str:
    guard = f', when: "{when}", else: {T}' if when else ""
    return f"{{title: {T}, to: {to}{guard}" + "".join(f", {k}: {v}" for k, v in ({"by": "lead"} | keys).items()) + "}"


def state(name: str, **parts: str) -> str:
    return f"  {name}:\n    title: {T}\n" + "".join(f"    {key}: {value}\n" for key, value in parts.items())


@pytest.fixture
def tiny(tmp_path: Path) -> Callable[[str], Bundle]:
    """A template of these states, with a form that asks for a number, a word, and whether one is sure."""

    def write(states: str) -> Bundle:
        (tmp_path / "processes").mkdir()
        (tmp_path / "forms" / "tiny").mkdir(parents=True)
        (tmp_path / "processes" / "tiny.yaml").write_text(f"{HEAD}states:\n{states}")
        (tmp_path / "forms" / "tiny" / "reply.yaml").write_text(FORM)
        return bundle.read("tiny", [tmp_path])

    return write


def serious(found: Simulation) -> list[tuple[str, str]]:
    return [(finding.sort, finding.what) for finding in found.findings if finding.is_serious]


def one(found: Simulation, sort: str) -> Finding:
    (finding,) = [finding for finding in found.findings if finding.sort == sort]
    return finding


def never(found: Simulation) -> list[str]:
    return [finding.what for finding in found.findings if finding.sort == "never"]


# -- where it comes to a stop -----------------------------------------------------------------------------------------


UNSURE = state(
    "asking",
    tasks=f"{{reply: {task(correctable='false')}}}",
    actions=f"{{close: {action(when='answers.reply.sure')}}}",
)


def test_given_an_answer_that_closes_the_only_way_when_simulated_then_a_deadlock_and_the_one_step_to_it(tiny) -> None:
    found = simulate(tiny(UNSURE + END).definition, runs=30)
    assert serious(found) == [("deadlock", "asking")]
    deadlock = one(found, "deadlock")
    (step,) = deadlock.way
    assert step.startswith("{by: guest_")
    assert '"sure":false' in step
    assert deadlock.message.endswith("“close” is not open (answers.reply.sure)")
    assert not found.passed


def test_given_the_way_to_a_deadlock_when_put_into_a_scenario_then_the_real_engine_is_stuck_there_too(
    tiny, tmp_path: Path
) -> None:
    read = tiny(UNSURE + END)
    deadlock = one(simulate(read.definition, runs=30), "deadlock")
    starter, *others = deadlock.people
    lines = ["template: tiny", f"starter: {starter.split(':')[0]}", "people:", *(f"  {line}" for line in others)]
    lines += ["scenarios:", "  stuck:", "    title: Nothing leads on", "    given:"]
    lines += [f"      - {step}" for step in deadlock.way]
    lines += ["    then: {states: asking, closed: [close], status: running}"]
    file = tmp_path / "stuck.yaml"
    file.write_text("\n".join(lines))
    assert [str(failure.message) for played in run(read, [file]).played for failure in played.failures] == []


@pytest.mark.parametrize(
    "states",
    [
        UNSURE.replace("correctable: false", "correctable: true"),
        UNSURE + f"    deadlines: {{month: {{title: {T}, after: P30D, to: over}}}}\n",
        UNSURE.replace("answers.reply.sure", "answers.reply.sure or len(memberships) > 4"),
    ],
    ids=["it can be put right", "time leads on", "others may join"],
)
def test_given_another_way_on_when_simulated_then_it_is_no_deadlock(tiny, states: str) -> None:
    assert serious(simulate(tiny(states + END).definition, runs=30)) == []


def test_given_four_eyes_of_one_person_when_simulated_then_it_is_told_that_nobody_may(tiny) -> None:
    tasks = f"{{first: {task(by='[lead, guest]')}, second: {task(by='lead', not_by='first')}}}"
    states = state("asking", tasks=tasks, actions=f"{{close: {action(when='tasks.second.complete')}}}")
    found = simulate(tiny(states + END).definition, runs=40)
    assert serious(found) == [("deadlock", "asking")]
    assert "nobody may answer second.1" in one(found, "deadlock").message


def test_given_states_that_lead_round_for_ever_when_simulated_then_a_livelock_where_they_begin(tiny) -> None:
    states = state("asking", actions=f"{{end: {action()}, on: {action('one')}}}")
    states += state("one", actions=f"{{on: {action('two')}}}") + state("two", actions=f"{{on: {action('one')}}}")
    found = simulate(tiny(states + END).definition, runs=10, moves=60)
    assert serious(found) == [("livelock", "one")]
    assert one(found, "livelock").way == ("{by: lead_1, act: on}",)


def test_given_a_division_by_what_may_be_nothing_when_simulated_then_an_incident(tiny) -> None:
    states = state(
        "asking",
        tasks=f"{{reply: {task()}}}",
        actions=f"{{end: {action()}}}",
        auto="[{to: over, when: 100 / answers.reply.number > 50}]",
    )
    found = simulate(tiny(states + END).definition, runs=30)
    assert [sort for sort, _ in serious(found)] == ["incident"]
    assert '"number":0' in one(found, "incident").way[-1]


def test_given_automatic_steps_that_lead_round_when_simulated_then_a_circle() -> None:
    # Lint refuses such a template; it is made without it.
    states = state("asking", actions=f"{{on: {action('one')}}}")
    states += state("one", auto="[{to: two, when: 1 == 1}]") + state("two", auto="[{to: one, when: 1 == 1}]")
    data = yaml.load(f"{HEAD}states:\n{states}{END}", "tiny.yaml").data
    found = simulate(Definition(Template.model_validate(data), {}), runs=5)
    assert ("circle", "asking") in serious(found)
    assert len(one(found, "circle").way) == 1


# -- what it comes to -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "when",
    [
        "answers.reply.number == 4711",
        "answers.reply.number > 31999 and answers.reply.number < 32001",
        "answers.reply.word == 'sesame'",
        "answers.reply.word in ('open', 'sesame') and not answers.reply.sure",
        "counters.rounds >= 3",
        "len(memberships) >= 6",
    ],
)
def test_given_a_condition_that_chance_would_hardly_meet_when_simulated_then_it_is_met(tiny, when: str) -> None:
    states = state(
        "asking",
        count="rounds",
        tasks=f"{{reply: {task()}}}",
        actions=f"{{hard: {action('rare', when)}, again: {action('asking')}, end: {action()}}}",
    )
    found = simulate(tiny(states + state("rare", actions=f"{{end: {action()}}}") + END).definition, runs=60)
    assert never(found) == []
    assert serious(found) == []


def test_given_a_condition_on_all_answers_when_simulated_then_people_are_of_one_mind_at_times(tiny) -> None:
    when = "tasks.reply.done >= 4 and all(r.number == 42 for r in answers.reply)"
    states = state(
        "asking",
        tasks=f"{{reply: {task(each='membership')}}}",
        actions=f"{{hard: {action('rare', when)}, end: {action()}}}",
    )
    found = simulate(tiny(states + state("rare", actions=f"{{end: {action()}}}") + END).definition, runs=100)
    assert never(found) == []


def test_given_what_can_never_be_when_simulated_then_it_is_told_with_the_way_to_where_it_could(tiny) -> None:
    # Lint compares answers with their bounds, and not with themselves.
    when = "answers.reply.number != answers.reply.number"
    states = state("asking", tasks=f"{{reply: {task()}}}", actions=f"{{on: {action('last')}}}")
    states += state("last", actions=f"{{odd: {action('lost', when)}, end: {action()}}}")
    found = simulate(tiny(states + state("lost", actions=f"{{end: {action()}}}") + END).definition, runs=40)
    assert never(found) == ["state lost", "action last.odd", "action lost.end", "condition last.odd"]
    assert serious(found) == []
    ways = {finding.what: finding.way for finding in found.findings}
    assert ways["action last.odd"] == ("{by: lead_1, act: on}",)
    assert ways["state lost"] == ()


def test_given_a_seed_when_simulated_twice_then_the_same_is_found_and_another_seed_goes_other_ways(small) -> None:
    first, again, other = (simulate(small.definition, runs=10, seed=seed) for seed in (7, 7, 8))
    assert (first.findings, first.moves, first.coverage.items()) == (
        again.findings,
        again.moves,
        again.coverage.items(),
    )
    assert first.coverage.items() != other.coverage.items()


def test_given_how_many_people_and_parties_when_simulated_then_so_many_take_part(small) -> None:
    found = simulate(small.definition, runs=1, people=4, parties=2)
    from_way = next(finding for finding in found.findings if finding.people)
    members = [line for line in from_way.people if "role: member" in line]
    assert len(members) == 4
    assert len({line.split("party: ")[1] for line in members}) == 2
    assert sum("role: guest" in line for line in from_way.people) == 1  # of whom there may be one


@pytest.mark.parametrize(("name", "runs"), [("samson", 40), ("soimpact", 20)])
def test_given_a_built_in_template_when_simulated_then_every_state_is_reached_and_nothing_is_stuck(
    name: str, runs: int
) -> None:
    read = bundle.read(name, [BUILT_IN])
    linked = {one.name: one.definition for one in bundle.read_linked(read, [BUILT_IN])}
    found = simulate(read.definition, runs=runs, linked=linked)
    assert serious(found) == []
    items = [item for item in found.coverage.items() if item.kind == "state"]
    assert [item.id for item in items if not item.covered] == []
    assert found.ended > runs / 2
