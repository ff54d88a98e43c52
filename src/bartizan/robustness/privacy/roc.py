"""What a membership score is worth: AUC and true positives at low false-positive rates, with exact chances.

The worth of a membership attack is what it finds while it accuses almost nobody wrongly (Carlini et al., "Membership
Inference Attacks From First Principles", IEEE S&P 2022); accuracy and AUC hide that. Scores grow with membership.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from bartizan.core.stats import clopper_pearson
from bartizan.core.stats.tails import hypergeometric_tail
from bartizan.reporting.audit import Curve, Measure
from bartizan.robustness.errors import UnusableDataError
from bartizan.robustness.interface import Floats

RATES = (0.01, 0.001)
"""False-positive rates at which true positives are stated."""
_POINTS = 200
_Z = 1.959963984540054


class Point(NamedTuple):
    """One operating point: the threshold is the lowest that keeps to the false-positive rate."""

    rate: float
    """The false-positive rate that may not be exceeded."""
    found: int
    members: int
    false: int
    """Non-members above the threshold; fewer than allowed where scores are tied."""
    outsiders: int

    @property
    def resolved(self) -> bool:
        """True when so few false positives can be told from none: ``rate`` is at least one non-member."""
        return self.rate * self.outsiders >= 1 - 1e-9

    @property
    def value(self) -> float:
        """True-positive rate."""
        return self.found / self.members

    @property
    def interval(self) -> tuple[float, float]:
        """Clopper-Pearson, 95%, for this threshold; that the threshold itself was found on the same rows is only in
        :attr:`chance`."""
        return clopper_pearson(self.found, self.members)

    @property
    def chance(self) -> float:
        """How probable so many members above the threshold are for a score that knows nothing.

        Scores of members and others are then exchangeable, so members among the highest ``found + allowed`` scores
        are hypergeometric. Ties count for the other side, so it is exact or too large.
        """
        if self.found == 0:
            return 1.0
        top = self.found + math.floor(self.rate * self.outsiders + 1e-9)
        everyone = self.members + self.outsiders
        return hypergeometric_tail(self.found, min(top, everyone), self.members, everyone)


class Roc(NamedTuple):
    """Scores of members and of others, both finite."""

    inside: Floats
    """``(members,)``"""
    outside: Floats
    """``(outsiders,)``"""

    def at(self, rate: float) -> Point:
        """The operating point at a false-positive rate of at most ``rate``; a tie with a non-member is no find."""
        allowed = math.floor(rate * len(self.outside) + 1e-9)
        if allowed >= len(self.outside):
            return Point(rate, len(self.inside), len(self.inside), len(self.outside), len(self.outside))
        threshold = np.partition(self.outside, len(self.outside) - 1 - allowed)[len(self.outside) - 1 - allowed]
        found, false = int((self.inside > threshold).sum()), int((self.outside > threshold).sum())
        return Point(rate, found, len(self.inside), false, len(self.outside))

    def auc(self) -> tuple[float, tuple[float, float]]:
        """Area under the curve, ties counted half, with the 95% interval of DeLong, DeLong and Clarke-Pearson
        (Biometrics 44, 1988). An area of exactly 0 or 1 has no width by that formula and gets the exact bound that no
        pair of ``min(members, outsiders)`` was out of order."""
        wins = _placements(self.inside, self.outside)
        losses = _placements(self.outside, self.inside)
        area = float(wins.mean())
        if area in (0.0, 1.0):
            pairs = min(len(wins), len(losses))
            return area, clopper_pearson(int(area) * pairs, pairs)
        spread = _Z * math.sqrt(wins.var(ddof=1) / len(wins) + losses.var(ddof=1) / len(losses))
        return area, (max(0.0, area - spread), min(1.0, area + spread))

    def tied(self) -> float:
        """Share of rows whose score a row of the other side has too: no threshold separates these."""
        common = np.intersect1d(self.inside, self.outside)
        rows = np.isin(self.inside, common).sum() + np.isin(self.outside, common).sum()
        return float(rows) / (len(self.inside) + len(self.outside))

    def measures(self, prefix: str = "") -> tuple[Measure, ...]:
        """AUC, true positives at the rates that so many rows resolve, the smallest such rate, ties."""
        area, interval = self.auc()
        members, outsiders = len(self.inside), len(self.outside)
        found = [Measure(name=f"{prefix}auc", value=area, n=members + outsiders, interval=interval)]
        points = [self.at(rate) for rate in RATES]
        if not points[-1].resolved:
            points = [*(point for point in points if point.resolved), self.at(0.0)]
        for point in points:
            name = f"tpr_at_fpr_{point.rate:g}" if point.rate else "tpr_at_no_false_positive"
            note = f"{point.false} of {outsiders:,} false; by chance p = {point.chance:.2g}"
            if not point.rate:
                note += f"; {outsiders:,} non-members resolve no false-positive rate below {1 / outsiders:.2g}"
            found.append(Measure(name=prefix + name, value=point.value, n=members, interval=point.interval, note=note))
        found.append(Measure(name=f"{prefix}smallest_fpr", value=1 / outsiders, n=outsiders, note="that n resolves"))
        found.append(
            Measure(name=f"{prefix}tied", value=self.tied(), n=members + outsiders, note="with the other side")
        )
        return tuple(found)

    def curve(self, name: str, chart: str = "True positives at low false-positive rates") -> Curve:
        """The curve on log axes, from the smallest rate that n resolves."""
        rates = np.unique(
            np.concatenate([np.geomspace(1 / len(self.outside), 1, _POINTS), np.asarray(RATES)]).clip(
                1 / len(self.outside), 1
            )
        )
        # On log axes nothing found has no place: it is drawn at half of one member.
        y = [max(self.at(float(rate)).value, 0.5 / len(self.inside)) for rate in rates]
        return Curve(
            chart=chart, name=name, x=tuple(map(float, rates)), y=tuple(y),
            x_label="false-positive rate", y_label="true-positive rate", log_x=True, log_y=True,
        )  # fmt: skip


def roc(scores: Floats, member: np.ndarray) -> Roc:
    """Scores ``(n,)``, and which rows are members.

    Raises:
        UnusableDataError: a score is NaN, or one side is empty.
    """
    scores = np.asarray(scores, dtype=np.float64)
    if np.isnan(scores).any():
        raise UnusableDataError(f"{int(np.isnan(scores).sum())} rows have no score")
    found = Roc(scores[member], scores[~member])
    if min(len(found.inside), len(found.outside)) < 2:
        raise UnusableDataError("a curve needs members and non-members")
    return found


def _placements(ours: Floats, theirs: Floats) -> Floats:
    """For each score the share of the other side below it, ties half."""
    ordered = np.sort(theirs)
    below, up_to = np.searchsorted(ordered, ours, "left"), np.searchsorted(ordered, ours, "right")
    return (below + up_to) / (2 * len(theirs))
