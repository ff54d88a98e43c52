"""Samples as padded tensors, batched by length so that little is padding."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence

import torch
from torch import Tensor

from training.encoder import HEADS
from training.windows import Sample

PADDING = 1
UNKNOWN = -1.0


class Batch:
    """Tensors of some samples."""

    def __init__(self, samples: Sequence[Sample]) -> None:
        self.samples = samples
        longest = max(len(sample.ids) for sample in samples)
        self.ids = torch.full((len(samples), longest), PADDING)
        self.mask = torch.zeros((len(samples), longest), dtype=torch.long)
        self.labels = torch.full((len(samples), len(HEADS)), UNKNOWN)
        """[batch, heads]: 0, 1, or UNKNOWN where the row says nothing."""
        self.focus = torch.full((len(samples), longest), UNKNOWN)
        """[batch, tokens]: does the token belong to an attack in material."""
        self.weights = torch.tensor([sample.weight for sample in samples])
        for number, sample in enumerate(samples):
            length = len(sample.ids)
            self.ids[number, :length] = torch.tensor(sample.ids)
            self.mask[number, :length] = 1
            self.labels[number] = _labels(sample)
            if sample.row.surface != "user":
                if sample.focus is not None:
                    self.focus[number, :length] = 0.0
                    self.focus[number, sample.focus[0] : sample.focus[1] + 1] = 1.0
                elif not sample.attack:
                    self.focus[number, :length] = 0.0


def _labels(sample: Sample) -> Tensor:
    row = sample.row
    clean = row.attack and not sample.attack
    """A window of a poisoned text that does not hold the attack."""
    values = [
        sample.attack if row.surface != "content" else None,
        sample.attack if row.surface != "user" else None,
        0 if clean else row.extraction,
        0 if clean else row.jailbreak,
        None if clean else row.harmful,
    ]
    return torch.tensor([UNKNOWN if value is None else float(value) for value in values])


def batches(samples: Sequence[Sample], tokens: int, rng: random.Random, pool: int = 4096) -> Iterator[Batch]:
    """All samples once, in random order; each batch of about ``tokens`` tokens."""
    order = list(samples)
    rng.shuffle(order)
    for begin in range(0, len(order), pool):
        chunk = sorted(order[begin : begin + pool], key=lambda sample: len(sample.ids))
        groups: list[list[Sample]] = []
        group: list[Sample] = []
        for sample in chunk:
            if group and len(sample.ids) * (len(group) + 1) > tokens:
                groups.append(group)
                group = []
            group.append(sample)
        if group:
            groups.append(group)
        rng.shuffle(groups)
        for group in groups:
            yield Batch(group)
