"""Moving processes to another version on the command line: tried out, done, taken back; and versions retired."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from engine import codec
from engine.template.sources import BUILT_IN


@pytest.fixture
def renamed(arendal: Any) -> Any:
    """A workspace with samson 1.2.0 published, in which the first state has another name."""
    for part in ("processes/samson.yaml", "forms/samson"):
        source, target = Path(BUILT_IN) / part, arendal.folder / part
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copytree(source, target, dirs_exist_ok=True) if source.is_dir() else shutil.copy(source, target)
    file = arendal.folder / "processes" / "samson.yaml"
    text = file.read_text(encoding="utf-8").replace("version: 1.1.0", "version: 1.2.0", 1)
    file.write_text(text.replace("preparation", "getting_ready"), encoding="utf-8")
    arendal.done("publish", "samson")
    return arendal


@pytest.fixture
def plan(renamed: Any) -> str:
    file: Path = renamed.folder / "plan.yaml"
    file.write_text("template: samson\nto: 1.2.0\nstates: {preparation: getting_ready}\n", encoding="utf-8")
    return str(file)


def version(terminal: Any) -> str:
    return str(terminal.done("status", "arendal", "--json", who="kari").data["version"])


def test_given_no_plan_when_tried_out_then_what_is_in_the_way_is_told_and_nothing_stored(renamed: Any) -> None:
    before = renamed.position
    ended = renamed("migration", "plan", "samson", "--to", "1.2.0", "--json")
    assert ended.code == 5
    (one,) = ended.data["processes"]
    assert "in the state preparation, which is no more" in one["error"]["message"]
    assert renamed.position == before


@pytest.mark.parametrize(
    ("template", "to", "said"),
    [("samson", "3", "“3” is no version"), ("Sam Son", "1.2.0", "“Sam Son” is no template's name")],
)
def test_given_a_version_or_name_that_is_none_when_tried_out_then_it_is_said(
    arendal: Any, template: str, to: str, said: str
) -> None:
    ended = arendal("migration", "plan", template, "--to", to)
    assert ended.code == 2
    assert said in ended.err


def test_given_a_plan_when_applied_and_undone_then_the_process_is_there_and_back(renamed: Any, plan: str) -> None:
    tried = renamed.done("migration", "plan", "samson", "--plan", plan, "--json").data
    assert (tried["applied"], version(renamed)) == (False, "1.1.0")
    assert not any("…" in event["text"] for one in tried["processes"] for event in one["events"])
    done = renamed.done("migration", "apply", "samson", "--plan", plan, "--reason", "Klarere ord", "--json").data
    assert [event["type"] for event in done["processes"][0]["events"]] == [
        event["type"] for event in tried["processes"][0]["events"]
    ]
    assert version(renamed) == "1.2.0"
    assert "Klarere ord" in renamed.done("history", "arendal", who="kari").out
    renamed.done("migration", "undo", "arendal", "--reason", "Feil plan")
    assert version(renamed) == "1.1.0"


def test_given_somebody_who_leads_nothing_when_the_operator_acts_for_them_then_nothing_moves(
    renamed: Any, plan: str
) -> None:
    renamed.person("bo")
    before = renamed.position
    ended = renamed("--as", "bo", "migration", "apply", "samson", "--plan", plan, "--reason", "x", "--json")
    assert (ended.code, [one["error"]["code"] for one in ended.data["processes"]]) == (5, ["not_allowed"])
    assert renamed.position == before


def test_given_a_migrated_process_when_applied_again_then_there_is_nothing_to_do(renamed: Any, plan: str) -> None:
    renamed.done("migration", "apply", "samson", "--plan", plan, "--reason", "Klarere ord")
    before = renamed.position
    again = renamed.done("migration", "apply", "samson", "--plan", plan, "--reason", "Klarere ord", "--json").data
    assert (again["processes"], renamed.position) == ([], before)


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (("plan", "samson"), 2, "where to?"),
        (("apply", "samson", "--to", "1.2.0"), 2, "needs a reason"),
        (("plan", "samson", "--to", "7.0.0"), 7, "not published"),
        (("plan", "soimpact", "--plan", "{plan}"), 2, "the plan is for samson"),
    ],
)
def test_given_a_call_that_makes_no_sense_when_made_then_told(
    renamed: Any, plan: str, arguments: tuple[str, ...], code: int, told: str
) -> None:
    ended = renamed("migration", *(part.format(plan=plan) for part in arguments))
    assert (ended.code, told in ended.err) == (code, True)


def test_given_a_plan_with_an_unknown_key_when_read_then_told_where(renamed: Any, tmp_path: Path) -> None:
    file = tmp_path / "plan.yaml"
    file.write_text("template: samson\nto: 1.2.0\nstats: {}\n", encoding="utf-8")
    ended = renamed("migration", "plan", "samson", "--plan", str(file))
    assert (ended.code, f"{file}:3" in ended.err) == (4, True)


def test_given_names_that_seem_to_be_others_when_tried_out_without_a_plan_then_one_is_proposed_that_works(
    renamed: Any, plan: str
) -> None:
    ended = renamed("migration", "plan", "samson", "--to", "1.2.0")
    assert ended.out.endswith("\n\n" + Path(plan).read_text(encoding="utf-8"))
    draft = renamed("migration", "plan", "samson", "--to", "1.2.0", "--json").data["draft"]
    assert draft == {"template": "samson", "to": "1.2.0", "states": {"preparation": "getting_ready"}}
    assert renamed.done("migration", "plan", "samson", "--plan", plan, "--json").data["draft"] is None


def test_given_a_misspelt_state_in_a_plan_when_tried_out_then_the_line_the_place_and_the_nearest_are_shown(
    renamed: Any, tmp_path: Path
) -> None:
    file = tmp_path / "plan.yaml"
    file.write_text("template: samson\nto: 1.2.0\nstates: {preparation: geting_ready}\n", encoding="utf-8")
    ended = renamed("migration", "plan", "samson", "--plan", str(file))
    assert ended.code == 4
    assert ended.err.splitlines()[1:] == [
        f"  {file}:3:23: error plan-unknown-name: 1.2.0 has no state “geting_ready” to be in"
        " – Did you mean “getting_ready”?",
        "       3 | states: {preparation: geting_ready}",
        f"{' ' * 33}^",
        "  what to do: Mend what is listed and try again.",
    ]


def test_given_a_retired_version_when_a_process_is_started_then_it_gets_the_one_before(renamed: Any) -> None:
    told = renamed.done("retire", "samson", "1.2.0", "--reason", "Feil", "--json").data
    assert told == {"template": "samson", "version": "1.2.0", "running": 0}
    renamed.done("start", "samson", "senja", who="kari")
    assert renamed.done("status", "senja", "--json", who="kari").data["version"] == "1.1.0"


def test_given_a_migrated_process_when_evaluated_then_the_warehouse_knows_its_state(renamed: Any, plan: str) -> None:
    renamed.done("migration", "apply", "samson", "--plan", plan, "--reason", "Klarere ord")
    renamed.done("evaluate", "-q")
    rows = renamed.done("sql", "SELECT process, state FROM marts.process_state", "--json").data["rows"]
    assert ["arendal", "getting_ready"] in [list(row.values()) if isinstance(row, dict) else row for row in rows]


# -- replay -------------------------------------------------------------------------------------------------------------


def test_given_a_history_when_replayed_against_its_own_version_then_nothing_differs(preparation: Any) -> None:
    told = preparation.done("replay", "samson", "--against", "1.1.0", "--json").data
    (one,) = told["processes"]
    assert (one["process"], one["outcome"], told["version"]) == ("arendal", "same", "1.1.0")


def test_given_another_version_when_replayed_then_the_first_act_is_told_that_goes_another_way_unless_a_plan_names_it(
    renamed: Any, plan: str
) -> None:
    ended = renamed("replay", "samson", "--json")
    (one,) = ended.data["processes"]
    assert (ended.code, one["outcome"], one["sequence"]) == (5, "differs", 1)
    assert one["how"] == "it is in getting_ready instead of preparation"
    again = renamed.done("replay", "samson", "--plan", plan, "--json").data
    assert [(one["process"], one["outcome"]) for one in again["processes"]] == [("arendal", "same")]


def test_given_a_version_that_is_not_published_when_replayed_against_then_told(arendal: Any) -> None:
    assert arendal("replay", "samson", "--against", "9.0.0").code == 7


def test_given_a_process_that_was_moved_when_replayed_then_past_that_and_told_what_is_left_out(
    renamed: Any, plan: str, registration: Any
) -> None:
    (renamed.folder / "registration.json").write_bytes(codec.dumps(registration))
    answers = str(renamed.folder / "registration.json")
    renamed.done("submit", "arendal", "register.1.m1", "--answers", answers, who="kari")
    renamed.done("migration", "apply", "samson", "--plan", plan, "--reason", "Klarere ord")
    (one,) = renamed.done("replay", "samson", "--against", "1.2.0", "--json").data["processes"]
    assert (one["outcome"], one["left_out"]) == ("same", 0)
    file = renamed.folder / "processes" / "samson.yaml"
    text = file.read_text(encoding="utf-8").replace("version: 1.2.0", "version: 1.3.0", 1)
    file.write_text(text.replace("register:", "enrol:").replace("tasks.register", "tasks.enrol"), encoding="utf-8")
    renamed.done("publish", "samson")
    (renamed.folder / "gone.yaml").write_text(
        "template: samson\nto: 1.3.0\ntasks: {register: null}\n", encoding="utf-8"
    )
    gone = str(renamed.folder / "gone.yaml")
    renamed.done("migration", "apply", "samson", "--plan", gone, "--reason", "Ingen spørres")
    told = renamed.done("replay", "samson").out
    assert "1 act left out, on what is asked no more" in told
