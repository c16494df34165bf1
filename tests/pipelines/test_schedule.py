"""Evaluations by the clock: a scheduled run really runs, never two at once, and stopping waits for the one that runs."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from engine.errors import UsageError
from warehouse import copies

if TYPE_CHECKING:
    from conftest import Server

    from engine.workspace import Workspace

SERVE = """
import sys
from datetime import timedelta
from pathlib import Path
from engine.workspace import Workspace
from pipelines.schedule import serve
if __name__ == "__main__":
    serve(Workspace.open(Path(sys.argv[1])), interval=timedelta(seconds=5))
    print("ended well")
"""
HOLD = """
import sys, time
from pathlib import Path
from warehouse.locking import hold
with hold(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(600)
"""


def terminate(process: subprocess.Popen[str]) -> None:
    process.send_signal(signal.SIGTERM)


def press_control_c(process: subprocess.Popen[str]) -> None:
    """A terminal tells the program and all that it started."""
    os.killpg(process.pid, signal.SIGINT)


def wait_for(found: Callable[[], list[dict[str, Any]]], seconds: float = 280) -> list[dict[str, Any]]:
    """What was found as soon as something was."""
    began = time.monotonic()
    while not (rows := found()):
        assert time.monotonic() - began < seconds, "nothing happened"
        time.sleep(0.5)
    return rows


@pytest.mark.slow
def test_given_an_interval_when_served_then_a_scheduled_run_computed_figures_and_shows_them(
    workspace: Workspace, prefect: Server, program: Callable[..., subprocess.Popen[str]]
) -> None:
    serving = program(SERVE, str(workspace.root))
    run = wait_for(lambda: prefect.runs(workspace, "COMPLETED"))[-1]
    assert run["auto_scheduled"] is True
    assert run["created_by"]["type"] == "SCHEDULE"
    assert run["state"]["type"] == "COMPLETED"
    assert copies.current(workspace.copies, "reader").is_file()
    latest = {
        key: prefect.get(f"/artifacts/{key}/latest") for key in ("results", "effects", "rejected-rows", "summary")
    }
    assert all(isinstance(artifact["data"], str) for artifact in latest.values())
    assert len(json.loads(latest["rejected-rows"]["data"])) == 1
    assert latest["results"]["flow_run_id"] in {one["id"] for one in prefect.runs(workspace)}
    serving.send_signal(signal.SIGTERM)
    told, _ = serving.communicate(timeout=280)
    assert serving.returncode == 0
    assert told.endswith("ended well\n")


@pytest.mark.slow
@pytest.mark.parametrize("stop", [terminate, press_control_c])
def test_given_a_run_that_takes_long_when_stopped_then_others_are_cancelled_and_it_comes_to_its_end(
    workspace: Workspace,
    prefect: Server,
    program: Callable[..., subprocess.Popen[str]],
    stop: Callable[[subprocess.Popen[str]], None],
) -> None:
    holder = program(HOLD, str(workspace.warehouse))
    assert holder.stdout is not None
    assert holder.stdout.readline() == "held\n"
    serving = program(SERVE, str(workspace.root))
    (long,) = wait_for(lambda: prefect.runs(workspace, "RUNNING"))
    cancelled = wait_for(lambda: prefect.runs(workspace, "CANCELLED"))
    assert {run["state"]["message"] for run in cancelled} == {"Deployment concurrency limit reached."}
    assert [run["id"] for run in prefect.runs(workspace, "RUNNING")] == [long["id"]]
    stop(serving)
    time.sleep(2)
    assert serving.poll() is None  # it waits
    holder.terminate()
    told, _ = serving.communicate(timeout=280)
    assert (serving.returncode, told.splitlines()[-1]) == (0, "ended well")
    assert long["id"] in {run["id"] for run in prefect.runs(workspace, "COMPLETED")}
    assert prefect.runs(workspace, "RUNNING", "CRASHED", "FAILED", "SCHEDULED") == []


@pytest.mark.slow
def test_given_the_settings_when_nothing_else_is_said_then_their_cron_in_their_time_zone(
    workspace: Workspace, prefect: Server, program: Callable[..., subprocess.Popen[str]]
) -> None:
    serving = program(SERVE.replace(", interval=timedelta(seconds=5)", ""), str(workspace.root))

    def served() -> list[dict[str, Any]]:
        every = prefect.post("/deployments/filter")
        mine = [one for one in every if one["parameters"] == {"workspace": str(workspace.root)} and one["schedules"]]
        return mine if len(mine) == 2 else []

    deployments = wait_for(served)
    crons = {one["entrypoint"]: one["schedules"][0]["schedule"]["cron"] for one in deployments}
    assert crons == {"pipelines.flows.evaluate": "0 3 * * *", "pipelines.timekeeping.keep_time": "*/10 * * * *"}
    assert {one["schedules"][0]["schedule"]["timezone"] for one in deployments} == {"Europe/Oslo"}
    assert {one["concurrency_options"]["collision_strategy"] for one in deployments} == {"CANCEL_NEW"}
    serving.send_signal(signal.SIGTERM)
    serving.communicate(timeout=280)
    assert [prefect.get(f"/deployments/{one['id']}")["paused"] for one in deployments] == [True, True]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("cron", "interval"),
    [("0 3 * *", None), ("61 3 * * *", None), ("0 3 * * *", timedelta(hours=1)), (None, timedelta(0)), (None, None)],
)
def test_given_a_schedule_that_is_none_when_made_then_a_sentence_says_so(
    cron: str | None, interval: timedelta | None
) -> None:
    from pipelines.serving import scheduled  # noqa: PLC0415 (importing it imports Prefect)

    with pytest.raises(UsageError):
        scheduled(cron, "Europe/Oslo", interval)
