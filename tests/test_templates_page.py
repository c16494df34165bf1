"""The examples of the reference of templates: each is lint-clean, and does what the scenario under it says.

A block marked `yaml template` is the template that the others stand in. `yaml tasks` go into its state `here`, `yaml
states` beside or in place of its states, `yaml top` into the template itself; `yaml scenario` is played against the last.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from engine import codec, yaml
from engine.template import bundle
from engine.trial.running import run

PAGE = Path(__file__).resolve().parent.parent / "docs" / "reference" / "templates.md"
_BLOCK = re.compile(r"^```yaml (template|top|tasks|states|scenario)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_HEADING = re.compile(r"^#{2,3} (.+)$", re.MULTILINE)

CLEAN_BUT_FOR = {"answer-unused", "role-unused"}
"""Warnings that an example may have: few do anything with what is answered, and some have nothing for members to do."""

PEOPLE = {
    "ola": {"role": "member", "party": "town"},
    "eva": {"role": "member", "party": "club"},
    "ada": {"role": "member", "party": "club", "later": True},
    "per": {"role": "lead", "later": True},
}

TITLE = "x-i18n: {nn: {title: T}, en: {title: T}}"
HEAD = (
    "$schema: https://json-schema.org/draft/2020-12/schema\n$id: example/NAME\ntitle: T\n" + TITLE + "\ntype: object\n"
)
FORMS = {
    "note": f"required: [text]\nproperties:\n  text: {{title: T, {TITLE}, type: string, maxLength: 200}}\n",
    "vote": f"""required: [score]
properties:
  score:
    title: T
    {TITLE}
    oneOf:
      - {{const: 1, title: T, {TITLE}}}
      - {{const: 2, title: T, {TITLE}}}
      - {{const: 3, title: T, {TITLE}}}
      - {{const: 4, title: T, {TITLE}}}
      - {{const: 5, title: T, {TITLE}}}
      - {{const: dont_know, title: T, {TITLE}}}
""",
    "shown": f"""required: [shown]
properties:
  shown:
    title: T
    {TITLE}
    oneOf: [{{const: open, title: T, {TITLE}}}, {{const: protected, title: T, {TITLE}}}]
""",
    "plan": f"""required: [items]
properties:
  items:
    title: T
    {TITLE}
    type: array
    maxItems: 20
    items:
      type: object
      required: [id, title]
      properties:
        id: {{title: T, {TITLE}, type: string, maxLength: 20}}
        title: {{title: T, {TITLE}, type: string, maxLength: 60}}
""",
}


@dataclass(frozen=True)
class Example:
    """A part of a template with its scenarios, under a heading of the page."""

    heading: str
    kind: str
    part: str
    scenarios: str


def examples() -> list[Example]:
    text = PAGE.read_text(encoding="utf-8")
    found: list[Example] = []
    for match in _BLOCK.finditer(text):
        heading = _HEADING.findall(text, 0, match.start())[-1:] or ["The language"]
        kind, body = match.groups()
        if kind == "scenario":
            last = found.pop()
            found.append(Example(last.heading, last.kind, last.part, last.scenarios + body))
        else:
            found.append(Example(heading[0], kind, body, ""))
    return found


EXAMPLES = examples()
NAMED = [pytest.param(one, id=f"{number}-{one.heading}") for number, one in enumerate(EXAMPLES)]


def template_of(example: Example) -> dict[str, Any]:
    """The template of the page with the example in it."""
    (skeleton,) = (one.part for one in EXAMPLES if one.kind == "template")
    made: Any = yaml.load(skeleton, "the page").data
    part: Any = yaml.load(example.part, "the page").data
    match example.kind:
        case "top":
            made |= part
        case "tasks":
            made["states"]["here"]["tasks"] = part
        case "states":
            made["initial"] = next(iter(part))
            others = {name: state for name, state in made["states"].items() if name not in part}
            made["states"] = part | {name: state for name, state in others.items() if name != "here"}
    return dict(made)


def write(folder: Path, example: Example) -> None:
    template = template_of(example)
    text = codec.dumps_ordered(template)
    for name, questions in FORMS.items():
        if f'"form":"{name}"' in text.replace('": "', '":"'):
            path = folder / "forms" / "example" / f"{name}.yaml"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(HEAD.replace("NAME", name) + questions, encoding="utf-8")
    path = folder / "processes" / "example.yaml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


@pytest.mark.parametrize("example", NAMED)
def test_given_an_example_when_linted_then_nothing_is_wrong_with_it(example: Example, tmp_path: Path) -> None:
    write(tmp_path, example)
    found = bundle.problems_of("example", [tmp_path], {})
    assert [str(problem) for problem in found if problem.rule not in CLEAN_BUT_FOR] == []


@pytest.mark.parametrize("example", [one for one in NAMED if one.values[0].scenarios])
def test_given_an_example_when_its_scenarios_are_played_then_it_does_what_is_said(
    example: Example, tmp_path: Path
) -> None:
    write(tmp_path, example)
    scenarios: Any = yaml.load(example.scenarios, "the page").data
    file = {"template": "example", "starter": "kari", "people": PEOPLE, "scenarios": scenarios}
    (tmp_path / "scenarios.yaml").write_text(codec.dumps_ordered(file), encoding="utf-8")
    trial = run(bundle.read("example", [tmp_path]), [tmp_path / "scenarios.yaml"])
    told = {played.name: [failure.message for failure in played.failures] for played in trial.played}
    assert told == {name: [] for name in scenarios}


def test_given_the_page_when_looked_at_then_every_example_that_runs_says_what_comes_of_it() -> None:
    silent = [one.heading for one in EXAMPLES if one.kind in ("tasks", "states") and not one.scenarios]
    assert silent == []
