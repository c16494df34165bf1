"""The JSON Schema (2020-12) of files of scenarios, for editors: made from the model, never written by hand.

`processes/scenario.schema.json` is what `python -m engine.trial.schema` prints; a test holds the two together.
"""

from __future__ import annotations

import json
import sys
from typing import Any

from engine.template.schema import described
from engine.trial import scenario
from engine.trial.scenario import VERBS, Scenarios


def scenario_schema() -> dict[str, Any]:
    """The schema, with what the model says about each key as its description."""
    made = described(Scenarios, scenario)
    others = [{"required": [verb]} for verb in VERBS if verb != "party"]
    alone = {"required": ["party"], "not": {"anyOf": others}}
    made["$defs"]["Step"]["oneOf"] = [*others, alone]
    several = {"type": "array", "items": {"$ref": "#/$defs/Part"}, "minItems": 1}
    made["properties"]["people"]["additionalProperties"] = {"oneOf": [{"$ref": "#/$defs/Part"}, several]}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Scenarios of a process template of samskap",
        **{key: value for key, value in made.items() if key != "title"},
    }


if __name__ == "__main__":
    sys.stdout.write(json.dumps(scenario_schema(), indent=2, ensure_ascii=False) + "\n")
