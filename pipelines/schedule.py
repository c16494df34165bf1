"""Flows through Prefect: one evaluation now (`run_once`), or all that the clock brings until stopped (`serve`).

Prefect is imported when one of the two is called, and only then: without it this module says how to install it. What
the flows do stands in `pipelines.flows` (figures) and `pipelines.timekeeping` (deadlines and messages).
"""

# ruff: noqa: PLC0415 (Prefect takes seconds to import, reads its settings from the environment then, and may be missing)

from __future__ import annotations

import os
import signal
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import date, timedelta
from hashlib import sha256
from typing import NoReturn

from engine.errors import StoreError
from engine.progress import Progress, quiet
from engine.workspace import Workspace
from pipelines.server import environment, local_server, require_prefect
from warehouse import stages

LAST_WORDS_SECONDS = 10.0


def deployment_name(workspace: Workspace) -> str:
    """What the schedule of a workspace is called: unique where several workspaces share a server."""
    return f"{workspace.root.name}-{sha256(bytes(workspace.root)).hexdigest()[:8]}"


def run_once(workspace: Workspace, evaluated_on: date, *, progress: Progress = quiet) -> stages.Evaluation:
    """One evaluation as a flow run of this process, seen by the server of `PREFECT_API_URL` or else a local one.

    Raises what the stages raise, `SettingsError` where Prefect is not installed, and `StoreError` where its server
    cannot be started or reached.
    """
    # Prefect's own lines on the screen tell of a user's mistake as a traceback; they are kept on the server.
    quiet = {"PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL": "CRITICAL"}
    with _server(workspace, progress) as url, _settings(workspace, url, quiet):
        from pipelines.flows import evaluate

        progress("running the flow", 0, 1)
        with _reached(url), _told_to_the_end():
            evaluation = evaluate(str(workspace.root), evaluated_on.isoformat())
        progress("done", 1, 1)
        return evaluation


def serve(
    workspace: Workspace,
    *,
    cron: str | None = None,
    interval: timedelta | None = None,
    ui: bool = False,
    progress: Progress = quiet,
) -> None:
    """Evaluate and let time act by the clock until SIGTERM or SIGINT; a run that is going on then is waited for.

    Deadlines act and messages are sent at the times of the workspace's settings (`schedule.tick`). Figures come by
    `cron` (five fields) or every `interval`; without either by the settings, too, in their time zone. Never two runs of
    one flow at once: one that would overlap is cancelled. `ui` shows Prefect's pages, which have no log-in, at the
    address of a server of our own. Raises `UsageError` for both at once or a cron that is none, and as `run_once`.
    """
    with (
        _stopped_by_signals(),
        _server(workspace, progress, ui=ui) as url,
        _settings(workspace, url, {}),
    ):
        from pipelines.serving import scheduled, serve_until_stopped

        zone = workspace.settings.schedule.timezone
        by_settings = workspace.settings.schedule.cron if interval is None else None
        schedule = scheduled(cron or by_settings, zone, interval)
        ticking = scheduled(workspace.settings.schedule.tick, zone, None)
        progress(f"waiting for the clock; Prefect is at {url.removesuffix('/api')}", 0, 0)
        with _reached(url):
            serve_until_stopped(deployment_name(workspace), str(workspace.root), schedule, ticking)


@contextmanager
def _stopped_by_signals() -> Iterator[None]:
    """SIGTERM and SIGINT end the block in peace, also before the clock has begun to run."""

    def stop(*_: object) -> NoReturn:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, stop)
    try:
        with suppress(KeyboardInterrupt):
            yield
    finally:
        signal.signal(signal.SIGTERM, before)


@contextmanager
def _reached(url: str) -> Iterator[None]:
    """Raise `StoreError` where the server does not answer, now or later in the block."""
    import httpx
    from prefect.client.orchestration import get_client

    try:
        with get_client(sync_client=True) as client:
            client.hello().raise_for_status()
        yield
    except httpx.HTTPError as error:
        raise StoreError(
            f"the Prefect server cannot be reached: {type(error).__name__}",
            hint="Start it, or unset PREFECT_API_URL for one of our own; `samskap evaluate` works without Prefect.",
            where=url,
        ) from error


@contextmanager
def _told_to_the_end() -> Iterator[None]:
    """Send what Prefect still has to tell before its server is stopped; at exit it would try in vain for a minute."""
    from prefect.events.worker import EventsWorker
    from prefect.logging.handlers import APILogWorker

    try:
        yield
    finally:
        EventsWorker.drain_all(timeout=LAST_WORDS_SECONDS)
        APILogWorker.drain_all(timeout=LAST_WORDS_SECONDS)


@contextmanager
def _server(workspace: Workspace, progress: Progress, *, ui: bool = False) -> Iterator[str]:
    """The API that was asked for in `PREFECT_API_URL`, else that of a local server."""
    require_prefect()
    given = os.environ.get("PREFECT_API_URL")
    if given:
        yield given
    else:
        with local_server(workspace, ui=ui, progress=progress) as url:
            yield url


@contextmanager
def _settings(workspace: Workspace, url: str, more: Mapping[str, str]) -> Iterator[None]:
    """Prefect's settings for a block: in the environment, which it reads when imported, and in its own context."""
    variables = {**environment(workspace), "PREFECT_API_URL": url, **more}
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        from prefect.settings import PREFECT_API_URL, PREFECT_HOME, temporary_settings

        with temporary_settings({PREFECT_API_URL: url, PREFECT_HOME: variables["PREFECT_HOME"]}):
            yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
