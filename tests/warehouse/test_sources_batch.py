"""Batches: staged whole or not at all, once; their rejects with reasons; mended cells; what is superseded by what."""

from __future__ import annotations

import json
import random
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

from engine.codec import Json
from engine.errors import IntegrityFault, StoreError, UsageError
from engine.process.events import RowMended
from warehouse.database import connect
from warehouse.sources.batch import Batch, accept, batch_id, find, prepare, set_status, stage
from warehouse.sources.contract import Contract, contract_from, read_contract
from warehouse.sources.landing import Landed, Landing
from warehouse.sources.reading import Mend

EXAMPLES = Path(__file__).parents[2] / "examples"
KEY = b"k" * 32


@pytest.fixture
def warehouse() -> duckdb.DuckDBPyConnection:
    connection = connect()
    prepare(connection)
    return connection


@dataclass
class Source:
    """A contract and a landed file of it."""

    contract: Contract
    landed: Landed
    warehouse: duckdb.DuckDBPyConnection

    def stage(self, *mends: Mend) -> Batch:
        return stage(self.warehouse, self.landed, self.contract, mends, log_position=7)

    def use(self, *mends: Mend) -> Batch:
        batch = self.stage(*mends)
        if batch.status == "staged":
            set_status(self.warehouse, batch.batch, "judged")  # the verdict itself is tested with Great Expectations
        return accept(self.warehouse, batch.batch, self.contract)

    def mend(self, row: int, column: str, old: str, new: str) -> RowMended:
        return RowMended(
            source=self.contract.source,
            stored_hash=self.landed.stored_hash,
            row=row,
            column=column,
            old=old,
            new=new,
            subject="s1",
            reason="Lest feil av tabellen",
        )

    def query(self, statement: str) -> list[tuple[object, ...]]:
        return self.warehouse.execute(statement).fetchall()


@pytest.fixture
def umea(warehouse: duckdb.DuckDBPyConnection, tmp_path: Path) -> Source:
    contract = read_contract(EXAMPLES / "umea_2022" / "umea.source.yaml")
    landed = Landing(tmp_path / "landing").land(EXAMPLES / "umea_2022" / "figures.csv", contract, KEY)
    return Source(contract, landed, warehouse)


def made(warehouse: duckdb.DuckDBPyConnection, folder: Path, rows: str, **parts: Json) -> Source:
    contract = contract_from({"source": "school", "version": "1.0.0", "title": "Skole", "kind": "csv", **parts})
    (folder / "in.csv").write_text(rows, encoding="utf-8")
    return Source(contract, Landing(folder / "landing").land(folder / "in.csv", contract, KEY), warehouse)


# -- Umeå 2022 --------------------------------------------------------------------------------------------------------


def test_given_umea_when_staged_then_one_row_is_rejected_with_both_figures(umea: Source) -> None:
    batch = umea.stage()
    assert (batch.read, batch.staged, batch.rejected) == (9, 8, 1)
    rows = umea.query("SELECT row_number, column_name, rule, value, reason_nb, reason_en, cells FROM raw.rejected")
    assert [row[:6] for row in rows] == [
        (
            4,
            "stated_percent",
            "stated:stated_percent",
            "19",
            "19 % er trykt, men 27/179 er 15,1 %",
            "19 % is printed, but 27/179 is 15.1 %",
        )
    ]
    assert json.loads(str(rows[0][6]))["indicator_id"] == "exits_to_studies"


def test_given_umea_when_in_use_then_the_eight_figures_are_rows_as_printed(umea: Source) -> None:
    batch = umea.use()
    assert umea.query(
        "SELECT batch, indicator_id, numerator, denominator, stated_percent, stated_decimals, occasion,"
        " period_start::VARCHAR, period_end::VARCHAR FROM raw.measurement_row WHERE row_number = 6"
    ) == [
        (
            batch.batch,
            "someone_to_turn_to",
            Decimal(127),
            Decimal(133),
            Decimal(95),
            0,
            "2022",
            "2022-01-01",
            "2022-12-31",
        )
    ]
    assert umea.query("SELECT count(*) FROM raw.measurement_row") == [(8,)]
    assert umea.query("SELECT status, log_position FROM raw.source_file") == [("accepted", 7)]


def test_given_the_wrong_figure_mended_when_staged_then_every_row_passes(umea: Source) -> None:
    batch = umea.stage(umea.mend(4, "stated_percent", "19", "15"))
    assert (batch.read, batch.staged, batch.rejected) == (9, 9, 0)
    assert umea.query("SELECT finding, found, new FROM raw.mended_cell") == [("applied", "19", "15")]


def test_given_a_mend_of_an_accepted_file_when_in_use_then_the_older_batch_is_superseded(umea: Source) -> None:
    first = umea.use()
    second = umea.use(umea.mend(4, "stated_percent", "19", "15"))
    assert umea.query("SELECT batch, status FROM raw.source_file ORDER BY rows_staged") == [
        (first.batch, "superseded"),
        (second.batch, "accepted"),
    ]
    assert second.batch.startswith(first.batch + ":")
    assert umea.query("SELECT batch, count(*) FROM raw.measurement_row GROUP BY batch ORDER BY 2") == [
        (first.batch, 8),
        (second.batch, 9),
    ]


def test_given_a_superseded_batch_when_it_is_in_question_again_then_it_is_in_use_without_new_rows(umea: Source) -> None:
    first = umea.use()
    umea.use(umea.mend(4, "stated_percent", "19", "15"))
    assert umea.use().status == "accepted"
    assert find(umea.warehouse, first.batch) == Batch(first.batch, "umea_2022", 9, 8, 1, "accepted")
    assert umea.query("SELECT count(*) FROM raw.source_file WHERE status = 'accepted'") == [(1,)]
    assert umea.query("SELECT count(*) FROM raw.measurement_row") == [(17,)]


def test_given_a_batch_nobody_finished_when_another_of_its_file_is_in_use_then_it_is_forgotten(umea: Source) -> None:
    umea.stage()
    second = umea.use(umea.mend(4, "stated_percent", "19", "15"))
    assert umea.query("SELECT batch FROM raw.source_file") == [(second.batch,)]
    assert umea.query("SELECT count(*) FROM raw.rejected") == [(0,)]
    assert umea.query("SELECT count(*) FROM duckdb_tables() WHERE schema_name = 'staging'") == [(0,)]


@pytest.mark.parametrize(
    ("row", "column", "old", "finding", "found"),
    [
        (4, "stated_percent", "18", "other_value", "19"),
        (99, "stated_percent", "19", "no_such_row", None),
        (4, "percent", "19", "no_such_column", None),
    ],
)
def test_given_a_mend_that_does_not_fit_when_staged_then_it_is_a_finding_and_nothing_is_changed(
    umea: Source, row: int, column: str, old: str, finding: str, found: str | None
) -> None:
    assert umea.stage(umea.mend(row, column, old, "15")).rejected == 1
    assert umea.query("SELECT finding, found FROM raw.mended_cell") == [(finding, found)]


def test_given_two_mends_of_one_cell_when_staged_then_the_second_follows_the_first(umea: Source) -> None:
    batch = umea.stage(umea.mend(4, "stated_percent", "19", "16"), umea.mend(4, "stated_percent", "16", "15.1"))
    assert batch.rejected == 0


def test_given_a_mend_of_another_file_when_staged_then_it_is_the_same_batch_as_without(umea: Source) -> None:
    other = umea.mend(4, "stated_percent", "19", "15").model_copy(update={"stored_hash": "f" * 64})
    assert batch_id(umea.landed, umea.contract, [other]) == batch_id(umea.landed, umea.contract)


# -- the printed percentage ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("counted", "printed", "passes"),
    [
        ("127,133", "95", True),  # 95.4887…: rounded first to 95.5 it would become 96
        ("127,133", "96", False),
        ("127,133", "95.5", True),
        ("127,133", "95.4", False),
        ("1,8", "12", True),  # 12.5 lies half a unit from both
        ("1,8", "13", True),
        ("1,8", "12.5", True),
        ("1,8", "12.50", True),
        ("1,8", "12.51", False),
        ("1,3", "33.3333", True),
        ("1,3", "33.3334", False),
        ("27,179", "15.1", True),
        ("999999999999,999999999999", "100.0000", True),
        ("999999999998,999999999999", "99.9999", False),  # 99.9999999999 is printed as 100.0000
        ("1,999999999999", "0.0001", False),
    ],
)
def test_given_a_printed_percentage_when_staged_then_half_a_unit_of_its_last_digit_is_allowed(
    warehouse: duckdb.DuckDBPyConnection, tmp_path: Path, counted: str, printed: str, passes: bool
) -> None:
    source = made(
        warehouse,
        tmp_path,
        f"i,a,b,p\nx,{counted},{printed}\n",
        columns={
            "i": {"type": "text"},
            "a": {"type": "integer"},
            "b": {"type": "integer"},
            "p": {"type": "decimal"},
        },
        mapping={"figures": {"indicator_id": "i", "numerator": "a", "denominator": "b", "stated_percent": "p"}},
    )
    assert (source.stage().rejected == 0) is passes


# -- what figures are ---------------------------------------------------------------------------------------------------

FIGURES: dict[str, Json] = {
    "columns": {
        "i": {"type": "text"},
        "num": {"type": "decimal"},
        "den": {"type": "decimal"},
        "mean": {"type": "decimal", "decimals": 1},
        "sd": {"type": "decimal"},
        "n": {"type": "integer"},
        "asked": {"type": "integer"},
        "answered": {"type": "integer"},
        "from": {"type": "date"},
        "to": {"type": "date"},
    },
    "mapping": {
        "figures": {
            "indicator_id": "i",
            "numerator": "num",
            "denominator": "den",
            "mean": "mean",
            "sd": "sd",
            "n": "n",
            "asked": "asked",
            "answered": "answered",
            "period_start": "from",
            "period_end": "to",
        }
    },
}
FIGURES_HEAD = "i,num,den,mean,sd,n,asked,answered,from,to\n"


@pytest.mark.parametrize(
    ("row", "rules"),
    [
        ("x,1,2,3,1,5,9,9,2024-01-01,2024-01-01", []),
        ("x,3,2,,,,,,,", ["fraction:num"]),
        ("x,-1,2,,,,,,,", ["negative:num"]),
        ("x,1,0,,,,,,,", ["fraction:num", "not_positive:den"]),
        ("x,1,,,,,,,,", ["half_fraction"]),
        ("x,,2,,,,,,,", ["half_fraction", "no_figure"]),
        ("x,,,,,5,,,,", ["no_figure"]),
        (",1,2,,,,,,,", ["required:i"]),
        ("x,,,3,-1,-5,,,,", ["negative:n", "negative:sd"]),
        ("x,1,2,,,5.5,,,,", ["type:n"]),
        ("x,1,2,,,,9,10,,", ["answered:answered"]),
        ("x,1,2,,,,,,2024-02-01,2024-01-31", ["period:to"]),
        ("x,1,2,,,,,,01.02.2024,2024-02-30", ["type:from", "type:to"]),
    ],
)
def test_given_a_figure_that_cannot_be_when_staged_then_the_rule_says_so(
    warehouse: duckdb.DuckDBPyConnection, tmp_path: Path, row: str, rules: list[str]
) -> None:
    source = made(warehouse, tmp_path, f"{FIGURES_HEAD}{row}\n", **FIGURES)
    source.stage()
    assert source.query("SELECT rule FROM raw.rejected ORDER BY rule") == [(rule,) for rule in rules]


def test_given_decimals_in_the_contract_when_in_use_then_values_are_rounded_to_them(
    warehouse: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    source = made(warehouse, tmp_path, f"{FIGURES_HEAD}x,,,2.6499999999,1,5,,,,\ny,,,-2.65,1,5,,,,\n", **FIGURES)
    source.use()
    assert source.query("SELECT mean FROM raw.measurement_row ORDER BY row_number") == [
        (Decimal("2.6"),),
        (Decimal("-2.7"),),
    ]


# -- units --------------------------------------------------------------------------------------------------------------

UNITS: dict[str, Json] = {
    "columns": {
        "id": {"type": "text", "personal": "pseudonymise"},
        "group": {"type": "text", "allowed": ["it's", "{batch}", ":x %s"]},
        "took part": {"type": "boolean"},
        "score": {"type": "decimal"},
        "absent": {"type": "boolean"},
        "weight": {"type": "decimal"},
    },
    "mapping": {
        "units": {
            "unit": "id",
            "arm": {"column": "took part", "treated": True, "control": False},
            "indicators": {"wellbeing": {"value": "score"}, "absence": {"value": "absent"}},
            "group_id": "group",
            "weight": "weight",
        }
    },
}


def test_given_two_indicator_columns_when_in_use_then_each_unit_has_a_row_for_each(
    warehouse: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    rows = "id,group,took part,score,absent,weight\np1,it's,ja,4.5,nei,1\np2,{batch},FALSE,,1,0.5\n"
    source = made(warehouse, tmp_path, rows, **UNITS)
    source.use()
    found = source.query(
        "SELECT row_number, indicator_id, group_id, arm, value, weight, length(unit) FROM raw.measurement_row ORDER BY ALL"
    )
    assert found == [
        (1, "absence", "it's", "treated", Decimal(0), Decimal(1), 32),
        (1, "wellbeing", "it's", "treated", Decimal("4.5"), Decimal(1), 32),
        (2, "absence", "{batch}", "control", Decimal(1), Decimal("0.5"), 32),
        (2, "wellbeing", "{batch}", "control", None, Decimal("0.5"), 32),
    ]


def test_given_a_unit_twice_when_staged_then_both_rows_are_rejected(
    warehouse: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    rows = "id,group,took part,score,absent,weight\np1,it's,1,4,0,1\np2,it's,1,4,0,1\n p1,it's,0,3,0,1\n"
    source = made(warehouse, tmp_path, rows, **UNITS)
    source.stage()
    assert source.query("SELECT row_number, rule FROM raw.rejected ORDER BY ALL") == [
        (1, "unique:id+group"),
        (3, "unique:id+group"),
    ]


def test_given_a_mend_of_a_personal_column_when_staged_then_it_is_not_applied(
    warehouse: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    source = made(warehouse, tmp_path, "id,group,took part,score,absent,weight\np1,it's,1,4,0,1\n", **UNITS)
    source.stage(source.mend(1, "id", "p1", "p2"))
    assert source.query("SELECT finding, found FROM raw.mended_cell") == [("personal", None)]


# -- once, whole, or not at all -----------------------------------------------------------------------------------------


def test_given_a_staged_batch_when_staged_again_then_nothing_is_read_or_written(umea: Source) -> None:
    first = umea.stage()
    umea.landed.path.unlink()
    assert umea.stage() == first
    assert umea.query("SELECT count(*) FROM raw.rejected") == [(1,)]


def test_given_an_accepted_batch_when_accepted_again_then_no_row_comes_twice(umea: Source) -> None:
    assert umea.use() == umea.use()
    assert umea.query("SELECT count(*) FROM raw.measurement_row") == [(8,)]


def test_given_a_batch_that_was_not_judged_when_accepted_then_refused(umea: Source) -> None:
    batch = umea.stage()
    with pytest.raises(UsageError, match="is staged"):
        accept(umea.warehouse, batch.batch, umea.contract)


def test_given_a_landed_file_that_was_changed_when_staged_then_integrity_fault_and_nothing_stored(umea: Source) -> None:
    umea.landed.path.write_bytes(umea.landed.path.read_bytes().replace(b"19", b"15"))
    with pytest.raises(IntegrityFault):
        umea.stage()
    assert umea.query("SELECT count(*) FROM raw.source_file") == [(0,)]


def test_given_other_content_under_the_same_name_when_in_use_then_both_are_kept_and_the_position_tells_them_apart(
    warehouse: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    head = "id,group,took part,score,absent,weight\n"
    for position, score in ((3, "4"), (9, "5")):
        source = made(warehouse, tmp_path, f"{head}p1,it's,1,{score},0,1\n", **UNITS)
        batch = stage(warehouse, source.landed, source.contract, log_position=position)
        set_status(warehouse, batch.batch, "judged")
        accept(warehouse, batch.batch, source.contract)
    newest = (
        "SELECT value FROM raw.measurement_row AS row JOIN raw.source_file AS file USING (batch)"
        " WHERE file.status = 'accepted' AND indicator_id = 'wellbeing'"
        " QUALIFY row_number() OVER (PARTITION BY source, indicator_id, unit ORDER BY log_position DESC) = 1"
    )
    assert warehouse.execute("SELECT count(*) FROM raw.measurement_row").fetchall() == [(4,)]
    assert warehouse.execute(newest).fetchall() == [(Decimal(5),)]


def big_file(folder: Path, rows: int) -> Path:
    lines = (f"u{number},it's,{number % 2},{number % 7},0,{'x' if number % 1000 == 0 else 1}" for number in range(rows))
    path = folder / "big.csv"
    path.write_text("id,group,took part,score,absent,weight\n" + "\n".join(lines) + "\n")
    return path


CHILD = """
import sys
from pathlib import Path
from engine import codec
from warehouse.database import connect
from warehouse.sources.batch import prepare, stage
from warehouse.sources.contract import contract_from
from warehouse.sources.landing import Landing
folder = Path(sys.argv[1])
connection = connect(folder / "warehouse.duckdb")
prepare(connection)
contract = contract_from(codec.loads(sys.argv[2]))
landed = Landing(folder / "landing").land(folder / "big.csv", contract, b"k" * 32)
print("begin", flush=True)
print(stage(connection, landed, contract).staged, flush=True)
"""


def child(folder: Path, more: str = "") -> subprocess.Popen[str]:
    content = json.dumps({"source": "s", "version": "1.0.0", "title": "S", "kind": "csv", **UNITS})
    arguments = [sys.executable, "-c", more + CHILD, str(folder), content]
    return subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


@pytest.mark.slow
def test_given_kill_9_while_staging_when_opened_again_then_the_batch_is_whole_or_absent(tmp_path: Path) -> None:
    big_file(tmp_path, 60_000)
    chance, seen = random.Random(5), set()
    for delay in (0, *(chance.uniform(0, 0.9) for _ in range(11))):
        process = child(tmp_path)
        assert process.stdout is not None
        process.stdout.readline()
        time.sleep(delay)
        process.send_signal(signal.SIGKILL)
        process.communicate()
        with connect(tmp_path / "warehouse.duckdb") as connection:
            batches = connection.execute("SELECT rows_read, rows_rejected FROM raw.source_file").fetchall()
            rejects = connection.execute("SELECT count(DISTINCT row_number) FROM raw.rejected").fetchall()[0][0]
            tables = connection.execute("SELECT count(*) FROM duckdb_tables() WHERE schema_name = 'staging'").fetchall()
        assert (batches, rejects, tables) in (([], 0, [(0,)]), ([(60_000, 60)], 60, [(1,)]))
        seen.add(len(batches))
        if batches:
            break
    assert 0 in seen
    assert child(tmp_path).communicate()[0].split() == ["begin", "59940"]


@pytest.mark.slow
def test_given_no_room_when_staged_then_a_clear_error_and_it_works_when_there_is_room(tmp_path: Path) -> None:
    big_file(tmp_path, 200_000)
    limit = "import resource, signal; resource.setrlimit(resource.RLIMIT_FSIZE, (8_000_000, -1));"
    _, error = child(tmp_path, limit).communicate()
    assert StoreError.__name__ in error
    assert child(tmp_path).communicate()[0].split()[-1] == "199800"
