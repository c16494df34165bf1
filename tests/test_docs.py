"""Every command in the README and the docs is run, in the order it stands in, in an empty folder.

A block marked `sh until-stopped` holds one command that goes on for ever: it is begun, and ended when it waits.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from engine import yaml
from engine.engine import Engine
from engine.form.language import KINDS
from engine.form.schema import read_form
from engine.store.people import People

if TYPE_CHECKING:
    from _pytest.mark import ParameterSet

ROOT = Path(__file__).resolve().parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
_BLOCK = re.compile(r"^```sh(| until-stopped)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_UNTIL_IT_WAITS = """
{command} > ../told 2>&1 &
until grep -q "waiting for" ../told; do kill -0 $! && sleep 0.2; done
kill -TERM $!
wait $!
"""
_LINK = re.compile(r"\]\((?!https?:|#|mailto:)([^)#\s]+)")


def commands(page: Path) -> str:
    blocks = _BLOCK.findall(page.read_text(encoding="utf-8"))
    return "\n".join(_UNTIL_IT_WAITS.format(command=text.strip()) if goes_on else text for goes_on, text in blocks)


def cases() -> list[ParameterSet]:
    """The pages with commands; those that need a Prefect server take long."""
    found = [(page, commands(page)) for page in PAGES]
    return [
        pytest.param(page, id=page.name, marks=[pytest.mark.slow] if "--prefect" in text or "schedule" in text else [])
        for page, text in found
        if text
    ]


@pytest.mark.parametrize("page", cases())
def test_given_a_page_when_its_commands_are_typed_then_they_work(page: Path, tmp_path: Path) -> None:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("SAMSKAP_")}
    environment["PATH"] = f"{Path(sys.executable).parent}:{environment['PATH']}"
    environment["EXAMPLES"] = str(ROOT / "examples")
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", commands(page)],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=280,
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_given_a_page_when_it_points_somewhere_then_that_is_there(page: Path) -> None:
    targets = [page.parent / link for link in _LINK.findall(page.read_text(encoding="utf-8"))]
    assert [str(target) for target in targets if not target.exists()] == []


def test_given_the_form_on_the_page_of_forms_when_linted_then_nothing_is_found() -> None:
    page = (ROOT / "docs/reference/forms.md").read_text(encoding="utf-8")
    (text,) = re.findall(r"^```yaml form\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    form, problems = read_form(yaml.load(text, "plan.yaml"))
    assert form is not None
    assert problems == []
    assert {field.kind for field in form.fields.values()} == set(KINDS) - {"integer", "object"}


def test_given_the_page_on_python_when_it_names_a_function_then_that_is_there() -> None:
    page = (ROOT / "docs/how-to/use-from-python.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`(engine(?:\.\w+)+)", page)) - {"engine.process.commands", "engine.engine.Engine"}
    assert len(named) > 20
    assert [name for name in sorted(named) if not _is_there(name)] == []


def _is_there(name: str) -> bool:
    """Whether a dotted name is a function of a module, or of an engine or the people whom it knows."""
    where, _, what = name.rpartition(".")
    if where == "engine.people":
        return hasattr(People, what)
    return hasattr(Engine, what) if where == "engine" else hasattr(import_module(where), what)


@pytest.mark.slow
def test_given_the_readme_when_its_first_command_is_typed_then_the_demo_runs_to_its_end(tmp_path: Path) -> None:
    assert "\nmake demo " in (ROOT / "README.md").read_text(encoding="utf-8")
    here = Path(sys.prefix)  # what is set up already need not be set up again
    command = ["make", "-f", str(ROOT / "Makefile"), "-o", str(here / ".installed"), f"VENV={here}", "demo"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=280)
    assert (done.returncode, "\nDone in " in done.stdout) == (0, True), done.stdout + done.stderr


def test_given_the_documentation_when_looked_for_from_its_first_page_then_every_page_is_pointed_to() -> None:
    pointed_to = {
        (ROOT / "docs" / link).resolve() for link in _LINK.findall((ROOT / "docs/README.md").read_text("utf-8"))
    }
    pages = {page for page in PAGES if page.parent.name in ("tutorial", "how-to", "reference", "explanation")}
    assert sorted(str(page) for page in pages - pointed_to) == []
