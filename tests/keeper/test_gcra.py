from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bartizan.core.errors import ConfigurationError
from bartizan.core.limits import RateLimit
from bartizan.keeper.gcra import Gcra
from bartizan.keeper.rates import RateBook

limits = st.builds(
    RateLimit,
    requests=st.integers(1, 1000),
    seconds=st.sampled_from([0.001, 1.0, 7.0, 60.0, 3600.0]),
    burst=st.integers(0, 50),
)
gaps = st.lists(st.integers(0, 5_000_000_000), min_size=1, max_size=80)


@given(limits, gaps)
def test_agrees_with_the_virtual_scheduling_form_in_exact_fractions(limit: RateLimit, gaps: list[int]) -> None:
    """ITU-T I.371: non-conforming if TAT > t + L, with I = T/n and L = (burst - 1) I; else TAT = max(t, TAT) + I."""
    gcra, tat, now = Gcra(limit), 0, 10**15
    interval = Fraction(round(limit.seconds * 1e9), limit.requests)
    tolerance = ((limit.burst or limit.requests) - 1) * interval
    reference = Fraction(0)
    for gap in gaps:
        now += gap
        conforms = reference <= now + tolerance
        assert (gcra.available(tat, now) > 0) == conforms
        assert (gcra.wait(tat, now) == 0) == conforms
        if conforms:
            reference = max(reference, Fraction(now)) + interval
            tat = gcra.take(tat, now, 1)


@given(limits, gaps)
def test_no_span_holds_more_than_burst_plus_rate(limit: RateLimit, gaps: list[int]) -> None:
    gcra, tat, now = Gcra(limit), 0, 10**15
    admitted: list[int] = []
    for gap in gaps:
        now += gap
        while gcra.available(tat, now):
            tat = gcra.take(tat, now, 1)
            admitted.append(now)
            if len(admitted) > 300:
                break
        if len(admitted) > 300:
            break
    for first in range(0, len(admitted), 7):
        span = admitted[-1] - admitted[first]
        assert len(admitted) - first <= gcra.burst + Fraction(span * gcra.requests, gcra.interval) + 1


@given(limits, st.integers(0, 60), st.integers(0, 10**12))
def test_wait_is_exact_and_giving_back_undoes_taking(limit: RateLimit, count: int, later: int) -> None:
    gcra, now = Gcra(limit), 10**15
    count = min(count, gcra.available(0, now))
    tat = gcra.take(0, now, count)
    assert gcra.available(tat, now) == gcra.burst - count
    assert gcra.available(gcra.give_back(tat, count), now + later) == gcra.burst
    empty = gcra.take(tat, now, gcra.burst - count)
    wait = gcra.wait(empty, now)
    assert wait > 0
    assert gcra.available(empty, now + wait) == 1
    assert gcra.available(empty, now + wait - 1) == 0
    assert gcra.idle(empty, now + round(limit.seconds * 1e9) * gcra.burst)


@pytest.mark.parametrize(
    "limit",
    [
        RateLimit(1, 0.0),
        RateLimit(1, -1.0),
        RateLimit(1, float("nan")),
        RateLimit(1, float("inf")),
        RateLimit(-1),
        RateLimit(1, 1.0, -1),
    ],
)
def test_senseless_limits_are_configuration_errors(limit: RateLimit) -> None:
    with pytest.raises(ConfigurationError):
        Gcra(limit)


def test_changed_limit_keeps_the_debt() -> None:
    book, now = RateBook(), 10**15
    before, after = RateLimit(10, 100.0), RateLimit(20, 100.0)
    for _ in range(10):
        assert book.take("alice", before, now, 0).count == 1
    assert book.take("alice", before, now, 0).wait == 10.0
    # 100 s of debt remain; the new limit allows 20 x 5 s of it, so the bucket is as full as before.
    assert book.take("alice", after, now, 0).count == 0
    assert book.take("alice", after, now + 5_000_000_000, 0).count == 1
    book.give_back("nobody", after, 5)
    assert len(book) == 1
    book.sweep(now + 200_000_000_000)
    assert len(book) == 0
