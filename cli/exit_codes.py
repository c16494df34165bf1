"""What `samskap` ends with: one table, shown by `samskap --help`; a test compares it with the error classes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

INTERRUPTED: Final = 130
"""Ctrl-C: 128 and the signal's number, as shells have it."""

READER_GONE: Final = 141
"""Whoever read our output stopped reading (`samskap history … | head`): 128 and the number of SIGPIPE."""

EXIT_CODES: Final[Mapping[int, str]] = {
    0: "done",
    1: "a fault of samskap itself",
    2: "the call makes no sense: an unknown command or option, a missing argument",
    3: "the workspace or its settings cannot be used as they are",
    4: "a template, form or source file is malformed; lint found errors",
    5: "refused: not open now, answers that do not fit, SQL that may not run; nothing was stored",
    6: "not allowed: nobody is signed in, or the role is missing",
    7: "no such process, task, template, person, file",
    8: "somebody else was first, or the name is taken; nothing was stored",
    9: "a batch of measurements was refused whole",
    10: "what is stored is not what was stored: see `samskap verify`",
    11: "the store cannot be read or written",
    12: "a key is gone, so this text can no longer be read",
    13: "a template does not do what its scenarios expect, or cannot always be gone through to its end",
    14: "something was found that should have been erased",
    INTERRUPTED: "interrupted (Ctrl-C)",
    READER_GONE: "the reader of the output went away",
}
