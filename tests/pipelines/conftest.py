"""A workspace with Umeå's figures ready to be evaluated, and one Prefect server for all tests of this room."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from cli import play
from engine.template import bundle
from engine.template.sources import BUILT_IN
from engine.workspace import Workspace
from pipelines import server

EXAMPLES = BUILT_IN / "examples"
DAY = date(2026, 11, 23)


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Umeå after all ten steps, with the contract and its file in place, never evaluated. Tests copy it."""
    workspace = Workspace.create(tmp_path_factory.mktemp("template") / "work")
    engine = workspace.engine()
    for name in ("samson", "soimpact"):
        engine.publish(bundle.read(name, workspace.bundle_folders))
    leader = play.session_of(engine, "kari")
    answers = EXAMPLES / "umea_2022" / "answers"
    play.start_evaluation(engine, answers, "umea-2022", "Umeå 2022", leader)
    play.finish_evaluation(engine, answers, "umea-2022", leader)
    engine.close()
    for name in ("umea.source.yaml", "figures.csv"):
        shutil.copy(EXAMPLES / "umea_2022" / name, workspace.sources)
    return workspace.root


@pytest.fixture
def workspace(template: Path, tmp_path: Path) -> Workspace:
    """A workspace of the test's own: the same events as every other's."""
    shutil.copytree(template, tmp_path / "work")
    return Workspace.open(tmp_path / "work")


@dataclass(frozen=True)
class Server:
    """A Prefect server's own API, asked over HTTP."""

    url: str

    def get(self, path: str) -> Any:
        with urllib.request.urlopen(self.url + path, timeout=280) as answer:
            return json.load(answer)

    def post(self, path: str, **body: object) -> Any:
        request = urllib.request.Request(
            self.url + path, json.dumps(body).encode(), {"Content-Type": "application/json"}, method="POST"
        )
        with urllib.request.urlopen(request, timeout=280) as answer:
            return json.load(answer)

    def runs(self, workspace: Workspace, *states: str, flow: str = "evaluate") -> list[dict[str, Any]]:
        """The runs of a flow of a workspace that are in one of these states, newest first; in any, if none is named."""
        state = {"state": {"type": {"any_": list(states)}}} if states else {}
        named = {"name": {"any_": [flow]}}
        found = self.post("/flow_runs/filter", flows=named, flow_runs=state, sort="START_TIME_DESC")
        return [run for run in found if run["parameters"].get("workspace") == str(workspace.root)]

    def artifacts(self, run: str) -> dict[str, Any]:
        """The data of a flow run's artifacts by key, as they were sent."""
        found = self.post("/artifacts/filter", artifacts={"flow_run_id": {"any_": [run]}})
        return {artifact["key"]: artifact["data"] for artifact in found}


@pytest.fixture(scope="session")
def prefect(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One server for all tests: it takes half a minute to start."""
    with server.local_server(Workspace.create(tmp_path_factory.mktemp("prefect") / "work"), seconds=600) as url:
        yield Server(url)


@pytest.fixture
def program(prefect: Server, tmp_path: Path) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Starts a Python program of a test as a process of its own, under the server; ended with the test."""
    started: list[subprocess.Popen[str]] = []

    def start(source: str, *words: str) -> subprocess.Popen[str]:
        file = tmp_path / f"program_{len(started)}.py"
        file.write_text(source, encoding="utf-8")
        process = subprocess.Popen(
            [sys.executable, str(file), *words],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,  # as in a terminal of its own
            env={**os.environ, "PREFECT_API_URL": prefect.url, "PREFECT_RUNNER_POLL_FREQUENCY": "1"},
        )
        started.append(process)
        return process

    yield start
    for process in started:
        if process.poll() is None:
            process.terminate()
            try:
                process.wait(120)
            except subprocess.TimeoutExpired:
                process.kill()
        if process.stdout is not None:
            process.stdout.close()
