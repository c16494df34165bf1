"""The lines of a text file, a block at a time, with every byte of it looked at.

The encoding is the contract's, never guessed; bytes that are not of it refuse the file, with their offset. A line that
is too long to be a row is replaced by `LONG`, without ever being in memory whole. What a line holds is not known here.
"""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Final, Literal, NoReturn, TypeAlias

from engine.errors import DataRejected, Place

BLOCK: Final = 1 << 20
"""Bytes read at a time."""
MAX_LINE: Final = 100_000
"""Bytes of the longest line that is read; less than the longest cell that Python's csv reads (131,072)."""
LONG: Final = "\0long"
"""Stands for a line that is too long."""

Encoding: TypeAlias = Literal["utf-8", "latin-1"]


class FileRefused(DataRejected):
    """A file cannot be read at all under its contract; nothing of it was stored."""

    code = "file_refused"


def refuse(path: Path, message: str, hint: str, *, line: int = 0) -> NoReturn:
    """Raise `FileRefused` for a file."""
    raise FileRefused(message, hint=hint, where=Place(str(path), line)) from None


def lines_of(path: Path, encoding: Encoding) -> Iterator[list[str]]:
    """Whole lines without their ends (LF or CRLF), some thousands at a time; raise `FileRefused`."""
    any_high = any_other = False
    with path.open("rb") as file:
        for offset, block in _blocks(file):
            if offset == 0:
                _check_mark(path, block, encoding)
            text = _decoded(path, offset, block, encoding)
            if encoding == "latin-1" and not text.isascii():
                any_high, any_other = True, any_other or not _is_utf8(block)
            if "\r" in text:
                text = text.replace("\r\n", "\n")
            yield text.removesuffix("\n").split("\n")
    if any_high and not any_other:
        refuse(path, "the file is UTF-8, and the contract says latin-1", "Say `encoding: utf-8` in the contract.")


def _blocks(file: BinaryIO) -> Iterator[tuple[int, bytes]]:
    """Pieces that end where a line ends, each with the offset at which it began."""
    offset, rest = 0, b""
    while block := file.read(BLOCK):
        rest += block
        end = rest.rfind(b"\n") + 1
        if end:
            yield offset, _shortened(rest[:end])
            offset, rest = offset + end, rest[end:]
        elif len(rest) > MAX_LINE:
            skipped, rest = _skipped(file, len(rest))
            yield offset, LONG.encode() + b"\n"
            offset += skipped
    if rest:
        yield offset, _shortened(rest)


def _skipped(file: BinaryIO, length: int) -> tuple[int, bytes]:
    """Read on to the end of a line of which `length` bytes were read: its whole length, and what was read after it."""
    while block := file.read(BLOCK):
        end = block.find(b"\n") + 1
        if end:
            return length + end, block[end:]
        length += len(block)
    return length, b""


def _shortened(block: bytes) -> bytes:
    if len(block) <= MAX_LINE:
        return block
    lines = block.split(b"\n")
    if max(map(len, lines)) <= MAX_LINE:
        return block
    return b"\n".join(LONG.encode() if len(line) > MAX_LINE else line for line in lines)


def _check_mark(path: Path, block: bytes, encoding: Encoding) -> None:
    if block.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        refuse(path, "byte 0 begins UTF-16, which is not read", "Save the file as UTF-8.")
    if encoding == "latin-1" and block.startswith(codecs.BOM_UTF8):
        refuse(path, "the file is UTF-8, and the contract says latin-1", "Say `encoding: utf-8` in the contract.")


def _decoded(path: Path, offset: int, block: bytes, encoding: Encoding) -> str:
    try:
        text = block.decode(encoding)
    except UnicodeDecodeError as error:
        refuse(
            path,
            f"byte {offset + error.start} is not UTF-8 (0x{block[error.start]:02x})",
            "Say `encoding: latin-1` in the contract if the file comes from an older program; else save it as UTF-8.",
        )
    return text.removeprefix("\ufeff") if offset == 0 else text


def _is_utf8(block: bytes) -> bool:
    try:
        block.decode()
    except UnicodeDecodeError:
        return False
    return True
