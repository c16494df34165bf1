"""Histories that were moved to another version by the way, done again: from the beginning, by the names of the one tried."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import msgspec
import pytest

from engine.process import commands as c
from engine.process import events as e
from engine.process.replay import Replayed, acts, replay
from engine.template.plan import Plan

STATE = [("  plan:\n    title", "  draft:\n    title"), ("initial: plan", "initial: draft")]
TASK = [("      goal: ", "      aim: "), ("tasks.goal", "tasks.aim"), ("answers.goal", "answers.aim")]
ROLE = [("  guest: {", "  visitor: {"), ("[lead, guest]", "[lead, visitor]")]
ACTIONS = [("      open:\n", "      begin:\n"), ("        close_up:\n", "        round_off:\n")]
NO_LOG = ("  log: {", "  diary: {")
TWO = (
    "      goal: ",
    "      second: {title: {nb: M, nn: M, en: M}, form: note, by: lead, optional: true}\n      goal: ",
)
PUT_OFF = [
    (
        "  ended: {title",
        "  later:\n    title: {nb: S, nn: S, en: L}\n    actions:\n"
        "      again: {title: {nb: I, nn: I, en: A}, by: lead, to: plan}\n  ended: {title",
    ),
    ("      open:\n", "      put_off: {title: {nb: U, nn: U, en: U}, by: lead, to: later}\n      open:\n"),
]
"""A state `later` beside `plan`, with a way there and back."""


@pytest.fixture
def moved(world: Any, publish: Callable[..., str]) -> Callable[..., None]:
    """Takes the process to a version that is published for that, by a plan."""

    def made(*changes: tuple[str, str], version: str = "1.1.0", form: Any = None, **parts: Any) -> None:
        digest = publish(*changes, version=version, form=form)
        world.do("kari", c.Migrate(digest, "Nye ord", Plan(template="small", to=version, **parts)))

    return made


@pytest.fixture
def tried(world: Any, publish: Callable[..., str]) -> Callable[..., Replayed]:
    """What comes of the process under a version of that number."""

    def made(version: str) -> Replayed:
        digest = next(p.bundle for p in world.engine.published("small") if p.version == version)
        found: Replayed = world.engine.replay("p", world.engine.definition("small", digest))
        return found

    return made


def lived_on(world: Any, vote: str = "vote") -> None:
    """From the vote to the end."""
    world.submit("ola", f"{vote}.1.m2", {"score": 4, "why": "Fordi"})
    world.submit("eva", f"{vote}.1.m3", {"score": 5})
    world.do("kari", c.Act("close_up"))


def same(found: Replayed) -> bool:
    return (found.outcome, found.how) == ("same", "") and found.acts > 5


def test_given_other_texts_by_the_way_when_tried_on_both_versions_then_the_same(
    world: Any, moved: Any, tried: Any
) -> None:
    world.to_voting()
    moved(("nb: Samtale", "nb: Prat"))
    lived_on(world)
    assert same(tried("1.0.0"))
    assert same(tried("1.1.0"))


def test_given_what_differs_after_a_migration_when_tried_then_it_is_told_of_that_act(
    world: Any, moved: Any, publish: Any, tried: Any
) -> None:
    world.to_voting()
    moved(("nb: Samtale", "nb: Prat"))
    lived_on(world)
    publish(("when: any(v.score == 5 for v in answers.vote) or counters.rounds >= vars.wanted", "when: counters.rounds > 3"),
            version="1.2.0")  # fmt: skip
    assert (tried("1.2.0").outcome, tried("1.2.0").what) == ("differs", "Act close_up")


@pytest.mark.parametrize("version", ["1.0.0", "1.1.0"])
def test_given_a_state_a_task_and_a_role_of_other_names_since_when_tried_then_each_act_is_asked_by_the_names_there(
    world: Any, moved: Any, tried: Any, version: str
) -> None:
    world.parties()
    world.do("kari", c.Grant("m2", "guest"))
    world.do("kari", c.Claim("goal.1"))
    world.submit("kari", "goal.1", {"text": "et mål"})
    moved(*STATE, *TASK, *ROLE, states={"plan": "draft"}, tasks={"goal": "aim"}, roles={"guest": "visitor"})
    world.submit("kari", "aim.1", {"text": "et annet mål"})
    world.do("kari", c.Act("open"))
    world.do("kari", c.Revoke("m2", "visitor"))
    world.do("kari", c.StepBack("draft", "Vi glemte noe"))
    assert same(tried(version))


@pytest.mark.parametrize("version", ["1.0.0", "1.1.0"])
def test_given_a_task_that_was_taken_on_when_it_got_another_name_then_it_is_taken_on_there_too(
    world: Any, moved: Any, tried: Any, version: str
) -> None:
    world.parties()
    world.do("ola", c.Claim("goal.1"))
    moved(*TASK, tasks={"goal": "aim"})
    world.do("kari", c.Release("aim.1"))
    world.submit("eva", "aim.1", {"text": "et mål"})
    assert same(tried(version))


@pytest.mark.parametrize("version", ["1.0.0", "1.1.0"])
def test_given_actions_of_other_names_since_when_tried_then_each_is_chosen_by_its_name_there(
    world: Any, moved: Any, tried: Any, version: str
) -> None:
    world.to_voting()
    names = {"open": "begin", "close_up": "round_off"}
    moved(*STATE, *ACTIONS, states={"plan": "draft"}, actions=names)
    world.submit("ola", "vote.1.m2", {"score": 4})
    world.submit("eva", "vote.1.m3", {"score": 5})
    world.do("kari", c.Act("round_off"))
    assert same(tried(version))


NAMES: dict[str, Any] = {
    "states": {"plan": "draft"},
    "tasks": {"goal": "aim"},
    "actions": {"open": "begin", "close_up": "round_off"},
}


@pytest.mark.parametrize(
    ("extra", "how"), [([], ""), ([TWO], "second.1 is open, and was not")], ids=["other names alone", "a new task"]
)
def test_given_a_version_that_nothing_was_moved_to_when_tried_with_a_plan_then_by_the_names_there(
    world: Any, publish: Any, extra: Any, how: str
) -> None:
    world.parties()
    world.do("ola", c.Claim("goal.1"))
    world.submit("ola", "goal.1", {"text": "et mål"})
    world.do("kari", c.Act("open"))
    lived_on(world)
    candidate = world.engine.definition(
        "small", publish(*[(old.replace("goal", "aim"), new.replace("goal", "aim")) if (old, new) == TWO else (old, new)
                           for old, new in (*STATE, *TASK, *ACTIONS, *extra)])
    )  # fmt: skip
    plan = Plan(template="small", to="1.1.0", **NAMES)
    assert world.engine.replay("p", candidate, plan).how == how
    assert world.engine.replay("p", candidate).how == "it is in draft instead of plan"


def test_given_a_process_that_was_moved_before_when_tried_with_a_plan_then_names_lead_through_both(
    world: Any, moved: Any, publish: Any
) -> None:
    world.to_voting()
    moved(*TASK, tasks={"goal": "aim"})
    lived_on(world)
    twice = [("      goal: ", "      target: "), ("tasks.goal", "tasks.target"), ("answers.goal", "answers.target")]
    candidate = world.engine.definition("small", publish(*twice, *ACTIONS, version="1.2.0"))
    plan = Plan(template="small", to="1.2.0", tasks={"aim": "target"}, actions=NAMES["actions"])
    assert same(world.engine.replay("p", candidate, plan))


def test_given_an_action_of_another_name_when_the_plan_does_not_say_so_then_it_would_be_refused(
    world: Any, moved: Any, tried: Any
) -> None:
    world.to_voting()
    moved(*ACTIONS)
    found = tried("1.1.0")
    assert (found.outcome, found.what) == ("differs", "Act open")


def test_given_an_action_that_has_its_name_still_in_one_state_when_tried_then_it_is_another_only_where_the_other_is(
    world: Any, moved: Any, tried: Any
) -> None:
    """`stop` is chosen in `later`, where it keeps its name, and is called `halt` in `plan` from now on."""
    later = [(old, new.replace("      again: ", "      stop: {title: {nb: S, nn: S, en: S}, by: lead, to: ended}\n"
             "      again: ")) for old, new in PUT_OFF]  # fmt: skip
    moved(*later)
    world.do("kari", c.Act("put_off"))
    halt = ("      stop: {title: {nb: Stopp", "      halt: {title: {nb: Stopp")
    moved(*later, halt, version="1.2.0", actions={"stop": "halt"})
    world.do("kari", c.Act("stop"))
    found = tried("1.2.0")
    assert (found.outcome, found.how) == ("same", "")


def test_given_an_action_that_nobody_chooses_any_more_when_tried_then_its_choice_is_left_out_and_counted(
    world: Any, moved: Any, tried: Any
) -> None:
    world.to_voting()
    moved(*ACTIONS, actions={"open": None, "close_up": "round_off"})
    found = tried("1.1.0")
    assert (found.outcome, found.how, found.left_out) == ("differs", "it is in plan instead of voting, work", 1)


def test_given_an_incident_about_an_action_of_another_name_when_tried_then_it_is_resolved_by_the_name_there(
    world: Any, moved: Any, publish: Any, tried: Any
) -> None:
    guest = ("        by: lead\n        to: work\n", "        by: guest\n        to: work\n")
    moved(guest)
    world.do("kari", c.Resolve("plan.open", "Vi stopper i stedet"))
    moved(guest, *STATE, *ACTIONS, version="1.2.0", states={"plan": "draft"}, actions={"open": "begin"})
    world.do("kari", c.Act("stop", "nok"))
    found = tried("1.2.0")
    assert (found.outcome, found.how) == ("same", "")


def test_given_a_state_that_was_left_before_it_got_another_name_when_tried_then_the_plan_tells_what_it_is(
    world: Any, moved: Any, tried: Any
) -> None:
    world.to_voting()
    moved(*STATE, states={"plan": "draft"})
    lived_on(world)
    assert same(tried("1.1.0"))


def test_given_two_migrations_when_tried_on_a_draft_after_them_then_names_lead_through_both(
    world: Any, moved: Any, publish: Any, tried: Any
) -> None:
    world.submit("kari", "goal.1", {"text": "et mål"})
    moved(*TASK, tasks={"goal": "aim"})
    twice = [("      goal: ", "      target: "), ("tasks.goal", "tasks.target"), ("answers.goal", "answers.target")]
    moved(*twice, version="1.2.0", tasks={"aim": "target"})
    world.parties()
    world.do("kari", c.Act("open"))
    publish(*twice, ("nb: Plan,", "nb: P,"), version="1.3.0")
    assert [same(tried(version)) for version in ("1.0.0", "1.1.0", "1.2.0", "1.3.0")] == [True] * 4


def test_given_a_field_of_another_name_with_the_same_id_when_tried_then_answers_are_read_under_it(
    world: Any, moved: Any, tried: Any
) -> None:
    world.parties()
    world.submit("kari", "goal.1", {"text": "et mål"})
    text = "text: {title: Tekst,"
    form = ("note", f"required: [text]\nproperties:\n  {text}",
            "required: [words]\nproperties:\n  words: {x-id: text, title: Tekst,")  # fmt: skip
    moved(("answers.goal.text", "answers.goal.words"), form=form)
    world.do("kari", c.Act("open"))
    assert same(tried("1.1.0"))
    assert same(tried("1.0.0"))


def test_given_an_answer_that_would_not_fit_when_it_had_been_accepted_then_that_it_would_be_refused(
    world: Any, moved: Any, tried: Any
) -> None:
    world.submit("kari", "goal.1", {"text": "for langt"})
    moved(form=("note", "maxLength: 200}\n  aside", "maxLength: 3}\n  aside"), accept=("goal",))
    found = tried("1.1.0")
    assert (found.outcome, found.what) == ("differs", "Submit goal.1")
    assert found.how == "refused: 1 answer of goal.1 does not fit the form (text)"


def test_given_a_task_that_nobody_is_asked_any_more_when_tried_then_its_answers_are_left_out_and_counted(
    world: Any, moved: Any, tried: Any
) -> None:
    world.submit("kari", "log.1", {"text": "Møte"})
    world.to_voting()
    moved(NO_LOG, tasks={"log": None})
    lived_on(world)
    found = tried("1.1.0")
    assert (found.outcome, found.how, found.left_out) == ("same", "", 1)


def test_given_a_role_that_was_taken_from_everybody_when_tried_then_who_got_it_is_left_out(
    world: Any, moved: Any, tried: Any
) -> None:
    world.to_voting()
    world.do("kari", c.Grant("m2", "guest"))
    moved(*ROLE, roles={"guest": None})
    lived_on(world)
    assert (tried("1.1.0").outcome, tried("1.1.0").left_out) == ("same", 1)


def test_given_a_task_that_came_by_the_migration_when_tried_then_it_is_compared_from_then_on(
    world: Any, moved: Any, tried: Any
) -> None:
    moved(TWO)
    world.submit("kari", "second.1", {"text": "ja"})
    assert tried("1.1.0").outcome == "same"
    found = tried("1.0.0")
    assert (found.outcome, found.what, found.how) == ("differs", "process.migrated", "second.1 is not open, and was")


def test_given_a_task_that_only_the_version_tried_has_when_tried_then_it_differs_from_the_start(
    world: Any, moved: Any, publish: Any, tried: Any
) -> None:
    moved(("nb: Plan,", "nb: P,"))
    publish(TWO, version="1.2.0")
    assert (tried("1.2.0").outcome, tried("1.2.0").sequence) == ("differs", 1)


def test_given_a_guard_that_needs_what_came_later_when_tried_then_the_act_before_would_be_refused(
    world: Any, moved: Any, tried: Any
) -> None:
    world.to_voting()
    moved(TWO, ("when: tasks.goal.complete and", "when: tasks.second.done >= 1 and tasks.goal.complete and"))
    assert (tried("1.1.0").outcome, tried("1.1.0").what) == ("differs", "Act open")


def test_given_a_deadline_that_came_by_the_migration_when_tried_then_it_would_have_been_there_before(
    world: Any, moved: Any, tried: Any
) -> None:
    moved(("form: note, by: [lead, member]}\n      choose", "form: note, by: [lead, member], due: P7D}\n      choose"))
    found = tried("1.1.0")
    assert (found.outcome, found.sequence, "due:goal.1 is due" in found.how) == ("differs", 1, True)


def test_given_a_task_that_was_asked_again_when_tried_then_it_is_asked_again_there(
    world: Any, moved: Any, tried: Any
) -> None:
    world.parties()
    world.submit("kari", "goal.1", {"text": "et mål"})
    moved(("nb: Plan,", "nb: P,"), ask_again=("goal",))
    with_open = world.state.instances["goal.1"].status
    world.submit("kari", "goal.1", {"text": "et annet mål"})
    world.do("kari", c.Act("open"))
    assert with_open == "open"
    assert same(tried("1.1.0"))


def test_given_states_that_were_made_one_when_tried_on_the_version_before_then_it_cannot_be_told(
    world: Any, moved: Any, tried: Any
) -> None:
    moved(*PUT_OFF)
    world.do("kari", c.Act("put_off"))
    found_before = tried("1.1.0")
    moved(version="1.2.0", states={"later": "plan"})
    found = tried("1.1.0")
    assert (found_before.outcome, found.outcome) == ("same", "cannot tell")
    assert found.how == "later and plan were made one when it was moved"


def test_given_a_migration_that_was_taken_back_when_tried_then_the_same(world: Any, moved: Any, tried: Any) -> None:
    world.parties()
    world.submit("kari", "goal.1", {"text": "et mål"})
    moved(TWO, *STATE, *TASK, states={"plan": "draft"}, tasks={"goal": "aim"})
    world.do("kari", c.UndoMigration("Feil versjon"))
    world.do("kari", c.Act("open"))
    assert same(tried("1.0.0"))


@pytest.mark.parametrize(("parts", "outcome"), [({}, "cannot tell"), ({"states": {"plan": "draft"}}, "same")])
def test_given_a_migration_whose_plan_was_not_kept_when_a_name_is_gone_then_it_cannot_be_told(
    world: Any, moved: Any, parts: Any, outcome: str
) -> None:
    """Logs from before plans were kept say what became of the states that the process was in, and of no others."""
    if not parts:
        world.to_voting()
    moved(*STATE, **parts)
    engine, state = world.engine, world.state
    events = [
        msgspec.structs.replace(event, payload=event.payload.model_copy(update={"plan": None}))
        if isinstance(event.payload, e.ProcessMigrated)
        else event
        for event in engine.events(engine.log.read(engine.stream("p")))
    ]
    version = partial(engine.definition, "small")
    found = replay(acts(events, version, version(state.bundle)), version(state.bundle))
    assert found.outcome == outcome
    assert ("what became of the state plan" in found.how) is (outcome == "cannot tell")
