"""The JSON Schema (2020-12) of migration plans, for editors: made from the model, never written by hand.

`processes/plan.schema.json` is what `python -m engine.template.plan_schema` prints; a test holds the two together.
"""

from __future__ import annotations

import json
import sys
from typing import Any

from engine.template import plan
from engine.template.plan import Plan
from engine.template.schema import described


def plan_schema() -> dict[str, Any]:
    """The schema, with what the model says about each key as its description."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **described(Plan, plan),
        "title": "A migration plan of samskap",
    }


if __name__ == "__main__":
    sys.stdout.write(json.dumps(plan_schema(), indent=2, ensure_ascii=False) + "\n")
