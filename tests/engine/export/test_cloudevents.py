"""Events as CloudEvents: the specification's rules (version 1.0.2), and its own Python library reads them back."""

from __future__ import annotations

import re
from datetime import datetime
from hashlib import sha256
from typing import Any
from urllib.parse import urlsplit

import pytest
from cloudevents.core.formats.json import JSONFormat

from engine import codec
from engine.codec import Json
from engine.export.cloudevents import cloudevents
from engine.export.source import Source, source
from engine.store.people import Session

REQUIRED = {"id", "source", "specversion", "type"}


@pytest.fixture
def lines(taken: Source) -> list[bytes]:
    """The process as it is written: one event a line."""
    return [codec.dumps(event) for event in cloudevents(taken)]


def test_given_a_process_when_read_by_the_library_then_every_event_is_there_as_it_was_stored(
    lines: list[bytes], taken: Source
) -> None:
    read = [JSONFormat().read(None, line) for line in lines]
    assert len(read) == len(taken.records) > 30
    for event, record in zip(read, taken.records, strict=True):
        envelope, payload = record.content()
        assert event.get_type() == f"samskap.{record.type}"
        assert event.get_source() == f"urn:uuid:{record.stream}"
        assert event.get_id() == envelope["event_id"]
        assert event.get_time() == datetime.fromisoformat(envelope["recorded_at"])
        assert event.get_subject() == "p"
        assert event.get_data() == payload


def test_given_every_event_when_held_to_the_rules_then_attributes_are_named_typed_and_never_empty(
    lines: list[bytes],
) -> None:
    for line in lines:
        event = codec.mapping(codec.loads(line))
        attributes = {name: value for name, value in event.items() if name != "data"}
        assert attributes.keys() >= REQUIRED
        assert event["specversion"] == "1.0"
        assert all(re.fullmatch("[a-z0-9]{1,20}", name) for name in attributes)
        assert all(isinstance(value, str | bool | int) and value != "" for value in attributes.values())
        assert urlsplit(str(event["source"])).scheme == urlsplit(str(event["dataschema"])).scheme == "urn"


def test_given_a_process_when_written_then_source_and_id_are_unique_and_the_sequence_sorts_as_text(
    lines: list[bytes],
) -> None:
    events = [codec.mapping(codec.loads(line)) for line in lines]
    assert len({(event["source"], event["id"]) for event in events}) == len(events)
    numbers = [str(event["sequence"]) for event in events]
    assert numbers == sorted(numbers)
    assert [int(number) for number in numbers] == list(range(1, len(events) + 1))


def test_given_a_process_when_written_then_its_chain_can_be_followed(lines: list[bytes], taken: Source) -> None:
    events = [codec.mapping(codec.loads(line)) for line in lines]
    assert [event["hash"] for event in events] == [sha256(record.body).hexdigest() for record in taken.records]
    assert [event.get("previoushash") for event in events] == [None, *(event["hash"] for event in events[:-1])]


def test_given_what_persons_wrote_when_written_then_it_is_not_to_be_found(
    lines: list[bytes], canaries: tuple[str, ...]
) -> None:
    text = b"\n".join(lines).decode()
    assert [canary for canary in canaries if canary in text] == []


def test_given_a_round_that_was_not_revealed_when_written_then_its_answers_stay_sealed(lines: list[bytes]) -> None:
    (vote,) = (data for data in _data(lines) if data.get("instance") == "vote.2.m2" and "form" in data)
    assert vote.keys() & {"answers", "personal"} == set()
    assert vote["sealed"]


def test_given_a_protected_round_when_written_then_nothing_opens_it(protected: Any) -> None:
    found = source(protected.engine, protected.person("kari"), "p")
    lines = [codec.dumps(event) for event in cloudevents(found)]
    votes = [data for data in _data(lines) if str(data.get("instance")).startswith("vote.1") and "form" in data]
    assert [vote.keys() & {"answers", "personal"} for vote in votes] == [set(), set()]
    (reveal,) = (data for data in _data(lines) if "key_id" in data)
    assert (reveal["visibility"], reveal["key"]) == ("protected", None)


def test_given_the_operator_as_nobody_when_written_then_answers_are_left_out_and_that_is_told(
    lived: Any, operator: Session
) -> None:
    events = list(cloudevents(source(lived.engine, operator, "p")))
    told = [(event["type"], event.get("withheld"), event.get("dataschema")) for event in events if "withheld" in event]
    assert ("samskap.form.submitted", "answers", None) in told
    assert ("samskap.answers.revealed", "key", None) in told
    data = [codec.mapping(event["data"]) for event in events]
    assert [one for one in data if "answers" in one or one.get("key")] == []
    assert b"et bedre" not in b"".join(codec.dumps(event) for event in events)


def test_given_a_person_whose_key_is_gone_when_written_again_then_it_is_the_same(lived: Any, operator: Session) -> None:
    before = list(cloudevents(source(lived.engine, operator, "p")))
    subject = lived.state.memberships["m2"].subject
    assert lived.engine.keys.destroy("subject", subject)
    assert list(cloudevents(source(lived.engine, operator, "p"))) == before


def test_given_who_acted_when_written_then_it_is_told_by_pseudonym(lived: Any, lines: list[bytes]) -> None:
    events = [codec.mapping(codec.loads(line)) for line in lines]
    (helped,) = (
        event
        for event in events
        if codec.mapping(event["data"]).get("instance") == "vote.1.m3" and "form" in codec.mapping(event["data"])
    )
    kari, eva = (lived.state.memberships[name].subject for name in ("m1", "m3"))
    assert (helped["authtype"], helped["authid"], helped["onbehalfof"]) == ("app_user", kari, eva)


def _data(lines: list[bytes]) -> list[dict[str, Json]]:
    return [codec.mapping(codec.mapping(codec.loads(line))["data"]) for line in lines]
