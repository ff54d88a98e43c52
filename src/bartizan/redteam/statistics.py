"""Success rates of a run: over trials, with Wilson intervals, and with an interval that respects seed prompts.

Trials that share a case are not independent, so beside Wilson's interval stands a bootstrap that resamples cases.
hit@1 looks at the first attempt of each trial, hit@k at all; what is inconclusive is left out of each, and the
number of inconclusive trials is shown.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence

import msgspec

from bartizan.core.stats import Interval, Rate, clustered_bootstrap
from bartizan.redteam.case import Case
from bartizan.redteam.journal import TrialEnded
from bartizan.redteam.results import Run
from bartizan.redteam.taxonomy import Outcome

RESAMPLES = 1_000


class Cell(msgspec.Struct, frozen=True, kw_only=True):
    """One group of trials."""

    name: tuple[str, ...]
    first: Rate
    """hit@1."""
    any: Rate
    """hit@k: the attack success rate."""
    clustered: Interval | None
    """95% interval of hit@k by a bootstrap over cases; None where it would have no width: with one case, or when all
    cases have the same rate, of which a bootstrap learns nothing."""
    cases: int
    inconclusive: int


class Table(msgspec.Struct, frozen=True, kw_only=True):
    """Cells along some axes."""

    axes: tuple[str, ...]
    cells: tuple[Cell, ...]

    @property
    def note(self) -> str:
        """What to keep in mind when many cells are looked at; "" for few."""
        measured = sum(1 for cell in self.cells if cell.any.n)
        if measured < 5:
            return ""
        return (
            f"{measured} rates are shown, each with a 95% interval of its own: expect about {measured / 20:.1f} of "
            f"them to miss their rate. To compare cells, ask for p below {0.05 / measured:.4f} (Bonferroni)."
        )


Axis = Callable[[TrialEnded, Case], str]

AXES: dict[str, Axis] = {
    "entry_point": lambda trial, case: case.entry_point.value,
    "objective": lambda trial, case: case.objective.value,
    "technique": lambda trial, case: case.technique,
    "converters": lambda trial, case: "+".join(trial.converters) or "none",
    "strategy": lambda trial, case: trial.strategy,
    "language": lambda trial, case: case.language,
}


def table(run: Run, axes: Sequence[str]) -> Table:
    """The trials of ``run`` grouped by ``axes`` (keys of AXES); none gives one cell of everything."""
    groups: dict[tuple[str, ...], list[TrialEnded]] = defaultdict(list)
    for trial in run.trials:
        case = run.cases.get(trial.case)
        if case is not None:
            groups[tuple(AXES[axis](trial, case) for axis in axes)].append(trial)
    if not axes:
        groups.setdefault((), [])
    cells = (cell(name, trials, run.plan.seed) for name, trials in sorted(groups.items()))
    return Table(axes=tuple(axes), cells=tuple(cells))


def cell(name: tuple[str, ...], trials: Iterable[TrialEnded], seed: int) -> Cell:
    """The rates of one group."""
    clusters: dict[str, list[float]] = defaultdict(list)
    first = judged_first = hits = n = inconclusive = 0
    for trial in trials:
        judged_first += trial.first is not Outcome.INCONCLUSIVE
        first += trial.first is Outcome.HIT
        if trial.outcome is Outcome.INCONCLUSIVE:
            inconclusive += 1
            continue
        n += 1
        hit = trial.outcome is Outcome.HIT
        hits += hit
        clusters[trial.case].append(float(hit))
    several = len({sum(one) / len(one) for one in clusters.values()}) >= 2
    return Cell(
        name=name,
        first=Rate(first, judged_first),
        any=Rate(hits, n),
        clustered=clustered_bootstrap(list(clusters.values()), seed=seed, resamples=RESAMPLES) if several else None,
        cases=len(clusters),
        inconclusive=inconclusive,
    )
