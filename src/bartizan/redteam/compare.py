"""Two runs side by side, on the trials that both have: before and after a change.

Trials of one case hang together (its converters, strategies, repeats): what is counted as independent is the case.
"""

from __future__ import annotations

from collections import defaultdict

import msgspec

from bartizan.core.stats import Interval, McNemar, Rate, newcombe, sign_flip
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
    cases: int
    """To which the pairs belong."""
    unpaired: int
    """Trials that one run does not have, or that are inconclusive in one of them; what a stop rule left out in one of
    them is not counted."""
    missing: int
    """Trials that the later run has still to run."""
    test: McNemar
    """Of the change, by case: signs of whole cases are flipped, which is McNemar's test where each has one trial."""
    difference: Interval
    """95% interval of the change of the rate, after minus before (Newcombe), as if the trials of a case were one
    observation and the runs unpaired: wider than needed."""

    def exit_code(self, unpaired: float) -> tuple[int, str]:
        """0, 1 or 2, and why. A new success is one, whatever could not be compared.

        Args:
            unpaired: the greatest share of trials without a partner, in [0, 1].
        """
        if self.only_after:
            return 1, f"{len(self.only_after)} trials succeed that did not before"
        if self.missing:
            return 2, f"{self.missing} trials of the later run have not been run"
        share = self.unpaired / (self.unpaired + self.before.n)
        if share > unpaired:
            return 2, f"{share:.0%} of the trials could not be compared, {unpaired:.0%} allowed"
        return 0, "nothing succeeds that did not before"


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
    changes: dict[str, list[int]] = defaultdict(list)
    for a, b in counted:
        changes[a.case].append(_hit(b) - _hit(a))
    effective = n * n / sum(len(case) ** 2 for case in changes.values())
    spared = {trial.trial for run in (before, after) for trial in run.not_needed}
    first, second = (Rate(sum(_hit(pair[at]) for pair in counted), n) for at in (0, 1))
    lost = tuple(a.case for a, b in counted if _hit(a) and not _hit(b))
    gained = tuple(a.case for a, b in counted if _hit(b) and not _hit(a))
    return Comparison(
        before=first,
        after=second,
        only_before=lost,
        only_after=gained,
        cases=len(changes),
        unpaired=len((one.keys() | other.keys()) - spared) - n,
        missing=after.missing,
        test=sign_flip([sum(case) for case in changes.values()]),
        difference=newcombe(second.value * effective, effective, first.value * effective, effective),
    )


def _hit(trial: TrialEnded) -> bool:
    return trial.outcome is Outcome.HIT
