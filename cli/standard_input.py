"""What is piped in: read once, bounded, and as UTF-8 or not at all."""

from __future__ import annotations

import sys
from typing import Final

from engine.codec import MAX_BYTES
from engine.errors import UsageError

STDIN: Final = "-"
"""What stands on the command line for stdin."""


def content() -> bytes:
    """What is on stdin, up to one byte more than we read of any text."""
    return sys.stdin.buffer.read(MAX_BYTES + 1)


def text(given: str) -> str:
    """What was given on the command line, or what is on stdin where that was `-`; raise `UsageError`."""
    if given != STDIN:
        return given
    found = content()
    if len(found) > MAX_BYTES:
        raise UsageError(f"there are more than {MAX_BYTES} bytes on stdin", hint="Pipe in less.", where="stdin")
    try:
        return found.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UsageError(f"byte {error.start} is not UTF-8", hint="Write it in UTF-8.", where="stdin") from None
