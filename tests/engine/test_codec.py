"""JSON in and out: exact numbers, one form for equal values, and clear refusals of what is hostile."""

from __future__ import annotations

import time
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine import codec
from engine.codec import Json

NUMBERS = st.integers(-(10**30), 10**30) | st.decimals(
    min_value=-(10**9), max_value=10**9, allow_nan=False, places=6
).map(lambda d: codec.number(str(d)))
VALUES: st.SearchStrategy[Json] = st.recursive(
    st.none() | st.booleans() | NUMBERS | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text("abcæøå", min_size=1), inner, max_size=4),
    max_leaves=20,
)


@given(VALUES)
def test_given_any_value_when_written_and_read_then_it_is_the_same(value: Json) -> None:
    assert codec.loads(codec.dumps(value)) == codec.decode(codec.dumps(value)) == value


def test_given_keys_in_another_order_when_written_then_the_bytes_are_the_same() -> None:
    assert (
        codec.dumps({"b": Decimal("1.50"), "a": 1}) == codec.dumps({"a": 1, "b": Decimal("1.5")}) == b'{"a":1,"b":1.5}'
    )


def test_given_a_tenth_when_read_then_it_is_exactly_a_tenth() -> None:
    assert codec.loads("0.1") == Decimal("0.1")


def test_given_config_when_written_in_order_then_its_keys_keep_their_order() -> None:
    assert codec.dumps_ordered({"b": 1, "a": 2}) == '{"b":1,"a":2}'


@pytest.mark.parametrize("text", ["9" * codec.MAX_DIGITS, "-" + "9" * codec.MAX_DIGITS, f"1e{codec.MAX_DIGITS - 1}"])
def test_given_the_largest_number_when_read_then_what_is_written_of_it_can_be_read_again(text: str) -> None:
    assert codec.loads(codec.dumps(codec.loads(text))) == codec.loads(text) == int(Decimal(text))


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('{"a": 1, "a": 2}', "stands twice"),
        ("[NaN]", "not a number"),
        ("[-Infinity]", "not a number"),
        ("[1,]", "line 1"),
        ('"\\ud800"', "surrogate"),
        ("[" * 10_000 + "]" * 10_000, "nested too deeply"),
        ("[" * 60 + "]" * 60, "nested too deeply"),
        ("1e9999999999999999999", "cannot be kept"),
        ("1e400", "cannot be kept"),
        ("9" * 5000, "cannot be kept"),
        ("-" + "9" * (codec.MAX_DIGITS + 1), "cannot be kept"),
        (f"1e{codec.MAX_DIGITS}", "cannot be kept"),
        ('"' + "x" * codec.MAX_BYTES + '"', "larger than"),
        (b"\xff\xfe", "UTF-8"),
    ],
    ids=lambda value: repr(value)[:24],
)
def test_given_hostile_json_when_read_then_refused_within_a_tenth_of_a_second_of_work(
    text: str | bytes, told: str
) -> None:
    begin = time.thread_time()
    with pytest.raises(codec.BadJson, match=told):
        codec.loads(text)
    assert time.thread_time() - begin < 0.1
