"""The page of faults says which tests bring about which: held to the marks on the tests themselves."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

TESTS = Path(__file__).parent
PAGE = TESTS.parent / "docs" / "explanation" / "faults.md"
_ROW = re.compile(r"^\| (F\d+) \|.*\| ([^|]+) \|$", re.MULTILINE)


def marks(tree: ast.AST) -> Iterator[str]:
    """The faults that `pytest.mark.fault(…)` names in a file."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "pytest.mark.fault":
            yield str(ast.literal_eval(node.args[0]))


def marked() -> dict[str, set[str]]:
    """The files with tests of each fault."""
    found: dict[str, set[str]] = defaultdict(set)
    for file in TESTS.rglob("test_*.py"):
        for fault in marks(ast.parse(file.read_text(encoding="utf-8"))):
            found[fault].add(file.relative_to(TESTS).as_posix())
    return dict(found)


def told() -> dict[str, set[str]]:
    """The files that the page names for each fault."""
    rows = _ROW.findall(PAGE.read_text(encoding="utf-8"))
    return {fault: set(re.findall(r"`([^`]+)`", files)) for fault, files in rows}


def test_given_the_page_of_faults_when_compared_with_the_tests_then_each_names_the_other() -> None:
    assert told() == marked()


def test_given_the_promises_of_the_engine_when_looked_for_then_each_fault_of_theirs_is_brought_about() -> None:
    wanted = {f"F{number}" for number in (1, 2, 4, 5, 6, 7, *range(9, 15), 20, 26, 27)}
    assert wanted <= set(marked())
