"""Time by the clock: a scheduled run lets what is due act, and tells people of it."""

from __future__ import annotations

import json
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from engine.process import commands
from engine.template import bundle
from engine.workspace import Workspace

if TYPE_CHECKING:
    from conftest import Server

TEMPLATE = """
template: wait
version: 1.0.0
title: {nb: Vent, nn: Vent, en: Wait}
roles: {lead: {title: {nb: Leder, nn: Leiar, en: Lead}}}
starter: lead
initial: first
states:
  first:
    title: {nb: Først, nn: Først, en: First}
    deadlines: {day: {title: {nb: Dagen, nn: Dagen, en: The day}, after: PT24H, to: then}}
  then:
    title: {nb: Så, nn: Så, en: Then}
    tasks: {note: {title: {nb: Noter, nn: Noter, en: Note}, form: note, by: lead}}
    actions: {stop: {title: {nb: Stopp, nn: Stopp, en: Stop}, by: lead, to: over}}
  over: {title: {nb: Slutt, nn: Slutt, en: End}, final: true}
"""
FORM = """
$schema: https://json-schema.org/draft/2020-12/schema
$id: wait/note
title: Notat
type: object
properties: {text: {title: Tekst, type: string, maxLength: 50}}
"""
SERVE = """
import sys
from pathlib import Path
from engine.workspace import Workspace
from pipelines.schedule import serve
if __name__ == "__main__":
    serve(Workspace.open(Path(sys.argv[1])))
"""


class _Mailbox(BaseHTTPRequestHandler):
    got: list[str]

    def do_POST(self) -> None:
        self.got.append(self.rfile.read(int(self.headers["Content-Length"])).decode())
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Nothing on the screen."""


@pytest.fixture
def mailbox() -> Iterator[HTTPServer]:
    """What takes messages over HTTP."""
    _Mailbox.got = []
    server = HTTPServer(("127.0.0.1", 0), _Mailbox)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.mark.slow
def test_given_a_deadline_that_came_due_while_nothing_ran_when_scheduled_then_it_acts_once_and_people_are_told(
    tmp_path: Path, prefect: Server, program: Callable[..., subprocess.Popen[str]], mailbox: HTTPServer
) -> None:
    workspace = Workspace.create(tmp_path / "work")
    settings = workspace.root / "samskap.toml"
    text = settings.read_text().replace('tick = "*/10 * * * *"', 'tick = "* * * * *"')
    service = f'services.chat = "json://127.0.0.1:{mailbox.server_port}/{{to}}"'
    settings.write_text(text.replace("[notify]", f"[notify]\n{service}"))
    for name, content in (("processes/wait.yaml", TEMPLATE), ("forms/wait/note.yaml", FORM)):
        (workspace.root / name).parent.mkdir(parents=True, exist_ok=True)
        (workspace.root / name).write_text(content)
    begun = datetime.now(UTC) - timedelta(days=3)
    engine = workspace.engine(clock=lambda: begun)
    engine.publish(bundle.read("wait", workspace.bundle_folders))
    person = engine.people.add("kari", "Kari")
    engine.people.notify(person, "chat:kari")
    engine.start(engine.people.act_as("kari"), "wait", "w", "W")
    serving = program(SERVE, str(workspace.root))
    began = time.monotonic()
    while not prefect.runs(workspace, "COMPLETED", flow="keep-time"):
        assert time.monotonic() - began < 600, "no run was scheduled"
        time.sleep(1)
    serving.send_signal(signal.SIGTERM)
    serving.communicate(timeout=280)
    assert workspace.engine().tick() == []
    passed = [r for r in engine.log.read(engine.stream("w")) if r.type == "deadline.passed"]
    engine.close()
    assert len(passed) == 1
    assert [json.loads(one)["title"] for one in _Mailbox.got] == ["Noe å fylle ut: Noter"]


@pytest.mark.slow
def test_given_a_process_past_the_time_that_it_is_kept_when_the_clock_ticks_then_told_and_nothing_is_destroyed(
    tmp_path: Path,
) -> None:
    from prefect.logging import disable_run_logger  # noqa: PLC0415 (as its callers do)

    from pipelines.timekeeping import past_their_time  # noqa: PLC0415

    workspace = Workspace.create(tmp_path / "work")
    (workspace.root / "processes" / "wait.yaml").write_text(f"{TEMPLATE}retention: {{keep: P30D, basis: A}}\n")
    (workspace.root / "forms" / "wait").mkdir()
    (workspace.root / "forms" / "wait" / "note.yaml").write_text(FORM)
    engine = workspace.engine(clock=lambda: datetime.now(UTC) - timedelta(days=40))
    engine.publish(bundle.read("wait", workspace.bundle_folders))
    person = engine.people.add("kari", "Kari")
    session = engine.people.sign_in(engine.people.token(person, engine.clock()), engine.clock())
    engine.start(session, "wait", "w", "W")
    engine.handle(session, "w", commands.Cancel("ingen kom"))
    before = engine.log.position()
    with disable_run_logger():
        assert past_their_time.fn(str(workspace.root)) == ("w",)
    assert engine.log.position() == before
    engine.close()
