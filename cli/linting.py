"""What `samskap lint` looks at: the rules are the engine's and the warehouse's; here they are put together.

A name is a template's, or a source's (`sources/<name>.source.yaml` of the workspace).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from engine.engine import Engine
from engine.errors import ConfigError, LintError, NotFound, Place, Problem
from engine.template import bundle
from engine.template.chart import Definition
from engine.template.lint import lint
from engine.template.sources import BUILT_IN, Sources, find
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
    try:
        if is_source:
            yield from _of_source(source)
        yield from _of_template(name, folders, engine)
    except NotFound:
        if not is_source:
            raise
    except ConfigError as error:  # a file that cannot be read at all
        where = error.where if isinstance(error.where, Place) else Place(str(error.where or name))
        yield Problem("unreadable", error.message, where, error.hint)


def _of_template(name: str, folders: Sequence[Path], engine: Engine | None) -> Iterator[Problem]:
    sources = find(name, folders)
    parsed, problems = bundle.parse(sources)
    yield from problems
    if parsed is None:
        return
    found = lint(Definition(parsed[0], parsed[1], file=sources.document.file), sources)
    yield from found
    if engine is not None and not any(p.severity == "error" for p in (*problems, *found)):
        yield from _drift(bundle.read(name, folders), sources, engine)


def _drift(read: bundle.Bundle, sources: Sources, engine: Engine) -> Iterator[Problem]:
    """Whether this version was published with other content: running processes keep what was published."""
    for published in engine.published(read.name):
        if published.version == read.version and published.bundle != read.hash:
            yield Problem(
                "published-otherwise",
                f"{read.name} {read.version} was published with other content; running processes go on with that",
                sources.document.place(("version",)),
                "Raise the version, then publish it.",
            )


def _of_source(path: Path) -> Iterator[Problem]:
    from warehouse.sources.contract import read_contract  # noqa: PLC0415 (only where there is a source)

    try:
        read_contract(path)
    except LintError as error:
        yield from error.problems
