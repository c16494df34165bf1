"""What the tests of backups share: a workspace that is lived in, in either store, and a place outside of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4
from zipfile import ZipFile

import pytest

from engine.backup.making import back_up, back_up_keys
from engine.backup.manifest import Manifest
from engine.backup.restoring import Restored, Wishes, restore
from engine.engine import Engine
from engine.process import commands as c
from engine.store.address import create
from engine.store.log import Log
from engine.store.tables import TABLES
from engine.workspace import Workspace


@dataclass
class Office:
    """A workspace in which the small template is lived, and a place for backups outside of it."""

    workspace: Workspace
    world: Any
    places: Path

    @property
    def log(self) -> Log:
        log: Log = self.world.engine.log
        return log

    def back_up(self, name: str = "backup", engine: Engine | None = None) -> Manifest:
        return back_up(self.workspace, engine or self.world.engine, self.places / name, at=self.world.clock())

    def back_up_keys(self) -> Path:
        (self.places / "safe").mkdir()
        back_up_keys(self.workspace, self.places / "safe" / "keys", at=self.world.clock())
        return self.places / "safe" / "keys"

    def restore(self, name: str, root: Path, **wishes: Any) -> Restored:
        return restore(self.places / name, root, Wishes(**wishes), clock=self.world.clock)

    def add(self, party: str) -> None:
        self.world.do("kari", c.AddParty(party, party.title()), command_id=party)

    @staticmethod
    def everything(log: Log) -> dict[str, Any]:
        """All that is in a store, table by table, but who is signed in."""
        kept = TABLES.keys() - {"session"}
        rows = {name: sorted(map(str, log.query(f"SELECT * FROM {name}"))) for name in kept}
        return {**rows, "events": list(log.all())}

    @staticmethod
    def contents(place: Path) -> bytes:
        """All bytes of a backup, as they lie there or unpacked."""
        if place.suffix == ".zip":
            with ZipFile(place) as archive:
                return b"".join(archive.read(name) for name in archive.namelist())
        return b"".join(path.read_bytes() for path in sorted(place.rglob("*")) if path.is_file())


def made(root: Path, url: str | None, new_world: Callable[..., Any], places: Path) -> Office:
    workspace = Workspace.create(root)
    if url:
        (root / "samskap.toml").write_text(f'store_url = "{url}"\n', encoding="utf-8")
        workspace = Workspace.open(root)
        create(url, workspace.data).close()
    world = new_world(workspace.data, store_url=url)
    world.to_voting()
    world.engine.save_draft(world.person("ola"), "p", "vote.1.m2", {"score": 3})
    world.submit("eva", "vote.1.m3", {"score": 5, "why": "kanarifugl"})
    (workspace.landing / "ab").mkdir(parents=True)
    (workspace.landing / "ab" / "abcd.csv").write_bytes(b"year,value\n2026,1\n")
    (workspace.root / "forms" / "small").mkdir()
    (workspace.root / "forms" / "small" / "note.yaml").write_text("a form", encoding="utf-8")
    places.mkdir()
    return Office(workspace, world, places)


@pytest.fixture
def new_address(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[str], str]:
    """Makes the URL of an empty store of a kind."""

    def make(kind: str) -> str:
        if kind == "postgres":
            url: str = request.getfixturevalue("new_database")()
            return url
        return f"sqlite:///{tmp_path}/{uuid4().hex}.sqlite"

    return make


@pytest.fixture
def office_on(
    tmp_path: Path, new_address: Callable[[str], str], new_world: Callable[..., Any]
) -> Iterator[Callable[[str], Office]]:
    """Makes a workspace whose log is in a store of a kind; `file` is where it is without any setting."""
    offices: list[Office] = []

    def make(kind: str) -> Office:
        folder = tmp_path / f"office_{len(offices)}"
        folder.mkdir()
        url = None if kind == "file" else new_address(kind)
        offices.append(made(folder / "work", url, new_world, folder / "places"))
        return offices[-1]

    yield make
    for office in offices:
        office.world.engine.close()


@pytest.fixture
def office(office_on: Callable[[str], Office]) -> Office:
    """A workspace whose log is in its own file."""
    return office_on("file")
