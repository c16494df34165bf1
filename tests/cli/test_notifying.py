"""Messages on the command line: where they go, what waits, what was refused, and who may look after them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

pytest.importorskip("apprise", reason="sending is an extra")


class Receiver(ThreadingHTTPServer):
    """An HTTP server that counts what it gets, and answers with `status`."""

    status = 200
    got = 0

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)


class _Handler(BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.server.got += 1
        self.send_response(self.server.status)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


def service(terminal: Any, line: str) -> None:
    """Say in the settings by which services messages go."""
    settings = terminal.folder / "samskap.toml"
    text = settings.read_text(encoding="utf-8").replace("[notify]\n", f"[notify]\n{line}\n")
    settings.write_text(text, encoding="utf-8")


@pytest.fixture
def reached(arendal: Any, receiver: Receiver) -> Any:
    """A workspace in which messages to kari go to the receiver; one waits."""
    service(arendal, f'services.chat = "json://127.0.0.1:{receiver.server_port}/{{to}}"')
    arendal.done("identity", "notify", "kari", "--to", "chat:kari")
    return arendal


def test_given_a_message_when_delivered_then_sent_once_and_listed_as_such(reached: Any, receiver: Receiver) -> None:
    (waiting,) = reached.done("outbox", "list", "--json").data["messages"]
    assert (waiting["handle"], waiting["kind"], waiting["status"]) == ("kari", "task", "waiting")
    counts = {"refused": 0, "unaddressed": 0, "moot": 0, "waiting": 0}
    assert reached.done("deliver", "--json").data == {**counts, "sent": 1}
    assert reached.done("deliver", "--json").data == {**counts, "sent": 0}
    assert receiver.got == 1
    assert reached.done("outbox", "list").out == "Nothing waits.\n"
    assert "sent" in reached.done("outbox", "list", "arendal", "--all").out
    assert reached("outbox", "retry", waiting["key"]).code == 5


def test_given_a_refusal_when_looked_after_then_tried_again_and_given_up_with_a_reason(
    reached: Any, receiver: Receiver
) -> None:
    receiver.status = 404
    assert "refused" in reached.done("deliver").out
    key = reached.done("outbox", "list", "--json").data["messages"][0]["key"]
    assert reached.done("incident", "list", "--json").data["incidents"][0]["incident"] == key
    assert reached.done("outbox", "retry", "--all", "--json").data == {"messages": 1}
    assert reached.done("deliver", "--json").data["refused"] == 1
    assert reached("outbox", "drop", key[:8]).code == 5
    ended = reached.done("outbox", "drop", key[:8], "--reason", "Kari har sluttet", "--json")
    assert ended.data == {"key": key, "dropped": True}
    assert "Kari har sluttet" in reached.done("outbox", "list", "--all").out
    assert reached.done("incident", "list").out == "Everything can go on.\n"


def test_given_a_refused_message_when_looked_after_as_an_incident_then_tried_again_and_given_up(
    reached: Any, receiver: Receiver
) -> None:
    receiver.status = 404
    reached.done("deliver")
    (incident,) = reached.done("incident", "list", "--json").data["incidents"]
    key = incident["incident"]
    assert "identity notify" in reached.done("explain", "incident", "arendal", key[:8], who="kari").out
    reached.done("incident", "retry", "arendal", key[:8])
    assert reached.done("incident", "list").out == "Everything can go on.\n"
    assert reached.done("deliver", "--json").data["refused"] == 1
    assert reached("incident", "resolve", "arendal", key[:8]).code == 5
    reached.done("incident", "resolve", "arendal", key[:8], "--reason", "Kari har sluttet")
    assert reached.done("incident", "list").out == "Everything can go on.\n"


def test_given_a_person_without_an_address_when_delivered_then_told_and_listed(arendal: Any) -> None:
    assert "identity notify" in arendal.done("deliver").out
    assert "unaddressed" in arendal.done("outbox", "list").out


def test_given_a_service_whose_secret_is_missing_when_delivered_then_told_which_and_nothing_was_tried(
    arendal: Any,
) -> None:
    service(arendal, 'services.mailto = "mailtos://samskap:${SMTP_PASSWORD}@smtp.example.org?to={to}"')
    ended = arendal("deliver")
    assert (ended.code, "SMTP_PASSWORD" in ended.err) == (3, True)
    assert arendal.done("outbox", "list", "--json").data["messages"][0]["attempts"] == 0


@pytest.mark.parametrize("line", ['services.Mail = "mailto://x?to={to}"', 'services.mail = "mailto://x"'])
def test_given_a_service_that_is_none_when_settings_are_read_then_told_where(arendal: Any, line: str) -> None:
    service(arendal, line)
    ended = arendal("deliver")
    assert (ended.code, "samskap.toml" in ended.err, "is no service" in ended.err) == (3, True, True)


def test_given_nothing_to_do_when_options_make_no_sense_then_told(arendal: Any) -> None:
    for args in (("identity", "notify", "kari"), ("outbox", "retry"), ("identity", "notify", "kari", "--to", "kari")):
        assert arendal(*args).code == 2
    assert arendal("outbox", "drop", "abc", "--reason", "x").code == 7


def test_given_a_person_when_without_the_operators_key_then_they_set_their_own_address_and_no_url(
    arendal: Any,
) -> None:
    arendal.person("ola")
    (arendal.folder / "data/keys/workspace/op/operator.key").unlink()
    notify = ("identity", "notify", "ola")
    data = arendal.done(*notify, "--to", "ola@example.org", "--json", who="ola").data
    assert data == {"handle": "ola", "address": "mailto:ola@example.org"}
    assert arendal.done(*notify, "--nowhere", "--json", who="ola").data["address"] is None
    assert arendal(*notify, "--to", "json://169.254.169.254/x", who="ola").code == 6
    assert arendal(*notify, "--to", "kari@example.org", who="kari").code == 6
    assert arendal(*notify, "--to", "kari@example.org").code == 6
    for args in (("deliver",), ("outbox", "list"), ("outbox", "retry", "--all"), ("outbox", "drop", "x")):
        assert arendal(*args, who="kari").code == 6


@pytest.mark.usefixtures("in_march")
def test_given_a_reminder_when_ticked_then_it_waits_in_the_outbox(
    preparation: Any, later: Callable[[int], None]
) -> None:
    preparation.done("act", "arendal", "open_round", who="kari")
    later(30)  # whatever the days off, both reminders of both people are over, and each is told once
    preparation.done("tick")
    kinds = [one["kind"] for one in preparation.done("outbox", "list", "--json").data["messages"]]
    assert kinds.count("reminder") == 2
