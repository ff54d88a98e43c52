"""A linear model from its answers: exactly from scores, by search of its decision boundary from labels.

Papers: F. Tramèr et al., "Stealing Machine Learning Models via Prediction APIs", USENIX Security 2016 (equations of
scores); D. Lowd and C. Meek, "Adversarial Learning", KDD 2005 (line search at the boundary).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bartizan.robustness.errors import AuditError
from bartizan.robustness.interface import Floats, Labels, ModelUnderTest
from bartizan.robustness.models.sklearn import DenseModel


@dataclass(frozen=True, slots=True)
class Stolen:
    """What the equations gave."""

    weights: Floats
    """``(features, classes)``, the first class's column zero: scores show differences between classes alone."""
    bias: Floats
    """``(classes,)``, the first zero."""

    def model(self, of: ModelUnderTest) -> DenseModel:
        """The copy, which takes what the original takes."""
        return DenseModel([self.weights], [self.bias], "identity", of.shape, of.bounds, f"copy of {of.name}")


def from_scores(model: ModelUnderTest, x: Floats) -> Stolen:
    """Solve log p_i - log p_0 = (w_i - w_0)·x + b_i - b_0, by least squares where ``x`` has more rows than needed.

    Args:
        model: asked once for each row.
        x: ``(n, *shape)`` in general position, n at least features + 1. More rows average out rounded answers.

    Raises:
        AuditError: too few rows, or too few whose scores are all above zero.
    """
    return solved(x, np.asarray(model.predict_proba(x), np.float64))


def solved(x: Floats, scores: Floats) -> Stolen:
    """The same from rows ``(n, *shape)`` and scores ``(n, classes)`` that were told before. Raises AuditError."""
    flat = x.reshape(len(x), -1).astype(np.float64)
    usable = (scores > 0).all(axis=1)
    needed = flat.shape[1] + 1
    if usable.sum() < needed:
        raise AuditError(f"{int(usable.sum())} rows have a score for each class, {needed} are needed")
    logs = np.log(scores[usable])
    differences = logs - logs[:, :1]
    # Columns of one size, so that the smallest singular values are not lost beside features of large numbers.
    centre, scale = flat[usable].mean(axis=0), flat[usable].std(axis=0)
    scale = np.where(scale > 0, scale, 1.0)
    design = np.hstack([(flat[usable] - centre) / scale, np.ones((int(usable.sum()), 1))])
    found, _, rank, _ = np.linalg.lstsq(design, differences, rcond=None)
    if rank < needed:
        raise AuditError(f"the rows span {rank} directions, {needed} are needed", "perturb rows that repeat")
    weights = found[:-1] / scale[:, None]
    return Stolen(weights, found[-1] - centre @ weights)


def seconds(points: int, unknowns: int) -> float:
    """About how long :func:`from_labels` solves its equations on one core of today, for whoever has a deadline.

    Singular values and right vectors of an m × n matrix cost about 4·m·n² + 22·n³ operations (G. Golub and C. Van Loan,
    Matrix Computations, 4th ed., figure 8.6.1), of which a core does some three thousand million a second.
    """
    return (4.0 * points * unknowns**2 + 22.0 * unknowns**3) / 3e9


def from_labels(
    model: ModelUnderTest, anchors: Floats, points: int, steps: int, rng: np.random.Generator
) -> tuple[Stolen, Floats]:
    """Boundary points by bisection; each lies on w_i·x + b_i = w_j·x + b_j for the two labels at its sides.

    All such equations together determine the model up to one factor, which labels cannot show: the solution is the
    right singular vector of the smallest singular value.

    Args:
        model: asked for labels, ``points * (steps + 1)`` rows and the anchors.
        anchors: ``(n, *shape)`` rows with at least two labels among them, in general position.
        points: boundary points to find; features times (classes - 1) at least.
        steps: halvings of each line, 40 for double precision of rows of size one.
        rng: chooses pairs of anchors.

    Returns:
        The model, scaled to unit length, and the boundary points ``(points, *shape)``.

    Raises:
        AuditError: the anchors have one label, or there are fewer points than unknowns. Classes with fewer boundary
            points than unknowns are left out, and never answered by the copy.
    """
    flat = anchors.reshape(len(anchors), -1).astype(np.float64)
    labels = model.predict_label(anchors)
    present = np.unique(labels)
    if len(present) < 2:
        raise AuditError(f"all {len(anchors)} anchors have the label {labels[0]}: there is no boundary between them")
    unknowns = (len(present) - 1) * (flat.shape[1] + 1)
    if points < unknowns - 1:
        raise AuditError(f"{points} boundary points for {unknowns} unknowns: {unknowns - 1} are needed")
    low, high = _pairs(labels, points, rng)
    a, b, at_a, at_b = flat[low].copy(), flat[high].copy(), labels[low].copy(), labels[high].copy()
    for _ in range(steps):
        middle = (a + b) / 2
        found = model.predict_label(middle.reshape(-1, *anchors.shape[1:]).astype(anchors.dtype))
        same = found == at_a
        a[same] = middle[same]
        # A third class between the two: its side of the line is searched on.
        b[~same], at_b[~same] = middle[~same], found[~same]
    middle = (a + b) / 2
    known = _known(at_a, at_b, flat.shape[1] + 1)
    sure = np.isin(at_a, known) & np.isin(at_b, known)
    if len(known) < 2:
        raise AuditError(f"{points} boundary points are too few for any two classes", "ask for more points")
    stolen = _solved(middle[sure], at_a[sure], at_b[sure], known, model.classes, flat, labels)
    return stolen, middle.reshape(-1, *anchors.shape[1:])


def _known(at_a: Labels, at_b: Labels, needed: int) -> Labels:
    """Classes with ``needed`` boundary points among themselves; what lies beside a rarer one is left out."""
    while True:
        sides = np.concatenate([at_a, at_b])
        present, counts = np.unique(sides, return_counts=True)
        rare = present[counts < needed]
        if not len(rare):
            return present
        keep = ~np.isin(at_a, rare) & ~np.isin(at_b, rare)
        at_a, at_b = at_a[keep], at_b[keep]


def _pairs(labels: Labels, count: int, rng: np.random.Generator) -> tuple[Labels, Labels]:
    """Indices of anchors with different labels, each label as often a start as any other."""
    present = np.unique(labels)
    of = {label: np.flatnonzero(labels == label) for label in present}
    low, high = [], []
    for number in range(count):
        start = present[number % len(present)]
        other = rng.choice(present[present != start])
        low.append(rng.choice(of[start]))
        high.append(rng.choice(of[other]))
    return np.asarray(low), np.asarray(high)


def _solved(
    points: Floats, at_a: Labels, at_b: Labels, present: Labels, classes: int, anchors: Floats, labels: Labels
) -> Stolen:
    centre = points.mean(axis=0)
    scale = np.where(points.std(axis=0) > 0, points.std(axis=0), 1.0)
    rows = np.hstack([(points - centre) / scale, np.ones((len(points), 1))])
    width = rows.shape[1]
    place = {int(label): number - 1 for number, label in enumerate(present)}
    system = np.zeros((len(points), (len(present) - 1) * width))
    for sign, side in ((1.0, at_a), (-1.0, at_b)):
        for label in present[1:]:
            mine = side == label
            start = place[int(label)] * width
            system[np.ix_(mine, range(start, start + width))] += sign * rows[mine]
    # Only the last right singular vector is wanted; with fewer equations than unknowns it needs the full matrix.
    vector = np.linalg.svd(system, full_matrices=len(points) < system.shape[1])[2][-1].reshape(-1, width)
    weights, bias = np.zeros((points.shape[1], classes)), np.full(classes, -np.inf)
    bias[present[0]] = 0.0
    for label in present[1:]:
        one = vector[place[int(label)]]
        weights[:, label] = one[:-1] / scale
        bias[label] = one[-1] - centre @ weights[:, label]
    agreeing = ((anchors @ weights + np.where(np.isfinite(bias), bias, -1e300)).argmax(axis=1) == labels).mean()
    turned = ((-anchors @ weights + np.where(np.isfinite(bias), -bias, -1e300)).argmax(axis=1) == labels).mean()
    if turned > agreeing:
        weights, bias = -weights, np.where(np.isfinite(bias), -bias, bias)
    # Classes that no anchor showed are never answered; a finite number keeps probabilities finite.
    return Stolen(weights, np.where(np.isfinite(bias), bias, -1e300))
