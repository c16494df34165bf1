"""The JSON Schema (2020-12) of the template language, for editors: made from the model, never written by hand.

`processes/template.schema.json` is what `python -m engine.template.schema` prints; a test holds the two together. It
knows shapes only: whether names lead somewhere, and conditions make sense, is `lint`'s.
"""

from __future__ import annotations

import ast
import inspect
import json
import sys
from collections.abc import Mapping
from types import ModuleType
from typing import Any

from pydantic import BaseModel

from engine.template import model as template
from engine.template.model import NOT_YET, TEXT_SCHEMA, Template

LEVELS: Mapping[str, type[template.Config]] = {}
"""Where the keys that are not available yet will stand."""

_TEXT = "In bokmål, nynorsk and English; a plain text is read as bokmål."


def template_schema() -> dict[str, Any]:
    """The schema, with what the model says about each key as its description."""
    made = described(Template, template)
    parts = made.pop("$defs")
    for name, part in {**parts, "Template": made}.items():
        part["properties"] |= {key: _not_yet(key) for key, level in LEVELS.items() if level.__name__ == name}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A process template of samskap",
        **{key: value for key, value in made.items() if key != "title"},
        "$defs": {**parts, "Text": {"title": "Text", "description": _TEXT, **TEXT_SCHEMA}},
    }


def described(root: type[BaseModel], module: ModuleType) -> dict[str, Any]:
    """The schema of a model, with the words below each key in the model's source as its description."""
    made = root.model_json_schema(by_alias=True)
    told = _told(module)
    for name, part in {**made.get("$defs", {}), root.__name__: made}.items():
        for key, schema in part["properties"].items():
            _bound_keys(schema)
            _share_texts(schema)
            schema["description"] = told[name, key]
    return made


def _bound_keys(schema: dict[str, Any]) -> None:
    """Say of a mapping that all its keys are identifiers, and not only what holds for those that are."""
    for pattern, values in schema.pop("patternProperties", {}).items():
        schema |= {"propertyNames": {"pattern": pattern}, "additionalProperties": values}


def _share_texts(schema: dict[str, Any]) -> None:
    """Point to one description of texts instead of repeating it at every key that holds one."""
    if all(schema.get(key) == value for key, value in TEXT_SCHEMA.items()):
        for key in TEXT_SCHEMA:
            del schema[key]
        schema["$ref"] = "#/$defs/Text"
    for inner in [*schema.get("anyOf", ()), schema.get("additionalProperties")]:
        if isinstance(inner, dict):
            _share_texts(inner)


def _not_yet(key: str) -> dict[str, Any]:
    """A key that is refused, and shown as what it is."""
    return {"not": {}, "deprecated": True, "x-not-yet": True, "description": f"Not available yet: {NOT_YET[key]}."}


def _told(module: ModuleType) -> dict[tuple[str, str], str]:
    """(class, key) → the words that stand below the key in the model's source."""
    found = {}
    for part in ast.parse(inspect.getsource(module)).body:
        if isinstance(part, ast.ClassDef):
            fields = getattr(module, part.name).model_fields
            for line, below in zip(part.body, part.body[1:], strict=False):
                if isinstance(line, ast.AnnAssign) and isinstance(line.target, ast.Name) and line.target.id in fields:
                    words = ast.literal_eval(below.value) if isinstance(below, ast.Expr) else ""
                    found[part.name, fields[line.target.id].alias or line.target.id] = words
    return found


if __name__ == "__main__":
    sys.stdout.write(json.dumps(template_schema(), indent=2, ensure_ascii=False) + "\n")
