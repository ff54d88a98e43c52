"""What the shared layers make of samples, as integers make it: the input of upper layers that learn on."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from bartizan.inspection.classifier.network import Network
from training.batches import Batch, batches
from training.encoder import Upper
from training.windows import Sample

BATCH = 8_192
"""Tokens that upper layers read at once."""


class States:
    """The shared layers' states of some samples, in half precision: 768 bytes a token.

    Args:
        trunk: ``trunk.onnx``.
        samples: each is told where its states begin.
        threads: of the network.
        log: told every thousand samples.
    """

    def __init__(
        self, trunk: bytes, samples: Sequence[Sample], threads: int = 1, log: Callable[[str], None] = print
    ) -> None:
        network = Network(trunk, ["hidden"], threads)
        self._kept: NDArray[np.float16] | None = None
        total, place = sum(len(sample.ids) for sample in samples), 0
        for number, sample in enumerate(samples):
            (hidden,) = network.run(input_ids=np.array([sample.ids], np.int64))
            if self._kept is None:
                self._kept = np.empty((total, hidden.shape[-1]), np.float16)
            sample.place = place
            self._kept[place : place + len(sample.ids)] = hidden
            place += len(sample.ids)
            if number % 1000 == 999:
                log(f"{number + 1} of {len(samples)} samples, {place} tokens")

    def of(self, batch: Batch) -> Tensor:
        """[batch, tokens, hidden], padded with zeros."""
        assert self._kept is not None
        hidden = torch.zeros((*batch.ids.shape, self._kept.shape[1]))
        for number, sample in enumerate(batch.samples):
            own = self._kept[sample.place : sample.place + len(sample.ids)]
            hidden[number, : len(sample.ids)] = torch.from_numpy(own.astype(np.float32))
        return hidden


def ask(upper: Upper, states: States, samples: Sequence[Sample]) -> None:
    """Note in each sample what ``upper`` says of it."""
    upper.eval()
    with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
        for batch in batches(samples, BATCH, random.Random(0)):
            logits, _ = upper(states.of(batch), batch.mask)
            for sample, said in zip(batch.samples, logits.float().tolist(), strict=True):
                sample.said = said
