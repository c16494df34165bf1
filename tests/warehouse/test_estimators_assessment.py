"""How parties see the same thing: against an independent permutation test, and with few people exactly."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from warehouse.estimators.assessment import PERMUTATIONS, paired_change, spread


def of_parties(*parties: Sequence[float]) -> list[tuple[str, str, float]]:
    return [
        (f"party{place}", f"m{place}-{member}", float(score))
        for place, scores in enumerate(parties)
        for member, score in enumerate(scores)
    ]


def by_scipy(*parties: Sequence[float], resamples: float = np.inf) -> tuple[float, np.ndarray]:
    """p and every gap by scipy.stats.permutation_test."""

    def gap(*arms: np.ndarray, axis: int = -1) -> np.ndarray:
        means = np.array([arm.mean(axis=axis) for arm in arms])
        return np.round(means.max(axis=0) - means.min(axis=0), 9)

    arms = [np.array(scores, dtype=float) for scores in parties]
    random = np.random.default_rng(1)
    found = stats.permutation_test(arms, gap, n_resamples=resamples, alternative="greater", vectorized=True, rng=random)
    return float(found.pvalue), found.null_distribution


@pytest.mark.parametrize(
    "parties",
    [
        ([1, 2, 2, 1], [5, 4, 4, 5]),
        ([1, 2, 3], [2, 3, 4]),
        ([3, 4], [2, 5], [1, 1]),
        ([1, 1, 2], [4, 5], [3, 3]),
        ([1, 1.37], [1.37**power for power in range(2, 16)]),  # 120 gaps, all different: the twentieth is exact
    ],
)
def test_given_few_people_when_spread_then_every_arrangement_as_scipy_counts_them(
    parties: tuple[Sequence[float], ...],
) -> None:
    found = spread(of_parties(*parties))
    p, gaps = by_scipy(*parties)
    assert found is not None
    assert found.p == pytest.approx(p)
    assert found.mean_by_chance == pytest.approx(gaps.mean())
    assert (gaps > found.by_chance + 1e-6).mean() <= 0.05 < (gaps > found.by_chance - 1e-6).mean()


def test_given_many_people_when_spread_then_near_what_scipy_draws() -> None:
    parties = [1, 2, 3, 2, 1, 2], [3, 4, 3, 2, 4, 3], [2, 3, 5, 4, 3, 2]
    found = spread(of_parties(*parties))
    p, gaps = by_scipy(*parties, resamples=20000)
    assert found is not None
    assert found.p == pytest.approx(p, abs=0.01)
    assert found.mean_by_chance == pytest.approx(gaps.mean(), rel=0.03)


def test_given_two_parties_of_two_when_as_far_apart_as_can_be_then_chance_alone_could_do_it() -> None:
    """Two of six arrangements have so large a gap (1 and 1 against 5 and 5, either way round)."""
    found = spread(of_parties([1, 1], [5, 5]))
    assert found is not None
    assert (found.gap, found.p, found.beyond_chance) == (4.0, pytest.approx(2 / 6), False)


def test_given_one_person_in_each_party_when_spread_then_any_gap_may_be_chance() -> None:
    """Whoever stands where, the highest and the lowest person are the same."""
    found = spread(of_parties([2.5], [4.0], [1.0], [3.0]))
    assert found is not None
    assert (found.gap, found.by_chance, found.mean_by_chance, found.p) == (3.0, 3.0, 3.0, 1.0)


def test_given_no_disagreement_when_spread_then_nothing_beyond_chance() -> None:
    found = spread(of_parties([3, 3], [3, 3], [3]))
    assert found is not None
    assert (found.gap, found.by_chance, found.p, found.beyond_chance) == (0.0, 0.0, 1.0, False)


def test_given_the_same_mean_when_agreed_and_when_torn_then_chance_tells_them_apart() -> None:
    """Within parties that are each torn, chance gives large gaps; within parties that agree, none."""
    agreed, torn = spread(of_parties([3, 3, 3, 3], [3, 3, 3, 3])), spread(of_parties([1, 5, 1, 5], [5, 1, 5, 1]))
    assert agreed is not None
    assert torn is not None
    assert agreed.gap == torn.gap == 0.0
    assert agreed.mean_by_chance == 0.0 < torn.mean_by_chance


_PEOPLE = st.lists(st.tuples(st.sampled_from("abc"), st.integers(1, 5).map(float)), min_size=8, max_size=14).map(
    lambda rows: [(party, f"m{place}", score) for place, (party, score) in enumerate(rows)]
)


@given(_PEOPLE, st.randoms(use_true_random=False))
def test_given_many_answers_in_another_order_when_spread_then_the_same(
    people: list[tuple[str, str, float]], random: object
) -> None:
    shuffled = list(people)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert spread(shuffled) == spread(people)


@given(_PEOPLE)
def test_given_any_answers_when_spread_then_p_agrees_with_the_gap_that_chance_gives(
    people: list[tuple[str, str, float]],
) -> None:
    found = spread(people)
    if found is None:
        assert len({party for party, _, _ in people}) == 1
        return
    assert 1 / (PERMUTATIONS + 1) <= found.p <= 1
    assert not found.beyond_chance or found.gap > found.by_chance - 1e-9


@pytest.mark.parametrize(
    ("changes", "readable"),
    [([1, 1.1, 0.9, 1.2, 1.0], True), ([1, 1.1, 0.9, 1.2], False), ([-2, 2, -1, 1, 0.5, -0.5], False), ([1], False)],
)
def test_given_pairs_when_few_or_unsure_then_not_readable(changes: list[float], readable: bool) -> None:
    found = paired_change(changes)
    assert found is not None
    assert found.readable is readable


def test_given_no_pairs_when_changed_then_nothing() -> None:
    assert paired_change([]) is None
