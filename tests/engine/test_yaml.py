"""Config in YAML and JSON: YAML 1.2's scalars, the place of everything, and what is refused."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine import codec, yaml
from engine.errors import ConfigError, NotFound, Place


def value(scalar: str) -> codec.Json:
    found = yaml.load(f"key: {scalar}", "f.yaml").data
    assert isinstance(found, dict)
    return found["key"]


def refusal(text: str) -> ConfigError:
    with pytest.raises(ConfigError) as caught:
        yaml.load(text, "f.yaml")
    return caught.value


# Expected values: YAML 1.2.2 (2021), section 10.3.2 and example 10.9 “Core Tag Resolution”.
@pytest.mark.parametrize(
    ("scalar", "expected"),
    [
        ("null", None),
        ("", None),
        ("~", None),
        ("true", True),
        ("True", True),
        ("false", False),
        ("FALSE", False),
        ("0", 0),
        ("0o7", 7),
        ("0x3A", 58),
        ("-19", -19),
        ("0.", 0),
        ("-0.0", 0),
        (".5", Decimal("0.5")),
        ("+12e03", 12000),
        ("-2E+05", -200000),
        ("0.1", Decimal("0.1")),
    ],
)
def test_given_a_scalar_of_the_core_schema_when_read_then_it_has_its_value(scalar: str, expected: codec.Json) -> None:
    found = value(scalar)
    assert found == expected
    assert type(found) is type(expected)


# YAML 1.1, and PyYAML with it, reads these as something else than what they look like.
@pytest.mark.parametrize("scalar", ["no", "yes", "on", "off", "y", "12:30", "2024-01-31", "1_000", "0b11", "=", "07x"])
def test_given_what_yaml_1_1_turned_into_something_else_when_read_then_it_is_a_text(scalar: str) -> None:
    assert value(scalar) == scalar


@pytest.mark.parametrize("scalar", ["'1'", '"true"', "'null'", "'0301'", "|\n  1\n", ">-\n  1"])
def test_given_quotes_or_a_block_when_read_then_it_is_a_text(scalar: str) -> None:
    assert isinstance(value(scalar), str)


@pytest.mark.parametrize(
    ("text", "line", "column", "says"),
    [
        ("a: 1\nb: 2\na: 3\n", 3, 1, "stands twice"),
        ("1: a\n'1': b\n", 2, 1, "stands twice"),
        ("a: .nan\n", 1, 4, "no number"),
        ("a: [1, -.inf]\n", 1, 8, "no number"),
        ("a: &x 1\n", 1, 4, "anchor"),
        ("a: *x\n", 1, 4, "alias"),
        ("a: !!str 1\n", 1, 4, "tag"),
        ("a: !!python/object:os.system {}\n", 1, 4, "tag"),
        ("a:\n  <<: {b: 1}\n", 2, 3, "merges"),
        ("true: 1\n", 1, 1, "no text"),
        ("1.5: 1\n", 1, 1, "no text"),
        ("? [a, b]\n: 1\n", 1, 3, "key is a text"),
        ("a: 1\n---\nb: 2\n", 2, 1, "second document"),
        ("a: 1\n\tb: 2\n", 2, 1, "tab"),
        ("a: 'x\n", 2, 1, "not YAML"),
        ("a: b: c\n", 1, 5, "not YAML"),
        ("ok: 1\na: x\x01y\n", 2, 5, "U+0001"),
        ("a: '\ud800'\n", 1, 5, "U+D800"),
        ("a: 0301\n", 1, 4, "begins with 0"),
        ("a: " + "9" * 50 + "\n", 1, 4, "exactly"),
        ("a: 1e9999999999999999999\n", 1, 4, "kept"),
        ("[" * 41 + "]" * 41, 1, 41, "too deeply"),
        ("[" * 100_000, 1, 41, "too deeply"),
    ],
)
def test_given_what_surprises_people_when_read_then_it_is_refused_with_its_place(
    text: str, line: int, column: int, says: str
) -> None:
    error = refusal(text)
    assert says in error.message
    assert error.where == Place("f.yaml", line, column)
    assert error.hint


def test_given_no_content_when_read_then_it_is_refused() -> None:
    assert "empty" in refusal("# nothing\n").message


def test_given_more_than_a_megabyte_when_read_then_it_is_refused() -> None:
    assert "larger" in refusal("a: " + "x" * yaml.MAX_BYTES).message


def test_given_integer_keys_when_read_then_they_are_texts() -> None:
    assert yaml.load("1: a\n3: b\n", "f.yaml").data == {"1": "a", "3": "b"}


def test_given_forty_levels_when_read_then_they_are_read() -> None:
    assert yaml.load("[" * 40 + "]" * 40, "f.yaml").data


DOCUMENT = """\
title: Hei
rows:
  - name: a
    size: 2
  - {name: b}
"""


@pytest.mark.parametrize(
    ("path", "line", "column"),
    [
        ((), 1, 1),
        (("title",), 1, 8),
        (("rows",), 3, 3),
        (("rows", 0, "size"), 4, 11),
        (("rows", 1), 5, 5),
        (("rows", 1, "name"), 5, 12),
        (("rows", 1, "missing"), 5, 5),
        (("nowhere", "at", "all"), 1, 1),
    ],
)
def test_given_a_path_when_asked_for_its_place_then_it_is_where_the_value_begins(
    path: tuple[str | int, ...], line: int, column: int
) -> None:
    assert yaml.load(DOCUMENT, "f.yaml").place(path) == Place("f.yaml", line, column)


@pytest.mark.parametrize(
    ("path", "line", "column"), [(("title",), 1, 1), (("rows", 0, "size"), 4, 5), (("rows", 1), 5, 5)]
)
def test_given_a_path_when_asked_for_its_key_then_it_is_where_the_key_stands(
    path: tuple[str | int, ...], line: int, column: int
) -> None:
    assert yaml.load(DOCUMENT, "f.yaml").key_place(path) == Place("f.yaml", line, column)


def test_given_a_json_file_when_read_then_values_and_places_are_found(tmp_path: Path) -> None:
    path = tmp_path / "form.json"
    path.write_text('{"a": [1, 2.50,\n\t"\\ud83d\\ude00"], "b": {"c": null}}', encoding="utf-8")
    document = yaml.load_file(path)
    assert document.data == {"a": [1, Decimal("2.5"), "😀"], "b": {"c": None}}
    assert document.place(("a", 2)) == Place(str(path), 2, 2)
    assert document.place(("b", "c")) == Place(str(path), 2, 30)


@pytest.mark.parametrize(
    ("text", "column"),
    [
        ('{"a": 1,}', 9),
        ("[1, 2,]", 7),
        ('{"a": 1, "a": 2}', 10),
        ('{"a": NaN}', 7),
        ('{"a": -Infinity}', 7),
        ("{a: 1}", 2),
        ('["\\ud800"]', 2),
        ('{"a": 1} # no', 10),
        ("", 1),
    ],
)
def test_given_what_is_not_strict_json_when_a_json_file_is_read_then_it_is_refused(text: str, column: int) -> None:
    with pytest.raises(ConfigError) as caught:
        yaml.load_json(text, "f.json")
    assert isinstance(caught.value.where, Place)
    assert caught.value.where.line == 1
    # The standard library moved the place of a trailing comma from the bracket to the comma in Python 3.13.
    assert caught.value.where.column in {column, column - 1}


@pytest.mark.parametrize("depth", [41, 100_000])
def test_given_deep_json_when_read_then_it_is_refused(depth: int) -> None:
    with pytest.raises(ConfigError, match="too deeply"):
        yaml.load_json("[" * depth + "]" * depth, "f.json")


def test_given_a_trailing_comma_in_yaml_when_read_then_it_is_yaml(tmp_path: Path) -> None:
    path = tmp_path / "form.yaml"
    path.write_text("[1, 2,]", encoding="utf-8")
    assert yaml.load_file(path).data == [1, 2]


def test_given_bytes_that_are_not_utf_8_when_read_then_their_place_is_told(tmp_path: Path) -> None:
    path = tmp_path / "form.yaml"
    path.write_bytes("a: 1\nb: bl\xe5\n".encode("latin-1"))
    with pytest.raises(ConfigError, match="UTF-8") as caught:
        yaml.load_file(path)
    assert caught.value.where == Place(str(path), 2, 6)


def test_given_a_large_file_when_read_then_it_is_refused_unread(tmp_path: Path) -> None:
    path = tmp_path / "form.yaml"
    path.write_bytes(b"a" * (yaml.MAX_BYTES + 1))
    with pytest.raises(ConfigError, match="larger"):
        yaml.load_file(path)


def test_given_no_file_when_read_then_it_is_not_found(tmp_path: Path) -> None:
    with pytest.raises(NotFound):
        yaml.load_file(tmp_path / "none.yaml")


def test_given_a_folder_when_read_then_a_person_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        yaml.load_file(tmp_path)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**30), 10**30) | st.text(),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(), inner, max_size=5),
    max_leaves=30,
)


@given(JSON)
def test_given_any_json_when_read_then_it_is_what_the_standard_library_reads(data: codec.Json) -> None:
    text = json.dumps(data, indent=1)
    assert yaml.load_json(text, "f.json").data == json.loads(text)


@given(st.text("ab01:-[]{}&*!|>'\"#%@`,?.~< \n\t\\") | st.text())
def test_given_any_text_when_read_as_yaml_then_it_is_data_with_places_or_an_error_with_one(text: str) -> None:
    try:
        document = yaml.load(text, "f.yaml")
    except ConfigError as error:
        place, hint = error.where, error.hint
    else:
        place, hint = document.place(), "-"
    assert isinstance(place, Place)
    assert hint
