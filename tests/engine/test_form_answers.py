"""Answers against forms: what is refused, where, and what a person is told in three languages."""

from __future__ import annotations

import time
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator, FormatChecker

from engine import yaml
from engine.codec import Json
from engine.errors import FieldError
from engine.form.model import Field
from engine.form.row_ids import MALFORMED, REPEATED
from engine.form.schema import Form, form_from_data, read_form
from engine.form.validate import MAX_ERRORS, MAX_ROWS_IN_ALL, Validator

ROOT = Path(__file__).resolve().parents[2]


def shipped(path: Path) -> Form:
    found, _ = read_form(yaml.load_file(path))
    assert found is not None
    return found


FORMS = {f"{path.parent.name}/{path.stem}": shipped(path) for path in sorted((ROOT / "forms").glob("*/*.yaml"))}
VALIDATORS = {name: Validator(form) for name, form in FORMS.items()}


def validator(properties: str, rest: str = "") -> Validator:
    form, problems = read_form(yaml.load(f"$id: t/f\ntype: object\nproperties: {properties}\n{rest}", "f.yaml"))
    assert form is not None, [str(problem) for problem in problems if problem.severity == "error"]
    return Validator(form)


def told(found: list[FieldError]) -> dict[str, str]:
    return {error.path: error.message for error in found}


SLUG = "{type: string, pattern: '^[a-z][a-z0-9_]{0,39}$'}"
DIGITS = "{type: string, pattern: '^[0-9]{4}$', description: Fire sifre.}"
COUNT = "{oneOf: [{const: dont_know, title: Vet ikke}, {type: integer, minimum: 0}]}"
ROWS = "items: {type: object, properties: {x: {type: string}}}"
LIKERT = "oneOf: [{const: 1, title: Uenig}, {const: 2, title: Enig}, {const: dont_know, title: Vet ikke}]"


@pytest.mark.parametrize(
    ("field", "answer", "sentence"),
    [
        ("{type: integer, minimum: 1, maximum: 5}", 6, "Skriv et helt tall mellom 1 og 5."),
        ("{type: integer, minimum: 1, maximum: 5}", "3", "Skriv et helt tall mellom 1 og 5."),
        ("{type: integer}", Decimal("1.5"), "Skriv et helt tall."),
        ("{type: integer}", True, "Skriv et helt tall."),
        ("{type: number, minimum: 1, maximum: 5}", 0, "Skriv et tall mellom 1 og 5."),
        ("{type: number, minimum: 0.5}", Decimal("0.4"), "Skriv et tall som er 0,5 eller mer."),
        ("{type: number, maximum: 5}", 6, "Skriv et tall som er 5 eller mindre."),
        ("{type: number, exclusiveMinimum: 0}", 0, "Skriv et tall som er større enn 0."),
        ("{type: number, exclusiveMaximum: 0}", 0, "Skriv et tall som er mindre enn 0."),
        ("{type: number, multipleOf: 0.01}", Decimal("0.001"), "Skriv et tall med høyst 2 desimaler."),
        ("{type: number, multipleOf: 5}", 7, "Skriv et tall som kan deles på 5."),
        ("{type: number}", None, "Skriv et tall."),
        ("{type: number}", Decimal("NaN"), "Skriv et tall."),
        ("{type: number}", 10**50, "Skriv et tall."),
        ("{type: string}", 3, "Skriv en tekst."),
        ("{type: string, minLength: 1}", "", "Dette kan ikke stå tomt."),
        ("{type: string, minLength: 3}", "ab", "Skriv minst 3 tegn."),
        ("{type: string, maxLength: 3}", "abcd", "Skriv kortere: høyst 3 tegn. Nå er det 4."),
        (SLUG, "A", "Bruk små bokstaver (a–z), tall og understrek, og begynn med en bokstav."),
        ("{type: string, pattern: '^[0-9]{4}$', examples: ['4203']}", "x", "Skriv det slik: 4203."),
        (DIGITS, "x", "Dette er ikke skrevet på den måten det skal. Fire sifre."),
        ("{type: string, format: date}", "31.08.2026", "Skriv en dato slik: 2026-08-31."),
        ("{type: string, format: date}", "2026-02-30", "Skriv en dato slik: 2026-08-31."),
        ("{type: string, format: email}", "kari", "Skriv en e-postadresse, for eksempel navn@eksempel.no."),
        ("{type: string, format: uri}", "javascript:alert(1)", "Skriv en nettadresse som begynner med https://."),
        ("{type: boolean}", "ja", "Svar ja (true) eller nei (false)."),
        ("{type: boolean, const: true}", False, "Dette må være ja (true)."),
        (f"{{{LIKERT}}}", 7, "Velg ett av svarene: 1 (Uenig), 2 (Enig), dont_know (Vet ikke)."),
        (f"{{{LIKERT}}}", True, "Velg ett av svarene: 1 (Uenig), 2 (Enig), dont_know (Vet ikke)."),
        ("{enum: [a, b, c, d, e, f, g, h, i]}", "x", "Velg et av svarene som skjemaet lister opp."),
        (COUNT, "x", "Skriv et helt tall som er 0 eller mer. Eller velg: dont_know (Vet ikke)."),
        (COUNT, -1, "Skriv et helt tall som er 0 eller mer."),
        ("{type: array, items: {enum: [a, b]}}", "a", "Velg blant disse svarene: a, b."),
        ("{type: array, items: {enum: [a, b]}, minItems: 1}", [], "Velg minst 1."),
        ("{type: array, items: {enum: [a, b]}, uniqueItems: true}", ["a", "a"], "Velg hvert svar bare én gang."),
        (f"{{type: array, {ROWS}}}", {}, "Her skal det stå en liste."),
        (f"{{type: array, minItems: 1, {ROWS}}}", [], "Legg inn minst én rad."),
        (f"{{type: array, maxItems: 2, {ROWS}}}", [{}, {}, {}], "Legg inn høyst 2 rader."),
        ("{type: object, properties: {x: {type: string}}}", 3, "Her skal det stå felt med svar."),
    ],
)  # fmt: skip
def test_given_a_wrong_answer_when_checked_then_one_sentence_says_what_would_be_right(
    field: str, answer: Json, sentence: str
) -> None:
    assert told(validator(f"{{a: {field}}}").errors({"a": answer})) == {"a": sentence}


@pytest.mark.parametrize(
    ("field", "answer"),
    [
        ("{type: integer}", Decimal("3")),
        ("{type: number, multipleOf: 0.01}", Decimal("123456789012.12")),
        ("{type: number}", Decimal("1E+11")),
        ("{type: string, format: date}", "2024-02-29"),
        ("{type: string, format: date-time}", "2026-08-31T14:30:00.5+02:00"),
        ("{type: string, format: date-time}", "2026-08-31T14:30:00Z"),
        ("{type: string, format: email}", "kari.nordmann@eksempel.kommune.no"),
        ("{type: string, format: uri}", "https://eksempel.no/a?b=c#d"),
        (COUNT, "dont_know"),
        (f"{{{LIKERT}, x-comment: true}}", 2),
    ],
)
def test_given_a_right_answer_when_checked_then_nothing_is_said(field: str, answer: Json) -> None:
    assert validator(f"{{a: {field}}}").errors({"a": answer}) == []


@pytest.mark.parametrize(
    ("language", "sentence"),
    [
        ("nb", "Velg ett av svarene: 1 (Uenig), 2 (Enig)."),
        ("nn", "Vel eitt av svara: 1 (Ueinig), 2 (Enig)."),
        ("en", "Choose one of the answers: 1 (Disagree), 2 (Enig)."),
        ("se", "Velg ett av svarene: 1 (Uenig), 2 (Enig)."),
    ],
)
def test_given_a_language_when_told_then_sentence_and_titles_are_in_it(language: str, sentence: str) -> None:
    x_i18n = "x-i18n: {nn: {title: Ueinig}, en: {title: Disagree}}"
    found = validator(f"{{a: {{oneOf: [{{const: 1, title: Uenig, {x_i18n}}}, {{const: 2, title: Enig}}]}}}}")
    assert told(found.errors({"a": 3}, language)) == {"a": sentence}


def test_given_a_required_field_when_missing_then_its_path_and_title_are_named() -> None:
    row = "{type: object, required: [name], properties: {name: {type: string, title: Hva heter den?}}}"
    found = validator(f"{{groups: {{type: array, items: {row}}}}}")
    assert told(found.errors({"groups": [{"name": "a"}, {}]})) == {"groups[1].name": "Fyll ut «Hva heter den?»."}


def test_given_an_unknown_field_when_checked_then_the_nearest_is_suggested() -> None:
    found = validator("{shared: {type: string, x-comment: true}}")
    assert told(found.errors({"shard": "a"})) == {"shard": "Skjemaet har ikke feltet «shard». Mente du «shared»?"}
    assert told(found.errors({"shared_comment": "a"}, "en")) == {
        "shared_comment": "The form has no field “shared_comment”. Did you mean “shared__comment”?"
    }


def test_given_no_object_when_checked_then_it_is_one_error() -> None:
    assert [error.path for error in validator("{a: {type: string}}").errors([])] == [""]


def test_given_a_comment_when_the_form_asks_for_none_then_it_is_unknown() -> None:
    assert [error.keyword for error in validator("{a: {type: string}}").errors({"a__comment": "b"})] == [
        "additionalProperties"
    ]


def test_given_a_comment_that_is_too_long_when_checked_then_it_is_told() -> None:
    found = validator("{a: {type: string, x-comment: true}}")
    assert found.errors({"a__comment": "b" * 2000}) == []
    assert [error.path for error in found.errors({"a__comment": "b" * 2001})] == ["a__comment"]


OUTCOME = "outcome: {title: Ble dere enige?, oneOf: [{const: y, title: Ja}, {const: n, title: Nei}]}"


@pytest.mark.parametrize(
    ("rest", "answers", "path", "sentence"),
    [
        (
            "if: {properties: {outcome: {const: n}}, required: [outcome]}\nthen: {required: [why]}",
            {"outcome": "n"}, "why", "Fyll ut «Hvorfor». Det trengs når svaret på «Ble dere enige?» er «Nei».",
        ),
        (
            "allOf: [{if: {required: [outcome]}, else: {required: [why]}}]",
            {}, "why", "Fyll ut «Hvorfor» eller «Ble dere enige?».",
        ),
        (
            "dependentRequired: {outcome: [why]}",
            {"outcome": "n"}, "why", "Fyll ut «Hvorfor». Det trengs når «Ble dere enige?» er fylt ut.",
        ),
        (
            "anyOf: [{required: [why]}, {required: [outcome]}]",
            {}, "", "Fyll ut minst ett av feltene: «Hvorfor», «Ble dere enige?».",
        ),
        (
            "if: {required: [why]}\nthen: {properties: {outcome: {const: n}}}",
            {"why": "a", "outcome": "y"}, "outcome", "Velg ett av svarene: n (Nei).",
        ),
    ],
)  # fmt: skip
def test_given_a_condition_when_it_is_not_met_then_the_field_asked_for_and_why_are_named(
    rest: str, answers: Json, path: str, sentence: str
) -> None:
    found = validator(f"{{why: {{type: string, title: Hvorfor.}}, {OUTCOME}}}", rest)
    assert told(found.errors(answers)) == {path: sentence}


def test_given_many_errors_when_told_then_they_stand_in_the_order_of_the_form_and_are_fifty() -> None:
    form = FORMS["samson/answers"]
    found = VALIDATORS[form.id].errors({name: 9 for field in form.fields for name in (f"{field}__comment", field)})
    paths = [error.path for error in found]
    assert len(paths) == MAX_ERRORS
    order = [name for field in form.fields for name in (field, f"{field}__comment")]
    assert paths == sorted(paths, key=order.index)


# -- the ids of rows --------------------------------------------------------------------------------------------------

NAMED = "{type: object, properties: {id: {type: string}}}"
SLUG_SAID = {
    "nb": "Bruk små bokstaver (a–z), tall og understrek, og begynn med en bokstav.",
    "nn": "Bruk små bokstavar (a–z), tal og understrek, og byrj med ein bokstav.",
    "en": "Use small letters (a–z), digits and underscore, and begin with a letter.",
}
SAME_SAID = {
    "nb": "Rad 1 heter det samme. Gi denne raden et eget navn: små bokstaver (a–z), tall og understrek.",
    "nn": "Rad 1 heiter det same. Gi denne rada eit eige namn: små bokstavar (a–z), tal og understrek.",
    "en": "Row 1 has the same name. Give this row one of its own: small letters (a–z), digits and underscore.",
}


def ids(*found: str) -> list[Json]:
    return [{"id": name} for name in found]


@pytest.mark.parametrize("language", ["nb", "nn", "en"])
@pytest.mark.parametrize("bad", ["", "Choir", "1st", "a b.c/é", "a-b", "_a", "a\n"])
def test_given_a_malformed_row_id_when_checked_then_row_and_field_are_named_and_what_would_be_right(
    bad: str, language: str
) -> None:
    found = validator(f"{{items: {{type: array, items: {NAMED}}}}}").errors({"items": ids("choir", bad)}, language)
    assert told(found) == {"items[1].id": SLUG_SAID[language]}


@pytest.mark.parametrize("language", ["nb", "nn", "en"])
def test_given_two_rows_of_the_same_id_when_checked_then_the_later_one_is_refused_and_the_first_named(
    language: str,
) -> None:
    checks = validator(f"{{items: {{type: array, items: {NAMED}}}}}")
    found = checks.errors({"items": ids("choir", "band", "choir")}, language)
    assert told(found) == {"items[2].id": SAME_SAID[language]}


def test_given_lists_in_rows_when_checked_then_ids_differ_within_each_list_only() -> None:
    inner = f"{{type: object, properties: {{more: {{type: array, items: {NAMED}}}}}}}"
    checks = validator(f"{{items: {{type: array, items: {inner}}}}}")
    assert checks.errors({"items": [{"more": ids("a", "b")}, {"more": ids("a")}]}) == []
    found = checks.errors({"items": [{"more": ids("a")}, {"more": ids("a", "a")}]})
    assert [error.path for error in found] == ["items[1].more[1].id"]


def test_given_a_form_that_says_itself_how_ids_look_when_checked_then_that_counts() -> None:
    row = "{type: object, properties: {id: {type: string, pattern: '^[A-Z]{2}-[0-9]+$', examples: [NO-1]}}}"
    checks = validator(f"{{items: {{type: array, items: {row}}}}}")
    assert checks.errors({"items": ids("NO-1", "NO-2")}) == []
    assert set(told(checks.errors({"items": ids("NO-1", "NO-1", "no")}))) == {"items[1].id", "items[2].id"}


def test_given_two_target_groups_of_the_same_id_when_answered_then_the_built_in_form_refuses_them() -> None:
    row: dict[str, Json] = {"id": "young", "name": "Unge", "description": "Unge uten jobb", "took_part": "decided"}
    found = VALIDATORS["soimpact/groups"].errors({"groups": [row, row]})
    assert told(found) == {"groups[1].id": SAME_SAID["nb"]}


# -- against jsonschema's own reading of what the author wrote --------------------------------------------------------

WRONG: st.SearchStrategy[Json] = st.sampled_from(
    [None, True, -1, 0, 1, 3, 101, "x", "", "Bad Id", "dont_know", "2024-02-30", [], [1], {}, {"a": 1}]
)


def answer_to(field: Field) -> st.SearchStrategy[Json]:
    """Right answers mostly, so that whole forms are often right."""
    right: st.SearchStrategy[Json]
    if "format" in field.schema and field.kind != "date":
        return st.just("https://eksempel.no")  # jsonschema by itself checks dates only
    match field.kind:
        case "choice":
            right = st.sampled_from([choice.const for choice in field.choices])
        case "choices":
            right = st.lists(st.sampled_from([choice.const for choice in field.choices]), max_size=3)
        case "list":
            right = st.lists(answers_to(field.items), max_size=2).map(list)
        case "date":
            right = st.dates().map(str)
        case "boolean":
            right = st.booleans()
        case "integer" | "number":
            right = st.integers(0, 100)
        case _:
            right = st.sampled_from(["a_slug", "word", "4203"])
    return st.integers(0, 40).flatmap(lambda roll: right if roll else WRONG)


def answers_to(fields: Mapping[str, Field]) -> st.SearchStrategy[Json]:
    asked = {name: answer_to(field) for name, field in fields.items()}
    required = {name: answer for name, answer in asked.items() if fields[name].required}
    optional = {name: answer for name, answer in asked.items() if not fields[name].required}
    return st.fixed_dictionaries(required, optional=optional).map(dict)


@settings(max_examples=300)
@given(st.data(), st.sampled_from(sorted(FORMS)))
def test_given_any_answers_when_checked_then_jsonschema_agrees_on_the_form_as_its_author_wrote_it(
    data: st.DataObject, name: str
) -> None:
    form = FORMS[name]
    answers = data.draw(answers_to(form.fields))
    oracle = Draft202012Validator(form.schema, format_checker=FormatChecker(["date"]))
    found = [error for error in VALIDATORS[name].errors(answers) if error.keyword not in (MALFORMED, REPEATED)]
    assert (found == []) == oracle.is_valid(answers)


# -- whatever is sent -------------------------------------------------------------------------------------------------

NAMES = sorted({name for form in FORMS.values() for name in form.fields} | {"id", "value", "kind", "power_1__comment"})
ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.decimals() | st.text(st.characters()),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(NAMES) | st.text(), inner, max_size=6),
    max_leaves=20,
)


@settings(max_examples=400)
@given(ANY_JSON, st.sampled_from(sorted(FORMS)), st.sampled_from(["nb", "nn", "en", "xx"]))
def test_given_any_json_when_checked_then_it_is_answered_in_sentences(answers: Json, name: str, language: str) -> None:
    found = VALIDATORS[name].errors(answers, language)
    assert len(found) <= MAX_ERRORS
    assert all(error.message.strip() for error in found)
    assert len({error.path for error in found}) == len(found)


def nested(levels: int) -> Json:
    value: Json = []
    for _ in range(levels):
        value = [value]
    return value


BIG = "x" * 2_000_000
HOSTILE: dict[str, Json] = {
    "deep": nested(100_000),
    "deep field": {"measurements": nested(100_000)},
    "deep in a row": {"measurements": [{"indicator_id": nested(100_000), "kind": {"a": nested(50_000)}}]},
    "long list": {"measurements": [0] * 1_000_000},
    "many rows": {"measurements": [{}] * 120},
    "many unknown fields": {f"measurement_{number}": 1 for number in range(200_000)},
    "long unknown fields": {BIG + str(number): 1 for number in range(20)},
    "unknown fields in rows": {"measurements": [{f"indicator_{n}": 1 for n in range(1000)} for _ in range(120)]},
    "long texts": {"measurements": [{"indicator_id": BIG, "kind": BIG, "value": BIG, "comment": BIG}] * 120},
    "numbers": {"measurements": [{"value": 10**100_000, "sd": Decimal("1E+999999"), "mean": Decimal("sNaN")}] * 60},
    "half characters": {"\ud800": "\ud800", "occasion": "\ud800"},
}


@pytest.mark.parametrize("name", HOSTILE)
def test_given_hostile_answers_when_checked_then_they_are_refused_within_a_tenth_of_a_second(name: str) -> None:
    checks = VALIDATORS["soimpact/measurements"]
    seconds = []
    for _ in range(3):
        start = time.thread_time()
        found = checks.errors(HOSTILE[name])
        seconds.append(time.thread_time() - start)
        assert found
    assert min(seconds) < 0.1


def test_given_lists_in_lists_when_there_are_too_many_rows_then_it_is_refused_at_once() -> None:
    inner = "{type: array, items: {type: object, properties: {a: {type: string}}}}"
    found = validator(f"{{rows: {{type: array, items: {{type: object, properties: {{more: {inner}}}}}}}}}")
    many: Json = {"rows": [{"more": [{}] * 400} for _ in range(400)]}
    start = time.thread_time()
    messages = [error.message for error in found.errors(many)]
    assert messages == [f"Det er for mange rader: høyst {MAX_ROWS_IN_ALL} i hele skjemaet."]
    assert time.thread_time() - start < 0.1


def test_given_a_form_from_the_store_when_answers_are_checked_then_they_are_checked_alike() -> None:
    form = FORMS["soimpact/indicators"]
    again = Validator(form_from_data(form.schema))
    answers: Json = {"indicators": [{"id": "A", "kind": "count"}]}
    assert again.errors(answers) == VALIDATORS[form.id].errors(answers) != []


NUMBERS = {
    "$id": "a/b",
    "type": "object",
    "properties": {
        "amount": {"type": "number"},
        "rows": {"type": "array", "items": {"type": "object", "properties": {"count": {"type": "integer"}}}},
    },
}


@pytest.mark.parametrize(
    ("answers", "path"),
    [
        ({"amount": Decimal("1000000000000")}, "amount"),
        ({"amount": Decimal("-1e30")}, "amount"),
        ({"amount": Decimal("0.0000001")}, "amount"),
        ({"rows": [{"count": 1}, {"count": 2**63}]}, "rows[1].count"),
    ],
)
def test_given_a_number_that_no_figure_could_hold_when_checked_then_told_how_many_digits_there_may_be(
    answers: Any, path: str
) -> None:
    """Kept in the log it would be empty in every figure: DECIMAL(18, 6) and BIGINT hold no more."""
    (error,) = Validator(form_from_data(NUMBERS)).errors(answers, "en")
    assert (error.path, error.keyword) == (path, "digits")
    assert "12 digits before the decimal point and 6 after" in error.message


@pytest.mark.parametrize("amount", [Decimal("999999999999.999999"), Decimal("-999999999999.999999"), 0, True])
def test_given_a_number_that_figures_hold_when_checked_then_it_is_not_its_digits(amount: Any) -> None:
    assert "digits" not in {error.keyword for error in Validator(form_from_data(NUMBERS)).errors({"amount": amount})}
