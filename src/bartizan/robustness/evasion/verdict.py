"""From rows left standing to an outcome: intervals, the mark, pictures."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from bartizan.core.stats import clopper_pearson
from bartizan.core.threat import Severity
from bartizan.reporting.audit import Measure, Outcome, Picture
from bartizan.robustness.errors import AuditError
from bartizan.robustness.interface import Floats
from bartizan.robustness.settling import reaching, settled


def rate(name: str, hits: int, n: int, note: str = "") -> Measure:
    """A share with its Clopper-Pearson interval.

    Raises:
        AuditError: no observations.
    """
    if n == 0:
        raise AuditError(f"{name}: nothing was observed")
    return Measure(name=name, value=hits / n, n=n, interval=clopper_pearson(hits, n), note=note)


def judged(
    evaded: Measure, mark: float, control: bool, cut: Iterable[str], doubts: Iterable[str] = ()
) -> tuple[Outcome, Severity, str]:
    """Outcome, severity and the sentence that says why.

    An attack that succeeds needs no control. One that fails says something only where its control succeeded, where
    nothing vital was ``cut`` short, there are no other ``doubts``, and the whole interval lies below the mark.
    """
    low, high = evaded.interval or (0.0, 1.0)
    share = f"{evaded.value:.1%} of {evaded.n} rows evaded [{low:.1%}, {high:.1%}]"
    if evaded.value >= mark:
        return Outcome.WEAK, Severity.HIGH if low >= 0.9 else Severity.MEDIUM, f"{share}; the mark is {mark:.0%}"
    outcome, reason = settled(f"{share}; the mark is {mark:.0%}", control, cut, (*doubts, *reaching(evaded, mark)))
    return outcome, Severity.INFO, reason


def pictures(before: Floats, after: Floats, rows: list[int], low: float, high: float) -> tuple[Picture, ...]:
    """Original, perturbed twin and their difference, for rows of pictures; nothing for other shapes."""
    if before.ndim != 4 or before.shape[1] not in (1, 3) or max(before.shape[2:]) > 512 or not high - low < np.inf:
        return ()
    found: list[Picture] = []
    for row in rows:
        delta = after[row] - before[row]
        largest = float(np.abs(delta).max()) or 1.0
        parts = (
            ("original", (before[row] - low) / (high - low)),
            ("perturbed", (after[row] - low) / (high - low)),
            (f"difference, × {(high - low) / 2 / largest:.1f}", 0.5 + delta / (2 * largest)),
        )
        for caption, values in parts:
            grey = np.clip(np.rint(values * 255), 0, 255).astype(np.uint8).transpose(1, 2, 0)
            height, width = grey.shape[:2]
            found.append(
                Picture(group=f"row {row}", caption=caption, width=width, height=height, pixels=grey.tobytes())
            )
    return tuple(found)
