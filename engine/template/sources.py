"""The files of a template: found in a workspace or among our own, and read with their positions for `lint`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from hashlib import sha256
from pathlib import Path

import engine
from engine import yaml
from engine.errors import ConfigError, NotFound, Place, Problem

BUILT_IN = Path(engine.__file__).resolve().parent.parent
"""Where our own `processes/` and `forms/` lie: found from the package; workspaces have such folders too."""


@dataclass(frozen=True)
class Sources:
    """The files of one template as read: for lint, which needs their positions."""

    document: yaml.Document
    forms: Mapping[str, yaml.Document]
    folders: tuple[Path, ...] = ()
    """Where it was looked for, and templates that it names are."""
    unread: Mapping[str, Problem] = field(default_factory=dict)
    """Why forms are not among them: by name, the files that cannot be read, and those that stand beside another."""

    @property
    def form_names(self) -> list[str]:
        """The forms that there are, readable or not."""
        return [*self.forms, *(name for name in self.unread if name not in self.forms)]


def find(name: str, folders: Sequence[Path]) -> Sources:
    """The files of a template, from the first folder that has it; raise `NotFound` or `ConfigError`."""
    for folder in folders:
        path = folder / "processes" / f"{name}.yaml"
        if path.is_file():
            forms, unread = _forms(folder / "forms" / name)
            return Sources(yaml.load_file(path), forms, tuple(folders), unread)
    known = templates_in(folders)
    close = get_close_matches(name, known, 1)
    raise NotFound(
        f"there is no template “{name}”",
        hint=f"Did you mean “{close[0]}”?" if close else f"There are: {', '.join(known)}.",
    )


def fingerprint(name: str, folders: Sequence[Path]) -> str:
    """The hash of a template's files as they are: another where a byte, a name or the folder is."""
    found = sha256()
    for folder in folders:
        path = folder / "processes" / f"{name}.yaml"
        if path.is_file():
            for file in (path, *_form_files(folder / "forms" / name)):
                content = file.read_bytes() if file.is_file() else b""
                found.update(f"{file}:{len(content)}:".encode() + content)
            break
    return found.hexdigest()


def same_number(sources: Sources, folders: Sequence[Path]) -> Iterator[Sources]:
    """The template of the same name in other folders, where it has the same number; left out if it cannot be read."""
    mine = sources.document
    name = Path(mine.file).stem
    for folder in folders:
        path = folder / "processes" / f"{name}.yaml"
        if not path.is_file() or path.samefile(mine.file):
            continue
        try:
            other = find(name, [folder])
        except ConfigError:
            continue
        if _number(other.document) == _number(mine) and not other.unread:
            yield other


def _number(document: yaml.Document) -> tuple[object, object]:
    data = document.data if isinstance(document.data, dict) else {}
    return data.get("template"), data.get("version")


def templates_in(folders: Sequence[Path]) -> list[str]:
    """The names of the templates that there are."""
    return sorted({path.stem for folder in folders for path in (folder / "processes").glob("*.yaml")})


def mentions(name: str, word: str, folders: Sequence[Path]) -> bool:
    """Whether a word stands in a template's file: of many templates, which are worth reading."""
    files = (folder / "processes" / f"{name}.yaml" for folder in folders)
    found = next((path for path in files if path.is_file()), None)
    return found is not None and word.encode() in found.read_bytes()


def _forms(folder: Path) -> tuple[dict[str, yaml.Document], dict[str, Problem]]:
    """The forms in a folder, and what is wrong with those that cannot be had."""
    forms: dict[str, yaml.Document] = {}
    unread: dict[str, Problem] = {}
    for path in _form_files(folder):
        if path.stem in forms:
            message = f"the form “{path.stem}” lies in {Path(forms[path.stem].file).name} too"
            unread[path.stem] = Problem("form-twice", message, Place(str(path), 1, 1), "Keep one of the two files.")
            continue
        try:
            forms[path.stem] = yaml.load_file(path)
        except ConfigError as error:
            unread[path.stem] = unreadable(error, path)
    return forms, unread


def _form_files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.glob("*") if path.suffix in (".yaml", ".json"))


def unreadable(error: ConfigError, path: Path) -> Problem:
    """What lint tells of a file that cannot be read at all."""
    where = error.where if isinstance(error.where, Place) else Place(str(error.where or path))
    return Problem("unreadable", error.message, where, error.hint)
