"""A sequence that grows at its end: it reads as a tuple does, and those who hold a shorter one keep it."""

from __future__ import annotations

from threading import Barrier, Thread

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.process.growing import Growing


def grown(items: list[int]) -> Growing[int]:
    found = Growing[int]()
    for item in items:
        found = found.then(item)
    return found


@given(st.lists(st.integers()), st.slices(8))
def test_given_things_added_one_by_one_when_read_then_as_a_tuple_of_them(items: list[int], part: slice) -> None:
    found, like = grown(items), tuple(items)
    assert (tuple(found), len(found), found[part], hash(found)) == (like, len(like), like[part], hash(like))
    assert [found[at] for at in range(-len(items), len(items))] == [like[at] for at in range(-len(items), len(items))]
    assert found == like == Growing(items)


def test_given_a_place_past_the_end_when_read_then_there_is_none_though_a_longer_one_has_it() -> None:
    short = grown([1])
    short.then(2)
    with pytest.raises(IndexError):
        short[1]


@given(st.lists(st.integers(), max_size=4), st.lists(st.lists(st.integers(), min_size=1, max_size=4), max_size=4))
def test_given_several_that_go_on_from_the_same_when_read_then_each_has_what_it_added_and_the_first_is_as_it_was(
    items: list[int], branches: list[list[int]]
) -> None:
    first = grown(items)
    longer = []
    for branch in branches:
        found = first
        for item in branch:
            found = found.then(item)
        longer.append(found)
    assert [tuple(found) for found in longer] == [(*items, *branch) for branch in branches]
    assert tuple(first) == tuple(items)


def test_given_threads_that_go_on_from_the_same_when_all_are_done_then_each_has_its_own() -> None:
    first, found, together = grown([0]), dict[int, Growing[int]](), Barrier(8)

    def go_on(thread: int) -> None:
        mine = first
        together.wait()
        for number in range(2_000):
            mine = mine.then(1_000_000 * thread + number)
        found[thread] = mine

    threads = [Thread(target=go_on, args=(thread,)) for thread in range(1, 9)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {n: tuple(f) for n, f in found.items()} == {
        n: (0, *range(1_000_000 * n, 1_000_000 * n + 2_000)) for n in range(1, 9)
    }
