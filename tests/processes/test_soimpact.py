"""SoImpact as config: the template, its forms and the Umeå example agree with each other and with the method.

Reads the files directly, without the engine: what the engine makes of a template is tested where the engine is.
"""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import TypeAlias, Union

import jsonschema
import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
FORMS = ROOT / "forms" / "soimpact"
UMEA = ROOT / "examples" / "umea_2022"
LANGUAGES = {"nb", "nn", "en"}

Node: TypeAlias = Union[bool, int, float, str, "list[Node]", "dict[str, Node]", None]
Tree: TypeAlias = dict[str, Node]

STEPS = {
    "step_1": "Fakta og formål",
    "step_2": "Problemforståelse",
    "step_3": "Målgrupper",
    "step_4": "Suksessmål",
    "step_5": "Hovedaktiviteter og endringshypotese",
    "step_6": "Måleindikatorer",
    "step_7": "Målemetode og måleplan",
    "step_8": "Tidsfestede mål og nullpunktsmåling",
    "step_9": "Målinger",
    "step_10": "Evaluering og analyse",
}

CORE = {
    "project": "name organisation municipality_number period_start period_end purpose",
    "output": "output_id name unit planned due",
    "delivery": "output_id period_start period_end delivered",
    "target_group": "group_id name description priority size",
    "activity": "activity_id name group_id expected_change because",
    "indicator": "indicator_id name group_id level kind unit direction meaning counted link_strength link_reason"
    " reference primary",
    "measure_plan": "indicator_id method data_source measured_by frequency planned_date after_exit bias_risk",
    "target": "indicator_id value due",
    "baseline": "indicator_id measured_on value numerator denominator n sd",
    "measurement": "indicator_id occasion period_start period_end value numerator denominator mean sd n asked"
    " answered stated_percent",
    "judgement": "indicator_id happened contribution contribution_reason decision",
}


def tree(value: Node) -> Tree:
    assert isinstance(value, dict), value
    return value


def read(path: Path) -> Tree:
    return tree(yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader))


PROCESS = read(ROOT / "processes" / "soimpact.yaml")
SCHEMAS = {path.stem: read(path) for path in sorted(FORMS.glob("*.yaml"))}


def states(parent: Tree = PROCESS) -> Iterator[tuple[str, Tree]]:
    for name, state in tree(parent.get("states", {})).items():
        yield name, tree(state)
        yield from states(tree(state))


def owned(kind: str) -> list[tuple[str, Tree]]:
    """Tasks or actions of the whole template, in document order."""
    return [(name, tree(spec)) for _, state in states() for name, spec in tree(state.get(kind, {})).items()]


TASKS = dict(owned("tasks"))
ACTIONS = owned("actions")


def schemas(schema: Tree) -> Iterator[Tree]:
    """A schema and every schema within it that describes answers."""
    yield schema
    for inner in tree(schema.get("properties", {})).values():
        yield from schemas(tree(inner))
    if "items" in schema:
        yield from schemas(tree(schema["items"]))
    choices = schema.get("oneOf", [])
    assert isinstance(choices, list)
    for choice in choices:
        yield from schemas(tree(choice))


def facts() -> Iterator[tuple[str, Tree, Tree, Tree]]:
    """(form, fact, schema it sits on, the form's root)."""
    for name, root in SCHEMAS.items():
        for schema in schemas(root):
            if "x-fact" in schema:
                yield name, tree(schema["x-fact"]), schema, root


def texts(node: Node) -> Iterator[Tree]:
    """Every multilingual text of the process: a mapping whose keys are languages only."""
    if isinstance(node, dict):
        if node and set(node) <= LANGUAGES:
            yield node
        else:
            for inner in node.values():
                yield from texts(inner)
    elif isinstance(node, list):
        for inner in node:
            yield from texts(inner)


def errors(form: str, answers: Node) -> list[str]:
    validator = jsonschema.Draft202012Validator(SCHEMAS[form], format_checker=jsonschema.FormatChecker())
    return [f"{'/'.join(map(str, e.absolute_path))}: {e.message}" for e in validator.iter_errors(answers)]


def step(number: int) -> Tree:
    return tree(json.loads((UMEA / "answers" / f"step_{number}.json").read_text(encoding="utf-8")))


def rows(answers: Tree, name: str) -> list[Tree]:
    found = answers[name]
    assert isinstance(found, list)
    return [tree(row) for row in found]


def figures() -> list[dict[str, str]]:
    with (UMEA / "figures.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


# -- the process -------------------------------------------------------------------------------------------------------


def test_given_the_template_when_read_in_order_then_it_has_the_ten_steps() -> None:
    found = {name: tree(task["title"])["nb"] for name, task in TASKS.items() if name.startswith("step_")}

    assert list(found.items()) == [(name, f"Steg {name[5:]}: {title}") for name, title in STEPS.items()]


def test_given_a_step_when_its_form_is_opened_then_both_have_the_same_name() -> None:
    for name, title in STEPS.items():
        assert SCHEMAS[str(TASKS[name]["form"])]["title"] == title


def test_given_the_template_when_texts_are_read_then_each_has_three_languages() -> None:
    found = list(texts(PROCESS))

    assert len(found) > 50
    assert [text for text in found if set(text) != LANGUAGES or not all(text.values())] == []


@pytest.mark.parametrize("kind", ["tasks", "actions"])
def test_given_everything_people_do_when_its_title_is_read_then_it_is_multilingual(kind: str) -> None:
    assert [name for name, spec in owned(kind) if set(tree(spec["title"])) != LANGUAGES] == []


def test_given_tasks_and_actions_when_roles_are_looked_up_then_every_role_exists_and_is_used() -> None:
    named: set[str] = {str(PROCESS["starter"])}
    for _, spec in [*TASKS.items(), *ACTIONS]:
        by = spec["by"]
        named |= set(map(str, by)) if isinstance(by, list) else {str(by)}

    assert named == set(tree(PROCESS["roles"]))


def test_given_the_forms_folder_when_compared_with_the_tasks_then_neither_has_more_than_the_other() -> None:
    assert {str(task["form"]) for task in TASKS.values()} == set(SCHEMAS)


def test_given_tasks_states_and_actions_when_ids_are_listed_then_none_stands_twice() -> None:
    ids = [name for name, _ in states()] + [name for name, _ in owned("tasks")] + [name for name, _ in ACTIONS]

    assert len(ids) == len(set(ids))
    assert [name for name in ids if not re.fullmatch(r"[a-z][a-z0-9_]*", name)] == []


def test_given_an_action_when_taken_then_the_state_it_leads_to_exists() -> None:
    assert {str(spec["to"]) for _, spec in ACTIONS} <= {name for name, _ in states()}


def test_given_guards_when_their_tasks_are_looked_up_then_every_one_exists_and_a_reason_is_told() -> None:
    for name, spec in ACTIONS:
        guard = str(spec.get("when", ""))
        assert set(re.findall(r"(?:tasks|answers)\.(\w+)", guard)) <= set(TASKS), name
        assert ("else" in spec) == bool(guard), name


def test_given_guards_on_answers_when_the_value_is_looked_up_then_the_form_offers_it() -> None:
    found = 0
    for _, spec in ACTIONS:
        for task, field, value in re.findall(r"answers\.(\w+)\.(\w+) [!=]= '(\w+)'", str(spec.get("when", ""))):
            choice = tree(tree(SCHEMAS[str(TASKS[task]["form"])]["properties"])[field])["oneOf"]
            assert isinstance(choice, list)
            assert value in [tree(c)["const"] for c in choice]
            found += 1

    assert found == 2


def test_given_the_plan_when_measuring_starts_then_all_eight_steps_are_asked_for() -> None:
    guard = str(dict(ACTIONS)["start_measuring"]["when"])

    assert re.findall(r"tasks\.(\w+)\.complete", guard) == list(STEPS)[:8]


def test_given_a_second_pass_when_the_plan_is_entered_again_then_its_answers_are_not_asked_for_anew() -> None:
    reentered = {str(spec["to"]) for _, spec in ACTIONS}
    owners = {task: name for name, state in states() for task in tree(state.get("tasks", {}))}

    assert {owners[name] for name in list(STEPS)[:8]}.isdisjoint(reentered)


def test_given_entries_that_come_many_times_when_read_then_they_are_repeatable() -> None:
    assert {name for name, task in TASKS.items() if task.get("repeatable")} == {"step_9", "delivery", "unplanned"}


def test_given_the_work_is_stopped_when_chosen_then_a_reason_is_required() -> None:
    assert dict(ACTIONS)["stop"]["reason"] == "required"


# -- the forms ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", SCHEMAS)
def test_given_a_form_when_read_then_it_is_json_schema_with_its_own_id_and_purpose(name: str) -> None:
    schema = SCHEMAS[name]
    jsonschema.Draft202012Validator.check_schema(schema)

    assert schema["$id"] == f"soimpact/{name}"
    assert set(tree(schema["x-purpose"])) == LANGUAGES


@pytest.mark.parametrize("name", SCHEMAS)
def test_given_a_form_when_texts_are_read_then_each_has_three_languages(name: str) -> None:
    for schema in schemas(SCHEMAS[name]):
        other = tree(schema.get("x-i18n", {}))
        for key in {"title", "description"} & set(schema):
            assert set(other) == {"nn", "en"}, schema
            assert all(tree(other[language]).get(key) for language in ("nn", "en")), schema


@pytest.mark.parametrize("name", SCHEMAS)
def test_given_a_form_when_fields_are_read_then_each_has_a_title_and_help(name: str) -> None:
    for schema in schemas(SCHEMAS[name]):
        for field, inner in tree(schema.get("properties", {})).items():
            assert {"title", "description"} <= set(tree(inner)), field


@pytest.mark.parametrize("name", SCHEMAS)
def test_given_an_object_when_required_fields_are_looked_up_then_they_exist_and_nothing_else_is_let_in(
    name: str,
) -> None:
    def required(node: Node) -> Iterator[str]:
        if isinstance(node, dict):
            listed = node.get("required", [])
            if isinstance(listed, list):
                yield from map(str, listed)
            for key in ("if", "then", "else"):
                yield from required(node.get(key))
            conditions = node.get("allOf", [])
            assert isinstance(conditions, list)
            for condition in conditions:
                yield from required(condition)

    for schema in schemas(SCHEMAS[name]):
        if schema.get("type") == "object":
            assert schema["additionalProperties"] is False
            assert set(required(schema)) <= set(tree(schema["properties"]))


def test_given_facts_when_columns_are_read_then_only_core_columns_are_filled_from_fields_that_exist() -> None:
    for form, fact, schema, root in facts():
        columns = tree(fact["columns"])
        assert set(columns) <= set(CORE[str(fact["table"])].split()), form
        for source in columns.values():
            field = str(source["field"]) if isinstance(source, dict) else str(source)
            parent, name = (root, field[1:]) if field.startswith("^") else (schema, field)
            assert name in tree(parent["properties"]), (form, field)


def test_given_facts_when_tables_are_listed_then_every_step_lands_where_the_warehouse_looks() -> None:
    assert {(form, str(fact["table"])) for form, fact, _, _ in facts()} == {
        ("facts", "project"),
        ("facts", "output"),
        ("groups", "target_group"),
        ("activities", "activity"),
        ("indicators", "indicator"),
        ("methods", "measure_plan"),
        ("targets", "target"),
        ("targets", "baseline"),
        ("measurements", "measurement"),
        ("evaluation", "judgement"),
        ("delivery", "delivery"),
    }


def test_given_facts_when_fields_are_read_then_none_is_personal() -> None:
    for form, fact, schema, root in facts():
        for source in tree(fact["columns"]).values():
            field = str(source["field"] if isinstance(source, dict) else source)
            holder = root if field.startswith("^") else schema
            assert "x-personal" not in tree(tree(holder["properties"])[field.lstrip("^")]), (form, field)


def test_given_comments_and_stories_when_read_then_they_are_personal() -> None:
    for name, root in SCHEMAS.items():
        for schema in schemas(root):
            for field, inner in tree(schema.get("properties", {})).items():
                expected = field in {"comment", "story", "quote", "chosen_by", "took_part_who"}
                assert (tree(inner).get("x-personal") is True) == expected, (name, field)


def test_given_a_target_in_per_cent_when_it_reaches_the_core_then_it_is_a_fraction() -> None:
    percent = [f for _, f, _, _ in facts() if f["table"] == "target" and isinstance(tree(f["columns"])["value"], dict)]

    assert [tree(fact["columns"])["value"] for fact in percent] == [{"field": "target_percent", "divide": 100}]


INDICATOR: Tree = {
    "id": "in_work",
    "name": "I jobb",
    "group_id": "young",
    "meaning": "Flere er i jobb.",
    "counted": "De som har jobb, av alle som sluttet.",
    "level": "outcome",
    "kind": "share",
    "direction": "more",
    "link_strength": "weak",
    "reference": "none",
    "group_took_part": "asked",
}


def test_given_the_short_path_when_one_indicator_has_only_what_is_required_then_it_is_accepted() -> None:
    assert errors("indicators", {"indicators": [INDICATOR]}) == []


@pytest.mark.parametrize(
    ("change", "missing"),
    [
        ({"kind": "count"}, "unit"),
        ({"kind": "money"}, "unit"),
        ({"link_strength": "strong"}, "link_reason"),
        ({"reference": "series"}, "reference_what"),
    ],
)
def test_given_an_indicator_when_its_kind_needs_more_then_that_field_is_asked_for(
    change: dict[str, Node], missing: str
) -> None:
    assert errors("indicators", {"indicators": [{**INDICATOR, **change}]}) == [
        f"indicators/0: '{missing}' is a required property"
    ]


def test_given_an_indicator_when_nobody_says_whether_the_group_took_part_then_it_is_refused() -> None:
    row = {key: value for key, value in INDICATOR.items() if key != "group_took_part"}

    assert errors("indicators", {"indicators": [row]}) == ["indicators/0: 'group_took_part' is a required property"]


NEEDS = [
    ("share", ["numerator", "denominator"]),
    ("yes_no", ["numerator", "denominator"]),
    ("mean", ["mean", "sd", "n"]),
    ("scale", ["value", "n"]),
    ("count", ["value"]),
    ("money", ["value"]),
    ("hours", ["value"]),
]


@pytest.mark.parametrize(("kind", "fields"), NEEDS)
def test_given_a_measurement_when_its_kind_is_chosen_then_exactly_these_figures_are_asked_for(
    kind: str, fields: list[str]
) -> None:
    occasion: dict[str, Node] = {
        "occasion": "2025",
        "period_start": "2025-01-01",
        "period_end": "2025-12-31",
        "figures_from": "form",
    }
    bare: Node = [{"indicator_id": "in_work", "kind": kind}]
    full: Node = [{"indicator_id": "in_work", "kind": kind, **dict.fromkeys(fields, 3)}]

    assert errors("measurements", {**occasion, "measurements": bare}) == [
        f"measurements/0: '{field}' is a required property" for field in fields
    ]
    assert errors("measurements", {**occasion, "measurements": full}) == []


@pytest.mark.parametrize(
    ("kind", "fields"), [(kind, ["value" if field == "mean" else field for field in fields]) for kind, fields in NEEDS]
)
def test_given_a_baseline_when_its_kind_is_chosen_then_exactly_these_figures_are_asked_for(
    kind: str, fields: list[str]
) -> None:
    target: Tree = {"percent_targets": [{"indicator_id": "in_work", "target_percent": 40, "due": "2025-12-31"}]}
    bare: Tree = {"indicator_id": "in_work", "kind": kind, "measured_on": "2025-01-01"}

    assert errors("targets", {**target, "baselines": [bare]}) == [
        f"baselines/0: '{field}' is a required property" for field in fields
    ]
    assert errors("targets", {**target, "baselines": [{**bare, **dict.fromkeys(fields, 3)}]}) == []


def test_given_no_baseline_when_targets_are_set_then_a_reason_is_asked_for() -> None:
    target: Tree = {"number_targets": [{"indicator_id": "hours", "target_value": 12.5, "due": "2025-12-31"}]}

    assert errors("targets", target) == [": 'no_baseline_reason' is a required property"]


def test_given_a_follow_up_after_exit_when_it_is_planned_then_it_needs_a_date() -> None:
    row: Tree = {
        "indicator_id": "in_work",
        "method": "Telling",
        "data_source": "Egen liste",
        "measured_by": "Lederen",
        "after_exit": True,
        "no_date_reason": "Vet ikke",
    }
    plan: Tree = {"plans": [row], "after_exit_plan": "planned"}

    assert errors("methods", plan) == ["plans/0: 'planned_date' is a required property"]
    assert errors("methods", {**plan, "plans": [{**row, "planned_date": "2026-06-30"}]}) == []


# -- the Umeå example --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("number", range(1, 11))
def test_given_the_umea_answers_when_checked_against_their_forms_then_they_fit(number: int) -> None:
    assert errors(str(TASKS[f"step_{number}"]["form"]), step(number)) == []


def test_given_the_umea_figures_when_computed_then_only_the_printed_share_to_studies_is_wrong() -> None:
    """Samordningsförbundet Umeåregionen, Social redovisning 2022: 19 % is printed for 27 of 179."""
    wrong = {
        row["indicator_id"]: row["stated_percent"]
        for row in figures()
        if abs(100 * int(row["numerator"]) - int(row["stated_percent"]) * int(row["denominator"]))
        > int(row["denominator"]) / 2
    }

    assert wrong == {"exits_to_studies": "19"}


def test_given_the_umea_figures_when_compared_with_the_accounts_then_they_are_as_printed() -> None:
    """Samordningsförbundet Umeåregionen, Social redovisning 2022."""
    columns = ("target_percent", "numerator", "denominator", "stated_percent")

    assert [tuple(int(row[column]) for column in columns) for row in figures()] == [
        (40, 271, 705, 38),
        (80, 179, 271, 66),
        (35, 68, 179, 38),
        (25, 27, 179, 19),
        (80, 117, 133, 88),
        (80, 127, 133, 95),
        (80, 128, 132, 97),
        (80, 119, 132, 90),
        (80, 75, 95, 79),
    ]


def test_given_the_umea_answers_when_they_name_an_indicator_then_it_is_one_of_the_figures() -> None:
    ids = [row["indicator_id"] for row in figures()]

    assert [row["id"] for row in rows(step(6), "indicators")] == ids
    assert [row["name"] for row in rows(step(6), "indicators")] == [row["title"] for row in figures()]
    for number, name in ((7, "plans"), (8, "percent_targets"), (10, "judgements")):
        assert [row["indicator_id"] for row in rows(step(number), name)] == ids


def test_given_the_umea_answers_when_they_name_a_group_then_it_is_one_from_step_3() -> None:
    groups = {row["id"] for row in rows(step(3), "groups")}

    for number, name in ((4, "goals"), (5, "activities"), (6, "indicators")):
        assert {row["group_id"] for row in rows(step(number), name)} <= groups


def test_given_the_umea_targets_when_compared_with_the_figures_then_they_are_the_same_and_due_at_the_years_end() -> (
    None
):
    expected = [(row["indicator_id"], int(row["target_percent"]), "2022-12-31") for row in figures()]
    found = [(row["indicator_id"], row["target_percent"], row["due"]) for row in rows(step(8), "percent_targets")]

    assert found == expected
    assert "baselines" not in step(8)


def test_given_the_umea_judgements_when_compared_with_the_figures_then_they_say_rightly_what_was_reached() -> None:
    reached = {
        row["indicator_id"]
        for row in figures()
        if 100 * int(row["numerator"]) >= int(row["target_percent"]) * int(row["denominator"])
    }
    judged = {row["indicator_id"] for row in rows(step(10), "judgements") if "Målet er nådd." in str(row["happened"])}

    assert judged == reached
