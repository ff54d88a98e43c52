"""Before and after on the same cases.

Sources: Q. McNemar, Psychometrika 12 (1947); M. W. Fagerland, S. Lydersen and P. Laake, BMC Medical Research
Methodology 13:91 (2013), which recommends the mid-p form.
"""

from __future__ import annotations

import math

import msgspec

from bartizan.core.stats.beta import regularised_beta


class McNemar(msgspec.Struct, frozen=True):
    """Two-sided p-values of the hypothesis that a case changes as often one way as the other."""

    exact: float
    """Exact binomial; conservative."""
    mid_p: float
    """Counts half of the observed outcome; close to the nominal level."""


def mcnemar(only_first: int, only_second: int) -> McNemar:
    """Test the discordant pairs.

    Args:
        only_first: cases that succeeded under the first condition only.
        only_second: cases that succeeded under the second condition only.

    Raises:
        ValueError: a count is negative.
    """
    if only_first < 0 or only_second < 0:
        raise ValueError(f"counts are not negative, got {only_first} and {only_second}")
    n, k = only_first + only_second, min(only_first, only_second)
    if n == 0:
        return McNemar(1.0, 1.0)
    tail = 1.0 if k == n else regularised_beta(0.5, n - k, k + 1)
    point = math.exp(math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1) - n * math.log(2.0))
    return McNemar(min(1.0, 2.0 * tail), min(1.0, 2.0 * tail - point))
