"""Processes on their way to another version: what stays, what is asked, what is in the way, and the way back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from engine.errors import Conflict, LintError, NotAllowed, NotFound, Refused
from engine.migration import migrate, to_move
from engine.process import commands as c
from engine.process.state import ProcessState
from engine.store.people import Person, Session
from engine.template import plan_reading
from engine.template.plan import Plan

WHY = "Nye spørsmål"
TASKS = ("log", "goal", "choose", "vote", "minutes")
"""The tasks of the version that processes begin with."""


@pytest.fixture
def world(world: Any) -> Any:
    """One in which ola (m2) and eva (m3) take part, for a party each."""
    world.parties()
    return world


@pytest.fixture
def operator() -> Session:
    """Whoever runs the workspace."""
    return Session(Person("", "operator", "operator", "nb"), operator=True)


def moved(world: Any, digest: str, who: str = "kari", **parts: Any) -> ProcessState:
    """The process after it was migrated."""
    version = next(p.version for p in world.engine.published("small") if p.bundle == digest)
    world.do(who, c.Migrate(digest, WHY, Plan(template="small", to=version, **parts)))
    state: ProcessState = world.state
    return state


def undone(world: Any) -> ProcessState:
    world.do("kari", c.UndoMigration("Feil versjon"))
    state: ProcessState = world.state
    return state


def place(state: ProcessState, tasks: Iterable[str]) -> Mapping[str, Any]:
    """Where a process is: everything that a migration may change and that taking it back has to restore."""
    return {
        "bundle": (state.version, state.bundle),
        "active": dict(state.active),
        "entered": {name: state.entered_at[name] for name in state.active},
        "remembered": state.remembered,
        "counters": state.counters,
        "entries": state.entries,
        "open": {
            i.id: (i.status, i.roles, i.state, i.due, i.claimed_by) for i in state.instances.values() if i.pending
        },
        "done": {
            i.id: [s.sequence for s in i.submissions]
            for i in state.instances.values()
            if i.status == "done" and i.task in tasks
        },
        "pending": {p.id: p.due for p in state.pending.values()},
        "roles": {m.id: m.roles for m in state.memberships.values()},
    }


RENAMED = [("  plan:\n    title", "  draft:\n    title"), ("initial: plan", "initial: draft")]


def test_given_a_new_text_when_migrated_then_only_the_version_is_another(world: Any, publish: Any) -> None:
    world.do("kari", c.Submit("goal.1", {"text": "ja"}))
    before = dict(place(world.state, TASKS))
    after = dict(place(moved(world, publish(("nb: Plan,", "nb: Planlegging,"))), TASKS))
    assert after.pop("bundle") != before.pop("bundle")
    assert after == before


def test_given_a_state_with_another_name_when_the_plan_says_so_then_the_process_is_in_it_since_when_it_was(
    world: Any, publish: Any
) -> None:
    digest = publish(*RENAMED)
    before = world.state
    world.clock.now += timedelta(days=3)
    after = moved(world, digest, states={"plan": "draft"})
    assert after.active == {"draft": 1}
    assert after.entered_at["draft"] == before.entered_at["plan"]
    assert [i.id for i in after.instances.values() if i.pending] == [
        i.id for i in before.instances.values() if i.pending
    ]


def test_given_a_state_that_is_no_more_when_the_plan_is_silent_then_refused_and_nothing_written(
    world: Any, publish: Any
) -> None:
    digest = publish(*RENAMED)
    before = world.state.sequence
    with pytest.raises(Refused, match="in the state plan, which is no more"):
        moved(world, digest)
    assert world.state.sequence == before


def test_given_an_action_of_another_name_since_when_explained_by_the_old_one_then_told_the_new(
    world: Any, publish: Any
) -> None:
    moved(world, publish(("      open:\n", "      begin:\n")), actions={"open": "begin"})
    with pytest.raises(NotFound) as caught:
        world.engine.explain_action(world.person("kari"), "p", "open")
    assert caught.value.hint == "It is called “begin” now."


def test_given_a_task_that_is_new_when_migrated_then_it_is_open(world: Any, publish: Any) -> None:
    extra = "      goal2: {title: {nb: M, nn: M, en: M}, form: note, by: lead}\n      goal: "
    assert moved(world, publish(("      goal: ", extra))).instances["goal2.1"].status == "open"


def test_given_a_task_with_another_name_when_migrated_then_its_answer_counts_under_it(world: Any, publish: Any) -> None:
    world.do("kari", c.Submit("goal.1", {"text": "ja"}))
    digest = publish(("      goal: ", "      aim: "), ("tasks.goal", "tasks.aim"), ("answers.goal", "answers.aim"))
    after = moved(world, digest, tasks={"goal": "aim"})
    assert after.instances["aim.1"].status == "done"
    world.do("kari", c.Act("open"))
    assert "voting" in world.state.active


def test_given_an_answer_of_somebody_who_left_when_its_task_gets_another_name_then_it_still_counts(
    world: Any, publish: Any
) -> None:
    world.submit("eva", "choose.1.club", {"shown": "open"})
    world.do("kari", c.EndMembership("m3", "flyttet"))
    digest = publish(("choose:\n", "pick:\n"), ("answers.choose.shown", "answers.pick.shown"))
    after = moved(world, digest, tasks={"choose": "pick"})
    assert after.instances["pick.1.club"].status == "done"


def test_given_a_task_that_is_no_more_when_the_plan_says_nobody_is_asked_then_its_answer_stays_readable(
    world: Any, publish: Any
) -> None:
    world.do("kari", c.Submit("log.1", {"text": "Møte"}))
    digest = publish(("  log: {", "  diary: {"))
    with pytest.raises(Refused, match="log has been asked, and is no more"):
        moved(world, digest)
    after = moved(world, digest, tasks={"log": None})
    assert (after.instances["log.1"].status, len(after.instances["log.1"].submissions)) == ("done", 1)
    assert after.instances["diary.1"].status == "open"
    assert world.engine.history(world.person("kari"), "p", "en")
    with pytest.raises(Refused, match="earlier version"):
        world.do("kari", c.Submit("log.1", {"text": "nei"}))


def test_given_a_task_that_is_no_more_when_it_is_explained_or_put_aside_then_refused_and_no_crash(
    world: Any, publish: Any
) -> None:
    world.do("kari", c.Submit("goal.1", {"text": "ja"}))
    digest = publish(("      goal: ", "      aim: "), ("tasks.goal", "tasks.aim"), ("answers.goal", "answers.aim"))
    moved(world, digest, tasks={"goal": "aim"})
    kari = world.person("kari")
    for asked in (
        lambda: world.engine.explain_task(kari, "p", "goal.1"),
        lambda: world.engine.save_draft(kari, "p", "goal.1", {"text": "nei"}),
    ):
        with pytest.raises(Refused, match="earlier version"):
            asked()


def test_given_a_role_that_is_no_more_when_the_plan_names_another_then_whoever_held_it_holds_that(
    world: Any, publish: Any
) -> None:
    digest = publish(("  guest: {", "  visitor: {"), ("by: [lead, guest]", "by: [lead, visitor]"))
    world.do("kari", c.Grant("m2", "guest"))
    with pytest.raises(Refused, match="m2 is guest, which is no more"):
        moved(world, digest)
    assert "visitor" in moved(world, digest, roles={"guest": "visitor"}).memberships["m2"].roles


VISITOR = [("  guest: {", "  visitor: {"), ("by: [lead, guest]", "by: [lead, visitor]")]


def test_given_an_invitation_to_a_role_that_is_no_more_when_migrated_then_the_plan_has_to_say_what_it_gives(
    world: Any, publish: Any
) -> None:
    token = world.engine.invite(world.person("kari"), "p", ("guest",)).result["token"]
    digest = publish(*VISITOR)
    with pytest.raises(Refused, match="somebody is invited as guest, which is no more"):
        moved(world, digest)
    moved(world, digest, roles={"guest": "visitor"})
    membership = world.engine.join(world.person("gro"), token).result["membership"]
    assert world.state.memberships[membership].roles == {"visitor"}


def test_given_an_invitation_that_ran_out_when_its_role_is_no_more_then_it_is_in_nobodys_way(
    world: Any, publish: Any
) -> None:
    world.engine.invite(world.person("kari"), "p", ("guest",))
    world.clock.now += timedelta(days=400)
    assert moved(world, publish(*VISITOR)).version == "1.1.0"


def test_given_an_invitation_when_the_migration_is_taken_back_then_it_gives_the_role_that_it_gave(
    world: Any, publish: Any
) -> None:
    token = world.engine.invite(world.person("kari"), "p", ("guest",)).result["token"]
    moved(world, publish(*VISITOR), roles={"guest": "visitor"})
    undone(world)
    membership = world.engine.join(world.person("gro"), token).result["membership"]
    assert world.state.memberships[membership].roles == {"guest"}


def test_given_a_field_with_another_name_and_the_same_id_when_migrated_then_conditions_read_it(
    world: Any, publish: Any
) -> None:
    world.do("kari", c.Submit("goal.1", {"text": "nei"}))
    text = "text: {title: Tekst,"
    digest = publish(
        ("answers.goal.text", "answers.goal.words"),
        form=(
            "note",
            f"required: [text]\nproperties:\n  {text}",
            "required: [words]\nproperties:\n  words: {x-id: text, title: Tekst,",
        ),
    )
    moved(world, digest)
    with pytest.raises(Refused, match="not open now"):
        world.do("kari", c.Act("open"))


NARROWER = ("note", "maxLength: 200}\n  aside", "maxLength: 3}\n  aside")


def test_given_an_answer_that_does_not_fit_the_new_form_when_the_plan_is_silent_then_refused_with_the_field(
    world: Any, publish: Any
) -> None:
    world.do("kari", c.Submit("goal.1", {"text": "for langt"}))
    with pytest.raises(Refused, match=r"goal\.1 does not fit the new form: .*text"):
        moved(world, publish(form=NARROWER))


def test_given_an_answer_that_does_not_fit_when_it_is_accepted_then_it_stands_as_given(
    world: Any, publish: Any
) -> None:
    world.do("kari", c.Submit("goal.1", {"text": "for langt"}))
    assert moved(world, publish(form=NARROWER), accept=("goal",)).instances["goal.1"].status == "done"


def test_given_an_answer_that_does_not_fit_when_asked_again_then_it_is_open_and_the_new_one_replaces_it(
    world: Any, publish: Any
) -> None:
    world.do("kari", c.Submit("goal.1", {"text": "for langt"}))
    assert moved(world, publish(form=NARROWER), ask_again=("goal",)).instances["goal.1"].status == "open"
    world.do("kari", c.Submit("goal.1", {"text": "ja"}))
    goal = world.state.instances["goal.1"]
    assert [s.sequence in goal.replaced for s in goal.submissions] == [True, False]


def voting(world: Any) -> None:
    """A sealed round in which one of two has answered."""
    world.do("kari", c.Submit("goal.1", {"text": "ja"}))
    world.do("kari", c.Act("open"))
    world.do("ola", c.Submit("vote.1.m2", {"score": 4}))


def test_given_a_sealed_round_when_its_task_goes_on_as_it_is_then_the_seal_stays(world: Any, publish: Any) -> None:
    voting(world)
    after = moved(world, publish(("nb: Avstemning,", "nb: Runde,")))
    assert after.revealed == {}
    assert after.active == {"work": 1, "voting": 1}


@pytest.mark.parametrize(
    "change",
    [("sealed: true", "sealed: false"), ("          vote:\n", "          ballot:\n")],
    ids=["not sealed any more", "another name"],
)
def test_given_a_sealed_round_when_its_task_would_change_then_it_has_to_be_revealed_first(
    world: Any, publish: Any, change: tuple[str, str]
) -> None:
    voting(world)
    renames = [("tasks.vote", "tasks.ballot"), ("answers.vote", "answers.ballot")] if "ballot" in change[1] else []
    with pytest.raises(Refused, match="sealed, and have to be revealed first"):
        moved(world, publish(change, *renames), tasks={"vote": "ballot"} if renames else {})


def test_given_another_role_for_an_open_task_when_migrated_then_it_is_for_that_role(world: Any, publish: Any) -> None:
    digest = publish(("form: note, by: [lead, member]}\n      choose", "form: note, by: lead}\n      choose"))
    after = moved(world, digest)
    assert (after.instances["goal.1"].status, after.instances["goal.1"].roles) == ("open", ("lead",))
    world.do("kari", c.Submit("goal.1", {"text": "ja"}))
    assert world.state.group("goal", "plan").done == 1


def test_given_a_condition_that_holds_under_the_new_version_when_migrated_then_the_process_goes_on_by_itself(
    world: Any, publish: Any
) -> None:
    world.do("kari", c.Submit("goal.1", {"text": "ja"}))
    auto = "    auto: [{to: work, when: tasks.goal.complete}]\n    actions:\n      open:"
    assert "voting" in moved(world, publish(("    actions:\n      open:", auto))).active


def test_given_a_deadline_that_is_new_when_migrated_then_it_counts_from_the_move(world: Any, publish: Any) -> None:
    late = (
        "    deadlines:\n      late: {title: {nb: S, nn: S, en: S}, after: P7D, to: ended}\n    actions:\n      open:"
    )
    digest = publish(("    actions:\n      open:", late))
    world.clock.now += timedelta(days=30)
    due = moved(world, digest).pending["state:plan:late"].due
    assert timedelta(days=7) <= due - world.clock.now < timedelta(days=8)


GOAL = "      goal: {title: {nb: Mål, nn: Mål, en: Goal}, form: note, by: [lead, member]"
DUE = (f"{GOAL}}}", f"{GOAL}, due: P7D, remind: [P3D]}}")
AIM = [("      goal: ", "      aim: "), ("tasks.goal", "tasks.aim"), ("answers.goal", "answers.aim")]


def clock_of(state: ProcessState, instance: str) -> dict[str, Any]:
    """What an instance waits for, without its own name, and when."""
    return {p.id.replace(instance, ""): p.due for p in state.pending.values() if p.instance == instance}


def test_given_an_open_task_that_gets_a_due_time_when_migrated_then_it_counts_from_the_move(
    world: Any, publish: Any
) -> None:
    digest = publish(DUE)
    world.clock.now += timedelta(days=30)
    after = moved(world, digest)
    assert timedelta(days=7) <= after.instances["goal.1"].due - world.clock.now < timedelta(days=9)
    assert clock_of(after, "goal.1").keys() == {"due:", "remind::1"}


def test_given_an_open_task_whose_time_is_another_when_migrated_then_what_was_due_stays_due(
    world: Any, publish: Any
) -> None:
    world.submit("kari", "goal.1", {"text": "et mål"})
    world.do("kari", c.Act("open"))
    before = world.state
    assert clock_of(before, "vote.1.m2") == clock_of(moved(world, publish(("due: P14D", "due: P21D"))), "vote.1.m2")


def test_given_an_open_task_that_is_due_no_more_when_migrated_and_taken_back_then_not_and_then_as_before(
    world: Any, publish: Any
) -> None:
    world.submit("kari", "goal.1", {"text": "et mål"})
    world.do("kari", c.Act("open"))
    before = place(world.state, TASKS)
    after = moved(
        world, publish(("            due: P14D\n", ""), ("when: tasks.vote.overdue", "when: tasks.vote.done >= 1"))
    )
    assert (after.instances["vote.1.m2"].due, clock_of(after, "vote.1.m2")) == (None, {})
    assert place(undone(world), TASKS) == before


@pytest.mark.parametrize(
    ("changes", "parts", "name"),
    [
        (AIM, {"tasks": {"goal": "aim"}}, "aim.1"),
        ([("  member: {", "  partner: {"), ("by: [lead, member]", "by: [lead, partner]"), ("by: member", "by: partner")],
         {"roles": {"member": "partner"}}, "goal.1"),
    ],
    ids=["task", "role"],
)  # fmt: skip
def test_given_another_name_of_a_task_or_of_its_role_when_migrated_then_what_is_open_keeps_its_time(
    world: Any, publish: Any, changes: Any, parts: Any, name: str
) -> None:
    moved(world, publish(DUE))
    before = world.state
    world.clock.now += timedelta(days=2)
    after = moved(world, publish(DUE, *changes, version="1.2.0"), **parts)
    assert (after.instances[name].status, clock_of(after, name)) == ("open", clock_of(before, "goal.1"))
    assert clock_of(undone(world), "goal.1") == clock_of(before, "goal.1")


@pytest.mark.parametrize(
    ("changes", "parts", "name"),
    [
        (AIM, {"tasks": {"goal": "aim"}}, "aim.1"),
        ([("  lead: {", "  chief: {"), ("by: [lead, member]", "by: [chief, member]"), ("by: lead", "by: chief"),
          ("[lead, guest]", "[chief, guest]"), ("starter: lead", "starter: chief")], {"roles": {"lead": "chief"}}, "goal.1"),
        (RENAMED, {"states": {"plan": "draft"}}, "goal.1"),
    ],
    ids=["task", "role", "state"],
)  # fmt: skip
def test_given_a_task_that_somebody_took_on_when_it_goes_on_by_another_name_then_it_is_theirs_and_nobody_did_anything(
    world: Any, publish: Any, changes: Any, parts: Any, name: str
) -> None:
    world.do("kari", c.Claim("goal.1", "m2"))
    after = moved(world, publish(*changes), **parts)
    assert (after.instances[name].claimed_by, after.migrated is not None) == ("m2", True)
    with pytest.raises(NotAllowed):
        world.do("eva", c.Submit(name, {"text": "mitt"}))
    world.do("ola", c.Submit(name, {"text": "mitt"}))


@pytest.mark.parametrize(
    ("changes", "parts", "name"),
    [
        (AIM, {"tasks": {"goal": "aim"}}, "aim.1"),
        (RENAMED, {"states": {"plan": "draft"}}, "goal.1"),
        ([("form: note, by: [lead, member]}\n      choose", "form: note, by: lead}\n      choose")], {}, "goal.1"),
        ([("  log: {", "  diary: {"), *AIM], {"tasks": {"log": None, "goal": "aim"}}, "aim.1"),
    ],
    ids=["task", "state", "asked of others", "beside one that is gone"],
)
def test_given_a_draft_when_its_task_goes_on_after_a_migration_then_it_is_there_and_so_when_taken_back(
    world: Any, publish: Any, changes: Any, parts: Any, name: str
) -> None:
    kari, engine = world.person("kari"), world.engine
    engine.save_draft(kari, "p", "goal.1", {"text": "halvferdig"})
    engine.save_draft(kari, "p", "log.1", {"text": "også"})
    moved(world, publish(*changes), **parts)
    assert engine.draft(kari, "p", name).answers == {"text": "halvferdig"}
    assert (engine.draft(kari, "p", "log.1") is None) is (parts.get("tasks", {}).get("log", 1) is None)
    undone(world)
    assert engine.draft(kari, "p", "goal.1").answers == {"text": "halvferdig"}


def test_given_a_reminder_that_came_since_when_taken_back_then_it_does_not_come_again(world: Any, publish: Any) -> None:
    moved(world, publish(DUE))
    moved(world, publish(DUE, ("nb: Plan,", "nb: P,"), version="1.2.0"))
    world.clock.now += timedelta(days=4)
    world.engine.tick()
    undone(world)
    world.engine.tick()
    records = world.engine.log.read(world.engine.stream("p"))
    assert [record.type for record in records].count("reminder.due") == 1


def test_given_an_overdue_task_when_renamed_and_taken_back_then_it_is_overdue_all_along(
    world: Any, publish: Any
) -> None:
    moved(world, publish(DUE))
    world.clock.now += timedelta(days=20)
    world.engine.tick()
    moved(world, publish(DUE, *AIM, version="1.2.0"), tasks={"goal": "aim"})
    assert undone(world).instances["goal.1"].overdue
    moved(world, publish(DUE, *AIM, ("nb: Plan,", "nb: P,"), version="1.3.0"), tasks={"goal": "aim"})
    world.engine.tick()
    assert world.state.instances["aim.1"].overdue


def test_given_a_task_in_turn_that_is_for_all_at_once_when_migrated_then_nobody_waits_for_their_turn(
    world: Any, publish: Any
) -> None:
    each = "each: party, assisted: true, optional: true}"
    moved(world, publish((each, f"order: sequential, {each}")))
    assert world.state.instances["choose.1.club"].status == "open"  # it was open before
    world.join("per", "town", "member")
    world.do("kari", c.AddParty("school", "School"))
    world.join("liv", "school", "member")
    waiting = world.state.instances["choose.1.school"].status
    after = moved(world, publish((each, f"due: P7D, {each}"), version="1.2.0"))
    assert (waiting, after.instances["choose.1.school"].status) == ("waiting", "open")
    assert after.instances["choose.1.school"].due is not None
    assert undone(world).instances["choose.1.school"].status == "waiting"


def test_given_somebody_who_does_not_lead_when_migrating_then_refused(world: Any, publish: Any) -> None:
    with pytest.raises(NotAllowed):
        moved(world, publish(("nb: Plan,", "nb: P,")), who="ola")


def test_given_the_version_it_runs_on_when_migrated_to_it_then_refused(world: Any) -> None:
    with pytest.raises(Refused, match="already"):
        moved(world, world.state.bundle)


def test_given_a_plan_for_another_template_when_migrated_then_told_of_both(world: Any, publish: Any) -> None:
    with pytest.raises(Refused, match="is a process of small, and the plan is for large"):
        world.do("kari", c.Migrate(publish(), WHY, Plan(template="large", to="1.1.0")))


def test_given_no_reason_when_migrating_then_refused(world: Any, publish: Any) -> None:
    digest = publish(("nb: Plan,", "nb: P,"))
    with pytest.raises(Refused, match="reason"):
        world.do("kari", c.Migrate(digest, " ", Plan(template="small", to="1.1.0")))


@pytest.mark.parametrize(
    ("parts", "told"),
    [
        ({"states": {"plann": "plan"}}, "1.0.0 has no state “plann” (Did you mean “plan”?)"),
        ({"states": {"plan": "votng"}}, "1.1.0 has no state “votng” to be in (Did you mean “voting”?)"),
        ({"tasks": {"goal": "mintues"}}, "1.1.0 has no task “mintues” (Did you mean “minutes”?)"),
        ({"roles": {"nobody": "lead"}}, "1.0.0 has no role “nobody” (There are: lead, member, guest)"),
        ({"roles": {"guest": "laed"}}, "1.1.0 has no role “laed” (Did you mean “lead”?)"),
        ({"actions": {"opne": "open"}}, "1.0.0 has no action “opne” (Did you mean “open”?)"),
        ({"actions": {"open": "oepn"}}, "1.1.0 has no action “oepn” (Did you mean “open”?)"),
        ({"accept": ("vot",)}, "1.1.0 has no task “vot” (Did you mean “vote”?)"),
    ],
)
def test_given_a_name_that_is_nowhere_when_planned_then_the_nearest_is_told_and_nothing_that_follows_from_it(
    world: Any, publish: Any, parts: Any, told: str
) -> None:
    with pytest.raises(Refused) as refused:
        moved(world, publish(("nb: Plan,", "nb: P,")), **parts)
    assert refused.value.message == f"“p” cannot go on under 1.1.0: {told}"


# -- and round again --------------------------------------------------------------------------------------------------

ROUND = [
    ("  ended: {title", "  later:\n    title: {nb: S, nn: S, en: L}\n    actions:\n"
     "      again: {title: {nb: I, nn: I, en: A}, by: lead, to: plan}\n  ended: {title"),
    ("      open:\n", "      put_off: {title: {nb: U, nn: U, en: U}, by: lead, to: later}\n      open:\n"),
]  # fmt: skip
"""A state `later` beside `plan`, with a way there and back."""
OF_ANOTHER_NAME = [*RENAMED, ("to: plan}", "to: draft}")]


@pytest.fixture
def put_off(world: Any, publish: Any) -> Any:
    """A process in `later`, whose goal was answered in `plan` before."""
    moved(world, publish(*ROUND))
    world.do("kari", c.Submit("goal.1", {"text": "ja"}))
    world.do("kari", c.Act("put_off"))
    return world


@pytest.mark.parametrize("states", [{"plan": "draft"}, {}], ids=["the plan says so", "the plan is silent"])
def test_given_a_renamed_state_when_the_process_loops_back_into_it_then_its_tasks_are_asked_anew(
    put_off: Any, publish: Any, states: Any
) -> None:
    moved(put_off, publish(*ROUND, *OF_ANOTHER_NAME, version="1.2.0"), states=states)
    put_off.do("kari", c.Act("again"))
    assert put_off.state.instances["goal.2"].status == "open"
    assert put_off.state.group("goal", "draft").instances == ["goal.2"]
    with pytest.raises(Refused, match="not open now"):
        put_off.do("kari", c.Act("open"))


def test_given_a_renamed_task_of_a_state_that_was_left_when_conditions_read_it_then_what_was_answered_there(
    put_off: Any, publish: Any
) -> None:
    again = "      again: {title: {nb: I, nn: I, en: A}, by: lead, to: plan}\n"
    reads = "answers.aim.text == 'ja' and tasks.aim.done == 1"
    finish = f"      finish: {{title: {{nb: E, nn: E, en: E}}, by: lead, to: ended, when: {reads}}}\n"
    moved(put_off, publish(*ROUND, (again, again + finish), *AIM, version="1.2.0"), tasks={"goal": "aim"})
    assert put_off.state.instances["aim.1"].status == "done"
    put_off.do("kari", c.Act("finish"))
    assert put_off.state.status == "finished"


def test_given_a_renamed_task_in_a_state_where_the_process_has_not_been_when_migrated_then_it_is_asked_there(
    world: Any, publish: Any
) -> None:
    world.do("kari", c.Submit("goal.1", {"text": "ja"}))
    aim = "    tasks: {aim: {title: {nb: M, nn: M, en: M}, form: note, by: lead}}\n    actions:\n      again:"
    goal = "      goal: {title: {nb: Mål, nn: Mål, en: Goal}, form: note, by: [lead, member]}\n"
    gone = [(goal, ""), ("tasks.goal.complete and (answers.goal.text != 'nei' or ", "(")]
    moved(world, publish(*ROUND, *gone, ("    actions:\n      again:", aim)), tasks={"goal": "aim"})
    world.do("kari", c.Act("put_off"))
    assert [i.id for i in world.state.instances.values() if i.task == "aim"] == ["aim.1"]
    assert world.state.instances["aim.1"].status == "open"


def test_given_a_renamed_state_that_was_left_when_conditions_read_its_tasks_then_what_was_answered_there(
    put_off: Any, publish: Any
) -> None:
    moved(put_off, publish(*ROUND, *OF_ANOTHER_NAME, version="1.2.0"), states={"plan": "draft"})
    assert put_off.state.group("goal", "draft").done == 1


def test_given_a_renamed_state_that_was_left_when_going_back_to_it_then_its_answers_count_again(
    put_off: Any, publish: Any
) -> None:
    moved(put_off, publish(*ROUND, *OF_ANOTHER_NAME, version="1.2.0"), states={"plan": "draft"})
    put_off.do("kari", c.StepBack("draft", "Vi glemte noe"))
    assert put_off.state.instances["goal.2"].status == "done"


@pytest.mark.parametrize(("to", "hint"), [("plan", "Did you mean “plans”?"), ("work", "It was in later, plans.")])
def test_given_a_renamed_state_when_going_back_elsewhere_then_states_are_told_by_their_names_now(
    put_off: Any, publish: Any, to: str, hint: str
) -> None:
    digest = publish(
        *[(old, new.replace("draft", "plans")) for old, new in [*ROUND, *OF_ANOTHER_NAME]], version="1.2.0"
    )
    moved(put_off, digest, states={"plan": "plans"})
    with pytest.raises((NotFound, Refused)) as caught:
        put_off.do("kari", c.StepBack(to, "Vi glemte noe"))
    assert caught.value.hint == hint


def test_given_a_task_in_another_state_when_that_is_entered_then_it_is_asked_anew(put_off: Any, publish: Any) -> None:
    goal = "      goal: {title: {nb: Mål, nn: Mål, en: Goal}, form: note, by: [lead, member]}\n"
    elsewhere = [
        (goal, ""),
        ("to: plan}", "to: aiming}"),
        ("  ended: {title", f"  aiming:\n    title: {{nb: S, nn: S, en: A}}\n    tasks:\n{goal}    actions:\n"
         "      on: {title: {nb: V, nn: V, en: O}, by: lead, to: plan}\n  ended: {title"),
    ]  # fmt: skip
    moved(put_off, publish(*ROUND, *elsewhere, version="1.2.0"))
    put_off.do("kari", c.Act("again"))
    assert put_off.state.instances["goal.2"].status == "open"


def test_given_a_task_renamed_twice_when_asked_for_its_name_now_then_the_last_one(world: Any, publish: Any) -> None:
    def called(name: str) -> list[tuple[str, str]]:
        return [
            ("      goal: ", f"      {name}: "),
            ("tasks.goal", f"tasks.{name}"),
            ("answers.goal", f"answers.{name}"),
        ]

    moved(world, publish(*called("aim")), tasks={"goal": "aim"})
    moved(world, publish(*called("target"), version="1.2.0"), tasks={"aim": "target"})
    assert world.state.renamed["goal"] == "target"
    assert undone(world).renamed["goal"] == "aim"


# -- and back ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("answered", [False, True])
@pytest.mark.parametrize(
    ("changes", "parts"),
    [
        ([("nb: Plan,", "nb: P,")], {}),
        (RENAMED, {"states": {"plan": "draft"}}),
        (
            [("      goal: ", "      aim: "), ("tasks.goal", "tasks.aim"), ("answers.goal", "answers.aim")],
            {"tasks": {"goal": "aim"}},
        ),
        ([("  log: {", "  diary: {")], {"tasks": {"log": None}}),
        ([("form: note, by: [lead, member]}\n      choose", "form: note, by: lead}\n      choose")], {}),
        (
            [
                (
                    "    actions:\n      open:",
                    "    auto: [{to: work, when: counters.rounds == 0}]\n    actions:\n      open:",
                )
            ],
            {},
        ),
        ([("nb: Plan,", "nb: P,")], {"ask_again": ("goal",)}),
        ([("  guest: {", "  visitor: {"), ("[lead, guest]", "[lead, visitor]")], {"roles": {"guest": None}}),
        ([("each: party", "each: membership")], {}),
    ],
    ids=["text", "state", "task", "task gone", "role of a task", "goes on", "asked again", "role", "each"],
)
def test_given_a_migration_when_taken_back_then_the_process_is_where_it_was(
    world: Any, publish: Any, changes: Any, parts: Any, answered: bool
) -> None:
    if answered:
        world.do("kari", c.Submit("goal.1", {"text": "ja"}))
    else:
        world.do("kari", c.Claim("goal.1", "m2"))
    world.do("kari", c.Grant("m2", "guest"))
    before = place(world.state, TASKS)
    moved(world, publish(*changes), **parts)
    assert place(undone(world), TASKS) == before


def test_given_somebody_who_acted_since_when_taken_back_then_refused(world: Any, publish: Any) -> None:
    moved(world, publish(("nb: Plan,", "nb: P,")))
    world.do("kari", c.Submit("goal.1", {"text": "ja"}))
    with pytest.raises(Refused, match="no migration that can be taken back"):
        undone(world)


def test_given_a_migration_taken_back_when_taken_back_again_then_refused(world: Any, publish: Any) -> None:
    moved(world, publish(("nb: Plan,", "nb: P,")))
    undone(world)
    with pytest.raises(Refused, match="no migration that can be taken back"):
        undone(world)


@pytest.mark.parametrize("command", [c.Grant("m2", "guest"), c.Revoke("m3", "member")], ids=["given", "taken"])
def test_given_a_role_given_or_taken_since_when_taken_back_then_refused(
    world: Any, publish: Any, command: c.Command
) -> None:
    moved(world, publish(("nb: Plan,", "nb: P,")))
    world.do("kari", command)
    with pytest.raises(Refused, match="was given a role, or lost one, since"):
        undone(world)


# -- reading the past, and many ---------------------------------------------------------------------------------------


def test_given_a_migrated_process_when_read_as_it_was_then_under_the_version_of_then(world: Any, publish: Any) -> None:
    before = world.state.sequence
    moved(world, publish(*RENAMED), states={"plan": "draft"})
    then = world.engine.at("p", before)
    assert (then.definition.template.version, list(then.state.active)) == ("1.0.0", ["plan"])


def test_given_a_migrated_process_when_its_history_is_told_then_each_event_in_its_own_words(
    world: Any, publish: Any
) -> None:
    moved(world, publish(*RENAMED, ("en: Plan}", "en: Draft}")), states={"plan": "draft"})
    told = [line.text for line in world.engine.history(world.person("kari"), "p", "en")]
    assert "Entered: Plan" in told
    assert "Entered: Draft" in told
    assert f"Goes on under Small 1.1.0 – {WHY}" in told


def test_given_a_migrated_process_when_the_work_lists_are_made_again_then_they_are_the_same(
    world: Any, publish: Any
) -> None:
    world.do("kari", c.Submit("goal.1", {"text": "ja"}))
    moved(world, publish(*RENAMED, ("  log: {", "  diary: {")), states={"plan": "draft"}, tasks={"log": None})
    tables = ("process", "member", "open_task", "deadline")

    def kept() -> list[Any]:
        found = [world.engine.log.query(f"SELECT * FROM {table}") for table in tables]
        return [sorted(map(repr, rows)) for rows in found]

    before = kept()
    world.engine.rebuild_worklists()
    assert kept() == before


def test_given_three_processes_when_migrated_then_one_that_cannot_keeps_none_from_it_and_again_does_nothing(
    world: Any, publish: Any, operator: Session
) -> None:
    for name in ("q", "r"):
        world.engine.start(world.person("kari"), "small", name, name)
    world.engine.handle(world.person("kari"), "q", c.Submit("goal.1", {"text": "for langt"}))
    publish(form=NARROWER)
    given = Plan(template="small", to="1.1.0")
    names = to_move(world.engine, given)
    assert names == ["p", "q", "r"]
    tried = list(migrate(world.engine, operator, given, WHY, names, apply=False))
    assert to_move(world.engine, given) == names
    done = list(migrate(world.engine, operator, given, WHY, names, apply=True))
    assert [m.error is None for m in tried] == [m.error is None for m in done] == [True, False, True]
    assert to_move(world.engine, given) == ["q"]


def test_given_a_migration_taken_back_when_the_same_is_asked_again_then_it_is_done_again(
    world: Any, publish: Any, operator: Session
) -> None:
    publish(*RENAMED)
    given = Plan(template="small", to="1.1.0", states={"plan": "draft"})
    for _ in range(2):
        (done,) = migrate(world.engine, operator, given, WHY, to_move(world.engine, given), apply=True)
        assert (done.error, world.state.version, list(world.state.active)) == (None, "1.1.0", ["draft"])
        undone(world)
        assert (world.state.version, list(world.state.active)) == ("1.0.0", ["plan"])


def test_given_a_migration_that_is_broken_off_when_asked_again_then_it_goes_on_with_those_that_are_left(
    world: Any, publish: Any, operator: Session
) -> None:
    for name in ("q", "r", "s", "t"):
        world.engine.start(world.person("kari"), "small", name, name)
    publish(*RENAMED)
    given = Plan(template="small", to="1.1.0", states={"plan": "draft"})
    broken_off = migrate(world.engine, operator, given, WHY, to_move(world.engine, given)[:2], apply=True)
    assert next(broken_off).error is None
    broken_off.close()
    left = to_move(world.engine, given)
    assert set(left) < {"p", "q", "r", "s", "t"}
    assert all(one.error is None for one in migrate(world.engine, operator, given, WHY, left, apply=True))
    assert to_move(world.engine, given) == []
    types = [[r.type for r in world.engine.log.read(world.engine.stream(name))] for name in ("p", "q", "r", "s", "t")]
    assert [found.count("process.migrated") for found in types] == [1] * 5


def test_given_a_dry_run_when_told_then_the_same_lines_as_when_done(
    world: Any, publish: Any, operator: Session
) -> None:
    publish(*RENAMED)
    given = Plan(template="small", to="1.1.0", states={"plan": "draft"})
    (tried,) = migrate(world.engine, operator, given, WHY, ["p"], apply=False)
    before = world.state.sequence
    list(migrate(world.engine, operator, given, WHY, ["p"], apply=True))
    stored = world.engine.history(world.person("kari"), "p", operator.person.language)[before:]
    assert [(line.sequence, line.text) for line in tried.lines] == [(line.sequence, line.text) for line in stored]


def test_given_a_version_that_is_not_published_when_migrated_to_then_told(world: Any) -> None:
    with pytest.raises(NotFound, match=r"9\.9\.9 is not published"):
        world.engine.bundle_of("small", "9.9.9")


# -- plans and retiring -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "rule", "place", "hint"),
    [
        ("template: small\nto: 1.1.0\nstate: {}\n", "plan-unknown-key", "3:1", "Did you mean “states”?"),
        ("template: small\n", "plan-missing", "1:1", "Add to: …"),
        ("template: small\nto: newest\n", "plan-value", "2:5", "Write three numbers, such as 1.0.0."),
        ("template: small\nto: 1.1.0\nstates: {plan: 'a b'}\n", "plan-value", "3:16", "Use letters"),
    ],
)
def test_given_a_plan_that_is_none_when_read_then_told_where_and_what_to_write(
    tmp_path: Path, text: str, rule: str, place: str, hint: str
) -> None:
    file = tmp_path / "plan.yaml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(LintError) as caught:
        plan_reading.read(file)
    (problem,) = caught.value.problems
    assert (problem.rule, str(problem.where)) == (rule, f"{file}:{place}")
    assert problem.hint.startswith(hint)


def test_given_misspelt_names_in_a_plan_when_checked_then_each_is_told_at_its_place(
    world: Any, publish: Any, tmp_path: Path
) -> None:
    new = world.engine.definition("small", publish(("nb: Plan,", "nb: P,")))
    file = tmp_path / "plan.yaml"
    file.write_text("template: small\nto: 1.1.0\ntasks:\n  gaol: goal\n  goal: vot\n", encoding="utf-8")
    with pytest.raises(LintError) as caught:
        plan_reading.read(file).check([world.engine.definition("small", world.bundle.hash)], new)
    assert [(p.rule, str(p.where), p.hint) for p in caught.value.problems] == [
        ("plan-unknown-name", f"{file}:4:3", "Did you mean “goal”?"),
        ("plan-unknown-name", f"{file}:5:9", "Did you mean “vote”?"),
    ]


def test_given_a_plan_for_processes_of_several_versions_when_checked_then_a_name_of_any_of_them_will_do(
    world: Any, publish: Any, tmp_path: Path
) -> None:
    aim = [("      goal: ", "      aim: "), ("tasks.goal", "tasks.aim"), ("answers.goal", "answers.aim")]
    first, second = (world.engine.definition("small", one) for one in (world.bundle.hash, publish(*aim)))
    file = tmp_path / "plan.yaml"
    file.write_text("template: small\nto: 1.1.0\ntasks: {goal: aim, aim: aim, aims: aim}\n", encoding="utf-8")
    with pytest.raises(LintError) as caught:
        plan_reading.read(file).check([first, second], second)
    assert [p.message for p in caught.value.problems] == ["1.0.0 and 1.1.0 have no task “aims”"]


def test_given_a_retired_version_when_started_then_the_newest_that_is_not(world: Any, publish: Any) -> None:
    publish(("nb: Plan,", "nb: P,"))
    world.engine.retire("small", "1.1.0", "Feil i et spørsmål")
    world.engine.start(world.person("kari"), "small", "q", "Q")
    assert world.engine.load(world.engine.stream("q")).state.version == "1.0.0"


def test_given_every_version_retired_when_started_then_refused_and_those_that_run_go_on(world: Any) -> None:
    world.engine.retire("small", "1.0.0", "Brukes ikke mer")
    with pytest.raises(Refused, match="retired"):
        world.engine.start(world.person("kari"), "small", "q", "Q")
    world.do("kari", c.Submit("goal.1", {"text": "ja"}))


def test_given_a_retired_version_when_retired_again_then_once(world: Any) -> None:
    first = world.engine.retire("small", "1.0.0", "Brukes ikke mer")
    position = world.engine.log.position()
    assert world.engine.retire("small", "1.0.0", "Igjen") == first
    assert world.engine.log.position() == position


def test_given_a_version_of_the_same_number_when_published_with_other_content_then_refused(
    world: Any, publish: Any
) -> None:
    with pytest.raises(Conflict):
        publish(("nb: Plan,", "nb: P,"), version="1.0.0")
