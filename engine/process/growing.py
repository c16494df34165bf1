"""A sequence that grows at its end: each longer one is new, and none before it is copied, or changed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Generic, TypeVar, overload

T = TypeVar("T")


class Growing(Sequence[T], Generic[T]):
    """A sequence to which one thing can be added in constant time, whoever else still holds it as it was.

    Those that grew out of one another share one dict, by places, of which each sees its own first ones. Of two that
    want the same place, in whatever thread, the second goes on in a copy.
    """

    __slots__ = ("_shared", "_size")

    def __init__(self, items: Iterable[T] = ()) -> None:
        self._shared = dict(enumerate(items))
        self._size = len(self._shared)

    def then(self, item: T) -> Growing[T]:
        """These, and one more."""
        longer: Growing[T] = Growing.__new__(Growing)
        longer._size = self._size + 1
        longer._shared = self._shared if self._size else {}  # an empty one may be everybody's
        if longer._shared.setdefault(self._size, item) is not item:
            longer._shared = dict(enumerate((*self, item)))
        return longer

    def __len__(self) -> int:
        return self._size

    @overload
    def __getitem__(self, at: int) -> T: ...
    @overload
    def __getitem__(self, at: slice) -> Sequence[T]: ...
    def __getitem__(self, at: int | slice) -> T | Sequence[T]:
        places = range(self._size)[at]
        return self._shared[places] if isinstance(places, int) else tuple(map(self._shared.__getitem__, places))

    def __iter__(self) -> Iterator[T]:
        return map(self._shared.__getitem__, range(self._size))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and tuple(self) == tuple(other)

    def __hash__(self) -> int:
        return hash(tuple(self))

    def __repr__(self) -> str:
        return f"Growing({tuple(self)!r})"
