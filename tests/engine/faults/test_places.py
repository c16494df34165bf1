"""F6: a place that is missing, closed or somebody else's."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from engine.errors import SettingsError, StoreError
from engine.process import commands as c
from engine.store.people import Session
from engine.workspace import Workspace

NOBODY = 65534


@dataclass
class Office:
    """A workspace in a place that others can enter."""

    workspace: Workspace
    kari: Session
    clock: Any
    model: Any

    def add(self, party: str) -> None:
        """Add a party with an engine of one's own, and tell the model."""
        self.model.attempted.add(party)
        engine = self.workspace.engine(clock=self.clock)
        try:
            receipt = engine.handle(self.kari, "p", c.AddParty(party, party), command_id=party)
            self.model.acknowledge(party, "p", receipt.last, receipt.hash)
        finally:
            engine.close()

    def check(self) -> None:
        engine = self.workspace.engine(clock=self.clock)
        self.model.check(engine)
        engine.close()


def office_at(folder: Path, new_world: Callable[[Path], Any], model: Any) -> Office:
    workspace = Workspace.create(folder)
    world = new_world(workspace.data)
    made = Office(workspace, world.person("kari"), world.clock, model)
    world.engine.close()
    made.add("first")
    return made


@pytest.fixture
def office(new_world: Callable[[Path], Any], model: Any) -> Iterator[Office]:
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o755)
    made = office_at(folder / "work", new_world, model)
    yield made
    for path in (made.workspace.data, *made.workspace.data.rglob("*")):
        path.chmod(0o700)
    shutil.rmtree(folder)


@contextmanager
def somebody() -> Iterator[None]:
    """Whoever may do anything may not, for a while: rights hold for nobody who is root."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)


def give_away(folder: Path) -> None:
    """Let a folder be that of whoever acts as `somebody`."""
    if os.geteuid() == 0:
        for path in (folder, *folder.rglob("*")):
            os.chown(path, NOBODY, NOBODY)


# -- F6: places ---------------------------------------------------------------------------------------------------------


@pytest.mark.fault("F6")
@pytest.mark.parametrize(
    ("place", "rights"),
    [("data", 0o500), ("data", 0o000), ("data/events.sqlite", 0o400), ("data/events.sqlite", 0o000),
     ("data/keys/workspace/pe", 0o000), ("data/keys/workspace/pe/people.key", 0o000)],
)  # fmt: skip
def test_given_a_place_without_rights_when_used_then_told_what_to_do_nothing_stored_and_with_rights_it_works(
    office: Office, place: str, rights: int
) -> None:
    give_away(office.workspace.root)
    path = office.workspace.root / place
    before = path.stat().st_mode
    path.chmod(rights)
    with somebody(), pytest.raises((SettingsError, StoreError)) as caught:
        office.add("refused")
    assert caught.value.hint
    assert caught.value.where
    path.chmod(before)
    with somebody():
        office.add("after")
    office.check()
    assert set(office.model.acknowledged) == {"first", "after"}


@pytest.mark.fault("F6")
def test_given_a_folder_of_somebody_else_when_used_then_told_what_to_do_and_nothing_stored(office: Office) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can give files away")
    office.workspace.data.chmod(0o700)
    with somebody(), pytest.raises((SettingsError, StoreError)) as caught:
        office.add("refused")
    assert "owns" in caught.value.hint or "yours" in caught.value.hint
    office.check()


@pytest.mark.fault("F6")
def test_given_a_data_folder_that_is_gone_when_opened_then_refused_and_no_new_log_hides_it(office: Office) -> None:
    office.workspace.data.rename(office.workspace.root / "elsewhere")
    with pytest.raises(SettingsError, match="data folder is not there") as caught:
        office.workspace.engine()
    assert "mounted" in caught.value.hint
    assert not office.workspace.data.exists()
    (office.workspace.root / "elsewhere").rename(office.workspace.data)
    office.add("after")
    office.check()


@pytest.mark.fault("F6")
def test_given_a_log_that_is_gone_when_opened_then_refused_and_no_new_log_hides_it(office: Office) -> None:
    log = office.workspace.data / "events.sqlite"
    log.rename(office.workspace.root / "elsewhere")
    with pytest.raises(SettingsError, match="the log is gone") as caught:
        office.workspace.engine()
    assert "samskap restore" in caught.value.hint
    assert not log.exists()
    (office.workspace.root / "elsewhere").rename(log)
    office.add("after")
    office.check()
