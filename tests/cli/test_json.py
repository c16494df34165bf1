"""--json of every command: one line that parses, nothing on stderr, and the same shape each time."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from cli.app import MODULES, run
from engine import codec

OWN: dict[str, tuple[tuple[str, ...], str | None, set[str]]] = {
    "doctor": (("doctor",), None, {"checks"}),
    "identity add": (("identity", "add", "per"), None, {"handle", "name", "language"}),
    "identity token": (("identity", "token", "ola"), None, {"handle", "token", "name", "expires_at"}),
    "identity list": (("identity", "list"), None, {"people"}),
    "identity whoami": (("identity", "whoami"), "ola", {"handle", "name", "language", "operator", "session"}),
    "identity sessions": (("identity", "sessions"), "ola", {"sessions"}),
    "identity end": (("identity", "end"), "ola", {"handle", "ended", "sessions"}),
    "lint": (("lint", "samson"), None, {"names", "errors", "problems"}),
    "publish": (("publish", "soimpact"), None, {"template", "version", "bundle", "replayed", "warnings"}),
    "tasks": (("tasks",), "ola", {"tasks"}),
    "form": (("form", "arendal", "answer.1.m2"), "ola", {"$id", "properties"}),
    "draft save": (
        ("draft", "save", "arendal", "answer.1.m2", "--set", "shared_problem_1=4"),
        "ola",
        {"version", "answers"},
    ),
    "draft show": (("draft", "show", "arendal", "answer.1.m2"), "ola", {"draft"}),
    "draft drop": (("draft", "drop", "arendal", "answer.1.m2"), "ola", {"dropped"}),
    "status": (("status", "arendal"), "ola", {"states", "tasks", "actions", "members", "parties"}),
    "tick": (("tick",), "ola", {"processes", "past_their_time"}),
    "explain action": (("explain", "action", "arendal", "close"), "ola", {"is_open", "condition", "seen"}),
    "explain now": (("explain", "now", "arendal"), "ola", {"process", "now", "by_itself"}),
    "explain task": (("explain", "task", "arendal", "answer.1.m2"), "ola", {"status", "you_may"}),
    "history": (("history", "arendal"), "ola", {"process", "events"}),
    "at": (("at", "arendal", "3"), "ola", {"states", "tasks", "actions", "members", "parties"}),
    "verify": (("verify",), None, {"streams", "events", "faults"}),
}
RECEIPTS: dict[str, tuple[tuple[str, ...], str]] = {
    "start": (("start", "samson", "grimstad"), "kari"),
    "party add": (("party", "add", "arendal", "skole"), "kari"),
    "invite": (("invite", "arendal", "--role", "facilitator"), "kari"),
    "member add": (("member", "add", "arendal", "ola", "--role", "member", "--party", "lag"), "kari"),
    "member end": (("member", "end", "arendal", "m3"), "kari"),
    "grant": (("grant", "arendal", "m2", "facilitator"), "kari"),
    "revoke": (("revoke", "arendal", "m3", "member"), "kari"),
    "suspend": (("suspend", "arendal", "--reason", "Ferie"), "kari"),
    "cancel": (("cancel", "arendal", "--reason", "Ingen tid"), "kari"),
    "act": (("act", "arendal", "stop", "--reason", "Ferdig"), "kari"),
}
ELSEWHERE = {
    "init": "below: it makes the workspace",
    "head": "tests/cli/test_head.py",
    "diff": "tests/cli/test_diff.py",
    "incident list": "tests/cli/test_incidents.py",
    "answers": "tests/cli/test_reading.py",
    "explain incident": "tests/cli/test_incidents.py",
    "incident retry": "tests/cli/test_incidents.py",
    "incident resolve": "tests/cli/test_incidents.py",
    "invitation list": "tests/cli/test_who_acts.py",
    "invitation withdraw": "tests/cli/test_who_acts.py",
    "link list": "tests/cli/test_links.py",
    "link add": "tests/cli/test_links.py",
    "link end": "tests/cli/test_links.py",
    "identity notify": "tests/cli/test_notifying.py",
    "deliver": "tests/cli/test_notifying.py",
    "outbox list": "tests/cli/test_notifying.py",
    "outbox retry": "tests/cli/test_notifying.py",
    "outbox drop": "tests/cli/test_notifying.py",
    "delegate": "tests/cli/test_standing_in.py",
    "hand-over": "tests/cli/test_standing_in.py",
    "claim": "tests/cli/test_standing_in.py",
    "release": "tests/cli/test_standing_in.py",
    "back": "tests/cli/test_suspension.py",
    "backfill": "tests/cli/test_suspension.py",
    "resume": "tests/cli/test_suspension.py",
    "explain readers": "tests/cli/test_history.py",
    "receipt check": "tests/cli/test_receipts.py",
    "replay": "tests/cli/test_migrating.py",
    "retire": "tests/cli/test_migrating.py",
    "migration plan": "tests/cli/test_migrating.py",
    "migration apply": "tests/cli/test_migrating.py",
    "migration undo": "tests/cli/test_migrating.py",
    "simulate": "tests/cli/test_trying.py",
    "test": "tests/cli/test_trying.py",
    "diagram": "tests/cli/test_drawing.py",
    "store create": "tests/cli/test_storing.py",
    "store copy": "tests/cli/test_storing.py",
    "store rebuild": "tests/cli/test_storing.py",
    "store adopt": "tests/cli/test_storing.py",
    "export cloudevents": "tests/cli/test_exporting.py",
    "export ocel": "tests/cli/test_exporting.py",
    "form export": "tests/cli/test_workbooks.py",
    "form import": "tests/cli/test_workbooks.py",
    "export archive": "tests/cli/test_exporting.py",
    "backup": "tests/cli/test_backing_up.py",
    "backup keys": "tests/cli/test_backing_up.py",
    "restore": "tests/cli/test_backing_up.py",
    "erase": "tests/cli/test_erasing.py",
    "erasures": "tests/cli/test_erasing.py",
    "person export": "tests/cli/test_erasing.py",
    "dispose": "tests/cli/test_disposing.py",
    "processing": "tests/cli/test_disposing.py",
    "join": "below: it takes a token",
    "submit": "below: it takes a file",
    "sql": "below: it takes figures",
    "evaluate": "below, with sql",
    "explain figure": "below, with sql",
    "mend": "below, with sql",
    "demo": "tells a story: tests/cli/test_demo.py",
    "schedule": "runs until it is ended: tests/pipelines",
}


@pytest.fixture
def answering(preparation):
    """A round in which two are to answer."""
    preparation.done("act", "arendal", "open_round", who="kari")
    return preparation


def test_given_all_commands_when_counted_then_each_is_tried_with_json() -> None:
    assert set(OWN) | set(RECEIPTS) | set(ELSEWHERE) == {path for module in MODULES for path in module.commands}


@pytest.mark.parametrize(("args", "who", "keys"), OWN.values(), ids=OWN)
def test_given_json_when_a_command_answers_then_it_is_one_line_with_its_keys(
    answering, args: tuple[str, ...], who: str | None, keys: set[str]
) -> None:
    ended = answering.done(*args, "--json", who=who)
    assert keys <= set(ended.data)
    assert (ended.out.count("\n"), ended.err) == (1, "")


@pytest.mark.parametrize(("args", "who"), RECEIPTS.values(), ids=RECEIPTS)
def test_given_json_when_a_command_stores_then_it_answers_with_the_receipt(
    preparation, args: tuple[str, ...], who: str
) -> None:
    ended = preparation.done(*args, "--json", who=who)
    assert set(ended.data) == {"process", "stream", "first", "last", "hash", "result", "replayed"}
    assert (ended.out.count("\n"), ended.err) == (1, "")


@pytest.mark.parametrize(("args", "who"), RECEIPTS.values(), ids=RECEIPTS)
def test_given_a_command_id_when_sent_twice_then_it_is_done_once_and_answers_the_same(
    preparation, args: tuple[str, ...], who: str
) -> None:
    first = preparation.done(*args, "--command-id", "mine", "--json", who=who).data
    before = preparation.position
    second = preparation.done(*args, "--command-id", "mine", "--json", who=who).data
    assert second == {**first, "replayed": True}
    assert preparation.position == before


IN_A_PROCESS = {name: call for name, call in RECEIPTS.items() if name != "start"}


@pytest.mark.parametrize(("args", "who"), IN_A_PROCESS.values(), ids=IN_A_PROCESS)
def test_given_a_command_id_when_used_for_something_else_then_it_is_refused(
    preparation, args: tuple[str, ...], who: str
) -> None:
    preparation.done("party", "add", "arendal", "annen", "--command-id", "mine", who="kari")
    before = preparation.position
    assert preparation(*args, "--command-id", "mine", who=who).code == 5
    assert preparation.position == before


def test_given_json_when_a_workspace_is_made_then_it_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["init", str(tmp_path / "new"), "--json"]) == 0
    assert codec.loads(capsys.readouterr().out) == {"language": "nb", "workspace": str(tmp_path / "new")}


def test_given_json_when_somebody_joins_and_answers_then_receipts_are_told(
    arendal, tmp_path: Path, registration: dict[str, codec.Json]
) -> None:
    membership = arendal.member("ola", "kommune")  # joins with --json
    file = tmp_path / "r.json"
    file.write_bytes(codec.dumps(registration))
    ended = arendal.done("submit", "arendal", f"register.1.{membership}", "--answers", str(file), "--json", who="ola")
    assert (membership, ended.data["process"], ended.data["replayed"]) == ("m2", "arendal", False)


def test_given_json_when_figures_are_asked_for_then_every_answer_parses(arendal) -> None:
    computed = arendal.done("evaluate", "--on", "2026-12-31", "--json").data
    assert re.fullmatch("[0-9a-f]+", computed["run_id"])
    asked = arendal.done("sql", "SELECT 1 AS one, 0.10::DECIMAL(4,2) AS tenth, DATE '2026-03-14' AS day", "--json").data
    assert asked["rows"] == [[1, codec.number("0.1"), "2026-03-14"]]
    assert [column["name"] for column in asked["columns"]] == ["one", "tenth", "day"]
    assert arendal("explain", "figure", "nothing", "--json").data["error"]["code"] == "not_found"
    mend = ("mend", "nothing", "--row", "1", "--column", "a", "--to", "1", "--reason", "x", "--json")
    assert arendal("--as", "kari", *mend).data["error"]["message"]


def test_given_csv_when_asked_for_then_it_is_that(evaluated) -> None:
    assert evaluated.done("sql", "SELECT 1 AS one, 'a,b' AS two", "--csv").out.splitlines() == ["one,two", '1,"a,b"']
    assert evaluated("sql", "SELECT 1", "--csv", "--json").code == 2


@pytest.mark.parametrize(
    ("statement", "code"),
    [("DROP SCHEMA marts CASCADE", 5), ("SELECT * FROM '/etc/passwd'", 5), ("SELEC 1", 5), ("", 5)],
)
def test_given_sql_that_may_not_run_when_asked_then_it_is_refused_with_json_too(
    evaluated, statement: str, code: int
) -> None:
    assert evaluated("sql", statement).code == code
    assert evaluated("sql", statement, "--json").data["error"]["message"]


def test_given_a_form_when_its_schema_is_asked_for_then_it_is_that_of_json(answering) -> None:
    form = ("form", "arendal", "answer.1.m2")
    assert answering.done(*form, "--schema", who="ola").out == answering.done(*form, "--json", who="ola").out
    assert answering(*form, "--schema", "--template", who="ola").code == 2
