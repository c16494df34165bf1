"""The records of one process, read when somebody looks at them: a command needs its newest, not all there are."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final, overload
from uuid import UUID

from engine.store.log import Log, Record

NEWEST: Final = 128
"""How many of the newest records are at hand."""
BLOCK: Final = 64
"""How many are read at once where an earlier one is asked for: conditions that read answers ask for many in a row."""


class Records(Sequence[Record]):
    """The first records of a stream, up to a sequence; the newest are at hand, earlier ones are looked up."""

    def __init__(self, log: Log, stream: UUID, length: int = 0, newest: tuple[Record, ...] = ()) -> None:
        self._log = log
        self._stream = stream
        self._length = length
        self._newest = newest
        self._block: tuple[Record, ...] = ()

    def further(self, new: Sequence[Record]) -> Records:
        """These and those that follow on them."""
        newest = (*self._newest, *new)
        if len(newest) > 2 * NEWEST:
            newest = newest[-NEWEST:]
        return Records(self._log, self._stream, self._length + len(new), newest)

    def __len__(self) -> int:
        return self._length

    @overload
    def __getitem__(self, index: int) -> Record: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Record]: ...
    def __getitem__(self, index: int | slice) -> Record | Sequence[Record]:
        if isinstance(index, slice):
            return tuple(self)[index]
        found = range(self._length)[index]
        at_hand = found - (self._length - len(self._newest))
        if at_hand >= 0:
            return self._newest[at_hand]
        return self._earlier(found + 1)

    def _earlier(self, sequence: int) -> Record:
        block, begin = self._block, (sequence - 1) // BLOCK * BLOCK
        if not block or block[0].sequence != begin + 1:
            until = min(begin + BLOCK, self._length)
            self._block = block = tuple(self._log.read(self._stream, after=begin, until=until))
        (record,) = (record for record in block if record.sequence == sequence)  # a stream has no gaps
        return record

    def __iter__(self) -> Iterator[Record]:
        earlier = self._length - len(self._newest)
        if earlier:
            yield from self._log.read(self._stream, until=earlier)
        yield from self._newest

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and tuple(self) == tuple(other)

    def __hash__(self) -> int:
        return hash((self._stream, self._length))
