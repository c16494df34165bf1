"""Who acts: a session's token, or the operator's key with --as; never a name alone."""

from __future__ import annotations

import base64
import hmac
import json
import shutil
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from cli.app import MODULES
from engine.store.sqlite import SqliteLog

pytestmark = pytest.mark.fault("F26")

WRITING: dict[str, tuple[str, ...]] = {
    "publish": ("publish", "soimpact"),
    "identity add": ("identity", "add", "per"),
    "identity token": ("identity", "token", "kari"),
    "identity list": ("identity", "list"),
    "identity end": ("identity", "end"),
    "start": ("start", "samson", "other"),
    "party add": ("party", "add", "arendal", "skole"),
    "invite": ("invite", "arendal", "--role", "facilitator"),
    "join": ("join", "arendal.secret"),
    "member add": ("member", "add", "arendal", "ola", "--role", "facilitator"),
    "member end": ("member", "end", "arendal", "m2"),
    "grant": ("grant", "arendal", "m2", "facilitator"),
    "revoke": ("revoke", "arendal", "m1", "facilitator"),
    "submit": ("submit", "arendal", "agree.1.kommune", "--set", "visibility=open"),
    "draft save": ("draft", "save", "arendal", "agree.1.kommune", "--set", "visibility=open"),
    "act": ("act", "arendal", "open_round"),
    "tick": ("tick",),
    "evaluate": ("evaluate",),
    "mend": ("mend", "nsw", "--row", "1", "--column", "a", "--to", "1", "--reason", "x"),
    "schedule": ("schedule",),
}
READING: dict[str, tuple[str, ...]] = {
    "tasks": ("tasks",),
    "form": ("form", "arendal", "agree.1.kommune"),
    "status": ("status",),
    "status of one": ("status", "arendal"),
    "history": ("history", "arendal"),
    "at": ("at", "arendal", "2"),
    "explain action": ("explain", "action", "arendal", "open_round"),
    "sql": ("sql", "SELECT 1"),
    "answers": ("answers", "arendal"),
    "identity whoami": ("identity", "whoami"),
    "identity sessions": ("identity", "sessions"),
}

OTHERS: dict[str, tuple[str, ...]] = {
    "store copy": ("store", "copy", "--to", "sqlite:///copy.sqlite"),
    "store rebuild": ("store", "rebuild"),
    "store adopt": ("store", "adopt"),
    "backup": ("backup", "TMP/backup"),
    "backup keys": ("backup", "keys", "TMP/keys"),
    "person export": ("person", "export", "ola", "--to", "TMP/ola.zip"),
    "identity notify": ("identity", "notify", "kari", "--to", "x@example.org"),
    "erase": ("erase", "ola", "--reason", "x"),
    "erasures": ("erasures",),
    "dispose": ("dispose",),
    "retire": ("retire", "samson", "1.0.0", "--reason", "x"),
    "replay": ("replay", "samson", "--against", "samson"),
    "migration plan": ("migration", "plan", "samson", "--to", "1.0.0"),
    "migration apply": ("migration", "apply", "samson", "--to", "1.0.0", "--reason", "x"),
    "migration undo": ("migration", "undo", "arendal", "--reason", "x"),
    "delegate": ("delegate", "arendal", "m2", "--to", "m3"),
    "invitation list": ("invitation", "list", "arendal"),
    "invitation withdraw": ("invitation", "withdraw", "arendal", "4f1a9c2e"),
    "hand-over": ("hand-over", "arendal", "m2", "facilitator", "--to", "m3"),
    "claim": ("claim", "arendal", "agree.1.kommune"),
    "release": ("release", "arendal", "agree.1.kommune"),
    "draft show": ("draft", "show", "arendal", "agree.1.kommune"),
    "draft drop": ("draft", "drop", "arendal", "agree.1.kommune"),
    "backfill": (
        "backfill",
        "arendal",
        "agree.0.kommune",
        "--set",
        "visibility=open",
        "--reason",
        "x",
        "--valid-on",
        "2026-01-01",
    ),
    "back": ("back", "arendal", "preparation", "--reason", "x"),
    "suspend": ("suspend", "arendal", "--reason", "x"),
    "resume": ("resume", "arendal"),
    "cancel": ("cancel", "arendal", "--reason", "x"),
    "explain now": ("explain", "now", "arendal"),
    "explain readers": ("explain", "readers", "arendal", "agree.1.kommune"),
    "explain task": ("explain", "task", "arendal", "agree.1.kommune"),
    "explain incident": ("explain", "incident", "arendal", "i1"),
    "explain figure": ("explain", "figure", "arendal/x"),
    "incident list": ("incident", "list"),
    "incident retry": ("incident", "retry", "arendal", "i1"),
    "incident resolve": ("incident", "resolve", "arendal", "i1", "--reason", "x"),
    "link add": ("link", "add", "arendal", "project", "other"),
    "link list": ("link", "list", "arendal"),
    "link end": ("link", "end", "arendal", "other", "--reason", "x"),
    "deliver": ("deliver",),
    "outbox list": ("outbox", "list"),
    "outbox retry": ("outbox", "retry", "k"),
    "outbox drop": ("outbox", "drop", "k", "--reason", "x"),
    "diagram of one": ("diagram", "--process", "arendal"),
    "export cloudevents": ("export", "cloudevents", "arendal", "--to", "TMP/a.jsonl"),
    "export ocel": ("export", "ocel", "arendal", "--to", "TMP/a.json"),
    "export archive": ("export", "archive", "arendal", "--to", "TMP/a.zip"),
    "head": ("head",),
}
FOR_ANYBODY = {
    "init": "makes a workspace of one's own",
    "demo": "makes a workspace of its own",
    "doctor": "looks at the files and says nothing of what is in them",
    "store create": "makes empty tables where there are none",
    "form export": "reads config",
    "form import": "reads config and a file of one's own",
    "restore": "puts files together that one has, into a folder of one's own",
    "lint": "reads config",
    "diff": "reads config and published versions, which hold nobody's answers",
    "processing": "reads config and published versions, which hold nobody's answers",
    "test": "plays scenarios in a log that is thrown away",
    "simulate": "plays with made-up people, and stores nothing",
    "diagram": "draws config; a process is in OTHERS",
    "verify": "follows hashes: anybody who has the log may check it",
    "receipt check": "opens nothing: whoever holds a receipt may check it",
}
"""Commands that ask nobody who they are, and why they need not."""


@pytest.fixture
def files_alone(preparation):
    """The workspace of somebody who got hold of its files, without the operator's key."""
    (preparation.folder / "data/keys/workspace/op/operator.key").unlink()
    return preparation


def test_given_somebody_who_takes_part_when_they_ask_in_sql_then_it_is_for_named_analysts(arendal) -> None:
    arendal.person("ola")
    ended = arendal("sql", "SELECT 1", who="ola")
    assert (ended.code, "named analysts" in ended.err) == (6, True)


def test_given_a_process_that_is_not_when_asked_for_then_no_other_is_named(arendal) -> None:
    arendal.person("ola")
    assert "arendal" not in arendal("status", "nosuch", who="ola").err


def test_given_an_analyst_when_they_ask_then_the_question_is_recorded(arendal) -> None:
    arendal.person("ola")
    settings = arendal.folder / "samskap.toml"
    settings.write_text(settings.read_text().replace("analysts = []", 'analysts = ["ola"]'))
    arendal.done("evaluate")
    arendal.done("sql", "SELECT 1", who="ola")
    assert arendal("sql", "DROP TABLE core.process", who="ola").code == 5
    lines = [json.loads(line) for line in (arendal.folder / "data/questions.jsonl").read_text().splitlines()]
    assert [(line["who"], line["question"], line["outcome"]) for line in lines] == [
        ("ola", "SELECT 1", "answered"),
        ("ola", "DROP TABLE core.process", "sql_refused"),
    ]


@pytest.mark.parametrize("args", [*WRITING.values(), *READING.values()], ids=[*WRITING, *READING])
def test_given_the_files_alone_when_anything_is_called_then_it_is_not_allowed_and_nothing_is_stored(
    files_alone, args: tuple[str, ...]
) -> None:
    before = files_alone.position
    ended = files_alone(*args)
    assert ended.code == 6, ended.err
    assert ended.out == ""
    assert files_alone.position == before


@pytest.mark.parametrize("args", [*WRITING.values(), *READING.values()], ids=[*WRITING, *READING])
def test_given_the_files_alone_when_a_name_is_typed_then_it_is_not_allowed_either(
    files_alone, args: tuple[str, ...]
) -> None:
    before = files_alone.position
    assert files_alone("--as", "kari", *args).code == 6
    assert files_alone.position == before


def test_given_the_files_alone_when_any_other_command_is_called_then_it_is_not_allowed_either(
    files_alone, tmp_path: Path
) -> None:
    """One workspace for all of them, as making one takes longer than asking."""
    before, files = files_alone.position, {*tmp_path.iterdir()}
    ended = {
        (name, *options): files_alone(*options, *(word.replace("TMP", str(tmp_path)) for word in args))
        for name, args in OTHERS.items()
        for options in ((), ("--as", "kari"))
    }
    assert {call: (one.code, one.out, one.err) for call, one in ended.items() if (one.code, one.out) != (6, "")} == {}
    assert (files_alone.position, {*tmp_path.iterdir()}) == (before, files)


def test_given_all_commands_when_counted_then_each_asks_who_acts_or_need_not() -> None:
    tried = {*WRITING, *READING, *OTHERS}
    assert {path for module in MODULES for path in module.commands} - tried == set(FOR_ANYBODY)


def test_given_a_token_that_was_altered_when_used_then_it_is_not_allowed(arendal) -> None:
    kept = arendal.tokens["kari"]
    arendal.tokens["forged"] = kept[:-1] + ("A" if kept[-1] != "A" else "B")
    assert arendal("identity", "whoami", who="forged").code == 6


def test_given_a_token_of_before_there_were_sessions_when_used_then_it_does_not_hold(arendal) -> None:
    """Signed by hand, as versions until 0.1 did: person, expiry, nonce, and the HMAC of them."""
    key = (arendal.folder / "data/keys/workspace/id/identity.key").read_bytes()
    log = SqliteLog(arendal.folder / "data/events.sqlite")
    person = log.query("SELECT id FROM person")[0]["id"]
    log.close()
    body = f"{person}.{int(datetime.now(UTC).timestamp()) + 1000}.0011"
    signature = base64.urlsafe_b64encode(hmac.digest(key, body.encode(), "sha256")).decode().rstrip("=")
    arendal.tokens["old"] = f"{body}.{signature}"
    ended = arendal("identity", "whoami", who="old")
    assert (ended.code, "identity token HANDLE" in ended.err) == (6, True)


@pytest.mark.parametrize("token", ["nonsense", "a.b.c", "å", ".", "a.b.c.d.e"])
def test_given_no_token_at_all_when_used_then_it_is_not_allowed(terminal, token: str) -> None:
    terminal.tokens["odd"] = token
    assert terminal("identity", "whoami", who="odd").code == 6


def test_given_a_token_of_another_workspace_when_used_then_it_is_not_allowed(arendal, tmp_path: Path) -> None:
    other = type(arendal)(tmp_path / "other", arendal.capture, arendal.monkeypatch)
    other.done("init", str(other.folder))
    other.person("kari")
    arendal.tokens["stranger"] = other.tokens["kari"]
    assert arendal("tasks", who="stranger").code == 6


def test_given_a_token_when_its_time_has_passed_then_it_has_expired(arendal, later: Callable[[int], None]) -> None:
    later(91)
    ended = arendal("identity", "whoami", who="kari")
    assert ended.code == 6
    assert "expired" in ended.err


def test_given_a_token_in_a_file_when_named_then_it_acts(arendal, tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text(arendal.tokens["kari"] + "\n", encoding="utf-8")
    assert arendal.done("--identity-file", str(file), "identity", "whoami", "--json").data["handle"] == "kari"


def test_given_a_token_and_a_person_without_the_operators_key_when_as_is_used_then_it_is_not_allowed(
    files_alone,
) -> None:
    assert files_alone("--as", "ola", "tasks", who="kari").code == 6


OF_THE_OPERATOR: dict[str, tuple[str, ...]] = {
    "publish": ("publish", "soimpact"),
    "retire": ("retire", "samson", "1.0.0", "--reason", "x"),
    "replay": ("replay", "samson", "--against", "samson"),
    "identity add": ("identity", "add", "per"),
    "identity token": ("identity", "token", "kari"),
    "identity list": ("identity", "list"),
    "identity sessions": ("identity", "sessions", "kari"),
    "identity end": ("identity", "end", "--all", "--of", "kari"),
    "identity notify": ("identity", "notify", "kari", "--to", "x@example.org"),
    "person export": ("person", "export", "kari", "--to", "TMP/kari"),
    "erase": ("erase", "kari", "--reason", "x"),
    "erasures": ("erasures",),
    "dispose": ("dispose",),
    "store copy": ("store", "copy", "--to", "sqlite:///copy.sqlite"),
    "store rebuild": ("store", "rebuild"),
    "store adopt": ("store", "adopt"),
    "backup": ("backup", "TMP/backup"),
    "backup keys": ("backup", "keys", "TMP/keys"),
    "evaluate": ("evaluate",),
    "sql": ("sql", "SELECT 1"),
    "schedule": ("schedule",),
    "deliver": ("deliver",),
    "outbox list": ("outbox", "list"),
    "outbox retry": ("outbox", "retry", "k"),
    "outbox drop": ("outbox", "drop", "k", "--reason", "x"),
    "incident list": ("incident", "list"),
    "head": ("head",),
    "cancel": ("cancel", "arendal", "--reason", "x"),
    "migration undo": ("migration", "undo", "arendal", "--reason", "x"),
    "export of all": ("export", "ocel", "--to", "TMP/all.json"),
}
"""What the operator does by a power of their own, asked of a workspace where ola takes part and leads nothing."""


@pytest.mark.parametrize("how", ["token", "token file", "--as"])
def test_given_the_operators_key_when_a_person_acts_then_the_operators_power_is_not_theirs(
    preparation, tmp_path: Path, how: str
) -> None:
    """One workspace for all of them, as making one takes longer than asking."""
    (tmp_path / "ola.token").write_text(preparation.tokens["ola"], encoding="utf-8")
    options = {"token": (), "token file": ("--identity-file", str(tmp_path / "ola.token")), "--as": ("--as", "ola")}
    before, files = preparation.position, {*tmp_path.iterdir()}
    ended = {
        name: preparation(
            *options[how],
            *(word.replace("TMP", str(tmp_path)) for word in args),
            who="ola" if how == "token" else None,
        )
        for name, args in OF_THE_OPERATOR.items()
    }
    assert {name: one for name, one in ended.items() if (one.code, one.out) != (6, "")} == {}
    assert (preparation.position, {*tmp_path.iterdir()}) == (before, files)


def test_given_a_token_when_an_operators_command_is_refused_then_it_says_how_the_operator_calls(arendal) -> None:
    assert "leave out --identity-file, and unset SAMSKAP_IDENTITY" in arendal("backup", "x", who="kari").err
    assert "leave out --as" in arendal("--as", "kari", "backup", "x").err


def test_given_a_token_beside_the_operators_key_when_as_is_used_then_it_is_not_allowed(preparation) -> None:
    ended = preparation("--as", "kari", "tasks", who="ola")
    assert (ended.code, "unset SAMSKAP_IDENTITY" in ended.err) == (6, True)


def test_given_somebody_from_outside_when_the_operator_acts_for_them_then_they_see_and_end_nothing(arendal) -> None:
    arendal.person("zoe")
    before = arendal.position
    for args in (("status", "arendal"), ("history", "arendal"), ("cancel", "arendal", "--reason", "x")):
        assert arendal("--as", "zoe", *args).code == 6
    assert arendal.position == before


def test_given_a_process_when_the_operator_cancels_it_then_history_says_it_was_the_operator(arendal) -> None:
    arendal.done("cancel", "arendal", "--reason", "Nobody came")
    told = arendal.done("history", "arendal", who="kari").out.splitlines()[-1]
    assert ("driftsansvarlig" in told, "→" in told) == (True, False)


def test_given_who_leads_when_the_operator_cancels_for_them_then_history_says_for_whom(arendal) -> None:
    arendal.done("--as", "kari", "cancel", "arendal", "--reason", "Nobody came")
    assert "driftsansvarlig → Kari" in arendal.done("history", "arendal", who="kari").out.splitlines()[-1]


def test_given_two_ways_to_say_who_when_both_are_used_then_it_makes_no_sense(arendal, tmp_path: Path) -> None:
    assert arendal("--as", "kari", "--identity-file", str(tmp_path / "x"), "tasks").code == 2


def test_given_an_operator_when_acting_for_somebody_then_history_says_so(arendal) -> None:
    arendal.done("--as", "kari", "party", "add", "arendal", "kommune", "--title", "Kommunen")
    assert "driftsansvarlig → Kari" in arendal.done("history", "arendal", who="kari").out.splitlines()[-1]


def test_given_somebody_from_outside_when_they_look_then_it_is_not_allowed_and_not_listed(arendal) -> None:
    arendal.person("per")
    for args in (("status", "arendal"), ("history", "arendal"), ("at", "arendal", "1")):
        assert arendal(*args, who="per").code == 6
    assert arendal.done("status", "--json", who="per").data == {"processes": [], "quarantine": []}


def test_given_a_member_when_they_do_what_the_facilitator_does_then_it_is_not_allowed(preparation) -> None:
    before = preparation.position
    assert preparation("act", "arendal", "open_round", who="ola").code == 6
    assert preparation("party", "add", "arendal", "skole", who="ola").code == 6
    assert preparation("submit", "arendal", "register.1.m3", "--set", "influence=1", who="ola").code in (5, 6)
    assert preparation.position == before


def test_given_an_invitation_when_used_twice_then_the_second_is_refused(arendal) -> None:
    arendal.member("ola", "kommune")
    token = arendal.done("-q", "invite", "arendal", "--role", "facilitator", who="kari").out.strip()
    arendal.person("eva")
    arendal.person("per")
    arendal.done("join", token, who="eva")
    before = arendal.position
    assert arendal("join", token, who="per").code in (5, 6)
    assert arendal.position == before


def test_given_an_invitation_when_a_month_has_passed_then_it_no_longer_holds(
    arendal, later: Callable[[int], None]
) -> None:
    token = arendal.done("-q", "invite", "arendal", "--role", "facilitator", who="kari").out.strip()
    arendal.person("eva")
    later(31)
    assert arendal("join", token, who="eva").code in (5, 6)


def test_given_a_person_when_they_sign_in_then_the_process_speaks_their_language(arendal) -> None:
    titles = {}
    for language in ("nb", "nn", "en"):
        arendal.person(f"per-{language}", language)
        token = arendal.done("-q", "invite", "arendal", "--role", "facilitator", who="kari").out.strip()
        arendal.done("join", token, who=f"per-{language}")
        titles[language] = arendal.done("status", "arendal", "--json", who=f"per-{language}").data["state_titles"]
    assert titles == {"nb": ["Forberedelse"], "nn": ["Førebuing"], "en": ["Preparation"]}


def test_given_a_copy_of_the_workspace_without_any_keys_when_looked_at_then_tokens_do_not_hold(arendal) -> None:
    shutil.rmtree(arendal.folder / "data/keys")
    assert arendal("identity", "whoami", who="kari").code == 6


# -- sessions -------------------------------------------------------------------------------------------------------------


def test_given_a_token_for_a_time_when_made_then_it_says_until_when_and_is_listed_by_its_name(arendal) -> None:
    made = arendal.done("identity", "token", "kari", "--for", "P30D", "--name", "laptop", "--json").data
    assert timedelta(days=29) < datetime.fromisoformat(made["expires_at"]) - datetime.now(UTC) <= timedelta(days=30)
    arendal.tokens["laptop"] = made["token"]
    listed = arendal.done("identity", "sessions", "--json", who="laptop").data["sessions"]
    assert [(one["name"], one["this"]) for one in listed] == [("laptop", True), ("", False)]


@pytest.mark.parametrize("life", ["30", "P367D", "P0D", "P1Y", ""])
def test_given_a_time_that_cannot_be_when_a_token_is_asked_for_then_told_and_none_is_made(arendal, life: str) -> None:
    assert arendal("identity", "token", "kari", "--for", life).code == 2
    assert len(arendal.done("identity", "sessions", "kari", "--json").data["sessions"]) == 1


def test_given_a_signed_in_person_when_they_end_their_session_then_its_token_no_longer_holds(arendal) -> None:
    arendal.done("identity", "end", who="kari")
    ended = arendal("tasks", who="kari")
    assert (ended.code, "was ended" in ended.err) == (6, True)


def test_given_a_lost_token_when_the_operator_ends_it_then_the_others_still_hold(arendal) -> None:
    arendal.tokens["laptop"] = arendal.done("-q", "identity", "token", "kari", "--name", "laptop").out.strip()
    arendal.done("identity", "end", "laptop", "--of", "kari")
    assert arendal("tasks", who="laptop").code == 6
    arendal.done("tasks", who="kari")


def test_given_several_sessions_when_all_are_ended_then_none_holds(arendal) -> None:
    arendal.tokens["laptop"] = arendal.done("-q", "identity", "token", "kari", "--name", "laptop").out.strip()
    assert arendal.done("identity", "end", "--all", "--json", who="laptop").data["ended"] == 2
    assert [arendal("tasks", who=name).code for name in ("kari", "laptop")] == [6, 6]


def test_given_somebody_else_when_they_look_or_end_then_it_is_not_allowed(files_alone) -> None:
    assert files_alone("identity", "sessions", "kari", who="ola").code == 6
    assert files_alone("identity", "end", "--all", "--of", "kari", who="ola").code == 6
    files_alone.done("tasks", who="kari")


@pytest.mark.parametrize("args", [(), ("laptop", "--all")])
def test_given_no_session_or_two_ways_to_name_them_when_ended_then_it_makes_no_sense(
    arendal, args: tuple[str, ...]
) -> None:
    assert arendal("identity", "end", "--of", "kari", *args).code == 2


def test_given_no_name_when_the_operator_asks_for_sessions_then_everybodys_and_ending_asks_whose(arendal) -> None:
    arendal.person("ola")
    listed = arendal.done("identity", "sessions", "--json").data["sessions"]
    assert [one["handle"] for one in listed] == ["kari", "ola"]
    assert arendal("identity", "end", "--all").code == 2


def test_given_a_session_that_is_not_when_ended_then_told_where_they_are_listed(arendal) -> None:
    ended = arendal("identity", "end", "tablet", who="kari")
    assert (ended.code, "identity sessions" in ended.err) == (7, True)


def test_given_an_invitation_that_went_to_the_wrong_person_when_withdrawn_then_they_cannot_join(arendal) -> None:
    token = arendal.done("-q", "invite", "arendal", "--role", "facilitator", who="kari").out.strip()
    (listed,) = arendal.done("invitation", "list", "arendal", "--json", who="kari").data["invitations"]
    assert (listed["roles"], listed["over"]) == (["facilitator"], "")
    assert token.partition(".")[2] not in str(listed)
    arendal.person("ola")
    assert arendal("invitation", "withdraw", "arendal", listed["invitation"][:8], who="ola").code == 6
    done = arendal.done("invitation", "withdraw", "arendal", listed["invitation"][:8], "--json", who="kari").data
    assert done["process"] == "arendal"
    ended = arendal("join", token, who="ola")
    assert (ended.code, "was withdrawn" in ended.err) == (6, True)
