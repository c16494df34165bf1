"""Running the flows by the clock: a Prefect runner that, told to stop, lets the run that is going on come to its end.

Prefect's own runner kills what it runs when it is stopped. Here the first signal stops the clock and waits; a second
one does not wait.
"""

from __future__ import annotations

import asyncio
import signal
from contextlib import suppress
from datetime import timedelta
from typing import Any

import httpx
from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import ConcurrencyLimitConfig, ConcurrencyLimitStrategy
from prefect.exceptions import ObjectNotFound
from prefect.runner import Runner
from prefect.schedules import Cron, Interval, Schedule
from prefect.types.entrypoint import EntrypointType

from engine.errors import UsageError
from pipelines.flows import evaluate
from pipelines.timekeeping import keep_time

ONE_AT_A_TIME = ConcurrencyLimitConfig(limit=1, collision_strategy=ConcurrencyLimitStrategy.CANCEL_NEW)


def scheduled(cron: str | None, timezone: str, interval: timedelta | None) -> Schedule:
    """A schedule by cron or by interval; raise `UsageError` for both, neither, or what is no such thing."""
    if (cron is None) == (interval is None):
        raise UsageError("a schedule is by cron or by interval", hint="Give one of the two.")
    if interval is not None:
        if interval <= timedelta(0):
            raise UsageError("the interval must be longer than nothing", hint="Give seconds, such as 3600.")
        return Interval(interval, timezone=timezone)
    try:
        return Cron(str(cron), timezone=timezone)
    except ValueError as error:
        raise UsageError(
            f"“{cron}” is no time in cron's five fields",
            hint="Write minute, hour, day of month, month, day of week: 0 3 * * * is every night at three.",
        ) from error


class DrainingRunner(Runner):
    """A runner that stops by waiting."""

    _main: asyncio.Task[None]

    async def cancel_all(self) -> None:
        """Called when the clock has been stopped: leave the runs that are going on in peace."""

    def handle_sigterm(self, *_: Any, **__: Any) -> None:
        """The first signal: stop the clock, and wait for what runs. The next one ends at once."""
        loop = self._main.get_loop()
        if self.started and not self.stopping:
            loop.call_soon_threadsafe(lambda: self._stopping.add(loop.create_task(self.astop())))
        else:
            loop.call_soon_threadsafe(self._main.cancel)

    async def run(self) -> None:
        """Serve until a signal comes."""
        self._stopping: set[asyncio.Task[None]] = set()
        main = asyncio.current_task()
        assert main is not None
        self._main = main
        for one in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(one, self.handle_sigterm)
        await self.start()


def serve_until_stopped(name: str, workspace: str, evaluating: Schedule, timekeeping: Schedule) -> None:
    """Evaluate a workspace by a schedule and let time act in it by another, until SIGTERM or SIGINT has been obeyed.

    Of each one run at a time.
    """
    # The limit is the server's, not the runner's: that one would let runs pile up, and do them one after the other.
    runner = DrainingRunner(name=name, pause_on_shutdown=True)
    served = ((evaluate, evaluating), (keep_time, timekeeping))
    try:
        for flow, schedule in served:
            runner.add_flow(
                flow,
                name=name,
                schedule=schedule,
                concurrency_limit=ONE_AT_A_TIME,
                parameters={"workspace": workspace},
                entrypoint_type=EntrypointType.MODULE_PATH,
            )
        with asyncio.Runner() as loop, suppress(asyncio.CancelledError):
            loop.run(runner.run())
    finally:
        for flow, _ in served:
            _pause(f"{flow.name}/{name}")


def _pause(deployment: str) -> None:
    """Let nothing be scheduled while nobody serves: also where a signal came before the clock had begun."""
    with suppress(ObjectNotFound, httpx.HTTPError), get_client(sync_client=True) as client:
        client.pause_deployment(client.read_deployment_by_name(deployment).id)
