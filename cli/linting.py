"""What `samskap lint` looks at: the rules are the engine's and the warehouse's; here they are put together.

A name is a template's, or a source's (`sources/<name>.source.yaml` of the workspace).
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from engine.errors import ConfigError, LintError, NotFound, Problem
from engine.template import bundle
from engine.template.lint import versions
from engine.template.sources import BUILT_IN, unreadable

if TYPE_CHECKING:  # the engine itself takes half of a second to import, and lint outside of a workspace needs none
    from engine.engine import Engine
    from engine.workspace import Workspace

SUFFIX = ".source.yaml"


def own_names(workspace: Workspace) -> list[str]:
    """The templates and sources that lie in the workspace itself."""
    templates = [path.stem for path in (workspace.root / "processes").glob("*.yaml")]
    sources = [path.name.removesuffix(SUFFIX) for path in workspace.sources.glob(f"*{SUFFIX}")]
    return sorted({*templates, *sources})


def problems_of(name: str, workspace: Workspace | None, engine: Engine | None) -> Iterator[Problem]:
    """Everything that is wrong with a template or source, warnings too; raise `NotFound` for a name that is neither."""
    folders = workspace.bundle_folders if workspace else (BUILT_IN,)
    source = workspace.sources / f"{name}{SUFFIX}" if workspace else Path(f"{name}{SUFFIX}")
    is_source = workspace is not None and source.is_file()
    published = {one.version: one.bundle for one in engine.published(name)} if engine else {}
    try:
        if is_source:
            yield from _of_source(source)
        yield from bundle.problems_of(name, folders, published)
    except NotFound:
        if not is_source:
            raise
    except ConfigError as error:  # a file that cannot be read at all
        yield unreadable(error, Path(name))


def gone(workspace: Workspace, engine: Engine) -> Iterator[Problem]:
    """What is told of templates that processes run on and whose files are no more."""
    from engine.engine import GOING_ON  # noqa: PLC0415 (only where there is an engine)

    running = (str(row["template"]) for row in engine.processes() if row["status"] in GOING_ON)
    return versions.gone(running, workspace.bundle_folders)


def _of_source(path: Path) -> Iterator[Problem]:
    from warehouse.sources.contract import read_contract  # noqa: PLC0415 (only where there is a source)

    try:
        read_contract(path)
    except LintError as error:
        yield from error.problems


# -- as GitHub reads it -----------------------------------------------------------------------------------------------


def workflow_command(problem: Problem) -> str:
    """A problem as a workflow command of GitHub Actions, which shows it beside the line that it is about.

    Escaped as GitHub's own toolkit does (actions/toolkit, packages/core/src/command.ts); the file is told from where
    the command runs, as a checkout has it.
    """
    place = problem.where
    file = Path(place.file).resolve()
    shown = file.relative_to(Path.cwd()) if file.is_relative_to(Path.cwd()) else file
    at = {"file": str(shown), "line": place.line or "", "col": place.column or "", "title": problem.rule}
    properties = ",".join(f"{key}={_property(str(value))}" for key, value in at.items() if value)
    return f"::{problem.severity} {properties}::{_data(f'{problem.message}. {problem.hint}'.strip())}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
