"""Training a dense network further, on labels or on scores. Adam: D. Kingma and J. Ba, ICLR 2015."""

from __future__ import annotations

import numpy as np

from bartizan.robustness.interface import Floats
from bartizan.robustness.losses import softmax
from bartizan.robustness.models.sklearn import DenseModel

_BATCH = 100


class _SoftSlope:
    """Derivative of cross-entropy against probabilities."""

    def __init__(self, targets: Floats) -> None:
        self._targets = targets

    def __call__(self, logits: Floats, /) -> Floats:
        return softmax(logits) - self._targets


def descended(model: DenseModel, x: Floats, targets: Floats, epochs: int, seed: int, rate: float = 1e-3) -> DenseModel:
    """A network that starts from ``model`` and learns ``targets``.

    Args:
        model: is not changed.
        x: ``(n, *shape)``, of about unit scale.
        targets: probabilities ``(n, classes)``; one-hot for labels.
        epochs: passes over the rows, in batches of 100.
        seed: of their order.
        rate: of learning.
    """
    rng = np.random.default_rng(seed)
    weights: list[Floats] = [one.astype(np.float64) for one in model.weights]
    biases: list[Floats] = [one.astype(np.float64) for one in model.biases]
    now = DenseModel(weights, biases, model.activation, model.shape, model.bounds, model.name)
    parameters = [*weights, *biases]
    first, second = [np.zeros_like(one) for one in parameters], [np.zeros_like(one) for one in parameters]
    step = 0
    for _ in range(epochs):
        order = rng.permutation(len(x))
        for start in range(0, len(x), _BATCH):
            rows = order[start : start + _BATCH]
            step += 1
            for place, total in enumerate(now.parameter_grad(x[rows], _SoftSlope(targets[rows]))):
                gradient = total / len(rows)
                first[place] = 0.9 * first[place] + 0.1 * gradient
                second[place] = 0.999 * second[place] + 0.001 * gradient**2
                size = np.sqrt(second[place] / (1 - 0.999**step)) + 1e-8
                parameters[place] -= rate * first[place] / (1 - 0.9**step) / size
    # Anew, because the digest is of the parameters.
    return DenseModel(weights, biases, model.activation, model.shape, model.bounds, model.name)
