"""What a thief does to a copy so that its mark is lost: pruning, fine-tuning, distilling it, dropping odd answers.

Papers: K. Liu, B. Dolan-Gavitt and S. Garg, "Fine-Pruning", RAID 2018; N. Lukas et al., S&P 2022 (survey of removals).
"""

from __future__ import annotations

import numpy as np

from bartizan.robustness.extraction.descent import descended
from bartizan.robustness.interface import Floats, Labels, ModelUnderTest, Trainer
from bartizan.robustness.models.sklearn import DenseModel


def pruned(model: DenseModel, share: float) -> DenseModel:
    """The smallest weights of each layer set to zero."""
    kept: list[Floats] = [np.where(np.abs(one) >= np.quantile(np.abs(one), share), one, 0.0) for one in model.weights]
    return DenseModel(kept, list(model.biases), model.activation, model.shape, model.bounds, f"{model.name}, pruned")


def tuned(model: DenseModel, x: Floats, y: Labels, epochs: int, seed: int, rate: float = 1e-3) -> DenseModel:
    """Trained on with other rows and labels."""
    found = descended(model, x, np.eye(model.classes)[y], epochs, seed, rate)
    found.name = f"{model.name}, fine-tuned"
    return found


def distilled(model: ModelUnderTest, trainer: Trainer, x: Floats, seed: int) -> ModelUnderTest:
    """A second copy, taught by the labels of the first."""
    return trainer.fit(x, model.predict_label(x), seed)


def without_odd_answers(x: Floats, labels: Labels, neighbours: int = 8) -> Labels:
    """Indices of rows whose label most of their nearest neighbours share: a thief who suspects keyed answers."""
    flat = x.reshape(len(x), -1).astype(np.float64)
    squares = (flat**2).sum(axis=1)
    kept = []
    for start in range(0, len(flat), 500):
        part = flat[start : start + 500]
        apart = squares[None] - 2 * part @ flat.T
        apart[np.arange(len(part)), np.arange(start, start + len(part))] = np.inf
        near = np.argpartition(apart, neighbours, axis=1)[:, :neighbours]
        kept.append((labels[near] == labels[start : start + len(part), None]).mean(axis=1) >= 0.5)
    return np.flatnonzero(np.concatenate(kept))
