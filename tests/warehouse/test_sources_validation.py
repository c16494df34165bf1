"""Great Expectations' verdicts: over all rows, equal to the rejects, kept, and given once."""

from __future__ import annotations

import importlib.util
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

from engine.codec import Json
from engine.errors import IntegrityFault, NotFound, SettingsError, UsageError
from engine.process.events import RowMended
from warehouse.database import connect
from warehouse.sources.batch import Batch, accept, find, prepare, stage
from warehouse.sources.contract import Contract, contract_from, read_contract
from warehouse.sources.landing import Landed, Landing
from warehouse.sources.validation import MENDS, ROWS, TOLERANCE, Verdict, validate

EXAMPLES = Path(__file__).parents[2] / "examples"
KEY = b"k" * 32
pytest.importorskip("great_expectations", reason="files are validated with the extra samskap[validation]")


@pytest.fixture
def warehouse() -> duckdb.DuckDBPyConnection:
    connection = connect()
    prepare(connection)
    return connection


@pytest.fixture
def landing(tmp_path: Path) -> Landing:
    return Landing(tmp_path / "landing")


NSW = read_contract(EXAMPLES / "nsw" / "nsw.source.yaml")
UMEA = read_contract(EXAMPLES / "umea_2022" / "umea.source.yaml")


def changed(contract: Contract, **parts: Json) -> Contract:
    return contract_from({**contract.content, **parts})


def judged(warehouse: duckdb.DuckDBPyConnection, landed: Landed, contract: Contract) -> tuple[Batch, Verdict]:
    batch = stage(warehouse, landed, contract)
    return batch, validate(warehouse, batch.batch, contract)


def rejects_by_rule(warehouse: duckdb.DuckDBPyConnection, batch: str) -> dict[str, int]:
    rows = warehouse.execute("SELECT rule, count(*) FROM raw.rejected WHERE batch = $1 GROUP BY rule", [batch])
    return dict(rows.fetchall())


def test_given_the_nsw_lottery_when_in_use_then_its_published_means_come_out(
    warehouse: duckdb.DuckDBPyConnection, landing: Landing
) -> None:
    batch, verdict = judged(warehouse, landing.land(EXAMPLES / "nsw" / "nsw.csv", NSW, KEY), NSW)
    assert (verdict.accepted, verdict.read, verdict.rejected, verdict.failed) == (True, 445, 0, ())
    accept(warehouse, batch.batch, NSW)
    found = warehouse.execute(
        "SELECT arm, count(*), round(avg(value), 2) FROM raw.measurement_row GROUP BY arm ORDER BY arm"
    ).fetchall()
    # Dehejia & Wahba (1999) have a difference of 1794 dollars in this sample: 6349.14 − 4554.80 = 1794.34
    assert found == [("control", 260, 4554.8), ("treated", 185, 6349.14)]


def test_given_faults_in_a_file_when_judged_then_every_rule_fails_as_often_as_it_has_rejects(
    warehouse: duckdb.DuckDBPyConnection, landing: Landing
) -> None:
    batch, verdict = judged(warehouse, landing.land(EXAMPLES / "nsw" / "nsw_faulty.csv", NSW, KEY), NSW)
    assert (batch.read, batch.staged, batch.rejected) == (445, 438, 7)
    failed = {result.rule: result.failed for result in verdict.failed}
    assert failed == rejects_by_rule(warehouse, batch.batch)
    assert failed == {  # the table in examples/nsw/README.md
        "type:age": 1,
        "type:re78": 1,
        "unique:unit": 2,
        "arm:treated": 1,
        "row:empty": 1,
        "row:ragged": 1,
    }
    assert {result.checked for result in verdict.results if not result.rule.startswith("file:")} == {445}
    numbers = warehouse.execute("SELECT DISTINCT row_number FROM raw.rejected ORDER BY 1").fetchall()
    assert [row[0] for row in numbers] == [5, 12, 99, 100, 200, 300, 400]


def test_given_faults_within_the_tolerance_when_accepted_then_only_good_rows_are_in_use(
    warehouse: duckdb.DuckDBPyConnection, landing: Landing
) -> None:
    batch, verdict = judged(warehouse, landing.land(EXAMPLES / "nsw" / "nsw_faulty.csv", NSW, KEY), NSW)
    assert verdict.accepted
    assert accept(warehouse, batch.batch, NSW).status == "accepted"
    assert warehouse.execute("SELECT count(*) FROM raw.measurement_row").fetchall() == [(438,)]
    assert warehouse.execute("SELECT count(*) FROM duckdb_tables() WHERE schema_name = 'staging'").fetchall() == [(0,)]


def test_given_more_faults_than_tolerated_when_judged_then_refused_whole_with_its_evidence(
    warehouse: duckdb.DuckDBPyConnection, landing: Landing
) -> None:
    strict = changed(NSW, tolerance=Decimal("0.015"))  # 7 of 445 is 0.0157
    batch, verdict = judged(warehouse, landing.land(EXAMPLES / "nsw" / "nsw_faulty.csv", strict, KEY), strict)
    assert (verdict.accepted, TOLERANCE in {result.rule for result in verdict.failed}) == (False, True)
    with pytest.raises(UsageError, match="refused"):
        accept(warehouse, batch.batch, strict)
    assert warehouse.execute("SELECT count(*) FROM raw.measurement_row").fetchall() == [(0,)]
    assert sum(rejects_by_rule(warehouse, batch.batch).values()) == 7
    assert warehouse.execute("SELECT status FROM raw.source_file").fetchall() == [("refused",)]


@pytest.mark.parametrize("rows", [{"minimum": 10}, {"maximum": 8}], ids=["too few", "too many"])
def test_given_another_number_of_rows_than_said_when_judged_then_refused_whole(
    warehouse: duckdb.DuckDBPyConnection, landing: Landing, rows: dict[str, Json]
) -> None:
    contract = changed(UMEA, rows=rows)
    _, verdict = judged(warehouse, landing.land(EXAMPLES / "umea_2022" / "figures.csv", contract, KEY), contract)
    assert (verdict.accepted, ROWS in {result.rule for result in verdict.failed}) == (False, True)


def test_given_umea_when_judged_then_accepted_with_the_one_wrong_row_left_out(
    warehouse: duckdb.DuckDBPyConnection, landing: Landing
) -> None:
    _, verdict = judged(warehouse, landing.land(EXAMPLES / "umea_2022" / "figures.csv", UMEA, KEY), UMEA)
    assert (verdict.accepted, verdict.read, verdict.rejected) == (True, 9, 1)
    assert [(result.rule, result.failed) for result in verdict.failed] == [("stated:stated_percent", 1)]


@pytest.mark.parametrize(("old", "accepted"), [("19", True), ("18", False)], ids=["fits", "does not fit"])
def test_given_a_mend_when_judged_then_it_is_told_whether_it_could_be_applied(
    warehouse: duckdb.DuckDBPyConnection, landing: Landing, old: str, accepted: bool
) -> None:
    exact = changed(UMEA, tolerance=0)
    landed = landing.land(EXAMPLES / "umea_2022" / "figures.csv", exact, KEY)
    mend = RowMended(
        source="umea_2022",
        stored_hash=landed.stored_hash,
        row=4,
        column="stated_percent",
        old=old,
        new="15",
        subject="s1",
        reason="Feil i regnskapet",
    )
    batch = stage(warehouse, landed, exact, [mend])
    verdict = validate(warehouse, batch.batch, exact)
    mends = next(result for result in verdict.results if result.rule == MENDS)
    assert (verdict.accepted, mends.checked, mends.failed, mends.success) == (accepted, 1, int(not accepted), accepted)


def test_given_values_with_signs_of_other_languages_when_judged_then_both_ways_agree(
    warehouse: duckdb.DuckDBPyConnection, landing: Landing, tmp_path: Path
) -> None:
    allowed: list[Json] = ["it's", "{batch}", ":x %s", "a;b--", 'say "hi"']
    contract = contract_from(
        {
            "source": "odd",
            "version": "1.0.0",
            "title": "Rart",
            "kind": "csv",
            "csv": {"delimiter": "\t"},
            "tolerance": Decimal("0.9"),
            "columns": {
                "a {b} :c": {"type": "text", "allowed": allowed},
                "it's": {"type": "text", "required": True},
                '"arm"': {"type": "text"},
                "%s": {"type": "decimal", "minimum": Decimal("-0.5"), "maximum": Decimal("0.5")},
                "day": {"type": "date", "minimum": "2024-01-01", "allowed": ["2024-01-01", "2024-01-02"]},
                "yes": {"type": "boolean", "allowed": [True]},
            },
            "unique": [["a {b} :c", "it's"], ["%s"]],
            "mapping": {
                "units": {
                    "unit": "it's",
                    "arm": {"column": '"arm"', "treated": ":x", "control": "{y}"},
                    "indicators": {"z": {"value": "%s"}},
                }
            },
        }
    )
    rows = [
        ["it's", "u1", ":x", "0.1", "2024-01-01", "true"],
        ["{batch}", "u2", "{y}", "-0.2", "2024-01-02", "true"],
        [":x %s", "u3", "x", "0.5", "2023-12-31", "false"],
        ["its", "u4", ":x", "0.51", "2024-01-03", "no"],
        ["a;b--", "", ":x", "0.3", "", ""],
        ["", "u1", ":x", "0.1", "", ""],
    ]
    path = tmp_path / "odd.csv"
    path.write_text("\n".join("\t".join(row) for row in [["a {b} :c", "it's", '"""arm"""', "%s", "day", "yes"], *rows]))
    batch, verdict = judged(warehouse, landing.land(path, contract, KEY), contract)
    failed = {r.rule: r.failed for r in verdict.results if not r.success and not r.rule.startswith("file:")}
    assert failed == rejects_by_rule(warehouse, batch.batch)
    assert failed == {
        "allowed:a {b} :c": 1,
        "allowed:day": 2,
        "allowed:yes": 2,
        'arm:"arm"': 1,
        "range:%s": 1,
        "range:day": 1,
        "required:it's": 1,
        "unique:%s": 2,
        "unique:it's": 2,
    }


def test_given_more_failing_rows_than_great_expectations_lists_when_judged_then_all_are_rejected_and_counted(
    warehouse: duckdb.DuckDBPyConnection, landing: Landing, tmp_path: Path
) -> None:
    rows = (EXAMPLES / "nsw" / "nsw.csv").read_text().splitlines()
    path = tmp_path / "all.csv"
    path.write_text("\n".join([rows[0], *(",".join([*row.split(",")[:-1], "-1"]) for row in rows[1:])]))
    batch, verdict = judged(warehouse, landing.land(path, NSW, KEY), NSW)
    assert (verdict.accepted, batch.rejected, {r.rule: r.failed for r in verdict.failed}["range:re78"]) == (
        False,
        445,
        445,
    )


def test_given_a_judged_batch_when_judged_again_then_the_same_verdict_without_great_expectations(
    warehouse: duckdb.DuckDBPyConnection, landing: Landing, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch, verdict = judged(warehouse, landing.land(EXAMPLES / "umea_2022" / "figures.csv", UMEA, KEY), UMEA)
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    again = validate(warehouse, batch.batch, UMEA)
    assert (again.accepted, sorted(again.results, key=str)) == (verdict.accepted, sorted(verdict.results, key=str))


def test_given_a_refused_batch_that_was_superseded_when_judged_again_then_it_is_refused_again(
    warehouse: duckdb.DuckDBPyConnection, landing: Landing
) -> None:
    landed = landing.land(EXAMPLES / "umea_2022" / "figures.csv", UMEA, KEY)
    strict = changed(UMEA, tolerance=0)
    refused, _ = judged(warehouse, landed, strict)
    accepted, _ = judged(warehouse, landed, UMEA)
    accept(warehouse, accepted.batch, UMEA)
    superseded = find(warehouse, refused.batch)
    assert superseded is not None
    assert superseded.status == "superseded"
    assert not validate(warehouse, refused.batch, strict).accepted
    with pytest.raises(UsageError):
        accept(warehouse, refused.batch, strict)


def test_given_rejects_that_disagree_when_judged_then_nothing_is_believed(
    warehouse: duckdb.DuckDBPyConnection, landing: Landing
) -> None:
    batch = stage(warehouse, landing.land(EXAMPLES / "umea_2022" / "figures.csv", UMEA, KEY), UMEA)
    warehouse.execute("DELETE FROM raw.rejected")
    with pytest.raises(IntegrityFault, match="stated:stated_percent"):
        validate(warehouse, batch.batch, UMEA)
    assert warehouse.execute("SELECT count(*) FROM ops.validation_result").fetchall() == [(0,)]
    assert warehouse.execute("SELECT status FROM raw.source_file").fetchall() == [("staged",)]


def test_given_no_great_expectations_when_judged_then_the_extra_is_named(
    warehouse: duckdb.DuckDBPyConnection, landing: Landing, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch = stage(warehouse, landing.land(EXAMPLES / "umea_2022" / "figures.csv", UMEA, KEY), UMEA)
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(SettingsError) as caught:
        validate(warehouse, batch.batch, UMEA)
    assert "samskap[validation]" in caught.value.hint


def test_given_no_such_batch_when_judged_then_not_found(warehouse: duckdb.DuckDBPyConnection) -> None:
    with pytest.raises(NotFound):
        validate(warehouse, "none", UMEA)
