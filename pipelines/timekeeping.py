"""Time as a Prefect flow: deadlines and reminders that are due act, then the messages that wait are sent.

It does what `samskap tick` and `samskap deliver` do, and as often as one likes: each deadline fires once, and a message
that was sent is not sent again.
"""

from __future__ import annotations

import os
from contextlib import closing
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from prefect import flow, get_run_logger, runtime

from engine.engine import Damaged
from engine.notify.delivery import Delivered
from engine.notify.delivery import deliver as send
from engine.notify.sending import Services
from engine.personal import retention
from engine.workspace import Workspace
from pipelines.retrying import stage

NAME = "keep-time"


@dataclass(frozen=True, slots=True)
class Kept:
    """The processes in which something was due, and what became of the messages; None where nothing is sent.

    `past_their_time` are the processes that are kept longer than their template says: they are told, and stay.
    """

    processes: tuple[str, ...]
    delivered: Delivered | None
    past_their_time: tuple[str, ...] = ()


@stage
def tick(workspace: str) -> tuple[str, ...]:
    """Let time act on every process in which something is due."""
    with closing(Workspace.open(Path(workspace)).engine()) as engine:
        return tuple(receipt.process for receipt in engine.tick())


@stage
def deliver(workspace: str) -> Delivered | None:
    """Send what waits in the outbox; nothing where messages are turned off, or where nobody set sending up."""
    opened = Workspace.open(Path(workspace))
    settings = opened.settings.notify
    if not settings.enabled or (not settings.services and find_spec("apprise") is None):
        return None
    with closing(opened.engine()) as engine:
        return send(engine, Services(settings.services), base_url=settings.base_url)


@stage
def past_their_time(workspace: str) -> tuple[str, ...]:
    """The processes that are due to be disposed of: for somebody to do, `samskap dispose`."""
    with closing(Workspace.open(Path(workspace)).engine()) as engine:
        met: list[Damaged] = []
        due = tuple(one.process for one in retention.due(engine, engine.clock(), meet=met.append))
    for damaged in met:
        get_run_logger().warning("%s", damaged.why.message)
    if due:
        get_run_logger().warning("%d process(es) are past the time that they are kept: see `samskap dispose`", len(due))
    return due


@flow(name=NAME, persist_result=False)
def keep_time(workspace: str) -> Kept:
    """Let time act in a workspace (its folder), then tell people. One damaged process keeps nobody's message back."""
    if runtime.deployment.id is not None:
        os.setpgrp()  # Ctrl-C is for the schedule, which then waits for this run
    ticked = tick(workspace, return_state=True)
    delivered = deliver(workspace)
    return Kept(ticked.result(), delivered, past_their_time(workspace))
