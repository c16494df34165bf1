"""One number, one content: a template beside others with its number, on disk and as it was published (drift).

Running processes go on with what was published, whatever the files say; here their author is told.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from engine.errors import Place, Problem
from engine.yaml import Document


def problems(
    document: Document, content: str, beside: Mapping[str, str], published: Mapping[str, str]
) -> Iterator[Problem]:
    """What of a readable template clashes with others of its name.

    `content` is the hash of its bundle; `beside` those of other files with its number, by file; `published` those that
    were published, by version.
    """
    data = document.data if isinstance(document.data, dict) else {}
    name, version = str(data.get("template")), str(data.get("version"))
    where, hint = document.place(("version",)), "Raise the version."
    for file, other in beside.items():
        if other != content:
            yield Problem("same-number", f"{file} has {name} {version} too, with other content", where, hint)
    if published.get(version, content) != content:
        message = f"{name} {version} was published with other content; running processes go on with that"
        yield Problem("published-otherwise", message, where, "Raise the version, then publish it.")


def gone(running: Iterable[str], folders: Sequence[Path]) -> Iterator[Problem]:
    """Templates that processes run on and whose files are no more."""
    for name in sorted(set(running)):
        files = [folder / "processes" / f"{name}.yaml" for folder in folders]
        if not any(file.is_file() for file in files):
            message = f"processes run on “{name}”, and its file is gone; they go on with what was published"
            hint = "Put the file back, or retire its versions: `samskap retire`."
            yield Problem("published-gone", message, Place(str(files[0])), hint, "warning")
