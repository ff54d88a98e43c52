"""Quantiles with distribution-free intervals."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bartizan.range.latency import quantile


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=60), st.sampled_from([0.5, 0.95]))
def test_the_interval_holds_the_quantile(values: list[float], p: float) -> None:
    result = quantile(values, p)
    assert min(values) <= result.low <= result.value <= result.high <= max(values)


def test_the_median_of_ten_has_the_textbook_interval() -> None:
    result = quantile(range(1, 11), 0.5)
    assert (result.low, result.value, result.high) == (2, 5, 9)


@pytest.mark.parametrize(("p", "true"), [(0.5, 0.5), (0.95, 0.95)])
def test_the_interval_covers_at_least_95_percent(p: float, true: float) -> None:
    draw = random.Random(5)
    runs = 1500
    covered = 0
    for _ in range(runs):
        result = quantile([draw.random() for _ in range(80)], p)
        covered += result.low <= true <= result.high
    assert covered / runs >= 0.94
