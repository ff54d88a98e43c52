"""Two runs side by side, on the trials that both have: before and after a change."""

from __future__ import annotations

import msgspec

from bartizan.core.stats import Interval, McNemar, Rate, mcnemar, newcombe
from bartizan.redteam.errors import RunError
from bartizan.redteam.journal import TrialEnded
from bartizan.redteam.results import Run
from bartizan.redteam.taxonomy import Outcome


class Comparison(msgspec.Struct, frozen=True, kw_only=True):
    """Paired trials: same case, converters, strategy, repeat and seed."""

    before: Rate
    after: Rate
    only_before: tuple[str, ...]
    """Cases of trials that hit before and miss now."""
    only_after: tuple[str, ...]
    """Cases of trials that hit now and missed before."""
    unpaired: int
    """Trials of either run that the other does not have, or that are inconclusive in one of them."""
    test: McNemar
    difference: Interval
    """95% interval of the change of the rate, after minus before, as if the trials were unpaired: wider than needed."""


def compare(before: Run, after: Run) -> Comparison:
    """Raises RunError when no trial can be paired."""
    one, other = ({trial.trial: trial for trial in run.trials} for run in (before, after))
    pairs = [(one[name], other[name]) for name in one if name in other]
    counted = [pair for pair in pairs if all(trial.outcome is not Outcome.INCONCLUSIVE for trial in pair)]
    if not counted:
        raise RunError(
            "the two runs have no trial in common that is conclusive in both",
            "compare runs of one plan: the same cases, converters, strategies, repeats and seed",
        )
    n = len(counted)
    first, second = (Rate(sum(_hit(pair[at]) for pair in counted), n) for at in (0, 1))
    lost = tuple(a.case for a, b in counted if _hit(a) and not _hit(b))
    gained = tuple(a.case for a, b in counted if _hit(b) and not _hit(a))
    return Comparison(
        before=first,
        after=second,
        only_before=lost,
        only_after=gained,
        unpaired=len(one) + len(other) - 2 * n,
        test=mcnemar(len(lost), len(gained)),
        difference=newcombe(second.successes, n, first.successes, n),
    )


def _hit(trial: TrialEnded) -> bool:
    return trial.outcome is Outcome.HIT
