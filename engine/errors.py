"""The one tree of errors: what a person is told when something cannot be done.

Every error says what is wrong (`message`), what to do about it (`hint`), where (`where`), and carries a `code` for
scripts. An error class belongs to a phase: config is read, a command is refused, a store fails. `exit_code` is what the
command line ends with. Faults of our own (a bug) are not in this tree: they keep their traceback.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class Place:
    """A place in a file: line and column count from 1; 0 means unknown."""

    file: str
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        """`file:line:column`, as editors understand it."""
        return ":".join([self.file, *(str(n) for n in (self.line, self.column) if n)])


class SamskapError(Exception):
    """Base of all errors meant for people."""

    code: ClassVar[str] = "error"
    exit_code: ClassVar[int] = 1

    def __init__(self, message: str, *, hint: str = "", where: Place | str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.where = where

    def __str__(self) -> str:
        """`where: message`, without the hint."""
        return f"{self.where}: {self.message}" if self.where else self.message

    def as_dict(self) -> dict[str, object]:
        """The error as data, for `--json`."""
        return {"code": self.code, "message": self.message, "hint": self.hint, "where": str(self.where or "")}


class UsageError(SamskapError):
    """The call itself makes no sense: an option is missing or contradicts another."""

    code = "usage"
    exit_code = 2


class SettingsError(SamskapError):
    """The workspace or its settings cannot be used as they are."""

    code = "settings"
    exit_code = 3


class ConfigError(SamskapError):
    """A template, form, contract, measure or source file is malformed."""

    code = "config"
    exit_code = 4


@dataclass(frozen=True, slots=True)
class Problem:
    """One finding of lint: a rule's id, what is wrong, where, and how to put it right."""

    rule: str
    message: str
    where: Place
    hint: str = ""
    severity: str = "error"

    def __str__(self) -> str:
        """`place: severity rule: message`."""
        return f"{self.where}: {self.severity} {self.rule}: {self.message}"


class LintError(ConfigError):
    """Config was read, but lint found errors in it: all of them are listed."""

    code = "lint"

    def __init__(self, message: str, problems: Sequence[Problem]) -> None:
        first = problems[0] if problems else None
        super().__init__(message, hint="Mend what is listed and try again.", where=first.where if first else None)
        self.problems = tuple(problems)

    def as_dict(self) -> dict[str, object]:
        """The error with every problem."""
        rows = [
            {"rule": p.rule, "severity": p.severity, "message": p.message, "hint": p.hint, "where": str(p.where)}
            for p in self.problems
        ]
        return {**super().as_dict(), "problems": rows}


class TrialFailed(SamskapError):
    """A template did not do what its scenarios expect, or a simulation found what should not be."""

    code = "trial_failed"
    exit_code = 13


class Refused(SamskapError):
    """A command was understood and is not allowed now; nothing was written."""

    code = "refused"
    exit_code = 5


class GoesRound(Refused):
    """The template's automatic steps lead round and round: nothing was written, and its author has to mend it."""

    code = "goes_round"


class NotAllowed(Refused):
    """The actor's roles in this process do not allow it."""

    code = "not_allowed"
    exit_code = 6


@dataclass(frozen=True, slots=True)
class FieldError:
    """One wrong answer: the path of the field, and a sentence in the user's language; `place` is a workbook's cell."""

    path: str
    message: str
    keyword: str = ""
    place: str = ""

    @property
    def question(self) -> str:
        """The field of the form itself that it is in."""
        return self.path.split(".")[0].split("[")[0]

    def as_dict(self) -> dict[str, str]:
        """What scripts are told; the cell only where the answer came from one."""
        return {"path": self.path, "message": self.message} | ({"place": self.place} if self.place else {})


class AnswersInvalid(Refused):
    """The answers do not fit the form: every wrong field is named."""

    code = "answers_invalid"

    def __init__(self, message: str, fields: Sequence[FieldError]) -> None:
        super().__init__(message, hint="Put these fields right and submit again; nothing was stored.")
        self.fields = tuple(fields)

    def as_dict(self) -> dict[str, object]:
        """The error with every field."""
        return {**super().as_dict(), "fields": [f.as_dict() for f in self.fields]}


class NotFound(SamskapError):
    """No such process, task, template, run, figure."""

    code = "not_found"
    exit_code = 7


class Conflict(SamskapError):
    """Somebody else was first; nothing was written."""

    code = "conflict"
    exit_code = 8


class DataRejected(SamskapError):
    """A batch of measurements was refused whole; its rows are kept as rejects."""

    code = "data_rejected"
    exit_code = 9


class IntegrityFault(SamskapError):
    """What is stored is not what was stored: the hash chain or a signature does not hold."""

    code = "integrity"
    exit_code = 10


class StoreError(SamskapError):
    """The store cannot be read or written: disk full, no permission, held by another program."""

    code = "store"
    exit_code = 11


class TracesFound(SamskapError):
    """Something was found that should have been erased."""

    code = "traces_found"
    exit_code = 14


class KeyMissing(SamskapError):
    """A key is gone (erased or lost), so this text can no longer be read."""

    code = "key_missing"
    exit_code = 12
