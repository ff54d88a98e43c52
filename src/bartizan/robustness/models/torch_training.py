"""Trainers of small convolutional networks (the extra ``torch``): gallery, shadow models, controls."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from bartizan.robustness.interface import Floats, Labels, ModelUnderTest
from bartizan.robustness.models.torch import TorchModel

if TYPE_CHECKING:
    import torch


def small_cnn(shape: tuple[int, ...], classes: int, width: int = 16) -> torch.nn.Sequential:
    """Two strided convolutions and a hidden layer of 128; the last layer alone is the head.

    Args:
        shape: channels, height, width.
        classes: outputs.
        width: channels of the first convolution.
    """
    from torch import nn

    channels, height, across = shape
    return nn.Sequential(
        nn.Conv2d(channels, width, 4, stride=2, padding=1), nn.ReLU(),
        nn.Conv2d(width, 2 * width, 4, stride=2, padding=1), nn.ReLU(),
        nn.Flatten(),
        nn.Linear(2 * width * (height // 4) * (across // 4), 128), nn.ReLU(),
        nn.Linear(128, classes),
    )  # fmt: skip


def like_scores(logits: torch.Tensor, scores: torch.Tensor) -> torch.Tensor:
    """Cross-entropy with probabilities, and a share of the mean distance between both sides' centred logits.

    J.-B. Truong et al., "Data-Free Model Extraction", CVPR 2021, take the distance alone; from few
    answers that is worse.
    """
    from torch.nn.functional import cross_entropy

    logs = scores.clamp_min(1e-7).log()
    apart = (logits - logits.mean(1, keepdim=True)) - (logs - logs.mean(1, keepdim=True))
    return cross_entropy(logits, scores) + _LOGITS * apart.abs().mean()


_LOGITS = 0.03


def _share_of_rate(steps: int, hold: float | None, step: int) -> float:
    """Of the learning rate at the start."""
    if hold is None:
        return 0.5 * (1 + math.cos(math.pi * step / steps))
    return min(1.0, (1 - step / steps) / (1 - hold))


class TorchTrainer:
    """Trains fresh modules with Adam and cross-entropy.

    Args:
        make: shape and classes to an untrained module; importable by name, so that other processes can call it.
        shape: of one input.
        classes: outputs.
        epochs: passes over the rows.
        batch: rows a step.
        rate: learning rate at the start; falls to zero along a half cosine.
        hold: share of the steps at the full rate, after which it falls to zero along a line, instead.
        perturb: module, inputs and labels to the inputs that are trained on: adversarial training.
        name: what it trains.
        objective: module, inputs and labels to the loss of the batch; cross-entropy without it.
    """

    def __init__(
        self,
        make: Callable[[tuple[int, ...], int], torch.nn.Sequential] = small_cnn,
        shape: tuple[int, ...] = (1, 28, 28),
        classes: int = 10,
        epochs: int = 3,
        batch: int = 128,
        rate: float = 2e-3,
        perturb: Callable[[torch.nn.Module, torch.Tensor, torch.Tensor], torch.Tensor] | None = None,
        name: str = "",
        objective: Callable[[torch.nn.Module, torch.Tensor, torch.Tensor], torch.Tensor] | None = None,
        hold: float | None = None,
    ) -> None:
        self._objective, self._hold = objective, hold
        self._make, self._shape, self._classes = make, shape, classes
        self._epochs, self._batch, self._rate, self._perturb = epochs, batch, rate, perturb
        self.name = name or f"{getattr(make, '__name__', 'module')}, {epochs} epochs"

    def fit_scores(self, x: Floats, scores: Floats, seed: int) -> ModelUnderTest:
        """Like :meth:`fit`, from probabilities ``(n, classes)``: a copy of what answered with them.

        Answers of a few hundred rows say more than their labels, and a copy is short of steps, not of rest: twice the
        rate, held for half of the steps, and beside the cross-entropy a little of the distance between logits.
        """
        return self._fit(x, scores, seed, 2 * self._rate, 0.5)

    def fit(self, x: Floats, y: Labels, seed: int) -> ModelUnderTest:
        """See :class:`~bartizan.robustness.interface.Trainer`. One thread, so that a seed gives one model."""
        return self._fit(x, y, seed, self._rate, self._hold)

    def _fit(self, x: Floats, y: Floats | Labels, seed: int, rate: float, hold: float | None) -> ModelUnderTest:
        import torch

        torch.set_num_threads(1)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            module = self._make(self._shape, self._classes)
            inputs = torch.from_numpy(np.ascontiguousarray(x, dtype=np.float32))
            targets = torch.from_numpy(np.ascontiguousarray(y, dtype=np.int64 if y.ndim == 1 else np.float32))
            optimiser = torch.optim.Adam(module.parameters(), lr=rate)
            steps = max(self._epochs * -(-len(targets) // self._batch), 1)
            schedule = torch.optim.lr_scheduler.LambdaLR(optimiser, partial(_share_of_rate, steps, hold))
            for _ in range(self._epochs):
                for rows in torch.randperm(len(targets)).split(self._batch):
                    batch, labels = inputs[rows], targets[rows]
                    if self._perturb is not None:
                        batch = self._perturb(module, batch, labels)
                    module.train()
                    optimiser.zero_grad()
                    if self._objective is not None:
                        self._objective(module, batch, labels).backward()
                    elif y.ndim == 2:
                        like_scores(module(batch), labels).backward()
                    else:
                        torch.nn.functional.cross_entropy(module(batch), labels).backward()
                    optimiser.step()
                    schedule.step()
        return TorchModel(module, self._shape, self._classes, (0.0, 1.0), self.name, module[:-1])
