"""Single models over tables filled by hand: what they do where examples have no such case."""

from __future__ import annotations

import json
from datetime import date, datetime
from typing import Any

import duckdb
import pytest

from engine.errors import IntegrityFault
from warehouse import dictionary, modelling, runs
from warehouse.database import connect
from warehouse.estimators import udf
from warehouse.sql import qualified, quoted

DAY = date(2026, 6, 30)
MODELS = {model.name: model for model in modelling.read_models()}


class Bench:
    """Tables of `core` with the columns and types they really have, empty until a test fills them."""

    def __init__(self, real: duckdb.DuckDBPyConnection) -> None:
        self.connection = connect()
        udf.register(self.connection)
        self.connection.execute("SET VARIABLE evaluated_on = DATE '2026-12-31'")
        for schema in ("raw", "forms", "core", "marts"):
            self.connection.execute(f"CREATE SCHEMA IF NOT EXISTS {schema}")
        columns = real.execute(
            "SELECT schema_name, table_name, list(column_name ORDER BY column_index),"
            " list(data_type ORDER BY column_index) FROM duckdb_columns()"
            " WHERE schema_name IN ('raw', 'forms', 'core') GROUP BY schema_name, table_name"
        ).fetchall()
        for schema, table, names, types in columns:
            described = ", ".join(f"{quoted(name)} {kind}" for name, kind in zip(names, types, strict=True))
            self.connection.execute(f"CREATE TABLE {qualified(schema, table)} ({described})")

    def put(self, table: str, schema: str = "core", **row: Any) -> None:
        names = ", ".join(map(quoted, row))
        marks = ", ".join("?" for _ in row)
        self.connection.execute(
            f"INSERT INTO {qualified(schema, table)} ({names}) VALUES ({marks})", list(row.values())
        )

    def build(self, *names: str) -> list[dict[str, Any]]:
        """The rows of the last of the models, which are made in turn."""
        for name in names:
            model = MODELS[name]
            self.connection.execute(f"DROP TABLE IF EXISTS {qualified(model.schema, model.table)}")
            modelling.build(self.connection, model)
        cursor = self.connection.execute(f"SELECT * FROM {qualified(model.schema, model.table)} ORDER BY ALL")
        columns = [column[0] for column in cursor.description or ()]
        return [dict(zip(columns, row, strict=True)) for row in cursor.fetchall()]

    # -- what tests say often ---------------------------------------------------------------------------------------

    def indicator(self, name: str = "jobs", **more: Any) -> None:
        known = {"version": 1, "is_current": True, "known_from": datetime(2026, 1, 1), "kind": "share"}
        texts = {"name": name, "level": "result", "direction": "more", "reference": "none", "primary": False}
        self.put("indicator", process_id="p", process="p", indicator_id=name, **{**known, **texts, **more})

    def measurement(self, **more: Any) -> None:
        given = {"indicator_id": "jobs", "occasion": "spring", "origin": "form", "known_from": datetime(2026, 5, 1)}
        self.put("measurement", process_id="p", process="p", **{"batches": [], "is_weighted": False, **given, **more})

    def arm(self, arm: str, **more: Any) -> None:
        sums = {"n": 10, "total": 50 if arm == "treated" else 40, "total_squares": 300 if arm == "treated" else 200}
        plain = {"clusters": 0, "weights": 0, "strata": 0, "pairs": 0, "batches": ["a"], "log_position": 1}
        at = {"indicator_id": "jobs", "occasion": "spring", "period_end": DAY}
        self.put("unit_summary", process_id="p", process="p", arm=arm, **{**at, **sums, **plain, **more})

    def item(self, item: str, score: float | None, *, membership: str = "m1", round_: int = 1, **more: Any) -> None:
        places = {"process_id": "p", "process": "p", "task": "answer", "dimension": "field", "member": "trust"}
        who = {"membership": membership, "person": membership, "party": f"of_{membership}", "is_protected": False}
        self.put(
            "assessment_item",
            item=item,
            score=score,
            low=1,
            high=5,
            sequence=7,
            round=round_,
            **places,
            **{**who, **more},
        )


@pytest.fixture
def bench(computed: duckdb.DuckDBPyConnection) -> Bench:
    return Bench(computed)


# -- scores -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("answered", "counts"), [(0, False), (1, False), (2, True), (4, True)])
def test_given_four_items_when_half_are_answered_then_the_score_counts(
    bench: Bench, answered: int, counts: bool
) -> None:
    for number in range(4):
        bench.item(f"q{number}", 4 if number < answered else None)
    rows = bench.build("core.membership_score")
    assert [(row["items"], row["answered"], row["score"]) for row in rows] == ([(4, answered, 4.0)] if counts else [])


def test_given_all_who_said_dont_know_to_the_same_items_when_scored_then_these_items_are_still_asked(
    bench: Bench,
) -> None:
    """Counted over answered items, one of one would be all of them."""
    for member in ("m1", "m2", "m3"):
        bench.item("q1", 2, membership=member)
        for other in ("q2", "q3"):
            bench.item(other, None, membership=member)
    assert bench.build("core.membership_score", "marts.assessment_profile") == []
    assert bench.build("marts.assessment_spread") == []


def test_given_a_round_in_which_too_little_was_answered_when_compared_with_the_one_before_then_no_pair(
    bench: Bench,
) -> None:
    for member in ("m1", "m2"):
        for item in ("q1", "q2", "q3"):
            bench.item(item, 3, membership=member)
            answered = item == "q1" or member == "m2"
            bench.item(item, 4 if answered else None, membership=member, round_=2)
    (row,) = bench.build("core.membership_score", "marts.assessment_change")
    assert (row["pairs"], row["change"]) == (1, 1.0)


def test_given_people_who_take_part_for_no_party_when_profiled_then_there_is_one_figure_for_all(bench: Bench) -> None:
    for member, score in (("m1", 2), ("m2", 4)):
        bench.item("q1", score, membership=member, party=None)
    (row,) = bench.build("core.membership_score", "marts.assessment_profile")
    assert (row["result_id"], row["party"], row["score"]) == ("p/answer/1/trust", None, 3.0)


# -- names ----------------------------------------------------------------------------------------------------------------


def test_given_one_group_and_one_period_when_named_then_the_name_is_short(bench: Bench) -> None:
    bench.indicator()
    bench.measurement(numerator=3, denominator=10, period_end=DAY)
    (row,) = bench.build("marts.results")
    assert row["result_id"] == "p/jobs/spring"


def test_given_two_groups_and_two_periods_of_one_occasion_when_named_then_every_figure_has_its_own_name(
    bench: Bench,
) -> None:
    bench.indicator()
    for group in ("youth", "old"):
        for end in (date(2026, 3, 31), DAY):
            bench.measurement(numerator=3, denominator=10, group_id=group, period_end=end)
    assert [row["result_id"] for row in bench.build("marts.results")] == [
        "p/jobs/spring/old/--2026-03-31",
        "p/jobs/spring/old/--2026-06-30",
        "p/jobs/spring/youth/--2026-03-31",
        "p/jobs/spring/youth/--2026-06-30",
    ]


def test_given_two_groups_in_a_file_when_compared_then_each_effect_is_of_its_own_group(bench: Bench) -> None:
    bench.indicator(kind="mean", reference="lottery", group_id="all")
    for group in ("youth", "old"):
        for arm in ("treated", "control"):
            bench.arm(arm, group_id=group)
    assert [(row["result_id"], row["group_id"]) for row in bench.build("marts.effects")] == [
        ("p/jobs/spring/lottery/old", "old"),
        ("p/jobs/spring/lottery/youth", "youth"),
    ]


def test_given_a_file_that_names_no_group_when_compared_then_it_is_the_indicators(bench: Bench) -> None:
    bench.indicator(kind="mean", reference="lottery", group_id="all")
    for arm in ("treated", "control"):
        bench.arm(arm)
    (row,) = bench.build("marts.effects")
    assert (row["result_id"], row["group_id"]) == ("p/jobs/spring/lottery", "all")


def test_given_two_figures_of_one_name_when_checked_then_nothing_is_computed(bench: Bench) -> None:
    bench.connection.execute("CREATE TABLE marts.results AS SELECT 'p/jobs' AS result_id FROM range(2)")
    with pytest.raises(IntegrityFault, match="are called “p/jobs”"):
        runs._names_are_unique(bench.connection, MODELS["marts.results"])


@pytest.mark.parametrize("name", [name for name, model in MODELS.items() if "result_id" in model.columns])
def test_given_the_examples_when_computed_then_every_figure_has_its_own_name(
    computed: duckdb.DuckDBPyConnection, name: str
) -> None:
    runs._names_are_unique(computed, MODELS[name])


# -- what a figure may not pretend ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("primary", "others", "shown"), [(False, 0, True), (False, 1, False), (True, 1, True)])
def test_given_an_indicator_when_compared_then_p_only_if_it_is_primary_or_alone(
    bench: Bench, primary: bool, others: int, shown: bool
) -> None:
    bench.indicator(kind="mean", reference="lottery", primary=primary)
    for number in range(others):
        bench.indicator(f"other{number}")
    for arm in ("treated", "control"):
        bench.arm(arm)
    row = next(row for row in bench.build("marts.effects") if row["indicator_id"] == "jobs")
    assert (row["status"], row["p"] is not None, row["is_primary"]) == ("estimated", shown, shown)


@pytest.mark.parametrize("ignored", ["weights", "strata", "pairs", "clusters"])
def test_given_a_design_that_the_estimator_would_ignore_when_compared_then_no_figure_and_why(
    bench: Bench, ignored: str
) -> None:
    bench.indicator(kind="mean", reference="lottery")
    for arm in ("treated", "control"):
        bench.arm(arm, **{ignored: 10})
    (row,) = bench.build("marts.effects")
    assert (row["status"], row["estimate"]) == (f"{ignored}_not_available_yet", None)


def test_given_weighted_units_when_measured_then_it_is_flagged(bench: Bench) -> None:
    bench.indicator()
    bench.measurement(numerator=3, denominator=10, is_weighted=True)
    (row,) = bench.build("marts.results")
    assert "weights_not_available_yet" in row["flags"]


def test_given_answers_on_a_scale_when_measured_then_the_one_in_the_middle_and_how_they_lie(bench: Bench) -> None:
    """1, 1, 2, 4, 5, 5: of the two in the middle, 2 and 4, the lower; no mean of 3."""
    bench.indicator(kind="scale")
    for number, value in enumerate((1, 1, 2, 4, 5, 5)):
        at = {"indicator_id": "jobs", "occasion": "spring", "period_end": DAY, "unit": str(number), "batch": "a"}
        bench.put("unit_value", process_id="p", process="p", value=value, **at)
    bench.measurement(origin="units", n=6, total=18, total_squares=72, period_end=DAY, batches=["a"])
    (row,) = bench.build("core.unit_scale", "marts.results")
    assert (row["value"], row["sd"], row["interval_low"]) == (2.0, None, None)
    assert [(int(one["value"]), one["n"]) for one in row["distribution"]] == [(1, 2), (2, 1), (4, 1), (5, 2)]


def test_given_counts_on_something_when_changed_then_the_rates_are_compared(bench: Bench) -> None:
    """30 of 100 weeks against 20 of 50: 0.3 to 0.4 is a ratio of 0.75, though 30 is more than 20."""
    bench.indicator(kind="count")
    bench.put("baseline", process_id="p", indicator_id="jobs", value=20, denominator=50, measured_on=date(2025, 1, 1))
    bench.measurement(value=30, denominator=100)
    (row,) = bench.build("marts.results")
    assert (row["change_method"], round(row["change"], 6), row["exposure"]) == ("rate_ratio", 0.75, 100)


def test_given_a_count_of_which_only_one_says_on_what_when_changed_then_no_ratio(bench: Bench) -> None:
    bench.indicator(kind="count")
    bench.put("baseline", process_id="p", indicator_id="jobs", value=20, measured_on=date(2025, 1, 1))
    bench.measurement(value=30, denominator=100)
    (row,) = bench.build("marts.results")
    assert row["change_method"] == "difference"


def test_given_a_new_definition_when_computed_then_an_earlier_figure_is_read_by_the_one_it_was_measured_by(
    bench: Bench,
) -> None:
    changed = datetime(2026, 5, 15)
    bench.indicator(is_current=False, known_to=changed, kind="mean")
    bench.indicator(version=2, known_from=changed)
    bench.measurement(mean=4, sd=1, n=20)
    bench.measurement(numerator=3, denominator=10, occasion="autumn", known_from=datetime(2026, 11, 1))
    spring, autumn = sorted(bench.build("marts.results"), key=lambda row: row["indicator_version"])
    assert (spring["kind"], spring["value"], "stale_definition" in spring["flags"]) == ("mean", 4.0, True)
    assert (autumn["kind"], autumn["value"], "stale_definition" in autumn["flags"]) == ("share", 0.3, False)


def test_given_an_indicator_that_nobody_measured_when_computed_then_one_row_without_a_figure(bench: Bench) -> None:
    bench.indicator(is_current=False, known_to=datetime(2026, 2, 1))
    bench.indicator(version=2, known_from=datetime(2026, 2, 1))
    (row,) = bench.build("marts.results")
    assert (row["result_id"], row["value"], row["indicator_version"]) == ("p/jobs", None, 2)


def test_given_deliveries_in_two_periods_when_computed_then_each_and_how_far_it_had_come(bench: Bench) -> None:
    bench.put("output", process_id="p", process="p", output_id="places", name="Places", planned=40, sequence=1)
    for sequence, (end, delivered) in enumerate(((date(2026, 3, 31), 10), (DAY, 20)), 2):
        bench.put(
            "delivery", process_id="p", output_id="places", period_end=end, delivered=delivered, sequence=sequence
        )
    rows = bench.build("marts.output_periods")
    assert [(r["result_id"], r["delivered"], r["delivered_so_far"], r["ratio_so_far"]) for r in rows] == [
        ("p/places/--2026-03-31", 10, 10, 0.25),
        ("p/places/--2026-06-30", 20, 30, 0.75),
    ]


# -- where it came from -----------------------------------------------------------------------------------------------------


def test_given_units_in_two_files_when_measured_then_both_are_behind_it_and_it_is_known_from_the_newer(
    bench: Bench,
) -> None:
    bench.put("source", source="s", process_id="p", process="p")
    bench.indicator()
    for batch, position, at in (("b", 3, datetime(2026, 1, 1)), ("a", 9, datetime(2026, 4, 1))):
        bench.put("source_file", "raw", batch=batch, source="s", log_position=position, status="accepted")
        bench.put("event", "raw", log_position=position, recorded_at=at)
        what = {"indicator_id": "jobs", "occasion": "spring", "batch": batch, "unit": batch}
        bench.put("unit_value", process_id="p", process="p", value=1, **what)
    (row,) = bench.build("core.unit_summary", "core.measurement", "marts.results")
    assert (row["n"], row["batches"], row["known_from"]) == (2, ["a", "b"], datetime(2026, 4, 1))


def test_given_a_form_and_a_file_about_the_same_group_when_gathered_then_the_later_counts(bench: Bench) -> None:
    bench.indicator(group_id="youth")
    bench.put("source", source="s", process_id="p", process="p")
    bench.put("source_file", "raw", batch="a", source="s", log_position=9, status="accepted")
    bench.put("event", "raw", log_position=9, recorded_at=datetime(2026, 4, 1))
    figure = {"indicator_id": "jobs", "occasion": "spring"}
    bench.put(
        "measurement_row", "raw", batch="a", row_number=1, group_id="youth", numerator=4, denominator=10, **figure
    )
    bench.put("submission", process_id="p", sequence=5, log_position=3)
    bench.put(
        "fact__measurement", "forms", _process_id="p", _process="p", _sequence=5, _row=1, _current=True,
        _submitted_at=datetime(2026, 3, 1), numerator=3, denominator=10, **figure,
    )  # fmt: skip
    (row,) = bench.build("core.measurement")
    assert (row["origin"], row["numerator"], row["group_id"]) == ("figures", 4, "youth")


# -- words --------------------------------------------------------------------------------------------------------------------


def test_given_every_table_of_the_warehouse_when_looked_at_then_each_of_its_columns_is_explained(
    computed: duckdb.DuckDBPyConnection,
) -> None:
    nameless = computed.execute(
        "SELECT schema_name || '.' || table_name || '.' || column_name FROM duckdb_columns()"
        " WHERE schema_name IN ('raw', 'forms', 'core', 'marts', 'ops') AND comment IS NULL"
        " UNION ALL SELECT schema_name || '.' || table_name FROM duckdb_tables()"
        " WHERE schema_name IN ('raw', 'forms', 'core', 'marts', 'ops') AND comment IS NULL"
    ).fetchall()
    assert nameless == []


def test_given_a_text_for_columns_when_looked_for_then_some_table_has_a_column_of_that_name(
    computed: duckdb.DuckDBPyConnection,
) -> None:
    names = {name for (name,) in computed.execute("SELECT DISTINCT column_name FROM duckdb_columns()").fetchall()}
    assert dictionary.COLUMNS.keys() <= names


def test_given_processes_that_stand_beside_another_when_listed_then_how_each_stands(bench: Bench) -> None:
    bench.put("process", process_id="p", process="arendal")
    told: list[tuple[str, dict[str, Any]]] = [
        ("link.opened", {"link": "project", "child": "a", "spawned": True, "element": None}),
        ("link.opened", {"link": "project", "child": "b", "spawned": False, "element": None}),
        ("process.linked", {"link": "project", "child": "a", "name": "arendal-project", "version": "1.0.0"}),
        ("link.opened", {"link": "follow_up", "child": "c", "spawned": True, "element": "town"}),
        ("process.linked", {"link": "follow_up", "child": "c", "name": "arendal-follow", "version": "2.0.0"}),
        ("link.ended", {"link": "follow_up", "child": "c", "how": "finished"}),
        ("link.ended", {"link": "project", "child": "b", "how": "let_go"}),
        ("link.opened", {"link": "project", "child": "b", "spawned": False, "element": None}),
    ]
    for sequence, (kind, payload) in enumerate(told, 1):
        at = datetime(2026, 5, sequence)
        bench.put("event", "raw", stream="p", sequence=sequence, type=kind, recorded_at=at, payload=json.dumps(payload))
    found = {row["linked_process_id"]: row for row in bench.build("core.linked_process")}
    assert {key: row["status"] for key, row in found.items()} == {"a": "open", "b": "opened", "c": "finished"}
    assert (found["c"]["linked_process"], found["c"]["element"], found["c"]["ended_at"].day) == (
        "arendal-follow", "town", 6,
    )  # fmt: skip
    assert (found["a"]["started_here"], found["b"]["started_here"], found["b"]["ended_at"]) == (True, False, None)
