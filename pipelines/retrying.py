"""What the tasks of all flows share.

One is tried again where a store cannot be used just now, and for nothing else. Prefect keeps what a task raises in a
database that no erasure reaches, so nothing that stands in a file of measurements is told there.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from prefect import task
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State, TaskRun
from prefect.tasks import Task

from engine.errors import DataRejected, StoreError

P = ParamSpec("P")
R = TypeVar("R")

BACK_OFF = [2.0, 10.0, 30.0, 120.0]
"""Seconds before each new attempt, beyond the half minute in which a stage itself waits for the warehouse."""


def _store_cannot_be_used(_: Task[..., Any], __: TaskRun, state: State[Any]) -> bool:
    """Whether to try again: another program will have ended, or somebody will have made room."""
    return isinstance(state.result(raise_on_failure=False), StoreError)


def stage(function: Callable[P, R]) -> Task[P, R]:
    """A function as a task. Results stay in the memory of the run: what is to be kept is in the stores."""
    made = task(
        retries=len(BACK_OFF),
        retry_delay_seconds=BACK_OFF,
        retry_condition_fn=_store_cannot_be_used,
        cache_policy=NO_CACHE,
        persist_result=False,
    )
    return made(quietly(function))


def quietly(function: Callable[P, R]) -> Callable[P, R]:
    """The function; where it refuses a file it tells which and where, and nothing that stands there."""

    @wraps(function)
    def told(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return function(*args, **kwargs)
        except DataRejected as refused:
            where = refused.where
        raise DataRejected("a file was refused", hint="`samskap evaluate` says why.", where=where)

    return told
