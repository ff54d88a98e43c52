"""Many tests at once: how many of what is called significant may be false.

Source: Y. Benjamini and Y. Hochberg, "Controlling the False Discovery Rate", JRSS B 57 (1995).
"""

from __future__ import annotations

from collections.abc import Sequence


def benjamini_hochberg(p_values: Sequence[float], tests: int = 0) -> list[float]:
    """The adjusted p-value of each test: calling all at or below q significant keeps the false discovery rate at q.

    Args:
        p_values: of some of the tests.
        tests: how many were made; those without a value here count as 1.0. By default none is missing.

    Raises:
        ValueError: ``tests`` is smaller than the number of values.
    """
    made = tests or len(p_values)
    if made < len(p_values):
        raise ValueError(f"{len(p_values)} values of {made} tests")
    order = sorted(range(len(p_values)), key=lambda index: -p_values[index])
    adjusted = [1.0] * len(p_values)
    smallest = 1.0
    for place, index in enumerate(order):
        smallest = min(smallest, p_values[index] * made / (len(p_values) - place))
        adjusted[index] = smallest
    return adjusted
