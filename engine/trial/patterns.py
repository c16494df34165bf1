"""Made-up texts that match a pattern: the other way round of `engine.form.pattern`, and of the same small grammar.

It takes the patterns that lint has let pass. A class that leaves characters out (`[^…]`) is filled from plain ones.
"""

from __future__ import annotations

import re
from random import Random
from typing import Final

MOST_REPEATS: Final = 3
"""How much more often than it must an open quantifier repeats."""

_QUANTIFIER: Final = re.compile(r"(?:([*+?])|\{(\d{1,4})(?:(,)(\d{1,4})?)?\})\??")
_DIGITS: Final = "0123456789"
_LETTERS: Final = "abcdefghijklmnopqrstuvwxyz"
_PLAIN: Final = _LETTERS + _LETTERS.upper() + _DIGITS + " _-.,:/@"
_CLASSES: Final = {"d": _DIGITS, "w": _LETTERS + _DIGITS + "_", "s": " ", "D": _LETTERS, "W": "-.", "S": _LETTERS}
_CONTROLS: Final = {"n": "\n", "r": "\r", "t": "\t", "f": "\f", "v": "\v"}


def matching(pattern: str, random: Random) -> str:
    """A text that follows a pattern; whether it really matches, and its length, are the form's check to say."""
    return _Writer(pattern, random).choices()


class _Writer:
    """Recursive descent over one pattern, which writes a text on the way."""

    def __init__(self, pattern: str, random: Random) -> None:
        self.pattern = pattern
        self.random = random
        self.at = 0

    def choices(self) -> str:
        found = [self.sequence()]
        while self.take("|"):
            found.append(self.sequence())
        return self.random.choice(found)

    def sequence(self) -> str:
        written = ""
        while self.peek() not in ("", "|", ")"):
            start = self.at
            written += self.repeated(start, self.atom())
        return written

    def repeated(self, start: int, first: str) -> str:
        """An atom as often as its quantifier says; each time it is written anew."""
        found = _QUANTIFIER.match(self.pattern, self.at)
        if found is None:
            return first
        end = found.end()
        sign, least, comma, most = found.groups()
        low = (1 if sign == "+" else 0) if sign else int(least)
        open_end = low + MOST_REPEATS if sign != "?" else 1
        high = min(int(most), open_end) if most else open_end if sign or comma else low
        written = ""
        for _ in range(self.random.randint(low, max(low, high))):
            self.at = start
            written += self.atom()
        self.at = end
        return written

    def atom(self) -> str:
        if self.take("("):
            self.take("?:")
            written = self.choices()
            self.take(")")
            return written
        if self.take("["):
            return self.random.choice(self.members())
        if self.take("\\"):
            return self.random.choice(self.escaped() or " ")
        character = self.peek()
        self.at += 1
        if character in "^$":
            return ""
        return self.random.choice(_LETTERS) if character == "." else character

    def escaped(self) -> str:
        """The characters that an escape stands for."""
        character = self.peek()
        self.at += 1
        if character in "bB":
            return ""
        return _CLASSES.get(character) or _CONTROLS.get(character) or character

    def members(self) -> str:
        """The characters of a class."""
        excluded, found = self.take("^"), ""
        while not self.take("]"):
            one = self.escaped() if self.take("\\") else self.next()
            if self.peek() == "-" and self.pattern[self.at + 1 : self.at + 2] not in ("", "]"):
                self.at += 1
                last = self.escaped() if self.take("\\") else self.next()
                one = "".join(map(chr, range(ord(one), ord(last) + 1)))
            found += one
        return "".join(c for c in _PLAIN if c not in found) if excluded else found

    def peek(self) -> str:
        return self.pattern[self.at : self.at + 1]

    def next(self) -> str:
        self.at += 1
        return self.pattern[self.at - 1]

    def take(self, text: str) -> bool:
        if not self.pattern.startswith(text, self.at):
            return False
        self.at += len(text)
        return True
