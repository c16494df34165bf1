"""Logs that a restore replaced, which lie beside the log: whoever is erased from that is erased from them too.

Each is a log of its own, with the same keys: what the list of erasures says is carried out in it as in a log from
before, and it is packed anew under its name. What restores that were killed left goes: there are keys and logs in it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from shutil import rmtree
from typing import Final

from engine.backup.making import CONFIG, LANDING, LOG, state_of
from engine.backup.places import Opened, new_backup, opened, sync, working_folder
from engine.engine import Engine
from engine.errors import IntegrityFault
from engine.personal.erasing import reapply_erasures
from engine.store.erasures import FILE as ERASURES
from engine.store.erasures import Erasures
from engine.store.sqlite import SqliteLog
from engine.workspace import Workspace

REPLACED: Final = "replaced"
"""The folder in data/ with backups of logs that were replaced."""


@contextmanager
def restoring(workspace: Workspace) -> Iterator[Path]:
    """A folder for what a restore makes on the way; while it is there no other restores, and what was left in it goes.

    Raises `Conflict` where somebody is restoring.
    """
    with working_folder(workspace.data / ".restoring") as scratch:
        for left in (workspace.data / REPLACED).glob(".*"):
            rmtree(left) if left.is_dir() else left.unlink()
        yield scratch


@dataclass(frozen=True, slots=True)
class Gone:
    """The logs in which people were erased, and those that cannot be read."""

    erased: tuple[Path, ...]
    unread: tuple[Path, ...]


def erase_in_replaced(workspace: Workspace, engine: Engine, scratch: Path, also: Callable[[Engine], object]) -> Gone:
    """Carry the list of erasures out in every log that was replaced, where it was not done before.

    `also` is done to each of them, through an engine over it.
    """
    entries = {entry.id for entry in engine.erasures.all()}
    erased, unread = list[Path](), list[Path]()
    for place in sorted((workspace.data / REPLACED).glob("*.zip")):
        try:
            with opened(place) as backup:
                if entries - set(backup.manifest.erased):
                    with working_folder(scratch / place.stem) as folder:
                        _land(backup, workspace.landing, folder)
                        _erase_in(backup, engine, folder, also)
                    erased.append(place)
        except IntegrityFault:
            unread.append(place)
    return Gone(tuple(erased), tuple(unread))


def _land(backup: Opened, landing: Path, folder: Path) -> None:
    """Put landed files, which an earlier samskap put aside too, where all others lie: people go from them there."""
    for path in backup.paths(LANDING):
        to = landing / path.removeprefix(f"{LANDING}/")
        if not to.exists():
            backup.take(path, folder / path)
            to.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            (folder / path).replace(to)


def _erase_in(backup: Opened, engine: Engine, folder: Path, also: Callable[[Engine], object]) -> None:
    """Take a log out, erase in it, and put it in the place of what it was taken from; landed files stay out."""
    found, place, file = backup.manifest, backup.place, folder / LOG
    assert found.log is not None  # what is put aside is a log
    backup.take(LOG, file)
    erasures = Erasures(folder / ERASURES)  # in the list itself all is done: in the log that is used
    erasures.take_in(engine.erasures.path)
    with closing(SqliteLog(file)) as log:
        inside = Engine(log, engine.keys, clock=engine.clock, notify=False, erasures=erasures)
        reapply_erasures(inside)
        also(inside)
        state = state_of(log, about=found.log.about, keys=found.log.keys)
    new = place.with_name(f".{place.name}")
    with new_backup(new) as packing:
        packing.add(LOG, file)
        for path in backup.paths(CONFIG):
            backup.take(path, folder / path)
            packing.add(path, folder / path)
        erased = tuple(entry.id for entry in erasures.all())
        packing.finish(found.model_copy(update={"log": state, "files": packing.pieces, "erased": erased}))
    new.replace(place)
    sync(place.parent)
