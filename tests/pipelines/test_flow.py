"""A flow run is the same evaluation as in-process, and shows what it came to without anybody's words."""

from __future__ import annotations

import codecs
import json
import shutil
import time
from collections.abc import Callable
from datetime import date
from typing import TYPE_CHECKING, Any

import duckdb
import pytest

from engine.errors import ConfigError, DataRejected
from warehouse import stages

if TYPE_CHECKING:
    import subprocess

    from conftest import Server

    from engine.workspace import Workspace

pytestmark = pytest.mark.slow

DAY = date(2026, 11, 23)
HOLD = """
import sys, time
from pathlib import Path
from warehouse.locking import hold
with hold(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(600)
"""
RUN_ONCE = """
import sys
from datetime import date
from pathlib import Path
from engine.workspace import Workspace
from pipelines.schedule import run_once
print("outcome", run_once(Workspace.open(Path(sys.argv[1])), date(2026, 11, 23)).computed.outcome)
"""


def rows(workspace: Workspace, statement: str) -> list[tuple[Any, ...]]:
    with duckdb.connect(str(workspace.warehouse), read_only=True) as connection:
        return connection.execute(statement).fetchall()


def run_once(workspace: Workspace, monkeypatch: pytest.MonkeyPatch, prefect: Server) -> stages.Evaluation:
    from pipelines.schedule import run_once as through_prefect  # noqa: PLC0415 (as its callers do)

    monkeypatch.setenv("PREFECT_API_URL", prefect.url)
    return through_prefect(workspace, DAY)


def test_given_a_flow_run_when_evaluated_in_process_from_scratch_then_the_same_run_and_the_same_hashes(
    workspace: Workspace, prefect: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    models = "SELECT run_id, model, rows, content_hash FROM ops.model_run ORDER BY ALL"
    by_flow = run_once(workspace, monkeypatch, prefect)
    hashes = rows(workspace, models)
    assert rows(workspace, "SELECT DISTINCT stage, runner, outcome FROM ops.attempt ORDER BY ALL") == [
        ("compute", "prefect", "done"),
        ("load", "prefect", "done"),
        ("validate", "prefect", "done"),
    ]
    workspace.warehouse.unlink()
    shutil.rmtree(workspace.copies)
    engine = workspace.engine()
    in_process = stages.evaluate(workspace, engine, DAY)
    engine.close()
    assert in_process.computed.outcome == "computed"
    assert in_process.computed.run_id == by_flow.computed.run_id
    assert rows(workspace, models) == hashes
    assert len(hashes) > 30


def test_given_a_flow_run_when_its_artifacts_are_read_then_figures_and_rules_but_nobodys_words(
    workspace: Workspace, prefect: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Umeåregionen's printed accounts 2022: 179 of 271 left for a positive solution, 27 of 179 is not 19 per cent."""
    evaluation = run_once(workspace, monkeypatch, prefect)
    run = prefect.runs(workspace, "COMPLETED")[0]
    shown = prefect.artifacts(run["id"])
    assert set(shown) == {"results", "effects", "rejected-rows", "summary"}
    figures = {row["indicator_id"]: row for row in json.loads(shown["results"])}
    assert figures["exits_positive"]["n"] == 271
    assert figures["exits_positive"]["value"] == pytest.approx(179 / 271)
    assert {row["status"] for row in json.loads(shown["effects"])} == {"change_not_effect"}
    (rejected,) = json.loads(shown["rejected-rows"])
    assert {**rejected, "rule": ""} == {
        "source": "umea_2022",
        "file": "figures.csv",
        "row": 4,
        "column": "stated_percent",
        "rule": "",
    }
    assert evaluation.computed.run_id[:12] in shown["summary"]
    with duckdb.connect(str(evaluation.copy), read_only=True) as copy:
        names = [name for (name,) in copy.execute("SELECT DISTINCT name FROM marts.results").fetchall()]
    assert any("å" in name or "ø" in name for name in names)
    everything = " ".join(codecs.decode(data, "unicode_escape") if "\\u" in data else data for data in shown.values())
    assert not [name for name in names if name in everything]


def test_given_very_few_people_and_a_name_in_a_rejected_row_when_run_then_neither_is_shown(
    workspace: Workspace, prefect: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = workspace.sources / "figures.csv"
    text = file.read_text(encoding="utf-8")
    changed = text.replace(",35,68,179,38", ",35,1,4,25").replace("Positive løsninger som var studier", "Kari Nordmann")
    assert changed.count("Kari Nordmann") == changed.count(",1,4,25") == 1
    file.write_text(changed, encoding="utf-8")
    evaluation = run_once(workspace, monkeypatch, prefect)
    shown = prefect.artifacts(prefect.runs(workspace, "COMPLETED")[0]["id"])
    (figure,) = [row for row in json.loads(shown["results"]) if row["indicator_id"] == "exits_to_work"]
    assert "too_few" in figure["flags"]
    assert (figure["value"], figure["interval_low"], figure["interval_high"]) == (None, None, None)
    assert [reject.cells["title"] for reject in stages.rejected(workspace)] == ["Kari Nordmann"]
    assert not [data for data in shown.values() if "Nordmann" in data]
    with duckdb.connect(str(evaluation.copy), read_only=True) as copy:
        assert copy.execute("SELECT value FROM marts.results WHERE indicator_id = 'exits_to_work'").fetchall() == [
            (0.25,)
        ]


def test_given_a_contract_that_is_wrong_when_run_then_refused_at_once_and_not_tried_again(
    workspace: Workspace, prefect: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    (workspace.sources / "umea.source.yaml").write_text("source: umea_2022\nversjon: 1\n", encoding="utf-8")
    with pytest.raises(ConfigError):
        run_once(workspace, monkeypatch, prefect)
    (run,) = prefect.runs(workspace)
    assert run["state"]["type"] == "FAILED"
    (land,) = task_runs(prefect, run["id"])
    assert land["run_count"] == 1


def test_given_a_file_without_its_header_when_run_then_prefect_is_told_which_file_and_not_whose_row_stands_first(
    workspace: Workspace, prefect: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    (workspace.sources / "figures.csv").write_text("Kari Nordmann,1\nOla Hansen,2\n", encoding="utf-8")
    with pytest.raises(DataRejected, match="refused") as caught:
        run_once(workspace, monkeypatch, prefect)
    assert "figures.csv" in str(caught.value)
    (run,) = prefect.runs(workspace)
    states = [run["state"], *(task["state"] for task in task_runs(prefect, run["id"]))]
    assert "figures.csv" in str(states)
    assert "Nordmann" not in str(states)


def task_runs(prefect: Server, run: str) -> list[dict[str, Any]]:
    found = prefect.post("/task_runs/filter", flow_runs={"id": {"any_": [run]}})
    assert isinstance(found, list)
    return found


def attempts(prefect: Server, workspace: Workspace, task: str) -> int:
    """How often a task of the workspace's only flow run was begun."""
    counts = [
        one["run_count"]
        for run in prefect.runs(workspace)
        for one in task_runs(prefect, run["id"])
        if one["name"].startswith(task)
    ]
    return max(counts, default=0)


def test_given_a_warehouse_held_twice_then_free_when_run_then_tried_again_with_one_effect(
    workspace: Workspace, prefect: Server, program: Callable[..., subprocess.Popen[str]]
) -> None:
    holder = program(HOLD, str(workspace.warehouse))
    assert holder.stdout is not None
    assert holder.stdout.readline() == "held\n"
    running = program(RUN_ONCE, str(workspace.root))
    began = time.monotonic()
    while attempts(prefect, workspace, "load") < 3 and running.poll() is None and time.monotonic() - began < 600:
        time.sleep(0.5)
    holder.terminate()
    told, _ = running.communicate(timeout=280)
    assert told.endswith("outcome computed\n")
    assert attempts(prefect, workspace, "load") == 3
    assert attempts(prefect, workspace, "compute") == 1
    assert rows(workspace, "SELECT count(*) FROM ops.run") == [(1,)]
    assert rows(workspace, "SELECT count(*) FROM raw.event WHERE type = 'measurements.landed'") == [(1,)]
    assert rows(workspace, "SELECT count(*), count(DISTINCT row_number) FROM raw.measurement_row") == [(8, 8)]
    assert rows(workspace, "SELECT stage, outcome FROM ops.attempt ORDER BY started_at") == [
        ("load", "done"),
        ("validate", "done"),
        ("compute", "done"),
    ]
