"""Later versions of random templates, and the plans that lead to them."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from hypothesis import strategies as st

from random_process.author import Content, Draw


@st.composite
def changes(draw: Draw, content: Content) -> tuple[Content, dict[str, Any]]:
    """A later version of a template, and the plan that says what became of states and tasks."""
    text = json.dumps(content)
    plan: dict[str, Any] = {"template": "t", "to": "1.1.0", "states": {}, "tasks": {}}
    names: dict[str, list[str]] = {"states": [], "tasks": []}

    def collect(states: Mapping[str, Any]) -> None:
        for name, spec in states.items():
            names["states"] += [name] if "history" not in spec else []
            names["tasks"] += spec.get("tasks", {})
            collect(spec.get("states", {}))

    collect(content["states"])
    for kind, percent in (("states", 40), ("tasks", 50)):
        if names[kind] and draw(st.integers(1, 100)) <= percent:
            old = draw(st.sampled_from(names[kind]))
            text = re.sub(rf'"{old}"', f'"{old}n"', text)
            text = re.sub(rf"\.{old}\b", f".{old}n", text)  # in conditions
            plan[kind][old] = f"{old}n"
    later: Content = json.loads(text)
    later["version"] = "1.1.0"
    if draw(st.booleans()):
        first = later["states"][later["initial"]]
        first.setdefault("tasks", {})["added"] = {"title": "T", "form": "note", "by": "lead", "optional": True}
    return later, plan
