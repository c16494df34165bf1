"""The expression language of templates: what it reads, what it refuses, what it gives, and what lint says of it."""

from __future__ import annotations

from decimal import Decimal
from types import MappingProxyType

import pytest

from engine.errors import ConfigError, Place
from engine.guards import (
    BOOL,
    DATE,
    ERASED,
    MIXED,
    NUMBER,
    TEXT,
    UNKNOWN,
    Choice,
    GuardFault,
    GuardTypeFault,
    ListOf,
    Outcome,
    Record,
    Scope,
    check,
    parse,
)

PLACE = Place("processes/samson.yaml", 7, 15)
BLANKS = [None, "", ERASED, UNKNOWN, "dont_know"]

ANSWERS: dict[str, object] = {
    "agree": [{"visibility": "open", "score": 4}, {"visibility": "protected", "score": 2}],
    "plan": {
        "amount": Decimal("0.1"),
        "start": "2026-01-31",
        "end": "2026-03-01",
        "picks": ["x", "y"],
        "numbers": [1, Decimal("2.5")],
        "agrees": True,
        "comment": "takk",
    },
}
ANSWERED: dict[str, object] = {
    "tasks": {"agree": {"complete": True, "done": 3}, "register": {"complete": False, "done": 0}},
    "answers": ANSWERS,
    "vars": {"minimum_members": 2, "name": "dont_know"},
}
SCOPE = Scope(
    {
        "tasks": Record(dict.fromkeys(("agree", "register"), Record({"complete": BOOL, "done": NUMBER}))),
        "answers": Record(
            {
                "agree": ListOf(
                    Record(
                        {
                            "visibility": Choice(frozenset({"open", "protected", "dont_know"})),
                            "score": Choice(frozenset({1, 2, 3, 4, 5, "dont_know"})),
                        }
                    )
                ),
                "plan": Record(
                    {
                        "amount": NUMBER,
                        "start": DATE,
                        "end": DATE,
                        "picks": ListOf(Choice(frozenset({"x", "y", "z"}))),
                        "numbers": ListOf(NUMBER),
                        "agrees": BOOL,
                        "comment": TEXT,
                        "either": MIXED,
                        "size": Choice(frozenset({1, "many"})),
                    }
                ),
            }
        ),
        "vars": Record({"minimum_members": NUMBER, "name": TEXT}),
        "counters": Record({}),
    }
)


def value(text: str, env: dict[str, object] | None = None) -> object:
    return parse(text, PLACE).value(ANSWERED if env is None else env)


def refusal(text: str) -> ConfigError:
    with pytest.raises(ConfigError) as caught:
        parse(text, PLACE)
    return caught.value


def column(text: str) -> int:
    where = refusal(text).where
    assert isinstance(where, Place)
    return where.column - PLACE.column


def problems(text: str) -> list[tuple[str, int]]:
    return [(p.rule, p.where.column - PLACE.column) for p in check(parse(text, PLACE), SCOPE)]


def hint(text: str) -> str:
    (problem,) = check(parse(text, PLACE), SCOPE)
    return problem.hint


# -- reading ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "paths"),
    [
        ("tasks.agree.complete", {("tasks", "agree", "complete")}),
        ("entered == '2026-01-01'", {("entered",)}),
        ("state(answers.plan.amount) == 'blank'", {("answers", "plan", "amount")}),
        ("any(a.visibility == 'open' for a in answers.agree)", {("answers", "agree", "*", "visibility")}),
        ("any(1 < 2 for a in answers.agree)", {("answers", "agree")}),
        ("any(p == 'x' for p in answers.plan.picks)", {("answers", "plan", "picks", "*")}),
        ("any(x > 1 for x in (1, 2))", set()),
        (
            "len(answers.agree) > 2 and all(a.score > 1 for a in answers.agree)",
            {("answers", "agree"), ("answers", "agree", "*", "score")},
        ),
        (
            "any(any(r.kind == 'x' for r in a.rows if r.level > vars.n) for a in answers.many)",
            {("answers", "many", "*", "rows", "*", k) for k in ("kind", "level")} | {("vars", "n")},
        ),
    ],
)
def test_given_a_guard_when_read_then_every_path_it_reads_is_known(text: str, paths: set[tuple[str, ...]]) -> None:
    assert parse(text, PLACE).paths == paths


def test_given_a_list_gone_through_by_any_when_read_then_names_outside_keep_their_own_path() -> None:
    guard = parse("any(a.x for a in answers.agree) and a.x", PLACE)
    assert guard.paths == {("answers", "agree", "*", "x"), ("a", "x")}


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("", 0),
        ("   ", 0),
        ("tasks.agree.complete and", 24),
        ("1 +* 2", 3),
        ("(1 > 2", 0),
        ("1 > 2)", 6),
        ("vars.a) or (vars.b", 0),
        ("vars.a = 2", 7),
        ("vars.a && vars.b", 7),
        ("!vars.a", 0),
        ("vars.a  # why", 8),
        ("vars.a == 'x\\n'", 12),
        ("vars.æøå == 1e5", 12),
        ("vars.æøå is True", 0),
        ("'æøå' == None", 9),
        ("vars.a == 0x10", 10),
        ("vars.a == 1_000", 10),
        ("vars.a == .5", 10),
        ("vars.a == 1j", 10),
        ("vars.a == 123456789012345678901", 10),
        ("vars.a == 1234567890.12345678901", 10),
        ("vars.a in ('a' 'b')", 14),
        ("vars.a in ()", 10),
        ("vars.a in ('a', vars.b)", 16),
        ("vars.a == 'x\ty' and vars.b == '\u00a0'", 31),
        ("vars.a == b'x'", 10),
        ("vars.a == f'{vars.b}'", 10),
        ("vars.a == ...", 10),
        ("vars['a'] == 1", 0),
        ("vars.a.lower() == 'x'", 0),
        ("'a'.x == 1", 0),
        ("eval('1')", 0),
        ("1 < open('x')", 4),
        ("vars.a or __import__('os')", 10),
        ("(lambda: 1)()", 1),
        ("[x for x in vars.a]", 0),
        ("{x for x in vars.a}", 0),
        ("{'a': 1}", 0),
        ("{1, 2}", 0),
        ("(x := 1)", 4),
        ("vars.a ** 2", 0),
        ("vars.a @ 2", 0),
        ("+vars.a > 1", 0),
        ("~vars.a > 1", 0),
        ("len", 0),
        ("len(*vars.a)", 4),
        ("len(x=vars.a)", 5),
        ("len()", 0),
        ("round(1.5, vars.a)", 11),
        ("round(1.5, True)", 11),
        ("round(1.5, 21)", 11),
        ("state('x') == 'blank'", 6),
        ("state(1 + 1) == 'blank'", 6),
        ("len(x for x in vars.a) > 1", 3),
        ("sum(x for x in vars.a for y in vars.b) > 1", 0),
        ("any(vars.a)", 4),
        ("any(x for x in vars.a for y in vars.b)", 0),
        ("any(x for x in vars.a if x if x)", 0),
        ("any(x for x, y in vars.a)", 10),
        ("any(any(x for x in vars.b) for x in vars.a)", 14),
        ("any(len for len in vars.a)", 12),
        ("any(x.y for x in (1, 2))", 4),
        ("any(any(y for y in x) for x in (1, 2))", 19),
        ("any(x for x in (vars.a if vars.b else vars.c))", 16),
        ("1, 2", 0),
        ("vars.a == true", 10),
    ],
)
def test_given_what_the_language_does_not_have_when_read_then_refused_at_the_spot(text: str, at: int) -> None:
    assert column(text) == at


def test_given_any_refusal_when_read_then_message_and_hint_help() -> None:
    error = refusal("leng(vars.a) > 1")
    assert (error.message, error.hint) == ("there is no function “leng”", "Did you mean len()?")


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("count(answers.vote) > 2", "Write len(…), or sum(1 for x in … if …)."),
        ("avg(answers.vote) > 2", "Write sum(x.score for x in …) / len(…)."),
        ("today() > '2026-03-02'", "Time acts through deadlines"),
        ("${tasks.goal.complete}", "Write names as they are"),
        ("tasks.goal.complete ? True : False", "Write x if condition else y."),
    ],
)
def test_given_what_other_languages_write_when_read_then_told_what_it_is_here(text: str, hint: str) -> None:
    assert refusal(text).hint.startswith(hint)


def test_given_a_text_of_several_lines_when_refused_then_the_place_is_where_it_begins() -> None:
    assert refusal("vars.a\n  and vars.b ** 2").where == PLACE


def test_given_a_place_without_column_when_refused_then_none_is_made_up() -> None:
    with pytest.raises(ConfigError) as caught:
        parse("vars.a ** 2", Place("samson"))
    assert caught.value.where == Place("samson")


@pytest.mark.parametrize("text", ["1 < 2\n  and 2 < 3", "\n  1 < 2  \n", "1 < 2 and (\n2 < 3)", "  1 < 2"])
def test_given_line_breaks_as_in_yaml_when_read_then_one_expression(text: str) -> None:
    assert value(text) is True


@pytest.mark.parametrize(
    "text",
    [
        "1 < 2" + " " * 1000,
        "not " * 20 + "vars.a",
        "(" * 150 + "1" + ")" * 150 + ">" + "vars.a" + "+1" * 20,
        "(" * 499 + ")" * 499,
        "- " * 499 + "1",
        "+".join("a" for _ in range(400)),
        f"vars.a in ({', '.join(str(i) for i in range(101))})",
        "a" + ".a" * 600,
        "any(" * 200,
    ],
)
def test_given_a_text_beyond_the_bounds_when_read_then_refused(text: str) -> None:
    refusal(text)


def test_given_texts_at_the_bounds_when_read_then_they_are_taken() -> None:
    parse("not " * 19 + "vars.a", PLACE)
    parse(f"vars.a in ({', '.join(str(i) for i in range(100))})", PLACE)
    parse("vars.a == 12345678901234567890", PLACE)
    parse("vars.a" + " " * 994, PLACE)


# -- values -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0.1 + 0.2 == 0.3", True),
        ("answers.plan.amount * 3 == 0.3", True),
        ("0.10", Decimal("0.10")),
        ("7 / 2", Decimal("3.5")),
        ("1 < 2 < 3", True),
        ("1 < 3 < 2", False),
        ("'x' in answers.plan.picks", True),
        ("'z' not in answers.plan.picks", True),
        ("'y' not in answers.plan.picks", False),
        ("tasks.agree.done in (1, 3)", True),
        ("len(answers.agree)", 2),
        ("len(answers.plan.comment)", 4),
        ("sum(answers.plan.numbers)", Decimal("3.5")),
        ("sum(a.score for a in answers.agree)", 6),
        ("sum(a.score * 2 for a in answers.agree if a.score > 2)", 8),
        ("sum(1 for a in answers.agree if a.score >= 2)", 2),
        ("sum(a.score for a in answers.agree if a.score > 9)", 0),
        ("sum(x for x in (1, 2.5))", Decimal("3.5")),
        ("max(answers.plan.numbers)", Decimal("2.5")),
        ("min(3, 2, 2.5)", 2),
        ("max(answers.plan.start, answers.plan.end)", "2026-03-01"),
        ("-tasks.agree.done", -3),
        ("answers.plan.start < answers.plan.end", True),
        ("'a' if tasks.agree.complete else 'b'", "a"),
        ("all(a.score > 1 for a in answers.agree)", True),
        ("all(a.score > 2 for a in answers.agree if a.visibility == 'open')", True),
        ("any(a.score > 2 for a in answers.agree if a.visibility == 'protected')", False),
        ("any(x == tasks.agree.done for x in (2, 3))", True),
        ("answers.plan.picks", ("x", "y")),
    ],
)
def test_given_known_answers_when_evaluated_then_the_value_is_exact(text: str, expected: object) -> None:
    found = value(text)
    assert found == expected
    assert type(found) is type(expected)


def test_given_a_division_that_does_not_end_when_evaluated_then_forty_digits_half_to_even() -> None:
    assert str(value("2 / 3")) == "0." + "6" * 39 + "7"


@pytest.mark.parametrize(("text", "expected"), [("-7 // 2", -4), ("-7.5 // 2", -4), ("-7 % 2", 1), ("-7.5 % 2", 0.5)])
def test_given_negative_numbers_when_divided_whole_then_decimals_go_down_as_integers_do(
    text: str, expected: float
) -> None:
    assert value(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [("round(2.5)", "2"), ("round(3.5)", "4"), ("round(0.125, 2)", "0.12"), ("round(-2.5)", "-2"), ("round(7)", "7")],
)
def test_given_a_half_when_rounded_then_to_even(text: str, expected: str) -> None:
    assert str(value(text)) == expected


@pytest.mark.parametrize(
    ("first", "last", "days"),
    [("2026-01-31", "2026-03-01", 29), ("2024-02-28", "2024-03-01", 2), ("2026-03-01", "2026-01-31", -29)],
)
def test_given_two_dates_when_counted_then_days_from_first_to_last_by_the_calendar(
    first: str, last: str, days: int
) -> None:
    assert value(f"days_between('{first}', '{last}')") == days


# -- three values -----------------------------------------------------------------------------------------------------

WORDS = {"T": "1 < 2", "F": "1 > 2", "U": "answers.x.y"}
MEANS = {"T": True, "F": False, "U": UNKNOWN}


# Kleene, Introduction to Metamathematics (1952), § 64: the strong tables.
@pytest.mark.parametrize(
    ("operator", "table"),
    [
        ("and", "TTT TFF TUU FTF FFF FUF UTU UFF UUU"),
        ("or", "TTT TFT TUT FTT FFF FUU UTT UFU UUU"),
    ],
)
def test_given_and_or_when_evaluated_then_kleenes_tables_hold(operator: str, table: str) -> None:
    rows = table.split()
    found = [value(f"({WORDS[row[0]]}) {operator} ({WORDS[row[1]]})", {}) for row in rows]
    assert found == [MEANS[row[2]] for row in rows]


def test_given_not_of_unknown_when_evaluated_then_unknown() -> None:
    assert value("not answers.x.y", {}) is UNKNOWN


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("any(x for x in answers.a)", "U"),
        ("any(x for x in answers.tu)", "T"),
        ("any(x for x in answers.fu)", "U"),
        ("any(x for x in answers.none)", "F"),
        ("all(x for x in answers.tu)", "U"),
        ("all(x for x in answers.fu)", "F"),
        ("all(x for x in answers.none)", "T"),
        ("any(answers.a for x in answers.none)", "F"),
        ("any(1 < 2 for x in answers.fu if x)", "U"),
        ("any(1 > 2 for x in answers.fu if x)", "F"),
        ("all(1 > 2 for x in answers.fu if x)", "U"),
        ("all(1 < 2 for x in answers.fu if x)", "T"),
        ("1 < 2 if answers.a else 2 < 3", "T"),
        ("1 < 2 if answers.a else 2 > 3", "U"),
        ("1 < 2 if answers.a else answers.b", "U"),
        ("(5 if answers.a else 5.0) == 5", "T"),
        ("1 < answers.a < 2", "U"),
        ("1 < answers.a < 2 < 1", "F"),
        ("3 in answers.nu", "T"),
        ("4 in answers.nu", "U"),
        ("4 not in answers.nu", "U"),
        ("answers.a in answers.none", "F"),
        ("answers.a in (1, 2)", "U"),
        ("len(answers.fu) == 2", "T"),
        ("sum(answers.nu) > 0", "U"),
        ("sum(x for x in answers.nu) > 0", "U"),
        ("sum(1 for x in answers.nu) == len(answers.nu)", "T"),
        ("sum(1 for x in answers.nu if x == 3) > 0", "U"),
        ("sum(1 for x in answers.nu if state(x) == 'answered') > 0", "T"),
        ("sum(x for x in answers.none) == 0", "T"),
        ("max(answers.nu) > 0", "U"),
        ("max(1, answers.a) > 0", "U"),
        ("round(answers.a) == 1", "U"),
        ("-answers.a == 1", "U"),
        ("answers.a == answers.a", "U"),
        ("days_between(answers.a, '2026-01-01') > 1", "U"),
    ],
)
def test_given_unknown_answers_when_the_rest_decides_then_known_and_otherwise_unknown(text: str, expected: str) -> None:
    env: dict[str, object] = {
        "answers": {"tu": [True, None], "fu": [False, "dont_know"], "nu": [3, ERASED], "none": []}
    }
    assert value(text, env) is MEANS[expected]


@pytest.mark.parametrize("blank", BLANKS)
def test_given_any_kind_of_blank_when_compared_then_unknown_and_the_answer_is_named(blank: object) -> None:
    outcome = parse("answers.plan.comment == 'x'", PLACE).evaluate({"answers": {"plan": {"comment": blank}}})
    assert outcome == Outcome(UNKNOWN, ("answers.plan.comment",))


@pytest.mark.parametrize("blank", BLANKS)
def test_given_a_blank_record_when_a_field_of_it_is_read_then_unknown(blank: object) -> None:
    outcome = parse("answers.plan.comment == 'x'", PLACE).evaluate({"answers": {"plan": blank}})
    assert outcome == Outcome(UNKNOWN, ("answers.plan.comment",))


def test_given_dont_know_outside_answers_when_compared_then_it_is_a_text() -> None:
    assert value("vars.name == 'dont_know'") is True


def test_given_several_unknown_answers_when_evaluated_then_those_that_matter_are_named_once() -> None:
    guard = parse("(answers.a or 1 < 2) and answers.b and any(r.c > answers.b for r in answers.rows)", PLACE)
    outcome = guard.evaluate({"answers": {"rows": [{}, {"c": ""}]}})
    assert outcome.missing == ("answers.b", "answers.rows.*.c")


def test_given_a_known_result_when_something_else_is_unknown_then_nothing_is_missing() -> None:
    assert parse("answers.a or tasks.agree.complete", PLACE).evaluate(ANSWERED) == Outcome(True, ())


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        ({"a": {"b": 0}}, "answered"),
        ({"a": {"b": False}}, "answered"),
        ({"a": {"b": "dont_know"}}, "dont_know"),
        ({"a": {"b": ERASED}}, "erased"),
        ({"a": ERASED}, "erased"),
        ({"a": {"b": None}}, "blank"),
        ({"a": {"b": ""}}, "blank"),
        ({"a": UNKNOWN}, "blank"),
        ({"a": {}}, "blank"),
        ({}, "blank"),
    ],
)
def test_given_any_answer_when_its_state_is_asked_then_it_is_known(answers: object, expected: str) -> None:
    assert value("state(answers.a.b)", {"answers": answers}) == expected


def test_given_erased_elements_when_their_state_is_asked_then_it_is_known() -> None:
    env: dict[str, object] = {"answers": {"rows": [ERASED, {"c": "dont_know"}]}}
    assert value("any(state(r) == 'erased' for r in answers.rows)", env) is True
    assert value("any(state(r.c) == 'dont_know' for r in answers.rows)", env) is True


def test_given_unknown_when_used_as_a_truth_value_then_an_error() -> None:
    assert repr(UNKNOWN) == "unknown"
    with pytest.raises(TypeError, match="neither true nor false"):
        bool(UNKNOWN)


# -- faults -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "tasks.agree.done / tasks.register.done > 1",
        "tasks.agree.done // tasks.register.done > 1",
        "tasks.agree.done % tasks.register.done > 1",
        "answers.plan.amount % tasks.register.done > 1",
        "max(answers.none) > 1",
        "days_between(answers.plan.comment, answers.plan.end) > 1",
        "days_between('2026-02-30', answers.plan.end) > 1",
        "days_between('20260201', answers.plan.end) > 1",
        "answers.huge + 1 > 1",
        "round(answers.huge) > 1",
    ],
)
def test_given_numbers_that_cannot_be_counted_with_when_evaluated_then_a_fault_and_no_clash_of_types(text: str) -> None:
    env = {**ANSWERED, "answers": {**ANSWERS, "none": [], "huge": Decimal("1E+5000")}}
    with pytest.raises(GuardFault) as caught:
        parse(text, PLACE).evaluate(env)
    assert not isinstance(caught.value, GuardTypeFault)


@pytest.mark.parametrize(
    "text",
    [
        "answers.plan.comment == 1",
        "answers.plan.amount == 'x'",
        "tasks.agree.complete == 1",
        "tasks.agree.complete > (1 > 2)",
        "tasks.agree.complete + 1 == 2",
        "tasks.agree.done and 1 < 2",
        "not tasks.agree.done",
        "1 if tasks.agree.done else 2",
        "tasks.agree.done",
        "'x'",
        "'a' in answers.plan.comment",
        "'ab' * 3 == 'x'",
        "'a' + 'b' == 'ab'",
        "'%s' % 1 == '1'",
        "answers.plan == answers.plan",
        "answers.plan.picks == answers.plan.picks",
        "len(answers.plan) > 1",
        "len(tasks.agree.done) > 1",
        "sum(answers.plan.picks) > 1",
        "sum(x for x in answers.plan.picks) > 1",
        "sum(a.score > 1 for a in answers.agree) > 1",
        "sum(tasks.agree.done) > 1",
        "max(tasks.agree.complete, tasks.agree.complete)",
        "max(1, 'x') == 1",
        "round(answers.plan.comment) == 1",
        "days_between(1, 2) > 1",
        "answers.agree.visibility == 'open'",
        "answers.plan.amount.value == 1",
        "state(answers.agree.visibility) == 'blank'",
        "any(x == 1 for x in answers.plan)",
        "any(x for x in answers.plan.picks)",
        "answers.float > 0",
        "answers.nan > 0",
        "1 in (2, 'x')",
    ],
)
def test_given_values_of_the_wrong_type_when_evaluated_then_a_fault_never_false(text: str) -> None:
    env = {**ANSWERED, "answers": {**ANSWERS, "float": 0.5, "nan": Decimal("NaN")}}
    with pytest.raises(GuardTypeFault):
        parse(text, PLACE).evaluate(env)


def test_given_a_fault_when_raised_then_it_says_which_guard_and_why_and_no_answer() -> None:
    guard = parse("answers.plan.comment > 1", PLACE)
    with pytest.raises(GuardFault) as caught:
        guard.evaluate(ANSWERED)
    fault = caught.value
    assert (fault.text, fault.where) == (guard.text, PLACE)
    assert fault.reason == "a text and a number cannot be compared by >"
    assert "takk" not in fault.message


def test_given_a_part_that_an_unknown_condition_protects_when_it_would_fault_then_unknown() -> None:
    env: dict[str, object] = {"answers": {"count": 0}}
    for text in (
        "answers.kind == 'share' and 1 / answers.count > 0.5",
        "answers.kind == 'none' or 1 / answers.count > 0.5",
        "1 / answers.count > 0.5 if answers.kind == 'share' else 1 < 2",
    ):
        assert parse(text, PLACE).evaluate(env) == Outcome(UNKNOWN, ("answers.kind",))


def test_given_a_mapping_that_is_no_dict_when_evaluated_then_it_is_read_all_the_same() -> None:
    env = MappingProxyType({"vars": MappingProxyType({"a": 2})})
    assert parse("vars.a == 2", PLACE).evaluate(env).value is True


def test_given_an_environment_when_evaluated_then_it_is_left_as_it_was() -> None:
    env: dict[str, object] = {"answers": {"rows": [1, 2]}}
    value("any(r == 2 for r in answers.rows)", env)
    assert env == {"answers": {"rows": [1, 2]}}


# -- lint -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "tasks.agree.complete and tasks.register.done >= vars.minimum_members",
        "any(a.visibility == 'protected' for a in answers.agree)",
        "all(a.score >= 3 for a in answers.agree if a.visibility in ('open', 'protected'))",
        "state(answers.plan.amount) == 'dont_know'",
        "state(answers.plan.either) != 'blank' or state(answers.plan) == 'erased'",
        "answers.plan.start < '2026-12-31' and days_between(answers.plan.start, answers.plan.end) < 30",
        "max(answers.plan.start, '2026-01-01') < answers.plan.end",
        "'x' in answers.plan.picks and answers.plan.agrees == True",
        "('open' if tasks.agree.complete else 'shut') != vars.name",
        "sum(answers.plan.numbers) / len(answers.plan.numbers) > 0.8",
        "sum(a.score for a in answers.agree if a.visibility == 'open') / tasks.agree.done >= 2.5",
        "answers.plan.comment == 'anything'",
        "tasks.agree.complete if tasks.register.complete else False",
        "vars.name == 'dont_know'",
        "round(answers.plan.amount, 1) in (0.5, 1)",
        "any(tasks.agree.done == x for x in (1, 2))",
    ],
)
def test_given_a_guard_that_fits_its_scope_when_checked_then_no_problem(text: str) -> None:
    assert problems(text) == []


@pytest.mark.parametrize(
    ("text", "rule", "at"),
    [
        ("task.agree.complete", "guard-unknown-name", 0),
        ("1 < 2 or tasks.agre.complete", "guard-unknown-name", 9),
        ("state(answers.plan.amunt) == 'blank'", "guard-unknown-name", 6),
        ("any(a.visible == 'open' for a in answers.agree)", "guard-unknown-name", 4),
        ("counters.round_number > 1", "guard-unknown-name", 0),
        ("answers.agree.visibility == 'open'", "guard-type", 0),
        ("tasks.agree.done.x == 1", "guard-type", 0),
        ("tasks.agree.done == '3'", "guard-type", 0),
        ("tasks.agree.complete == 1", "guard-type", 0),
        ("tasks.agree.complete > True", "guard-type", 0),
        ("vars.name < 'b'", "guard-type", 0),
        ("any(a.visibility > 'open' for a in answers.agree)", "guard-type", 4),
        ("answers.plan.start > 'tomorrow'", "guard-type", 21),
        ("answers.plan.start == '2026-02-30'", "guard-type", 22),
        ("answers.plan.start == vars.name", "guard-type", 0),
        ("answers.plan.start in ('2026-01-01', 'x')", "guard-type", 37),
        ("tasks.agree.done and tasks.agree.complete", "guard-type", 0),
        ("not tasks.agree.done", "guard-type", 4),
        ("tasks.agree.complete if tasks.agree.done else tasks.register.complete", "guard-type", 24),
        ("(1 if tasks.agree.complete else 'a') == 1", "guard-type", 32),
        ("tasks.agree.complete + 1 > 1", "guard-type", 0),
        ("-vars.name == 1", "guard-type", 1),
        ("'x' in vars.name", "guard-type", 7),
        ("vars.name in (1, 'a')", "guard-type", 13),
        ("1 in answers.plan.picks", "guard-type", 0),
        ("len(tasks.agree.done) > 1", "guard-type", 4),
        ("len(answers.plan) > 1", "guard-type", 4),
        ("sum(answers.plan.picks) > 1", "guard-type", 4),
        ("sum(a.visibility for a in answers.agree) > 1", "guard-type", 4),
        ("sum(a.score for a in answers.agree if a.score) > 1", "guard-type", 38),
        ("max(answers.plan.picks) == 'x'", "guard-type", 4),
        ("max(tasks.agree.done) == 1", "guard-type", 4),
        ("max(tasks.agree.done, 'x') == 1", "guard-type", 22),
        ("round(vars.name) == 1", "guard-type", 6),
        ("days_between(vars.name, answers.plan.end) > 1", "guard-type", 13),
        ("any(x == 1 for x in answers.plan)", "guard-type", 20),
        ("any(a.score for a in answers.agree)", "guard-type", 4),
        ("any(a.score > 1 for a in answers.agree if a.score)", "guard-type", 42),
        ("answers.plan.either == 1", "guard-type", 0),
        ("answers.plan.size == 1", "guard-type", 0),
        ("answers.plan == answers.plan", "guard-type", 0),
        ("tasks.agree.done", "guard-not-boolean", 0),
        ("'open'", "guard-not-boolean", 0),
        ("answers.plan", "guard-not-boolean", 0),
        ("1 > 2", "guard-constant", 0),
        ("True", "guard-constant", 0),
        ("tasks.agree.complete or (1 < 2 and 2 < 3)", "guard-constant", 25),
        ("tasks.agree.complete and not False", "guard-constant", 25),
        ("any(x > 1 for x in (1, 2))", "guard-constant", 0),
        ("any(True for a in answers.agree)", "guard-constant", 4),
        ("1 / 0 > tasks.agree.done", "guard-constant", 0),
        ("tasks.agree.done / 0 > 1", "guard-constant", 19),
        ("any(a.visibility == 'protectd' for a in answers.agree)", "guard-constant", 20),
        ("any(a.visibility in ('open', 'shut') for a in answers.agree)", "guard-constant", 29),
        ("any(7 == a.score for a in answers.agree)", "guard-constant", 4),
        ("'w' in answers.plan.picks", "guard-constant", 0),
        ("state(answers.plan.amount) == 'missing'", "guard-constant", 30),
        ("any(a.score == 'dont_know' for a in answers.agree)", "guard-constant", 15),
        ("answers.plan.comment != 'dont_know'", "guard-constant", 24),
        ("any(vars > 1 for vars in answers.plan.numbers)", "guard-syntax", 0),
    ],
)
def test_given_a_guard_that_does_not_fit_when_checked_then_one_problem_at_the_spot(
    text: str, rule: str, at: int
) -> None:
    assert [p for p in problems(text) if p[0] != "guard-constant" or rule == "guard-constant"] == [(rule, at)]


def test_given_several_mistakes_when_checked_then_all_are_listed_in_order() -> None:
    text = "tasks.agre.done > 1 and vars.name > 1 and vars.minimum_members"
    assert problems(text) == [("guard-unknown-name", 0), ("guard-type", 24), ("guard-type", 42)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("tasks.agre.complete", "Did you mean “agree”?"),
        ("answer.plan.agrees", "Did you mean “answers”?"),
        ("counters.round_number > 1", "There are: none."),
        ("any(a.visibility == 'protectd' for a in answers.agree)", "Did you mean “protected”?"),
        ("answers.agree.visibility == 'open'", "Go through it: any(x.visibility … for x in answers.agree)."),
        (
            "answers.agree.score > 2",
            "Go through it: any(x.score … for x in answers.agree), or sum(x.score for x in answers.agree).",
        ),
        ("answers.plan.amount > '2'", "Write the number without quotes."),
        ("answers.plan.agrees == 'yes'", "Write it alone, or compare with True or False, without quotes."),
        ("answers.plan.amount == 'dont_know'", "Write state(answers.plan.amount) == 'dont_know'."),
    ],
)
def test_given_a_mistake_when_checked_then_the_hint_says_what_to_write(text: str, expected: str) -> None:
    assert hint(text) == expected


def test_given_a_number_is_expected_when_checked_then_a_condition_is_a_type_problem() -> None:
    share = parse("tasks.agree.done / vars.minimum_members", PLACE)
    assert check(share, SCOPE, NUMBER) == []
    (problem,) = check(parse("tasks.agree.complete", PLACE), SCOPE, NUMBER)
    assert problem.rule == "guard-type"
