"""The files of a template: found in a workspace or among our own, and read with their positions for `lint`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

import engine
from engine import yaml
from engine.errors import ConfigError, NotFound

BUILT_IN = Path(engine.__file__).resolve().parent.parent
"""Where our own `processes/` and `forms/` lie: found from the package; workspaces have such folders too."""


@dataclass(frozen=True)
class Sources:
    """The files of one template as read: for lint, which needs their positions."""

    document: yaml.Document
    forms: Mapping[str, yaml.Document]
    folders: tuple[Path, ...] = ()
    """Where it was looked for, and templates that it names are."""


def find(name: str, folders: Sequence[Path]) -> Sources:
    """The files of a template, from the first folder that has it; raise `NotFound` or `ConfigError`."""
    for folder in folders:
        path = folder / "processes" / f"{name}.yaml"
        if path.is_file():
            return Sources(yaml.load_file(path), _forms(folder / "forms" / name), tuple(folders))
    known = templates_in(folders)
    close = get_close_matches(name, known, 1)
    raise NotFound(
        f"there is no template “{name}”",
        hint=f"Did you mean “{close[0]}”?" if close else f"There are: {', '.join(known)}.",
    )


def same_number(sources: Sources, folders: Sequence[Path]) -> Iterator[Sources]:
    """The template of the same name in other folders, where it has the same number; left out if it cannot be read."""
    mine = sources.document
    name = Path(mine.file).stem
    for folder in folders:
        path = folder / "processes" / f"{name}.yaml"
        if not path.is_file() or path.samefile(mine.file):
            continue
        try:
            other = Sources(yaml.load_file(path), _forms(folder / "forms" / name))
        except ConfigError:
            continue
        if _number(other.document) == _number(mine):
            yield other


def _number(document: yaml.Document) -> tuple[object, object]:
    data = document.data if isinstance(document.data, dict) else {}
    return data.get("template"), data.get("version")


def templates_in(folders: Sequence[Path]) -> list[str]:
    """The names of the templates that there are."""
    return sorted({path.stem for folder in folders for path in (folder / "processes").glob("*.yaml")})


def _forms(folder: Path) -> dict[str, yaml.Document]:
    paths = sorted(path for path in folder.glob("*") if path.suffix in (".yaml", ".json"))
    return {path.stem: yaml.load_file(path) for path in paths}
