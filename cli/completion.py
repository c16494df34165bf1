"""Names that a shell can complete, found without opening the engine: a key press must not take a second.

What cannot be read is not completed: completion never fails and never says anything.
"""

from __future__ import annotations

import os
import sqlite3
import tomllib
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import typer


def process_names(ctx: typer.Context, incomplete: str) -> list[str]:
    """The processes of the workspace that begin so."""
    folder = _workspace(ctx)
    names = _stored_names(folder) if folder else []
    return [name for name in names if name.startswith(incomplete)]


def _stored_names(folder: Path) -> list[str]:
    """The names of all processes in the workspace's file; none where they lie elsewhere, as a server may be away."""
    try:
        if _store_url(folder):
            return []
        with closing(sqlite3.connect(f"{(folder / 'data/events.sqlite').as_uri()}?mode=ro", uri=True)) as store:
            return [str(name) for (name,) in store.execute("SELECT name FROM process ORDER BY name").fetchall()]
    except (sqlite3.Error, OSError, ValueError):
        return []


def _store_url(folder: Path) -> str:
    """The setting `store_url`, read without the settings' own machinery."""
    found = os.environ.get("SAMSKAP_STORE_URL")
    if found is None:
        found = tomllib.loads((folder / "samskap.toml").read_text(encoding="utf-8")).get("store_url")
    return str(found or "")


def template_names(ctx: typer.Context, incomplete: str) -> list[str]:
    """The templates of the workspace, and the built-in ones, that begin so."""
    folders = [Path(__file__).resolve().parent.parent, _workspace(ctx)]
    found = {path.stem for folder in folders if folder for path in (folder / "processes").glob("*.yaml")}
    return sorted(name for name in found if name.startswith(incomplete))


def _workspace(ctx: typer.Context) -> Path | None:
    """The folder of the workspace, if there is one."""
    named = getattr(ctx.find_root().obj, "folder", None) or os.environ.get("SAMSKAP_WORKSPACE")
    return next((folder for folder in _candidates(named) if (folder / "samskap.toml").is_file()), None)


def _candidates(named: str | None) -> Iterator[Path]:
    if named:
        yield Path(named).resolve()
    else:
        yield from (Path.cwd(), *Path.cwd().parents)
