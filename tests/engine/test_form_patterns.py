"""Patterns: what is safe is read as people mean it, and what may be slow is refused before it runs."""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.form.pattern import MAX_LENGTH, PatternFault, compiled

# OWASP, “Regular expression Denial of Service - ReDoS” (owasp.org, Attacks): its evil regexes, and the classics beside.
EVIL = [
    "(a+)+",
    "([a-zA-Z]+)*",
    "(a|aa)+",
    "(a|a?)+",
    "(.*a){11}",
    "^(([a-z])+.)+[A-Z]([a-z])+$",
    "^([a-zA-Z0-9])(([\\-.]|[_]+)?([a-zA-Z0-9]+))*(@){1}[a-z0-9]+[.]{1}(([a-z]{2,3})|([a-z]{2,3}[.]{1}[a-z]{2,3}))$",
    "^" + "a?" * 30 + "a" * 30 + "$",
    "^a*a*a*a*$",
    "a*a*b",
    "(?=a)b",
    "(a)\\1",
    "(?i)a",
    "(?P<n>a)",
]


@pytest.mark.parametrize("pattern", EVIL)
def test_given_a_pattern_that_may_be_slow_when_compiled_then_it_is_refused(pattern: str) -> None:
    with pytest.raises(PatternFault):
        compiled(pattern, 1000)


@pytest.mark.parametrize(
    "pattern",
    ["(", ")", "[a", "*a", "a**", "a{2}{3}", "\\", "\\A", "\\q", "(?:a", "[b-a]", "a" * (MAX_LENGTH + 1), "a{3,2}"],
)
def test_given_a_malformed_pattern_when_compiled_then_it_is_refused(pattern: str) -> None:
    with pytest.raises(PatternFault):
        compiled(pattern, 10)


@pytest.mark.parametrize(
    ("pattern", "fits", "fails"),
    [
        ("^[a-z][a-z0-9_]{0,39}$", "i_jobb", "I_jobb"),
        ("^[a-z]+$", "abc", "abc\n"),
        ("^\\d{4}$", "2024", "٢٠٢٤"),
        ("^(ja|nei)$", "nei", "neida"),
        ("^[0-9]{9}$", "974760673", "97476067"),
        ("^[[&]$", "[", "a"),
        ("^\\d{4}(-\\d{2}(-\\d{2})?)?$", "2024-01", "2024-1"),
        ("^[^@]+@[^@]+$", "a@b", "a@b@c"),
    ],
)
def test_given_a_plain_pattern_when_tried_then_it_means_what_it_says(pattern: str, fits: str, fails: str) -> None:
    found = compiled(pattern, 40)
    assert found.search(fits)
    assert not found.search(fails)


@given(
    st.from_regex(r"\A(\^)?([ab.]|\[ab\]|\(a\|b\)|\(ab?\))([*+?]|\{1,9\})?([ab.]|\[ab\])([*+?]|\{0,9\})?\$?\Z"),
    st.text("ab"),
)
def test_given_any_pattern_that_is_accepted_when_tried_then_python_agrees(pattern: str, text: str) -> None:
    try:
        found = compiled(pattern, 50)
    except PatternFault:
        return
    assert bool(found.search(text)) == bool(re.search(pattern, text))


@pytest.mark.parametrize("pattern", ["^[ab]*a[ab]{0,8}$", "^a{1,90}a{1,90}$", "a?b?c?", "^[^@]{1,90}@[^@]{1,90}$"])
def test_given_an_accepted_pattern_when_tried_on_the_worst_text_then_it_is_quick(pattern: str) -> None:
    found = compiled(pattern, 1000)
    worst = "a" * 999 + "!"
    best = min(_seconds(found, worst) for _ in range(3))
    assert best < 0.02


def _seconds(pattern: re.Pattern[str], text: str) -> float:
    """The processor's, not the clock's: another program's load is not the pattern's."""
    start = time.thread_time()
    pattern.search(text)
    return time.thread_time() - start
