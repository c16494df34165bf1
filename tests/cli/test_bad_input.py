"""Bad input of every kind: what is wrong, where, what to do, the documented exit code, and nothing changed."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from cli.app import run
from engine.store.sqlite import SqliteLog
from engine.template.sources import BUILT_IN

EXAMPLES = BUILT_IN / "examples"


@dataclass
class Workplace:
    """A workspace with an evaluation in it that measures, and its figures computed."""

    folder: Path
    capture: pytest.CaptureFixture[str]
    monkeypatch: pytest.MonkeyPatch
    is_named: bool = True

    def call(self, *arguments: str) -> tuple[int, str]:
        """The exit code, and what was told on stderr."""
        self.capture.readouterr()
        code = run([*(["--workspace", str(self.folder)] if self.is_named else []), *arguments])
        return code, self.capture.readouterr().err

    def write(self, name: str, text: str | bytes) -> str:
        """A file in the workspace; its path."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode() if isinstance(text, str) else text)
        return str(path)

    @property
    def position(self) -> int:
        log = SqliteLog(self.folder / "data" / "events.sqlite")
        try:
            return log.position()
        finally:
            log.close()


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("bad") / "work"
    assert run(["init", str(folder)]) == 0
    for arguments in (
        ["identity", "add", "kari", "--name", "Kari"],
        ["publish", "soimpact"],
        ["--as", "kari", "start", "soimpact", "nsw", "--title", "NSW"],
        ["evaluate"],
    ):
        assert run(["--workspace", str(folder), *arguments]) == 0
    return folder


@pytest.fixture
def workplace(
    made: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Workplace:
    monkeypatch.delenv("SAMSKAP_WORKSPACE", raising=False)
    shutil.copytree(made, tmp_path / "work", symlinks=True)
    return Workplace(tmp_path / "work", capsys, monkeypatch)


TEMPLATE = """template: odd
version: 1.0.0
title: {nb: Rar, nn: Rar, en: Odd}
roles: {host: {title: {nb: Vert, nn: Vert, en: Host}}}
starter: host
initial: open
states:
  open:
    title: {nb: Åpen, nn: Open, en: Open}
    tilte: x
"""
FORM = """$schema: https://json-schema.org/draft/2020-12/schema
$id: odd/week
title: Uke
x-purpose: {nb: Prøve}
type: object
properties:
  visitors: {title: Besøk, type: integer, minimun: 0}
"""
CONTRACT = (EXAMPLES / "nsw" / "nsw.source.yaml").read_text(encoding="utf-8")
GOOD_TEMPLATE = TEMPLATE.replace("    tilte: x\n", "")


def template(place: Workplace) -> list[str]:
    place.write("processes/odd.yaml", TEMPLATE)
    return ["publish", "odd"]


def form(place: Workplace) -> list[str]:
    tasks = "tasks: {week: {title: {nb: a, nn: a, en: a}, form: week, by: host}}\n"
    place.write("processes/odd.yaml", GOOD_TEMPLATE + tasks)
    place.write("forms/odd/week.yaml", FORM)
    return ["publish", "odd"]


def contract(place: Workplace) -> list[str]:
    place.write("sources/nsw.source.yaml", CONTRACT.replace("maximum: 445", "maximun: 445"))
    return ["evaluate"]


def no_csv(place: Workplace) -> list[str]:
    place.write("sources/nsw.source.yaml", CONTRACT)
    return ["evaluate"]


def other_columns(place: Workplace) -> list[str]:
    place.write("sources/nsw.source.yaml", CONTRACT)
    place.write("sources/nsw.csv", "a,b\n1,2\n")
    return ["evaluate"]


def empty_csv(place: Workplace) -> list[str]:
    place.write("sources/nsw.source.yaml", CONTRACT)
    place.write("sources/nsw.csv", "")
    return ["evaluate"]


def answer(place: Workplace) -> list[str]:
    return ["--as", "kari", "submit", "nsw", "step_1.1", "--answers", place.write("a.json", '{"name": 3}')]


def answer_no_json(place: Workplace) -> list[str]:
    return ["--as", "kari", "submit", "nsw", "step_1.1", "--answers", place.write("a.json", '{"name": "x",,}')]


def statement(place: Workplace) -> list[str]:
    return ["sql", "SELECT * FROM marts.reslts"]


def forbidden_statement(place: Workplace) -> list[str]:
    return ["sql", "SELECT * FROM read_csv('/etc/passwd')"]


def setting(place: Workplace) -> list[str]:
    place.monkeypatch.delenv("SAMSKAP_SQL__SECONDS")  # which would take its place
    place.write("samskap.toml", '[sql]\nseconds = "long"\n')
    return ["status"]


def section_in_the_environment(place: Workplace) -> list[str]:
    place.monkeypatch.setenv("SAMSKAP_SQL", "foo")
    return ["status"]


def folder_that_is_no_more(place: Workplace) -> list[str]:
    gone = place.folder.parent / "gone"
    gone.mkdir()
    place.monkeypatch.chdir(gone)
    place.is_named = False
    gone.rmdir()
    return ["status"]


def demo_in_a_file(place: Workplace) -> list[str]:
    return ["demo", place.write("mine.txt", "mine")]


def damaged_copy(place: Workplace) -> list[str]:
    (place.folder / "data" / "copies" / "reader.duckdb").resolve().write_bytes(b"\0" * 5000)
    return ["explain", "figure", "nsw/places"]


def guess(place: Workplace) -> list[str]:
    return ["--as", "kari", "act", "nsw", "start_measurin"]


CASES: list[tuple[Callable[[Workplace], list[str]], int, tuple[str, ...]]] = [
    (template, 4, ("odd.yaml:10:5", "tilte", "title")),
    (form, 4, ("week.yaml:7:", "minimun", "minimum")),
    (contract, 4, ("nsw.source.yaml:29:20", "maximun", "maximum")),
    (no_csv, 7, ("nsw.source.yaml", "nsw.csv")),
    (other_columns, 9, ("nsw.csv", "column")),
    (empty_csv, 9, ("nsw.csv", "empty")),
    (answer, 5, ("name",)),
    (answer_no_json, 5, ("a.json", "line 1")),
    (statement, 5, ("reslts", "sql:1:")),
    (forbidden_statement, 5, ("what to do",)),
    (setting, 3, ("samskap.toml:2:1", "sql.seconds")),
    (section_in_the_environment, 3, ("SAMSKAP_SQL", "JSON")),
    (folder_that_is_no_more, 7, ("is no more", "--workspace")),
    (demo_in_a_file, 2, ("mine.txt", "folder")),
    (damaged_copy, 11, ("reader", "evaluate")),
    (guess, 7, ("start_measuring",)),
]


@pytest.mark.parametrize(("bad", "code", "told"), CASES, ids=lambda value: getattr(value, "__name__", ""))
def test_given_bad_input_when_called_then_told_where_and_what_and_nothing_changes(
    workplace: Workplace, bad: Callable[[Workplace], list[str]], code: int, told: tuple[str, ...]
) -> None:
    before = workplace.position
    ended, said = workplace.call(*bad(workplace))
    assert ended == code, said
    assert [word for word in told if word not in said] == [], said
    assert "Traceback" not in said
    (workplace.folder / "samskap.toml").write_text("")
    assert workplace.position == before


def test_given_a_file_with_too_many_faults_when_evaluated_then_it_is_refused_whole_and_said(
    workplace: Workplace,
) -> None:
    workplace.write("sources/nsw.source.yaml", CONTRACT.replace("tolerance: 0.02", "tolerance: 0.001"))
    shutil.copy(EXAMPLES / "nsw" / "nsw_faulty.csv", workplace.folder / "sources" / "nsw.csv")
    ended, said = workplace.call("evaluate")
    assert ended == 9
    assert "refused whole" in said
