"""Several runs of one plan over time: each against the one before, on the trials that both have."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import msgspec

from bartizan.core.stats import Rate
from bartizan.redteam.compare import Comparison, compare
from bartizan.redteam.errors import RunError
from bartizan.redteam.results import Run
from bartizan.redteam.taxonomy import Outcome


class Point(msgspec.Struct, frozen=True, kw_only=True):
    """One run."""

    run: str
    started: str
    rate: Rate
    """Of its own conclusive trials."""
    change: Comparison | None
    """Against the run before it; None for the first."""


class Trend(msgspec.Struct, frozen=True, kw_only=True):
    """Runs in order of time."""

    points: tuple[Point, ...]
    whole: Comparison
    """The last against the first."""


def trend(runs: Sequence[Run]) -> Trend:
    """At least two runs, in any order.

    Raises:
        RunError: there are fewer, they are of different targets, or two that follow each other have no trial in common.
    """
    if len(runs) < 2:
        raise RunError("a trend takes two runs or more")
    if len({run.plan.target for run in runs}) > 1:
        raise RunError("the runs are of different targets", "compare runs of one plan")
    ordered = sorted(runs, key=lambda run: run.plan.started)
    changes = [None, *(compare(before, after) for before, after in pairwise(ordered))]
    points = tuple(
        Point(run=str(run.folder), started=run.plan.started, rate=_rate(run), change=change)
        for run, change in zip(ordered, changes, strict=True)
    )
    return Trend(points=points, whole=compare(ordered[0], ordered[-1]))


def _rate(run: Run) -> Rate:
    return Rate(run.count(Outcome.HIT), run.count(Outcome.HIT) + run.count(Outcome.MISS))
