"""A workspace from a backup, or a log put back in the place of another: all of it, or nothing.

Everything is checked before anything is changed. A new workspace is made beside its place and renamed when it is whole.
In one that is there, the log is replaced in one transaction of its store, so that whoever has it open sees the old or
the new; what was in it is backed up first. Read models are made again from the events.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import file_digest, sha256
from itertools import chain, takewhile
from pathlib import Path
from secrets import token_hex
from tempfile import TemporaryDirectory

from engine.backup.making import CONFIG, KEY_FILES, KEYS, LANDING, LOG, put_aside
from engine.backup.manifest import KnownFault, LogState, Manifest, Piece
from engine.backup.places import Opened, opened, storing, sync, sync_tree, working_folder
from engine.backup.replaced import REPLACED, restoring
from engine.engine import Engine, now_utc
from engine.errors import Conflict, IntegrityFault, KeyMissing, UsageError
from engine.personal.erasing import outstanding, reapply_erasures
from engine.progress import Progress, quiet
from engine.store import belonging, heads
from engine.store.address import create
from engine.store.copying import carry, stored, unlike
from engine.store.keys import KeyFolder
from engine.store.log import Log, Row
from engine.store.sessions import all_ended
from engine.store.sqlite import SqliteLog
from engine.store.tables import ANYTHING, FOLDS
from engine.store.verify import verify
from engine.workspace import FILE, Workspace


@dataclass(frozen=True, kw_only=True, slots=True)
class Wishes:
    """How to restore: the keys to put back, the head that the log must reach, what may be replaced or be missing.

    `erasures` is a copy of the list of erasures that was kept elsewhere: what stands in it is erased again.
    """

    keys: Path | None = None
    erasures: Path | None = None
    kept: heads.Head | None = None
    replace: bool = False
    without_keys: bool = False
    verify: bool = False


@dataclass(frozen=True, slots=True)
class Restored:
    """What came of a restore.

    `lost` is how many events the workspace held that the backup does not; `replaced` where a backup of them lies.
    `kept_config` are files of the workspace that differ from the backup's, and stay. `differing` are read models that
    did not hold what the events give; None where nobody asked, or nobody can say. `erased` are the erasures that were
    done again; `has_erasures` is whether there is a list of them at all: without one whoever was erased since the
    backup is back.
    """

    workspace: Path
    log: LogState
    lost: int = 0
    replaced: Path | None = None
    keys: int = 0
    landed: int = 0
    kept_config: tuple[str, ...] = ()
    differing: tuple[str, ...] | None = None
    erased: tuple[str, ...] = ()
    has_erasures: bool = False


@dataclass(frozen=True, slots=True)
class _There:
    """What is in the log that is to be filled: its position, and how many of its events the backup has not."""

    position: int
    lost: int


def check(place: Path, progress: Progress = quiet) -> Manifest:
    """Whether a backup is whole, and its log what was stored; raise `IntegrityFault` where not."""
    with opened(place) as backup:
        progress("checking files", 0, 0)
        backup.check()
        state = backup.manifest.log
        if state is not None:
            with TemporaryDirectory(prefix="samskap-") as folder, _log_of(backup, Path(folder)) as log:
                _check_log(log, state, str(place), progress)
        return backup.manifest


def restore(
    place: Path,
    root: Path,
    wishes: Wishes,
    *,
    clock: Callable[[], datetime] = now_utc,
    progress: Progress = quiet,
) -> Restored:
    """The workspace of a backup in a folder that is new or empty, or its log in the place of a workspace's.

    The log goes where the workspace's settings say, whatever store it was in. Raises `IntegrityFault` where the backup
    is not what was stored or does not reach the head that was kept, `Conflict` where the workspace holds a log already
    and nobody said that it may be replaced, and `KeyMissing` where the keys are not there. Nothing was changed then.
    """
    root = root.absolute()
    with opened(place) as backup, storing("nothing was restored", root):
        state = _log_state(backup)
        if (root / FILE).is_file():
            workspace = Workspace.open(root)
            workspace.data.mkdir(mode=0o700, exist_ok=True)
            with restoring(workspace) as scratch:
                return _Restoring(backup, state, workspace, scratch, wishes, clock, progress).run()
        if root.exists() and any(root.iterdir()):
            raise Conflict(
                f"{root} is no workspace, and not empty", hint="Choose a folder that is not there yet, or a workspace."
            )
        root.parent.mkdir(parents=True, exist_ok=True)
        with working_folder(root.with_name(f".{root.name}.restoring")) as work:
            made, scratch = work / "made", work / "scratch"
            scratch.mkdir()
            (made / "data").mkdir(mode=0o700, parents=True)
            for path in backup.paths(CONFIG):
                backup.take(path, made / path.removeprefix(f"{CONFIG}/"))
            found = _Restoring(backup, state, Workspace.open(made), scratch, wishes, clock, progress).run()
            sync_tree(made)
            made.rename(root)
            sync(root.parent)
    return replace(found, workspace=root)


@dataclass(frozen=True)
class _Restoring:
    """One restore: a backup, the workspace that it goes to, and a folder for what is made on the way."""

    backup: Opened
    state: LogState
    target: Workspace
    scratch: Path
    wishes: Wishes
    clock: Callable[[], datetime]
    progress: Progress

    def run(self) -> Restored:
        """Check everything, then change everything."""
        state = self.state
        self.progress("checking files", 0, 0)
        self.backup.check()
        with _log_of(self.backup, self.scratch) as source:
            _check_log(source, state, str(self.backup.place), self.progress)
            if self.wishes.kept is not None:
                heads.check(source, self.wishes.kept)
            returning = self._keys()
            with closing(create(self.target.settings.store_url, self.target.data)) as log:
                there = self._there(log, source)
                other = there is None or there.lost or there.position != state.position
                replaced = self._put_aside(log, there) if there and other else None
                if self.wishes.erasures is not None:
                    self._engine(log).erasures.take_in(self.wishes.erasures)
                keys = self._put_back(returning) if returning else 0
                landed = self._land()
                kept_config = tuple(self._configure())
                if other:
                    self._fill(source, log, there)
                self._belong(log)
                differing = self._verified(source, log)
                engine = self._engine(log)
                erased, listed = tuple(reapply_erasures(engine)), engine.erasures.path.exists()
        lost = there.lost if there else 0
        return Restored(self.target.root, state, lost, replaced, keys, landed, kept_config, differing, erased, listed)

    def _engine(self, log: Log) -> Engine:
        """An engine over a log, with the target's keys and its list of erasures."""
        return Engine(log, KeyFolder(self.target.data / KEYS), clock=self.clock)

    # -- before anything is changed -------------------------------------------------------------------------------

    def _keys(self) -> Path | None:
        """The keys to put back, checked, in a folder; raise where those that the log needs are in neither place."""
        returning = None
        marks = [KeyFolder(self.target.data / KEYS).mark()]
        if self.wishes.keys is not None:
            returning = self.scratch / KEYS
            with opened(self.wishes.keys) as kept:
                if kept.manifest.holds != "keys":
                    raise UsageError(f"{self.wishes.keys} is no backup of keys", hint="Give what `backup keys` made.")
                for path in kept.paths(KEYS):
                    kept.take(path, self.scratch / path)
            marks.append(KeyFolder(returning).mark())
        found = {mark for mark in marks if mark is not None}
        if self.state.keys is None or found == {self.state.keys}:
            return returning
        if found:
            raise IntegrityFault(
                "the keys are those of another workspace than the backup's",
                hint="Give the keys that belong to it with --keys, and move others out of data/keys.",
            )
        if not self.wishes.without_keys:
            raise KeyMissing(
                "the keys that belong to this backup are not here, and it holds none",
                hint="Give their backup with --keys FOLDER. If they are lost for good: --without-keys; what lies under"
                " them can then never be read again.",
            )
        return returning

    def _there(self, log: Log, source: Log) -> _There | None:
        """What is in the target, None for nothing; raise `Conflict` where it would be lost unasked."""
        if not log.query(ANYTHING)[0]["anything"]:
            return None
        position = log.position()
        same = takewhile(lambda pair: pair[0] == pair[1], zip(log.all(), source.all(), strict=False))
        lost = position - sum(1 for _ in same)
        if (lost or position != source.position()) and not self.wishes.replace:
            told = f"{lost} events that the backup does not hold" if lost else "the beginning of what the backup holds"
            raise Conflict(
                f"the workspace has a log already, with {told}: nothing was restored",
                hint="To put the backup in its place all the same: --replace. What is there is backed up first.",
                where=log.place,
            )
        return _There(position, lost)

    # -- changing ---------------------------------------------------------------------------------------------------

    def _put_aside(self, log: Log, there: _There) -> Path:
        """A backup of what is to be replaced."""
        folder = self.target.data / REPLACED
        folder.mkdir(mode=0o700, exist_ok=True)
        to = folder / f"{self.clock():%Y%m%dT%H%M%SZ}-{there.position}-{token_hex(3)}.zip"
        put_aside(self.target, self._engine(log), to, at=self.clock(), progress=self.progress)
        return to

    def _put_back(self, returning: Path) -> int:
        """Keys where they are missing, never one that was destroyed; how many."""
        folder, put_back = self.target.data / KEYS, 0
        for path in sorted(path for path in returning.rglob("*") if path.suffix in KEY_FILES):
            to = folder / path.relative_to(returning)
            if not any(to.with_suffix(suffix).exists() for suffix in KEY_FILES):
                to.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                path.rename(to)
                put_back += 1
        sync_tree(folder)
        return put_back

    def _belong(self, log: Log) -> None:
        """The log is that of the keys that are here, or of those made next: somebody has to go on."""
        keys = KeyFolder(self.target.data / KEYS)
        if self.wishes.without_keys or self.state.keys is None:
            keys.ensure("workspace", "operator")
        belonging.hand_over(log, keys)

    def _land(self) -> int:
        """Landed files that are missing, or are not what their name says; how many."""
        landed = 0
        for path in self.backup.paths(LANDING):
            to = self.target.landing / path.removeprefix(f"{LANDING}/")
            if not _is(to, self.backup.manifest.files[path]):
                draft = self.scratch / "landing"
                self.backup.take(path, draft)
                to.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                draft.replace(to)
                landed += 1
        if landed:
            sync_tree(self.target.landing)
        return landed

    def _configure(self) -> Iterator[str]:
        """Put config back where it is missing; the files that are another's than the backup's."""
        for path in self.backup.paths(CONFIG):
            name = path.removeprefix(f"{CONFIG}/")
            to = self.target.root / name
            if not to.exists():
                self.backup.take(path, to)
            elif not _is(to, self.backup.manifest.files[path]):
                yield name

    def _fill(self, source: Log, log: Log, there: _There | None) -> None:
        """The log, with its read models made again, in one transaction."""
        engine = self._engine(source)
        folds: Iterable[Row] = chain.from_iterable(engine.read_models())
        if engine.keys.mark() is None:  # the lists name people by a key
            folds = stored(source, FOLDS)
        folds = chain(folds, [all_ended()])  # one that was ended since the backup must not come back
        instead_of = there.position if there else None
        carry(source, log, folds, of=source.position(), instead_of=instead_of, progress=self.progress)

    def _verified(self, source: Log, log: Log) -> tuple[str, ...] | None:
        """The read models that differ from those in the backup; raise `IntegrityFault` where the events do."""
        if not self.wishes.verify:
            return None
        _check_log(log, self.state, log.place, self.progress)
        if outstanding(self._engine(log)):  # the backup's lists still have people whose keys are gone
            return None
        return tuple(unlike(source, log, FOLDS))


def _log_state(backup: Opened) -> LogState:
    if backup.manifest.log is None:
        raise UsageError(
            f"{backup.place} is a backup of keys", hint="Give the backup of the log, and the keys with --keys."
        )
    return backup.manifest.log


@contextmanager
def _log_of(backup: Opened, folder: Path) -> Iterator[SqliteLog]:
    """The log of a backup, in a copy: opening a store may write to it."""
    backup.take(LOG, folder / LOG)
    with closing(SqliteLog(folder / LOG)) as log:
        yield log


def _check_log(log: Log, state: LogState, place: str, progress: Progress) -> None:
    """Raise `IntegrityFault` where a log is not the one that was backed up, down to what was wrong with it then."""
    verdict = verify(log, lambda done: progress("checking the log", done, 0))
    faults = tuple(KnownFault(stream=f.stream, sequence=f.sequence, what=f.what) for f in verdict.faults)
    if (str(heads.head(log)), faults) != (state.head, state.faults):
        raise IntegrityFault(
            "this log is not the one that was backed up", hint="Use another backup, and keep this one.", where=place
        )


def _is(path: Path, piece: Piece) -> bool:
    """Whether a file is what a backup holds under its name."""
    if not path.is_file() or path.stat().st_size != piece.size:
        return False
    with path.open("rb") as file:
        return file_digest(file, sha256).hexdigest() == piece.sha256
