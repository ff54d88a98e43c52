"""Statistics in pure Python: intervals for rates, paired tests, a clustered bootstrap.

A rate never travels without its n: hand out a :class:`Rate`, whose text form carries n and the 95% interval.
"""

from __future__ import annotations

from bartizan.core.stats.bootstrap import clustered_bootstrap
from bartizan.core.stats.misclassified import Corrected, corrected
from bartizan.core.stats.multiple import benjamini_hochberg
from bartizan.core.stats.paired import McNemar, mcnemar, paired_difference, sign_flip
from bartizan.core.stats.proportion import Interval, clopper_pearson, newcombe, wilson
from bartizan.core.stats.rate import Rate

__all__ = [
    "Corrected",
    "Interval",
    "McNemar",
    "Rate",
    "benjamini_hochberg",
    "clopper_pearson",
    "clustered_bootstrap",
    "corrected",
    "mcnemar",
    "newcombe",
    "paired_difference",
    "sign_flip",
    "wilson",
]
