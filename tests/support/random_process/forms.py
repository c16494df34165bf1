"""The forms of random templates, and answers that they take."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from engine import yaml


def form(name: str, required: str, properties: Mapping[str, Any]) -> yaml.Document:
    content = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"t/{name}",
        "title": name,
        "type": "object",
        "required": [required],
        "properties": {key: {"title": key, **value} for key, value in properties.items()},
    }
    return yaml.load_json(json.dumps(content), f"{name}.json")


_ID = {"type": "string", "maxLength": 40, "pattern": "^[a-z][a-z0-9_]{0,39}$"}
_NOTE = {"text": {"type": "string", "maxLength": 50}, "aside": {"type": "string", "maxLength": 50, "x-personal": True}}
_SCORES = [{"const": n, "title": str(n)} for n in range(1, 6)] + [{"const": "dont_know", "title": "?"}]
FORMS = {
    "note": form("note", "text", _NOTE),
    "vote": form("vote", "score", {"score": {"oneOf": _SCORES}}),
    "rows": form("rows", "rows", {"rows": {"type": "array", "items": {"type": "object", "required": ["id"], "properties": {"id": {"title": "id", **_ID}}}}}),
    "shown": form("shown", "shown", {"shown": {"oneOf": [{"const": v, "title": v} for v in ("open", "protected")]}}),
}  # fmt: skip
WIDER = {**FORMS, "note": form("note", "text", {**_NOTE, "more": {"type": "string", "maxLength": 50}})}
"""The forms of a later version: a note may say more."""


def answers_for(name: str, number: int) -> dict[str, Any]:
    """Answers that a form takes, by a number."""
    match name:
        case "vote":
            return {"score": [1, 2, 3, 4, 5, "dont_know"][number % 6]}
        case "rows":
            return {"rows": [{"id": f"r{n}"} for n in range(3) if (number >> n) & 1]}
        case "shown":
            return {"shown": ("open", "protected")[number % 2]}
        case _:
            return {"text": f"canary{number}"} if number % 3 else {"text": "yes", "aside": f"canary{number}"}
