"""Who may do what and see what, in which phase: tables that were written from the small template, cell by cell.

The people: lead (kari), ola and per of the town, eva of the club, gro the guest, and ute, who takes no part.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
import yaml

from engine.errors import NotAllowed, Refused
from engine.process import commands as c
from engine.process import events as e
from engine.process.access import (
    Actor,
    ToChoose,
    ToCorrect,
    ToManage,
    ToMeasure,
    ToRead,
    ToSubmit,
    may,
    might_submit,
    visible,
)
from engine.process.decide import Context, decide
from engine.process.state import Instance, Membership, ProcessState, fold
from engine.template import bundle
from engine.template.chart import Definition
from engine.template.sources import BUILT_IN

ACTORS = ("lead", "ola", "per", "eva", "gro", "ute")

DEEDS: Mapping[str, c.Command] = {
    "add a party": c.AddParty("new", "Ny"),
    "grant a role": c.Grant("m3", "lead"),
    "open": c.Act("open"),
    "stop": c.Act("stop", "fordi"),
    "close": c.Act("close"),
    "again": c.Act("again"),
    "close_up": c.Act("close_up"),
    "goal": c.Submit("goal.1", {"text": "x"}),
    "choose of the town": c.Submit("choose.1.town", {"shown": "open"}),
    "choose for ola": c.Submit("choose.1.town", {"shown": "open"}, "m2"),
    "vote of ola": c.Submit("vote.1.m2", {"score": 3}),
    "vote for ola": c.Submit("vote.1.m2", {"score": 3}, "m2"),
    "minutes": c.Submit("minutes.1", {"text": "x"}),
    "log": c.Submit("log.1", {"text": "x"}),
}

DONE = """
phase    deed                 lead  ola  per  eva  gro  ute
plan     add a party          yes   no   no   no   no   no
plan     grant a role         yes   no   no   no   no   no
plan     open                 yes   no   no   no   no   no
plan     stop                 yes   no   no   no   no   no
plan     close                late  late late late late late
plan     close_up             late  late late late late late
plan     goal                 yes   yes  yes  yes  no   no
plan     choose of the town   no    yes  yes  no   no   no
plan     choose for ola       yes   yes  yes  no   no   no
plan     vote of ola          none  none none none none none
plan     log                  yes   yes  yes  yes  no   no
voting   add a party          yes   no   no   no   no   no
voting   open                 late  late late late late late
voting   close                late  no   no   no   no   no
voting   goal                 late  late late late no   no
voting   choose of the town   no    late late no   no   no
voting   vote of ola          yes   yes  yes  no   no   no
voting   vote for ola         yes   yes  yes  no   no   no
voting   log                  yes   yes  yes  yes  no   no
overdue  close                yes   no   no   no   no   no
overdue  vote of ola          yes   yes  yes  no   no   no
talk     again                yes   no   no   no   no   no
talk     close_up             yes   no   no   no   yes  no
talk     minutes              yes   no   no   no   no   no
talk     vote of ola          late  late late no   no   no
talk     stop                 late  late late late late late
ended    add a party          late  late late late late late
ended    log                  late  late late late late late
"""
"""yes: it follows; no: their role does not allow it; late: not in this phase; none: there is no such thing yet."""

SEEN = """
phase    answer      lead  ola  per  eva  gro  ute
plan     log of ola  yes   yes  yes  yes  yes  no
voting   goal        yes   yes  yes  yes  yes  no
voting   vote of ola no    yes  no   no   no   no
talk     vote of ola yes   yes  yes  yes  yes  no
talk     vote of eva yes   yes  yes  yes  yes  no
"""


def cells(table: str) -> Iterator[tuple[str, str, str, str]]:
    """(phase, row, actor, cell) of a table."""
    _, *rows = table.strip().splitlines()
    for row in rows:
        phase, rest = row.split(maxsplit=1)
        *words, _, _, _, _, _, _ = rest.split()
        for actor, cell in zip(ACTORS, rest.split()[len(words) :], strict=True):
            yield phase, " ".join(words), actor, cell


@pytest.fixture(scope="module")
def made(new_world: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    world = new_world(tmp_path_factory.mktemp("access"))
    yield world
    world.engine.close()


@pytest.fixture(scope="module")
def phases(made: Any) -> Mapping[str, ProcessState]:
    """The process in each phase."""
    found = {}
    made.parties()
    made.join("per", "town", "member")
    made.join("gro", None, "guest")
    made.submit("ola", "log.1", {"text": "fra ola"})
    made.submit("kari", "goal.1", {"text": "et mål"})
    found["plan"] = made.state
    for handle, party in (("ola", "town"), ("eva", "club")):
        made.submit(handle, f"choose.1.{party}", {"shown": "open"})
    made.do("kari", c.Act("open"))
    made.submit("eva", "vote.1.m3", {"score": 5})
    found["voting"] = made.state
    made.clock.now += timedelta(days=20)
    made.engine.tick()
    found["overdue"] = made.state
    made.submit("ola", "vote.1.m2", {"score": 5})
    made.submit("per", "vote.1.m4", {"score": 5})
    found["talk"] = made.state
    made.do("kari", c.Act("close_up"))
    found["ended"] = made.state
    return found


def actor_of(made: Any, state: ProcessState, name: str) -> Actor:
    actor: Actor = made.engine.actor(made.person("kari" if name == "lead" else name), state)
    return actor


def outcome(made: Any, state: ProcessState, actor: Actor, command: c.Command) -> str:
    """What `decide` says; nothing is written."""
    records = {record.sequence: record for record in made.engine.log.read(made.engine.stream("p"))}

    def answers(sequence: int) -> Mapping[str, object] | None:
        payload = made.engine.payload(records[sequence], opened=state.revealed)
        return payload.answers if isinstance(payload, e.FormSubmitted) else None

    context = Context(actor, "", made.clock(), "fresh", answers)
    if isinstance(command, c.Submit) and command.instance not in state.instances:
        return "none"
    try:
        assert decide(made.bundle.definition, state, command, context)
    except NotAllowed:
        return "no"
    except Refused:
        return "late"
    return "yes"


@pytest.mark.parametrize(("phase", "deed", "actor", "expected"), list(cells(DONE)), ids=lambda value: value)
def test_given_a_phase_when_somebody_does_something_then_as_the_table_says(
    made: Any, phases: Mapping[str, ProcessState], phase: str, deed: str, actor: str, expected: str
) -> None:
    state = phases[phase]
    assert outcome(made, state, actor_of(made, state, actor), DEEDS[deed]) == expected


@pytest.mark.parametrize(("phase", "answer", "actor", "expected"), list(cells(SEEN)), ids=lambda value: value)
def test_given_a_phase_when_somebody_reads_an_answer_then_as_the_table_says(
    made: Any, phases: Mapping[str, ProcessState], phase: str, answer: str, actor: str, expected: str
) -> None:
    names = {"log of ola": "log.1", "goal": "goal.1", "vote of ola": "vote.1.m2", "vote of eva": "vote.1.m3"}
    state = phases["overdue" if (phase, answer) == ("voting", "vote of ola") else phase]
    instance = state.instances[names[answer]]
    if not instance.submissions:  # ola's vote is given last: look at it as it lay sealed
        later = phases["talk"].instances["vote.1.m2"].submissions[0]
        seen = visible(actor_of(made, state, actor), state).answers(instance, later)
    else:
        seen = visible(actor_of(made, state, actor), state).answers(instance, instance.submissions[0])
    assert ("yes" if seen else "no") == expected


@pytest.mark.parametrize("phase", ["plan", "voting", "talk", "ended"])
def test_given_an_operator_who_is_nobody_when_they_look_then_how_it_stands_and_no_answer(
    phases: Mapping[str, ProcessState], phase: str
) -> None:
    view = visible(Actor("", operator=True), phases[phase])
    answers = [(i, s) for i in phases[phase].instances.values() for s in i.submissions]
    assert view.process
    assert answers
    assert not any(view.answers(i, s) for i, s in answers)


def test_given_somebody_who_left_when_they_look_then_their_own_answers_only(made: Any) -> None:
    state = made.state
    ola = state.memberships["m2"]
    state = replaced_membership(state, Membership("m2", ola.subject, None, "town", frozenset({"member"}), active=False))
    view = visible(Actor(ola.subject), state)
    mine, others, unsealed = (state.instances[name] for name in ("vote.1.m2", "vote.1.m3", "goal.1"))
    assert not view.process
    assert view.answers(mine, mine.submissions[0])
    assert not view.answers(others, others.submissions[0])
    assert not view.answers(unsealed, unsealed.submissions[0])


def replaced_membership(state: ProcessState, membership: Membership) -> ProcessState:
    from engine.process.state import thawed  # noqa: PLC0415 (one use)

    changed = thawed(state)
    changed.memberships[membership.id] = membership
    return changed


# -- the built-in templates: every role in every state, against the file as plain YAML ---------------------------------


def owners(tree: Mapping[str, Any], kind: str) -> Iterator[tuple[str, str | None, Mapping[str, Any]]]:
    """(name, state, spec) of every task or action in a template read as plain YAML."""
    for name, spec in tree.get(kind, {}).items():
        yield name, None, spec
    for state, spec in tree.get("states", {}).items():
        yield from ((name, state if owner is None else owner, found) for name, owner, found in owners(spec, kind))


CELLS = [
    (template, kind, name, role)
    for template in ("samson", "soimpact")
    for tree in [yaml.safe_load((BUILT_IN / "processes" / f"{template}.yaml").read_text())]
    for kind in ("actions", "tasks")
    for name in dict.fromkeys(name for name, _, _ in owners(tree, kind))
    for role in tree["roles"]
]


@pytest.fixture(scope="module")
def built_in() -> Mapping[str, tuple[Definition, Mapping[str, Any]]]:
    return {
        name: (
            bundle.read(name, [BUILT_IN]).definition,
            yaml.safe_load((BUILT_IN / "processes" / f"{name}.yaml").read_text()),
        )
        for name in ("samson", "soimpact")
    }


def holding(role: str) -> ProcessState:
    """A process in which one person holds one role, for a party."""
    begun = e.ProcessStarted(name="p", title="P", template="t", version="1.0.0", bundle="b")
    joined = e.MembershipAdded(membership="m1", subject="s1", person=e.Erased(), party="town", roles=(role,))
    at = datetime(2026, 3, 2, tzinfo=UTC)
    state = fold(
        e.Event(stream=UUID(int=0), sequence=number, recorded_at=at, actor="s1", payload=payload)
        for number, payload in enumerate((begun, joined), 1)
    )
    assert state is not None
    return state


@pytest.mark.parametrize(("template", "kind", "name", "role"), CELLS)
def test_given_a_role_of_a_built_in_template_when_it_acts_then_as_the_files_by_says(
    built_in: Mapping[str, tuple[Definition, Mapping[str, Any]]], template: str, kind: str, name: str, role: str
) -> None:
    definition, tree = built_in[template]
    actor, state = Actor("s1"), holding(role)
    for _, owner, spec in [found for found in owners(tree, kind) if found[0] == name]:
        by = [spec["by"]] if isinstance(spec["by"], str) else spec["by"]
        if kind == "actions":
            (choice,) = [found for found in definition.actions[str(owner)] if found.id == name]
            allowed = may(actor, ToChoose(choice, choice.spec.by), state, definition).allowed  # type: ignore[union-attr]
        else:
            party = "town" if spec.get("each") == "party" else None
            membership = "m1" if spec.get("each") == "membership" else None
            instance = Instance(f"{name}.1", name, owner, 1, membership, party, tuple(by), "open")
            allowed = may(actor, ToSubmit(instance), state, definition).allowed
        assert allowed == (role in by)


@pytest.mark.parametrize(("template", "role"), dict.fromkeys((t, r) for t, _, _, r in CELLS))
def test_given_a_role_of_a_built_in_template_when_it_manages_then_only_the_starters_may(
    built_in: Mapping[str, tuple[Definition, Mapping[str, Any]]], template: str, role: str
) -> None:
    definition, tree = built_in[template]
    assert may(Actor("s1"), ToManage(), holding(role), definition).allowed == (role == tree["starter"])
    assert may(Actor("s1"), ToRead(), holding(role), definition).allowed
    assert not may(Actor("s2"), ToRead(), holding(role), definition).allowed


@pytest.mark.parametrize(("template", "those"), [("samson", set()), ("soimpact", {"leader", "analyst"})])
def test_given_a_role_of_a_built_in_template_when_it_puts_a_figure_right_then_only_those_who_enter_measurements_may(
    built_in: Mapping[str, tuple[Definition, Mapping[str, Any]]], template: str, those: set[str]
) -> None:
    definition, tree = built_in[template]
    may_do_so = {role for role in tree["roles"] if may(Actor("s1"), ToMeasure(), holding(role), definition).allowed}
    assert may_do_so == those


def test_given_every_task_in_every_phase_when_narrowed_then_nobody_who_may_fill_it_in_is_left_out(
    made: Any, phases: Mapping[str, ProcessState]
) -> None:
    definition = made.bundle.definition
    for state in phases.values():
        for instance in state.instances.values():
            asked = {member.id for member in might_submit(instance.task, state, definition)(instance)}
            for member in state.memberships.values():
                for deed in (ToSubmit(instance), ToSubmit(instance, instance.membership), ToCorrect(instance)):
                    allowed = may(Actor(member.subject), deed, state, definition).allowed
                    assert member.id in asked or not member.active or not allowed
