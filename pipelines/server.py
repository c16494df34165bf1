"""A local Prefect server for one workspace: a child process on loopback, with its own home under `data/prefect`.

It keeps when flows ran and what they told; no figure depends on it, and deleting its home loses nothing that counts.
Several programs on one workspace share one server. Nothing here imports Prefect: the server is another process.
"""

from __future__ import annotations

import http.client
import importlib.util
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from engine.errors import SettingsError, StoreError
from engine.progress import Progress, quiet
from engine.workspace import Workspace
from warehouse.locking import hold

HOST = "127.0.0.1"
START_SECONDS = 180.0  # an empty home is migrated first: half a minute on a slow machine
STOP_SECONDS = 20.0
_PORT_FILE = "server.port"


def require_prefect() -> None:
    """Raise `SettingsError` where Prefect is not installed."""
    if importlib.util.find_spec("prefect") is None:
        raise SettingsError(
            "schedules need Prefect, which is not installed",
            hint="Install it with pip install 'samskap[pipelines]'; `samskap evaluate` works without it.",
        )


def home(workspace: Workspace) -> Path:
    """Where the workspace's Prefect keeps its own database, settings and log."""
    return workspace.data / "prefect"


def environment(workspace: Workspace) -> dict[str, str]:
    """Variables under which Prefect keeps to the workspace and tells nobody outside of it."""
    return {
        "PREFECT_HOME": str(home(workspace)),
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "DO_NOT_TRACK": "1",
    }


@contextmanager
def local_server(
    workspace: Workspace, *, ui: bool = False, seconds: float = START_SECONDS, progress: Progress = quiet
) -> Iterator[str]:
    """The URL of the workspace's Prefect API, for as long as the block runs.

    A server that runs already is used and left running; else one is started, and stopped at the end. Raises
    `SettingsError` where Prefect is not installed, and `StoreError` where the server ends early or is not healthy
    within `seconds`.
    """
    require_prefect()
    folder = home(workspace)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    server: subprocess.Popen[bytes] | None = None
    try:
        with hold(folder / _PORT_FILE, wait_seconds=seconds):  # one program at a time looks, and starts
            port = _running(folder)
            if port is None:
                port = _free_port()
                server = _start(workspace, port, ui=ui)
                _wait(server, port, folder, seconds, progress)
                (folder / _PORT_FILE).write_text(str(port), encoding="ascii")
        yield f"http://{HOST}:{port}/api"
    finally:
        if server is not None:
            (folder / _PORT_FILE).unlink(missing_ok=True)
            _stop(server)


def _running(folder: Path) -> int | None:
    """The port of a server that another program on this workspace started."""
    try:
        port = int((folder / _PORT_FILE).read_text(encoding="ascii"))
    except (FileNotFoundError, ValueError):
        return None
    return port if _healthy(port) else None


def _free_port() -> int:
    with socket.socket() as free:
        free.bind((HOST, 0))
        return int(free.getsockname()[1])


def _start(workspace: Workspace, port: int, *, ui: bool) -> subprocess.Popen[bytes]:
    # A session of its own: Ctrl-C in the terminal is for the schedule, which still needs the server to end well.
    command = [sys.executable, "-m", "prefect", "server", "start", "--host", HOST, "--port", str(port)]
    with (home(workspace) / "server.log").open("wb") as log:
        return subprocess.Popen(  # noqa: S603 (fixed words, and a number of ours)
            command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            env=_of_server(os.environ, workspace, ui=ui),
            start_new_session=True,
        )


def _of_server(inherited: Mapping[str, str], workspace: Workspace, *, ui: bool) -> dict[str, str]:
    kept = {name: value for name, value in inherited.items() if name not in ("PREFECT_API_URL", "PREFECT_PROFILE")}
    return kept | {
        **environment(workspace),
        "PREFECT_SERVER_UI_ENABLED": str(ui).lower(),
        # On disk: a place in the queue whose holder was killed is given back also after the server began anew.
        "PREFECT_SERVER_CONCURRENCY_LEASE_STORAGE": "prefect.server.concurrency.lease_storage.filesystem",
    }


def _wait(server: subprocess.Popen[bytes], port: int, folder: Path, seconds: float, progress: Progress) -> None:
    began = time.monotonic()
    while not _healthy(port):
        waited = time.monotonic() - began
        progress("starting Prefect", int(waited), int(seconds))
        if server.poll() is not None:
            raise StoreError(
                "the Prefect server ended before it was ready",
                hint="Its own words are in the log named here.",
                where=str(folder / "server.log"),
            )
        if waited > seconds:
            raise StoreError(
                f"the Prefect server was not ready after {seconds:.0f} seconds",
                hint="Try again when the machine has less to do; the log is named here.",
                where=str(folder / "server.log"),
            )
        time.sleep(0.2)


def _healthy(port: int) -> bool:
    connection = http.client.HTTPConnection(HOST, port, timeout=5)
    try:
        connection.request("GET", "/api/health")
        return connection.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _stop(server: subprocess.Popen[bytes]) -> None:
    """End the server and what it started, politely first."""
    for sent in (signal.SIGTERM, signal.SIGKILL):
        with suppress(ProcessLookupError):
            os.killpg(server.pid, sent)
        with suppress(subprocess.TimeoutExpired):
            server.wait(STOP_SECONDS)
            return
