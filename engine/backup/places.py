"""Where backups lie: a folder, or one zip file. Written whole or not at all; read file by file, each against its hash.

A backup is put together in a folder of its own beside its place, and takes its name by one rename when all of it is on
disk. What was broken off has no manifest and another name, and the next backup to that place clears it away.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import BinaryIO, Final
from zipfile import ZIP_DEFLATED, BadZipFile, ZipFile

from engine.backup import manifest
from engine.backup.manifest import Manifest, Piece
from engine.errors import Conflict, IntegrityFault, NotFound, StoreError

ZIP: Final = ".zip"
BLOCK: Final = 1 << 20
_UNREADABLE = (
    KeyError,
    FileNotFoundError,
    BadZipFile,
    EOFError,
    NotImplementedError,
    RuntimeError,
    ValueError,
    zlib.error,
)
"""What is raised for a file that is gone, and by zipfile for changed bytes (RuntimeError: it then seems encrypted)."""
_BROKEN = "Use another backup: this one was broken off while it was made, or was changed since."


@dataclass
class Packing:
    """A backup that is being made: `scratch` is a folder for what is made on the way."""

    scratch: Path
    _folder: Path | None
    _zip: ZipFile | None
    pieces: dict[str, Piece] = field(default_factory=dict)

    def add(self, path: str, source: Path) -> None:
        """Take a file in under a path."""
        with source.open("rb") as content, self._new(path) as target:
            self.pieces[path] = _copied(content, target)

    def finish(self, found: Manifest) -> None:
        """Write the manifest, as the last of all files."""
        with self._new(manifest.NAME) as target:
            target.write(found.text())

    @contextmanager
    def _new(self, path: str) -> Iterator[BinaryIO]:
        if self._zip is not None:
            with self._zip.open(path, "w", force_zip64=True) as entry:
                yield entry  # type: ignore[misc]  # zipfile's own kind of binary file
        elif self._folder is not None:
            with new_file(self._folder / path) as file:
                yield file


@contextmanager
def new_backup(to: Path) -> Iterator[Packing]:
    """A backup to fill and finish; it is at its place, on disk, when the block ends well, and nowhere else.

    Raises `Conflict` where something is there already, `NotFound` where its folder is missing, and `StoreError` where
    the disk fails.
    """
    if not to.parent.is_dir():
        raise NotFound(f"there is no folder {to.parent}", hint="Make it first, or choose another.")
    if os.path.lexists(to):
        raise _taken(to)
    with storing("the backup could not be written", to), working_folder(to.with_name(f".{to.name}.partial")) as work:
        scratch, made = work / "scratch", work / "made"
        scratch.mkdir(mode=0o700)
        if to.suffix == ZIP:
            with new_file(made) as file, ZipFile(file, "w", ZIP_DEFLATED) as archive:
                yield Packing(scratch, None, archive)
        else:
            made.mkdir(mode=0o700)
            yield Packing(scratch, made, None)
            sync_tree(made)
        _named(made, to)


def _named(made: Path, to: Path) -> None:
    """Give what is whole its name; raise `Conflict` where somebody else was first."""
    try:
        if made.is_dir():
            made.rename(to)
        else:
            os.link(made, to)
    except OSError as error:
        if os.path.lexists(to):
            raise _taken(to) from error
        raise
    sync(to.parent)


def _taken(to: Path) -> Conflict:
    return Conflict(f"there is something at {to} already", hint="Choose another name: a backup replaces no other.")


@contextmanager
def working_folder(path: Path) -> Iterator[Path]:
    """A folder to make something in, for one at a time; what one that was broken off has left there is gone.

    Raises `Conflict` where another is at it.
    """
    path.mkdir(mode=0o700, exist_ok=True)
    handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Conflict("somebody else is at it already", hint="Wait until that is done.", where=str(path)) from None
        for left in path.iterdir():
            shutil.rmtree(left) if left.is_dir() and not left.is_symlink() else left.unlink()
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)
        os.close(handle)


# -- reading -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Opened:
    """A backup to read from."""

    place: Path
    manifest: Manifest
    _zip: ZipFile | None = None

    def paths(self, folder: str) -> list[str]:
        """The files below a folder of the backup."""
        return [path for path in self.manifest.files if path.startswith(f"{folder}/")]

    def take(self, path: str, to: Path) -> None:
        """Copy a file out, on disk when this returns; raise `IntegrityFault` where it is not what was stored."""
        with new_file(to) as target:
            self._check(path, target)

    def check(self) -> None:
        """Read every file; raise `IntegrityFault` for the first that is not what was stored."""
        with Path(os.devnull).open("wb") as nowhere:
            for path in self.manifest.files:
                self._check(path, nowhere)

    def _check(self, path: str, target: BinaryIO) -> None:
        wanted = self.manifest.files[path]
        try:
            with self._content(path) as content:
                found = _copied(content, target, wanted.size)
        except _UNREADABLE as error:
            raise IntegrityFault(
                f"the backup's {path} is gone or cannot be read: {error}", hint=_BROKEN, where=str(self.place)
            ) from error
        if found != wanted:
            raise IntegrityFault(f"the backup's {path} was changed", hint=_BROKEN, where=str(self.place))

    def _content(self, path: str) -> BinaryIO:
        if self._zip is not None:
            return self._zip.open(path)  # type: ignore[return-value]  # zipfile's own kind of binary file
        return (self.place / path).open("rb")


@contextmanager
def opened(place: Path) -> Iterator[Opened]:
    """The backup at a place; raise `NotFound` where there is none, `IntegrityFault` where it is not whole."""
    with storing("the backup cannot be read", place):
        if place.is_dir():
            try:
                text = (place / manifest.NAME).read_bytes()
            except FileNotFoundError:
                raise _no_backup(place) from None
            yield Opened(place, manifest.parse(text, str(place)))
            return
        if not place.is_file():
            raise NotFound(f"there is no backup at {place}", hint="Give the folder or the .zip that was made.")
        with _archive(place) as archive:
            yield Opened(place, manifest.parse(_entry(archive, place), str(place)), archive)


def _archive(place: Path) -> ZipFile:
    try:
        return ZipFile(place)
    except _UNREADABLE:
        raise _no_backup(place) from None


def _entry(archive: ZipFile, place: Path) -> bytes:
    try:
        return archive.read(manifest.NAME)
    except _UNREADABLE:
        raise _no_backup(place) from None


def holds(place: Path) -> manifest.Holds | None:
    """What a backup at a place holds; None where there is no backup."""
    if not (place / manifest.NAME).is_file() and not (place.is_file() and place.suffix == ZIP):
        return None
    try:
        with opened(place) as found:
            return found.manifest.holds
    except (IntegrityFault, NotFound, StoreError):
        return None


def _no_backup(place: Path) -> IntegrityFault:
    return IntegrityFault(f"{place} is no whole backup: it has no manifest", hint=_BROKEN)


# -- files -------------------------------------------------------------------------------------------------------------


@contextmanager
def storing(what: str, place: Path) -> Iterator[None]:
    """What goes wrong with files, as one of our errors."""
    try:
        yield
    except OSError as error:
        raise StoreError(
            f"{what}: {error.strerror or error}",
            hint="Check room and permissions there, then begin again; what was there before is as it was.",
            where=str(error.filename or place),
        ) from error


@contextmanager
def new_file(path: Path) -> Iterator[BinaryIO]:
    """A new file for its owner's eyes, on disk at the end."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600), "w+b") as file:
        yield file
        file.flush()
        os.fsync(file.fileno())


def sync_tree(folder: Path) -> None:
    """Have the names below a folder on disk."""
    for found in (folder, *(path for path in folder.rglob("*") if path.is_dir())):
        sync(found)


def sync(folder: Path) -> None:
    """Have the names in a folder on disk."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _copied(content: BinaryIO, target: BinaryIO, most: int | None = None) -> Piece:
    """Copy bytes, at most so many and one more: a zip may say less than it holds."""
    digest, size = sha256(), 0
    while block := content.read(BLOCK):
        digest.update(block)
        size += len(block)
        if most is not None and size > most:
            break
        target.write(block)
    return Piece(size=size, sha256=digest.hexdigest())
