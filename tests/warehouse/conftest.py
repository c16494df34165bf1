"""A workspace in which examples were played, and a warehouse over it in memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import duckdb
import pytest

from cli import play
from engine.engine import Engine
from engine.template import bundle
from engine.template.sources import BUILT_IN
from engine.workspace import Workspace
from warehouse import pull, runs
from warehouse.database import connect
from warehouse.sources import batch

EXAMPLES = BUILT_IN / "examples"
DAY = date(2026, 11, 23)


@dataclass
class Played:
    """A workspace with its engine."""

    workspace: Workspace
    engine: Engine

    def warehouse(self, *, threads: int | None = None) -> duckdb.DuckDBPyConnection:
        """A new warehouse in memory, with every event pulled and every figure computed."""
        connection = connect(threads=threads)
        pull.prepare(connection)
        batch.prepare(connection)
        pull.pull(connection, self.engine)
        runs.compute(connection, runs.identify(connection, DAY))
        return connection


def make_played(root: Path) -> Played:
    workspace = Workspace.create(root)
    engine = workspace.engine()
    for name in ("samson", "soimpact"):
        engine.publish(bundle.read(name, workspace.bundle_folders))
    return Played(workspace, engine)


@pytest.fixture(scope="session", name="make_played")
def _make_played() -> Callable[[Path], Played]:
    """Makes a workspace with both methods published."""
    return make_played


@pytest.fixture(scope="session")
def examples() -> Path:
    return EXAMPLES


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[Played]:
    """A workspace with both methods published, in which nothing has happened yet."""
    made = make_played(tmp_path / "work")
    yield made
    made.engine.close()


@pytest.fixture(scope="session")
def played(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Played]:
    """The made-up collaboration after two rounds, and Umeå 2022 after all ten steps. Tests only read it."""
    made = make_played(tmp_path_factory.mktemp("played") / "work")
    play.Collaboration(made.engine, EXAMPLES / "made_up_collaboration" / "collaboration.yaml").play()
    leader = play.session_of(made.engine, "kari")
    folder = EXAMPLES / "umea_2022" / "answers"
    play.start_evaluation(made.engine, folder, "umea-2022", "Umeå 2022", leader)
    play.finish_evaluation(made.engine, folder, "umea-2022", leader)
    yield made
    made.engine.close()


@pytest.fixture(scope="session")
def computed(played: Played) -> duckdb.DuckDBPyConnection:
    """The warehouse over `played`. Tests only read it."""
    return played.warehouse()
