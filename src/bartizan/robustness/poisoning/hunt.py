"""The quarantine list: which training rows to set aside, and why."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from bartizan.robustness.interface import Floats, Labels, ModelUnderTest, Samples
from bartizan.robustness.poisoning.carrying import reliance
from bartizan.robustness.poisoning.neural_cleanse import Recovered
from bartizan.robustness.poisoning.references import DOUBT, References

LEVEL: Final = 0.01
"""Share of clean training sets in which any class may be called poisoned."""


@dataclass(frozen=True, slots=True)
class Hunt:
    """What was found in one training set."""

    doubts: Floats
    """``(n,)``; see :meth:`References.doubts`."""
    excess: Floats
    """``(classes + 1,)``; see :meth:`References.excess`."""
    suspects: Labels
    """Rows to set aside, rising."""
    carried: tuple[int, ...]
    """Classes in which the suspects also rely on a recovered trigger."""
    expected: float
    """Of the suspects, how many would have been named in clean data; an upper estimate."""

    @property
    def classes(self) -> Labels:
        """Those with more contradicted labels than trusted data has; all of them where only the whole set has."""
        return _poisoned(self.excess)


def hunt(
    model: ModelUnderTest | None,
    samples: Samples,
    references: References,
    triggers: list[Recovered] | None,
    trusted: Samples,
    seed: int,
) -> Hunt:
    """Names rows in classes where models of trusted rows contradict more labels than they should.

    There, a row is a suspect when the references give its label less than 20%. Where the rows that also lose their
    label under the recovered trigger's mask explain at least half of the excess, the trigger is believed, and the
    product of doubt and reliance decides instead: it brings in poisoned rows that the references half believe, and
    leaves out ordinary mistakes in labels.

    Args:
        model: trained on ``samples``; None where it cannot be asked for scores.
        samples: training rows.
        references: models of trusted rows.
        triggers: recovered, one a class; None without access to gradients.
        trusted: rows from which masked places are filled.
        seed: of the fillings.
    """
    doubts = references.doubts(samples)
    excess = references.excess(samples, doubts)
    chosen: list[Labels] = []
    carried: list[int] = []
    expected = 0.0
    for label in _poisoned(excess):
        rows = np.flatnonzero(samples.y == label)
        contradicted = doubts[rows] > 1 - DOUBT
        usual = float(references.wrong[label] / references.seen[label]) * len(rows)
        if model is not None and triggers is not None:
            held = reliance(model, samples[rows], triggers[label].trigger, trusted, seed)
            if (contradicted & (held > 0.5)).sum() >= max(5, 0.5 * (contradicted.sum() - usual)):
                named = doubts[rows] * held > 0.3
                chosen.append(rows[named])
                carried.append(int(label))
                continue
        chosen.append(rows[contradicted])
        expected += min(usual, float(contradicted.sum()))
    found = np.sort(np.concatenate(chosen)) if chosen else np.empty(0, np.int64)
    return Hunt(doubts, excess, found.astype(np.int64), tuple(carried), expected)


def _poisoned(excess: Floats) -> Labels:
    single = np.flatnonzero(excess[:-1] <= LEVEL)
    spread_out = excess[-1] <= LEVEL and not len(single)
    return (np.arange(len(excess) - 1) if spread_out else single).astype(np.int64)
