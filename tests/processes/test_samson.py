"""SAMSON as config: questions, dimensions, forms and process agree with each other and with the method.

Reads the files directly, without the engine: what the engine makes of a template is tested where the engine is.
"""

from __future__ import annotations

import keyword
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import TypeAlias, Union

import jsonschema
import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
FORMS = ROOT / "forms" / "samson"
LANGUAGES = {"nb", "nn", "en"}

Node: TypeAlias = Union[bool, int, float, str, "list[Node]", "dict[str, Node]", None]
Tree: TypeAlias = dict[str, Node]


def tree(value: Node) -> Tree:
    assert isinstance(value, dict), value
    return value


def listed(value: Node) -> list[Node]:
    assert isinstance(value, list), value
    return value


def read(path: Path) -> Tree:
    return tree(yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader))


PROCESS = read(ROOT / "processes" / "samson.yaml")
SCHEMAS = {path.stem: read(path) for path in sorted(FORMS.glob("*.yaml"))}
DIMENSIONS = {name: tree(tree(spec)["values"]) for name, spec in tree(PROCESS["dimensions"]).items()}


def resolved(schema: Tree, root: Tree) -> Tree:
    """The schema with what its local reference points to."""
    if "$ref" not in schema:
        return schema
    target = str(schema["$ref"]).removeprefix("#/$defs/")
    return {**tree(tree(root["$defs"])[target]), **schema}


def choices(schema: Tree) -> list[Tree]:
    return [tree(choice) for choice in listed(schema.get("oneOf", []))]


def schemas(schema: Tree, root: Tree) -> Iterator[Tree]:
    """A schema and every schema within it that describes answers, references followed."""
    schema = resolved(schema, root)
    yield schema
    for inner in tree(schema.get("properties", {})).values():
        yield from schemas(tree(inner), root)
    if "items" in schema:
        yield from schemas(tree(schema["items"]), root)
    for choice in choices(schema):
        yield from schemas(choice, root)


def fields(name: str) -> Iterator[tuple[str, Tree]]:
    """Every field of a form, those of its lists too."""
    for schema in schemas(SCHEMAS[name], SCHEMAS[name]):
        for field, inner in tree(schema.get("properties", {})).items():
            yield field, resolved(tree(inner), SCHEMAS[name])


ITEMS = {name: spec for name, spec in fields("answers") if "x-score" in spec}


def tag(item: Tree, dimension: str) -> str:
    return str(tree(tree(item["x-score"])["dimensions"])[dimension])


def title(spec: Tree) -> Tree:
    """The titles of a field or choice by language."""
    other = tree(spec["x-i18n"])
    return {"nb": spec["title"], **{language: tree(text)["title"] for language, text in other.items()}}


def states(parent: Tree = PROCESS) -> Iterator[tuple[str, Tree]]:
    for name, state in tree(parent.get("states", {})).items():
        yield name, tree(state)
        yield from states(tree(state))


STATES = dict(states())


def owned(kind: str) -> list[tuple[str, Tree]]:
    """Tasks or actions of the whole template, in document order."""
    levels = [PROCESS, *STATES.values()]
    return [(name, tree(spec)) for level in levels for name, spec in tree(level.get(kind, {})).items()]


TASKS = dict(owned("tasks"))
ACTIONS = owned("actions")


def texts(node: Node) -> Iterator[Tree]:
    """Every multilingual text below: a mapping whose keys are languages, to texts."""
    if isinstance(node, dict):
        if node and set(node) <= LANGUAGES and all(isinstance(text, str) for text in node.values()):
            yield node
        else:
            for inner in node.values():
                yield from texts(inner)
    elif isinstance(node, list):
        for inner in node:
            yield from texts(inner)


def read_by_people(language: str) -> list[str]:
    """Every text of one language, of the process and all its forms."""
    found = [
        str(text[language]) for source in (PROCESS, *SCHEMAS.values()) for text in texts(source) if language in text
    ]
    for root in SCHEMAS.values():
        for schema in schemas(root, root):
            of = schema if language == "nb" else tree(tree(schema.get("x-i18n", {})).get(language, {}))
            found += [str(of[key]) for key in ("title", "description") if key in of]
    return found


def errors(form: str, answers: Node) -> list[str]:
    validator = jsonschema.Draft202012Validator(SCHEMAS[form], format_checker=jsonschema.FormatChecker())
    return [f"{'/'.join(map(str, e.absolute_path))}: {e.message}" for e in validator.iter_errors(answers)]


# -- the questions -----------------------------------------------------------------------------------------------------


def test_given_the_questions_when_counted_by_field_then_there_are_27_in_order_three_for_each() -> None:
    assert list(ITEMS) == [f"{field}_{number}" for field in DIMENSIONS["field"] for number in (1, 2, 3)]
    assert len(ITEMS) == 27


@pytest.mark.parametrize("name", ITEMS)
def test_given_a_question_when_its_tags_are_read_then_it_has_its_own_field_and_one_value(name: str) -> None:
    tags = tree(tree(ITEMS[name]["x-score"])["dimensions"])

    assert set(tags) == {"field", "value"}
    assert tags["field"] == name.rsplit("_", 1)[0]
    assert tags["value"] in DIMENSIONS["value"]


def test_given_the_questions_when_counted_by_value_then_each_of_five_values_has_at_least_four() -> None:
    counts = Counter(tag(item, "value") for item in ITEMS.values())

    assert len(DIMENSIONS["value"]) == 5
    assert all(counts[value] >= 4 for value in DIMENSIONS["value"]), counts


def test_given_the_questions_when_values_are_looked_up_then_no_field_stands_for_one_value_only() -> None:
    values = {
        field: {tag(item, "value") for item in ITEMS.values() if tag(item, "field") == field}
        for field in DIMENSIONS["field"]
    }

    assert [field for field, found in values.items() if len(found) < 2] == []


@pytest.mark.parametrize("name", ITEMS)
def test_given_a_question_when_it_is_scored_then_it_counts_from_1_to_5_and_is_not_reversed(name: str) -> None:
    score = tree(ITEMS[name]["x-score"])

    assert (score["min"], score["max"], score.get("reverse", False)) == (1, 5, False)
    assert [choice["const"] for choice in choices(ITEMS[name])] == [1, 2, 3, 4, 5, "dont_know"]


@pytest.mark.parametrize("name", ITEMS)
def test_given_a_question_when_anchors_are_read_then_1_3_and_5_differ_in_three_languages(name: str) -> None:
    anchors = ITEMS[name]["x-anchors"]
    assert isinstance(anchors, dict)

    assert list(map(str, anchors)) == ["1", "3", "5"]
    for language in LANGUAGES:
        assert len({tree(anchor)[language] for anchor in anchors.values()} - {""}) == 3
    assert all(set(tree(anchor)) == LANGUAGES for anchor in anchors.values())


def test_given_statements_and_anchors_when_compared_then_none_stands_twice() -> None:
    for language in LANGUAGES:
        found = [title(item)[language] for item in ITEMS.values()]
        found += [tree(anchor)[language] for item in ITEMS.values() for anchor in tree(item["x-anchors"]).values()]
        assert len(set(found)) == 27 * 4, Counter(found).most_common(1)


@pytest.mark.parametrize("name", ITEMS)
def test_given_a_statement_when_read_then_it_is_short_and_says_one_thing(name: str) -> None:
    for language, joints in {"nb": " og | eller | men ", "nn": " og | eller | men ", "en": " and | or | but "}.items():
        text = str(title(ITEMS[name])[language])
        assert len(text) <= 90
        assert re.search(joints, text) is None


def test_given_the_questions_when_answered_then_each_asks_for_an_answer_and_takes_a_comment() -> None:
    assert listed(SCHEMAS["answers"]["required"]) == list(ITEMS)
    assert all(item["x-comment"] is True for item in ITEMS.values())


def test_given_somebody_who_knows_nothing_when_answering_then_every_question_takes_dont_know() -> None:
    assert errors("answers", dict.fromkeys(ITEMS, "dont_know")) == []


@pytest.mark.parametrize("wrong", [0, 6, "3", None, ""])
def test_given_an_answer_outside_the_scale_when_checked_then_it_is_refused(wrong: Node) -> None:
    found = errors("answers", {**dict.fromkeys(ITEMS, 3), "power_1": wrong})

    assert [error.split(":")[0] for error in found] == ["power_1"]


def test_given_the_questions_when_introduced_then_it_says_that_they_are_our_own_and_untested() -> None:
    said = {
        "nb": "ikke vitenskapelig utprøvd",
        "nn": "ikkje vitskapleg utprøvde",
        "en": "not been tested scientifically",
    }
    form = SCHEMAS["answers"]
    introductions = {"nb": form["description"]} | {
        language: tree(text)["description"] for language, text in tree(form["x-i18n"]).items()
    }

    for language, words in said.items():
        assert words in str(introductions[language])
        assert words in str(tree(PROCESS["description"])[language])


# -- the forms ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", SCHEMAS)
def test_given_a_form_when_read_then_it_is_json_schema_with_its_own_id_and_purpose(name: str) -> None:
    schema = SCHEMAS[name]
    jsonschema.Draft202012Validator.check_schema(schema)

    assert schema["$id"] == f"samson/{name}"
    assert set(tree(schema["x-purpose"])) == LANGUAGES


@pytest.mark.parametrize("name", SCHEMAS)
def test_given_a_form_when_texts_are_read_then_each_has_three_languages(name: str) -> None:
    for schema in schemas(SCHEMAS[name], SCHEMAS[name]):
        other = tree(schema.get("x-i18n", {}))
        for key in {"title", "description"} & set(schema):
            assert set(other) == {"nn", "en"}, schema
            assert all(tree(other[language]).get(key) for language in ("nn", "en")), schema


@pytest.mark.parametrize("name", SCHEMAS)
def test_given_a_form_when_fields_and_choices_are_read_then_each_has_a_title(name: str) -> None:
    for field, spec in fields(name):
        assert "title" in spec, field
        items = tree(spec.get("items", {}))
        assert all("title" in choice for choice in choices(spec) + choices(items)), field


@pytest.mark.parametrize("name", SCHEMAS)
def test_given_a_form_when_opened_then_nothing_is_preselected(name: str) -> None:
    assert [field for field, spec in fields(name) if "default" in spec] == []


@pytest.mark.parametrize("name", SCHEMAS)
def test_given_fields_and_choices_when_ids_are_read_then_they_are_identifiers(name: str) -> None:
    ids = [field for field, _ in fields(name)]
    ids += [
        str(c["const"])
        for s in schemas(SCHEMAS[name], SCHEMAS[name])
        for c in choices(s)
        if isinstance(c["const"], str)
    ]

    assert [id_ for id_ in ids if not id_.isidentifier() or not id_.isascii() or keyword.iskeyword(id_)] == []


@pytest.mark.parametrize("name", SCHEMAS)
def test_given_free_text_when_read_then_it_is_personal_save_what_lands_in_a_core_table(name: str) -> None:
    for schema in schemas(SCHEMAS[name], SCHEMAS[name]):
        core = set(tree(tree(schema.get("x-fact", {})).get("columns", {})).values())
        for field, spec in tree(schema.get("properties", {})).items():
            text = tree(spec).get("type") == "string" and "format" not in tree(spec)
            assert (tree(spec).get("x-personal") is True) == (text and field not in core), field


def test_given_registration_when_read_then_position_role_and_influence_are_asked_for_and_can_be_shown_to_all() -> None:
    shown = [field for field, spec in fields("membership") if "x-personal" not in spec]

    assert shown == listed(SCHEMAS["membership"]["required"]) == ["positions", "roles", "influence"]


def test_given_positions_when_ticked_then_at_least_one_is_needed_and_several_are_fine() -> None:
    form: Tree = {"roles": ["contributes"], "influence": "dont_know"}

    assert errors("membership", {**form, "positions": ["represents", "uses_service"]}) == []
    assert [e.split(":")[0] for e in errors("membership", {**form, "positions": []})] == ["positions"]


def test_given_an_agreed_action_when_its_field_is_chosen_then_the_choices_are_the_action_fields() -> None:
    field = dict(fields("dialogue"))["field"]

    assert {str(c["const"]): title(c) for c in choices(field)} == DIMENSIONS["field"]


def test_given_agreed_actions_when_read_then_they_land_in_their_core_table() -> None:
    facts = [tree(s["x-fact"]) for s in schemas(SCHEMAS["dialogue"], SCHEMAS["dialogue"]) if "x-fact" in s]

    assert facts == [
        {"table": "agreed_action", "columns": {"field": "field", "action": "action", "owner": "owner", "due": "due"}}
    ]


AGREEMENT: Tree = {"field": "power", "action": "Bytte møteleder", "owner": "Kommunen", "due": "2026-03-01"}


@pytest.mark.parametrize(
    ("answers", "missing"),
    [
        ({"outcome": "agreed"}, "agreements"),
        ({"outcome": "nothing_now"}, "nothing_reason"),
        ({}, "outcome"),
    ],
)
def test_given_a_dialogue_when_its_outcome_needs_more_then_that_is_asked_for(answers: Tree, missing: str) -> None:
    assert errors("dialogue", answers) == [f": '{missing}' is a required property"]


@pytest.mark.parametrize(
    "answers",
    [
        {"outcome": "agreed", "agreements": [AGREEMENT]},
        {"outcome": "nothing_now", "nothing_reason": "Vi rakk det ikke."},
    ],
)
def test_given_a_dialogue_when_its_outcome_is_told_then_it_is_accepted(answers: Tree) -> None:
    assert errors("dialogue", answers) == []


@pytest.mark.parametrize("field", AGREEMENT)
def test_given_an_agreed_action_when_a_part_is_left_out_then_it_is_refused(field: str) -> None:
    row: Node = {key: value for key, value in AGREEMENT.items() if key != field}

    assert errors("dialogue", {"outcome": "agreed", "agreements": [row]}) == [
        f"agreements/0: '{field}' is a required property"
    ]


def test_given_the_evaluation_when_opened_then_it_asks_exactly_the_four_prompts() -> None:
    assert [field for field, _ in fields("evaluation")] == listed(SCHEMAS["evaluation"]["required"])
    assert listed(SCHEMAS["evaluation"]["required"]) == ["goes_well", "challenges", "corrections", "failures"]


# -- the process -------------------------------------------------------------------------------------------------------


def test_given_the_template_when_its_texts_are_read_then_each_has_three_languages() -> None:
    found = [*texts(PROCESS)]

    assert [text for text in found if set(text) != LANGUAGES or not all(text.values())] == []
    for spec in [*tree(PROCESS["roles"]).values(), *STATES.values(), *TASKS.values(), *dict(ACTIONS).values()]:
        assert set(tree(tree(spec)["title"])) == LANGUAGES


def test_given_tasks_states_roles_and_actions_when_ids_are_listed_then_they_are_identifiers_and_unique() -> None:
    tasks, states_ = [name for name, _ in owned("tasks")], [name for name, _ in states()]
    ids = [*tasks, *states_, *dict(ACTIONS), *tree(PROCESS["roles"]), *DIMENSIONS["field"], *DIMENSIONS["value"]]

    assert len({*tasks, *states_}) == len(tasks) + len(states_)
    assert [id_ for id_ in ids if not re.fullmatch(r"[a-z][a-z0-9_]*", id_) or keyword.iskeyword(id_)] == []


def test_given_the_forms_folder_when_compared_with_the_tasks_then_neither_has_more_than_the_other() -> None:
    assert {str(task["form"]) for task in TASKS.values()} == set(SCHEMAS)


def test_given_tasks_and_actions_when_roles_are_looked_up_then_every_role_exists_and_is_used() -> None:
    named = {str(PROCESS["starter"])}
    for _, spec in [*TASKS.items(), *ACTIONS]:
        by = spec["by"]
        named |= set(map(str, by)) if isinstance(by, list) else {str(by)}

    assert named == set(tree(PROCESS["roles"]))


def test_given_transitions_when_followed_then_each_leads_to_a_state_and_a_counter_that_is_declared() -> None:
    assert {name for name, spec in ACTIONS if "to" not in spec} == {"evaluate_effects"}  # it starts a process instead
    targets = {str(spec["to"]) for _, spec in ACTIONS if "to" in spec}
    targets |= {str(tree(auto)["to"]) for state in STATES.values() for auto in listed(state.get("auto", []))}

    assert targets <= set(STATES)
    assert [state["count"] for state in STATES.values() if "count" in state] == PROCESS["counters"]


def test_given_guards_when_their_names_are_looked_up_then_every_one_exists_and_a_reason_is_told() -> None:
    known = {
        "tasks": set(TASKS),
        "counters": set(map(str, listed(PROCESS["counters"]))),
        "vars": {*tree(PROCESS["vars"])},
    }
    for name, spec in ACTIONS:
        guard = str(spec.get("when", ""))
        for root, names in known.items():
            assert set(re.findall(rf"{root}\.(\w+)", guard)) <= names, name
        assert ("else" in spec) == bool(guard), name


def test_given_a_round_when_answers_are_given_then_they_are_sealed_and_shown_as_the_most_careful_party_chose() -> None:
    answer = TASKS["answer"]
    visibility = tree(answer["visibility"])
    _, task, field = str(visibility["from"]).split(".")
    chosen = [choice["const"] for choice in choices(dict(fields(str(TASKS[task]["form"])))[field])]

    assert answer["sealed"] is True
    assert visibility["order"] == chosen == ["open", "protected"]


def test_given_people_are_answering_when_a_way_out_is_looked_for_then_only_a_whole_or_a_closed_round_leaves() -> None:
    answering = STATES["answering"]
    close = tree(tree(answering["actions"])["close"])

    assert listed(answering["auto"]) == [{"to": "dialogue", "when": "tasks.answer.complete"}]
    assert list(tree(answering["actions"])) == ["close"]
    assert (close["when"], close["reason"]) == ("tasks.answer.overdue", "required")
    assert "actions" not in STATES["round"]


def test_given_a_collaboration_that_died_when_it_is_stopped_then_a_reason_is_required() -> None:
    stops = [state for state, spec in STATES.items() if "stop" in tree(spec.get("actions", {}))]

    assert stops == ["preparation", "dialogue", "evaluation"]
    assert all(spec["reason"] == "required" for name, spec in ACTIONS if name == "stop")


def test_given_the_minimum_of_members_when_changed_then_role_and_text_change_with_it() -> None:
    told = tree(dict(ACTIONS)["open_round"]["else"])

    assert tree(PROCESS["vars"])["minimum_members"] == tree(tree(PROCESS["roles"])["member"])["min"] == 2
    assert (" to " in str(told["nb"]), " to " in str(told["nn"]), "two" in str(told["en"])) == (True, True, True)


# -- the languages -----------------------------------------------------------------------------------------------------

ONLY_BOKMAAL = (
    r"ikke|hva|hvem|hvor\w*|hvilk\w+|hver\w*|jeg|dere\w*|noen|noe|sammen|selv|ennå|mye|uten|fra|"
    r"gjør\w*|vært|være|å \w+e"  # `å gjere` would be as good, but not beside `å gjera`
)
ONLY_NYNORSK = (
    r"ikkje|kva|kven|korleis|kvifor|kvar\w*|eg|dykk\w*|nokon?|nokre|saman|sjølve?|enno|mykje|utan|frå|"
    r"gjera?|vore|vera|dei"
)


def words(pattern: str, language: str) -> list[str]:
    return [text for text in read_by_people(language) if re.search(rf"\b(?:{pattern})\b", text, re.IGNORECASE)]


def test_given_texts_in_nynorsk_when_read_then_none_has_words_of_bokmaal_or_another_infinitive() -> None:
    assert words(ONLY_BOKMAAL, "nn") == []


def test_given_texts_in_bokmaal_when_read_then_none_has_words_of_nynorsk() -> None:
    assert words(ONLY_NYNORSK, "nb") == []


def test_given_a_text_when_counted_by_language_then_each_language_has_as_many() -> None:
    counts = {language: len(read_by_people(language)) for language in LANGUAGES}

    assert len(set(counts.values())) == 1
    assert counts["nb"] > 27 * 4
