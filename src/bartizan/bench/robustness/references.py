"""Scores and certificates beside their formulas and published evaluations, written again row by row."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Final

import numpy as np

from bartizan.bench.table import Row
from bartizan.robustness.defences.smoothing import lower_bound, radius
from bartizan.robustness.interface import Flags, Floats
from bartizan.robustness.privacy import lira
from bartizan.robustness.privacy.rmia import rmia

NOTES: Final = (
    "largest absolute difference over all drawn cases, in units of 1e-12; the target is 1e-9",
    "certificates: beta and normal quantiles of scipy; votes drawn up to 100,000",
    "LiRA: the published evaluation (medians; one spread for all rows is that of the in side)",
    "RMIA: the authors' library",
)
_TARGET: Final = 1_000.0


def run(progress: Callable[[str], None], keep: Path | None = None, draws: int = 500) -> list[Row]:
    """Rows of the table; takes seconds, so nothing is kept.

    Args:
        progress: told what is being done.
        keep: not used.
        draws: of each kind; certificates are drawn twenty times as often.
    """
    rng, found = np.random.default_rng(1), []
    progress("certificates")
    found += _certificates(rng, 20 * draws)
    progress("LiRA")
    for name, online in (("online", True), ("offline", False)):
        for spread, fixed in (("one spread", True), ("a spread for each row", False)):
            worst, n = _lira(rng, draws, online, fixed)
            found.append(_row(f"LiRA {name}, {spread}", worst, n))
    progress("RMIA")
    found.append(_row("RMIA", *_rmia(rng, draws)))
    return found


def _row(what: str, worst: float, n: int) -> Row:
    return Row(f"largest difference, {what}", worst * 1e12, "1e-12", n, target=_TARGET)


def _certificates(rng: np.random.Generator, draws: int) -> list[Row]:
    from scipy.stats import beta, norm

    bounds, radii = [], []
    for _ in range(draws):
        votes = int(rng.integers(1, 100_001))
        hits = votes if rng.random() < 0.05 else int(rng.integers(0, votes + 1))
        alpha, sigma = float(rng.choice([0.001, 0.01, 0.05])), float(rng.uniform(0.05, 2))
        true = 0.0 if hits == 0 else float(beta.ppf(alpha, hits, votes - hits + 1))
        low = lower_bound(hits, votes, alpha)
        bounds.append(abs(low - true))
        if true > 0.5:
            radii.append(abs(radius(low, sigma) - sigma * float(norm.ppf(true))))
    return [_row("bound of a certificate", max(bounds), len(bounds)), _row("radius", max(radii), len(radii))]


def _drawn(rng: np.random.Generator) -> tuple[Floats, Floats, Flags]:
    """A target's scores, those of shadow models, and which rows each of these saw: half, one row one more or less."""
    models, rows = 2 * int(rng.integers(3, 9)), int(rng.integers(5, 25))
    keep = np.array([rng.permutation(models) < models // 2 for _ in range(rows)]).T
    keep[0, 0] = not keep[0, 0]
    shadows = rng.normal(size=(models, rows)) + 1.5 * keep + rng.normal(size=rows)
    return rng.normal(size=rows) + 1, shadows, keep


def _lira(rng: np.random.Generator, draws: int, online: bool, fixed: bool) -> tuple[float, int]:
    worst, n = 0.0, 0
    for _ in range(draws):
        target, shadows, keep = _drawn(rng)
        ours = (lira.online if online else lira.offline)(target, shadows, keep, fixed)
        theirs = published_lira(target, shadows, keep, fixed, online)
        worst, n = max(worst, float(np.abs(ours - theirs).max())), n + len(target)
    return worst, n


def published_lira(target: Floats, shadows: Floats, keep: Flags, fixed: bool, online: bool) -> Floats:
    """LiRA's scores by the description of the published evaluation: for each row the models of a side in their order,
    as many as the poorest row has; medians; with one spread, that of the in side for both where there is one."""
    from scipy.stats import norm

    models, rows = shadows.shape
    inside = [[shadows[m, row] for m in range(models) if keep[m, row]] for row in range(rows)]
    outside = [[shadows[m, row] for m in range(models) if not keep[m, row]] for row in range(rows)]
    inside = [one[: min(map(len, inside))] for one in inside]
    outside = [one[: min(map(len, outside))] for one in outside]
    found = []
    for row in range(rows):
        spread_in = np.std(inside if fixed else inside[row])
        spread_out = np.std(inside if online else outside) if fixed else np.std(outside[row])
        out = norm.logpdf(target[row], np.median(outside[row]), spread_out + 1e-30)
        into = norm.logpdf(target[row], np.median(inside[row]), spread_in + 1e-30) if online else 0.0
        found.append(into - out)
    return np.array(found)


def _rmia(rng: np.random.Generator, draws: int) -> tuple[float, int]:
    worst, n = 0.0, 0
    for _ in range(draws):
        logits, shadows, keep = _drawn(rng)
        few = int(rng.integers(2, len(shadows) + 1))
        a = float(rng.choice([0.0, 0.3, 1.0]))
        chances, target = 1 / (1 + np.exp(-shadows[:few])), 1 / (1 + np.exp(-logits))
        population, theirs = rng.random(25), rng.random((few, 25))
        ours = rmia(target, chances, keep[:few], population, theirs, a)
        published = published_rmia(target, chances, keep[:few], population, theirs, a)
        worst, n = max(worst, float(np.abs(ours - published).max())), n + len(target)
    return worst, n


def published_rmia(
    target: Floats, shadows: Floats, keep: Flags, population: Floats, population_shadows: Floats, a: float
) -> Floats:
    """RMIA's scores by the authors' library: the share of pairs with a population row whose ratio is above one; signals
    of models that saw a row count as nothing, and the largest half is averaged."""
    models = len(shadows)
    count = max(models // 2, 1)

    def reference(values: Floats, member: Flags) -> float:
        out = [0.0 if inside else float(value) for value, inside in zip(values, member, strict=True)]
        if count > 1:
            out = sorted(out, reverse=True)[:count]
        else:
            slope = a if a != 0 else 0.3
            out = [
                float((value + slope - 1) / slope) if inside else float(value)
                for value, inside in zip(values, member, strict=True)
            ]
        return (1 + a) / 2 * float(np.mean(out)) + (1 - a) / 2

    nobody = np.zeros(models, bool)
    others = [population[z] / max(reference(population_shadows[:, z], nobody), 1e-300) for z in range(len(population))]
    found = []
    for row in range(len(target)):
        ratio = target[row] / max(reference(shadows[:, row], keep[:, row]), 1e-300)
        found.append(float(np.mean([ratio / other > 1.0 for other in others])))
    return np.array(found)
