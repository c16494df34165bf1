"""What the tasks of all flows share: one is tried again where a store cannot be used just now, and for nothing else."""

from __future__ import annotations

from typing import Any

from prefect import task
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State, TaskRun
from prefect.tasks import Task

from engine.errors import StoreError

BACK_OFF = [2.0, 10.0, 30.0, 120.0]
"""Seconds before each new attempt, beyond the half minute in which a stage itself waits for the warehouse."""


def _store_cannot_be_used(_: Task[..., Any], __: TaskRun, state: State[Any]) -> bool:
    """Whether to try again: another program will have ended, or somebody will have made room."""
    return isinstance(state.result(raise_on_failure=False), StoreError)


# Results stay in the memory of the run: what is to be kept is in the stores.
stage = task(
    retries=len(BACK_OFF),
    retry_delay_seconds=BACK_OFF,
    retry_condition_fn=_store_cannot_be_used,
    cache_policy=NO_CACHE,
    persist_result=False,
)
