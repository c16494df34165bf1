"""Writing a file of an export: whole or not at all, for its owner's eyes, and never over another one unasked."""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from engine.errors import Conflict, NotFound, StoreError


@contextmanager
def new_file(path: Path, *, force: bool = False) -> Iterator[BinaryIO]:
    """A file to write into; it takes its name, on disk, where the block ends well, and is gone where it does not.

    Raises `Conflict` where there is something of that name (a file, unless `force`), `NotFound` where its folder is
    missing, and `StoreError` where the disk fails.
    """
    _free(path, force=force)
    draft = path.with_name(f".{secrets.token_hex(8)}.export")
    try:
        with os.fdopen(os.open(draft, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600), "w+b") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        if force:
            draft.replace(path)
        else:
            os.link(draft, path)  # fails where somebody else was first
    except FileExistsError:
        raise _taken(path) from None
    except OSError as error:
        raise StoreError(
            f"the file could not be written: {error.strerror or error}",
            hint="Check room and permissions of the folder; nothing was left behind.",
            where=str(path),
        ) from error
    finally:
        draft.unlink(missing_ok=True)


def unfinished(folder: Path) -> list[Path]:
    """The files that lie in a folder or below since a program was killed while it wrote them, or is writing them now.

    They are nobody's: whoever is writing one is told that it could not be written.
    """
    drafts = (path for path in folder.rglob(".*.export") if _UNFINISHED.fullmatch(path.name))
    return sorted(path for path in drafts if path.is_file() and not path.is_symlink())


_UNFINISHED = re.compile(r"\.[0-9a-f]{16}\.export")


def _free(path: Path, *, force: bool) -> None:
    if not path.parent.is_dir():
        raise NotFound(f"there is no folder {path.parent}", hint="Make it first, or choose another.")
    if path.is_symlink() or path.exists():
        if path.is_symlink() or not path.is_file():
            raise Conflict(f"{path} is no plain file", hint="Choose another name.")
        if not force:
            raise _taken(path)


def _taken(path: Path) -> Conflict:
    return Conflict(f"there is a file {path} already", hint="Choose another name, or replace it with --force.")
