"""Prefect is never in the way: figures are computed where it is not installed, and where its server is down."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from engine.workspace import Workspace

EVALUATE = """
import sys
from datetime import date
from pathlib import Path
sys.modules["prefect"] = None  # as if it were not installed: importing it fails
from engine.workspace import Workspace
from warehouse import stages
workspace = Workspace.open(Path(sys.argv[1]))
engine = workspace.engine()
print(stages.evaluate(workspace, engine, date(2026, 11, 23)).computed.outcome)
"""
ASK = """
import sys
from datetime import date
from pathlib import Path
import importlib.util
found = importlib.util.find_spec
importlib.util.find_spec = lambda name, *rest: None if name == "prefect" else found(name, *rest)
from engine.errors import SettingsError
from engine.workspace import Workspace
from pipelines import schedule
workspace = Workspace.open(Path(sys.argv[1]))
try:
    getattr(schedule, sys.argv[2])(workspace, *([date(2026, 11, 23)] if sys.argv[2] == "run_once" else []))
except SettingsError as error:
    print(error.hint)
"""


def answer_of(source: str, *words: str) -> str:
    # Nothing listens on port 9 of this machine: whoever asked for a server there would fail.
    env = {**os.environ, "PREFECT_API_URL": "http://127.0.0.1:9/api"}
    done = subprocess.run(
        [sys.executable, "-c", source, *words], capture_output=True, text=True, check=False, env=env, timeout=280
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.mark.slow
def test_given_no_prefect_and_no_server_when_evaluated_in_process_then_figures_are_computed(
    workspace: Workspace,
) -> None:
    assert answer_of(EVALUATE, str(workspace.root)) == "computed"


@pytest.mark.parametrize("function", ["run_once", "serve"])
def test_given_no_prefect_when_a_flow_is_asked_for_then_told_how_to_install_it(
    workspace: Workspace, function: str
) -> None:
    assert "pip install 'samskap[pipelines]'" in answer_of(ASK, str(workspace.root), function)


@pytest.mark.slow
def test_given_a_server_that_is_down_when_run_once_then_a_sentence_names_it(workspace: Workspace) -> None:
    source = ASK.split("import importlib.util", maxsplit=1)[0] + (
        "from engine.errors import StoreError\nfrom engine.workspace import Workspace\nfrom pipelines import schedule\n"
        "try:\n    schedule.run_once(Workspace.open(Path(sys.argv[1])), date(2026, 11, 23))\n"
        "except StoreError as error:\n    print(error)\n"
    )
    assert answer_of(source, str(workspace.root)).startswith("http://127.0.0.1:9/api: the Prefect server cannot be")
