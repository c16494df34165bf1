"""Answers from a file, from stdin and with --set; questions as text and as a file to fill in; what does not fit."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cli.answers import typed
from cli.questions import skeleton
from engine import codec, yaml
from engine.codec import Json
from engine.form.model import Field, build
from engine.form.refs import mapping
from engine.template import bundle
from engine.template.chart import Definition
from engine.template.sources import BUILT_IN

FORM = ("arendal", "answer.1.m2")


@pytest.fixture
def answering(preparation):
    """A round in which two are to answer."""
    preparation.done("act", "arendal", "open_round", who="kari")
    return preparation


@pytest.fixture
def piped(monkeypatch: pytest.MonkeyPatch) -> Callable[[bytes], None]:
    """Put bytes on stdin."""

    def pipe(content: bytes) -> None:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content)))

    return pipe


@pytest.fixture
def fields(samson: Definition) -> dict[str, Field]:
    """Every field of the built-in forms of samson."""
    return {name: field for form in samson.forms.values() for name, field in form.fields.items()}


def all_answers(samson: Definition, score: int = 4) -> dict[str, Json]:
    return {name: score for name, field in samson.forms["answers"].fields.items() if field.score}


def test_given_json_on_stdin_when_submitted_then_it_is_stored(
    answering, samson: Definition, piped: Callable[[bytes], None]
) -> None:
    piped(codec.dumps(all_answers(samson)))
    answering.done("submit", *FORM, "--answers", "-", who="ola")
    assert answering.done("tasks", "--json", who="ola").data["tasks"] == []


def test_given_yaml_with_one_answer_over_it_when_drafted_then_that_one_holds(answering, tmp_path: Path) -> None:
    file = tmp_path / "a.yaml"
    file.write_text("shared_problem_1: 4\nshared_problem_2:\n", encoding="utf-8")
    answering.done("draft", "save", *FORM, "--answers", str(file), "--set", "shared_problem_1=2", who="ola")
    draft = answering.done("draft", "show", *FORM, "--json", who="ola").data["draft"]
    assert draft["answers"] == {"shared_problem_1": 2}


def test_given_the_skeleton_of_a_form_when_filled_in_then_it_can_be_submitted(
    answering, samson: Definition, tmp_path: Path
) -> None:
    blank = answering.done("form", *FORM, "--template", who="ola").out
    names = set(all_answers(samson))
    lines = [f"{line} 4" if line.removesuffix(":") in names else line for line in blank.splitlines()]
    file = tmp_path / "filled.yaml"
    file.write_text("\n".join(lines), encoding="utf-8")
    answering.done("submit", *FORM, "--answers", str(file), who="ola")
    assert "1 of 2" in answering.done("status", "arendal", who="ola").out


@pytest.mark.parametrize("template", ["samson", "soimpact"])
def test_given_any_form_when_made_a_skeleton_then_it_is_yaml_with_every_field_and_no_answer(template: str) -> None:
    for form in bundle.read(template, [BUILT_IN]).definition.forms.values():
        for language in ("nb", "nn", "en"):
            found = yaml.load(skeleton(form, "x.1", language), "skeleton").data
            assert isinstance(found, dict)
            assert set(form.fields) <= set(found)
            assert not any(isinstance(value, str | int) for value in found.values())


LETTER = """
template: letters
version: 1.0.0
title: {nb: Brev, nn: Brev, en: Letters}
roles: {writer: {title: {nb: Skriver, nn: Skrivar, en: Writer}}}
starter: writer
initial: writing
states:
  writing:
    title: {nb: Skriv, nn: Skriv, en: Writing}
    tasks: {letter: {title: {nb: Brev, nn: Brev, en: Letter}, form: letter, by: writer}}
    actions: {send: {title: {nb: Send, nn: Send, en: Send}, by: writer, to: sent}}
  sent: {title: {nb: Sendt, nn: Sendt, en: Sent}, final: true}
"""
BODY = """
$schema: https://json-schema.org/draft/2020-12/schema
$id: letters/letter
title: Brev
x-i18n: {nn: {title: Brev}, en: {title: Letter}}
x-purpose: {nb: For å fortelle., nn: For å fortelja., en: To tell.}
type: object
properties:
  body: {title: Tekst, x-i18n: {nn: {title: Tekst}, en: {title: Text}}, type: string, x-prefill: true}
"""


@pytest.fixture
def written(terminal, tmp_path: Path):
    """A letter that kari has written, which may still be put right."""
    (terminal.folder / "processes" / "letters.yaml").write_text(LETTER, encoding="utf-8")
    (terminal.folder / "forms" / "letters").mkdir(parents=True)
    (terminal.folder / "forms" / "letters" / "letter.yaml").write_text(BODY, encoding="utf-8")
    terminal.done("publish", "letters")
    terminal.person("kari")
    terminal.done("start", "letters", "brev", who="kari")
    terminal.done("submit", "brev", "letter.1", "--set", "body=Kjære alle", who="kari")
    return terminal


def test_given_a_text_that_is_shown_again_when_put_right_then_it_stands_in_the_file_already(
    written, tmp_path: Path
) -> None:
    told = written.done("form", "brev", "letter.1", who="kari").out
    file = tmp_path / "brev.yaml"
    file.write_text(written.done("form", "brev", "letter.1", "--template", who="kari").out, encoding="utf-8")
    written.done("submit", "brev", "letter.1", "--answers", str(file), who="kari")
    answers = written.done("answers", "brev", "letter.1", "--json", who="kari").data["answers"]
    assert ("Kjære alle" in told, [given["answers"] for given in answers]) == (True, [{"body": "Kjære alle"}] * 2)


@given(text=st.text(st.characters(exclude_categories=["Cs"])))
def test_given_any_text_when_it_stands_in_an_answers_file_then_it_is_read_as_it_was(text: str) -> None:
    form = build(mapping(yaml.load(BODY, "body").data))
    assert yaml.load(skeleton(form, "letter.1", "nb", {"body": text}), "file").data == {"body": text}


@pytest.mark.parametrize("language", ["nb", "nn", "en"])
def test_given_a_form_when_shown_then_its_questions_are_in_the_language(
    answering, samson: Definition, language: str
) -> None:
    told = " ".join(answering.done("form", *FORM, "--lang", language, who="ola").out.split())
    titles = [field.title(language) for field in samson.forms["answers"].fields.values()]
    assert [title for title in titles if " ".join(title.split()) not in told] == []


def test_given_wrong_answers_when_submitted_then_each_field_is_told_in_the_persons_language(
    answering, samson: Definition, tmp_path: Path
) -> None:
    file = tmp_path / "a.json"
    file.write_bytes(codec.dumps({**all_answers(samson), "shared_problem_1": 9, "shared_problem_2": "x"}))
    before = answering.position
    told = {}
    for language in ("nb", "nn", "en"):
        ended = answering("submit", *FORM, "--answers", str(file), "--lang", language, who="ola")
        assert ended.code == 5
        told[language] = [line for line in ended.err.splitlines() if line.startswith("  shared_problem_")]
        assert len(told[language]) == 2
        assert samson.forms["answers"].fields["shared_problem_1"].title(language).rstrip(".") in told[language][0]
    assert told["nb"] != told["en"]
    assert answering.position == before


def test_given_wrong_answers_when_submitted_with_json_then_every_field_has_its_path(answering, tmp_path: Path) -> None:
    file = tmp_path / "a.json"
    file.write_bytes(b'{"shared_problem_1": 9, "shared_problem_22": 1}')
    error = answering("submit", *FORM, "--answers", str(file), "--json", who="ola").data["error"]
    assert error["code"] == "answers_invalid"
    assert {"shared_problem_1", "shared_problem_22"} <= {field["path"] for field in error["fields"]}


BAD: dict[str, tuple[bytes, int, str]] = {
    "nothing": (b"", 2, "every answer is empty"),
    "only blanks": (b"shared_problem_1:\n", 2, "every answer is empty"),
    "a list": (b"- 1\n- 2\n", 5, "must hold answers"),
    "broken json": (b'{"a": 1,,}', 5, "line 1"),
    "a key twice": (b'{"a": 1, "a": 2}', 5, "a"),
    "not a number": (b'{"a": NaN}', 5, "stdin"),
    "broken yaml": (b"a: [1\nb: 2", 5, "stdin:"),
    "not utf-8": (b"a: \xe5\n", 5, "UTF-8"),
    "too deep": (b'{"a":' + b"[" * 100 + b"]" * 100 + b"}", 5, "stdin"),
    "too large": (b'{"a": "' + b"x" * 3_000_000 + b'"}', 5, "larger"),
    "binary": (bytes(range(256)), 5, "UTF-8"),
}


@pytest.mark.parametrize(("content", "code", "said"), BAD.values(), ids=BAD)
def test_given_answers_that_cannot_be_read_when_submitted_then_it_is_said_and_nothing_is_stored(
    answering, piped: Callable[[bytes], None], content: bytes, code: int, said: str
) -> None:
    before = answering.position
    piped(content)
    ended = answering("submit", *FORM, "--answers", "-", who="ola")
    assert ended.code == code, ended.err
    assert said in ended.err
    assert answering.position == before


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ((), 2),
        (("--set", "shared_problem_1"), 2),
        (("--set", "=4"), 2),
        (("--set", "shared_problem_1=4", "--set", "shared_problem_1=5"), 2),
        (("--set", "shared_problem_1=mye"), 5),
        (("--set", "shared_problem_1=4.5"), 5),
        (("--set", "no_such_field=4"), 5),
        (("--answers", "no-such-file"), 7),
        (("--answers", "/"), 7),
        (("--set", "shared_problem_1=4", "--on-behalf-of", "m99"), 6),
    ],
    ids=str,
)
def test_given_options_that_do_not_fit_when_submitted_then_nothing_is_stored(
    answering, options: tuple[str, ...], code: int
) -> None:
    before = answering.position
    assert answering("submit", *FORM, *options, who="ola").code == code
    assert answering.position == before


@pytest.mark.parametrize("instance", ["answer.1.m3", "answer.9.m2", "nope", "", "../x"])
def test_given_a_task_that_is_not_mine_or_not_there_when_submitted_then_nothing_is_stored(
    answering, instance: str
) -> None:
    before = answering.position
    assert answering("submit", "arendal", instance, "--set", "shared_problem_1=4", who="ola").code in (5, 6, 7)
    assert answering.position == before


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("shared_problem_1", "4", 4),
        ("shared_problem_1", "dont_know", "dont_know"),
        ("shared_problem_1", "3,5", "3,5"),
        ("shared_problem_1", "mye", "mye"),
        ("visibility", "open", "open"),
        ("positions", "decides, funds", ["decides", "funds"]),
        ("unknown", "4", "4"),
    ],
)
def test_given_a_text_when_it_is_set_then_it_is_of_the_fields_kind(
    fields: dict[str, Field], name: str, text: str, value: Json
) -> None:
    assert typed(fields.get(name), name, text) == value


@pytest.mark.parametrize(("text", "value"), [("3,5", codec.number("3.5")), ("-2", -2), ("1e999", "1e999"), ("x", "x")])
def test_given_a_text_when_a_number_is_set_then_it_is_exact_or_stays_text(
    fields: dict[str, Field], text: str, value: Json
) -> None:
    assert typed(replace(fields["influence"], kind="number", choices=()), "amount", text) == value
