"""Near duplicates by MinHash against every pair compared, and the statistics beneath against known values."""

from __future__ import annotations

import itertools
import random

import pytest

from bartizan.core.stats import benjamini_hochberg
from bartizan.core.stats.tails import binomial_tail, hypergeometric_tail
from bartizan.supplychain.datasets.sample import Reservoir
from bartizan.supplychain.datasets.similarity import LEAST, near_pairs, resemblance, shingles


def texts(count: int, seed: int) -> list[str]:
    """Texts of which many are changed copies of others."""
    chance = random.Random(seed)
    made: list[str] = []
    for _ in range(count):
        if made and chance.random() < 0.5:
            words = chance.choice(made).split()
            for _ in range(chance.randint(0, 4)):
                words[chance.randrange(len(words))] = f"w{chance.randrange(500)}"
            made.append(" ".join(words))
        else:
            made.append(" ".join(f"w{chance.randrange(500)}" for _ in range(chance.randint(20, 80))))
    return made


@pytest.mark.parametrize("seed", range(3))
def test_pairs_are_those_that_comparing_all_gives(seed: int) -> None:
    sets = [shingles(text) for text in texts(300, seed)]
    every = {
        pair for pair in itertools.combinations(range(300), 2) if resemblance(sets[pair[0]], sets[pair[1]]) >= LEAST
    }
    found = list(near_pairs(sets, seed))
    assert len(every) > 20
    assert len(found) == len(set(found))
    assert set(found) <= every
    assert len(found) >= 0.995 * len(every)


def test_a_crowd_of_copies_costs_no_square() -> None:
    same = shingles(" ".join(f"word{n}" for n in range(50)))
    found = list(near_pairs([same] * 3_000, 0))
    assert {later for _, later in found} == set(range(1, 3_000))
    assert len(found) < 100_000


def test_exact_tails() -> None:
    scipy = pytest.importorskip("scipy.stats")
    for k, n, p in ((0, 5, 0.1), (5, 5, 0.1), (3, 40, 0.02), (90, 150, 0.5)):
        assert binomial_tail(k, n, p) == pytest.approx(scipy.binom.sf(k - 1, n, p), rel=1e-9)
    for k, drawn, marked, total in (
        (3, 10, 40, 100),
        (10, 10, 50, 100),
        (0, 5, 5, 10),
        (8, 9, 990, 1000),
        (30, 200, 300, 5000),
    ):
        assert hypergeometric_tail(k, drawn, marked, total) == pytest.approx(
            scipy.hypergeom.sf(k - 1, total, marked, drawn), rel=1e-8
        )
    with pytest.raises(ValueError):
        binomial_tail(1, 2, 1.5)
    with pytest.raises(ValueError):
        hypergeometric_tail(1, 11, 5, 10)


def test_adjusted_p_values() -> None:
    assert benjamini_hochberg([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.02, 0.04, 0.04, 0.02])
    assert benjamini_hochberg([0.001], 100) == pytest.approx([0.1])
    assert benjamini_hochberg([]) == []
    with pytest.raises(ValueError):
        benjamini_hochberg([0.1, 0.2], 1)


def test_a_sample_is_fair_and_bounded() -> None:
    hits = [0] * 200
    for seed in range(400):
        reservoir: Reservoir[int] = Reservoir(20, 1_000, seed)
        for one in range(200):
            reservoir.offer(one, 1)
        for one in reservoir.kept():
            hits[one] += 1
    assert min(hits) >= 20
    assert max(hits) <= 65  # 40 expected
    heavy: Reservoir[int] = Reservoir(1_000, 100, 0)
    for one in range(500):
        heavy.offer(one, 3)
    assert 20 <= len(heavy.kept()) <= 33
    assert not heavy.whole
