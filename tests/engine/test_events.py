"""Events as they were stored once are still read; what a newer program wrote is refused, never guessed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar
from uuid import UUID

import pytest

from engine import codec
from engine.errors import IntegrityFault
from engine.process import events as e
from engine.store.keys import KeyFolder
from engine.store.log import Record
from engine.store.vault import unprotect

FIXTURES = Path(__file__).parent / "fixtures"
STORED: list[dict[str, Any]] = [
    json.loads(line) for file in sorted(FIXTURES.glob("events_v*.jsonl")) for line in file.read_text().splitlines()
]
SEALS = [found for found in STORED if found["type"] == "answers.revealed"]


def name(stored: Mapping[str, Any]) -> str:
    return f"{stored['type']}, sealed" if '"sealed":' in stored["body"] else str(stored["type"])


@pytest.fixture
def keys(tmp_path: Path) -> KeyFolder:
    """The keys that the frozen events lie under."""
    files = [json.loads(file.read_text()) for file in FIXTURES.glob("keys_v*.json")]
    for kind, found in [item for file in files for item in file.items()]:
        for key_id, key in found.items():
            path = tmp_path / kind / key_id[:2] / f"{key_id}.key"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(bytes.fromhex(key))
    return KeyFolder(tmp_path)


def record(stored: Mapping[str, Any]) -> Record:
    return Record(UUID(stored["stream"]), stored["sequence"], stored["type"], stored["body"].encode())


def reveals() -> dict[str, e.AnswersRevealed]:
    payloads = [e.AnswersRevealed.model_validate(json.loads(found["payload"])) for found in SEALS]
    return {payload.key_id: payload for payload in payloads}


def test_given_the_types_of_today_when_compared_with_the_frozen_ones_then_each_has_an_event() -> None:
    assert {stored["type"] for stored in STORED} == set(e.TYPES)


ADDED_SINCE: dict[str, dict[str, Any]] = {
    "state.entered": {"since": None},
    "state.left": {"remembered": {}},
    "task.opened": {"row": None, "waiting": False},
    "action.taken": {"considered": []},
    "task.claimed": {"kept_from": None},
    "deadline.passed": {"considered": []},
    "reminder.due": {"instead": None},
    "form.submitted": {"valid_on": None, "reason": "", "reason_by": None},
    "form.corrected": {"valid_on": None, "reason": "", "reason_by": None},
    "process.migrated": {"entries": {}, "plan": None},
}
"""What events of today hold beyond the frozen ones, and what that is in an old one."""


@pytest.mark.fault("F12")
@pytest.mark.parametrize("stored", STORED, ids=name)
def test_given_a_frozen_event_when_read_then_it_means_what_it_meant(stored: dict[str, Any], keys: KeyFolder) -> None:
    envelope, payload = record(stored).content()
    found = unprotect(stored["type"], envelope["schema_version"], payload, keys, opened=reveals())
    assert type(found) is e.TYPES[stored["type"]]
    now, then = found.model_dump(mode="json"), json.loads(stored["payload"])
    assert codec.dumps({key: now[key] for key in then}).decode() == stored["payload"]
    assert {key: now[key] for key in now.keys() - then.keys()} == ADDED_SINCE.get(stored["type"], {})


@pytest.mark.parametrize("stored", STORED, ids=name)
def test_given_a_frozen_event_when_hashed_then_its_bytes_are_those_of_then(stored: dict[str, Any]) -> None:
    assert record(stored).hash == stored["hash"] == hashlib.sha256(stored["body"].encode()).hexdigest()


@pytest.mark.parametrize("stored", STORED, ids=name)
def test_given_a_frozen_event_when_written_again_by_the_codec_then_the_same_bytes(stored: dict[str, Any]) -> None:
    assert codec.dumps(codec.loads(stored["body"])).decode() == stored["body"]


@pytest.mark.fault("F12")
@pytest.mark.parametrize("stored", STORED, ids=name)
def test_given_an_event_of_a_newer_version_when_read_then_refused(stored: dict[str, Any], keys: KeyFolder) -> None:
    _, payload = record(stored).content()
    with pytest.raises(IntegrityFault, match="does not know") as caught:
        unprotect(stored["type"], e.TYPES[stored["type"]].SCHEMA + 1, payload, keys, opened=reveals())
    assert "upgrade" in caught.value.hint


@pytest.mark.fault("F12")
def test_given_an_event_of_an_unknown_type_when_read_then_refused(keys: KeyFolder) -> None:
    with pytest.raises(IntegrityFault, match=r"process\.teleported"):
        unprotect("process.teleported", 1, {"name": "x"}, keys, opened={})


def test_given_a_payload_with_a_key_that_nobody_knows_when_read_then_refused(keys: KeyFolder) -> None:
    with pytest.raises(IntegrityFault, match="does not read as one: more"):
        unprotect("party.joined", 1, {"party": "a", "title": "A", "more": 1}, keys, opened={})


class PartyJoinedLater(e.Payload):
    """What `party.joined` might become in two versions' time."""

    TYPE: ClassVar[str] = "party.joined"
    SCHEMA: ClassVar[int] = 3
    party: str
    titles: dict[str, str]
    kind: str


@pytest.mark.fault("F12")
def test_given_upcasters_when_an_old_event_is_read_then_it_is_lifted_version_by_version(
    keys: KeyFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(e, "TYPES", {**e.TYPES, "party.joined": PartyJoinedLater})
    monkeypatch.setitem(e.UPCASTERS, ("party.joined", 1), lambda p: {"party": p["party"], "titles": {"nb": p["title"]}})
    monkeypatch.setitem(e.UPCASTERS, ("party.joined", 2), lambda p: {**p, "kind": "organisation"})
    (stored,) = [found for found in STORED if found["type"] == "party.joined"]
    envelope, payload = record(stored).content()
    found = unprotect("party.joined", envelope["schema_version"], payload, keys, opened={})
    assert isinstance(found, PartyJoinedLater)
    assert (found.party, found.titles, found.kind) == ("town", {"nb": "Town"}, "organisation")


@pytest.mark.fault("F12")
def test_given_todays_types_when_upcasters_are_counted_then_every_old_version_has_one() -> None:
    assert {(kind, version) for kind, found in e.TYPES.items() for version in range(1, found.SCHEMA)} == set(
        e.UPCASTERS
    )
