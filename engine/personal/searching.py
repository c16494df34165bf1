"""Looking whether texts that should be gone are gone: byte by byte, in every file, in the ways a text can be written.

What is compressed or laid out in pages is read through its own reader as well: a reader gives the texts that are in a
file. Those for zip files, gzip and SQLite are here; other rooms bring theirs. Nothing is written anywhere, and what is
looked for is kept nowhere.
"""

from __future__ import annotations

import gzip
import json
import re
import sqlite3
import zipfile
import zlib
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from html import escape
from itertools import chain
from pathlib import Path
from typing import Final, TypeAlias
from unicodedata import normalize
from urllib.parse import quote

from engine.sql import quoted
from engine.store.copying import stored
from engine.store.keys import KEY
from engine.store.log import Log
from engine.store.tables import FOLDS, KEPT, NEVER_COPIED

BLOCK: Final = 1 << 22
SHORTEST: Final = 3
"""Characters of the shortest text that is looked for: shorter ones are found everywhere."""
WHOLE_WORD: Final = 12
"""Texts shorter than this count only where they stand as a word: “kari” is in “vakarian” too."""
LONGEST: Final = 200
"""Characters of a longer text that are looked for: its beginning."""

_SQLITE: Final = b"SQLite format 3\0"
"""What a database of SQLite begins with."""

Reader: TypeAlias = Callable[[Path], Iterator[bytes]]
"""Gives every text of a file, in UTF-8; raises whatever its library raises for a file that is not of its kind."""


@dataclass(frozen=True, slots=True)
class Hit:
    """A text that was found: which one, by its number in what was looked for, where, and how it is written there."""

    canary: int
    place: str
    how: str


@dataclass(frozen=True, slots=True)
class Searched:
    """What came of a search: what was found, the files that were looked through, and those that could not be."""

    hits: tuple[Hit, ...]
    files: int
    bytes: int
    unread: tuple[str, ...]
    too_short: tuple[int, ...] = ()


class _Needles:
    """The texts in all their writings, as one expression over bytes."""

    def __init__(self, canaries: Sequence[str]) -> None:
        self.too_short = tuple(n for n, text in enumerate(canaries) if len(text.strip()) < SHORTEST)
        self._by: dict[bytes, tuple[int, str, bool]] = {}
        for number, text in enumerate(canaries):
            if number not in self.too_short:
                stripped = text.strip()[:LONGEST].strip()
                for how, needle in _writings(stripped):
                    self._by.setdefault(needle, (number, how, len(stripped) < WHOLE_WORD))
        longest_first = sorted(self._by, key=len, reverse=True)
        self._pattern = re.compile(b"|".join(map(re.escape, longest_first))) if longest_first else None
        self.overlap = max(map(len, self._by), default=0) + 4

    def find(self, text: bytes) -> Iterator[tuple[int, str]]:
        """What stands in a text: the number of the canary, and how it is written."""
        for found in self._pattern.finditer(text) if self._pattern else ():
            number, how, whole = self._by[found[0]]
            if not whole or _stands_alone(text, found.start(), found.end(), how):
                yield number, how


def _writings(text: str) -> Iterator[tuple[str, bytes]]:
    """The ways a text may be written."""
    forms = dict.fromkeys((normalize("NFC", text), normalize("NFD", text)))
    for form in forms:
        yield "UTF-8", form.encode()
        yield "UTF-16", form.encode("utf-16-le")
        yield "UTF-16", form.encode("utf-16-be")
        yield "JSON", json.dumps(form)[1:-1].encode()
        yield "JSON", json.dumps(form, ensure_ascii=False)[1:-1].encode()
        yield "HTML", escape(form).encode()
        yield "HTML", "".join(ch if ch.isascii() else f"&#{ord(ch)};" for ch in escape(form)).encode()
        yield "a URL", quote(form).encode()
        yield "Latin-1", form.encode("latin-1", errors="ignore") if _fits(form) else form.encode()


def _fits(text: str) -> bool:
    return all(ord(ch) < 256 for ch in text)


def _stands_alone(text: bytes, start: int, end: int, how: str) -> bool:
    step = 2 if how == "UTF-16" else 1
    before, after = text[max(start - step, 0) : start], text[end : end + step]
    return not any(byte < 0x80 and chr(byte).isalnum() for byte in (*before, *after))


# -- files ------------------------------------------------------------------------------------------------------------


def search(
    folder: Path,
    canaries: Sequence[str],
    *,
    log: Log | None = None,
    readers: Mapping[str, Reader] | None = None,
    passed_over: Iterable[Path] = (),
) -> Searched:
    """Look through a folder for texts, and through a log that lies elsewhere; `readers` are by the end of a name.

    `passed_over` are folders that are not looked into.
    """
    needles = _Needles(canaries)
    found: dict[Hit, None] = {}
    unread: list[str] = []
    files = size = 0
    passed = {path.resolve() for path in passed_over}
    for path in _files(folder, passed):
        place = str(path.relative_to(folder))
        files += 1
        try:
            for number, how in _in_bytes(path, needles):
                found[Hit(number, place, how)] = None
            size += path.stat().st_size
            for number, how in _in_texts(path, needles, {**READERS, **(readers or {})}):
                found.setdefault(Hit(number, place, f"{how}, within"), None)
        except FileNotFoundError:
            continue  # it went meanwhile
        except Exception as error:  # a damaged file raises whatever its library raises, and is named
            unread.append(f"{place}: {type(error).__name__}")
    if log is not None:
        for number, how in _in_log(log, needles):
            found[Hit(number, log.place, how)] = None
    return Searched(tuple(found), files, size, tuple(unread), needles.too_short)


def copies_of_keys(folder: Path, ids: Collection[str]) -> list[str]:
    """Where keys of these ids lie, in a folder or below, or in a zip file there: what they open can be read still."""
    found = list[str]()
    for path in _files(folder, set()):
        names = [path.name]
        if zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as archive:
                names = archive.namelist()
        if any(name.endswith(KEY) and Path(name).stem in ids for name in names):
            found.append(str(path.relative_to(folder)))
    return found


def _files(folder: Path, passed: set[Path]) -> Iterator[Path]:
    for path in sorted(folder.iterdir()):
        if path.is_symlink() or path.resolve() in passed:
            continue
        if path.is_dir():
            yield from _files(path, passed)
        elif path.is_file():
            yield path


def _in_bytes(path: Path, needles: _Needles) -> Iterator[tuple[int, str]]:
    rest = b""
    with path.open("rb") as file:
        while block := file.read(BLOCK):
            yield from needles.find(rest + block)
            rest = (rest + block)[-needles.overlap :]


def _in_texts(path: Path, needles: _Needles, readers: Mapping[str, Reader]) -> Iterator[tuple[int, str]]:
    reader = next((reader for end, reader in readers.items() if path.name.endswith(end)), None)
    for text in reader(path) if reader is not None else ():
        yield from needles.find(text)


def _in_log(log: Log, needles: _Needles) -> Iterator[tuple[int, str]]:
    """The texts of a log and of the tables beside it, wherever it lies."""
    for record in log.all():
        yield from needles.find(record.body)
    kept = (values for _, values in stored(log, {**KEPT, **FOLDS}))
    others = (row.values() for statement in NEVER_COPIED for row in log.query(statement))
    for values in chain(kept, others):
        for value in values:
            yield from needles.find(value if isinstance(value, bytes) else str(value).encode())


# -- readers ----------------------------------------------------------------------------------------------------------


def _zipped(path: Path) -> Iterator[bytes]:
    with zipfile.ZipFile(path) as archive:
        for name in archive.namelist():
            yield name.encode()
            yield (content := archive.read(name))
            if content.startswith(_SQLITE):
                yield from _sqlite_within(content)


def _gzipped(path: Path) -> Iterator[bytes]:
    try:
        with gzip.open(path) as file:
            yield file.read()
    except (OSError, EOFError, zlib.error):
        yield b""


def _sqlite(path: Path) -> Iterator[bytes]:
    """Every value of every table: in the file itself a long one is parted over pages."""
    with closing(sqlite3.connect(f"file:{quote(str(path))}?mode=ro", uri=True)) as connection:
        yield from _values(connection)


def _sqlite_within(content: bytes) -> Iterator[bytes]:
    """The same of a database that is no file of its own; one with a write-ahead log is read as one without."""
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.deserialize(content[:18] + b"\1\1" + content[20:])
        yield from _values(connection)


def _values(connection: sqlite3.Connection) -> Iterator[bytes]:
    tables = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type='table'")]
    for table in tables:
        for row in connection.execute(f"SELECT * FROM {quoted(table)}"):  # noqa: S608 (a quoted name)
            for value in row:
                if isinstance(value, str | bytes):
                    yield value.encode() if isinstance(value, str) else value


READERS: Final[Mapping[str, Reader]] = {
    ".zip": _zipped,
    ".xlsx": _zipped,
    ".docx": _zipped,
    ".gz": _gzipped,
    ".sqlite": _sqlite,
    ".db": _sqlite,
}
"""What is read through more than its bytes, by the end of a name."""
