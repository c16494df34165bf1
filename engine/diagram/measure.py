"""How wide a text is, and where its lines break, without a font at hand.

The widths are those of Helvetica (Adobe's font metrics, Core 14), which Arial and Liberation Sans share; whoever draws
tells the viewer the width that was counted on, so that another font cannot make a text leave its box.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from typing import Final

MONOSPACED: Final = 0.602
"""The width of every character of a monospaced font, in its size."""
BOLD: Final = 1.08
"""How much wider bold text is, at most, than regular text of some length."""

_THOUSANDTHS: Final = {
    191: "'",
    222: "ijl",
    260: "|",
    278: " !,./:;I[\\]ft",
    333: "()-`r“”„",
    334: "{}",
    355: '"',
    389: "*",
    469: "^",
    500: "Jckvsxyz",
    556: "#$0123456789?L_abdeghnopqu«»–",
    584: "+<=>~×−",
    611: "FTZø",
    667: "&ABEKPSVXY",
    722: "CDHNRUw",
    778: "GOQØ",
    833: "Mm",
    889: "%æ",
    944: "W",
    1000: "Æ…—→≥≤≠",
    1015: "@",
}
_WIDTHS: Final = {character: width / 1000 for width, characters in _THOUSANDTHS.items() for character in characters}


@lru_cache(maxsize=4096)
def _character(character: str) -> float:
    if character in _WIDTHS:
        return _WIDTHS[character]
    if unicodedata.combining(character) or unicodedata.category(character) in ("Mn", "Me", "Cf"):
        return 0.0
    base = unicodedata.normalize("NFD", character)[0]
    if base in _WIDTHS:
        return _WIDTHS[base]
    return 1.0 if unicodedata.east_asian_width(character) in "WF" else 0.72


def width(text: str, size: float, *, bold: bool = False, mono: bool = False) -> float:
    """The width of a line, in the unit of its size."""
    if mono:
        return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text) * MONOSPACED * size
    return sum(map(_character, text)) * size * (BOLD if bold else 1)


def wrapped(
    text: str, limit: float, size: float, *, bold: bool = False, mono: bool = False, most: int = 99
) -> tuple[str, ...]:
    """The text in lines no wider than `limit`; past `most` lines it is cut off, with an ellipsis."""

    def fits(line: str) -> bool:
        return width(line, size, bold=bold, mono=mono) <= limit

    lines: list[str] = []
    line = ""
    for word in text.split():
        if line and fits(f"{line} {word}"):
            line = f"{line} {word}"
            continue
        if line:
            lines.append(line)
        *full, line = _broken(word, limit, size, bold=bold, mono=mono)
        lines += full
    lines += [line] if line else []
    if len(lines) <= most:
        return tuple(lines)
    last = lines[most - 1]
    while not fits(f"{last} …"):
        last = last.rpartition(" ")[0] or last[:-1]
    return (*lines[: most - 1], f"{last} …")


def _broken(word: str, limit: float, size: float, *, bold: bool, mono: bool) -> Iterator[str]:
    """A word in pieces that fit a line: after a dot or an underscore where there is one, else anywhere."""
    while word and width(word, size, bold=bold, mono=mono) > limit:
        end = 1
        while end < len(word) and width(word[: end + 1], size, bold=bold, mono=mono) <= limit:
            end += 1
        seams = [n + 1 for n, c in enumerate(word[:end]) if c in "._-/" and n + 1 > end // 2]
        end = seams[-1] if seams else end
        yield word[:end]
        word = word[end:]
    yield word
