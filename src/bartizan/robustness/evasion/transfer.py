"""Evasion by transfer: a copy trained on the model's own labels, attacked in its place."""

from __future__ import annotations

import numpy as np

from bartizan.robustness.errors import UnusableDataError
from bartizan.robustness.evasion.apgd import apgd
from bartizan.robustness.evasion.ball import Ball
from bartizan.robustness.interface import Floats, Labels, ModelUnderTest, Samples
from bartizan.robustness.losses import Margin
from bartizan.robustness.models.sklearn import from_estimator


def surrogate(model: ModelUnderTest, source: Samples, seed: int, most: int = 3_000) -> ModelUnderTest:
    """A perceptron of 128 units trained on the labels that ``model`` gives.

    Papernot et al., "Practical black-box attacks against machine learning", ASIACCS 2017, without their augmentation.

    Raises:
        UnusableDataError: the model gives one label to all rows.
    """
    import warnings

    from sklearn.neural_network import MLPClassifier

    drawn = np.random.default_rng(seed).permutation(len(source))[:most]
    x = source.x[drawn]
    y = model.predict_label(x)
    known = np.unique(y)
    if len(known) < 2:
        raise UnusableDataError(f"{model.name} gives all rows the class {known[0]}")
    if len(known) < model.classes:  # a perceptron knows the classes it saw; the others get one row each
        missing = np.setdiff1d(np.arange(model.classes), known)
        x, y = np.concatenate([x, x[: len(missing)]]), np.concatenate([y, missing])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        fitted = MLPClassifier((128,), max_iter=40, random_state=seed).fit(x.reshape(len(x), -1), y)
    return from_estimator(fitted, model.shape, model.classes, model.bounds, f"copy of {model.name}")


def transferred(copy: ModelUnderTest, x: Floats, y: Labels, ball: Ball, steps: int, rng: np.random.Generator) -> Floats:
    """APGD on the margin of the copy; rows that the copy already mistakes go on from where they are.

    Returns:
        ``(n, *shape)``.
    """
    labels = copy.predict_label(x)
    found = ball.random(x, rng)
    right = labels == y
    if right.any():
        found[right] = _deep(copy, x[right], y[right], ball, steps)
    return found


def _deep(copy: ModelUnderTest, x: Floats, y: Labels, ball: Ball, steps: int) -> Floats:
    """As far into the wrong class as the ball allows, where APGD would stop at the boundary."""
    start = apgd(copy.loss_grad, x, y, Margin(y), ball, steps)
    found, loss = start, Margin(y)
    for _ in range(10):
        _, gradient = copy.loss_grad(found, loss.slope)
        found = ball.project(found + ball.radius / 4 * ball.steepest(gradient).astype(x.dtype, copy=False), x)
    return found.astype(x.dtype, copy=False)
