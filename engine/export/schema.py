"""The JSON Schema (2020-12) of events as they are stored, made from their payloads: for whoever reads an export.

It describes the stored bytes of every version so far: what was added later may be missing. Personal texts appear in
their encrypted form, and sealed answers as one ciphertext. It is a description; the engine itself does not use it.
"""

from __future__ import annotations

from typing import Any, Final

from engine.codec import Json
from engine.process import events as e

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
HASH: Final[dict[str, Json]] = {"type": "string", "pattern": "^[0-9a-f]{64}$"}
ID: Final[dict[str, Json]] = {"type": "string", "pattern": "^[0-9a-f]{32}$"}
BASE64: Final[dict[str, Json]] = {"type": "string", "contentEncoding": "base64", "pattern": "^[A-Za-z0-9+/]+=*$"}
MAYBE_TEXT: Final[dict[str, Json]] = {"type": ["string", "null"]}
ENCRYPTED: Final[dict[str, Json]] = {
    "description": "Encrypted (AES-256-GCM: 12 bytes of nonce, then the text) under the key of `subject`.",
    "type": "object",
    "required": ["subject", "text"],
    "properties": {"subject": {"type": "string"}, "text": BASE64},
    "additionalProperties": False,
}
SEALED: Final[dict[str, Json]] = {
    **BASE64,
    "description": "Answers and personal texts, encrypted (AES-256-GCM) under the key that `sealed_under` names.",
}


def schema_id(type_name: str) -> str:
    """The name of the schema of one type's payload."""
    return f"urn:samskap:event:{type_name}"


def event_schema() -> dict[str, Json]:
    """The schema of one stored event: the envelope under `e`, the payload under `p`."""
    names = sorted(e.TYPES)
    by_type: list[Json] = [
        {
            "if": {"properties": {"e": {"properties": {"type": {"const": name}}}}},
            "then": {"properties": {"p": {"$ref": schema_id(name)}}},
        }
        for name in names
    ]
    return {
        "$schema": DIALECT,
        "$id": "urn:samskap:event",
        "title": "A stored event of samskap",
        "type": "object",
        "required": ["e", "p"],
        "properties": {"e": _envelope(list(names)), "p": {"type": "object"}},
        "additionalProperties": False,
        "allOf": by_type,
        "$defs": {name: payload_schema(e.TYPES[name]) for name in names},
    }


def _envelope(names: list[Json]) -> dict[str, Json]:
    properties: dict[str, Json] = {
        "event_id": ID,
        "stream": ID,
        "sequence": {"type": "integer", "minimum": 1},
        "type": {"enum": names},
        "schema_version": {"type": "integer", "minimum": 1},
        "recorded_at": {"type": "string", "format": "date-time", "description": "UTC; never runs backwards."},
        "actor": {"type": "string", "description": "A pseudonym within the process, `operator` or `clock`."},
        "on_behalf_of": MAYBE_TEXT,
        "role": MAYBE_TEXT,
        "membership": MAYBE_TEXT,
        "command_id": {"type": "string"},
        "correlation_id": {"type": "string"},
        "causation_id": {"type": "string"},
        "bundle_hash": {"anyOf": [HASH, {"type": "null"}]},
        "previous_hash": {
            "anyOf": [HASH, {"const": ""}],
            "description": "SHA-256 over the stored bytes of the event before; empty for the first.",
        },
    }
    return {
        "type": "object",
        "required": list(properties),
        "properties": properties,
        "additionalProperties": False,
    }


def payload_schema(payload: type[e.Payload]) -> dict[str, Json]:
    """The schema of one type's payload as it is stored."""
    made: dict[str, Any] = payload.model_json_schema()
    inner = made.get("$defs", {})
    properties: dict[str, Json] = {
        name: _personal() if name in payload.PERSONAL else _whole(found, inner)
        for name, found in made["properties"].items()
    }
    schema: dict[str, Json] = {
        "$id": schema_id(payload.TYPE),
        "description": " ".join(str(made.get("description", "")).split()),
        "type": "object",
        "required": made.get("required", []),
        "properties": properties,
        "additionalProperties": False,
    }
    return _maybe_sealed(schema, properties) if issubclass(payload, e.FormSubmitted) else schema


def _maybe_sealed(schema: dict[str, Json], properties: dict[str, Json]) -> dict[str, Json]:
    """Answers and personal texts in the open, or both in one ciphertext."""
    inside: tuple[str, ...] = ("answers", "personal")
    required = [name for name in schema["required"] if name not in inside]  # type: ignore[union-attr]
    one_of: list[Json] = [
        {"required": list(inside), "properties": {"sealed": False}},
        {"required": ["sealed", "sealed_under"], "properties": dict.fromkeys(inside, False)},
    ]
    return {**schema, "required": required, "properties": {**properties, "sealed": SEALED}, "oneOf": one_of}


def _personal() -> dict[str, Json]:
    return {"anyOf": [{"enum": ["", None, {}]}, ENCRYPTED]}


def _whole(schema: Any, inner: dict[str, Any]) -> Json:
    """A schema with what it refers to, and without the titles that pydantic makes of names."""
    if isinstance(schema, list):
        return [_whole(value, inner) for value in schema]
    if not isinstance(schema, dict):
        found: Json = schema
        return found
    if "$ref" in schema:
        return _whole(inner[schema["$ref"].rsplit("/", 1)[1]], inner)
    kept = {key: value for key, value in schema.items() if key != "title" or not isinstance(value, str)}
    return {key: _whole(value, inner) for key, value in kept.items()}
