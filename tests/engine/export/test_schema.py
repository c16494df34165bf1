"""The JSON Schema of stored events: what was ever stored fits it, and what never may be stored does not."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from engine.export.schema import event_schema, payload_schema, schema_id
from engine.export.source import Source
from engine.process import events as e

FIXTURES = Path(__file__).parent.parent / "fixtures"
STORED: list[dict[str, Any]] = [
    json.loads(line) for file in sorted(FIXTURES.glob("events_v*.jsonl")) for line in file.read_text().splitlines()
]
PERSONAL = [name for name, payload in e.TYPES.items() if payload.PERSONAL]


@pytest.fixture(scope="module")
def validator() -> Draft202012Validator:
    """The schema as it lies in an archive."""
    schema = json.loads(json.dumps(event_schema()))
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema)


@pytest.mark.parametrize("stored", STORED, ids=lambda stored: stored["type"])
def test_given_a_frozen_event_of_any_version_when_validated_then_it_fits(
    validator: Draft202012Validator, stored: dict[str, Any]
) -> None:
    validator.validate(json.loads(stored["body"]))


def test_given_a_whole_process_when_validated_then_every_event_fits(
    validator: Draft202012Validator, taken: Source
) -> None:
    for record in (*taken.records, *taken.template):
        validator.validate(json.loads(record.body))


@pytest.mark.parametrize("stored", [s for s in STORED if s["type"] in PERSONAL], ids=lambda stored: stored["type"])
def test_given_a_personal_text_in_the_open_when_validated_then_it_does_not_fit(
    validator: Draft202012Validator, stored: dict[str, Any]
) -> None:
    event = json.loads(stored["body"])
    event["p"][e.TYPES[stored["type"]].PERSONAL[0]] = "i klartekst"
    assert not validator.is_valid(event)


def test_given_answers_beside_their_seal_when_validated_then_they_do_not_fit(validator: Draft202012Validator) -> None:
    event = next(json.loads(stored["body"]) for stored in STORED if '"sealed":' in stored["body"])
    event["p"] |= {"answers": {"score": 3}, "personal": {}}
    assert not validator.is_valid(event)


@pytest.mark.parametrize(
    "change",
    [{"type": "no.such"}, {"sequence": 0}, {"previous_hash": "abc"}, {"more": 1}, {"recorded_at": None}],
    ids=lambda change: next(iter(change)),
)
def test_given_a_wrong_envelope_when_validated_then_it_does_not_fit(
    validator: Draft202012Validator, change: dict[str, Any]
) -> None:
    event = json.loads(STORED[0]["body"])
    event["e"] |= change
    assert not validator.is_valid(event)


@pytest.mark.parametrize("name", sorted(e.TYPES))
def test_given_a_type_when_its_schema_is_made_then_it_is_whole_and_has_its_name(name: str) -> None:
    schema = json.loads(json.dumps(payload_schema(e.TYPES[name])))
    assert schema["$id"] == schema_id(name)
    assert "$ref" not in json.dumps(schema)
    assert schema["properties"].keys() - {"sealed"} == e.TYPES[name].model_fields.keys()
