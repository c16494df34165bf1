"""The official JSON Schema test suite, draft 2020-12, as far as forms go: what lint lets through is judged as it says.

The suite comes with the source distribution of `jsonschema`, which pip fetches. Its schemas are fragments, and a form
asks for answers of a kind: so each is tried as a field of every kind, where an answer of another kind is wrong. Either
lint refuses the schema, or the validator agrees with the suite on every one of its cases.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tarfile
from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest

from engine import codec, yaml
from engine.form.language import KEYWORDS
from engine.form.lint import lint
from engine.form.schema import form_from_data
from engine.form.validate import Validator

pytestmark = pytest.mark.slow


def _is_number(value: object) -> bool:
    return isinstance(value, int | Decimal) and not isinstance(value, bool)


OF_A_KIND: dict[str, Any] = {
    "string": lambda value: isinstance(value, str),
    "integer": lambda value: _is_number(value) and value == int(value),
    "number": _is_number,
    "boolean": lambda value: isinstance(value, bool),
    "array": lambda value: isinstance(value, list),
    "object": lambda value: isinstance(value, dict),
}
FORMATS = ("date", "date-time")
"""Forms do not let a wrong date pass, so these are taken from the suite's optional part, which judges by the format."""
FEWEST = 250
"""Cases that must have been judged: fewer would mean that lint refuses what it should not."""


@pytest.fixture(scope="module")
def suite(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[str, dict[str, Any]]]:
    """Every group of the required part, with its file's name."""
    folder = tmp_path_factory.mktemp("suite")
    name = f"jsonschema=={version('jsonschema')}"
    fetched = ["download", "--quiet", "--no-deps", "--no-binary=:all:", "--dest", str(folder), name]
    subprocess.run([sys.executable, "-m", "pip", *fetched], check=True, timeout=280, capture_output=True)
    (archive,) = folder.glob("*.tar.gz")
    found = []
    with tarfile.open(archive) as packed:
        for member in sorted(packed.getnames()):
            path = Path(member)
            required = (
                path.parent.name == "draft2020-12" and path.parent.parent.name == "tests" and path.stem != "format"
            )
            if path.suffix == ".json" and (
                required or ("draft2020-12" in path.parts and path.parent.name == "format" and path.stem in FORMATS)
            ):
                file = packed.extractfile(member)
                assert file is not None
                found += [(path.stem, group) for group in json.loads(file.read())]
    return found


def as_forms(schema: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    """The schema as the only field of a form, once for each kind that it may be of."""
    if not isinstance(schema, dict):
        return
    inner = {key: value for key, value in schema.items() if key not in ("$schema", "$defs")}
    for kind in [schema["type"]] if "type" in schema else OF_A_KIND:
        field = {**inner, "type": kind, "title": "A"}
        root = {"$id": "a/b", "title": "B", "type": "object", "properties": {"a": field}}
        if "$defs" in schema:
            root["$defs"] = schema["$defs"]
        yield str(kind), root


def test_given_the_official_suite_when_judged_then_every_case_agrees_or_lint_refuses_its_schema(
    suite: list[tuple[str, dict[str, Any]]], capsys: pytest.CaptureFixture[str]
) -> None:
    counted, wrong, judged = Counter[str](), [], Counter[str]()
    for name, group in suite:
        for kind, form in as_forms(group["schema"]):
            if any(p.severity == "error" for p in lint(yaml.load_json(json.dumps(form), "form.json"))):
                counted["refused"] += 1
                continue
            counted["schemas"] += 1
            validator = Validator(form_from_data(codec.mapping(codec.loads(json.dumps(form)))))
            for case in group["tests"]:
                try:
                    answer = codec.loads(json.dumps(case["data"]))
                except codec.BadJson:  # a number that no answer may hold, refused before any form sees it
                    counted["inexact"] += 1
                    continue
                expected = case["valid"] and OF_A_KIND[kind](answer) and not _has_more(form, answer)
                errors = validator.errors({"a": answer})
                if [error.keyword for error in errors] == ["digits"]:
                    counted["inexact"] += 1
                    continue
                if "leap second" in case["description"]:  # no moment that is stored can be one
                    continue
                judged[name] += 1
                if (errors == []) is not expected:
                    wrong.append(f"{name}: {group['description']} as {kind}: {case['description']}")
    total = sum(judged.values())
    told = f"{total} cases of {len(judged)} files judged, {counted['refused']} schemas refused by lint"
    with capsys.disabled():
        sys.stdout.write(f"\n{told}\n")
    assert wrong == []
    assert total >= FEWEST
    assert {"minimum", "maximum", "maxLength", "minLength", "enum", "const", "multipleOf", "required"} <= KEYWORDS


def _has_more(form: dict[str, Any], answer: Any) -> bool:
    """Whether an object holds what is not asked for: forms take no such answers, whatever the schema leaves open."""
    known = form["properties"]["a"].get("properties")
    return isinstance(answer, dict) and known is not None and not answer.keys() <= known.keys()
