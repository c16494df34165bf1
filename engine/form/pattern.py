"""Patterns of texts: the part of regular expressions that Python and browsers share, with a bound on the time taken.

A pattern is read before it is compiled. Quantifiers within quantifiers, look-around and back-references are refused,
and the number of ways in which a text can be split among what is left is bounded, so that no text makes a check slow.
It is no engine of its own: Python's `re` does the matching. `$` means the end of the text, as in JSON Schema, not the
place before a last line break, as in Python.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

MAX_LENGTH = 200
MAX_WAYS = 10_000
"""Ways to split a text; a way costs some tens of nanoseconds, and a form may hold five hundred such texts."""

_ESCAPES = frozenset("dDwWsSbBnrtfv")
_QUANTIFIER = re.compile(r"(?:([*+?])|\{(\d{1,4})(?:(,)(\d{1,4})?)?\})(\??)")
_CAP = 10**9


class PatternFault(ValueError):
    """A pattern that cannot be used; the text says why, and `hint` what to write."""

    hint = "Mend it there; a sign that is meant as such has a \\ before it."


class PatternTooSlow(PatternFault):
    """A pattern that may take too long."""

    hint = "Begin it with ^, end it with $, use fewer + and *, or give a smaller maxLength."


@lru_cache(maxsize=512)
def compiled(pattern: str, length: int) -> re.Pattern[str]:
    """The pattern, for texts of at most `length` characters; raise `PatternFault` if it is malformed or may be slow."""
    if len(pattern) > MAX_LENGTH:
        raise PatternFault(f"the pattern is longer than {MAX_LENGTH} characters")
    reader = _Reader(pattern, length)
    ways = reader.whole()
    if ways > MAX_WAYS:
        raise PatternTooSlow(f"the pattern can be tried in too many ways on a text of {length} characters")
    try:
        return re.compile("".join(reader.python), re.ASCII)
    except (re.error, OverflowError) as error:
        raise PatternFault(f"the pattern is malformed: {error}") from None


@dataclass(slots=True)
class _Found:
    """What is known of a part of a pattern: the ways to match it, and whether its length varies by a quantifier."""

    ways: int
    varies: bool


class _Reader:
    """Recursive descent over one pattern; writes Python's spelling of it on the way."""

    def __init__(self, pattern: str, length: int) -> None:
        self.pattern = pattern
        self.length = length
        self.at = 0
        self.python: list[str] = []

    def whole(self) -> int:
        found = self.choices()
        if self.at < len(self.pattern):
            raise PatternFault("the pattern has a “)” too much")
        anchored = self.pattern.startswith("^") and "|" not in self.pattern
        return found.ways if anchored else min(_CAP, found.ways * (self.length + 1))

    def choices(self) -> _Found:
        found = self.sequence()
        while self.peek() == "|":
            self.copy()
            other = self.sequence()
            found = _Found(min(_CAP, found.ways + other.ways), found.varies or other.varies)
        return found

    def sequence(self) -> _Found:
        found = _Found(1, varies=False)
        while self.peek() not in ("", "|", ")"):
            part = self.quantified(self.atom())
            found = _Found(min(_CAP, found.ways * part.ways), found.varies or part.varies)
        return found

    def atom(self) -> _Found:
        character = self.peek()
        if character == "(":
            return self.group()
        if character == "[":
            self.character_class()
        elif character == "\\":
            self.escape()
        elif character == "$":
            self.at += 1
            self.python.append(r"\Z")
        elif character in "*+?{":
            raise PatternFault(f"the pattern has a “{character}” with nothing before it")
        else:
            self.copy()
        return _Found(1, varies=False)

    def group(self) -> _Found:
        self.copy()
        if self.pattern.startswith("?:", self.at):
            self.copy(2)
        elif self.peek() == "?":
            raise PatternFault("the pattern looks around, names a group or sets a flag, which not every browser reads")
        found = self.choices()
        if self.peek() != ")":
            raise PatternFault("the pattern has a “(” that is never closed")
        self.copy()
        return found

    def character_class(self) -> None:
        self.copy()
        if self.peek() == "^":
            self.copy()
        while self.peek() != "]":
            if self.peek() == "":
                raise PatternFault("the pattern has a “[” that is never closed")
            if self.peek() == "\\":
                self.escape()
            else:
                self.python.append("\\" if self.peek() in "[&|~" else "")  # Python keeps these for set operations
                self.copy()
        self.copy()

    def escape(self) -> None:
        following = self.pattern[self.at + 1 : self.at + 2]
        if not following or (following.isalnum() and following not in _ESCAPES):
            raise PatternFault(f"the pattern has “\\{following}”, which not every browser reads")
        self.copy(2)

    def quantified(self, part: _Found) -> _Found:
        found = _QUANTIFIER.match(self.pattern, self.at)
        if found is None:
            return part
        self.copy(len(found[0]))
        if self.peek() and self.peek() in "*+?{":
            raise PatternTooSlow("the pattern has a quantifier on a quantifier")
        least, most = self.bounds(found)
        if most > 1 and part.varies:
            raise PatternTooSlow("the pattern has a quantifier within a quantifier")
        return _Found(_repeated(part.ways, least, most), part.varies or least != most)

    def bounds(self, found: re.Match[str]) -> tuple[int, int]:
        sign, least, comma, most, _ = found.groups()
        if sign:
            return (1 if sign == "+" else 0), (1 if sign == "?" else self.length)
        return int(least), int(most) if most else self.length if comma else int(least)

    def peek(self) -> str:
        return self.pattern[self.at : self.at + 1]

    def copy(self, count: int = 1) -> None:
        self.python.append(self.pattern[self.at : self.at + count])
        self.at += count


def _repeated(ways: int, least: int, most: int) -> int:
    """The ways to match a part that can be matched in `ways` ways `least` to `most` times: the sum of their powers."""
    if ways == 1:
        return max(1, most - least + 1)
    total = 0
    for count in range(least, most + 1):
        total += ways**count
        if total > _CAP:
            return _CAP
    return max(1, total)
