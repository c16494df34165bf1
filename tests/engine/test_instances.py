"""One task, many instances: for each row of a list, and one after the other; late ones, and those that go away."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from engine.codec import Json
from engine.engine import Engine
from engine.errors import AnswersInvalid, FieldError, LintError, Refused
from engine.form.row_ids import MALFORMED, REPEATED
from engine.form.validate import Validator
from engine.process import commands as c
from engine.process.explain_words import words
from engine.store import worklists
from engine.template import bundle
from engine.template.chart import Definition

if TYPE_CHECKING:
    World = Any  # the class stands in conftest.py, which cannot be imported

TEMPLATE = """
template: small
version: 2.0.0
title: {nb: Tiltak, nn: Tiltak, en: Measures}
roles:
  lead: {title: {nb: Leder, nn: Leiar, en: Lead}}
  member: {title: {nb: Medlem, nn: Medlem, en: Member}}
starter: lead
initial: planning
states:
  planning:
    title: {nb: Plan, nn: Plan, en: Plan}
    tasks:
      list: {title: {nb: Liste, nn: Liste, en: List}, form: rows, by: lead}
      judge: {title: {nb: Vurder, nn: Vurder, en: Judge}, form: note, by: [lead, member], each: answers.list.rows}
      review:
        title: {nb: Se over, nn: Sjå over, en: Review}
        form: note
        by: member
        each: membership
        order: sequential
        due: P7D
        COMPLETE
    actions:
      stop: {title: {nb: Slutt, nn: Slutt, en: End}, by: lead, to: ended}
    auto: [{to: ended, when: tasks.review.complete and tasks.review.done >= 2}]
  ended: {title: {nb: Slutt, nn: Slutt, en: End}, final: true}
"""

ROWS = """
$schema: https://json-schema.org/draft/2020-12/schema
$id: small/rows
title: Tiltak
x-i18n: {nn: {title: Tiltak}, en: {title: Measures}}
type: object
required: [rows]
properties:
  rows:
    title: Tiltak
    x-i18n: {nn: {title: Tiltak}, en: {title: Measures}}
    type: array
    items:
      type: object
      required: [id]
      properties:
        id: {title: Id, x-i18n: {nn: {title: Id}, en: {title: Id}}, type: string, maxLength: 40, pattern: "^[a-z][a-z0-9_]{0,39}$"}
"""


def rows(*ids: str) -> Any:
    return {"rows": [{"id": name} for name in ids]}


@pytest.fixture
def make(
    new_world: Callable[..., World], write_small: Callable[..., Path], tmp_path: Path
) -> Iterator[Callable[[str], World]]:
    """A world with a process `q`, led by kari (m1), in which ola (m2), eva (m3) and per (m4) are members."""
    worlds: list[World] = []

    def made(complete: str = "") -> World:
        world = new_world(tmp_path / "data")
        worlds.append(world)
        text = TEMPLATE.replace("COMPLETE", complete)
        world.engine.publish(bundle.read("small", [write_small(tmp_path / "config", text, rows=ROWS)]))
        world.engine.start(world.person("kari"), "small", "q", "Q")
        for handle in ("ola", "eva", "per"):
            token = world.engine.invite(world.person("kari"), "q", ("member",)).result["token"]
            world.engine.join(world.person(handle), token)
        return world

    yield made
    for world in worlds:
        world.engine.close()


def do(world: World, handle: str, command: c.Command) -> None:
    world.engine.handle(world.person(handle), "q", command)


def statuses(world: World, task: str) -> dict[str, str]:
    found = world.engine.load(world.engine.stream("q")).state.instances
    return {name: instance.status for name, instance in found.items() if instance.task == task}


def mine(world: World, handle: str) -> list[str]:
    person = world.engine.people.fingerprint(world.person(handle).person.id)
    return [item.instance for item in worklists.open_tasks(world.engine.log, person, "q")]


# -- rows of a list ---------------------------------------------------------------------------------------------------


def test_given_a_list_when_it_is_answered_then_each_row_has_an_instance(make: Callable[..., World]) -> None:
    world = make()
    assert statuses(world, "judge") == {}
    do(world, "kari", c.Submit("list.1", rows("course", "mentor")))
    assert statuses(world, "judge") == {"judge.1.course": "open", "judge.1.mentor": "open"}


def test_given_a_list_when_put_right_then_new_rows_come_and_gone_ones_are_withdrawn_unless_done(
    make: Callable[..., World],
) -> None:
    world = make()
    do(world, "kari", c.Submit("list.1", rows("course", "mentor", "trip")))
    do(world, "ola", c.Submit("judge.1.course", {"text": "god"}))
    do(world, "kari", c.Submit("list.1", rows("mentor", "cafe")))
    assert statuses(world, "judge") == {
        "judge.1.course": "done", "judge.1.mentor": "open", "judge.1.trip": "withdrawn", "judge.1.cafe": "open",
    }  # fmt: skip


def test_given_a_row_that_went_when_it_comes_back_then_it_is_open_again(make: Callable[..., World]) -> None:
    world = make()
    for ids in (("course", "mentor"), ("course",), ("course", "mentor")):
        do(world, "kari", c.Submit("list.1", rows(*ids)))
    assert statuses(world, "judge") == {"judge.1.course": "open", "judge.1.mentor": "open"}


def test_given_rows_of_the_same_id_when_answered_then_refused_and_no_instance_is_missing(
    make: Callable[..., World],
) -> None:
    world = make()
    with pytest.raises(AnswersInvalid) as caught:
        do(world, "kari", c.Submit("list.1", rows("choir", "choir")))
    assert [error.path for error in caught.value.fields] == ["rows[1].id"]
    assert statuses(world, "judge") == {}


class Before(Definition):
    """A template as it ran when nobody looked at the ids of rows."""

    @cached_property
    def validators(self) -> Mapping[str, Validator]:
        return {name: Unlooked(form) for name, form in self.forms.items()}


class Unlooked(Validator):
    """Takes any id of a row."""

    def errors(self, answers: Json, language: str = "nb") -> list[FieldError]:
        return [one for one in super().errors(answers, language) if one.keyword not in (MALFORMED, REPEATED)]


def before(definition: Definition) -> Definition:
    return Before(definition.template, definition.forms, definition.bundle, definition.file)


def test_given_rows_of_the_same_id_stored_before_when_read_then_the_history_folds_and_can_be_put_right(
    make: Callable[..., World],
) -> None:
    world = make()
    earlier = Engine.open(world.folder, clock=world.clock, prepare=before)
    earlier.handle(world.person("kari"), "q", c.Submit("list.1", rows("choir", "choir")))
    earlier.close()
    assert statuses(world, "judge") == {"judge.1.choir": "open"}
    do(world, "ola", c.Submit("judge.1.choir", {"text": "god"}))
    do(world, "kari", c.Submit("list.1", rows("choir", "band")))
    assert statuses(world, "judge") == {"judge.1.choir": "done", "judge.1.band": "open"}


ID = "id: {title: Id, x-i18n: {nn: {title: Id}, en: {title: Id}}, type: string,"
NO_ID = ("      required: [id]\n", "")


@pytest.mark.parametrize(
    "change",
    [NO_ID, (ID, f"{ID} x-personal: true,"), (f'{ID} maxLength: 40, pattern: "^[a-z][a-z0-9_]{{0,39}}$"',
                                              ID.replace("string,", "integer"))],
    ids=["not needed", "personal", "a number"],
)  # fmt: skip
def test_given_rows_without_an_id_to_be_known_by_when_linted_then_told(
    write_small: Callable[..., Path], tmp_path: Path, change: tuple[str, str]
) -> None:
    text = TEMPLATE.replace("COMPLETE", "")
    assert change[0] in ROWS
    with pytest.raises(LintError) as caught:
        bundle.read("small", [write_small(tmp_path, text, rows=ROWS.replace(*change))])
    assert "each-no-list" in [problem.rule for problem in caught.value.problems]


class Optional(Validator):
    """Lets rows have no id, as forms could say before lint looked."""

    def errors(self, answers: Json, language: str = "nb") -> list[FieldError]:
        return [one for one in super().errors(answers, language) if one.keyword != "required"]


def optional(definition: Definition) -> Definition:
    found = Before(definition.template, definition.forms, definition.bundle, definition.file)
    found.__dict__["validators"] = {name: Optional(form) for name, form in definition.forms.items()}
    return found


def unasked(definition: Definition) -> Definition:
    """The same while nothing was asked for each row."""
    found = optional(definition)
    found.__dict__["lists_of"] = {}
    return found


def test_given_an_old_version_that_needs_no_ids_when_a_row_has_none_then_refused_with_its_place(
    make: Callable[..., World],
) -> None:
    world = make()
    earlier = Engine.open(world.folder, clock=world.clock, prepare=optional)
    with pytest.raises(AnswersInvalid) as caught:
        earlier.handle(world.person("kari"), "q", c.Submit("list.1", {"rows": [{"id": "choir"}, {}]}))
    earlier.close()
    assert [error.path for error in caught.value.fields] == ["rows[1].id"]


@pytest.fixture
def nameless(make: Callable[..., World]) -> World:
    """A world in which the second of two rows was stored without an id."""
    world = make()
    earlier = Engine.open(world.folder, clock=world.clock, prepare=unasked)
    earlier.handle(world.person("kari"), "q", c.Submit("list.1", {"rows": [{"id": "choir"}, {}]}))
    earlier.close()
    return world


def incidents(world: World) -> dict[str, str]:
    found = world.engine.load(world.engine.stream("q")).state.incidents.values()
    return {incident.id: incident.message for incident in found if incident.is_open}


def test_given_a_row_without_an_id_in_the_log_when_asked_for_each_row_then_the_others_are_and_it_is_an_incident(
    nameless: World,
) -> None:
    assert statuses(nameless, "judge") == {"judge.1.choir": "open"}
    assert incidents(nameless) == {"judge.each": "no id in row 2 of answers.list.rows: nothing is asked for it"}


def test_given_a_row_without_an_id_when_tried_again_then_it_still_fails_until_the_list_is_put_right(
    nameless: World,
) -> None:
    with pytest.raises(Refused, match="no id in row 2"):
        do(nameless, "kari", c.Retry("judge.each"))
    do(nameless, "kari", c.Submit("list.1", rows("choir", "band")))
    assert incidents(nameless) == {}
    assert statuses(nameless, "judge") == {"judge.1.choir": "open", "judge.1.band": "open"}


def test_given_a_list_of_a_task_with_many_answers_when_linted_then_told(
    write_small: Callable[..., Path], tmp_path: Path
) -> None:
    text = TEMPLATE.replace("COMPLETE", "").replace("form: rows, by: lead}", "form: rows, by: lead, repeatable: true}")
    with pytest.raises(LintError) as caught:
        bundle.read("small", [write_small(tmp_path, text, rows=ROWS)])
    assert [problem.rule for problem in caught.value.problems] == ["each-of-many"]


# -- one after the other ----------------------------------------------------------------------------------------------


def test_given_a_sequence_when_opened_then_only_the_first_is_open_and_has_a_deadline(
    make: Callable[..., World],
) -> None:
    world = make()
    assert statuses(world, "review") == {"review.1.m2": "open", "review.1.m3": "waiting", "review.1.m4": "waiting"}
    pending = world.engine.load(world.engine.stream("q")).state.pending
    assert list(pending) == ["due:review.1.m2"]
    assert ("review.1.m3" in mine(world, "eva"), "review.1.m2" in mine(world, "ola")) == (False, True)


def test_given_a_sequence_when_one_is_done_then_it_is_the_next_ones_turn_with_full_time(
    make: Callable[..., World],
) -> None:
    world = make()
    for handle, member in (("eva", "m3"), ("per", "m4")):
        with pytest.raises(Refused, match=r"waits for its turn; first comes m2$"):
            do(world, handle, c.Submit(f"review.1.{member}", {"text": "x"}))
    world.clock.now = world.clock.now.replace(day=5)
    do(world, "ola", c.Submit("review.1.m2", {"text": "x"}))
    assert statuses(world, "review")["review.1.m3"] == "open"
    assert mine(world, "eva") == ["review.1.m3"]
    found = world.engine.load(world.engine.stream("q")).state.instances["review.1.m3"]
    assert found.due is not None
    assert found.due.day == 12


def test_given_a_sequence_when_whose_turn_it_is_leaves_then_the_next_ones_turn_comes(
    make: Callable[..., World],
) -> None:
    world = make()
    do(world, "kari", c.EndMembership("m2", "flyttet"))
    assert statuses(world, "review") == {"review.1.m2": "withdrawn", "review.1.m3": "open", "review.1.m4": "waiting"}


def test_given_a_sequence_when_somebody_joins_late_then_they_come_last(make: Callable[..., World]) -> None:
    world = make()
    token = world.engine.invite(world.person("kari"), "q", ("member",)).result["token"]
    world.engine.join(world.person("liv"), token)
    assert list(statuses(world, "review").values()) == ["open", "waiting", "waiting", "waiting"]


def test_given_a_number_when_enough_in_sequence_are_done_then_those_who_wait_are_withdrawn(
    make: Callable[..., World],
) -> None:
    world = make("complete: {at_least: 1}")
    do(world, "ola", c.Submit("review.1.m2", {"text": "x"}))
    assert statuses(world, "review") == {"review.1.m2": "done", "review.1.m3": "withdrawn", "review.1.m4": "withdrawn"}


def test_given_enough_that_are_done_when_somebody_joins_then_nothing_is_opened_for_them(
    make: Callable[..., World],
) -> None:
    world = make("complete: {at_least: 1}")
    do(world, "ola", c.Submit("review.1.m2", {"text": "x"}))
    token = world.engine.invite(world.person("kari"), "q", ("member",)).result["token"]
    world.engine.join(world.person("liv"), token)
    assert "review.1.m5" not in statuses(world, "review")


@pytest.mark.parametrize(("share", "enough"), [("0.34", 2), ("0.5", 2), ("0.7", 3), ("1", 3)])
def test_given_a_share_of_three_when_so_many_are_done_then_the_task_is_complete_and_not_before(
    make: Callable[..., World], share: str, enough: int
) -> None:
    world = make(f"complete: {{share: {share}}}")
    statuses_after = []
    for handle, member in (("ola", "m2"), ("eva", "m3"), ("per", "m4"))[:enough]:
        statuses_after.append(world.engine.load(world.engine.stream("q")).state.status)
        do(world, handle, c.Submit(f"review.1.{member}", {"text": "x"}))
    assert statuses_after == ["running"] * enough
    assert world.engine.load(world.engine.stream("q")).state.status == "finished"


def test_given_a_sequence_when_all_are_done_then_the_task_is_complete_and_not_before(
    make: Callable[..., World],
) -> None:
    world = make()
    for handle, member in (("ola", "m2"), ("eva", "m3"), ("per", "m4")):
        assert world.engine.load(world.engine.stream("q")).state.status == "running"
        do(world, handle, c.Submit(f"review.1.{member}", {"text": "x"}))
    assert world.engine.load(world.engine.stream("q")).state.status == "finished"


def test_given_waiting_instances_when_worklists_are_made_again_then_they_are_the_same(
    make: Callable[..., World],
) -> None:
    world = make()
    do(world, "ola", c.Submit("review.1.m2", {"text": "x"}))
    before = world.engine.log.query("SELECT * FROM open_task ORDER BY 1, 2")
    world.engine.rebuild_worklists()
    assert world.engine.log.query("SELECT * FROM open_task ORDER BY 1, 2") == before


@pytest.mark.parametrize(
    ("language", "told"),
    [
        ("nb", "«Se over» venter på tur. Først svarer: Ola."),
        ("nn", "«Sjå over» ventar på tur. Først svarar: Ola."),
        ("en", "“Review” waits for its turn. First comes: Ola."),
    ],
)
def test_given_a_turn_that_has_not_come_when_explained_then_whose_it_is(
    make: Callable[[str], World], language: str, told: str
) -> None:
    world = make()
    found = world.engine.explain_task(world.person("eva"), "q", "review.1.m3", language)
    assert (found.you_may, found.turn_of, found.able) == (False, ("m2",), ())
    assert words(found, language, {"m2": "Ola"}.get)[0] == told  # type: ignore[arg-type]
