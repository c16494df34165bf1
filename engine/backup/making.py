"""Making a backup while others write, and one of the keys, apart from it.

The log is read in one snapshot and written row by row into a new SQLite file, whatever store it is kept in: nothing
that was deleted comes along in free pages, and a backup of either store can be restored into either. Landed files are
taken after the log, so that every one that an event names is there; they never change.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from typing import Final

from engine.backup.manifest import KnownFault, LogState, Manifest
from engine.backup.places import ZIP, Packing, holds, new_backup
from engine.engine import Engine
from engine.errors import NotFound, Refused, SettingsError, StoreError
from engine.progress import Progress, quiet
from engine.store.copying import carry, stored
from engine.store.heads import head
from engine.store.log import Log
from engine.store.sqlite import SqliteLog
from engine.store.tables import FOLDS
from engine.store.verify import verify
from engine.workspace import FILE, FOLDERS, Workspace

LOG: Final = "events.sqlite"
LANDING: Final = "landing"
CONFIG: Final = "config"
KEYS: Final = "keys"
KEY_FILES: Final = (".key", ".gone")
"""Keys, and what stands where one was destroyed."""
CONFIG_FOLDERS: Final = tuple(name for name in (*FOLDERS, "measures") if name != "data")


def back_up(workspace: Workspace, engine: Engine, to: Path, *, at: datetime, progress: Progress = quiet) -> Manifest:
    """Back up log, landing and config to a new folder, or to one file where the name ends with `.zip`.

    A log that was changed behind the engine's back is backed up as it is; the manifest names what is wrong with it.
    Raises `Refused` where a backup of the keys lies beside, `Conflict` where something is there already, and
    `StoreError` where reading or writing fails: then there is no backup.
    """
    _apart(to, "log", workspace)
    with new_backup(to) as packing:
        state = _log(engine, packing, progress)
        for path, source in (*_landing(workspace), *_config(workspace)):
            progress("copying files", len(packing.pieces), 0)
            packing.add(path, source)
        made = Manifest(holds="log", made_at=at, made_by=_program(), log=state, files=packing.pieces)
        packing.finish(made)
    return made


def put_aside(workspace: Workspace, engine: Engine, to: Path, *, at: datetime, progress: Progress) -> Manifest:
    """Back up what a restore replaces. Landed files are not among it: they stay where they are."""
    with new_backup(to) as packing:
        state = _log(engine, packing, progress)
        for path, source in _config(workspace):
            packing.add(path, source)
        made = Manifest(holds="log", made_at=at, made_by=_program(), log=state, files=packing.pieces)
        packing.finish(made)
    return made


def back_up_keys(workspace: Workspace, to: Path, *, at: datetime) -> Manifest:
    """Back up the keys to a new folder or zip, where no backup of the log lies; raises what `back_up` raises."""
    folder = workspace.data / KEYS
    if not any(folder.rglob("*.key")):
        raise NotFound("there are no keys here", hint="Nothing needs them yet, or they are lost.", where=str(folder))
    _apart(to, "keys", workspace)
    with new_backup(to) as packing:
        for source in sorted(path for path in folder.rglob("*") if path.suffix in KEY_FILES):
            packing.add(f"{KEYS}/{source.relative_to(folder).as_posix()}", source)
        made = Manifest(holds="keys", made_at=at, made_by=_program(), files=packing.pieces)
        packing.finish(made)
    return made


def _log(engine: Engine, packing: Packing, progress: Progress) -> LogState:
    """The log as it is now, in a file of its own; what is checked is what was written."""
    file = packing.scratch / LOG
    with closing(_new_log(file)) as copied:
        with engine.log.snapshot() as still:
            carry(still, copied, stored(still, FOLDS), of=still.position(), progress=progress)
        state = state_of(copied, about=engine.log.about(), keys=engine.keys.mark(), progress=progress)
    packing.add(LOG, file)
    return state


def _new_log(file: Path) -> SqliteLog:
    try:
        return SqliteLog(file)
    except SettingsError as error:  # the folder is ours: its disk fails
        raise StoreError(f"the backup could not be written: {error.message}", hint="Is the disk full?") from error


def state_of(copied: Log, *, about: str, keys: str | None, progress: Progress = quiet) -> LogState:
    """How a log that goes into a backup stands; `about` is where it came from, `keys` the mark of those it needs."""
    verdict, newest = verify(copied, lambda done: progress("checking the backup", done, 0)), head(copied)
    return LogState(
        about=about,
        head=str(newest),
        position=newest.position,
        streams=verdict.streams,
        events=verdict.events,
        faults=tuple(KnownFault(stream=f.stream, sequence=f.sequence, what=f.what) for f in verdict.faults),
        keys=keys,
    )


def _landing(workspace: Workspace) -> Iterator[tuple[str, Path]]:
    for source in _files(workspace.landing):
        yield f"{LANDING}/{source.relative_to(workspace.landing).as_posix()}", source


def _config(workspace: Workspace) -> Iterator[tuple[str, Path]]:
    for name in (FILE, ".gitignore"):
        if (workspace.root / name).is_file():
            yield f"{CONFIG}/{name}", workspace.root / name
    for name in CONFIG_FOLDERS:
        for source in _files(workspace.root / name):
            yield f"{CONFIG}/{source.relative_to(workspace.root).as_posix()}", source


def _files(folder: Path) -> Iterator[Path]:
    """The files below a folder, without drafts and what is hidden."""
    found = folder.rglob("*") if folder.is_dir() else ()
    for path in sorted(found):
        if path.is_file() and not any(part.startswith(".") for part in path.relative_to(folder).parts):
            yield path


def _apart(to: Path, what: str, workspace: Workspace) -> None:
    """Raise `Refused` where keys and log would lie in one place: whoever took it along could read everything."""
    place = to.absolute().parent.resolve()
    if place.is_relative_to(workspace.data.resolve()):
        raise Refused(
            "a backup in the workspace's own data folder is lost with it",
            hint="Choose a place outside of it, best on another disk.",
        )
    beside = (path for path in place.iterdir() if path.is_dir() or path.suffix == ZIP) if place.is_dir() else ()
    other = next((path for path in (place, *place.parents, *beside) if holds(path) not in (None, what)), None)
    if other is not None:
        theirs = "the keys" if what == "log" else "the log"
        raise Refused(
            f"a backup of {theirs} lies there: {other}",
            hint="Keep keys and log apart: whoever has both can read everything, and an erasure is then none.",
        )


def _program() -> str:
    return f"samskap {version('samskap')}"
