"""Group commit: what several threads want to store at once is stored in one transaction, with one sync of the disk.

Whoever comes while nobody is committing leads: it takes all that waits, its own first or not, and commits it. Those
who come meanwhile wait for their turn, and find that it was done for them, or lead the next group. So a single writer
waits for nobody, and sixteen share a sync. Each stays all or nothing by itself, and hears of its own conflict only;
nobody is told that it was stored before the commit has returned.

Programs beside this one are not in the group: the store lets one of them write at a time.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from threading import Lock

from engine.errors import SamskapError, StoreError
from engine.store.log import Record, Row

MOST = 128
"""The most that is stored in one commit."""


@dataclass(slots=True, eq=False)
class Write:
    """What one thread wants to have stored, all or nothing; `error` is why it was not."""

    records: Sequence[Record]
    rows: Sequence[Row]
    error: SamskapError | None = None
    done: bool = False


class GroupCommit:
    """The place where writes wait. `commit` stores a group in one transaction: see `Log`."""

    def __init__(self, commit: Callable[[Sequence[Write]], None]) -> None:
        self._commit = commit
        self._waiting: deque[Write] = deque()
        self._turn = Lock()

    def store(self, write: Write) -> None:
        """Return when it is stored; raise why it was not."""
        self._waiting.append(write)
        with self._turn:
            while not write.done:
                self._lead([*self._next()])
        if write.error is not None:
            raise write.error

    def _next(self) -> Iterator[Write]:
        for _ in range(min(MOST, len(self._waiting))):
            yield self._waiting.popleft()

    def _lead(self, group: Sequence[Write]) -> None:
        unknown = True
        try:
            self._commit(group)
            unknown = False
        except SamskapError as error:  # of the whole transaction: each is told by an error of its own
            unknown = False
            for write in group:
                write.error = type(error)(error.message, hint=error.hint, where=error.where)
                write.error.__cause__ = error.__cause__
        finally:
            for write in group:
                write.done = True
                if unknown:  # the leader was broken off, and goes on with what broke it
                    write.error = StoreError(
                        "the commit was broken off: whether it was stored is not known",
                        hint="Look whether it is there before you do it again; with the same command id it is done"
                        " once.",
                    )
