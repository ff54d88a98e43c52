"""What passes a gate, to the row."""

from __future__ import annotations

import pytest

from bartizan.core.stats import clopper_pearson, wilson
from bartizan.hardening.gates import LEAST_STOPPED, LEAST_VARIANTS, Decision, Disturbed, count, decide


def disturbed(newly: int, n: int = 1_900) -> Disturbed:
    return Disturbed(before=5, newly=count(newly, n), groups=count(min(newly, 100), 100))


def test_73_is_the_smallest_sample_that_can_pass() -> None:
    assert wilson(LEAST_VARIANTS, LEAST_VARIANTS)[0] >= LEAST_STOPPED > wilson(72, 72)[0]
    assert clopper_pearson(72, 72)[0] >= LEAST_STOPPED > clopper_pearson(71, 71)[0]


@pytest.mark.parametrize(
    ("replayed", "stopped", "of", "newly", "n", "decision"),
    [
        (True, 73, 73, 0, 1_900, Decision.ACCEPTED),
        (True, 100, 100, 3, 1_900, Decision.ACCEPTED),
        (True, 100, 100, 5, 1_900, Decision.REJECTED),
        (True, 99, 100, 0, 1_900, Decision.REJECTED),
        (True, 72, 72, 0, 1_900, Decision.INCONCLUSIVE),
        (True, 0, 0, 0, 1_900, Decision.INCONCLUSIVE),
        (True, 2, 40, 0, 1_900, Decision.REJECTED),
        (False, 100, 100, 0, 1_900, Decision.REJECTED),
        (True, 100, 100, 0, 500, Decision.INCONCLUSIVE),
        (True, 100, 100, 40, 500, Decision.INCONCLUSIVE),
    ],
)
def test_bounds_decide_not_rates(replayed: bool, stopped: int, of: int, newly: int, n: int, decision: Decision) -> None:
    assert decide(replayed, count(stopped, of), disturbed(newly, n))[0] is decision
