"""Lint of forms: each rule finds its fault, at its place, with a way out; and the forms we ship have none."""

from __future__ import annotations

from copy import deepcopy
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from engine import yaml
from engine.codec import Json, dumps, loads
from engine.errors import ConfigError, Place, Problem
from engine.form.language import DONT_KNOW
from engine.form.schema import Form, form_from_data, read_form
from engine.form.validate import Validator
from engine.rules import RULES

FORMS = sorted((Path(__file__).resolve().parents[2] / "forms").glob("*/*.yaml"))

TEXT_RULES = ("title-missing", "translation-missing")
FIRST = Place("f.yaml", 1, 1)
HEAD = "$id: t/f\ntype: object\ntitle: T\nx-i18n: {nn: {title: T}, en: {title: T}}\n"


def lint(text: str) -> list[Problem]:
    return read_form(yaml.load(HEAD + text, "f.yaml"))[1]


def only(text: str) -> Problem:
    found = [problem for problem in lint(text) if problem.rule not in TEXT_RULES]
    assert len(found) == 1, [str(problem) for problem in found]
    return found[0]


def field(line: str) -> str:
    """A form with one field."""
    return "properties:\n  a: " + line + "\n"


def form(text: str) -> Form:
    found, problems = read_form(yaml.load(HEAD + text, "f.yaml"))
    assert found is not None, [str(problem) for problem in problems]
    return found


@pytest.mark.parametrize("path", FORMS, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_given_a_form_that_we_ship_when_linted_then_nothing_is_wrong_with_it(path: Path) -> None:
    found, problems = read_form(yaml.load_file(path))
    assert [str(problem) for problem in problems] == []
    assert found is not None
    assert found.id == f"{path.parent.name}/{path.stem}"


SCORE = "dimensions: {d: v}, min: 1, max: 3"
CHOICES = "oneOf: [{const: 1, title: A}, {const: 3, title: B}, {const: dont_know, title: C}]"
FACT = "table: target, columns: {indicator_id: i, value: v}"
STRING = field("{type: string}")


# ¤ stands before the place that the problem should point to.
@pytest.mark.parametrize(
    ("rule", "text", "hint"),
    [
        ("form-unknown-keyword", field("{type: string, ¤maxLenght: 3}"), "“maxLength”"),
        ("form-unknown-keyword", STRING + "¤patternProperties: {}", "“properties”"),
        ("form-unknown-keyword", field("{¤typ: string}"), "“type”"),
        ("form-unknown-keyword", field("{type: string, ¤x_personal: true}"), "“x-personal”"),
        ("form-unknown-keyword", STRING + "¤not: {}", "allOf, anyOf"),
        ("form-value", field("{type: ¤int}"), "“integer”"),
        ("form-value", field("{type: array, items: {type: ¤objekt}}"), "“object”"),
        ("form-value", field("{type: string, title: ¤{nb: A, en: B}}"), "x-i18n: {en: {title: …}}"),
        ("form-misplaced", field("{type: string, ¤required: true}"), "in the list"),
        ("pattern-unbounded", field("{type: string, pattern: ¤'[a'}"), "has a \\ before it"),
        ("form-unknown-annotation", field("{type: string, ¤x-personel: true}"), "“x-personal”"),
        ("form-misplaced", field("{type: string, ¤minimum: 3}"), "integer, number"),
        ("form-misplaced", field("{type: integer, ¤x-personal: true}"), "Only texts"),
        ("form-misplaced", field("{type: boolean, ¤x-prefill: true}"), "kind text"),
        (
            "form-misplaced",
            field("{type: array, items: {type: object, properties: {t: {type: string, ¤x-prefill: true}}}}"),
            "Leave x-prefill out",
        ),
        ("form-value", field("{type: string, maxLength: ¤'3'}"), "whole number"),
        ("form-value", field("{type: string, minLength: 3, maxLength: ¤2}"), "No answer"),
        ("form-value", field("{type: string, format: ¤dato}"), "“date”"),
        ("form-value", field("{type: array, items: {enum: [a]}, maxItems: ¤501}"), "500"),
        ("form-value", field("{type: string, x-i18n: {¤no: {title: A}}}"), "nn, en"),
        ("form-value", field("{type: string, x-i18n: {nn: {¤titel: A}}}"), "title"),
        ("form-value", STRING + "additionalProperties: ¤true", "false"),
        ("form-value", STRING + "x-purpose: ¤{no: A}", "nb"),
        ("form-value", STRING + "$schema: ¤https://json-schema.org/draft-07/schema#", "2020-12"),
        ("form-unknown-widget", field("{type: string, x-widget: ¤textaera}"), "“textarea”"),
        ("form-unknown-widget", field("{type: string, x-widget: ¤scale}"), "textarea"),
        ("field-kind", field("¤{title: A}"), "oneOf"),
        ("field-kind", field("¤{type: array, items: {type: string}}"), "objects or choices"),
        ("field-name", "properties: {¤a-b: {type: string}}", "letters"),
        ("field-name", "properties: {¤class: {type: string}}", "Python"),
        ("field-name", "properties: {a: {type: string, x-comment: true}, ¤a__comment: {type: string}}", "Rename"),
        ("required-unknown", STRING + "required: [a, ¤b]", "a"),
        ("required-unknown", "properties: {name: {type: string}}\nrequired: [¤nane]", "“name”"),
        ("required-unknown", STRING + "dependentRequired: {a: [¤x]}", "a"),
        ("required-unknown", STRING + "if: {required: [a]}\nthen: {required: [¤x]}", "a"),
        ("required-unknown", STRING + "if: {properties: {x: ¤{const: 1}}}\nthen: {}", "a"),
        ("required-unknown", STRING + "allOf: [{if: {required: [¤x]}, then: {required: [a]}}]", "a"),
        ("form-condition", "then: {required: [a]}\n" + STRING, "if"),
        ("form-condition", STRING + "if: ¤{required: [a]}", "then"),
        ("condition-value", field(f"{{{CHOICES}}}") + "if: {properties: {a: {const: ¤2}}}\nthen: {}", "1 (A)"),
        ("duplicate-field-id", "properties:\n  a: {type: string}\n  b: {type: string, x-id: ¤a}", "of its own"),
        ("choice-type", field("{type: ¤string, oneOf: [{const: 1, title: A}]}"), "mend the choice"),
        ("choice-type", field("{type: ¤integer, enum: [1, ja]}"), "mend the choice"),
        ("duplicate-choice", field("{oneOf: [{const: 1, title: A}, {const: ¤1, title: B}]}"), "Keep one"),
        ("choice-overlap", field("{oneOf: [{const: dont_know, title: A}, ¤{type: string}]}"), "limit"),
        ("default-misfit", field("{type: integer, maximum: 3, default: ¤4}"), "3 or less"),
        ("default-misfit", field(f"{{{CHOICES}, default: ¤2}}"), "1 (A)"),
        ("example-misfit", field("{type: string, pattern: '^a$', examples: [a, ¤b]}"), "like this"),
        ("score-scale", field(f"{{{CHOICES.replace('3', '¤3')}, x-score: {{{SCORE[:-1]}2}}}}"), "min and max"),
        ("score-scale", field(f"{{type: integer, minimum: 1, x-score: ¤{{{SCORE}}}}}"), "maximum: 3"),
        ("score-scale", field(f"{{{CHOICES}, x-score: ¤{{dimensions: {{d: v}}, min: 3, max: 1}}}}"), "smaller"),
        ("score-nowhere", field(f"{{{CHOICES}, x-score: ¤{{min: 1, max: 3}}}}"), "dimensions"),
        ("anchor-unknown", field(f"{{{CHOICES}, x-anchors: {{2: ¤A}}}}"), "1, 3"),
        ("form-ref", field("{$ref: ¤'https://example.org/x.json'}"), "$defs"),
        ("form-ref", "$defs: {scale: {type: string}}\nproperties: {a: {$ref: ¤'#/$defs/scael'}}", "“scale”"),
        ("definition-unused", STRING + "$defs: {scale: ¤{type: string}}", "Remove"),
        ("form-shape", "properties: ¤{}", "Add"),
        ("pattern-unbounded", field("{type: string, pattern: ¤'^(a+)+$'}"), "fewer"),
        ("pattern-unbounded", field("{type: string, pattern: '^a$', maxLength: ¤2000}"), "1000"),
    ],
)
def test_given_a_fault_when_linted_then_its_rule_tells_where_and_what_to_do(rule: str, text: str, hint: str) -> None:
    before, marked, after = (HEAD + text).partition("¤")
    place = Place("f.yaml", before.count("\n") + 1, len(before) - before.rfind("\n")) if marked else FIRST
    problems = read_form(yaml.load(before + after, "f.yaml"))[1]
    found = [problem for problem in problems if problem.rule not in TEXT_RULES]
    if rule == "form-ref":  # what was meant is then not referred to
        found = [problem for problem in found if problem.rule != "definition-unused"]
    assert [(problem.rule, problem.where) for problem in found] == [(rule, place)]
    assert hint in found[0].hint


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("$id: ¤a#b\ntype: object\nproperties: {a: {type: string}}", "an id with a fragment"),
        ("$id: a/b\ntype: object\nrequired: ¤[a, a]\nproperties: {a: {type: string}}", "a name that is needed twice"),
        ("$id: a/b\ntype: object\n$defs: {b: {maxLength: ¤'3'}}\nproperties: {a: {type: string}}", "what is unused"),
        ("$id: a/b\ntype: object\nif: {properties: {a: ¤true}}\nthen: {}\nproperties: {a: {type: string}}", "a flag"),
    ],
    ids=lambda value: value if ":" not in value else "",
)
def test_given_a_value_that_is_wrong_wherever_it_stands_when_linted_then_it_is_refused_with_its_place(
    text: str, place: str
) -> None:
    before, _, after = text.partition("¤")
    problems = read_form(yaml.load(before + after, "f.yaml"))[1]
    errors = [problem for problem in problems if problem.severity == "error"]
    where = Place("f.yaml", before.count("\n") + 1, len(before) - before.rfind("\n"))
    assert [(problem.rule, problem.where) for problem in errors] == [("form-value", where)], place


@pytest.mark.parametrize("name", [name for name, rule in RULES.items() if rule.where == "form"])
def test_given_the_example_of_a_rule_when_linted_then_the_rule_points_to_its_place(name: str) -> None:
    before, _, after = (HEAD + RULES[name].wrong).partition("▸")
    place = Place("f.yaml", before.count("\n") + 1, len(before) - before.rfind("\n"))
    problems = read_form(yaml.load(before + after, "f.yaml"))[1]
    assert (name, place, RULES[name].severity) in [(p.rule, p.where, p.severity) for p in problems], [
        str(p) for p in problems
    ]


def test_given_a_score_on_a_personal_text_when_linted_then_it_is_refused() -> None:
    rules = {problem.rule for problem in lint(field(f"{{type: string, x-personal: true, x-score: {{{SCORE}}}}}"))}
    assert "score-personal" in rules


def test_given_a_dimension_that_one_item_leaves_out_when_linted_then_it_is_a_warning() -> None:
    text = f"properties:\n  a: {{{CHOICES}, x-score: {{{SCORE}}}}}\n"
    text += f"  b: {{{CHOICES}, x-score: {{dimensions: {{d: v, e: w}}, min: 1, max: 3}}}}"
    found = only(text)
    assert (found.rule, found.severity, found.where.line) == ("score-dimension", "warning", 6)


def fact_form(fact: str, fields: str = "") -> str:
    known = fields or "{i: {type: string}, v: {type: number}, d: {type: string, format: date}}"
    return f"x-fact: {{{fact}}}\nproperties: {known}"


K_COUNT = "{i: {type: string}, k: {enum: [count, mode]}}"
K_INTEGER = "{i: {type: string}, k: {enum: [1, 0]}}"
I_PERSONAL = "{i: {type: string, x-personal: true}}"


@pytest.mark.parametrize(
    ("rule", "fact", "fields", "hint"),
    [
        ("fact-table", "table: targets, columns: {}", "", "“target”"),
        ("fact-column", "table: target, columns: {indicator_id: i, valu: v}", "", "“value”"),
        ("fact-column", "table: target, columns: {value: v}", "", "indicator_id"),
        ("fact-field", "table: target, columns: {indicator_id: i, value: x}", "", "i, v, d"),
        ("fact-field", "table: target, columns: {indicator_id: ^i}", "", "none"),
        ("fact-type", "table: target, columns: {indicator_id: i, value: d}", "", "number"),
        ("fact-type", "table: target, columns: {indicator_id: i, due: i}", "", "date"),
        ("fact-type", "table: target, columns: {indicator_id: {field: i, divide: 100}}", "", "divide"),
        ("fact-type", "table: indicator, columns: {indicator_id: i, kind: i}", "", "count, share"),
        ("fact-type", "table: indicator, columns: {indicator_id: i, kind: k}", K_COUNT, "share"),
        ("fact-type", "table: indicator, columns: {indicator_id: i, primary: k}", K_INTEGER, "bool"),
        ("fact-personal", "table: target, columns: {indicator_id: i}", I_PERSONAL, "another"),
        ("form-value", "table: target, columns: {indicator_id: i, value: {field: v, divide: 0}}", "", "100"),
    ],
)
def test_given_a_fact_that_does_not_fit_when_linted_then_it_is_told(
    rule: str, fact: str, fields: str, hint: str
) -> None:
    found = only(fact_form(fact, fields))
    assert found.rule == rule
    assert hint in found.hint
    assert found.where.line == 5


def test_given_a_row_with_a_field_of_what_holds_it_when_linted_then_it_fits() -> None:
    rows = f"{{type: object, x-fact: {{{FACT.replace('}', ', due: ^day}')}}}, "
    rows += "properties: {i: {type: string}, v: {type: number}}}"
    text = f"properties:\n  day: {{type: string, format: date}}\n  rows: {{type: array, items: {rows}}}"
    fact = form(text).facts[0]
    assert (fact.table, fact.path) == ("target", ("rows",))
    assert fact.columns["due"].of_parent
    assert fact.columns["due"].field == "day"


def test_given_texts_without_translation_when_linted_then_each_is_a_warning() -> None:
    text = field("{type: string, title: A, description: B, x-i18n: {nn: {title: A}}}")
    found = [problem for problem in lint(text) if problem.rule == "translation-missing"]
    assert [problem.where.column for problem in found] == [28, 44, 44]
    assert {problem.severity for problem in found} == {"warning"}
    assert found[0].hint == "Add x-i18n: {en: {title: …}}"


def test_given_only_warnings_when_read_then_there_is_a_form() -> None:
    assert form(field("{type: string}")).fields["a"].title("nb") == "a"


def test_given_a_form_nested_twenty_one_levels_when_linted_then_it_is_refused() -> None:
    text = "{type: string}"
    for _ in range(20):
        text = f"{{type: object, properties: {{a: {text}}}}}"
    data: dict[str, Json] = {"$id": "t/f", "type": "object", "properties": {"a": yaml_data(text)}}
    document = yaml.Document(data, "f.yaml")
    assert [problem.rule for problem in read_form(document)[1] if problem.severity == "error"] == ["form-depth"]


def yaml_data(text: str) -> Json:
    """Data nested deeper than a file may be."""
    depth = text.count("type: object")
    data: Json = {"type": "string"}
    for _ in range(depth):
        data = {"type": "object", "properties": {"a": data}}
    return data


def test_given_references_that_double_at_every_level_when_linted_then_it_ends_soon() -> None:
    definitions = "\n".join(
        f"  d{n}: {{type: object, properties: {{a: {{$ref: '#/$defs/d{n + 1}'}}, b: {{$ref: '#/$defs/d{n + 1}'}}}}}}"
        for n in range(15)
    )
    text = f"$defs:\n{definitions}\n  d15: {{type: string}}\n" + field("{$ref: '#/$defs/d0'}")
    assert "form-depth" in {problem.rule for problem in lint(text)}


def test_given_a_definition_that_refers_to_itself_when_linted_then_it_is_refused() -> None:
    text = "$defs: {a: {$ref: '#/$defs/b'}, b: {$ref: '#/$defs/a'}}\n" + field("{$ref: '#/$defs/a'}")
    assert "itself" in only(text).message


def test_given_a_list_of_itself_when_linted_then_it_is_refused() -> None:
    text = "$defs: {n: {type: object, properties: {c: {type: array, items: {$ref: '#/$defs/n'}}}}}\n"
    assert "form-depth" in {problem.rule for problem in lint(text + field("{$ref: '#/$defs/n'}"))}


def test_given_a_keyword_that_says_two_things_when_linted_then_it_is_refused() -> None:
    text = "$defs: {s: {type: string, maxLength: 3}}\n" + field("{$ref: '#/$defs/s', maxLength: 4}")
    assert only(text).rule == "form-ref"


def test_given_a_title_beside_a_reference_when_read_then_the_translations_of_the_target_are_not_taken() -> None:
    target = "{type: string, title: Old, x-i18n: {en: {title: Old}}}"
    found = form(f"$defs: {{s: {target}}}\n" + field("{$ref: '#/$defs/s', title: New}"))
    assert found.fields["a"].title("en") == "New"


def test_given_a_form_with_all_there_is_when_read_then_its_fields_say_so() -> None:
    text = """
properties:
  q:
    title: Q
    x-i18n: {en: {title: Question}}
    oneOf: [{const: 1, title: Lite}, {const: 2, title: Mye, x-i18n: {en: {title: Much}}}, {const: dont_know, title: V}]
    x-score: {dimensions: {d: v}, min: 1, max: 2, reverse: true}
    x-comment: true
    x-anchors: {1: {nb: A, en: B}}
    x-id: old_q
    x-page: 2
  rows:
    type: array
    items:
      type: object
      required: [size]
      properties:
        story: {type: string, x-personal: true}
        size: {type: number, x-unit: kr, x-decimals: 2}
        tags: {type: array, items: {enum: [a, b]}}
  maybe: {oneOf: [{type: number, minimum: 0}, {const: dont_know, title: Vet ikke}]}
  yes: {type: boolean}
  day: {type: string, format: date}
  group: {type: object, properties: {note: {type: string, x-personal: true}}}
"""
    found = form(text)
    q, rows = found.fields["q"], found.fields["rows"]
    assert [inner.kind for inner in found.fields.values()] == [
        "choice", "list", "number", "boolean", "date", "object",
    ]  # fmt: skip
    assert (q.id, q.title("en"), q.title("nn"), q.page, q.widget) == ("old_q", "Question", "Q", "2", "radio")
    assert [choice.title("en") for choice in q.choices] == ["Lite", "Much", "V"]
    assert q.score is not None
    assert (q.score.dimensions, q.score.min, q.score.max, q.score.reverse) == ({"d": "v"}, 1, 2, True)
    assert q.anchors["1"].get("en") == "B"
    assert DONT_KNOW in [choice.const for choice in q.choices]
    assert [inner.kind for inner in rows.items.values()] == ["text", "number", "choices"]
    assert (rows.items["size"].unit, rows.items["size"].decimals, rows.items["size"].required) == ("kr", 2, True)
    assert DONT_KNOW in [choice.const for choice in found.fields["maybe"].choices]
    assert set(found.personal_paths) == {("q__comment",), ("rows", "*", "story"), ("group", "note")}


@pytest.mark.parametrize("path", FORMS, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_given_a_form_that_was_stored_when_loaded_then_it_is_the_same_form(path: Path) -> None:
    found, _ = read_form(yaml.load_file(path))
    assert found is not None
    stored = loads(dumps(found.schema))
    assert isinstance(stored, dict)
    again = form_from_data(stored)
    assert stored == found.schema
    assert {**again.fields} == {**found.fields}
    assert set(again.personal_paths) == set(found.personal_paths)
    assert {(fact.table, fact.path): fact for fact in again.facts} == {
        (fact.table, fact.path): fact for fact in found.facts
    }


@pytest.mark.parametrize("properties", [{"a": {"type": "any"}}, {"a": {"$ref": "#/x"}}, {"a": {"x-anchors": {"1": 3}}}])
def test_given_a_stored_form_of_an_unknown_language_when_loaded_then_a_person_is_told(
    properties: dict[str, Json],
) -> None:
    with pytest.raises(ConfigError):
        form_from_data({"$id": "t/f", "type": "object", "properties": properties})


ODD = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-3, 9)
    | st.text(max_size=8)
    | st.sampled_from(["string", "#/$defs/a", "a"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


def nodes(value: Json, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    found = [path] if path else []
    if isinstance(value, dict):
        found += [deeper for key, inner in value.items() for deeper in nodes(inner, (*path, key))]
    elif isinstance(value, list):
        found += [deeper for key, inner in enumerate(value) for deeper in nodes(inner, (*path, key))]
    return found


METASCHEMA = Draft202012Validator(Draft202012Validator.META_SCHEMA)
SOUND = {path.stem: yaml.load_file(path).data for path in FORMS}


@settings(max_examples=150)
@given(st.data(), st.sampled_from(sorted(SOUND)), ODD)
def test_given_any_spoilt_form_when_linted_then_it_is_a_usable_form_or_an_error(
    data: st.DataObject, name: str, odd: Json
) -> None:
    schema: Json = deepcopy(SOUND[name])
    path = data.draw(st.sampled_from(nodes(schema)))
    holder: object = schema
    for step in path[:-1]:
        assert isinstance(holder, dict | list)
        holder = holder[step]  # type: ignore[index]
    holder[path[-1]] = odd  # type: ignore[index]
    found, problems = read_form(yaml.Document(schema, "f.yaml"))
    if found is None:
        assert any(problem.severity == "error" for problem in problems)
    else:
        assert Validator(found).errors([]) != []
        assert METASCHEMA.is_valid(schema), next(METASCHEMA.iter_errors(schema)).message
