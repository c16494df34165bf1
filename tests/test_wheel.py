"""The wheel: it holds every room, and works away from the checkout."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
ROOMS = ("engine", "warehouse", "pipelines", "cli", "processes", "forms")
FILES = (
    "processes/samson.yaml",
    "processes/soimpact.yaml",
    "processes/template.schema.json",
    "processes/scenario.schema.json",
    "processes/plan.schema.json",
    "forms/form.schema.json",
    "forms/samson/answers.yaml",
    "forms/soimpact/indicators.yaml",
    "warehouse/tables.sql",
    "warehouse/sources/tables.sql",
    "warehouse/models/core/measurement.sql",
    "warehouse/models/marts/effects.sql",
    "warehouse/query/child.py",
    "cli/examples/nsw/nsw.csv",
    "cli/examples/umea_2022/figures.csv",
    "cli/examples/made_up_collaboration/collaboration.yaml",
    "engine/py.typed",
)

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), str(ROOT)]
    subprocess.run(command, check=True, capture_output=True, timeout=280)
    return next(folder.glob("*.whl"))


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A virtual environment with the wheel in it; what it depends on is lent from ours, the checkout is not."""
    folder = tmp_path_factory.mktemp("installed")
    subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True, timeout=280)
    python = folder / "bin" / "python"
    pip = [str(python), "-m", "pip", "install", "--quiet", "--no-deps", "--no-index", str(wheel)]
    subprocess.run(pip, check=True, timeout=280)
    (site,) = folder.glob("lib/python*/site-packages")
    (site / "lent.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return folder


def test_given_the_wheel_when_listed_then_every_room_is_in_it(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    assert {name.split("/")[0] for name in names if not name.split("/")[0].endswith(".dist-info")} == set(ROOMS)
    assert [file for file in FILES if file not in names] == []


def test_given_the_wheel_when_installed_then_nothing_comes_from_the_checkout(installed: Path, tmp_path: Path) -> None:
    code = "import engine, warehouse, pipelines, cli; print(*(m.__file__ for m in (engine, warehouse, pipelines, cli)))"
    python = installed / "bin" / "python"
    found = subprocess.run([python, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True, timeout=280)
    assert all(str(installed) in path for path in found.stdout.split())


def test_given_the_wheel_when_the_demo_runs_in_a_workspaces_folder_then_it_works(
    installed: Path, tmp_path: Path
) -> None:
    """Folders of a workspace's own with the names of ours must not get in the way."""
    for name in ("processes", "forms"):
        (tmp_path / name).mkdir()
    environment = {**os.environ, "PATH": f"{installed / 'bin'}:{os.environ['PATH']}"}
    done = subprocess.run(
        [str(installed / "bin" / "samskap"), "demo", "demo"],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=280,
    )
    assert done.returncode == 0, done.stderr
    assert "1,794.34" in done.stdout
