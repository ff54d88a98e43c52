"""A small recurrent language model of bytes (the extra ``torch``), for planting canaries and measuring defences."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from bartizan.robustness.interface import Floats

if TYPE_CHECKING:
    import torch


class ByteLanguageModel:
    """Embedding, one GRU layer, a linear head over 256 bytes. Alphabets must be ASCII."""

    def __init__(self, layers: torch.nn.ModuleDict, name: str) -> None:
        self._layers, self.name = layers.eval(), name
        found = hashlib.sha256()
        for key, value in sorted(layers.state_dict().items()):
            found.update(key.encode() + value.numpy().tobytes())
        self.digest = f"sha256:{found.hexdigest()}"

    def next_log_probs(self, texts: Sequence[str], alphabet: str, /) -> Floats:
        """See :class:`~bartizan.robustness.privacy.language.LanguageModel`."""
        import torch

        wanted = [ord(symbol) for symbol in alphabet]
        found = np.empty((len(texts), len(alphabet)))
        raw = [text.encode("utf-8") for text in texts]
        with torch.no_grad():
            for length in sorted({len(one) for one in raw}):
                rows = [at for at, one in enumerate(raw) if len(one) == length]
                state = torch.tensor([[0, *raw[at]] for at in rows], dtype=torch.long)
                logits = _logits(self._layers, state)[:, -1]
                found[rows] = torch.log_softmax(logits.double(), dim=-1)[:, wanted].numpy()
        return found


def train_bytes(
    lines: Sequence[str], epochs: int, seed: int, width: int = 128, rate: float = 4e-3, batch: int = 64
) -> ByteLanguageModel:
    """Trains on lines, each by itself, with Adam. One thread, so that a seed gives one model."""
    import torch

    torch.set_num_threads(1)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        layers = torch.nn.ModuleDict(
            {
                "embedding": torch.nn.Embedding(256, 32),
                "cells": torch.nn.GRU(32, width, batch_first=True),
                "head": torch.nn.Linear(width, 256),
            }
        )
        optimiser = torch.optim.Adam(layers.parameters(), lr=rate)
        raw = [line.encode("utf-8") for line in lines if line]
        longest = max(len(one) for one in raw)
        # Zero begins a line; where a line has ended, -100 is what cross-entropy leaves out.
        inputs = torch.zeros((len(raw), longest), dtype=torch.long)
        targets = torch.full((len(raw), longest), -100, dtype=torch.long)
        for at, one in enumerate(raw):
            inputs[at, 1 : len(one)] = torch.tensor(list(one[:-1]), dtype=torch.long)
            targets[at, : len(one)] = torch.tensor(list(one), dtype=torch.long)
        for _ in range(epochs):
            for rows in torch.randperm(len(raw)).split(batch):
                optimiser.zero_grad()
                logits = _logits(layers, inputs[rows])
                torch.nn.functional.cross_entropy(logits.flatten(0, 1), targets[rows].flatten()).backward()
                torch.nn.utils.clip_grad_norm_(layers.parameters(), 1.0)
                optimiser.step()
    return ByteLanguageModel(layers, f"byte GRU, width {width}, {epochs} epochs, {len(raw)} lines")


def _logits(layers: Any, inputs: torch.Tensor) -> torch.Tensor:
    states, _ = layers["cells"](layers["embedding"](inputs))
    found: torch.Tensor = layers["head"](states)
    return found
