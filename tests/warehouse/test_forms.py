"""`forms`: tables that hold every version of a form."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import duckdb
import pytest

from cli import play
from engine.process import commands as c
from engine.template import bundle

if TYPE_CHECKING:
    from conftest import Played

TEMPLATE = """
template: survey
version: {version}
title: Undersøkelse
roles: {{leader: {{title: Leder}}}}
starter: leader
tasks: {{ask: {{title: Svar, form: answers, by: leader, repeatable: true}}}}
initial: open
states: {{open: {{title: Åpen, actions: {{end: {{title: Slutt, by: leader, to: closed}}}}}}, closed: {{title: Lukket, final: true}}}}
"""
FORM = """
$schema: https://json-schema.org/draft/2020-12/schema
$id: survey/answers
title: Svar
x-purpose: {{nb: Prøve}}
type: object
properties:
{fields}
"""


def ask(played: Played, version: str, fields: str, answers: dict[str, object]) -> None:
    """Publish a version of the survey, and answer it once in a process of its own."""
    root = played.workspace.root
    (root / "processes" / "survey.yaml").write_text(TEMPLATE.format(version=version))
    (root / "forms" / "survey").mkdir(exist_ok=True)
    (root / "forms" / "survey" / "answers.yaml").write_text(FORM.format(fields=fields))
    played.engine.publish(bundle.read("survey", played.workspace.bundle_folders))
    leader = play.session_of(played.engine, "kari")
    name = f"survey-{version.replace('.', '-')}"
    played.engine.start(leader, "survey", name, "")
    played.engine.handle(leader, name, c.Submit("ask.1", answers))  # type: ignore[arg-type]


def columns(connection: duckdb.DuckDBPyConnection, table: str) -> dict[str, str]:
    rows = connection.execute(f"DESCRIBE forms.{table}").fetchall()
    return {name: kind for name, kind, *_ in rows if not name.startswith("_") and name != "answer_state"}


def test_given_two_rounds_when_computed_then_a_row_for_each_set_of_answers(
    computed: duckdb.DuckDBPyConnection,
) -> None:
    rows = computed.execute("SELECT _round, count(*) FROM forms.samson__answers GROUP BY ALL ORDER BY ALL").fetchall()
    assert rows == [(1, 9), (2, 9)]


def test_given_dont_know_when_computed_then_no_number_and_the_state_says_so(
    computed: duckdb.DuckDBPyConnection,
) -> None:
    """Leila answers «vet ikke» to the second question on trial in round 1: see the example's file."""
    row = computed.execute(
        "SELECT learning_2, answer_state.learning_2, development_2, answer_state.development_2"
        " FROM forms.samson__answers WHERE _party = 'innbyggere' AND _round = 1 ORDER BY _membership LIMIT 1"
    ).fetchone()
    assert row is not None
    assert (row[0] is None) == (row[1] == "dont_know")
    assert (row[2] is None) == (row[3] == "dont_know")


def test_given_an_answer_on_behalf_when_computed_then_it_is_about_the_one_it_was_for(
    computed: duckdb.DuckDBPyConnection,
) -> None:
    rows = computed.execute(
        "SELECT DISTINCT membership, party, entered_by IS NOT NULL FROM core.submission"
        " WHERE process = 'fjordvik' AND entered_by IS NOT NULL"
    ).fetchall()
    assert rows == [("m10", "innbyggere", True)]


def test_given_a_list_in_a_form_when_computed_then_a_table_of_its_rows(computed: duckdb.DuckDBPyConnection) -> None:
    rows = computed.execute(
        "SELECT _row, field, owner, due::VARCHAR FROM forms.samson__dialogue__agreements ORDER BY _row"
    ).fetchall()
    assert rows == [
        (1, "power", "Gruppen av innbyggere", "2027-02-15"),
        (2, "decisions", "Fjordvik kommune", "2027-03-01"),
    ]


def test_given_personal_fields_when_computed_then_they_have_no_column(computed: duckdb.DuckDBPyConnection) -> None:
    assert "why" not in columns(computed, "samson__dialogue__agreements")
    assert not any("comment" in name for name in columns(computed, "samson__answers"))


def test_given_whole_numbers_when_a_later_version_takes_decimals_then_the_column_widens(empty: Played) -> None:
    ask(empty, "1.0.0", "  hours: {title: Timer, type: integer}", {"hours": 3})
    ask(empty, "1.1.0", "  hours: {title: Timer, type: number}", {"hours": 2})
    connection = empty.warehouse()
    assert columns(connection, "survey__answers") == {"hours": "DECIMAL(18,6)"}
    rows = connection.execute(
        "SELECT hours::VARCHAR FROM forms.survey__answers ORDER BY _sequence, _process"
    ).fetchall()
    assert rows == [("3.000000",), ("2.000000",)]


def test_given_a_type_that_changes_when_computed_then_a_column_of_its_own(empty: Played) -> None:
    ask(empty, "1.0.0", "  when: {title: Når, type: integer}", {"when": 3})
    ask(empty, "2.0.0", "  when: {title: Når, type: string}", {"when": "i går"})
    connection = empty.warehouse()
    assert columns(connection, "survey__answers") == {"when": "BIGINT", "when__v2": "VARCHAR"}
    rows = connection.execute('SELECT "when", when__v2 FROM forms.survey__answers ORDER BY _process').fetchall()
    assert rows == [(3, None), (None, "i går")]


def test_given_a_renamed_field_with_a_stable_id_when_computed_then_one_column(empty: Played) -> None:
    ask(empty, "1.0.0", "  hours: {title: Timer, type: integer}", {"hours": 3})
    ask(empty, "2.0.0", "  time_spent: {title: Timer, type: integer, x-id: hours}", {"time_spent": 4})
    connection = empty.warehouse()
    rows = connection.execute(
        "SELECT hours, answer_state.hours FROM forms.survey__answers ORDER BY _process"
    ).fetchall()
    assert rows == [(3, "answered"), (4, "answered")]


def test_given_a_blank_field_when_computed_then_its_state_is_blank(empty: Played) -> None:
    ask(empty, "1.0.0", "  hours: {title: Timer, type: integer}", {})
    connection = empty.warehouse()
    assert connection.execute("SELECT hours, answer_state.hours FROM forms.survey__answers").fetchall() == [
        (None, "blank")
    ]


@pytest.mark.parametrize(
    "field", ["  o'hours: {title: Timer, type: integer}", '  "a b": {title: Timer, type: integer}']
)
def test_given_a_field_name_that_is_no_identifier_when_published_then_lint_refuses_it(
    empty: Played, field: str
) -> None:
    with pytest.raises(Exception, match="error"):
        ask(empty, "1.0.0", field, {})


def test_given_every_table_when_computed_then_it_and_its_columns_say_what_they_are(
    computed: duckdb.DuckDBPyConnection, examples: Path
) -> None:
    rows = computed.execute(
        "SELECT table_name, column_name FROM duckdb_columns() WHERE schema_name = 'forms'"
        " AND table_name NOT LIKE 'fact\\_\\_%' ESCAPE '\\' AND table_name != 'scored' AND comment IS NULL"
    ).fetchall()
    assert rows == []
